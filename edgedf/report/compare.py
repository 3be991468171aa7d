"""What changed between two reports, with their noise taken into account."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any

from edgedf.errors import InputError
from edgedf.metrics import Evaluation, change
from edgedf.report.bounds import Bound
from edgedf.report.results import F1_FIRST, ModelResult, Report

DIFFERENCES = (*F1_FIRST, "flips")  # what is compared by difference, and not by share
FIGURES = ("p50", "size", *DIFFERENCES)
# Two quiet processes differ too, by where their memory lies: 16 of them by .6 %, so two of them by this in 19 of 20.
BETWEEN_RUNS = 0.015


class Verdict(StrEnum):
    """What a change means."""

    BETTER = "better"
    WORSE = "worse"
    TIE = "tie"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Change:
    """One figure of one model in both reports.

    Attributes:
        model: Name of the result; of flips, with the degradation where there is one.
        figure: One of `FIGURES`.
        old: Value in the older report, in ms for p50 and MB for size.
        new: Value in the newer one.
        by: Change: of p50 and size as a share of the old value, of the others the difference. That of p50 is of the
            rounds that nothing disturbed, see `edgedf.metrics.change`.
        low: Lower end of the change's 95 % interval; None where there is none.
        high: Upper end.
        verdict: What it means.
        why: Of a tie or an unknown.
    """

    model: str
    figure: str
    old: float
    new: float
    by: float
    low: float | None = None
    high: float | None = None
    verdict: Verdict = Verdict.UNKNOWN
    why: str = ""

    def __str__(self) -> str:
        """The change with its sign and, where there is one, its interval: `+8.1% [+7.0%, +9.2%]`."""
        form = "+.4f" if self.figure in DIFFERENCES else "+.1%"
        interval = "" if self.low is None or self.high is None else f" [{self.low:{form}}, {self.high:{form}}]"
        return f"{self.by:{form}}{interval}"


@dataclass(frozen=True)
class Comparison:
    """Two reports, the older first.

    Attributes:
        changes: Of all models that stand in both.
        gone: Models, or their F1, of the older alone.
        fresh: Models of the newer alone.
        surroundings: What else differs: machine, threads, versions, data.
        broken: A line for each bound that is broken.
    """

    changes: Sequence[Change]
    gone: Sequence[str]
    fresh: Sequence[str]
    surroundings: Sequence[str]
    broken: Sequence[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


def compare(old: Report, new: Report, bounds: Sequence[Bound] = ()) -> Comparison:
    """Compares two reports model by model.

    A change of p50 counts where it is larger than the noise of both reports, and than that between two runs, and where
    its 95 % interval leaves 0 out. F1 and the like count where each value lies outside of the other's 95 % interval; a
    bound on them holds for the difference itself, since both are of the same faces. Flips, of INT8 against floating
    point, are counted: any change is one.

    Args:
        old: The older report.
        new: The newer one.
        bounds: What may not happen.

    Raises:
        InputError: A bound is on a figure that the reports cannot be compared in.
    """
    later = {one.name: one for one in new.results}
    pairs = [(one, later[one.name]) for one in old.results if one.name in later]
    gone = [one.name for one in old.results if one.name not in later]
    fresh = [name for name in later if name not in {one.name for one in old.results}]
    changes = [one for pair in pairs for one in _changes(old, new, *pair)] + _flips(old, new)
    gone += [f"F1 of {one.name}" for one, other in pairs if one.evaluation and not other.evaluation]
    broken = [f"{name} is gone, so no bound on it holds" for name in gone if bounds]
    broken += [line for bound in bounds for line in _broken(bound, changes)]
    return Comparison(changes, gone, fresh, _surroundings(old, new), broken)


def _changes(old: Report, new: Report, before: ModelResult, after: ModelResult) -> list[Change]:
    found = [_latency(old, new, before, after), _size(before, after)]
    if before.evaluation and after.evaluation:
        same_data = old.data == new.data
        found += [_worth(before.name, one, before.evaluation, after.evaluation, same_data) for one in F1_FIRST]
    return found


def _latency(old: Report, new: Report, before: ModelResult, after: ModelResult) -> Change:
    p50 = partial(Change, before.name, "p50", before.latency_ms_p50, after.latency_ms_p50)
    plain = after.latency_ms_p50 / before.latency_ms_p50 - 1
    if not _same_machine(old, new):
        return p50(plain, why="another machine, or other threads")
    if old.noise is None or new.noise is None or not before.rounds_ms or not after.rounds_ms:
        return p50(plain, why="a report of an older edgedf tells no noise")
    by = change(before.rounds_ms, after.rounds_ms)
    noise = max(old.noise.share, new.noise.share, BETWEEN_RUNS)
    if abs(by.value) <= noise:
        return p50(by.value, by.low, by.high, Verdict.TIE, f"within the noise of {noise:.1%}")
    if by.low <= 0 <= by.high:
        return p50(by.value, by.low, by.high, Verdict.TIE, "the interval holds no change")
    return p50(by.value, by.low, by.high, _verdict(-by.value))


def _size(before: ModelResult, after: ModelResult) -> Change:
    by = after.size_mb / before.size_mb - 1
    return Change(before.name, "size", before.size_mb, after.size_mb, by, verdict=_verdict(-by))


def _worth(name: str, figure: str, was: Evaluation, now: Evaluation, same_data: bool) -> Change:
    one, other = getattr(was, figure), getattr(now, figure)
    found = partial(Change, name, figure, one.value, other.value, other.value - one.value)
    if not same_data or was.faces != now.faces:
        return found(why="other faces, or another share of fakes")
    if one.value != other.value and (one.low <= other.value <= one.high or other.low <= one.value <= other.high):
        return found(verdict=Verdict.TIE, why="within the 95 % interval")
    return found(verdict=_verdict(other.value - one.value))


def _flips(old: Report, new: Report) -> list[Change]:
    """Of every model on its faces as they are, and at the worst of each degradation."""
    if old.robustness is None or new.robustness is None:
        return []
    was, now = old.robustness.flips(), new.robustness.flips()
    changes = [Change(name, "flips", was[name], now[name], now[name] - was[name]) for name in was if name in now]
    if old.data != new.data or old.robustness.faces != new.robustness.faces:
        return [replace(one, why="other faces, or another share of fakes") for one in changes]
    return [replace(one, verdict=_verdict(-one.by)) for one in changes]


def _verdict(gain: float) -> Verdict:
    return Verdict.BETTER if gain > 0 else Verdict.WORSE if gain < 0 else Verdict.TIE


def _same_machine(old: Report, new: Report) -> bool:
    one, other = old.environment, new.environment
    return (one.cpu, one.features, one.cores, old.threads) == (other.cpu, other.features, other.cores, new.threads)


def _broken(bound: Bound, changes: Sequence[Change]) -> list[str]:
    """A line for each change that breaks a bound.

    Raises:
        InputError: A change is not known, or none is of the figure.
    """
    found = [one for one in changes if one.figure == bound.figure]
    if not found:
        raise InputError(f"{bound.text} cannot be judged: no model has its {bound.figure} in both reports")
    if unknown := [one for one in found if one.verdict is Verdict.UNKNOWN]:
        raise InputError(f"{bound.text} cannot be judged for {unknown[0].model}: {unknown[0].why}")
    counting = [one for one in found if one.figure in F1_FIRST or one.verdict is not Verdict.TIE]
    return [f"{one.model}: {one.figure} {one} breaks {bound.text}" for one in counting if bound.broken_by(one.by)]


def _surroundings(old: Report, new: Report) -> list[str]:
    one, other = old.environment, new.environment
    facts = {
        "CPU": (one.cpu, other.cpu),
        "CPU features": (", ".join(one.features), ", ".join(other.features)),
        "cores": (one.cores, other.cores),
        "system": (one.system, other.system),
        "threads": (old.threads, new.threads),
        "data": (_data(old), _data(new)),
    }
    packages = dict.fromkeys([*one.versions, *other.versions])
    facts |= {name: (one.versions.get(name, "none"), other.versions.get(name, "none")) for name in packages}
    return [f"{name}: {was} → {now}" for name, (was, now) in facts.items() if was != now]


def _data(report: Report) -> str:
    return f"{report.data.name} {report.data.split} {report.data.fingerprint[:12]}" if report.data else "none"
