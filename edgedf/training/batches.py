"""Batches of augmented views, made on all cores."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgedf.data.degrade import degrade
from edgedf.data.hide import hidden_areas, hide
from edgedf.data.packed import PackedFaces
from edgedf.data.views import make_view, plan_views
from edgedf.data.zoom import zoom
from edgedf.errors import ConfigError
from edgedf.training.config import TrainConfig
from edgedf.training.crops import Crops
from edgedf.training.masks import SIDE, mask_of_view, without

DEGRADED, HIDDEN, ZOOMED = 6, 7, 8  # tell these choices from others by the same numbers
CHUNK = 4  # views a thread makes before it looks for more work


class Batch(NamedTuple):
    """B views of one step.

    Attributes:
        pixels: (B, 256, 256, 3) uint8.
        labels: (B, 1) float, 1 is fake; with `mix`, the share of the fake in a mixture.
        boxes: (B, 3) float, where the face lies, see `edgedf.data.views.View`.
        images: (B,) int64, number of each image, see `edgedf.training.crops.Crops`.
        view: Number of the view, the same for the whole batch.
        masks: (B, 16, 16) float, how much of each field is forged, not a number where that is not known; None where
            nothing is learned from them.
    """

    pixels: Tensor
    labels: Tensor
    boxes: Tensor
    images: Tensor
    view: int
    masks: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """Moves the tensors."""
        pixels, labels, boxes, images = (t.to(device, non_blocking=True) for t in self[:4])
        masks = None if self.masks is None else self.masks.to(device, non_blocking=True)
        return Batch(pixels, labels, boxes, images, self.view, masks)

    def pick(self, positions: Tensor) -> "Batch":
        """The views at some positions (b,) of the batch."""
        pixels, labels, boxes, images = (t[positions] for t in self[:4])
        return Batch(pixels, labels, boxes, images, self.view, None if self.masks is None else self.masks[positions])


class Batches:
    """Every epoch's batches, the same for the same configuration.

    Args:
        faces: Training images.
        config: Of the run.
        rank: This process.
        world: Number of processes; each takes its own slice of every batch.
        ahead: Make batches while the network computes: for a network on a GPU. On a CPU both want the same cores, and
            a core taken from the network's threads keeps all of them waiting.

    Raises:
        ConfigError: A batch has fewer images than parts.
    """

    def __init__(
        self, faces: PackedFaces, config: TrainConfig, rank: int = 0, world: int = 1, ahead: bool = False
    ) -> None:
        self.faces, self.config = faces, config
        self._crops = Crops(faces, config)
        self.rank, self.world, self.ahead = rank, world, ahead
        self._unit = 2 if config.pairs else 1  # a pair stays together
        images = len(self._crops.order(0, 0))
        if min(config.batch_size, images) < world * config.accumulate * self._unit:
            raise ConfigError("a batch has fewer images (or pairs) than processes x accumulate: raise batch_size")
        self._steps = max(images // config.batch_size, 1)

    def __len__(self) -> int:
        """Steps in an epoch; an incomplete last batch is left out, its images come in another epoch."""
        return self._steps

    def epoch(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Yields this process's batches from step `first` on.

        The accumulation parts of a step follow one another.
        """
        view = epoch % self.config.views if self.config.views else epoch
        parts = self._fetched(self._parts(self._crops.order(epoch, view), first))
        cores = max((os.cpu_count() or 1) // self.world, 1)
        workers = min(cores, 8) if self.ahead else cores  # more than 8 batches at once would take much memory
        with ThreadPoolExecutor(workers) as pool:
            if self.ahead:
                yield from _ahead(pool, (partial(self._make, part, view, map) for part in parts), 2 * workers)
            else:
                yield from (self._make(part, view, pool.map) for part in parts)

    def _parts(self, order: NDArray[np.int64], first: int) -> Iterator[NDArray[np.int64]]:
        size = min(self.config.batch_size, len(order))
        for step in range(first, len(self)):
            batch = order[step * size : (step + 1) * size].reshape(-1, self._unit)
            share = np.array_split(batch, self.world)[self.rank]
            yield from (part.ravel() for part in np.array_split(share, self.config.accumulate) if len(part))

    def _fetched(self, parts: Iterator[NDArray[np.int64]]) -> Iterator[NDArray[np.int64]]:
        """Has the disk bring each part while the one before it is in use."""
        now = next(parts, None)
        while now is not None:
            following = next(parts, None)
            if following is not None:
                self.faces.prefetch(following[following < len(self.faces)])
            yield now
            now = following

    def _make(self, images: NDArray[np.int64], view: int, apply: Callable[..., Iterable[None]]) -> Batch:
        pixels = np.empty((len(images), *self.faces.pixels.shape[1:]), np.uint8)
        labels = np.empty((len(images), 1), np.float32)
        masks = np.full((len(images), SIDE, SIDE), np.nan, np.float32) if self.config.mask_weight else None
        # A fake is moved, lit and compressed as its original: only the forgery tells the two apart.
        # Not the run's seed: runs that differ in their seed share the teacher's stored answers.
        anchors = self._crops.anchors[images]
        plans = plan_views(anchors, view, self.config.jitter)

        def fill(rows: NDArray[np.int64]) -> None:
            for row in rows.tolist():
                crop, labels[row], mask = self._crops.crop(int(images[row]), view, plans[row].share)
                make_view(crop, plans[row], pixels[row])
                if masks is not None and mask is not None:
                    masks[row] = mask_of_view(mask, plans[row])
                self._zoom(pixels[row], int(anchors[row]), view)
                self._degrade(pixels[row], int(anchors[row]), view)
                self._hide(pixels[row], None if masks is None else masks[row], int(anchors[row]), view)

        list(apply(fill, np.array_split(np.arange(len(images)), max(len(images) // CHUNK, 1))))
        return Batch(
            pixels=torch.from_numpy(pixels),
            labels=torch.from_numpy(labels),
            boxes=torch.from_numpy(np.stack([plan.box for plan in plans])),
            images=torch.from_numpy(images),
            view=view,
            masks=None if masks is None else torch.from_numpy(masks),
        )

    def _zoom(self, pixels: NDArray[np.uint8], anchor: int, view: int) -> None:
        """Shows a part alone in a share of the views, in place; of a fake the same as of its original."""
        if rng := _drawn(ZOOMED, self.config.zoom, view, anchor):
            pixels[:] = zoom(pixels, rng)

    def _degrade(self, pixels: NDArray[np.uint8], anchor: int, view: int) -> None:
        """Degrades a share of the views, in place; a fake as its original."""
        if rng := _drawn(DEGRADED, self.config.degrade, view, anchor):
            pixels[:] = degrade(pixels, rng)

    def _hide(self, pixels: NDArray[np.uint8], mask: NDArray[np.float32] | None, anchor: int, view: int) -> None:
        """Hides parts of a share of the views, and of their masks, in place; of a fake as of its original."""
        if rng := _drawn(HIDDEN, self.config.hide, view, anchor):
            areas = hidden_areas(rng)
            pixels[:] = hide(pixels, areas)
            if mask is not None:
                mask[:] = without(mask, areas)


def _drawn(what: int, share: float, view: int, anchor: int) -> np.random.Generator | None:
    """What makes the choices for one of the views that are drawn, a share of all; None for the others."""
    if not share:
        return None
    rng = np.random.default_rng([what, view, anchor])
    return rng if rng.random() < share else None


def _ahead(pool: ThreadPoolExecutor, jobs: Iterable[Callable[[], Batch]], count: int) -> Iterator[Batch]:
    """Results in order, `count` of them under way."""
    waiting: deque[Future[Batch]] = deque()
    try:
        for job in jobs:
            waiting.append(pool.submit(job))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # whoever stops in mid-epoch does not wait for batches that nobody will see
        for future in waiting:
            future.cancel()
