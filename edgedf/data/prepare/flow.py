"""`edgedf data prepare`: photos and videos in, a dataset of face crops out."""

import csv
import io
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedf import console
from edgedf.data.dataset import LABELS, write_dataset
from edgedf.data.packing import locked
from edgedf.data.prepare.contact_sheet import contact_sheet
from edgedf.data.prepare.journal import JOURNAL, Journal
from edgedf.data.prepare.outcome import Outcome
from edgedf.data.prepare.pairs import faces_of_reals, shared_with
from edgedf.data.prepare.rows import columns_of
from edgedf.data.prepare.settings import Settings
from edgedf.data.prepare.sources import Source, find_sources
from edgedf.data.prepare.workers import Job, cut_all
from edgedf.errors import InputError
from edgedf.files import check_folder, disk_trouble, write_bytes, write_text
from edgedf.machine import cores

FAILED, SHEET = "failed.csv", "contact_sheet.png"
TOLD = 5  # failures that the summary names

Work = Callable[[Sequence[Job], Settings, Path], Iterator[Outcome]]


def prepare(
    paths: Sequence[Path],
    out: Path,
    settings: Settings,
    *,
    label: str | None = None,
    grouping: str | None = None,
    boxes_from: Path | None = None,
    work: Work | None = None,
) -> dict[str, Any]:
    """Cuts the faces of photos and videos and files them as a dataset.

    It may be killed at any moment: the same call goes on from the last source that was finished.

    Args:
        paths: Photos, videos, folders of them, or datasets in a layout that is known.
        out: Folder to write: `labels.csv`, the crops, `failed.csv` and `contact_sheet.png`.
        settings: How faces are found and cut.
        label: `real` or `fake`, for sources that do not say.
        grouping: A CSV file or regular expression that tells groups, see `find_sources`.
        boxes_from: An earlier output whose reals lend their framing to the fakes made from them.
        work: Cuts the faces of jobs; by default one process a core of this machine.

    Returns:
        Counts of what was done, as JSON-able values.

    Raises:
        InputError: A source or the output is of no use, no face was found, or the disk is full.
    """
    check_folder(out)
    if any(path.absolute() in (out.absolute(), *out.absolute().parents) for path in paths):
        raise InputError(f"{out} is inside a source: name a folder outside, or its crops become sources")
    sources = find_sources(paths, label, grouping, console.say)
    lent = faces_of_reals(boxes_from) if boxes_from else {}
    given = {"sources": [str(path) for path in paths], "label": label, "group_by": grouping}
    given |= {"boxes_from": boxes_from and str(boxes_from), **settings.to_dict()}
    with disk_trouble(out), locked(out / "prepare"):
        journal = Journal(out, given)
        jobs = [(one, shared_with(one, lent)) for one in sources if not journal.of(one)]
        if len(jobs) < len(sources):
            console.say(f"going on: {len(sources) - len(jobs)} of {len(sources)} sources are done")
        for outcome in _shown((work or _on_this_machine)(jobs, settings, out), len(jobs)):
            journal.add(outcome)
        outcomes = {source.place: outcome for source in sources if (outcome := journal.of(source))}
        return _finish(sources, outcomes, settings, out)
