"""The demo, on few faces and for one epoch."""

import json
from pathlib import Path

from edgedf.programs import run


def test_the_whole_chain_ends_with_a_report_on_all_three_models(tmp_path: Path) -> None:
    changes = {"epochs": 1, "image_size": 32, "size": "nano", "batch_size": 16}
    (tmp_path / "teacher").mkdir()
    (tmp_path / "teacher" / "config.toml").write_text("left by an earlier demo")
    result = run("benchmarks/demo.py", tmp_path, images=60, changes=changes)
    names = [model["name"] for model in result["results"]]
    assert names == ["teacher", "student-without-teacher", "student-with-teacher"]
    assert all(model["evaluation"] and model["latency_ms_p50"] > 0 for model in result["results"])
    assert "<svg" in Path(result["page"]).read_text()
    json.dumps(result)
