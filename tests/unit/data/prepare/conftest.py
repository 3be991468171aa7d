"""Drawn faces, in small photos and videos."""

from collections.abc import Callable, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edgedf.data.drawn import draw_dataset
from edgedf.faces.crop import read_image

Picture = NDArray[np.uint8]
Film = Callable[..., Path]
Photo = Callable[..., Path]


def written(out: Path) -> dict[str, bytes]:
    """The table, and all crops in the folder of an output, listed or not."""
    files = [out / "labels.csv", *out.rglob("*.jpg")]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    """Real drawn faces, 128 px."""
    folder = tmp_path_factory.mktemp("drawn")
    draw_dataset(folder, 8)
    return [read_image(path)[::2, ::2].copy() for path in sorted((folder / "real").iterdir())]


def scene(faces: Sequence[Picture], moved: int = 0) -> Picture:
    """A frame of 320 x 240 pixels with faces side by side."""
    image = np.full((240, 320, 3), 90, dtype=np.uint8)
    for i, face in enumerate(faces):
        left = 10 + 150 * i + moved
        image[50 : 50 + len(face), left : left + len(face)] = face
    return image


@pytest.fixture
def photo(faces: list[Picture]) -> Photo:
    """Writes a photo of some of the faces, or of none."""

    def write(path: Path, *which: int) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(scene([faces[i] for i in which])).save(path)
        return path

    return write


@pytest.fixture
def film(faces: list[Picture]) -> Film:
    """Writes a video in which a face moves to the right, 1 pixel a frame."""

    def write(path: Path, face: int = 0, frames: int = 24, codec: str = "mp4v") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 25, (320, 240))
        for i in range(frames):
            writer.write(scene([faces[face]], i)[..., ::-1])
        writer.release()
        return path

    return write


@pytest.fixture
def h264(faces: list[Picture]) -> Film:
    """Writes such a video of 60 frames by x264, with its options as `key=value:key=value`."""

    def write(path: Path, options: str, pix_fmt: str = "yuv420p", rotation: int = 0) -> Path:
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", 25, options={"x264-params": f"threads=1:log=0:{options}"})
            stream.width, stream.height, stream.pix_fmt = 320, 240, pix_fmt
            if rotation:
                stream.set_display_rotation(rotation)
            for i in range(60):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(scene([faces[0]], i), "rgb24")))
            container.mux(stream.encode(None))
        return path

    return write
