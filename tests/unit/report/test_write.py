"""The three forms of a report."""

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from edgedf.metrics import Evaluation, evaluate, times_as_fast
from edgedf.metrics.start import Start
from edgedf.report import Report, write_report
from edgedf.report.headline import Box, headline
from edgedf.report.html import page
from edgedf.report.markdown import markdown
from edgedf.report.measures import Batch, Paced
from edgedf.report.plots import latencies
from edgedf.report.words import finding, noise

VOID = {"meta", "br"}


class Balance(HTMLParser):
    """Checks that every element is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_three_files_are_written_and_the_json_holds_the_figures(report: Report, tmp_path: Path) -> None:
    paths = write_report(report, tmp_path / "new" / "folder")
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [
        "report.html",
        "report.json",
        "report.md",
    ]
    data = json.loads(paths["json"].read_text())
    assert data["schema"] == 2
    assert [one["name"] for one in data["results"]] == ["teacher", "student <small>", "mobilenet_v2"]
    assert Evaluation.from_dict(data["results"][0]["evaluation"]) == report.results[0].evaluation


def test_the_page_is_whole_and_fetches_nothing(report: Report) -> None:
    text = page(report)
    parser = Balance()
    parser.feed(text)
    assert parser.open == []
    assert {"svg", "table", "style"} <= parser.seen
    assert not {"script", "link", "img"} & parser.seen
    assert "url(" not in text
    assert set(re.findall(r"https?://[^\"' ]+", text)) <= {"http://www.w3.org/2000/svg"}


def test_the_page_is_light_and_dark_and_tells_screen_readers_what_the_pictures_show(report: Report) -> None:
    text = page(report)
    assert "prefers-color-scheme: dark" in text
    pictures = re.findall(r"<svg[^>]*role=\"img\"[^>]*>", text)
    assert len(pictures) == 3
    assert text.count("<desc>") == 3
    assert "teacher: F1" in text


def test_names_cannot_break_the_page(report: Report) -> None:
    assert "<small>&" not in page(report)
    assert "student &lt;small&gt;" in page(report)


def test_every_figure_stands_in_the_markdown(report: Report) -> None:
    text = markdown(report)
    for _, result, evaluation in report.judged:
        assert f"| {result.name} |" in text
        for figure in (
            evaluation.f1,
            evaluation.auc,
            evaluation.precision,
            evaluation.recall,
            evaluation.ece,
        ):
            assert str(figure) in text
        matrix = evaluation.matrix
        assert f"| {matrix.tn:.0f} | {matrix.fp:.0f} | {matrix.fn:.0f} | {matrix.tp:.0f} |" in text
    for fact in (
        "faces, split val",
        "ab12ab12ab12",
        "300 images, 75 of them fake",
        "25.0 % fakes",
        "avx2",
        "1 thread",
    ):
        assert fact in text


def test_the_finding_compares_the_best_with_the_fastest(report: Report) -> None:
    assert finding(report).startswith("teacher has the highest F1")
    assert "student <small> is 35.0 times as fast" in finding(report)
    alone = dataclasses.replace(report, results=report.results[:1])
    assert finding(alone).startswith("teacher is both")


def test_latency_alone_makes_a_report_too(report: Report) -> None:
    peers = dataclasses.replace(report, results=report.results[2:], data=None)
    assert "Latency only" in markdown(peers)
    assert "F1 against latency" not in page(peers)


@pytest.mark.parametrize("threshold", [0.0, 0.5, 2.0])
def test_perfect_and_useless_models_can_be_drawn(report: Report, threshold: float) -> None:
    """F1 of 1 or 0 in every draw leaves no width to scale the axis by."""
    labels = np.array([0, 1] * 4, np.uint8)
    judged = evaluate(labels, labels.astype(float), list("abcdefgh"), threshold=threshold, resamples=50)
    results = [dataclasses.replace(report.results[0], evaluation=judged)]
    assert "nan" not in page(dataclasses.replace(report, results=results))


def test_models_of_one_latency_and_f1_get_labels_that_do_not_cover_each_other(report: Report) -> None:
    twins = [dataclasses.replace(report.results[0], name=name) for name in ("one", "two", "three")]
    text = headline(dataclasses.replace(report, results=twins))
    places = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="label (start|end)">', text)
    spans = [(float(x) - 60 * (end == "end"), float(y) - 12) for x, y, end in places]
    boxes = [Box(x, y, x + 60, y + 30) for x, y in spans]
    assert len(boxes) == 3
    assert not any(a.meets(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_what_differs_by_less_than_the_noise_is_called_a_tie(noisy: Report) -> None:
    said = noise(noisy)
    assert "student <small> and twin are a tie" in said
    assert "teacher" not in said.partition("(95 %)")[2]
    assert noisy.noise and f"{noisy.noise.share:.1%}" in said
    assert said in markdown(noisy)


def test_the_finding_claims_no_speed_within_the_noise(noisy: Report) -> None:
    student, teacher, *_ = noisy.results
    assert "student <small> is 1.1 times as fast" in finding(noisy)
    slower = [one * 1.001 for one in student.rounds_ms]
    alike = dataclasses.replace(teacher, rounds_ms=slower, latency_ms_p50=student.latency_ms_p50 * 1.001)
    assert "No model is faster by more" in finding(dataclasses.replace(noisy, results=[student, alike]))


def test_what_was_measured_in_depth_stands_in_both_forms(report: Report) -> None:
    teacher, *others = report.results
    deep = dataclasses.replace(
        teacher,
        batches=[Batch(1, 70.125), Batch(16, 61.375)],
        paced=Paced.of([71.0, 72.0, 75.5], 33.3, 88.25),
        start=Start(1234.5, 321.5, 99.5, 77.5, None),
        energy_mj=12.75,
        energy_of="the whole module, rail VDD_IN",
    )
    whole = dataclasses.replace(report, results=[deep, *others])
    for text in (markdown(whole), page(whole)):
        for figure in (
            "61.38",
            "88.25",
            "1234.5",
            "321.5",
            "77.5",
            "12.75",
            "rail VDD_IN",
            "16 faces",
            "A call each 33.3 ms",
        ):
            assert figure in text
    for text in (markdown(report), page(report)):
        assert "camera's pace" not in text and "to first score" not in text


def test_a_full_report_has_every_artefact_in_depth(report: Report, full: Report) -> None:
    for text in (markdown(full), page(full)):
        for figure in (
            "0.473",
            "1.234",
            "not available",
            "12.50",
            "5.60",
            "65%",
            "the network",
            "size in px: 20 to 40",
            "node_stage 1",
            "0.2600",
        ):
            assert figure in text
        assert "teacher: latency 0.400 ms is 1.54 x its own roofline" in text
    parser = Balance()
    parser.feed(page(full))
    assert parser.open == []
    assert "skin: &lt;dark&gt;" in page(full) and page(full).count('role="img"') == 4
    for text in (markdown(report), page(report)):
        assert (
            "On the GPU" not in text and "oofline" not in text and "On all cores" not in text and "By size" not in text
        )


def test_every_model_is_told_beside_the_first(noisy: Report) -> None:
    first, teacher, twin, peer = noisy.results
    ratios = [1 / 1.08, times_as_fast(first.rounds_ms, twin.rounds_ms)]
    told = [dataclasses.replace(one, times_as_fast=at) for one, at in zip((teacher, twin), ratios, strict=True)]
    whole = dataclasses.replace(noisy, results=[first, *told, peer])
    text = markdown(whole)
    assert "## Beside student <small>" in text
    assert "| teacher | 1.08 times as slow |" in text
    assert re.search(r"\| twin \| 1\.0\d times as (fast|slow), a tie \|", text)
    assert "times as slow" in page(whole)
    assert "Beside" not in markdown(noisy)


def test_long_names_fit_beside_the_pictures(report: Report) -> None:
    name = "a student of a long name openvino int8, f32"
    text = latencies(dataclasses.replace(report, results=[dataclasses.replace(report.results[0], name=name)]))
    assert name in text
    [edge] = re.findall(r'<text x="([\d.]+)" y="[\d.]+" class="label end">', text)
    assert float(edge) > 8 * len(name)


def test_what_the_machine_does_not_tell_is_not_available(report: Report) -> None:
    assert "governor not available, clock not available, load not available, temperature not" in markdown(report)
    told = dataclasses.replace(
        report.environment, governor="powersave", frequency_mhz=1800.4, load=0.0, temperature_c=61.2
    )
    text = markdown(dataclasses.replace(report, environment=told))
    assert "governor powersave, clock 1800 MHz, load 0.00, temperature 61 °C" in text
    deep = dataclasses.replace(report.results[0], start=Start(2.0, 1.0, 0.5, None, None))
    assert "| not available |" in markdown(dataclasses.replace(report, results=[deep]))
