"""Guesses the work type of a task from its title. A guess is only suggested to people, never applied."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

#: Least similarity, out of 100, at which a guess is suggested. Measured in docs/estimation.md.
GOOD_ENOUGH = 80.0

#: Shorter words, such as prepositions, are ignored.
LEAST_LETTERS = 3

#: Russian endings of cases and plurals, the longest first, and other letters that a word may end in.
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


class Guess(Struct, frozen=True):
    """A work type similar to a title, and the similarity: 100 for the same words."""

    work_type: str
    likeness: float


class KnownTitles:
    """Work types and past titles, prepared once to guess for many titles.

    *titles* are pairs of a work type and a title.
    """

    def __init__(self, work_types: Iterable[str], titles: Iterable[tuple[str, str]]) -> None:
        self._names = [(name, frozenset(words(name).split())) for name in work_types]
        # Titles of one work type with the same words count once, whatever the order of the words.
        known = {(work_type, _in_order(title)): None for work_type, title in titles}
        self._work_types = [work_type for work_type, _ in known]
        self._titles = [title for _, title in known]

    def guess(self, title: str) -> Guess | None:
        """The work type whose name is in *title* or whose past titles are similar; ``None`` for none."""
        # Imported here because only tasks without a work type need it.
        from rapidfuzz import fuzz, process  # noqa: PLC0415

        wanted = _in_order(title)
        # All words of the name must be there; of several names the longest is the most specific.
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
    """The significant words in lower case, without Russian endings of cases and plurals."""
    letters = "".join(letter if letter.isalnum() else " " for letter in text.casefold().replace("ё", "е"))
    return " ".join(_stem(word) for word in letters.split() if len(word) >= LEAST_LETTERS)


def _stem(word: str) -> str:
    """A word without its Russian ending, if at least four letters remain."""
    ending = next((one for one in ENDINGS if word.endswith(one) and len(word) - len(one) >= 4), "")
    return word.removesuffix(ending).rstrip(VOWELS) or word
