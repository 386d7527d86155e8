"""Sentences: every code has one in each language, with the same placeholders."""

from __future__ import annotations

import ast
import json
import random
import re
import string
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from vitrina.texts import LOCALES, TITLE_PREFIX, Amount, Days, Sentence, load, pick_locale, render, sentence

PACKAGE = Path(__file__).parents[2] / "functions" / "vitrina"
CALLS = {"sentence", "Sentence", "complain", "problem", "CellProblem"}


def codes_in(path: Path) -> set[str]:
    """Codes of sentences that a module names, in calls that make sentences and errors."""
    codes: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in CALLS or name.endswith("Error"):
            for argument in node.args:
                codes |= {
                    leaf.value
                    for leaf in ast.walk(argument)
                    if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and "." in leaf.value
                }
    return {code for code in codes if re.fullmatch(r"[a-z]+\.[a-z][a-z_]*[a-z]", code)}


def names_in(text: str) -> set[str]:
    """Names of the placeholders of a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_code_has_a_sentence() -> None:
    """Every code has a sentence in Russian and in English."""
    codes = set().union(*(codes_in(path) for path in PACKAGE.rglob("*.py")))

    # The search finds codes in different places.
    assert {"auth.missing", "cell.hours_text", "batch.started", "service.busy"} <= codes
    for locale in LOCALES:
        assert codes - set(load(locale)) == set()


def test_languages_have_the_same_placeholders() -> None:
    """The Russian and the English sentence have the same placeholders, each of which is a plain name."""
    russian, english = ({code: names_in(text) for code, text in load(one).items()} for one in ("ru", "en"))

    assert set(russian) == set(english)
    assert {code for code in russian if russian[code] != english[code]} == set()
    assert {name for names in russian.values() for name in names if not name.isidentifier()} == set()


@pytest.mark.parametrize(
    ("count", "ru", "en"),
    [
        (1, "1 новая карточка", "1 new card"),
        (3, "3 новые карточки", "3 new cards"),
        (11, "11 новых карточек", "11 new cards"),
        (21, "21 новая карточка", "21 new cards"),
    ],
)
def test_plural_forms(count: int, ru: str, en: str) -> None:
    """The number has the right form of the word."""
    assert ru in render(sentence("push.done", count=count), "ru")
    assert en in render(sentence("push.done", count=count), "en")


#: Figures with which each sentence is read.
FIGURES = (0, 1, 2, 5, 11, 21, 1.5)
#: A placeholder of a figure with the forms of its word.
COUNTED = re.compile(r"\{(\w+):plural ([^}]*)\}")
#: Words in front of a counted noun. Each was read with all figures: none has to change with the number, as
#: «входит» and «ближайшие» would. A new word is read in the same way before it is added.
READ_BEFORE_A_COUNT = {
    *("Витрины", "Добавим", "Обновили", "Перенесли", "Перенесём", "ещё", "изменений", "периоде"),
    *("Дальше", "Нашли", "Переведём", "Пересчитали", "Посмотрите", "Прочитали", "Создали", "создадим"),
    *("для", "за", "на", "номерам", "обновили", "оценки", "по", "понять", "проверили", "процессе"),
    *("трекере", "через"),
}
#: Words that may follow a figure without forms.
UNCHANGED_AFTER_A_FIGURE = {"ч", "из"}


def with_numbers(locale: str) -> dict[str, str]:
    """The sentences that count something, by code."""
    return {code: text for code, text in load(locale).items() if COUNTED.search(text)}


def russian_form(value: float, forms: list[str]) -> str:
    """The form of a word after a figure, by the rule of the school book."""
    if value != int(value):
        return forms[1]
    tens, ones = value % 100, value % 10
    if ones == 1 and tens != 11:
        return forms[0]
    return forms[1] if 2 <= ones <= 4 and not 12 <= tens <= 14 else forms[2]


@pytest.mark.parametrize("value", FIGURES)
def test_used_row_10_counted_words_agree_with_every_figure(value: float) -> None:
    """In Russian each figure has the right form of its word, with a decimal comma."""
    shown = str(value).replace(".", ",")
    for code, text in with_numbers("ru").items():
        told = render(sentence(code, **dict.fromkeys(names_in(text), value)), "ru")

        for _, forms in COUNTED.findall(text):
            assert f"{shown} {russian_form(value, forms.split('|'))}" in told, code
        assert not re.search(r"[{}|]|plural", told), code


@pytest.mark.parametrize("value", FIGURES)
def test_used_row_10_counted_words_agree_in_english(value: float) -> None:
    """One has the first form, every other figure the second."""
    for code, text in with_numbers("en").items():
        told = render(sentence(code, **dict.fromkeys(names_in(text), value)), "en")

        for _, forms in COUNTED.findall(text):
            assert f"{value} {forms.split('|')[0 if value == 1 else 1]}" in told, code


def test_used_row_10_nothing_in_front_of_a_figure_depends_on_it() -> None:
    """The word before was read with all figures; what ends in a colon does not depend on them."""
    for code, text in with_numbers("ru").items():
        before = re.findall(r"([а-яё]+)»?\s+\{\w+:plural", text, re.IGNORECASE)

        assert set(before) <= READ_BEFORE_A_COUNT, code


def test_used_row_10_no_figure_stands_before_a_word_without_forms() -> None:
    """«5 задача» cannot be written: a figure before a noun has the forms of the noun."""
    figures = {name for code in with_numbers("ru") for name, _ in COUNTED.findall(load("ru")[code])}
    found = {
        code: word
        for code, text in load("ru").items()
        for name, word in re.findall(r"\{(\w+)\}\s+([а-яё]+)", text)
        if name in (figures | {"hours", "left", "total"}) - {"items"} and word not in UNCHANGED_AFTER_A_FIGURE
    }

    assert found == {}


def test_numbers_and_lists_are_written_as_in_the_language() -> None:
    """Russian has a decimal comma, English a point; Russian lists have «и»."""
    told = sentence("cell.choice", value="?", allowed=["Срочно", "Высокий", "Низкий"])

    assert "Срочно, Высокий и Низкий" in render(told, "ru")
    assert "1,5 ч" in render(sentence("cell.hours_range", value=1.5, most=2000), "ru")
    assert "1.5 h" in render(sentence("cell.hours_range", value=1.5, most=2000), "en")


@pytest.mark.parametrize(
    ("start", "end", "ru", "en"),
    [
        (date(2026, 11, 23), date(2026, 11, 27), "23–27 ноября", "November 23–27"),
        (date(2026, 11, 30), date(2026, 12, 4), "30 ноября – 4 декабря", "November 30 – December 4"),
    ],
)
def test_days_are_written_as_people_say_them(start: date, end: date, ru: str, en: str) -> None:
    """Two days of the same month name it once."""
    told = sentence("period.days", days=Days(start, end))

    assert (render(told, "ru"), render(told, "en")) == (ru, en)


def test_titles_of_the_templates_can_be_named() -> None:
    """A sentence can use titles of the templates: «Бэклог», not backlog."""
    told = sentence("shape.tab_gone", book="Заря", title=sentence(TITLE_PREFIX + "backlog"))

    assert "«Бэклог»" in render(told, "ru")


@pytest.mark.parametrize(("wanted", "locale"), [("ru_RU", "ru"), ("en_US", "en"), (None, "ru"), ("de", "ru")])
def test_russian_is_the_default(wanted: str | None, locale: str) -> None:
    """English for any English, Russian for everything else."""
    assert pick_locale(wanted) == locale


@pytest.mark.parametrize("locale", LOCALES)
def test_used_row_12_no_text_shows_a_raw_key(locale: str) -> None:
    """Settings, columns and errors are named by their titles, never as ``load_factor``."""
    shown = {code: re.sub(r"\{[^}]*\}", "", text) for code, text in load(locale).items()}

    # An option that the operator writes in this way.
    raw = {code for code, text in shown.items() if re.search(r"[a-z]_[a-z]", text)}
    assert raw == {"asana.wrong_option"}


def test_used_row_12_every_setting_has_a_title_and_an_explanation() -> None:
    """In both languages, beside its key."""
    template = json.loads((PACKAGE.parents[1] / "sheet_templates" / "agency.json").read_text("utf-8"))
    [tab] = [one for one in template["tabs"] if one["key"] == "settings"]
    keys = {f"{TITLE_PREFIX}settings.{one['key']}" for one in tab["settings"]}

    for locale in LOCALES:
        assert {f"{key}.{part}" for key in keys for part in ("title", "help")} <= load(locale).keys()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "value",
    [1e15, -1e27, 1e300, float("inf"), float("nan"), 10**400, "\ud800", "x" * 100_000],
    ids=lambda value: str(value)[:6].encode("ascii", "replace").decode(),
)
def test_row_5_an_absurd_value_can_be_told(value: object, locale: str) -> None:
    """Rendering a refusal never fails, whatever the cell has."""
    where = {"value": value, "most": 1000.0, "count": value if not isinstance(value, str) else 1}

    for code in ("cell.hours_range", "cell.day", "cells.bad"):
        assert render(Sentence(code, where), locale)


#: What a cell, a card, a form or another system may have put into an error.
HOSTILE: Sequence[object] = (
    *(1e15, -1e27, 1e300, float("inf"), float("-inf"), float("nan"), 10**400, -(10**4400), 0, -0.0, True),
    *("", "\ud800", "a\udfffb", "\x00", "{count}", "{0!r:>9999}", "%s%n", "\u202e", "я" * 30_000, None),
    *(date.min, date.max, datetime.max.replace(tzinfo=UTC), b"\xff", [], ["\ud800", 10**400], {"a": 1}),
    *(Amount(float("nan"), "\ud800"), Amount(10**400, "шт."), Amount(float("-inf"), is_change=True)),
    *(Days(date.min, date.max), Days(date.max, date.min), Decimal("sNaN"), object()),
)


@pytest.mark.parametrize("locale", LOCALES)
def test_row_5_no_sentence_fails_whatever_is_in_it(locale: str) -> None:
    """Every sentence with values that do not belong there, by chance: some text that can be sent."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for code, text in load(locale).items():
        names = {
            name.partition(".")[0].partition("[")[0]
            for _, name, _, _ in string.Formatter().parse(text)
            if name
        }
        where = {name: chance.choice(HOSTILE) for name in names}

        shown = render(Sentence(code, where), locale)

        assert shown.encode().decode() == shown, (seed, code)
