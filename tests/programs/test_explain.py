"""`edgedf explain`: an overlay a method, a sheet, a page and the numbers, of a bundle and of a run."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgedf.cli import app
from edgedf.data.drawn import draw_face

MakeBundle = Callable[..., Path]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pictures")
    for i in range(2):
        Image.fromarray(draw_face(np.random.default_rng(i), fake=bool(i))).save(root / f"{i}.png")
    return root


def explained(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["explain", *map(str, arguments), "--json"])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.output


def test_a_bundle_writes_pictures_a_page_and_numbers(pictures: Path, make_bundle: MakeBundle, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = json.loads(explained(pictures, "--model", make_bundle("red"), "--out", out))
    assert [Path(face["path"]).name for face in found["faces"]] == ["0.png", "1.png"]
    assert {path.name for path in (out / "overlays").iterdir()} == {
        f"000{i}-{i}-{method}.png" for i in range(2) for method in ("attention", "occlusion")
    }
    with Image.open(out / "sheet.png") as sheet:
        assert sheet.width > 3 * 256
    page = (out / "explain.html").read_text()
    for face in found["faces"]:
        assert face["sentence"] in page
        assert f"{face['score']:.2f}" in face["sentence"]
    assert json.loads((out / "explain.json").read_text())["faces"] == found["faces"]


def test_a_run_adds_its_gradients(pictures: Path, student_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = json.loads(explained(pictures / "0.png", "--model", student_run, "--out", out))
    assert (out / "overlays" / "0000-0-Grad-CAM++.png").is_file()
    assert "Grad-CAM++" in found["faces"][0]["regions"]


def test_a_broken_picture_is_named_and_the_others_are_explained(
    pictures: Path, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    (tmp_path / "no.png").write_bytes(b"nothing")
    shown = explained(tmp_path / "no.png", pictures / "0.png", "--model", make_bundle("red"), "--out", tmp_path, code=2)
    assert "1 of 2 pictures could not be read" in shown
    assert (tmp_path / "explain.html").is_file()


def test_of_a_photo_its_faces_are_explained(make_bundle: MakeBundle, tmp_path: Path) -> None:
    """The crop is the one that `edgedf detect` judges, so the score is, too; a photo without a face is named."""
    photo = np.full((480, 960, 3), 128, np.uint8)
    for left in (60, 600):
        photo[120:376, left : left + 256] = draw_face(np.random.default_rng(left), fake=False)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    bundle = make_bundle("red")
    judged = CliRunner().invoke(app, ["detect", str(tmp_path / "photo.png"), "--model", str(bundle), "--json"]).stdout
    scores = [json.loads(line)["score"] for line in judged.splitlines()]
    found = json.loads(explained(tmp_path / "photo.png", "--model", bundle, "--out", tmp_path / "out"))
    assert len(scores) == 2
    assert [face["score"] for face in found["faces"]] == pytest.approx(scores, abs=1e-3)

    Image.fromarray(np.full((480, 640, 3), 128, np.uint8)).save(tmp_path / "empty.png")
    shown = explained(tmp_path / "empty.png", "--model", bundle, "--out", tmp_path / "none", code=2)
    assert "no face found" in shown and not (tmp_path / "none" / "explain.html").exists()


def test_a_model_that_is_neither_is_refused(pictures: Path, tmp_path: Path) -> None:
    assert "not a run" in explained(pictures, "--model", tmp_path / "nowhere", "--out", tmp_path / "out", code=2)
