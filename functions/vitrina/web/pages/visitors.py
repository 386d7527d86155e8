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
    # ``Headers.get`` of werkzeug raises an error for each header that is absent, which takes far longer.
    header = request.environ.get
    return _are_of_robot(
        header("HTTP_USER_AGENT", ""),
        header("HTTP_ACCEPT_LANGUAGE", ""),
        header("HTTP_SEC_PURPOSE"),
        header("HTTP_PURPOSE"),
        header("HTTP_X_MOZ"),
    )


@lru_cache(maxsize=MOST_HEADERS)
def _are_of_robot(agent: str, languages: str, *purposes: str | None) -> bool:
    purpose = " ".join(filter(None, purposes)).lower()
    return (
        not agent.strip()
        or not languages.strip()
        or "prefetch" in purpose
        or "preview" in purpose
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
    return f"{network(address_of(request), 24, 48)} {browser}".strip()


def address_of(request: Request) -> str:
    """Address of the visitor. Only the last part was written by Google; what stands before may be made up."""
    forwarded = request.environ.get("HTTP_X_FORWARDED_FOR", "")
    return forwarded.rpartition(",")[2].strip() or request.remote_addr or ""
