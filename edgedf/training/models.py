"""From a configuration to a network, with ImageNet weights where there are some."""

from pathlib import Path

from edgedf.console import say
from edgedf.errors import CheckpointError, ConfigError
from edgedf.nn.baseline import MobileNetV2Simple
from edgedf.nn.detector import Detector
from edgedf.nn.student import SIZES, Student
from edgedf.nn.teacher import Teacher
from edgedf.nn.trunks import Trunk, load_weights, published_weights
from edgedf.training.config import TrainConfig


def build_model(config: TrainConfig) -> Detector:
    """A network of the configured role, with random weights."""
    if config.role == "teacher":
        return Teacher(config.trunk, config.image_size, config.frequency)
    if config.role == "baseline":
        return MobileNetV2Simple(config.image_size)
    if config.size not in SIZES:
        raise ConfigError(f"unknown student size {config.size!r}: choose one of {', '.join(SIZES)}")
    return Student(config.size)


def load_pretrained(model: Detector, config: TrainConfig) -> str:
    """Loads ImageNet weights into a teacher's trunk or the baseline.

    Returns:
        Where they came from; `random` where there are none, with a plain warning.

    Raises:
        CheckpointError: The user's file does not fit the network.
    """
    target: Trunk | MobileNetV2Simple
    if isinstance(model, Teacher):
        name, target = config.trunk, model.trunk
    elif isinstance(model, MobileNetV2Simple):
        name, target = "mobilenet_v2", model
    else:
        return "random"  # the student takes no pretrained weights
    state = load_weights(Path(config.weights)) if config.weights else published_weights(name)
    source = Path(config.weights).name if config.weights else f"ImageNet weights of {name}"
    if state is None:
        say(f"warning: no ImageNet weights for {name} at hand: training starts from random weights (weights = FILE)")
        return "random"
    try:
        target.load_imagenet(state)
    except RuntimeError as error:
        raise CheckpointError(f"{source}: these weights do not fit {name}") from error
    return source
