"""Which backlog items enter the period, who does them and on which days.

Items are taken in strict order of priority class and then of their place in the backlog. An item
that does not fit beside everything above it is passed over, and the next one is tried. No day of a
specialist and no limit of the project is ever exceeded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from vitrina.domain.backlog import BacklogItem, PlannedAction, Specialist
from vitrina.domain.calendar import Period

#: Hours are added up as floats; a thousandth of a minute is no overrun.
EPSILON_HOURS = 1e-5

#: A remainder below a quarter of an hour is not worth a day of its own.
MIN_PIECE_HOURS = 0.25


class LeftOutReason(StrEnum):
    """Why an item is not in the batch."""

    NO_ESTIMATE = "no_estimate"
    NO_SPECIALIST = "no_specialist"
    WAITS_FOR = "waits_for"
    PROJECT_LIMIT = "project_limit"
    SPECIALIST_BUSY = "specialist_busy"


@dataclass(frozen=True)
class ChosenItem:
    """An item of the batch with its actions."""

    item: BacklogItem
    actions: tuple[PlannedAction, ...]

    @property
    def due_on(self) -> date:
        """Last day of its last action."""
        return max(action.due_on for action in self.actions)


@dataclass(frozen=True)
class LeftOutItem:
    """An item that is not in the batch.

    ``profile`` is the one that has no room; ``free_hours`` and ``capacity_hours`` are those of its
    least busy specialist, or of the project where its limit is the reason. ``waits_for`` are the
    items that have to be finished before.
    """

    item: BacklogItem
    reason: LeftOutReason
    profile: str | None = None
    needed_hours: float = 0.0
    free_hours: float = 0.0
    capacity_hours: float = 0.0
    waits_for: tuple[int, ...] = ()


@dataclass(frozen=True)
class SpecialistLoad:
    """Hours of one specialist in the period."""

    specialist: Specialist
    capacity_hours: float
    committed_hours: float
    planned_hours: float


@dataclass(frozen=True)
class BatchPlan:
    """What a period will hold."""

    period: Period
    limit_hours: float | None
    used_hours: float
    chosen: tuple[ChosenItem, ...]
    left_out: tuple[LeftOutItem, ...]
    loads: tuple[SpecialistLoad, ...]

    @property
    def planned_hours(self) -> float:
        """Hours of all chosen items."""
        return sum(chosen.item.total_hours for chosen in self.chosen)


class _Desk:
    """Free hours of one specialist on each working day of the period."""

    def __init__(
        self, specialist: Specialist, days: Mapping[date, float], committed: Mapping[date, float]
    ) -> None:
        self.specialist = specialist
        hours = {
            day: specialist.hours_per_day * share
            for day, share in days.items()
            if day not in specialist.days_away
        }
        self.capacity_hours = sum(hours.values())
        self.committed_hours = sum(committed.get(day, 0.0) for day in days)
        self.free = {day: max(0.0, own - committed.get(day, 0.0)) for day, own in hours.items()}
        self.planned_hours = 0.0

    def fit(self, hours: float, *, after: date | None) -> dict[date, float] | None:
        """Earliest days that hold *hours*, or ``None``; nothing is taken yet."""
        taken: dict[date, float] = {}
        left = hours
        for day, free in self.free.items():
            if (after is not None and day <= after) or free < min(MIN_PIECE_HOURS, left) - EPSILON_HOURS:
                continue
            taken[day] = min(free, left)
            left -= taken[day]
            if left <= EPSILON_HOURS:
                return taken
        return None

    def free_hours(self) -> float:
        return sum(self.free.values())

    def take(self, day_hours: Mapping[date, float]) -> None:
        for day, hours in day_hours.items():
            self.free[day] -= hours
            self.planned_hours += hours

    def give_back(self, day_hours: Mapping[date, float]) -> None:
        self.take({day: -hours for day, hours in day_hours.items()})


def plan_batch(
    items: Iterable[BacklogItem],
    specialists: Sequence[Specialist],
    *,
    period: Period,
    days: Mapping[date, float],
    committed: Mapping[str, Mapping[date, float]],
    limit_hours: float | None = None,
    used_hours: float = 0.0,
    unfinished: frozenset[int] = frozenset(),
) -> BatchPlan:
    """Choose the items of *period* and give each action a person and days.

    Parameters
    ----------
    items
        The backlog, in any order.
    days
        Working days of the period that may still be planned, in order, each with its ratio to an ordinary
        day: a short one before a holiday has less than 1.
    committed
        Hours already promised, by specialist's name and day, over all clients.
    limit_hours, used_hours
        Hours of the project's contract in this period, and what is taken of them already.
        ``None`` means that there is no limit.
    unfinished
        Numbers of the items that are in progress now: what depends on them has to wait.

    Returns
    -------
    BatchPlan
        The same input gives the same plan.
    """
    desks = [_Desk(specialist, days, committed.get(specialist.name, {})) for specialist in specialists]
    backlog = sorted(items, key=lambda item: (item.priority.rank, item.rank))
    waiting = {item.number for item in backlog} | unfinished
    finish_on: dict[int, date] = {}
    chosen: list[ChosenItem] = []
    left_out: list[LeftOutItem] = []
    left_hours = None if limit_hours is None else limit_hours - used_hours
    for item in backlog:
        outcome = _place(item, desks, left_hours=left_hours, waiting=waiting, finish_on=finish_on)
        if isinstance(outcome, LeftOutItem):
            left_out.append(outcome)
            continue
        chosen.append(outcome)
        finish_on[item.number] = outcome.due_on
        waiting.discard(item.number)
        if left_hours is not None:
            left_hours -= item.total_hours
    return BatchPlan(
        period=period,
        limit_hours=limit_hours,
        used_hours=used_hours,
        chosen=tuple(chosen),
        left_out=tuple(left_out),
        loads=tuple(
            SpecialistLoad(desk.specialist, desk.capacity_hours, desk.committed_hours, desk.planned_hours)
            for desk in desks
        ),
    )


def _place(
    item: BacklogItem,
    desks: Sequence[_Desk],
    *,
    left_hours: float | None,
    waiting: set[int],
    finish_on: Mapping[int, date],
) -> ChosenItem | LeftOutItem:
    if not item.hours:
        return LeftOutItem(item, LeftOutReason.NO_ESTIMATE)
    if blockers := tuple(number for number in item.depends_on if number in waiting):
        return LeftOutItem(item, LeftOutReason.WAITS_FOR, waits_for=blockers)
    if left_hours is not None and item.total_hours > left_hours + EPSILON_HOURS:
        return LeftOutItem(
            item, LeftOutReason.PROJECT_LIMIT, needed_hours=item.total_hours, free_hours=max(0.0, left_hours)
        )
    after = max((finish_on[number] for number in item.depends_on if number in finish_on), default=None)
    taken: list[tuple[_Desk, PlannedAction]] = []
    for profile, hours in item.hours.items():
        skilled = [desk for desk in desks if profile in desk.specialist.profiles]
        fits = [(days, desk) for desk in skilled if (days := desk.fit(hours, after=after)) is not None]
        if not fits:
            for desk, action in taken:
                desk.give_back(action.day_hours)
            return _no_room(item, profile, hours, skilled)
        # The least busy specialist, so that the load is level; the name decides between equals.
        day_hours, desk = max(fits, key=lambda fit: (fit[1].free_hours(), fit[1].specialist.name))
        desk.take(day_hours)
        taken.append((desk, PlannedAction(profile, desk.specialist.name, day_hours)))
    return ChosenItem(item, tuple(action for _, action in taken))


def _no_room(item: BacklogItem, profile: str, hours: float, skilled: Sequence[_Desk]) -> LeftOutItem:
    if not skilled:
        return LeftOutItem(item, LeftOutReason.NO_SPECIALIST, profile=profile, needed_hours=hours)
    freest = max(skilled, key=_Desk.free_hours)
    return LeftOutItem(
        item,
        LeftOutReason.SPECIALIST_BUSY,
        profile=profile,
        needed_hours=hours,
        free_hours=freest.free_hours(),
        capacity_hours=freest.capacity_hours,
    )
