"""The training loop."""

import csv
import dataclasses
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgedf.data.packed import PackedFaces
from edgedf.errors import CheckpointError, GateError, InputError, Terminated
from edgedf.nn.student import Student
from edgedf.training import folder
from edgedf.training.checkpoints import load_checkpoint, save_checkpoint
from edgedf.training.config import DistillConfig, TrainConfig
from edgedf.training.evaluation import evaluate_epoch
from edgedf.training.history import write_metrics
from edgedf.training.interrupt import Stop
from edgedf.training.loop import Trainer
from edgedf.training.losses import Objective, Supervised
from edgedf.training.models import build_model
from edgedf.training.run import open_run

TIMING = ("seconds", "images_per_second")


@pytest.fixture
def trainer(train_faces: PackedFaces, val_faces: PackedFaces, tmp_path: Path) -> Any:
    def make(config: TrainConfig, out: str = "run", objective: Objective | None = None) -> Trainer:
        torch.manual_seed(config.seed)
        return Trainer(build_model(config), objective or Supervised(), train_faces, val_faces, config, tmp_path / out)

    return make


def rows(run: Path) -> list[dict[str, str]]:
    """`metrics.csv` without what depends on the clock."""
    with (run / "metrics.csv").open() as file:
        return [{k: v for k, v in row.items() if k not in TIMING} for row in csv.DictReader(file)]


def test_it_learns_and_keeps_its_folder(trainer: Any, config: DistillConfig, tmp_path: Path) -> None:
    best = trainer(dataclasses.replace(config, epochs=6, learning_rate=3e-3, ema=0.5)).fit()
    assert best["auc"] > 0.9
    names = {file.name for file in (tmp_path / "run").iterdir()}
    assert names == {
        "config.toml", "metrics.csv", "curves.png",
        "last_checkpoint.pth", "previous_checkpoint.pth", "best_model.pth", "final_model.pth",
    }  # fmt: skip
    kept = open_run(tmp_path / "run").checkpoint()
    assert kept["metrics"]["auc"] == best["auc"]
    assert (kept["trained_on"], kept["fitted_on"]) == (["made-0-32"], ["made-1-16"])


def test_every_figure_of_a_row_follows_from_its_matrix(trainer: Any, config: DistillConfig, tmp_path: Path) -> None:
    trainer(dataclasses.replace(config, prevalence=0.17)).fit()
    for row in rows(tmp_path / "run"):
        tn, fp, fn, tp = (int(row[name]) for name in ("tn", "fp", "fn", "tp"))
        recall, false_alarms = tp / (tp + fn), fp / (fp + tn)
        assert float(row["recall"]) == pytest.approx(recall)
        flagged = 0.17 * recall + 0.83 * false_alarms
        assert float(row["precision"]) == pytest.approx(0.17 * recall / flagged if flagged else 0)


class Interrupting(Supervised):
    """Stops in the middle of the second epoch, as Ctrl-C or SIGTERM does."""

    calls, number = 0, signal.SIGINT

    def forward(self, *arguments: Any) -> Any:
        self.calls += 1
        if self.calls == 7:
            signal.raise_signal(self.number)
        return super().forward(*arguments)


@pytest.mark.parametrize("role", ["student", "baseline"])
def test_interrupted_and_resumed_is_as_if_never_interrupted(
    role: str, trainer: Any, config: DistillConfig, tmp_path: Path
) -> None:
    """Also where dropout draws random numbers, in the baseline."""
    config = TrainConfig.from_dict(config.plain().to_dict() | {"role": role, "image_size": 32})  # type: ignore[assignment]
    trainer(config, "whole").fit()
    with pytest.raises(KeyboardInterrupt):
        trainer(config, "parts", Interrupting()).fit()
    trainer(config, "parts").fit(resume=True)
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    final = [open_run(tmp_path / name).checkpoint("final")["weights"] for name in ("whole", "parts")]
    assert all(torch.equal(value, final[1][name]) for name, value in final[0].items())


def test_a_run_is_not_overwritten_and_not_continued_with_other_settings(trainer: Any, config: DistillConfig) -> None:
    trainer(config).fit()
    with pytest.raises(CheckpointError, match="--resume"):
        trainer(config).fit()
    with pytest.raises(CheckpointError, match="another seed"):
        trainer(dataclasses.replace(config, seed=3)).fit(resume=True)


def test_the_same_data_by_another_path_is_continued_on(trainer: Any, config: DistillConfig, tmp_path: Path) -> None:
    trainer(dataclasses.replace(config, epochs=1)).fit()
    trainer(dataclasses.replace(config, epochs=2, data=["../elsewhere/unused"])).fit(resume=True)
    assert len(rows(tmp_path / "run")) == 2


def test_a_run_can_be_made_longer(trainer: Any, config: DistillConfig, tmp_path: Path) -> None:
    trainer(config).fit()
    trainer(dataclasses.replace(config, epochs=3)).fit(resume=True)
    assert [row["epoch"] for row in rows(tmp_path / "run")] == ["0", "1", "2"]
    assert open_run(tmp_path / "run").config.epochs == 3


class Terminating(Interrupting):
    number = signal.SIGTERM


def test_sigterm_is_heeded_after_the_step_too(trainer: Any, config: DistillConfig, tmp_path: Path) -> None:
    """Schedulers of clusters stop a job so; the step it came in is not lost."""
    with pytest.raises(Terminated):
        trainer(config, objective=Terminating()).fit()
    assert load_checkpoint(tmp_path / "run" / "last_checkpoint.pth")["progress"]["step"] == 3


@pytest.mark.parametrize("damage", [lambda data: data[:999], lambda data: data[:-5000] + b"!" + data[-4999:], None])
def test_a_damaged_last_checkpoint_costs_only_the_way_from_the_one_before(
    damage: Any, trainer: Any, config: DistillConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut off, with a changed byte among the weights, which torch alone would take, or gone."""
    trainer(config, "whole").fit()
    with pytest.raises(KeyboardInterrupt):
        trainer(config, "parts", Interrupting()).fit()
    last = tmp_path / "parts" / "last_checkpoint.pth"
    if damage:
        last.write_bytes(damage(last.read_bytes()))
    else:
        last.unlink()
    trainer(config, "parts").fit(resume=True)
    assert "going on from the checkpoint before it, previous_checkpoint.pth" in capsys.readouterr().out
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    final = [open_run(tmp_path / name).checkpoint("final")["weights"] for name in ("whole", "parts")]
    assert all(torch.equal(value, final[1][name]) for name, value in final[0].items())


def test_two_damaged_checkpoints_are_one_line(trainer: Any, config: DistillConfig, tmp_path: Path) -> None:
    trainer(config).fit()
    for name in ("last", "previous"):
        (tmp_path / "run" / f"{name}_checkpoint.pth").write_bytes(b"PK")
    with pytest.raises(CheckpointError, match=r"previous_checkpoint\.pth: damaged"):
        trainer(config).fit(resume=True)


def test_killed_between_the_last_checkpoint_and_its_rows_the_run_has_them_all(
    trainer: Any, config: DistillConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no epoch left that would write them."""
    trainer(config, "whole").fit()
    with monkeypatch.context() as patch, pytest.raises(SystemError):
        original = write_metrics

        def killed(path: Path, found: list[dict[str, Any]]) -> None:
            if len(found) == config.epochs:
                raise SystemError
            original(path, found)

        patch.setattr(folder, "write_metrics", killed)
        trainer(config).fit()
    trainer(config).fit(resume=True)
    assert rows(tmp_path / "run") == rows(tmp_path / "whole")


def test_a_run_of_an_edgedf_with_fewer_settings_is_gone_on_with(
    trainer: Any, config: DistillConfig, tmp_path: Path
) -> None:
    trainer(dataclasses.replace(config, epochs=1)).fit()
    last = tmp_path / "run" / "last_checkpoint.pth"
    content = load_checkpoint(last)
    del content["config"]["degrade"]
    save_checkpoint(last, content)
    trainer(config).fit(resume=True)
    assert len(rows(tmp_path / "run")) == config.epochs


def test_a_run_that_vanishes_ends(trainer: Any, config: DistillConfig, tmp_path: Path) -> None:
    """What it would go on to write is no run."""
    training = trainer(config)
    training._open(resume=False)
    (tmp_path / "run").rename(tmp_path / "moved")
    with pytest.raises(InputError, match="run has vanished"):
        training._epoch(Stop())


def test_nothing_to_resume(trainer: Any, config: DistillConfig) -> None:
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        trainer(config).fit(resume=True)


class Broken(Supervised):
    """A loss that is not a number."""

    def forward(self, *arguments: Any) -> Any:
        return {name: value * float("nan") for name, value in super().forward(*arguments).items()}


def test_other_faces_are_not_continued_on(
    trainer: Any, train_faces: PackedFaces, val_faces: PackedFaces, config: DistillConfig, tmp_path: Path
) -> None:
    trainer(dataclasses.replace(config, epochs=1)).fit()
    other = dataclasses.replace(train_faces, fingerprints=("another",))
    changed = dataclasses.replace(config, epochs=1)
    again = Trainer(Student("nano"), Supervised(), other, val_faces, changed, tmp_path / "run")
    with pytest.raises(CheckpointError, match="dataset has changed"):
        again.fit(resume=True)


def test_a_loss_that_is_not_finite_stops_the_run(trainer: Any, config: DistillConfig) -> None:
    with pytest.raises(GateError, match="not finite"):
        trainer(config, objective=Broken()).fit()


def test_a_collapse_is_told_in_its_epoch(
    trainer: Any, config: DistillConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    """A network that cannot learn (learning rate 0) is reported from epoch 0 on."""
    trainer(dataclasses.replace(config, learning_rate=1e-12)).fit()
    assert "warning: epoch 0: training loss" in capsys.readouterr().out


def test_the_threshold_is_chosen_at_the_stated_prevalence(val_faces: PackedFaces) -> None:
    """At 1 % fakes a threshold that maximises F1 is higher than at 50 %."""
    logits = np.random.default_rng(0).normal(0, 1, 16).astype(np.float32) + val_faces.labels
    at = {p: evaluate_epoch(logits, val_faces, TrainConfig(prevalence=p))["threshold"] for p in (0.01, 0.5)}
    assert at[0.01] >= at[0.5]
