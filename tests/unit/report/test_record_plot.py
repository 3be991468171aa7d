"""The picture of AUC against the latency of INT8."""

import dataclasses
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pytest

from edgedf.errors import InputError
from edgedf.report.record_plot import auc_against_latency
from edgedf.report.records import Record, Timing

MakeRecord = Callable[..., Record]


def timed(record: Record, ms: float) -> Record:
    timings = [Timing(one, "int8, f32", 0.6, ms, ms * 1.1, 99) for one in ("onnxruntime", "openvino")]
    return dataclasses.replace(record, timings=timings)


def test_every_timed_record_is_in_both_panels_and_the_best_are_joined(make_record: MakeRecord) -> None:
    best = timed(make_record("teacher & co", quality=0.4), 40.0)
    fast, beaten = timed(make_record("student", quality=0.2), 0.6), timed(make_record("peer", quality=0.1), 2.0)
    untimed = make_record("untimed", timings=[])
    text = auc_against_latency([dataclasses.replace(best, ablation_of="untimed"), fast, beaten, untimed])
    drawn = ElementTree.fromstring(text)
    words = [one.text for one in drawn.iter() if one.tag.endswith("text")]
    for record, ms in ((best, 40.0), (fast, 0.6), (beaten, 2.0)):
        auc = record.entries[0].judgements[0].evaluation.auc.value
        assert words.count(record.name) == words.count(f"AUC {auc:.3f} at {ms:.2f} ms") == 2
    assert "untimed" not in words
    assert "INT8 in OpenVINO: AUC on faces val with its 95 % interval" in words
    assert len([one for one in drawn.iter() if one.get("class") == "peer-line"]) == 2  # one a panel: best to fast


def test_the_auc_is_of_the_timed_artefact_where_that_was_judged(make_record: MakeRecord) -> None:
    network, int8 = make_record(quality=0.4), make_record(quality=0.2)
    entry = dataclasses.replace(int8.entries[0], backend="openvino", precision="int8, f32")
    text = auc_against_latency([dataclasses.replace(network, entries=[*network.entries, entry])])
    for one in (network, int8):
        assert f"AUC {one.entries[0].judgements[0].evaluation.auc.value:.3f} at 0.55 ms" in text


def test_other_machines_or_faces_or_no_latency_are_refused(make_record: MakeRecord) -> None:
    one = make_record()
    elsewhere = dataclasses.replace(one.environment, cpu="Another CPU")
    with pytest.raises(InputError, match="timed on different machines"):
        auc_against_latency([one, make_record("b", environment=elsewhere)])
    with pytest.raises(InputError, match="another first data set"):
        auc_against_latency(
            [one, make_record("b", faces=[dataclasses.replace(one.faces[0], name="x", fingerprint="y")])]
        )
    with pytest.raises(InputError, match="INT8 latency in both runtimes"):
        auc_against_latency([make_record(timings=one.timings[:1])])
