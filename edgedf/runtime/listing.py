"""Which files are meant where files and folders are named."""

from collections.abc import Sequence
from pathlib import Path

from edgedf.errors import InputError
from edgedf.runtime.live.address import shown

PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
VIDEOS = (".3gp", ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm", ".wmv")


def is_video(path: Path) -> bool:
    """Whether a file's name says that it is a video."""
    return path.suffix.lower() in VIDEOS


def find_pictures(paths: Sequence[Path]) -> list[Path]:
    """The files among `paths` and the pictures in the folders among them, at any depth, in order.

    Raises:
        InputError: A path does not exist, or a folder holds no picture.
    """
    return _found(paths, PICTURES, "picture")


def find_pictures_and_videos(paths: Sequence[Path]) -> list[Path]:
    """As `find_pictures`, with the videos in the folders."""
    return _found(paths, PICTURES + VIDEOS, "picture or video")


def _found(paths: Sequence[Path], suffixes: Sequence[str], what: str) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{shown(str(path))} does not exist")
        inside = sorted(one for one in path.rglob("*") if one.suffix.lower() in suffixes and one.is_file())
        if path.is_dir() and not inside:
            raise InputError(f"{path} holds no {what} ({', '.join(suffixes)})")
        found += inside if path.is_dir() else [path]
    return found
