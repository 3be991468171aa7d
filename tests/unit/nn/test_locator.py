"""The built-in face locator."""

import torch
from torch.nn import functional as F

from edgedf.nn.locator import FaceLocator, crop_box, uncrop_box


def _smooth(side: int = 128) -> torch.Tensor:
    coarse = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    return F.interpolate(coarse, size=side, mode="bicubic")


def test_the_whole_picture_is_the_first_guess() -> None:
    picture = _smooth()
    box = FaceLocator().eval()(picture)
    assert torch.allclose(box, torch.tensor([[0.0, 0.0, 1.0]] * 2))
    assert torch.allclose(crop_box(picture, box, 128), picture, atol=1e-5)


def test_a_box_is_cut_where_it_says() -> None:
    """The box's left upper quarter is the picture's left upper quarter."""
    picture = _smooth()
    box = torch.tensor([[-0.5, -0.5, 0.5]] * 2)
    assert torch.allclose(crop_box(picture, box, 64), picture[:, :, :64, :64], atol=1e-5)


def test_uncrop_is_the_inverse_inside_the_box_and_zero_outside() -> None:
    picture, box = _smooth() + 1, torch.tensor([[0.1, -0.2, 0.6]] * 2)
    back = uncrop_box(crop_box(picture, box, 128), box, 128)
    assert torch.allclose(back[:, :, 32:76, 52:100], picture[:, :, 32:76, 52:100], atol=0.05)
    assert (back[:, :, :8] == 0).all()


def test_outside_the_box_the_border_is_repeated_where_that_is_asked_for() -> None:
    box = torch.tensor([[0.0, 0.0, 0.5]] * 2)
    back = uncrop_box(_smooth() + 1, box, 128, "border")
    assert torch.allclose(back[:, :, :32, 40], back[:, :, :1, 40].expand(-1, -1, 32)) and (back > 0).all()


def test_a_network_in_half_precision_cuts_where_one_in_full_does() -> None:
    torch.manual_seed(0)
    picture, locator = _smooth(), FaceLocator().eval()
    locator.box.bias.data = torch.tensor([0.1, -0.2, -0.4])
    box = locator(picture)
    with torch.autocast("cpu", torch.bfloat16):
        half = locator(picture)
        face = crop_box(picture, half, 160)
        back = uncrop_box(face.bfloat16(), half, 128)
    assert half.dtype == face.dtype == back.dtype == torch.float32
    assert torch.allclose(half, box, atol=2e-3)
    assert torch.allclose(face, crop_box(picture, half, 160)) and torch.allclose(
        face, crop_box(picture, box, 160), atol=0.02
    )


def test_it_learns_where_a_square_is() -> None:
    """A bright square on grey, moved about: after some steps the box follows it."""
    torch.manual_seed(0)
    locator = FaceLocator()
    optimizer = torch.optim.Adam(locator.parameters(), 1e-3)
    errors = []
    for _ in range(40):
        boxes = torch.cat([torch.rand(16, 2) * 0.4 - 0.2, torch.rand(16, 1) * 0.3 + 0.6], 1)
        pictures = uncrop_box(torch.ones(16, 3, 64, 64), boxes, 64)
        loss = F.l1_loss(locator(pictures), boxes)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        errors.append(loss.item())
    assert sum(errors[-5:]) < 0.5 * sum(errors[:5])
