"""What `manifest.json` says, and the strict reading of it."""

import json
import math
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from edgedf import strict_json
from edgedf.bundle.golden import GOLDEN
from edgedf.errors import BundleError, InputError
from edgedf.metrics import FIGURES
from edgedf.typed import check, read

MANIFEST = "manifest.json"
SCHEMA = 1
COLDEST, HOTTEST = 1e-3, 1e3  # temperatures; a fitted one is between .1 and 10
SHA256 = re.compile("[0-9a-f]{64}")

# Shapes of what other parts of the package write into a manifest and read back: exact keys, and the type of each value.
CROP = {"detector": str, "margin": float, "shift": float, "size": int, "interpolation": str}
INTERPOLATIONS = ("bilinear", "bicubic")
INTERVAL = dict.fromkeys(("value", "low", "high"), float)
EVALUATION = {
    **dict.fromkeys(("images", "fakes", "groups"), int),
    **dict.fromkeys(("prevalence", "threshold"), float),
    "rule": str,
    "matrix": dict.fromkeys(("tn", "fp", "fn", "tp"), float),
    **dict.fromkeys(FIGURES, INTERVAL),
}


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
        """What tells the threshold, rule, temperature and metrics in use: the site's, or else the artefact's own."""
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


def manifest_from_json(text: bytes) -> Manifest:
    """Reads a manifest; each key and type must be as above.

    Raises:
        BundleError: The text is not a manifest of a schema known here.
    """
    try:
        values = strict_json.loads(text)
        check(dict[str, Any], values, "it")
        if (schema := values.get("schema")) != SCHEMA:
            raise BundleError(f"schema {schema!r} is unknown, this edgedf reads {SCHEMA}: update edgedf")
        manifest = read(Manifest, values, "manifest", whole=True)
        _check(manifest)
    except BundleError:
        raise
    except (ValueError, InputError) as error:
        raise BundleError(f"the manifest is malformed ({error})") from error
    return manifest


def _check(manifest: Manifest) -> None:
    """Refuses values that no runtime here can work with.

    Raises:
        ValueError: There is one.
    """
    if not manifest.artefacts:
        raise ValueError("it names no artefact")
    here = InputContract(manifest.input.crop)
    if manifest.input != here:
        raise ValueError(f"its input is not {here.dtype} {here.layout} {here.colour} of {here.size} px")
    _check_crop(manifest.input)
    if manifest.labels != ["real", "fake"]:
        raise ValueError(f"its labels are {manifest.labels}")
    _check_files(manifest)
    _check_provenance(manifest.provenance)
    for one in manifest.artefacts:
        if not 0 <= one.tolerance <= 1:
            raise ValueError(f"the tolerance of {one.file} is out of range")
        _check_point(one, one.file, measured=bool(one.metrics))
        if one.site:
            _check_point(one.site, f"{one.file} at its site", measured=True)


def _check_point(point: Artefact | Site, of: str, measured: bool) -> None:
    """Checks threshold, temperature and, where there must be some, metrics."""
    if not 0 <= point.threshold <= math.nextafter(1, 2):  # just above 1 calls nothing fake
        raise ValueError(f"the threshold of {of} is {point.threshold}")
    if not COLDEST <= point.temperature <= HOTTEST:
        raise ValueError(f"the temperature of {of} is out of range")
    if measured:
        check(str, point.metrics.get("split"), f"{of}: metrics.split")
        check(EVALUATION, point.metrics.get("evaluation"), f"{of}: metrics.evaluation")
        share = point.metrics["evaluation"]["prevalence"]
        if not 0 < share < 1:
            raise ValueError(f"the evaluation of {of} is stated at a prevalence of {share}")


def _check_files(manifest: Manifest) -> None:
    """Refuses hashes that are none, and names that are one file on a system that ignores case."""
    names = [MANIFEST, *manifest.files, *(one.file for one in manifest.artefacts)]
    if len({name.casefold() for name in names}) < len(names):
        raise ValueError("it names a file twice, or two that differ by case only")
    for name in (GOLDEN, *(one.weights for one in manifest.artefacts if one.weights)):
        if name not in manifest.files:
            raise ValueError(f"it has no hash of {name}")
    for name, digest in manifest.hashes().items():
        if not SHA256.fullmatch(digest):
            raise ValueError(f"the hash of {name} is not a SHA-256 in small hexadecimal digits")


def _check_provenance(values: dict[str, Any]) -> None:
    """Refuses what `edgedf.deploy` could not read back."""
    share = values.get("fitted_prevalence")
    if share is not None and not (type(share) is float and 0 < share < 1):
        raise ValueError(f"its threshold was fitted for a prevalence of {share!r}")
    check(str, values.get("license", ""), "provenance.license")
    check(list[str], values.get("about", []), "provenance.about")
    for key in ("trained_on", "fitted_on"):
        if not isinstance(fingerprints := values.get(key), str | None):
            check(list[str], fingerprints, f"provenance.{key}")
    _check_measured(values.get("measured", {}))
    ranges = values.get("trained_ranges", {})
    check(dict[str, dict[str, list[float]]], ranges, "provenance.trained_ranges")
    if any(len(one) != 2 for of_dialect in ranges.values() for one in of_dialect.values()):
        raise ValueError("provenance.trained_ranges is not a lowest and highest value by tensor and dialect")


def _check_measured(values: Any) -> None:
    check(dict[str, Any], values, "provenance.measured")
    for data, found in values.items():
        check({"artefact": str, "parts": dict[str, Any]}, found, f"provenance.measured.{data}")
        if not found["parts"]:
            raise ValueError(f"nothing was measured on {data}")
        for name, one in found["parts"].items():
            check(EVALUATION, one, f"provenance.measured.{data}.parts.{name}")


def _check_crop(contract: InputContract) -> None:
    crop = contract.crop
    check(CROP, crop, "manifest.input.crop")
    if crop["size"] != contract.size or not crop["margin"] > 0 or crop["interpolation"] not in INTERPOLATIONS:
        raise ValueError(f"the crop rule makes no crops of {contract.size} px: {crop}")
