"""What `manifest.json` says; `edgedf.bundle.reading` reads it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

MANIFEST = "manifest.json"
SCHEMA = 1


@dataclass(frozen=True)
class InputContract:
    """What every artefact of a bundle takes.

    Attributes:
        crop: The rule that cuts a face, as `edgedf.faces.crop.CropRule` writes it.
        size: Side of a crop in pixels.
        colour: Order of the channels.
        dtype: Of the pixels, 0 to 255.
        layout: Order of the axes.
    """

    crop: dict[str, Any]
    size: int = 256
    colour: str = "RGB"
    dtype: str = "uint8"
    layout: str = "NHWC"


@dataclass(frozen=True)
class Site:
    """How an artefact's logits become verdicts at one site, fitted on that site's own faces.

    Attributes:
        threshold: A score from here on is called fake.
        rule: How the threshold was chosen.
        temperature: Score = sigmoid(logit / temperature).
        metrics: Of this threshold on the faces of the fit, as `Artefact.metrics`; never empty.
        fitted_on: Fingerprints of these faces.
    """

    threshold: float
    rule: str
    temperature: float
    metrics: dict[str, Any]
    fitted_on: list[str]


@dataclass(frozen=True)
class Artefact:
    """One model file and what is known about it.

    Attributes:
        file: Path inside the bundle, with forward slashes.
        sha256: Of the file, hexadecimal.
        backend: The runtime it is made for.
        precision: `fp32`, `int8`, ..., with the runtime's precision hint where it has one: `int8, f32`.
        threshold: A score from here on is called fake.
        rule: How the threshold was chosen.
        temperature: Score = sigmoid(logit / temperature).
        tolerance: Largest allowed difference from a golden score.
        metrics: Measured with this file: its `split` and an `evaluation`, as `edgedf.metrics.Evaluation` writes it;
            empty if it was never measured.
        needs: CPU features or GPU it was built for.
        weights: Path of its second file, where it has one (OpenVINO's weights, an engine of TensorRT's), or nothing.
        site: What a runtime uses in place of `threshold`, `rule` and `temperature`, where the bundle was tuned. An
            edgedf that does not know it refuses the bundle, and so cannot judge by the wrong threshold.
    """

    file: str
    sha256: str
    backend: str
    precision: str
    threshold: float
    rule: str
    temperature: float
    tolerance: float
    metrics: dict[str, Any] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    weights: str = ""
    site: Site | None = None

    @property
    def int8(self) -> bool:
        """Whether it computes in INT8."""
        return "int8" in self.precision

    @property
    def point(self) -> "Artefact | Site":
        """The threshold, rule, temperature and metrics in use, those of the site or else its own."""
        return self.site or self


@dataclass(frozen=True)
class Manifest:
    """The content of `manifest.json`.

    Attributes:
        name: Of the model.
        architecture: Kind of network and its size.
        input: What the artefacts take.
        artefacts: A runtime uses the fastest; where it may not measure, the first that works.
        files: SHA-256 of every further file, by path.
        provenance: Config, seed, revision and library versions; fingerprints of the faces of training (`trained_on`)
            and threshold (`fitted_on`), and the share of fakes that this was chosen for (`fitted_prevalence`); the
            licence of the weights (`license`), as an SPDX expression, where it was stated; what its maker says in
            the card (`about`, lines of Markdown); by data set, what an artefact is worth on further faces (`measured`).
        labels: Names of class 0 and 1.
        schema: Version of this layout.
        temporal: How a camera's frames become one verdict, as `edgedf.runtime.live.temporal.Temporal`'s values; an
            older edgedf refuses a bundle that has it.
    """

    name: str
    architecture: dict[str, Any]
    input: InputContract
    artefacts: list[Artefact]
    files: dict[str, str]
    provenance: dict[str, Any] = field(default_factory=dict)
    labels: list[str] = field(default_factory=lambda: ["real", "fake"])
    schema: int = SCHEMA
    temporal: dict[str, float] | None = None

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every file that the manifest names, by path."""
        return self.files | {artefact.file: artefact.sha256 for artefact in self.artefacts}

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form; an artefact that was not tuned has no key `site`, nor a bundle without it `temporal`."""
        values = asdict(self)
        if self.temporal is None:
            del values["temporal"]
        for artefact in values["artefacts"]:
            if artefact["site"] is None:
                del artefact["site"]
        return values

    def to_json(self) -> str:
        """The text of `manifest.json`."""
        return json.dumps(self.to_dict(), indent=2) + "\n"
