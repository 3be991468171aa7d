"""Blocks that fold."""

import pytest
import torch

from edgedf.nn.blocks import ConvNorm, RepBlock


@pytest.mark.parametrize(
    "block", [RepBlock(16, 16), RepBlock(16, 32, stride=2), ConvNorm(16, 32), ConvNorm(16, 8, kernel=1)]
)
def test_fusing_changes_no_output(block: RepBlock | ConvNorm) -> None:
    """With norms that have seen data, the folded convolution gives the branches' sum."""
    torch.manual_seed(0)
    for _ in range(5):
        block.train()(torch.randn(8, 16, 12, 12) * 3 + 1)
    x = torch.randn(2, 16, 12, 12)
    expected = block.eval()(x)
    block.fuse()
    assert torch.allclose(block(x), expected, atol=1e-4)
    assert expected.std() > 0.1, "an output of zeros would prove nothing"
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in block.modules())
    block.fuse()
    assert torch.allclose(block(x), expected, atol=1e-4), "fusing twice is fusing once"
