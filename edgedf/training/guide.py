"""The teacher's answers about views, computed or stored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from edgedf.files import allocate, require_room, sha256
from edgedf.nn.detector import Detector, Output
from edgedf.nn.locator import uncrop_box
from edgedf.training.batches import Batch
from edgedf.training.compiled import Compiled
from edgedf.training.levels import standardised

ATTENTION = 16  # side of the student's map
FEATURES = 8  # side of the compared features
LEVELS = (32, 16, 8)  # sides of the student's stages


class Guidance(NamedTuple):
    """A teacher's answers about B views, rounded to half precision, as they are stored; but for `levels`.

    Attributes:
        logit: (B, 1).
        attention: (B, 16, 16).
        features: (B, C, 8, 8).
        levels: [(B, D, h, w)], what its trunk sees at each level, standardised; None where it was not asked for.
    """

    logit: Tensor
    attention: Tensor
    features: Tensor
    levels: list[Tensor] | None = None


class Guide:
    """A frozen teacher in eval mode. Not a module, so that the student's checkpoints do not hold its weights.

    It answers in the run's precision, by default full on a CPU, as not all CPUs have another. In bfloat16 it is 2.6
    times as fast as in full precision, neither of them compiled, and its AUC .9132 in place of .9134
    (EfficientNet-Lite2, a third of dfdc val).

    Args:
        teacher: Copied.
        with_levels: Answer what its trunk sees, too.
    """

    def __init__(self, teacher: Detector, with_levels: bool = False) -> None:
        self.with_levels, self.level_channels = with_levels, teacher.level_channels
        self.teacher = teacher.fused().requires_grad_(False).to(memory_format=torch.channels_last)
        self._answer: Callable[[Tensor], Output] = self.teacher
        self.channels = int(teacher.feature_channels)  # type: ignore[arg-type]

    def compile(self) -> None:
        """Answers faster on a CPU after half a minute, see `edgedf.training.compiled`."""
        self._answer = Compiled(self.teacher)

    @torch.no_grad()
    def __call__(self, batch: Batch) -> Guidance:
        """Answers about the same pixels that the student sees."""
        self.teacher.to(batch.pixels.device)
        output = self._answer(batch.pixels)
        assert output.features is not None
        attention = F.adaptive_avg_pool2d(output.attention.unsqueeze(1), ATTENTION).squeeze(1)
        logit, maps, features = (t.half().float() for t in (output.logit, attention, output.features))
        return Guidance(logit, maps, features, self._levels(output) if self.with_levels else None)

    def _levels(self, output: Output) -> list[Tensor]:
        """In the crop's frame, beyond the face's box what is at its edge."""
        levels = output.levels
        assert levels is not None
        if output.box is not None:
            pairs = zip(levels, LEVELS, strict=True)
            levels = [uncrop_box(level, output.box, side, "border") for level, side in pairs]
        return [standardised(level) for level in levels]


class CachedGuide:
    """Stores the answers of a guide, so that a student trains for many epochs at its own speed.

    One file a kind of answer, memory-mapped and filled as views come up; 13 KB a view, taken from the disk at once.

    Args:
        guide: Asked once about each view.
        folder: Where the cache of all teachers lies.
        key: Whatever the answers depend on: teacher's weights, data, views.
        images: Number of training images.
        views: Views of each.

    Raises:
        InputError: The disk has no room.
    """

    def __init__(self, guide: Guide, folder: Path, key: str, images: int, views: int) -> None:
        self.guide, self.channels, self.views = guide, guide.channels, views
        root = folder / sha256(f"{key} {images} {views}".encode())[:32]
        root.mkdir(parents=True, exist_ok=True)
        count = images * views
        if not (root / "known.u8").exists():  # the last of the files
            require_room(root, count * (2 * (1 + ATTENTION**2 + guide.channels * FEATURES**2) + 1))
        self.logit = _store(root / "logit.f16", (count, 1))
        self.attention = _store(root / "attention.f16", (count, ATTENTION, ATTENTION))
        self.features = _store(root / "features.f16", (count, guide.channels, FEATURES, FEATURES))
        # Set after the answers are written: a killed process leaves no half answer that counts.
        self.known = _store(root / "known.u8", (count,), np.uint8)

    def __call__(self, batch: Batch) -> Guidance:
        """The same as the guide's own answers, from the store where they are there."""
        rows = batch.images.cpu().numpy() * self.views + batch.view
        new = np.flatnonzero(self.known[rows] == 0)
        if len(new):
            self._ask(batch, new, rows[new])
        device = batch.pixels.device
        stores = (self.logit, self.attention, self.features)
        logit, maps, features = (torch.from_numpy(store[rows].astype(np.float32)).to(device) for store in stores)
        return Guidance(logit, maps, features)

    def _ask(self, batch: Batch, new: NDArray[np.intp], rows: NDArray[np.int64]) -> None:
        logit, maps, features, _ = self.guide(batch.pick(torch.from_numpy(new).to(batch.pixels.device)))
        for store, answer in ((self.logit, logit), (self.attention, maps), (self.features, features)):
            store[rows] = answer.cpu().numpy().astype(np.float16)
        self.known[rows] = 1


def _store(path: Path, shape: tuple[int, ...], kind: type = np.float16) -> NDArray[Any]:
    """A memory-mapped array, of zeros where it is new."""
    allocate(path, int(np.prod(shape)) * np.dtype(kind).itemsize)
    return np.memmap(path, dtype=kind, mode="r+", shape=shape)
