"""Explain: why a model called faces real or fake.

pictures -> verdict, maps, bands, parts of the face -> a sentence -> overlays, a sheet, one page, JSON
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.bundle import MANIFEST
from edgedf.console import progress, say
from edgedf.errors import DatasetError, InputError
from edgedf.explain.explanation import Explanation, Subject, explain
from edgedf.explain.maps import Crop
from edgedf.explain.overlay import overlay, png, sheet, uri
from edgedf.explain.words import sentence
from edgedf.faces.crop import CropRule, read_image
from edgedf.faces.detectors import Detector, load_detector
from edgedf.faces.landmarks import Landmarks
from edgedf.files import check_folder, write_bytes, write_text
from edgedf.report.explanations import Explained, explanations_page
from edgedf.runtime import Engine
from edgedf.runtime.detect import SIDE, faces_of
from edgedf.runtime.engine import cpus
from edgedf.runtime.listing import find_pictures

ON_SHEET = 40  # faces: a larger picture is hard to open


def main(paths: Sequence[Path], *, model: Path, out: Path) -> dict[str, Any]:
    """Explains the verdicts on the faces of photos, and on pictures that are face crops.

    Args:
        paths: Pictures, or folders of them; square ones are crops.
        model: A bundle, or a run, of which the gradients are used too.
        out: Folder to write.

    Returns:
        The numbers behind each explanation, and where the page is.

    Raises:
        InputError: There is nothing to explain.
        DatasetError: Pictures could not be read, or show no face; raised at the end, and lists them.
    """
    pictures = find_pictures(paths)
    check_folder(out)
    landmarks, problems = Landmarks(), list[str]()
    found: list[tuple[Path, Crop, Explanation]] = []
    with _subject(model) as (subject, notes):
        for note in notes:
            say(f"note: {note}")
        detector = load_detector(subject.rule.detector, cpus(), SIDE)
        for path in progress(pictures, "explaining"):
            try:
                crops = crops_of(read_image(path), detector, subject.rule)
            except InputError as error:
                problems.append(str(error))
                continue
            if not crops:
                problems.append(f"{path}: no face found (a picture that is not square is taken for a photo)")
            for crop in crops:
                found.append((path, crop, explain(subject, crop, landmarks)))
                say(f"{path}: {sentence(found[-1][2])}")
    result = {
        "model": subject.name,
        "notes": notes,
        "faces": [{"path": str(path), "sentence": sentence(one), **one.to_dict()} for path, _, one in found],
    }
    if found:
        _write(out, subject.name, notes, found)
        write_text(out / "explain.json", json.dumps(result, indent=2) + "\n")
        say(f"wrote {out / 'explain.html'}; its pictures are yours: keep it where they may be")
    if problems:
        raise DatasetError(f"{len(problems)} of {len(pictures)} pictures could not be read or show no face", problems)
    return {**result, "page": str(out / "explain.html")}


def crops_of(picture: NDArray[np.uint8], detector: Detector, rule: CropRule) -> list[Crop]:
    """The faces of a photo from left to right, found and cut as `edgedf detect` does; a square picture is a crop."""
    height, width = picture.shape[:2]
    if height == width:
        return [rule.whole(picture)]
    boxes = faces_of(detector, picture).boxes.tolist()
    return [rule.cut(picture, (x, y, wide, high)) for x, y, wide, high in boxes]


@contextmanager
def _subject(model: Path) -> Iterator[tuple[Subject, list[str]]]:
    """A bundle or a run to be explained, with notes for the user; a bundle is closed at the end."""
    if (model / MANIFEST).is_file():
        with Engine.load(model) as engine:
            yield Subject.of_engine(engine), engine.notes
        return
    from edgedf.explain.network import network_subject  # torch is not needed for a bundle
    from edgedf.training.devices import keep_freed_memory
    from edgedf.training.run import open_run

    keep_freed_memory()
    run, notes = open_run(model), list[str]()
    yield network_subject(run.name, run.model(), run.checkpoint()["threshold"], notes.append), notes


def _write(out: Path, model: str, notes: Sequence[str], found: Sequence[tuple[Path, Crop, Explanation]]) -> None:
    rows, shown = [], []
    for number, (path, crop, one) in enumerate(found):
        pictures: dict[str, Image.Image] = {"crop": Image.fromarray(crop)}
        for method, evidence in one.maps.items():
            pictures[method] = overlay(crop, evidence)
            file = f"{number:04}-{path.stem}-{method.replace(' ', '-')}.png"
            write_bytes(out / "overlays" / file, png(pictures[method]))
        rows.append((f"{one.verdict}  {one.score:.3f}  {path.name}", pictures))
        uris = {name: uri(picture) for name, picture in pictures.items()}
        shown.append(Explained(str(path), sentence(one), uris, one.bands))
    if len(rows) > ON_SHEET:
        say(f"sheet.png shows the first {ON_SHEET} of {len(rows)} faces")
    write_bytes(out / "sheet.png", png(sheet(rows[:ON_SHEET])))
    write_text(out / "explain.html", explanations_page(model, shown, notes))
