"""Days of the selected work."""

import random
from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from vitrina.domain.backlog import BacklogItem, Priority, Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.planning.capacity import Booking, HourLimit, Ledger, Resources
from vitrina.domain.planning.schedule import Schedule, Timeline, last_day, queue_of, schedule, serial_order
from vitrina.domain.planning.selection import Assignment, TakenItem

MONDAY = date(2026, 11, 23)
WEEK = period_of(MONDAY, PeriodKind.WEEK)
TEAM = (
    Specialist("Анна", ("design",), 8.0),
    Specialist("Борис", ("copy",), 4.0),
    Specialist("Вера", ("development",), 8.0, days_away=frozenset({MONDAY + timedelta(days=1)})),
)
PEOPLE = {"design": "Анна", "copy": "Борис", "development": "Вера"}


def taken(
    number: int, hours: Mapping[str, float], priority: Priority = Priority.NORMAL, **more: object
) -> TakenItem:
    """A selected item, with each profile given to its only specialist."""
    item = BacklogItem(number, f"Т-{number}", f"задача {number}", priority, number, hours, **more)  # type: ignore[arg-type]
    parts = tuple(Assignment(profile, PEOPLE[profile], one) for profile, one in hours.items())
    return TakenItem(item, parts, {})


def hours_of_team(**more: object) -> Ledger:
    """Free hours of sixty days from Monday on; the whole day is planned."""
    settings: dict[str, object] = {"load_factor": 1.0, **more}
    resources = Resources(TEAM, WorkCalendar(), **settings)  # type: ignore[arg-type]
    return Ledger(resources, since=MONDAY, until=MONDAY + timedelta(days=60))


def days(items: list[TakenItem], **more: object) -> Schedule:
    """A schedule from Monday on."""
    promised = more.pop("promised", None)
    wip_limit = more.pop("wip_limit", 2)
    rest_on = more.pop("rest_on", None)
    ledger = hours_of_team(**more)
    return schedule(items, ledger, promised=promised, rest_on=rest_on, wip_limit=wip_limit)  # type: ignore[arg-type]


def shown(result: Schedule) -> dict[int, list[tuple[str, dict[int, float]]]]:
    """People and hours by item and by day of November (1 December is 31)."""
    return {
        one.item.number: [
            (
                action.specialist,
                {(day - date(2026, 10, 31)).days: hours for day, hours in action.day_hours.items()},
            )
            for action in one.actions
        ]
        for one in result.items
    }


def test_actions_follow_each_other_from_day_to_day() -> None:
    """The actions of an item follow each other, each on the day after the previous one ended."""
    result = days([taken(1, {"copy": 6, "design": 8, "development": 10})])

    assert shown(result) == {
        1: [("Борис", {23: 4.0, 24: 2.0}), ("Анна", {25: 8.0}), ("Вера", {26: 8.0, 27: 2.0})]
    }


def test_what_is_carried_over_takes_the_first_days_behind_the_period() -> None:
    """Of 50 h of design 24 fit this week; the rest follows from Monday on, then Boris writes the copy."""
    item = BacklogItem(1, "Т-1", "сайт", Priority.NORMAL, 1, {"design": 50, "copy": 6})
    begun = TakenItem(item, (Assignment("design", "Анна", 24),), {"design": 26, "copy": 6})
    small = taken(2, {"design": 16})

    result = days([begun, small], rest_on=date(2026, 11, 30))

    assert shown(result) == {
        2: [("Анна", {23: 8.0, 24: 8.0})],
        1: [
            ("Анна", {25: 8.0, 26: 8.0, 27: 8.0, 30: 8.0, 31: 8.0, 32: 8.0, 33: 2.0}),
            ("Борис", {34: 4.0, 37: 2.0}),
        ],
    }


def test_what_is_carried_over_whole_goes_to_whoever_ends_it_first() -> None:
    """Anna is booked for the next week, so Galina writes the texts, because she ends first."""
    item = BacklogItem(1, "Т-1", "сайт", Priority.NORMAL, 1, {"development": 8, "copy": 6})
    begun = TakenItem(item, (Assignment("development", "Вера", 8),), {"copy": 6})
    busy = tuple(Booking("Борис", "Б", 9, {date(2026, 11, 30) + timedelta(days=n): 4.0}) for n in range(3))
    team = (*TEAM, Specialist("Галина", ("copy",), 8.0))
    resources = Resources(team, WorkCalendar(), bookings=busy, load_factor=1.0)
    ledger = Ledger(resources, since=MONDAY, until=MONDAY + timedelta(days=60))

    result = schedule([begun], ledger, rest_on=date(2026, 11, 30))

    assert shown(result) == {1: [("Вера", {23: 8.0}), ("Галина", {30: 6.0})]}


def test_work_pauses_around_what_is_promised_and_days_away() -> None:
    """Vera is away on Tuesday and has 5 h booked on Wednesday: Monday 8, Wednesday 3, Thursday 1."""
    busy = Booking("Вера", "Б", 9, {date(2026, 11, 25): 5.0})
    assert shown(days([taken(1, {"development": 12})], bookings=(busy,))) == {
        1: [("Вера", {23: 8.0, 25: 3.0, 26: 1.0})]
    }


def test_higher_classes_and_then_short_items_go_first() -> None:
    """An urgent long item goes first, then the normal ones by their hours."""
    items = [taken(1, {"design": 7}), taken(2, {"design": 2}), taken(3, {"design": 8}, Priority.URGENT)]

    assert [one.item.number for one in days(items).items] == [3, 2, 1]
    assert shown(days(items))[1] == [("Анна", {24: 6.0, 25: 1.0})]


def test_an_item_begins_after_what_it_depends_on() -> None:
    """An urgent item waits for the normal item that it depends on, also with other people."""
    items = [taken(1, {"design": 2}, Priority.URGENT, depends_on=(2,)), taken(2, {"copy": 5})]

    assert shown(days(items)) == {2: [("Борис", {23: 4.0, 24: 1.0})], 1: [("Анна", {25: 2.0})]}


def test_an_item_begins_after_what_ran_on_into_the_period() -> None:
    """An item begins after work of the earlier period that it waits for, on Tuesday and Wednesday."""
    text = Booking("Борис", "", 2, {MONDAY: 4.0, date(2026, 11, 24): 1.0})
    own = Booking("Анна", "", 3, {date(2026, 11, 25): 1.0})
    items = [taken(1, {"design": 2}, depends_on=(2,)), taken(3, {"development": 2}, is_carried_over=True)]

    assert shown(days(items, bookings=(text, own))) == {3: [("Вера", {26: 2.0})], 1: [("Анна", {25: 2.0})]}


def test_a_limit_is_kept_and_work_continues_in_the_next_week() -> None:
    """With a limit of 10 h a week: Monday 8, Tuesday 2, and the rest on the next Monday."""
    limit = HourLimit(10.0, PeriodKind.WEEK, project="")
    assert shown(days([taken(1, {"design": 15})], limits=(limit,))) == {
        1: [("Анна", {23: 8.0, 24: 2.0, 30: 5.0})]
    }


def test_no_more_than_two_things_at_a_time() -> None:
    """With two open actions until Friday, which take 3 h of each day, a third one begins after them."""
    days_open = [MONDAY + timedelta(days=offset) for offset in range(5)]
    busy = tuple(Booking("Анна", "Б", number, dict.fromkeys(days_open, 1.5)) for number in (8, 9))

    assert shown(days([taken(1, {"design": 12})], bookings=busy)) == {1: [("Анна", {27: 5.0, 30: 7.0})]}
    assert shown(days([taken(1, {"design": 12})], bookings=busy, wip_limit=3)) == {
        1: [("Анна", {23: 5.0, 24: 5.0, 25: 2.0})]
    }
    # An action that begins and ends on one day does not count as a third open one.
    assert shown(days([taken(1, {"design": 2})], bookings=busy)) == {1: [("Анна", {23: 2.0})]}


def test_items_without_days_are_named() -> None:
    """An item of a project without hours gets no days and is named; the others keep their days."""
    result = days(
        [taken(1, {"design": 1}, project="А"), taken(2, {"design": 8})],
        limits=(HourLimit(0.0, PeriodKind.MONTH, project="А"),),
    )

    assert [item.number for item in result.unplaced] == [1]
    assert shown(result) == {2: [("Анна", {23: 8.0})]}


def test_promised_days_go_first() -> None:
    """An item that is promised for Tuesday goes before an urgent one."""
    items = [taken(1, {"design": 12}), taken(2, {"design": 8}, Priority.URGENT)]
    result = days(items, promised={("", 1): date(2026, 11, 24)})

    assert shown(result)[1] == [("Анна", {23: 8.0, 24: 4.0})]


def test_serial_order_keeps_predecessors_and_leaves_circles_out() -> None:
    """The order is by rank, each item after those that it waits for."""
    before = {1: [3], 2: [1], 4: [5], 5: [4], 6: [99]}
    assert serial_order([1, 2, 3, 4, 5, 6], before, lambda task: task) == [3, 1, 2, 6]


def test_other_hours_are_put_on_days_in_the_planned_order() -> None:
    """Other hours keep the planned order: 2 h and 6 h become 16 and 8, and end on Tuesday and Wednesday."""
    queue = queue_of([taken(1, {"design": 6}), taken(2, {"design": 2})])
    timeline = Timeline(hours_of_team())

    assert [one.item.number for one in queue.items] == [2, 1]
    assert last_day(queue, timeline.copy(), [2, 6]) == MONDAY
    assert last_day(queue, timeline.copy(), [16, 8]) == MONDAY + timedelta(days=2)
    assert last_day(queue, timeline.copy(), [2, 6]) == MONDAY
    assert last_day(queue, timeline, [2, 8000]) is None


def test_hours_that_are_given_back_are_there_for_the_next() -> None:
    """Boris has no room for 400 h, so the item is dropped and Anna's first day goes to the other item."""
    result = days([taken(1, {"design": 8, "copy": 400}, Priority.URGENT), taken(2, {"design": 8})])

    assert [one.number for one in result.unplaced] == [1]
    assert shown(result) == {2: [("Анна", {23: 8.0})]}


@pytest.mark.parametrize("seed", range(30))
def test_only_full_days_are_skipped(seed: int) -> None:
    """Each action begins on its first day with room, which a search over all days finds too."""
    chance = random.Random(seed)
    limits = [HourLimit(chance.uniform(10, 60), kind, specialist="Анна") for kind in PeriodKind]
    timeline = Timeline(hours_of_team(limits=tuple(limits[: chance.randrange(3)])), wip_limit=99)
    for _ in range(60):
        hours, ledger = chance.choice([0.1, 0.3, chance.uniform(0.3, 12)]), timeline.ledger
        least = min(0.25, hours) - 1e-5
        rooms = [ledger.room(0, "", place) for place in range(len(ledger.days))]
        pieces = timeline.fit(0, "", hours, earliest=0)
        if pieces is None:
            continue
        assert pieces[0][0] == next(place for place, room in enumerate(rooms) if room >= least)
        timeline.take(0, "", pieces)
        if chance.random() < 0.2:
            timeline.give_back(0, "", pieces)
