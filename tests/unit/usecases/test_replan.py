"""*Перепланировать…*: what moves after an absence, why, and how it goes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from tests.harness.agency_data import NOW
from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import MemoryOffice, client_office
from vitrina.domain.checking.check import Fault
from vitrina.errors import ChangedMeanwhileError, ServiceError, UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.texts import render

ANNA, BORIS, VERA = "Анна Белова", "Борис Ким", "Вера Орлова"
MONDAY = NOW.date()


@pytest.fixture
def office() -> MemoryOffice:
    """ЗРН-1 of the designer and then the developer, and ЗРН-2 of the designer."""
    office = client_office()
    office.start(
        {"task": "Лендинг", "hours_design": "8", "hours_development": "8", "priority": "Срочно"},
        {"task": "Баннер", "hours_design": "8"},
    )
    return office


def away(office: MemoryOffice, name: str, first: str, last: str) -> None:
    """Somebody falls ill."""
    office.type("absences", 0, office.agency_id, specialist=name, first_day=first, last_day=last)


def rows(office: MemoryOffice) -> list[tuple[Any, ...]]:
    """What *В работе* says of each action."""
    found = office.table("in_progress", "id", "specialist", "start_on", "due_on")
    return [(code, name, day_of(start), day_of(due)) for code, name, start, due in found]


def day_of(serial: float) -> date:
    """The day of a cell."""
    return date(1899, 12, 30) + timedelta(days=int(serial))


def day(number: int) -> date:
    """A day of this week, Monday being 0."""
    return MONDAY + timedelta(days=number)


def notes(office: MemoryOffice) -> list[str]:
    """Notes of due days."""
    tab = office.tab("in_progress")
    return [tab.cell(row, "due_on").note for row in tab.rows if tab.cell(row, "id").text]


def told(answer: Answer) -> list[str]:
    """Details as a person reads them."""
    return [render(one, "ru") for one in answer.details]


def replan(office: MemoryOffice) -> Answer:
    """Look at what would move, and confirm it."""
    return office.do("replan_work", preview_id=office.do("preview_replan").data["preview_id"])


def promised(office: MemoryOffice) -> dict[int, list[tuple[str, Mapping[date, float]]]]:
    """Person and days of each action in the store."""
    return {
        number: [(one.specialist, one.day_hours) for one in item.actions]
        for number, item in office.items().items()
    }


def test_nothing_to_replan(office: MemoryOffice) -> None:
    """It says so, and offers nothing."""
    answer = office.do("preview_replan")

    assert answer.message.code == "replan.nothing"
    assert (answer.data["moves"], answer.data["preview_id"]) == ([], None)


def test_absence_is_shown_first_and_then_moves_the_work(office: MemoryOffice) -> None:
    """The designer is away for the week; her colleague takes the work, and what follows moves with it."""
    before, stored = rows(office), promised(office)
    away(office, ANNA, "23.11.2026", "27.11.2026")

    preview = office.do("preview_replan")

    assert rows(office) == before
    assert promised(office) == stored
    first = preview.data["moves"][0]
    assert (first["id"], first["before"]["specialist"], first["after"]["specialist"]) == (
        "ЗРН-1",
        ANNA,
        BORIS,
    )
    assert render(first["why"], "ru") == "в эти дни человек отсутствует"

    answer = office.do("replan_work", preview_id=preview.data["preview_id"])

    assert answer.outcome is Outcome.DONE
    after = rows(office)
    assert [name for _, name, *_ in after] == [BORIS, VERA, BORIS]
    assert after[0][3] < after[1][2]
    assert [tuple(one[0] for one in actions) for actions in promised(office).values()] == [
        (BORIS, VERA),
        (BORIS,),
    ]
    for (_, _, start, due), (_, days) in zip(
        after, [one for actions in promised(office).values() for one in actions], strict=True
    ):
        assert (start, due) == (min(days), max(days))
    assert Fault.ABSENT.value not in {one.code for one in office.do("check_book").details}
    assert office.do("preview_replan").message.code == "replan.nothing"


def test_client_reads_why_a_promised_day_moved(office: MemoryOffice) -> None:
    """Without names; a note of people stays."""
    before = rows(office)
    away(office, ANNA, "23.11.2026", "27.11.2026")
    office.type("in_progress", 2, specialist=ANNA)
    replan(office)

    moved = [
        (old, new, note)
        for old, new, note in zip(before, rows(office), notes(office), strict=True)
        if new[3] > old[3]
    ]
    assert moved
    for old, _, note in moved:
        assert note.startswith(f"Прежний срок: {old[3]:%d.%m.%Y}. ")
        assert not any(name.split()[0] in note for name in (ANNA, BORIS, VERA))


def test_undo_gives_back_sheet_and_promises(office: MemoryOffice) -> None:
    """Cell for cell, with notes."""
    before, stored, noted = rows(office), promised(office), notes(office)
    schedule = office.tab("schedule").rows
    away(office, ANNA, "23.11.2026", "27.11.2026")
    replan(office)

    answer = office.do("undo")

    assert answer.outcome is Outcome.DONE
    assert render(answer.message, "ru").startswith("Отменили: «Перепланировать…»")
    assert (rows(office), promised(office), notes(office)) == (before, stored, noted)
    assert office.tab("schedule").rows == schedule


def test_begun_work_is_left_and_named(office: MemoryOffice) -> None:
    """The manager has to decide."""
    office.type("in_progress", 0, status="В работе")
    away(office, ANNA, "23.11.2026", "23.11.2026")

    answer = office.do("preview_replan")

    moving = [one["id"] for one in answer.data["moves"] if one["before"]["specialist"] == ANNA]
    assert "ЗРН-1" not in moving
    why = "в эти дни человек отсутствует. Решите сами"
    assert f"ЗРН-1 уже начали ({ANNA}), она остаётся как есть: {why}" in told(answer)


def test_sheet_changed_after_the_preview(office: MemoryOffice) -> None:
    """Nothing is written: somebody has begun the work meanwhile."""
    away(office, ANNA, "23.11.2026", "27.11.2026")
    preview_id = office.do("preview_replan").data["preview_id"]
    office.type("in_progress", 0, status="В работе")
    before, stored = rows(office), promised(office)

    with pytest.raises(ChangedMeanwhileError):
        office.do("replan_work", preview_id=preview_id)

    assert (rows(office), promised(office)) == (before, stored)


def test_lost_answer_is_repeated(office: MemoryOffice) -> None:
    """The second click finds what the first has promised and writes the sheet, once."""
    away(office, ANNA, "23.11.2026", "27.11.2026")
    preview_id = office.do("preview_replan").data["preview_id"]
    office.workbooks.before("batch_update", no_answer("Google"))
    with pytest.raises(ServiceError):
        office.do("replan_work", preview_id=preview_id)

    answer = office.do("replan_work", preview_id=preview_id)

    assert answer.outcome is Outcome.DONE
    assert [name for _, name, *_ in rows(office)] == [BORIS, VERA, BORIS]


def test_unknown_preview_is_refused(office: MemoryOffice) -> None:
    """With what to do."""
    with pytest.raises(UserError) as refused:
        office.do("replan_work", preview_id="0" * 32)

    assert refused.value.code == "replan.no_preview"


def test_person_who_left_is_replaced(office: MemoryOffice) -> None:
    """Her row in *Специалисты* is gone."""
    tab = office.tab("specialists", office.agency_id)
    place = next(row.index for row in tab.rows if tab.cell(row, "name").text == ANNA) - tab.header_index - 1
    office.type("specialists", place, office.agency_id, name="", email="", profiles="", hours_per_day="")

    replan(office)

    assert {name for _, name, *_ in rows(office)} == {BORIS, VERA}


def test_late_work_is_planned_from_today(office: MemoryOffice) -> None:
    """Two days later nobody has begun anything."""
    office.clock.set(NOW + timedelta(days=2))

    replan(office)

    assert min(start for _, _, start, _ in rows(office)) == day(2)
    assert office.do("preview_replan").message.code == "replan.nothing"
