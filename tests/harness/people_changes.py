"""Changes that people make in workbooks, by chance: they move, rename, colour, sort and add things."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.harness.local_office import OfficeError
from tests.harness.office import Office
from vitrina.ports import Json
from vitrina.workbook.reading.book import Book, Tab, column_letters

#: What a person may delete and every action still works.
NOT_NEEDED = ("metrics", "done", "log")


def change_by_chance(office: Office, spreadsheet_id: str, rng: random.Random, count: int) -> list[str]:
    """Make *count* changes in a workbook, one after the other; gives their names."""
    done = []
    for number in range(count):
        name = rng.choice(list(_CHANGES))
        book = office.book(spreadsheet_id)
        # A column that is inserted has the drop-down of its neighbour, which may refuse what is typed.
        with contextlib.suppress(OfficeError):
            _CHANGES[name](_Hand(office, book, rng, number))
            done.append(name)
    return done


class _Hand:
    """A person at a workbook."""

    def __init__(self, office: Office, book: Book, rng: random.Random, number: int) -> None:
        self._office = office
        self.book = book
        self.rng = rng
        self.number = number

    def edit(self, *edits: Mapping[str, Any]) -> None:
        """Edit in the page."""
        self._office.edit(*edits, spreadsheet_id=self.book.spreadsheet_id)

    def send(self, *requests: Json) -> None:
        """Do what the page does by requests of the API."""
        self._office.services.workbooks.batch_update(self.book.spreadsheet_id, requests)

    def tab(self, *, with_rows: bool = False) -> Tab:
        """One of our tables."""
        tabs = [
            tab
            for tab in self.book.tabs.values()
            if tab.columns and tab.key != "taken" and (not with_rows or len(_used(tab)) > 1)
        ]
        return self.rng.choice(tabs)


def _used(tab: Tab) -> list[int]:
    return [row.index for row in tab.rows if any(not cell.is_empty for cell in row.cells)]


def _rename_tab(hand: _Hand) -> None:
    tab = hand.tab()
    title = f"{tab.title[:20]} {hand.rng.choice(['2026', 'наш', 'для Оли'])} {hand.number}"
    hand.edit({"type": "rename_tab", "sheet": tab.title, "title": title})


def _move_tab(hand: _Hand) -> None:
    index = hand.rng.randrange(len(hand.book.grids))
    hand.edit({"type": "move_tab", "sheet": hand.tab().title, "index": index})


def _own_tab(hand: _Hand) -> None:
    tab, title = hand.tab(), f"Моё {hand.number}"
    if tab.key == "settings":
        # A release may add settings, and their count rises.
        return
    letters = column_letters(hand.rng.choice(sorted(tab.columns.values())))
    sheet_id = 9000 + hand.number
    hand.send({"addSheet": {"properties": {"sheetId": sheet_id, "title": title}}})
    hand.edit(
        {"type": "type", "sheet": title, "cell": "A1", "text": "Считаю сама"},
        {"type": "type", "sheet": title, "cell": "B2", "text": f"=COUNTA('{tab.title}'!{letters}:{letters})"},
    )


def _own_column(hand: _Hand) -> None:
    tab = hand.tab()
    at = hand.rng.randint(0, max(tab.columns.values()))
    letters, first = column_letters(at), tab.header_index + 2
    near = column_letters(at + 1 if at + 1 < tab.column_count else at - 1)
    hand.edit(
        {"type": "insert_columns", "sheet": tab.title, "at": letters, "count": 1},
        {"type": "type", "sheet": tab.title, "cell": f"{letters}{first - 1}", "text": f"Своё {hand.number}"},
        {"type": "type", "sheet": tab.title, "cell": f"{letters}{first}", "text": "спросить у Оли"},
        {"type": "note", "sheet": tab.title, "cell": f"{letters}{first}", "text": "до пятницы"},
        {"type": "type", "sheet": tab.title, "cell": f"{letters}{first + 1}", "text": f"=LEN({near}{first})"},
    )


def _move_column(hand: _Hand) -> None:
    tab = hand.tab()
    if tab.key in ("schedule", "load"):
        # The days of a calendar stand in a row.
        return
    at = hand.rng.choice(sorted(tab.columns.values()))
    to = hand.rng.randint(0, max(tab.columns.values()) + 1)
    if to in (at, at + 1):
        return
    edit = {"type": "move_columns", "sheet": tab.title, "at": column_letters(at), "count": 1}
    hand.send({"updateSheetProperties": _not_frozen(tab)})
    hand.edit({**edit, "to": column_letters(to)})


def _not_frozen(tab: Tab) -> Json:
    grid = {"frozenColumnCount": 0}
    return {
        "properties": {"sheetId": tab.sheet_id, "gridProperties": grid},
        "fields": "gridProperties.frozenColumnCount",
    }


def _rename_column(hand: _Hand) -> None:
    tab = hand.tab()
    key = hand.rng.choice([key for key in tab.columns if not key.startswith(("day", "room"))])
    cell = f"{column_letters(tab.columns[key])}{tab.header_index + 1}"
    hand.edit({"type": "type", "sheet": tab.title, "cell": cell, "text": f"{key} по-нашему"})


def _rename_label(hand: _Hand) -> None:
    place = hand.rng.choice(list(hand.book.fields.values())) if hand.book.fields else None
    if place is not None:
        cell = f"{column_letters(place.column_index - 1)}{place.row_index + 1}"
        hand.edit({"type": "type", "sheet": place.sheet_title, "cell": cell, "text": "Наше название"})


def _row_in_form(hand: _Hand) -> None:
    if hand.book.fields:
        place = hand.rng.choice(list(hand.book.fields.values()))
        row = place.row_index + 1
        label = {"type": "type", "sheet": place.sheet_title, "cell": f"B{row}", "text": "Ещё телефон"}
        value = {"type": "type", "sheet": place.sheet_title, "cell": f"C{row}", "text": "спросить"}
        hand.edit({"type": "insert_rows", "sheet": place.sheet_title, "at": row, "count": 1}, label, value)


def _sort(hand: _Hand) -> None:
    tab = hand.tab(with_rows=True)
    if tab.key in ("schedule", "load", "settings"):
        return
    used = _used(tab)
    last = column_letters(tab.column_count - 1)
    by = column_letters(hand.rng.choice(sorted(tab.columns.values())))
    area = f"A{tab.header_index + 2}:{last}{max(used) + 1}"
    hand.edit({"type": "sort", "sheet": tab.title, "range": area, "column": by, "order": "desc"})


def _width(hand: _Hand) -> None:
    tab = hand.tab()
    at = hand.rng.randrange(tab.column_count)
    span = {"sheetId": tab.sheet_id, "dimension": "COLUMNS", "startIndex": at, "endIndex": at + 1}
    size = {"pixelSize": hand.rng.randint(30, 400)}
    hand.send({"updateDimensionProperties": {"range": span, "properties": size, "fields": "pixelSize"}})


def _colour(hand: _Hand) -> None:
    tab = hand.tab()
    at = hand.rng.randrange(tab.column_count)
    top = hand.rng.randint(0, tab.row_count - 2)
    area = {
        "sheetId": tab.sheet_id,
        "startRowIndex": top,
        "endRowIndex": min(top + 5, tab.row_count),
        "startColumnIndex": at,
        "endColumnIndex": at + 1,
    }
    look = {"backgroundColorStyle": {"rgbColor": {"red": 1, "green": hand.rng.randrange(2), "blue": 0}}}
    cell = {"userEnteredFormat": {**look, "textFormat": {"italic": True}}}
    fields = "userEnteredFormat.backgroundColorStyle,userEnteredFormat.textFormat.italic"
    hand.send({"repeatCell": {"range": area, "cell": cell, "fields": fields}})


def _own_rule(hand: _Hand) -> None:
    tab = hand.tab()
    at = hand.rng.choice(sorted(tab.columns.values()))
    area = {"sheetId": tab.sheet_id, "startColumnIndex": at, "endColumnIndex": at + 1}
    condition = {"type": "TEXT_CONTAINS", "values": [{"userEnteredValue": f"важно {hand.number}"}]}
    rule = {"condition": condition, "format": {"textFormat": {"bold": True}}}
    hand.send({"addConditionalFormatRule": {"index": 0, "rule": {"ranges": [area], "booleanRule": rule}}})


def _note(hand: _Hand) -> None:
    tab = hand.tab()
    at = column_letters(hand.rng.choice(sorted(tab.columns.values())))
    row = hand.rng.choice([tab.header_index + 1, tab.header_index + 2])
    hand.edit(
        {"type": "note", "sheet": tab.title, "cell": f"{at}{row}", "text": f"наша заметка {hand.number}"}
    )


def _delete_tab(hand: _Hand) -> None:
    keys = [key for key in NOT_NEEDED if key in hand.book.tabs]
    if keys and hand.rng.random() < 0.3:
        hand.edit({"type": "delete_tab", "sheet": hand.book.tabs[hand.rng.choice(keys)].title})


_CHANGES: Mapping[str, Callable[[_Hand], None]] = {
    "rename_tab": _rename_tab,
    "move_tab": _move_tab,
    "own_tab": _own_tab,
    "own_column": _own_column,
    "move_column": _move_column,
    "rename_column": _rename_column,
    "rename_label": _rename_label,
    "row_in_form": _row_in_form,
    "sort": _sort,
    "width": _width,
    "colour": _colour,
    "own_rule": _own_rule,
    "note": _note,
    "delete_tab": _delete_tab,
}
