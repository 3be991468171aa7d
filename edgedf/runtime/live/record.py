"""A record of what was seen: events as JSON lines and, only where asked for, the pictures of alarms."""

import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Self, TextIO

from PIL import Image

from edgedf.files import check_folder, disk_trouble, write_bytes
from edgedf.runtime.live.event import Event, FaceTrack

FILE_BYTES, FILES = 32_000_000, 16
"""A full file is followed by a new one, and only the newest are kept: half a gigabyte at most."""

FORM = "%Y%m%dT%H%M%S.%fZ"  # of the time in a name
STAMP = re.compile(r"\d{8}T\d{6}\.\d{6}Z")
PICTURES = 1000  # the newest that are kept
QUALITY = 90


class Record:
    """Writes the events that show a face to `events-TIME.jsonl`; call it with each, and close it.

    Each line is handed to the system at once, and to the disk at each new verdict: a process that is killed loses
    none, a power cut at most the lines since the last verdict. Every run starts files of its own, so that a line which
    a power cut tore apart is the last of its file.
    """

    def __init__(self, folder: Path, pictures: bool = False) -> None:
        """Prepares a folder that only its owner can read; `pictures` keeps the frames in which a face turns fake.

        Raises:
            InputError: The folder cannot be written to.
        """
        check_folder(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._pictures = folder, pictures
        self._file: TextIO | None = None

    def __call__(self, event: Event, turned: Sequence[FaceTrack]) -> None:
        """Writes an event.

        Raises:
            InputError: The disk cannot take it.
        """
        if not event.tracks:
            return
        with disk_trouble(self._folder):
            file = self._open()
            file.write(json.dumps({"time": datetime.now(UTC).isoformat(), **event.to_dict()}) + "\n")
            file.flush()
            if turned:
                os.fsync(file.fileno())
            if self._pictures and any(track.verdict == "fake" for track in turned):
                self._keep_picture(event)

    def close(self) -> None:
        """Ends the record.

        Raises:
            InputError: The disk cannot take the rest of it.
        """
        if self._file:
            with disk_trouble(self._folder):  # what a full disk did not take is tried again
                self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _open(self) -> TextIO:
        """The file to write the next line to."""
        if self._file and (self._file.tell() >= FILE_BYTES or os.fstat(self._file.fileno()).st_nlink == 0):
            self.close()  # full, or deleted: what is written to that is lost
        if not self._file:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            stamp = self._make_room("events-*.jsonl", FILES - 1)
            self._file = (self._folder / f"events-{stamp}.jsonl").open("x", encoding="utf-8")
        return self._file

    def _keep_picture(self, event: Event) -> None:
        stamp = self._make_room("fake-*.jpg", PICTURES - 1)
        stream = BytesIO()
        Image.fromarray(event.frame.pixels).save(stream, "JPEG", quality=QUALITY)
        write_bytes(self._folder / f"fake-{stamp}-frame-{event.frame.number}.jpg", stream.getvalue())

    def _make_room(self, pattern: str, keep: int) -> str:
        """Deletes all but the newest files of a kind, and gives the time for the name of the next.

        Names sort by age: where the clock was set back, the time is just after that of the newest file, which would
        else outlive all that come after it.
        """
        paths = sorted(self._folder.glob(pattern))
        for path in paths[:-keep]:
            path.unlink(missing_ok=True)  # another process may record here, too
        now = datetime.now(UTC)
        if paths and (newest := STAMP.search(paths[-1].name)):
            now = max(now, datetime.strptime(newest[0], FORM).replace(tzinfo=UTC) + timedelta(microseconds=1))
        return now.strftime(FORM)
