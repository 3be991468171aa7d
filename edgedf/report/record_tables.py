"""Markdown tables of records: what each model is, what it is worth on each set of faces, and what ablations cost."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from edgedf.errors import InputError
from edgedf.markdown import table
from edgedf.metrics import Evaluation, Interval, auc_difference
from edgedf.report.records import Entry, FacesInfo, Judgement, Record, Training, unpacked, unpacked_scores

LAST = 5  # epochs whose val F1 is told from its lowest to its highest


class Row(NamedTuple):
    """An artefact of a record on one set of faces."""

    name: str
    judgement: Judgement


def check_comparable(records: Sequence[Record]) -> None:
    """Makes sure that records can stand in one table.

    Raises:
        InputError: Two have one name, or are of other faces of one name, or at another prevalence; or an ablation is of
            a record that is not there.
    """
    names = [record.name for record in records]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(f"two records have the name {', '.join(sorted(twice))}: record one anew with another --name")
    first, seen = records[0], dict[str, tuple[str, str]]()
    for record in records:
        if record.prevalence != first.prevalence:
            raise InputError(
                f"{first.name} is stated at {first.prevalence:g} fakes, {record.name} at {record.prevalence:g}: "
                "record one of them anew"
            )
        if record.ablation_of and record.ablation_of not in names:
            raise InputError(f"{record.name} is an ablation of {record.ablation_of}, which has no record here")
        for faces in record.faces:
            known, by = seen.setdefault(faces.title, (faces.fingerprint, record.name))
            if known != faces.fingerprint:
                raise InputError(
                    f"{by} and {record.name} were judged on other faces, both named {faces.title} "
                    f"({known[:8]} and {faces.fingerprint[:8]}): record one of them anew"
                )


def tables(records: Sequence[Record]) -> str:
    """All tables below their headings.

    Raises:
        InputError: See `check_comparable`.
    """
    check_comparable(records)
    parts = ["## Models", _models(records)]
    for title in dict.fromkeys(faces.title for record in records for faces in record.faces):
        rows = list(_rows(records, title))
        parts += [f"## {title}", _about(rows[0].judgement.evaluation), _figures(rows, lambda one: one.evaluation)]
        if any(row.judgement.methods for row in rows):
            parts += ["AUC of each forgery method against all reals:", _methods(rows)]
        if any(row.judgement.videos for row in rows):
            parts += ["By video, the mean score of its faces:", _figures(rows, lambda one: one.videos)]
        if any(row.judgement.at_recall_95 for row in rows):
            parts += ["Where 95 % of the fakes are to be found:", _figures(rows, lambda one: one.at_recall_95)]
    if any(record.ablation_of for record in records):
        parts += ["## Ablations", "AUC less that of the full recipe, on the same draws of groups.", _ablations(records)]
    return "\n\n".join(parts) + "\n"


def _rows(records: Sequence[Record], title: str) -> Iterator[Row]:
    for record in records:
        for entry in record.entries:
            for faces, judgement in zip(record.faces, entry.judgements, strict=True):
                if faces.title == title:
                    yield Row(entry_name(record, entry), judgement)


def entry_name(record: Record, entry: Entry) -> str:
    """The record's name, with runtime and precision where it has several artefacts."""
    return record.name if len(record.entries) == 1 else f"{record.name}, {entry.precision} in {entry.backend}"


def _about(found: Evaluation) -> str:
    return (
        f"{found.images - found.fakes:,} real and {found.fakes:,} fake faces in {found.groups} groups; F1 and "
        f"precision at {100 * found.prevalence:g} % fakes; intervals are 95 %, over groups."
    )


def _figures(rows: Sequence[Row], of: Callable[[Judgement], Evaluation | None]) -> str:
    header = ("model", "AUC", "F1", "precision", "recall", "FPR", "[[TN FP] [FN TP]]", "threshold")
    found = [(row.name, of(row.judgement)) for row in rows]
    return table(header, [[name, *_cells(one)] for name, one in found if one is not None])


def _cells(found: Evaluation) -> list[str]:
    figures = (found.auc, found.f1, found.precision, found.recall, found.false_positive_rate)
    m = found.matrix
    matrix = f"[[{m.tn:.0f} {m.fp:.0f}] [{m.fn:.0f} {m.tp:.0f}]]"
    return [*map(str, figures), matrix, f"{found.threshold:.3g}"]


def _methods(rows: Sequence[Row]) -> str:
    names = sorted({method for row in rows for method in row.judgement.methods})
    return table(
        ("model", *names), [[row.name, *(_cell(row.judgement.methods.get(name)) for name in names)] for row in rows]
    )


def _cell(found: Interval | None) -> str:
    return "" if found is None else str(found)


def _models(records: Sequence[Record]) -> str:
    trained = ("trained on", "from", "teacher", "epochs", "images shown", "training", f"val F1, last {LAST} epochs")
    return table(("model", "network", "weights", *trained, "revision"), map(_model, records))


def _model(record: Record) -> list[str]:
    network = " ".join(str(value) for value in record.architecture.values() if value is not False)
    trained = _trained(record.training) if record.training else [""] * 7
    return [record.name, network, f"{record.parameters:,}", *trained, (record.revision or "")[:7]]


def _trained(training: Training) -> list[str]:
    shown = "" if training.images_shown is None else f"{training.images_shown:,}"
    last = training.val_f1[-LAST:]
    return [
        ", ".join(training.data),
        training.started_from,
        training.teacher,
        str(training.settings.get("epochs", "")),
        shown,
        _time(training.training_s),
        f"{min(last):.3f} to {max(last):.3f}" if last else "",
    ]


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 60:.0f} min"


def _ablations(records: Sequence[Record]) -> str:
    by_name = {record.name: record for record in records}
    pairs = [(one, by_name[one.ablation_of]) for one in records if one.ablation_of]
    titles = list(dict.fromkeys(faces.title for one, _ in pairs for faces in one.faces))
    rows = [
        [
            one.name,
            full.name,
            _changes(one, full),
            *(_difference(one, full, title) for title in titles),
            _times(one, full),
        ]
        for one, full in pairs
    ]
    return table(("run", "against", "changed", *titles, "training, and of the full recipe"), rows)


def _changes(one: Record, full: Record) -> str:
    """The settings that differ, as the ablation has them."""
    if one.training is None or full.training is None:
        return ""
    own, other = one.training.settings, full.training.settings
    parts = [f"`{key}={value}`" for key, value in own.items() if other.get(key) != value]
    if one.training.started_from != full.training.started_from:
        parts.insert(0, f"from {one.training.started_from or 'random weights'}")
    if full.training.teacher and not one.training.teacher:
        return ", ".join(["no teacher", *parts])  # then all settings of the distillation are missing
    parts += [f"no `{key}`" for key in other if key not in own]
    return ", ".join(parts)


def _difference(one: Record, full: Record, title: str) -> str:
    known, other = _scores(one, title), _scores(full, title)
    if known is None or other is None:
        return ""
    faces = known[0]
    labels, groups = unpacked(faces.labels).astype("u1"), [str(group) for group in unpacked(faces.groups)]
    found = auc_difference(labels, unpacked_scores(known[1]), unpacked_scores(other[1]), groups)
    return f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _scores(record: Record, title: str) -> tuple[FacesInfo, str] | None:
    """Faces and packed scores of a record's first artefact."""
    pairs = zip(record.faces, record.entries[0].judgements, strict=True)
    return next(((faces, one.scores) for faces, one in pairs if faces.title == title), None)


def _times(one: Record, full: Record) -> str:
    return ", ".join(_time(record.training.training_s) for record in (one, full) if record.training)
