"""AUC against the latency of INT8 as a picture, from the records of timed models: `python student/pareto.py`.

A panel for ONNX Runtime and one for OpenVINO, of every record that has both.
"""

from pathlib import Path

from edgedf.console import say
from edgedf.files import write_text
from edgedf.guard import run_alone
from edgedf.report.record_plot import auc_against_latency
from edgedf.report.records import read_records

HERE = Path(__file__).parent


def main(results: Path = HERE / "results", out: Path = HERE / "pareto.svg") -> dict[str, str]:
    """Writes the picture and returns its path.

    Args:
        results: Folder of records.
        out: SVG file to write.
    """
    write_text(out, auc_against_latency(read_records(results)))
    say(f"wrote {out}")
    return {"picture": str(out)}


if __name__ == "__main__":
    run_alone(main)
