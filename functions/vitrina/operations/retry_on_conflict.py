"""Read again and do again when the sheet changed between reading and writing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from vitrina.errors import ChangedMeanwhileError

Result = TypeVar("Result")

#: People type all day, but seldom thrice within the second between a read and a write of ours.
ATTEMPTS = 4

SHEET_CHANGED = "sheet.changed"


def again(do: Callable[[], Result]) -> Result:
    """The result of *do*, which reads and writes; done again when a guard of its write failed.

    Raises
    ------
    ChangedMeanwhileError
        If a guard failed every time; nothing was written.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return do()
        except ChangedMeanwhileError as error:
            if error.code != SHEET_CHANGED:
                raise
    return do()
