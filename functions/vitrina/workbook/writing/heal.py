"""What is written to put right who the rows are."""

from __future__ import annotations

from collections.abc import Collection

from vitrina.texts import Sentence
from vitrina.workbook.reading.book import CONTENT, Book, item_number_of_row
from vitrina.workbook.reading.identity import BacklogIdentity, ProgressIdentity, few, strays
from vitrina.workbook.writing.change import WorkbookChange


def heal(
    change: WorkbookChange,
    book: Book,
    identity: BacklogIdentity | ProgressIdentity,
    *,
    prefix: str,
    leaving: Collection[int] = (),
) -> None:
    """Let mark and ID text of each row agree, and each mark stand where it belongs.

    To be called before the rows are written, so that the change knows them by their right numbers. Rows
    of the numbers *leaving* go to another tab with the same change: only what is in their way is put
    right.
    """
    change.repair(book)
    tab = identity.tab
    numbers = {(tab.sheet_id, index): number for index, number in identity.numbers.items()}
    for stray_tab, row in strays(book, numbers):
        change.forget(stray_tab, row)
    for row in tab.rows:
        number = identity.numbers.get(row.index)
        if number is None or number in leaving:
            continue
        code = f"{prefix}-{item_number_of_row(number)}"
        if number in identity.new:
            change.identify(tab, row, number)
            change.expect(tab, row, *CONTENT[tab.key])
            change.set(tab, row, "id", code)
        elif row.number != number or tab.cell(row, "id").text != code:
            change.recognise(tab, row, number, code, by=CONTENT[tab.key])


def repair_messages(book: Book, *identities: BacklogIdentity | ProgressIdentity) -> tuple[Sentence, ...]:
    """What was healed, in as many lines as a person reads."""
    lines = [repair.told for repair in book.repairs]
    return few([*lines, *(line for identity in identities for line in identity.healed)])
