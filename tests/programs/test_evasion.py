"""What hides a fake: judged on a network whose gradient is known, which scores redness as the bundle does."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from edgedf.nn.detector import Detector, Output
from edgedf.programs import load

GAIN = 8.0


class Red(Detector):
    """The network of the bundle: logit = gain x (mean red / 255 - .5)."""

    def forward(self, pixels: Tensor) -> Output:
        red = pixels[..., 0].to(torch.float32).mean((1, 2)) / 255
        return Output((GAIN * (red - 0.5))[:, None], torch.zeros(len(red), 1, 1), red[:, None])


def test_a_step_leads_each_face_away_from_its_label() -> None:
    crops = np.full((2, 256, 256, 3), 100, np.uint8)
    logit, signs = load("benchmarks/evasion.py").against(Red(), crops, np.array([1, 0], np.uint8))
    np.testing.assert_allclose(logit, GAIN * (100 / 255 - 0.5), rtol=1e-5)
    assert (signs[0, ..., 0] == -1).all() and (signs[1, ..., 0] == 1).all() and not signs[..., 1:].any()


def test_steps_flip_verdicts_and_everyday_changes_of_one_colour_do_not(
    make_bundle: Callable[..., Path], faces: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = load("benchmarks/evasion.py")
    monkeypatch.setattr(program, "open_run", lambda _: SimpleNamespace(model=Red))
    monkeypatch.setattr(program, "LEVELS", (4, 60))
    found = program.main(Path("run"), make_bundle("red", GAIN), faces, prevalence=0.2)
    assert found["apart"] < 1e-3
    altered = found["altered"]
    assert list(altered) == program.names()
    assert altered["as it is"]["flips"]["value"] == 0
    for name in ("half its size", "blur of 2 px"):
        assert altered[name] == altered["as it is"]
    recalls, flips = (
        [altered[name][figure]["value"] for name in ("as it is", "gradient, 4 levels", "gradient, 60 levels")]
        for figure in ("recall", "flips")
    )
    assert altered["random signs, 4 levels"]["flips"]["value"] == 0  # which redness forgets, but for clipping
    assert recalls[0] >= recalls[1] > recalls[2]
    assert flips[0] <= flips[1] < flips[2]
    printed = capsys.readouterr().out
    assert "60 faces, 20 fake, 30 groups" in printed and "gradient, 60 levels" in printed
