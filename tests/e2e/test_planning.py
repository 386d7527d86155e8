"""Batches that hold across all clients and explain themselves, through the menu."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.harness.office import Office
from tests.harness.stored import pass_over, tracked_state
from vitrina.bootstrap import application
from vitrina.domain.quantities import serial_of_day

Line = tuple[Any, ...]
WEEK = ("day.1", "day.2", "day.3", "day.4", "day.5")


def day(iso: str) -> float:
    """The number under which the sheet keeps a day."""
    return float(serial_of_day(date.fromisoformat(iso)))


def start(office: Office, *rows: dict[str, str]) -> dict[str, Any]:
    """Put items into the backlog and start what fits; gives the preview."""
    if rows:
        office.fill_backlog(*rows)
    preview = office.do("build_batch", period="current")
    if preview["data"]["chosen"]:
        assert office.do("start_batch", preview_id=preview["data"]["preview_id"])["outcome"] == "done"
    return preview


def left_out(preview: dict[str, Any]) -> dict[str, str]:
    """Reasons as staff see them, by task."""
    return {one["task"]: one["reason"] for one in preview["data"]["left_out"]}


def told_client(office: Office) -> dict[str, str]:
    """Reasons as they stand in the client's sheet, by task."""
    return dict(office.table("backlog", "task", "reason"))


def calendar(office: Office) -> list[Line]:
    """Lines of the calendar: label, sum, the days of this week."""
    return office.table("schedule", "label", "load", *WEEK)


def absent(office: Office, name: str, first: str, last: str) -> None:
    """Type an absence into the agency's workbook."""
    assert office.agency is not None
    office.type(
        "absences",
        1,
        spreadsheet_id=office.agency.spreadsheet_id,
        specialist=name,
        first_day=first,
        last_day=last,
    )


def test_staff_are_told_who_and_the_client_is_not(office: Office) -> None:
    """Vera has 38 of 40 h at another client's: staff see with what, the client sees «другими проектами»."""
    start(office, {"task": "Тайный проект", "hours_development": "38"})
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")

    preview = start(
        office, {"task": "Кнопка", "hours_development": "2"}, {"task": "Форма", "hours_development": "3"}
    )

    assert left_out(preview) == {
        "Форма": (
            "«Разработка» (Вера Орлова): нужно 3 ч, занято 40 из 40 ч: "
            "ЗРН-1 «Тайный проект» 38 ч и УЛБ-1 «Кнопка» 2 ч; войдёт 30 ноября – 4 декабря; "
            "войдёт сейчас, если Вера Орлова даст ещё 3 ч"
        )
    }
    assert told_client(office) == {
        "Форма": (
            "«Разработка»: время занято другими вашими задачами и другими проектами; "
            "возьмём 30 ноября – 4 декабря"
        )
    }


def test_the_smallest_change_lets_the_item_in(office: Office) -> None:
    """What is told to be dropped is dropped, and the item is in."""
    office.fill_backlog(
        {"task": "Сайт", "hours_development": "30"},
        {"task": "Правка", "hours_development": "6"},
        {"task": "Форма", "hours_development": "8"},
    )

    office.do("estimate")
    told = left_out(office.do("build_batch", period="current"))["Форма"]

    assert "войдёт сейчас, если снять ЗРН-2 «Правка» (6 ч)" in told
    _, row = office.row("backlog", "ЗРН-2")
    office.type("backlog", row.index, task="", **{"hours.development": ""})
    assert [one["task"] for one in office.do("build_batch", period="current")["data"]["chosen"]] == [
        "Сайт",
        "Форма",
    ]


def test_an_absence_is_told_to_staff_only(office: Office) -> None:
    """The client is not told that somebody is away, nor who."""
    absent(office, "Вера Орлова", "24.11.2026", "27.11.2026")

    preview = start(
        office, {"task": "Кнопка", "hours_development": "8"}, {"task": "Форма", "hours_development": "9"}
    )

    assert "если перенести отсутствие: Вера Орлова" in left_out(preview)["Форма"]
    assert told_client(office) == {
        "Форма": "«Разработка»: время занято другими вашими задачами; возьмём 30 ноября – 4 декабря"
    }


def test_the_calendar_shows_what_is_left_of_each_day(office: Office) -> None:
    """Own work, other projects in one line without names, and what is free: she is away on Friday.

    What is free is shown only where the agency has switched it on.
    """
    absent(office, "Вера Орлова", "27.11.2026", "27.11.2026")
    start(office, {"task": "Тайный проект", "hours_development": "11"})
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")

    start(office, {"task": "Форма", "hours_development": "7"})
    without = calendar(office)
    setting(office, "client_sees_free_hours", "да")
    start(office, {"task": "Кнопка", "hours_development": "1"})

    assert [line[0] for line in without] == ["Вера Орлова", "    УЛБ-1 Форма", "    другие проекты"]
    assert [line[2:] for line in without] == [
        (8.0, 8.0, 2.0, None, None),
        (None, 5.0, 2.0, None, None),
        (8.0, 3.0, None, None, None),
    ]
    assert [line[0] for line in calendar(office)][-2:] == ["    другие проекты", "    свободно"]
    assert calendar(office)[-1][2:] == (None, None, 5.0, 8.0, None)


def test_refresh_draws_the_calendar_anew_when_others_have_moved(office: Office) -> None:
    """What another client has started since stands in the sum after the next refresh."""
    start(office, {"task": "Форма", "hours_development": "7"})
    first_id = office.client_id
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    start(office, {"task": "Кнопка", "hours_development": "4"})
    office.client_id = first_id
    assert "    другие проекты" not in [line[0] for line in calendar(office)]

    office.do("refresh")

    assert calendar(office)[2][:4] == ("    другие проекты", 4.0, 1.0, 3.0)


def test_rows_that_people_typed_take_hours(office: Office) -> None:
    """Vera has 30 h of her own rows at another client's: 10 are left, the item of 11 h waits."""
    office.type(
        "in_progress",
        1,
        action="Срочное",
        specialist="Вера Орлова",
        hours="30",
        start_on="23.11.2026",
        due_on="27.11.2026",
    )
    assert office.agency is not None
    office.click(office.agency.spreadsheet_id, "update_load")
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")

    preview = start(
        office, {"task": "Форма", "hours_development": "11"}, {"task": "Кнопка", "hours_development": "10"}
    )

    assert [one["task"] for one in preview["data"]["chosen"]] == ["Кнопка"]
    assert told_client(office) == {
        "Форма": "«Разработка»: время занято другими проектами; возьмём 30 ноября – 4 декабря"
    }


def test_a_period_is_counted_once(office: Office) -> None:
    """However often a week is started: it was passed over once. What is gone is forgotten."""
    start(office, {"task": "Сайт", "hours_development": "38"}, {"task": "Форма", "hours_development": "3"})
    start(office, {"task": "Баннер", "hours_design": "3"})

    store = office.services.store
    assert tracked_state(store, office.client_id).value.passed_over == {2: (date(2026, 11, 23),)}
    pass_over(store, office.client_id, date(2026, 11, 30), [5], known=[5])
    assert tracked_state(store, office.client_id).value.passed_over == {5: (date(2026, 11, 30),)}


def setting(office: Office, key: str, value: str) -> None:
    """Type a setting of the agency."""
    assert office.agency is not None
    tab = office.book(office.agency.spreadsheet_id).tab("settings")
    row = next(row for row in tab.rows if tab.cell(row, "key").text == key)
    office.type("settings", row.index, spreadsheet_id=office.agency.spreadsheet_id, value=value)


def test_the_limit_of_the_agency_holds_over_all_clients(office: Office) -> None:
    """50 h a week: 30 are another client's, who is not named to this one."""
    setting(office, "week_limit_hours", "50")
    start(office, {"task": "Тайный проект", "hours_development": "30"})
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")

    preview = start(office, {"task": "Форма", "hours_design": "21"}, {"task": "Кнопка", "hours_design": "20"})

    assert [one["task"] for one in preview["data"]["chosen"]] == ["Кнопка"]
    assert left_out(preview)["Форма"] == (
        "нужно 21 ч, а от лимита агентства 50 ч осталось 20 ч; войдёт 30 ноября – 4 декабря; "
        "войдёт сейчас, если поднять лимит агентства на 1 ч"
    )
    assert told_client(office) == {
        "Форма": "часы команды в этом периоде уже заняты; возьмём 30 ноября – 4 декабря"
    }


def test_a_day_off_of_the_agency_is_nobodys(office: Office) -> None:
    """Everybody is away on Friday."""
    absent(office, "Все", "27.11.2026", "27.11.2026")

    preview = start(
        office, {"task": "Форма", "hours_development": "33"}, {"task": "Кнопка", "hours_development": "32"}
    )

    assert {one["name"]: one["capacity_hours"] for one in preview["data"]["specialists"]} == {
        "Анна Белова": 32.0,
        "Борис Ким": 24.0,
        "Вера Орлова": 32.0,
    }
    assert [one["task"] for one in preview["data"]["chosen"]] == ["Кнопка"]


def test_a_large_item_takes_its_hours_of_the_next_week_too(office: Office) -> None:
    """50 h of development: 40 now, 10 in the week after, which has 30 left for others then."""
    start(office, {"task": "Портал", "hours_development": "50"})
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.fill_backlog(
        {"task": "Форма", "hours_development": "31"}, {"task": "Кнопка", "hours_development": "30"}
    )

    preview = office.do("build_batch", period="next")

    assert [one["task"] for one in preview["data"]["chosen"]] == ["Кнопка"]
    [vera] = [one for one in preview["data"]["specialists"] if one["name"] == "Вера Орлова"]
    assert (vera["committed_hours"], vera["planned_hours"]) == (10.0, 30.0)
    assert "нужно 31 ч, занято 10 из 40 ч: ЗРН-1 «Портал» 10 ч" in left_out(preview)["Форма"]


def test_overdue_work_goes_before_everything_new(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """38 h of last week are not done, nothing is logged: this week has 2 h for another client."""
    start(office, {"task": "Портал", "hours_development": "38"})
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    monkeypatch.setenv("VITRINA_NOW", "2026-11-30T09:00:00+03:00")
    application.cache_clear()

    preview = start(
        office, {"task": "Форма", "hours_development": "3"}, {"task": "Кнопка", "hours_development": "2"}
    )

    assert [one["task"] for one in preview["data"]["chosen"]] == ["Кнопка"]
    assert "ЗРН-1 «Портал» 38 ч" in left_out(preview)["Форма"]
    assert told_client(office) == {
        "Форма": "«Разработка»: время занято другими проектами; возьмём 7–11 декабря"
    }


def test_passed_over_three_times_is_raised(office: Office) -> None:
    """It goes before what stands above it in its class, and the preview says so."""
    office.fill_backlog(
        {"task": "Сайт", "hours_development": "38"}, {"task": "Форма", "hours_development": "3"}
    )
    for monday in (2, 9, 16):
        pass_over(office.services.store, office.client_id, date(2026, 11, monday), [2], known=[1, 2])

    preview = office.do("build_batch", period="current")

    assert [one["task"] for one in preview["data"]["chosen"]] == ["Форма"]
    assert "Три периода подряд не входили и поэтому подняты на один приоритет: ЗРН-2." in preview["details"]
