"""What decides which faces are cut, and how."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from edgedf.errors import ConfigError
from edgedf.faces.crop import CropRule
from edgedf.faces.detectors import DEFAULT, crop_rule

LONGEST_STEP = 24  # frames between two looks of the detector, a second: a face that moved is looked at in between too


@dataclass(frozen=True)
class Settings:
    """How faces are found and cut. An output is only continued with the settings it was begun with.

    Attributes:
        rule: Cuts the crops; names the detector.
        every: A crop of each face from every so many-th frame of a video.
        smallest: Faces whose crop has a shorter side in its picture are left out, in pixels.
        sharpness: Crops whose sharpness, the variance of their grey Laplacian, is below it are left out.
        quality: Of the JPEG files, 1 to 100; 0 writes PNG. One for both classes, or it gives the label away.
    """

    rule: CropRule = field(default_factory=CropRule)
    every: int = 10
    smallest: int = 48
    sharpness: float = 4.0
    quality: int = 95

    def __post_init__(self) -> None:
        if self.every < 1 or self.smallest < 0 or self.sharpness < 0 or not 0 <= self.quality <= 100:
            raise ConfigError("--every starts at 1, --min-px and --min-sharpness at 0, and --quality is 0 (PNG) to 100")

    @property
    def step(self) -> int:
        """Most frames between two looks of the detector; the boxes between are interpolated."""
        return self.every * max(LONGEST_STEP // self.every, 1)

    @property
    def suffix(self) -> str:
        """Of the crops' files."""
        return ".jpg" if self.quality else ".png"

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON-able values."""
        return asdict(self)


def rule_for(detector: str | None, margin: float | None, shift: float | None, like: dict[str, Any] | None) -> CropRule:
    """The crop rule that the options ask for.

    Args:
        detector: Its name; the default one without.
        margin: Instead of the detector's own.
        shift: Instead of the detector's own.
        like: The rule of a bundle, as its manifest holds it, instead of all these.

    Raises:
        ConfigError: Both are asked for.
        InputError: There is no such detector.
    """
    if like is None:
        own = crop_rule(detector or DEFAULT)
        return replace(
            own, margin=own.margin if margin is None else margin, shift=own.shift if shift is None else shift
        )
    if (detector, margin, shift) != (None, None, None):
        raise ConfigError("--like names detector, margin and shift: leave those options out")
    return CropRule.from_dict(like)
