"""The page's server: a thread of its own, beside whatever watches."""

import secrets
import socket
import threading
from collections.abc import Sequence
from typing import Self

from edgedf.errors import InputError
from edgedf.extras import need
from edgedf.faces.crop import CropRule
from edgedf.runtime.live.event import Event, FaceTrack
from edgedf.runtime.serve.address import Address
from edgedf.runtime.serve.metrics import Metrics
from edgedf.runtime.serve.page import Page, application

STOP_S = 3  # that viewers have to take their last picture
CONNECTIONS = 64
MESSAGE_BYTES = 1024  # that a viewer may send at once


class PageServer:
    """Serves events while it is open; call it with each.

    Attributes:
        url: To open in a browser; whoever has it sees the stream.
    """

    def __init__(self, address: Address, name: str, rule: CropRule | None = None, threshold: float = 0.5) -> None:
        """Listens at once.

        Args:
            address: Where.
            name: Of the camera, as it may be shown.
            rule: By which its faces are cut.
            threshold: A score from here on is called fake.

        Raises:
            InputError: The address cannot be had.
            MissingExtraError: The extra `serve` is not installed.
        """
        uvicorn = need("uvicorn", "serve")
        for module in ("starlette", "websockets"):
            need(module, "serve")
        listening = _listen(address)
        address = address._replace(port=listening.getsockname()[1])
        token = secrets.token_urlsafe(24)
        self.url = f"{address.url}/?token={token}"
        self._metrics = Metrics(name)
        self._page = Page(name, rule or CropRule(), threshold)
        self._server = uvicorn.Server(
            uvicorn.Config(
                application(self._page, self._metrics, address, token),
                ws="websockets-sansio",
                log_config=None,
                log_level="critical",  # what a stranger's request breaks is no one's news
                access_log=False,  # it would hold the token
                server_header=False,
                lifespan="off",
                ws_max_size=MESSAGE_BYTES,
                limit_concurrency=CONNECTIONS,
                timeout_graceful_shutdown=STOP_S,
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="edgedf-page", daemon=True)
        self._thread.start()

    def __call__(self, event: Event, turned: Sequence[FaceTrack]) -> None:
        """Shows an event, and counts it with the verdicts that are new in it; never waits for a viewer."""
        self._metrics.add(event, turned)
        self._page.show(event)

    def close(self) -> None:
        """Ends the viewers' streams, and stops serving."""
        self._page.ended = True
        self._server.should_exit = True
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server(address, family=family)
    except (OSError, TypeError, UnicodeError) as error:  # the last two where the name can be no host
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot serve at {address.host}:{address.port}: {reason}; name another port") from error
