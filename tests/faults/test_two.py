"""Two processes on one run, output, bundle or cache: the second waits and says so, or is refused; nothing is lost."""

import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from edgedf.bundle import Site, open_bundle
from edgedf.deploy.card import MEASURED, keep_measured
from edgedf.deploy.tuning import write_sites
from edgedf.metrics import evaluate
from edgedf.shipped import DEFAULT_STUDENT
from tests.faults.child import Child, run
from tests.faults.trials import TRIALS, Place, again


@pytest.fixture
def place(inputs: Path, tmp_path: Path) -> Place:
    place = Place(inputs, tmp_path / "place")
    place.cache.mkdir(parents=True)
    return place


@pytest.mark.faults
@pytest.mark.parametrize(
    ("name", "refusal"), [("train", "another process trains"), ("forge", "another process writes to")]
)
def test_the_second_is_refused(name: str, refusal: str, place: Place) -> None:
    trial = TRIALS[name]
    first = Child(trial.words(place), place.cache)
    first.until((place.out / {"train": "config.toml", "forge": "mask"}[name]).exists)
    first.send(signal.SIGSTOP)
    second = run(trial.words(place), place.cache)
    first.send(signal.SIGCONT)
    assert (second.code, refusal in second.err, second.err.count("\n")) == (2, True, 1), second
    assert first.end().code == 0


def waits(pid: int) -> bool:
    """Whether a process waits for a lock."""
    return any("->" in line and f" {pid} " in line for line in Path("/proc/locks").read_text().splitlines())


@pytest.mark.faults
@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="who waits stands there")
def test_the_second_waits_and_says_so(place: Place) -> None:
    """And then finds all done."""
    trial = TRIALS["prepare"]
    first = Child(trial.words(place), place.cache)
    first.until(lambda: (place.out / "prepare.jsonl").exists())
    first.send(signal.SIGSTOP)
    second = Child(trial.words(place), place.cache)
    second.until(lambda: waits(second.pid))
    first.send(signal.SIGCONT)
    assert first.end().code == 0
    ended = second.end()
    assert ended.code == 0 and "waiting for another process" in ended.out, ended
    assert "going on: 12 of 12 sources are done" in ended.out
    assert len((place.out / "labels.csv").read_text().splitlines()) == 13


@pytest.mark.faults
def test_two_exports_to_one_bundle_leave_a_whole_one(place: Place) -> None:
    words = TRIALS["export"].words(place)
    both = [Child(words, place.cache) for _ in range(2)]
    assert {child.end().code for child in both} <= {0, 1}
    assert run(["bundle", "verify", place.out / "x.edgedf"], place.cache).code == 0
    assert again(TRIALS["export"], place).code in (0, 1)


def test_a_bundle_that_changed_meanwhile_keeps_both_changes(tmp_path: Path) -> None:
    """A site's threshold, fitted while another process noted what the bundle is worth elsewhere, and the reverse."""
    shutil.copytree(DEFAULT_STUDENT, tmp_path / "x.edgedf")
    opened = open_bundle(tmp_path / "x.edgedf")
    artefact = opened.manifest.artefacts[0]
    labels, scores = np.array([0, 1] * 8, np.uint8), np.linspace(0.1, 0.9, 16)
    evaluation = evaluate(labels, scores, [str(i) for i in range(16)], threshold=0.5)
    site = Site(0.25, "f1", 2.0, {"split": "val", "evaluation": evaluation.to_dict()}, ["made"])
    keep_measured(opened, "elsewhere", artefact, {"all": evaluation})
    write_sites(opened, {artefact.file: site})
    keep_measured(opened, "nowhere", artefact, {"all": evaluation})
    now = open_bundle(tmp_path / "x.edgedf").manifest
    assert now.artefacts[0].site == site
    assert {"elsewhere", "nowhere"} <= now.provenance[MEASURED].keys()


@pytest.mark.faults
def test_two_students_of_one_teacher_share_its_answers(place: Place, tmp_path: Path) -> None:
    """Each has the numbers of one that is alone."""
    other = Place(place.inputs, tmp_path / "other")
    trial = TRIALS["distill"]
    words = [*trial.words(other)]
    both = [Child(words, place.cache), Child(trial.words(place), place.cache)]
    left = [child.end() for child in both]
    assert [one.code for one in left] == [0, 0], left
    alone = Place(place.inputs, tmp_path / "alone")
    alone.cache.mkdir(parents=True)
    found = run(trial.words(alone), alone.cache)
    whole = trial.left(alone, found)
    assert trial.left(place, left[1]) == whole
    answers = {key: value for key, value in trial.left(other, left[0]).items() if key not in ("packed", "answers")}
    assert answers == {key: whole[key] for key in answers}
