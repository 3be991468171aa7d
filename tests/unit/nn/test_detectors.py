"""Teacher, student and baseline keep one contract."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from edgedf.nn.baseline import MobileNetV2Simple
from edgedf.nn.detector import Detector
from edgedf.nn.student import Student
from edgedf.nn.teacher import Teacher

NETWORKS: dict[str, Callable[[], Detector]] = {
    "student-nano": partial(Student, "nano"),
    "student-small": partial(Student, "small"),
    "student-base": partial(Student, "base"),
    "teacher-lite2": partial(Teacher, "efficientnet_lite2", 64),
    "teacher-b0-frequency": partial(Teacher, "efficientnet_b0", 96, frequency=True),
    "baseline": MobileNetV2Simple,
    "baseline-128": partial(MobileNetV2Simple, 128),
}


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> Detector:
    torch.manual_seed(0)
    return NETWORKS[request.param]().eval()


def test_shapes_and_ranges(network: Detector, pixels: Tensor) -> None:
    output = network(pixels)
    assert output.logit.shape == (2, 1)
    assert output.attention.ndim == 3 and output.attention.shape[1] == output.attention.shape[2]
    assert output.attention.min() >= 0 and output.attention.max() <= 1
    assert output.embedding.ndim == 2
    assert output.features is None or output.features.shape[2:] == (8, 8)
    assert [level.shape[1] for level in output.levels or []] == list(network.level_channels)


def test_bytes_and_floats_give_the_same(network: Detector, pixels: Tensor) -> None:
    assert torch.equal(network(pixels).logit, network(pixels.float()).logit)


def test_a_crop_is_judged_alone(network: Detector, pixels: Tensor) -> None:
    """The other crops of a batch do not change a score."""
    assert torch.allclose(network(pixels).logit[1:], network(pixels[1:]).logit, atol=1e-5)


def test_fused_once_or_twice_says_the_same_and_leaves_the_network_alone(network: Detector, pixels: Tensor) -> None:
    network.train()
    network(torch.cat([pixels, 255 - pixels]))  # norms with statistics of their own
    expected = network.eval()(pixels)
    before = sum(p.numel() for p in network.parameters())
    fused = network.fused()
    for found in (fused(pixels), fused.fused()(pixels)):
        assert torch.allclose(found.logit, expected.logit, atol=1e-4)
        assert torch.allclose(found.embedding, expected.embedding, atol=1e-3)
    assert sum(p.numel() for p in network.parameters()) == before


@pytest.mark.parametrize(("size", "millions"), [("nano", 0.2), ("small", 0.5), ("medium", 0.8), ("base", 1.2)])
def test_student_sizes(size: str, millions: float) -> None:
    parameters = sum(p.numel() for p in Student(size).fused().parameters()) / 1e6
    assert abs(parameters - millions) < 0.05


def test_student_is_made_for_int8() -> None:
    """Every convolution but the one-channel map has channels in multiples of 16, none is grouped."""
    convolutions = [m for m in Student("small").fused().modules() if isinstance(m, torch.nn.Conv2d)]
    for conv in convolutions:
        assert conv.groups == 1
        assert conv.out_channels == 1 or (conv.in_channels % 16 == 0 and conv.out_channels % 16 == 0)


def test_the_locator_learns_from_boxes_alone(pixels: Tensor) -> None:
    """The verdict's gradient does not reach the locator, the box's does."""
    teacher = Teacher("efficientnet_lite2", 64)
    output = teacher(pixels)
    assert output.box is not None
    output.logit.sum().backward(retain_graph=True)
    assert teacher.locator.box.weight.grad is None
    output.box.sum().backward()
    assert teacher.locator.box.weight.grad is not None
