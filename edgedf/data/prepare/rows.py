"""The table of an output: one row a crop."""

from collections.abc import Mapping, Sequence

from edgedf.data.dataset import BOX, REQUIRED
from edgedf.data.prepare.cutting import file_of
from edgedf.data.prepare.outcome import PHOTO, Face, Outcome
from edgedf.data.prepare.pairs import SQUARE
from edgedf.data.prepare.settings import Settings
from edgedf.data.prepare.sources import Cells, Source

OWN = ("method", "original", "video", "frame", "native_px", *BOX, *SQUARE)


def columns_of(sources: Sequence[Source], outcomes: Mapping[str, Outcome], settings: Settings) -> dict[str, list[str]]:
    """Columns of `labels.csv`, in the order of the sources, whichever was done first.

    `box_*` is the face's box in pixels of the crop, as of any picture of a dataset; `crop_*` the square in the frame.
    """
    rows = [
        _row(source, face, settings)
        for source in sources
        if source.place in outcomes
        for face in outcomes[source.place].faces
    ]
    names = dict.fromkeys([*REQUIRED, *OWN, *(name for row in rows for name in row)])
    return {name: [row.get(name, "") for row in rows] for name in names}


def _row(source: Source, face: Face, settings: Settings) -> Cells:
    own = {
        "path": file_of(source, face, settings.suffix),
        "frame": "" if face.frame == PHOTO else str(face.frame),
        "native_px": str(round(face.square[2])),
        **dict(zip(BOX, map(str, face.box), strict=True)),
        **dict(zip(SQUARE, map(str, face.square), strict=True)),
    }
    if (original := source.cells.get("original")) and not source.cells["video"]:
        own["original"] = f"{original}_{face.number}"  # a photo's crops are named after it
    return source.cells | own
