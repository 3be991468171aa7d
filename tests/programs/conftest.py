"""Faces of one colour each and a bundle that scores redness: enough to run a program on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from edgedf.bundle import GOLDEN, Artefact, InputContract, Manifest, pack_golden, write_bundle
from edgedf.data.dataset import write_dataset
from edgedf.faces.crop import CropRule
from edgedf.files import sha256
from edgedf.metrics import sigmoid
from edgedf.nn.student import Student
from edgedf.programs import load
from edgedf.runtime.timing import Latency, measure
from edgedf.training.checkpoints import save_model
from edgedf.training.config import TrainConfig

IMAGES = 60

MakeBundle = Callable[..., Path]


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A val split of two pictures a person, fakes redder for the most part, by two methods."""
    root = tmp_path_factory.mktemp("faces")
    random = np.random.default_rng(0)
    fake = np.arange(IMAGES) % 3 == 0
    red = np.clip(random.normal(110 + 50 * fake, 30), 0, 255)
    for i in range(IMAGES):
        colour = (int(red[i]), *random.integers(0, 256, 2).tolist())
        Image.new("RGB", (256, 256), colour).save(root / f"{i}.png")
    columns = {
        "path": [f"{i}.png" for i in range(IMAGES)],
        "label": ["fake" if one else "real" for one in fake],
        "split": ["val"] * IMAGES,
        "group": [f"person{i // 2}" for i in range(IMAGES)],
        "method": [("swap" if i % 2 else "blend") if one else "" for i, one in enumerate(fake)],
        "native_px": [f"{40 + i}" for i in range(IMAGES)],
    }
    write_dataset(root, columns)
    return root


@pytest.fixture
def make_bundle(tmp_path: Path) -> MakeBundle:
    """Writes a bundle of logit = gain x (mean red / 255 - .5), threshold .5 by the rule f1."""

    def make(
        name: str,
        gain: float = 8.0,
        fitted_on: Any = None,
        metrics: dict[str, Any] | None = None,
        backend: str = "onnxruntime",
    ) -> Path:
        graph = bytes(_red_graph(gain).SerializeToString())
        crops = np.random.default_rng(1).integers(0, 256, (2, 256, 256, 3), np.uint8)
        scores = sigmoid(gain * (crops[..., 0].mean((1, 2)) / 255 - 0.5)).astype(np.float32)
        golden = pack_golden(crops, {"model.onnx": scores})
        artefact = Artefact("model.onnx", sha256(graph), backend, "fp32", 0.5, "f1", 1.0, 1e-3, metrics or {})
        contract = InputContract(CropRule().to_dict())
        provenance = {"fitted_on": fitted_on}
        manifest = Manifest(name, {}, contract, [artefact], {GOLDEN: sha256(golden)}, provenance)
        return write_bundle(tmp_path / f"{name}.edgedf", manifest, {"model.onnx": graph, GOLDEN: golden}).path

    return make


@pytest.fixture
def student_run(tmp_path: Path) -> Path:
    """A student with the weights it starts from."""
    root = tmp_path / "run"
    root.mkdir()
    config = TrainConfig(role="student", data=["faces"], size="nano")
    (root / "config.toml").write_text(config.to_toml())
    torch.manual_seed(0)
    save_model(root, "best", Student("nano"), {"threshold": 0.5}, "f1", {})
    return root


def _red_graph(gain: float) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float", "white"], ["unit"]),
        helper.make_node("ReduceMean", ["unit"], ["embedding"], axes=[1, 2], keepdims=0),
        helper.make_node("Gemm", ["embedding", "weights", "bias"], ["logit"]),
        helper.make_node("ReduceMean", ["unit"], ["attention"], axes=[3], keepdims=0),
    ]
    constants = {"white": [255], "weights": [[gain], [0], [0]], "bias": [-gain / 2]}
    outputs: dict[str, list[str | int]] = {
        "logit": ["N", 1],
        "attention": ["N", 256, 256],
        "embedding": ["N", 3],
    }
    graph = helper.make_graph(
        nodes,
        "red",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", 256, 256, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The latencies of a test of the benchmark mean nothing, so a few calls do."""

    def few(calls: dict[str, Callable[[], object]], **_: object) -> dict[str, Latency]:
        return measure(calls, rounds=2, turn_s=0.0, warm_up=1)

    monkeypatch.setattr(load("benchmarks/benchmark.py"), "measure", few)
