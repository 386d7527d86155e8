"""The tab *Загрузка* of the agency's workbook: hours of each person on each day over all clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.checking.feasibility import TOLERANCE_HOURS
from vitrina.operations.services import Services
from vitrina.project.commitments import People
from vitrina.tabs.blocks import column_group, share, used_row_count, write_column
from vitrina.texts import Days, render, sentence
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

DAY_PREFIX = "day."
ROOM_PREFIX = "room."


class ShownLoad(Struct, frozen=True):
    """What the tab shows: its days, and a line for each person."""

    days: Sequence[date]
    lines: Sequence[LoadLine]


def shown_load(
    services: Services, book: Book, people: People, committed: Mapping[str, Mapping[date, float]]
) -> ShownLoad:
    """The load on the days that the tab has columns for."""
    count = len(column_group(book.tabs["load"], DAY_PREFIX)) if "load" in book.tabs else 0
    days = load_days(services, count)
    return ShownLoad(days, load_lines(people, committed, days))


def write_load(services: Services, change: WorkbookChange, book: Book, load: ShownLoad) -> None:
    """Write hours of each person on each working day from this week on, and the capacity of these days.

    The capacity is in hidden columns, which the colours need: days off and short days differ from person to
    person. Workbooks that were created before these columns existed do without them.
    """
    tab = book.tabs.get("load")
    if tab is None or "specialist" not in tab.columns:
        return
    day_keys, room_keys = column_group(tab, DAY_PREFIX), column_group(tab, ROOM_PREFIX)
    days, lines = load.days, load.lines
    first = tab.header_index + 1
    blank_count = max(0, used_row_count(tab, ["specialist"]) - len(lines))
    change.make_room(tab, first + len(lines))
    keys = ["specialist", "hours_per_day", "load", *day_keys]
    for key, day in zip(day_keys, days, strict=True):
        change.set_block(tab, tab.header_index, tab.columns[key], [[day]])
    for position, key in enumerate(keys):
        write_column(change, tab, key, [line.cells[position] for line in lines], blank_count)
    write_column(change, tab, "load_share", [line.share for line in lines], blank_count)
    write_column(change, tab, "free_hours", [line.free_hours for line in lines], blank_count)
    for position, key in enumerate(room_keys[: len(days)]):
        write_column(change, tab, key, [line.room[position] for line in lines], blank_count)
    if tab.header_index > 0:
        moment = services.clock.now().astimezone(services.time_zone)
        today = Days(moment.date(), moment.date())
        refreshed = sentence("load.refreshed", days=today, time=f"{moment:%H:%M}")
        cells: list[list[Value]] = [[render(refreshed, locale_of(book))]]
        change.set_block(tab, tab.header_index - 1, tab.columns["specialist"], cells)


class LoadLine(Struct, frozen=True):
    """A person's line: name, hours of an ordinary day, sum of hours, hours of each day; and the capacity."""

    cells: tuple[Value, ...]
    room: tuple[Value, ...]
    #: Share of the hours of the days shown that is taken; ``None`` where the person has none.
    share: float | None = None
    #: Hours of the days shown that are not taken.
    free_hours: float = 0.0


def load_days(services: Services, count: int) -> list[date]:
    """The days shown: working days from this week's Monday on."""
    monday = services.calendar.current_period(services.today(), PeriodKind.WEEK).start_on
    return services.calendar.working_days_from(monday, count=count)


def load_lines(
    people: People, committed: Mapping[str, Mapping[date, float]], days: Sequence[date]
) -> list[LoadLine]:
    """Lines of the team in its order, then of other people who have work."""
    team = [one.name for one in people.resources.specialists]
    strangers = sorted(
        name
        for name, by_day in committed.items()
        if name not in team and any(by_day.get(day) for day in days)
    )
    lines: list[LoadLine] = []
    for name in [*team, *strangers]:
        specialist = people.find(name)
        usual = specialist.hours_per_day * people.resources.load_factor if specialist else None
        by_day = committed.get(name, {})
        room = [round(people.capacity(name, day), 2) for day in days]
        hours = [_shown(by_day.get(day, 0.0), free) for day, free in zip(days, room, strict=True)]
        cells: list[Value] = [one or None for one in hours]
        load = round(sum(hours), 2)
        shown = (name, round(usual, 2) if usual is not None else None, load, *cells)
        taken = share(load / sum(room)) if sum(room) else None
        free_hours = sum(max(0.0, free - one) for one, free in zip(hours, room, strict=True))
        lines.append(LoadLine(shown, (*room,), taken, round(free_hours, 2)))
    return lines


def _shown(hours: float, room: float) -> float:
    """Hours as they are shown: the capacity itself, where the difference is only a rounding error."""
    return room if abs(hours - room) <= TOLERANCE_HOURS else round(hours, 2)
