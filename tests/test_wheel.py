"""What wheel and sdist hold, and that the same tree gives the same bytes."""

import importlib.util
import os
import re
import shutil
import subprocess
import tarfile
import tomllib
import zipfile
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
    others = ["student/best_model.pth", "student/weights/medium.safetensors", "student/mine.edgedf/manifest.json"]
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


ASSETS = ("golden.npz", "model.onnx", "model.int8.onnx")
MODELS = ("landmarks_468.onnx", "retinaface_mobilenet_025.onnx", "yunet.onnx")
WEIGHTS = {f"edgedf/assets/default.edgedf/{name}" for name in ASSETS} | {
    f"edgedf/faces/models/{name}" for name in MODELS
}
TEXT = re.compile(r"\.(c|py|typed|toml|md|rst|json|css|js|html|svg|txt)$|/(METADATA|WHEEL|RECORD|LICENSE|NOTICE)$")
STRAY = ("faces/real/1.jpg", "runs/student/best.safetensors", "private.pem", "labels.csv", "docs/person.jpg", "out.mp4")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Wheel and sdist of a checkout, then of one with other times and somebody's files in it."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    files = []
    for kind, stray in (("clean", ()), ("used", STRAY)):
        tree = tmp_path_factory.mktemp(kind) / "edgedf"
        for name in names:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tree / name)
            if stray:
                os.utime(tree / name, (1_700_000_000, 1_700_000_000))
        for name in stray:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes(b"mine")
        for form in ("wheel", "sdist"):
            module = pytest.importorskip(f"hatchling.builders.{form}")
            builder = getattr(module, f"{form.title()}Builder")(str(tree))
            files += [Path(one) for one in builder.build(directory=str(tree / "dist"), versions=["standard"])]
    return files


def test_the_same_tree_gives_the_same_bytes(built: list[Path]) -> None:
    """Whatever the times of its files, and whatever lies beside them."""
    wheel, sdist, other_wheel, other_sdist = (one.read_bytes() for one in built)
    assert wheel == other_wheel
    assert sdist == other_sdist


def test_the_wheel_holds_text_and_the_weights_that_are_meant(built: list[Path]) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        names = wheel.namelist()
    assert {name for name in names if not TEXT.search(name) and "/licenses/" not in name} == WEIGHTS
    assert not [name for name in names if name.startswith(("tests", "docs"))]


def test_the_sdist_holds_besides_only_what_is_known(built: list[Path]) -> None:
    with tarfile.open(built[1]) as sdist:
        names = {one.name.partition("/")[2] for one in sdist.getmembers() if one.isfile()}
    known = {f"docs/{name}.png" for name in ("benchmark", "forged", "report", "soak", "watch")}  # drawn, or of none
    known |= {"student/weights/medium.safetensors", "tests/unit/data/prepare/ten_bit_variable_rate.mp4"}
    plain = {".gitignore", "Makefile", "PKG-INFO"}
    assert {name for name in names if not TEXT.search(f"/{name}")} == WEIGHTS | known | plain
    assert {"README.md", "LICENSE", "NOTICE", "tests/test_wheel.py", "hatch_build.py"} <= names
