"""A bundle small enough to make in a test: its logit is 4 x (mean red - mean blue)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.bundle import GOLDEN, Artefact, InputContract, Manifest, pack_golden, write_bundle
from edgedf.faces.crop import CropRule
from edgedf.files import sha256

GAIN = 4.0


@pytest.fixture(scope="session")
def colour_graph() -> Any:
    """The ONNX graph, to be changed by a test on a copy."""
    onnx = pytest.importorskip("onnx")
    helper, types = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=types.FLOAT),
        helper.make_node("Div", ["float", "white"], ["unit"]),
        # Row by row: one sum over 65,536 floats is off in the fourth digit.
        helper.make_node("ReduceMean", ["unit"], ["rows"], axes=[1], keepdims=0),
        helper.make_node("ReduceMean", ["rows"], ["embedding"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["embedding", "weights"], ["logit"]),
        helper.make_node("ReduceMean", ["unit"], ["attention"], axes=[3], keepdims=0),
    ]
    constants = {"white": np.array(255, np.float32), "weights": np.array([[GAIN], [0], [-GAIN]], np.float32)}
    outputs = {"logit": ["N", 1], "attention": ["N", 256, 256], "embedding": ["N", 3]}
    graph = helper.make_graph(
        nodes,
        "colour",
        [helper.make_tensor_value_info("pixels", types.UINT8, ["N", 256, 256, 3])],
        [helper.make_tensor_value_info(name, types.FLOAT, shape) for name, shape in outputs.items()],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture(scope="session")
def crops() -> NDArray[np.uint8]:
    """Five crops of one colour each, with scores on both sides of one half."""
    shades = [[10, 0, 200], [90, 50, 120], [128, 128, 128], [130, 20, 90], [255, 0, 0]]
    return np.repeat(np.array(shades, np.uint8), 256 * 256, axis=0).reshape(5, 256, 256, 3)


@pytest.fixture(scope="session")
def colour_scores(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the graph must give for `crops` at temperature 1."""
    means = crops.mean((1, 2)) / 255
    return np.asarray(1 / (1 + np.exp(-GAIN * (means[:, 0] - means[:, 2]))), np.float32)


@pytest.fixture
def make_bundle(
    tmp_path: Path, colour_graph: Any, crops: NDArray[np.uint8], colour_scores: NDArray[np.float32]
) -> Callable[..., Path]:
    """Writes a bundle: `make_bundle({"a.onnx": graph, ...}, temperature=..., golden=...)`."""

    def make(graphs: dict[str, bytes] | None = None, temperature: float = 1.0, golden: bytes | None = None) -> Path:
        graphs = graphs or {"model.onnx": colour_graph.SerializeToString()}
        golden = golden or pack_golden(crops, dict.fromkeys(graphs, colour_scores))
        artefacts = [
            Artefact(name, sha256(data), "onnxruntime", "fp32", 0.6, "f1", temperature, 1e-3)
            for name, data in graphs.items()
        ]
        contract = InputContract(CropRule().to_dict())
        manifest = Manifest("colour", {"kind": "colour"}, contract, artefacts, {GOLDEN: sha256(golden)})
        return write_bundle(tmp_path / "colour.edgedf", manifest, {**graphs, GOLDEN: golden}).path

    return make
