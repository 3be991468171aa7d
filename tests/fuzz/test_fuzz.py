"""A few damaged inputs for every reader, and what finds its bugs; `make fuzz` takes a hundred thousand inputs."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.fuzz import run, targets
from tests.fuzz.mutation import MUTATIONS, each_changed, mutated
from tests.fuzz.servers import service
from tests.fuzz.targets import TARGETS, attempt

hypothesis = pytest.importorskip("hypothesis")
st = pytest.importorskip("hypothesis.strategies")

NEEDS = {"video": "av", "onnx_graph": "onnx", "onnx_session": "onnx", "page": "uvicorn"}
NEEDS |= dict.fromkeys(("ncnn_network", "ncnn_session"), "ncnn")
NEEDS |= dict.fromkeys(("service_photo", "service_frames"), "fastapi")
SLOW = ("page", "service_photo", "service_frames", "report")

posix = pytest.mark.skipif(sys.platform == "win32", reason="the timers and the memory are those of POSIX")


@pytest.fixture(params=list(TARGETS))
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A target whose packages are installed, in a folder of its own."""
    pytest.importorskip(NEEDS.get(request.param, "numpy"))
    monkeypatch.chdir(tmp_path)
    return str(request.param)


def for_each(inputs: Any, count: int, read: Callable[[Any], None]) -> None:
    """Reads inputs that Hypothesis draws, always the same."""
    settings = hypothesis.settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    settings(hypothesis.given(inputs)(read))()


def test_a_damaged_input_gives_a_value_or_one_clear_line(name: str) -> None:
    target = TARGETS[name]
    form = st.just(target.form)
    damaged = st.builds(mutated, st.randoms(use_true_random=False), st.sampled_from(target.seeds()), form)

    def read(data: bytes) -> None:
        outcome = attempt(target.read, data)
        assert not outcome.bug, f"{outcome.bug}: {outcome.told}"

    for_each(st.one_of(damaged, st.binary(max_size=200)), 3 if name in SLOW else 15, read)


def test_a_valid_input_gives_a_value(name: str) -> None:
    """Or else the damaged ones would say little."""
    for seed in TARGETS[name].seeds()[: 1 if name in SLOW else None]:
        outcome = attempt(TARGETS[name].read, seed)
        assert outcome.valid and not outcome.bug, outcome


@pytest.mark.parametrize("form", MUTATIONS)
def test_damage_is_told_by_its_seed_and_takes_any_input(form: str) -> None:
    for data in (b"", b"\x00", b'{"a": [1, "b"]}', b"\x0a\x03abc", b"\xff" * 9, b"[" * 5000):
        first, again, other = (mutated(Random(seed), data, form) for seed in (1, 1, 2))
        assert first == again
        assert first != data or other != data or not data


def crash(data: bytes) -> None:
    raise KeyError(data)


def hang(data: bytes) -> None:
    time.sleep(60)


def leave_a_file(data: bytes) -> None:
    Path(".x.1.part").write_bytes(data)


@posix
@pytest.mark.parametrize(
    ("read", "bug"),
    [(crash, "KeyError at test_fuzz.py:crash"), (hang, "slower than"), (leave_a_file, "left behind")],
)
def test_a_bug_is_found(
    read: targets.Read, bug: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, restored: None
) -> None:
    """With its smallest input."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "WAIT_S", 0.05 if read is hang else 60)
    monkeypatch.setitem(TARGETS, "bad", targets.Target(read, lambda: [b"seed"], "binary", 1))
    harness = run.Harness("bad", "mutation", 0)
    for data in (b"long", b"a"):
        harness.run(data)
    [(told, about)] = harness.done().bugs.items()
    assert bug in told and (about["times"], about["size"]) == (2, 1)


@pytest.fixture
def restored() -> Iterator[None]:
    """The handlers of signals, which the harness changes."""
    before = {one: signal.getsignal(one) for one in (signal.SIGALRM, signal.SIGPROF)}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@posix
def test_a_process_that_dies_is_a_bug() -> None:
    result = run.in_its_own_process("no such target", "mutation", 0, 1, 60)
    [(told, about)] = result.bugs.items()
    assert told == "exit code 1 at input 0" and "KeyError" in about["told"]


@pytest.mark.fuzz
@pytest.mark.parametrize("name", [name for name, one in TARGETS.items() if one.form == "json"])
def test_each_extreme_value_in_each_place_is_read_or_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    target = TARGETS[name]
    outcomes = [(data, attempt(target.read, data)) for seed in target.seeds()[:1] for data in each_changed(seed)]
    assert not [(one.bug, one.told, data) for data, one in outcomes if one.bug][:3]


@pytest.mark.fuzz
@posix
def test_the_guided_engine_counts_its_inputs() -> None:
    pytest.importorskip("atheris")
    result = run.in_its_own_process("onnx_graph", "atheris", 0, 500, 300)
    assert not result.bugs and result.inputs == 500 and 0 < result.valid < 500


@pytest.mark.fuzz
def test_the_service_keeps_to_its_own_description() -> None:
    """Whatever Schemathesis makes of the OpenAPI schema: no error of the server, no answer that it does not tell of."""
    schemathesis = pytest.importorskip("schemathesis")
    description = schemathesis.openapi.from_asgi("/openapi.json", service().app)
    [operation] = [one.ok() for one in description.get_all_operations()]

    checks = pytest.importorskip("schemathesis.checks")
    checks.load_all_checks()
    taken = checks.CHECKS.get_one("positive_data_acceptance")  # no schema can say what a JPEG is

    def ask(case: Any) -> None:
        case.call_and_validate(excluded_checks=[taken])

    for_each(operation.as_strategy(), 100, ask)
