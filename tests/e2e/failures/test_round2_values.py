"""Row 5 of the findings of the second round: values that no work has are named as bad cells, at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.e2e.failures.helpers import put_in_progress
from tests.harness.assertions import assert_answer
from tests.harness.office import Office

#: Far more than a click needs on a busy machine, and far less than a calendar of 8,000 years takes.
MOST_S = 10.0

DIGITS = "9" * 4400

#: Tab and cells of a row, and a part of what the person is told.
ABSURD: Mapping[str, tuple[str, Mapping[str, str], str]] = {
    "a day of the year 9999": ("backlog", {"wanted_on": "31.12.9999"}, "Введите дату с 2000 по 2100"),
    "a day of the year 1066": ("backlog", {"wanted_on": "14.10.1066"}, "Введите дату с 2000 по 2100"),
    "a day as a text": ("backlog", {"wanted_on": "'31.12.9999"}, "Введите дату с 2000 по 2100"),
    "1e27 hours": ("backlog", {"hours.design": "1" + "0" * 27}, "не бывает. Введите число от 0 до"),
    "hours of 4,400 digits": ("backlog", {"hours.design": f"'{DIGITS}"}, "Введите число"),
    "1e300 of something": ("backlog", {"quantity": "1" + "0" * 300}, "слишком большое количество"),
    "a quantity of 4,400 digits": ("backlog", {"quantity": f"'{DIGITS}"}, "количество"),
    "an ID of 4,400 digits": ("backlog", {"depends_on": f"ЗРН-{DIGITS}"}, "такой задачи нет"),
}


def in_time(do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer of an action that must not take long."""
    began_at = time.monotonic()
    answer = do()
    assert time.monotonic() - began_at < MOST_S
    return answer


@pytest.mark.parametrize("name", ABSURD)
def test_row_5_an_absurd_value_is_a_bad_cell(office: Office, name: str) -> None:
    """The estimate and the check name it; nothing else stops."""
    tab, cells, told = ABSURD[name]
    office.fill_backlog({"task": "Лендинг", "work_type": "Лендинг"})
    assert office.do("estimate")["outcome"] == "done"
    office.type(tab, office.book().tab(tab).header_index + 1, **cells)

    answer = in_time(lambda: office.do("estimate"))
    assert_answer(answer, "refused", 422)
    assert any(told in one["message"] for one in answer["cells"]), answer["cells"]
    assert all(len(one["message"]) < 300 for one in answer["cells"])
    checked = in_time(lambda: office.do("check_book"))
    assert checked["http_status"] in (200, 422), checked


@pytest.mark.parametrize("last", ["31.12.2999", "31.12.9999", "'31.12.9999"])
def test_row_5_an_absence_for_ever(office: Office, last: str) -> None:
    """It is told, and the load of everybody is still counted."""
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    name = office.table("specialists", "name", spreadsheet_id=agency_id)[0][0]
    first = office.book(agency_id).tab("absences").header_index + 1
    office.type("absences", first, agency_id, specialist=name, first_day="24.11.2026", last_day=last)

    answer = in_time(lambda: office.click(agency_id, "update_load"))

    assert answer["http_status"] in (200, 422), answer
    told = [one["message"] for one in answer["cells"]]
    assert any("Введите дату с 2000 по 2100" in one for one in told), answer


@pytest.mark.parametrize("due", ["31.12.9999", "'31.12.9999"])
def test_row_5_a_due_day_of_the_year_9999(office: Office, due: str) -> None:
    """In a row of *В работе* it is told, and nobody else's load stops."""
    put_in_progress(office, {"task": "Лендинг", "work_type": "Лендинг"})
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    office.type("in_progress", office.book().tab("in_progress").header_index + 1, due_on=due)

    for spreadsheet_id, action in (
        (office.client_id, "refresh"),
        (agency_id, "update_load"),
        (agency_id, "check_all"),
    ):
        answer = in_time(lambda where=spreadsheet_id, what=action: office.click(where, what))  # type: ignore[misc]
        assert answer["http_status"] in (200, 422), answer
    judged = office.do("check_book")
    assert any("2100" in one["message"] for one in judged["cells"]), judged


#: What a person, or another program, may have put on a card; a text may have half of a surrogate pair.
CARDS: Mapping[str, Mapping[str, Any]] = {
    "a day before Christ": {"due_date": "0001-01-01T00:00:00Z"},
    "a day of 1066": {"due_date": "1066-10-14"},
    "a moment of 9999": {"due_date": "9999-12-31T23:30:00Z", "due_date_time_present": True},
    "half of a pair": {"title": "half \ud800 of a pair", "description": "\udfff"},
    "1e300 hours": {"size_text": "1e300 ч"},
    "braces": {"title": "{value} {0} {count:plural a|b|c} %s"},
}


def test_row_5_absurd_cards(office: Office) -> None:
    """All of them, one after the other: the project is refreshed and checked, whatever the card has."""
    put_in_progress(office, {"task": "Лендинг", "work_type": "Лендинг"})
    [card] = office.cards()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer local-11"}
    url = f"{office.servers.kaiten}/api/latest/cards/{card['id']}"
    for name, change in CARDS.items():
        changed = office.http.patch(url, content=json.dumps(change).encode(), headers=headers)
        assert changed.status_code == 200, name
        for action in ("refresh", "check_book"):
            answer = in_time(lambda what=action: office.do(what))  # type: ignore[misc]
            assert answer["http_status"] in (200, 422), (name, answer)
    spent = {"time_spent": 60 * 10**9, "for_date": "2026-11-23", "role_id": -1}
    office.kaiten("POST", f"/cards/{card['id']}/time-logs", **spent)
    assert in_time(lambda: office.do("refresh"))["http_status"] == 200


def test_row_5_a_card_due_in_the_year_9999(office: Office) -> None:
    """The card is told and skipped; the project is refreshed."""
    put_in_progress(office, {"task": "Лендинг", "work_type": "Лендинг"})
    [card] = office.cards()
    due = {"due_date": "9999-12-31T23:30:00Z", "due_date_time_present": True}
    office.kaiten("PATCH", f"/cards/{card['id']}", **due)

    answer = in_time(lambda: office.do("refresh"))

    assert answer["http_status"] == 200, answer
    assert any("ЗРН-1" in one for one in answer["details"]), answer
