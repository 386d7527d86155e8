"""The day and the time of digests, as people type them into *Настройки*."""

from __future__ import annotations

import pytest

from tests.harness.memory_office import MemoryOffice, agency_office
from vitrina.usecases.chats.rules import read_rules


def type_setting(office: MemoryOffice, key: str, text: str) -> None:
    """Type the value of a setting."""
    tab = office.tab("settings", office.agency_id)
    row = next(at for at, one in enumerate(tab.rows) if tab.cell(one, "key").text == key)
    office.type("settings", row, office.agency_id, value=text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("понедельник", 0),
        ("Пятница", 4),
        ("пт", 4),
        ("вс.", 6),
        ("Friday", 4),
        ("tue", 1),
        ("", -1),
    ],
)
def test_day_of_the_week(text: str, day: int) -> None:
    """Whole and short names in both languages; empty means never."""
    office = agency_office()
    type_setting(office, "digest_day", text)

    rules, problems = read_rules(office.book(office.agency_id))

    assert (rules.digest_day, problems) == (day, ())


@pytest.mark.parametrize(
    ("text", "minute"),
    [("10:00", 600), ("9:30", 570), ("9", 540), ("18.45", 1125), ("0:00", 0), ("23:59", 1439), ("", 600)],
)
def test_time_of_day(text: str, minute: int) -> None:
    """As the spreadsheet keeps it: a part of a day, a number, or a text."""
    office = agency_office()
    type_setting(office, "digest_time", text)

    rules, problems = read_rules(office.book(office.agency_id))

    assert (rules.digest_minute, problems) == (minute, ())


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("digest_day", "потом"),
        ("digest_day", "8"),
        ("digest_time", "утром"),
        ("digest_time", "25:00"),
        ("digest_time", "10:75"),
        ("remind_shown_days", "много"),
        ("remind_shown_days", "-1"),
    ],
)
def test_what_cannot_be_understood_is_told(key: str, text: str) -> None:
    """At its cell; all is as usual then, which for digests is never."""
    office = agency_office()
    type_setting(office, key, text)

    rules, problems = read_rules(office.book(office.agency_id))

    assert len(problems) == 1
    assert (rules.digest_day, rules.digest_minute, rules.remind_shown_days) == (-1, 600, 3)
