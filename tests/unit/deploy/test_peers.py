"""Peers of the latency comparison."""

import pytest
import torch
import torchvision

from edgedf.deploy.peers import TORCHVISION, Peer, peer_graph
from edgedf.errors import InputError


def test_a_peer_takes_the_crops_of_a_bundle() -> None:
    peer = Peer(torchvision.models.mobilenet_v3_small(num_classes=1)).eval()
    with torch.inference_mode():
        output = peer(torch.zeros(2, 256, 256, 3, dtype=torch.uint8))
    assert output.logit.shape == (2, 1)
    assert output.attention.shape == (2, 8, 8)
    assert output.embedding.shape == (2, 576)


@pytest.mark.parametrize("name", TORCHVISION)
def test_every_peer_is_a_trunk_and_a_classifier(name: str) -> None:
    with torch.device("meta"):  # shapes only
        peer = Peer(torchvision.models.get_model(name, weights=None, num_classes=1)).eval()
        output = peer(torch.zeros(2, 256, 256, 3, dtype=torch.uint8))
    assert output.logit.shape == (2, 1)
    assert output.attention.shape == (2, 8, 8)


def test_an_unknown_peer_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="mobilenet_v2"):
        peer_graph("resnet9000")
