"""Golden vectors: drawn crops and the scores that each artefact must give for them."""

import io
import math
import re
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import BundleError, first_line

GOLDEN = "golden.npz"
LARGEST = 16 << 20  # bytes, packed and unpacked: twenty times what a few crops take

# The start of an array as numpy writes it (numpy.lib.format). Its own reader would evaluate the text as Python and
# take memory for whatever shape it names.
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(r"\{'descr': '(.{3})', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n")


def pack_golden(crops: NDArray[np.uint8], scores: Mapping[str, NDArray[np.float32]]) -> bytes:
    """The content of `golden.npz`.

    Args:
        crops: `(G, 256, 256, 3)`.
        scores: `(G,)` for each artefact, by its path in the bundle.
    """
    arrays: dict[str, Any] = {_key(name): values for name, values in scores.items()}
    file = io.BytesIO()
    np.savez_compressed(file, crops=np.ascontiguousarray(crops), **arrays)
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
            crops, scores = _array(archive, "crops"), _array(archive, _key(artefact))
    except Exception as error:  # hostile bytes make zipfile and zlib raise a dozen kinds
        raise BundleError(f"{GOLDEN} cannot be read ({first_line(error)})") from error
    if scores.dtype != np.float32 or scores.ndim != 1 or not len(scores):
        raise BundleError(f"the scores in {GOLDEN} are {scores.dtype} {scores.shape}")
    if not ((scores >= 0) & (scores <= 1)).all():  # nor is a NaN between them
        raise BundleError(f"the scores in {GOLDEN} are not between 0 and 1")
    if crops.dtype != np.uint8 or crops.shape != (len(scores), size, size, 3):
        raise BundleError(f"the crops in {GOLDEN} are {crops.dtype} {crops.shape}")
    return crops, scores


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """One array, read no further than its header says.

    Raises:
        ValueError: It is not an array of numbers in the order of C.
    """
    member = archive.getinfo(f"{name}.npy")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is packed by an unusual method")
    with archive.open(member) as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ValueError(f"{name} is not an array")
        header = file.read(int.from_bytes(file.read(2), "little")).decode("ascii")
        found = _HEADER.fullmatch(header)
        if found is None or found[1][1] not in "uif":
            raise ValueError(f"{name} is not an array of numbers: {header.strip()}")
        dtype, shape = np.dtype(found[1]), [int(size) for size in found[2].split(",") if size.strip()]
        count = math.prod(shape) * dtype.itemsize
        if count > member.file_size:
            raise ValueError(f"{name} is cut short")
        return np.frombuffer(file.read(count), dtype).reshape(shape)


def _key(artefact: str) -> str:
    return f"scores/{artefact}"
