"""Which device trains, in which precision, alone or with others."""

import ctypes
import os
import sys

import torch
from lightning_fabric import Fabric

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # names and numbers of <malloc.h>


def make_fabric(precision: str) -> Fabric:
    """Fabric on CUDA where there is some, and over the processes of `torchrun` where it started us."""
    on_cuda = torch.cuda.is_available()
    half = "bf16-mixed" if on_cuda and torch.cuda.is_bf16_supported() else "16-mixed"
    names = {
        "auto": half if on_cuda else "32-true",
        "32": "32-true",
        "bf16": "bf16-mixed",
        "fp16": "16-mixed",
    }
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    nodes = int(os.environ.get("WORLD_SIZE", "1")) // local
    fabric = Fabric(
        accelerator="cuda" if on_cuda else "cpu",
        devices=local,
        num_nodes=nodes,
        precision=names[precision],  # type: ignore[arg-type]
    )
    fabric.launch()
    return fabric


def keep_freed_memory() -> None:
    """Lets this process keep large freed blocks for its next tensors, for good; only glibc can.

    By default it returns each to the system and gets it back page by page, which takes a quarter to a third of the
    time of a training step on a CPU, measured on EfficientNet-Lite2.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:  # musl has none
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
