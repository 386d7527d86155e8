"""The tab *Обещания* of the agency's workbook: accuracy of estimates and forecast days, by month."""

from __future__ import annotations

from datetime import date

from vitrina.domain.estimating.norms import FinishedWork
from vitrina.domain.estimating.outcomes import by_month, forecasts_by_month
from vitrina.domain.planning.forecast import ForecastOutcome
from vitrina.tabs.blocks import SHARE_DIGITS, holds, share
from vitrina.workbook.reading.book import Book
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

#: Columns of *Обещания* beside the month.
PROMISED_OF_WORK = (
    "finished_count",
    "within_typical",
    "within_p85",
    "planned_hours",
    "actual_hours",
    "planned_ratio",
)
PROMISED_OF_BACKLOGS = ("forecast_count", "within_likely", "within_sure")


def write_promises(
    change: WorkbookChange, book: Book, history: list[FinishedWork], outcomes: list[ForecastOutcome]
) -> None:
    """Write the whole tab *Обещания*; workbooks of older releases have none."""
    if "promises" not in book.tabs:
        return
    tab = book.tab("promises")
    by_day: dict[date, dict[str, Value]] = {
        one.month: {
            "month": one.month,
            "finished_count": one.finished_count,
            "within_typical": share(one.within_typical),
            "within_p85": share(one.within_p85),
            "planned_hours": round(one.planned_hours, 1),
            "actual_hours": round(one.actual_hours, 1),
            "planned_ratio": share(one.planned_ratio),
        }
        for one in by_month(history)
    }
    # A month with forecasts but no finished work has empty cells. They are written as well, because lines
    # may have moved down and the cells may hold values of another month.
    blank: dict[str, Value] = dict.fromkeys(PROMISED_OF_WORK)
    for month in forecasts_by_month(outcomes):
        line = by_day.setdefault(month.month, {**blank, "month": month.month})
        line["forecast_count"] = month.count
        line["within_likely"] = round(month.likely_kept / month.count, SHARE_DIGITS)
        line["within_sure"] = round(month.almost_certain_kept / month.count, SHARE_DIGITS)
    lines = [{**dict.fromkeys(PROMISED_OF_BACKLOGS), **line} for _, line in sorted(by_day.items())]
    standing = {row.index: row for row in tab.rows}
    first = tab.header_index + 1
    for place, line in enumerate(lines):
        row = standing.get(first + place)
        for key, value in line.items():
            if key in tab.columns and (row is None or not holds(tab, row, key, value)):
                change.set_block(tab, first + place, tab.column(key), [[value]])
    change.make_room(tab, first + len(lines))
