"""HTTP connections whose answers are read until the deadline of the request."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from functools import cache
from typing import Any

import httpcore
import httpx

from vitrina.deadline import seconds_left

#: How long a connection that nobody uses is kept.
KEEP_ALIVE_S = 5.0


@cache
def trusted_authorities() -> ssl.SSLContext:
    """TLS context shared by all clients, loaded once."""
    return httpx.create_ssl_context()


class TimedTransport(httpx.HTTPTransport):
    """Reads each answer until the deadline; the limits of ``httpx`` hold for each read of a socket."""

    def __init__(self) -> None:
        super().__init__(verify=trusted_authorities())
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted_authorities(), keepalive_expiry=KEEP_ALIVE_S, network_backend=_TimedBackend()
        )


class _TimedBackend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _TimedStream(super().connect_tcp(host, port, timeout, local_address, socket_options))


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left_s = seconds_left()
        if left_s <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return self._stream.read(max_bytes, left_s if timeout is None else min(left_s, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
