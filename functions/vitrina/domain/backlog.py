"""Items, actions and specialists: what the rows of a workbook describe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property

from msgspec import Struct, field


class Priority(StrEnum):
    """Priority class of an item; a higher class is always planned first."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the most urgent class."""
        return _RANKS[self]


_RANKS = {priority: rank for rank, priority in enumerate(Priority)}


class EstimateSource(StrEnum):
    """Where the hours of an item come from."""

    NORM = "norm"
    SPECIALIST = "specialist"
    NONE = "none"


class ActionStatus(StrEnum):
    """Stage of an action that is in progress; the stages of the tracker's board, in order."""

    ONBOARDING = "onboarding"
    IN_WORK = "in_work"
    REVIEW = "review"
    DONE = "done"


class BacklogItem(Struct, frozen=True, dict=True):
    """An item that is not started, or the rest of one that was.

    ``hours`` maps a profile to the hours its specialist needs, each above 0, in the order in which the
    work is done; ``rank`` is its place in the backlog from the top, which decides inside a priority class.
    """

    number: int
    code: str
    task: str
    priority: Priority
    rank: int
    hours: Mapping[str, float]
    work_type: str | None = None
    #: Size class, empty if none was given.
    size: str = ""
    quantity: float = 1.0
    wanted_on: date | None = None
    #: Numbers of the items that must be finished first.
    depends_on: tuple[int, ...] = ()
    result: str = ""
    #: The client's project; numbers are unique inside it.
    project: str = ""
    #: Count of periods in a row that were planned without it.
    passed_over_count: int = 0
    #: Whether it was begun in an earlier period: it is planned before all items that were not.
    is_carried_over: bool = False
    #: Specialist who has begun the part of a profile and continues it, by profile.
    keeps: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> tuple[str, int]:
        """Project and number: the identity among all clients."""
        return (self.project, self.number)

    @property
    def predecessors(self) -> tuple[tuple[str, int], ...]:
        """Keys of the items that must be finished first."""
        return tuple((self.project, number) for number in self.depends_on)

    @cached_property
    def total_hours(self) -> float:
        """Hours of all profiles together."""
        return sum(self.hours.values())


class Specialist(Struct, frozen=True):
    """A person who does the work.

    ``hours_per_day`` are working hours, above 0 and at most 24.
    """

    name: str
    profiles: tuple[str, ...]
    hours_per_day: float
    email: str = ""
    #: User id by the name of the tracker's connection.
    tracker_ids: Mapping[str, str] = field(default_factory=dict)
    days_away: frozenset[date] = frozenset()


class PlannedAction(Struct, frozen=True):
    """One person's part of an item, with the hours of each day that it takes."""

    profile: str
    specialist: str
    day_hours: Mapping[date, float] = field(default_factory=dict)

    @property
    def hours(self) -> float:
        """Hours of all its days."""
        return sum(self.day_hours.values())

    @property
    def start_on(self) -> date:
        """First day with work."""
        return min(self.day_hours)

    @property
    def due_on(self) -> date:
        """Last day with work: finished on this day it is still in time."""
        return max(self.day_hours)
