"""Who gets an answer: only who was given the URL, and only by a page of ours."""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


class Access:
    """Wraps an application: refuses requests, web sockets among them, and adds the headers above to all answers.

    Refused are a `Host` that is not ours (DNS rebinding), an `Origin` that is not the host (a foreign page), and a
    missing or wrong token, in the query (`?token=...`) or as `Authorization: Bearer ...`.
    """

    def __init__(self, app: "ASGIApp", token: str, called_by: Callable[[str], bool]) -> None:
        self._app, self._token, self._called_by = app, token, called_by

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answers one request."""
        from starlette.requests import HTTPConnection
        from starlette.responses import PlainTextResponse

        async def send_with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif refusal := self._refusal(HTTPConnection(scope)):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})  # before it was accepted: the server answers with 403
            else:
                await PlainTextResponse(f"{refusal}\n", 403)(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)

    def _refusal(self, request: "HTTPConnection") -> str:
        """Why a request is refused; empty where it is not."""
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if not self._called_by(host):
            return "this is not the host that you asked for"
        if origin is not None and origin != f"http://{host}":
            return "another site's page may not read this one"
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        given = bearer if scheme.lower() == "bearer" else request.query_params.get("token", "")
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            return "open the URL that edgedf printed: it ends with a token"
        return ""
