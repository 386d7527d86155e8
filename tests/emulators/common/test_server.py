"""The server of the emulators closes what an application answers with, also when the caller is gone."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulators.common.server import running

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BODY = b"the whole answer"
RESET_AT_CLOSE = struct.pack("ii", 1, 0)
WAIT_S = 10.0


class _Answer:
    """An answer that ends when the caller is gone."""

    def __init__(self) -> None:
        self.caller_gone = threading.Event()
        self.closed = threading.Event()

    def __call__(self, _environ: WSGIEnvironment, start_response: StartResponse) -> _Answer:
        start_response("200 OK", [("content-length", str(len(BODY)))])
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield BODY
        self.caller_gone.wait(WAIT_S)

    def close(self) -> None:
        self.closed.set()


def test_answer_is_closed_when_the_caller_resets_the_connection() -> None:
    """An answer may hold a file, so it is closed although the rest of the request cannot be read."""
    answer = _Answer()
    with running(answer) as url:
        _begin_to_read(url)
        answer.caller_gone.set()
        assert answer.closed.wait(WAIT_S)


def _begin_to_read(url: str) -> None:
    address = urlsplit(url)
    with socket.create_connection((address.hostname or "", address.port or 0)) as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        caller.sendall(b"GET / HTTP/1.1\r\nhost: vitrina\r\n\r\n")
        assert caller.recv(1)
