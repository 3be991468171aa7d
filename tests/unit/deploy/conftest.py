"""Networks to export: a student as after training, and a tiny one with everything that dialects care about."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgedf.nn.detector import Detector, Output, channels_first
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


class Tiny(Detector):
    """Four convolutions of 16 channels, of which two stand in a residual branch, and a thin one."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 8, 8)
        self.first = nn.Conv2d(16, 16, 3, padding=1)
        self.second = nn.Conv2d(16, 16, 3, padding=1)
        self.last = nn.Conv2d(16, 32, 3, 2, 1)
        self.attention = nn.Conv2d(32, 1, 1)
        self.head = nn.Linear(32, 1)

    def forward(self, pixels: Tensor) -> Output:
        x = torch.relu(self.stem(channels_first(pixels) / 255))
        x = x + self.second(torch.relu(self.first(x)))
        x = torch.relu(self.last(x))
        embedding = x.mean((2, 3))
        return Output(self.head(embedding), torch.sigmoid(self.attention(x)).squeeze(1), embedding)


@pytest.fixture(scope="session")
def tiny_graph() -> bytes:
    from edgedf.deploy.graph import onnx_from_model

    torch.manual_seed(0)
    return onnx_from_model(Tiny().eval())


@pytest.fixture(scope="session")
def noise() -> NDArray[np.uint8]:
    """Sixteen crops of smooth noise, so that they differ in more than their last digit."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (16, 16, 16, 3), np.uint8)
    return coarse.repeat(16, 1).repeat(16, 2)
