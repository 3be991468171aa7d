"""`edgedf data prepare`: photos and videos in, a dataset of face crops out."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgedf import console
from edgedf.data.dataset import LABELS, write_dataset, write_table
from edgedf.data.packing import locked
from edgedf.data.prepare.contact_sheet import contact_sheet
from edgedf.data.prepare.journal import JOURNAL, SETTINGS, Journal
from edgedf.data.prepare.outcome import Outcome
from edgedf.data.prepare.pairs import faces_of_reals, shared_with
from edgedf.data.prepare.remote import is_url
from edgedf.data.prepare.rows import columns_of
from edgedf.data.prepare.settings import Settings
from edgedf.data.prepare.sources import Source
from edgedf.data.prepare.stand_ins import find_anywhere
from edgedf.data.prepare.summary import summary, tell
from edgedf.data.prepare.workers import Job, Work, cut_all
from edgedf.errors import InputError
from edgedf.files import check_folder, disk_trouble, write_bytes
from edgedf.machine import cores

FAILED, SHEET = "failed.csv", "contact_sheet.png"


def prepare(
    paths: Sequence[str | Path],
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
        paths: Photos, videos, folders or shards of them, or datasets in a layout that is known; also fsspec's URLs.
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
    names = [str(path) if is_url(path) else str(Path(path).absolute()) for path in paths]
    if any(Path(name) in (out.absolute(), *out.absolute().parents) for name in names):
        raise InputError(f"{out} is inside a source: name a folder outside, or its crops become sources")
    sources = find_anywhere(paths, label, grouping, console.say)
    lent = faces_of_reals(boxes_from) if boxes_from else {}
    given: dict[str, Any] = {"sources": names, "label": label, "group_by": grouping}
    given |= {"boxes_from": boxes_from and str(boxes_from), **settings.to_dict()}
    with disk_trouble(out), locked(out / ".prepare"):
        journal = Journal(out, given)
        jobs = [(one, shared_with(one, lent)) for one in sources if not journal.of(one)]
        if len(jobs) < len(sources):
            console.say(f"going on: {len(sources) - len(jobs)} of {len(sources)} sources are done")
        for outcome in _shown((work or _on_this_machine)(jobs, settings, out), len(jobs)):
            journal.add(outcome)
        outcomes = {one.place: journal.done[one.place] for one in sources}
        return _finish(sources, outcomes, settings, out)


def _on_this_machine(jobs: Sequence[Job], settings: Settings, out: Path) -> Iterator[Outcome]:
    return cut_all(jobs, settings, out, cores())


def _shown(outcomes: Iterable[Outcome], total: int) -> Iterator[Outcome]:
    """Passes outcomes on and shows how it goes."""
    started = time.monotonic()
    faces = failures = 0

    def describe() -> str:
        rate = faces / max(time.monotonic() - started, 1e-3)
        return f"{faces} faces, {rate:.0f}/s, {failures} failures, sources"

    for outcome in console.progress(outcomes, describe, total):
        faces += len(outcome.faces)
        failures += bool(outcome.problem)
        yield outcome


def _finish(
    sources: Sequence[Source], outcomes: Mapping[str, Outcome], settings: Settings, out: Path
) -> dict[str, Any]:
    """Writes the tables and the contact sheet, and sums up."""
    failed = [(one.address, problem) for one in sources if (problem := outcomes[one.place].problem)]
    columns = columns_of(sources, outcomes, settings)
    if not columns["path"]:
        for file in (SETTINGS, JOURNAL):  # nothing is there to go on with, so other settings may be tried
            (out / file).unlink()
        raise InputError(f"no face in {len(sources)} sources, such as {failed[0][0]}: {failed[0][1]}")
    write_table(out / FAILED, {"path": [path for path, _ in failed], "problem": [problem for _, problem in failed]})
    crops = list(zip(columns["path"], columns["label"], strict=True))
    write_bytes(out / SHEET, contact_sheet(*([out / path for path, own in crops if own == one] for one in LABELS)))
    write_dataset(out, columns)
    result = summary(columns, outcomes.values(), failed, settings)
    tell(result, failed, out)
    return result
