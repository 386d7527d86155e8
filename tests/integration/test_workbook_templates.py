"""New workbooks in Google: the compiled batch is sent, then people edit the workbook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest
from google.auth.credentials import AnonymousCredentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from emulators.common.server import running
from emulators.google.app import create_app
from vitrina.workbook.template.compiler import BookValues, compile_book
from vitrina.workbook.template.definition import LOCALES, load_template
from vitrina.workbook.writing.protection import Editors

ROBOT, MANAGER, CLIENT = "robot@agency.example", "anna@agency.example", "olga@client.example"
SHEET = "application/vnd.google-apps.spreadsheet"
ROWS = [
    {"task": "Статья", "priority": "Обычный", "hours_total": 8},
    {"task": "Лендинг", "priority": "Срочно", "hours_total": 34},
]


@pytest.fixture(scope="module")
def google() -> Iterator[str]:
    """Address of the Google emulator."""
    with running(create_app()) as url:
        yield url


def service(google: str, name: str, version: str, path: str = "") -> Any:
    """A client of Google's own library, pointed at the emulator."""
    return build(
        name,
        version,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": google + path},
        static_discovery=True,
    )


def make(google: str, book: str, locale: str, values: BookValues) -> tuple[str, Any]:
    """Turn an empty spreadsheet into a workbook; return its id and Google's answer."""
    template = load_template(book)
    files = service(google, "drive", "v3", "/drive/v3/").files()
    made = files.create(body={"name": "Новая", "mimeType": SHEET}, supportsAllDrives=True).execute()
    requests = compile_book(
        template,
        locale=locale,
        profiles=template.standard_profiles(locale),
        values=values,
        editors=Editors((ROBOT, MANAGER)),
    )
    return made["id"], batch(google, made["id"], requests)


def batch(google: str, spreadsheet_id: str, requests: list[dict[str, Any]]) -> Any:
    """One ``batchUpdate``."""
    spreadsheets = service(google, "sheets", "v4").spreadsheets()
    return spreadsheets.batchUpdate(spreadsheetId=spreadsheet_id, body={"requests": requests}).execute()


@pytest.fixture
def workbook(google: str) -> str:
    """A new client workbook for a test that changes it."""
    return shared_workbook(google)


@pytest.fixture(scope="module")
def untouched(google: str) -> str:
    """A shared client workbook for tests that change nothing."""
    return shared_workbook(google)


def shared_workbook(google: str) -> str:
    """A client workbook with two tasks, which a manager and the client may edit."""
    values = BookValues(rows={"backlog": ROWS}, days=[date(2026, 11, 23)])
    spreadsheet_id, _ = make(google, "client", "ru", values)
    permissions = service(google, "drive", "v3", "/drive/v3/").permissions()
    for person in (MANAGER, CLIENT):
        body = {"type": "user", "role": "writer", "emailAddress": person}
        permissions.create(
            fileId=spreadsheet_id, body=body, supportsAllDrives=True, sendNotificationEmail=False
        ).execute()
    return spreadsheet_id


def shown(google: str, spreadsheet_id: str, cells: str) -> list[list[str]]:
    """The texts that a person sees in a range."""
    values = service(google, "sheets", "v4").spreadsheets().values()
    found: list[list[str]] = values.get(spreadsheetId=spreadsheet_id, range=cells).execute().get("values", [])
    return found


def edit(google: str, spreadsheet_id: str, person: str, **change: Any) -> str | None:
    """Edit as a person in the page; return Google's message if the edit is refused."""
    body = {"spreadsheet_id": spreadsheet_id, "as": person, "edits": [change]}
    answer = httpx.post(f"{google}/_emulator/edit", json=body, trust_env=False)
    assert answer.status_code in (200, 400)
    return None if answer.status_code == 200 else str(answer.json()["message"])


@pytest.mark.parametrize("book", ["client", "agency"])
@pytest.mark.parametrize("locale", LOCALES)
def test_google_takes_the_workbook_in_one_batch(google, book, locale):
    """Every request is answered, and the first sheet is gone."""
    template = load_template(book)

    spreadsheet_id, answer = make(google, book, locale, BookValues(title="Заря"))

    found = service(google, "sheets", "v4").spreadsheets().get(spreadsheetId=spreadsheet_id).execute()
    assert len(answer["replies"]) > 100
    assert found["properties"]["title"] == "Заря"
    assert [sheet["properties"]["title"] for sheet in found["sheets"]] == [
        template.text(locale, tab.key) for tab in template.tabs
    ]


def test_a_second_run_of_the_batch_changes_nothing(google, workbook):
    """After a lost answer the batch may be repeated: Google refuses all of it, because the tabs exist."""
    template = load_template("client")
    edit(google, workbook, MANAGER, type="type", sheet="Бэклог", cell="C2", text="Другая задача")

    with pytest.raises(HttpError) as refused:
        batch(
            google, workbook, compile_book(template, locale="ru", profiles=template.standard_profiles("ru"))
        )

    assert refused.value.status_code == 400
    assert shown(google, workbook, "Бэклог!C2") == [["Другая задача"]]


def test_counters_follow_what_people_type(google, workbook):
    """Formulas of the form count the backlog without a click."""
    edit(google, workbook, MANAGER, type="type", sheet="Бэклог", cell="C4", text="Баннер")

    count, hours = shown(google, workbook, "Клиент!C28:C29")
    assert (count, hours) == (["3"], ["42,0 ч"])


def test_the_weekday_stands_over_the_day(google, untouched):
    """2026-11-23 is a Monday."""
    assert shown(google, untouched, "План-график!C1:C2") == [["пн"], ["23.11"]]


@pytest.mark.parametrize(
    ("sheet", "cell", "text"),
    [
        ("Бэклог", "C1", "Заголовок"),  # a heading
        ("Бэклог", "A2", "ЗРН-99"),  # a column of the add-on
        ("Клиент", "C7", "100"),  # a counter
        ("План-график", "C4", "8"),  # the calendar
    ],
)
def test_a_client_cannot_spoil_what_the_add_on_keeps(google, untouched, sheet, cell, text):
    """Google refuses the edit with its own message, and nothing changes."""
    before = shown(google, untouched, f"{sheet}!{cell}")

    refusal = edit(google, untouched, CLIENT, type="type", sheet=sheet, cell=cell, text=text)

    assert refusal is not None
    assert "protected" in refusal
    assert shown(google, untouched, f"{sheet}!{cell}") == before


@pytest.mark.parametrize(
    ("sheet", "cell", "text"),
    [
        ("Бэклог", "C5", "Хочу рассылку"),  # a wish
        ("Бэклог", "B2", "Высокий"),  # its priority
        ("В работе", "F2", "Принято"),  # an approval
        ("В работе", "G2", "Кнопка мала"),  # a remark
    ],
)
def test_a_client_can_edit_own_columns(google, workbook, sheet, cell, text):
    """Clients can edit wishes, priorities, approvals and remarks."""
    assert edit(google, workbook, CLIENT, type="type", sheet=sheet, cell=cell, text=text) is None
    assert shown(google, workbook, f"{sheet}!{cell}") == [[text]]


def test_a_drop_down_takes_its_values_only(google, untouched):
    """An unknown priority is refused, because it would be read as none."""
    refusal = edit(google, untouched, CLIENT, type="type", sheet="Бэклог", cell="B2", text="Вчера")

    assert refusal is not None
    assert "validation" in refusal
    assert shown(google, untouched, "Бэклог!B2") == [["Обычный"]]


def test_staff_can_sort_the_backlog(google, workbook):
    """Staff can sort; Google refuses it to a person who may not edit one of the columns."""
    sort = {"type": "sort", "sheet": "Бэклог", "range": "A2:Q3", "column": "C", "order": "ASCENDING"}

    assert edit(google, workbook, MANAGER, **sort) is None
    assert shown(google, workbook, "Бэклог!C2:C3") == [["Лендинг"], ["Статья"]]
