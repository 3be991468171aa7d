"""The networks that come with this package, run by ONNX Runtime on the CPU."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.extras import need
from edgedf.forks import Home

MODELS = Path(__file__).with_name("models")


class Network:
    """One of `models/*.onnx`; may be called from several threads.

    Args:
        file: Its name in the folder `models`.
        threads: Of one call.
    """

    def __init__(self, file: str, threads: int) -> None:
        ort = need("onnxruntime", "all")
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait take the cores from the rest of the app.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session: Any = ort.InferenceSession(MODELS / file, options, providers=["CPUExecutionProvider"])
        self._home = Home(self._session)
        [self._input] = [one.name for one in self._session.get_inputs()]

    def run(self, pictures: NDArray[np.float32], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """The named outputs for pictures `(N, 3, H, W)`.

        Raises:
            UnavailableError: It was loaded before this process was forked.
        """
        self._home.check("this face detector")
        values: list[NDArray[np.float32]] = self._session.run(list(outputs), {self._input: pictures})
        return values
