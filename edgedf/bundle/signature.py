"""The signature of a bundle, by OpenSSF's model-signing with a key of one's own: nothing is asked of a network.

It covers every file by its SHA-256, `manifest.json` among them, and is compared with the hashes of bytes in memory:
what a runtime gets is read and checked against these same hashes, so files that change meanwhile gain nothing.
`model_signing verify key BUNDLE --signature BUNDLE/model.sig --public-key KEY` checks it without edgedf.
"""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from edgedf.bundle.inside import read_inside
from edgedf.errors import BundleError, InputError
from edgedf.extras import need
from edgedf.files import replacing

SIGNATURE = "model.sig"
LARGEST = 1 << 20  # bytes; that of ten files has 5 kB


class Hashes:
    """Answers what model-signing asks of a hashing configuration: hashes that are known, not those on the disk.

    Attributes:
        asked: Whether it did. To verify, it only does once the signature is known to be by the key.
    """

    def __init__(self, by_path: Mapping[str, str]) -> None:
        self.asked = False
        self._by_path = by_path

    def hash(self, model_path: Path, *, files_to_hash: object = None) -> Any:
        """The list of files that is signed, or compared with the one that was."""
        self.asked = True
        manifest = need("model_signing.manifest", "sign")
        shape = {"method": "files", "hash_type": "sha256", "allow_symlinks": False, "ignore_paths": [SIGNATURE]}
        kind = manifest.SerializationType.from_args(shape)
        digest = manifest.hashing.Digest
        items = [kind.new_item(name, digest("sha256", bytes.fromhex(one))) for name, one in self._by_path.items()]
        return manifest.Manifest(model_path.resolve().name, items, kind)

    def add_ignored_paths(self, **_: object) -> None:
        """Called with files that the signature leaves out; none may be."""


def write_signature(root: Path, hashes: Mapping[str, str], key: Path) -> None:
    """Signs a bundle.

    Args:
        root: Its folder.
        hashes: SHA-256 of its files, by path.
        key: PEM file of a private key on the elliptic curve P-256, P-384 or P-521.

    Raises:
        InputError: The key is none.
        MissingExtraError: model-signing is not installed.
    """
    config = need("model_signing.signing", "sign").Config().set_hashing_config(Hashes(hashes))
    _with_key(lambda: config.use_elliptic_key_signer(private_key=key), "private", key)
    with replacing(root / SIGNATURE) as beside:
        config.sign(root, beside)


def check_signature(root: Path, hashes: Mapping[str, str], key: Path) -> None:
    """Checks that a bundle's signature is by a key and of exactly these files.

    Args:
        root: Its folder.
        hashes: SHA-256 of its files, by path.
        key: PEM file of the public key.

    Raises:
        BundleError: It is not, or there is none.
        InputError: The key is none.
        MissingExtraError: model-signing is not installed.
    """
    found = Hashes(hashes)
    config = need("model_signing.verifying", "sign").Config().set_hashing_config(found)
    _with_key(lambda: config.use_elliptic_key_verifier(public_key=key), "public", key)
    if not os.path.lexists(root / SIGNATURE):
        raise BundleError(f"{root} is not signed: ask its maker for a signed one, or sign it with  edgedf bundle sign")
    read_inside(root, SIGNATURE, LARGEST)  # refuses a link, a pipe and a giant
    try:
        with redirect_stdout(sys.stderr):  # model-signing prints warnings, and standard output is for results
            config.verify(root, root / SIGNATURE)
    except Exception as error:  # hostile bytes make its parsers raise a dozen kinds
        why = "its files are not those that were signed" if found.asked else f"its signature is broken or not by {key}"
        raise BundleError(f"{root}: {why}; do not trust this bundle") from error


def _with_key(use: Callable[[], object], kind: str, key: Path) -> None:
    """Gives model-signing a key; what it raises then is about the key."""
    try:
        use()
    except Exception as error:
        raise InputError(
            f"{key} cannot be used: name the PEM file of a {kind} key on the curve P-256, P-384 or P-521, "
            "without a password"
        ) from error
