"""The evaluate program."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.bundle import open_bundle
from edgedf.data.packed import pack
from edgedf.data.readers import open_dataset
from edgedf.errors import CheckpointError, ConfigError, DatasetError, InputError
from edgedf.metrics import Evaluation, evaluate
from edgedf.programs import run

MakeBundle = Callable[..., Path]


def red_scores(faces: Path) -> NDArray[np.float64]:
    """What the fixture's bundle gives for the fixture's faces."""
    red = pack(open_dataset(faces)).pixels[:][..., 0].mean((1, 2)) / 255
    return np.asarray(1 / (1 + np.exp(-8 * (red - 0.5))))


def test_a_bundle_is_evaluated_at_its_own_threshold(faces: Path, make_bundle: MakeBundle) -> None:
    result = run("benchmarks/evaluate.py", make_bundle("red"), faces)
    dataset = open_dataset(faces)
    expected = evaluate(dataset.labels, red_scores(faces), dataset.groups, threshold=0.5)
    found = Evaluation.from_dict(result["evaluation"])
    assert (found.rule, found.threshold) == ("given", 0.5)
    assert found.matrix == expected.matrix
    assert found.auc.value == pytest.approx(expected.auc.value)
    assert result["data"]["split"] == "val"


def test_a_named_rule_is_cross_fitted(faces: Path, make_bundle: MakeBundle) -> None:
    result = run("benchmarks/evaluate.py", make_bundle("red"), faces, rule="recall=.9", prevalence=0.1)
    found = Evaluation.from_dict(result["evaluation"])
    assert found.rule == "recall=.9, cross-fitted"
    assert found.prevalence == 0.1


@pytest.mark.parametrize("fitted_on", [["{}"], ["other", "{}"], "{}"], ids=["one", "several", "an older file"])
def test_a_threshold_chosen_on_these_faces_is_cross_fitted(
    fitted_on: list[str] | str, faces: Path, make_bundle: MakeBundle
) -> None:
    """Its figures would be flattered otherwise; also where these faces are only some of those it was chosen on."""
    fingerprint = pack(open_dataset(faces).split("val")).fingerprint
    known = json.loads(json.dumps(fitted_on).format(fingerprint))
    result = run("benchmarks/evaluate.py", make_bundle("red", fitted_on=known), faces)
    assert result["evaluation"]["rule"] == "f1, cross-fitted"


def test_another_prevalence_restates_and_moves_no_verdict(faces: Path, make_bundle: MakeBundle) -> None:
    """Neither where the threshold was chosen on these faces, nor with a rule of its own."""
    own = pack(open_dataset(faces).split("val")).fingerprint
    for fitted_on, rule in [(own, None), (None, "f1"), (None, None)]:
        bundle = make_bundle("red", fitted_on=fitted_on)
        as_is = run("benchmarks/evaluate.py", bundle, faces, rule=rule)["evaluation"]
        rare = run("benchmarks/evaluate.py", bundle, faces, rule=rule, prevalence=0.02)["evaluation"]
        assert rare["prevalence"] == 0.02
        assert rare["f1"]["value"] < as_is["f1"]["value"]
        assert all(rare[key] == as_is[key] for key in ("threshold", "rule", "matrix", "recall", "false_positive_rate"))


def test_a_rule_chooses_for_the_prevalence_of_the_models_own_threshold(faces: Path, make_bundle: MakeBundle) -> None:
    measured = run("benchmarks/evaluate.py", make_bundle("red"), faces, prevalence=0.02)["evaluation"]
    rare = make_bundle("rare", metrics={"split": "val", "evaluation": measured})
    thresholds = [
        run("benchmarks/evaluate.py", bundle, faces, rule="f1")["evaluation"]["threshold"]
        for bundle in (make_bundle("red"), rare)
    ]
    assert thresholds[0] < thresholds[1]


@pytest.mark.parametrize("rule", [None, "f1"])
def test_each_method_stands_against_all_real_faces(faces: Path, make_bundle: MakeBundle, rule: str | None) -> None:
    """With the very verdicts of the whole, cross-fitted or not, at the same prevalence."""
    result = run("benchmarks/evaluate.py", make_bundle("red"), faces, rule=rule, prevalence=0.17)
    methods = {name: Evaluation.from_dict(one) for name, one in result["methods"].items()}
    whole = Evaluation.from_dict(result["evaluation"])
    assert methods.keys() == {"blend", "swap"}
    assert sum(one.fakes for one in methods.values()) == whole.fakes
    assert sum(one.matrix.tp for one in methods.values()) == whole.matrix.tp
    reals = {(one.matrix.tn, one.matrix.fp) for one in methods.values()}
    assert reals == {(whole.matrix.tn, whole.matrix.fp)}
    assert {(one.rule, one.prevalence) for one in methods.values()} == {(whole.rule, 0.17)}


def test_data_split_prevalence_threshold_and_matrix_are_printed(
    faces: Path, make_bundle: MakeBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run("benchmarks/evaluate.py", make_bundle("red"), faces, prevalence=0.17)
    text = capsys.readouterr().out
    found = Evaluation.from_dict(result["evaluation"])
    for fact in (
        "split val",
        "60 images, 20 fake",
        "17.0 % fakes",
        "threshold 0.5000 (given)",
        str(found.f1),
    ):
        assert fact in text
    lines = [line.split() for line in text.splitlines()]
    assert ["real", f"{found.matrix.tn:.0f}", f"{found.matrix.fp:.0f}"] in lines
    assert ["fake", f"{found.matrix.fn:.0f}", f"{found.matrix.tp:.0f}"] in lines


def test_a_run_is_evaluated_with_the_threshold_of_its_checkpoint(faces: Path, tmp_path: Path) -> None:
    pytest.importorskip("lightning_fabric")
    from edgedf.training.checkpoints import save_checkpoint
    from edgedf.training.config import TrainConfig
    from edgedf.training.models import build_model

    config = TrainConfig(role="student", size="nano")
    (tmp_path / "config.toml").write_text(config.to_toml())
    weights = build_model(config).state_dict()
    content = {"weights": weights, "threshold": 0.25, "rule": "fpr=.2"}
    save_checkpoint(tmp_path / "best_model.pth", content)
    result = run("benchmarks/evaluate.py", tmp_path, faces)
    assert (result["evaluation"]["threshold"], result["evaluation"]["rule"]) == (0.25, "given")


def test_what_can_be_refused_early_is(faces: Path, make_bundle: MakeBundle, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="threshold rule"):
        run("benchmarks/evaluate.py", make_bundle("red"), faces, rule="best")
    with pytest.raises(ConfigError, match="prevalence 0 is not between"):
        run("benchmarks/evaluate.py", tmp_path, faces, prevalence=0)
    with pytest.raises(DatasetError, match="test"):
        run("benchmarks/evaluate.py", make_bundle("red"), faces, split="test")
    with pytest.raises(CheckpointError, match="not a run"):
        run("benchmarks/evaluate.py", tmp_path, faces)


def test_slices_are_evaluated_by_themselves(faces: Path, make_bundle: MakeBundle) -> None:
    """Each has some of the faces, and the sharpness of all is known."""
    result = run("benchmarks/evaluate.py", make_bundle("red"), faces, slices=True)
    counts = {name: one["images"] for name, one in result["slices"].items()}
    assert counts and all(0 < count < result["evaluation"]["images"] for count in counts.values())
    assert not run("benchmarks/evaluate.py", make_bundle("red"), faces)["slices"]


def test_figures_are_kept_in_the_card(faces: Path, make_bundle: MakeBundle) -> None:
    """Those of a dataset replace what was kept of it before, and the bundle stays whole."""
    bundle = make_bundle("red")
    for rule in ("recall=.9", "f1"):
        result = run("benchmarks/evaluate.py", bundle, faces, rule=rule, slices=True, card=True)
    manifest = open_bundle(bundle).manifest
    [(name, kept)] = manifest.provenance["measured"].items()
    assert name == f"{faces.name}, split val"
    assert kept["parts"]["all"] == result["evaluation"]
    assert set(result["slices"]) < set(kept["parts"])
    card = (bundle / "MODEL_CARD.md").read_text()
    assert f"## {manifest.artefacts[0].file} on {name}" in card
    assert "(f1, cross-fitted)" in card


def test_a_run_has_no_card(faces: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no bundle and has no card"):
        run("benchmarks/evaluate.py", tmp_path, faces, card=True)
