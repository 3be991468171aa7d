"""What goes to a browser of an event: a small JPEG, and all else as JSON."""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from edgedf.faces.crop import CropRule
from edgedf.runtime.live.event import Event, FaceTrack

SIDE = 960  # pixels of the longer side that are sent, at most
QUALITY = 80


def jpeg(event: Event) -> bytes:
    """The frame as a JPEG file's content, shrunk to `SIDE`."""
    image = Image.fromarray(event.frame.pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    stream = BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def facts(event: Event, rule: CropRule, attention: bool) -> dict[str, Any]:
    """JSON-able form of an event, with the size of its frame and, if asked for, where attention lies.

    Args:
        event: To be shown.
        rule: By which the faces were cut.
        attention: Whether maps are sent along.
    """
    height, width = event.frame.pixels.shape[:2]
    values = {**event.to_dict(), "width": width, "height": height}
    if attention:
        values["attention"] = [_evidence(track, rule, width, height) for track in event.tracks if _mapped(track)]
    return values


def _mapped(track: FaceTrack) -> bool:
    return track.attention is not None and min(track.box[2:]) > 0


def _evidence(track: FaceTrack, rule: CropRule, width: int, height: int) -> dict[str, Any]:
    """Where the crop lay (x, y, side in pixels of the frame), and its map in levels 0..255, row by row."""
    levels = np.rint(np.asarray(track.attention) * 255).clip(0, 255).astype(int)
    square = [round(value, 1) for value in rule.square(track.box, width, height)]
    return {"square": square, "columns": levels.shape[1], "levels": levels.ravel().tolist()}
