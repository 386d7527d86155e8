"""Renders the templates of the clients' pages. Everything that a person typed is escaped."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Response
from jinja2 import BaseLoader, Environment, FileSystemLoader, ModuleLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from vitrina.texts import format_days, format_number, render, sentence
from vitrina.workbook.reading.choices import Choices

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_FOLDER = Path(__file__).parent
#: The templates as Python modules, which ``make pages`` writes, so that no process has to compile them.
COMPILED = _FOLDER.parents[2] / "compiled_pages"
_STYLE = re.sub(r"\n+", "", (_FOLDER / "style.css").read_text(encoding="utf-8"))
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
#: Longer addresses are shown as text.
MOST_ADDRESS = 2000

#: Bytes from which on an answer is compressed.
LEAST_COMPRESSED = 8_000

#: Headers of every answer: no script, no frame, no cache, no index, and no trace of the token elsewhere.
#: What is not kept needs no ``Vary``, and a page without scripts and frames no ``Permissions-Policy``.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HEADER_LINES = list(HEADERS.items())


class PageResponse(Response):
    """A response to which ``HEADERS`` are added when it is sent."""

    def get_wsgi_response(
        self, environ: WSGIEnvironment
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """See ``werkzeug``. In ``Response.headers`` these would be checked and copied for each response."""
        body, status, headers = super().get_wsgi_response(environ)
        return body, status, _HEADER_LINES + headers


class Setting(Struct, frozen=True):
    """What the pages of one request have in common.

    Parameters
    ----------
    address
        Relative address of the page of the project, for links and forms.
    language
        Language that was asked for in the address, empty for none; it is kept in all links.
    takes_gzip
        Whether the program that asks reads compressed answers.
    now
        The moment of the request.
    """

    locale: str
    zone: ZoneInfo
    choices: Choices
    now: datetime
    address: str = ""
    language: str = ""
    takes_gzip: bool = False

    def for_page(self, own_locale: str) -> Setting:
        """The setting for a page in *own_locale*, unless the address asks for a language."""
        return replace(self, locale="en") if own_locale == "en" and not self.language else self

    @property
    def today(self) -> date:
        """The day of the request in the agency's time zone."""
        return self.now.astimezone(self.zone).date()

    def to(self, place: str = "", **query: object) -> str:
        """Relative address of a place below the page."""
        asked = {**({"lang": self.language} if self.language else {}), **query}
        path = f"{self.address}/{place}" if place else self.address
        return f"{path}?{urlencode(asked)}" if asked else path

    def text(self, code: str, /, **where: Any) -> str:
        """A sentence in the language of the page."""
        return render(sentence(code, **where), self.locale)

    def moment(self, text: str) -> str:
        """``25.11 в 14:02`` from ISO text, in the agency's time zone."""
        at = datetime.fromisoformat(text).astimezone(self.zone)
        day = (
            f"{at.day:02}.{at.month:02}" if self.locale == "ru" else format_skeleton("MMMd", at, locale="en")
        )
        return self.text("page.moment", day=day, time=f"{at:%H:%M}")

    def day(self, text: str) -> str:
        """``25 ноября, вт`` from an ISO day."""
        return _day(text, self.locale)

    def hours(self, value: float) -> str:
        """``12,5 ч``, which no line break parts."""
        return self.text("page.hours_value", value=value).replace(" ", "\u00a0")


def render_page(setting: Setting, name: str, status: int = 200, **values: Any) -> Response:
    """A page from its template, with the headers of every answer."""
    template = _environment().get_template(f"{name}.html")
    html = template.render(
        locale=setting.locale,
        style=Markup(_STYLE),  # noqa: S704 - our own file
        t=setting.text,
        to=setting.to,
        day=setting.day,
        moment=setting.moment,
        hours=setting.hours,
        number=partial(format_number, locale=setting.locale),
        label=partial(_label, setting),
        linked=linked,
        safe_url=safe_url,
        sparkline=sparkline,
        **values,
    )
    return _response(*_packed(html.encode(), setting.takes_gzip), status)


def _response(body: bytes, encoding: str, status: int) -> Response:
    headers = {"Content-Encoding": encoding} if encoding else None
    return PageResponse(body, status, headers, content_type="text/html; charset=utf-8")


def _packed(data: bytes, takes_gzip: bool) -> tuple[bytes, str]:
    """A page as a phone with a slow connection wants it, and its encoding; small ones stay.

    Nothing that somebody else could choose is sent beside the token, so that the length tells nothing of it.
    """
    if takes_gzip and len(data) >= LEAST_COMPRESSED:
        return gzip.compress(data, compresslevel=5), "gzip"
    return data, ""


def sparkline(points: Sequence[float | None]) -> Markup:
    """Coordinates of a line through the figures of periods, in a box of 120 × 24; gaps are passed over."""
    known = [(index, one) for index, one in enumerate(points) if one is not None]
    low, high = min(one for _, one in known), max(one for _, one in known)
    step, height = 116 / max(len(points) - 1, 1), 20 / ((high - low) or 1.0)
    places = (f"{2 + index * step:.0f},{22 - (one - low) * height:.0f}" for index, one in known)
    return Markup(" ".join(places))  # noqa: S704 - only digits


class Rendered:
    """Pages that this process has rendered, by everything that they follow from; the oldest go first."""

    def __init__(self, most: int = 200) -> None:
        self._most = most
        self._lock = threading.Lock()
        #: Body and encoding.
        self._pages: OrderedDict[Hashable, tuple[bytes, str]] = OrderedDict()

    def page(self, key: Hashable, render_anew: Callable[[], Response]) -> Response:
        """The page under *key*, rendered if it is not known."""
        with self._lock:
            known = self._pages.get(key)
        if known is not None:
            return _response(*known, 200)
        answer = render_anew()
        with self._lock:
            self._pages[key] = answer.get_data(), answer.headers.get("Content-Encoding", "")
            while len(self._pages) > self._most:
                self._pages.popitem(last=False)
        return answer


def safe_url(text: str | None) -> str:
    """The address if it leads to a page of the web, else empty: no script and no file."""
    url = (text or "").strip()
    if len(url) > MOST_ADDRESS or not _ADDRESS.fullmatch(url):
        return ""
    try:
        return url if urlsplit(url).hostname else ""
    except ValueError:
        return ""


def linked(text: str) -> list[Mapping[str, str]]:
    """Parts of a text: ``text``, and ``url`` where it is the address of a page."""
    parts: list[Mapping[str, str]] = []
    place = 0
    for found in _ADDRESS.finditer(text):
        address = found[0].rstrip(".,;:!?)]}»")
        if not safe_url(address):
            continue
        parts.append({"text": text[place : found.start()], "url": ""})
        parts.append({"text": address, "url": address})
        place = found.start() + len(address)
    return [*parts, {"text": text[place:], "url": ""}]


@lru_cache(maxsize=1000)
def _day(text: str, locale: str) -> str:
    on = date.fromisoformat(text)
    return f"{format_days(on, on, locale)}, {format_skeleton('EEE', on, locale=locale)}"


def _label(setting: Setting, group: str, code: str) -> str:
    """The label of a choice as the workbook has it."""
    return setting.choices.label(group, code, setting.locale) if code else ""


def template_loader() -> BaseLoader:
    """Reads the templates themselves."""
    return FileSystemLoader(_FOLDER)


def environment_of(loader: BaseLoader) -> Environment:
    """Jinja's environment of the pages, with templates from *loader*."""
    return Environment(
        loader=loader,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


@cache
def _environment() -> Environment:
    return environment_of(ModuleLoader(COMPILED))
