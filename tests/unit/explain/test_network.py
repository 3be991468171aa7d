import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch

from edgedf.data.drawn import draw_face
from edgedf.explain import network
from edgedf.explain.faithfulness import stability
from edgedf.explain.maps import Crop, correlation
from edgedf.explain.network import grad_cam, integrated_gradients, network_subject, randomised
from edgedf.nn.baseline import MobileNetV2Simple
from edgedf.nn.detector import Detector
from edgedf.nn.student import Student
from edgedf.nn.teacher import Teacher

NETWORKS: dict[str, Callable[[], Detector]] = {
    "student": lambda: Student("nano"),
    "baseline": lambda: MobileNetV2Simple(64),
    "teacher": lambda: Teacher("efficientnet_lite2", 64),
}


@pytest.fixture(params=NETWORKS)
def model(request: pytest.FixtureRequest) -> Detector:
    torch.manual_seed(0)
    return NETWORKS[request.param]().eval()


def test_grad_cam_gives_a_map_of_every_network(model: Detector, crop: Crop) -> None:
    maps = [grad_cam(model.fused().requires_grad_(False), crop, sign) for sign in (1.0, -1.0)]
    assert all(one.shape == (256, 256) and one.min() >= 0 for one in maps)
    assert max(one.max() for one in maps) > 0
    assert (maps[0] != maps[1]).any()


def test_grad_cam_does_not_jump_where_the_picture_hardly_changes(model: Detector) -> None:
    """A denominator that crosses 0 would make it."""
    subject, face = model.fused().requires_grad_(False), draw_face(np.random.default_rng(0), fake=True)
    for sign in (1.0, -1.0):
        found = grad_cam(subject, face, sign)
        if found.max() > 0:
            assert stability(partial(grad_cam, subject), face, found).jpeg > 0.8


def test_a_subject_says_what_the_network_says(model: Detector, crop: Crop) -> None:
    notes: list[str] = []
    subject = network_subject("n", model, 0.5, notes.append)
    with torch.inference_mode():
        expected = model(torch.from_numpy(crop[None])).logit.item()
    assert subject.ask(crop[None]).logit[0] == pytest.approx(expected, abs=1e-3)
    assert ("integrated gradients" in subject.methods) != bool(notes)


def test_without_captum_a_note_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "captum", None)
    notes: list[str] = []
    subject = network_subject("n", Student("nano").eval(), 0.5, notes.append)
    assert "integrated gradients" not in subject.methods
    assert "pip install 'edgedf[explain]'" in notes[0]


def test_shuffled_weights_are_the_same_numbers_elsewhere(crop: Crop) -> None:
    model = Student("nano").eval().fused()
    twin = randomised(model, 0)
    for own, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(own.flatten().sort().values, other.flatten().sort().values)
    assert not all(map(torch.equal, model.parameters(), twin.parameters()))
    maps = [grad_cam(one.requires_grad_(False), crop, 1.0) for one in (model, twin)]
    assert abs(correlation(*maps)) < 0.9


def test_integrated_gradients_add_up_to_the_change_of_the_logit(crop: Crop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its completeness, for a network whose logit is linear in the pixels: parts for and against are the whole."""
    pytest.importorskip("captum")
    monkeypatch.setattr(network, "hidden", lambda crop: crop * 0)
    model = Student("nano").eval().fused().requires_grad_(False)
    parts = [integrated_gradients(model, crop, sign) for sign in (1.0, -1.0)]
    with torch.inference_mode():
        whole, nothing = (model(torch.from_numpy(one[None])).logit.item() for one in (crop, crop * 0))
    assert (parts[0].sum() - parts[1].sum()) == pytest.approx(whole - nothing, rel=0.2, abs=0.02)
