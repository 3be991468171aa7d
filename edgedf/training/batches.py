"""Batches of augmented views, made on background threads while the network computes."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgedf.data.packed import PackedFaces
from edgedf.data.sampling import epoch_order
from edgedf.data.views import make_view
from edgedf.errors import ConfigError
from edgedf.training.config import TrainConfig


class Batch(NamedTuple):
    """B views of one step.

    Attributes:
        pixels: (B, 256, 256, 3) uint8.
        labels: (B, 1) float, 1 is fake.
        boxes: (B, 3) float, where the face lies, see `edgedf.data.views.View`.
        images: (B,) int64, index of each image.
        view: Number of the view, the same for the whole batch.
    """

    pixels: Tensor
    labels: Tensor
    boxes: Tensor
    images: Tensor
    view: int

    def to(self, device: torch.device) -> "Batch":
        """Moves the tensors."""
        pixels, labels, boxes, images = (t.to(device, non_blocking=True) for t in self[:4])
        return Batch(pixels, labels, boxes, images, self.view)

    def pick(self, positions: Tensor) -> "Batch":
        """The views at some positions (b,) of the batch."""
        pixels, labels, boxes, images = (t[positions] for t in self[:4])
        return Batch(pixels, labels, boxes, images, self.view)


class Batches:
    """Every epoch's batches, the same for the same configuration.

    Args:
        faces: Training images.
        config: Of the run.
        rank: This process.
        world: Number of processes; each takes its own slice of every batch.

    Raises:
        ConfigError: A batch has fewer images than parts.
    """

    def __init__(self, faces: PackedFaces, config: TrainConfig, rank: int = 0, world: int = 1) -> None:
        if min(config.batch_size, len(faces)) < world * config.accumulate:
            raise ConfigError("a batch has fewer images than processes x accumulate: raise batch_size")
        self.faces, self.config = faces, config
        self.rank, self.world = rank, world
        self._steps = max(len(self._order(0)) // config.batch_size, 1)

    def __len__(self) -> int:
        """Steps in an epoch; an incomplete last batch is left out, its images come in another epoch."""
        return self._steps

    def epoch(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Yields this process's batches from step `first` on.

        The accumulation parts of a step follow one another.
        """
        view = epoch % self.config.views if self.config.views else epoch
        parts = deque(self._parts(epoch, first))
        workers = min(max((os.cpu_count() or 1) // self.world - 1, 1), 8)
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque[Future[Batch]] = deque()
            while parts or waiting:
                while parts and len(waiting) < 2 * workers + 1:
                    waiting.append(pool.submit(self._make, parts.popleft(), view))
                yield waiting.popleft().result()

    def _parts(self, epoch: int, first: int) -> Iterator[NDArray[np.int64]]:
        order = self._order(epoch)
        size = min(self.config.batch_size, len(order))
        for step in range(first, len(self)):
            batch = order[step * size : (step + 1) * size]
            share = np.array_split(batch, self.world)[self.rank]
            yield from (part for part in np.array_split(share, self.config.accumulate) if len(part))

    def _order(self, epoch: int) -> NDArray[np.int64]:
        return epoch_order(self.faces.labels, epoch, self.config.seed, self.config.prevalence or None)

    def _make(self, images: NDArray[np.int64], view: int) -> Batch:
        # Not the run's seed: runs that differ in their seed share the teacher's stored answers.
        views = [make_view(self.faces.pixels[int(i)], (int(i), view), self.config.jitter) for i in images]
        return Batch(
            pixels=torch.from_numpy(np.stack([v.pixels for v in views])),
            labels=torch.from_numpy(self.faces.labels[images].astype(np.float32))[:, None],
            boxes=torch.from_numpy(np.stack([v.box for v in views])),
            images=torch.from_numpy(images),
            view=view,
        )
