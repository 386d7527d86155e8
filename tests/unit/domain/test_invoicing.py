"""Sums of requests against an independent model, to the kopeck; numbers, purpose and periods."""

from __future__ import annotations

import os
import random
import re
from datetime import date
from decimal import Decimal

import pytest

from tests.harness.accounting import expected_sum
from vitrina.domain.invoicing import (
    MOST_PURPOSE,
    Line,
    Period,
    RequestKind,
    canonical,
    hours_of,
    human_number,
    kopecks_of,
    line_from_data,
    month_before,
    month_of,
    one_line,
    request_id,
    roubles,
    shortened_purpose,
    total_kop,
)

SEED = int(os.environ.get("VITRINA_TEST_SEED", "0")) or random.SystemRandom().randrange(10**9)


def line(number: int, hours: float, price_kop: int | None) -> Line:
    """A line of a request."""
    return Line(number, 1, f"ЗРН-{number}", "Работа", hours_of(hours), "час", price_kop, "2026-11-25")


@pytest.mark.slow
def test_sums_of_random_requests() -> None:
    """1,000 sets of lines: each sum and each total equals what fractions say."""
    print(f"seed {SEED}")  # noqa: T201 - shown where the test fails
    chance = random.Random(SEED)
    for _ in range(1000):
        price = chance.choice([0, 1, 33, 250_000, 250_050, chance.randrange(10**7)])
        hours = [
            chance.choice(
                [
                    chance.randrange(1, 200) / 4,
                    chance.randrange(1, 10**5) / 100,
                    chance.randrange(1, 10**6) / 1000,
                    chance.random() * 100,
                    sum([0.1] * chance.randrange(1, 40)),
                ]
            )
            for _ in range(chance.randrange(1, 40))
        ]
        lines = [line(number, one, price) for number, one in enumerate(hours, start=1)]
        expected = [expected_sum(one, price) for one in hours]
        assert [one.sum_kop for one in lines] == expected, (SEED, price, hours)
        assert total_kop(lines) == sum(expected)
        assert [line_from_data(one.data()) for one in lines] == [
            line_from_data(line_from_data(one.data()).data()) for one in lines
        ]


@pytest.mark.parametrize(
    ("hours", "price", "expected"),
    [
        (2.675, 100, 268),  # the binary figure is below the half
        (0.005, 100, 1),
        (1.005, 10_000, 10_100),
        (0.01, 50, 1),  # half a kopeck goes up
        (0.01, 49, 0),
        (0.0, 250_000, 0),
    ],
)
def test_halves_go_up(hours: float, price: int, expected: int) -> None:
    """Hours in hundredths, then kopecks, each half up."""
    assert line(1, hours, price).sum_kop == expected


def test_total_is_the_sum_of_lines() -> None:
    """Not hours times rate, which differs by kopecks; unknown if one line is."""
    lines = [line(number, 0.01, 150) for number in range(1, 4)]
    assert [one.sum_kop for one in lines] == [2, 2, 2]
    assert total_kop(lines) == 6
    assert total_kop([*lines, line(4, 1.0, None)]) is None
    assert total_kop([]) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2500", 250_000), ("2 500,50", 250_050), ("2500.5", 250_050), ("0", 0), ("1\u00a0000 ₽", 100_000)],
)
def test_rates(text: str, expected: int) -> None:
    """Roubles as people type them."""
    assert kopecks_of(text) == expected


@pytest.mark.parametrize("text", ["", "много", "-1", "1,005", "NaN", "Infinity", "1e300", "2500 USD"])
def test_no_rates(text: str) -> None:
    """What is no amount in whole kopecks."""
    with pytest.raises(ValueError, match=rf"^{re.escape(text)}\Z"):
        kopecks_of(text)


def test_ids() -> None:
    """The same approvals have the same id in any order; another sum, kind, period or revision another one."""
    period = Period(date(2026, 11, 1), date(2026, 11, 30))
    lines = [line(1, 2.0, 100), line(2, 3.0, 100)]
    own = request_id("book", RequestKind.BOTH, period, 1, lines)
    assert request_id("book", RequestKind.BOTH, period, 1, lines[::-1]) == own
    others = {
        request_id("other", RequestKind.BOTH, period, 1, lines),
        request_id("book", RequestKind.INVOICE, period, 1, lines),
        request_id("book", RequestKind.BOTH, Period(period.start_on, date(2026, 11, 29)), 1, lines),
        request_id("book", RequestKind.BOTH, period, 2, lines),
        request_id("book", RequestKind.BOTH, period, 1, [lines[0], line(2, 3.0, 101)]),
        request_id("book", RequestKind.BOTH, period, 1, lines[:1]),
    }
    assert len(others | {own}) == 7
    assert human_number("ЗРН", period, 2) == "ЗРН-2026-11-2"


def test_texts_in_one_line() -> None:
    """Signs that cannot be seen go, and a purpose has its length."""
    assert one_line("а\r\nб\x00\u202eв\u2028г") == "а бв г"
    assert len(shortened_purpose("слово " * 100)) <= MOST_PURPOSE
    assert shortened_purpose("коротко") == "коротко"
    assert canonical({"б": 1, "а": Decimal(1) == 1}) == '{"а":true,"б":1}'


@pytest.mark.parametrize(
    ("day", "this", "last"),
    [
        (
            date(2026, 12, 31),
            (date(2026, 12, 1), date(2026, 12, 31)),
            (date(2026, 11, 1), date(2026, 11, 30)),
        ),
        (date(2027, 1, 1), (date(2027, 1, 1), date(2027, 1, 31)), (date(2026, 12, 1), date(2026, 12, 31))),
        (date(2028, 3, 31), (date(2028, 3, 1), date(2028, 3, 31)), (date(2028, 2, 1), date(2028, 2, 29))),
    ],
)
def test_months(day: date, this: tuple[date, date], last: tuple[date, date]) -> None:
    """Whole months, also over the end of a year and in a leap year."""
    assert month_of(day) == Period(*this)
    assert month_before(day) == Period(*last)


def test_amounts_as_they_are_read() -> None:
    """With a comma in Russian."""
    assert roubles(12_400_050, "ru") == "124\u00a0000,50"
    assert roubles(12_400_050, "en") == "124,000.50"
    assert roubles(5, "ru") == "0,05"
