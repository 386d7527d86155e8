"""Why an item is left out, as a sentence: one for the client's sheet, one for the sidebar of staff.

The client's sentence says why and when, in a client's words. It names no person and no other client, whose
work is called «другие проекты», shows no hours of people, and gives no instruction. What would let the item
in is said to the staff only.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

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


class Words(Struct, frozen=True):
    """Texts that the sentences contain.

    ``profiles`` are titles by key, ``codes`` the ID texts of the project's own items by number, ``tasks`` the
    ID and task of items of all clients. Only sentences for staff name items of other clients.
    """

    profiles: Mapping[str, str]
    codes: Mapping[int, str]
    tasks: Mapping[ItemKey, tuple[str, str]]
    calendar: WorkCalendar


def staff_reason(explanation: Explanation, situation: Situation, words: Words) -> Sentence:
    """Why the item is left out, when it will enter, and what change would let it in now."""
    why = _why(explanation, words)
    if explanation.left.needed_hours < _wanted_hours(explanation.left) - EPSILON_HOURS:
        why = sentence("reason.to_begin", why=why)
    days = period_days(words.calendar, explanation.enters) if explanation.enters else None
    change_text = _change(explanation.change, explanation, words) if explanation.change else None
    if days or change_text:
        code = "reason.change" if not days else "reason.enters_change" if change_text else "reason.enters"
        return sentence(code, why=why, days=days, change=change_text)
    if explanation.left.reason not in LACK_OF_ROOM:
        return why
    return sentence(f"reason.far.{situation.period.kind}", why=why, count=PERIODS_AHEAD)


def client_reason(explanation: Explanation, situation: Situation, words: Words) -> Sentence:
    """Why the item is not in this period, and when it will be, as far as that can be told."""
    why = _why_for_client(explanation, words)
    if explanation.enters:
        return sentence("client_reason.enters", why=why, days=period_days(words.calendar, explanation.enters))
    if explanation.left.reason not in LACK_OF_ROOM:
        return why
    return sentence(f"client_reason.far.{situation.period.kind}", why=why, count=PERIODS_AHEAD)


def reason_group(explanation: Explanation, words: Words) -> Sentence:
    """The kind of the reason, which several items may share."""
    left = explanation.left
    title = words.profiles.get(left.profile or "", left.profile or "")
    return sentence(f"reason_group.{left.reason}", profile=title)


def _wanted_hours(left: LeftOutItem) -> float:
    """Free hours that are needed to take the whole item."""
    if left.reason not in LACK_OF_ROOM:
        return 0.0
    return left.item.hours[left.profile] if left.profile else left.item.total_hours


def period_days(calendar: WorkCalendar, period: Period) -> Days:
    """The days of a period, without the days off at its ends."""
    days = calendar.working_days(period)
    return Days(days[0], days[-1]) if days else Days(period.start_on, period.end_on)


def _why(explanation: Explanation, words: Words) -> Sentence:
    left = explanation.left
    title = words.profiles.get(left.profile or "", left.profile or "")
    match left.reason:
        case LeftOutReason.WAITS_FOR:
            return sentence("reason.waits_for", items=_waited_for(left, words))
        case LeftOutReason.PROJECT_LIMIT | LeftOutReason.AGENCY_LIMIT:
            return sentence(
                f"reason.{left.reason}",
                needed=left.needed_hours,
                free=left.free_hours,
                limit=left.capacity_hours,
            )
        case LeftOutReason.NO_SPECIALIST:
            return sentence("reason.no_specialist", profile=title)
        case LeftOutReason.NO_ESTIMATE | LeftOutReason.TAKEN_OUT:
            return sentence(f"reason.{left.reason}")
        case LeftOutReason.NO_DAYS:
            who = sentence("reason.who", profile=title, name=left.specialist)
            return sentence("reason.no_days", who=who, needed=left.needed_hours)
        case LeftOutReason.SPECIALIST_BUSY:
            return _busy(explanation, words, title)


def _waited_for(left: LeftOutItem, words: Words) -> list[str]:
    return [words.codes.get(number, str(number)) for number in left.waits_for]


def _busy(explanation: Explanation, words: Words, title: str) -> Sentence:
    left = explanation.left
    who = sentence("reason.who", profile=title, name=left.specialist)
    busy = max(0.0, left.capacity_hours - left.free_hours)
    figures = {"who": who, "needed": left.needed_hours, "busy": busy, "capacity": left.capacity_hours}
    if left.capacity_hours <= EPSILON_HOURS:
        return sentence("reason.no_hours", who=who, needed=left.needed_hours)
    if busy <= EPSILON_HOURS:
        return sentence("reason.too_short", **figures)
    known = [
        sentence("reason.item", id=words.tasks[way.item][0], task=words.tasks[way.item][1], hours=way.hours)
        for way in explanation.in_the_way
        if way.item in words.tasks
    ][:MOST_IN_THE_WAY]
    if known:
        return sentence("reason.busy_with", **figures, items=known)
    return sentence("reason.specialist_busy", **figures)


def _why_for_client(explanation: Explanation, words: Words) -> Sentence:
    left = explanation.left
    title = words.profiles.get(left.profile or "", left.profile or "")
    match left.reason:
        case LeftOutReason.WAITS_FOR:
            return sentence("client_reason.waits_for", items=_waited_for(left, words))
        case LeftOutReason.PROJECT_LIMIT:
            # The limit is the client's own, so that he may know its figures.
            return sentence(
                "client_reason.project_limit",
                needed=left.needed_hours,
                free=left.free_hours,
                limit=left.capacity_hours,
            )
        case LeftOutReason.AGENCY_LIMIT:
            return sentence("client_reason.team_busy")
        case (
            LeftOutReason.NO_SPECIALIST
            | LeftOutReason.NO_ESTIMATE
            | LeftOutReason.NO_DAYS
            | LeftOutReason.TAKEN_OUT
        ):
            return sentence(f"client_reason.{left.reason}", profile=title)
        case LeftOutReason.SPECIALIST_BUSY:
            return sentence(f"client_reason.{_kind_of_busy(explanation)}", profile=title)


def _kind_of_busy(explanation: Explanation) -> str:
    """What takes the hours of a profile: the client's own tasks, other projects, or both."""
    left = explanation.left
    busy = left.capacity_hours - left.free_hours
    if busy <= EPSILON_HOURS:
        return "no_hours" if left.capacity_hours <= EPSILON_HOURS else "too_short"
    own = (left.item.project, own_rows_of(left.item.project))
    other = sum(way.hours for way in explanation.in_the_way if way.item[0] not in own)
    if other <= EPSILON_HOURS:
        return "busy"
    return "busy_only_elsewhere" if other > busy - EPSILON_HOURS else "busy_elsewhere"


def _change(change: Change, explanation: Explanation, words: Words) -> Sentence:
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
            return sentence("change.add_hours_of", name=change.specialist, hours=change.hours)
        case ChangeKind.PUT_FIRST:
            if change.priority in (None, explanation.left.item.priority):
                return sentence("change.put_first")
            return sentence("change.put_higher", priority=sentence(f"priority.{change.priority}"))
