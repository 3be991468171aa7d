"""A site's own threshold and temperature for each artefact of a bundle, beside the shipped ones."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import Artefact, Bundle, Site, open_bundle, write_bundle
from edgedf.data.packed import PackedFaces
from edgedf.deploy.operating_point import fit_operating_point
from edgedf.errors import DatasetError
from edgedf.locks import alone
from edgedf.metrics import Evaluation, evaluate
from edgedf.metrics.arrays import need_both_classes
from edgedf.runtime.engine import scores


def check_faces(bundle: Bundle, faces: PackedFaces) -> None:
    """Checks that a threshold may be fitted on faces.

    Raises:
        DatasetError: They are all real or all fake, or the model was trained on them.
    """
    need_both_classes(faces.labels)
    if faces.fingerprint in (bundle.manifest.provenance.get("trained_on") or ()):
        raise DatasetError("the model was trained on these faces, which flatter it: give others, or another split")


def fit_site(logit: NDArray[np.float32], faces: PackedFaces, split: str, rule: str, prevalence: float | None) -> Site:
    """Fits an artefact's threshold and temperature to a site.

    Args:
        logit: Its logits (N,) in its own runtime.
        faces: The site's.
        split: That they are.
        rule: Chooses the threshold.
        prevalence: Share of fakes to fit for; that of the faces when None.
    """
    point = fit_operating_point(faces.labels, logit, faces.groups, rule, prevalence)
    assert point.evaluation is not None
    metrics = {"split": split, "evaluation": point.evaluation.to_dict()}
    return Site(point.threshold, point.rule, point.temperature, metrics, list(faces.fingerprints))


def shipped_evaluation(
    artefact: Artefact, logit: NDArray[np.float32], faces: PackedFaces, prevalence: float | None
) -> Evaluation:
    """What the shipped threshold of an artefact is worth on a site's faces; see `fit_site`."""
    found = scores(logit, artefact.temperature)
    return evaluate(faces.labels, found, faces.groups, threshold=artefact.threshold, prevalence=prevalence)


def write_sites(bundle: Bundle, sites: Mapping[str, Site | None]) -> Bundle:
    """Writes a bundle anew with other site values, and all else as it is.

    Args:
        bundle: The bundle.
        sites: By artefact; None takes an artefact's values away, and one that is not named keeps them.
    """
    fitted = {one.file: one.sha256 for one in bundle.manifest.artefacts}
    with alone(bundle.path.parent):
        now = open_bundle(bundle.path)  # another process may have added to it since
        artefacts = [
            replace(one, site=sites.get(one.file, one.site)) if fitted.get(one.file) == one.sha256 else one
            for one in now.manifest.artefacts
        ]
        return write_bundle(now.path, replace(now.manifest, artefacts=artefacts), now.contents())
