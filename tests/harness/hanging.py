"""Servers that take requests and never answer, or answer a byte at a time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, ThreadingTCPServer


class Hanging(StrEnum):
    """How a server does not answer."""

    SILENT = "silent"
    #: A byte of a header now and then, so that no wait for the next byte is long.
    SLOW_HEADERS = "slow headers"
    #: The same after the headers.
    SLOW_BODY = "slow body"


#: Seconds between two bytes.
EVERY_S = 0.3
_BEGINNINGS = {
    Hanging.SLOW_HEADERS: b"HTTP/1.1 200 OK\r\nX-Slow: ",
    Hanging.SLOW_BODY: b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n",
}


@contextmanager
def hanging_server(
    *,
    but_for: str = "",
    url: str = "",
    how: Hanging = Hanging.SILENT,
    every_s: float = EVERY_S,
    on_request: Callable[[], None] = lambda: None,
) -> Iterator[str]:
    """Base URL of the server. Paths that begin with *but_for* are sent on to *url*."""
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
            elif but_for and self.path.startswith(but_for):
                self.send_response(307)
                self.send_header("Location", f"{url}{self.path}")
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                on_request()
                self.close_connection = True
                _send_slowly(self.connection, _BEGINNINGS.get(how, b""), is_over, every_s)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        yield from _served(server, is_over, f"http://127.0.0.1:{server.server_port}")


@contextmanager
def hanging_mail_server(
    *,
    how: Hanging = Hanging.SILENT,
    every_s: float = EVERY_S,
    on_request: Callable[[], None] = lambda: None,
) -> Iterator[str]:
    """The port of a mail server that never says that it is ready."""
    is_over = threading.Event()
    beginning = b"" if how is Hanging.SILENT else b"220-"

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            on_request()
            _send_slowly(self.request, beginning, is_over, every_s)

    class Server(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        yield from _served(server, is_over, str(server.server_address[1]))


def _served(
    server: ThreadingTCPServer | ThreadingHTTPServer, is_over: threading.Event, address: str
) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield address
    finally:
        is_over.set()
        server.shutdown()
        thread.join()


def _send_slowly(to: socket.socket, beginning: bytes, is_over: threading.Event, every_s: float) -> None:
    """Send *beginning* and then a space every now and then; nothing at all without a beginning."""
    if not beginning:
        is_over.wait()
        return
    with suppress(OSError):
        to.sendall(beginning)
        while not is_over.wait(every_s):
            to.sendall(b" ")
