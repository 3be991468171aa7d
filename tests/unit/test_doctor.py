"""`edgedf doctor` tells what works, what fails and what is missing."""

import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from edgedf import doctor
from edgedf.cli import app


def states() -> dict[str, doctor.Check]:
    return {one.name: one for one in doctor.examine()}


def test_what_the_tests_run_with_works() -> None:
    assert states()["ONNX Runtime"].state == "works"
    assert "CPUExecutionProvider" in states()["ONNX Runtime"].detail


def test_what_is_missing_comes_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    found = states()["OpenVINO"]
    assert (found.state, found.detail) == ("missing", "openvino is not installed: run  pip install 'edgedf[openvino]'")


def test_what_is_installed_and_fails_comes_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def core() -> Any:
        raise RuntimeError("libtbb.so.12: cannot open shared object file\nin a second line")

    monkeypatch.setitem(sys.modules, "openvino", SimpleNamespace(__version__="2026.4", Core=core))
    found = states()["OpenVINO"]
    assert (found.state, found.detail) == ("fails", "libtbb.so.12: cannot open shared object file")


def test_gpus_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Device:
        def __init__(self, index: int) -> None: ...

        @staticmethod
        def count() -> int:
            return 1

        def name(self) -> str:
            return "Orin"

        def compute_capability(self) -> tuple[int, int]:
            return 8, 7

    cuda = SimpleNamespace(init=lambda: None, Device=Device)
    monkeypatch.setitem(sys.modules, "tensorrt", SimpleNamespace(__version__="10.13"))
    monkeypatch.setitem(sys.modules, "pycuda", SimpleNamespace(driver=cuda))
    monkeypatch.setitem(sys.modules, "pycuda.driver", cuda)
    assert states()["TensorRT"].detail == "10.13, Orin (compute capability 8.7)"
    monkeypatch.setattr(Device, "count", staticmethod(lambda: 0))
    assert states()["TensorRT"].state == "fails"


def test_the_command_speaks_json() -> None:
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {one["name"] for one in found["checks"]} == set(doctor.PROBES)
    assert found["environment"]["versions"]["python"]
