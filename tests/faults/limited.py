"""The command line with little `memory`, or few file `handles`, left once its packages are loaded."""

import os
import resource
import sys

import cv2
import lightning_fabric
import matplotlib.figure
import onnx
import onnxruntime
import torch

from edgedf.cli import main
from edgedf.training import loop

ROOM = {"memory": 24 << 20, "handles": 0}  # bytes, and files
LOADED = (cv2, lightning_fabric, matplotlib.figure, onnx, onnxruntime, torch, loop)  # or loading them is what fails


def limit(kind: str) -> None:
    """Leaves the process little more of a kind than it has."""
    if kind == "memory":
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        which, most = resource.RLIMIT_AS, used + ROOM[kind]
    else:
        which, most = resource.RLIMIT_NOFILE, len(os.listdir("/proc/self/fd")) + ROOM[kind]
    resource.setrlimit(which, (most, most))


if __name__ == "__main__":
    limit(sys.argv.pop(1))
    main()
