"""The Engine: a bundle loaded into the fastest backend that works here."""

from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import Artefact, Bundle, Manifest, open_bundle
from edgedf.errors import BundleError, GateError, InputError
from edgedf.forks import Home
from edgedf.machine import cores
from edgedf.metrics import sigmoid
from edgedf.runtime.backends import BACKENDS, Backend, load_backend, run_in_batches
from edgedf.runtime.choice import choose

CROP = (256, 256, 3)
RANKS = [2, 3, 2]  # of logit, attention and embedding
MOST_THREADS = 4  # a camera app has other work, and one crop feeds no more


class Result(NamedTuple):
    """What the model says about N crops.

    Attributes:
        score: `(N,)`, P(fake).
        logit: `(N,)`, before calibration.
        attention: `(N, h, w)` in [0, 1], where the evidence lies.
        embedding: `(N, D)`.
    """

    score: NDArray[np.float32]
    logit: NDArray[np.float32]
    attention: NDArray[np.float32]
    embedding: NDArray[np.float32]


class Engine:
    """Scores crops. May be called from several threads; use it in a `with` block or call `close`.

    It works in the process that loaded it: another process is sent the bundle's folder and loads its own. After a fork
    the child is refused with one line, and may load an engine of its own, by ONNX Runtime: OpenVINO and ncnn work there
    only if the parent never used them.

    Attributes:
        manifest: Of the bundle.
        artefact: The one in use.
        notes: Which artefacts failed here, and why; that the one in use was not tuned though others were; how it was
            loaded where that is worth knowing.
    """

    def __init__(self, manifest: Manifest, artefact: Artefact, backend: Backend, notes: list[str]) -> None:
        self.manifest = manifest
        self.artefact = artefact
        self.notes = notes
        self._backend: Backend | None = backend
        self._home = Home(backend)

    @classmethod
    def load(
        cls,
        path: str | Path,
        backend: str = "auto",
        threads: int | None = None,
        trusted: str | Path | None = None,
    ) -> Self:
        """Opens a bundle, checks it and replays its golden vectors.

        Args:
            path: Folder of the bundle.
            backend: "auto" measures all artefacts for a second and takes the fastest; it remembers the choice for this
                bundle, machine, number of threads and versions. A name pins one backend, unmeasured: the first of its
                artefacts, in the manifest's order, that works. The file of an artefact pins that one.
            threads: Threads of one call; by default the CPUs at hand, at most 4.
            trusted: PEM file of a public key. A bundle that is not signed by it, or changed since, is refused.

        Raises:
            BundleError: The bundle is refused, or none of its artefacts works here.
            InputError: There is no such backend, the number of threads is not positive, or the key is none.
            MissingExtraError: There is a key, and what checks signatures is not installed.
        """
        if threads is not None and threads < 1:
            raise InputError(f"{threads} threads cannot work: give 1 or more")
        bundle = open_bundle(Path(path), None if trusted is None else Path(trusted))
        if backend not in ("auto", *BACKENDS, *(one.file for one in bundle.manifest.artefacts)):
            raise InputError(f"there is no backend {backend!r}: use auto, {', '.join(BACKENDS)}")
        threads = threads or cpus()
        chosen = choose(bundle, backend, threads, partial(load_checked, bundle, threads=threads))
        notes = [*chosen.notes(), *untuned(bundle.manifest, chosen.artefact), *chosen.backend.notes]
        return cls(bundle.manifest, chosen.artefact, chosen.backend, notes)

    @property
    def threshold(self) -> float:
        """A score from here on is called fake; it is the site's threshold where the bundle was tuned."""
        return self.artefact.point.threshold

    @property
    def backend(self) -> str:
        """Name of the backend in use."""
        return self.artefact.backend

    def predict(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Scores `(N,)` of crops, uint8 `(N, 256, 256, 3)` RGB; none for no crops.

        Raises:
            InputError: The crops have another shape or type, or the engine is closed.
            UnavailableError: It was loaded before this process was forked.
        """
        return self.run(crops).score if len(crops) else np.empty(0, np.float32)

    def run(self, crops: NDArray[np.uint8]) -> Result:
        """Everything the model says about crops, uint8 `(N, 256, 256, 3)` RGB, N of at least 1.

        Raises:
            InputError: The crops have another shape or type, or the engine is closed.
            UnavailableError: It was loaded before this process was forked.
            GateError: A score is not a number.
        """
        self._home.check("this engine")
        backend = self._backend
        if backend is None:
            raise InputError("this engine is closed: load the bundle again")
        if crops.dtype != np.uint8 or crops.shape[1:] != CROP or not len(crops):
            raise InputError(f"crops are uint8 (N, 256, 256, 3), not {crops.dtype} {crops.shape}")
        outputs = run_in_batches(backend, crops)
        logit = outputs.logit[:, 0]
        if not np.isfinite(logit).all():  # a NaN would be called real
            raise GateError(f"{self.artefact.file} gives scores that are not numbers: export it again")
        return Result(scores(logit, self.artefact.point.temperature), logit, outputs.attention, outputs.embedding)

    def close(self) -> None:
        """Lets the model go; it is freed when the last call in another thread ends."""
        self._backend = None

    def __reduce__(self) -> NoReturn:
        """Refuses to be pickled.

        Raises:
            InputError: Always.
        """
        raise InputError("an engine is not sent to another process: send the bundle's folder, and load it there")

    def __enter__(self) -> Self:
        """The engine itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()


def scores(logit: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """P(fake) from logits of any shape."""
    return sigmoid(logit.astype(np.float64) / temperature).astype(np.float32)


def load_checked(bundle: Bundle, artefact: Artefact, threads: int) -> Backend:
    """Loads an artefact of a bundle and replays its golden vectors.

    Raises:
        BundleError: It breaks the contract.
        UnavailableError: Its runtime, or the device for it, is not here.
        EdgedfError: It misses its golden scores, or cannot be loaded or run here.
    """
    crops, expected = bundle.golden(artefact)
    backend = load_backend(
        artefact.backend, bundle.read(artefact), threads, bundle.weights(artefact), artefact.precision
    )
    outputs = run_in_batches(backend, crops)
    shapes = [values.shape for values in outputs]
    ranks, counts = [len(shape) for shape in shapes], {shape[0] for shape in shapes if shape}
    if ranks != RANKS or counts != {len(crops)} or shapes[0][1] != 1:
        raise BundleError(f"its outputs of {len(crops)} crops have the shapes {shapes}: export it again")
    # By the shipped temperature, as they were written: a site's changes what scores mean, not what the model computes.
    difference = float(np.abs(scores(outputs.logit[:, 0], artefact.temperature) - expected).max())
    if not difference <= artefact.tolerance:  # not >: a score that is not a number misses too
        raise GateError(f"it misses its golden scores by {difference:.2g}, more than {artefact.tolerance:g}")
    return backend


def untuned(manifest: Manifest, artefact: Artefact) -> list[str]:
    """A note where an artefact judges by its shipped threshold in a bundle that was tuned for a site."""
    if artefact.site or not any(one.site for one in manifest.artefacts):
        return []
    return [f"{artefact.file} has its shipped threshold, not the site's as others have: run  edgedf bundle tune  here"]


def cpus() -> int:
    """Threads to use where nobody chose: one for each CPU this process may use, at most 4."""
    return min(cores(), MOST_THREADS)
