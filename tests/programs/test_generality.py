"""What a model is worth on forgeries and degraded faces, on drawn faces and models whose scores are known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgedf.data.drawn import draw_dataset
from edgedf.data.packed import pack_split
from edgedf.programs import load


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    draw_dataset(folder, 48, seed=2)
    return folder


def test_each_forgery_stands_beside_the_real_face_it_was_made_of(drawn: Path) -> None:
    trials = load("benchmarks/generality.py").forgeries(pack_split(drawn, "train"), 8)
    assert list(trials) == ["self_blend", "swap", "part", "resample", "frequency"]
    for trial in trials.values():
        reals, fakes = trial.pixels[:8], trial.pixels[8:]
        assert trial.labels.tolist() == [0] * 8 + [1] * 8
        assert trial.groups[:8] == trial.groups[8:] and len(set(trial.groups[:8])) > 1
        assert all((real != fake).any() for real, fake in zip(reals, fakes, strict=True))
    same = load("benchmarks/generality.py").forgeries(pack_split(drawn, "train"), 8)
    assert all(np.array_equal(same[kind].pixels, trial.pixels) for kind, trial in trials.items())


def test_auc_is_told_by_model_and_kind(
    make_bundle: Callable[..., Path], drawn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Redness hardly knows a forgery from its original, and knows nothing else."""
    found = load("benchmarks/generality.py").main([make_bundle("red")], data=drawn, split="train", most=8)
    assert found["faces"] == {
        **dict.fromkeys(("self_blend", "swap", "part", "resample", "frequency"), 16),
        "degraded": 16,
    }
    [[name, aucs]] = found["auc"].items()
    assert name.endswith("red.edgedf model.onnx") and list(aucs) == list(found["faces"])
    assert all(one["low"] <= one["value"] <= one["high"] for one in aucs.values())
    assert 0.2 < aucs["self_blend"]["value"] < 0.8
    assert "self_blend: 8 real, 8 fake" in capsys.readouterr().out
