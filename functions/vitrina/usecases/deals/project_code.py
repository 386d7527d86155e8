"""Makes the code of a project, with which the IDs of its items begin, from the name of a company."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count

#: The form of a code.
CODE = re.compile(r"[A-ZА-ЯЁ][A-ZА-ЯЁ0-9]{1,7}")

#: Letters of a code that is made, before a number that makes it unique.
LETTERS = 3
#: Code of a company whose name has too few letters.
OTHERWISE = "ПР"

_LEGAL_FORMS = frozenset(
    {
        *(
            "ООО",
            "ОАО",
            "ЗАО",
            "ПАО",
            "НАО",
            "АО",
            "ИП",
            "АНО",
            "НКО",
            "ФГУП",
            "ГУП",
            "МУП",
            "ТД",
            "ГК",
            "ТОО",
        ),
        *("LLC", "LTD", "INC", "GMBH", "CORP", "CO", "PLC", "LLP"),
    }
)
_VOWELS = frozenset("АЕЁИОУЫЭЮЯЪЬЙAEIOUY")


def make_code(company: str, taken: Collection[str]) -> str:
    """A code of two to eight capital letters and digits that no other project has.

    Parameters
    ----------
    taken
        Codes of the agency's projects.
    """
    known = {code.casefold() for code in taken}
    stem = _stem(company)
    if stem.casefold() not in known:
        return stem
    return next(code for number in count(2) if (code := f"{stem}{number}").casefold() not in known)


def _stem(company: str) -> str:
    """Consonants of the first word; initials of a name of three words and more."""
    words = [word for word in re.findall(r"[A-ZА-ЯЁ]+", company.upper()) if word not in _LEGAL_FORMS]
    if len(words) >= LETTERS:
        return "".join(word[0] for word in words[:LETTERS])
    letters = "".join(words)
    if len(letters) < 2:
        return OTHERWISE
    rest = [letter for letter in letters[1:] if letter not in _VOWELS]
    stem = letters[0] + "".join(rest[: LETTERS - 1])
    return stem if len(stem) >= 2 else letters[:LETTERS]
