"""Rows of the workbooks: the meaning of typed values, and errors for unreadable cells."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.parsing import parsed
from tests.unit.workbook.books import BACKLOG_COLUMNS, CHOICES, TODAY, backlog, cell, resource, sheet
from vitrina.domain.backlog import ActionStatus, Priority
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.estimating.norms import Norms
from vitrina.errors import CellsError
from vitrina.project.planner_input import plan_row
from vitrina.workbook.reading.backlog_rows import Backlog, read_backlog
from vitrina.workbook.reading.book import Book, row_number_of_action
from vitrina.workbook.reading.identity import identify_backlog, identify_progress
from vitrina.workbook.reading.settings import ProjectTerms, read_terms
from vitrina.workbook.reading.team import Team, read_team
from vitrina.workbook.reading.work_rows import WorkRows, read_work


def read(*rows: tuple[int | None, dict[str, Any]], last_number: int = 0) -> Backlog:
    """A backlog as the estimate reads it."""
    return read_book(backlog(*rows), last_number=last_number)


def read_book(book: Book, *, last_number: int = 0) -> Backlog:
    """The backlog of a workbook of which nothing was started."""
    identity = identify_backlog(book, (), in_progress=(), prefix="ЗРН", last_number=last_number)
    return read_backlog(book, CHOICES, identity=identity, prefix="ЗРН", today=TODAY)


def problems(error: CellsError | Backlog) -> dict[str, str]:
    """Code by address."""
    return {problem.cell: problem.code for problem in error.problems}


def test_only_rows_with_a_task_count() -> None:
    """Rows with only spaces or figures have no task."""
    result = read((None, {"task": "  "}), (None, {"hours.design": 3}), (None, {}), (None, {"task": "А"}))

    assert [row.task for row in result.rows] == ["А"]
    assert result.problems == ()


# --- Rows that were read before ------------------------------------------------------------------


def test_a_row_that_was_read_before_is_read_at_its_place() -> None:
    """Rows change their places, numbers and columns between two readings, with the same cells."""
    first, second = {"task": "А", "hours.design": 3}, {"task": "Б", "priority": "срочный", "quantity": 2}
    read((1, first), (2, second))

    moved = read((2, second), (3, first))
    [other] = read_book(backlog((1, first), columns=BACKLOG_COLUMNS[::-1])).rows

    assert [(row.row.index, row.code, row.task) for row in moved.rows] == [
        (2, "ЗРН-2", "Б"),
        (3, "ЗРН-3", "А"),
    ]
    assert [(row.quantity, row.hours) for row in moved.rows] == [(2, {}), (1, {"design": 3})]
    assert (other.task, other.hours, other.priority) == ("А", {"design": 3}, Priority.NORMAL)


def test_a_bad_cell_is_told_by_each_reading() -> None:
    """Also where it stands elsewhere meanwhile."""
    bad, good = {"task": "А", "hours.design": "много"}, {"task": "Б"}

    before, after = read((1, bad), (2, good)), read((2, good), (1, bad))

    assert (problems(before), problems(after)) == ({"G3": "cell.hours_text"}, {"G4": "cell.hours_text"})


def test_a_tick_is_no_number() -> None:
    """It is told where 1 was read before, although Python takes both for equal."""
    rows = [(1, {"task": "А", "quantity": value, "hours.copy": 2}) for value in (1.0, True, 1.0)]

    assert [problems(read(row)) for row in rows] == [{}, {"F3": "cell.quantity"}, {}]


def test_days_without_a_year_are_read_anew_each_day() -> None:
    """The same cell means another day after the end of the year."""
    book = backlog((1, {"task": "А", "wanted_on": "25.11"}))
    identity = identify_backlog(book, (), in_progress=(), prefix="ЗРН", last_number=1)
    days = [
        read_backlog(book, CHOICES, identity=identity, prefix="ЗРН", today=today).rows[0].wanted_on
        for today in (TODAY, TODAY.replace(year=TODAY.year + 1))
    ]

    assert [day and day.year for day in days] == [TODAY.year, TODAY.year + 1]


# --- Cells ---------------------------------------------------------------------------------------


def test_what_a_row_says() -> None:
    """A row may have labels in any language and case, hours in words, days as texts, and dependencies."""
    result = read(
        (
            1,
            {
                "task": "А",
                "priority": "urgent",
                "quantity": "1 000,5",
                "hours.design": "1 ч 30 мин",
                "hours.copy": 0,
                "wanted_on": "25.11",
                "depends_on": "ЗРН-2; 3",
            },
        ),
        (2, {"task": "Б", "priority": "ВЫСОКИЙ"}),
        (3, {"task": "В", "hours.design": cell(2, formula="=1+1")}),
    )

    assert result.problems == ()
    first, second, third = result.rows
    assert (first.priority, first.quantity, first.depends_on) == (Priority.URGENT, 1000.5, (2, 3))
    assert first.hours == {"design": 1.5, "copy": 0.0}
    assert (first.wanted_on and first.wanted_on.isoformat()) == "2026-11-25"
    assert (second.priority, second.quantity, second.hours) == (Priority.HIGH, 1.0, {})
    assert (third.priority, third.formula_profiles) == (Priority.NORMAL, {"design"})
    parts = plan_row(Norms(), first, first.hours, frozenset())
    assert {profile: part.hours for profile, part in parts.items()} == {"design": 1.5}


MAY_DAY = 46143  # 1 May 2026, which 1.5 becomes in a Russian workbook


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("hours.design", "много", "cell.hours_text"),
        ("hours.design", True, "cell.hours_text"),
        ("hours.design", -0.5, "cell.hours_range"),
        ("hours.design", 1000.5, "cell.hours_range"),
        ("hours.design", MAY_DAY, "cell.hours_date"),  # the column's own number format stayed
        ("hours.design", 90 / 1440, "cell.hours_clock"),  # typed as 1:30
        ("hours.design", 480 / 1440, "cell.hours_clock"),  # 8:00
        ("hours.design", cell(ValueError), "cell.formula_error"),
        ("quantity", "много", "cell.quantity"),
        ("quantity", 0, "cell.quantity"),
        ("quantity", -2, "cell.quantity"),
        ("quantity", MAY_DAY, "cell.quantity_date"),
        ("quantity", cell(ValueError), "cell.formula_error"),
        ("wanted_on", "скоро", "cell.day"),
        ("wanted_on", 5, "cell.day"),
        ("wanted_on", cell(ValueError), "cell.formula_error"),
        ("priority", "Вчера", "cell.choice"),
        ("priority", cell(ValueError), "cell.formula_error"),
        ("work_type", cell(ValueError), "cell.formula_error"),
        ("depends_on", "вон та", "cell.depends_on"),
        ("depends_on", "ЗРН-99", "cell.depends_on"),
        ("depends_on", "ЗРН-1", "cell.depends_on_itself"),
    ],
)
def test_a_cell_that_means_nothing_is_named(column: str, value: Any, code: str) -> None:
    """An unreadable cell is one problem with its address; the rest of the row is still read."""
    result = read((1, {"task": "А", column: value, "result": "Б"}))

    address = f"{'ABCDEFGHIJK'[BACKLOG_COLUMNS.index(column)]}3"
    assert problems(result) == {address: code}
    assert len(result.rows) == 1
    with pytest.raises(CellsError):
        result.require_good_cells()


def test_a_task_that_is_an_error_is_not_passed_over() -> None:
    """#REF! in the task's cell is reported; otherwise the row would silently be missing in the plan."""
    result = read((1, {"task": cell(ValueError, formula="=IMPORTRANGE(1)")}))

    assert problems(result) == {"C3": "cell.formula_error"}


def test_the_hint_repeats_what_was_typed() -> None:
    """For 1.5, which became the first of May, the sentence suggests 1,5."""
    [problem] = read((1, {"task": "А", "hours.design": MAY_DAY})).problems

    assert dict(problem.where)["hint"] == "1,5"


def test_bad_cells_of_all_rows_are_gathered() -> None:
    """Bad cells of all rows are reported together, each once."""
    result = read(
        (1, {"task": "А", "hours.design": "?", "hours.copy": -1, "result": cell(ValueError)}),
        (2, {"task": "Б", "priority": "?"}),
    )

    assert problems(result) == {
        "D3": "cell.formula_error",
        "G3": "cell.hours_text",
        "H3": "cell.hours_range",
        "B4": "cell.choice",
    }
    assert len(result.problems) == 4


# --- What is in progress -------------------------------------------------------------------------


WORK_COLUMNS = ("id", "action", "profile", "specialist", "hours", "start_on", "due_on", "status", "card")


def work(*rows: tuple[int | None, dict[str, Any]]) -> WorkRows:
    """*В работе* of a workbook from before it had columns of progress and logged hours."""
    book = parsed(resource(sheet("in_progress", WORK_COLUMNS, list(rows))))
    return read_work(book, CHOICES, identity=identify_progress(book, (), prefix="ЗРН"), today=TODAY)


def test_actions_are_read_with_unreadable_cells() -> None:
    """An unreadable figure counts as empty; people's own rows, without a number, are not actions."""
    second = row_number_of_action(4, 1)
    result = work(
        (4, {"id": "ЗРН-4", "action": "А", "hours": "?", "due_on": "когда-нибудь", "status": "почти"}),
        (second, {"id": "ЗРН-4", "action": "А", "hours": 2.5, "due_on": MAY_DAY, "status": "Выполнено"}),
        (None, {"action": "Своё"}),
    )

    spoilt, good = result.actions
    assert (spoilt.planned_hours, spoilt.due_on, spoilt.status) == (0.0, None, ActionStatus.ONBOARDING)
    assert (good.hours, good.status, good.item_number, good.position) == (2.5, ActionStatus.DONE, 4, 1)
    assert (good.due_on and good.due_on.isoformat()) == "2026-05-01"
    assert (good.progress, good.logged_hours, len(result.rows)) == ("", None, 3)


def test_one_day_is_the_first_and_the_last() -> None:
    """A single day is both the first and the last one."""
    [row] = work((4, {"action": "А", "specialist": "Анна", "hours": 1, "due_on": MAY_DAY})).rows

    assert row.start_on is None
    assert row.first_day == row.last_day == row.due_on is not None
    assert row.is_readable


def test_open_work_that_lacks_something() -> None:
    """Missing values of open work are problems, in people's rows too; finished work has none."""
    result = work(
        (None, {"action": "Своё", "hours": "?"}),
        (4, {"action": "А", "hours": "?", "status": "Выполнено"}),
        (None, {"hours": 3}),
        (None, {"specialist": "Анна", "hours": 3, "start_on": MAY_DAY + 1, "due_on": MAY_DAY}),
    )

    assert [(row.row.index + 1, row.is_readable) for row in result.rows] == [
        (3, False),
        (4, True),
        (6, False),
    ]
    assert {problem.cell: problem.code for problem in result.problems} == {
        "E3": "cell.hours_text",
        "D3": "cell.no_person",
        "G3": "cell.no_days",
        "G6": "cell.days_order",
    }


def test_a_row_of_a_person_has_no_number() -> None:
    """Reading the number of a person's own row is a programming error."""
    [row] = work((None, {"action": "Своё"})).rows

    with pytest.raises(ValueError, match="Своё"):
        _ = row.item_number


# --- Terms ---------------------------------------------------------------------------------------


def terms(period: Any, limit: Any) -> ProjectTerms:
    """Terms of a form with these two values."""
    rows = [(None, {"value": period}), (None, {"value": limit})]
    ranges = [
        {"name": f"vt_{key}", "range": {"sheetId": 7, "startRowIndex": row, "startColumnIndex": 1}}
        for key, row in (("period", 2), ("limit_hours", 3))
    ]
    book = parsed(resource(sheet("client", ("label", "value"), rows, title="Клиент"), namedRanges=ranges))
    return read_terms(book, CHOICES)


@pytest.mark.parametrize(
    ("period", "limit", "expected"),
    [
        ("неделя", 40, ProjectTerms(PeriodKind.WEEK, 40.0)),
        ("Month", "40,5", ProjectTerms(PeriodKind.MONTH, 40.5)),
        (None, None, ProjectTerms(PeriodKind.WEEK, None)),  # a week, without a limit
        ("неделя", 0, ProjectTerms(PeriodKind.WEEK, 0.0)),  # nothing may be started
    ],
)
def test_terms_of_a_project(period: Any, limit: Any, expected: ProjectTerms) -> None:
    """An empty limit is no limit, and a limit of 0 is one."""
    assert terms(period, limit) == expected


@pytest.mark.parametrize(
    ("period", "limit", "expected"),
    [
        ("год", "сколько влезет", {"B3": "cell.choice", "B4": "cell.limit"}),
        ("неделя", -1, {"B4": "cell.limit"}),
        ("неделя", MAY_DAY, {"B4": "cell.hours_date"}),
        ("неделя", cell(ValueError), {"B4": "cell.formula_error"}),
    ],
)
def test_terms_that_cannot_be_understood(period: Any, limit: Any, expected: dict[str, str]) -> None:
    """An unreadable limit is an error and does not mean *no limit*."""
    with pytest.raises(CellsError) as caught:
        terms(period, limit)

    assert problems(caught.value) == expected


# --- The team ------------------------------------------------------------------------------------

PEOPLE = ("name", "email", "profiles", "hours_per_day", "kaiten_id", "tracker_id.kaiten", "tracker_id.acme")
PROFILES = {"design": "Дизайн", "copy": "Тексты"}


def team(
    people: list[dict[str, Any]],
    away: list[dict[str, Any]] | None = None,
    factor: Any = 1,
    limit: Any = None,
) -> Team:
    """The team of an agency's workbook."""

    def book() -> Book:
        return parsed(
            resource(
                sheet(
                    "specialists", PEOPLE, [(None, one) for one in people], sheet_id=1, title="Специалисты"
                ),
                sheet(
                    "absences",
                    ("specialist", "first_day", "last_day"),
                    [(None, one) for one in away or []],
                    sheet_id=2,
                    title="Отсутствия",
                ),
                sheet(
                    "settings",
                    ("key", "value"),
                    [
                        (None, {"key": "load_factor", "value": factor}),
                        (None, {"key": "week_limit_hours", "value": limit}),
                    ],
                    sheet_id=3,
                    title="Настройки",
                ),
            )
        )

    return read_team(book(), CHOICES, profiles=PROFILES, today=TODAY)


ANNA: dict[str, Any] = {
    "name": "Анна Белова",
    "profiles": "Дизайн; copy",
    "hours_per_day": "7,5",
    "kaiten_id": 11,
}


def test_a_team() -> None:
    """A team has profiles by title or key, typed hours, and absences including both ends."""
    result = team(
        [ANNA], [{"specialist": "анна белова", "first_day": "24.11.2026", "last_day": "26.11.2026"}], "80%"
    )

    [anna] = result.specialists
    assert (anna.profiles, anna.hours_per_day) == (("design", "copy"), 7.5)
    assert anna.tracker_ids == {"kaiten": "11"}
    assert sorted(day.day for day in anna.days_away) == [24, 25, 26]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"kaiten_id": 11}, {"kaiten": "11"}),  # a workbook of an older release
        ({"kaiten_id": 11, "tracker_id.kaiten": 12}, {"kaiten": "12"}),
        ({"tracker_id.acme": "7"}, {"acme": "7"}),
        ({}, {}),
    ],
)
def test_ids_in_trackers(cells: dict[str, Any], expected: dict[str, str]) -> None:
    """Each tracker has a column; the only one of older workbooks is that of Kaiten."""
    person = {key: value for key, value in ANNA.items() if key != "kaiten_id"}

    [anna] = team([{**person, **cells}]).specialists

    assert anna.tracker_ids == expected


@pytest.mark.parametrize("typed", [1e27, "anna@mayak.example", "-11", "١١", "1" * 21])
def test_what_is_no_id_in_a_tracker_is_told(typed: Any) -> None:
    """At its cell; before, a push of the person's work broke off at it."""
    with pytest.raises(CellsError) as refused:
        team([{**ANNA, "tracker_id.kaiten": typed}])

    [problem] = refused.value.problems
    assert problem.code == "cell.tracker_id"


@pytest.mark.parametrize(("typed", "share"), [(0.8, 0.8), ("80%", 0.8), ("0,75", 0.75), (None, 1.0)])
def test_the_share_of_a_day_that_is_planned(typed: Any, share: float) -> None:
    """The share may be a number, a text with a comma or a percentage; without it, it is the whole day."""
    assert team([ANNA], factor=typed).load_factor == share


@pytest.mark.parametrize(("typed", "hours"), [(120, 120.0), ("7,5 ч", 7.5), (None, None)])
def test_the_limit_of_the_agency(typed: Any, hours: float | None) -> None:
    """The limit may be typed as hours; without it there is none."""
    assert team([ANNA], limit=typed).week_limit_hours == hours


def test_a_limit_that_is_none() -> None:
    """An unreadable limit is an error."""
    with pytest.raises(CellsError) as caught:
        team([ANNA], limit="сколько успеем")

    assert problems(caught.value) == {"B4": "cell.limit"}


@pytest.mark.parametrize("word", ["Все", "everybody"])
def test_a_day_off_of_the_agency(word: str) -> None:
    """On the agency's days off everybody is away, in addition to own absences."""
    boris = {**ANNA, "name": "Борис Ким"}
    result = team(
        [ANNA, boris],
        [
            {"specialist": word, "first_day": "24.11.2026"},
            {"specialist": "Борис Ким", "first_day": "25.11.2026"},
        ],
    )

    assert [sorted(day.day for day in one.days_away) for one in result.specialists] == [[24], [24, 25]]


def test_one_day_away_needs_no_last_day() -> None:
    """An absence without a last day is one day."""
    [anna] = team([ANNA], [{"specialist": "Анна Белова", "first_day": "24.11.2026"}]).specialists

    assert len(anna.days_away) == 1


def test_absences_of_people_who_left_are_history() -> None:
    """Only an absence that is not over must belong to a person of the team."""
    assert team([ANNA], [{"specialist": "Ушёл", "first_day": "01.09.2026", "last_day": "20.11.2026"}])


@pytest.mark.parametrize(
    ("people", "away", "expected"),
    [
        ([{**ANNA, "hours_per_day": None}], [], {"D3": "cell.no_day_hours"}),
        ([{**ANNA, "hours_per_day": 0}], [], {"D3": "cell.day_hours"}),
        ([{**ANNA, "hours_per_day": 25}], [], {"D3": "cell.day_hours"}),
        ([{**ANNA, "hours_per_day": "весь день"}], [], {"D3": "cell.hours_text"}),
        ([{**ANNA, "profiles": None}], [], {"C3": "cell.profiles"}),
        ([{**ANNA, "profiles": "Дизайн, Магия"}], [], {"C3": "cell.profiles"}),
        ([ANNA, {**ANNA, "name": "анна белова"}], [], {"A4": "cell.name_twice"}),
        ([{**ANNA, "name": cell(ValueError)}], [], {"A3": "cell.formula_error"}),
        ([ANNA], [{"specialist": "Анна Белова", "first_day": "скоро"}], {"B3": "cell.day"}),
        ([ANNA], [{"specialist": "Анна Белова", "last_day": MAY_DAY}], {"B3": "cell.absence_first"}),
        (
            [ANNA],
            [{"specialist": "Анна Белова", "first_day": "26.11.2026", "last_day": "24.11.2026"}],
            {"C3": "cell.absence_order"},
        ),
        ([ANNA], [{"specialist": "Белова Анна", "first_day": "26.11.2026"}], {"A3": "cell.unknown_person"}),
    ],
)
def test_a_team_that_cannot_be_planned(
    people: list[dict[str, Any]], away: list[dict[str, Any]], expected: dict[str, str]
) -> None:
    """Errors that would silently give a person too many or too few hours are reported."""
    with pytest.raises(CellsError) as caught:
        team(people, away)

    assert problems(caught.value) == expected


@pytest.mark.parametrize("factor", [0, 1.5, -1, "много"])
def test_a_load_factor_that_is_no_share(factor: Any) -> None:
    """A wrong load factor is reported together with other cells."""
    with pytest.raises(CellsError) as caught:
        team([{**ANNA, "hours_per_day": None}], factor=factor)

    assert [(problem.sheet, problem.code) for problem in caught.value.problems] == [
        ("Специалисты", "cell.no_day_hours"),
        ("Настройки", "cell.ratio"),
    ]
