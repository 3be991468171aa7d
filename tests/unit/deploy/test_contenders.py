"""What a benchmark compares: artefacts and peers."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgedf.deploy import contenders as module
from edgedf.deploy.contenders import PEER_RULE, check_peers, contenders
from edgedf.deploy.graph import onnx_from_model
from edgedf.errors import BundleError, InputError
from edgedf.nn.detector import Detector, Output, channels_first

MakeBundle = Callable[..., Path]


@pytest.fixture
def peer(make_bundle: MakeBundle, tmp_path: Path) -> Path:
    """An ONNX file with a bundle's input and outputs."""
    return (make_bundle() / "model.onnx").rename(tmp_path / "meso4.onnx")


def test_every_artefact_that_works_is_a_contender_and_what_does_not_is_noted(
    make_bundle: MakeBundle, colour_graph: Any, crops: NDArray[np.uint8]
) -> None:
    graph, wrong = colour_graph.SerializeToString(), copy.deepcopy(colour_graph)
    wrong.graph.initializer[1].raw_data = np.array([0, 0, 4], np.float32).tobytes()
    path = make_bundle({"a.onnx": graph, "b.onnx": wrong.SerializeToString(), "c.onnx": graph})
    [first, last] = contenders([path], [], 1, every=True)
    assert (first.name, last.name) == ("colour a.onnx", "colour c.onnx")  # both of one runtime and precision
    assert len(first.notes) == 1 and first.notes[0].startswith("b.onnx is left out: it misses its golden")
    assert last.notes == []
    again = last.load(2)
    assert again.artefact.file == "c.onnx"
    np.testing.assert_allclose(again.predict(crops), last.engine.predict(crops), atol=1e-6)
    [fastest] = contenders([path], [], 1, every=False)
    assert (fastest.name, fastest.backend) == ("colour", "auto")


def test_an_artefact_is_called_by_its_runtime_and_precision(make_bundle: MakeBundle) -> None:
    path = make_bundle()
    [only] = contenders([path], [], 1, every=True)
    assert (only.name, only.path, only.rule) == ("colour onnxruntime fp32", path, None)
    assert only.size_mb == (path / "model.onnx").stat().st_size / 1e6


def test_a_peer_may_be_a_file(
    make_bundle: MakeBundle, peer: Path, crops: NDArray[np.uint8], colour_scores: NDArray[np.float32]
) -> None:
    check_peers([str(peer)])
    [_, found] = contenders([make_bundle()], [str(peer), str(peer)], 1, every=False)
    assert (found.name, found.path, found.rule, found.random) == ("meso4.onnx", None, PEER_RULE, False)
    assert found.engine.artefact.precision == "fp32"
    assert "taken as trained" in found.notes[0]
    np.testing.assert_allclose(found.engine.predict(crops), colour_scores, atol=1e-5)


def test_a_peer_by_name_is_untrained(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch, colour_graph: Any
) -> None:
    monkeypatch.setattr(module, "_random", lambda name: colour_graph.SerializeToString())
    [_, found] = contenders([make_bundle()], ["resnet18"], 1, every=False)
    assert (found.name, found.random, found.rule) == ("resnet18", True, None)
    assert "untrained" in found.notes[0]


def test_a_file_that_is_no_such_graph_is_refused_by_name(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"\x00\x01")
    with pytest.raises(BundleError, match=r"bad\.onnx is refused: it"):
        contenders([make_bundle()], [str(bad)], 1, every=False)
    with pytest.raises(InputError, match=r"none\.onnx: there is no such file"):
        check_peers(["none.onnx"])


def test_two_models_of_one_name_are_refused(make_bundle: MakeBundle, peer: Path) -> None:
    bundle = make_bundle().rename(peer.parent / "meso4.onnx.edgedf")
    with pytest.raises(InputError, match=r"two models would be called meso4\.onnx: rename"):
        contenders([bundle], [str(peer)], 1, every=False)


def test_a_full_run_has_a_peer_in_the_faster_runtime_in_float_and_in_int8(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Small(Detector):
        """Convolutions wide enough to be put into INT8."""

        def __init__(self) -> None:
            super().__init__()
            self.convs = nn.Sequential(nn.Conv2d(3, 32, 8, 8), nn.ReLU(), nn.Conv2d(32, 32, 3))

        def forward(self, pixels: Tensor) -> Output:
            features = torch.relu(self.convs(channels_first(pixels) / 255))
            embedding = features.mean((2, 3))
            return Output(embedding.mean(1, keepdim=True), features.mean(1).sigmoid(), embedding)

    monkeypatch.setattr(module, "_random", lambda name: onnx_from_model(Small().eval()))
    _, floating, int8 = contenders([make_bundle()], ["resnet18"], 1, every=True)
    assert [one.engine.artefact.int8 for one in (floating, int8)] == [False, True]
    assert floating.name in ("resnet18 onnxruntime fp32", "resnet18 openvino fp16 weights, f32")
    assert floating.random and int8.random and floating.rule is None
    crop = np.zeros((1, 256, 256, 3), np.uint8)
    np.testing.assert_allclose(int8.load(2).predict(crop), int8.engine.predict(crop), atol=1e-6)
    [_, teacher] = contenders([make_bundle()], ["teacher_b3"], 1, every=True)
    assert not teacher.engine.artefact.int8
