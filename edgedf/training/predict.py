"""Logits of a network over many crops."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edgedf.nn.detector import Detector
from edgedf.training.devices import keep_freed_memory


@torch.inference_mode()
def logits(model: Detector, pixels: Any, batch_size: int = 32) -> NDArray[np.float32]:
    """Uncalibrated logits `(N,)` in eval mode.

    Args:
        model: Left in the mode it was in.
        pixels: uint8 `(N, 256, 256, 3)`, an array or a memory map.
        batch_size: Crops at once.
    """
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    if device.type == "cpu":  # both make it several times as fast
        keep_freed_memory()
        model.to(memory_format=torch.channels_last)
    found: Sequence[NDArray[np.float32]] = [
        model(torch.from_numpy(np.array(pixels[i : i + batch_size])).to(device)).logit.float().squeeze(1).cpu().numpy()
        for i in range(0, len(pixels), batch_size)
    ]
    model.train(was_training)
    return np.concatenate(found)
