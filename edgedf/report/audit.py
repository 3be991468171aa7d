"""The findings of an audit in words, from what was counted."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edgedf.report.findings import Exhibit, Finding, State

SMALL = 64  # side of a crop in pixels: a quarter of what a detector takes
SHARES = (0.05, 0.5, 0.95)  # of the crops, whose sides are told

Tally = tuple[int, int]
"""Pairs of pictures: those of the same pixels, those that look the same."""


def copies(
    across: Tally, strangers: Tally, relatives: Tally, contradictory: Tally, exhibits: Sequence[Exhibit]
) -> Finding:
    """Pictures that are there twice.

    Args:
        across: Pairs in two splits.
        strangers: Pairs in one split, of different groups.
        relatives: Pairs in one split and group.
        contradictory: Pairs of the same pixels with both labels.
        exhibits: The worst.
    """
    kinds = {
        "across splits": across,
        "within a split, of different groups": strangers,
        "within a group": relatives,
        "same pixels, both labels": contradictory,
    }
    return Finding(
        "Copies",
        State.LEAK if any(across) else State.LOOK if any(contradictory) else State.FINE,
        f"{sum(across)} pairs across splits, {across[0]} of them with the same pixels",
        "Pictures that look the same, by a perceptual hash and then as small grey pictures: re-saved, resized or "
        "shifted by a pixel, too. Across splits they flatter every figure. Frames of one video, and a fake beside the "
        "frame it was made from, are alike within their group: that leaks nothing.",
        ("pairs", "same pixels", "look the same"),
        [[name, f"{same}", f"{alike}"] for name, (same, alike) in kinds.items()],
        exhibits=exhibits,
    )


def torn_groups(
    homes: Mapping[str, Sequence[int]], torn: int, groups: int, splits: Sequence[str], exhibits: Sequence[Exhibit]
) -> Finding:
    """Groups that a split cuts through.

    Args:
        homes: Pictures in each of the splits, of the groups to show.
        torn: Groups in more than one split.
        groups: All groups.
        splits: Their names.
        exhibits: The groups to show.
    """
    return Finding(
        "Groups in two splits",
        State.LEAK if torn else State.FINE,
        f"{torn} of {groups} groups are in more than one split",
        "A group is a source video or a person: a detector that has met it in training knows its face and background.",
        ("group", *splits),
        [[group, *map(str, counts)] for group, counts in homes.items()],
        exhibits=exhibits,
    )


COMPARED = "Groups of different splits, compared by the mean vector of their real pictures. "


def look_alikes(exhibits: Sequence[Exhibit]) -> Finding:
    """Groups that a forgery detector finds alike, to look at."""
    return Finding(
        "Look-alikes in two splits",
        State.LOOK,
        f"the {len(exhibits)} most alike pairs of groups, to look at",
        COMPARED + "The vectors are a forgery detector's: this is no identity check, and says nothing of who is who. "
        "With --embedder, a face-embedding model, it becomes one.",
        exhibits=exhibits,
    )


def people(same: int | None, bound: float, recognised: float | None, exhibits: Sequence[Exhibit]) -> Finding:
    """People under two names.

    Args:
        same: Pairs of groups that are one person; None where the embedder cannot tell.
        bound: Cosine from which on they are.
        recognised: Share of groups whose halves are that alike; None where no group has two pictures.
        exhibits: Those pairs, or the most alike.
    """
    known = "no group has two real pictures" if recognised is None else f"{recognised:.0%} of groups"
    summary = f"{same} pairs of groups in different splits look like one person"
    if same is None:
        summary = "the embedder does not tell people apart on these crops, so nothing follows from it"
    return Finding(
        "People in two splits",
        State.LOOK if same is None else State.LEAK if same else State.FINE,
        summary,
        f"{COMPARED}Two groups count as one person from cosine {bound:.3f}: six standard deviations above strangers. "
        f"As a check of the embedder, the halves of a group are compared, too: recognised as one person: {known}.",
        exhibits=exhibits,
    )


def balance(columns: Mapping[str, Sequence[str]], groups: Sequence[str], labels: Sequence[str]) -> Finding:
    """How many pictures of each label every split, source and method has.

    Args:
        columns: The dataset's, with `label`.
        groups: Group of each picture.
        labels: The two names.
    """
    named = {name: columns[name] for name in ("split", "source", "method") if name in columns}
    cells = {name: Counter(zip(values, columns["label"], strict=True)) for name, values in named.items()}
    lone = [
        f"{name} {value!r} has no {label}"
        for name in ("split", "source")
        for value in sorted(set(named.get(name, ())))
        for label in labels
        if not cells[name][value, label]
    ]
    totals, sizes = Counter(columns["label"]), Counter(groups)
    mixed = len(set(zip(groups, columns["label"], strict=True))) - len(sizes)  # they have a second label
    return Finding(
        "Balance",
        State.LOOK if lone else State.FINE,
        "; ".join(lone) or f"{', '.join(f'{totals[label]} {label}' for label in labels)}, both in every split",
        f"{len(sizes)} groups, {mixed} of them with both labels; the largest holds {max(sizes.values())} pictures. "
        "A source with one label only is learned in place of forgery.",
        ("", *labels),
        [
            [f"{name}: {value or 'none'}", *(str(count[value, label]) for label in labels)]
            for name, count in cells.items()
            for value in sorted({value for value, _ in count})
        ],
    )


def crop_sizes(sides: Mapping[str, NDArray[np.float64]], smallest: Exhibit) -> Finding:
    """How large the faces were.

    Args:
        sides: Side of each crop in its picture, in pixels, by label.
        smallest: The smallest crops.
    """
    every = np.concatenate(list(sides.values()))
    small = int(np.count_nonzero(every < SMALL))
    return Finding(
        "Size of crops",
        State.LOOK if small else State.FINE,
        f"median {np.median(every):.0f} px, smallest {every.min():.0f} px, {small} below {SMALL} px",
        "Side of the crop in its picture or video (native_px where the table has it) before it becomes 256 px.",
        ("", *(f"{share:.0%}" for share in SHARES)),
        [
            [label, *(f"{value:.0f} px" for value in np.quantile(own, SHARES))]
            for label, own in sides.items()
            if len(own)
        ],
        exhibits=[smallest] if small else [],
    )


def unusable(problems: Sequence[str]) -> Finding:
    """Rows that were left out."""
    return Finding(
        "Unusable rows",
        State.LOOK if problems else State.FINE,
        f"{len(problems)} rows or files cannot be used and were left out",
        "Train with --skip-broken to leave them out, or mend them.",
        ("row",),
        [[problem] for problem in problems[:100]],
    )
