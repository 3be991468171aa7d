"""The model card: its figures are those of the manifest."""

from dataclasses import replace

import numpy as np

from edgedf.bundle import Artefact, InputContract, Manifest
from edgedf.deploy.card import model_card
from edgedf.faces.crop import CropRule
from edgedf.metrics import evaluate


def manifest(**metrics: object) -> Manifest:
    artefact = Artefact("model.onnx", "", "onnxruntime", "fp32", 0.625, "recall=.95", 1.5, 1e-3, metrics)
    return Manifest("student", {"kind": "student"}, InputContract(CropRule().to_dict()), [artefact], {})


def test_the_card_says_how_a_score_becomes_a_verdict() -> None:
    text = model_card(manifest())
    assert "# student" in text
    assert "sigmoid(logit / 1.5)" in text
    assert "0.625 or more is called fake (rule: recall=.95)" in text
    assert "0.92 times the longer side of the yunet box" in text
    assert "Not measured" in text


def test_the_card_says_the_licence_where_it_was_stated() -> None:
    assert "Licence" not in model_card(manifest())
    stated = replace(manifest(), provenance={"license": "LicenseRef-mine"})
    assert "## Licence\n\nThe weights are under LicenseRef-mine.\n\n## Limits" in model_card(stated)


def test_the_card_gives_the_measured_figures() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(100, dtype=np.uint8) % 2
    scores = np.clip(labels * 0.3 + rng.random(100) * 0.7, 0, 1)
    found = evaluate(labels, scores, [str(i) for i in range(100)], threshold=0.5, prevalence=0.17)
    text = model_card(manifest(split="val", evaluation=found.to_dict()))
    assert f"| F1 | {found.f1} |" in text
    assert f"TN {found.matrix.tn:g}, FP {found.matrix.fp:g}" in text
    assert "100 crops of split 'val' (50 fake" in text
    assert "prevalence of 0.17" in text


def test_the_card_opens_with_what_its_maker_says() -> None:
    stated = replace(manifest(), provenance={"about": ["Trained on drawings.", "", "Fails at night."]})
    assert "forged ones (1).\n\nTrained on drawings.\n\nFails at night.\n\n## Input" in model_card(stated)


def test_the_card_gives_figures_on_further_faces_by_part() -> None:
    labels = np.arange(100, dtype=np.uint8) % 2
    scores = np.linspace(0, 1, 100)
    found = evaluate(labels, scores, [str(i) for i in range(100)], threshold=0.5)
    measured = {"clips, split test": {"artefact": "model.onnx", "parts": {"all": found.to_dict()}}}
    text = model_card(replace(manifest(), provenance={"measured": measured}))
    assert "## model.onnx on clips, split test" in text
    assert f"| all | 100 | 50 | {found.auc} |" in text
