"""Reports of several devices, side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from edgedf.errors import InputError
from edgedf.metrics import FIGURES, Evaluation
from edgedf.report.read import read_report
from edgedf.report.results import F1_FIRST, ModelResult, Report

COLUMNS = (*F1_FIRST, *(one for one in FIGURES if one not in F1_FIRST))


@dataclass(frozen=True)
class Device:
    """One device.

    Attributes:
        name: Of the folder of its report, or of the file where that is not called report.json; unique.
        report: What was measured on it.
    """

    name: str
    report: Report


def read_devices(paths: Sequence[Path]) -> list[Device]:
    """Reads the reports of several devices.

    Args:
        paths: A report.json each.

    Raises:
        InputError: One cannot be read or stands there twice, or they were judged on different faces or for different
            shares of fakes, so that their F1 cannot stand in one picture.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise InputError("one report is named twice: name each device's once")
    found = [Device(name, read_report(path)) for name, path in zip(_names(paths), paths, strict=True)]
    judged = [one for one in found if one.report.judged]
    for first, other in pairwise(judged):
        if (first.report.data, first.report.bases) != (other.report.data, other.report.bases):
            raise InputError(
                f"{first.name} and {other.name} were judged on different faces or shares of fakes: benchmark both with "
                "the same --data, --split and --prevalence"
            )
    return found


def _names(paths: Sequence[Path]) -> list[str]:
    names = [path.resolve().parent.name if path.stem == "report" else path.stem for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def rows(devices: Sequence[Device]) -> Iterator[dict[str, Any]]:
    """A row for each model on each device, for a table of figures: numbers as they are, None where there is none."""
    for device in devices:
        for one in device.report.results:
            yield _row(device, one)


def _row(device: Device, one: ModelResult) -> dict[str, Any]:
    here = device.report.environment
    times = {f"latency_ms_{name}": getattr(one, f"latency_ms_{name}") for name in ("p50", "p90", "p95", "p99", "max")}
    return {
        "device": device.name,
        "cpu": here.cpu,
        "threads": device.report.threads,
        "model": one.name,
        "precision": one.precision,
        "backend": one.backend,
        "size_mb": one.size_mb,
        **times,
        **_worth(one.evaluation),
    }


def _worth(found: Evaluation | None) -> dict[str, Any]:
    ends = {"": "value", "_low": "low", "_high": "high"}
    names = [(figure, end) for figure in COLUMNS for end in ends]
    figures = {figure + end: found and getattr(getattr(found, figure), ends[end]) for figure, end in names}
    cells = {cell: found and getattr(found.matrix, cell) for cell in ("tn", "fp", "fn", "tp")}
    return {"threshold": found and found.threshold, "prevalence": found and found.prevalence, **figures, **cells}
