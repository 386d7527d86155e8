"""A client workbook, an agency workbook and a board, with examples of everything that the page draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from emulators.workbench.people import Person

Json = dict[str, Any]

GREEN = {"red": 0.06, "green": 0.35, "blue": 0.31}
RED = {"red": 1.0}
WHITE = {"red": 1.0, "green": 1.0, "blue": 1.0}
BACKLOG, METRICS = 11, 12
PRIORITIES = ("Срочно", "Важно", "Обычно")
TASKS = ("Главная страница сайта: первый экран и блок преимуществ", "Тексты для каталога", "Баннеры")
ITEM_COUNT = 240


def _text(text: str, **more: Any) -> Json:
    return {"userEnteredValue": {"stringValue": text}, **more}


def _number(number: float, **more: Any) -> Json:
    return {"userEnteredValue": {"numberValue": number}, **more}


def _heading(text: str) -> Json:
    look = {
        "backgroundColorStyle": {"rgbColor": GREEN},
        "horizontalAlignment": "CENTER",
        "textFormat": {"bold": True, "foregroundColorStyle": {"rgbColor": WHITE}},
    }
    return _text(text, userEnteredFormat=look)


def _item_row(index: int) -> Json:
    rule = {
        "condition": {
            "type": "ONE_OF_LIST",
            "values": [{"userEnteredValue": priority} for priority in PRIORITIES],
        },
        "strict": True,
        "showCustomUi": True,
    }
    task = _text(TASKS[index % 3], userEnteredFormat={"wrapStrategy": "WRAP"})
    if index == 1:
        task["note"] = "Клиент просил показать к пятнице"
    return {
        "values": [
            _text(f"ЗРН-{index + 1}"),
            _text(PRIORITIES[index % 3], dataValidation=rule),
            task,
            _text("внутреннее"),
            _number(7.5, userEnteredFormat={"numberFormat": {"type": "NUMBER", "pattern": "0.0"}}),
            {"userEnteredValue": {"formulaValue": f"=E{index + 3}*2"}},
        ]
    }


def _rows_of_column(start: int, end: int, column: int) -> Json:
    return {
        "sheetId": BACKLOG,
        "startRowIndex": start,
        "endRowIndex": end,
        "startColumnIndex": column,
        "endColumnIndex": column + 1,
    }


def _series(column: int) -> Json:
    source = {
        "sheetId": METRICS,
        "startRowIndex": 0,
        "endRowIndex": 4,
        "startColumnIndex": column,
        "endColumnIndex": column + 1,
    }
    return {"sourceRange": {"sources": [source]}}


CHART = {
    "chartId": 1,
    "spec": {
        "title": "Заявки",
        "basicChart": {
            "chartType": "COLUMN",
            "headerCount": 1,
            "domains": [{"domain": _series(0)}],
            "series": [{"series": _series(1)}],
        },
    },
    "position": {
        "overlayPosition": {
            "anchorCell": {"sheetId": METRICS, "rowIndex": 6, "columnIndex": 1},
            "widthPixels": 480,
            "heightPixels": 260,
        }
    },
}


def _backlog() -> Json:
    merged = {
        "sheetId": BACKLOG,
        "startRowIndex": 0,
        "endRowIndex": 1,
        "startColumnIndex": 1,
        "endColumnIndex": 5,
    }
    protected = {
        "protectedRangeId": 1,
        "range": _rows_of_column(0, ITEM_COUNT + 20, 0),
        "editors": {"users": ["anna@agency.example"]},
    }
    urgent = {
        "ranges": [_rows_of_column(2, ITEM_COUNT + 2, 1)],
        "booleanRule": {
            "condition": {"type": "TEXT_EQ", "values": [{"userEnteredValue": "Срочно"}]},
            "format": {"backgroundColorStyle": {"rgbColor": RED}},
        },
    }
    headings = {"values": [_heading(text) for text in ("№", "Приоритет", "Задача", "", "Часы")]}
    items = [_item_row(index) for index in range(ITEM_COUNT)]
    widths = [{"pixelSize": 80}, {"pixelSize": 110}, {"pixelSize": 220}]
    return {
        "properties": {
            "sheetId": BACKLOG,
            "title": "Бэклог",
            "tabColorStyle": {"rgbColor": GREEN},
            "gridProperties": {
                "rowCount": ITEM_COUNT + 20,
                "columnCount": 8,
                "frozenRowCount": 2,
                "frozenColumnCount": 1,
            },
        },
        "merges": [merged],
        "protectedRanges": [protected],
        "conditionalFormats": [urgent],
        "data": [
            {
                "startRow": 0,
                "startColumn": 0,
                "rowData": [{"values": [{}, _text("Бэклог проекта")]}, headings, *items],
                "columnMetadata": [*widths, {"pixelSize": 100, "hiddenByUser": True}],
            }
        ],
    }


def _metrics() -> Json:
    weeks = [("45", 12), ("46", 18), ("47", 21)]
    headings = {"values": [_text("Неделя"), _text("Заявки")]}
    rows = [{"values": [_text(week), _number(count)]} for week, count in weeks]
    return {
        "properties": {
            "sheetId": METRICS,
            "title": "Метрики",
            "gridProperties": {"rowCount": 40, "columnCount": 8, "hideGridlines": True},
        },
        "charts": [CHART],
        "data": [{"startRow": 0, "startColumn": 0, "rowData": [headings, *rows]}],
    }


def client_book() -> Json:
    """The client workbook: a long backlog and a chart."""
    return {**_book("Заря — сайт", "client"), "sheets": [_backlog(), _metrics()]}


def agency_book() -> Json:
    """The agency workbook; the page only needs its kind."""
    return {
        **_book("Агентство", "agency"),
        "sheets": [{"properties": {"sheetId": 1, "title": "Нормы"}}],
    }


def _book(title: str, kind: str) -> Json:
    mark = {
        "metadataKey": "vitrina.book",
        "metadataValue": kind,
        "visibility": "DOCUMENT",
        "location": {"spreadsheet": True},
    }
    return {
        "properties": {"title": title, "locale": "ru_RU", "timeZone": "Europe/Moscow"},
        "developerMetadata": [mark],
    }


def seed_board(kaiten: httpx.Client, people: Sequence[Person]) -> Json:
    """Create a board with one card that has a checklist; return the ids."""
    users = [
        {
            "id": number,
            "full_name": person.name,
            "email": person.email,
            "username": person.email.split("@")[0],
            "token": person.tracker_token,
        }
        for number, person in enumerate(people, start=1)
    ]
    access = {str(user["id"]): "writer" for user in users}
    space = {"id": 1, "title": "Клиенты", "users": access}
    kaiten.post("/_emulator/seed", json={"users": users, "spaces": [space]}).raise_for_status()
    kaiten.headers["authorization"] = f"Bearer {people[0].tracker_token}"

    def make(path: str, body: Json) -> Json:
        made: Json = kaiten.post(f"/api/latest{path}", json=body).raise_for_status().json()
        return made

    columns = [
        {"title": "Онбординг", "type": 1},
        {"title": "В работе", "type": 2},
        {"title": "На проверке", "type": 2},
        {"title": "Выполнено", "type": 3},
    ]
    layout: Json = {"columns": columns, "lanes": [{"title": "Задачи"}]}
    # Another client's board comes first, so that the page has to find the right one.
    make("/spaces/1/boards", {"title": "Белый ряд", **layout})
    board = make("/spaces/1/boards", {"title": "Заря — сайт (ЗРН)", **layout})
    made = kaiten.get(f"/api/latest/boards/{board['id']}/columns").raise_for_status().json()
    ids = {column["title"]: column["id"] for column in made}
    card = make(
        "/cards",
        {
            "title": "ЗРН-1 Главная страница",
            "board_id": board["id"],
            "column_id": ids["В работе"],
            "due_date": "2026-11-25",
            "size_text": "8",
            "responsible_id": 2,
        },
    )
    checklist = make(f"/cards/{card['id']}/checklists", {"name": "Состав работ"})
    for text in ("Прототип", "Макет"):
        make(f"/cards/{card['id']}/checklists/{checklist['id']}/items", {"text": text, "checked": False})
    return {"id": board["id"], "columns": ids, "card_id": card["id"], "space_id": 1}


def seed_account(asana: httpx.Client, people: Sequence[Person]) -> None:
    """People of a workspace without projects."""
    users = [{"name": one.name, "email": one.email, "token": one.tracker_token} for one in people]
    seed = {"workspace": {"name": "Маяк", "is_organization": False}, "users": users}
    asana.post("/_emulator/seed", json=seed).raise_for_status()
    asana.headers["authorization"] = f"Bearer {people[0].tracker_token}"


def seed_project(asana: httpx.Client) -> Json:
    """Create a project with one task that has two subtasks; return the gids."""

    def make(path: str, **data: object) -> Json:
        answer = asana.post(f"/api/1.0{path}", json={"data": data}).raise_for_status()
        made: Json = answer.json()["data"]
        return made

    workspace = asana.get("/api/1.0/workspaces").json()["data"][0]["gid"]
    project = make("/projects", name="Север — сайт (СВР)", workspace=workspace)["gid"]
    sections = {
        name: make(f"/projects/{project}/sections", name=name)["gid"] for name in ("В работе", "Выполнено")
    }
    field = {"name": "Витрина: часы по плану", "resource_subtype": "number", "workspace": workspace}
    hours = make("/custom_fields", **field)["gid"]
    make(f"/projects/{project}/addCustomFieldSetting", custom_field=hours)
    places = [{"project": project, "section": sections["В работе"]}]
    fields = {"due_on": "2026-11-25", "assignee": "me", "custom_fields": {hours: "8"}}
    task = make("/tasks", name="СВР-1 · Каталог", memberships=places, **fields)["gid"]
    for name in ("Прототип", "Вёрстка"):
        make(f"/tasks/{task}/subtasks", name=name)
    return {"project": project, "sections": sections, "task": task}


def seed_deals(amocrm: httpx.Client, people: Sequence[Person]) -> Json:
    """Create two pipelines and three deals; return the ids."""
    sales = {"offer": 5011, "signed": 5012}
    users = [
        {"id": number, "name": person.name, "email": person.email.upper(), "token": person.tracker_token}
        for number, person in enumerate(people, start=1)
    ]
    periods = [{"id": 7021, "value": "Неделя"}, {"id": 7022, "value": "Месяц"}]
    seed = {
        "users": users,
        "pipelines": [
            {
                "id": 501,
                "name": "Продажи",
                "statuses": [
                    {"id": sales["offer"], "name": "КП отправлено"},
                    {"id": sales["signed"], "name": "Договор подписан"},
                ],
            },
            {"id": 502, "name": "Сопровождение", "statuses": [{"id": 5021, "name": "В работе"}]},
        ],
        "fields": [
            {"id": 701, "name": "Лимит часов", "type": "numeric"},
            {"id": 702, "name": "Период", "type": "select", "enums": periods},
            {"id": 703, "name": "Начало работ", "type": "date"},
            {"id": 704, "name": "Условия", "type": "textarea"},
        ],
        "companies": [{"id": 801, "name": "ООО «Зерно»"}],
        "contacts": [{"id": 901, "name": "Ирина Зернова", "phone": "+7 900 000-00-01"}],
    }
    amocrm.post("/_emulator/seed", json=seed).raise_for_status()
    amocrm.headers["authorization"] = f"Bearer {people[0].tracker_token}"

    def make(name: str, pipeline_id: int, status_id: int, **more: object) -> int:
        place = {"pipeline_id": pipeline_id, "status_id": status_id}
        deal = {"action": "create_deal", "user_id": len(people), "name": name, **place, **more}
        return int(amocrm.post("/_emulator/do", json=deal).raise_for_status().json()["id"])

    # The 1st of December begins in Moscow.
    fields = {"701": "40", "702": "Неделя", "703": 1796072400}
    ready = make(
        "Сайт кофейни", 501, sales["offer"], price=1250000, company_id=801, contact_ids=[901], fields=fields
    )
    lacking = make("Реклама обжарки", 501, sales["offer"], fields={"702": "Месяц"})
    make("Поддержка магазина", 502, 5021)
    return {"ready": ready, "lacking": lacking, "offer": sales["offer"], "signed": sales["signed"]}
