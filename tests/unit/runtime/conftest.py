"""The student that comes with edgedf, for three runtimes."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgedf.bundle import GOLDEN, open_bundle, pack_golden, write_bundle
from edgedf.files import sha256
from edgedf.shipped import DEFAULT_STUDENT
from tests.unit.runtime.artefacts import FLOAT, NCNN, OPENVINO


@pytest.fixture(scope="session")
def every_runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of the default student's two artefacts, and of its FP32 graph for OpenVINO and for ncnn."""
    for package in ("onnx", "openvino", "ncnn"):
        pytest.importorskip(package)
    from edgedf.deploy.ncnn import ncnn_from_onnx
    from edgedf.deploy.openvino import ir_from_onnx

    bundle = open_bundle(DEFAULT_STUDENT)
    artefacts = {one.file: one for one in bundle.manifest.artefacts}
    crops, expected = bundle.golden(artefacts[FLOAT])
    golden = {file: bundle.golden(one)[1] for file, one in artefacts.items()}
    models = {file: bundle.read(one) for file, one in artefacts.items()}
    others: dict[str, bytes] = {}
    for file, backend, convert in ((OPENVINO, "openvino", ir_from_onnx), (NCNN, "ncnn", ncnn_from_onnx)):
        weights = str(Path(file).with_suffix(".bin"))
        models[file], others[weights] = convert(models[FLOAT])
        artefacts[file] = replace(
            artefacts[FLOAT], file=file, backend=backend, precision="fp16 weights, f32", tolerance=0.03, weights=weights
        )
        golden[file] = expected
    others[GOLDEN] = pack_golden(crops, golden)
    manifest = replace(
        bundle.manifest,
        artefacts=[replace(one, sha256=sha256(models[file])) for file, one in artefacts.items()],
        files={file: sha256(data) for file, data in others.items()},
    )
    return write_bundle(tmp_path_factory.mktemp("bundles") / "every.edgedf", manifest, {**models, **others}).path
