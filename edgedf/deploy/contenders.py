"""What a benchmark judges and times: artefacts of bundles, and peers, each behind the engine that an app calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edgedf.bundle import Artefact, InputContract, Manifest, open_bundle
from edgedf.console import say
from edgedf.errors import BundleError, InputError
from edgedf.files import sha256
from edgedf.runtime import Engine
from edgedf.runtime.backends import load_backend
from edgedf.runtime.choice import load_each
from edgedf.runtime.engine import load_checked, untuned

PEER_RULE = "f1"
RANDOM = "untrained: its weights are random, so it has a latency and no F1"
FILE = "taken as trained: its weights are those of its file"


@dataclass(frozen=True)
class Contender:
    """One artefact of a bundle, or a peer.

    Attributes:
        name: In the report; unique there.
        engine: What is judged and timed.
        size_mb: Of its files.
        load: Loads it again, with another number of threads.
        notes: What a reader must know of it; what is found out later is added.
        path: Bundle that it is of; None for a peer.
        backend: What pins it in `Engine.load`.
        rule: Chooses its threshold on the faces that it is judged on; None where it has one.
        random: Its weights are, so that its scores mean nothing.
    """

    name: str
    engine: Engine
    size_mb: float
    load: Callable[[int], Engine]
    notes: list[str]
    path: Path | None = None
    backend: str = "auto"
    rule: str | None = None
    random: bool = False


def contenders(bundles: Sequence[Path], peers: Sequence[str], threads: int, *, every: bool) -> list[Contender]:
    """Loads what is to be compared, in the given order.

    Args:
        bundles: Of each the artefact that is the fastest here.
        peers: Names of `edgedf.deploy.peers`, or ONNX files with a bundle's input and outputs.
        threads: Of one call.
        every: Take every artefact that works here, and a peer by name in floating point and INT8, each in the runtime
            that is the faster here.

    Raises:
        BundleError: A bundle or file is refused, or nothing of a bundle works here.
        InputError: Two would have one name.
    """
    found = [
        one
        for name, path in named(bundles).items()
        for one in (_every(name, path, threads) if every else [_fastest(name, path, threads)])
    ]
    found += [
        one
        for name, peer in named([Path(one) for one in peers]).items()
        for one in (
            _random_forms(name, str(peer), threads)
            if every and not _is_file(str(peer))
            else [_peer(name, str(peer), threads)]
        )
    ]
    names = [one.name for one in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"two models would be called {twice[0]}: rename the folder or file of one")
    return found


def named(paths: Sequence[Path]) -> dict[str, Path]:
    """Bundles and files by their last part, or by their path where these repeat."""
    paths = list(dict.fromkeys(paths))
    names = [path.resolve().name.removesuffix(".edgedf") for path in paths]
    if len(set(names)) < len(names):
        names = [str(path) for path in paths]
    return dict(zip(names, paths, strict=True))


def _fastest(name: str, path: Path, threads: int) -> Contender:
    return _of_bundle(name, path, Engine.load(path, threads=threads), "auto")


def _every(name: str, path: Path, threads: int) -> list[Contender]:
    """Each artefact that works here, by runtime and precision; what does not is noted at the first."""
    bundle = open_bundle(path)
    manifest = bundle.manifest
    loaded, failed = load_each(bundle, manifest.artefacts, partial(load_checked, bundle, threads=threads))
    artefacts = [one for one in manifest.artefacts if one.file in loaded]
    forms = [f"{one.backend} {one.precision}" for one in artefacts]
    found = []
    for one, form in zip(artefacts, forms, strict=True):
        backend = loaded[one.file]
        engine = Engine(manifest, one, backend, [*untuned(manifest, one), *backend.notes])
        own = form if forms.count(form) == 1 else one.file
        found.append(_of_bundle(f"{name} {own}", path, engine, one.file))
    found[0].notes.extend(f"{file} is left out: {error}" for file, error in failed.items())
    return found


def _of_bundle(name: str, path: Path, engine: Engine, backend: str) -> Contender:
    files = [one for one in (engine.artefact.file, engine.artefact.weights) if one]
    return Contender(
        name=name,
        engine=engine,
        size_mb=sum((path / one).stat().st_size for one in files) / 1e6,
        load=lambda threads: Engine.load(path, backend, threads),
        notes=list(engine.notes),
        path=path,
        backend=backend,
    )


def check_peers(peers: Sequence[str]) -> None:
    """Checks that there are such peers.

    Raises:
        InputError: One is neither a known name nor an ONNX file.
        MissingExtraError: torch, which a peer by name needs, is not installed.
    """
    for peer in peers:
        if not _is_file(peer):
            from edgedf.deploy.peers import check_peer  # a file needs no torch

            check_peer(peer)
        elif not Path(peer).is_file():
            raise InputError(f"{peer}: there is no such file")


def _is_file(peer: str) -> bool:
    return peer.endswith(".onnx")


def _peer(name: str, peer: str, threads: int) -> Contender:
    """A file or a network with random weights, as the engine of a bundle that holds nothing else."""
    graph = Path(peer).read_bytes() if _is_file(peer) else _random(peer)
    precision = "int8" if b"QuantizeLinear" in graph else "fp32"  # operators stand in the file by their names
    try:
        return _alone(name, ("onnxruntime", precision, graph, b""), threads, random=not _is_file(peer))
    except BundleError as error:
        raise BundleError(f"{peer} is refused: {error}") from error


def _random_forms(name: str, peer: str, threads: int) -> list[Contender]:
    from edgedf.deploy.forms import fastest_forms  # draws faces, which needs the extra too
    from edgedf.deploy.peers import TEACHER

    # The teacher in INT8 loses too much to stand for it.
    made = fastest_forms(name, _random(peer), int8=peer != TEACHER)
    forms = [(one.backend, one.precision, one.model, one.weights) for one in made]
    return [_alone(f"{name} {form[0]} {form[1]}", form, threads, random=True) for form in forms]


def _alone(name: str, form: tuple[str, str, bytes, bytes], threads: int, *, random: bool) -> Contender:
    """A model (runtime, precision, its two files) in the engine of a bundle that holds nothing else."""
    backend, precision, model, weights = form
    artefact = Artefact(name, sha256(model), backend, precision, 0.5, PEER_RULE, 1.0, 0.0)
    manifest = Manifest(name, {}, InputContract({}), [artefact], {})

    def load(threads: int) -> Engine:
        return Engine(manifest, artefact, load_backend(backend, model, threads, weights, precision), [])

    size_mb = (len(model) + len(weights)) / 1e6
    rule = None if random else PEER_RULE
    return Contender(name, load(threads), size_mb, load, [RANDOM if random else FILE], rule=rule, random=random)


def _random(peer: str) -> bytes:
    from edgedf.deploy.peers import peer_graph  # torch is needed for such peers only

    say(f"exporting {peer} with random weights")
    return peer_graph(peer)
