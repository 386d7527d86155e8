"""Formats a number with the number format of its cell and the locale of its workbook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Any

from emulators.google.locales import Locale

EPOCH = datetime.fromisoformat("1899-12-30")
"""Day 0 of Sheets: 1.0 is 1899-12-31, as Lotus left it to all spreadsheets."""

SIGNIFICANT_DIGITS = 10
"""An automatic format shows no more; read from recorded answers (0.0009765625 in full, 1/3 with ten)."""

_TOKEN = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|am/pm|AM/PM|a/p|A/P|[yY]+|[mM]+|[dD]+|[hH]+|[sS]+'
    r"|E[+-]0+|[0#?]+|.",
    re.DOTALL,
)


def from_serial(serial: float) -> datetime:
    """The moment of a serial day number, to the nearest millisecond."""
    return EPOCH + timedelta(milliseconds=round(serial * 86_400_000))


def to_serial(moment: date | datetime) -> float:
    """The serial day number of a date or a moment."""
    if not isinstance(moment, datetime):
        return float((moment - EPOCH.date()).days)
    return (moment.replace(tzinfo=None) - EPOCH) / timedelta(days=1)


def show(value: Any, number_format: dict[str, Any] | None, locale: Locale) -> str:
    """The text of a cell for a value (string, number, boolean) with a number format."""
    if isinstance(value, bool):
        return locale.true if value else locale.false
    if isinstance(value, str):
        return value
    kind = (number_format or {}).get("type")
    pattern = (number_format or {}).get("pattern") or default_pattern(kind, locale)
    if kind == "TEXT" or not pattern or pattern in ("General", "@"):
        return general(value, locale)
    return show_pattern(float(value), pattern, locale)


def default_pattern(kind: str | None, locale: Locale) -> str:
    """The pattern of a number format that has only a type."""
    return {
        "NUMBER": "#,##0.00",
        "PERCENT": "0.00%",
        "CURRENCY": locale.currency_pattern,
        "DATE": locale.date_pattern,
        "TIME": locale.time_pattern,
        "DATE_TIME": locale.date_time_pattern,
        "SCIENTIFIC": "0.00E+00",
    }.get(kind or "", "")


def general(value: float, locale: Locale) -> str:
    """A number in the automatic format."""
    if isinstance(value, int) or float(value).is_integer():
        if abs(value) < 1e15:
            return str(int(value))
        text = f"{value:.{SIGNIFICANT_DIGITS - 1}E}"
    elif 1e-9 <= abs(value) < 1e15:
        exact = Decimal(repr(float(value)))
        places = max(SIGNIFICANT_DIGITS - 1 - exact.adjusted(), 0)
        text = f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text.replace(".", locale.decimal)
    else:
        text = f"{value:.{SIGNIFICANT_DIGITS - 1}E}"
    mantissa, _, exponent = text.partition("E")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}E{exponent[0]}{int(exponent[1:]):02d}".replace(".", locale.decimal)


def show_pattern(value: float, pattern: str, locale: Locale) -> str:
    """A number in a pattern, whose sections are for positive; negative; zero."""
    sections = _sections(pattern)
    section = sections[0]
    if value < 0 and len(sections) > 1:
        section, value = sections[1], -value
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    pieces = _pieces(section)
    if _is_date(pieces):
        return _show_date(value, pieces, locale)
    return _show_number(value, pieces, locale)


@lru_cache(maxsize=512)
def _sections(pattern: str) -> tuple[str, ...]:
    return tuple("".join(part) for part in _split(_TOKEN.findall(pattern)))


def _split(pieces: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for piece in pieces:
        if piece == ";":
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts


@lru_cache(maxsize=512)
def _pieces(section: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(section))


def _is_elapsed(piece: str) -> bool:
    return bool(re.fullmatch(r"\[[hmsHMS]+\]", piece))


@lru_cache(maxsize=512)
def _is_date(pieces: tuple[str, ...]) -> bool:
    return any(
        _is_elapsed(piece) or (piece[0] in "yYmMdDhHsS" and not piece.startswith("\\")) for piece in pieces
    )


def _literal(piece: str) -> str | None:
    if piece.startswith('"'):
        return piece[1:-1]
    if piece.startswith("\\"):
        return piece[1:]
    if piece.startswith("_"):
        return " "
    if piece.startswith("*"):
        return ""
    if piece.startswith("["):
        currency = re.fullmatch(r"\[\$([^\]-]*)(-[^\]]*)?\]", piece)
        return currency[1] if currency else ""
    return None


@dataclass(frozen=True)
class _Shape:
    """The placeholders for digits of a pattern."""

    first: int
    """Index of the first piece of digits."""
    least_whole: int
    fraction: str
    grouped: bool
    thousands: int
    """How many thousands are cut off: commas after the last digit."""


@lru_cache(maxsize=512)
def _shape(pieces: tuple[str, ...]) -> _Shape | None:
    places = [index for index, piece in enumerate(pieces) if piece[0] in "0#?"]
    if not places:
        return None
    point = pieces.index(".") if "." in pieces else len(pieces)
    whole = [index for index in places if index < point]
    trailing = 0
    while places[-1] + trailing + 1 < len(pieces) and pieces[places[-1] + trailing + 1] == ",":
        trailing += 1
    return _Shape(
        first=places[0],
        least_whole="".join(pieces[index] for index in whole).count("0"),
        fraction="".join(pieces[index] for index in places if index > point),
        grouped=bool(whole) and "," in pieces[whole[0] : whole[-1]],
        thousands=trailing,
    )


def _show_number(value: float, pieces: tuple[str, ...], locale: Locale) -> str:
    shape = _shape(pieces)
    if shape is None:
        return "".join(piece if (literal := _literal(piece)) is None else literal for piece in pieces)
    number = Decimal(repr(float(value))) * 100 ** pieces.count("%")
    if any(piece.startswith("E") and len(piece) > 1 for piece in pieces):
        return _show_scientific(number, pieces, locale)
    number /= Decimal(1000) ** shape.thousands
    digits = _digits(abs(number), shape, locale)
    parts: list[str] = []
    for index, piece in enumerate(pieces):
        literal = _literal(piece)
        if literal is not None:
            parts.append(literal)
        elif index == shape.first:
            parts.append(digits)
        elif not (piece[0] in "0#?" or piece == "." or (piece == "," and index > shape.first)):
            parts.append(piece)
    sign = "-" if number < 0 and digits.strip("0.,") else ""
    return sign + "".join(parts)


#: Enough digits for every number of a cell.
_LONG = Context(prec=400)


def _digits(number: Decimal, shape: _Shape, locale: Locale) -> str:
    rounded = number.quantize(Decimal(1).scaleb(-len(shape.fraction)), ROUND_HALF_UP, _LONG)
    head, _, tail = f"{rounded:f}".partition(".")
    head = head.lstrip("0").rjust(shape.least_whole, "0")
    while tail and shape.fraction[len(tail) - 1] in "#?" and tail[-1] == "0":
        tail = tail[:-1]
    if shape.grouped:
        head = _group(head, locale.group)
    return head + (locale.decimal + tail if tail else "")


def _show_scientific(number: Decimal, pieces: tuple[str, ...], locale: Locale) -> str:
    point = pieces.index(".") if "." in pieces else None
    exponent_token = next(piece for piece in pieces if piece.startswith("E") and len(piece) > 1)
    places = len(pieces[point + 1]) if point is not None else 0
    text = f"{number:.{places}E}"
    mantissa, _, exponent = text.partition("E")
    power = int(exponent)
    sign = "-" if power < 0 else ("+" if "+" in exponent_token else "")
    width = len(exponent_token) - 2
    return f"{mantissa.replace('.', locale.decimal)}E{sign}{abs(power):0{width}d}"


def _group(digits: str, separator: str) -> str:
    parts = []
    while len(digits) > 3:
        parts.append(digits[-3:])
        digits = digits[:-3]
    return separator.join([digits, *reversed(parts)])


def _show_date(value: float, pieces: tuple[str, ...], locale: Locale) -> str:
    try:
        moment = from_serial(value)
    except OverflowError:
        # No day has this number.
        return f"{value:.5E}".replace(".", locale.decimal)
    clock12 = any(piece.lower() in ("am/pm", "a/p") for piece in pieces)
    has_day = any(piece[0] in "dD" and len(piece) <= 2 for piece in pieces)
    if not any(piece[0] in "sS" or re.fullmatch(r"\[[sS]+\]", piece) for piece in pieces):
        # A time shown in minutes is rounded down.
        moment = moment.replace(second=0, microsecond=0)
    parts = []
    for index, piece in enumerate(pieces):
        if _is_elapsed(piece):
            parts.append(_elapsed(value, piece))
            continue
        literal = _literal(piece)
        if literal is not None:
            parts.append(literal)
            continue
        letter, length = piece[0].lower(), len(piece)
        if piece.lower() in ("am/pm", "a/p"):
            text = "AM" if moment.hour < 12 else "PM"
            parts.append(text[:length] if length == 3 else text)
        elif letter == "m" and _is_minute(pieces, index):
            parts.append(f"{moment.minute:0{min(length, 2)}d}")
        elif letter in "ymdhs" and piece.lower() == letter * length:
            parts.append(_date_part(letter, length, moment, locale, clock12=clock12, has_day=has_day))
        elif letter == "0":
            parts.append(f"{moment.microsecond // 1000:03d}"[:length].ljust(length, "0"))
        else:
            parts.append(piece)
    return "".join(parts)


def _elapsed(value: float, piece: str) -> str:
    unit = {"h": 24, "m": 24 * 60, "s": 86_400}[piece[1].lower()]
    return f"{int(round(value * 86_400) * unit // 86_400):0{len(piece) - 2}d}"


def _is_minute(pieces: tuple[str, ...], index: int) -> bool:
    letters = [
        (i, piece.strip("[]")[0].lower())
        for i, piece in enumerate(pieces)
        if _is_elapsed(piece)
        or (piece[0].lower() in "ymdhs" and piece.lower() == piece[0].lower() * len(piece))
    ]
    place = next(n for n, (i, _) in enumerate(letters) if i == index)
    before = letters[place - 1][1] if place else ""
    after = letters[place + 1][1] if place + 1 < len(letters) else ""
    return len(pieces[index]) <= 2 and (before == "h" or after == "s")


def _date_part(
    letter: str, length: int, moment: datetime, locale: Locale, *, clock12: bool, has_day: bool
) -> str:
    width = min(length, 2)
    if letter == "m":
        return _month(length, moment, locale, has_day=has_day)
    if letter == "d" and length > 2:
        return (locale.weekdays_short if length == 3 else locale.weekdays)[moment.weekday()]
    if letter == "y":
        return f"{moment.year:04d}" if length > 2 else f"{moment.year % 100:02d}"
    hour = (moment.hour % 12 or 12) if clock12 else moment.hour
    return f"{ {'d': moment.day, 'h': hour, 's': moment.second}[letter]:0{width}d}"


def _month(length: int, moment: datetime, locale: Locale, *, has_day: bool) -> str:
    index = moment.month - 1
    if length <= 2:
        return f"{moment.month:0{length}d}"
    if length == 3:
        return locale.months_short[index]
    if length == 5:
        return locale.months_alone[index][0]
    return (locale.months if has_day else locale.months_alone)[index]
