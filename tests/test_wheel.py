"""What the build hook puts into the wheel."""

import importlib.util
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

import edgedf

pytest.importorskip("hatchling")

ROOT = Path(edgedf.__file__).parents[1]


def hook(root: Path) -> Any:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ProgramsHook(str(root), {}, None, None, str(root), "wheel")


def shipped(root: Path, version: str) -> list[str]:
    data: dict[str, dict[str, str]] = {"force_include": {}}
    hook(root).initialize(version, data)
    assert all(Path(source).is_file() for source in data["force_include"])
    return sorted(data["force_include"].values())


def test_programs_are_shipped_file_by_file(tmp_path: Path) -> None:
    """And nothing of what lies beside them: weights, a bundle, a run."""
    wanted = ["export/export.py", "student/small.toml"]
    others = ["student/best_model.pth", "student/weights/small.safetensors", "student/mine.edgedf/manifest.json"]
    for name in wanted + others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert shipped(tmp_path, "standard") == [f"edgedf/recipes/{name}" for name in wanted]
    assert shipped(tmp_path, "editable") == []


def test_the_default_student_is_shipped_whole_and_no_other_bundle(tmp_path: Path) -> None:
    for name in (".gitignore", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, tmp_path)
    bundles = ("default.edgedf", ".default.edgedf.7.part", "mine.edgedf")
    names = ["__init__.py", *(f"assets/{bundle}/{file}" for bundle in bundles for file in ("manifest.json", "a/b.xml"))]
    for name in names:
        (tmp_path / "edgedf" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "edgedf" / name).touch()
    builder = pytest.importorskip("hatchling.builders.wheel").WheelBuilder(str(tmp_path))
    shipped = {Path(one.distribution_path).as_posix() for one in builder.recurse_included_files()}
    assert shipped == {
        "edgedf/__init__.py",
        *(f"edgedf/assets/default.edgedf/{name}" for name in ("manifest.json", "a/b.xml")),
    }


def test_the_wheel_states_the_terms_of_its_weights() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "LicenseRef-edgedf-research" in project["license"]
    named = {path.name for pattern in project["license-files"] for path in ROOT.glob(pattern)}
    assert named == {"LICENSE", "NOTICE", "LicenseRef-edgedf-research.txt"}
