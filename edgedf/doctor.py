"""What works on this machine, and what to install for the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from edgedf.errors import MissingExtraError, first_line
from edgedf.extras import need

State = Literal["works", "fails", "missing"]


@dataclass(frozen=True)
class Check:
    """One thing that edgedf can use.

    Attributes:
        name: Of a runtime or a task.
        state: `works`, `fails` where it is installed and cannot be used, or `missing`.
        detail: Its version and devices, or the reason, or what to install.
    """

    name: str
    state: State
    detail: str


def examine() -> list[Check]:
    """Tries every runtime and what training and export need; nothing is loaded for good but their modules."""
    return [_check(name, probe) for name, probe in PROBES.items()]


def _check(name: str, probe: Callable[[], str]) -> Check:
    try:
        return Check(name, "works", probe())
    except MissingExtraError as error:
        return Check(name, "missing", str(error))
    except Exception as error:  # a driver may fail in any way
        return Check(name, "fails", first_line(error))


def _onnxruntime() -> str:
    ort = need("onnxruntime", "all")
    return f"{ort.__version__}, {', '.join(ort.get_available_providers())}"


def _openvino() -> str:
    openvino = need("openvino", "openvino")
    return f"{openvino.__version__}, {', '.join(openvino.Core().available_devices)}"


def _ncnn() -> str:
    return f"{need('ncnn', 'ncnn').__version__}, on the CPU"


def _tensorrt() -> str:
    trt = need("tensorrt", "tensorrt")
    cuda = need("pycuda.driver", "tensorrt")
    cuda.init()
    return f"{trt.__version__}, {_gpus(cuda)}"


def _gpus(cuda: Any) -> str:
    found = [cuda.Device(i) for i in range(cuda.Device.count())]
    if not found:
        raise RuntimeError("there is no NVIDIA GPU, or its driver is not loaded")
    return ", ".join("{} (compute capability {}.{})".format(one.name(), *one.compute_capability()) for one in found)


def _rtx() -> str:
    return f"{need('tensorrt_rtx_bindings', 'rtx').__version__}, builds engines for GPUs that are not here"


def _training() -> str:
    torch = need("torch", "train")
    need("lightning_fabric", "train")
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return f"torch {torch.__version__}, {', '.join(gpus) or 'on the CPU'}"


def _export() -> str:
    need("onnxscript", "export")
    return f"onnx {need('onnx', 'export').__version__}"


def _cameras() -> str:
    return f"PyAV {need('av', 'camera').__version__}"


def _page() -> str:
    for module in ("starlette", "websockets", "prometheus_client"):
        need(module, "serve")
    return f"uvicorn {need('uvicorn', 'serve').__version__}"


PROBES: dict[str, Callable[[], str]] = {
    "ONNX Runtime": _onnxruntime,
    "OpenVINO": _openvino,
    "ncnn": _ncnn,
    "TensorRT": _tensorrt,
    "TensorRT for RTX": _rtx,
    "training": _training,
    "export": _export,
    "cameras": _cameras,
    "live page": _page,
}
