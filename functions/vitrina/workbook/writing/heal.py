"""Healing: repairs the ids of rows, so that the mark and the ID text of each row agree.

*Heal* is a term of the glossary; who each row is was found out by ``reading/identity.py``.
"""

from __future__ import annotations

from collections.abc import Collection

from vitrina.texts import Sentence
from vitrina.workbook.reading.book import CONTENT, Book, item_number_of_row
from vitrina.workbook.reading.identity import (
    BacklogIdentity,
    ProgressIdentity,
    misplaced_marks,
    shorten_messages,
)
from vitrina.workbook.writing.change import WorkbookChange


def heal(
    change: WorkbookChange,
    book: Book,
    identity: BacklogIdentity | ProgressIdentity,
    *,
    prefix: str,
    leaving: Collection[int] = (),
) -> None:
    """Repair marks and ID texts of the rows of a tab.

    Call it before the rows are written, so that *change* knows them by their right numbers.

    Parameters
    ----------
    prefix
        Letters of the project's IDs.
    leaving
        Numbers of rows that move to another tab with the same change: they are not repaired, only marks in
        their way are.
    """
    change.repair(book)
    tab = identity.tab
    numbers = {(tab.sheet_id, index): number for index, number in identity.numbers.items()}
    for marked_tab, row in misplaced_marks(book, numbers):
        change.forget(marked_tab, row)
    for row in tab.rows:
        number = identity.numbers.get(row.index)
        if number is None or number in leaving:
            continue
        code = f"{prefix}-{item_number_of_row(number)}"
        if number in identity.new:
            change.identify(tab, row, number)
            change.set(tab, row, "id", code)
        elif row.number != number or tab.cell(row, "id").text != code:
            change.recognise(tab, row, number, code, by=CONTENT[tab.key])


def repair_messages(book: Book, *identities: BacklogIdentity | ProgressIdentity) -> tuple[Sentence, ...]:
    """Messages about what was repaired, at most ``MAX_LINES``."""
    lines = [repair.message for repair in book.repairs]
    return shorten_messages([*lines, *(line for identity in identities for line in identity.healed)])
