"""The faces of one photo or video: find, cut, filter, write."""

import io
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.data.prepare.following import Follower, Found
from edgedf.data.prepare.frame import Frame
from edgedf.data.prepare.outcome import PHOTO, Clock, Face, Outcome
from edgedf.data.prepare.settings import Settings
from edgedf.data.prepare.sources import Source
from edgedf.data.prepare.video import Video
from edgedf.errors import InputError
from edgedf.faces.crop import Box, CropRule, Square, read_image
from edgedf.faces.detectors import Detector
from edgedf.faces.sharpness import sharpness

MISPLACED = 0.2  # share of looks without a face in the shared square, above which two videos show other things

Crop = tuple[Face, NDArray[np.uint8]]


class Cutter:
    """Cuts the faces of sources, one after another, always the same ones from the same file.

    Args:
        settings: What is cut, and how.
        detector: Finds the faces.
        out: Folder of the output.
    """

    def __init__(self, settings: Settings, detector: Detector, out: Path) -> None:
        self._settings, self._detector, self._out = settings, detector, out
        self._clock, self._left_out = Clock(), Counter[str]()

    def cut(self, source: Source, shared: Sequence[Face] | None = None) -> Outcome:
        """Writes the crops of a source.

        Args:
            source: A photo or video.
            shared: Faces to cut in place of those that a detector finds: the framing of the real that a fake was
                made from.

        Raises:
            OSError: The crops cannot be written.
        """
        self._clock, self._left_out = Clock(), Counter()
        outcome = Outcome(source.place, source.state)
        written = []
        try:
            for face, crop in (
                self._of_video(source, shared, outcome) if source.is_video else self._of_photo(source, shared)
            ):
                written.append(self._out / file_of(source, face, self._settings.suffix))
                with self._clock("write"):
                    write_crop(crop, written[-1], self._settings.quality)
                outcome.faces.append(face)
        except InputError as error:
            outcome.problem = str(error)
            outcome.faces.clear()
            for path in written:
                path.unlink()
        outcome.problem = outcome.problem or ("" if outcome.faces else self._nothing())
        outcome.left_out, outcome.seconds = dict(self._left_out), dict(self._clock.seconds)
        return outcome

    def _of_photo(self, source: Source, shared: Sequence[Face] | None) -> Iterator[Crop]:
        with self._clock("decode"):
            image = read_image(source.path)
        if shared is not None:
            yield from self._shared(Frame(PHOTO, image), shared)
            return
        frame = Frame(PHOTO, image)
        with self._clock("detect"):
            faces = frame.faces(self._detector)
        yield from self._crops((frame, list(enumerate(_boxes(faces)))))

    def _of_video(self, source: Source, shared: Sequence[Face] | None, outcome: Outcome) -> Iterator[Crop]:
        video = Video(source.path)
        frames = self._clock.each("decode", video.every(self._settings.every))
        if shared is not None:
            yield from self._shared_video(frames, shared)
        else:
            for found in Follower(self._detector, self._settings.step, self._clock).follow(frames):
                yield from self._crops(found)
        if not video.read:
            raise InputError(f"{source.path} holds no frame that can be read")
        if video.ended_early:
            outcome.problem = f"only {video.read} of {video.promised} frames can be read; their faces are kept"

    def _shared_video(self, frames: Iterator[Frame], shared: Sequence[Face]) -> Iterator[Crop]:
        """Crops of another video's faces; now and then a look whether there is a face in the square at all."""
        by_frame = defaultdict(list)
        for face in shared:
            by_frame[face.frame].append(face)
        looks = misses = 0
        for frame in frames:
            faces = by_frame.get(frame.number, [])
            yield from self._shared(frame, faces)
            if faces and frame.number % self._settings.step == 0:
                with self._clock("detect"):
                    found = frame.faces(self._detector)
                looks += 1
                misses += not any(_within(box, face.square) for box in _boxes(found) for face in faces)
        if misses > MISPLACED * looks:
            raise InputError(f"in {misses} of {looks} frames there is no face where that of its original is")

    def _shared(self, frame: Frame, faces: Sequence[Face]) -> Iterator[Crop]:
        for face in faces:
            x, y, side = face.square
            if x + side > frame.width + 1 or y + side > frame.height + 1:
                raise InputError(f"{frame.width} x {frame.height} pixels do not hold the square of its original")
            with self._clock("cut"):
                crop = frame.cut(self._settings.rule, face.square)
            yield face._replace(frame=frame.number), crop

    def _crops(self, found: Found) -> Iterator[Crop]:
        """The crops of those faces that are large and sharp enough."""
        frame, faces = found
        rule = self._settings.rule
        for number, box in faces:
            with self._clock("cut"):
                square = _square(rule, frame, box)
                if square[2] < self._settings.smallest:
                    self._left_out["small"] += 1
                    continue
                crop = frame.cut(rule, square)
                if sharpness(crop) < self._settings.sharpness:
                    self._left_out["blurred"] += 1
                    continue
            yield Face(frame.number, number, square, _inside(box, square, rule.size)), crop

    def _nothing(self) -> str:
        """Why there is no face."""
        reasons = ", ".join(f"{count} too {what}" for what, count in sorted(self._left_out.items()))
        return f"no face found{f' but {reasons}' if reasons else ''}"


def file_of(source: Source, face: Face, suffix: str) -> str:
    """Where a crop goes in the output: a video's into a folder of its own."""
    name = f"/{face.frame:06d}_{face.number}" if source.is_video else f"_{face.number}"
    return PurePosixPath(source.place + name + suffix).as_posix()


def write_crop(crop: NDArray[np.uint8], path: Path, quality: int) -> None:
    """Writes a crop as JPEG, its colours not thinned out, or as PNG when the quality is 0."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture, data = Image.fromarray(crop), io.BytesIO()
    if quality:
        picture.save(data, "JPEG", quality=quality, subsampling="4:4:4")
    else:
        picture.save(data, "PNG", compress_level=1)
    path.write_bytes(data.getvalue())  # Pillow does not notice when a full disk takes the first half of a file


def _boxes(boxes: NDArray[np.float32]) -> list[Box]:
    return [(x, y, width, height) for x, y, width, height in boxes.tolist()]


def _square(rule: CropRule, frame: Frame, box: Box) -> Square:
    """The rule's square as it is written down, so that another video can be cut by the very same."""
    x, y, side = rule.square(box, frame.width, frame.height)
    return round(x, 3), round(y, 3), round(side, 3)


def _inside(box: Box, square: Square, size: int) -> Box:
    """A frame's box in pixels of the crop, rounded up: by the same rule the whole crop is cut again."""
    x, y, side = square
    scale = size / side
    width, height = (math.ceil(length * scale * 100 + 1) / 100 for length in box[2:])
    return round((box[0] - x) * scale, 2), round((box[1] - y) * scale, 2), width, height


def _within(box: Box, square: Square) -> bool:
    """Whether a box has its centre in a square."""
    centres = (box[0] + box[2] / 2, box[1] + box[3] / 2)
    return all(corner <= centre <= corner + square[2] for centre, corner in zip(centres, square[:2], strict=True))
