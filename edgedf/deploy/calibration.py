"""Calibration: how far each tensor of a graph reaches on a sample of faces.

Recorded once for a graph and a sample; every method and every dialect reads the same record.
"""

import contextlib
import io
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from edgedf.console import progress
from edgedf.data.packed import PackedFaces
from edgedf.deploy.layers import layer_names
from edgedf.deploy.moments import ROWS, Moments, layer_moments
from edgedf.errors import InputError
from edgedf.extras import need
from edgedf.files import cache_root, sha256, write_bytes
from edgedf.nn.quantisation import THIN
from edgedf.runtime.onnx_contract import INPUT

METHODS = ("minmax", "percentile", "entropy")
TRAINING = "training"  # no calibration: the ranges that a network was trained with to be INT8
CALIBRATION_IMAGES = 512
PERCENTILE = 99.99
BINS, LEVELS = 1024, 128  # of the histograms, and of what entropy compares them with
BATCH = 8  # crops whose tensors are in memory at once

Range = tuple[float, float]


class Statistics(NamedTuple):
    """What a dialect is written from.

    Attributes:
        ranges: Lowest and highest value of every tensor worth telling apart, by the tensor's name.
        moments: Of what each layer reads, by the layer's name.
    """

    ranges: dict[str, Range]
    moments: dict[str, Moments]


def check_method(name: str) -> None:
    """Makes sure that there is such a method.

    Raises:
        InputError: There is none.
    """
    if name not in METHODS:
        raise InputError(f"there is no calibration method {name!r}: use {', '.join(METHODS)}, {TRAINING} or auto")


@dataclass(frozen=True)
class Record:
    """What was seen of a graph on a sample: the ranges of every method, and moments."""

    ranges: dict[str, dict[str, Range]]
    moments: dict[str, Moments]

    def of(self, method: str) -> Statistics:
        """The statistics by one method.

        Raises:
            InputError: There is no such method.
        """
        check_method(method)
        return Statistics(self.ranges[method], self.moments)


@dataclass(frozen=True)
class Sample:
    """The faces that statistics are recorded on.

    Attributes:
        crops: uint8 (N, 256, 256, 3).
        fakes: Number of fakes among them.
        digests: Hash of each crop's pixels.
        fingerprint: Of the dataset they are drawn from.
    """

    crops: NDArray[np.uint8]
    fakes: int
    digests: list[str]
    fingerprint: str

    def to_dict(self) -> dict[str, Any]:
        """What a manifest says of it: no path and no name."""
        about = {"images": len(self.crops), "fakes": self.fakes, "dataset": self.fingerprint}
        return about | {"sample": sha256(" ".join(self.digests).encode()), "digests": self.digests}


def draw_sample(faces: PackedFaces, count: int, held_out: PackedFaces | None = None) -> Sample:
    """A balanced sample, drawn over the whole set: half real, half fake as far as there are so many.

    Args:
        faces: To draw from.
        count: Number of crops.
        held_out: Faces that the result will be judged on: none of them may be drawn.

    Raises:
        InputError: The two share crops.
    """
    judged = set(held_out.digests) if held_out else set()
    shared = sum(digest in judged for digest in faces.digests)
    if shared:
        raise InputError(
            f"{shared} calibration crops are in the split that the gate judges by: calibrate on another split"
        )
    parts = [np.flatnonzero(faces.labels == label) for label in (0, 1)]
    fakes = min(len(parts[1]), max(count // 2, count - len(parts[0])))
    drawn = [_spread(part, want) for part, want in zip(parts, (count - fakes, fakes), strict=True)]
    chosen = np.sort(np.concatenate(drawn))
    return Sample(
        crops=np.asarray(faces.pixels[chosen]),
        fakes=int(faces.labels[chosen].sum()),
        digests=[faces.digests[index] for index in chosen.tolist()],
        fingerprint=faces.fingerprint,
    )


def _spread(indices: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """At most `count` of the indices, evenly spaced: every part of a dataset is in the sample."""
    return indices[np.linspace(0, len(indices) - 1, min(count, len(indices))).round().astype(np.intp)]


def record(graph: bytes, sample: Sample, cache: Path | None = None) -> Record:
    """Runs a sample through a graph once; later calls read it from the cache.

    Args:
        graph: FP32 ONNX file.
        sample: Faces to run through it.
        cache: Folder of all records; by default `calibration` in edgedf's cache.

    Raises:
        InputError: The graph has no layer for INT8.
        MissingExtraError: The packages of the `export` extra are missing.
    """
    key = sha256(json.dumps([sha256(graph), sample.digests, PERCENTILE, BINS, LEVELS, ROWS]).encode())[:32]
    file = (cache or cache_root() / "calibration") / f"{key}.npz"
    with contextlib.suppress(OSError, ValueError, KeyError, EOFError, BadZipFile):  # none there, or a damaged one
        return _unpack(file)
    if not layer_names(graph):
        raise InputError(
            f"INT8 is not for this network: it has no convolution of {THIN} channels or more on both sides"
        )
    found = Record(_ranges(_histograms(graph, sample.crops)), layer_moments(graph, sample.crops))
    write_bytes(file, _pack(found))
    return found


def _pack(record: Record) -> bytes:
    arrays = {f"{name}/{kind}": value for name, m in record.moments.items() for kind, value in m._asdict().items()}
    stream = io.BytesIO()
    np.savez(stream, ranges=np.array(json.dumps(record.ranges)), **arrays)
    return stream.getvalue()


def _unpack(file: Path) -> Record:
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:  # numpy leaves a damaged one open
        ranges = json.loads(str(kept["ranges"]))
        names = {name.rpartition("/")[0] for name in kept.files if "/" in name}
        moments = {name: Moments(*(kept[f"{name}/{kind}"] for kind in Moments._fields)) for name in names}
    return Record({m: {name: (low, high) for name, (low, high) in ranges[m].items()} for m in METHODS}, moments)


def _histograms(graph: bytes, crops: NDArray[np.uint8]) -> Any:
    """ONNX Runtime's collector, filled with every tensor of every crop."""
    calibrate = need("onnxruntime.quantization.calibrate", "export")
    need("onnx", "export")
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.onnx"
        model.write_bytes(graph)
        calibrator = calibrate.HistogramCalibrater(
            model, augmented_model_path=str(Path(folder) / "augmented.onnx"), method="entropy", num_bins=BINS
        )
        calibrator.augment_graph()
        calibrator.create_inference_session()
        for start in progress(range(0, len(crops), BATCH), "calibrating"):
            with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
                calibrator.collect_data(_Reader([crops[start : start + BATCH]]))
    return calibrator.collector


class _Reader:
    """Batches as ONNX Runtime's calibrators ask for them."""

    def __init__(self, batches: Sequence[NDArray[np.uint8]]) -> None:
        self._batches = list(batches)

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """The next batch, or None after the last."""
        return {INPUT: self._batches.pop(0)} if self._batches else None


def _ranges(collector: Any) -> dict[str, dict[str, Range]]:
    """What each method makes of the histograms."""
    found: dict[str, dict[str, Range]] = {method: {} for method in METHODS}
    collector.percentile, collector.num_quantized_bins = PERCENTILE, LEVELS
    with contextlib.redirect_stdout(io.StringIO()):
        percentiles = collector.compute_percentile()
    for name, histogram in collector.histogram_dict.items():
        low, high = float(histogram[2]), float(histogram[3])
        found["minmax"][name] = (low, high)
        found["percentile"][name] = (float(percentiles[name][0]), float(percentiles[name][1]))
        reach = max(entropy_reach(histogram[0], histogram[1]), low, -high)  # a tensor may lie far from 0
        found["entropy"][name] = (max(low, -reach), min(high, reach))
    return found


def entropy_reach(counts: NDArray[np.int64], edges: NDArray[np.floating]) -> float:
    """Largest absolute value worth telling apart: the cut whose 128 levels lose the least information.

    Migacz, "8-bit inference with TensorRT" (GTC 2017), on absolute values. ONNX Runtime's own search does the same
    bin by bin in Python, which takes minutes for a network.

    Args:
        counts: Histogram (B,) that is symmetric about 0.
        edges: Its (B + 1,) edges.
    """
    half = len(counts) // 2
    folded = counts[half:] + counts[:half][::-1]
    folded[0] = folded[1]  # the zeros of a ReLU are exact at any scale, and would outweigh the rest
    best, reach = np.inf, float(edges[-1])
    if not folded.any():  # nothing but zeros
        return reach
    for cut in range(LEVELS, half + 1):
        divergence = _divergence(folded, cut)
        if divergence < best:
            best, reach = divergence, float(edges[half + cut])
    return reach


def _divergence(counts: NDArray[np.int64], cut: int) -> float:
    """Kullback-Leibler divergence of a histogram from itself in `LEVELS` levels up to a cut."""
    p = counts[:cut].astype(np.float64)
    level = np.arange(cut) * LEVELS // cut
    filled = p > 0
    mass = np.bincount(level, p, LEVELS)
    share = np.bincount(level, filled, LEVELS)
    q = np.where(filled, (mass / np.maximum(share, 1))[level], 0)
    p[-1] += counts[cut:].sum()  # what is beyond the cut is clipped to it
    q[-1] = max(q[-1], 1e-9 * p.sum())
    p, q = p / p.sum(), q / q.sum()
    known = p > 0
    return float((p[known] * np.log(p[known] / np.maximum(q[known], 1e-12))).sum())
