"""Sends requests byte by byte, also such as no HTTP client would send."""

from __future__ import annotations

import contextlib
import http.client
import socket
from dataclasses import dataclass, field, replace

from benchmarks.fuzz.mutate import Headers

TIMEOUT_S = 60.0
PIECE = 16 * 1024
#: Statuses by which a web server refuses what is no HTTP before our code sees it.
NOT_HTTP = (501, 505)
#: In place of a status where the connection ended without an answer, or none came in time.
NO_ANSWER, TOO_LATE = 0, -1


@dataclass(frozen=True)
class Sent:
    """A request to send. ``target`` is the path with the query, encoded; ``entry`` names what it is for.

    ``declared`` is the length that the header tells where it differs from that of the body. With ``raw`` only
    these bytes are sent.
    """

    entry: str
    method: str
    target: str
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    is_chunked: bool = False
    declared: int | None = None
    raw: bytes = b""

    @property
    def is_http(self) -> bool:
        """Whether a web server has to answer it."""
        return not self.raw and self.declared is None

    def with_headers(self, **changes: str) -> Sent:
        """The same with other headers; their names have underscores in place of hyphens."""
        names = {name.replace("_", "-"): value for name, value in changes.items()}
        kept = [(name, value) for name, value in self.headers if name not in names]
        return replace(self, headers=[*kept, *names.items()])

    def data(self) -> bytes:
        """All bytes of the request."""
        if self.raw:
            return self.raw
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        names = {name.lower() for name, _ in self.headers}
        if "host" not in names:
            lines.append("Host: 127.0.0.1")
        lines += [f"{name}: {value}" for name, value in self.headers]
        body = self.body
        if self.is_chunked:
            lines.append("Transfer-Encoding: chunked")
            pieces = [body[start : start + PIECE] for start in range(0, len(body), PIECE)]
            body = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"
        elif body or self.declared is not None or self.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(body) if self.declared is None else self.declared}")
        lines.append("Connection: close")
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("latin-1", "replace") + body


@dataclass(frozen=True)
class Reply:
    """What came back: a status, ``NO_ANSWER`` or ``TOO_LATE``."""

    status: int
    body: bytes = b""


def send(address: tuple[str, int], sent: Sent, *, timeout_s: float = TIMEOUT_S) -> Reply:
    """Send a request over a connection of its own, and read the answer."""
    with contextlib.closing(socket.create_connection(address, timeout=timeout_s)) as connection:
        # A server that refuses may close the connection before it has everything.
        with contextlib.suppress(OSError):
            connection.sendall(sent.data())
            if not sent.is_http:
                connection.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(connection, method=sent.method)
        try:
            answer.begin()
            return Reply(answer.status, answer.read())
        except TimeoutError:
            return Reply(TOO_LATE)
        except (http.client.HTTPException, OSError):
            return Reply(NO_ANSWER)
        finally:
            answer.close()
