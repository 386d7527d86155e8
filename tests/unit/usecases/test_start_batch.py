"""Start of a batch: exactly what was previewed moves, or nothing does."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import pytest

from tests.harness.agency_data import NOW
from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.memory_office import MemoryOffice, SavedOffice, client_office
from tests.harness.stored import stored_document, tracked_state
from vitrina.errors import (
    AccessDeniedError,
    BusyError,
    ChangedMeanwhileError,
    RetriableServiceError,
    UserError,
)
from vitrina.operations.answer import Outcome
from vitrina.operations.run import LEASE
from vitrina.project.resources import PLAN, plan_lease
from vitrina.records.books import load_agency, load_project
from vitrina.records.undo import UNDO
from vitrina.records.work import WORK

#: Rows of backlogs, by task.
ROWS = {
    one["task"]: one
    for one in (
        {"task": "Баннер", "work_type": "Баннер"},
        {"task": "Лендинг", "work_type": "Лендинг"},
        {"task": "Неясная"},
        {"task": "Большая", "hours_development": "38"},
        {"task": "Макет", "hours_design": "5"},
        {"task": "Письмо", "hours_copy": "5"},
    )
}


def previewed(*tasks: str) -> tuple[MemoryOffice, str]:
    """An office whose client has these tasks in the backlog, and the id of a preview of it."""
    saved, preview_id = _saved_preview(*tasks)
    return MemoryOffice(saved), preview_id


@cache
def _saved_preview(*tasks: str) -> tuple[SavedOffice, str]:
    office = client_office()
    preview_id = preview(office, *tasks)
    return office.save(), preview_id


def preview(office: MemoryOffice, *tasks: str) -> str:
    """Put tasks into an empty backlog; gives the id of a preview of it."""
    office.fill_backlog(*(ROWS[task] for task in tasks))
    office.do("estimate")
    preview_id: str = office.do("build_batch").data["preview_id"]
    return preview_id


def started(office: MemoryOffice) -> list[str]:
    """Actions in progress by the sheet."""
    return [task for (task,) in office.table("in_progress", "action")]


def entries(office: MemoryOffice) -> list[tuple[str, bool]]:
    """Actions that can be undone, and whether their write is in doubt."""
    document = stored_document(office.store, UNDO, office.client_id)
    assert document is not None
    return [(one["action"], one["is_pending"]) for one in document.data["entries"]]


# --- The main way ------------------------------------------------------------------------------------


def test_rows_leave_the_backlog() -> None:
    """One row for each action, with its person and days; what is left says why."""
    office, preview_id = previewed("Баннер", "Неясная")

    answer = office.do("start_batch", preview_id=preview_id)

    assert (answer.outcome, answer.data["started"]) == (Outcome.DONE, ["ЗРН-1"])
    assert office.table("in_progress", "id", "action", "specialist", "hours", "status") == [
        ("ЗРН-1", "Баннер", "Анна Белова", 3.0, "Онбординг")
    ]
    [(task, reason)] = office.table("backlog", "task", "reason")
    assert task == "Неясная"
    assert reason


def test_items_are_kept_as_started() -> None:
    """Hours by person and day, what the norms said, and nothing reserved any more."""
    office, preview_id = previewed("Лендинг")

    office.do("start_batch", preview_id=preview_id)

    [item] = office.items().values()
    assert (item.code, item.is_reserved, item.is_done, item.card_id) == ("ЗРН-1", False, False, "")
    assert [(one.profile, one.specialist, one.hours) for one in item.actions] == [
        ("design", "Анна Белова", 9.0),
        ("copy", "Борис Ким", 4.0),
        ("development", "Вера Орлова", 20.0),
    ]
    assert sum(item.actions[0].day_hours.values()) == pytest.approx(9.0)
    assert item.actions[0].typical_hours == pytest.approx(9.0)


def test_costs_one_read_and_one_write() -> None:
    """Rows and calendar move in one atomic call; no lease is left."""
    office, preview_id = previewed("Баннер", "Лендинг")
    office.workbooks.calls.clear()

    office.do("start_batch", preview_id=preview_id)

    assert office.workbooks.calls == {"read": 1, "batch_update": 1}
    assert office.store.keys(LEASE) == []


def test_what_the_period_passed_over_is_counted() -> None:
    """Lack of room counts, once for each period; lack of an estimate does not."""
    office = client_office()
    office.set_field("limit_hours", "4")
    preview_id = preview(office, "Баннер", "Макет", "Неясная")

    office.do("start_batch", preview_id=preview_id)

    assert tracked_state(office.store, office.client_id).value.passed_over == {2: (date(2026, 11, 23),)}


# --- What is refused ---------------------------------------------------------------------------------


def test_second_click_is_told_that_it_is_started() -> None:
    """Nothing moves again."""
    office, preview_id = previewed("Баннер")
    office.do("start_batch", preview_id=preview_id)

    with pytest.raises(UserError) as refused:
        office.do("start_batch", preview_id=preview_id)

    assert refused.value.code == "batch.already_started"
    assert started(office) == ["Баннер"]


@pytest.mark.parametrize("preview_id", ["nobody-saw-this", ""])
def test_preview_that_is_not_there(preview_id: str) -> None:
    """It was deleted after a week, or never shown."""
    office, _ = previewed("Баннер")

    with pytest.raises(UserError) as refused:
        office.do("start_batch", preview_id=preview_id)

    assert refused.value.code == "batch.no_preview"


def test_preview_of_another_workbook() -> None:
    """It cannot be started here."""
    office, preview_id = previewed("Баннер")
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")

    with pytest.raises(UserError) as refused:
        office.do("start_batch", preview_id=preview_id)

    assert refused.value.code == "batch.no_preview"


def test_preview_of_nothing() -> None:
    """Where nothing fits there is nothing to start."""
    office, preview_id = previewed("Неясная")

    with pytest.raises(UserError) as refused:
        office.do("start_batch", preview_id=preview_id)

    assert refused.value.code == "batch.nothing_fits"


def test_sheet_that_changed_since_the_preview() -> None:
    """The manager is told which items would be otherwise; hours that were promised are free again."""
    office, preview_id = previewed("Макет", "Письмо")
    office.type("backlog", 0, hours_design="6")
    office.type("backlog", 2, task="В", hours_copy="1")

    with pytest.raises(ChangedMeanwhileError) as refused:
        office.do("start_batch", preview_id=preview_id)

    assert refused.value.code == "batch.changed"
    changes = refused.value.where["changes"]
    assert [(one.code, one.where["items"]) for one in changes] == [
        ("batch.would_enter", ["ЗРН-3"]),
        ("batch.would_differ", ["ЗРН-1"]),
    ]
    assert (started(office), office.items(), office.store.keys(LEASE)) == ([], {}, [])


def test_day_that_has_passed_since_the_preview() -> None:
    """What was planned for yesterday cannot be started as it was shown."""
    office, preview_id = previewed("Баннер")
    office.clock.set(NOW + timedelta(days=1))

    with pytest.raises(ChangedMeanwhileError):
        office.do("start_batch", preview_id=preview_id)

    assert office.items() == {}


def test_hours_that_another_client_took_meanwhile() -> None:
    """Of two previews over the same person's hours one can be started."""
    office, preview_id = previewed("Большая")
    first_id = office.client_id
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.start({"task": "Чужая", "hours_development": "30"})
    office.client_id = first_id

    with pytest.raises(ChangedMeanwhileError):
        office.do("start_batch", preview_id=preview_id)

    assert office.items() == {}


# --- In the middle -----------------------------------------------------------------------------------


def test_answer_of_the_write_is_lost() -> None:
    """The promise stays; the next reading sees the rows, so that the items are started."""
    office, preview_id = previewed("Баннер")
    office.workbooks.after("batch_update", no_answer())
    with pytest.raises(RetriableServiceError):
        office.do("start_batch", preview_id=preview_id)
    assert [item.is_reserved for item in office.items().values()] == [True]
    assert entries(office)[-1] == ("start_batch", True)

    with pytest.raises(UserError) as refused:
        office.do("start_batch", preview_id=preview_id)
    assert refused.value.code == "batch.already_started"
    assert [item.is_reserved for item in office.items().values()] == [False]
    assert started(office) == ["Баннер"]


def test_write_that_did_not_happen() -> None:
    """The next reading sees no rows: the promise is taken back, and the batch can be started."""
    office, preview_id = previewed("Баннер")
    office.workbooks.before("batch_update", busy())
    with pytest.raises(RetriableServiceError):
        office.do("start_batch", preview_id=preview_id)
    assert [item.is_reserved for item in office.items().values()] == [True]

    assert office.do("start_batch", preview_id=preview_id).outcome is Outcome.DONE

    assert started(office) == ["Баннер"]
    assert [item.is_reserved for item in office.items().values()] == [False]


def test_write_on_its_way_is_fenced_off() -> None:
    """Whoever finds no rows of a promise moves the fence, so that the late write is refused."""
    office, preview_id = previewed("Баннер")
    late: list[tuple[str, list[object]]] = []
    write = office.workbooks.batch_update

    def keep(spreadsheet_id: str, requests: list[object]) -> None:
        late.append((spreadsheet_id, requests))
        raise RetriableServiceError("service.no_answer", service="Google")

    office.workbooks.batch_update = keep  # type: ignore[method-assign,assignment]
    with pytest.raises(RetriableServiceError):
        office.do("start_batch", preview_id=preview_id)
    office.workbooks.batch_update = write  # type: ignore[method-assign]

    office.do("estimate")
    assert office.items() == {}
    with pytest.raises(ChangedMeanwhileError):
        write(*late[0])  # type: ignore[arg-type]

    assert started(office) == []


def test_write_refused_by_a_moved_row() -> None:
    """It is planned and written once more; the item is promised once."""
    office, preview_id = previewed("Баннер", "Лендинг")
    tab = office.tab("backlog")
    sort = {"type": "insert_rows", "sheet": tab.title, "at": tab.header_index + 2, "count": 1}
    office.workbooks.before("batch_update", lambda: office.edit(sort))

    office.do("start_batch", preview_id=preview_id)

    assert sorted(set(started(office))) == ["Баннер", "Лендинг"]
    assert sorted(office.items()) == [1, 2]
    assert office.table("backlog", "task") == []


def test_row_changed_right_before_the_write() -> None:
    """The write is refused, the new plan is another one, and nothing stays promised."""
    office, preview_id = previewed("Баннер")
    office.workbooks.before("batch_update", lambda: office.type("backlog", 0, task="Другой баннер"))

    with pytest.raises(ChangedMeanwhileError) as refused:
        office.do("start_batch", preview_id=preview_id)

    assert refused.value.code == "batch.changed"
    assert (started(office), office.items()) == ([], {})
    assert office.table("backlog", "task") == [("Другой баннер",)]


def test_write_that_google_denies() -> None:
    """What is promised is taken back at once, so that others do not wait for these hours."""
    office, preview_id = previewed("Баннер")

    def deny() -> None:
        raise AccessDeniedError("google.protected", service="Google", status=400)

    office.workbooks.before("batch_update", deny)
    with pytest.raises(AccessDeniedError):
        office.do("start_batch", preview_id=preview_id)

    assert office.items() == {}
    assert office.store.keys(LEASE) == []


def test_lease_taken_over_before_the_promise() -> None:
    """A run that slept longer than its lease promises and writes nothing."""
    office, preview_id = previewed("Баннер")

    def take_over() -> None:
        office.clock.advance(seconds=91)
        office.new_run().take(office.client_id)

    office.workbooks.after("read", take_over)
    with pytest.raises(BusyError):
        office.do("start_batch", preview_id=preview_id)

    assert (started(office), office.items()) == ([], {})


def test_lease_taken_over_between_promise_and_write() -> None:
    """Another start of the same preview comes between: rows stand once, and one promise is known."""
    office, preview_id = previewed("Лендинг")

    def overtake() -> None:
        office.clock.advance(seconds=91)
        office.do("start_batch", preview_id=preview_id)

    office.workbooks.before("batch_update", overtake)
    with pytest.raises((BusyError, UserError)):
        office.do("start_batch", preview_id=preview_id)

    assert len(started(office)) == 3
    assert [(item.number, item.is_reserved) for item in office.items().values()] == [(1, False)]


def test_hours_promised_between_reading_and_committing() -> None:
    """Another client's start took the person after our sheet was read: our plan is made of what is left."""
    office, preview_id = previewed("Большая")
    own_id = office.client_id
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    other_preview_id = preview(office, "Большая")
    other_id = office.client_id
    office.client_id = own_id
    office.workbooks.after("read", lambda: office.do("start_batch", other_id, preview_id=other_preview_id))

    with pytest.raises(ChangedMeanwhileError):
        office.do("start_batch", preview_id=preview_id)

    assert office.items() == {}
    assert [item.code for item in office.items(other_id).values()] == ["УЛБ-1"]


def test_starts_of_an_agency_promise_one_after_the_other() -> None:
    """Whoever plans holds the lease of the agency's plan; the other one waits for it."""
    office, preview_id = previewed("Баннер")
    planning = office.new_run()
    planning.take(plan_lease(load_agency(office.store, office.agency_id)))
    # The first look at the lease after the sheet was read finds it held.
    office.workbooks.after("read", lambda: office.store.after("get_many", planning.end))

    assert office.do("start_batch", preview_id=preview_id).outcome is Outcome.DONE

    assert office.store.keys(LEASE) == []


def test_work_changed_between_reading_and_committing() -> None:
    """An item that a webhook changed meanwhile keeps its change, and the batch is started beside it."""
    office = client_office()
    office.start(ROWS["Баннер"])
    preview_id = preview(office, "Лендинг")
    office.workbooks.after("read", lambda: office.change_item(1, card_id="77"))

    assert office.do("start_batch", preview_id=preview_id).outcome is Outcome.DONE

    items = office.items()
    assert (items[1].card_id, sorted(items)) == ("77", [1, 2])


def test_work_changed_between_promise_and_end() -> None:
    """What another run wrote after the promise survives the end of the start."""
    office = client_office()
    office.start(ROWS["Баннер"])
    preview_id = preview(office, "Лендинг")
    office.workbooks.before("batch_update", lambda: office.change_item(1, card_id="77"))

    office.do("start_batch", preview_id=preview_id)

    items = office.items()
    assert (items[1].card_id, items[2].is_reserved) == ("77", False)


def test_numbers_count_on() -> None:
    """The highest number is kept with the promise, in the documents of this project and agency alone."""
    office, preview_id = previewed("Баннер")

    office.do("start_batch", preview_id=preview_id)

    assert load_project(office.store, office.client_id).last_number == 1
    assert office.store.keys(PLAN) == [office.agency_id]
    assert office.store.keys(WORK) == [office.client_id]
