"""HTTP clients for the servers of this machine."""

from __future__ import annotations

import ssl
from typing import Any

import httpx


def local_client(**options: Any) -> httpx.Client:
    """A client without proxies and certificates, because the servers are local and use plain HTTP.

    Loading the certificates of all authorities would take a tenth of a second for each client.
    """
    return httpx.Client(trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), **options)
