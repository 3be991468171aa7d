"""MesoNet as a peer: `python benchmarks/mesonet.py Meso4_DF.h5 meso4.onnx`.

Reads the weights that its authors published, of Meso4 or MesoInception4 (Afchar et al., "MesoNet: a Compact Facial
Video Forgery Detection Network", WIFS 2018; github.com/DariusAf/MesoNet), and writes the network as an ONNX graph that
keeps the contract of a bundle, for `benchmarks/record.py`. Theirs says P(real); the logit here is of `fake`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgedf.console import say
from edgedf.deploy.graph import onnx_from_model
from edgedf.errors import InputError
from edgedf.extras import need
from edgedf.files import write_bytes
from edgedf.guard import run_alone
from edgedf.nn.detector import Detector, Output, channels_first
from edgedf.runtime.onnx_contract import check_graph

KERAS_EPS = 1e-3  # of its batch norm
KINDS: Mapping[str, type[nn.Module]] = {"conv2d": nn.Conv2d, "batch_normalization": nn.BatchNorm2d, "dense": nn.Linear}

Layers = dict[str, list[list[NDArray[np.float32]]]]
"""For each of `KINDS` its layers in the order in which they were made, each with its weights as Keras orders them."""


def main(weights: Path, out: Path) -> dict[str, str | int]:
    """Writes the graph and returns its network and number of weights.

    Args:
        weights: The published HDF5 file.
        out: ONNX file to write.
    """
    network = mesonet(read_layers(weights))
    graph = onnx_from_model(network)
    check_graph(graph)
    write_bytes(out, graph)
    parameters = sum(one.numel() for one in network.parameters())
    say(f"wrote {out}: {network.name}, {parameters:,} weights")
    return {"network": network.name, "parameters": parameters}


class MesoNet(Detector):
    """Meso4, or MesoInception4, with random weights.

    Attributes:
        name: Which of the two.

    Args:
        inception: Whether the first two convolutions are inception blocks.
    """

    def __init__(self, inception: bool) -> None:
        super().__init__()
        self.name = "MesoInception4" if inception else "Meso4"
        first, second = (Inception(3, 1), Inception(11, 2)) if inception else (_conv(3, 8, 3), _conv(8, 8, 5))
        one, two = (11, 12) if inception else (8, 8)
        self.features = nn.Sequential(
            *(first, nn.BatchNorm2d(one, KERAS_EPS), nn.MaxPool2d(2)),
            *(second, nn.BatchNorm2d(two, KERAS_EPS), nn.MaxPool2d(2)),
            *(_conv(two, 16, 5), nn.BatchNorm2d(16, KERAS_EPS), nn.MaxPool2d(2)),
            *(_conv(16, 16, 5), nn.BatchNorm2d(16, KERAS_EPS), nn.MaxPool2d(4)),
        )
        self.hidden, self.head = nn.Linear(16 * 8 * 8, 16), nn.Linear(16, 1)

    def forward(self, pixels: Tensor) -> Output:
        """See `Detector.forward`; the attention map is a mean, which costs next to nothing."""
        features = self.features(channels_first(pixels) / 255)
        flat = features.permute(0, 2, 3, 1).flatten(1)  # Keras keeps the channels last
        embedding = nn.functional.leaky_relu(self.hidden(flat), 0.1)
        return Output(-self.head(embedding), features.mean(1).sigmoid(), embedding)


class Inception(nn.Module):
    """Four ways side by side: 1x1, and 1x1 before 3x3 at dilations 1, 2 and 3; the last has 2 channels, two have 4.

    Args:
        channels: Of the input.
        first: Channels of the first way.
    """

    def __init__(self, channels: int, first: int) -> None:
        super().__init__()
        dilated = [nn.Sequential(_conv(channels, n, 1), _conv(n, n, 3, d)) for d, n in ((1, 4), (2, 4), (3, 2))]
        self.ways = nn.ModuleList([_conv(channels, first, 1), *dilated])

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) features as (B, `first` + 10, H, W)."""
        return torch.cat([way(features) for way in self.ways], 1)


def _conv(channels: int, count: int, side: int, dilation: int = 1) -> nn.Sequential:
    """Rectified before the batch norm that follows, not after it."""
    return nn.Sequential(nn.Conv2d(channels, count, side, padding="same", dilation=dilation), nn.ReLU())


def mesonet(layers: Layers) -> MesoNet:
    """The network of some weights, in eval mode.

    Raises:
        InputError: They are of another network.
    """
    network = MesoNet(inception=len(layers["conv2d"]) > 4)
    try:
        for kind, module in KINDS.items():
            places = [one for one in network.modules() if isinstance(one, module)]
            for place, arrays in zip(places, layers[kind], strict=True):
                _fill(place, arrays)
    except (ValueError, RuntimeError) as error:
        raise InputError("not the weights of Meso4 or MesoInception4: give a file of its authors") from error
    return network.eval()


def _fill(place: nn.Module, arrays: Sequence[NDArray[np.float32]]) -> None:
    """Gives a layer its weights: Keras has the kernels' output channels last."""
    kernel = arrays[0].transpose(3, 2, 0, 1) if arrays[0].ndim == 4 else arrays[0].T
    names = ("weight", "bias", "running_mean", "running_var")[: len(arrays)]
    state = {name: torch.from_numpy(np.array(one)) for name, one in zip(names, [kernel, *arrays[1:]], strict=True)}
    place.load_state_dict(state, strict=False)


def read_layers(file: Path) -> Layers:
    """The weights of a Keras HDF5 file.

    Raises:
        InputError: There is no such file, or it holds no layers.
        MissingExtraError: h5py is not installed.
    """
    h5py = need("h5py", "peers")
    found: dict[str, dict[int, list[NDArray[np.float32]]]] = {kind: {} for kind in KINDS}
    try:
        with h5py.File(file) as kept:
            for name in np.asarray(kept.attrs["layer_names"]).astype(str):
                kind, _, number = name.rpartition("_")  # numbered as they were made, stored in another order
                if kind in found:
                    weights = np.asarray(kept[name].attrs["weight_names"]).astype(str)
                    found[kind][int(number)] = [np.asarray(kept[name][one], np.float32) for one in weights]
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{file}: not a file of Keras weights that can be read") from error
    return {kind: [numbered[number] for number in sorted(numbered)] for kind, numbered in found.items()}


if __name__ == "__main__":
    run_alone(main)
