"""A network of a run to be explained: besides what works on any artefact, by its gradients. Needs torch."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgedf.errors import MissingExtraError
from edgedf.explain.explanation import Subject
from edgedf.explain.maps import Crop, Map, Method, upsampled
from edgedf.extras import need
from edgedf.faces.crop import SIZE
from edgedf.faces.hidden import hidden
from edgedf.nn.baseline import MobileNetV2Simple
from edgedf.nn.detector import Detector, Output
from edgedf.nn.locator import uncrop_box
from edgedf.nn.student import Student
from edgedf.nn.teacher import ATTENTION, Teacher
from edgedf.runtime.engine import Result, scores

STEPS, AT_ONCE = 32, 16  # of the path of integrated gradients, and of them a call
CELL = 8  # side in pixels of what is summed: a gradient jumps from pixel to pixel


def network_subject(name: str, model: Detector, threshold: float, note: Callable[[str], None]) -> Subject:
    """A network to be explained.

    Args:
        name: Of it.
        model: With its weights.
        threshold: A score from here on is called fake.
        note: Told what is left out.
    """
    fused = model.fused().requires_grad_(False).to(memory_format=torch.channels_last)
    gradients: dict[str, Method] = {"Grad-CAM++": partial(grad_cam, fused)}
    try:
        need("captum", "explain")
        gradients["integrated gradients"] = partial(integrated_gradients, fused)
    except MissingExtraError as error:
        note(f"integrated gradients are left out: {error}")
    return Subject(name, partial(_ask, fused), threshold, gradients=gradients)


def grad_cam(model: Detector, crop: Crop, sign: float) -> Map:
    """Grad-CAM++ (Chattopadhay et al., WACV 2018) at the last feature map that all of the evidence passes through.

    Args:
        model: Fused, in eval mode.
        crop: The face.
        sign: 1 for the evidence for fake, -1 for that for real.
    """
    kept: list[Tensor] = []

    def keep(module: nn.Module, inputs: object, output: Tensor | list[Tensor]) -> None:
        kept.append(output if isinstance(output, Tensor) else output[-1])

    hook = _target(model).register_forward_hook(keep)
    try:
        # Without gradients of its weights, a network records nothing unless its input asks for them.
        output = model(_pixels(crop).requires_grad_())
    finally:
        hook.remove()
    [features] = kept  # (1, C, h, w)
    [gradient] = torch.autograd.grad(sign * output.logit.sum(), features)
    # The paper's g^2 / (2 g^2 + g^3 sum(A)), times g, where g is above 0; a sum below 0 could make it a division by 0.
    weights = (gradient.relu() / (2 + gradient.relu() * features.relu().sum((2, 3), keepdim=True))).sum((2, 3), True)
    found = (weights * features).sum(1, keepdim=True).relu()
    return upsampled(_in_crop(found, output).detach().numpy())


def integrated_gradients(model: Detector, crop: Crop, sign: float) -> Map:
    """Integrated gradients (Sundararajan et al., ICML 2017) from the blurred crop on; what opposes is left out.

    Args:
        model: Fused, in eval mode.
        crop: The face.
        sign: 1 for the evidence for fake, -1 for that for real.

    Raises:
        MissingExtraError: captum is not installed.
    """
    method = need("captum.attr", "explain").IntegratedGradients(lambda pixels: sign * model(pixels).logit[:, 0])
    found = method.attribute(_pixels(crop), _pixels(hidden(crop)), n_steps=STEPS, internal_batch_size=AT_ONCE)
    values = found[0].sum(-1).detach().numpy()  # (256, 256)
    return upsampled(values.reshape(SIZE // CELL, CELL, SIZE // CELL, CELL).mean((1, 3)))


def randomised(model: Detector, seed: int) -> Detector:
    """The same network with each tensor of weights shuffled: an explanation of it must look different.

    A map that stays shows the picture and not the model (Adebayo et al., NeurIPS 2018).
    """
    twin = model.fused()  # a copy
    dice = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for values in twin.parameters():
            values.copy_(values.flatten()[torch.randperm(values.numel(), generator=dice)].view_as(values))
    return twin


@torch.inference_mode()
def _ask(model: Detector, crops: NDArray[np.uint8]) -> Result:
    output = model(torch.from_numpy(np.array(crops)))  # a copy: torch warns of arrays that cannot be written
    logit = output.logit[:, 0].numpy()
    return Result(scores(logit, 1.0), logit, output.attention.numpy(), output.embedding.numpy())


def _pixels(crop: Crop) -> Tensor:
    return torch.from_numpy(crop[None].astype(np.float32))


def _target(model: Detector) -> nn.Module:
    """The module whose output, or the last of its outputs, Grad-CAM++ weighs."""
    if isinstance(model, Student):
        stage: nn.Module = model.stages[1]  # the third stage and the head both read this one
        return stage
    if isinstance(model, Teacher):
        return model.trunk
    if isinstance(model, MobileNetV2Simple):
        features: nn.Module = model.features
        return features
    raise TypeError(f"no feature map of {type(model).__name__} is known")


def _in_crop(found: Tensor, output: Output) -> Tensor:
    """A map (1, 1, h, w) in the crop's frame, (H, W): the teacher looks at its locator's box."""
    return (found if output.box is None else uncrop_box(found, output.box, ATTENTION))[0, 0]
