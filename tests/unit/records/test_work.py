"""Work in progress: it is read back at any size, and documents of other releases can be read."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from tests.unit.records.helpers import (
    AGENCY,
    BOOK,
    TODAY,
    action,
    assert_all_fit,
    commit,
    document,
    full_item,
    item,
    sizes,
)
from vitrina.records.packing import Tracked
from vitrina.records.work import (
    DAYS_KEPT,
    Item,
    ItemAction,
    ProjectWork,
    committed_hours,
    find_all_work,
    find_open_work,
    find_workbooks_to_look_at,
    item_data,
    item_from_data,
    load_work,
    taken_hours,
    work_from_document,
    work_key,
)
from vitrina.store.memory import MemoryStore

TYPED = {"Анна": {TODAY: 2.5, date(2026, 12, 31): 8.0}, "Борис": {}}


def load(store: MemoryStore, spreadsheet_id: str = BOOK) -> Tracked[ProjectWork]:
    """The work of a project."""
    return load_work(store, spreadsheet_id, AGENCY)


def keep(store: MemoryStore, *items: Item, spreadsheet_id: str = BOOK) -> None:
    """Add items to the work of a project."""
    commit(store, load(store, spreadsheet_id).change(lambda work: work.with_items(items)))


def test_full_item_has_no_default() -> None:
    """The example item has a value in each field, so that a field that is not stored is noticed."""
    for one in (full_item(1), full_item(1).actions[0]):
        for field in msgspec.structs.fields(one):
            default = field.default
            assert getattr(one, field.name) != default, field.name


def test_work_comes_back() -> None:
    """Items, typed hours and ranges of finished numbers are stored."""
    store = MemoryStore()
    work = ProjectWork(
        BOOK,
        AGENCY,
        {7: full_item(7), 12: item(12)},
        TYPED,
        finished=((1, 6), (8, 8), (100, 2000)),
        finished_tasks=frozenset({"сайт#2"}),
    )
    commit(store, load(store).put(work))

    assert load(store).value == work
    assert load(store).value.items[7].finished_on == date(2026, 11, 20)
    assert work_from_document(store, document(store, work_key(BOOK)), BOOK, AGENCY).value == work
    assert {key: one.value for key, one in find_all_work(store, AGENCY).items()} == {BOOK: work}


def test_work_that_is_not_there_is_empty() -> None:
    """A missing document is empty work with the given ids."""
    assert load(MemoryStore()).value == ProjectWork(BOOK, AGENCY)


def test_item_comes_back_as_json() -> None:
    """Each field is stored, and missing fields of an earlier release get defaults."""
    for one in (full_item(1), item(2)):
        assert item_from_data(item_data(one), BOOK, AGENCY) == one

    data = item_data(item(3))
    for name in ("fence", "size", "finished_on", "card_id", "is_card_wanted", "card_lost_at"):
        del data[name]
    assert item_from_data(data, BOOK, AGENCY) == item(3)


def test_fields_of_a_later_release_are_ignored() -> None:
    """Unknown fields in items and actions are ignored."""
    data = item_data(full_item(1))
    data["later"] = {"x": 1}
    data["actions"][0]["later"] = [1]

    assert item_from_data(data, BOOK, AGENCY) == full_item(1)


def test_open_work_is_found() -> None:
    """Work with items or typed hours is found by agency; empty work is not."""
    store = MemoryStore()
    keep(store, item(1), spreadsheet_id="with items")
    commit(store, load(store, "typed").put(ProjectWork("typed", AGENCY, typed_hours=TYPED)))
    keep(store, item(1), spreadsheet_id="empty")
    commit(store, load(store, "empty").change(lambda work: work.without_items([1])))
    commit(store, load_work(store, "other", "other").change(lambda work: work.with_items([item(1)])))

    assert sorted(find_open_work(store, AGENCY)) == ["typed", "with items"]
    assert sorted(find_all_work(store, AGENCY)) == ["empty", "typed", "with items"]
    assert list(find_open_work(store, "other")) == ["other"]
    assert [one.value.agency_id for one in find_open_work(store, AGENCY).values()] == [AGENCY] * 2


def test_workbooks_to_look_at() -> None:
    """Workbooks with open cards are found, or all with unfinished items."""
    store = MemoryStore()
    keep(store, item(1, card_id="5"), full_item(2), spreadsheet_id="card")
    keep(store, item(1), full_item(2), spreadsheet_id="no card")
    keep(store, full_item(2), spreadsheet_id="done")

    assert find_workbooks_to_look_at(store, without_cards=False) == ["card"]
    assert find_workbooks_to_look_at(store, without_cards=True) == ["card", "no card"]


def test_two_who_start_items_at_once() -> None:
    """The items of two concurrent starts are both stored."""
    store = MemoryStore()
    mine, theirs = load(store), load(store)
    change = mine.change(lambda work: work.with_items([item(1)]))
    commit(store, theirs.change(lambda work: work.with_items([item(2)])))
    commit(store, change)

    assert mine.value == load(store).value
    assert load(store).value.items == {1: item(1), 2: item(2)}


@pytest.mark.slow
def test_ten_thousand_open_items_of_one_project() -> None:
    """Ten thousand open items are read back, and no document is above the limit."""
    store = MemoryStore()
    items = [
        item(
            number,
            task=f"Задача {number}: " + f"{number * 7919 % 99991} " * 12,
            result=f"Результат {number * 104729 % 99991}",
            actions=[
                action(
                    row,
                    first=TODAY + timedelta(days=(number * 31 + row) % 200),
                    days=1 + number % 4,
                    specialist=f"Специалист {(number + row) % 17}",
                    typical_hours=(number * 37 % 400) / 10,
                    p85_hours=(number * 41 % 700) / 10,
                )
                for row in range(3)
            ],
            card_id=f"{number * 7907 % 10**6}",
        )
        for number in range(10_000)
    ]
    keep(store, *items)

    assert_all_fit(store)
    assert len(sizes(store)) > 1
    assert load(store).value.items == {one.number: one for one in items}


def test_fields_of_an_item_are_changed() -> None:
    """Fields of the item with the number are changed; without such an item nothing happens."""
    work = ProjectWork(BOOK, AGENCY).with_items([item(1), item(2)])

    assert work.amended(2, card_id="5").items == {1: item(1), 2: item(2, card_id="5")}
    assert work.amended(3, card_id="5") == work


# --- What follows from items -----------------------------------------------------------------------


def test_packable_items_ended_long_ago() -> None:
    """An item can be packed if it is done and its last day of work and of finishing are long ago."""
    old = TODAY - timedelta(days=DAYS_KEPT)

    def done(number: int, last_day: date, finished_on: date) -> Item:
        return item(
            number, actions=[action(1, first=last_day, days=1)], is_done=True, finished_on=finished_on
        )

    work = ProjectWork(BOOK, AGENCY).with_items(
        [
            done(1, old - timedelta(days=1), old - timedelta(days=1)),
            done(2, old, old - timedelta(days=1)),  # worked on the last day that is kept
            done(3, old - timedelta(days=1), old),  # finished on it
            item(4, actions=[action(1, first=old - timedelta(days=99))]),  # not done
            item(5, actions=[ItemAction(1, "design", "Анна", 1.0, {})], is_done=True),  # no day is known
        ]
    )

    assert [one.number for one in work.packable(TODAY)] == [1, 5]


def test_finished_numbers() -> None:
    """A range includes both of its ends."""
    work = ProjectWork(BOOK, AGENCY, finished=((2, 4), (9, 9)))

    assert [number for number in range(12) if work.has_finished(number)] == [2, 3, 4, 9]


def test_hours_of_what_is_not_done() -> None:
    """Done items and actions take no hours; typed rows always count."""
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)

    def part(specialist: str, is_done: bool = False) -> ItemAction:
        return ItemAction(1, "design", specialist, 4.0, {monday: 3.0, tuesday: 1.0}, is_done=is_done)

    items = [item(1, actions=[part("Анна"), part("Борис", True)]), item(2, actions=[part("Анна")])]
    items.append(item(3, actions=[part("Вера")], is_done=True))
    work = ProjectWork(BOOK, AGENCY, typed_hours={"Анна": {monday: 0.5}, "Глеб": {tuesday: 2.0}})

    assert committed_hours(items) == {"Анна": {monday: 6.0, tuesday: 2.0}, "Борис": {}}
    assert taken_hours(
        [work.with_items(items), ProjectWork("other", AGENCY, typed_hours=work.typed_hours)]
    ) == {
        "Анна": {monday: 7.0, tuesday: 2.0},
        "Борис": {},
        "Глеб": {tuesday: 4.0},
    }
