"""Which layers INT8 hurts, and the search for the fewest to leave float."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.deploy.calibration import Sample, Statistics, record
from edgedf.deploy.layers import layer_names
from edgedf.deploy.sensitivity import Effect, effects, fewest_float
from edgedf.nn.quantisation import CPU

RANKED = [Effect(str(i), 1 / (i + 1)) for i in range(9)]


@pytest.mark.parametrize("enough", range(1, 9))
def test_the_fewest_that_are_enough_are_found(enough: int) -> None:
    asked: list[int] = []

    def passes(layers: list[str]) -> bool:
        asked.append(len(layers))
        return len(layers) >= enough

    assert fewest_float(RANKED, passes) == [str(i) for i in range(enough)]
    assert len(asked) <= 7


def test_nothing_is_enough() -> None:
    assert fewest_float(RANKED, lambda layers: False) is None
    assert fewest_float(RANKED[:1], lambda layers: len(layers) == 1) is None, "not all may be left"
    assert fewest_float([], lambda layers: False) is None


def test_a_layer_with_a_ruined_range_is_the_worst(tiny_graph: bytes, noise: NDArray[np.uint8], tmp_path: Path) -> None:
    seen = record(tiny_graph, Sample(noise, 0, ["made"], "made"), tmp_path).of("minmax")
    ruined = Statistics(seen.ranges | {"relu_1": (0.0, 100.0)}, seen.moments)
    ranked = effects(tiny_graph, ruined, CPU, noise)
    assert {effect.layer for effect in ranked} == set(layer_names(tiny_graph))
    assert ranked[0].layer in layer_names(tiny_graph)[:2], "those that write and read the tensor"
