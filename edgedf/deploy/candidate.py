"""What can be judged and recorded: a run, a file of weights, a bundle or an ONNX graph, all in one form."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import MANIFEST, Artefact, Bundle, open_bundle
from edgedf.console import say
from edgedf.data.dataset import read_table
from edgedf.data.packed import PackedFaces
from edgedf.deploy.evaluation import Decision, logits
from edgedf.deploy.forms import Form, Loaded, bundle_forms, graph_forms
from edgedf.deploy.golden import COUNT, drawn_crops
from edgedf.deploy.source import architecture, float_artefact, open_source
from edgedf.errors import BundleError, EdgedfError, InputError
from edgedf.extras import need
from edgedf.metrics import sigmoid
from edgedf.runtime.backends import Backend, load_backend
from edgedf.runtime.engine import cpus, load_checked, scores
from edgedf.training.predict import logits as torch_logits
from edgedf.training.run import Run, open_run

Score = Callable[[PackedFaces], NDArray[np.float32]]


class Scorer(NamedTuple):
    """What gives scores.

    Attributes:
        file: The artefact, empty for a network in torch.
        backend: Its runtime, or `torch`.
        precision: See `Artefact.precision`.
        score: P(fake) `(N,)` of faces.
        decision: The one it carries, None where a threshold is still to be chosen.
    """

    file: str
    backend: str
    precision: str
    score: Score
    decision: Decision | None = None


@dataclass(frozen=True)
class Candidate:
    """A model that can be judged and timed.

    Attributes:
        architecture: See `Manifest.architecture`.
        parameters: Weights of the network as it is deployed; of a graph all its numbers, those of batch norm too.
        config: Of its training, empty where that is unknown.
        history: `metrics.csv` of its training by column, empty where that is not here.
        scorers: One for a network, one for each artefact of a bundle that works here.
        forms: Loads what can be timed.
    """

    architecture: dict[str, Any]
    parameters: int
    config: dict[str, Any]
    history: dict[str, list[str]]
    scorers: list[Scorer]
    forms: Callable[[], dict[Form, Loaded]]


def open_candidate(path: Path) -> Candidate:
    """Opens a run, a file that `export/weights.py` kept, a bundle or an ONNX graph with a bundle's contract.

    Raises:
        InputError: It is none of them.
    """
    if (path / MANIFEST).is_file():
        return _of_bundle(open_bundle(path))
    if path.suffix == ".onnx":
        return _of_graph(path)
    return _of_run(open_run(path))


def _of_run(run: Run) -> Candidate:
    model = run.model()

    def score(faces: PackedFaces) -> NDArray[np.float32]:
        return sigmoid(torch_logits(model, faces.pixels)).astype(np.float32)

    def forms() -> dict[Form, Loaded]:
        return graph_forms(run.name, open_source(run.path, drawn_crops(COUNT)).graph)

    table = run.path / "metrics.csv"
    history = read_table(table, ("auc", "f1"))[0] if table.is_file() else {}
    parameters = sum(one.numel() for one in model.fused().parameters())
    return Candidate(
        architecture(run), parameters, run.config.to_dict(), history, [Scorer("", "torch", "fp32", score)], forms
    )


def _of_graph(path: Path) -> Candidate:
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    graph = path.read_bytes()
    backend = load_backend("onnxruntime", graph, cpus())
    scorer = Scorer(path.name, "onnxruntime", "fp32", _score(backend, path.name, 1.0))
    return Candidate({"kind": "graph"}, _numbers(graph), {}, {}, [scorer], lambda: graph_forms(path.stem, graph))


def _of_bundle(bundle: Bundle) -> Candidate:
    source = float_artefact(bundle)
    if source is None:
        raise BundleError(f"{bundle.path} has no FP32 graph: export it again")
    graph, manifest = bundle.read(source), bundle.manifest

    def forms() -> dict[Form, Loaded]:
        """Its own artefacts, and what its graph becomes for a runtime that it has none for."""
        own = bundle_forms(bundle)
        known = {(one.backend, one.int8) for one in own}
        made = graph_forms(manifest.name, graph)
        return own | {form: one for form, one in made.items() if (form.backend, form.int8) not in known}

    config = manifest.provenance.get("config", {})
    return Candidate(manifest.architecture, _numbers(graph), config, {}, _artefacts(bundle), forms)


def _artefacts(bundle: Bundle) -> list[Scorer]:
    found = []
    for one in bundle.manifest.artefacts:
        try:
            backend = load_checked(bundle, one, cpus())
        except BundleError:
            raise
        except EdgedfError as error:
            say(f"{one.file} is not judged: {error}")
        else:
            found.append(_scorer(bundle, one, backend))
    if not found:
        raise BundleError(f"no artefact of {bundle.path} works here")
    return found


def _scorer(bundle: Bundle, artefact: Artefact, backend: Backend) -> Scorer:
    score = _score(backend, artefact.file, artefact.point.temperature)
    decision = Decision.of_artefact(bundle.manifest, artefact)
    return Scorer(artefact.file, artefact.backend, artefact.precision, score, decision)


def _score(backend: Backend, name: str, temperature: float) -> Score:
    return lambda faces: scores(logits(backend, faces, name), temperature)


def _numbers(graph: bytes) -> int:
    onnx = need("onnx", "export")
    tensors = onnx.load_model_from_string(graph).graph.initializer
    return sum(int(np.prod(one.dims)) for one in tensors if one.data_type == onnx.TensorProto.FLOAT)
