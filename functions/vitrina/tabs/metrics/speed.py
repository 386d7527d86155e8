"""The tab *Скорость* of the agency's workbook: how fast items are closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from vitrina.domain.speed import ClosedItem, Grouping, Speed, speeds
from vitrina.operations.services import Services
from vitrina.records.books import Project
from vitrina.records.work import Item
from vitrina.tabs.blocks import share, used_row_count, write_column
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

TAB = "speed"
COLUMNS = (
    "grouping",
    "name",
    "count",
    "cycle_median",
    "cycle_long",
    "lead_median",
    "lead_long",
    "on_time",
)


def write_speed(
    services: Services, change: WorkbookChange, book: Book, items: Iterable[Item], projects: Sequence[Project]
) -> None:
    """Write the tab if its cells differ; a workbook that was not upgraded yet has no such tab."""
    tab = book.tabs.get(TAB)
    if tab is None:
        return
    clients = {one.spreadsheet_id: one.title for one in projects}
    closed = [one for item in items for one in closed_item(item, clients)]
    wanted = [_values(services, one, locale_of(book)) for one in speeds(closed, services.today())]
    standing = [[tab.cell(row, key).value for key in COLUMNS if key in tab.columns] for row in tab.rows]
    shown = [[one for key, one in zip(COLUMNS, line, strict=True) if key in tab.columns] for line in wanted]
    blank_count = max(used_row_count(tab, COLUMNS) - len(wanted), 0)
    if standing[: len(shown)] == shown and blank_count == 0:
        return
    change.make_room(tab, tab.header_index + 1 + len(wanted))
    for column, key in enumerate(COLUMNS):
        write_column(change, tab, key, [line[column] for line in wanted], blank_count)


def closed_item(item: Item, clients: Mapping[str, str]) -> Iterable[ClosedItem]:
    """An item as the figures need it; nothing of one that is not done."""
    if not item.is_done or item.finished_on is None:
        return
    days = [day for action in item.actions for day in action.day_hours]
    yield ClosedItem(
        clients.get(item.spreadsheet_id, ""),
        item.work_type,
        item.finished_on,
        item.taken_on,
        min(days, default=None),
        max(days, default=None),
    )


def _values(services: Services, speed: Speed, locale: str) -> list[Value]:
    name = speed.name
    if speed.grouping is Grouping.MONTH:
        name = f"{date.fromisoformat(name):%m.%Y}"
    return [
        services.choices.label("speed_group", speed.grouping.value, locale),
        name,
        float(speed.count),
        speed.cycle_median,
        speed.cycle_long,
        speed.lead_median,
        speed.lead_long,
        share(speed.on_time),
    ]
