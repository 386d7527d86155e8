"""*Собрать неделю…*: a plan of the period, shown before anything is moved."""

from __future__ import annotations

from datetime import date

import pytest

from tests.harness.memory_office import MemoryOffice, client_office, started_office
from tests.harness.stored import stored_document
from vitrina.errors import CellsError, StoreConflictError, UnknownWorkbookError, UserError
from vitrina.operations.answer import Outcome
from vitrina.operations.run import LEASE
from vitrina.records.previews import PREVIEW, preview_from_document
from vitrina.records.work import WORK
from vitrina.texts import render


@pytest.fixture
def office() -> MemoryOffice:
    """A client with an empty backlog."""
    return client_office()


def chosen(office: MemoryOffice, period: str = "current") -> list[str]:
    """Tasks that would be started."""
    return [one["task"] for one in office.do("build_batch", period=period).data["chosen"]]


# --- The main way ------------------------------------------------------------------------------------


def test_plan_is_shown_with_people_and_days(office: MemoryOffice) -> None:
    """Each action of a chosen item has a person, hours and days."""
    office.fill_backlog({"task": "Лендинг", "hours_design": "8", "hours_development": "16"})

    answer = office.do("build_batch")

    assert (answer.outcome, answer.message.code) == (Outcome.DONE, "batch.preview")
    [item] = answer.data["chosen"]
    assert [
        (one["profile"], one["specialist"], one["hours"], one["start_on"], one["due_on"])
        for one in item["actions"]
    ] == [
        ("Дизайн", "Анна Белова", 8.0, date(2026, 11, 23), date(2026, 11, 23)),
        ("Разработка", "Вера Орлова", 16.0, date(2026, 11, 24), date(2026, 11, 25)),
    ]
    assert answer.data["period"]["start_on"] == date(2026, 11, 23)
    assert answer.data["limit"] == {"hours": 100.0, "used_hours": 0.0, "planned_hours": 24.0}


def test_reason_is_given_for_what_is_left_out(office: MemoryOffice) -> None:
    """What has no hours cannot be planned."""
    office.fill_backlog({"task": "Неясная"}, {"task": "Ясная", "hours_copy": "2"})

    answer = office.do("build_batch")

    assert [one["task"] for one in answer.data["chosen"]] == ["Ясная"]
    [left] = answer.data["left_out"]
    assert (left["task"], left["reason"].code) == ("Неясная", "reason.no_estimate")


def test_wanted_days_that_cannot_be_kept_are_told_with_those_that_can(office: MemoryOffice) -> None:
    """One that ends later and one whose day is past; a day that is kept is no news."""
    office.fill_backlog(
        {"task": "Лендинг", "hours_design": "20", "wanted_on": "24.11.2026"},
        {"task": "Баннер", "hours_copy": "2", "wanted_on": "27.11.2026"},
        {"task": "Логотип", "hours_copy": "1", "wanted_on": "20.11.2026"},
    )

    told = [render(one, "ru") for one in office.do("build_batch").details if "wanted" in one.code]

    assert told == [
        "К желаемой дате не успеть: ЗРН-1 (хотели к 24.11.2026, по плану 25.11.2026).",
        "Желаемая дата уже прошла, договоритесь о новой: ЗРН-3.",
    ]


def test_wanted_day_of_what_does_not_enter_is_told_with_its_period(office: MemoryOffice) -> None:
    """The developer's week is spent on what is urgent: the item enters with the next one."""
    office.fill_backlog(
        {"task": "Лендинг", "hours_development": "38", "priority": "Срочно"},
        {"task": "Форма", "hours_development": "9", "wanted_on": "27.11.2026"},
    )

    [told] = [one for one in office.do("build_batch").details if one.code == "batch.wanted_late"]

    expected = "К желаемой дате не успеть: ЗРН-2 (хотели к 27.11.2026, войдёт 30 ноября – 4 декабря)."
    assert render(told, "ru") == expected


def test_nothing_is_written_into_the_workbook(office: MemoryOffice) -> None:
    """Two workbooks are read, once each; the preview is all that is kept."""
    office.fill_backlog({"task": "А", "hours_copy": "2"})
    office.workbooks.calls.clear()

    answer = office.do("build_batch")

    assert office.workbooks.calls == {"read": 2}
    assert office.store.keys(PREVIEW) == [answer.data["preview_id"]]
    assert office.store.keys(WORK) == []


def test_same_plan_is_the_same_preview(office: MemoryOffice) -> None:
    """What it would do decides, not when it was shown."""
    office.fill_backlog({"task": "А", "hours_copy": "2"})
    first = office.do("build_batch").data["preview_id"]
    office.clock.advance(minutes=5)
    assert office.do("build_batch").data["preview_id"] == first

    office.type("backlog", 0, hours_copy="3")

    assert office.do("build_batch").data["preview_id"] != first


def test_next_period_begins_after_this_one(office: MemoryOffice) -> None:
    """All of its days are free."""
    office.fill_backlog({"task": "А", "hours_copy": "2"})

    answer = office.do("build_batch", period="next")

    assert answer.data["period"]["start_on"] == date(2026, 11, 30)
    assert [one["due_on"] for one in answer.data["chosen"]] == [date(2026, 11, 30)]


def test_limit_of_the_contract_holds(office: MemoryOffice) -> None:
    """The hours of the period cannot be more than the client has bought."""
    office.set_field("limit_hours", "5")
    office.fill_backlog({"task": "Первая", "hours_copy": "4"}, {"task": "Вторая", "hours_design": "4"})

    answer = office.do("build_batch")

    assert [one["task"] for one in answer.data["chosen"]] == ["Первая"]
    [left] = answer.data["left_out"]
    assert left["reason"].where["why"].code == "reason.project_limit"


def test_promises_to_other_clients_are_not_promised_again(office: MemoryOffice) -> None:
    """A person's hours are one pot for all clients."""
    office.start({"task": "Большая", "hours_development": "38"})
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.fill_backlog(
        {"task": "Форма", "hours_development": "3"}, {"task": "Кнопка", "hours_development": "2"}
    )

    assert chosen(office) == ["Кнопка"]


def test_what_the_sheet_says_is_done_frees_its_person() -> None:
    """Also before anybody told the store: done hours of this project are not busy hours."""
    office = started_office()
    for row in range(4):
        office.type("in_progress", row, status="Выполнено")
    office.fill_backlog({"task": "Ещё", "hours_development": "40"})

    answer = office.do("build_batch")

    [item] = answer.data["chosen"]
    assert item["due_on"] == date(2026, 11, 27)
    # 9 + 4 + 3, and of 20 hours from Thursday on 8 + 8 within the week.
    assert answer.data["limit"]["used_hours"] == 32.0


# --- What is refused ---------------------------------------------------------------------------------


def test_bad_cells_of_both_workbooks_are_told_together(office: MemoryOffice) -> None:
    """The manager puts all of them right in one go."""
    office.fill_backlog({"task": "А", "hours_copy": "день"})
    office.type("specialists", 0, office.agency_id, hours_per_day="много")
    office.set_field("limit_hours", "сто")

    with pytest.raises(CellsError) as refused:
        office.do("build_batch")

    assert sorted(one.sheet for one in refused.value.problems) == ["Бэклог", "Клиент", "Специалисты"]
    assert office.store.keys(PREVIEW) == []


def test_empty_backlog_is_refused(office: MemoryOffice) -> None:
    """There is nothing to plan."""
    with pytest.raises(UserError) as refused:
        office.do("build_batch")

    assert refused.value.code == "backlog.empty"


def test_workbook_of_the_agency_is_no_client(office: MemoryOffice) -> None:
    """There is no backlog in it."""
    with pytest.raises(UnknownWorkbookError):
        office.do("build_batch", office.agency_id)


# --- In the middle -----------------------------------------------------------------------------------


def test_preview_waits_for_nobody(office: MemoryOffice) -> None:
    """It takes no lease: another action at work on the workbook does not keep a manager from looking."""
    office.fill_backlog({"task": "А", "hours_copy": "2"})
    office.new_run().take(office.client_id)

    assert chosen(office) == ["А"]
    assert office.store.keys(LEASE) == [office.client_id]


def test_start_of_the_same_project_in_the_middle() -> None:
    """The work read first is not the work of all clients read later: no plan is made of two states."""
    office = started_office()
    office.fill_backlog({"task": "Ещё", "hours_copy": "2"})
    office.workbooks.after("read", lambda: office.change_item(1, is_done=True))

    with pytest.raises(StoreConflictError):
        office.do("build_batch")

    assert office.do("build_batch").outcome is Outcome.DONE


def test_team_is_kept_with_the_preview(office: MemoryOffice) -> None:
    """Starting it plans with the people that were shown, without reading the agency's workbook."""
    office.fill_backlog({"task": "А", "hours_copy": "2"})
    preview_id = office.do("build_batch").data["preview_id"]

    preview = preview_from_document(office.store, stored_document(office.store, PREVIEW, preview_id))

    assert preview is not None
    assert [one.name for one in preview.team.specialists] == ["Анна Белова", "Борис Ким", "Вера Орлова"]
    assert preview.spreadsheet_id == office.client_id
