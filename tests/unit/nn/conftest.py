"""Pictures for networks."""

import pytest
import torch
from torch import Tensor


@pytest.fixture
def pixels() -> Tensor:
    """(2, 256, 256, 3) uint8 noise."""
    return torch.randint(0, 256, (2, 256, 256, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
