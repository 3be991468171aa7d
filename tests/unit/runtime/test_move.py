"""A bundle on another machine: the golden scores that came with it, with any Python, and without AVX-512."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.bundle import open_bundle
from edgedf.runtime import Engine
from edgedf.shipped import DEFAULT_STUDENT
from tests.unit.runtime.artefacts import FLOAT, INT8

TOLERANCE = {FLOAT: 1e-5, INT8: 0.0}  # AVX2 moved an FP32 score by 6e-7 at most, and none of INT8's, on 1,088 faces
CANNOT_HIDE = 77
PRODUCTS = 64  # of 255 by 127: each two are more than 16 bits hold

SCORING = """
import json, sys
import numpy as np
import onnxruntime
from edgedf.runtime import Engine
from edgedf.shipped import DEFAULT_STUDENT

products, crops, *files = sys.argv[1:]
session = onnxruntime.InferenceSession(products, providers=["CPUExecutionProvider"])
[total] = session.run(None, {"bytes": np.full((1, session.get_inputs()[0].shape[1]), 255, np.uint8)})
scores = {}
for file in files:
    with Engine.load(DEFAULT_STUDENT, file, threads=1) as engine:
        scores[file] = engine.predict(np.load(crops)).tolist()
print(json.dumps([total.tolist(), scores]))
"""


def golden(file: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Crops and scores that came with the default student."""
    bundle = open_bundle(DEFAULT_STUDENT)
    [artefact] = [one for one in bundle.manifest.artefacts if one.file == file]
    return bundle.golden(artefact)


@pytest.mark.parametrize("file", [FLOAT, INT8])
def test_golden_scores_are_those_of_the_machine_that_exported_it(file: str) -> None:
    crops, expected = golden(file)
    with Engine.load(DEFAULT_STUDENT, file, threads=1) as engine:
        np.testing.assert_allclose(engine.predict(crops), expected, rtol=0, atol=TOLERANCE[file])


@pytest.fixture
def without_avx512(tmp_path: Path) -> Path:
    """A library that hides AVX-512 and VNNI from a process, where that can be done and there is something to hide."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or not (compiler := shutil.which("cc")):
        pytest.skip("needs Linux on x86-64, and a C compiler")
    library = tmp_path / "without_avx512.so"
    source = Path(__file__).with_name("without_avx512.c")
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", str(source), "-o", str(library)], check=True)
    return library


def test_without_avx512_int8_scores_the_same_to_the_bit(without_avx512: Path, tmp_path: Path) -> None:
    """Two products of an unsigned and a signed byte are then added in 16 bits: the export keeps them small enough."""
    onnx = pytest.importorskip("onnx")
    helper, types = onnx.helper, onnx.TensorProto
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["bytes", "weights"], ["total"])],
        "products",
        [helper.make_tensor_value_info("bytes", types.UINT8, [1, PRODUCTS])],
        [helper.make_tensor_value_info("total", types.INT32, [1, 1])],
        [onnx.numpy_helper.from_array(np.full((PRODUCTS, 1), 127, np.int8), "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, tmp_path / "products.onnx")
    faces = np.concatenate([golden(FLOAT)[0], golden(INT8)[0][:, :, ::-1]])
    crops = np.concatenate([np.roll(faces, 16 * i, axis=2) for i in range(4)])
    np.save(tmp_path / "crops.npy", crops)
    command = [sys.executable, "-c", SCORING, str(tmp_path / "products.onnx"), str(tmp_path / "crops.npy"), FLOAT, INT8]

    plain, hidden = (
        subprocess.run(command, env=os.environ | more, stdout=subprocess.PIPE, check=False)
        for more in ({}, {"LD_PRELOAD": str(without_avx512)})
    )
    if hidden.returncode == CANNOT_HIDE:
        pytest.skip("this processor does not trap cpuid")
    (total, expected), (total_without, found) = json.loads(plain.stdout), json.loads(hidden.stdout)
    if total == total_without:
        pytest.skip("this processor has no VNNI that could be hidden")
    assert total == [[PRODUCTS * 255 * 127]]
    for file, tolerance in TOLERANCE.items():
        np.testing.assert_allclose(found[file], expected[file], rtol=0, atol=tolerance)
        with Engine.load(DEFAULT_STUDENT, file, threads=1) as engine:
            threshold = engine.threshold
        np.testing.assert_array_equal(np.array(found[file]) >= threshold, np.array(expected[file]) >= threshold)
