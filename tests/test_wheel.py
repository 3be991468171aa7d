"""What the build hook puts into the wheel."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

import edgedf

pytest.importorskip("hatchling")


def hook(root: Path) -> Any:
    file = Path(edgedf.__file__).parents[1] / "hatch_build.py"
    spec = importlib.util.spec_from_file_location("hatch_build", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ProgramsHook(str(root), {}, None, None, str(root), "wheel")


def shipped(root: Path, version: str) -> list[str]:
    data: dict[str, dict[str, str]] = {"force_include": {}}
    hook(root).initialize(version, data)
    assert all(Path(source).is_file() for source in data["force_include"])
    return sorted(data["force_include"].values())


def test_programs_and_the_students_bundle_are_shipped_file_by_file(tmp_path: Path) -> None:
    """And nothing of what lies beside them: another bundle, a half-written one, a run."""
    wanted = [
        "export/export.py",
        "student/small.toml",
        "student/weights/student.edgedf/manifest.json",
        "student/weights/student.edgedf/openvino/model.xml",
    ]
    others = [
        "student/best_model.pth",
        "student/weights/small.safetensors",
        "student/weights/mine.edgedf/manifest.json",
        "student/weights/.student.edgedf.7.part/manifest.json",
    ]
    for name in wanted + others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert shipped(tmp_path, "standard") == [f"edgedf/recipes/{name}" for name in wanted]
    assert shipped(tmp_path, "editable") == []


def test_without_the_bundle_the_rest_is_shipped(tmp_path: Path) -> None:
    (tmp_path / "student").mkdir()
    (tmp_path / "student" / "distill.py").touch()
    assert shipped(tmp_path, "standard") == ["edgedf/recipes/student/distill.py"]
