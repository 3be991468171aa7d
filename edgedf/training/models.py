"""From a configuration to a network, with ImageNet weights where there are some."""

from pathlib import Path

from torch import Tensor

from edgedf.console import say
from edgedf.errors import CheckpointError, ConfigError
from edgedf.nn.baseline import MobileNetV2Simple
from edgedf.nn.detector import Detector
from edgedf.nn.quantisation import DIALECTS, fake_quantised
from edgedf.nn.student import SIZES, Student
from edgedf.nn.teacher import Teacher
from edgedf.nn.trunks import load_weights, published_weights
from edgedf.training.checkpoints import CHECKPOINTS, load_checkpoint
from edgedf.training.config import DistillConfig, TrainConfig


def build_model(config: TrainConfig) -> Detector:
    """A network of the configured role, with random weights."""
    if config.role == "teacher":
        return Teacher(config.trunk, config.image_size, config.frequency)
    if config.role == "baseline":
        return MobileNetV2Simple(config.image_size)
    if config.size not in SIZES:
        raise ConfigError(f"unknown student size {config.size!r}: choose one of {', '.join(SIZES)}")
    student = Student(config.size, config.dct_stem)
    if isinstance(config, DistillConfig) and config.qat_from:
        return fake_quantised(student, DIALECTS[config.dialect])
    return student


def load_pretrained(model: Detector, config: TrainConfig) -> str:
    """Loads ImageNet weights into a teacher's trunk or the baseline, or a run's or a file's of a whole network.

    Returns:
        Where they came from; `random weights` where there are none, with a plain warning.

    Raises:
        CheckpointError: The user's file does not fit the network.
    """
    state, source = _weights(model, config)
    if state is None:
        return "random weights"
    try:
        whole = set(state) == set(model.state_dict())
        if isinstance(model, Teacher) and not whole:
            model.trunk.load_imagenet(state)
        elif isinstance(model, MobileNetV2Simple) and not whole:
            model.load_imagenet(state)
        else:
            model.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(f"{source}: these weights do not fit the {config.role}") from error
    return source


def _kept(path: Path) -> dict[str, Tensor]:
    """Weights of a file, or of a run's last epoch."""
    if not path.is_dir():
        return load_weights(path)
    final = path / CHECKPOINTS["final"]
    if not final.is_file():
        raise CheckpointError(f"{path}: no finished run to start from: it has no {final.name}")
    state = load_checkpoint(final).get("weights")
    if not isinstance(state, dict):
        raise CheckpointError(f"{final}: holds no weights")
    return state


def _weights(model: Detector, config: TrainConfig) -> tuple[dict[str, Tensor] | None, str]:
    """A state dict, or None, and a name for it."""
    if config.weights:
        return _kept(Path(config.weights)), Path(config.weights).name
    if config.role == "student":
        return None, ""
    name = config.trunk if isinstance(model, Teacher) else "mobilenet_v2"
    state = published_weights(name)
    if state is None:
        say(
            f"warning: no ImageNet weights of {name} at hand, training starts from random ones: name a file (--weights)"
        )
    return state, f"ImageNet weights of {name}"
