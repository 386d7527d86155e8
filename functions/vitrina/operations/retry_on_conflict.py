"""Retries an action from its reading when the sheet or the store changed before its write."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from vitrina.errors import ChangedMeanwhileError, StoreConflictError
from vitrina.operations.run import Run

Result = TypeVar("Result")

#: People type all day, but seldom thrice within the second between a read and a write of ours.
ATTEMPTS = 4

log = logging.getLogger("vitrina.operations")

SHEET_CHANGED = "sheet.changed"
#: What was to be written has no place, or its name is taken; a new reading shows that.
SHEET_GONE = "sheet.gone"
#: Some batches of a long change were written before one was refused.
SHEET_CHANGED_PARTLY = "sheet.changed_partly"


def retry_on_conflict(run: Run, do: Callable[[], Result]) -> Result:
    """The result of *do*, which reads and writes; run again when a guard of its write failed.

    Raises
    ------
    ChangedMeanwhileError
        If the sheet changed every time; nothing was written, except with ``SHEET_CHANGED_PARTLY``.
    StoreConflictError
        If the store changed every time.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return do()
        except ChangedMeanwhileError as error:
            if error.code not in (SHEET_CHANGED, SHEET_GONE, SHEET_CHANGED_PARTLY):
                raise
        except StoreConflictError:
            pass
        run.drop_final_writes()
    try:
        return do()
    except ChangedMeanwhileError as error:
        if error.code == SHEET_GONE:
            # Nobody deletes the same thing four times in a second: the request is wrong.
            log.exception("refused at every attempt: %s", error.code)
        raise
