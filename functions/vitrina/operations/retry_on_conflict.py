"""Retries an action from its reading when the sheet or the store changed before its write."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from vitrina.errors import ChangedMeanwhileError, StoreConflictError
from vitrina.operations.run import Run

Result = TypeVar("Result")

#: People type all day, but seldom thrice within the second between a read and a write of ours.
ATTEMPTS = 4

SHEET_CHANGED = "sheet.changed"


def retry_on_conflict(run: Run, do: Callable[[], Result]) -> Result:
    """The result of *do*, which reads and writes; run again when a guard of its write failed.

    Raises
    ------
    ChangedMeanwhileError
        If the sheet changed every time; nothing was written.
    StoreConflictError
        If the store changed every time.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return do()
        except ChangedMeanwhileError as error:
            if error.code != SHEET_CHANGED:
                raise
        except StoreConflictError:
            pass
        run.drop_final_writes()
    return do()
