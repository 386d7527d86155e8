"""A range of a spreadsheet, and pasted text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from tests.harness.fakes.clock import FixedClock
from tests.harness.fakes.interruptions import no_answer
from tests.harness.fakes.workbooks import FakeWorkbooks
from tests.harness.metric_worlds.world import NOW, ZONE, now
from vitrina.metrics.pasted_csv import PastedTexts
from vitrina.metrics.sheet_range import SheetPlace, SheetRanges


class SheetWorld:
    """See ``MetricWorld``: days and figures below a heading, in the columns C and D."""

    measure_id = "figure"
    has_zeros = False
    is_outside = has_accounts = True

    def __init__(self) -> None:
        self.workbooks = FakeWorkbooks(FixedClock(NOW))
        self.service = SheetRanges(self.workbooks, ZONE, now)
        self._id = self.workbooks.create("Колл-центр", tag="calls")
        sheet = self.workbooks.read(self._id)["sheets"][0]["properties"]
        self._title = str(sheet["title"])
        self.account_id = SheetPlace(self._id, sheet.get("sheetId", 0), 2, 1, 0).account_id
        self._days: dict[date, int] = {}

    def type(self, cell: str, text: str) -> None:
        """Type into a cell."""
        self.workbooks.edit(self._id, {"type": "type", "sheet": self._title, "cell": cell, "text": text})

    def fill(self, days: Mapping[date, int]) -> None:
        """See ``MetricWorld``."""
        cells = [("C1", "Дата"), ("D1", "Звонки")]
        for row, (day, count) in enumerate(days.items(), start=2):
            cells += [(f"C{row}", f"{day:%d.%m.%Y}"), (f"D{row}", str(count))]
        self.workbooks.edit(
            self._id,
            *({"type": "type", "sheet": self._title, "cell": cell, "text": text} for cell, text in cells),
        )
        self._days = dict(days)

    def add(self, day: date, count: int) -> None:
        """See ``MetricWorld``."""
        self.fill({**self._days, day: self._days.get(day, 0) + count})

    def close(self) -> None:
        """See ``MetricWorld``."""
        self.workbooks.delete(self._id)

    def go_down(self) -> None:
        """See ``MetricWorld``."""
        self.workbooks.before("read", no_answer())


class PastedWorld:
    """See ``MetricWorld``: a line for each day."""

    account_id, measure_id = "book:500000001", "figure"
    has_zeros = is_outside = False
    has_accounts = True

    def __init__(self) -> None:
        self._days: dict[date, int] = {}
        self.service = PastedTexts(self._text, ZONE, now)

    def _text(self, account_id: str) -> str | None:
        lines = ["день;сколько", *(f"{day:%d.%m.%Y};{count},0" for day, count in self._days.items())]
        return "\n".join(lines) if account_id == self.account_id else None

    def fill(self, days: Mapping[date, int]) -> None:
        """See ``MetricWorld``."""
        self._days = dict(days)

    def add(self, day: date, count: int) -> None:
        """See ``MetricWorld``."""
        self._days[day] = self._days.get(day, 0) + count

    def close(self) -> None:
        """See ``MetricWorld``: there is nothing outside."""

    def go_down(self) -> None:
        """See ``MetricWorld``: there is nothing outside."""


@contextmanager
def open_sheet() -> Iterator[SheetWorld]:
    """The world of a range."""
    yield SheetWorld()


@contextmanager
def open_pasted() -> Iterator[PastedWorld]:
    """The world of pasted text."""
    yield PastedWorld()
