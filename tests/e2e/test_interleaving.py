"""People edit between our reading and our writing: a write lands in its own row, or nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from tests.harness.office import NOW, Office
from tests.harness.stored import stored_items
from vitrina.bootstrap import application
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.errors import ChangedMeanwhileError, RetriableServiceError
from vitrina.ports import Json
from vitrina.records.history import save_history
from vitrina.workbook.reading.book import column_letters

BACKLOG = (
    {"task": "Баннер", "work_type": "Баннер"},
    {"task": "Лендинг", "work_type": "Лендинг"},
    {"task": "Статья", "work_type": "Статья"},
)

#: Hours of each task by the norms of the tests' agency, whatever row it stands in.
HOURS = {"Баннер": (3.0, None, None), "Лендинг": (9.0, 4.0, 20.0), "Статья": (None, 6.0, None)}

#: What a person does to the backlog between a read and a write of the add-on.
EDITS: Mapping[str, Mapping[str, Any]] = {
    "a row is put above the tasks": {"type": "insert_rows", "sheet": "Бэклог", "at": 2, "count": 1},
    "rows are put above the heading": {"type": "insert_rows", "sheet": "Бэклог", "at": 1, "count": 3},
    "a row is put between the tasks": {"type": "insert_rows", "sheet": "Бэклог", "at": 3, "count": 2},
    "the tasks are sorted": {
        "type": "sort",
        "sheet": "Бэклог",
        "range": "A2:P4",
        "column": "C",
        "order": "DESCENDING",
    },
    "a row is dragged": {"type": "move_rows", "sheet": "Бэклог", "at": 2, "count": 1, "to": 5},
    "a row is cut and pasted below": {"type": "cut_paste", "sheet": "Бэклог", "from": "A3:P3", "to": "A9"},
    "a column is put in front": {"type": "insert_columns", "sheet": "Бэклог", "at": "A", "count": 1},
    "a column is dragged": {"type": "move_columns", "sheet": "Бэклог", "at": "H", "count": 1, "to": "B"},
    "the tab is renamed": {"type": "rename_tab", "sheet": "Бэклог", "title": "Список «желаний» 💡"},
}


def edit_before_next_writes(
    office: Office, monkeypatch: pytest.MonkeyPatch, *edits: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Have people edit right before the next writes of the functions; gives a list that counts the writes."""
    write: Callable[..., Json] = office.services.workbooks.batch_update
    waiting, writes = list(edits), []

    def edit_and_write(spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        writes.append(len(requests))
        if waiting:
            office.edit(*waiting.pop(0))
        return write(spreadsheet_id, requests)

    monkeypatch.setattr(office.services.workbooks, "batch_update", edit_and_write)
    return writes


def hours_by_task(office: Office) -> dict[str, tuple[Any, ...]]:
    """Hours in the backlog by the task that stands beside them."""
    columns = ("task", "hours.design", "hours.copy", "hours.development")
    return {str(task): tuple(hours) for task, *hours in office.table("backlog", *columns)}


def known_backlog(office: Office) -> None:
    """A backlog whose rows have their numbers; the hours are still to be estimated."""
    office.fill_backlog(*({"task": row["task"]} for row in BACKLOG))
    office.do("estimate")
    first = office.book().tab("backlog").header_index + 1
    for offset, row in enumerate(BACKLOG):
        office.type("backlog", first + offset, work_type=row["work_type"])


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_estimate_finds_its_rows(
    office: Office, monkeypatch: pytest.MonkeyPatch, edit: Mapping[str, Any]
) -> None:
    """Whatever moved, each task gets its own hours, and nothing stands anywhere else."""
    known_backlog(office)
    edit_before_next_writes(office, monkeypatch, [edit])

    answer = office.do("estimate")

    assert answer["outcome"] == "done"
    assert hours_by_task(office) == HOURS


@pytest.mark.parametrize(
    "name", [name for name in EDITS if not name.endswith(("sorted", "dragged", "below")) or "column" in name]
)
def test_estimate_finds_rows_without_a_number(
    office: Office, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Rows that were just typed have no mark yet; the tab's last row tells that something moved above it."""
    office.fill_backlog(*BACKLOG)
    edit_before_next_writes(office, monkeypatch, [EDITS[name]])

    answer = office.do("estimate")

    assert answer["outcome"] == "done"
    assert hours_by_task(office) == HOURS
    assert [code for (code,) in office.table("backlog", "id")] == ["ЗРН-1", "ЗРН-2", "ЗРН-3"]


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_start_moves_its_rows(
    office: Office, monkeypatch: pytest.MonkeyPatch, edit: Mapping[str, Any]
) -> None:
    """The tasks stand once, in progress; or the manager is told that the plan is not the same any more."""
    known_backlog(office)
    office.do("estimate")
    preview_id = office.do("build_batch")["data"]["preview_id"]
    edit_before_next_writes(office, monkeypatch, [edit])

    answer = office.do("start_batch", preview_id=preview_id)

    waiting = [task for (task,) in office.table("backlog", "task")]
    started = [task for (task,) in office.table("in_progress", "action")]
    if answer["outcome"] == "done":
        assert (waiting, sorted(set(started))) == ([], ["Баннер", "Лендинг", "Статья"])
        assert len(started) == 5
    else:
        assert answer["http_status"] == 409
        assert (sorted(waiting), started) == (["Баннер", "Лендинг", "Статья"], [])
        assert stored_items(office.services.store) == []


def test_a_row_deleted_meanwhile_stays_deleted(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manager previewed it, somebody deleted it: it is not started, nor its neighbour for it."""
    known_backlog(office)
    office.do("estimate")
    preview_id = office.do("build_batch")["data"]["preview_id"]
    edit_before_next_writes(
        office, monkeypatch, [{"type": "delete_rows", "sheet": "Бэклог", "at": 3, "count": 1}]
    )

    answer = office.do("start_batch", preview_id=preview_id)

    assert (answer["http_status"], answer["details"][0]) == (409, "теперь не вошли бы: ЗРН-2")
    assert [task for (task,) in office.table("backlog", "task")] == ["Баннер", "Статья"]
    assert office.table("in_progress", "action") == []


def test_link_finds_its_row(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cuts a row and pastes it leaves its mark behind: nothing is written into the emptied row."""
    known_backlog(office)
    office.do("estimate")
    office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    tab = office.book().tab("in_progress")
    index = next(row.index for row in tab.rows if tab.cell(row, "action").text == "Статья")
    cut = {"type": "cut_paste", "sheet": "В работе", "from": f"A{index + 1}:O{index + 1}", "to": "A20"}
    edit_before_next_writes(office, monkeypatch, [cut])

    answer = office.do("push")

    tab = office.book().tab("in_progress")
    rows = {row.index: row for row in tab.rows}
    assert answer["outcome"] == "done"
    assert all(cell.is_empty for cell in rows[index].cells)
    assert tab.cell(rows[19], "action").text == "Статья"
    assert tab.cell(rows[19], "card").text == "Открыть"


def test_status_finds_its_row(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tracker's state is written where the action stands now."""
    known_backlog(office)
    office.do("estimate")
    office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    office.do("push")
    office.settle()
    card = next(card for card in office.cards() if "Статья" in card["title"])
    columns = office.kaiten("GET", f"/boards/{card['board_id']}/columns")
    sort = {"type": "sort", "sheet": "В работе", "range": "A2:O6", "column": "B", "order": "DESCENDING"}
    insert = {"type": "insert_rows", "sheet": "В работе", "at": 1, "count": 1}
    edit_before_next_writes(office, monkeypatch, [sort], [insert])

    office.kaiten("PATCH", f"/cards/{card['id']}", column_id=columns[2]["id"])
    office.settle()

    statuses = dict(office.table("in_progress", "action", "status"))
    assert statuses == {"Баннер": "Онбординг", "Лендинг": "Онбординг", "Статья": "На проверке"}


def test_somebody_who_never_stops_gets_a_refusal(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few tries the add-on gives up with a sentence, having written nothing."""
    known_backlog(office)
    insert = {"type": "insert_rows", "sheet": "Бэклог", "at": 2, "count": 1}
    writes = edit_before_next_writes(office, monkeypatch, *([insert] for _ in range(10)))

    answer = office.do("estimate")

    assert (answer["outcome"], answer["http_status"]) == ("refused", 409)
    assert answer["message"].startswith("Пока действие готовилось, таблицу изменили")
    assert len(writes) == 4
    assert set(hours_by_task(office).values()) == {(None, None, None)}


def test_hours_typed_meanwhile_stay(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A specialist types his figure into the cell that the norm is about to fill."""
    known_backlog(office)
    tab, row = office.row("backlog", "ЗРН-2")
    typed = {"type": "type", "sheet": "Бэклог", "cell": tab.address(row, "hours.copy"), "text": "11"}
    writes = edit_before_next_writes(office, monkeypatch, [typed])

    answer = office.do("estimate")

    assert (answer["outcome"], len(writes)) == ("done", 2)
    assert hours_by_task(office) == {**HOURS, "Лендинг": (9.0, 11.0, 20.0)}


def test_a_task_reworded_meanwhile_starts_in_its_new_words(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was previewed has other words now, so that the manager is asked to look again."""
    known_backlog(office)
    office.do("estimate")
    preview_id = office.do("build_batch")["data"]["preview_id"]
    tab, row = office.row("backlog", "ЗРН-3")
    typed = {"type": "type", "sheet": "Бэклог", "cell": tab.address(row, "task"), "text": "Статья о весне"}
    edit_before_next_writes(office, monkeypatch, [typed])

    answer = office.do("start_batch", preview_id=preview_id)

    assert (answer["http_status"], answer["details"]) == (409, ["изменились часы, люди или даты: ЗРН-3"])
    assert ("Статья о весне",) in office.table("backlog", "task")
    assert office.table("in_progress", "action") == []


def test_own_columns_go_to_the_shelf_with_their_row(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person adds to a row in the very second in which it starts is on the shelf with the row."""
    known_backlog(office)
    office.do("estimate")
    preview_id = office.do("build_batch")["data"]["preview_id"]
    tab, row = office.row("backlog", "ЗРН-2")
    own = f"{chr(ord('A') + max(tab.columns.values()) + 1)}{row.index + 1}"
    edit_before_next_writes(
        office,
        monkeypatch,
        [
            {"type": "insert_columns", "sheet": "Бэклог", "at": own[0], "count": 1},
            {"type": "type", "sheet": "Бэклог", "cell": own, "text": "спросить у Оли"},
            {"type": "note", "sheet": "Бэклог", "cell": own, "text": "до пятницы"},
        ],
    )

    answer = office.do("start_batch", preview_id=preview_id)

    assert answer["outcome"] == "done"
    shelf = office.book().tab("taken")
    kept = {row.shelf_mark.value: row.cells for row in shelf.rows if row.shelf_mark}
    added = kept["2"][ord(own[0]) - ord("A")]
    assert (added.value, added.note) == ("спросить у Оли", "до пятницы")
    assert set(kept) == {"1", "2", "3"}


def test_rows_without_a_number_may_be_sorted_meanwhile(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row has a mark yet: what stands in them tells that they changed places."""
    office.fill_backlog(*BACKLOG)
    edit_before_next_writes(office, monkeypatch, [EDITS["the tasks are sorted"]])

    answer = office.do("estimate")

    assert answer["outcome"] == "done"
    assert hours_by_task(office) == HOURS


def test_norms_sorted_meanwhile_keep_their_rows(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of norms have no marks at all, and their figures stay beside their kinds of work."""
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    columns = ("work_type", "profile", "hours_per_unit")
    for number in range(4):
        work = FinishedWork("Баннер", "design", 9.0, 1.0, NOW.date())
        save_history(office.services.store, agency_id, {f"new-{number}": work})
    before = {line[:2]: line[2] for line in office.table("norms", *columns, spreadsheet_id=agency_id)}
    norms = office.book(agency_id).tab("norms")
    last = norms.header_index + 1 + len(before)
    sort = {
        "type": "sort",
        "sheet": norms.title,
        "range": f"A{norms.header_index + 2}:{column_letters(norms.column_count - 1)}{last}",
        "column": column_letters(norms.column("hours_per_unit")),
        "order": "DESCENDING",
    }
    write = office.services.workbooks.batch_update
    waiting = [sort]

    def edit_and_write(spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        if waiting:
            office.edit(waiting.pop(), spreadsheet_id=agency_id)
        return write(spreadsheet_id, requests)

    monkeypatch.setattr(office.services.workbooks, "batch_update", edit_and_write)

    assert office.click(agency_id, "recalculate_norms")["outcome"] == "done"

    after = {line[:2]: line[2] for line in office.table("norms", *columns, spreadsheet_id=agency_id)}
    assert after.keys() == before.keys()
    # Others lean on the same parent, a little.
    moved = {key: abs(after[key] / before[key] - 1) for key in before}
    assert moved.pop(("Баннер", "Дизайн")) > 0.1
    assert max(moved.values()) < 0.05


def test_a_write_that_comes_when_its_promise_was_taken_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes the promise back fences the write off: no row is in progress that nobody has promised."""
    monkeypatch.setenv("VITRINA_LEASE_S", "0.1")
    application.cache_clear()
    known_backlog(office)
    office.do("estimate")
    preview_id = office.do("build_batch")["data"]["preview_id"]
    before = office.table("backlog", "task")
    write: Callable[..., Json] = office.services.workbooks.batch_update
    is_slow = [True]

    def write_slowly(spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        if is_slow.pop() if is_slow else False:
            # The lease runs out, and another click finds no row of what was promised.
            office.do("estimate")
            assert stored_items(office.services.store) == []
            with pytest.raises(ChangedMeanwhileError):
                write(spreadsheet_id, requests)
            # The process dies here; nobody hears of the refusal.
            raise RetriableServiceError("service.no_answer", service="Google")
        return write(spreadsheet_id, requests)

    monkeypatch.setattr(office.services.workbooks, "batch_update", write_slowly)

    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "failed"

    assert office.table("in_progress", "action") == []
    assert office.table("backlog", "task") == before
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
    assert len(office.table("in_progress", "action")) == 5
    # The fence stands now, and keeps nobody out who has seen it.
    assert office.do("undo")["outcome"] == "done"
    assert sorted(office.table("backlog", "task")) == sorted(before)
    preview_id = office.do("build_batch")["data"]["preview_id"]
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"


def test_a_start_that_outlives_its_lease(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another click took the workbook meanwhile: the rows stand once, and what they promise is known."""
    monkeypatch.setenv("VITRINA_LEASE_S", "0.1")
    application.cache_clear()
    known_backlog(office)
    office.do("estimate")
    preview_id = office.do("build_batch")["data"]["preview_id"]
    write: Callable[..., Json] = office.services.workbooks.batch_update
    others: list[dict[str, Any]] = []

    def write_slowly(spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        if not others:
            others.append({})
            others[0] = office.do("start_batch", preview_id=preview_id)
        return write(spreadsheet_id, requests)

    monkeypatch.setattr(office.services.workbooks, "batch_update", write_slowly)

    answer = office.do("start_batch", preview_id=preview_id)

    assert (others[0]["outcome"], answer["outcome"]) == ("done", "refused")
    assert len(office.table("in_progress", "action")) == 5
    promised = stored_items(office.services.store)
    assert sorted((one.task, one.is_reserved) for one in promised) == [
        ("Баннер", False),
        ("Лендинг", False),
        ("Статья", False),
    ]
