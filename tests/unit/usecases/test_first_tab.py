"""What the first tab and the calendar say of work that was finished this week."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness.agency_data import NOW
from tests.harness.memory_office import MemoryOffice, client_office
from vitrina.domain.quantities import serial_of_day

ROWS = [{"task": f"Баннер {number}", "work_type": "Баннер"} for number in range(1, 6)]


@pytest.fixture
def office() -> MemoryOffice:
    """A client with five tasks in progress."""
    office = client_office()
    office.start(*ROWS, is_pushed=True)
    return office


def finish(office: MemoryOffice, *numbers: int) -> None:
    """Move cards to the last column of the board, and look at them."""
    for number in numbers:
        office.tracker.move(office.card(number).card_id, -1)
    office.do("refresh")


def field(office: MemoryOffice, key: str) -> object:
    """Value of a field of the first tab."""
    return office.book().field(key).cell.value


def test_nothing_is_finished_at_the_start(office: MemoryOffice) -> None:
    """The week is named, so that the sentence stays true."""
    assert field(office, "done_lately") == "23–29 ноября: пока ничего не закончили"
    assert field(office, "in_progress_count") == 5


def test_finished_tasks_are_named_and_not_counted(office: MemoryOffice) -> None:
    """Tasks are counted, not their rows."""
    finish(office, 1, 3)

    assert field(office, "done_lately") == "23–29 ноября: ЗРН-1 Баннер 1 и ЗРН-3 Баннер 3"
    assert field(office, "in_progress_count") == 3


def test_of_many_the_first_three_are_named(office: MemoryOffice) -> None:
    """The others are counted."""
    finish(office, 1, 2, 3, 4, 5)

    said = "23–29 ноября: ЗРН-1 Баннер 1, ЗРН-2 Баннер 2 и ЗРН-3 Баннер 3 и ещё 2 задачи"
    assert field(office, "done_lately") == said
    assert field(office, "in_progress_count") == 0


def test_undo_puts_the_count_back(office: MemoryOffice) -> None:
    """As before the last action."""
    other = client_office()
    other.start(*ROWS[:2])
    other.do("undo")

    assert field(other, "in_progress_count") == 0


def test_done_work_stays_in_the_calendar_until_the_week_is_over(office: MemoryOffice) -> None:
    """With a tick, on the days planned for it; the person's hours are those that are left."""
    hours = dict(office.table("schedule", "label", "load"))
    finish(office, 1)
    now = dict(office.table("schedule", "label", "load"))

    person = next(label for label in hours if not label.startswith(" "))
    assert now["    ✓ ЗРН-1 Баннер 1"] == hours["    ЗРН-1 Баннер 1"]
    assert "    ЗРН-1 Баннер 1" not in now
    assert now[person] < hours[person]

    office.clock.set(NOW + timedelta(days=7))
    office.do("refresh")
    finish(office, 2)

    labels = [label for (label,) in office.table("schedule", "label")]
    assert not any("ЗРН-1" in label for label in labels)
    assert office.book().tab("schedule").header[2].value == serial_of_day(NOW.date() + timedelta(days=7))
