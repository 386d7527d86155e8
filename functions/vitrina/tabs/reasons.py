"""Why an item is left out, as a sentence: one for the client's sheet, one for the sidebar of staff.

The client's sentence names no person and no other client: their work is called «другие проекты».
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vitrina.domain.calendar import Period, WorkCalendar
from vitrina.domain.planning.capacity import EPSILON_HOURS
from vitrina.domain.planning.explain import PERIODS_AHEAD, Change, ChangeKind, Explanation, Situation
from vitrina.domain.planning.schedule import ItemKey
from vitrina.domain.planning.selection import LeftOutItem, LeftOutReason
from vitrina.project.resources import own_rows_of
from vitrina.texts import Days, Sentence, sentence

#: Reasons that pass by themselves: the item enters when there is room.
LACK_OF_ROOM = frozenset(
    {
        LeftOutReason.PROJECT_LIMIT,
        LeftOutReason.AGENCY_LIMIT,
        LeftOutReason.SPECIALIST_BUSY,
        LeftOutReason.NO_DAYS,
    }
)

#: Most items that a sentence names as a person's other work: nobody reads more.
MOST_IN_THE_WAY = 3


@dataclass(frozen=True)
class Words:
    """Texts that the sentences contain.

    ``profiles`` are titles by key, ``codes`` the ID texts of the project's own items by number, ``tasks`` the
    ID and task of items of all clients. Only sentences for staff name items of other clients.
    """

    profiles: Mapping[str, str]
    codes: Mapping[int, str]
    tasks: Mapping[ItemKey, tuple[str, str]]
    calendar: WorkCalendar


def reason(explanation: Explanation, situation: Situation, words: Words, *, staff: bool) -> Sentence:
    """Why the item is left out, when it will enter, and what change would let it in now."""
    why = _why(explanation, words, staff=staff)
    if explanation.left.needed_hours < _wanted_hours(explanation.left) - EPSILON_HOURS:
        why = sentence("reason.to_begin", why=why)
    days = period_days(words.calendar, explanation.enters) if explanation.enters else None
    change = explanation.change if staff else explanation.own_change
    change_text = _change(change, explanation, words, staff=staff) if change else None
    if days or change_text:
        code = "reason.change" if not days else "reason.enters_change" if change_text else "reason.enters"
        return sentence(code, why=why, days=days, change=change_text)
    if explanation.left.reason not in LACK_OF_ROOM:
        return why
    return sentence(f"reason.far.{situation.period.kind}", why=why, count=PERIODS_AHEAD)


def _wanted_hours(left: LeftOutItem) -> float:
    """Free hours that are needed to take the whole item."""
    if left.reason not in LACK_OF_ROOM:
        return 0.0
    return left.item.hours[left.profile] if left.profile else left.item.total_hours


def period_days(calendar: WorkCalendar, period: Period) -> Days:
    """The days of a period, without the days off at its ends."""
    days = calendar.working_days(period)
    return Days(days[0], days[-1]) if days else Days(period.start_on, period.end_on)


def _why(explanation: Explanation, words: Words, *, staff: bool) -> Sentence:
    left = explanation.left
    title = words.profiles.get(left.profile or "", left.profile or "")
    match left.reason:
        case LeftOutReason.WAITS_FOR:
            items = [words.codes.get(number, str(number)) for number in left.waits_for]
            return sentence("reason.waits_for", items=items)
        case LeftOutReason.PROJECT_LIMIT | LeftOutReason.AGENCY_LIMIT:
            return _over_limit(left, staff=staff)
        case LeftOutReason.NO_SPECIALIST:
            return sentence("reason.no_specialist", profile=title)
        case LeftOutReason.NO_ESTIMATE:
            return sentence("reason.no_estimate")
        case LeftOutReason.NO_DAYS:
            who = _who(title, left.specialist, staff=staff)
            return sentence("reason.no_days", who=who, needed=left.needed_hours)
        case LeftOutReason.SPECIALIST_BUSY:
            return _busy(explanation, words, title, staff=staff)


def _over_limit(left: LeftOutItem, *, staff: bool) -> Sentence:
    """Sentence about a limit. A client is not told the agency's limit over all clients."""
    if left.reason is LeftOutReason.AGENCY_LIMIT and not staff:
        return sentence("reason.team_busy", needed=left.needed_hours)
    return sentence(
        f"reason.{left.reason}",
        needed=left.needed_hours,
        free=left.free_hours,
        limit=left.capacity_hours,
    )


def _busy(  # noqa: PLR0911 - one for each way to be busy
    explanation: Explanation, words: Words, title: str, *, staff: bool
) -> Sentence:
    left = explanation.left
    who = _who(title, left.specialist, staff=staff)
    busy = max(0.0, left.capacity_hours - left.free_hours)
    figures = {"who": who, "needed": left.needed_hours, "busy": busy, "capacity": left.capacity_hours}
    if left.capacity_hours <= EPSILON_HOURS:
        return sentence("reason.no_hours", who=who, needed=left.needed_hours)
    if busy <= EPSILON_HOURS:
        return sentence("reason.too_short", **figures)
    if staff:
        known = [
            sentence(
                "reason.item", id=words.tasks[way.item][0], task=words.tasks[way.item][1], hours=way.hours
            )
            for way in explanation.in_the_way
            if way.item in words.tasks
        ][:MOST_IN_THE_WAY]
        if known:
            return sentence("reason.busy_with", **figures, items=known)
        return sentence("reason.specialist_busy", **figures)
    other = sum(
        way.hours
        for way in explanation.in_the_way
        if way.item[0] not in (left.item.project, own_rows_of(left.item.project))
    )
    if other > busy - EPSILON_HOURS:
        return sentence("reason.busy_only_elsewhere", **figures)
    if other > EPSILON_HOURS:
        return sentence("reason.busy_elsewhere", **figures, other=other)
    return sentence("reason.specialist_busy", **figures)


def _who(title: str, name: str | None, *, staff: bool) -> Sentence:
    """The profile; for staff also the person."""
    if staff:
        return sentence("reason.who", profile=title, name=name)
    return sentence("reason.profile", profile=title)


def _change(  # noqa: PLR0911 - one for each kind of change
    change: Change, explanation: Explanation, words: Words, *, staff: bool
) -> Sentence:
    match change.kind:
        case ChangeKind.DROP_ITEM:
            code, task = words.tasks[change.item] if change.item else ("", "")
            return sentence("change.drop_item", id=code, task=task, hours=change.hours)
        case ChangeKind.RAISE_LIMIT:
            code = "change.raise_limit" if change.project else "change.raise_agency_limit"
            return sentence(code, hours=change.hours)
        case ChangeKind.MOVE_ABSENCE:
            return sentence("change.move_absence", name=change.specialist)
        case ChangeKind.ADD_HOURS:
            if staff:
                return sentence("change.add_hours_of", name=change.specialist, hours=change.hours)
            return sentence("change.add_hours", hours=change.hours)
        case ChangeKind.PUT_FIRST:
            if change.priority in (None, explanation.left.item.priority):
                return sentence("change.put_first")
            return sentence("change.put_higher", priority=sentence(f"priority.{change.priority}"))
