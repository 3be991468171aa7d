"""The demo, on few faces and for one epoch."""

import json
from pathlib import Path

import pytest

from edgedf.errors import ConfigError
from edgedf.programs import run


def test_the_whole_chain_ends_with_a_report_on_all_three_models(tmp_path: Path) -> None:
    changes = {"epochs": 1, "image_size": 32, "size": "nano", "batch_size": 16}
    out = tmp_path / "demo"
    with pytest.raises(ConfigError, match="one class only"):  # a first demo, ended early
        run("benchmarks/demo.py", out, images=1)
    (out / "teacher").mkdir()
    (out / "teacher" / "config.toml").write_text("left by an earlier demo")
    result = run("benchmarks/demo.py", out, images=60, changes=changes)
    names = [model["name"] for model in result["results"]]
    assert names == ["teacher", "student-without-teacher", "student-with-teacher"]
    assert all(model["evaluation"] and model["latency_ms_p50"] > 0 for model in result["results"])
    assert "<svg" in Path(result["page"]).read_text()
    json.dumps(result)


@pytest.mark.parametrize("mine", ["teacher/config.toml", "faces/labels.csv", ".hidden"])
def test_a_folder_with_something_else_is_left_as_it_is(mine: str, tmp_path: Path) -> None:
    (tmp_path / mine).parent.mkdir(exist_ok=True)
    (tmp_path / mine).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    for out in (tmp_path, tmp_path / mine):
        with pytest.raises(ConfigError, match="--out"):
            run("benchmarks/demo.py", out, images=60)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / mine).read_text() == "mine"
