"""What a confusion matrix means at a camera."""

import pytest

from edgedf.report import Report
from edgedf.report.operating import HEADER, alarms_an_hour, cells


def test_false_alarms_follow_from_the_false_positive_rate(report: Report) -> None:
    _, _, found = report.judged[0]
    alarms = alarms_an_hour(found)
    assert alarms.value == pytest.approx(30 * 3600 * found.matrix.fp / (found.matrix.fp + found.matrix.tn))
    assert alarms.low <= alarms.value <= alarms.high == pytest.approx(108_000 * found.false_positive_rate.high)


def test_every_share_of_fakes_rests_on_the_one_matrix(report: Report) -> None:
    """At 1 % fakes, precision = .01 recall / (.01 recall + .99 fpr)."""
    _, _, found = report.judged[0]
    row = cells(found)
    assert len(row) == len(HEADER) == 9
    tp, fp = 0.01 * found.recall.value, 0.99 * found.false_positive_rate.value
    assert HEADER[1:3] == ("F1 at 1%", "precision at 1%")
    assert row[2] == f"{tp / (tp + fp):.3f}"
    assert row[1] == f"{2 * tp / (tp + fp + 0.01):.3f}"
    precisions = [float(one) for one in row[2::2]]
    assert precisions == sorted(precisions)
