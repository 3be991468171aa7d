"""Several devices on one page: HTML, Markdown and CSV."""

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgedf import markdown
from edgedf.files import write_text
from edgedf.report import words
from edgedf.report.headline import HEIGHT, WIDTH, Placed, draw
from edgedf.report.html import document, key, section, table
from edgedf.report.merge import Device, rows
from edgedf.report.results import ModelResult
from edgedf.report.svg import picture

HEADER = ("device", "model", "format", "runtime", "F1", "AUC", "p50 ms", "p95 ms", "p99 ms", "size MB")
DEVICES = ("device", "machine", "threads", "noise", "measured")


def write_devices(devices: Sequence[Device], folder: Path) -> dict[str, Path]:
    """Writes `devices.html`, `devices.md` and `devices.csv`; gives their paths by format."""
    texts = {"html": _html(devices), "md": _markdown(devices), "csv": _csv(devices)}
    for form, text in texts.items():
        write_text(folder / f"devices.{form}", text)
    return {form: folder / f"devices.{form}" for form in texts}


def _csv(devices: Sequence[Device]) -> str:
    found = list(rows(devices))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(found[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue()


def _title(devices: Sequence[Device]) -> str:
    return f"edgedf benchmark on {len(devices)} devices"


def _markdown(devices: Sequence[Device]) -> str:
    parts = [
        f"# {_title(devices)}",
        f"Data: {words.data(devices[0].report)}.",
        markdown.table(HEADER, ([device.name, *_cells(one)] for device in devices for one in device.report.results)),
        markdown.table(DEVICES, ([device.name, *_about(device)] for device in devices)),
    ]
    return "\n\n".join(parts) + "\n"


def _cells(one: ModelResult) -> list[str]:
    found = one.evaluation
    worth = ["-", "-"] if found is None else [str(found.f1), str(found.auc)]
    times = (one.latency_ms_p50, one.latency_ms_p95, one.latency_ms_p99)
    return [one.name, one.precision, one.backend, *worth, *map(words.figure, times), f"{one.size_mb:.2f}"]


def _about(device: Device) -> list[str]:
    report = device.report
    noise = f"{report.noise.share:.1%}" if report.noise else "-"
    return [words.machine(report), str(report.threads), noise, report.created]


def _html(devices: Sequence[Device]) -> str:
    figures = [
        [key(place, device.name), *map(html.escape, _cells(one))]
        for place, device in enumerate(devices)
        for one in device.report.results
    ]
    about = [[key(place, one.name), *map(html.escape, _about(one))] for place, one in enumerate(devices)]
    noise = "Noise: what one model, measured twice in one run, differs from itself by; less is a tie."
    body = [
        *_front(devices),
        section("All figures", "F1 and latency are of the same file on the same device.", table(HEADER, figures)),
        section("Devices", noise, table(DEVICES, about)),
    ]
    return document(_title(devices), body)


def _front(devices: Sequence[Device]) -> list[str]:
    """The picture, where any model was judged."""
    groups = [
        [Placed(place, _on(one, device), found.f1, "F1") for _, one, found in device.report.judged]
        for place, device in enumerate(devices)
    ]
    points = [one for group in groups for one in group]
    if not points:
        return []
    peers = [_on(one, device) for device in devices for one in device.report.results if one.evaluation is None]
    told = "; ".join(f"{one.result.name}: F1 {one.worth}, {one.result.latency_ms_p50:.2f} ms" for one in points)
    drawn = picture(WIDTH, HEIGHT, "F1 against latency on each device", told, *draw(points, peers, groups))
    about = (
        f"Data: {words.data(devices[0].report)}. A colour and mark for each device; lines join the models of a device "
        "that no other of it beats in both. Upright bars: 95 % interval. Sideways: to the 95th percentile."
    )
    return [section("F1 against latency", about, f"<figure>{drawn}</figure>")]


def _on(one: ModelResult, device: Device) -> ModelResult:
    return replace(one, name=f"{one.name}, {device.name}")
