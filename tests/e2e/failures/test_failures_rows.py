"""Failures 1, 2, 3 and 19: rows that are not where they were, and rows that are added at once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.e2e.failures.helpers import (
    BACKLOG,
    HOURS,
    assert_edits_made,
    build_preview,
    cells_of,
    edit_during,
    estimate_backlog,
    hours_by_task,
    move_card,
    put_in_progress,
    read_raw,
    send_requests,
    sheet_of,
    start_period,
    statuses,
)
from tests.harness.assertions import assert_sentence
from tests.harness.office import Office
from vitrina.workbook.reading.book import column_letters

CLICKS = 20


def times(factor: int) -> dict[str, tuple[Any, ...]]:
    """The hours of so many pieces of each task."""
    return {task: tuple(one and one * factor for one in hours) for task, hours in HOURS.items()}


def test_failure_01_every_write_lands_on_its_row_or_is_refused(office: Office) -> None:
    """Sorted by each column, filtered, pushed down by title rows, swapped between read and write."""
    estimate_backlog(office)
    tab = office.book().tab("backlog")
    last = column_letters(tab.column_count - 1)
    quantity = column_letters(tab.column("quantity"))
    table = {"sheet": tab.title, "range": f"A2:{last}4"}
    sorts = [
        {**table, "type": "sort", "column": column_letters(column), "order": order}
        for column in range(tab.column_count)
        for order in (("ASCENDING", "DESCENDING") if column == 0 else ("DESCENDING",))
    ]
    others = [
        {"type": "filter", "sheet": tab.title, "range": f"A1:{last}120"},
        {"type": "move_rows", "sheet": tab.title, "at": 2, "count": 1, "to": 4},
        {"type": "insert_rows", "sheet": tab.title, "at": 1, "count": 3},
    ]

    for number, edit in enumerate([*sorts, *others], start=2):
        cells = [f"{quantity}{row}" for row in (2, 3, 4)]
        office.edit(
            *({"type": "type", "sheet": tab.title, "cell": cell, "text": str(number)} for cell in cells)
        )
        edit_during(office, edit)
        answer = office.do("estimate")

        assert answer["outcome"] == "done", (edit, answer)
        assert hours_by_task(office) == times(number), edit
    assert_edits_made(office)
    assert sorted(code for (code,) in office.table("backlog", "id")) == ["ЗРН-1", "ЗРН-2", "ЗРН-3"]


def test_failure_01_the_tracker_writes_into_the_row_of_its_card(office: Office) -> None:
    """The table in work is sorted, or gets title rows, after the card was moved."""
    put_in_progress(office)
    edits: tuple[Mapping[str, Any], ...] = (
        {"type": "sort", "sheet": "В работе", "range": "A2:O6", "column": "B", "order": "DESCENDING"},
        {"type": "insert_rows", "sheet": "В работе", "at": 1, "count": 3},
    )

    for stage, edit in enumerate(edits, start=1):
        edit_during(office, edit)
        move_card(office, "Статья", stage)
        office.settle()

        moved = ("В работе", "На проверке")[stage - 1]
        assert statuses(office) == {"Баннер": "Онбординг", "Лендинг": "Онбординг", "Статья": moved}
    assert_edits_made(office)


def test_failure_02_parallel_runs_and_a_filter_lose_no_row(office: Office) -> None:
    """Twenty clicks at once over an open filter, while people type: rows are the old and the new ones."""
    put_in_progress(office)
    old = office.table("in_progress", "id", "action", "profile", "hours")
    for title, last in (("Бэклог", "P"), ("В работе", "O")):
        office.edit({"type": "filter", "sheet": title, "range": f"A1:{last}100"})
    estimate_backlog(office, *({"task": f"Правка {number}", "hours_copy": "1"} for number in range(1, 5)))
    preview_id = build_preview(office, "next")
    manager = office.manager()
    at_once = threading.Barrier(CLICKS)

    def click(number: int) -> dict[str, Any]:
        at_once.wait()
        if number % 4 == 3:
            # A start moves these rows up by four: none must land where somebody else is about to type.
            office.type("backlog", 40 + 2 * number, task=f"Новая {number}")
        if number % 2:
            return manager.post(office.client_id, "estimate")
        return manager.post(office.client_id, "start_batch", preview_id=preview_id)

    with ThreadPoolExecutor(CLICKS) as pool:
        answers = list(pool.map(click, range(CLICKS)))
    for answer in answers:
        assert answer["outcome"] in ("done", "partial", "refused"), answer
        assert_sentence(answer["message"])
    if not [one for one in answers[::2] if one["outcome"] == "done"]:
        # People typed all the time; when they stop, the same plan can be started.
        assert office.do("start_batch", preview_id=build_preview(office, "next"))["outcome"] == "done"

    rows = office.table("in_progress", "id", "action", "profile", "hours")
    assert sorted(row for row in rows if row in old) == sorted(old)
    added = sorted(str(action) for _, action, *_ in rows if action not in HOURS)
    assert added == [f"Правка {number}" for number in range(1, 5)]
    typed = sorted(str(task) for (task,) in office.table("backlog", "task"))
    assert typed == sorted(f"Новая {number}" for number in range(3, CLICKS, 4))


def test_failure_03_the_table_is_found_by_its_header(office: Office) -> None:
    """Stray values far away, hidden rows, gaps and pre-filled choices put no row into a wrong place."""
    tab, work = office.book().tab("backlog"), office.book().tab("in_progress")
    grow = {"sheetId": work.sheet_id, "dimension": "COLUMNS", "length": 14}
    hidden = {"sheetId": tab.sheet_id, "dimension": "ROWS", "startIndex": 4, "endIndex": 6}
    send_requests(
        office,
        {"appendDimension": grow},
        {
            "updateDimensionProperties": {
                "range": hidden,
                "properties": {"hiddenByUser": True},
                "fields": "hiddenByUser",
            }
        },
    )
    strays = [("Бэклог", "I118", "черновик"), ("В работе", "AA1", "моё"), ("В работе", "AA90", "7")]
    office.edit(
        *({"type": "type", "sheet": sheet, "cell": cell, "text": text} for sheet, cell, text in strays)
    )
    for index in (1, 2, 3, 7, 8, 60):
        office.type("backlog", index, priority="Обычный")
    for index, row in zip((1, 4, 9), BACKLOG, strict=True):
        office.type("backlog", index, **row)

    assert office.do("estimate")["outcome"] == "done"
    hours = hours_by_task(office)
    start_period(office)

    assert hours == HOURS
    work = office.book().tab("in_progress")
    places = [row.index for row in work.rows if work.cell(row, "id").text]
    assert places == [1, 2, 3, 4, 5]
    assert {str(task) for (task,) in office.table("in_progress", "action")} == set(HOURS)
    everything = read_raw(office)
    kept = cells_of(sheet_of(everything, "В работе"))
    # Five rows came below the header, three left the backlog.
    assert kept[0, 26]["userEnteredValue"] == {"stringValue": "моё"}
    assert kept[94, 26]["userEnteredValue"] == {"numberValue": 7}
    assert cells_of(sheet_of(everything, "Бэклог"))[114, 8]["effectiveValue"] == {"stringValue": "черновик"}
    assert office.table("backlog", "task") == []


def test_failure_19_rows_dragged_by_hand_stay_themselves(office: Office) -> None:
    """Dragged before and while the add-on writes: cells, counters, cards and colours follow the row."""
    put_in_progress(office)
    rules = [one["ranges"] for one in _rules(office)]
    drags = [
        {"type": "move_rows", "sheet": "В работе", "at": 2, "count": 1, "to": 7},
        {"type": "move_rows", "sheet": "В работе", "at": 4, "count": 2, "to": 2},
    ]

    office.edit(drags[0])
    edit_during(office, drags[1])
    move_card(office, "Баннер", 1)
    office.settle()
    office.edit(drags[0])
    edit_during(office, drags[1])
    answer = office.do("refresh")

    assert_edits_made(office)
    assert answer["outcome"] == "done"
    assert statuses(office) == {"Баннер": "В работе", "Лендинг": "Онбординг", "Статья": "Онбординг"}
    rows = office.table("in_progress", "id", "action", "profile")
    assert sorted(rows) == [
        ("ЗРН-1", "Баннер", "Дизайн"),
        ("ЗРН-2", "Лендинг", "Дизайн"),
        ("ЗРН-2", "Лендинг", "Разработка"),
        ("ЗРН-2", "Лендинг", "Тексты"),
        ("ЗРН-3", "Статья", "Тексты"),
    ]
    assert office.book().field("in_progress_count").cell.value == 3.0
    assert [one["ranges"] for one in _rules(office)] == rules
    assert len(office.cards()) == 3


def _rules(office: Office) -> list[dict[str, Any]]:
    """Rules that colour the tab of what is in progress."""
    url = f"{office.servers.google}/v4/spreadsheets/{office.client_id}"
    sheets = office.http.get(url, params={"fields": "sheets(properties.title,conditionalFormats)"}).json()[
        "sheets"
    ]
    [sheet] = [one for one in sheets if one["properties"]["title"] == "В работе"]
    rules: list[dict[str, Any]] = sheet["conditionalFormats"]
    return rules
