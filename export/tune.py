"""Tune: a bundle's threshold and temperature fitted to one site, on faces from its own cameras.

    faces -> logits of each artefact in its own runtime -> temperature -> threshold by the rule -> manifest

The shipped values stay beside the site's, which a runtime uses; `--undo` takes these away again.
"""

from functools import partial
from pathlib import Path
from typing import Any

from edgedf.bundle import Artefact, Bundle, Site, open_bundle
from edgedf.console import say, table
from edgedf.data.packed import PackedFaces, pack_split
from edgedf.deploy.evaluation import logits
from edgedf.deploy.tuning import check_faces, fit_site, shipped_evaluation, write_sites
from edgedf.errors import InputError
from edgedf.metrics import Evaluation, check_prevalence, check_rule
from edgedf.runtime.choice import load_each
from edgedf.runtime.engine import cpus, load_checked

HEADER = ["artefact", "threshold", "temperature", "F1", "recall", "false positive rate"]


def main(
    bundle: Path,
    *,
    data: Path | None = None,
    split: str | None = None,
    rule: str | None = None,
    prevalence: float | None = None,
    undo: bool = False,
) -> dict[str, Any]:
    """Fits every artefact that can run here to a site, or undoes it.

    Args:
        bundle: Folder of the bundle.
        data: Dataset of the site's faces.
        split: Of that dataset; `val` when None.
        rule: Chooses the threshold; each artefact's shipped rule when None.
        prevalence: Share of fakes to fit for and to state figures at; when None, the one that the shipped threshold was
            chosen for, or else the data's.
        undo: Take the site's values away.

    Returns:
        Where the bundle is, what the manifest says of each artefact, and why some were not tuned.

    Raises:
        InputError: Options that do not go together, or faces that nothing can be fitted on.
    """
    _check(data, split, rule, prevalence, undo)
    opened = open_bundle(bundle.resolve())  # a link, or ".", cannot be replaced
    if data is None:
        return _result(_undo(opened), {})
    split = split or "val"
    faces = pack_split(data, split)
    check_faces(opened, faces)
    loaded, failed = load_each(opened, opened.manifest.artefacts, partial(load_checked, opened, threads=cpus()))
    prevalence = prevalence or opened.manifest.provenance.get("fitted_prevalence")
    sites: dict[str, Site | None] = {}
    rows: list[list[object]] = []
    for one in (one for one in opened.manifest.artefacts if one.file in loaded):
        logit = logits(loaded[one.file], faces, one.file)
        site = sites[one.file] = fit_site(logit, faces, split, rule or one.rule, prevalence)
        rows += _rows(one, site, shipped_evaluation(one, logit, faces, prevalence))
    tuned = write_sites(opened, sites)
    _report(tuned, faces, rows)
    for one in tuned.manifest.artefacts:
        if one.file in failed:
            whose = "earlier site's" if one.site else "shipped"
            say(f"{one.file} keeps its {whose} threshold, because it does not work here: {failed[one.file]}")
    return _result(tuned, {file: str(error) for file, error in failed.items()})


def _check(data: Path | None, split: str | None, rule: str | None, prevalence: float | None, undo: bool) -> None:
    """What can be refused before the work starts."""
    if undo and (data or split or rule or prevalence is not None):
        raise InputError("--undo takes the site's threshold away and needs no other option")
    if not undo and data is None:
        raise InputError("give the site's faces with --data DIR, or --undo")
    if rule:
        check_rule(rule)
    if prevalence is not None:
        check_prevalence(prevalence)


def _undo(bundle: Bundle) -> Bundle:
    if not any(one.site for one in bundle.manifest.artefacts):
        say(f"{bundle.path} was not tuned: nothing to undo")
        return bundle
    say(f"{bundle.path} has its shipped thresholds again")
    return write_sites(bundle, {one.file: None for one in bundle.manifest.artefacts})


def _rows(artefact: Artefact, site: Site, shipped: Evaluation) -> list[list[object]]:
    """The shipped values above the site's, both on the site's faces."""
    fitted = Evaluation.from_dict(site.metrics["evaluation"])
    return [
        _row(f"{artefact.file}, shipped", artefact.temperature, shipped),
        _row(f"  site, by {site.rule}", site.temperature, fitted),
    ]


def _row(name: str, temperature: float, found: Evaluation) -> list[object]:
    return [name, f"{found.threshold:.4f}", f"{temperature:.3f}", found.f1, found.recall, found.false_positive_rate]


def _report(bundle: Bundle, faces: PackedFaces, rows: list[list[object]]) -> None:
    site = next(one.site for one in bundle.manifest.artefacts if one.site)
    share = site.metrics["evaluation"]["prevalence"]
    say("\n" + table(HEADER, rows) + "\n")
    say(f"on {len(faces)} faces, {int(faces.labels.sum())} fake, stated at {100 * share:.1f} % fakes;")
    say("the site's figures are cross-fitted over groups; intervals of 95 %")
    if faces.fingerprint in (bundle.manifest.provenance.get("fitted_on") or ()):
        say("the shipped thresholds were chosen on these very faces, which flatters their figures")
    say(f"wrote {bundle.path}")


def _result(bundle: Bundle, not_tuned: dict[str, str]) -> dict[str, Any]:
    return {"bundle": str(bundle.path), "artefacts": bundle.manifest.to_dict()["artefacts"], "not_tuned": not_tuned}
