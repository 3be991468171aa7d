"""Audit: what a dataset would let a detector learn instead of forgery, and what would flatter its figures.

every picture read once -> copies, groups and people in two splits; cheap cues -> cross-fitted probe -> AUC each

A leak ends with exit code 1: copies, groups or people in two splits, or a cue that makes the set unusable.
"""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgedf.console import progress, say, table
from edgedf.data.audit.cues import FAMILIES
from edgedf.data.audit.duplicates import Copies, Pair, find_pairs, sort_pairs, torn_groups
from edgedf.data.audit.embedder import load_embedder
from edgedf.data.audit.people import People, compare_people
from edgedf.data.audit.pictures import Pictures, examine, picture_uri
from edgedf.data.audit.probe import probe
from edgedf.data.dataset import LABELS, SPLITS, Dataset
from edgedf.data.readers import open_dataset
from edgedf.errors import InputError
from edgedf.files import check_folder, write_text
from edgedf.metrics import auc_interval
from edgedf.report import audit as words
from edgedf.report.cues import Cue, Verdict, by_verdict, shortcuts
from edgedf.report.findings import Exhibit, Finding, Shot, State, findings_page, overall
from edgedf.runtime import Engine

SHOWN = 12  # exhibits of a finding
LISTED = 1000  # entries of a list in the JSON
ALL = "all together"


class Found(NamedTuple):
    """What was counted.

    Attributes:
        pictures: All that can be used.
        copies: Pairs that look the same.
        torn: Rows of the groups in two splits, by group and split.
        cues: By name; empty where a class is missing.
        people: None without vectors, or a real picture.
        unusable: A line for each row or file that was left out.
    """

    pictures: Pictures
    copies: Copies
    torn: dict[str, dict[str, list[int]]]
    cues: dict[str, Cue]
    people: People | None
    unusable: list[str]


def main(
    folder: Path, *, html: Path | None = None, embedder: Path | None = None, model: Path | None = None
) -> dict[str, Any]:
    """Audits a dataset and prints what it found.

    Args:
        folder: The dataset.
        html: Page to write.
        embedder: Face-embedding model (ONNX), for people in two splits.
        model: Bundle whose embedding finds look-alikes; it is no identity check.

    Returns:
        The findings, with the rows behind them; `leak` is true where the dataset must not be used as it is.

    Raises:
        InputError: Nothing to audit, or a file that cannot be used.
    """
    start = time.perf_counter()
    _check(html, embedder, model)
    left_out: list[str] = []
    dataset = open_dataset(folder, skip_broken=True, keep_leaks=True, log=left_out.append)
    pictures = _examine(dataset, embedder, model)
    rows = pictures.dataset
    found = Found(
        pictures=pictures,
        copies=sort_pairs(find_pairs(pictures), rows),
        torn=torn_groups(rows.groups, rows.splits),
        cues=_probe(pictures),
        people=_people(pictures),
        unusable=[*left_out, *pictures.problems],
    )
    findings = _findings(found, checked=embedder is not None)
    verdict = overall(findings)
    _print(findings, found.cues)
    if html:
        write_text(html, findings_page(f"Audit of {folder.name}", verdict, findings, partial(picture_uri, rows)))
        say(f"wrote {html}; its pictures are of the dataset: keep it where the dataset may be")
    say(f"{len(rows)} pictures in {time.perf_counter() - start:.0f} s: {verdict}")
    return {
        "dataset": str(folder),
        "images": len(rows),
        "leak": any(one.state is State.LEAK for one in findings),
        "findings": [{"title": one.title, "state": one.state, "summary": one.summary} for one in findings],
        **_evidence(found),
    }


def _check(html: Path | None, embedder: Path | None, model: Path | None) -> None:
    """What can be refused before the work starts."""
    if embedder and model:
        raise InputError("give --embedder, which tells people apart, or --model, which only finds look-alikes")
    if html:
        if html.is_dir():
            raise InputError(f"{html} is a folder: name a file to write, such as {html / 'audit.html'}")
        check_folder(html.parent)


def _examine(dataset: Dataset, embedder: Path | None, model: Path | None) -> Pictures:
    if embedder:
        return examine(dataset, load_embedder(embedder), progress)
    if model:
        with Engine.load(model) as engine:
            return examine(dataset, lambda crops: engine.run(crops).embedding, progress)
    return examine(dataset, None, progress)


def _probe(pictures: Pictures) -> dict[str, Cue]:
    """Each family of cues and all of them together; nothing where a class is missing."""
    rows = pictures.dataset
    if len(set(rows.columns["label"])) < len(LABELS):
        return {}
    families = {name: pictures.cues[name] for name in FAMILIES if name in pictures.cues}
    families[ALL] = np.concatenate(list(families.values()), axis=1)
    found = {}
    for name, values in families.items():
        scores = probe(values, rows.labels, rows.groups)
        found[name] = Cue(auc_interval(rows.labels, scores, rows.groups), scores)
    return found


def _people(pictures: Pictures) -> People | None:
    """People compared by their real pictures: a fake may wear another's face."""
    rows = pictures.dataset
    real = np.flatnonzero(rows.labels == 0)
    if pictures.embeddings is None or not len(real):
        return None
    return compare_people(pictures.embeddings, real, rows.groups, rows.splits)


def _findings(found: Found, checked: bool) -> list[Finding]:
    """What was counted, in words; `checked` says that an embedder told people apart."""
    rows = found.pictures.dataset
    return [
        _copies(rows, found.copies),
        _groups(rows, found.torn),
        *([] if found.people is None else [_persons(rows, found.people, checked)]),
        shortcuts(found.cues, FAMILIES, _given_away(rows, found.cues)),
        words.balance(rows.columns, rows.groups, LABELS),
        _sizes(found.pictures),
        words.unusable(found.unusable),
    ]


def _copies(rows: Dataset, copies: Copies) -> Finding:
    worst = [*copies.across, *copies.contradictory, *copies.strangers]
    return words.copies(
        across=_tally(copies.across),
        strangers=_tally(copies.strangers),
        relatives=_tally(copies.relatives),
        contradictory=_tally(copies.contradictory),
        exhibits=[_exhibit(rows, _kind(pair), (pair.one, pair.other)) for pair in worst[:SHOWN]],
    )


def _tally(pairs: Sequence[Pair]) -> words.Tally:
    same = sum(pair.exact for pair in pairs)
    return same, len(pairs) - same


def _kind(pair: Pair) -> str:
    return "same pixels" if pair.exact else f"{pair.bits} of 64 bits differ"


def _groups(rows: Dataset, torn: dict[str, dict[str, list[int]]]) -> Finding:
    worst = dict(list(torn.items())[:SHOWN])
    homes = {group: [len(found.get(split, ())) for split in SPLITS] for group, found in worst.items()}
    shown = [_exhibit(rows, group, [own[0] for own in found.values()]) for group, found in worst.items()]
    return words.torn_groups(homes, len(torn), len(set(rows.groups)), SPLITS, shown)


def _persons(rows: Dataset, people: People, checked: bool) -> Finding:
    same = people.same if checked and people.trusted else []
    shown = [_exhibit(rows, f"cosine {pair.cosine:.3f}", pair[:2]) for pair in (same or people.alike)[:SHOWN]]
    if not checked:
        return words.look_alikes(shown)
    return words.people(len(same) if people.trusted else None, people.bound, people.recognised, shown)


def _given_away(rows: Dataset, cues: dict[str, Cue]) -> list[Exhibit]:
    """The reals and the fakes whose label a cue tells most surely, of each cue that is not clean."""
    by = by_verdict(cues)
    found = []
    for name in (*by[Verdict.UNUSABLE], *by[Verdict.SUSPICIOUS]):
        for label, sign in zip(LABELS, (1, -1), strict=True):
            own = np.flatnonzero(np.array(rows.columns["label"]) == label)
            shown = own[np.argsort(sign * cues[name].scores[own], kind="stable")][: SHOWN // 3]
            found.append(_exhibit(rows, f"{name}: surest {label}s", shown.tolist()))
    return found


def _sizes(pictures: Pictures) -> Finding:
    rows, sides = pictures.dataset, pictures.sides
    order = np.argsort(sides, kind="stable")
    by_label = {label: sides[np.array(rows.columns["label"]) == label] for label in LABELS}
    return words.crop_sizes(by_label, _exhibit(rows, "the smallest", order[: SHOWN // 2].tolist()))


def _exhibit(rows: Dataset, caption: str, indices: Sequence[int]) -> Exhibit:
    columns = rows.columns
    captions = [f"{columns['label'][i]}, {columns['split'][i]}: {columns['path'][i]}" for i in indices]
    return Exhibit(caption, [Shot(i, text) for i, text in zip(indices, captions, strict=True)])


def _print(findings: Sequence[Finding], cues: dict[str, Cue]) -> None:
    for one in findings:
        say(f"{one.state:5} {one.title}: {one.summary}")
    if cues:
        rows = [[name, *cue.figures()] for name, cue in cues.items()]
        say("\n" + table(["cue", "AUC", "95 % interval", "verdict"], rows))
    say()


def _evidence(found: Found) -> dict[str, Any]:
    """The rows behind the findings."""
    rows = found.pictures.dataset
    paths, groups = rows.columns["path"], rows.groups
    alike = found.people.alike[:LISTED] if found.people else None
    return {
        "copies_across_splits": [
            {"paths": [paths[pair.one], paths[pair.other]], "same_pixels": pair.exact, "bits": pair.bits}
            for pair in found.copies.across[:LISTED]
        ],
        "groups_in_two_splits": {
            group: {split: len(own) for split, own in homes.items()} for group, homes in found.torn.items()
        },
        "people": alike and [{"groups": [groups[one], groups[other]], "cosine": near} for one, other, near in alike],
        "cues": {
            name: {"auc": cue.auc.value, "low": cue.auc.low, "high": cue.auc.high, "verdict": cue.verdict}
            for name, cue in found.cues.items()
        },
        "unreadable": found.unusable[:LISTED],
    }
