"""The machine of a measurement."""

from edgedf.report import Environment


def test_this_machine_is_described() -> None:
    here = Environment.here()
    assert here.cpu
    assert here.cores >= 1
    assert {"python", "numpy"} <= here.versions.keys()
