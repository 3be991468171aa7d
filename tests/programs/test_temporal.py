"""The program that measures a network over time."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.metrics import auc_difference
from edgedf.programs import load

temporal = load("student/temporal.py")
FRAMES = 24


def _video(group: int, label: int, rng: np.random.Generator) -> Any:
    """A fake's first feature changes its sign from frame to frame, a real's once: only their order tells them apart."""
    features = 0.1 * rng.standard_normal((FRAMES, 4)).astype(np.float32)
    features[:, 0] += np.where(np.arange(FRAMES) // (1 if label else FRAMES // 2) % 2, 1, -1)
    return temporal.Video(f"{group}-{label}", label, str(group), features)


def test_what_only_time_tells_is_found_on_groups_that_were_never_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporal, "DECAYS", (0.1,))
    monkeypatch.setattr(temporal, "STEPS", 60)
    rng = np.random.default_rng(0)
    videos = [_video(group, label, rng) for group in range(3) for label in (0, 1)]
    labels, groups = np.array([one.label for one in videos], np.uint8), [one.group for one in videos]
    found = temporal.nested(videos, seed=0)
    alone = temporal.nested(videos, seed=0, kernel=1)
    assert _margin(labels, found) > max(_margin(labels, alone), 0) + 0.5
    mean = np.array([one.features[:, -1].mean() for one in videos])
    difference = auc_difference(labels, found, mean, groups)
    assert difference.value > 0.2
    assert difference.low <= difference.value <= difference.high


def _margin(labels: NDArray[np.uint8], found: NDArray[np.float64]) -> float:
    """How far the lowest fake is above the highest real."""
    return float(found[labels == 1].min() - found[labels == 0].max())


def test_a_short_video_begins_again_in_a_window() -> None:
    features = np.arange(5, dtype=np.float32)[:, None]
    window = temporal._window(features, np.random.default_rng(0))
    assert window[:, 0].tolist() == [i % 5 for i in range(temporal.WINDOW)]
