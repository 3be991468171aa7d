"""What is trained with fake quantisation is what is exported."""

import itertools

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from edgedf.deploy.calibration import Sample, Statistics, record
from edgedf.deploy.dialects import quantised
from edgedf.deploy.golden import drawn_crops
from edgedf.deploy.graph import onnx_from_model
from edgedf.deploy.qat import set_ranges, trained_statistics
from edgedf.errors import GateError
from edgedf.metrics import sigmoid
from edgedf.nn.detector import Detector
from edgedf.nn.quantisation import CPU, TENSORRT, Dialect, fake_quantised, quantised_convs
from edgedf.runtime.backends import onnxruntime


@pytest.fixture(scope="module")
def statistics(student_graph: bytes, noise: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    return record(student_graph, Sample(noise, 0, ["made"], "made"), tmp_path_factory.mktemp("record")).of("percentile")


def trained(network: Detector, steps: int = 3) -> None:
    """A few large steps, so that the weights are no longer those that were calibrated."""
    optimizer = torch.optim.SGD(network.parameters(), 1e-2)
    pixels = torch.from_numpy(drawn_crops(8))
    target = torch.tensor([[0.0], [1.0]]).repeat(4, 1)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(pixels).logit, target)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


@pytest.mark.parametrize("dialect", [CPU, TENSORRT], ids=lambda one: one.name)
def test_the_exported_graph_computes_what_was_trained(
    student: Detector, student_graph: bytes, statistics: Statistics, noise: NDArray[np.uint8], dialect: Dialect
) -> None:
    network = fake_quantised(student, dialect)
    set_ranges(network, student_graph, statistics)
    trained(network)
    graph = onnx_from_model(network)
    model = quantised(graph, trained_statistics(network, graph), dialect)

    crops = np.concatenate([noise, drawn_crops(32)])
    with torch.inference_mode():
        expected = sigmoid(network(torch.from_numpy(crops)).logit[:, 0].numpy())
        floating = sigmoid(network.fused()(torch.from_numpy(crops)).logit[:, 0].numpy())
    found = sigmoid(onnxruntime.load(model, 1, unfused=dialect is TENSORRT).run(crops).logit[:, 0])
    threshold = (np.sort(expected)[23] + np.sort(expected)[24]) / 2
    np.testing.assert_allclose(found, expected, rtol=0, atol=2 / 255)
    np.testing.assert_array_equal(found >= threshold, expected >= threshold)
    # It is INT8 that agrees, not floating point that hides it.
    assert np.abs(found - expected).mean() < 0.2 * np.abs(floating - expected).mean()


def test_a_fake_quantised_student_has_the_layers_that_the_export_quantises(
    student: Detector, student_graph: bytes, statistics: Statistics
) -> None:
    network = fake_quantised(student, CPU)
    set_ranges(network, student_graph, statistics)
    convs = quantised_convs(network)
    assert len(convs) == 6
    assert convs[0].reads.tolist() == [0.0, 1.0]
    assert all(torch.equal(one.gives, other.reads) for one, other in itertools.pairwise(convs))


def test_another_graph_is_refused(student: Detector, tiny_graph: bytes, statistics: Statistics) -> None:
    with pytest.raises(GateError, match=r"3 layers .* trained with 6"):
        set_ranges(fake_quantised(student, CPU), tiny_graph, statistics)
