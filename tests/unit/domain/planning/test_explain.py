"""Why an item is left out, and what would let it in."""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from vitrina.domain.backlog import BacklogItem, Priority, Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.planning.capacity import Booking, HourLimit, Resources
from vitrina.domain.planning.demand import Demand
from vitrina.domain.planning.explain import (
    Change,
    ChangeKind,
    Explanation,
    InTheWay,
    Situation,
    changed,
    explain,
)

MONDAY = date(2026, 11, 23)
WEEK = period_of(MONDAY, PeriodKind.WEEK)
ANNA = Specialist("Анна", ("design",), 8.0)


def item(number: int, hours: float, project: str = "А", **more: object) -> BacklogItem:
    """An item of design; the number is its place in the backlog."""
    settings: dict[str, object] = {"priority": Priority.NORMAL, "project": project, **more}
    return BacklogItem(
        number,
        f"{project}-{number}",
        f"задача {number}",
        rank=number,
        hours={"design": hours},
        **settings,  # type: ignore[arg-type]
    )


def situation(items: Sequence[BacklogItem], *people: Specialist, **more: object) -> Situation:
    """A situation for the whole week, in which the whole day is planned."""
    settings: dict[str, object] = {"load_factor": 1.0, **more}
    resources = Resources(people or (ANNA,), WorkCalendar(), **settings)  # type: ignore[arg-type]
    return Situation(Demand(items), resources, WEEK)


def explained(one: Situation) -> dict[int, Explanation]:
    """Explanations by number; each change is tried again."""
    found = {told.left.item.number: told for told in explain(one, one.plan())}
    for number, told in found.items():
        if told.change is not None:
            assert number in {key[1] for key in changed(one, told.change).plan().taken_keys}
    return found


def test_the_shortest_item_that_makes_room_is_named() -> None:
    """Of Anna's 40 h 38 are taken; 8 h enter if 6 h are dropped, otherwise next week."""
    told = explained(situation([item(1, 32), item(2, 6), item(3, 8)]))[3]

    assert told.change == Change(ChangeKind.DROP_ITEM, 6.0, item=("А", 2))
    assert (told.left.free_hours, told.left.capacity_hours) == (2.0, 40.0)
    assert told.enters == WEEK.next()
    assert told.in_the_way == (InTheWay(("А", 1), 32.0), InTheWay(("А", 2), 6.0))


def test_an_item_of_another_client_may_make_room() -> None:
    """The other client's item of 6 h is the shortest whose hours are enough."""
    told = explained(situation([item(1, 32), item(2, 6, "Б"), item(3, 8)]))[3]

    assert told.change == Change(ChangeKind.DROP_ITEM, 6.0, item=("Б", 2))


def test_a_limit_is_raised_by_what_is_missing() -> None:
    """With 15 of 20 h taken 7.1 h need 2.1 h more, shown as 2.25."""
    limits = (HourLimit(20.0, PeriodKind.WEEK, project="А"),)
    told = explained(situation([item(1, 15), item(2, 7.1)], limits=limits))[2]

    assert told.change == Change(ChangeKind.RAISE_LIMIT, 2.25, project="А")


def test_a_limit_is_raised_by_what_enters_first() -> None:
    """If begun work takes all 10 h, items of 4, 5 and 6 h need 4, 4 + 5 and 4 + 5 + 6 h more."""
    limits = tuple(HourLimit(10.0, PeriodKind.WEEK, project=project) for project in ("А", "Б"))
    begun = [item(number, 10, project, is_carried_over=True) for number, project in ((1, "А"), (2, "Б"))]
    left_out = [item(3, 4), item(4, 3, "Б"), item(5, 5), item(6, 6)]
    told = explained(situation([*begun, *left_out], limits=limits))

    raised = {number: told[number].change for number in (3, 4, 5, 6)}
    assert raised == {
        3: Change(ChangeKind.RAISE_LIMIT, 4.0, project="А"),
        4: Change(ChangeKind.RAISE_LIMIT, 3.0, project="Б"),
        5: Change(ChangeKind.RAISE_LIMIT, 9.0, project="А"),
        6: Change(ChangeKind.RAISE_LIMIT, 15.0, project="А"),
    }


def test_after_the_last_try_what_was_tried_still_counts() -> None:
    """With one try its result is used for both items of 8 h, and nothing is tried for the 40 h."""
    one = situation([item(1, 36), item(2, 8), item(3, 8), item(4, 40)])
    drop = Change(ChangeKind.DROP_ITEM, 36.0, item=("А", 1))

    assert [told.change for told in explain(one, one.plan(), most_tries=1)] == [drop, drop, None]
    assert [told.change for told in explain(one, one.plan(), most_tries=0)] == [None] * 3


def test_an_absence_is_moved() -> None:
    """No item of the class could be dropped, but without Anna's absence on Friday the 40 h fit."""
    away = replace(ANNA, days_away=frozenset({date(2026, 11, 27)}))
    told = explained(situation([item(1, 40)], away))[1]

    assert told.change == Change(ChangeKind.MOVE_ABSENCE, 8.0, specialist="Анна")


def test_hours_are_added_where_only_promises_are_in_the_way() -> None:
    """Work in progress is not dropped, so the change is to add two hours for Anna."""
    busy = (Booking("Анна", "Б", 9, dict.fromkeys(WorkCalendar().working_days(WEEK), 6.0)),)
    told = explained(situation([item(1, 12)], bookings=busy))[1]

    assert told.change == Change(ChangeKind.ADD_HOURS, 2.0, specialist="Анна")
    assert told.in_the_way == (InTheWay(("Б", 9), 30.0),)


def test_nobody_drops_a_higher_class_for_an_item() -> None:
    """No item of a higher class is dropped: 25 h lack 15 h beside urgent 30 h; 4 h enter instead of 10 h."""
    items = [item(1, 30, priority=Priority.URGENT), item(2, 25), item(3, 10), item(4, 4)]
    told = explained(situation(items))

    assert told[2].change == Change(ChangeKind.ADD_HOURS, 15.0, specialist="Анна")
    assert told[4].change == Change(ChangeKind.DROP_ITEM, 10.0, item=("А", 3))


def test_a_change_that_does_not_let_the_item_in_is_not_suggested() -> None:
    """Free hours would go to the item before it, so the only suggested change is the first place."""
    items = [item(1, 30, priority=Priority.URGENT), item(2, 10), item(3, 10), item(4, 10)]
    told = explained(situation(items))[4]

    assert told.change == Change(ChangeKind.PUT_FIRST, 10.0, item=("А", 4), priority=Priority.NORMAL)


def test_unknown_work_has_no_change_and_no_period() -> None:
    """An item without an estimate has no suggested change and no expected period."""
    nothing = replace(item(1, 1), hours={})
    told = explained(situation([nothing]))[1]

    assert (told.enters, told.change) == (None, None)
