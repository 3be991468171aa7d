"""The page's real server: whom it refuses, what it serves, and that nobody waits for a viewer."""

import json
import re
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from email.message import Message
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image

from edgedf.errors import InputError
from edgedf.runtime.serve import Address, PageServer
from edgedf.runtime.serve.page import STATIC, VIEWERS
from tests.drawn_stream import DECIDED, HEIGHT, WIDTH, event

client = pytest.importorskip("websockets.sync.client")
exceptions = pytest.importorskip("websockets.exceptions")
parser = pytest.importorskip("prometheus_client.parser")
pytest.importorskip("uvicorn")
pytest.importorskip("starlette")

LOCAL = Address("127.0.0.1", 0)
PATHS = ["/", "/page.js", "/page.css", "/metrics"]


@pytest.fixture(scope="module")
def page() -> Iterator[PageServer]:
    with PageServer(LOCAL, "door <&> camera", threshold=0.3) as server:
        server(event(DECIDED), event(DECIDED).tracks)
        yield server


def token(page: PageServer) -> str:
    return parse_qs(urlsplit(page.url).query)["token"][0]


def get(page: PageServer, path: str, query: str = "", **headers: str) -> tuple[int, Message, bytes]:
    request = urllib.request.Request(f"http://{urlsplit(page.url).netloc}{path}{query}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def connect(page: PageServer, query: str | None = None, host: str = "127.0.0.1", origin: str | None = None) -> Any:
    parts = urlsplit(page.url)
    query = parts.query if query is None else query
    there = socket.create_connection((parts.hostname, parts.port), timeout=10)
    return client.connect(f"ws://{host}:{parts.port}/stream?{query}", sock=there, origin=origin)


def ask(stream: Any, wish: str = "picture") -> tuple[dict[str, Any], bytes]:
    stream.send(wish)
    return json.loads(stream.recv(10)), stream.recv(10)


@pytest.mark.parametrize("path", PATHS)
def test_only_who_has_the_token_is_served(path: str, page: PageServer) -> None:
    for query in ("", "?token=", "?token=wrong", f"?token={token(page)}x", "?token=%C3%A9"):
        status, _, body = get(page, path, query)
        assert (status, body) == (403, b"open the URL that edgedf printed: it ends with a token\n")
    assert get(page, path, f"?token={token(page)}")[0] == 200
    assert get(page, path, Authorization=f"Bearer {token(page)}")[0] == 200
    assert get(page, path, f"?token={token(page)}", Authorization="Bearer wrong")[0] == 403


@pytest.mark.parametrize("path", PATHS)
def test_foreign_hosts_and_origins_are_refused_even_with_the_token(path: str, page: PageServer) -> None:
    parts = urlsplit(page.url)
    query = f"?{parts.query}"
    assert get(page, path, query, Host=f"evil.example:{parts.port}")[0] == 403
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", f"https://{parts.netloc}"):
        assert get(page, path, query, Origin=origin)[0] == 403
    assert get(page, path, query, Origin=f"http://{parts.netloc}")[0] == 200
    assert get(page, path, query, Host=f"localhost:{parts.port}")[0] == 200


@pytest.mark.parametrize(
    "wrong",
    [{"query": ""}, {"query": "token=wrong"}, {"origin": "http://evil.example"}, {"host": "evil.example"}],
    ids=str,
)
def test_so_it_is_with_the_stream(wrong: dict[str, str], page: PageServer) -> None:
    with pytest.raises(exceptions.InvalidStatus) as caught, connect(page, **wrong):
        pass
    assert caught.value.response.status_code == 403
    with connect(page, origin=f"http://{urlsplit(page.url).netloc}") as stream:
        assert ask(stream)[0]["frame"] == 2 * DECIDED


def test_tokens_are_long_and_never_the_same(page: PageServer) -> None:
    with PageServer(LOCAL, "another") as other:
        assert len(token(page)) >= 32
        assert token(page) != token(other)
        assert get(other, "/", f"?token={token(page)}")[0] == 403


@pytest.mark.parametrize("path", [*PATHS, "/refused"])
def test_no_other_site_can_read_frame_or_cache_an_answer(path: str, page: PageServer) -> None:
    headers = get(page, path, "" if path == "/refused" else f"?token={token(page)}")[1]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers and "server" not in headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy


def test_the_files_refer_to_nothing_outside() -> None:
    """Namespaces are names, not addresses."""
    files = [one for one in STATIC.iterdir() if one.is_file()]
    assert {one.name for one in files} == {"page.html", "page.css", "page.js"}
    for one in files:
        text = one.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|src=[\"']?//|url\(|@import|\bimport\b", text), one.name


def test_the_stream_gives_facts_and_picture(page: PageServer) -> None:
    with connect(page) as stream:
        facts, jpeg = ask(stream)
    one = event(DECIDED)
    assert facts == {
        **json.loads(json.dumps(one.to_dict())),
        "name": "door <&> camera",
        "threshold": 0.3,
        "fps": None,
        "width": WIDTH,
        "height": HEIGHT,
    }
    with Image.open(BytesIO(jpeg)) as picture:
        assert picture.size == (960, 480)
        small = np.asarray(Image.fromarray(one.frame.pixels).resize(picture.size), int)
        assert np.abs(np.asarray(picture, int) - small).mean() < 4


def test_attention_is_sent_on_request(page: PageServer) -> None:
    with connect(page) as stream:
        facts, _ = ask(stream, "attention")
    first = facts["attention"][0]
    assert first["columns"] == 16 and len(first["levels"]) == 256
    assert max(first["levels"]) == round(255 * np.asarray(event(DECIDED).tracks[0].attention).max())
    x, y, side = first["square"]
    assert 0 <= x <= WIDTH - side and 0 <= y <= HEIGHT - side


def test_a_slow_viewer_gets_the_newest_frame_and_stops_nobody() -> None:
    one = event()
    with PageServer(LOCAL, "camera 0") as server, connect(server) as slow:
        server(one, [])
        assert ask(slow)[0]["frame"] == 0
        slow.send("picture")  # and then it reads nothing
        start = time.monotonic()
        for number in range(1, 2001):
            server(one._replace(frame=one.frame._replace(number=number)), [])
        assert time.monotonic() - start < 2
        assert json.loads(slow.recv(10))["frame"] > 0
        slow.recv(10)
        server(one._replace(frame=one.frame._replace(number=5000)), [])
        assert ask(slow)[0]["frame"] == 5000


def test_a_viewer_is_sent_nothing_twice_and_told_of_the_end() -> None:
    with ExitStack() as stack:
        server = stack.enter_context(PageServer(LOCAL, "camera 0"))
        server(event(), [])
        with connect(server) as stream:
            ask(stream)
            stream.send("picture")
            with pytest.raises(TimeoutError):
                stream.recv(0.2)
            stack.close()
            with pytest.raises(exceptions.ConnectionClosed) as caught:
                stream.recv(10)
    assert caught.value.rcvd.code == 1012


def test_viewers_are_bounded() -> None:
    with ExitStack() as stack:
        server = stack.enter_context(PageServer(LOCAL, "camera 0"))
        server(event(), [])
        for _ in range(VIEWERS):
            ask(stack.enter_context(connect(server)))
        with connect(server) as late, pytest.raises(exceptions.ConnectionClosed) as caught:
            late.recv(10)
    assert caught.value.rcvd.code == 1013


def test_metrics_are_prometheus_text() -> None:
    with PageServer(LOCAL, 'camera "0"') as server:
        for number in (0, DECIDED):
            one = event(number)
            server(one, one.tracks)
        _, headers, body = get(server, "/metrics", Authorization=f"Bearer {token(server)}")
    assert headers["content-type"].startswith("text/plain")
    families = parser.text_string_to_metric_families(body.decode())
    samples = {(one.name, *one.labels.values()): one for family in families for one in family.samples}
    expected: dict[tuple[str, ...], float] = {
        ("edgedf_frames_total",): 2,
        ("edgedf_frames_dropped_total",): DECIDED,
        ("edgedf_faces", "fake"): 1,
        ("edgedf_faces", "abstain"): 1,
        ("edgedf_verdicts_total", "abstain"): 4,
        ("edgedf_latency_seconds_count",): 2,
    }
    assert {key: samples[key].value for key in expected} == expected
    [info] = [one for key, one in samples.items() if key[0] == "edgedf_info"]
    assert info.labels["source"] == 'camera "0"'


def test_a_name_that_can_be_no_host_is_one_line() -> None:
    with pytest.raises(InputError, match="cannot serve at"):
        PageServer(Address("a" * 64, 0), "camera 0")


def test_a_taken_port_is_one_line(page: PageServer) -> None:
    with pytest.raises(InputError, match="name another port"):
        PageServer(Address("127.0.0.1", int(urlsplit(page.url).port or 0)), "camera 0")
