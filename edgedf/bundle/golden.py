"""Golden vectors: drawn crops and the scores that each artefact must give for them."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import BundleError

GOLDEN = "golden.npz"
LARGEST = 64 << 20  # bytes when unpacked, many times what a few crops take


def pack_golden(crops: NDArray[np.uint8], scores: Mapping[str, NDArray[np.float32]]) -> bytes:
    """The content of `golden.npz`.

    Args:
        crops: `(G, 256, 256, 3)`.
        scores: `(G,)` for each artefact, by its path in the bundle.
    """
    arrays: dict[str, Any] = {_key(name): values for name, values in scores.items()}
    file = io.BytesIO()
    np.savez_compressed(file, crops=crops, **arrays)
    return file.getvalue()


def unpack_golden(data: bytes, artefact: str, size: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Crops `(G, size, size, 3)` and scores `(G,)` of one artefact.

    Raises:
        BundleError: The archive is malformed, too large, or has no scores for this artefact.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST:
                raise ValueError(f"it unpacks to more than {LARGEST >> 20} MB")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            crops, scores = arrays["crops"], arrays[_key(artefact)]
    except Exception as error:  # hostile bytes make zipfile, zlib and numpy raise a dozen kinds
        raise BundleError(f"{GOLDEN} cannot be read ({error})") from error
    if scores.dtype != np.float32 or scores.ndim != 1 or not len(scores):
        raise BundleError(f"the scores in {GOLDEN} are {scores.dtype} {scores.shape}")
    if crops.dtype != np.uint8 or crops.shape != (len(scores), size, size, 3):
        raise BundleError(f"the crops in {GOLDEN} are {crops.dtype} {crops.shape}")
    return crops, scores


def _key(artefact: str) -> str:
    return f"scores/{artefact}"
