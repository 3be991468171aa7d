"""Does a network that sees several frames tell more than their mean? Measured on clips, nested by pairs of people.

    crops of clips -> the student's embeddings and logits, in the order of time -> a small convolution over time
    -> each pair of people judged by a network that never saw it, nor was chosen by it -> AUC by video, beside the mean

Beside it stands the same network that looks at each frame alone: what that one gains over the mean comes from having
learned of clips like these, and only what is beyond it comes from time.

The student itself is never trained on these clips, and the network over time is not part of a bundle unless it is
ahead: benchmarks/README.md has the answer so far.

Run by `python student/temporal.py --bundle BUNDLE --data CROPS`, crops of one row a frame with `video` and `frame`, as
`edgedf data prepare` makes them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from edgedf.console import progress, say, table
from edgedf.data.packed import pack
from edgedf.data.readers import open_dataset
from edgedf.errors import DatasetError
from edgedf.guard import run_alone
from edgedf.metrics import WORTH, auc_difference, evaluate, sigmoid
from edgedf.metrics.ranking import auc
from edgedf.runtime import Engine

WINDOW = 16  # frames that are learned from at once; five seconds at three frames a second
WIDTH, KERNEL = 16, 5
STEPS, LEARNING_RATE = 150, 3e-3
DECAYS = (0.01, 0.1, 1.0)  # tried within the pairs that are trained on


class Video(NamedTuple):
    """What a student says of a video's frames.

    Attributes:
        name: Of the video.
        label: 1 is fake.
        group: Its pair of people.
        features: `(T, D + 1)`: the embedding and the logit of each frame, in the order of time.
    """

    name: str
    label: int
    group: str
    features: NDArray[np.float32]


class TemporalHead(nn.Module):
    """A convolution over time, then the mean over time.

    Args:
        features: `(T, D)` of the videos that it is trained on, which it standardises by.
        kernel: Frames that it looks at together, an odd number.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, features: Tensor, kernel: int = KERNEL) -> None:
        super().__init__()
        self.register_buffer("mean", features.mean(0))
        self.register_buffer("std", features.std(0) + 1e-3)
        self.over_time = nn.Conv1d(features.shape[1], WIDTH, kernel, padding=kernel // 2)
        self.evidence = nn.Conv1d(WIDTH, 1, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Log-odds of fake (B,) of sequences (B, T, D)."""
        x = ((features - self.mean) / self.std).transpose(1, 2)
        logits: Tensor = self.evidence(F.relu(self.over_time(x))).mean((1, 2))
        return logits


def main(*, bundle: Path, data: Path, seed: int = 0) -> dict[str, Any]:
    """Measures mean and networks by video and prints a table.

    Args:
        bundle: Of the student.
        data: Crops of clips, with the columns `video` and `frame`.
        seed: Of the training.

    Returns:
        The evaluations, and how much higher the AUC of the convolution over time is than the others', with intervals.
    """
    videos = read_videos(bundle, data)
    labels = np.array([one.label for one in videos], np.uint8)
    groups = [one.group for one in videos]
    found = {
        "mean of the logits": np.array([one.features[:, -1].mean() for one in videos], np.float64),
        "each frame alone": nested(videos, seed, kernel=1),
        "convolution over time": nested(videos, seed),
    }
    evaluations = {name: evaluate(labels, sigmoid(logit), groups, rule="f1") for name, logit in found.items()}
    mean, alone, network = found.values()
    gains = {
        "the mean": auc_difference(labels, network, mean, groups),
        "each frame alone": auc_difference(labels, network, alone, groups),
    }
    rows = [[name, *(str(getattr(one, key)) for key in WORTH)] for name, one in evaluations.items()]
    say(f"{len(videos)} videos, {labels.sum()} fake, {len(set(groups))} groups; threshold: f1, cross-fitted")
    say(table(["by video", *WORTH], rows))
    for name, gain in gains.items():
        say(f"AUC of the convolution over time less that of {name}: {gain}")
    return {
        "videos": len(videos),
        "evaluations": {name: one.to_dict() for name, one in evaluations.items()},
        "gains": {name: vars(gain) for name, gain in gains.items()},
    }


def read_videos(bundle: Path, data: Path) -> list[Video]:
    """Asks a student about every crop of a dataset of clips.

    Raises:
        DatasetError: The dataset does not say which video and frame its crops are of.
    """
    dataset = open_dataset(data, log=say)
    if missing := {"video", "frame"} - dataset.columns.keys():
        raise DatasetError(f"{data} has no column {', '.join(sorted(missing))}: make it with  edgedf data prepare")
    faces = pack(dataset, progress=progress, log=say)
    with Engine.load(bundle, threads=1) as engine:
        starts = progress(range(0, len(faces), 64), "asking the student")
        results = [engine.run(faces.pixels[start : start + 64]) for start in starts]
    features = np.hstack(
        [np.concatenate([r.embedding for r in results]), np.concatenate([r.logit for r in results])[:, None]]
    )
    names, frames = dataset.columns["video"], np.array(dataset.columns["frame"], np.int64)
    videos = []
    for name in sorted(set(names)):
        rows = np.flatnonzero(np.array(names) == name)
        rows = rows[np.argsort(frames[rows], kind="stable")]
        first = int(rows[0])
        videos.append(Video(name, int(faces.labels[first]), faces.groups[first], features[rows]))
    return videos


def nested(videos: Sequence[Video], seed: int, kernel: int = KERNEL) -> NDArray[np.float64]:
    """Log-odds of fake `(V,)`, each group's by a network trained and chosen on the others."""
    found = np.zeros(len(videos))
    for group in progress(sorted({one.group for one in videos}), "groups"):
        rest = [one for one in videos if one.group != group]
        labels = np.array([one.label for one in rest], np.uint8)
        worth = [auc(labels, held_out(rest, decay, seed, kernel)) for decay in DECAYS]
        head = train(rest, DECAYS[int(np.argmax(worth))], seed, kernel)
        for i, one in enumerate(videos):
            if one.group == group:
                found[i] = judge(head, one)
    return found


def held_out(videos: Sequence[Video], decay: float, seed: int, kernel: int = KERNEL) -> NDArray[np.float64]:
    """Log-odds `(V,)`, each group's by a network trained on the others."""
    found = np.zeros(len(videos))
    for group in sorted({one.group for one in videos}):
        head = train([one for one in videos if one.group != group], decay, seed, kernel)
        for i, one in enumerate(videos):
            if one.group == group:
                found[i] = judge(head, one)
    return found


def train(videos: Sequence[Video], decay: float, seed: int, kernel: int = KERNEL) -> TemporalHead:
    """Trains on a random window of every video a step."""
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    head = TemporalHead(torch.from_numpy(np.concatenate([one.features for one in videos])), kernel)
    labels = torch.tensor([float(one.label) for one in videos])
    optimizer = torch.optim.AdamW(head.parameters(), LEARNING_RATE, weight_decay=decay)
    for _ in range(STEPS):
        windows = torch.from_numpy(np.stack([_window(one.features, draw) for one in videos]))
        loss = F.binary_cross_entropy_with_logits(head(windows), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return head.eval()


def _window(features: NDArray[np.float32], draw: np.random.Generator) -> NDArray[np.float32]:
    """Neighbouring frames `(16, D)`; a shorter video begins again."""
    start = int(draw.integers(max(len(features) - WINDOW, 0) + 1))
    return features[(start + np.arange(WINDOW)) % len(features)]


@torch.inference_mode()
def judge(head: TemporalHead, video: Video) -> float:
    """Log-odds of fake of a whole video."""
    return float(head(torch.from_numpy(video.features)[None]))


if __name__ == "__main__":
    run_alone(main)
