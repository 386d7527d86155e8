"""Failures 6 and 7: columns and tabs that people rename, move, copy, merge and delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.failures.helpers import (
    BACKLOG,
    HOURS,
    estimate_backlog,
    hours_by_task,
    move_card,
    put_in_progress,
    read_raw,
    send_requests,
    start_period,
    statuses,
)
from tests.harness.assertions import assert_answer
from tests.harness.office import Office
from tests.harness.snapshots import difference

SHEET = {"sheet": "Бэклог"}

#: What people do to columns; the add-on goes on by their keys.
COLUMN_EDITS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "renamed": (
        {**SHEET, "type": "type", "cell": "C1", "text": "Что сделать"},
        {**SHEET, "type": "type", "cell": "H1", "text": "Тексты, ч"},
        {**SHEET, "type": "type", "cell": "I1", "text": "Дизайн, ч"},
    ),
    "moved": (
        {**SHEET, "type": "move_columns", "at": "H", "count": 1, "to": "B"},
        {**SHEET, "type": "move_columns", "at": "A", "count": 1, "to": "F"},
    ),
    "added": (
        {**SHEET, "type": "insert_columns", "at": "A", "count": 2},
        {**SHEET, "type": "insert_columns", "at": "J", "count": 1},
        {**SHEET, "type": "type", "cell": "A1", "text": "Дизайн"},
    ),
    "one copied beside it": (
        {**SHEET, "type": "insert_columns", "at": "H", "count": 1},
        {**SHEET, "type": "copy_paste", "from": "I1:I120", "to": "H1"},
    ),
    "one deleted that is not needed": ({**SHEET, "type": "delete_columns", "at": "O", "count": 1},),
}


@pytest.mark.parametrize("edits", COLUMN_EDITS.values(), ids=COLUMN_EDITS)
def test_failure_06_columns_are_known_by_their_keys(
    office: Office, edits: tuple[Mapping[str, Any], ...]
) -> None:
    """Hours, people and texts come from the columns that had them, and go there."""
    office.fill_backlog(*BACKLOG)
    office.edit(*edits)

    answer = office.do("estimate")
    hours = hours_by_task(office)
    start_period(office)

    assert (answer["outcome"], hours) == ("done", HOURS)
    rows = office.table("in_progress", "action", "profile", "hours")
    assert ("Лендинг", "Разработка", 20.0) in rows
    assert len(rows) == 5


def test_failure_06_merged_headings_do_not_shift_anything(office: Office) -> None:
    """The text of a merged heading is gone; its columns are still themselves."""
    office.fill_backlog(*BACKLOG)
    tab = office.book().tab("backlog")
    merged = {
        "sheetId": tab.sheet_id,
        "startRowIndex": 0,
        "endRowIndex": 1,
        "startColumnIndex": tab.column("hours.design"),
        "endColumnIndex": tab.column("hours.development") + 1,
    }
    send_requests(office, {"mergeCells": {"range": merged, "mergeType": "MERGE_ALL"}})

    assert office.do("estimate")["outcome"] == "done"
    assert hours_by_task(office) == HOURS


def test_failure_06_a_column_that_is_missing_stops_with_one_sentence(office: Office) -> None:
    """The sentence names the column as it was called; nothing is written; the next click hears the same."""
    office.fill_backlog(*BACKLOG)
    office.edit({**SHEET, "type": "delete_columns", "at": "C", "count": 1})
    before = read_raw(office)

    for _ in range(2):
        answer = office.do("estimate")

        assert_answer(answer, "refused", 422)
        assert "«Бэклог»" in answer["message"]
        assert "«Задача»" in answer["message"]
    assert difference(before, read_raw(office)) is None


def test_failure_07_tabs_may_have_any_name_and_place(office: Office) -> None:
    """All tabs renamed and in another order, one duplicated: every command does its work."""
    titles = {
        "Клиент": "D001",
        "Бэклог": "Хотим «всё» и 'сразу'! 💡",
        "В работе": "A1:B2",
        "План-график": "Sheet1",
        "Метрики": "'",
        "Готово": "=1+1",
    }
    office.edit(*({"type": "rename_tab", "sheet": old, "title": new} for old, new in titles.items()))
    office.edit(
        {"type": "move_tab", "sheet": titles["В работе"], "index": 0},
        {"type": "move_tab", "sheet": titles["Клиент"], "index": 5},
        {"type": "duplicate_tab", "sheet": titles["Бэклог"], "title": "Бэклог"},
    )

    put_in_progress(office)
    move_card(office, "Статья", 1)
    office.settle()
    answer = office.do("refresh")

    assert answer["outcome"] == "done"
    assert statuses(office) == {"Баннер": "Онбординг", "Лендинг": "Онбординг", "Статья": "В работе"}
    book = office.book()
    assert {tab.key: tab.title for tab in book.tabs.values() if tab.title in titles.values()} == dict(
        zip(("client", "backlog", "in_progress", "schedule", "metrics", "done"), titles.values(), strict=True)
    )
    assert book.field("in_progress_count").cell.value == 3.0
    copied = next(one for one in read_raw(office)["sheets"] if one["properties"]["title"] == "Бэклог")
    texts = [
        cell.get("userEnteredValue", {}).get("stringValue")
        for data in copied["data"]
        for line in data.get("rowData", ())[1:]
        for cell in line.get("values", ())
    ]
    assert not [text for text in texts if text in HOURS]


def test_failure_07_a_renamed_tab_between_read_and_write(office: Office) -> None:
    """Names are never a place: the write lands, and the new name stays."""
    estimate_backlog(office)
    office.edit({"type": "rename_tab", "sheet": "В работе", "title": "Идёт"})
    start_period(office)
    office.edit({"type": "rename_tab", "sheet": "Идёт", "title": "Делаем"})

    assert office.do("push")["outcome"] == "done"
    assert office.book().tab("in_progress").title == "Делаем"
    assert len(office.cards()) == 3
