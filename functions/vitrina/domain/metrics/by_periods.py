"""Looks at a metric of which people type one figure for each period.

Each period that is over is a look. While a month runs, its figure so far is looked at once a week; what was
seen in former weeks is not in the sheet, so the caller keeps those looks. A running week waits for its end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.metrics.by_days import WINDOW_WEEKS, Seen, Window
from vitrina.domain.metrics.days import UNKNOWN_DISPERSION, WEEK
from vitrina.domain.metrics.flows import Stretch, usual_sum
from vitrina.domain.metrics.goals import Goal, Kind, Look, Verdict, range_of, sign_against
from vitrina.domain.metrics.levels import judge_level, mean_spread
from vitrina.domain.metrics.looks import LOOK_DAYS, WHOLE

#: How far a period usually is from the next one, until enough of them are known: of amounts, and of counts,
#: where large ones vary by far more than their root.
USUAL_AMOUNT_SPREAD, USUAL_COUNT_SPREAD = 0.3, 0.1
#: Share of the month that has to be over before an amount is judged whose days are not known.
LEAST_SHARE = 0.45

#: Days of periods without days, in their order; they are never shown.
_NO_DAY = date(2000, 1, 3)


class Typed(Struct, frozen=True):
    """Typed figures of the periods, and since when the newest one stands in the sheet.

    ``is_dated`` periods have days. Periods that are over come first.
    """

    periods: Sequence[Window]
    facts: Sequence[float]
    is_dated: bool
    running: Window | None = None
    running_fact: float | None = None


def windows_of(goal: Goal, count: int) -> list[Window]:
    """The first *count* periods of a metric. Without a first day they have days of no meaning."""
    if goal.since_on is None or goal.period is PeriodKind.WEEK:
        begin = goal.since_on or _NO_DAY
        return [
            Window(
                begin + timedelta(days=WEEK * index),
                begin + timedelta(days=WEEK * index + WEEK - 1),
                goal.target,
                index + 1,
            )
            for index in range(count)
        ]
    found = []
    period = period_of(goal.since_on, PeriodKind.MONTH)
    for index in range(count):
        found.append(Window(period.start_on, period.end_on, goal.target, index + 1))
        period = period.next()
    return found


def look_at_periods(
    goal: Goal, typed: Typed, calendar: WorkCalendar, *, kept: Sequence[Look], fact_on: date
) -> Seen:
    """What typed figures say.

    Parameters
    ----------
    kept
        Looks of former weeks at months that were running then.
    fact_on
        The day of which the figure of the running month is: when it was first seen in the sheet.
    """
    seen = Seen()
    looks: list[Look] = []
    for count in range(1, len(typed.facts) + 1):
        window = typed.periods[count - 1]
        found, of_days = _judge_finished(goal, typed, count, calendar)
        within = [look for look in kept if typed.is_dated and look.window_on == window.start_on]
        on = window.end_on + timedelta(days=1)
        looks += [*within, Look(on, found.sign, window.start_on, _number(goal, window))]
        seen = Seen(tuple(looks), found, of_days, of_days.end_on)
    running = _look_at_running(goal, typed, calendar, kept, fact_on)
    if running is None:
        return seen
    return replace(running, looks=(*looks, *running.looks))


def _number(goal: Goal, window: Window) -> int:
    is_month_of_sum = goal.period is PeriodKind.MONTH and goal.kind is Kind.SUM
    return WHOLE if is_month_of_sum else window.number


def _judge_finished(goal: Goal, typed: Typed, count: int, calendar: WorkCalendar) -> tuple[Verdict, Window]:
    """The first *count* periods, and the days on which the verdict rests."""
    if goal.kind is not Kind.SUM:
        return judge_level(goal, typed.facts[:count]), typed.periods[count - 1]
    weeks = WINDOW_WEEKS if goal.period is PeriodKind.WEEK else 1
    first = max(0, count - weeks)
    facts, windows = typed.facts[first:count], typed.periods[first:count]
    of_days = Window(windows[0].start_on, windows[-1].end_on, goal.target * len(facts))
    if not is_count(goal, typed.facts):
        return _judge_amount(goal, sum(facts), len(facts), typed.facts[:count]), of_days
    flow = usual_sum(goal, calendar, _dispersion(goal, typed.facts[:count]))
    return flow.judge_sum(sum(facts), goal.target * len(facts)), of_days


def _dispersion(goal: Goal, facts: Sequence[float]) -> float:
    """That of typed counts, whose days are not known."""
    if not facts or goal.target <= 0:
        return UNKNOWN_DISPERSION
    one = mean_spread(goal.target, facts, USUAL_COUNT_SPREAD)
    return max(UNKNOWN_DISPERSION, one.error**2 * len(facts) / goal.target)


def is_count(goal: Goal, facts: Sequence[float]) -> bool:
    """Whether a sum counts things, and is not an amount of money or the like."""
    return not goal.has_money and all(one == math.floor(one) for one in facts)


def _judge_amount(goal: Goal, fact: float, share: float, former: Sequence[float]) -> Verdict:
    """An amount of *share* periods; how much periods differ is known from the *former* ones."""
    one = mean_spread(goal.target, former, USUAL_AMOUNT_SPREAD)
    of_one_period = one.error * math.sqrt(len(former))
    mean = goal.target * share
    spread = replace(one, mean=mean, error=of_one_period * math.sqrt(share))
    sign = sign_against(spread, fact, goal.better, is_enough=share >= LEAST_SHARE)
    return Verdict(sign, fact, mean, range_of(spread))


def _look_at_running(
    goal: Goal, typed: Typed, calendar: WorkCalendar, kept: Sequence[Look], fact_on: date
) -> Seen | None:
    """The month that runs, where its figure so far is typed; the newest look of a week replaces the last."""
    window, fact = typed.running, typed.running_fact
    if window is None or fact is None or goal.period is not PeriodKind.MONTH or goal.kind is not Kind.SUM:
        return None
    on = min(fact_on, window.end_on)
    number = ((on - window.start_on).days + 1) // LOOK_DAYS
    if number < 1:
        return None
    flow = usual_sum(goal, calendar, _dispersion(goal, typed.facts or [goal.target]))
    stretch = Stretch([day for day in window.days if day <= on], window.days, window.target)
    if is_count(goal, [*typed.facts, fact]):
        found, used = flow.judge_sum(fact, flow.plan(stretch)), flow
    else:
        former = typed.facts or [goal.target]
        share = flow.share(stretch.known) / flow.share(stretch.planned)
        found, used = _judge_amount(goal, fact, share, former), None
    former_looks = [look for look in kept if look.window_on == window.start_on and look.number < number]
    looks = (*former_looks, Look(on, found.sign, window.start_on, number))
    return Seen(looks, found, window, on, used)
