"""Averages, last values, and typed shares and prices: values of periods that are never added up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from vitrina.domain.metrics.goals import Better, Goal, Kind, Range, Sign, Verdict, range_of, sign_against
from vitrina.domain.metrics.tails import StudentSpread

#: How far a period of an average or a price usually is from the next one, as long as little is known: 15 %
#: of the target, worth as much as this many periods.
USUAL_SPREAD, USUAL_WEIGHT = 0.15, 3
#: An average rests on the last periods; older ones say how it was.
MOST_PERIODS = 4
#: With fewer periods nothing is said of an average.
LEAST_PERIODS = 2
#: A last value may be worse than its target by this ratio, or by its own usual steps.
LEAST_STEP = 0.05
#: Steps from which a metric's own noise is known.
LEAST_STEPS = 3
#: Median of the steps of normal noise over its standard deviation, and the 5 % tail in standard deviations.
STEP_RATIO, NORMAL_TAIL = 0.954, 1.645


def judge_level(goal: Goal, values: Sequence[float]) -> Verdict:
    """Hold the values of periods, in their order, against a target that does not grow."""
    return _judge_last(goal, values) if goal.kind is Kind.LAST else _judge_mean(goal, values)


def _judge_mean(goal: Goal, values: Sequence[float]) -> Verdict:
    """Behind only where both the mean and the newest period are worse than the target."""
    recent = values[-MOST_PERIODS:]
    mean = sum(recent) / len(recent)
    spread = mean_spread(goal.target, recent, USUAL_SPREAD)
    sign = sign_against(spread, mean, goal.better, is_enough=len(recent) >= LEAST_PERIODS)
    # A level has no plan that could be passed: only the worse side is an end.
    found = range_of(spread)
    open_range = Range(found.low, None) if goal.better is Better.MORE else Range(None, found.high)
    if sign is not Sign.EARLY and not goal.is_worse(recent[-1]):
        sign = Sign.FINE
    return Verdict(sign, mean, goal.target, open_range)


def mean_spread(target: float, values: Sequence[float], usual: float) -> StudentSpread:
    """Where the mean of *values* is expected around a target.

    Their own variance is mixed with the usual one, so that two values that happen to be alike do not look
    certain.
    """
    count = len(values)
    mean = sum(values) / count
    own = sum((one - mean) ** 2 for one in values)
    freedom = USUAL_WEIGHT + count - 1
    least = abs(target) * usual or usual
    variance = (USUAL_WEIGHT * least**2 + own) / freedom
    return StudentSpread(target, math.sqrt(variance / count), freedom)


def _judge_last(goal: Goal, values: Sequence[float]) -> Verdict:
    """A last value has no noise of chance but its own steps: below is what they do not explain."""
    steps = [abs(later - former) for former, later in pairwise(values)]
    usual = NORMAL_TAIL * median(steps) / STEP_RATIO if len(steps) >= LEAST_STEPS else 0.0
    tolerance = max(abs(goal.target) * LEAST_STEP, usual)
    last = values[-1]
    if not goal.is_worse(last):
        sign = Sign.FINE
    elif len(values) < LEAST_PERIODS:
        sign = Sign.EARLY
    else:
        sign = Sign.BELOW if abs(last - goal.target) > tolerance else Sign.FINE
    expected = (
        Range(goal.target - tolerance, None)
        if goal.better is Better.MORE
        else Range(None, goal.target + tolerance)
    )
    return Verdict(sign, last, goal.target, expected)
