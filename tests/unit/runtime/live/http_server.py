"""A camera that sends one JPEG after the other over HTTP, as its test wants."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import TypeVar

Server = TypeVar("Server", bound=BaseServer)
Play = Callable[[int], Iterator[bytes]]
"""Given how often someone connected before: the bodies to send; the connection is cut after the last."""

LOGIN = "Basic " + base64.b64encode(b"user:secret").decode()


class MjpegServer(ThreadingHTTPServer):
    """Plays for who logs in as `user` with `secret`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, play: Play) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.play, self.connections = play, 0

    @property
    def url(self) -> str:
        """With the password in it, and in the query once more."""
        return f"http://user:secret@127.0.0.1:{self.server_port}/video?password=secret"


class _Handler(BaseHTTPRequestHandler):
    server: MjpegServer

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != LOGIN:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
            return
        number, self.server.connections = self.server.connections, self.server.connections + 1
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        try:
            for body in self.server.play(number):
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
                self.wfile.write(head.encode() + body + b"\r\n")
        except OSError:
            ...  # the reader went away

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Runs a server for as long as it is entered."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
