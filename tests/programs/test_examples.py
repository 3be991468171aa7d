"""The examples do what they say, on drawn faces; only window and camera are stand-ins."""

import importlib.util
import itertools
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

import edgedf
from edgedf import programs
from edgedf.runtime.live import watcher
from tests.drawn_stream import event, events
from tests.programs.conftest import MakeBundle

EXAMPLES = sorted((Path(edgedf.__file__).parents[1] / "examples").glob("*.py"))


@pytest.fixture(autouse=True)
def _red_model(make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the student that comes with edgedf, which takes longer to load."""
    bundle = make_bundle("red")
    monkeypatch.setattr(programs, "DEFAULT_STUDENT", bundle)
    monkeypatch.setattr(watcher, "DEFAULT_STUDENT", bundle)


def example(name: str) -> ModuleType:
    [path] = [one for one in EXAMPLES if one.stem == name]
    spec = importlib.util.spec_from_file_location(f"examples_{name}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_read_in_one_sitting(path: Path) -> None:
    assert sum(bool(line.strip()) for line in path.read_text().splitlines()) < 60


def test_the_desktop_draws_the_newest_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    cv2 = pytest.importorskip("cv2")
    pictures = [np.ascontiguousarray(one.frame.pixels[..., ::-1]) for one in events(5)]
    shown: list[Any] = []

    class Camera:
        def __init__(self, source: int) -> None:
            self.source = source

        def isOpened(self) -> bool:
            return self.source == 0

        def grab(self) -> bool:
            time.sleep(0.02)
            return len(shown) < 1000

        def retrieve(self) -> tuple[bool, Any]:
            return True, pictures[len(shown) % 5].copy()

        def release(self) -> None:
            shown.append("released")

    def drawn() -> bool:
        return bool((shown[-1] != pictures[(len(shown) - 1) % 5]).any())

    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    monkeypatch.setattr(cv2, "imshow", lambda title, picture: shown.append(picture))
    monkeypatch.setattr(cv2, "waitKey", lambda milliseconds: 27 if drawn() else -1)
    monkeypatch.setattr(cv2, "destroyAllWindows", lambda: None)
    example("desktop").main(0)
    assert shown.pop() == "released"
    assert drawn()
    with pytest.raises(SystemExit, match="cannot open 7"):
        example("desktop").main(7)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ModuleType, Any]]:
    pytest.importorskip("fastapi")
    testclient = pytest.importorskip("starlette.testclient")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)  # the example sets its own
    module = example("service")
    with testclient.TestClient(module.app) as client:
        yield module, client
    module.engine.close()


def jpeg(number: int = 0) -> bytes:
    stream = BytesIO()
    Image.fromarray(event(number).frame.pixels).save(stream, "JPEG")
    return stream.getvalue()


def test_the_service_judges_a_picture(service: tuple[ModuleType, Any]) -> None:
    _, client = service
    answer = client.post("/photo", content=jpeg())
    assert answer.status_code == 200
    assert len(answer.json()) == 3
    assert {one["verdict"] for one in answer.json()} <= {"real", "fake"}
    black = BytesIO()
    Image.new("RGB", (64, 64)).save(black, "PNG")
    assert client.post("/photo", content=black.getvalue()).json() == []


def test_the_service_turns_away_what_it_cannot_take(
    service: tuple[ModuleType, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, client = service
    assert client.post("/photo", content=b"no picture").status_code == 422
    wide = BytesIO()
    Image.new("L", (6000, 5000)).save(wide, "PNG")
    assert "25000000 pixels" in client.post("/photo", content=wide.getvalue()).json()["detail"]
    monkeypatch.setattr(module, "BYTES", 1000)
    assert client.post("/photo", content=jpeg()).status_code == 413
    monkeypatch.setattr(module.PHOTOS, "locked", lambda: True)
    assert client.post("/photo", content=jpeg()).status_code == 503


def test_the_service_follows_a_stream(service: tuple[ModuleType, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    websockets = pytest.importorskip("starlette.websockets")
    module, client = service
    with client.websocket_connect("/frames") as socket:
        for number in itertools.cycle(range(5)):
            socket.send_bytes(jpeg(number))
            if (answer := socket.receive_json()) and len(answer["tracks"]) == 3:
                break
            time.sleep(0.02)
        socket.send_bytes(b"no picture")
        with pytest.raises(websockets.WebSocketDisconnect) as caught:
            socket.receive_json()
        assert caught.value.code == 1003
    with client.websocket_connect("/frames") as socket:
        socket.send_text("no picture")
        with pytest.raises(websockets.WebSocketDisconnect) as caught:
            socket.receive_json()
        assert caught.value.reason == "send each JPEG as a binary message"
    monkeypatch.setattr(module.STREAMS, "locked", lambda: True)
    with client.websocket_connect("/frames") as socket:
        with pytest.raises(websockets.WebSocketDisconnect) as caught:
            socket.receive_json()
        assert caught.value.code == 1013
