"""The tab *Обещания* of the agency's workbook: how estimates and days came out, by month."""

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
    """The tab *Обещания*, which is the add-on's whole; workbooks of an older release have none."""
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
    # A month of forecasts alone shows no work; where a line moves down, nothing of the old one may stay.
    blank: dict[str, Value] = dict.fromkeys(PROMISED_OF_WORK)
    for told in forecasts_by_month(outcomes):
        line = by_day.setdefault(told.month, {**blank, "month": told.month})
        line["forecast_count"] = told.count
        line["within_likely"] = round(told.likely_kept / told.count, SHARE_DIGITS)
        line["within_sure"] = round(told.almost_certain_kept / told.count, SHARE_DIGITS)
    lines = [{**dict.fromkeys(PROMISED_OF_BACKLOGS), **line} for _, line in sorted(by_day.items())]
    standing = {row.index: row for row in tab.rows}
    first = tab.header_index + 1
    for place, line in enumerate(lines):
        row = standing.get(first + place)
        for key, value in line.items():
            if key in tab.columns and (row is None or not holds(tab, row, key, value)):
                change.set_block(tab, first + place, tab.column(key), [[value]])
    change.make_room(tab, first + len(lines))
