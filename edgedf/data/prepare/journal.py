"""Which sources are done: what a killed preparation goes on from."""

import json
from pathlib import Path
from typing import Any

from edgedf.data.prepare.outcome import Outcome
from edgedf.data.prepare.sources import Source
from edgedf.errors import InputError
from edgedf.files import write_text

SETTINGS, JOURNAL = "prepare.json", "prepare.jsonl"


class Journal:
    """The outcomes of finished sources, a line each, in an output's folder.

    A line is written when all crops of its source are. Killed before, the source is done again, and since the same file
    gives the same crops, no crop is there twice and none is missing. A line torn by the kill is cut off.

    Args:
        out: Folder of the output.
        settings: Everything that decides what is written, as JSON-able values.

    Attributes:
        done: The last outcome of each source, by its place.

    Raises:
        InputError: The folder holds something else, or an output of other settings.
    """

    def __init__(self, out: Path, settings: dict[str, Any]) -> None:
        _settle(out, settings)
        self._path = out / JOURNAL
        self.done = {outcome.place: outcome for outcome in _read(self._path)}

    def of(self, source: Source) -> Outcome | None:
        """What became of a source, if it was done and its file is the same since."""
        outcome = self.done.get(source.place)
        return outcome if outcome and outcome.state == source.state else None

    def add(self, outcome: Outcome) -> None:
        """Notes a finished source down, for good.

        Raises:
            InputError: The output has been moved or deleted, and with it crops that a table would name.
        """
        if not self._path.with_name(SETTINGS).exists():
            raise InputError(f"{self._path.parent} has vanished: bring it back, and run the command again to go on")
        with self._path.open("ab") as file:
            file.write(json.dumps(outcome.to_dict()).encode() + b"\n")
        self.done[outcome.place] = outcome


def _settle(out: Path, settings: dict[str, Any]) -> None:
    """Makes the folder this output's own, or checks that it is."""
    path = out / SETTINGS
    if path.is_file():
        there, wanted = json.loads(path.read_text()), json.loads(json.dumps(settings))
        other = [key for key in sorted({*there, *wanted}) if there.get(key) != wanted.get(key)]
        if other:
            raise InputError(f"{out} was prepared with other settings ({', '.join(other)}): name another folder")
        return
    if out.is_dir() and any(not one.name.startswith(".") for one in out.iterdir()):
        raise InputError(f"{out} holds other files: name a new folder")
    write_text(path, json.dumps(settings, indent=2) + "\n")


def _read(path: Path) -> list[Outcome]:
    """The outcomes in a journal; what follows its last whole line is cut off."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        with path.open("rb+") as file:
            file.truncate(len(whole))
    return [Outcome.from_dict(json.loads(line)) for line in whole.splitlines()]
