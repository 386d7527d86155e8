"""Builds the change that undoes an action, from its trace and the workbook as it is now."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from vitrina.errors import UserError
from vitrina.ports import Json
from vitrina.workbook.reading.book import SHELF, Book, Row, Tab, column_letters, item_number_of_row
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.shelf import NewShelf
from vitrina.workbook.writing.values import Formula, at_row, formula_shape, is_same, value_of_kept

#: Columns that the add-on fills after the row was created: of *В работе*, and of *Бэклог*.
FILLED_LATER = ("card", "progress", "logged_hours")
ESTIMATED_LATER = ("hours_total", "source", "reason")


class Restoration(Struct):
    """What was not undone because people have changed it: cells by sheet, IDs of items by number.

    ``is_outdated`` says that the calendar was written again after the action, so it must be written anew.
    """

    cells: dict[str, list[str]] = field(default_factory=dict)
    items: dict[int, str] = field(default_factory=dict)
    is_outdated: bool = False


def has_happened(book: Book, trace: Json) -> bool:
    """Whether a change without an answer has reached the workbook."""
    if trace["inserted"]:
        return any(
            number in _rows_by_number(book.tabs[key])
            for key, inserted in trace["inserted"].items()
            if key in book.tabs
            for number, _ in inserted["rows"]
        )
    return any(
        is_same(tab.cell_at(row.index, column), value_of_kept(after))
        and not is_same(tab.cell_at(row.index, column), value_of_kept(before))
        for tab, row, column, before, after in _cells(book, trace["cells"])
    )


def restore(change: WorkbookChange, book: Book, record: Json, *, kept: frozenset[int]) -> Restoration:
    """Add to *change* what undoes the action of *record*; items *kept* stay in work.

    A number that the action gave stays with its row: people may have named it to each other already.

    Raises
    ------
    UserError
        If people have moved columns since then, so that cells cannot be identified.
    """
    trace, result = record["trace"], Restoration()
    for key, columns in trace["columns"].items():
        if key in book.tabs and dict(book.tabs[key].columns) != columns:
            raise UserError("undo.columns_moved", sheet=book.tabs[key].title)
    some_stay = _rows_back(change, book, record, kept, result)
    _added_away(change, book, trace, result)
    _cells_back(change, book, trace, kept, result)
    _fields_back(change, book, trace)
    if trace["moved"] and not some_stay:
        _formulas_back(change, book, record)
    return result


def _cells_back(
    change: WorkbookChange, book: Book, trace: Json, kept: frozenset[int], result: Restoration
) -> None:
    """Restore cells and notes that still hold what the action wrote; returns the others by sheet."""
    given = {(key, number) for key, number in trace["identified"]}
    for tab, row, column, before, after in _cells(book, trace["cells"]):
        if (tab.key, row.number) in given and column == tab.columns.get("id"):
            continue
        if tab.key == "in_progress" and row.number and item_number_of_row(row.number) in kept:
            continue
        cell, old = tab.cell_at(row.index, column), value_of_kept(before)
        if is_same(cell, old):
            continue
        if is_same(cell, value_of_kept(after)):
            change.set_at(tab, row, column, old)
        elif row.number is None:
            result.is_outdated = True
        else:
            result.cells.setdefault(tab.title, []).append(f"{column_letters(column)}{row.index + 1}")
    for tab, row, column, before, after in _cells(book, trace["notes"]):
        if tab.cell_at(row.index, column).note == after != before:
            change.note_at(tab, row, column, before)


def _fields_back(change: WorkbookChange, book: Book, trace: Json) -> None:
    for name, before, after in trace["fields"]:
        place = book.fields.get(name)
        if place is not None and "client" in book.tabs and is_same(place.cell, value_of_kept(after)):
            change.set_field(book.tab("client"), place, value_of_kept(before))


def _cells(book: Book, kept: list[Any]) -> Iterator[tuple[Tab, Row, int, Any, Any]]:
    """The cells of a trace at their present places; cells of rows that were deleted or cut are left out."""
    by_number = {key: _rows_by_number(tab) for key, tab in book.tabs.items()}
    for key, number, index, column, before, after in kept:
        tab = book.tabs.get(key)
        if tab is None:
            continue
        row = by_number[key].get(number) if number else Row(index, None, ())
        if row is None or (number and _is_cut(tab, row)):
            continue
        old = before
        if number and isinstance(before, dict) and "f" in before:
            old = {"f": at_row(Formula(before["f"]), row.index, index).text}
        yield tab, row, column, old, after


def _is_cut(tab: Tab, row: Row) -> bool:
    """Whether a person has cut the content of a row and pasted it elsewhere: the mark stays where it was."""
    return "id" in tab.columns and not tab.cell(row, "id").text


def _rows_by_number(tab: Tab) -> dict[int, Row]:
    return {row.number: row for row in tab.rows if row.number is not None}


def _rows_back(
    change: WorkbookChange, book: Book, record: Json, kept: frozenset[int], result: Restoration
) -> bool:
    """Move rows back from the shelf and delete those that replaced them; returns whether some stay."""
    trace = record["trace"]
    if "in_progress" not in trace["inserted"]:
        return False
    shelf, tab = book.tabs.get(SHELF), book.tab("in_progress")
    on_shelf = _shelf_rows(shelf)
    made: dict[int, Json] = dict(trace["inserted"][tab.key]["rows"])
    rows = {number: row for number, row in _rows_by_number(tab).items() if number in made}
    touched = {
        item_number_of_row(number) for number, row in rows.items() if not _is_as_made(tab, row, made[number])
    }
    accepted = _accepted_rows(book)
    result.items.update({number: accepted[number] for number in made if number in accepted})
    back = []
    for key, index, number, _ in trace["moved"]:
        if number in accepted:
            continue
        own = [row for row_number, row in rows.items() if item_number_of_row(row_number) == number]
        if number in kept or number in touched:
            if own:
                result.items[number] = tab.cell(own[0], "id").text
        elif number in on_shelf:
            back.append((book.tab(key), index, number))
            for row in own:
                change.delete(tab, row)
    _tasks_away(change, tab, rows, trace, kept | touched, result)
    if shelf is not None:
        change.shelve_on(shelf, NewShelf(shelf.title))
    for home, index, number in back:
        change.bring_back(home, _place(home, index, record), on_shelf[number], number)
    return bool(result.items)


def _tasks_away(
    change: WorkbookChange,
    tab: Tab,
    rows: Mapping[int, Row],
    trace: Json,
    staying: Collection[int],
    result: Restoration,
) -> None:
    """Delete the rows of tasks that came from no row of the backlog; items *staying* keep theirs."""
    moved = {number for _, _, number, _ in trace["moved"]}
    for row_number, row in rows.items():
        number = item_number_of_row(row_number)
        if number in staying and number not in moved:
            result.items[number] = tab.cell(row, "id").text
        elif number not in moved:
            change.delete(tab, row)


def _added_away(change: WorkbookChange, book: Book, trace: Json, result: Restoration) -> None:
    """Delete rows that the action added to the backlog; those that people have changed stay."""
    tab = book.tabs.get("backlog")
    if tab is None or tab.key not in trace["inserted"]:
        return
    rows = _rows_by_number(tab)
    for number, values in trace["inserted"][tab.key]["rows"]:
        row = rows.get(number)
        if row is None:
            continue
        if _is_as_made(tab, row, values, later=ESTIMATED_LATER):
            change.delete(tab, row)
        else:
            result.items[number] = tab.cell(row, "id").text


def _accepted_rows(book: Book) -> dict[int, str]:
    """ID texts of the items that the client has accepted, by number: their rows stand in *Готово*."""
    tab = book.tabs.get("done")
    if tab is None or "id" not in tab.columns:
        return {}
    return {row.number: tab.cell(row, "id").text for row in tab.rows if row.number is not None}


def _shelf_rows(shelf: Tab | None) -> dict[int, Row]:
    """Rows of the shelf by item number."""
    rows = shelf.rows if shelf is not None else ()
    return {int(row.shelf_mark.value): row for row in rows if row.shelf_mark is not None}


def _is_as_made(tab: Tab, row: Row, values: Json, *, later: Collection[str] = FILLED_LATER) -> bool:
    """Whether a row holds only what the add-on wrote, when it was created or *later*.

    Remarks and columns of people are changes by people.
    """
    ours = set(tab.columns.values())
    others = [cell for index, cell in enumerate(row.cells) if index not in ours]
    return all(
        is_same(tab.cell(row, column), value_of_kept(values.get(column, {})))
        for column in tab.columns
        if column not in later
    ) and all((cell.is_empty or cell.is_spilled) and not cell.note for cell in others)


def _left_at(record: Json, key: str) -> list[int]:
    """Former indices of the rows that left a tab."""
    return [index for one, index, *_ in record["trace"]["moved"] if one == key]


def _place(home: Tab, index: int, record: Json) -> int:
    """Present place of a row that was at *index*: below the rows that were above it and still exist."""
    moved, rows = _left_at(record, home.key), _rows_by_number(home)
    if _is_undisturbed(home, record):
        return index - sum(at < index for at in moved)
    order = record["trace"]["orders"][home.key]["rows"]
    above = [rows[number].index for at, number in order if at < index and number in rows]
    return max(above, default=home.header_index) + 1


def _is_undisturbed(home: Tab, record: Json) -> bool:
    """Whether the rows of a tab are where they were after the action."""
    moved, rows = _left_at(record, home.key), _rows_by_number(home)
    order = record["trace"]["orders"][home.key]
    return home.header_index == order["header"] and all(
        number in rows and rows[number].index == at - sum(one < at for one in moved)
        for at, number in order["rows"]
        if at not in moved
    )


def _formulas_back(change: WorkbookChange, book: Book, record: Json) -> None:
    """Restore formulas whose references were changed by moved rows.

    Only if the rows are where they were after the action; otherwise formulas cannot be identified.
    """
    trace, formulas = record["trace"], record.get("formulas", ())
    homes = {key: book.tab(key) for key, *_ in trace["moved"]}
    if not all(_is_undisturbed(home, record) for home in homes.values()):
        return
    places = _Places(book, record, homes)
    for sheet_id, row, column, text in formulas:
        current = book.formulas.get(places.now(sheet_id, row, column))
        if current is not None and formula_shape(current) == formula_shape(text):
            change.set_at_last(sheet_id, row, column, Formula(text))


class _Places:
    """Present places of cells by their places before rows left and came."""

    def __init__(self, book: Book, record: Json, homes: Mapping[str, Tab]) -> None:
        trace, shelf = record["trace"], book.tabs.get(SHELF)
        self._shelf_id = shelf.sheet_id if shelf is not None else 0
        self._on_shelf = _shelf_rows(shelf)
        self._numbers = {(homes[key].sheet_id, index): number for key, index, number, _ in trace["moved"]}
        self._left = {home.sheet_id: _left_at(record, key) for key, home in homes.items()}
        self._came = {
            book.tab(key).sheet_id: (inserted["at"], len(inserted["rows"]))
            for key, inserted in trace["inserted"].items()
        }

    def now(self, sheet_id: int, row: int, column: int) -> tuple[int, int, int]:
        """Present sheet, row and column of a cell."""
        number = self._numbers.get((sheet_id, row))
        if number in self._on_shelf:
            return self._shelf_id, self._on_shelf[number].index, column
        opened_at, count = self._came.get(sheet_id, (row, 0))
        row += count if row >= opened_at else 0
        return sheet_id, row - sum(at < row for at in self._left.get(sheet_id, ())), column
