"""Pictures of explanations: a map over its crop, and a sheet of several side by side."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from edgedf.explain.maps import Crop, Map
from edgedf.faces.crop import SIZE

STOPS = (0.0, 0.35, 0.7, 1.0)
COLOURS = ((0, 0, 60), (130, 20, 130), (240, 90, 40), (255, 245, 120))  # dark to light in grey print, too
STRENGTH = 0.65  # of the colour where the evidence is strongest
GAP, CAPTION = 8, 18  # pixels of a sheet


def overlay(crop: Crop, evidence: Map) -> Image.Image:
    """The crop, tinted where the evidence lies; the strongest place of every map has the same colour."""
    level = evidence / max(float(evidence.max()), 1e-12)
    tint = np.stack([np.interp(level, STOPS, channel) for channel in np.array(COLOURS).T], axis=-1)
    opacity = STRENGTH * np.sqrt(level)[..., None]
    return Image.fromarray(np.rint(crop * (1 - opacity) + tint * opacity).astype(np.uint8))


def sheet(rows: Sequence[tuple[str, Mapping[str, Image.Image]]]) -> Image.Image:
    """One picture of all: a row for each face with its title, and the name of each picture above it."""
    columns = max(len(pictures) for _, pictures in rows)
    height = SIZE + 2 * CAPTION + GAP
    whole = Image.new("RGB", (columns * (SIZE + GAP) + GAP, len(rows) * height + GAP), "white")
    draw = ImageDraw.Draw(whole)
    for row, (title, pictures) in enumerate(rows):
        top = row * height + GAP
        draw.text((GAP, top), title.encode("ascii", "replace").decode(), fill="black")  # Pillow's font has no more
        for column, (name, picture) in enumerate(pictures.items()):
            left = GAP + column * (SIZE + GAP)
            draw.text((left, top + CAPTION), name, fill="black")
            whole.paste(picture, (left, top + 2 * CAPTION))
    return whole


def png(picture: Image.Image) -> bytes:
    """A PNG file's content."""
    stream = BytesIO()
    picture.save(stream, "PNG", compress_level=1)  # photos hardly shrink further, at ten times the time
    return stream.getvalue()


def uri(picture: Image.Image) -> str:
    """The picture as the `data:` URI of a JPEG file."""
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=88)
    return f"data:image/jpeg;base64,{b64encode(stream.getvalue()).decode()}"
