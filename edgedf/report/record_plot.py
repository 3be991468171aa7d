"""AUC against the latency of INT8: a panel for each runtime, from records."""

from collections.abc import Sequence
from importlib.resources import files

from edgedf.errors import InputError
from edgedf.metrics import Evaluation
from edgedf.report.headline import HEIGHT, WIDTH, plot
from edgedf.report.record_tables import check_comparable
from edgedf.report.records import Record, Timing
from edgedf.report.results import DataInfo, ModelResult, Report
from edgedf.report.svg import element, picture, text

RUNTIMES = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
TITLE = 34


def auc_against_latency(records: Sequence[Record]) -> str:
    """The picture as an SVG file, of every record that was timed in INT8 in both runtimes.

    AUC is of the first set of faces: of the timed artefact itself where that was judged, or else of the network.

    Raises:
        InputError: There is no such record, or they are of other faces or machines.
    """
    check_comparable(records)
    timed = [record for record in records if all(_timing(record, runtime) for runtime in RUNTIMES)]
    if not timed:
        raise InputError(
            "no record has an INT8 latency in both runtimes: make some with  benchmarks/record.py --latency"
        )
    first = timed[0]
    for record in timed:
        if record.faces[0].fingerprint != first.faces[0].fingerprint:
            raise InputError(f"{first.name} and {record.name} have another first data set: record one of them anew")
        if _machine(record) != _machine(first):
            raise InputError(f"{first.name} and {record.name} were timed on different machines: time one of them anew")
    style = files("edgedf.report").joinpath("page.css").read_text()
    panels = [_panel(timed, runtime, place) for place, runtime in enumerate(RUNTIMES)]
    about = f"{first.faces[0].title}, 95 % intervals; {first.environment.cpu}, one thread, one face a call"
    height = (HEIGHT + TITLE) * len(panels)
    return picture(WIDTH, height, "AUC against latency", about, f"<style>{style}</style>", *panels) + "\n"


def _machine(record: Record) -> tuple[str, list[str]]:
    return record.environment.cpu, record.environment.features


def _panel(records: Sequence[Record], runtime: str, place: int) -> str:
    first = records[0]
    results = [_result(record, runtime) for record in records]
    faces = first.faces[0]
    data = DataInfo(faces.name, faces.split, faces.fingerprint)
    report = Report(RUNTIMES[runtime], "", first.environment, 1, results, data)
    title = text(0, 18, f"INT8 in {RUNTIMES[runtime]}: AUC on {faces.title} with its 95 % interval", class_="name")
    moved = f"translate(0,{TITLE})"
    content = element("g", *plot(report, "auc", joined=True), transform=moved)
    return element("g", title, content, transform=f"translate(0,{(HEIGHT + TITLE) * place})")


def _result(record: Record, runtime: str) -> ModelResult:
    timing = _timing(record, runtime)
    assert timing is not None
    return ModelResult(
        record.name,
        timing.precision,
        runtime,
        timing.size_mb,
        timing.latency_ms_p50,
        timing.latency_ms_p95,
        timing.calls,
        _evaluation(record, runtime),
    )


def _timing(record: Record, runtime: str) -> Timing | None:
    return next((one for one in record.timings if one.backend == runtime and "int8" in one.precision), None)


def _evaluation(record: Record, runtime: str) -> Evaluation:
    same = [one for one in record.entries if one.backend == runtime and "int8" in one.precision]
    return [*same, *record.entries][0].judgements[0].evaluation
