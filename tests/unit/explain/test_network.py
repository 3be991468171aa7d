import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch

from edgedf.explain import network
from edgedf.explain.maps import Crop, correlation, upsampled
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


def test_grad_cam_by_the_papers_formula(crop: Crop) -> None:
    """Its alpha, g^2 / (2 g^2 + g^3 sum(A)), position by position."""
    torch.manual_seed(0)
    model = Student("nano").eval().requires_grad_(False)
    kept: list[torch.Tensor] = []
    model.stages[1].register_forward_hook(lambda module, inputs, output: kept.append(output))
    logit = model(torch.from_numpy(crop[None].astype(np.float32)).requires_grad_()).logit
    features, gradient = (one[0].detach().numpy() for one in (kept[0], torch.autograd.grad(logit, kept[0])[0]))
    weights = np.zeros(len(features))
    for channel, y, x in zip(*np.nonzero(gradient > 0), strict=True):
        g = float(gradient[channel, y, x])
        weights[channel] += g * g**2 / (2 * g**2 + g**3 * features[channel].sum())
    expected = np.maximum(np.einsum("c,cyx->yx", weights, features), 0)
    assert expected.max() > 0
    assert np.allclose(grad_cam(model, crop, 1.0), upsampled(expected), rtol=1e-3, atol=1e-3 * expected.max())


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


def test_shuffled_weights_are_the_same_numbers_elsewhere(model: Detector) -> None:
    folded = model.fused()
    twin = randomised(folded, 0)
    for own, other in zip(folded.parameters(), twin.parameters(), strict=True):
        assert torch.equal(own.flatten().sort().values, other.flatten().sort().values)
    assert not all(map(torch.equal, folded.parameters(), twin.parameters()))
    assert network_subject("", twin, 0.5, lambda note: None).methods  # which folds it once more


def test_shuffled_weights_give_another_map(crop: Crop) -> None:
    torch.manual_seed(0)
    model = Student("nano").eval()
    maps = [grad_cam(one.requires_grad_(False), crop, 1.0) for one in (model.fused(), randomised(model, 0))]
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
