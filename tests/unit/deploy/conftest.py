"""A small student whose batch norms are not the identity, as after training."""

import pytest
import torch

from edgedf.nn.detector import Detector
from edgedf.nn.student import Student


@pytest.fixture(scope="session")
def student() -> Detector:
    torch.manual_seed(0)
    model = Student("nano")
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            torch.nn.init.uniform_(module.running_mean, -0.3, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model.eval()


@pytest.fixture(scope="session")
def student_graph(student: Detector) -> bytes:
    from edgedf.deploy.graph import onnx_from_model

    return onnx_from_model(student)
