"""Which items enter a period."""

from datetime import date

import pytest

from vitrina.domain.backlog import BacklogItem, Priority, Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.planning.capacity import Booking, HourLimit, Ledger, Resources
from vitrina.domain.planning.selection import LeftOutReason, Selection, select

MONDAY = date(2026, 11, 23)
WEEK = period_of(MONDAY, PeriodKind.WEEK)
ANNA = Specialist("Анна", ("design",), 8.0)
BORIS = Specialist("Борис", ("copy", "design"), 4.0)


def item(
    number: int, hours: dict[str, float], priority: Priority = Priority.NORMAL, **more: object
) -> BacklogItem:
    """An item whose number is its place in the backlog."""
    return BacklogItem(number, f"Т-{number}", f"задача {number}", priority, number, hours, **more)  # type: ignore[arg-type]


def chosen(items: list[BacklogItem], *people: Specialist, **more: object) -> Selection:
    """A selection for the whole week; all hours of the day are planned."""
    unfinished = more.pop("unfinished", frozenset())
    settings: dict[str, object] = {"load_factor": 1.0, **more}
    resources = Resources(people or (ANNA,), WorkCalendar(), **settings)  # type: ignore[arg-type]
    ledger = Ledger(resources, since=MONDAY, until=WEEK.end_on)
    return select(items, ledger, period=WEEK, unfinished=unfinished)  # type: ignore[arg-type]


def numbers(result: Selection) -> list[int]:
    """Numbers of the taken items, in the order in which they were decided."""
    return [one.item.number for one in result.taken]


def test_classes_and_then_places_decide() -> None:
    """Begun items go first, then the class decides, then the place in the backlog."""
    result = chosen(
        [
            item(1, {"design": 1}),
            item(2, {"design": 1}, Priority.URGENT),
            item(3, {"design": 1}),
            item(4, {"design": 1}, Priority.LOW, is_carried_over=True),
        ]
    )

    assert numbers(result) == [4, 2, 1, 3]


def test_what_does_not_fit_is_passed_over_with_its_figures() -> None:
    """Of Anna's 40 h 30 are taken; 20.5 h do not fit and are reported, the next 10 h fit."""
    result = chosen([item(1, {"design": 30}), item(2, {"design": 20.5}), item(3, {"design": 10})])

    [left] = result.left_out
    assert numbers(result) == [1, 3]
    assert (left.reason, left.profile, left.specialist) == (LeftOutReason.SPECIALIST_BUSY, "design", "Анна")
    assert (left.needed_hours, left.free_hours, left.capacity_hours) == (20.5, 10.0, 40.0)


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        (HourLimit(20, PeriodKind.WEEK, project=""), LeftOutReason.PROJECT_LIMIT),
        (HourLimit(20, PeriodKind.MONTH, project=""), LeftOutReason.PROJECT_LIMIT),
        (HourLimit(20, PeriodKind.WEEK), LeftOutReason.AGENCY_LIMIT),
        (HourLimit(20, PeriodKind.WEEK, specialist="Анна"), LeftOutReason.SPECIALIST_BUSY),
    ],
)
def test_no_limit_is_exceeded(limit: HourLimit, reason: LeftOutReason) -> None:
    """Of a limit of 20 h 5 are spent, so an item of 16 h waits and one of 15 h enters."""
    spent = Booking("Анна", "", 9, {date(2026, 11, 24): 5.0})
    items = [item(1, {"design": 16}), item(2, {"design": 15}), item(3, {"design": 0.25})]
    result = chosen(items, limits=(limit,), bookings=(spent,))

    assert numbers(result) == [2]
    assert [left.reason for left in result.left_out] == [reason, reason]
    assert result.left_out[0].free_hours == 15.0


def test_the_generalist_is_kept_for_what_nobody_else_can() -> None:
    """The designer takes the design, because Boris, who is as free, is the only one for the copy."""
    boris = Specialist("Борис", ("copy", "design"), 8.0)
    result = chosen([item(1, {"design": 40}), item(2, {"copy": 40})], boris, ANNA)

    assert numbers(result) == [1, 2]
    assert [one.assignments[0].specialist for one in result.taken] == ["Анна", "Борис"]


def test_room_is_made_by_moving_work() -> None:
    """Vera's copy moves to Gleb, so that development that only she can do enters."""
    vera = Specialist("Вера", ("copy", "development"), 8.0)
    gleb = Specialist("Глеб", ("copy", "design"), 8.0)
    items = [item(1, {"design": 12}), item(2, {"copy": 20}), item(3, {"development": 40})]
    result = chosen(items, vera, gleb)

    assert numbers(result) == [1, 2, 3]
    assert [one.assignments[0].specialist for one in result.taken] == ["Глеб", "Глеб", "Вера"]


def test_an_item_waits_for_what_it_depends_on_and_enters_with_it() -> None:
    """An urgent item is decided right after the normal item that it waits for; one in progress blocks it."""
    result = chosen(
        [
            item(1, {"design": 1}, Priority.URGENT, depends_on=(3,)),
            item(2, {"design": 1}, Priority.HIGH),
            item(3, {"design": 1}),
            item(4, {"design": 1}, depends_on=(9,)),
        ],
        unfinished=frozenset({("", 9)}),
    )

    assert numbers(result) == [2, 3, 1]
    assert (result.left_out[0].reason, result.left_out[0].waits_for) == (LeftOutReason.WAITS_FOR, (9,))


def test_items_that_wait_for_each_other_are_named() -> None:
    """Items in a circle never enter, and the reason names them."""
    result = chosen([item(1, {"design": 1}, depends_on=(2,)), item(2, {"design": 1}, depends_on=(1,))])

    assert [left.waits_for for left in result.left_out] == [(2,), (1,)]


def test_a_large_item_is_begun_by_whole_actions() -> None:
    """50 h of design fit into no week: the copy is taken, and Anna's hours after 10 h moved to Boris."""
    large = item(2, {"copy": 5, "design": 50, "seo": 1})
    seo = Specialist("Вера", ("seo",), 8.0)
    result = chosen([item(1, {"design": 10}, Priority.HIGH), large, item(3, {"seo": 1})], ANNA, BORIS, seo)

    begun = result.taken[1]
    assert numbers(result) == [1, 2, 3]
    assert [(one.profile, one.hours) for one in begun.assignments] == [("copy", 5.0), ("design", 40.0)]
    assert begun.rest_hours == {"design": 10.0, "seo": 1}
    assert result.taken[0].assignments[0].specialist == "Борис"


def test_a_large_item_stays_with_its_person() -> None:
    """Anna, who has begun the item, continues it, although Boris has more time."""
    free = Specialist("Борис", ("design",), 8.0)
    busy = Booking("Анна", "Б", 7, {MONDAY: 8.0})
    rest = item(1, {"design": 36}, is_carried_over=True, keeps={"design": "Анна"})
    result = chosen([rest], ANNA, free, bookings=(busy,))

    [begun] = result.taken
    assert [(one.specialist, one.hours) for one in begun.assignments] == [("Анна", 32.0)]
    assert begun.rest_hours == {"design": 4.0}


def test_an_item_that_would_fit_an_empty_week_is_not_begun() -> None:
    """An item of 30 h, which fits into the next week, is not split for 10 free hours."""
    assert numbers(chosen([item(1, {"design": 30}), item(2, {"design": 30}), item(3, {"design": 5})])) == [
        1,
        3,
    ]


def test_an_item_larger_than_its_contract_is_begun() -> None:
    """An item of 20 h with a contract of 15 h a week gets 15 h now and 5 next week."""
    [begun] = chosen([item(1, {"design": 20})], limits=(HourLimit(15, PeriodKind.WEEK, project=""),)).taken

    assert (begun.hours, begun.rest_hours) == (15.0, {"design": 5.0})


def test_an_item_passed_over_three_times_is_raised() -> None:
    """A low item that was passed over three times counts as normal, before the other low ones."""
    items = [
        item(1, {"design": 20}),
        item(2, {"design": 20}),
        item(3, {"design": 20}, Priority.LOW),
        item(4, {"design": 20}, Priority.LOW, passed_over_count=3),
    ]

    assert numbers(chosen(items)) == [1, 2]
    raised = [item(5, {"design": 20}, Priority.HIGH), *items[1:]]
    assert numbers(chosen(raised)) == [5, 2]
    assert numbers(chosen([items[2], items[3], item(6, {"design": 20}, Priority.LOW)])) == [4, 3]


def test_projects_take_turns_inside_a_class_only() -> None:
    """Projects take turns by their used shares (A 10 of 40 h, B 0 of 20); an urgent item still goes first."""
    limits = (HourLimit(40, PeriodKind.WEEK, project="А"), HourLimit(20, PeriodKind.WEEK, project="Б"))
    spent = Booking("Борис", "А", 99, {MONDAY: 10.0})
    items = [
        item(1, {"design": 4}, project="А"),
        item(2, {"design": 4}, project="А"),
        item(3, {"design": 4}, Priority.URGENT, project="А"),
        item(4, {"design": 4}, project="Б"),
        item(5, {"design": 4}, project="Б"),
        item(6, {"design": 4}, project="Б"),
    ]

    # Shares before each turn: A 14/40; B 0, 4/20, 8/20 = 0.4 > A 0.35; A 18/40 = 0.45 > B 0.4.
    assert numbers(chosen(items, limits=limits, bookings=(spent,))) == [3, 4, 5, 1, 6, 2]


def test_a_project_over_its_weeks_share_comes_last_in_its_class() -> None:
    """With 99 of 100 h spent and a share of 95 up to the 29th A comes last, but is not stopped."""
    limits = (HourLimit(100, PeriodKind.MONTH, project="А"), HourLimit(10, PeriodKind.WEEK, project="Б"))
    bookings = (
        Booking("Борис", "А", 98, {date(2026, 11, 2): 90.0}),
        Booking("Борис", "Б", 99, {MONDAY: 9.25}),
    )
    items = [item(1, {"design": 1}, project="А"), item(2, {"design": 0.5}, project="Б")]

    assert numbers(chosen(items, limits=limits, bookings=bookings)) == [1, 2]
    late = (Booking("Борис", "А", 98, {date(2026, 11, 2): 99.0}), bookings[1])
    assert numbers(chosen(items, limits=limits, bookings=late)) == [2, 1]


def test_unknown_work_and_unknown_profiles_have_reasons() -> None:
    """Items without an estimate or with a profile that nobody has are left out with a reason."""
    result = chosen([item(1, {}), item(2, {"seo": 1})])

    assert [(left.reason, left.profile) for left in result.left_out] == [
        (LeftOutReason.NO_ESTIMATE, None),
        (LeftOutReason.NO_SPECIALIST, "seo"),
    ]
