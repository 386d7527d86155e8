"""What a request to accounting says: lines, sums in whole kopecks, purpose, and the body that is hashed.

Accounting issues the documents. Nothing here computes a tax or gives a document its number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from msgspec import Struct

#: Most characters of the purpose of a payment.
MOST_PURPOSE = 210
#: Most characters of the title of a line.
MOST_TITLE = 500
#: Hours are told to accounting in hundredths.
_HUNDREDTH = Decimal("0.01")


class RequestKind(StrEnum):
    """What accounting is asked for."""

    INVOICE = "invoice"
    #: Documents that close a period: an act, or what stands for it.
    CLOSING = "closing"
    BOTH = "both"

    @property
    def parts(self) -> frozenset[str]:
        """The documents that it asks for."""
        return frozenset({"invoice", "closing"} if self is RequestKind.BOTH else {self.value})


class Period(Struct, frozen=True):
    """The days of a request, both included."""

    start_on: date
    end_on: date


class Line(Struct, frozen=True):
    """A piece of accepted work.

    Parameters
    ----------
    ordinal
        Which decision about the item accepted it.
    hours
        As accounting reads it, in hundredths.
    price_kop
        Kopecks for an hour, ``None`` if no rate is set.
    accepted_on
        ISO day.
    shown
        Fingerprint of what the client accepted.
    """

    number: int
    ordinal: int
    code: str
    title: str
    hours: Decimal
    unit: str
    price_kop: int | None
    accepted_on: str
    channel: str = ""
    shown: str = ""

    @property
    def sum_kop(self) -> int | None:
        """Kopecks of the line, rounded half up; ``None`` if no rate is set."""
        if self.price_kop is None:
            return None
        return int((self.hours * self.price_kop).quantize(Decimal(1), ROUND_HALF_UP))

    def data(self) -> dict[str, Any]:
        """The line in the body of a request."""
        return {
            "item": self.number,
            "decision": self.ordinal,
            "code": self.code,
            "title": self.title,
            "quantity": _plain(self.hours),
            "unit": self.unit,
            "hours": _plain(self.hours),
            "price_kop": self.price_kop,
            "sum_kop": self.sum_kop,
            "approved": {"on": self.accepted_on, "via": self.channel, "version": self.shown},
        }


def line_from_data(data: dict[str, Any]) -> Line:
    """The line that ``Line.data`` has written."""
    approved = data["approved"]
    return Line(
        data["item"],
        data["decision"],
        data["code"],
        data["title"],
        Decimal(data["hours"]),
        data["unit"],
        data["price_kop"],
        approved["on"],
        approved["via"],
        approved["version"],
    )


def hours_of(hours: float) -> Decimal:
    """Hours as accounting reads them: hundredths, rounded half up."""
    return Decimal(repr(float(hours))).quantize(_HUNDREDTH, ROUND_HALF_UP)


def total_kop(lines: Iterable[Line]) -> int | None:
    """Sum of the lines; ``None`` if one of them has none. Never hours times rate, which may differ."""
    sums = [line.sum_kop for line in lines]
    known = [one for one in sums if one is not None]
    return sum(known) if len(known) == len(sums) else None


def kopecks_of(text: str) -> int:
    """Kopecks of an amount in roubles as people type it; raises ``ValueError``."""
    plain = "".join(text.split()).replace(",", ".").removesuffix("₽").removesuffix("руб.").removesuffix("руб")
    try:
        value = Decimal(plain)
    except ArithmeticError as error:
        raise ValueError(text) from error
    if not value.is_finite() or value < 0 or value >= Decimal(10) ** 9:
        raise ValueError(text)
    kopecks = value * 100
    if kopecks != kopecks.to_integral_value():
        raise ValueError(text)
    return int(kopecks)


def roubles(kopecks: int, locale: str) -> str:
    """``124 000,50`` in Russian, ``124,000.50`` in English."""
    whole, part = divmod(kopecks, 100)
    if locale != "ru":
        return f"{whole:,}.{part:02d}"
    return f"{whole:,}".replace(",", "\u00a0") + f",{part:02d}"


def shortened_purpose(text: str) -> str:
    """The purpose of a payment in one line of at most ``MOST_PURPOSE`` characters."""
    line = one_line(text)
    return line if len(line) <= MOST_PURPOSE else line[: MOST_PURPOSE - 1].rstrip() + "…"


def one_line(text: str, most: int = 0) -> str:
    """A text without line breaks and without signs that cannot be seen; at most *most* characters."""
    shown = "".join(" " if one.isspace() else one for one in text if one.isprintable() or one.isspace())
    line = " ".join(shown.split())
    return line if not most or len(line) <= most else line[: most - 1].rstrip() + "…"


def human_number(code: str, period: Period, count: int) -> str:
    """``ЗРН-2026-11-1``: how people name a request; the *count*-th of the project and month."""
    return f"{code}-{period.end_on:%Y-%m}-{count}"


def request_id(
    project_id: str, kind: RequestKind, period: Period, revision: int, lines: Sequence[Line]
) -> str:
    """Id of a revision: the same for the same approvals, and for no others."""
    approvals = sorted((one.number, one.ordinal, one.sum_kop) for one in lines)
    parts = [project_id, kind.value, period.start_on.isoformat(), period.end_on.isoformat(), revision]
    return _hash([*parts, [list(one) for one in approvals]])[:32]


def fingerprint(body: dict[str, Any]) -> str:
    """Hash of the canonical body: by it a person can compare a paper with what is kept."""
    return _hash(body)


def canonical(body: Any) -> str:
    """The one way to write a body: sorted keys, no spaces."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def month_before(day: date) -> Period:
    """The whole month before that of *day*."""
    last = day.replace(day=1).toordinal() - 1
    end_on = date.fromordinal(last)
    return Period(end_on.replace(day=1), end_on)


def month_of(day: date) -> Period:
    """The whole month of *day*."""
    following = (day.replace(day=28).toordinal()) + 4
    return Period(day.replace(day=1), month_before(date.fromordinal(following)).end_on)


def _hash(body: Any) -> str:
    return hashlib.sha256(canonical(body).encode(errors="surrogatepass")).hexdigest()


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
