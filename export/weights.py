"""Keeps a run's weights: FP16 safetensors, small enough for a repository, with what they are in the file's header.

Run by `python export/weights.py RUN FILE.safetensors`. The file stands for the run wherever one is asked for
(`distill --teacher FILE`, `evaluate FILE`, `export FILE`), and later trainings start from it with `--weights FILE`.
"""

import json
from pathlib import Path

from safetensors.torch import save

from edgedf.console import say
from edgedf.deploy.provenance import PLACES
from edgedf.files import write_bytes
from edgedf.guard import run_alone
from edgedf.training.config import DistillConfig
from edgedf.training.run import open_run


def main(source: Path, file: Path) -> dict[str, str]:
    """Writes the best epoch's weights and returns their description.

    Args:
        source: The run's folder.
        file: What to write.
    """
    run = open_run(source)
    kept = run.checkpoint()
    state = run.model().state_dict()
    halves = {
        name: (value.half() if value.is_floating_point() else value).contiguous() for name, value in state.items()
    }
    config = {key: value for key, value in run.config.to_dict().items() if key not in PLACES}
    if isinstance(run.config, DistillConfig):  # the network is another one after it; the path is of this machine
        config["qat_from"] = Path(run.config.qat_from).name
    data = {key: kept[key] for key in ("trained_on", "fitted_on") if key in kept}
    about = {
        "role": run.kind,
        "config": json.dumps(config),
        "val": json.dumps(kept["metrics"]),
        "data": json.dumps(data),
    }
    content = save(halves, about)
    write_bytes(file, content)
    say(f"wrote {file}: {len(content) / 1e6:.2f} MB")
    return about


if __name__ == "__main__":
    run_alone(main)
