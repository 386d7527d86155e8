"""Failures 10, 11 and 12: days, decimal commas and long numbers come through as they were meant."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from emulators.world.processes import Person
from tests.e2e.failures.helpers import (
    build_preview,
    card_of,
    estimate_backlog,
    put_in_progress,
    send_requests,
    set_webhook_mode,
)
from tests.harness.assertions import assert_answer
from tests.harness.office import NOW, TEAM, Office
from vitrina.bootstrap import application
from vitrina.domain.quantities import serial_of_day
from vitrina.operations.actor import CLOCK
from vitrina.operations.run import Run
from vitrina.project.snapshot import read_snapshot
from vitrina.workbook.reading.book import column_letters

TASKS = ("Баннер", "Правка", "Статья")

#: A moment in the tracker, and the day that it is in each zone: UTC+3, +2, +10 and -5, in summer -4.
MOMENTS = (
    # 28.11. 01:30, 00:30 and 08:30; 27.11. 17:30
    ("2026-11-27T22:30:00Z", ("2026-11-28", "2026-11-28", "2026-11-28", "2026-11-27")),
    # 27.11. 05:00, 04:00 and 12:00; 26.11. 21:00
    ("2026-11-27T02:00:00Z", ("2026-11-27", "2026-11-27", "2026-11-27", "2026-11-26")),
    # New York, the day its summer begins: 15.03. 00:30, by winter time it would still be the 14th
    ("2027-03-15T04:30:00Z", ("2027-03-15", "2027-03-15", "2027-03-15", "2027-03-15")),
    # The day after: 14.03. 23:30 of an hour earlier
    ("2027-03-15T03:30:00Z", ("2027-03-15", "2027-03-15", "2027-03-15", "2027-03-14")),
    # New York, the day its summer ends: 01.11. 23:30, by summer time it would be the 2nd
    ("2026-11-02T04:30:00Z", ("2026-11-02", "2026-11-02", "2026-11-02", "2026-11-01")),
    # Without a time it is that day wherever one is.
    ("2026-11-30", ("2026-11-30",) * 4),
)
ZONES = ("Europe/Moscow", "Europe/Kaliningrad", "Asia/Vladivostok", "America/New_York")


@pytest.mark.parametrize("zone", ZONES)
def test_failure_10_a_day_is_the_same_day_everywhere(
    office: Office, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """What the sheet says is what a person of the agency's zone reads in the tracker, and back."""
    monkeypatch.setenv("VITRINA_TIME_ZONE", zone)
    application.cache_clear()
    put_in_progress(office, *({"task": task, "hours_copy": "1"} for task in TASKS))
    set_webhook_mode(office, "drop")
    planned = dict(office.table("in_progress", "action", "due_on"))
    for task in TASKS:
        card = card_of(office, task)
        assert serial_of_day(date.fromisoformat(card["due_date"][:10])) == planned[task]
        assert card["due_date_time_present"] is False

    found: list[Any] = []
    for first in range(0, len(MOMENTS), len(TASKS)):
        for task, (moment, _) in zip(TASKS, MOMENTS[first:], strict=False):
            due = {"due_date": moment, "due_date_time_present": "T" in moment}
            office.kaiten("PATCH", f"/cards/{card_of(office, task)['id']}", **due)
        assert office.do("refresh")["outcome"] == "done"
        shown = dict(office.table("in_progress", "action", "due_on"))
        found += [shown[task] for task in TASKS]

    days = [by_zone[ZONES.index(zone)] for _, by_zone in MOMENTS]
    assert found == [serial_of_day(date.fromisoformat(day)) for day in days]


def wanted_days(office: Office, *texts: str) -> list[date | None]:
    """What the product understands of texts in the column of wanted days."""
    tab = office.book().tab("backlog")
    for row, text in enumerate(texts, start=1):
        for column, value in (("task", f"Т{row}"), ("wanted_on", text)):
            cell = {"values": [{"userEnteredValue": {"stringValue": value}}]}
            at = {"sheetId": tab.sheet_id, "rowIndex": row, "columnIndex": tab.column(column)}
            send_requests(
                office, {"updateCells": {"start": at, "rows": [cell], "fields": "userEnteredValue"}}
            )
    assert office.agency is not None
    run = Run(office.services, CLOCK, agency_id=office.agency.spreadsheet_id)
    backlog = read_snapshot(run, office.client_id, with_agency_work=False).backlog
    backlog.require_good_cells()
    return [row.wanted_on for row in backlog.rows]


def test_failure_10_texts_are_days_of_the_day_month_order(office: Office) -> None:
    """Never the American order; without a year the nearest one. Today is 23.11.2026."""
    found = wanted_days(office, "15.11.2025", "15.11", "05.02", "3.4.27", "2026-12-31")

    assert found == [
        date(2025, 11, 15),
        date(2026, 11, 15),
        date(2027, 2, 5),
        date(2027, 4, 3),
        date(2026, 12, 31),
    ]


#: What people type for hours, and how much it is: with a comma, in words, with no-break spaces.
TYPED = (
    ("1,5", 1.5),
    ("1 ч 30 мин", 1.5),
    ("2\u00a0ч", 2.0),
    ("0,25", 0.25),
    ("1 h 30 min", 1.5),
)


@pytest.mark.parametrize("locale", ["ru", "en"])
def test_failure_11_both_languages_mean_the_same_numbers(empty_office: Office, locale: str) -> None:
    """Typed and pasted figures are understood, formulas compute, and the plan is the same in both."""
    office = empty_office
    office.create_agency(locale=locale)
    office.create_client()
    point = [("1.5", 1.5)] if locale == "en" else []
    typed = [*TYPED, *point]
    rows = [{"task": f"Т{number}", "hours_copy": text} for number, (text, _) in enumerate(typed)]
    estimate_backlog(
        office,
        *rows,
        {"task": "Лендинг", "work_type": "Лендинг", "quantity": "1,5" if locale == "ru" else "1.5"},
    )

    plan = office.do("build_batch", period="current")["data"]
    hours = {one["task"]: one["hours"] for one in plan["chosen"]}
    assert hours == {**{f"Т{number}": value for number, (_, value) in enumerate(typed)}, "Лендинг": 49.5}
    totals = dict(office.table("backlog", "task", "hours_total"))
    assert totals == pytest.approx(hours, abs=0.02)
    assert office.do("start_batch", preview_id=plan["preview_id"])["outcome"] == "done"

    assert office.agency is not None
    assert office.book().locale == {"ru": "ru_RU", "en": "en_US"}[locale]
    for book_id in (office.client_id, office.agency.spreadsheet_id):
        for tab in office.book(book_id).tabs.values():
            bad = [
                f"{column_letters(column)}{row.index + 1}"
                for row in tab.rows
                for column, cell in enumerate(row.cells)
                if cell.is_error
            ]
            assert bad == [], tab.title
    assert office.book().field("in_progress_count").cell.value == len(typed) + 1.0


@pytest.mark.parametrize("typed", ["1.5", "1:30"])
def test_failure_11_hours_that_became_a_date_or_a_time_are_told(office: Office, typed: str) -> None:
    """In a Russian workbook 1.5 is the first of May, and 1:30 the 16th part of a day: both are named."""
    office.fill_backlog({"task": "Правка", "hours_copy": typed})

    answer = office.do("estimate")

    assert_answer(answer, "refused", 422)
    [cell] = answer["cells"]
    assert cell["cell"] == "I2"
    assert cell["message"].endswith("через запятую: 1,5")


NUMBERS = (
    "1234567890123456789",
    "9007199254740993",
    "007",
    "1E5",
    "891e3",
    "+7 495 000-00-00",
    "12-3",
    "3.10",
    "1/2",
)
BIG_ID = 9_007_199_254_740_993


def test_failure_12_long_numbers_and_codes_stay_texts(
    empty_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person types as a task, and an id above 2**53, is the same in sheet, tracker and sheet again."""
    office = empty_office
    people = [Person(one["name"], one["email"], int(one["tracker_id.kaiten"])) for one in TEAM[:2]]
    office.reset(
        monkeypatch.setenv, people=[*people, Person("Вера Орлова", "vera@mayak.example", BIG_ID)], now=NOW
    )
    office.create_agency(team=[*TEAM[:2], {**TEAM[2], "tracker_id.kaiten": str(BIG_ID)}])
    office.create_client()

    put_in_progress(office, *({"task": text, "result": text, "hours_development": "1"} for text in NUMBERS))

    assert office.agency is not None
    [shown] = [
        one
        for name, one in office.table(
            "specialists", "name", "tracker_id.kaiten", spreadsheet_id=office.agency.spreadsheet_id
        )
        if name == "Вера Орлова"
    ]
    assert shown == str(BIG_ID)
    assert [text for (text,) in office.table("in_progress", "action")] == list(NUMBERS)
    for text in NUMBERS:
        card = office.kaiten("GET", f"/cards/{card_of(office, text)['id']}")
        assert [member["id"] for member in card["members"] if member["type"] == 2] == [BIG_ID]
        assert text in card["description"]
    assert office.do("refresh")["outcome"] == "done"
    assert [text for (text,) in office.table("in_progress", "action")] == list(NUMBERS)
    assert {name for (name,) in office.table("in_progress", "specialist")} == {"Вера Орлова"}


def test_failure_12_typed_numbers_are_read_as_they_stand(office: Office) -> None:
    """An hour's figure that a formula gives keeps its fraction; a plan of it is the sum."""
    estimate_backlog(office, {"task": "Треть", "hours_copy": "=1/3"}, {"task": "Ещё", "hours_copy": "=2/3"})
    build_preview(office)

    assert [hours for (_, hours) in office.table("backlog", "task", "hours.copy")] == [1 / 3, 2 / 3]
