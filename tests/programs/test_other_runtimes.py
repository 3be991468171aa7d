"""The README's programs for C++ and the browser give the score that Python gives."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import edgedf
from edgedf.bundle import open_bundle
from edgedf.data.drawn import draw_face
from edgedf.programs import DEFAULT_STUDENT
from edgedf.runtime.engine import load_checked, scores
from tests.chromium import chromium

README = Path(edgedf.__file__).parents[1] / "README.md"
HEADER = "onnxruntime_cxx_api.h"
ORT_WEB = ("ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def crop(tmp_path: Path) -> NDArray[np.uint8]:
    """A drawn face, in `crop.rgb` too."""
    face = draw_face(np.random.default_rng(0), fake=True)
    (tmp_path / "crop.rgb").write_bytes(face.tobytes())
    return face


def expected(crop: NDArray[np.uint8]) -> tuple[float, float]:
    """What Python's FP32 makes of a crop, and the temperature for it."""
    bundle = open_bundle(DEFAULT_STUDENT)
    [artefact] = [one for one in bundle.manifest.artefacts if one.file == "model.onnx"]
    logit = load_checked(bundle, artefact, threads=1).run(crop[None]).logit[:, 0]
    return float(scores(logit, artefact.temperature)[0]), artefact.temperature


def test_cpp(tmp_path: Path, crop: NDArray[np.uint8]) -> None:
    compiler, config = shutil.which("g++"), shutil.which("pkg-config")
    asked = [config or "false", "--cflags", "--libs", "libonnxruntime"]
    flags = subprocess.run(asked, capture_output=True, text=True)
    if not compiler or flags.returncode:
        pytest.skip(f"there is no compiler, or no {HEADER}: apt-get install g++ libonnxruntime-dev")
    (tmp_path / "score.cpp").write_text(block("cpp"))
    words = [compiler, "-std=c++17", "score.cpp", "-o", "score", *flags.stdout.split()]
    subprocess.run(words, cwd=tmp_path, check=True)
    score, temperature = expected(crop)
    model = str(DEFAULT_STUDENT / "model.onnx")
    answer = subprocess.check_output(["./score", model, "crop.rgb", str(temperature)], cwd=tmp_path, text=True)
    assert float(answer) == pytest.approx(score, abs=1e-3)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None: ...


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """Root of a server of `tmp_path`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_browser(tmp_path: Path, crop: NDArray[np.uint8], site: str) -> None:
    if not (folder := os.environ.get("EDGEDF_ORT_WEB")):
        pytest.skip("EDGEDF_ORT_WEB is not set: npm install onnxruntime-web, and name its folder dist")
    for name in ORT_WEB:
        shutil.copy(Path(folder) / name, tmp_path)
    shutil.copytree(DEFAULT_STUDENT, tmp_path / "student.edgedf")
    (tmp_path / "page.html").write_text("<!doctype html>\n" + block("html"))
    with chromium(tmp_path / "profile") as tab:
        tab.open(f"{site}/page.html")
        tab.wait_for("document.getElementById('score')?.textContent")
        answer = float(tab.value("document.getElementById('score').textContent"))
    assert answer == pytest.approx(expected(crop)[0], abs=1e-3)
