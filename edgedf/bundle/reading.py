"""The strict reading of `manifest.json`, before anything else of a bundle is looked at."""

import math
import re
from typing import Any

from edgedf import strict_json
from edgedf.bundle.golden import GOLDEN
from edgedf.bundle.manifest import MANIFEST, SCHEMA, Artefact, InputContract, Manifest, Site
from edgedf.errors import BundleError, InputError
from edgedf.metrics import Evaluation
from edgedf.typed import check, read, shape

COLDEST, HOTTEST = 1e-3, 1e3  # temperatures; a fitted one is between .1 and 10
SHA256 = re.compile("[0-9a-f]{64}")

# Shapes of what other parts of the package write into a manifest and read back.
CROP = {"detector": str, "margin": float, "shift": float, "size": int, "interpolation": str}
INTERPOLATIONS = ("bilinear", "bicubic")
EVALUATION = shape(Evaluation)


def manifest_from_json(text: bytes) -> Manifest:
    """Reads a manifest; its keys and their types are exactly those of `Manifest`.

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
