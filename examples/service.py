"""A web service: `POST /photo` judges the faces of a picture, the web socket `/frames` those of a stream of JPEGs.

pip install edgedf fastapi uvicorn websockets
uvicorn service:app --ws-max-size 2000000
curl --data-binary @photo.jpg http://127.0.0.1:8000/photo
"""

from asyncio import Semaphore, to_thread
from io import BytesIO
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from PIL import Image

from edgedf.errors import InputError
from edgedf.faces.crop import CropRule, read_image
from edgedf.faces.detectors import load_detector
from edgedf.programs import shipped_student
from edgedf.runtime import Engine, Watcher
from edgedf.runtime.detect import judge_photo

BYTES, Image.MAX_IMAGE_PIXELS = 10_000_000, 25_000_000  # of a picture
PHOTOS, STREAMS = Semaphore(8), Semaphore(4)  # at a time; nothing queues up behind them
BODY = {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
app, engine = FastAPI(), Engine.load(shipped_student())
detector = load_detector(CropRule.from_dict(engine.manifest.input.crop).detector)


@app.post("/photo", responses={code: {} for code in (413, 422, 503)}, openapi_extra={"requestBody": BODY})
async def photo(request: Request) -> list[dict[str, Any]]:
    """The faces of a picture, each with box, score and verdict."""
    if PHOTOS.locked():
        raise HTTPException(503, "busy", {"Retry-After": "1"})
    async with PHOTOS:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > BYTES:
                raise HTTPException(413, f"a picture has {BYTES} bytes at most")
        try:
            return await to_thread(judged, body)
        except InputError as error:
            raise HTTPException(422, str(error)) from error


def judged(data: bytearray) -> list[dict[str, Any]]:
    """Finds and judges the faces of a picture file."""
    return [one.to_dict() for one in judge_photo(engine, detector, Path("photo"), read_image(BytesIO(data)))]


@app.websocket("/frames")
async def frames(socket: WebSocket) -> None:
    """Takes JPEGs; answers each with the newest event so far, or null. The watcher drops frames it has no time for."""
    await socket.accept()
    if STREAMS.locked():
        return await socket.close(1013, "busy")
    async with STREAMS:
        with Watcher(model=engine) as watcher:
            try:
                while True:
                    watcher.submit(await to_thread(read_image, BytesIO(await socket.receive_bytes())), copy=False)
                    await socket.send_json((event := watcher.latest()) and event.to_dict())
            except WebSocketDisconnect:
                pass
            except InputError as error:
                await socket.close(1003, str(error)[:100])
            except KeyError:  # of Starlette, for a text
                await socket.close(1003, "send each JPEG as a binary message")
