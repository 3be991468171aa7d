"""Opening and writing bundles."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import golden
from edgedf.bundle.golden import GOLDEN, unpack_golden
from edgedf.bundle.inside import inside, read_inside
from edgedf.bundle.manifest import MANIFEST, Artefact, Manifest
from edgedf.bundle.reading import manifest_from_json
from edgedf.bundle.signature import SIGNATURE, check_signature, write_signature
from edgedf.console import say
from edgedf.errors import BundleError
from edgedf.files import check_folder, replace_folder, sha256, sweep, write_bytes

CARD = "MODEL_CARD.md"
LARGEST_MANIFEST, LARGEST_FILE = 4 << 20, 512 << 20  # bytes; a teacher's graph has 45 MB


@dataclass(frozen=True)
class Bundle:
    """A bundle whose hashes were all right when it was opened; each read checks again.

    Attributes:
        path: Its folder.
        manifest: What `manifest.json` says.
        hashes: SHA-256 of every file that belongs to it, `manifest.json` among them, by path.
    """

    path: Path
    manifest: Manifest
    hashes: dict[str, str]

    def read(self, artefact: Artefact) -> bytes:
        """The verified bytes of an artefact.

        Raises:
            BundleError: They changed since the bundle was opened.
        """
        return _verified(self.path, artefact.file, artefact.sha256)

    def weights(self, artefact: Artefact) -> bytes:
        """The verified bytes of an artefact's second file; none where it has one file only.

        Raises:
            BundleError: They changed since the bundle was opened.
        """
        if not artefact.weights:
            return b""
        return _verified(self.path, artefact.weights, self.manifest.files[artefact.weights])

    def contents(self) -> dict[str, bytes]:
        """The verified bytes of every file that the manifest names, by path.

        Raises:
            BundleError: They changed since the bundle was opened.
        """
        return {name: _verified(self.path, name, digest) for name, digest in self.manifest.hashes().items()}

    def check_nothing_else(self) -> None:
        """Refuses files that it does not name, but for a signature: no runtime reads them, and nobody has checked them.

        Raises:
            BundleError: There is one.
        """
        named = {self.path / name for name in (SIGNATURE, *self.hashes)}
        for one in self.path.rglob("*"):
            if one not in named and (one.is_symlink() or not one.is_dir()):
                raise BundleError(f"{one} is not in the manifest: remove it")

    def golden(self, artefact: Artefact) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Drawn crops `(G, 256, 256, 3)` and the scores `(G,)` that the artefact must give for them.

        Raises:
            BundleError: They changed since the bundle was opened, or are malformed.
        """
        data = _verified(self.path, GOLDEN, self.manifest.files[GOLDEN])
        return unpack_golden(data, artefact.file, self.manifest.input.size)


def open_bundle(path: Path, trusted: Path | None = None) -> Bundle:
    """Opens a bundle and checks its schema, its paths, the sizes and every hash.

    Args:
        path: Folder of the bundle.
        trusted: PEM file of a public key, by which the bundle must be signed as it is.

    Raises:
        BundleError: One of these is wrong.
        InputError: The key is none.
        MissingExtraError: There is a key, and what checks signatures is not installed.
    """
    file = path / MANIFEST
    if not os.path.lexists(file):
        reason = f"it has no {MANIFEST}" if path.is_dir() else "there is no such folder"
        raise BundleError(f"{path} is not a bundle: {reason}")
    text = read_inside(path, MANIFEST, LARGEST_MANIFEST)
    try:
        manifest = manifest_from_json(text)
    except BundleError as error:
        raise BundleError(f"{file}: {error}") from error
    bundle = Bundle(path, manifest, {MANIFEST: sha256(text), **manifest.hashes()})
    if trusted is not None:
        check_signature(path, bundle.hashes, trusted)
        bundle.check_nothing_else()
    for name, digest in manifest.hashes().items():
        _verified(path, name, digest)
    return bundle


def sign_bundle(path: Path, key: Path) -> None:
    """Signs a bundle as it is, in place of an older signature.

    Args:
        path: Folder of the bundle.
        key: PEM file of a private key on the elliptic curve P-256, P-384 or P-521.

    Raises:
        BundleError: The bundle is refused, or holds files that it does not name.
        InputError: The key is none.
        MissingExtraError: What makes signatures is not installed.
    """
    bundle = open_bundle(path)
    bundle.check_nothing_else()
    write_signature(path, bundle.hashes, key)


def write_bundle(path: Path, manifest: Manifest, files: Mapping[str, bytes]) -> Bundle:
    """Writes a bundle whole or not at all, in place of an older one, whose signature goes with it.

    Args:
        path: Folder of the bundle.
        manifest: What `manifest.json` says.
        files: Content of every file that the manifest names, by path.

    Raises:
        BundleError: Something else is at `path`, or the manifest and the files disagree.
    """
    check_place(path)
    signed = os.path.lexists(path / SIGNATURE)
    sweep(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        for name, data in {MANIFEST: manifest.to_json().encode(), **files}.items():
            write_bytes(inside(beside, name), data)
        written = open_bundle(beside)
        replace_folder(path, beside)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    if signed:
        say(f"{path} changed and is signed no more: run  edgedf bundle sign {path} --key PRIVATE.pem  again")
    return Bundle(path, manifest, written.hashes)


def check_place(path: Path) -> None:
    """Checks that a bundle may be written at a path.

    Raises:
        BundleError: Something else is there.
        InputError: Its folder cannot be written to.
    """
    if path.exists() and not (path / MANIFEST).is_file():
        raise BundleError(f"{path} exists and is not a bundle: choose another place for it")
    check_folder(path.parent)


def _verified(root: Path, name: str, digest: str) -> bytes:
    """Reads a file of a bundle once and checks the bytes it got."""
    data = read_inside(root, name, golden.LARGEST if name == GOLDEN else LARGEST_FILE)
    if sha256(data) != digest:
        raise BundleError(f"{root / name} does not match its hash: fetch it again, or export it again")
    return data
