"""A user's mistake: one line that says what to do, exit code 2, no traceback."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from edgedf.cli import app
from edgedf.data.dataset import write_dataset
from edgedf.programs import root
from edgedf.training.config import TrainConfig

Arguments = list[str]


def write_faces(root: Path, labels: list[str] | None = None, groups: list[str] | None = None, count: int = 4) -> Path:
    """A few pictures, one half train and one half val; four are too few to train on."""
    root.mkdir()
    for i in range(count):
        Image.new("RGB", (64, 64), (20 * i, 90, 30)).save(root / f"{i}.png")
    columns = {
        "path": [f"{i}.png" for i in range(count)],
        "label": labels or ["real", "fake"] * (count // 2),
        "split": ["train"] * (count // 2) + ["val"] * (count // 2),
        "group": groups or [f"person{i}" for i in range(count)],
    }
    write_dataset(root, columns)
    return root


def train(data: Path, *options: str) -> Arguments:
    return ["train", "student", "--data", str(data), "--out", str(data.parent / "run"), *options]


def empty_folder(tmp: Path) -> Arguments:
    (tmp / "empty").mkdir()
    return train(tmp / "empty")


def missing_folder(tmp: Path) -> Arguments:
    return train(tmp / "nowhere")


def unreadable_image(tmp: Path) -> Arguments:
    faces = write_faces(tmp / "faces")
    (faces / "2.png").write_bytes(b"no picture at all")
    return train(faces)


def unknown_label(tmp: Path) -> Arguments:
    return train(write_faces(tmp / "faces", labels=["real", "fake", "maybe", "fake"]))


def group_in_two_splits(tmp: Path) -> Arguments:
    return train(write_faces(tmp / "faces", groups=["a", "b", "a", "d"]))


def one_class_in_train(tmp: Path) -> Arguments:
    return train(write_faces(tmp / "faces", labels=["real", "real", "real", "fake"]))


def one_class_in_val(tmp: Path) -> Arguments:
    return train(write_faces(tmp / "faces", labels=["real", "fake", "fake", "fake"]))


def unknown_key(tmp: Path) -> Arguments:
    return train(write_faces(tmp / "faces"), "--set", "epoch=3")


def unknown_rule(tmp: Path) -> Arguments:
    return train(write_faces(tmp / "faces"), "--threshold-rule", "best")


def foreign_checkpoint(tmp: Path) -> Arguments:
    (tmp / "run").mkdir()
    (tmp / "run" / "config.toml").write_text(TrainConfig(role="student").to_toml())
    torch.save({"state_dict": {}}, tmp / "run" / "best_model.pth")
    return ["evaluate", str(tmp / "run"), "--data", str(write_faces(tmp / "faces"))]


def pickle_for_weights(tmp: Path) -> Arguments:
    (tmp / "weights.pth").write_bytes(pickle.dumps(Path("not tensors")))
    faces = write_faces(tmp / "faces", count=8)
    return ["train", "baseline", "--data", str(faces), "--out", str(tmp / "run"), "--weights", str(tmp / "weights.pth")]


def finished_run(out: Path) -> Path:
    out.mkdir(parents=True)
    (out / "last_checkpoint.pth").touch()
    return out


def distill(tmp: Path, *options: str) -> Arguments:
    """What is found before anything is opened: neither the teacher nor the data are there."""
    return ["distill", "--teacher", "nowhere", "--data", "nowhere", "--out", str(tmp / "old"), *options]


def finished_training(tmp: Path) -> Arguments:
    return ["train", "student", "--data", "nowhere", "--out", str(finished_run(tmp / "old"))]


def finished_student(tmp: Path) -> Arguments:
    finished_run(tmp / "old")
    return distill(tmp, "--no-ablation")


def finished_student_without_teacher(tmp: Path) -> Arguments:
    finished_run(tmp / "old" / "without_teacher")
    return distill(tmp)


def nothing_to_resume(tmp: Path) -> Arguments:
    return ["train", "student", "--data", "nowhere", "--out", str(tmp / "old"), "--resume"]


def no_student_to_resume(tmp: Path) -> Arguments:
    return distill(tmp, "--resume")


def resumed_with_another_config(tmp: Path) -> Arguments:
    return ["train", "student", "--data", "nowhere", "--out", str(tmp / "old"), "--resume", "--config", "demo"]


def student_resumed_with_another_config(tmp: Path) -> Arguments:
    return distill(tmp, "--resume", "--config", "small")


MISTAKES: list[tuple[Callable[[Path], Arguments], str]] = [
    (empty_folder, "empty"),
    (missing_folder, "nowhere"),
    (unreadable_image, "row 4"),
    (unknown_label, "row 4"),
    (group_in_two_splits, "row 4"),
    (one_class_in_train, "split train has faces of one class only"),
    (one_class_in_val, "split val has faces of one class only"),
    (unknown_key, "config has a field 'epoch' that is not known"),
    (unknown_rule, "recall=.95"),
    (foreign_checkpoint, "not a checkpoint of edgedf"),
    (pickle_for_weights, "pickle"),
    (nothing_to_resume, "old: no such checkpoint"),
    (no_student_to_resume, "old: no such checkpoint"),
    (resumed_with_another_config, "leave --config out"),
    (student_resumed_with_another_config, "leave --config out"),
    (finished_training, "old holds a run already"),
    (finished_student, "old holds a run already"),
    (finished_student_without_teacher, "without_teacher holds a run already"),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_mistake_is_named_in_one_line(mistake: Callable[[Path], Arguments], message: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, mistake(tmp_path))
    assert result.exit_code == 2, result.output
    first, *listed = result.stderr.splitlines()
    assert first.startswith("edgedf: ")
    assert message in result.stderr
    assert all(line.startswith("  ") for line in listed), "only the broken rows follow"
    assert not (tmp_path / "run" / "last_checkpoint.pth").exists()


def test_check_lists_every_broken_picture(tmp_path: Path) -> None:
    """A text, an empty file, and a JPEG that ends too early."""
    faces = write_faces(tmp_path / "faces")
    (faces / "0.png").write_text("no picture at all")
    (faces / "1.png").write_bytes(b"")
    Image.effect_noise((64, 64), 50).save(faces / "3.png", format="JPEG")
    (faces / "3.png").write_bytes((faces / "3.png").read_bytes()[:-500])
    result = CliRunner().invoke(app, ["data", "check", str(faces)])
    assert result.exit_code == 2
    first, *listed = result.stderr.splitlines()
    assert "3 broken pictures" in first and "--skip-broken" in first
    assert [line[:14] for line in listed] == ["  row 2: 0.png", "  row 3: 1.png", "  row 5: 3.png"]


def test_a_changed_byte_in_a_bundle(make_bundle: Callable[..., Path], tmp_path: Path) -> None:
    bundle = make_bundle("colour")
    model = bundle / "model.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    for arguments in (["bundle", "verify", str(bundle)], ["detect", str(tmp_path), "--model", str(bundle)]):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1 and "model.onnx" in result.stderr


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As where torch is not installed: the import fails, the line says what to install."""
    faces = write_faces(tmp_path / "faces")
    error = ModuleNotFoundError("No module named 'torch'", name="torch")
    monkeypatch.setattr("edgedf.commands.train.run", lambda *_, **__: (_ for _ in ()).throw(error))
    result = CliRunner().invoke(app, train(faces))
    assert (result.exit_code, result.stderr) == (
        2,
        "edgedf: torch is not installed: run  pip install 'edgedf[train]'\n",
    )


@pytest.mark.parametrize(
    "command",
    [
        "teacher/average.py nowhere mean",
        "export/weights.py nowhere small.safetensors",
        "benchmarks/artefact_speed.py nowhere",
        "benchmarks/overhead.py nowhere",
        "benchmarks/roofline.py nowhere",
        "benchmarks/record.py nowhere --data faces --out x.json",
        "student/tables.py --results nowhere",
        "benchmarks/training_speed.py nowhere --data faces",
    ],
)
def test_a_program_run_alone_names_it_too(command: str, tmp_path: Path) -> None:
    program, *arguments = command.split()
    words = [sys.executable, str(root() / program), *arguments]
    found = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert found.stderr.startswith("edgedf: nowhere") and found.stderr.count("\n") == 1
