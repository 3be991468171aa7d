"""`edgedf bundle tune`: a site's own threshold for each artefact, beside the shipped ones, and undone to the byte."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from edgedf.bundle import GOLDEN, Artefact, open_bundle, pack_golden, write_bundle
from edgedf.cli import app
from edgedf.data.dataset import write_dataset
from edgedf.data.packed import pack
from edgedf.data.readers import open_dataset
from edgedf.errors import BundleError
from edgedf.files import sha256
from edgedf.metrics import sigmoid
from edgedf.programs import load
from edgedf.runtime import Engine

MakeBundle = Callable[..., Path]
GAINS = {"model.onnx": 8.0, "sharp.onnx": 24.0, "tensorrt/model.onnx": 8.0}


@pytest.fixture
def bundle(make_bundle: MakeBundle) -> Path:
    """Two artefacts for ONNX Runtime, one with thrice the logits of the other, and one for a GPU."""
    return joined({name: make_bundle(f"gain{gain:g}", gain) for name, gain in GAINS.items()})


def joined(parts: dict[str, Path]) -> Path:
    """The artefacts of several bundles in one, under other names."""
    contents, artefacts, golden = {}, [], {}
    for name, part in parts.items():
        opened = open_bundle(part)
        [only] = opened.manifest.artefacts
        crops, golden[name] = opened.golden(only)
        contents[name] = opened.read(only)
        artefacts.append(replace(only, file=name, backend="tensorrt" if "/" in name else only.backend))
    contents[GOLDEN] = pack_golden(crops, golden)
    manifest = replace(opened.manifest, name="joined", artefacts=artefacts, files={GOLDEN: sha256(contents[GOLDEN])})
    return write_bundle(part.parent / "joined.edgedf", manifest, contents).path


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def tuned(bundle: Path, faces: Path, *options: str) -> list[Artefact]:
    result = run("bundle", "tune", bundle, "--data", faces, *options)
    assert result.exit_code == 0, result.output
    return open_bundle(bundle).manifest.artefacts


def files(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_each_artefact_is_fitted_alone_and_the_shipped_values_stay(bundle: Path, faces: Path) -> None:
    before = open_bundle(bundle).manifest.artefacts
    after = tuned(bundle, faces, "--threshold-rule", "recall=.8", "--prevalence", "0.2")
    assert [replace(one, site=None) for one in after] == before
    soft, sharp = (one.site for one in after[:2])
    assert soft and sharp
    assert soft.fitted_on == [pack(open_dataset(faces).split("val")).fingerprint]
    assert (soft.rule, soft.metrics["split"], soft.metrics["evaluation"]["prevalence"]) == ("recall=.8", "val", 0.2)
    assert sharp.temperature == pytest.approx(3 * soft.temperature, rel=1e-3)
    assert sharp.threshold == pytest.approx(soft.threshold, abs=1e-3)


def test_the_runtime_judges_by_the_sites_values(bundle: Path, faces: Path) -> None:
    [soft, *_] = tuned(bundle, faces, "--threshold-rule", "recall=.8")
    val = pack(open_dataset(faces).split("val"))
    pixels = np.asarray(val.pixels)
    with Engine.load(bundle, backend="onnxruntime", threads=1) as engine:
        assert soft.site and engine.threshold == soft.site.threshold != soft.threshold
        assert engine.notes == []
        found = engine.predict(pixels)
    logit = 8 * (pixels[..., 0].mean((1, 2)) / 255 - 0.5)
    np.testing.assert_allclose(found, sigmoid(logit / soft.site.temperature), atol=1e-3)
    assert np.mean(found[val.labels == 1] >= engine.threshold) >= 0.8


def test_golden_scores_are_replayed_by_the_shipped_temperature(bundle: Path, faces: Path) -> None:
    """A site's temperature far from the shipped one hides no fault and makes none."""
    tuned(bundle, faces)
    opened = open_bundle(bundle)
    far = [replace(one, site=one.site and replace(one.site, temperature=1000.0)) for one in opened.manifest.artefacts]
    write_bundle(bundle, replace(opened.manifest, artefacts=far), opened.contents())
    with Engine.load(bundle, backend="onnxruntime") as engine:
        assert (engine.artefact.file, engine.notes) == ("model.onnx", [])
    crops, golden = opened.golden(far[0])
    data = pack_golden(crops, dict.fromkeys(GAINS, golden + np.float32(0.01)))
    manifest = replace(opened.manifest, artefacts=far, files={GOLDEN: sha256(data)})
    write_bundle(bundle, manifest, opened.contents() | {GOLDEN: data})
    with pytest.raises(BundleError, match="misses its golden scores"):
        Engine.load(bundle, backend="onnxruntime")


def test_what_cannot_run_here_keeps_its_threshold_and_both_say_so(bundle: Path, faces: Path) -> None:
    result = run("bundle", "tune", bundle, "--data", faces, "--json")
    assert "tensorrt/model.onnx keeps its shipped threshold, because it does not work here: tensorrt" in result.stderr
    assert list(json.loads(result.stdout)["not_tuned"]) == ["tensorrt/model.onnx"]
    opened = open_bundle(bundle)
    assert [one.site is None for one in opened.manifest.artefacts] == [False, False, True]
    artefacts = [replace(one, backend="onnxruntime") for one in reversed(opened.manifest.artefacts)]
    write_bundle(bundle, replace(opened.manifest, artefacts=artefacts), opened.contents())  # as on a device
    with Engine.load(bundle, backend="onnxruntime") as engine:
        assert engine.threshold == 0.5
        assert engine.notes == [
            "tensorrt/model.onnx has its shipped threshold, not the site's as others have: "
            "run  edgedf bundle tune  here"
        ]


def test_undo_gives_back_every_byte(bundle: Path, faces: Path) -> None:
    before = files(bundle)
    tuned(bundle, faces)
    first = files(bundle)
    assert {name for name in before if before[name] != first[name]} == {"manifest.json"}
    tuned(bundle, faces, "--threshold-rule", "fpr=.1")
    assert files(bundle) != first
    assert run("bundle", "tune", bundle, "--undo").exit_code == 0
    assert files(bundle) == before
    assert "nothing to undo" in run("bundle", "tune", bundle, "--undo").stdout
    assert [one.name for one in bundle.parent.iterdir() if one.name.startswith(".")] == []


def test_a_bundle_is_tuned_from_within_and_behind_a_link(
    bundle: Path, faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = bundle.parent / "link.edgedf"
    link.symlink_to(bundle)
    assert tuned(link, faces)[0].site
    assert link.is_symlink()
    monkeypatch.chdir(bundle)
    assert run("bundle", "tune", ".", "--undo").exit_code == 0
    assert open_bundle(bundle).manifest.artefacts[0].site is None


def test_show_tells_both(bundle: Path, faces: Path) -> None:
    assert "tuned" not in run("bundle", "show", bundle).stdout
    artefacts = tuned(bundle, faces, "--threshold-rule", "recall=.8")
    shipped, site = run("bundle", "show", bundle).stdout.split("tuned to a site")
    assert f"{artefacts[0].threshold:.4f}" in shipped
    assert artefacts[0].site and f"{artefacts[0].site.threshold:.4f}" in site and "recall=.8" in site
    assert "tensorrt" in shipped and "tensorrt" not in site
    listed = json.loads(run("bundle", "show", bundle, "--json").stdout)["artefacts"]
    assert ["site" in one for one in listed] == [True, True, False]


def test_figures_are_those_of_the_sites_threshold(make_bundle: MakeBundle, faces: Path, tmp_path: Path) -> None:
    """On the faces of the fit `evaluate` cross-fits; without faces `benchmark` shows what was recorded."""
    bundle = make_bundle("red")
    [artefact] = tuned(bundle, faces, "--prevalence", "0.2")
    assert artefact.site
    found = load("benchmarks/evaluate.py").main(bundle, faces)["evaluation"]
    assert (found["rule"], found["prevalence"]) == ("f1, cross-fitted", 0.2)
    assert found["f1"]["value"] == pytest.approx(artefact.site.metrics["evaluation"]["f1"]["value"], abs=0.02)
    [shown] = load("benchmarks/benchmark.py").main([bundle], out=tmp_path / "report", quick=True)["results"]
    assert shown["evaluation"]["threshold"] == artefact.site.threshold
    assert any("recorded by bundle tune" in note for note in shown["notes"])


def of_one_class(faces: Path, place: Path, label: str) -> Path:
    place.mkdir()
    dataset = open_dataset(faces)
    some = [i for i, one in enumerate(dataset.columns["label"]) if one == label]
    columns = {name: [values[i] for i in some] for name, values in dataset.columns.items()}
    columns["path"] = [str(faces / one) for one in columns["path"]]
    write_dataset(place, columns)
    return place


def mistakes(faces: Path, tmp: Path) -> list[tuple[list[Any], str]]:
    return [
        (["--data", of_one_class(faces, tmp / "real", "real")], "0 of them fake: give a split"),
        (["--data", of_one_class(faces, tmp / "fake", "fake")], "20 images, 20 of them fake: give a split"),
        (["--data", faces, "--split", "test"], "has no rows in split 'test'; it has val"),
        (["--data", tmp / "nowhere"], "nowhere"),
        (["--data", faces, "--threshold-rule", "best"], "threshold rule 'best' is unknown"),
        (["--data", faces, "--prevalence", "7"], "prevalence 7"),
        (["--data", faces, "--undo"], "--undo takes the site's threshold away"),
        ([], "--data DIR, or --undo"),
    ]


def test_a_mistake_is_one_line_and_changes_nothing(bundle: Path, faces: Path, tmp_path: Path) -> None:
    before = files(bundle)
    for options, message in mistakes(faces, tmp_path):
        result = run("bundle", "tune", bundle, *options)
        assert result.exit_code == 2, result.output
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
        assert files(bundle) == before


def test_faces_of_the_training_are_refused(bundle: Path, faces: Path) -> None:
    opened = open_bundle(bundle)
    own = {"trained_on": [pack(open_dataset(faces).split("val")).fingerprint]}
    write_bundle(bundle, replace(opened.manifest, provenance=own), opened.contents())
    result = run("bundle", "tune", bundle, "--data", faces)
    assert result.exit_code == 2
    assert "trained on these faces" in result.stderr


def test_shipped_figures_that_are_flattered_say_so(make_bundle: MakeBundle, faces: Path) -> None:
    own = pack(open_dataset(faces).split("val")).fingerprint
    for fitted_on, told in ((["another"], False), ([own], True)):
        result = run("bundle", "tune", make_bundle("red", fitted_on=fitted_on), "--data", faces)
        assert ("chosen on these very faces" in result.stdout) == told


def test_a_site_needs_no_torch(bundle: Path, faces: Path) -> None:
    """The camera's machine has the light installation."""
    words = ["bundle", "tune", str(bundle), "--data", str(faces)]
    script = f"import sys; sys.modules['torch'] = None; from edgedf.cli import app; app({words!r})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert open_bundle(bundle).manifest.artefacts[0].site
