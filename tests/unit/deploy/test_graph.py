"""The exported graph: the contract's input and outputs, fused, self-contained, and silent about its maker."""

import getpass
from pathlib import Path

import onnx
import torch

import edgedf
from edgedf.deploy.golden import drawn_crops
from edgedf.deploy.graph import OPSET, onnx_from_model
from edgedf.deploy.parity import compare
from edgedf.nn.detector import Detector
from edgedf.nn.teacher import Teacher
from edgedf.runtime.backends import load_backend
from edgedf.runtime.onnx_contract import check_graph


def test_the_graph_keeps_the_contract(student_graph: bytes) -> None:
    check_graph(student_graph)
    model = onnx.load_from_string(student_graph)
    onnx.checker.check_model(model, full_check=True)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", OPSET)]


def test_branches_are_fused(student: Detector, student_graph: bytes) -> None:
    """One convolution a block, and no normalisation left."""
    operators = [node.op_type for node in onnx.load_from_string(student_graph).graph.node]
    blocks = sum(hasattr(module, "fuse") for module in student.modules())
    assert operators.count("Conv") == blocks + 1  # the attention map's
    assert "BatchNormalization" not in operators


def test_the_model_is_left_as_it_was(student: Detector, student_graph: bytes) -> None:
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in student.modules())


def test_the_graph_names_no_place_and_no_person(student_graph: bytes) -> None:
    places = [str(Path(edgedf.__file__).parents[1]), str(Path.home()), str(Path(torch.__file__).parents[1])]
    for secret in [*places, "stack_trace", ".py", getpass.getuser() + "/"]:
        assert secret.encode() not in student_graph


def test_the_teacher_exports_with_its_locator_and_frequency_branch() -> None:
    torch.manual_seed(0)
    model = Teacher("efficientnet_b0", image_size=64, frequency=True).eval()
    torch.nn.init.normal_(model.locator.box.weight, std=0.05)  # so that each crop is re-sampled elsewhere
    crops = drawn_crops(3)
    with torch.inference_mode():
        boxes = model(torch.from_numpy(crops)).box
    assert boxes is not None and boxes.std(0).max() > 0.001
    parity = compare(model, load_backend("onnxruntime", onnx_from_model(model), 1), crops)
    assert parity, str(parity)
