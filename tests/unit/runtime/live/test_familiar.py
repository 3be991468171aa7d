"""Faces of a kind that the model was not trained on."""

from typing import Any

import numpy as np
import pytest

from edgedf.errors import BundleError
from edgedf.runtime.live.familiar import familiar

SOUND: dict[str, Any] = {"mean": [1.0, 2.0], "deviation": [1.0, 0.5], "limit": 2.0}


def test_distances_are_in_deviations() -> None:
    known = familiar({"embeddings": SOUND})
    assert known
    assert known(np.array([[1, 2], [2.9, 2.9], [4.1, 2], [1, 3.1], [1, 3.5]], np.float32)).tolist() == [
        True, True, False, True, False,
    ]  # fmt: skip


def test_a_bundle_without_statistics_knows_nothing() -> None:
    assert familiar({"config": {}}) is None


@pytest.mark.parametrize(
    "change",
    [{"mean": "x"}, {"deviation": [1.0, 0.0]}, {"deviation": [1.0]}, {"limit": -1.0}, {"more": 1}, {"limit": None}],
)
def test_malformed_statistics_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match="embeddings"):
        familiar({"embeddings": SOUND | change})
