"""Edits of a person, as the page makes them."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.emulators.google.conftest import Google, control

CLIENT = "client@zarya.ru"


def refused(google: Google, book: str, *edits: dict[str, Any], **options: Any) -> str:
    """The page's message about refused edits."""
    with pytest.raises(HTTPError) as caught:
        google.edit(book, *edits, **options)
    assert caught.value.code == 400
    return json.loads(caught.value.read())["message"]


def share(google: Google, book: str, role: str = "writer") -> None:
    """Share the workbook with anyone who has the link."""
    google.drive.permissions().create(fileId=book, body={"type": "anyone", "role": role}).execute()


def protect(google: Google, book: str, **body: Any) -> None:
    """Protect A1."""
    span = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}
    google.batch(book, {"addProtectedRange": {"protectedRange": {"range": span, **body}}})


def validate(google: Google, book: str, condition: dict[str, Any], **rule: Any) -> None:
    """Set a strict rule on A1."""
    span = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}
    google.batch(
        book, {"setDataValidation": {"range": span, "rule": {"condition": condition, "strict": True, **rule}}}
    )


def test_typing_is_read_in_the_locale(google: Google) -> None:
    """A Russian date becomes a date."""
    book = google.create(locale="ru_RU")

    google.edit(book, {"type": "type", "sheet": "Лист1", "cell": "B2", "text": "01.05.2026"})

    assert google.read(book, "B2", "UNFORMATTED_VALUE") == [[46143]]


ACTS = [
    # edit on rows (b, 2), (a, 1); what A1:B3 shows afterwards
    ({"type": "sort", "range": "A1:B2", "column": "A", "order": "asc"}, [["a", "1"], ["b", "2"]]),
    ({"type": "sort", "range": "A1:B2", "column": "B", "order": "desc"}, [["b", "2"], ["a", "1"]]),
    ({"type": "insert_rows", "at": 1, "count": 1}, [[], ["b", "2"], ["a", "1"]]),
    ({"type": "insert_columns", "at": "B", "count": 1}, [["b"], ["a"]]),
    ({"type": "delete_rows", "at": 1, "count": 1}, [["a", "1"]]),
    ({"type": "delete_columns", "at": "A", "count": 1}, [["2"], ["1"]]),
    ({"type": "move_rows", "at": 1, "count": 1, "to": 3}, [["a", "1"], ["b", "2"]]),
    ({"type": "move_columns", "at": "B", "count": 1, "to": "A"}, [["2", "b"], ["1", "a"]]),
    ({"type": "cut_paste", "from": "A1", "to": "A3"}, [["", "2"], ["a", "1"], ["b"]]),
    ({"type": "copy_paste", "from": "A1:B1", "to": "A3"}, [["b", "2"], ["a", "1"], ["b", "2"]]),
    ({"type": "clear", "range": "A1:A2"}, [["", "2"], ["", "1"]]),
    ({"type": "type", "cell": "A1", "text": ""}, [["", "2"], ["a", "1"]]),
]


@pytest.mark.parametrize(("edit", "wanted"), ACTS)
def test_act(google: Google, edit: dict[str, Any], wanted: list[list[str]]) -> None:
    """What each kind of edit does to the cells."""
    book = google.grid([["b", 2], ["a", 1]])

    google.edit(book, edit | {"sheet": "Sheet1"})

    assert google.read(book, "A1:B3") == wanted


def test_tabs(google: Google) -> None:
    """Tabs are duplicated, renamed, moved and deleted by title."""
    book = google.create()

    google.edit(
        book,
        {"type": "duplicate_tab", "sheet": "Sheet1", "title": "Вторая"},
        {"type": "rename_tab", "sheet": "Sheet1", "title": "Первая"},
        {"type": "duplicate_tab", "sheet": "Первая", "title": "Лишняя"},
        {"type": "delete_tab", "sheet": "Лишняя"},
        {"type": "move_tab", "sheet": "Вторая", "index": 0},
    )

    titles = [sheet["properties"]["title"] for sheet in google.get(book, "sheets.properties.title")["sheets"]]
    assert titles == ["Вторая", "Первая"]


def test_note_and_filter(google: Google) -> None:
    """A note on a cell and a filter over a range."""
    book = google.grid([["x"]])

    google.edit(
        book,
        {"type": "note", "sheet": "Sheet1", "cell": "A1", "text": "вопрос"},
        {"type": "filter", "sheet": "Sheet1", "range": "A1:A1"},
    )

    assert google.cells(book, "A1", "note") == [[{"note": "вопрос"}]]
    assert "basicFilter" in google.get(book, "sheets.basicFilter")["sheets"][0]


def test_edits_are_one_step(google: Google) -> None:
    """When one edit is refused, none is applied."""
    book = google.grid([["x"]])

    refused(
        google,
        book,
        {"type": "type", "sheet": "Sheet1", "cell": "A1", "text": "y"},
        {"type": "type", "sheet": "Нет", "cell": "A1", "text": "y"},
    )

    assert google.read(book, "A1") == [["x"]]


def test_metadata_follows_a_person(google: Google, mark_row: Any) -> None:
    """Metadata follows the rows in a sort in the page, as in a sort by the API."""
    book = google.grid([["b"], ["a"]])
    google.batch(book, mark_row(1, 0), mark_row(2, 1))

    google.edit(book, {"type": "sort", "sheet": "Sheet1", "range": "A1:A2", "column": "A"})

    assert google.metadata(book) == {1: 1, 2: 0}


TYPE_A1 = {"type": "type", "sheet": "Sheet1", "cell": "A1", "text": "новое"}


def test_protected_cell(google: Google) -> None:
    """A person who is not an editor of the protection gets the page's message; the owner may edit."""
    book = google.grid([["x"]])
    share(google, book)
    protect(google, book, editors={"users": []})

    message = refused(google, book, TYPE_A1, **{"as": CLIENT})
    google.edit(book, TYPE_A1)

    assert message.startswith("You are trying to edit a protected cell or object.")
    assert google.read(book, "A1") == [["новое"]]


ALLOWED = [
    # somebody who may edit the protection
    {"editors": {"users": [CLIENT]}},
    # a protection that only warns
    {"warningOnly": True},
]


@pytest.mark.parametrize("protection", ALLOWED)
def test_protection_lets_editors_in(google: Google, protection: dict[str, Any]) -> None:
    """Named editors may edit; a protection that only warns stops nobody."""
    book = google.grid([["x"]])
    share(google, book)
    protect(google, book, **protection)

    google.edit(book, TYPE_A1, **{"as": CLIENT})

    assert google.read(book, "A1") == [["новое"]]


def test_deleting_a_protected_row(google: Google) -> None:
    """Rows with protected cells of others cannot be deleted."""
    book = google.grid([["x"]])
    share(google, book)
    protect(google, book, editors={"users": []})

    message = refused(
        google, book, {"type": "delete_rows", "sheet": "Sheet1", "at": 1, "count": 1}, **{"as": CLIENT}
    )

    assert message.startswith("You are trying to edit a protected cell")


def test_reader_cannot_edit(google: Google) -> None:
    """A person with a link for reading cannot edit."""
    book = google.create()
    share(google, book, "reader")

    assert refused(google, book, TYPE_A1, **{"as": CLIENT}) == "You do not have permission to edit this file."


def test_strict_list(google: Google) -> None:
    """A value outside a strict list is refused with the list."""
    book = google.create()
    validate(
        google,
        book,
        {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "да"}, {"userEnteredValue": "нет"}]},
    )

    message = refused(google, book, TYPE_A1)
    google.edit(book, TYPE_A1 | {"text": "да"})

    assert message == (
        "The data you entered in cell A1 violates the data validation rules set on this cell. "
        "Please enter one of the following values: да, нет"
    )
    assert google.read(book, "A1") == [["да"]]


RULES = [
    # condition, its values, a text that is refused, a text that is not
    ("NUMBER_GREATER", ["0"], "-1", "1"),
    ("NUMBER_BETWEEN", ["1", "5"], "6", "5"),
    ("DATE_IS_VALID", [], "завтра", "2026-11-23"),
    ("TEXT_IS_EMAIL", [], "anna", "anna@agency.ru"),
    ("ONE_OF_RANGE", ["=Sheet1!C1:C2"], "z", "y"),
    ("CUSTOM_FORMULA", ["=A1>C3"], "7", "11"),
]


@pytest.mark.parametrize(("kind", "values", "bad", "good"), RULES)
def test_strict_rule(google: Google, kind: str, values: list[str], bad: str, good: str) -> None:
    """What each strict rule refuses and lets through."""
    book = google.create()
    google.type(book, "C1", [["x"], ["y"], [10]])
    validate(google, book, {"type": kind, "values": [{"userEnteredValue": value} for value in values]})

    message = refused(google, book, TYPE_A1 | {"text": bad})
    google.edit(book, TYPE_A1 | {"text": good})

    assert "violates the data validation rules" in message
    assert google.read(book, "A1", "FORMULA") != []


def test_api_is_not_validated(google: Google) -> None:
    """Strict rules apply to people, not to the API."""
    book = google.create()
    validate(google, book, {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "да"}]})

    google.type(book, "A1", [["нет"]])

    assert google.read(book, "A1") == [["нет"]]


def test_workbooks_for_the_page(google: Google) -> None:
    """The list of workbooks that the page offers."""
    book = google.create()

    listed = control(google.base, "/_emulator/workbooks", method="GET")

    assert listed == [{"spreadsheetId": book, "title": "Книга", "modifiedTime": "2026-11-23T09:30:00.000Z"}]
