"""The block DCT."""

import torch

from edgedf.nn.frequency import FrequencyBranch, dct_kernels


def test_kernels_are_orthonormal() -> None:
    flat = dct_kernels().flatten(1)
    assert torch.allclose(flat @ flat.T, torch.eye(64), atol=1e-5)


def test_a_pure_cosine_excites_its_own_coefficient_alone() -> None:
    kernels = dct_kernels()
    response = torch.nn.functional.conv2d(kernels[19:20], kernels)
    assert response.flatten().argmax() == 19
    assert torch.allclose(response.square().sum(), torch.tensor(1.0), atol=1e-5)


def test_the_branch_sees_what_a_blur_takes_away() -> None:
    branch = FrequencyBranch(8).eval()
    sharp = torch.rand(1, 3, 64, 64) * 255
    blurred = torch.nn.functional.avg_pool2d(sharp, 5, 1, 2)
    assert branch(sharp).shape == (1, 8, 8, 8)
    assert not torch.allclose(branch(sharp), branch(blurred), atol=1e-2)
