"""The whole chain on faces it draws itself, small enough for a laptop.

    drawn faces -> teacher -> student without and with the teacher -> bundles -> one report

The faces are drawings, so the figures say that the chain works, not how well it detects deepfakes.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgedf.console import progress, say
from edgedf.data.drawn import draw_dataset
from edgedf.errors import ConfigError
from edgedf.extras import need
from edgedf.files import write_text
from edgedf.programs import Result, config_path, run
from edgedf.training.config import DistillConfig, TrainConfig

RUNS = {  # name of the bundle: its run
    "teacher": "teacher",
    "student-without-teacher": "student/without_teacher",
    "student-with-teacher": "student",
}
MARKER = ".edgedf-demo"


def main(out: Path, *, seed: int = 0, images: int = 1400, changes: Mapping[str, Any] | None = None) -> Result:
    """Runs the chain.

    Args:
        out: Folder for the faces, the runs, the bundles and the report: a new or empty one, or an earlier demo's,
            which is overwritten.
        seed: Of the drawings and of both trainings.
        images: How many faces to draw.
        changes: Configuration keys to change in both trainings.

    Returns:
        The report's results and its path.

    Raises:
        ConfigError: `out` holds something else.
    """
    for module, extra in (("torch", "train"), ("onnx", "export")):
        need(module, extra)  # before minutes of work, not after
    _claim(out)
    faces = out / "faces"
    overrides = {"data": [str(faces)], "seed": seed, **(changes or {})}

    say(f"1/5 drawing {images} faces")
    draw_dataset(faces, images, prevalence=0.5, seed=seed, progress=progress)

    for earlier in (out / "teacher", out / "student"):
        if earlier.exists():  # a demo starts anew
            shutil.rmtree(earlier)

    say("2/5 training the teacher")
    teacher = TrainConfig.load(config_path("teacher", "demo"), overrides)
    run("teacher/train.py", teacher, out / "teacher")

    say("3/5 training the student, without and with the teacher")
    student = DistillConfig.load(config_path("student", "demo"), {**overrides, "teacher": str(out / "teacher")})
    run("student/distill.py", student, out / "student")

    say("4/5 exporting all three")
    bundles = [out / f"{name}.edgedf" for name in RUNS]
    for bundle, name in zip(bundles, RUNS.values(), strict=True):
        run("export/export.py", out / name, targets=["onnx"], out=bundle, data=faces)

    say("5/5 measuring all three")
    return run("benchmarks/benchmark.py", bundles, data=faces, out=out / "report", split="test", quick=True)


def _claim(out: Path) -> None:
    """Marks a new or empty folder as the demo's, so that none of the user's is ever overwritten."""
    marker = out / MARKER
    if marker.is_file():
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is not a folder of an earlier demo and not empty: give a new one with --out")
    write_text(marker, "edgedf demo overwrites what is in this folder.\n")
