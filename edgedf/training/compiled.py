"""A frozen network compiled for this CPU, where there is a compiler."""

import logging
import os
from collections.abc import Callable
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn
from torch._inductor.runtime.cache_dir_utils import default_cache_dir

from edgedf.console import say
from edgedf.files import cache_root

T = TypeVar("T")
CACHE = "TORCHINDUCTOR_CACHE_DIR"


class Compiled(Generic[T]):
    """Runs a network whose weights no longer change, on a CPU as a program of its own.

    Each convolution is fused with the operations after it, which saves most of the traffic to memory: in bfloat16
    EfficientNet-Lite2 judges 302 crops a second beside 117 (batches of 64, two cores with AVX-512 BF16). Compiling
    takes half a minute. On another device, and without a C++ compiler, the network runs as it is.

    Args:
        network: In eval mode; takes one tensor.
    """

    def __init__(self, network: nn.Module) -> None:
        # Not where torch keeps it, in the common temporary folder under a name that anybody can guess; a user's own
        # choice stays. Torch enters its own, too, as soon as it has looked.
        if os.environ.get(CACHE) in (None, default_cache_dir()):
            os.environ[CACHE] = str(cache_root() / "compiled")
        logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # warns of CUDA where there is no GPU
        self._network = network
        self._program: Callable[[Tensor], T] | None = torch.compile(network, dynamic=False, options={"freezing": True})
        self._started = False

    def __call__(self, pixels: Tensor) -> T:
        """The network's output. Nothing learns from it: it has no gradient."""
        with torch.no_grad():  # else the weights would not be taken as fixed
            if self._program is not None and pixels.device.type == "cpu":
                self._announce()
                try:
                    return self._program(pixels)
                except torch._dynamo.exc.TorchDynamoException as error:
                    self._program = None
                    cause = getattr(error, "inner_exception", error)  # the error itself starts with a heading
                    reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
                    say(f"it cannot be compiled here and runs slower; is there a C++ compiler such as g++? ({reason})")
            output: T = self._network(pixels)
            return output

    def _announce(self) -> None:
        if not self._started:
            say("compiling the teacher for this CPU: about half a minute")
        self._started = True
