"""Counters of a stream in Prometheus' text format."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgedf import __version__
from edgedf.extras import need
from edgedf.runtime.live.event import Event, FaceTrack

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

LATENCIES_S = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts events; a registry of its own, so that an application's metrics stay apart.

    Raises:
        MissingExtraError: prometheus-client is not installed.
    """

    def __init__(self, name: str) -> None:
        """Starts at zero; `name` is the camera's, as it may be shown."""
        client = need("prometheus_client", "serve")
        self._registry: CollectorRegistry = client.CollectorRegistry()
        client.ProcessCollector(registry=self._registry)
        client.Info("edgedf", "What is watched.", registry=self._registry).info(
            {"version": __version__, "source": name}
        )
        self._frames = client.Counter("edgedf_frames", "Frames looked at.", registry=self._registry)
        self._dropped = client.Counter("edgedf_frames_dropped", "Frames no one looked at.", registry=self._registry)
        self._dropped_before = 0
        self._faces = client.Gauge("edgedf_faces", "Faces in view.", ["verdict"], registry=self._registry)
        self._verdicts = client.Counter(
            "edgedf_verdicts", "Times that a face's verdict became this.", ["verdict"], registry=self._registry
        )
        self._latency = client.Histogram(
            "edgedf_latency_seconds", "From capture to verdict.", buckets=LATENCIES_S, registry=self._registry
        )

    def add(self, event: Event, turned: Sequence[FaceTrack]) -> None:
        """Counts an event in, and the verdicts that are new in it."""
        self._frames.inc()
        self._dropped.inc(event.dropped - self._dropped_before)
        self._dropped_before = event.dropped
        self._latency.observe(event.latency_ms / 1000)
        for verdict in ("real", "fake", "abstain"):
            self._faces.labels(verdict).set(sum(track.verdict == verdict for track in event.tracks))
        for track in turned:
            self._verdicts.labels(track.verdict).inc()

    def text(self) -> bytes:
        """All of them, as `CONTENT_TYPE` says."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry)
