"""Protected sheets and ranges: which Google refuses, whom they let in, and who sees their editors."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google, control
from tests.emulators.google.test_edits import CLIENT, refused, share

STAFF = "anna@agency.ru"
PROTECTED = "You are trying to edit a protected cell"
CELLS = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 1}
COLUMN_B = {"sheetId": 0, "startColumnIndex": 1, "endColumnIndex": 2}
SHEET = {"sheetId": 0}
NOBODY: dict[str, Any] = {"users": []}


def protect(google: Google, book: str, **body: Any) -> Any:
    """Add a protected range."""
    return google.batch(book, {"addProtectedRange": {"protectedRange": body}})


def set_people(google: Google, *, domain: str = "", **groups: list[str]) -> None:
    """Set the members of groups, and the Workspace domain of the files."""
    named = {f"{name}@agency.ru": members for name, members in groups.items()}
    control(google.base, "/_emulator/people", {"groups": named, "domain": domain})


def shared_book(google: Google) -> str:
    """A workbook with cells that everybody who has the link may edit."""
    book = google.grid([["a", "b", "c"], ["d", "e", "f"], ["g", "h", "i"]])
    share(google, book)
    return book


REFUSED = [
    # protected range, part of the message
    (
        {"range": CELLS, "unprotectedRanges": [COLUMN_B], "editors": NOBODY},
        "only supported on protected sheets",
    ),
    ({"range": SHEET, "editors": {"users": ["Анна Белова"]}}, "Invalid email address"),
    ({"range": SHEET, "editors": {"users": ["@agency.ru"]}}, "Invalid email address"),
    ({"range": SHEET, "editors": {"groups": ["staff"]}}, "Invalid email address"),
    ({"range": SHEET, "editors": {"users": [], "domainUsersCanEdit": True}}, "documents within a domain"),
    ({"range": SHEET, "warningOnly": True, "editors": {"users": [STAFF]}}, "Editors cannot be set"),
    ({"range": SHEET, "namedRangeId": "7", "editors": NOBODY}, "Only one of range"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_protection_that_google_refuses(google: Google, body: dict[str, Any], message: str) -> None:
    """The whole batch is refused, and nothing is protected."""
    book = google.grid([["a"]])

    with pytest.raises(HttpError, match=message):
        protect(google, book, **body)

    assert google.get(book, "sheets.protectedRanges") == {"sheets": [{}]}


def typed(cell: str) -> dict[str, Any]:
    """Type into a cell."""
    return {"type": "type", "sheet": "Sheet1", "cell": cell, "text": "x"}


LET_IN = [
    # editors, person, whether the person may edit
    ({"users": [STAFF]}, STAFF, True),
    ({"users": [STAFF]}, "Anna@Agency.ru", True),
    ({"users": [STAFF]}, CLIENT, False),
    ({"groups": ["team@agency.ru"]}, STAFF, True),
    ({"groups": ["team@agency.ru"]}, CLIENT, False),
    ({"domainUsersCanEdit": True}, "boris@agency.ru", True),
    ({"domainUsersCanEdit": True}, CLIENT, False),
    (NOBODY, STAFF, False),
    # Without editors everybody who may edit the file may edit the range.
    (None, CLIENT, True),
]


@pytest.mark.parametrize(("editors", "person", "may"), LET_IN)
def test_whom_a_protection_lets_in(google: Google, editors: Any, person: str, may: bool) -> None:
    """Users by address, members of groups, people of the document's domain."""
    book = shared_book(google)
    set_people(google, domain="agency.ru", team=[STAFF])
    protect(google, book, range=SHEET, **({} if editors is None else {"editors": editors}))

    if may:
        google.edit(book, typed("A1"), **{"as": person})
    else:
        assert refused(google, book, typed("A1"), **{"as": person}).startswith(PROTECTED)


def test_unprotected_range_of_a_sheet(google: Google) -> None:
    """Its cells may be edited, also where two of them are needed for an area; the rest of the sheet not."""
    book = shared_book(google)
    column_c = COLUMN_B | {"startColumnIndex": 2, "endColumnIndex": 3}
    protect(google, book, range=SHEET, unprotectedRanges=[COLUMN_B, column_c], editors=NOBODY)

    google.edit(book, typed("B3"), {"type": "clear", "sheet": "Sheet1", "range": "B1:C2"}, **{"as": CLIENT})

    assert google.read(book, "A1:C3") == [["a"], ["d"], ["g", "x", "i"]]
    for edit in (typed("A3"), {"type": "clear", "sheet": "Sheet1", "range": "A1:B2"}):
        assert refused(google, book, edit, **{"as": CLIENT}).startswith(PROTECTED)


def test_two_protections_of_a_cell(google: Google) -> None:
    """Both must let the person in."""
    book = shared_book(google)
    protect(google, book, range=SHEET, unprotectedRanges=[COLUMN_B], editors=NOBODY)
    protect(google, book, range={"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1}, editors=NOBODY)

    assert refused(google, book, typed("B1"), **{"as": CLIENT}).startswith(PROTECTED)
    google.edit(book, typed("B2"), **{"as": CLIENT})


STRUCTURE = [
    {"type": "insert_rows", "at": 2},
    {"type": "insert_rows", "at": 1000},
    {"type": "insert_columns", "at": "B"},
    {"type": "delete_rows", "at": 2},
    {"type": "delete_columns", "at": "B"},
    {"type": "move_rows", "at": 1, "to": 4},
    {"type": "move_columns", "at": "B", "to": "A"},
    {"type": "sort", "range": "A1:C3", "column": "B"},
    {"type": "filter", "range": "A1:C3"},
    {"type": "cut_paste", "from": "B1", "to": "A1"},
    {"type": "cut_paste", "from": "A1", "to": "B1"},
    {"type": "copy_paste", "from": "A1:B1", "to": "B2"},
    {"type": "rename_tab", "title": "Моё"},
]


@pytest.mark.parametrize("edit", STRUCTURE, ids=lambda edit: f"{edit['type']}-{edit.get('to', '')}")
def test_structure_of_a_protected_sheet(google: Google, edit: dict[str, Any]) -> None:
    """Rows, columns and the name are those of the editors; a copy may come from a cell that is protected."""
    book = shared_book(google)
    column_b_and_c = COLUMN_B | {"endColumnIndex": 3}
    unprotected = [column_b_and_c] if edit["type"] == "copy_paste" else [COLUMN_B]
    protect(google, book, range=SHEET, unprotectedRanges=unprotected, editors={"users": [STAFF]})
    edit = edit | {"sheet": "Sheet1"}

    if edit["type"] == "copy_paste":
        google.edit(book, edit, **{"as": CLIENT})
        return
    assert refused(google, book, edit, **{"as": CLIENT}).startswith(PROTECTED)
    google.edit(book, edit, **{"as": STAFF})


def test_rows_inside_a_protected_range(google: Google) -> None:
    """They cannot be inserted there; above and below the range they can."""
    book = shared_book(google)
    protect(google, book, range=CELLS, editors=NOBODY)
    insert = {"type": "insert_rows", "sheet": "Sheet1"}

    assert refused(google, book, insert | {"at": 2}, **{"as": CLIENT}).startswith(PROTECTED)
    google.edit(book, insert | {"at": 3}, insert | {"at": 1}, **{"as": CLIENT})


def test_edits_one_by_one(google: Google) -> None:
    """With ``each`` every edit stands by itself, and the answer has a message for each one refused."""
    book = shared_book(google)
    protect(google, book, range=CELLS, editors=NOBODY)
    body = {"spreadsheet_id": book, "as": CLIENT, "each": True, "edits": [typed("A1"), typed("B1")]}

    answer = control(google.base, "/_emulator/edit", body)

    assert [message and message[: len(PROTECTED)] for message in answer["messages"]] == [PROTECTED, None]
    assert google.read(book, "A1:B1") == [["a", "x"]]


def look(google: Google, book: str, person: str) -> Any:
    """A workbook as a person sees it."""
    query = urlencode({"spreadsheet_id": book, "as": person})
    return control(google.base, f"/_emulator/look?{query}", method="GET")


def test_editors_are_shown_to_editors_only(google: Google) -> None:
    """A person who may not edit the range sees neither its editors nor that others may; a reader neither."""
    book = shared_book(google)
    protect(google, book, range=CELLS, editors={"users": [STAFF]}, description="Нормы")

    [for_staff] = look(google, book, STAFF)["sheets"][0]["protectedRanges"]
    seen = look(google, book, CLIENT)
    google.drive.permissions().create(fileId=book, body={"type": "anyone", "role": "reader"}).execute()
    [for_reader] = look(google, book, STAFF)["sheets"][0]["protectedRanges"]

    assert for_staff["editors"]["users"] == ["owner@example.com", STAFF]
    assert for_staff["requestingUserCanEdit"] is True
    assert STAFF not in json.dumps(seen)
    assert seen["sheets"][0]["protectedRanges"][0]["description"] == "Нормы"
    assert seen["sheets"][0]["data"][0]["rowData"][0]["values"][0]["formattedValue"] == "a"
    assert "editors" not in for_reader
