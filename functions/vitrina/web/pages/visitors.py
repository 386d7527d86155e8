"""Who opens a page: robots may look and never act, and who guesses addresses is slowed down."""

from __future__ import annotations

import ipaddress
import re
import threading
import time
from collections import OrderedDict
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Request

#: Words in the names of programs that open links by themselves: previews, scanners, search engines. Browsers
#: inside of messengers, which name these too, are used by people.
_ROBOTS = re.compile(
    r"bot\b|crawl|spider|slurp|preview|facebookexternalhit|whatsapp/|vkshare|linkexpanding|embedly|headless"
    r"|phantomjs|curl/|wget/|python|okhttp|go-http|java/|libwww|axios|node-fetch|scanner|safelinks|barracuda"
    r"|proofpoint|mimecast|googleimageproxy|google-safety|apache-http",
    re.IGNORECASE,
)
#: Unknown addresses that one visitor may ask for in ``WINDOW_S`` seconds, and visitors that are remembered.
MOST_UNKNOWN, WINDOW_S, MOST_VISITORS = 20, 600.0, 10_000


def is_robot(request: Request) -> bool:
    """Whether a program seems to be opening the page, and no person."""
    headers = request.headers
    agent = headers.get("User-Agent", "")
    purposes = f"{headers.get('Sec-Purpose', '')} {headers.get('Purpose', '')} {headers.get('X-Moz', '')}"
    return (
        not agent.strip()
        or not headers.get("Accept-Language", "").strip()
        or "prefetch" in purposes.lower()
        or "preview" in purposes.lower()
        or _ROBOTS.search(agent) is not None
    )


def is_from_own_page(request: Request, client_url: str) -> bool:
    """Whether a form of our own page was sent.

    Browsers that do not say where a request came from send the origin ``null`` for a page without a referrer.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    own = {request.host, urlsplit(client_url).netloc}
    return origin == "null" or urlsplit(origin).netloc in own


def origin_of(request: Request) -> str:
    """Where a request came from, shortened: the network of the address and the browser."""
    agent = request.headers.get("User-Agent", "")
    known = ("Edg", "YaBrowser", "OPR", "SamsungBrowser", "Firefox", "CriOS", "Chrome", "Safari")
    browser = next((name for name in known if name in agent), "?")
    return f"{_network(address_of(request), 24, 48)} {browser}".strip()


def address_of(request: Request) -> str:
    """Address of the visitor. Only the last part was written by Google; what stands before may be made up."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return forwarded.rpartition(",")[2].strip() or request.remote_addr or ""


class Guessers:
    """Visitors who asked for unknown addresses, in the memory of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def is_over(self, address: str) -> bool:
        """Whether this visitor asked for too many."""
        with self._lock:
            since, count = self._counts.get(_network(address, 32, 64), (0.0, 0))
            return count >= MOST_UNKNOWN and time.monotonic() - since < WINDOW_S

    def note(self, address: str) -> None:
        """Note an unknown address of a visitor."""
        visitor, now = _network(address, 32, 64), time.monotonic()
        with self._lock:
            since, count = self._counts.pop(visitor, (now, 0))
            self._counts[visitor] = (now, 1) if now - since >= WINDOW_S else (since, count + 1)
            while len(self._counts) > MOST_VISITORS:
                self._counts.popitem(last=False)

    def forget(self) -> None:
        """Forget everybody, for tests."""
        with self._lock:
            self._counts.clear()


@lru_cache(maxsize=1000)
def _network(address: str, bits_v4: int, bits_v6: int) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    bits = bits_v4 if parsed.version == 4 else bits_v6
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
