"""What kind of work a task is, guessed from its title. A guess is offered to people, never acted on."""

from __future__ import annotations

from collections.abc import Iterable
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


class KnownTitles:
    """Work types and past titles, made ready once, as there may be a thousand titles to guess for.

    *titles* are pairs of a work type and a title.
    """

    def __init__(self, work_types: Iterable[str], titles: Iterable[tuple[str, str]]) -> None:
        self._names = [(name, frozenset(words(name).split())) for name in work_types]
        # The same words of the same kind of work say it once; the order of words says nothing.
        known = {(work_type, _in_order(title)): None for work_type, title in titles}
        self._work_types = [work_type for work_type, _ in known]
        self._titles = [title for _, title in known]

    def guess(self, title: str) -> Guess | None:
        """The work type whose name stands in *title*, or whose past titles are like it; ``None`` for none."""
        # Here, not at the top: it is needed for tasks without a work type only.
        from rapidfuzz import fuzz, process  # noqa: PLC0415

        wanted = _in_order(title)
        # One word of a name says little: the whole name has to be there. Of several the longest says most.
        own = set(wanted.split())
        named = [(len(name), work_type) for work_type, name in self._names if name and name <= own]
        if named:
            return Guess(max(named)[1], 100.0)
        found = process.extractOne(wanted, self._titles, scorer=fuzz.ratio, score_cutoff=GOOD_ENOUGH)
        if not wanted or found is None:
            return None
        _, likeness, place = found
        return Guess(self._work_types[place], likeness)


def _in_order(title: str) -> str:
    return " ".join(sorted(words(title).split()))


def words(text: str) -> str:
    """The words that say something, in small letters and without endings of Russian cases and plurals."""
    letters = "".join(letter if letter.isalnum() else " " for letter in text.casefold().replace("ё", "е"))
    return " ".join(_stem(word) for word in letters.split() if len(word) >= LEAST_LETTERS)


def _stem(word: str) -> str:
    """A word without what Russian adds to it, as long as four letters are left."""
    ending = next((one for one in ENDINGS if word.endswith(one) and len(word) - len(one) >= 4), "")
    return word.removesuffix(ending).rstrip(VOWELS) or word
