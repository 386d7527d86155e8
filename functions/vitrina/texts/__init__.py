"""Every sentence that a person sees, in Russian and in English.

The JSON files beside this module map a code to a sentence with placeholders as in ``str.format``, with
three additions: numbers, days and periods are formatted for the language; a list becomes «a, b и c»; and
``{count:plural задача|задачи|задач}`` (two forms in English) gives the number with the right form of the
word.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec
from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal
from msgspec import Struct, field

from vitrina.surrogates import replace_surrogates

LOCALES = ("ru", "en")

_FOLDER = Path(__file__).parent
#: Titles of tabs, columns and fields are in the templates' texts; sentences use them as ``title.<key>``.
_TEMPLATES = Path(__file__).parents[3] / "sheet_templates"
TITLE_PREFIX = "title."
#: Larger numbers are shortened, as are infinity and what is no number.
MOST_NUMBER = 10**15
#: How many texts of numbers and days, and forms of words, a process keeps: a long list repeats them.
FORMATTED_KEPT = 4096
#: In place of a value that cannot be shown.
UNTOLD = "…"
_PLURAL_FORMS = {"ru": ("one", "few", "many"), "en": ("one", "other")}


class Sentence(Struct, frozen=True):
    """A sentence that is not rendered yet: its code, and values of its placeholders."""

    code: str
    where: Mapping[str, Any] = field(default_factory=dict)


class Days(Struct, frozen=True):
    """Value of a placeholder: the days from *start_on* to *end_on*, rendered as ``23–27 ноября``."""

    start_on: date
    end_on: date


class Amount(Struct, frozen=True):
    """Value of a placeholder: a figure with at most two decimal digits and its unit, as ``2,35 %``.

    A change has its sign, as ``−12``.
    """

    value: float
    unit: str | Sentence = ""
    is_change: bool = False


def sentence(code: str, /, **where: Any) -> Sentence:
    """Short form of ``Sentence(code, where)``."""
    return Sentence(code, where)


def pick_locale(wanted: str | None) -> str:
    """``en`` for any kind of English, ``ru`` for everything else."""
    return "en" if (wanted or "").lower().startswith("en") else "ru"


@cache
def load(locale: str) -> Mapping[str, str]:
    """All sentences of one language by code."""
    texts: dict[str, str] = {}
    for path in sorted(_FOLDER.glob(f"*.{locale}.json")):
        texts |= _read(path)
    titles = _read(_TEMPLATES / f"texts.{locale}.json")
    return texts | {TITLE_PREFIX + key: title for key, title in titles.items()}


def _read(path: Path) -> dict[str, str]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str])


def render(text: Sentence, locale: str) -> str:
    """The text of the sentence in the language *locale*, ``ru`` or ``en``; any values can be told."""
    parts = [
        literal if name is None else literal + _told(text.where[name], spec or "", locale)
        for literal, name, spec, _ in _parts(text.code, locale)
    ]
    return replace_surrogates("".join(parts))


@cache
def _parts(code: str, locale: str) -> Sequence[tuple[str, str | None, str | None, str | None]]:
    """The parts of a sentence: a text, and the name and format of the placeholder that follows it."""
    return list(string.Formatter().parse(load(locale)[code]))


def render_all(data: Any, locale: str) -> Any:
    """Copy of *data* for JSON: sentences are rendered and days become ISO texts, at any depth."""
    # Most values of a long answer are texts and figures.
    if isinstance(data, str):
        return replace_surrogates(data)
    if data is None or isinstance(data, (int, float)):
        return data
    if isinstance(data, Sentence):
        return render(data, locale)
    if isinstance(data, date):
        return data.isoformat()
    if isinstance(data, Mapping):
        return {key: render_all(value, locale) for key, value in data.items()}
    return [render_all(value, locale) for value in data] if isinstance(data, (list, tuple)) else data


@lru_cache(FORMATTED_KEPT, typed=True)
def format_number(value: float, locale: str) -> str:
    """``32,5`` in Russian and ``32.5`` in English, at most one decimal digit; ``1.00E+27`` if absurd."""
    if not abs(value) < MOST_NUMBER:
        return f"{Decimal(value):.3g}".replace(".", "," if locale == "ru" else ".")
    return format_decimal(value, format="#,##0.#", locale=locale)


def format_amount(amount: Amount, locale: str) -> str:
    """``2,35 %``, ``+12``, ``−0,4 п.п``; no line break parts a figure from its unit."""
    pattern = "+#,##0.##;−#,##0.##" if amount.is_change and amount.value else "#,##0.##;−#,##0.##"
    # A dot of «шт.» would stand beside that of the sentence.
    unit = render(amount.unit, locale) if isinstance(amount.unit, Sentence) else amount.unit.rstrip(".")
    return f"{format_decimal(amount.value, format=pattern, locale=locale)} {unit}".strip().replace(
        " ", "\u00a0"
    )


@lru_cache(FORMATTED_KEPT)
def format_days(start_on: date, end_on: date, locale: str) -> str:
    """``23–27 ноября``, ``30 ноября – 4 декабря``."""
    if start_on == end_on:
        return format_skeleton("MMMMd", start_on, locale=locale)
    end = format_skeleton("MMMMd", end_on, locale=locale)
    if (start_on.year, start_on.month) != (end_on.year, end_on.month):
        return f"{format_skeleton('MMMMd', start_on, locale=locale)} – {end}"
    if locale == "ru":
        return f"{start_on.day}–{end}"
    return f"{end.rsplit(' ', 1)[0]} {start_on.day}–{end_on.day}"


def format_day(day: date, locale: str) -> str:
    """``23.11.2026`` in Russian, ``Nov 23, 2026`` in English."""
    return format_date(day, format="dd.MM.yyyy" if locale == "ru" else "medium", locale=locale)


def _told(value: Any, spec: str, locale: str) -> str:
    """The text of a value in a sentence."""
    try:
        return _formatted(value, spec, locale)
    except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError):
        # A value that does not belong there must not hide what the sentence says.
        return UNTOLD


def _formatted(value: Any, spec: str, locale: str) -> str:  # noqa: PLR0911 - one line for each kind of value
    if spec.startswith("plural "):
        return f"{format_number(value, locale)} {_plural(value, spec.removeprefix('plural '), locale)}"
    if isinstance(value, str):
        return format(value, spec)
    if isinstance(value, Sentence):
        return render(value, locale)
    if isinstance(value, Amount):
        return format_amount(value, locale)
    if isinstance(value, Days):
        return format_days(value.start_on, value.end_on, locale)
    if isinstance(value, int | float):
        return format_number(value, locale)
    if isinstance(value, date):
        return format_day(value, locale)
    if isinstance(value, Iterable):
        return format_list([_told(one, "", locale) for one in value], locale=locale)
    return format(value, spec)


@lru_cache(FORMATTED_KEPT)
def _plural(value: float, forms: str, locale: str) -> str:
    category = Locale(locale).plural_form(value if abs(value) < MOST_NUMBER else MOST_NUMBER)
    words = dict(zip(_PLURAL_FORMS[locale], forms.split("|"), strict=True))
    # A fraction in Russian («1,5 часа») takes the form ``few``.
    return words.get(category) or words.get("few") or words["other"]
