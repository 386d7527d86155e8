"""Contents of workbooks and tracker, to be compared before and after an action."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from msgspec.structs import asdict, replace

from emulators.world.processes import ROBOT_ID
from tests.harness.desks.desk import TrackerCard
from tests.harness.fakes.workbooks import EVERYTHING
from tests.harness.office import Office
from tests.harness.stored import stored_items
from vitrina.jobs.refresh_agency import refresh_agency
from vitrina.records.books import find_projects, load_project
from vitrina.records.work import Item, ItemAction
from vitrina.tabs.journal import TAB as JOURNAL_TAB
from vitrina.workbook.reading.book import FENCE_KEY, Tab

#: Ids of *Загрузка* and *Журнал* in an agency's workbook: a task draws them some time after an action.
DRAWN_LATER = (205, 208)
_DRAWN_LATER_TEXTS = tuple(f"{one},".encode() for one in DRAWN_LATER)
#: Where a sheet begins in the text of a workbook.
_SHEET = b'{"properties":{"sheetId":'


class BookText:
    """The JSON of a workbook. It is parsed only where its sheets differ from those of another one."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    @cached_property
    def content(self) -> dict[str, Any]:
        """The workbook without its fence mark, and without what tasks of their own draw in the meantime."""
        return _without_drawn(without_fence(orjson.loads(self._text)))

    @cached_property
    def _parts(self) -> tuple[list[bytes], dict[str, Any]]:
        """The text before the sheets and of each sheet, and the last sheet with all that follows it."""
        *parts, last = self._text.split(_SHEET)
        kept = [one for one in parts if not one.startswith(_DRAWN_LATER_TEXTS)]
        return kept, _without_drawn(without_fence(orjson.loads(b'{"sheets":[' + _SHEET + last)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BookText):
            return False
        return self._text == other._text or self._parts == other._parts or self.content == other.content

    def __hash__(self) -> int:
        raise TypeError("the texts of equal workbooks may differ")


@dataclass(frozen=True)
class Snapshot:
    """Everything that clients and specialists can see at one moment."""

    titles: list[tuple[str, str]]
    books: Mapping[str, BookText]
    boards: list[Any]
    cards: list[Any]


def take_snapshot(office: Office) -> Snapshot:
    """Read the agency's and the client's workbooks, the titles of all others, and all boards and cards."""
    google = office.servers.google
    assert office.agency is not None
    return Snapshot(
        titles=[
            (one["spreadsheetId"], one["title"])
            for one in office.http.get(f"{google}/_emulator/workbooks").json()
        ],
        books={
            key: _read_book(office, key) for key in (office.agency.spreadsheet_id, office.client_id) if key
        },
        boards=office.kaiten("GET", f"/spaces/{office.space_id}/boards", user_id=ROBOT_ID),
        cards=[office.kaiten("GET", f"/cards/{card['id']}", user_id=ROBOT_ID) for card in office.cards()],
    )


def _read_book(office: Office, spreadsheet_id: str) -> BookText:
    url = f"{office.servers.google}/v4/spreadsheets/{spreadsheet_id}"
    return BookText(office.http.get(url, params={"fields": EVERYTHING}).raise_for_status().content)


def without_fence(book: dict[str, Any]) -> dict[str, Any]:
    """The workbook without its fence mark, which may move when nothing else is written."""
    kept = [one for one in book.get("developerMetadata", ()) if one["metadataKey"] != FENCE_KEY]
    return {**book, "developerMetadata": kept}


def _without_drawn(book: dict[str, Any]) -> dict[str, Any]:
    sheets = [one for one in book["sheets"] if one["properties"]["sheetId"] not in DRAWN_LATER]
    return {**book, "sheets": sheets}


def without_given_numbers(book: Mapping[str, Any], tab: Tab) -> dict[str, Any]:
    """The workbook without the marks of the rows of a tab, and without their ID texts."""
    return {
        **book,
        "sheets": [
            _without_numbers(one, tab) if one["properties"]["title"] == tab.title else one
            for one in book["sheets"]
        ],
    }


def _without_numbers(sheet: Mapping[str, Any], tab: Tab) -> dict[str, Any]:
    [data] = sheet["data"]
    first, column = tab.header_index + 1, tab.columns["id"]
    rows = [_without_id(row, column) if index >= first else row for index, row in enumerate(data["rowData"])]
    marks = [
        {key: value for key, value in row.items() if key != "developerMetadata"}
        for row in data["rowMetadata"]
    ]
    return {**sheet, "data": [{**data, "rowData": rows, "rowMetadata": marks}]}


def _without_id(row: Mapping[str, Any], column: int) -> Mapping[str, Any]:
    cells = row.get("values", [])
    if column >= len(cells):
        return row
    bare = {
        key: value
        for key, value in cells[column].items()
        if key not in ("userEnteredValue", "effectiveValue")
    }
    return {**row, "values": [*cells[:column], bare, *cells[column + 1 :]]}


def difference(was: Any, now: Any, place: str = "") -> str | None:
    """The first place where two structures differ, or ``None`` if they are equal."""
    # pytest's own comparison of two whole workbooks takes minutes.
    if was == now:
        return None
    if isinstance(was, BookText) and isinstance(now, BookText):
        return difference(was.content, now.content, place)
    if isinstance(was, dict) and isinstance(now, dict) and was.keys() == now.keys():
        return next(difference(was[key], now[key], f"{place}.{key}") for key in was if was[key] != now[key])
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        pairs = enumerate(zip(was, now, strict=True))
        return next(difference(one, two, f"{place}[{i}]") for i, (one, two) in pairs if one != two)
    return f"{place}: was {str(was)[:300]}, is {str(now)[:300]}"


def comparable_state(office: Office) -> dict[str, Any]:
    """The state of servers and store, with ids replaced by names: ids may differ from run to run.

    *Загрузка* is drawn first, as the task of an action may not have run yet. *Журнал* is left out: each
    process has a clock of its own, and an action that was repeated may be told in other words.
    """
    google = office.servers.google
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    refresh_agency(office.services, {"kind": "agency", "spreadsheet_id": agency_id, "draws": True})
    files = office.http.get(f"{google}/_emulator/workbooks").json()
    names = {one["spreadsheetId"]: f"<{one['title']}>" for one in files}
    cards = office.desk.cards()
    addresses = office.desk.addresses(cards)
    ours = [office.agency.spreadsheet_id] + [
        project.spreadsheet_id
        for project in find_projects(office.services.store, office.agency.spreadsheet_id)
    ]
    state = {
        "files": sorted((one["title"], len(_permissions(office, one["spreadsheetId"]))) for one in files),
        "books": sorted((names[book_id], _sheet_state(office, book_id)) for book_id in ours),
        "boards": sorted(office.desk.boards()),
        "cards": sorted((_card_state(card) for card in cards), key=str),
        "webhooks": office.desk.webhooks(),
        "items": sorted(
            (item.key, _actions(office, item), item.is_reserved, item.is_done, bool(item.card_id))
            for item in stored_items(office.services.store)
        ),
        "projects": sorted(
            (names[one.spreadsheet_id], one.project_name, one.code, one.last_number, one.tracker)
            for one in find_projects(office.services.store, office.agency.spreadsheet_id)
        ),
    }
    named: dict[str, Any] = _renamed(state, {**names, **addresses})
    return named


def _permissions(office: Office, file_id: str) -> list[Any]:
    answer = office.http.get(f"{office.servers.google}/drive/v3/files/{file_id}/permissions")
    permissions: list[Any] = answer.raise_for_status().json()["permissions"]
    return permissions


def _sheet_state(office: Office, spreadsheet_id: str) -> dict[str, Any]:
    book = office.book(spreadsheet_id)
    tabs = {key: _rows_of(tab) for key, tab in book.tabs.items() if key != JOURNAL_TAB}
    # The time of the last write differs in every run.
    fields = {key: asdict(one.cell) for key, one in book.fields.items() if key != "refreshed_at"}
    return {"tabs": tabs, "fields": fields}


def _rows_of(tab: Tab) -> list[Any]:
    """Number and cells of each row that is not empty, without the time of the last write."""
    columns = [column for column in tab.columns if column != "refreshed_at"]
    return [
        (row.number, {column: asdict(tab.cell(row, column)) for column in columns})
        for row in tab.rows
        if row.number is not None or any(not cell.is_empty for cell in row.cells)
    ]


def _actions(office: Office, item: Item) -> list[ItemAction]:
    """The actions of an item, with the places of steps in place of their ids."""
    project = load_project(office.services.store, item.spreadsheet_id)
    tracker = office.services.trackers.get(project.tracker)
    card = tracker.get_card(project.board_id, item.card_id) if tracker and item.card_id else None
    places = {step.step_id: str(place) for place, step in enumerate(card.steps if card else ())}
    return [replace(one, step_id=places.get(one.step_id, one.step_id)) for one in item.actions]


def _card_state(card: TrackerCard) -> dict[str, Any]:
    return {name: value for name, value in vars(card).items() if name != "card_id"}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for number, name in names.items():
            value = re.sub(re.escape(number) + r"(?!\w)", name, value)
        return value
    if isinstance(value, Mapping):
        return {key: _renamed(one, names) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_renamed(one, names) for one in value]
    return value
