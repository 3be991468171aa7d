"""Well-known networks, and our largest teacher, with random weights: peers in latency, and in nothing else."""

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from edgedf.deploy.graph import onnx_from_model
from edgedf.errors import InputError
from edgedf.extras import need
from edgedf.nn.detector import Detector, Output, channels_first
from edgedf.nn.teacher import Teacher

TORCHVISION = ("efficientnet_b0", "efficientnet_b3", "mobilenet_v2", "mobilenet_v3_small", "resnet18")
TEACHER = "teacher_b3"  # ours, at full size
PEERS = (*TORCHVISION, TEACHER)


class Peer(Detector):
    """A network of torchvision with one logit, behind the same pixels and normalisation as ours."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.features, self.classifier = _parts(network)

    def forward(self, pixels: Tensor) -> Output:
        """Judges crops, see `Detector.forward`; the attention map is a mean, which costs next to nothing."""
        features = self.features(channels_first(pixels) / 127.5 - 1)
        embedding = adaptive_avg_pool2d(features, 1).flatten(1)
        return Output(self.classifier(embedding), features.mean(1).sigmoid(), embedding)


def _parts(network: nn.Module) -> tuple[nn.Module, nn.Module]:
    """Trunk and head; a ResNet names neither, but has them in a row, with its pooling between."""
    if hasattr(network, "features"):
        return network.get_submodule("features"), network.get_submodule("classifier")
    *trunk, _, head = network.children()
    return nn.Sequential(*trunk), head


def check_peer(name: str) -> None:
    """Checks that there is a peer of this name.

    Raises:
        InputError: There is none.
    """
    if name not in PEERS:
        raise InputError(f"there is no peer {name!r}: choose from {', '.join(PEERS)}, or name an .onnx file")


def peer_graph(name: str) -> bytes:
    """The ONNX graph of a peer, with a bundle's input and outputs.

    Args:
        name: One of `PEERS`.

    Raises:
        InputError: There is no such peer.
        MissingExtraError: torchvision is not installed.
    """
    check_peer(name)
    if name == TEACHER:
        return onnx_from_model(Teacher("efficientnet_b3").eval())
    models = need("torchvision.models", "train")
    return onnx_from_model(Peer(models.get_model(name, weights=None, num_classes=1)).eval())
