"""`benchmarks/soak.py` runs so many frames, and fails where something grows."""

import sys
from typing import Any

import pytest

from edgedf.errors import GateError
from edgedf.programs import load


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_it_samples_the_process_and_fails_on_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    program = load("benchmarks/soak.py")
    with monkeypatch.context() as patch:  # so few frames tell nothing
        patch.setattr(program, "MOST_BYTES", float("inf"))
        patch.setattr(program, "MOST_DRIFT", float("inf"))
        result = program.main(40)
    assert [one["frames"] for one in result["samples"]] == list(range(2, 41, 2))
    assert result["stats"]["frames"] == 40 and result["stats"]["looks"] > 4 and result["stats"]["faces"] > 2
    assert result["grown_threads"] <= 0 == result["grown_files"]
    sound: dict[str, Any] = result | {"grown_bytes": 0, "grown_threads": 0, "drift": 1.0}
    program._check(sound)
    for change in ({"grown_bytes": 9 << 20}, {"grown_threads": 1}, {"grown_files": 1}, {"drift": 2.0}):
        with pytest.raises(GateError):
            program._check(sound | change)
