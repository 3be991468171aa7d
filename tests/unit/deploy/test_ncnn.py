"""A student in ncnn: what is written is what ONNX Runtime computes, and nothing else is read."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.deploy.calibration import Sample, record
from edgedf.deploy.dialects import quantised
from edgedf.deploy.layers import layer_names
from edgedf.deploy.ncnn import Ncnn, ncnn_from_onnx
from edgedf.errors import BundleError, InputError
from edgedf.nn.quantisation import TENSORRT
from edgedf.runtime.backends import Backend, load_backend, onnxruntime
from edgedf.runtime.ncnn_contract import HALF, HEAVIEST, LAYERS, PIXELS, REDUCTIONS, SQUEEZE, check_ncnn
from edgedf.runtime.ncnn_text import Layer, Values, read_layers, write_layers
from edgedf.runtime.onnx_contract import INPUT


@pytest.fixture(scope="module")
def made(student_graph: bytes) -> Ncnn:
    return ncnn_from_onnx(student_graph)


@pytest.fixture(scope="module")
def backend(made: Ncnn) -> Backend:
    return loaded(made)


def loaded(made: Ncnn, precision: str = "") -> Backend:
    pytest.importorskip("ncnn")
    return load_backend("ncnn", made.model, 1, made.weights, precision)


@pytest.mark.parametrize("graph", ["student_graph", "tiny_graph"])
def test_floats_are_those_of_onnx_runtime(graph: str, noise: NDArray[np.uint8], request: pytest.FixtureRequest) -> None:
    whole = request.getfixturevalue(graph)
    found = loaded(ncnn_from_onnx(whole)).run(noise[:3])
    for ours, theirs in zip(found, load_backend("onnxruntime", whole, 1).run(noise[:3]), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=2e-3, rtol=2e-3)  # weights in FP16


def in_int8(whole: bytes, noise: NDArray[np.uint8], left: int = 0) -> bytes:
    """With Q/DQ pairs, but for the first layers."""
    seen = record(whole, Sample(noise, 0, ["noise"], "noise")).of("minmax")
    return quantised(whole, seen, TENSORRT, layer_names(whole)[:left])


@pytest.mark.parametrize(("graph", "left"), [("student_graph", 0), ("tiny_graph", 0), ("tiny_graph", 2)])
def test_int8_is_what_the_pairs_say(
    graph: str, left: int, noise: NDArray[np.uint8], request: pytest.FixtureRequest
) -> None:
    """From the statistics and by the rules that TensorRT's graph is made of; some layers may stay in FP16."""
    whole = request.getfixturevalue(graph)
    pairs = in_int8(whole, noise, left)
    made = ncnn_from_onnx(pairs)
    convolutions = [one.values for one in read_layers(made.model) if one.kind == "Convolution"]
    assert sum(bool(one[8]) for one in convolutions) == len(layer_names(whole)) - left
    logit = load_backend("onnxruntime", whole, 1).run(noise).logit
    found, expected = loaded(made, "int8, f32").run(noise), onnxruntime.load(pairs, 1, unfused=True).run(noise)
    assert np.abs(found.logit - expected.logit).max() < 0.05 * np.ptp(logit)
    np.testing.assert_allclose(found.attention, expected.attention, atol=0.05)


def test_bytes_are_for_layers_of_int8_alone(student_graph: bytes, noise: NDArray[np.uint8]) -> None:
    made = ncnn_from_onnx(in_int8(student_graph, noise))
    check_ncnn(*made)
    reader_in_float = made.model.replace(b" 8=101", b" 8=0").replace(b" 8=0", b" 8=101", 1)
    with pytest.raises(BundleError, match="reads numbers where bytes are"):
        check_ncnn(reader_in_float, made.weights)


def test_threads_share_a_network(backend: Backend, noise: NDArray[np.uint8]) -> None:
    alone = backend.run(noise).logit
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda i: backend.run(noise[i : i + 1]).logit[0], range(len(noise))))
    assert np.array_equal(together, alone)


def test_what_no_student_has_is_refused(colour_graph: Any) -> None:
    with pytest.raises(InputError, match=r"ncnn: no layer for Cast .*: leave out --target ncnn"):
        ncnn_from_onnx(colour_graph.SerializeToString())


def test_a_text_is_read_as_it_was_written(made: Ncnn) -> None:
    assert write_layers(read_layers(made.model)) == made.model


def swap(old: str, new: str) -> Callable[[bytes], bytes]:
    def change(text: bytes) -> bytes:
        assert old.encode() in text
        return text.replace(old.encode(), new.encode(), 1)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text[:200], "not an ncnn network"),
        (lambda text: b"\xff" + text, "not an ncnn network"),
        (lambda text: b"", "not an ncnn network"),
        (lambda text: text + b" " * (1 << 20), "larger than 1 MB"),
        (lambda text: b"\n".join(text.splitlines()[:2]), "first lines"),
        (swap("7767517", "7767518"), "first lines"),
        (swap("0=256 1=256", "0=224 1=224"), "its input is not pixels"),
        (swap("0=256 1=256", "0=2.56000000e+02 1=256"), "its input is not pixels"),
        (swap("7767517\n", "7767517\n\0"), "first lines"),
        (swap("node_sigmoid", "node\0sigmoid"), "a name of a layer of kind Sigmoid is missing or unusual"),
        (swap("Sigmoid", "Gotcha"), "is a Gotcha"),
        (swap(" logit ", " score "), "its outputs are not"),
        (swap(" embedding ", " hidden "), "its outputs are not"),
        (swap("0=32", "0=64"), "a convolution of"),
        (swap("1=3 3=2", "1=3 3=0"), "no window"),
        (swap("4=1", "4=9"), "no window"),
        (swap("4=1", "4=-1"), "a parameter '4=-1'"),
        (swap("9=1", "9=3"), "an unusual convolution"),
        (swap("9=1", "9=1 19=1"), "an unusual convolution"),
        (swap("9=1", "9=1 9=1"), "a parameter twice"),
        (swap("8=0", "8=1"), "weights are of another type"),
        (swap("-23303=2,1,2", "-23303=3,1,2"), "a parameter '-23303=3,1,2'"),
        (swap("-23303=2,1,2", "-23303=2,0,2"), "none over height and width"),
        (swap("Concat node_cat 2 1 ", "Concat node_cat 1 1 "), "a parameter"),
        (swap("1=1 2=2.55", "1=1.00000000e+00 2=2.55"), "a parameter of another type"),
        (swap("1=1 2=2.55000000e+02", "1=1 2=255"), "a constant"),
        (swap("0=4 1=1", "0=3 1=1"), "patches that do not fit"),
    ],
)
def test_another_network_is_refused(made: Ncnn, change: Callable[[bytes], bytes], reason: str) -> None:
    check_ncnn(*made)
    with pytest.raises(BundleError, match=reason):
        check_ncnn(change(made.model), made.weights)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:-1], "weights are cut short"),
        (lambda data: b"", "weights are cut short"),
        (lambda data: data + bytes(4), "4 bytes of weights are left over"),
        (lambda data: bytes(4) + data[4:], "weights are of another type"),
        (lambda data: data[:4] + b"\x00\x7e" + data[6:], "not a finite number"),
        (lambda data: data[:-4] + b"\x00\x00\x80\x7f", "not a finite number"),
        (lambda data: data + bytes(HEAVIEST), "its weights are larger than 64 MB"),
    ],
)
def test_other_weights_are_refused(made: Ncnn, change: Callable[[bytes], bytes], reason: str) -> None:
    with pytest.raises(BundleError, match=reason):
        check_ncnn(made.model, change(made.weights))


def chain(*body: Layer, outputs: int = 3, weights: bytes = b"") -> Ncnn:
    """A network with the least after some layers, the last of which gives `x`."""
    one: Values = {0: 1, 1: 1, 3: 1, 4: 0, 5: 1, 6: outputs, 8: 0, 9: 0}
    layers = [
        *(PIXELS, *body),
        Layer("Split", "a", ["x"], ["x0", "x1"], {}),
        Layer("Reduction", "b", ["x0"], ["mean"], REDUCTIONS["ReduceMean"]),
        Layer("Split", "c", ["mean"], ["embedding", "e1"], {}),
        Layer("InnerProduct", "d", ["e1"], ["logit"], {0: 1, 1: 1, 2: outputs}),
        Layer("Convolution", "e", ["x1"], ["map"], one),
        Layer("Squeeze", "f", ["map"], ["attention"], SQUEEZE),
    ]
    last = HALF + bytes(-(-outputs // 2) * 4 + 4)
    return Ncnn(write_layers(layers), weights + last * 2)


def deep(count: int) -> Ncnn:
    """So many layers one after the other, of small tensors."""
    first, weights = convolution(3, 1, stride=64)
    names = ["first", *(f"t{i}" for i in range(9, count)), "x"]
    relus = [Layer("ReLU", f"r{i}", [names[i]], [names[i + 1]], {}) for i in range(len(names) - 1)]
    return chain(first._replace(gives=["first"]), *relus, weights=weights)


def convolution(outputs: int, kernel: int, pad: int = 0, stride: int = 1) -> tuple[Layer, bytes]:
    count = outputs * 3 * kernel**2
    values: Values = {0: outputs, 1: kernel, 3: stride, 4: pad, 5: 1, 6: count, 8: 0, 9: 0}
    return Layer("Convolution", "c", [INPUT], ["x"], values), HALF + bytes(-(-count // 2) * 4 + 4 * outputs)


@pytest.mark.parametrize(
    ("outputs", "kernel", "pad", "stride", "reason"),
    [
        (4096, 1, 0, 1, "more than 67108864 products"),  # a tensor of 1 GB
        (1, 256, 255, 1, "more than 67108864 products"),  # ran for more than a minute
        (16, 3, 1, 999_999_999, "no window"),  # times 256 it leaves ncnn's 32 bits
    ],
)
def test_sizes_that_ask_for_gigabytes_are_refused(
    outputs: int, kernel: int, pad: int, stride: int, reason: str
) -> None:
    layer, weights = convolution(outputs, kernel, pad, stride)
    with pytest.raises(BundleError, match=reason):
        check_ncnn(*chain(layer, outputs=outputs, weights=weights))


def test_the_tensors_of_all_layers_together_are_bounded() -> None:
    many = [f"y{i}" for i in range(200)]
    with pytest.raises(BundleError, match="its tensors hold more than 33554432 numbers"):
        check_ncnn(*chain(Layer("Split", "s", [INPUT], [*many, "x"], {})))


def test_a_tensor_goes_nowhere_by_a_split_that_gives_none() -> None:
    with pytest.raises(BundleError, match="n gives 0 tensors"):
        check_ncnn(*chain(Layer("Split", "s", [INPUT], ["y", "x"], {}), Layer("Split", "n", ["y"], [], {})))


ON_A_SMALL_STACK = """
import sys, threading
from pathlib import Path
import numpy as np
from edgedf.runtime.backends import load_backend

def run():
    files = [Path(name).read_bytes() for name in sys.argv[1:]]
    print(load_backend("ncnn", files[0], 1, files[1]).run(np.zeros((1, 256, 256, 3), np.uint8)).logit)

threading.stack_size(256 << 10)  # half of what macOS gives a thread
one = threading.Thread(target=run)
one.start()
one.join()
"""


def test_as_deep_a_network_as_is_read_runs_on_a_small_stack(tmp_path: Path) -> None:
    """ncnn calls itself once a layer: 5,000 of them ended the process where a thread has 512 kB."""
    pytest.importorskip("ncnn")
    with pytest.raises(BundleError, match="5000 layers"):
        check_ncnn(*deep(5000))
    files = [tmp_path / "a.param", tmp_path / "a.bin"]
    for file, data in zip(files, deep(LAYERS), strict=True):
        file.write_bytes(data)
    ended = subprocess.run([sys.executable, "-c", ON_A_SMALL_STACK, *files], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "[[0.]]\n"), ended.stderr
