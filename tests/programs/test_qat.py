"""`edgedf distill --qat-from`: a student goes on with fake quantisation and is exported as what it learned to be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgedf.data.drawn import draw_dataset
from edgedf.data.packed import pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.bounds import Bounds
from edgedf.errors import ConfigError, InputError
from edgedf.metrics import sigmoid
from edgedf.nn.quantisation import quantised_convs
from edgedf.programs import load
from edgedf.runtime import Engine
from edgedf.training.checkpoints import CHECKPOINTS, save_checkpoint
from edgedf.training.config import DistillConfig, TrainConfig
from edgedf.training.models import build_model
from edgedf.training.predict import logits
from edgedf.training.run import open_run

METRICS = {"auc": 0.5, "f1": 0.5, "precision": 0.5, "recall": 0.5}


def untrained(folder: Path, **keys: Any) -> Path:
    """What a training leaves, as far as it is read here."""
    folder.mkdir()
    torch.manual_seed(0)
    config = TrainConfig(**keys)
    (folder / "config.toml").write_text(config.to_toml())
    kept = {"weights": build_model(config).state_dict(), "threshold": 0.5, "rule": "f1", "metrics": METRICS}
    save_checkpoint(folder / CHECKPOINTS["best"], kept)
    return folder


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> DistillConfig:
    """Two students are the teacher and the one to continue; 160 drawn faces."""
    root = tmp_path_factory.mktemp("qat")
    draw_dataset(root / "faces", images=160, prevalence=0.4)
    return DistillConfig(
        data=[str(root / "faces")],
        teacher=str(untrained(root / "teacher", role="student", size="nano")),
        qat_from=str(untrained(root / "student", role="student", size="nano")),
        epochs=1,
        batch_size=16,
        learning_rate=3e-4,
        views=1,
    )


def test_a_student_learns_to_be_int8_and_is_exported_as_that(
    config: DistillConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = Path(config.data[0])
    out = data.parent / "int8"
    result = load("student/distill.py").main(config, out)
    assert list(result["results"]) == ["teacher", "student before", "student in INT8"]

    network = open_run(out).model()
    assert len(quantised_convs(network)) == 6
    bundle = data.parent / "int8.edgedf"
    export: Any = load("export/export.py")
    monkeypatch.setattr(export, "Bounds", lambda: Bounds(1.0, 1.0))  # its verdicts on so few faces are chance
    export.main(out, out=bundle, data=data, int8=True, method="training")
    val = pack(open_dataset(data).split("val"))
    expected = logits(network, val.pixels)
    with Engine.load(bundle, backend="onnxruntime") as engine:
        assert engine.artefact.precision == "int8"
        found = engine.run(np.asarray(val.pixels)).logit
    np.testing.assert_allclose(sigmoid(found), sigmoid(expected), rtol=0, atol=2 / 255)
    # A later export of the bundle, on a device without the run, makes the same artefact again.
    before = (bundle / "model.int8.onnx").read_bytes()
    export.main(bundle, data=data, int8=True, method="training")
    assert (bundle / "model.int8.onnx").read_bytes() == before


def test_ranges_of_a_training_are_asked_of_a_run_that_has_them(config: DistillConfig, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"student was not trained to be the INT8 of onnx: use another --method"):
        load("export/export.py").main(
            Path(config.qat_from), out=tmp_path / "x.edgedf", data=Path(config.data[0]), int8=True, method="training"
        )


def test_what_cannot_be_continued_is_told_first(config: DistillConfig, tmp_path: Path) -> None:
    teacher = untrained(tmp_path / "teacher", role="teacher", trunk="efficientnet_b0", image_size=64)
    wrong = DistillConfig(data=config.data, teacher=config.teacher, qat_from=str(teacher))
    with pytest.raises(ConfigError, match=r"no student in floating point: name another run with --qat-from"):
        load("student/distill.py").main(wrong, tmp_path / "int8")
