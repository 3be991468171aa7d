"""Bundles: what is written is read back, and whatever was tampered with is refused with one line."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.bundle import GOLDEN, open_bundle, write_bundle
from edgedf.errors import BundleError
from edgedf.faces.crop import INTERPOLATIONS, CropRule
from edgedf.files import replace_folder, sha256
from edgedf.metrics import evaluate

MakeBundle = Callable[..., Path]


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes the manifest of a bundle as an attacker would."""
    values = json.loads((path / "manifest.json").read_text())
    change(values)
    (path / "manifest.json").write_text(json.dumps(values))


def refusal(path: Path) -> str:
    with pytest.raises(BundleError) as caught:
        open_bundle(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_bundle_reads_back(make_bundle: MakeBundle, crops: NDArray[np.uint8]) -> None:
    bundle = open_bundle(make_bundle())
    [artefact] = bundle.manifest.artefacts
    assert artefact.threshold == 0.6
    assert sha256(bundle.read(artefact)) == artefact.sha256
    golden, scores = bundle.golden(artefact)
    assert np.array_equal(golden, crops)
    assert scores.dtype == np.float32


@pytest.mark.parametrize("name", ["model.onnx", GOLDEN])
def test_a_changed_byte_is_refused(make_bundle: MakeBundle, name: str) -> None:
    path = make_bundle()
    data = bytearray((path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (path / name).write_bytes(data)
    assert f"{name} does not match its hash" in refusal(path)


def test_bytes_that_change_after_opening_are_refused(make_bundle: MakeBundle) -> None:
    bundle = open_bundle(make_bundle())
    [artefact] = bundle.manifest.artefacts
    (bundle.path / artefact.file).write_bytes(b"other")
    with pytest.raises(BundleError, match="does not match its hash"):
        bundle.read(artefact)


def test_a_missing_file_is_named(make_bundle: MakeBundle) -> None:
    path = make_bundle()
    (path / "model.onnx").unlink()
    assert "lacks model.onnx" in refusal(path)


@pytest.mark.parametrize(
    "name",
    ["../m.onnx", "/etc/hostname", "a/../../m.onnx", "..\\m.onnx", "C:\\m.onnx", "C:m.onnx", ""],
)
def test_a_path_that_leaves_the_bundle_is_refused(make_bundle: MakeBundle, name: str) -> None:
    path = make_bundle()
    edit(path, lambda values: values["artefacts"][0].update(file=name))
    assert "is not a path inside the bundle" in refusal(path)


def test_a_link_is_refused(make_bundle: MakeBundle) -> None:
    """Even where the file behind it has the right hash."""
    path = make_bundle()
    (path / "model.onnx").rename(path.parent / "elsewhere.onnx")
    (path / "model.onnx").symlink_to(path.parent / "elsewhere.onnx")
    assert "is a link or behind one" in refusal(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda values: values.update(schema=2), "schema 2 is unknown"),
        (lambda values: values.pop("schema"), "schema None is unknown"),
        (lambda values: values.update(extra=1), "manifest has a field 'extra' that is not known"),
        (lambda values: values.pop("labels"), "manifest lacks 'labels'"),
        (lambda values: values.update(labels=["fake", "real"]), "labels"),
        (lambda values: values["input"].update(colour="BGR"), "not uint8 NHWC RGB of 256 px"),
        (lambda values: values["input"].update(size=224), "not uint8 NHWC RGB of 256 px"),
        (lambda values: values["input"]["crop"].update(size=128), "the crop rule makes no crops of 256 px"),
        (lambda values: values["input"]["crop"].update(margin=0), "the crop rule makes no crops of 256 px"),
        (lambda values: values["input"]["crop"].update(interpolation="none"), "the crop rule makes no crops of 256 px"),
        (lambda values: values["input"]["crop"].update(shift=float("nan")), "NaN is not a finite number"),
        (lambda values: values["input"]["crop"].update(margin="wide"), "crop.margin is 'wide', not a finite number"),
        (lambda values: values["input"]["crop"].pop("detector"), "input.crop lacks 'detector'"),
        (lambda values: values["provenance"].update(fitted_prevalence="few"), "fitted for a prevalence of 'few'"),
        (lambda values: values["provenance"].update(fitted_prevalence=7.0), "fitted for a prevalence of 7.0"),
        (lambda values: values["provenance"].update(trained_ranges="wide"), "trained_ranges is 'wide', not a table"),
        (lambda values: values["provenance"].update(trained_ranges={"U8": {"x": [0.0]}}), "trained_ranges is not"),
        (lambda values: values.update(temporal={"enter": "much"}), "temporal.enter is 'much', not a finite number"),
        (lambda values: values.update(temporal=[1.0]), "temporal is a list, not a table"),
        (lambda values: values.update(artefacts=[]), "names no artefact"),
        (lambda values: values.update(artefacts=7), "artefacts is 7, not a list"),
        (lambda values: values["artefacts"][0].update(threshold="0.5"), "threshold is '0.5', not a finite number"),
        (lambda values: values["artefacts"][0].update(threshold=float("nan")), "NaN is not a finite number"),
        (lambda values: values["artefacts"][0].update(threshold=10**400), "malformed"),
        (lambda values: values["artefacts"][0].update(temperature=0), "temperature"),
        (lambda values: values["artefacts"][0].update(tolerance=2), "tolerance"),
        (lambda values: values["artefacts"][0].update(sha256="0" * 64), "does not match its hash"),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(
    make_bundle: MakeBundle, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    path = make_bundle()
    edit(path, change)
    assert reason in refusal(path)


def test_a_bundle_may_say_how_frames_become_a_verdict(make_bundle: MakeBundle) -> None:
    path = make_bundle()
    assert "temporal" not in json.loads(open_bundle(path).manifest.to_json()), "which an older edgedf would refuse"
    edit(path, lambda values: values.update(temporal={"enter": 2}))
    manifest = open_bundle(path).manifest
    assert manifest.temporal == {"enter": 2} == json.loads(manifest.to_json())["temporal"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda metrics: metrics.update(evaluation=3), "model.onnx: metrics.evaluation is 3, not a table"),
        (lambda metrics: metrics.pop("evaluation"), "model.onnx: metrics.evaluation is None, not a table"),
        (lambda metrics: metrics.pop("split"), "model.onnx: metrics.split is None, not a line of text"),
        (
            lambda metrics: metrics["evaluation"].update(images="many"),
            "model.onnx: metrics.evaluation.images is 'many', not a whole number",
        ),
        (lambda metrics: metrics["evaluation"]["auc"].pop("low"), "metrics.evaluation.auc lacks 'low'"),
    ],
)
def test_metrics_are_none_or_of_an_evaluation(
    make_bundle: MakeBundle, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    path = make_bundle()
    found = evaluate(np.array([0, 1], np.uint8), np.array([0.1, 0.9]), ["a", "b"], threshold=0.5).to_dict()
    edit(path, lambda values: values["artefacts"][0].update(metrics={"split": "val", "evaluation": found}))
    open_bundle(path)
    edit(path, lambda values: change(values["artefacts"][0]["metrics"]))
    assert reason in refusal(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda site: site.update(extra=1), "site has a field 'extra' that is not known"),
        (lambda site: site.pop("rule"), "site lacks 'rule'"),
        (lambda site: site.update(threshold="0.5"), "site.threshold is '0.5', not a finite number"),
        (lambda site: site.update(threshold=1.5), "the threshold of model.onnx at its site is 1.5"),
        (lambda site: site.update(temperature=0.0), "the temperature of model.onnx at its site is out of range"),
        (lambda site: site.update(metrics={}), "model.onnx at its site: metrics.split is None, not a line of text"),
        (
            lambda site: site["metrics"].update(evaluation={}),
            "model.onnx at its site: metrics.evaluation lacks 'auc', 'ece'",
        ),
        (lambda site: site["metrics"]["evaluation"].update(prevalence=1.5), "at its site is stated at a prevalence"),
        (lambda site: site.update(fitted_on=[7]), "site.fitted_on[0] is 7, not a line of text"),
    ],
)
def test_a_site_is_read_as_strictly(
    make_bundle: MakeBundle, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    path = make_bundle()
    found = evaluate(np.array([0, 1], np.uint8), np.array([0.1, 0.9]), ["a", "b"], threshold=0.5)
    metrics = {"split": "val", "evaluation": found.to_dict()}
    site = {"threshold": 0.7, "rule": "f1", "temperature": 2.0, "metrics": metrics, "fitted_on": ["12ab"]}
    edit(path, lambda values: values["artefacts"][0].update(site=site))
    [artefact] = open_bundle(path).manifest.artefacts
    assert (artefact.threshold, artefact.point.threshold, artefact.point.temperature) == (0.6, 0.7, 2.0)
    edit(path, lambda values: change(values["artefacts"][0]["site"]))
    assert reason in refusal(path)
    edit(path, lambda values: values["artefacts"][0].update(site=None))
    assert "site is None, not a table" in refusal(path)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_every_crop_rule_fits_a_manifest(make_bundle: MakeBundle, interpolation: str) -> None:
    path = make_bundle()
    edit(path, lambda values: values["input"].update(crop=CropRule(interpolation=interpolation).to_dict()))
    open_bundle(path)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "\ud800"], ids=range(6))
def test_a_manifest_that_is_not_one_is_refused(make_bundle: MakeBundle, text: str) -> None:
    path = make_bundle()
    (path / "manifest.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert "malformed" in refusal(path)


def test_a_giant_manifest_is_not_read(make_bundle: MakeBundle) -> None:
    path = make_bundle()
    (path / "manifest.json").write_bytes(b" " * (5 << 20))
    assert "larger than 4 MB" in refusal(path)


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    assert "is not a bundle: it has no manifest.json" in refusal(tmp_path)
    assert "is not a bundle: there is no such folder" in refusal(tmp_path / "none")


def test_writing_replaces_an_older_bundle_and_leaves_nothing_beside(make_bundle: MakeBundle) -> None:
    path = make_bundle()
    (path / "left over").write_text("of the old one")
    assert make_bundle(temperature=2.0) == path
    assert open_bundle(path).manifest.artefacts[0].temperature == 2.0
    assert not (path / "left over").exists()
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_writing_never_replaces_another_folder(make_bundle: MakeBundle, tmp_path: Path) -> None:
    manifest = open_bundle(make_bundle()).manifest
    (tmp_path / "photos").mkdir()
    with pytest.raises(BundleError, match="is not a bundle: choose another place"):
        write_bundle(tmp_path / "photos", manifest, {})
    assert (tmp_path / "photos").is_dir()


def test_a_bundle_that_could_not_be_opened_is_not_written(make_bundle: MakeBundle) -> None:
    """The old one stays."""
    path = make_bundle()
    manifest = open_bundle(path).manifest
    with pytest.raises(BundleError, match=r"lacks golden.npz"):
        write_bundle(path, replace(manifest, name="new"), {})
    assert open_bundle(path).manifest.name == "colour"
    assert [one.name for one in path.parent.iterdir()] == [path.name]


# Writes a bundle again and again, each time killed before another call of the file system, until it gets through.
KILLED = """
import itertools, os, signal, sys
from dataclasses import replace
from pathlib import Path
from edgedf.bundle import open_bundle, write_bundle

path = Path(sys.argv[1])
bundle = open_bundle(path)
(artefact,) = bundle.manifest.artefacts
files = {name: (path / name).read_bytes() for name in [artefact.file, *bundle.manifest.files]}

def write(calls):
    left = itertools.count(calls, -1)

    def kill(event, args):
        if event in ("open", "os.mkdir", "os.rename", "os.remove", "shutil.rmtree") and next(left) <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill)
    write_bundle(path, replace(bundle.manifest, name="new"), files)
    os._exit(0)

for moments in itertools.count():
    child = os.fork() or write(moments)
    if os.waitpid(child, 0)[1] != signal.SIGKILL:
        break
    assert open_bundle(path).read(artefact) == files[artefact.file], moments
assert moments >= 20, moments
assert open_bundle(path).manifest.name == "new"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="one step only on Linux")
def test_a_writer_killed_at_any_moment_leaves_a_whole_bundle(make_bundle: MakeBundle) -> None:
    words = [sys.executable, "-c", KILLED, str(make_bundle())]
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("at_once", [True, False])
def test_a_folder_takes_anothers_place(tmp_path: Path, at_once: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system cannot exchange the two, in two steps."""
    if not at_once:
        monkeypatch.setattr("edgedf.files._exchange", lambda one, other: False)
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    replace_folder(tmp_path / "old", tmp_path / "new")
    assert (tmp_path / "old" / "file").read_text() == "new"
    assert [one.name for one in tmp_path.iterdir()] == ["old"]
