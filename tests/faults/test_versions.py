"""What earlier versions wrote is opened, and what later ones write is refused with a word on what to do."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

import edgedf
from edgedf.bundle import Artefact, InputContract, Manifest, open_bundle, write_bundle
from edgedf.data.prepare.journal import JOURNAL, Journal
from edgedf.data.prepare.outcome import Outcome
from edgedf.data.prepare.settings import Settings
from edgedf.data.readers import open_dataset
from edgedf.errors import CheckpointError
from edgedf.report.read import read_report
from edgedf.shipped import DEFAULT_STUDENT
from edgedf.training.config import DistillConfig, TrainConfig
from edgedf.training.run import open_run

# The keys that the first version of each wrote, from the commit that brought it.
BUNDLE = {
    Manifest: "name architecture input artefacts files provenance labels schema",
    InputContract: "crop size colour dtype layout",
    Artefact: "file sha256 backend precision threshold rule temperature tolerance metrics needs",
}
OLDEST_REPORT = Path(__file__).parents[1] / "unit" / "report" / "report-1.json"
TRAIN = (
    "role data trunk image_size frequency size weights epochs batch_size accumulate learning_rate weight_decay "
    "warmup_epochs clip ema freeze_norm precision prevalence threshold_rule class_weighting label_smoothing box_weight "
    "jitter views save_minutes seed"
)
DISTILL = f"{TRAIN} teacher temperature logit_weight hard_weight feature_weight attention_weight teacher_cache"


def test_the_first_bundles_open(tmp_path: Path) -> None:
    bundle = tmp_path / "old.edgedf"
    shutil.copytree(DEFAULT_STUDENT, bundle)
    values = json.loads((bundle / "manifest.json").read_text())
    values = {key: values[key] for key in BUNDLE[Manifest].split()}
    values["input"] = {key: values["input"][key] for key in BUNDLE[InputContract].split()}
    values["artefacts"] = [{key: one[key] for key in BUNDLE[Artefact].split()} for one in values["artefacts"]]
    (bundle / "manifest.json").write_text(json.dumps(values))
    now = open_bundle(DEFAULT_STUDENT).manifest
    assert open_bundle(bundle).manifest.artefacts == [dataclasses.replace(one, site=None) for one in now.artefacts]


@pytest.mark.parametrize("version", ["0.1.0", edgedf.__version__])
def test_bundles_and_reports_open_whichever_version_they_name(version: str, tmp_path: Path) -> None:
    """What tells whether they can be read is their schema: a release candidate sorts before its release."""
    manifest = open_bundle(DEFAULT_STUDENT).manifest
    versions = {**manifest.provenance["versions"], "edgedf": version}
    manifest = dataclasses.replace(manifest, provenance={**manifest.provenance, "versions": versions})
    write_bundle(tmp_path / "its.edgedf", manifest, open_bundle(DEFAULT_STUDENT).contents())
    assert open_bundle(tmp_path / "its.edgedf").manifest == manifest
    oldest = json.loads(OLDEST_REPORT.read_text())
    oldest["environment"]["versions"]["edgedf"] = version
    (tmp_path / "report.json").write_text(json.dumps(oldest))
    assert read_report(tmp_path / "report.json").environment.versions["edgedf"] == version


@pytest.mark.parametrize(("kind", "keys"), [(TrainConfig, TRAIN), (DistillConfig, DISTILL)])
def test_the_first_runs_open(kind: type[TrainConfig], keys: str, tmp_path: Path) -> None:
    values = kind().to_dict()
    kept = kind.from_dict({key: values[key] for key in keys.split()})
    lines = [line for line in kept.to_toml().splitlines() if line.split(" =")[0] in keys.split()]
    (tmp_path / "config.toml").write_text("\n".join(lines) + "\n")
    assert open_run(tmp_path).config == kept


def test_a_run_of_a_newer_edgedf_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(TrainConfig().to_toml() + "novelty = 3\n")
    with pytest.raises(CheckpointError, match=r"'novelty'.*a run of a newer edgedf: update edgedf then"):
        open_run(tmp_path)


def test_the_first_outputs_of_prepare_are_gone_on_with(tmp_path: Path) -> None:
    """The settings had five keys, and an outcome six."""
    settings = {key: Settings().to_dict()[key] for key in ("rule", "every", "smallest", "sharpness", "quality")}
    journal = Journal(tmp_path, settings)
    outcome = Outcome("a.jpg", "1 2", [], "no face", {"small": 1}, {"cut": 0.1})
    journal.add(outcome)
    [line] = map(json.loads, (tmp_path / JOURNAL).read_text().splitlines())
    assert line.keys() == {"place", "state", "faces", "problem", "left_out", "seconds"}
    assert Journal(tmp_path, Settings().to_dict()).done == {"a.jpg": outcome}


def test_the_first_datasets_open_and_so_do_those_with_further_columns(inputs: Path, tmp_path: Path) -> None:
    for name, extra in (("first", ("", "")), ("later", (",novelty", ",3"))):
        shutil.copytree(inputs / "faces", tmp_path / name)
        header = f"path,label,split,group{extra[0]}\n"
        rows = [
            f"{path.relative_to(tmp_path / name)},{path.parent.name},train,{path.stem}{extra[1]}\n"
            for path in sorted((tmp_path / name).glob("*/*.jpg"))
        ]
        (tmp_path / name / "labels.csv").write_text(header + "".join(rows))
        assert len(open_dataset(tmp_path / name)) == 60
