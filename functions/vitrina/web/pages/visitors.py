"""Finds out who opens a page. Robots may look at it and may not act."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Request

from vitrina.operations.clicks.guessers import network

#: Values of a header of browsers whose meaning is remembered: few are frequent, and each may have kilobytes.
MOST_HEADERS = 200

#: Words in the names of programs that open links by themselves: previews, scanners, search engines. Browsers
#: inside of messengers, which name these too, are used by people.
_ROBOTS = re.compile(
    r"bot\b|crawl|spider|slurp|preview|facebookexternalhit|whatsapp/|vkshare|linkexpanding|embedly|headless"
    r"|phantomjs|curl/|wget/|python|okhttp|go-http|java/|libwww|axios|node-fetch|scanner|safelinks|barracuda"
    r"|proofpoint|mimecast|googleimageproxy|google-safety|apache-http",
    re.IGNORECASE,
)


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
        or _is_robots_name(agent)
    )


@lru_cache(maxsize=MOST_HEADERS)
def _is_robots_name(agent: str) -> bool:
    return _ROBOTS.search(agent) is not None


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
    return f"{network(address_of(request), 24, 48)} {browser}".strip()


def address_of(request: Request) -> str:
    """Address of the visitor. Only the last part was written by Google; what stands before may be made up."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return forwarded.rpartition(",")[2].strip() or request.remote_addr or ""
