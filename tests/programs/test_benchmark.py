"""The benchmark program."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.data.packed import PackedFaces, pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.evaluation import logits
from edgedf.errors import InputError, MissingExtraError
from edgedf.metrics import Evaluation, choose_threshold, prevalence_weights, times_as_fast
from edgedf.metrics.start import Start
from edgedf.programs import load, run
from edgedf.report.read import read_report
from edgedf.runtime.backends import load_backend
from edgedf.runtime.energy import Energy
from edgedf.runtime.engine import scores
from edgedf.runtime.pace import after_idle, at_pace
from edgedf.runtime.timing import measure
from tests.fake_gpu import FakeGpu

MakeBundle = Callable[..., Path]


@pytest.fixture(autouse=True)
def _little(few_rounds: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few timed calls, and no process of its own."""
    program = load("benchmarks/benchmark.py")
    monkeypatch.setattr(program, "at_pace", partial(at_pace, count=3, period_s=1e-4))
    monkeypatch.setattr(program, "after_idle", partial(after_idle, count=1, idle_s=0.0))
    monkeypatch.setattr(program, "cold_start", lambda *_: Start(200.0, 50.0, 1.0, 70.0, 60.0))


def test_latency_and_f1_of_the_same_files_stand_side_by_side(
    faces: Path, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    bundles = [make_bundle("one"), make_bundle("two", gain=-8.0)]
    result = run("benchmarks/benchmark.py", bundles, data=faces, out=tmp_path / "report", prevalence=0.17)
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "report.html",
        "report.json",
        "report.md",
    ]
    written = json.loads((tmp_path / "report" / "report.json").read_text())
    assert written["results"] == json.loads(json.dumps(result["results"]))
    one, two = written["results"]
    assert (one["name"], two["name"]) == ("one", "two")
    assert one["evaluation"]["auc"]["value"] > 0.7 > two["evaluation"]["auc"]["value"]
    assert one["latency_ms_p50"] > 0
    assert one["evaluation"]["prevalence"] == 0.17
    assert written["data"]["fingerprint"] == pack(open_dataset(faces).split("val")).fingerprint
    assert written["environment"]["cpu"]


def test_a_bundle_is_measured_in_depth_and_a_peer_in_batches_alone(
    make_bundle: MakeBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers = pytest.importorskip("edgedf.deploy.peers")
    bundle = make_bundle("red")
    monkeypatch.setattr(peers, "peer_graph", lambda name: (bundle / "model.onnx").read_bytes())
    spent = Energy(2.5, "the whole module, rail VDD_IN")
    monkeypatch.setattr(
        load("benchmarks/benchmark.py"), "energy_per_call", lambda call, on_gpu: None if on_gpu else spent
    )
    run("benchmarks/benchmark.py", [bundle], out=tmp_path / "report", peers=["mobilenet_v2"])
    report = read_report(tmp_path / "report" / "report.json")
    red, peer = report.results
    assert [one.faces for one in red.batches] == [one.faces for one in peer.batches] == [1, 4, 16]
    assert red.paced and red.paced.calls == 3 and red.paced.period_ms == pytest.approx(33.3, abs=0.1)
    assert red.start and red.start.peak_mb == 70.0
    assert (red.energy_mj, red.energy_of) == spent
    assert peer.paced is None and peer.start is None and peer.energy_mj is None
    assert report.noise and report.noise.model == "red"
    assert "At a camera's pace" in (tmp_path / "report" / "report.md").read_text()


def test_a_quick_run_leaves_out_what_takes_long(
    make_bundle: MakeBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = load("benchmarks/benchmark.py")
    for name in ("at_pace", "after_idle", "cold_start", "energy_per_call"):
        monkeypatch.setattr(program, name, None)
    run("benchmarks/benchmark.py", [make_bundle("red")], out=tmp_path / "report", quick=True)
    report = read_report(tmp_path / "report" / "report.json")
    [red] = report.results
    assert report.noise and len(red.rounds_ms) == 2
    assert not red.batches and red.paced is None and red.start is None
    text = (tmp_path / "report" / "report.md").read_text()
    assert "camera's pace" not in text and "Percentiles of latency" in text


def test_bundles_fitted_for_different_prevalences_need_one_to_be_stated_at(
    faces: Path, make_bundle: MakeBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said before anything is scored; at a given one they stand side by side."""

    def fitted_for(name: str, prevalence: float) -> Path:
        measured = run("benchmarks/evaluate.py", make_bundle(name), faces, prevalence=prevalence)["evaluation"]
        return make_bundle(name, metrics={"split": "val", "evaluation": measured})

    bundles = [fitted_for("lite2", 0.17), fitted_for("baseline", 0.5)]
    result = run("benchmarks/benchmark.py", bundles, data=faces, out=tmp_path / "report", prevalence=0.17)
    assert {one["evaluation"]["prevalence"] for one in result["results"]} == {0.17}
    alike = run("benchmarks/benchmark.py", bundles[:1], data=faces, out=tmp_path / "report")
    assert alike["results"][0]["evaluation"]["prevalence"] == 0.17
    monkeypatch.setattr(load("benchmarks/benchmark.py"), "worth_of", None)
    with pytest.raises(
        InputError, match=r"lite2 and baseline were fitted for prevalences of 0.17 and 0.5: give --prevalence"
    ):
        run("benchmarks/benchmark.py", bundles, data=faces, out=tmp_path / "report")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"peers": ["mobilenet_v2", "resnet"]}, "there is no peer 'resnet'"),
        ({"peers": ["none.onnx"]}, "there is no such file"),
        ({"quick": True, "full": True}, "give one of them"),
        ({"prevalence": 0}, "prevalence 0 is not between"),
        ({"prevalence": 17}, "prevalence 17 is not between"),
        ({"out": Path(__file__)}, r"test_benchmark\.py is a file"),
        ({"out": Path(__file__) / "report"}, r"test_benchmark\.py is a file"),
    ],
)
def test_wrong_use_is_refused_before_the_work(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    """Neither data nor bundle is there: nothing was opened before."""
    with pytest.raises(InputError, match=message):
        run("benchmarks/benchmark.py", [tmp_path / "none"], **{"out": tmp_path, "data": tmp_path / "none"} | options)


def test_without_data_the_figures_are_those_recorded_at_export(
    faces: Path, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    measured = run("benchmarks/evaluate.py", make_bundle("red"), faces)["evaluation"]
    bundle = make_bundle("red", metrics={"split": "val", "evaluation": measured})
    result = run("benchmarks/benchmark.py", [bundle], out=tmp_path / "report")
    (one,) = result["results"]
    assert Evaluation.from_dict(one["evaluation"]) == Evaluation.from_dict(measured)
    assert "recorded at export, split val" in one["notes"][0]


def test_a_bundle_that_was_never_measured_is_timed(make_bundle: MakeBundle, tmp_path: Path) -> None:
    result = run("benchmarks/benchmark.py", [make_bundle("red")], out=tmp_path / "report")
    assert result["results"][0]["evaluation"] is None
    assert "Latency only" in (tmp_path / "report" / "report.md").read_text()


def test_bundles_of_one_name_are_told_apart_by_their_paths(make_bundle: MakeBundle, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    second = make_bundle("red").rename(tmp_path / "other" / "red.edgedf")
    first = make_bundle("red")
    result = run("benchmarks/benchmark.py", [first, second, first], out=tmp_path / "report")
    assert [one["name"] for one in result["results"]] == [str(first), str(second)]


def test_peers_have_a_latency_and_no_f1(
    make_bundle: MakeBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers = pytest.importorskip("edgedf.deploy.peers")
    graph = (make_bundle("red") / "model.onnx").read_bytes()
    monkeypatch.setattr(peers, "peer_graph", lambda name: graph)
    result = run("benchmarks/benchmark.py", [make_bundle("red")], out=tmp_path / "report", peers=["mobilenet_v2"])
    peer = result["results"][1]
    assert (peer["name"], peer["evaluation"]) == ("mobilenet_v2", None)
    assert "random" in peer["notes"][0]


@pytest.fixture
def graph(make_bundle: MakeBundle, tmp_path: Path) -> Path:
    """A file with a bundle's input and outputs."""
    return (make_bundle("other", gain=4.0) / "model.onnx").rename(tmp_path / "meso4.onnx")


@pytest.fixture
def small_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    module = pytest.importorskip("edgedf.deploy.roofline")
    monkeypatch.setattr("edgedf.deploy.peak.COPIES", (1 << 19, 1 << 20))
    monkeypatch.setattr(module, "measure", lambda calls, **_: measure(calls, rounds=1, turn_s=0.01))


def test_a_file_is_judged_by_a_threshold_of_these_faces(
    faces: Path, make_bundle: MakeBundle, graph: Path, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"out": tmp_path / "report", "peers": [str(graph)], "quick": True}
    red, peer = run("benchmarks/benchmark.py", [make_bundle("red")], data=faces, prevalence=0.17, **options)["results"]
    found = peer["evaluation"]
    assert (peer["name"], found["rule"], red["evaluation"]["rule"]) == ("meso4.onnx", "f1, cross-fitted", "given")
    crops = pack(open_dataset(faces).split("val"))
    chosen = choose_threshold(crops.labels, _scores(graph, crops), "f1", prevalence_weights(crops.labels, 0.17))
    assert found["threshold"] == pytest.approx(chosen, abs=1e-4)
    assert found["auc"]["value"] == pytest.approx(red["evaluation"]["auc"]["value"])
    assert "taken as trained" in peer["notes"][0] and "chosen on these faces by the rule f1" in peer["notes"][1]
    [_, unjudged] = run("benchmarks/benchmark.py", [make_bundle("red")], **options)["results"]
    assert unjudged["evaluation"] is None and len(unjudged["notes"]) == 1


def _scores(graph: Path, crops: PackedFaces) -> NDArray[np.float32]:
    return scores(logits(load_backend("onnxruntime", graph.read_bytes(), 1), crops, "it"), 1.0)


@pytest.mark.usefixtures("small_peak")
def test_a_full_run_measures_every_artefact_in_depth_and_judges_it_once(
    faces: Path, make_bundle: MakeBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load("benchmarks/benchmark.py"), "cores", lambda: 2)
    bundles, out = [make_bundle("red"), make_bundle("blue", gain=-8.0)], tmp_path / "report"
    first = run("benchmarks/benchmark.py", bundles, data=faces, out=out, full=True)
    names = ["red onnxruntime fp32", "blue onnxruntime fp32"]
    assert [one["name"] for one in first["results"]] == names
    report = read_report(out / "report.json")
    red, blue = report.results
    assert red.all_cores and red.all_cores.threads == 2
    assert red.roofline and red.roofline.name == names[0] and red.roofline.latency_ms_p50 > 0
    assert red.times_as_fast == 1.0 and blue.times_as_fast == times_as_fast(red.rounds_ms, blue.rounds_ms)
    assert {name.partition(":")[0] for name in red.parts} == {"size in px", "skin"}  # one colour is never sharp
    sizes = [part.images for name, part in red.parts.items() if name.startswith("size in px")]
    assert red.evaluation and sum(sizes) == red.evaluation.images
    text = (out / "report.md").read_text()
    assert f"## Roofline of {names[0]}" in text and f"## Beside {names[0]}" in text and "size in px" in text

    monkeypatch.setattr(load("benchmarks/benchmark.py"), "_roofline", lambda one: None)  # once is enough
    monkeypatch.setattr("edgedf.deploy.worth.engine_scores", None)  # nothing is judged again
    again = run("benchmarks/benchmark.py", bundles, data=faces, out=out, full=True)
    for key in ("evaluation", "parts"):
        assert [one[key] for one in again["results"]] == [one[key] for one in first["results"]]
    with pytest.raises(TypeError, match="not callable"):
        run("benchmarks/benchmark.py", bundles, data=faces, out=out, full=True, prevalence=0.3)


def test_on_a_gpu_both_clocks_are_told(
    gpu: FakeGpu, make_bundle: MakeBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = partial(measure, rounds=1, turn_s=0.0, warm_up=0)
    monkeypatch.setattr("edgedf.deploy.gpu_time.measure", few)
    monkeypatch.setattr(load("benchmarks/benchmark.py"), "cores", lambda: 1)
    bundle = make_bundle("red", backend="tensorrt")
    run("benchmarks/benchmark.py", [bundle], out=tmp_path / "report", full=True)
    [red] = read_report(tmp_path / "report" / "report.json").results
    assert [one.cuda_graph for one in red.gpu] == [True, False]
    for form in ("md", "html"):
        assert "On the GPU" in (tmp_path / "report" / f"report.{form}").read_text()


def test_what_lacks_an_extra_is_noted(make_bundle: MakeBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str, extra: str) -> None:
        raise MissingExtraError(module, extra)

    program = load("benchmarks/benchmark.py")
    monkeypatch.setattr(program, "need", missing)
    monkeypatch.setattr(program, "cores", lambda: 1)
    [red] = run("benchmarks/benchmark.py", [make_bundle("red")], out=tmp_path / "report", full=True)["results"]
    assert red["roofline"] is None and red["all_cores"] is None
    assert red["notes"][0].startswith("no roofline: ") and "export" in red["notes"][0]
