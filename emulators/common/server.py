"""Serves a WSGI application on a loopback port, from a thread or as the main loop of a process."""

from __future__ import annotations

import contextlib
import io
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

LOOPBACK = "127.0.0.1"
#: Most bytes that are read at once from the unread rest of a body.
DISCARD_BYTES = 64 * 1024
#: How often a server in a thread asks whether it is to stop.
POLL_S = 0.05


class _Discarded(io.BufferedReader):
    """The unread rest of a body, read in pieces that need little memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        """The next piece, of at most ``DISCARD_BYTES`` for any *size*; nothing after a lost connection.

        An error here would make werkzeug leave the answer of the application, and its file, open.
        """
        try:
            return cast(io.BufferedReader, self.raw).read1(min(size or DISCARD_BYTES, DISCARD_BYTES))
        except ConnectionError:
            return b""


class _Handler(WSGIRequestHandler):
    """Keeps connections open between calls, as the real services do, and logs nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def make_environ(self) -> WSGIEnvironment:
        """Give the application the body; werkzeug discards the rest after the answer."""
        environ = super().make_environ()
        # After the answer, so that the caller sees it, werkzeug reads 10 MB at a time from here.
        self.rfile = _Discarded(cast(io.RawIOBase, self.rfile))
        return environ

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: the emulators count calls instead."""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _make(app: WSGIApplication, port: int, fd: int | None = None) -> BaseWSGIServer:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(LOOPBACK, port, app, threaded=True, request_handler=_Handler, fd=fd)
    server.daemon_threads = True  # type: ignore[attr-defined]
    return server


@contextlib.contextmanager
def running(app: WSGIApplication, port: int = 0) -> Iterator[str]:
    """Serve *app* from a thread while the block runs; yields the base URL. Port 0 takes a free one."""
    server = _make(app, port)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve_forever(
    app: WSGIApplication, port: int, at_exit: Callable[[], None] = lambda: None, *, fd: int | None = None
) -> None:
    """Serve *app* until SIGTERM or Ctrl-C, then call *at_exit*. *fd* is a socket that already listens."""
    server = _make(app, port, fd)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    try:
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    finally:
        server.server_close()
        at_exit()
