"""MesoNet as its authors published it, against a few lines of NumPy that know nothing of torch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from edgedf.deploy.golden import drawn_crops
from edgedf.errors import InputError
from edgedf.programs import load

Array = NDArray[Any]
MESO4 = [(3, 3, 3, 8), (5, 5, 8, 8), (5, 5, 8, 16), (5, 5, 16, 16)]
INCEPTION = [
    *[(1, 1, 3, 1), (1, 1, 3, 4), (3, 3, 4, 4), (1, 1, 3, 4), (3, 3, 4, 4), (1, 1, 3, 2), (3, 3, 2, 2)],
    *[(1, 1, 11, 2), (1, 1, 11, 4), (3, 3, 4, 4), (1, 1, 11, 4), (3, 3, 4, 4), (1, 1, 11, 2), (3, 3, 2, 2)],
    *[(5, 5, 12, 16), (5, 5, 16, 16)],
]
SHAPES = {"meso4": (MESO4, [8, 8, 16, 16]), "inception": (INCEPTION, [11, 12, 16, 16])}


def made_up(name: str) -> dict[str, list[list[Array]]]:
    """Weights of the published shapes in Keras' layout, that keep a logit of moderate size."""
    random = np.random.default_rng(0)
    kernels, norms = SHAPES[name]

    def weights(*shape: int) -> list[Array]:
        scale = np.sqrt(2 / np.prod(shape[:-1]))
        return [random.normal(0, scale, shape).astype(np.float32), random.normal(0, 0.1, shape[-1:]).astype(np.float32)]

    def norm(count: int) -> list[Array]:
        values = random.uniform(0.5, 1.5, (4, count)).astype(np.float32)
        return list(values)

    return {
        "conv2d": [weights(*shape) for shape in kernels],
        "batch_normalization": [norm(count) for count in norms],
        "dense": [weights(1024, 16), weights(16, 1)],
    }


def conv(image: Array, layers: Iterator[list[Array]], dilation: int = 1) -> Array:
    """`Conv2D(padding="same", activation="relu")` of an image (H, W, C)."""
    kernel, bias = next(layers)
    height, width, reach = *image.shape[:2], dilation * (len(kernel) // 2)
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)))
    places = np.ndindex(kernel.shape[:2])
    parts = [
        padded[i * dilation : i * dilation + height, j * dilation : j * dilation + width] @ kernel[i, j]
        for i, j in places
    ]
    return np.asarray(np.maximum(sum(parts) + bias, 0))


def inception(image: Array, layers: Iterator[list[Array]]) -> Array:
    ways = [conv(image, layers)]
    ways += [conv(conv(image, layers), layers, dilation) for dilation in (1, 2, 3)]
    return np.concatenate(ways, -1)


def probability_of_real(crop: NDArray[np.uint8], layers: dict[str, list[list[Array]]]) -> float:
    """What the published model says of a crop (256, 256, 3)."""
    convs = iter(layers["conv2d"])
    first = inception if len(layers["conv2d"]) > 4 else conv
    x = crop.astype(np.float32) / 255
    for block, pool, (gamma, beta, mean, variance) in zip(
        (first, first, conv, conv), (2, 2, 2, 4), layers["batch_normalization"], strict=True
    ):
        x = gamma * (block(x, convs) - mean) / np.sqrt(variance + 1e-3) + beta
        height, width, channels = x.shape
        x = x.reshape(height // pool, pool, width // pool, pool, channels).max((1, 3))
    (hidden, hidden_bias), (head, head_bias) = layers["dense"]
    y = x.reshape(-1) @ hidden + hidden_bias
    y = np.where(y > 0, y, 0.1 * y) @ head + head_bias
    return float(1 / (1 + np.exp(-y[0])))


def check(graph: bytes, layers: dict[str, list[list[Array]]]) -> None:
    crops = drawn_crops(2)
    [logit] = ort.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(["logit"], {"pixels": crops})
    expected = [1 - probability_of_real(crop, layers) for crop in crops]
    assert 1 / (1 + np.exp(-logit[:, 0])) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", ["meso4", "inception"])
def test_the_graph_says_of_fakes_what_the_published_model_says_of_reals(name: str) -> None:
    from edgedf.deploy.graph import onnx_from_model

    layers = made_up(name)
    check(onnx_from_model(load("benchmarks/mesonet.py").mesonet(layers)), layers)


def write_h5(file: Path, layers: dict[str, list[list[Array]]], start: int = 1) -> None:
    """As Keras 2 stores weights: layers in the order of the graph, numbered in that in which they were made."""
    h5py = pytest.importorskip("h5py")
    parts = {"conv2d": ["kernel", "bias"], "dense": ["kernel", "bias"]}
    parts["batch_normalization"] = ["gamma", "beta", "moving_mean", "moving_variance"]
    with h5py.File(file, "w") as kept:
        names: list[str] = []
        for kind, stack in layers.items():
            for number, arrays in reversed(list(enumerate(stack, start))):
                group = kept.create_group(f"{kind}_{number}")
                weights = [f"{kind}_{number}/{part}:0" for part in parts[kind]]
                group.attrs["weight_names"] = np.array(weights, "S")
                for weight, array in zip(weights, arrays, strict=True):
                    group[weight] = array
                names.append(f"{kind}_{number}")
        kept.create_group("flatten_1").attrs["weight_names"] = np.array([])
        kept.attrs["layer_names"] = np.array([*names, "flatten_1"], "S")


def test_layers_are_read_in_the_order_they_were_made(tmp_path: Path) -> None:
    """Sixteen of them: as text, `conv2d_10` would come before `conv2d_9`."""
    layers = made_up("inception")
    write_h5(tmp_path / "made-up.h5", layers, start=3)
    found = load("benchmarks/mesonet.py").read_layers(tmp_path / "made-up.h5")
    for kind, stack in layers.items():
        for arrays, others in zip(stack, found[kind], strict=True):
            assert all(np.array_equal(one, other) for one, other in zip(arrays, others, strict=True))


def test_other_weights_are_refused(tmp_path: Path) -> None:
    layers = made_up("meso4")
    layers["dense"].pop()
    with pytest.raises(InputError, match="not the weights of Meso4"):
        load("benchmarks/mesonet.py").mesonet(layers)


def test_a_file_that_is_no_hdf5_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    (tmp_path / "x.h5").write_bytes(b"no HDF5")
    for name in ("x.h5", "nowhere.h5"):
        with pytest.raises(InputError, match="not a file of Keras weights"):
            load("benchmarks/mesonet.py").main(tmp_path / name, tmp_path / "x.onnx")


@pytest.mark.real_data
@pytest.mark.parametrize(("file", "count"), [("Meso4_DF", 27_977), ("MesoInception_DF", 28_615)])
def test_the_published_files(file: str, count: int, real_data: Path, tmp_path: Path) -> None:
    """Their number of weights is the paper's."""
    program: Any = load("benchmarks/mesonet.py")
    pytest.importorskip("h5py")
    weights = real_data.parent / "models" / f"{file}.h5"
    if not weights.is_file():
        pytest.skip("the published weights are not here")
    out = tmp_path / "meso.onnx"
    assert program.main(weights, out)["parameters"] == count
    check(out.read_bytes(), program.read_layers(weights))
