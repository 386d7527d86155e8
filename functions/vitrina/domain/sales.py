"""How many requests become sales, by funnel and month in which the request came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from msgspec import Struct

#: Months that are shown, the present one included.
MOST_MONTHS = 12


class Ending(StrEnum):
    """What has become of a request by now."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class SalesRequest(Struct, frozen=True):
    """A request: a deal of the CRM, in the funnel where it is now."""

    funnel: str
    created_on: date
    ending: Ending


class Conversion(Struct, frozen=True):
    """The requests of a funnel that came in a month.

    Parameters
    ----------
    month
        Its first day.
    open_count
        Requests that may still be won, so that the conversion of a young month still grows.
    """

    funnel: str
    month: date
    request_count: int
    won_count: int
    open_count: int

    @property
    def ratio(self) -> float:
        """Won requests divided by all requests of the month."""
        return self.won_count / self.request_count


def first_month(today: date) -> date:
    """The first day of the oldest month that is shown."""
    months = today.year * 12 + today.month - MOST_MONTHS
    return date(months // 12, months % 12 + 1, 1)


def conversions(requests: Iterable[SalesRequest], funnels: Sequence[str], today: date) -> list[Conversion]:
    """Months with requests, the newest first; funnels of a month in the order of *funnels*."""
    endings: defaultdict[tuple[date, str], list[Ending]] = defaultdict(list)
    for one in requests:
        if first_month(today) <= one.created_on <= today:
            endings[one.created_on.replace(day=1), one.funnel].append(one.ending)
    return [
        Conversion(funnel, month, len(found), found.count(Ending.WON), found.count(Ending.OPEN))
        for month in sorted({month for month, _ in endings}, reverse=True)
        for funnel in funnels
        if (found := endings.get((month, funnel)))
    ]
