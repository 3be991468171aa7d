"""Golden vectors: arrays only, of the right shape, never a pickle."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgedf.bundle.golden import pack_golden, unpack_golden
from edgedf.errors import BundleError

CROPS = np.zeros((2, 256, 256, 3), np.uint8)
SCORES = np.array([0.25, 0.75], np.float32)


def archive(**arrays: Any) -> bytes:
    named = {name.replace("__", "/"): array for name, array in arrays.items()}
    file = io.BytesIO()
    np.savez_compressed(file, **named)
    return file.getvalue()


def test_each_artefact_has_its_own_scores() -> None:
    data = pack_golden(CROPS, {"model.onnx": SCORES, "openvino/model.xml": SCORES[::-1]})
    crops, scores = unpack_golden(data, "openvino/model.xml", 256)
    assert np.array_equal(crops, CROPS)
    assert scores.tolist() == [0.75, 0.25]


def test_crops_are_packed_in_any_order_of_memory() -> None:
    crops, _ = unpack_golden(pack_golden(np.asfortranarray(CROPS + 1), {"m": SCORES}), "m", 256)
    assert np.array_equal(crops, CROPS + 1)


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    """Neither as the whole file nor as an array of objects; the payload would leave a file."""
    touched = tmp_path / "touched"

    class Payload:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (touched,)

    objects = np.array([Payload(), Payload()], dtype=object)
    for data in (pickle.dumps(Payload()), archive(crops=CROPS, scores__m=objects)):
        with pytest.raises(BundleError, match="cannot be read"):
            unpack_golden(data, "m", 256)
    assert not touched.exists()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "cannot be read"),
        (pack_golden(CROPS, {"m": SCORES})[:-100], "cannot be read"),
        (archive(crops=CROPS), "cannot be read"),
        (archive(crops=CROPS.astype(np.float32), scores__m=SCORES), "crops in golden.npz are float32"),
        (archive(crops=CROPS[:, :224], scores__m=SCORES), "crops in golden.npz are uint8"),
        (archive(crops=CROPS, scores__m=SCORES[:1]), "crops in golden.npz are uint8"),
        (archive(crops=CROPS, scores__m=SCORES.astype(np.float64)), "scores in golden.npz are float64"),
        (archive(crops=CROPS[:0], scores__m=SCORES[:0]), "scores in golden.npz are float32"),
        (archive(crops=CROPS, scores__m=np.zeros((), np.float32)), "scores in golden.npz are float32"),
        (archive(crops=CROPS, scores__m=SCORES + 1), "not between 0 and 1"),
        (archive(crops=CROPS, scores__m=SCORES * np.nan), "not between 0 and 1"),
        (archive(crops=CROPS, scores__m=np.array(["a", "b"])), "not an array of numbers"),
        (archive(crops=np.asfortranarray(CROPS), scores__m=SCORES), "not an array of numbers"),
    ],
)
def test_anything_else_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BundleError, match=reason):
        unpack_golden(data, "m", 256)


def test_an_archive_that_unpacks_to_a_flood_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("crops.npy", bytes(17 << 20))
    with pytest.raises(BundleError, match="more than 16 MB"):
        unpack_golden(file.getvalue(), "m", 256)
