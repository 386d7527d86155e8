"""A server that takes requests and never answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def hanging_server(*, but_for: str = "", url: str = "") -> Iterator[str]:
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
                is_over.wait()
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            is_over.set()
            server.shutdown()
            thread.join()
