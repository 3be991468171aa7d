"""A network camera in a hundred lines: H.264 by RTP within the RTSP connection (RFC 2326, 3550 and 6184)."""

import socketserver
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction

import av

from tests.unit.runtime.live.clips import picture
from tests.unit.runtime.live.http_server import serving

CLOCK = 90_000  # ticks a second
FRAME_S = 0.02  # between two frames
PAYLOAD = 1200  # bytes of a picture in one RTP packet

SDP = "\r\n".join(
    [
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        "s=camera",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "m=video 0 RTP/AVP 96",
        "a=rtpmap:96 H264/90000",
        "a=fmtp:96 packetization-mode=1",
        "a=control:trackID=0",
        "",
    ]
)


def h264(frames: int) -> list[bytes]:
    """Frames with a start code before each unit, every tenth a key frame."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 48, "yuv420p", Fraction(1, 50)
    encoder.options = {"tune": "zerolatency", "x264-params": "threads=1:log=0:keyint=10:scenecut=0:repeat-headers=1"}
    packets = [one for i in range(frames) for one in encoder.encode(av.VideoFrame.from_ndarray(picture(i), "rgb24"))]
    return [bytes(packet) for packet in [*packets, *encoder.encode(None)]]


class _Handler(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        with suppress(OSError):
            while request := self._request():
                method, headers = request
                self._answer(method, headers["cseq"])
                if method == "PLAY":
                    return self._play()

    def _request(self) -> tuple[str, dict[str, str]] | None:
        lines = []
        while line := self.rfile.readline().decode().strip():
            lines.append(line)
        pairs = (line.partition(":") for line in lines[1:])
        return (lines[0].split()[0], {key.lower(): value.strip() for key, _, value in pairs}) if lines else None

    def _answer(self, method: str, sequence: str) -> None:
        extra, body = {
            "OPTIONS": ("Public: DESCRIBE, SETUP, PLAY\r\n", ""),
            "DESCRIBE": (f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n", SDP),
            "SETUP": ("Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", ""),
        }.get(method, ("Session: 1\r\n", ""))
        self.wfile.write(f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n{extra}\r\n{body}".encode())

    def _play(self) -> None:
        number = 0
        for i in range(1_000_000):
            picture = self.server.pictures[i % len(self.server.pictures)]
            units = [unit.rstrip(b"\0") for unit in picture.split(b"\0\0\1")[1:]]
            payloads = [payload for unit in units for payload in _fragments(unit)]
            for j, payload in enumerate(payloads):
                last = j == len(payloads) - 1
                moment = self.server.begins + round(i * FRAME_S * CLOCK)
                header = struct.pack(">BBHII", 0x80, 96 | last << 7, number & 0xFFFF, moment & 0xFFFFFFFF, 1)
                self.wfile.write(b"$\0" + struct.pack(">H", len(header + payload)) + header + payload)
                number += 1
            if self.server.stopped.wait(FRAME_S):
                return


def _fragments(unit: bytes) -> Iterator[bytes]:
    """A unit as it is, or in parts where it is too long for a packet (FU-A)."""
    if len(unit) <= PAYLOAD:
        yield unit
        return
    indicator, kind, body = unit[0] & 0xE0 | 28, unit[0] & 0x1F, unit[1:]
    for start in range(0, len(body), PAYLOAD):
        first, last = start == 0, start + PAYLOAD >= len(body)
        yield bytes([indicator, first << 7 | last << 6 | kind]) + body[start : start + PAYLOAD]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, pictures: Sequence[bytes], begins: int) -> None:
        self.pictures, self.begins, self.stopped = pictures, begins, threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)


@contextmanager
def rtsp_server(pictures: Sequence[bytes], port: int = 0, begins: int = 0) -> Iterator[int]:
    """Serves pictures over and over for as long as it is entered, then cuts all connections; gives its port.

    Args:
        pictures: H.264.
        port: 0 for any.
        begins: The camera's clock at the first picture of a connection, in ticks.
    """
    with serving(_Server(port, pictures, begins)) as server:
        yield server.server_address[1]
        server.stopped.set()
