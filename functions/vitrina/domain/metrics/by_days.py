"""Looks at a metric of which single days are known: each week, at fixed days of the window.

A window is a calendar month, looked at after its days 7, 14, 21 and 28, or, where periods are weeks, the last
four weeks that are over, looked at after each. Both are whole weeks, so that a mistake about weekdays does
not matter much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct

from vitrina.domain.calendar import Period, PeriodKind, WorkCalendar, period_of
from vitrina.domain.metrics.days import WEEK
from vitrina.domain.metrics.flows import Days, Flow, Stretch, flow_of
from vitrina.domain.metrics.goals import DayFact, Goal, Kind, Look, Sign, Verdict
from vitrina.domain.metrics.levels import judge_level
from vitrina.domain.metrics.looks import LOOK_DAYS

#: Weeks of a window where periods are weeks.
WINDOW_WEEKS = 4
#: Looks at weeks that are taken into account: those of two windows.
MOST_LOOKS = 2 * WINDOW_WEEKS
#: A window of which a larger share of the days is not known says nothing.
MOST_HOLES = 0.2

_DAY = timedelta(days=1)


class Seen(Struct, frozen=True):
    """Looks in their order, and the newest verdict with its window; ``None`` where there is none yet."""

    looks: tuple[Look, ...] = ()
    verdict: Verdict | None = None
    window: Window | None = None
    as_of: date | None = None
    flow: Flow | None = None


class Window(Struct, frozen=True):
    """Days that are judged together, and for a sum the target of all of them."""

    start_on: date
    end_on: date
    target: float
    #: Number of the window's look where it is looked at once, at its end.
    number: int = 0

    @property
    def days(self) -> list[date]:
        """All days of the window."""
        return [self.start_on + timedelta(days=index) for index in range(self.length)]

    @property
    def length(self) -> int:
        """Count of the days."""
        return (self.end_on - self.start_on).days + 1


def look_at_days(goal: Goal, days: Mapping[date, DayFact], today: date, calendar: WorkCalendar) -> Seen:
    """What the days before *today* say; today is not over."""
    known = {day: one for day, one in days.items() if day < today}
    if not known:
        return Seen()
    if goal.kind in (Kind.AVERAGE, Kind.LAST):
        return _look_at_levels(goal, known)
    last = max(known)
    first = min(known)
    windows = _months(goal, first, last) if goal.period is PeriodKind.MONTH else _weeks(goal, first, last)
    if not windows:
        return Seen()
    newest = windows[-1]
    flow = flow_of(goal, known, newest.start_on, calendar)
    if flow is None:
        return Seen(window=newest, as_of=last)
    looks = [
        _look(flow, known, window, on, number) for window in windows for on, number in _moments(window, last)
    ]
    stretch = _stretch(known, newest, min(last, newest.end_on))
    verdict = flow.judge(stretch) if stretch.known else None
    return Seen(tuple(looks), verdict, newest, min(last, newest.end_on), flow)


def _months(goal: Goal, first: date, last: date) -> list[Window]:
    """The month of the last known day and the one before it, as far as their first days are known."""
    newest = period_of(last, PeriodKind.MONTH)
    before = period_of(newest.start_on - _DAY, PeriodKind.MONTH)
    return [
        Window(one.start_on, one.end_on, goal.target)
        for one in (before, newest)
        if _counts(goal, one) and (one is newest or first <= one.start_on)
    ]


def _counts(goal: Goal, period: Period) -> bool:
    return goal.since_on is None or goal.since_on <= period.end_on


def _weeks(goal: Goal, first: date, last: date) -> list[Window]:
    """Up to four weeks before the end of each of the last weeks that are over."""
    origin = goal.since_on or first - timedelta(days=first.weekday())
    start = max(origin, first)
    # The first week that is known as a whole.
    start += timedelta(days=-(start - origin).days % WEEK)
    count = ((last - start).days + 1) // WEEK
    found = []
    for number in range(max(1, count - MOST_LOOKS + 1), count + 1):
        weeks = min(number, WINDOW_WEEKS)
        begin = start + timedelta(days=WEEK * (number - weeks))
        found.append(Window(begin, begin + timedelta(days=WEEK * weeks - 1), goal.target * weeks, number))
    return found


def _moments(window: Window, last: date) -> list[tuple[date, int]]:
    """Last days of the looks at a window that have come, with their numbers."""
    if window.number:
        return [(window.end_on, window.number)]
    moments = [
        (window.start_on + timedelta(days=LOOK_DAYS * number - 1), number)
        for number in range(1, window.length // LOOK_DAYS + 1)
    ]
    return [(on, number) for on, number in moments if on <= last]


def _stretch(days: Days, window: Window, on: date) -> Stretch:
    return Stretch([day for day in window.days if day <= on and day in days], window.days, window.target)


def _look(flow: Flow, days: Days, window: Window, on: date, number: int) -> Look:
    stretch = _stretch(days, window, on)
    elapsed = (on - window.start_on).days + 1
    is_full = bool(stretch.known) and len(stretch.known) >= elapsed * (1 - MOST_HOLES)
    sign = flow.sign(stretch) if is_full else Sign.EARLY
    return Look(on, sign, window.start_on, number)


def _look_at_levels(goal: Goal, days: Days) -> Seen:
    """Averages and last values of whole weeks."""
    first, last = min(days), max(days)
    origin = goal.since_on or first - timedelta(days=first.weekday())
    start = max(origin, first)
    start += timedelta(days=-(start - origin).days % WEEK)
    values: list[float] = []
    looks: list[Look] = []
    seen = Seen()
    for number in range(1, ((last - start).days + 1) // WEEK + 1):
        begin = start + timedelta(days=WEEK * (number - 1))
        week = Window(begin, begin + timedelta(days=WEEK - 1), goal.target, number)
        known = [day for day in week.days if day in days]
        if not known:
            continue
        values.append(_value_of_week(goal, [days[day] for day in known]))
        found = judge_level(goal, values)
        looks.append(Look(week.end_on, found.sign, week.start_on, number))
        seen = Seen(tuple(looks), found, week, week.end_on)
    return seen


def _value_of_week(goal: Goal, facts: Sequence[DayFact]) -> float:
    if goal.kind is Kind.LAST:
        return facts[-1].value
    return sum(one.value for one in facts) / (sum(one.base for one in facts) or 1.0)
