"""Links with the text «Открыть», which lead from a row to a card, a board or a workbook."""

from __future__ import annotations

from vitrina.texts import render, sentence
from vitrina.workbook.reading.book import Row, Tab
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Formula


def open_link(url: str, locale: str) -> Formula:
    """The formula of a link to an address."""
    title = render(sentence("card.open"), locale)
    return Formula(f'=HYPERLINK("{url}";"{title}")')


def set_open_link(change: WorkbookChange, tab: Tab, row: Row, column: str, url: str, locale: str) -> None:
    """Have a cell link to an address, or be empty where *url* is; does nothing if it is so already."""
    cell, wanted = tab.cell(row, column), open_link(url, locale) if url else None
    if (wanted is None and not cell.is_empty) or (wanted is not None and cell.formula != wanted.text):
        change.set(tab, row, column, wanted)
