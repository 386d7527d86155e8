"""What a client can find in his file: canary words stand in every internal field, none of them gets there.

The whole file is read back as a client does who may edit it: values, formulas, notes, drop-downs, formats,
names, metadata, protections, properties; and a copy of it, which shows what is hidden.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.e2e.failures.helpers import move_card, read_raw, send_requests, start_period
from tests.harness.local_office import SavedOffice
from tests.harness.office import MANAGER, NOW, TEAM, Office
from vitrina.bootstrap import application
from vitrina.workbook.reading.book import column_letters

CLIENT = "client@zarya.example"

#: A colleague who works for another client only; his name, like his address, is nobody's business here.
STRANGER = {
    "name": "Канарейкин Пётр",
    "email": "petr@kanar.example",
    "profiles": "Разработка",
    "hours_per_day": 7,
}
#: Tasks of the other client. His work type is learned as a norm and stands in *Нормы*.
TASKS = (
    {
        "task": "Канзадача лендинга",
        "result": "Канрезультат",
        "work_type": "Кантип",
        "hours_design": "30",
        "wanted_on": "27.11.2026",
    },
    {"task": "Канвторая", "work_type": "Кантип", "hours_development": "20"},
    {"task": "Кантретья", "work_type": "Кантип", "hours_copy": "5"},
)
#: Words that stand in internal places only, by where.
CANARIES = {
    "agency": "Канагентство",
    "client": "Канклиент",
    "project": "Канпроект",
    "code": "КНРК",
    "task": "Канзадача",
    "second task": "Канвторая",
    "third task": "Кантретья",
    "result": "Канрезультат",
    "type": "Кантип",
    "remark": "Канзамечание",
    "metric": "Канметрика",
    "documents": "kanar-documents",
    "note": "Канзаметка",
    "absence": "Канотпуск",
    "price": "987654",
    "unit": "Канединица",
    "own tab": "Канлист",
    "comment": "Канкомментарий",
    "card": "Канкарточка",
    "stranger": "Канарейкин",
    "stranger's address": "kanar.example",
    "addresses": "@mayak.example",
}
PERSON_FREE = "свободно"


@pytest.fixture(scope="module")
def words() -> dict[str, str]:
    """The canaries, in the case in which they are searched."""
    return {name: word.casefold() for name, word in CANARIES.items()}


def fill_agency(office: Office) -> None:
    """Canaries in the cells of the agency's workbook that people fill in."""
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    book = office.book(agency_id)
    people = book.tab("specialists")
    wider = {"appendDimension": {"sheetId": people.sheet_id, "dimension": "COLUMNS", "length": 1}}
    own_column = column_letters(max(people.columns.values()) + 1)
    tab = {"addSheet": {"properties": {"title": "Канлист"}}}
    send_requests(office, wider, tab, spreadsheet_id=agency_id)
    office.type(
        "absences",
        1,
        agency_id,
        specialist="Анна Белова",
        first_day="26.11.2026",
        last_day="26.11.2026",
        note="Канотпуск",
    )
    # He has no time for anybody else.
    away = {"first_day": "23.11.2026", "last_day": "31.12.2026", "note": "Канотпуск"}
    office.type("absences", 2, agency_id, specialist=str(STRANGER["name"]), **away)
    office.type("norms", 1, agency_id, unit="Канединица")
    office.edit(
        {"type": "type", "sheet": people.title, "cell": f"{own_column}2", "text": "987654"},
        {"type": "note", "sheet": people.title, "cell": "A2", "text": "Канзаметка"},
        {"type": "type", "sheet": "Канлист", "cell": "A1", "text": "Канзаметка"},
        spreadsheet_id=agency_id,
    )


def work_for_other_client(office: Office) -> None:
    """Another client with work in progress and finished work, from which a norm is learned."""
    assert office.agency is not None
    office.create_client(
        client_name="Канклиент", project_name="Канпроект", code="КНРК", responsible="petr@kanar.example"
    )
    office.fill_backlog(*TASKS)
    office.do("estimate")
    start_period(office)
    assert office.do("push")["outcome"] == "done"
    office.settle()
    office.type("in_progress", 1, remark="Канзамечание", specialist=str(STRANGER["name"]))
    office.type("metrics", 1, metric="Канметрика", unit="шт")
    field = office.book().field("documents")
    place = {"sheet": field.sheet_title, "cell": field.address}
    office.edit({"type": "type", **place, "text": "https://kanar-documents.example"})
    for task, stage in (("Канвторая", 3), ("Кантретья", 3)):
        card = next(one for one in office.cards() if task in one["title"])
        person = {"role_id": -1, "for_date": "2026-11-23"}
        office.kaiten("POST", f"/cards/{card['id']}/time-logs", time_spent=240, **person)
        office.kaiten("POST", f"/cards/{card['id']}/comments", text="Канкомментарий")
        move_card(office, task, stage)
    card = next(one for one in office.cards() if "Канзадача" in one["title"])
    office.kaiten("PATCH", f"/cards/{card['id']}", description="Канкарточка")
    office.settle()
    # The tracker does not know the stranger who was typed into a row.
    assert office.do("refresh")["outcome"] == "partial"
    assert office.click(office.agency.spreadsheet_id, "recalculate_norms")["outcome"] == "done"


#: Backlog of our client: what fits, what others keep out, what has no estimate or looks like another's.
BACKLOG = (
    {"task": "Баннер", "work_type": "Баннер", "hours_design": "2"},
    {"task": "Лендинг", "work_type": "Лендинг"},
    {"task": "Статья", "work_type": "Статья", "wanted_on": "01.11.2026"},
    {"task": "Большой сайт", "hours_development": "60"},
    {"task": "Правки", "hours_design": "39"},
    {"task": "Задача лендинга"},
    {"task": "Непонятное", "work_type": "Аудит"},
    {"task": "После баннера", "hours_copy": "2", "depends_on": "ЗРН-1"},
    *({"task": f"Правки {number}", "hours_design": "30"} for number in (2, 3, 4, 5)),
    {"task": "Обычная", "quantity": "3", "work_type": "Баннер", "size": "M"},
)


def click_everything(office: Office) -> set[str]:
    """Every action of both menus, the webhooks, the timer of the day and the night; gives the actions."""
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    office.create_client(limit_hours=300)
    office.fill_backlog(*BACKLOG)
    done = [office.do("estimate"), office.do("estimate")]
    start_period(office)
    done += [office.do("undo"), office.do("estimate")]
    start_period(office)
    done += [office.do("push"), office.do("check_book")]
    office.settle()
    card = next(one for one in office.cards() if one["title"].endswith("· Баннер"))
    office.kaiten("POST", f"/cards/{card['id']}/comments", text="Канкомментарий")
    office.kaiten("POST", f"/cards/{card['id']}/time-logs", role_id=-1, time_spent=600, for_date="2026-11-23")
    move_card(office, "Баннер", 3)
    office.settle()
    office.type("in_progress", 1, approval="Принято", remark="Спасибо")
    done += [office.do("refresh"), office.do("show_as_client")]
    done += [office.click(agency_id, one) for one in ("recalculate_norms", "update_load", "check_all")]
    preview = office.do("build_batch", period="next")
    if preview["data"]["chosen"]:
        done.append(office.do("start_batch", preview_id=preview["data"]["preview_id"]))
    assert office.call_schedule().status_code == 200
    office.settle()
    outcomes = {answer["outcome"] for answer in done}
    assert outcomes <= {"done", "partial"}, [answer["message"] for answer in done]
    return outcomes


@pytest.fixture
def story(
    empty_office: Office, saved_offices: dict[str, SavedOffice], monkeypatch: pytest.MonkeyPatch
) -> Office:
    """Everything has happened, in the day and in the night after it."""
    office = empty_office
    if "canaries" in saved_offices:
        office.restore_state(saved_offices["canaries"])
        return office
    office.create_agency(team=[*TEAM, STRANGER])
    fill_agency(office)
    work_for_other_client(office)
    click_everything(office)
    monkeypatch.setenv("VITRINA_NOW", NOW.replace(day=24, hour=3).isoformat())
    application.cache_clear()
    assert office.call_schedule().json()["norms"] == 1
    office.settle()
    share_with(office, CLIENT)
    saved_offices["canaries"] = office.save_state()
    return office


def share_with(office: Office, person: str) -> None:
    """Let a person edit the client's workbook."""
    url = f"{office.servers.google}/drive/v3/files/{office.client_id}/permissions"
    body = {"type": "user", "role": "writer", "emailAddress": person}
    office.http.post(url, json=body).raise_for_status()


def seen_by(office: Office, person: str, file_id: str) -> Any:
    """A whole spreadsheet as the API shows it to a person."""
    params = {"spreadsheet_id": file_id, "as": person}
    answer = office.http.get(f"{office.servers.google}/_emulator/look", params=params, timeout=60.0)
    return orjson.loads(answer.raise_for_status().content)


def copied(office: Office) -> Any:
    """A copy of the file, as its new owner reads it."""
    google = office.servers.google
    answer = office.http.post(f"{google}/drive/v3/files/{office.client_id}/copy", json={})
    params = {"fields": "*", "includeGridData": "true"}
    url = f"{google}/v4/spreadsheets/{answer.raise_for_status().json()['id']}"
    return orjson.loads(office.http.get(url, params=params, timeout=60.0).raise_for_status().content)


def properties(office: Office) -> Any:
    """What Drive says of the file, without its people: owner and last editor are the service account."""
    url = f"{office.servers.google}/drive/v3/files/{office.client_id}"
    file = office.http.get(url, params={"fields": "*"}).json()
    people = ("owners", "lastModifyingUser", "permissions")
    return {name: part for name, part in file.items() if name not in people}


def found(seen: Any, words: dict[str, str]) -> list[str]:
    """Names of the canaries in something that was read."""
    text = orjson.dumps(seen).decode().casefold()
    return [name for name, word in words.items() if word in text]


def test_client_finds_no_canary(story: Office, words: dict[str, str]) -> None:
    """Every canary stands where it belongs; 0 of them in the client's file, its properties and its copy."""
    office = story
    assert office.agency is not None
    agency_book = read_raw(office, office.agency.spreadsheet_id, fields="*")
    other_id = next(
        one["spreadsheetId"]
        for one in office.http.get(f"{office.servers.google}/_emulator/workbooks").json()
        if "Канклиент" in one["title"]
    )
    cards = [office.kaiten("GET", f"/cards/{card['id']}") for card in office.cards()]
    comments = [office.kaiten("GET", f"/cards/{card['id']}/comments") for card in cards]
    inside = [agency_book, read_raw(office, other_id, fields="*"), cards, comments, "Канагентство"]
    assert found(inside, words) == list(CANARIES)

    whole = seen_by(office, CLIENT, office.client_id)

    assert found(whole, words) == []
    assert found(properties(office), words) == []
    assert found(copied(office), words) == []
    text = orjson.dumps(whole).decode()
    # What is looked for would be seen: the file is the right one, with everything that can carry a word.
    assert len(whole["sheets"]) == 7
    for word in (
        "ЗРН-1",
        "другие проекты",
        "dataValidation",
        "developerMetadata",
        "protectedRanges",
        "vt_period",
    ):
        assert word in text, word
    assert "conditionalFormats" in text
    assert "Анна Белова" in text


def test_client_sees_no_spare_hours_and_no_advice(story: Office) -> None:
    """No free hours, no statistics of norms, no instruction for staff; why and when in a client's words."""
    tabs = story.book().tabs
    # The labels of the first tab have notes of their own.
    cells = [cell for key, tab in tabs.items() if key != "client" for row in tab.rows for cell in row.cells]
    texts = [str(cell.value) for cell in cells if isinstance(cell.value, str)]
    reasons = [text for (text,) in story.table("backlog", "reason")]

    assert not [cell.note for cell in cells if cell.note]
    assert not [text for text in texts if text.strip() == PERSON_FREE]
    assert reasons
    for text in [*texts, *reasons]:
        for advice in ("впишите", "войдёт сейчас", "поставить её", "снять ", "похожая задача", "85 из 100"):
            assert advice not in text, text
    assert any("время занято" in text for text in reasons), reasons


def test_row_03_drop_downs_offer_the_agencys_own_types(story: Office) -> None:
    """Imported types and those that staff typed; people only as they stand in the column."""
    [work_type, specialist] = [
        story.book().tab(tab).column(column)
        for tab, column in (("backlog", "work_type"), ("in_progress", "specialist"))
    ]
    raw = {
        one["properties"]["title"]: one["data"][0]["rowData"]
        for one in read_raw(story, fields="sheets(properties.title,data.rowData.values.dataValidation)")[
            "sheets"
        ]
    }
    types = raw["Бэклог"][1]["values"][work_type]["dataValidation"]["condition"]
    people = raw["В работе"][1]["values"][specialist]["dataValidation"]["condition"]

    assert sorted(one["userEnteredValue"] for one in types["values"]) == ["Баннер", "Лендинг", "Статья"]
    assert people["type"] == "ONE_OF_RANGE"


def test_editors_are_known_to_editors_only(story: Office) -> None:
    """A member of staff sees who may edit; the client does not, although the ranges are listed for him."""
    share_with(story, MANAGER)

    staff = orjson.dumps(seen_by(story, MANAGER, story.client_id)).decode()
    client = orjson.dumps(seen_by(story, CLIENT, story.client_id)).decode()

    assert ("petr@kanar.example" in staff, "petr@kanar.example" in client) == (True, False)
    assert "Этот лист ведёт агентство" in client
