"""ncnn on the CPU, in f32 around its INT8 kernels: in the FP16 of some CPUs, scores would depend on the machine."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import EdgedfError
from edgedf.extras import need
from edgedf.forks import bind
from edgedf.runtime.backends import Outputs
from edgedf.runtime.ncnn_contract import check_ncnn
from edgedf.runtime.onnx_contract import INPUT, OUTPUTS


class Ncnn:
    """A network, which takes crops one by one, with an extractor for each.

    Attributes:
        notes: Nothing.
    """

    notes = ()

    def __init__(self, ncnn: Any, net: Any) -> None:
        self._mat, self._net = ncnn.Mat, net

    def run(self, crops: NDArray[np.uint8]) -> Outputs:
        """See `Backend.run`."""
        return Outputs(*self.tensors(crops, OUTPUTS))

    def tensors(self, crops: NDArray[np.uint8], names: Iterable[str]) -> list[NDArray[np.float32]]:
        """Tensors (N, ...) for crops (N, 256, 256, 3).

        Args:
            crops: As in `run`.
            names: Theirs, in order of computation: ncnn frees what was read, and would start again from freed pixels.

        Raises:
            EdgedfError: ncnn cannot compute them.
        """
        each = [[self._extract(extractor, name) for name in names] for extractor in map(self._extractor, crops)]
        return [np.stack(arrays) for arrays in zip(*each, strict=True)]

    def _extractor(self, crop: NDArray[np.uint8]) -> Any:
        extractor = self._net.create_extractor()
        rgb = self._mat.PixelType.PIXEL_RGB
        extractor.input(INPUT, self._mat.from_pixels(np.ascontiguousarray(crop), rgb, 256, 256))  # float (3, 256, 256)
        return extractor

    def _extract(self, extractor: Any, name: str) -> NDArray[np.float32]:
        code, found = extractor.extract(name)
        if code:
            raise EdgedfError(f"ncnn cannot run it (code {code} at {name})")
        return np.array(found, np.float32)


def load(model: bytes, threads: int, weights: bytes = b"", precision: str = "") -> Ncnn:
    """Reads a network from the bytes of its two files.

    Args:
        model: Its text.
        threads: Of one call.
        weights: Its weights.
        precision: In INT8, sums stay exact: Winograd's convolution scales them, and could leave their 32 bits.

    Raises:
        BundleError: The network breaks the contract.
        UnavailableError: ncnn was used before this process was forked.
        EdgedfError: ncnn cannot load it.
    """
    check_ncnn(model, weights)
    ncnn = need("ncnn", "ncnn")
    bind("ncnn")
    net = ncnn.Net()
    options = net.opt
    options.num_threads = threads
    options.use_fp16_packed = options.use_fp16_storage = options.use_fp16_arithmetic = False
    options.use_winograd_convolution = "int8" not in precision
    options.openmp_blocktime = 0  # threads that spin while they wait take the cores from the rest of the app
    if net.load_param_mem(model.decode("ascii")):
        raise EdgedfError(f"ncnn {ncnn.__version__} cannot load it")
    net.load_model_mem(weights)  # tells nothing; `check_ncnn` has counted the bytes that it reads
    return Ncnn(ncnn, net)
