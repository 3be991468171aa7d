"""Distils a teacher into a student, and trains the same student without the teacher beside it.

    data -> packed pixels -> views -> teacher's answers (stored or on the fly) -> student -> run folder
                                   -> the same student, labels alone ------------> run folder/without_teacher

With `--teacher imagenet` the student is pretrained on the features of a network that never saw a forgery, for another
run to start from. With `--qat-from RUN` a student goes on with fake quantisation in place of this, and is then exported
as the INT8 that it was trained as.

Run by `edgedf distill --teacher RUN --data DIR --out RUN`.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from edgedf import nn, programs
from edgedf.console import say, table
from edgedf.data import degrade, forge, hide, views
from edgedf.data.packed import PackedFaces
from edgedf.deploy.calibration import CALIBRATION_IMAGES, draw_sample, record
from edgedf.deploy.graph import onnx_from_model
from edgedf.deploy.qat import set_ranges
from edgedf.errors import ConfigError
from edgedf.faces import landmarks
from edgedf.files import cache_root, sha256, write_text
from edgedf.metrics import WORTH
from edgedf.nn.detector import Detector
from edgedf.nn.quantisation import DIALECTS, fake_quantised
from edgedf.training.config import IMAGENET, DistillConfig, TrainConfig
from edgedf.training.crops import forged_reals
from edgedf.training.distillation import Distillation
from edgedf.training.evaluation import evaluate_epoch
from edgedf.training.faces import load_splits
from edgedf.training.folder import begun, claimed
from edgedf.training.guide import CachedGuide, Guide
from edgedf.training.loop import Trainer
from edgedf.training.losses import Objective, Supervised
from edgedf.training.models import build_model, load_pretrained
from edgedf.training.predict import logits
from edgedf.training.pretraining import ImageNetGuide, Pretraining
from edgedf.training.run import Run, open_run

COMPILED_FROM = 10_000  # crops over a run: below some 6,000 compiling takes longer than it saves


def main(config: DistillConfig, out: Path, *, resume: bool = False, ablation: bool = True) -> dict[str, Any]:
    """Trains the student with the teacher, and without it.

    Args:
        config: Everything that shapes the run.
        out: The run folder; the run without the teacher goes to `without_teacher` in it.
        resume: Continue what is in `out`.
        ablation: Train without the teacher too.
    """
    # Beside the student before stands the same one after, and pretraining is not about labels.
    ablation = ablation and not config.qat_from and config.teacher != IMAGENET
    plain_out = out / "without_teacher" if ablation else None
    with claimed(out, *([plain_out] if plain_out else []), resume=resume):
        return train_both(config, out, plain_out, resume)


def train_both(config: DistillConfig, out: Path, plain_out: Path | None, resume: bool) -> dict[str, Any]:
    """See `main`; without a `plain_out` the student with the teacher alone."""
    teacher = ImageNetGuide.of(config) if config.teacher == IMAGENET else open_teacher(config.teacher)
    before = open_run(Path(config.qat_from)) if config.qat_from else None
    if before:
        config = replace(config, size=trainable(before).size)
    if isinstance(teacher, Run):
        # The teacher's logit is right for its own share of fakes: labels and soft labels must mean the same.
        config = replace(config, prevalence=config.prevalence or teacher.config.prevalence)
    train, val = load_splits(config)
    rows = {"teacher": row_of(config, teacher, val)} if isinstance(teacher, Run) else {}
    if before:
        rows["student before"] = row_of(config, before, val)
    if not resume:
        write_text(out / "config.toml", config.to_toml())  # what to resume with while the first student trains
    if plain_out:
        rows["student without teacher"] = train_student(config, None, train, val, plain_out, resume)
    name = "student in INT8" if before else "student with teacher" if rows else "student pretrained"
    rows[name] = train_student(config, teacher, train, val, out, resume)
    say(table(["val", *WORTH], [[name, *(f"{row[m]:.4f}" for m in WORTH)] for name, row in rows.items()]))
    return {"run": str(out), "results": rows}


def open_teacher(name: str) -> Run:
    """The run of that name, or for `default` the teacher that comes with a clone of edgedf.

    Raises:
        ConfigError: There is none, or it cannot teach.
    """
    if not name:
        raise ConfigError("no teacher: name its run with --teacher RUN")
    if name != "default":
        run = open_run(Path(name))
        if run.kind == "baseline":
            raise ConfigError(f"{name} is a baseline, which has no features to learn from: name a teacher's run")
        return run
    kept = sorted((programs.root() / "teacher" / "weights").glob("*.safetensors"))
    if not kept:
        raise ConfigError(
            "there is no default teacher here: train one (edgedf train teacher), name it by --teacher RUN"
        )
    return open_run(kept[0])


def trainable(run: Run) -> TrainConfig:
    """The configuration of a run that can be trained on with fake quantisation.

    Raises:
        ConfigError: It is no student, or was trained so already.
    """
    if run.kind != "student" or (isinstance(run.config, DistillConfig) and run.config.qat_from):
        raise ConfigError(f"{run.path} is no student in floating point: name another run with --qat-from")
    return run.config


def row_of(config: DistillConfig, run: Run, val: PackedFaces) -> dict[str, Any]:
    """A run's val metrics: its training's own where that judged as this one does, else measured anew."""
    kept = run.checkpoint()
    row: dict[str, Any] = kept["metrics"]
    own = (kept.get("fitted_on"), kept.get("rule"), row.get("prevalence"))
    if own == (list(val.fingerprints), config.threshold_rule, config.prevalence or float(val.labels.mean())):
        return row
    return evaluate_epoch(logits(run.model(), val.pixels), val, config)


def train_student(
    config: DistillConfig,
    teacher: Run | ImageNetGuide | None,
    train: PackedFaces,
    val: PackedFaces,
    out: Path,
    resume: bool,
) -> dict[str, Any]:
    """One student, with a teacher's guidance or on labels alone; everything else is equal."""
    say(f"student {config.size} {'with' if teacher else 'without'} teacher: {out}")
    torch.manual_seed(config.seed)
    started = resume and begun(out)
    student = quantised_student(config, train) if config.qat_from and not started else build_model(config)
    if not started:
        load_pretrained(student, config)
    objective = objective_of(config, teacher, student, train)
    # The run without a teacher must not look like a distilled one.
    kept = config if teacher else config.plain()
    return Trainer(student, objective, train, val, kept, out).fit(started)


def objective_of(
    config: DistillConfig, teacher: Run | ImageNetGuide | None, student: Detector, train: PackedFaces
) -> Objective:
    """What the student learns: from its teacher, from ImageNet's network, or from labels alone."""
    supervised = Supervised.of(config, train)
    if isinstance(teacher, ImageNetGuide):
        if is_long(config, train):
            teacher.compile()
        return Pretraining(teacher, student, supervised, config)
    if teacher:
        return Distillation(make_guide(config, teacher, train), student, supervised, config)
    return supervised


def quantised_student(config: DistillConfig, train: PackedFaces) -> Detector:
    """The student to continue, with fake quantisation, its ranges calibrated on the faces that it trains on."""
    before = open_run(Path(config.qat_from)).model()
    graph = onnx_from_model(before)
    student = fake_quantised(before, DIALECTS[config.dialect])
    statistics = record(graph, draw_sample(train, CALIBRATION_IMAGES)).of("percentile")
    set_ranges(student, graph, statistics)
    return student


def is_long(config: DistillConfig, train: PackedFaces) -> bool:
    """Whether a run asks its teacher so much that compiling it pays."""
    return config.epochs * len(train) >= COMPILED_FROM


def make_guide(config: DistillConfig, teacher: Run, train: PackedFaces) -> Guide | CachedGuide:
    """The teacher, its answers stored on disk where the configuration says so."""
    guide = Guide(teacher.model(), with_levels=config.level_weight > 0)
    if not config.teacher_cache or torch.cuda.is_available():  # a GPU answers faster than a disk
        if is_long(config, train):
            guide.compile()
        return guide
    weights = sha256(teacher.file().read_bytes())
    anchors = sha256(train.originals.tobytes())  # a fake's views are its original's
    shown = [config.jitter, config.mix, config.forge, config.degrade, config.hide]
    precision = "32" if config.precision == "auto" else config.precision  # on a CPU
    asked = f"{weights} {teacher.config.image_size} {precision}"
    key = f"{asked} {train.fingerprint} {code_of_answers()} {anchors} {shown}"
    images = len(train) + len(forged_reals(train, config))
    return CachedGuide(guide, cache_root() / "teacher", key, images, config.views)


def code_of_answers() -> str:
    """Hash of the code that makes views and of the networks that answer: another gives other answers."""
    folders = [path for package in (forge, nn) for path in sorted(Path(package.__path__[0]).glob("*.py"))]
    modules = [Path(str(module.__file__)) for module in (views, degrade, hide, landmarks)]
    return sha256(b"".join(path.read_bytes() for path in [*modules, *folders]))
