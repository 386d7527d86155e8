"""Work types guessed from titles."""

from __future__ import annotations

import time

import pytest

from vitrina.domain.estimating.guesses import KnownTitles, words

KNOWN = KnownTitles(
    ["Баннер", "Статья в блог", "Лендинг", "Лендинг с формой"],
    [("Баннер", "Баннеры для летней распродажи"), ("Статья в блог", "Как выбрать матрас ребёнку")],
)


@pytest.mark.parametrize(
    ("title", "work_type"),
    [
        ("Баннеры к чёрной пятнице", "Баннер"),  # the name, in another form
        ("Новый лендинг для курса", "Лендинг"),
        ("Лендинг с формой заявки", "Лендинг с формой"),  # the longer name says more
        ("Как выбрать матрасы для ребенка", "Статья в блог"),  # as a task before
        ("Созвон с подрядчиком", None),
        ("Статья", None),  # one word of two is no name
        ("", None),
        ("и к в", None),
    ],
)
def test_guesses_only_what_is_like_enough(title: str, work_type: str | None) -> None:
    """A guess needs the name of the work type in the title, or a very similar past title."""
    guess = KNOWN.guess(title)

    assert (guess.work_type if guess else None) == work_type


def test_nothing_known_nothing_guessed() -> None:
    """An agency without norms gets no guesses."""
    assert KnownTitles([], []).guess("Баннер") is None


@pytest.mark.slow
def test_a_thousand_titles_are_guessed_in_a_moment() -> None:
    """A thousand titles are guessed quickly, with thousands of past titles."""
    known = KnownTitles(["Баннер"], [("Баннер", f"Задача про дело номер {n} {n * 7}") for n in range(5000)])

    started = time.perf_counter()
    guesses = [known.guess(f"Совсем иное поручение {n}") for n in range(1000)]

    assert guesses == [None] * 1000
    assert time.perf_counter() - started < 10


def test_words_are_compared_without_endings() -> None:
    """Cases and plurals, and ё and е, are equal."""
    assert words("Баннеры к ёлке") == words("баннера, елка")
