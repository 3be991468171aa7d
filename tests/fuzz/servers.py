"""What strangers send to a server: the live page, as raw bytes on its socket, and the example of a web service."""

import importlib.util
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fuzz import seeds
from tests.fuzz.targets import target

ANSWER_S = 0.05  # after which what was sent counts as all, and the server is told so
END_S = 10  # that it may take to hang up then
SERVICE = Path(__file__).parents[2] / "examples" / "service.py"


@target(seeds.requests, "text", 1_500)
def page(data: bytes) -> None:
    """The answer is none of a broken server, and the next viewer is served."""
    url = urlsplit(_server().url)
    [token] = parse_qs(url.query)["token"]
    answer = _answer(url.port, data.replace(b"TOKEN", token.encode()))
    assert not answer or (answer.startswith(b"HTTP/1.1 ") and b"HTTP/1.1 5" not in answer), answer[:200]
    whole = f"GET /page.css?token={token} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert _answer(url.port, whole.encode()).startswith(b"HTTP/1.1 200 ")


def _answer(port: int | None, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port or 0), ANSWER_S) as there, suppress(ConnectionError):
        parts = []
        there.sendall(data)
        try:
            while part := there.recv(1 << 16):
                parts.append(part)
        except TimeoutError:
            there.settimeout(END_S)
            there.shutdown(socket.SHUT_WR)
            while part := there.recv(1 << 16):
                parts.append(part)
        return b"".join(parts)
    return b""  # hung up while data was still coming


@cache
def _server() -> Any:
    from edgedf.runtime.serve import Address, PageServer
    from tests.drawn_stream import DECIDED, event

    server = PageServer(Address("127.0.0.1", 0), "camera")
    server(event(DECIDED), event(DECIDED).tracks)
    return server


@target(seeds.pictures, "binary", 500)
def service_photo(data: bytes) -> None:
    """A list of faces, or 422 with a reason."""
    answer = service().post("/photo", content=data)
    assert answer.status_code in (200, 422), answer.status_code
    assert isinstance(answer.json() if answer.status_code == 200 else answer.json()["detail"], list | str)


@target(seeds.pictures, "binary", 100)
def service_frames(data: bytes) -> None:
    """An answer, or a closing code of the application's own."""
    from starlette.websockets import WebSocketDisconnect

    with service().websocket_connect("/frames") as stream:
        stream.send_bytes(data)
        try:
            stream.receive_json()
        except WebSocketDisconnect as closed:
            assert closed.code == 1003


@cache
def service() -> Any:
    """A client of the example, which stays open."""
    from fastapi.testclient import TestClient

    spec = importlib.util.spec_from_file_location("examples_service", SERVICE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return TestClient(module.app)
