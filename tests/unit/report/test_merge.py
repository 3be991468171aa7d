"""Several devices on one page."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgedf.cli import app
from edgedf.errors import InputError
from edgedf.report import Report, write_report
from edgedf.report.merge import read_devices
from edgedf.report.merge_page import write_devices
from tests.unit.report.test_write import Balance


def slower(report: Report, times: float) -> Report:
    """The same report from a slower device."""
    found = [
        replace(one, latency_ms_p50=one.latency_ms_p50 * times, latency_ms_p95=one.latency_ms_p95 * times)
        for one in report.results
    ]
    return replace(report, results=found, environment=replace(report.environment, cpu="Small CPU"))


@pytest.fixture
def written(report: Report, tmp_path: Path) -> list[Path]:
    """Reports of two devices, in folders of their names."""
    devices = {"desk": report, "board": slower(report, 7)}
    return [write_report(one, tmp_path / name)["json"] for name, one in devices.items()]


def test_every_model_of_every_device_stands_in_the_csv(written: list[Path], report: Report, tmp_path: Path) -> None:
    paths = write_devices(read_devices(written), tmp_path / "out")
    with paths["csv"].open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [(one["device"], one["model"]) for one in found] == [
        (device, one.name) for device in ("desk", "board") for one in report.results
    ]
    _, result, evaluation = report.judged[0]
    assert float(found[3]["latency_ms_p50"]) == pytest.approx(7 * result.latency_ms_p50)
    assert float(found[0]["f1_low"]) == evaluation.f1.low
    assert (found[2]["f1"], found[0]["tp"]) == ("", str(evaluation.matrix.tp))


def test_the_page_draws_each_device_in_its_own_colour_and_mark(written: list[Path], tmp_path: Path) -> None:
    text = write_devices(read_devices(written), tmp_path / "out")["html"].read_text()
    parser = Balance()
    parser.feed(text)
    assert parser.open == [] and not {"script", "link", "img"} & parser.seen
    picture = text.partition("<figure>")[2].partition("</figure>")[0]
    for series, device in enumerate(("desk", "board")):
        assert f"teacher, {device}: F1" in picture
        assert f'class="series s{series}"' in picture
    assert "Small CPU" in text and "student &lt;small&gt;" in text and "<small>&" not in text


def test_devices_that_judged_other_faces_do_not_share_a_picture(report: Report, written: list[Path]) -> None:
    assert report.data
    other = replace(report, data=replace(report.data, fingerprint="cd34" * 16))
    path = write_report(other, written[0].parent.parent / "other")["json"]
    with pytest.raises(InputError, match="desk and other were judged on different faces"):
        read_devices([written[0], path])


def test_a_device_without_faces_adds_its_latency(report: Report, written: list[Path]) -> None:
    blind = replace(report, results=report.results[2:], data=None)
    path = write_report(blind, written[0].parent.parent / "blind")["json"]
    assert [one.name for one in read_devices([path, *written])] == ["blind", "desk", "board"]


def test_latency_alone_can_be_merged(report: Report, tmp_path: Path) -> None:
    peers = replace(report, results=report.results[2:], data=None)
    paths = [write_report(one, tmp_path / name)["json"] for name, one in (("a", peers), ("b", slower(peers, 2)))]
    text = write_devices(read_devices(paths), tmp_path / "out")["html"].read_text()
    assert "F1 against latency" not in text and "mobilenet_v2" in text


def test_files_of_their_own_name_are_named_by_it(written: list[Path]) -> None:
    renamed = [path.rename(path.with_name(f"{path.parent.name}-1.json")) for path in written]
    assert [one.name for one in read_devices(renamed)] == ["desk-1", "board-1"]
    with pytest.raises(InputError, match="named twice"):
        read_devices([renamed[0], renamed[0]])


def test_the_command_writes_all_three(written: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = CliRunner().invoke(app, ["report", "merge", *map(str, written), "--out", str(out)])
    assert found.exit_code == 0, found.output
    assert sorted(path.name for path in out.iterdir()) == ["devices.csv", "devices.html", "devices.md"]
    assert "| board | teacher |" in (out / "devices.md").read_text()
