"""The page in a real browser, with the policy that forbids it everything else."""

import time
from pathlib import Path

import pytest

from edgedf.runtime.live.watch import Turns
from edgedf.runtime.serve import Address, PageServer
from tests.chromium import Tab, chromium
from tests.drawn_stream import DECIDED, event

pytest.importorskip("uvicorn")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")


def text(tab: Tab, selector: str) -> str:
    return str(tab.value(f"document.querySelector({selector!r}).textContent"))


def test_a_face_turns_to_its_verdict(tmp_path: Path) -> None:
    """By keyboard and for screen readers too; with its attention, after a pause, and until the end of the stream."""
    turns = Turns()
    with chromium(tmp_path / "profile") as tab:
        with PageServer(Address("127.0.0.1", 0), "door <i>camera</i>") as page:
            page(event(), turns.of(event()))
            tab.open(page.url)
            tab.wait_for("document.querySelectorAll('#tracks .abstain').length === 3")
            assert text(tab, "#source") == "door <i>camera</i>"
            assert text(tab, "#tracks .why") == "too few frames"

            last = event(DECIDED + 20)
            page(last, turns.of(last))
            tab.wait_for("document.querySelector('#tracks .fake') !== null")
            assert text(tab, "#tracks .fake .badge") == "fake"
            assert text(tab, "#boxes .fake text") == f"1 fake {last.tracks[1].score:.2f}"
            assert text(tab, "#news").startswith("Face 0: real") and "Face 1: fake" in text(tab, "#news")
            label = tab.value("document.getElementById('picture').getAttribute('aria-label')")
            assert label == "Live picture, face 0 real, face 1 fake, face 2 abstain"
            points = str(tab.value("document.querySelector('#tracks .fake polyline').getAttribute('points')"))
            assert len(points.split()) == 2
            grey = "[...document.getElementById('picture').getContext('2d').getImageData(5, 5, 1, 1).data]"
            assert tab.value(grey) == pytest.approx([32, 36, 44, 255], abs=4)

            evidence = "document.getElementById('evidence').getContext('2d').getImageData(0, 0, 960, 480).data"
            opaque = f"{evidence}.some((value, i) => i % 4 === 3 && value > 100)"
            assert not tab.value(opaque)
            tab.value("document.getElementById('attention').focus()")
            for kind in ("keyDown", "keyUp"):
                tab.call("Input.dispatchKeyEvent", type=kind, key=" ", code="Space", text=" "[: kind == "keyDown"])
            assert tab.value("document.getElementById('attention').checked")
            for latency in (1.0, 2.0):  # the picture after the one that is under way
                time.sleep(0.3)
                page(last._replace(latency_ms=latency), [])
            tab.wait_for(opaque)

            tab.value("document.getElementById('pause').click()")
            assert text(tab, "#state") == "paused"
            tab.screenshot(tmp_path / "page.png")
        tab.wait_for("document.getElementById('state').textContent === 'ended'")
        assert not tab.complaints
