"""Work types guessed from titles."""

from __future__ import annotations

import pytest

from vitrina.domain.guesses import guess_work_type, words

KNOWN = {
    "Баннер": ["Баннеры для летней распродажи"],
    "Статья в блог": ["Как выбрать матрас ребёнку"],
    "Лендинг": [],
}


@pytest.mark.parametrize(
    ("title", "work_type"),
    [
        ("Баннеры к чёрной пятнице", "Баннер"),  # the name, in another form
        ("Новый лендинг для курса", "Лендинг"),
        ("Как выбрать матрасы для ребенка", "Статья в блог"),  # as a task before
        ("Созвон с подрядчиком", None),
        ("Статья", None),  # one word of two is no name
        ("", None),
        ("и к в", None),
    ],
)
def test_guesses_only_what_is_like_enough(title: str, work_type: str | None) -> None:
    """The name of the work type stands in the title, or a past title is nearly the same."""
    guess = guess_work_type(title, KNOWN)

    assert (guess.work_type if guess else None) == work_type


def test_nothing_known_nothing_guessed() -> None:
    """An agency without norms."""
    assert guess_work_type("Баннер", {}) is None


def test_words_are_compared_without_endings() -> None:
    """Cases and plurals, ё and е, are the same."""
    assert words("Баннеры к ёлке") == words("баннера, елка")
