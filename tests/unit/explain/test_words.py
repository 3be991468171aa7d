from dataclasses import replace

import numpy as np
import pytest

from edgedf.explain.explanation import Explanation, Subject, explain
from edgedf.explain.maps import Crop
from edgedf.explain.regions import OUTSIDE, Share
from edgedf.explain.words import sentence
from edgedf.faces.landmarks import Landmarks

MOUTH = {"mouth": Share(0.7, 0.1), "eyes": Share(0.1, 0.15), OUTSIDE: Share(0.2, 0.75)}
EVEN = {"mouth": Share(0.1, 0.1), "eyes": Share(0.15, 0.15), OUTSIDE: Share(0.75, 0.75)}


@pytest.fixture
def found() -> Explanation:
    return Explanation(
        verdict="fake",
        score=0.9,
        threshold=0.4,
        logit=2.2,
        maps={},
        bands={"8-16 cycles": -0.2, "24-40 cycles": 1.1},
        regions={"occlusion": MOUTH, "attention": MOUTH},
        by_points=True,
        agreement=0.8,
        effect=0.7,
    )


def test_it_names_place_band_and_effect(found: Explanation) -> None:
    assert sentence(found) == (
        "Called fake (score 0.90, threshold 0.40): most of the evidence: mouth region (70% of it on 10% of the crop), "
        "band 24-40 cycles (without it the logit loses 1.10); hiding the strongest place moves the logit by 0.70 of "
        "2.20; its attention lies on the mouth region, in agreement with that (correlation 0.80)."
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"effect": 0.0}, "no place speaks for it"),
        ({"regions": {"occlusion": EVEN, "attention": MOUTH}}, "the evidence is spread over the crop"),
        ({"regions": {"occlusion": MOUTH, "attention": EVEN}}, "its attention is spread"),
        ({"bands": {"8-16 cycles": -0.2}}, "no band speaks for it"),
        ({"agreement": -0.1}, "says something else"),
        ({"agreement": 0.3}, "agrees in part only"),
        ({"verdict": "real"}, "Called real"),
    ],
)
def test_it_follows_the_measurements(found: Explanation, change: dict[str, object], says: str) -> None:
    changed = sentence(replace(found, **change))  # type: ignore[arg-type]
    assert says in changed and says not in sentence(found)


def test_the_numbers_of_an_explanation(subject: Subject, crop: Crop) -> None:
    """What a model says of which all is known: it looks at one place and attends to another."""
    one = explain(subject, crop, Landmarks())
    assert one.verdict == "fake" and one.effect > 0
    assert one.agreement < 0
    assert "says something else" in sentence(one)
    assert set(one.to_dict()["regions"]) == {"attention", "occlusion"}
    calm = explain(replace(subject, threshold=1.0), crop, Landmarks())
    assert calm.verdict == "real" and calm.effect == 0
    assert np.isclose(list(calm.bands.values()), [-loss for loss in one.bands.values()]).all()
