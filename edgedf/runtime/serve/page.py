"""The page as an ASGI application: its files, its stream of pictures, its metrics."""

import asyncio
import json
import time
from collections import deque
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from edgedf.faces.crop import CropRule
from edgedf.runtime.live.event import Event
from edgedf.runtime.serve.access import Access
from edgedf.runtime.serve.address import Address
from edgedf.runtime.serve.metrics import CONTENT_TYPE, Metrics
from edgedf.runtime.serve.picture import facts, jpeg

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp
    from starlette.websockets import WebSocket

STATIC = files("edgedf.runtime.serve") / "static"
VIEWERS = 8  # at a time
PACE_S = 1 / 15  # between two pictures to one viewer
POLL_S = 0.02
RATE_FRAMES = 30  # that the rate is taken over
RESTART, TRY_AGAIN_LATER = 1012, 1013  # closing codes; uvicorn closes with the first when it is stopped


class Page:
    """What the viewers see.

    The watching thread only leaves the newest event here; viewers ask for a picture when they have shown the one
    before. So a slow viewer gets fewer pictures, nothing queues up, and no one waits for it.

    Attributes:
        ended: Whether the stream is over.
    """

    def __init__(self, name: str, rule: CropRule, threshold: float) -> None:
        """Nothing to see yet; see `PageServer`."""
        self.ended = False
        self._name, self._rule, self._threshold = name, rule, threshold
        self._newest: Event | None = None
        self._times: deque[float] = deque(maxlen=RATE_FRAMES)
        self._viewers = 0
        self._encoded: tuple[Event | None, bytes] = (None, b"")

    def show(self, event: Event) -> None:
        """Makes an event the one that is shown; never waits."""
        self._times.append(time.monotonic())
        self._newest = event

    async def stream(self, socket: "WebSocket") -> None:
        """Serves one viewer: each text it sends asks for facts (JSON) and picture (JPEG) of the newest event."""
        from starlette.websockets import WebSocketDisconnect

        await socket.accept()
        if self._viewers >= VIEWERS:
            await socket.close(TRY_AGAIN_LATER, "too many viewers")
            return
        self._viewers += 1
        try:
            await self._serve(socket)
        except WebSocketDisconnect:
            pass
        finally:
            self._viewers -= 1

    async def _serve(self, socket: "WebSocket") -> None:
        shown: Event | None = None
        while True:
            wish = await socket.receive_text()
            event = await self._newer(shown)
            if event is None:
                await socket.close(RESTART)
                return
            if self._encoded[0] is not event:
                self._encoded = event, await asyncio.to_thread(jpeg, event)
            await socket.send_text(json.dumps({**self._header(), **facts(event, self._rule, wish == "attention")}))
            await socket.send_bytes(self._encoded[1])
            shown = event
            await asyncio.sleep(PACE_S)

    async def _newer(self, shown: Event | None) -> Event | None:
        """The newest event, once it is another than the one shown; None where none will follow."""
        while self._newest is shown:
            if self.ended:
                return None
            await asyncio.sleep(POLL_S)
        return self._newest

    def _header(self) -> dict[str, Any]:
        times = list(self._times)
        span = times[-1] - times[0]
        fps = round((len(times) - 1) / span, 1) if span else None
        return {"name": self._name, "threshold": self._threshold, "fps": fps}


def application(page: Page, metrics: Metrics, address: Address, token: str) -> "ASGIApp":
    """The page's application, guarded by `Access`."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route, WebSocketRoute

    def asset(name: str, media_type: str) -> Route:
        # The page's own references need the token, too.
        content = (STATIC / name).read_text(encoding="utf-8").replace("TOKEN", token)

        async def answer(request: "Request") -> "Response":
            return Response(content, media_type=media_type)

        return Route("/" if name == "page.html" else f"/{name}", answer)

    async def scrape(request: "Request") -> "Response":
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE})

    routes = [
        asset("page.html", "text/html"),
        asset("page.css", "text/css"),
        asset("page.js", "text/javascript"),
        Route("/metrics", scrape),
        WebSocketRoute("/stream", page.stream),
    ]
    return Access(Starlette(routes=routes), token, address.called_by)
