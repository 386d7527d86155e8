"""Working days and days off of a country, as the package ``holidays`` knows them.

The package takes a fresh process as long as the rest of a calendar. Therefore the years around now of the
country where most agencies work stand in ``kept_days_off``, which ``make days-off`` writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import TYPE_CHECKING

from msgspec import Struct, field

from vitrina.domain.kept_days_off import YEARS

if TYPE_CHECKING:
    from holidays import HolidayBase

SATURDAY = 5


class YearDays(Struct, frozen=True):
    """Days of a year that are not what their weekday says.

    Parameters
    ----------
    off
        Days from Monday to Friday without work.
    worked
        Saturdays and Sundays with work, each with the day off that it was worked for, or with itself.
    """

    off: frozenset[date] = frozenset()
    worked: Mapping[date, date] = field(default_factory=dict)

    def is_working_day(self, day: date) -> bool:
        """Whether people work on *day* of this year."""
        return day in self.worked if day.weekday() >= SATURDAY else day not in self.off


@lru_cache(maxsize=256)
def days_of_year(country: str, year: int) -> YearDays:
    """The days of a year that are not what their weekday says.

    Raises
    ------
    NotImplementedError
        If ``holidays`` does not have the country.
    """
    kept = YEARS.get((country, year))
    if kept is None:
        return look_up(country, year)
    off, worked = kept
    return YearDays(
        frozenset(map(date.fromisoformat, off)),
        {date.fromisoformat(day): date.fromisoformat(worked_for) for day, worked_for in worked.items()},
    )


def look_up(country: str, year: int) -> YearDays:
    """The same as ``days_of_year``, always from the package."""
    known = _country(country)
    transferred = _transferred(known)
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(366)]
    days = [day for day in days if day.year == year]
    return YearDays(
        frozenset(day for day in days if day.weekday() < SATURDAY and not known.is_working_day(day)),
        {
            day: transferred.get(day, day)
            for day in days
            if day.weekday() >= SATURDAY and known.is_working_day(day)
        },
    )


@cache
def _country(code: str) -> HolidayBase:
    """The holidays of a country by its code.

    Only the module of the country is loaded: the package ``holidays.countries`` loads those of all countries.
    """
    # Imported here because few requests need it.
    import holidays  # noqa: PLC0415
    from holidays.registry import COUNTRIES  # noqa: PLC0415

    folder = [f"{holidays.__path__[0]}/countries"]
    for module, (class_name, *codes) in COUNTRIES.items():
        if code in codes:
            spec = PathFinder.find_spec(f"holidays.countries.{module}", folder)
            if spec is not None and spec.loader is not None:
                loaded = module_from_spec(spec)
                spec.loader.exec_module(loaded)
                found: HolidayBase = getattr(loaded, class_name)()
                return found
    return holidays.country_holidays(code)


def _transferred(known: HolidayBase) -> Mapping[date, date]:
    """Day off that was transferred to each working Saturday or Sunday."""
    found: dict[date, date] = {}
    special = getattr(known, "special_public_holidays", None) or {}
    for year, entries in special.items():
        for entry in entries if isinstance(entries[0], tuple) else (entries,):
            if len(entry) == 4 and all(isinstance(part, int) for part in entry):
                off_month, off_day, from_month, from_day = entry
                found[date(year, from_month, from_day)] = date(year, off_month, off_day)
    return found
