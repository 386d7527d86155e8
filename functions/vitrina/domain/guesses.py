"""What kind of work a task is, guessed from its title. A guess is offered to people, never acted on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Likeness out of 100 from which on a guess is worth offering. Measured in docs/estimation.md.
GOOD_ENOUGH = 80.0

#: Words that are shorter say what joins others, not what is to be done.
LEAST_LETTERS = 3

#: Endings of cases and plurals, the longest first, and what a word may end in besides.
ENDINGS = (
    "ами",
    "ями",
    "ого",
    "его",
    "ому",
    "ов",
    "ев",
    "ей",
    "ам",
    "ям",
    "ах",
    "ях",
    "ый",
    "ий",
    "ой",
    "ом",
    "ем",
)
VOWELS = "аеиоуыэюяьй"


@dataclass(frozen=True)
class Guess:
    """A work type that a title reminds of, and how much: 100 for the same words."""

    work_type: str
    likeness: float


def guess_work_type(title: str, known: Mapping[str, Iterable[str]]) -> Guess | None:
    """The work type whose name or whose past titles are most like *title*; ``None`` where none is enough.

    *known* are titles by work type.
    """
    # Here, not at the top: it is needed for tasks without a work type only.
    from rapidfuzz import fuzz  # noqa: PLC0415

    wanted = words(title)
    if not wanted:
        return None
    best: Guess | None = None
    for work_type, titles in known.items():
        name = words(work_type)
        # One word of many says little: the whole name has to be there.
        is_named = name != "" and set(name.split()) <= set(wanted.split())
        likeness = 100.0 if is_named else fuzz.token_sort_ratio(name, wanted)
        for past in titles:
            likeness = max(likeness, fuzz.token_sort_ratio(words(past), wanted))
        if best is None or likeness > best.likeness:
            best = Guess(work_type, likeness)
    return best if best is not None and best.likeness >= GOOD_ENOUGH else None


def words(text: str) -> str:
    """The words that say something, in small letters and without endings of Russian cases and plurals."""
    letters = "".join(letter if letter.isalnum() else " " for letter in text.casefold().replace("ё", "е"))
    return " ".join(_stem(word) for word in letters.split() if len(word) >= LEAST_LETTERS)


def _stem(word: str) -> str:
    """A word without what Russian adds to it, as long as four letters are left."""
    ending = next((one for one in ENDINGS if word.endswith(one) and len(word) - len(one) >= 4), "")
    return word.removesuffix(ending).rstrip(VOWELS) or word
