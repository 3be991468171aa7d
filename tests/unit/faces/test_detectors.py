"""Face detectors: what they find, in whose pixels, and that ours decodes as OpenCV's does."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.errors import InputError
from edgedf.faces.crop import CropRule, read_image
from edgedf.faces.decoding import Faces, Floats, iou
from edgedf.faces.detectors import KINDS, Detector, crop_rule, load_detector, shrunk
from edgedf.faces.landmarks import Landmarks
from edgedf.faces.network import MODELS


@pytest.fixture(scope="module", params=list(KINDS))
def detector(request: pytest.FixtureRequest) -> Detector:
    return load_detector(request.param)


def squares(rule: CropRule, boxes: Floats) -> Floats:
    """Centre and side of each box's square, `(N, 3)`, in a picture without an edge."""
    sides = rule.margin * boxes[:, 2:].max(axis=1)
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    return np.column_stack([centres[:, 0], centres[:, 1] + rule.shift * sides, sides])


def test_finds_each_face_once_with_its_points(detector: Detector, crowd: NDArray[np.uint8]) -> None:
    [faces] = detector.detect([crowd])
    faces = faces.take(np.argsort(faces.boxes[:, 0]))
    assert faces.boxes.shape == (2, 4) and faces.scores.shape == (2,) and faces.points.shape == (2, 5, 2)
    assert {array.dtype for array in faces} == {np.dtype(np.float32)}
    assert (faces.scores > 0.8).all()
    for i, (box, points) in enumerate(zip(faces.boxes, faces.points, strict=True)):
        start = np.array((60 + i * 376, 40))
        assert (box[:2] > start).all() and (box[:2] + box[2:] < start + 280).all()
        assert (points > box[:2]).all() and (points < box[:2] + box[2:]).all()
        right_eye, left_eye, nose, right_mouth, left_mouth = points
        assert right_eye[0] < nose[0] < left_eye[0] and right_mouth[0] < left_mouth[0]
        assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])


def test_boxes_are_in_the_pixels_of_each_picture(detector: Detector, crowd: NDArray[np.uint8]) -> None:
    """A picture three times as large has boxes three times as large; one without a face has none."""
    large = crowd.repeat(3, axis=0).repeat(3, axis=1)
    empty, small, threefold = detector.detect([np.full((77, 131, 3), 99, np.uint8), crowd, large])
    assert empty.boxes.shape == (0, 4) and empty.scores.shape == (0,) and empty.points.shape == (0, 5, 2)
    small, threefold = (faces.take(np.argsort(faces.boxes[:, 0])) for faces in (small, threefold))
    assert threefold.boxes == pytest.approx(small.boxes * 3, abs=15)
    assert threefold.points == pytest.approx(small.points * 3, abs=15)


def test_detectors_are_of_one_mind(crowd: NDArray[np.uint8]) -> None:
    yunet, retinaface = (load_detector(name).detect([crowd])[0] for name in ("yunet", "retinaface"))
    assert (iou(yunet.boxes[:, None], retinaface.boxes[None]).max(axis=1) > 0.7).all()


def test_tiny_pictures_pass(detector: Detector) -> None:
    assert all(not len(faces.boxes) for faces in detector.detect([np.zeros((1, 1, 3), np.uint8)] * 2))


def test_no_face_is_surer_than_asked(crowd: NDArray[np.uint8]) -> None:
    assert not len(load_detector("yunet", smallest_score=0.999).detect([crowd])[0].boxes)


def test_boxes_are_those_of_opencv(crowd: NDArray[np.uint8]) -> None:
    """OpenCV has its own decoder of the same network."""
    cv2 = pytest.importorskip("cv2")
    small = shrunk(crowd, 320)
    theirs = cv2.FaceDetectorYN.create(str(MODELS / "yunet.onnx"), "", small.shape[1::-1], 0.6, 0.3)
    _, rows = theirs.detect(small[..., ::-1].copy())
    [ours] = load_detector("yunet").detect([small])
    rows = rows[np.argsort(-rows[:, -1])]
    assert ours.boxes == pytest.approx(rows[:, :4], abs=0.1)
    assert ours.points.reshape(-1, 10) == pytest.approx(rows[:, 4:14], abs=0.1)
    assert ours.scores == pytest.approx(rows[:, 14], abs=1e-3)


def test_shrinks_to_the_longer_side_and_never_enlarges() -> None:
    assert shrunk(np.zeros((480, 640, 3), np.uint8), 320).shape == (240, 320, 3)
    assert shrunk(np.zeros((3000, 2, 3), np.uint8), 320).shape == (320, 1, 3)
    assert shrunk(np.zeros((100, 200, 3), np.uint8), 320).shape == (100, 200, 3)


def test_the_rule_of_each_detector_bears_its_name() -> None:
    assert {name: crop_rule(name).detector for name in KINDS} == {name: name for name in KINDS}
    assert crop_rule("yunet") == CropRule()


@pytest.mark.parametrize("call", [load_detector, crop_rule])
def test_unknown_detector_is_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(InputError, match="'haar': use yunet or retinaface"):
        call("haar")


@pytest.fixture(scope="module")
def frames() -> list[NDArray[np.uint8]]:
    """The first frame of each real clip."""
    cv2 = pytest.importorskip("cv2")
    if not (data := os.environ.get("EDGEDF_DATA")):
        pytest.skip("EDGEDF_DATA is not set")
    clips = sorted((Path(data) / "clips" / "real").glob("*.mp4"))
    return [cv2.VideoCapture(str(clip)).read()[1][..., ::-1].copy() for clip in clips]


@pytest.mark.real_data
def test_both_detectors_cut_the_same_square(real_data: Path, frames: list[NDArray[np.uint8]]) -> None:
    """Centre and side differ by less than 4 % of the side on the median real face, and lean to no side."""
    root = real_data / "gan"
    with (root / "labels.csv").open(newline="") as file:
        paths = [row["path"] for row in csv.DictReader(file) if row["label"] == "real"]
    pictures = [read_image(root / path) for path in paths[:60]] + frames
    yunet, retinaface = (
        squares(crop_rule(name), np.stack([_largest(faces) for faces in load_detector(name).detect(pictures)]))
        for name in ("yunet", "retinaface")
    )
    sides = retinaface[:, 2] / yunet[:, 2]
    ways = (retinaface[:, :2] - yunet[:, :2]) / yunet[:, 2:]
    assert np.median(abs(sides - 1)) < 0.04 and abs(np.median(sides) - 1) < 0.02
    assert np.median(np.linalg.norm(ways, axis=1)) < 0.04 and (abs(np.median(ways, axis=0)) < 0.01).all()


@pytest.mark.real_data
def test_shrunken_pictures_lose_no_face(frames: list[NDArray[np.uint8]]) -> None:
    """Faces of 48 pixels and more that RetinaFace sees at full size and that the face mesh confirms."""
    rule, mesh = crop_rule("retinaface"), Landmarks()
    full = load_detector("retinaface", side=10_000).detect(frames)
    missed = wanted = 0
    for frame, there, ours in zip(frames, full, load_detector().detect(frames), strict=True):
        for box in there.boxes[there.boxes[:, 2:].max(axis=1) >= 48]:
            [score] = mesh.find(rule.cut(frame, tuple(box))[None])[1]
            wanted += score > 0.95
            missed += score > 0.95 and not (iou(box, ours.boxes) >= 0.5).any()
    assert wanted >= 20
    assert missed <= 0.02 * wanted


def _largest(faces: Faces) -> Floats:
    assert len(faces.boxes), "no face found"
    return np.asarray(faces.boxes[np.argmax(faces.boxes[:, 2])], np.float32)
