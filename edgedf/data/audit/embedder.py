"""A face-embedding model of the user's, as an ONNX file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.data.audit.pictures import Embed
from edgedf.errors import InputError, first_line
from edgedf.machine import cores

CHANNELS = 3
TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}


def load_embedder(file: Path) -> Embed:
    """Loads a model that turns faces into vectors.

    Its one input holds RGB faces, `(N, 3, H, W)` or `(N, H, W, 3)`, of the size that the graph states: floats in
    [-1, 1], as ArcFace and its kin take them, or bytes. The first output holds the vectors, `(N, D)`.

    Raises:
        InputError: It is no such model.
    """
    session = _open(file)
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type not in TYPES:
        raise InputError(f"{file}: an embedder has one input of floats or bytes")
    side, first = _layout(file, inputs[0].shape)
    kind, name, output = TYPES[inputs[0].type], inputs[0].name, session.get_outputs()[0].name
    batch = inputs[0].shape[0] if isinstance(inputs[0].shape[0], int) else None

    def embed(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        faces = np.stack([np.asarray(Image.fromarray(crop).resize(side)) for crop in crops])
        values = faces if kind is np.uint8 else faces.astype(np.float32) / 127.5 - 1
        values = np.ascontiguousarray(values.transpose(0, 3, 1, 2)) if first else values
        step = batch or len(values)
        try:
            parts = [session.run([output], {name: part})[0] for part in _batches(values, step)]
        except Exception as error:
            raise InputError(f"{file} fails on faces: {first_line(error)}") from error
        return np.concatenate(parts)[: len(crops)].reshape(len(crops), -1).astype(np.float32)

    return embed


def _open(file: Path) -> Any:
    """The session of an ONNX file.

    Raises:
        InputError: There is none, or it does not run here.
    """
    import onnxruntime

    if not file.is_file():
        raise InputError(f"there is no embedder {file}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores()
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the other threads decode meanwhile
    try:
        return onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no base
        raise InputError(f"{file} is not an ONNX model that runs here: {first_line(error)}") from error


def _layout(file: Path, shape: Sequence[object]) -> tuple[tuple[int, int], bool]:
    """Width and height of the faces, and whether channels come first.

    Raises:
        InputError: The graph does not say.
    """
    if len(shape) == 4 and CHANNELS in (shape[1], shape[3]):
        first = shape[1] == CHANNELS
        height, width = shape[2:] if first else shape[1:3]
        if isinstance(height, int) and isinstance(width, int):
            return (width, height), first
    raise InputError(f"{file} takes {list(shape)}: an embedder takes (N, 3, H, W) or (N, H, W, 3) of a fixed size")


def _batches(values: NDArray[np.generic], step: int) -> list[NDArray[np.generic]]:
    """Parts of `step` faces, the last one filled up with its last face."""
    missing = -len(values) % step
    whole = np.concatenate([values, np.repeat(values[-1:], missing, axis=0)]) if missing else values
    return [whole[start : start + step] for start in range(0, len(whole), step)]
