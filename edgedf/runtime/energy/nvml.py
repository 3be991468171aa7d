"""Energy of a whole NVIDIA GPU, by the driver's management library (NVML); GPUs since Volta count it."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edgedf.errors import EdgedfError
from edgedf.runtime.backends.tensorrt import open_gpu
from edgedf.runtime.energy.counter import Counter


@contextmanager
def gpu_counter() -> Iterator[Counter | None]:
    """Of the GPU that TensorRT runs on, its memory included."""
    nvml = library()
    if nvml is None or nvml.nvmlInit_v2():
        yield None
        return
    try:
        yield _counter(nvml)
    finally:
        nvml.nvmlShutdown()


def _counter(nvml: Any) -> Counter | None:
    try:
        gpu = open_gpu()
        with gpu.current():
            first = gpu.cuda.Device(0)
            place, name = first.pci_bus_id(), first.name()
    except EdgedfError:
        return None
    device = ctypes.c_void_p()
    # By its place on the bus, because NVML and CUDA number GPUs differently.
    if nvml.nvmlDeviceGetHandleByPciBusId_v2(place.encode(), ctypes.byref(device)):
        return None

    def read_mj() -> float:
        found = ctypes.c_ulonglong()
        if code := nvml.nvmlDeviceGetTotalEnergyConsumption(device, ctypes.byref(found)):
            raise OSError(f"NVML gives error {code}")
        return found.value

    return Counter(f"the whole GPU, {name} (NVML)", read_mj)


def library() -> Any:
    """NVML, or None where there is no NVIDIA driver."""
    try:
        return ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
    except OSError:
        return None
