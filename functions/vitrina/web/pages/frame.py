"""What pages that are opened by a secret link have in common: addresses, language, pages of one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from flask import Request, Response
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from vitrina.operations.services import Services
from vitrina.ports import Store
from vitrina.records.outside.client_links import AnyLink, is_token
from vitrina.texts import Sentence, render
from vitrina.web.http import Application
from vitrina.web.pages.rendering import PageResponse, Setting, render_page
from vitrina.web.pages.visitors import MOST_HEADERS, address_of

#: The field that people do not see: programs fill it in.
TRAP = "website"


def open_link(
    request: Request,
    app: Application,
    setting: Setting,
    token: str,
    find: Callable[[Store, str], AnyLink | None],
    ask_for_link: str = "page.ask_for_link",
) -> AnyLink | Response:
    """The link with a token, or the answer to somebody who has none: one read at most.

    Parameters
    ----------
    ask_for_link
        The sentence that says where another link comes from.
    """
    if request.method not in ("GET", "HEAD", "POST"):
        answer = message_page(setting, 405, "page.method")
        answer.headers["Allow"] = "GET, HEAD, POST"
        return answer
    services, guessers, address = app.services, app.limits.guessers, address_of(request)
    if guessers.is_over(address):
        answer = message_page(setting, 429, "page.too_often")
        answer.headers["Retry-After"] = "600"
        return answer
    link = find(services.store, token) if is_token(token) else None
    if link is None:
        guessers.note(address)
    if link is None or link.is_revoked:
        return unknown_page(setting, ask_for_link)
    if link.is_expired(setting.now):
        return message_page(setting, 410, "page.expired", ask_for_link)
    return link


def setting_of(request: Request, services: Services, token: str, rest: Sequence[str]) -> Setting:
    """Addresses of the answer, and its language: the one that the address asks for, else Russian.

    Who reads no Russian, as the browser says, gets English. ``Setting.for_page`` then adds that of the page.
    """
    language = request.args.get("lang", "") if request.query_string else ""
    language = language if language in ("ru", "en") else ""
    is_english = _reads_english_only(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    locale = language or ("en" if is_english else "ru")
    is_below = bool(rest) or request.path.endswith("/")
    address = f"../{token}" if is_below else token
    takes_gzip = _takes_gzip(request.environ.get("HTTP_ACCEPT_ENCODING", ""))
    now = services.clock.now()
    return Setting(locale, services.time_zone, services.choices, now, address, language, takes_gzip)


@lru_cache(maxsize=MOST_HEADERS)
def _reads_english_only(accept_language: str) -> bool:
    """Whether the header ``Accept-Language`` names English but not Russian."""
    languages = parse_accept_header(accept_language, LanguageAccept)
    accepted = {code.partition("-")[0].lower() for code, _ in languages}
    return "en" in accepted and "ru" not in accepted


@lru_cache(maxsize=MOST_HEADERS)
def _takes_gzip(accept_encoding: str) -> bool:
    return parse_accept_header(accept_encoding)["gzip"] > 0


def unknown_page(setting: Setting, ask_for_link: str = "page.ask_for_link") -> Response:
    """The same answer for a link that never was, one that was revoked, and a place that is not there."""
    return message_page(setting, 404, "page.unknown", ask_for_link)


def message_page(setting: Setting, status: int, *texts: str | Sentence, back: bool = False) -> Response:
    """A page with nothing but sentences; the first one is its heading."""
    heading, *lines = (
        setting.text(one) if isinstance(one, str) else render(one, setting.locale) for one in texts
    )
    return render_page(
        setting, "message", status, heading=heading, lines=lines, back=setting.to() if back else ""
    )


def error_page(setting: Setting | None, status: int, text: Sentence) -> Response:
    """A page that says what went wrong."""
    if setting is None:
        # Settings or store are wrong, so that there is nothing to make a page of.
        return PageResponse("503", 503, content_type="text/plain; charset=utf-8")
    return message_page(setting, status, text)
