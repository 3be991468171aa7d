"""Which device trains, in which precision, alone or with others."""

import os

import torch
from lightning_fabric import Fabric


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
