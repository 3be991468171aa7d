"""Reports: typed results to JSON, Markdown and one self-contained HTML page."""

from edgedf.report.environment import Environment
from edgedf.report.measures import Noise
from edgedf.report.results import DataInfo, ModelResult, Report
from edgedf.report.write import write_report

__all__ = ["DataInfo", "Environment", "ModelResult", "Noise", "Report", "write_report"]
