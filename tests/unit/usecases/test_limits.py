"""Each limit is told before it is reached, and where it is crossed, and nothing is half done then."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.harness.memory_office import MemoryOffice, SavedOffice, client_office
from vitrina.domain import limits
from vitrina.domain.limits import MOST_NAME, is_soon
from vitrina.errors import CellsError, UserError
from vitrina.operations.answer import Answer
from vitrina.usecases.actions import ACTIONS

ROWS = [{"task": f"Баннер {number}", "work_type": "Баннер"} for number in range(10)]
TAB_OF_PLANNING = ("estimate", "build_batch", "preview_replan")

Limit = Callable[[str, str, int], None]


@cache
def _saved(count: int) -> SavedOffice:
    office = client_office()
    office.fill_backlog(*ROWS[:count])
    return office.save()


def backlog_of(count: int) -> MemoryOffice:
    """An office whose client has so many rows in the backlog."""
    return MemoryOffice(_saved(count))


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Sets the most rows of a tab."""

    def put(tab: str, column: str, most: int) -> None:
        monkeypatch.setattr(limits, "MOST_ROWS", limits.MOST_ROWS)
        monkeypatch.setitem(limits.MOST_ROWS, (tab, column), most)  # type: ignore[arg-type]

    return put


def problems_of(office: MemoryOffice, action: str, book: str = "") -> list[str]:
    """Codes with the cells of what an action refuses."""
    with pytest.raises(CellsError) as refused:
        office.do(action, book)
    return [f"{one.cell} {one.code}" for one in refused.value.problems]


def told(answer: Answer) -> list[str]:
    """Codes of the sentences beside the first one."""
    return [one.code for one in answer.details]


@pytest.mark.parametrize(("count", "is_told"), [(9, False), (10, True)])
def test_rows_are_told_before_there_are_too_many(limit: Limit, count: int, *, is_told: bool) -> None:
    """From nine tenths of the limit on, by all that plan, and by the check."""
    limit("backlog", "task", 10)
    office = backlog_of(count)

    answers = [office.do(one) for one in ("estimate", "build_batch", "check_book")]

    assert [("limit.rows_soon" in told(one)) for one in answers] == [is_told] * 3


@pytest.mark.parametrize("action", ["estimate", "build_batch"])
def test_one_row_more_is_refused_at_its_cell(limit: Limit, action: str) -> None:
    """Nothing is written; the check names the cell too."""
    limit("backlog", "task", 3)
    office = backlog_of(4)
    before = office.workbooks.save()

    assert problems_of(office, action) == ["C5 limit.rows"]
    assert office.workbooks.save() == before
    assert [one.code for one in office.do("check_book").cells] == ["limit.rows"]


def test_a_batch_that_was_previewed_is_not_started_over_the_limit(limit: Limit) -> None:
    """Rows that came after the preview: nothing moves."""
    office = backlog_of(3)
    office.do("estimate")
    preview_id = office.do("build_batch").data["preview_id"]
    limit("backlog", "task", 2)

    with pytest.raises(CellsError):
        office.do("start_batch", preview_id=preview_id)

    assert office.items() == {} or not office.items()


@pytest.mark.parametrize(
    ("tab", "column", "code"),
    [("specialists", "name", "limit.rows"), ("absences", "specialist", "limit.rows")],
)
def test_people_and_absences_have_limits(limit: Limit, tab: str, column: str, code: str) -> None:
    """Of the agency's workbook, told by all that plans."""
    office = backlog_of(1)
    office.type("absences", 0, office.agency_id, specialist="Анна Белова", first_day="24.11.2026")
    limit(tab, column, 0)

    assert any(one.endswith(code) for one in problems_of(office, "build_batch"))
    assert any(one.endswith(code) for one in problems_of(office, "update_load", office.agency_id))


def test_columns_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the first column that is too many."""
    office = backlog_of(1)
    monkeypatch.setattr("vitrina.workbook.size.MOST_COLUMNS", 5)

    assert "F1 limit.columns" in problems_of(office, "estimate")


@pytest.mark.parametrize(("more", "is_refused"), [(0, False), (1, True)])
def test_a_name_has_a_limit(more: int, *, is_refused: bool) -> None:
    """It is exact."""
    office = backlog_of(1)
    office.type("backlog", 0, task="я" * (MOST_NAME + more))

    if is_refused:
        assert problems_of(office, "estimate") == ["C2 limit.text"]
    else:
        office.do("estimate")


@pytest.mark.parametrize(("last", "is_refused"), [("22.11.2028", False), ("24.11.2028", True)])
def test_an_absence_has_a_longest_time(last: str, *, is_refused: bool) -> None:
    """Two years; a year that was mistyped is told, and no calendar of centuries is computed."""
    office = backlog_of(1)
    office.do("estimate")
    days = {"first_day": "23.11.2026", "last_day": last}
    office.type("absences", 0, office.agency_id, specialist="Анна Белова", **days)

    if is_refused:
        assert any(one.endswith("limit.absence") for one in problems_of(office, "build_batch"))
    else:
        office.do("build_batch")


def test_projects_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told with the last ones, refused at the next click."""
    office = client_office()
    monkeypatch.setattr("vitrina.usecases.clients.create_client.MOST_PROJECTS", 2)
    form = {"project_name": "Лавка", "code": "ВСТ", "client_name": "Восток"}

    answer = office.do("new_client", **form)
    with pytest.raises(UserError) as refused:
        ACTIONS["new_client"].check(office.services, office.agency_id, {**form, "code": "ЗПД"})

    assert "limit.projects_soon" in told(answer)
    assert (refused.value.code, refused.value.where) == ("limit.projects", {"count": 2, "most": 2})


@pytest.mark.parametrize(("most", "code"), [(2, "limit.in_progress_soon"), (1, "limit.in_progress")])
def test_items_in_progress_have_a_limit(monkeypatch: pytest.MonkeyPatch, most: int, code: str) -> None:
    """The preview tells it; the start refuses, and reserves nothing."""
    office = backlog_of(2)
    office.do("estimate")
    monkeypatch.setattr("vitrina.project.snapshot.MOST_IN_PROGRESS", most)
    preview = office.do("build_batch")

    assert told(preview)[0] == code
    if code == "limit.in_progress":
        with pytest.raises(UserError) as refused:
            office.do("start_batch", preview_id=preview.data["preview_id"])
        assert refused.value.code == code
        assert not office.items()
    else:
        assert office.do("start_batch", preview_id=preview.data["preview_id"]).data["started"]


def test_a_start_leaves_no_more_rows_than_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next click would be refused for what Vitrina itself has written."""
    office = backlog_of(2)
    office.do("estimate")
    monkeypatch.setattr("vitrina.project.snapshot.MOST_ROWS", {("in_progress", "action"): 1})
    preview = office.do("build_batch")

    assert told(preview)[0] == "limit.work_rows"
    with pytest.raises(UserError) as refused:
        office.do("start_batch", preview_id=preview.data["preview_id"])
    assert (refused.value.code, refused.value.where["count"]) == ("limit.work_rows", 2)
    assert not office.items()


def test_work_types_beyond_the_list_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google takes so many choices of a drop-down."""
    office = client_office()
    monkeypatch.setattr("vitrina.usecases.agency.recalculate_norms.MOST_CHOICES", 1)

    assert "limit.work_types" in told(office.do("recalculate_norms"))


@pytest.mark.parametrize(("count", "expected"), [(90, False), (91, True), (100, True), (101, False)])
def test_soon_is_the_last_tenth(count: int, *, expected: bool) -> None:
    """Of a limit of 100."""
    assert is_soon(count, 100) is expected


def test_an_agency_begins_with_more_people_than_a_tab_has_rows() -> None:
    """*Специалисты* has 40 formatted rows; 60 people find their place."""
    team = [
        {"name": f"Человек {number}", "email": f"p{number}@mayak.example", "profiles": "Дизайн"}
        for number in range(60)
    ]
    office = MemoryOffice()

    office.set_up_agency(team=team)

    named = office.table("specialists", "name", spreadsheet_id=office.agency_id)
    assert named == [(one["name"],) for one in team]
