"""Everything that can be told of a bundle on this machine: every artefact, not only the one that would be used."""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from edgedf.bundle import Artefact, Bundle, open_bundle
from edgedf.errors import BundleError, EdgedfError, MissingExtraError, UnavailableError, first_line
from edgedf.extras import need
from edgedf.runtime.engine import cpus, load_checked


class Verified(NamedTuple):
    """An artefact in which nothing wrong was found.

    Attributes:
        file: Of the artefact.
        backend: Its runtime.
        replayed: Whether it gave its golden scores; without its runtime only hash and contract are checked.
        reason: Why they were not replayed.
    """

    file: str
    backend: str
    replayed: bool
    reason: str = ""


def verify(path: Path, trusted: Path | None = None) -> list[Verified]:
    """Checks all files of a bundle, and each artefact in its own runtime where that is here.

    Args:
        path: Folder of the bundle.
        trusted: PEM file of a public key, by which the bundle must be signed as it is.

    Raises:
        BundleError: Something is wrong with the bundle or one of its artefacts, or no artefact could be run here.
        InputError: The key is none.
        MissingExtraError: There is a key, and what checks signatures is not installed.
    """
    bundle = open_bundle(path, trusted)
    bundle.check_nothing_else()
    found: list[Verified] = []
    wrong: list[str] = []
    for one in bundle.manifest.artefacts:
        try:
            found.append(_verified(bundle, one))
        except EdgedfError as error:
            wrong.append(f"{one.file} is refused: {error}")
    if wrong:
        raise BundleError(f"{path}: {'; '.join(wrong)}")
    if not any(one.replayed for one in found):
        reasons = "; ".join(f"{one.file}: {one.reason}" for one in found)
        raise BundleError(f"no artefact of {path} works here: {reasons}")
    return found


def _verified(bundle: Bundle, artefact: Artefact) -> Verified:
    reason = ""
    try:
        load_checked(bundle, artefact, cpus())
    except UnavailableError as error:
        reason = str(error)
    if artefact.file.endswith(".onnx"):
        _check_onnx(bundle.read(artefact))
    return Verified(artefact.file, artefact.backend, not reason, reason)


def _check_onnx(model: bytes) -> None:
    """Has the `onnx` package, where it is installed, check the types and shapes of every operator."""
    with suppress(MissingExtraError):
        checker = need("onnx.checker", "export")
        try:
            checker.check_model(model, full_check=True)
        except Exception as error:
            raise BundleError(f"it is not sound ONNX ({first_line(error)})") from error
