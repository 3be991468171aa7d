"""The explanation of one verdict: maps, frequencies, parts of the face, and a sentence made from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from edgedf.explain.bands import bands
from edgedf.explain.maps import Ask, Crop, Map, Method, attention, correlation, occlusion
from edgedf.explain.regions import Share, find_regions, shares
from edgedf.faces.crop import CropRule
from edgedf.faces.landmarks import Landmarks
from edgedf.metrics import sigmoid
from edgedf.runtime.engine import Engine


@dataclass(frozen=True)
class Subject:
    """A model to be explained.

    Attributes:
        name: Of the artefact, bundle or run.
        ask: Has it judge crops.
        threshold: A score from here on is called fake.
        temperature: Score = sigmoid(logit / temperature).
        rule: Cuts its crops.
        labels: Names of real and fake.
        gradients: Methods that need the network itself; none for a bundle.
    """

    name: str
    ask: Ask
    threshold: float
    temperature: float = 1.0
    rule: CropRule = CropRule()  # noqa: RUF009  frozen
    labels: tuple[str, str] = ("real", "fake")
    gradients: Mapping[str, Method] = field(default_factory=dict)

    @classmethod
    def of_engine(cls, engine: Engine) -> "Subject":
        """The artefact that an engine has in use."""
        real, fake = engine.manifest.labels
        rule = CropRule.from_dict(engine.manifest.input.crop)
        name, point = f"{engine.manifest.name}, {engine.artefact.file}", engine.artefact.point
        return cls(name, engine.run, point.threshold, point.temperature, rule, (real, fake))

    @property
    def methods(self) -> dict[str, Method]:
        """Every method there is for it, by name."""
        return {
            "attention": lambda crop, sign: attention(self.ask, crop),
            "occlusion": partial(occlusion, self.ask),
            **self.gradients,
        }


@dataclass(frozen=True)
class Explanation:
    """What was measured of one verdict; evidence is for the verdict, real or fake.

    Attributes:
        verdict: `real` or `fake`.
        score: P(fake).
        threshold: A score from here on is called fake.
        logit: Before calibration.
        maps: By method; above 0 speaks for the verdict, and an attention map speaks for either.
        bands: What the logit loses for the verdict without each band of frequencies.
        regions: By method: the share of the map in each part of the face.
        by_points: Whether the face's points were found; otherwise its parts are told by the rule that cut it.
        agreement: Correlation of attention and occlusion over the pixels, in [-1, 1].
        effect: The most that the logit loses for the verdict where one place is hidden; 0 where nothing helped it.
    """

    verdict: str
    score: float
    threshold: float
    logit: float
    maps: dict[str, Map]
    bands: dict[str, float]
    regions: dict[str, dict[str, Share]]
    by_points: bool
    agreement: float
    effect: float

    def to_dict(self) -> dict[str, Any]:
        """The numbers, without the maps, as JSON-able values."""
        plain = {name: value for name, value in vars(self).items() if name != "maps"}
        regions = {
            method: {name: share._asdict() for name, share in found.items()} for method, found in self.regions.items()
        }
        return plain | {"regions": regions}


def explain(subject: Subject, crop: Crop, landmarks: Landmarks) -> Explanation:
    """Explains what a model says about a face."""
    logit = float(subject.ask(crop[None]).logit[0])
    score = float(sigmoid(np.array(logit / subject.temperature)))
    fake = score >= subject.threshold
    sign = 1.0 if fake else -1.0
    maps = {name: method(crop, sign) for name, method in subject.methods.items()}
    regions, by_points = find_regions(crop, subject.rule, landmarks)
    return Explanation(
        verdict=subject.labels[fake],
        score=score,
        threshold=subject.threshold,
        logit=logit,
        maps=maps,
        bands=bands(subject.ask, crop, sign),
        regions={name: shares(found, regions) for name, found in maps.items()},
        by_points=by_points,
        agreement=correlation(maps["attention"], maps["occlusion"]),
        effect=float(maps["occlusion"].max()),
    )
