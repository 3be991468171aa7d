"""The runtime: a bundle in, scores out. It imports numpy, a backend's package at load, and never torch."""

import importlib
from typing import TYPE_CHECKING, Any

from edgedf.runtime.engine import Engine, Result

if TYPE_CHECKING:
    from edgedf.runtime.live.camera import Camera
    from edgedf.runtime.live.event import Event, FaceTrack
    from edgedf.runtime.live.frame import Frame
    from edgedf.runtime.live.watcher import Watcher

__all__ = ["Camera", "Engine", "Event", "FaceTrack", "Frame", "Result", "Watcher"]

AT_FIRST_USE = {
    "Camera": "edgedf.runtime.live.camera",
    "Event": "edgedf.runtime.live.event",
    "FaceTrack": "edgedf.runtime.live.event",
    "Frame": "edgedf.runtime.live.frame",
    "Watcher": "edgedf.runtime.live.watcher",
}


def __getattr__(name: str) -> Any:
    """What an app without a camera does not wait for."""
    if name not in AT_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(AT_FIRST_USE[name]), name)


def __dir__() -> list[str]:
    """All names, for completion and the reference."""
    return sorted({*globals(), *AT_FIRST_USE})
