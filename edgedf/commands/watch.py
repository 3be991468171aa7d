"""`edgedf watch`: a camera."""

from pathlib import Path
from typing import Annotated

import typer

from edgedf.commands.model import MaybeModel, Trusted, load_engine
from edgedf.errors import ConfigError
from edgedf.programs import Result


def watch(
    source: Annotated[
        str, typer.Argument(help="A camera's number, an rtsp:// or http:// address, a video, or a folder of pictures.")
    ],
    model: MaybeModel = None,
    serve: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Show it live on a page, such as at 127.0.0.1:8765.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the events here, as JSON lines without pictures.")
    ] = None,
    record_frames: Annotated[
        bool, typer.Option("--record-frames", help="Also keep the frames in which a face turns fake: people's faces.")
    ] = False,
    trusted: Trusted = None,
) -> Result:
    """Watch a camera or stream: a line when a face's verdict changes, until Ctrl-C; with --json each event."""
    from edgedf.runtime.live.watch import watch as watch_source
    from edgedf.runtime.serve import Address

    if record_frames and not record:
        raise ConfigError("--record-frames needs to know where to: give --record DIR, too")
    address = Address.parse(serve) if serve else None
    with load_engine(model, trusted, threads=1) as engine:
        return {"summary": watch_source(engine, source, address, record, record_frames).to_dict()}
