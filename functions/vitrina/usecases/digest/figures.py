"""What a client's workbook says of a week: every figure of the digest is one of the sheet at that moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from vitrina.domain.backlog import ActionStatus
from vitrina.domain.quantities import SERIAL_DAY_ZERO, known_day
from vitrina.tabs.project_signs import UNASKED
from vitrina.tabs.refreshed_mark import FIELD as REFRESHED
from vitrina.workbook.reading.book import Book, Row, Tab
from vitrina.workbook.reading.cells import CellReader
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.client_needs import open_needs

#: Days of a digest, with the one on which it is written.
DAYS = 7
#: Data that are older than this are not told to a client.
MOST_AGE = timedelta(days=1)


class Work(Struct, frozen=True):
    """A task in the client's words; ``day`` is when it was accepted, or is due."""

    code: str
    title: str
    day: date | None = None


class Hours(Struct, frozen=True):
    """Hours of the present period; ``None`` for what the sheet does not tell, as without a limit."""

    start_on: date | None = None
    end_on: date | None = None
    used: float | None = None
    limit: float | None = None
    left: float | None = None


class Metric(Struct, frozen=True):
    """A metric, with the code of its state."""

    name: str
    state: str


class Figures(Struct, frozen=True):
    """What a digest tells.

    Parameters
    ----------
    state
        How the project goes, in a sentence.
    done
        Work that went to *Готово* in the week.
    in_work, to_accept
        Work that somebody does, and work that is finished and about which the client has said nothing.
    clarify
        Count of rows of *Бэклог* about which the client is asked.
    needs
        Count of what is needed from the client.
    next_due, finish
        The next day that is promised, and the sentence about the finish.
    refreshed_at
        When the workbook was written last; ``None`` if it does not tell.
    """

    start_on: date
    end_on: date
    state: str = ""
    done: tuple[Work, ...] = ()
    in_work: tuple[Work, ...] = ()
    to_accept: tuple[Work, ...] = ()
    clarify: int = 0
    needs: int = 0
    backlog: int = 0
    hours: Hours = Hours()
    next_due: date | None = None
    finish: str = ""
    metrics: tuple[Metric, ...] = ()
    refreshed_at: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no work to tell of."""
        return not (self.done or self.in_work or self.to_accept or self.backlog or self.needs)

    def is_stale(self, now: datetime) -> bool:
        """Whether the data are too old to be told."""
        return self.refreshed_at is None or now - self.refreshed_at > MOST_AGE


def read_figures(book: Book, choices: Choices, today: date, zone: ZoneInfo) -> Figures:
    """The figures of the last ``DAYS`` days. What a workbook of an older release lacks is left out."""
    start_on = today - timedelta(days=DAYS - 1)
    in_work, to_accept = _open_work(book, choices, today)
    fields = _Fields(book)
    return Figures(
        start_on,
        today,
        fields.text("state"),
        _done(book, choices, start_on, today),
        in_work,
        to_accept,
        clarify=_count_to_clarify(book, choices, today),
        needs=len(open_needs(book)),
        backlog=int(fields.number("backlog_count") or 0),
        hours=Hours(
            fields.day("period_start"),
            fields.day("period_end"),
            fields.number("used_hours"),
            fields.number("limit_hours"),
            fields.number("left_hours"),
        ),
        next_due=fields.day("next_due"),
        finish=fields.text("expected_finish"),
        metrics=_metrics(book, choices, today),
        refreshed_at=fields.moment(REFRESHED, zone),
    )


class _Fields:
    """Fields of the first tab."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def text(self, key: str) -> str:
        place = self._book.fields.get(key)
        return "" if place is None or place.cell.is_error else place.cell.text

    def number(self, key: str) -> float | None:
        place = self._book.fields.get(key)
        value = None if place is None or place.cell.is_error else place.cell.value
        return value if isinstance(value, float) else None

    def day(self, key: str) -> date | None:
        return known_day(self.number(key))

    def moment(self, key: str, zone: ZoneInfo) -> datetime | None:
        serial = self.number(key)
        if serial is None or known_day(serial) is None:
            return None
        wall = datetime.combine(SERIAL_DAY_ZERO, datetime.min.time()) + timedelta(days=serial)
        return wall.replace(tzinfo=zone)


class _Rows:
    """Rows of a tab, with what is missing read as empty."""

    def __init__(self, book: Book, key: str, choices: Choices, today: date) -> None:
        self._tab: Tab | None = book.tabs.get(key)
        self.rows: tuple[Row, ...] = self._tab.rows if self._tab is not None else ()
        self._choices = choices
        self._reader = (
            CellReader(self._tab, choices, locale=locale_of(book), today=today)
            if self._tab is not None
            else None
        )

    def has(self, column: str) -> bool:
        return self._tab is not None and column in self._tab.columns

    def text(self, row: Row, column: str) -> str:
        if self._reader is None or self._tab is None or not self.has(column):
            return ""
        return "" if self._tab.cell(row, column).is_error else self._reader.text(row, column)

    def day(self, row: Row, column: str) -> date | None:
        return self._reader.day(row, column) if self._reader is not None and self.has(column) else None

    def choice(self, row: Row, column: str, group: str) -> str:
        return self._choices.code(group, self.text(row, column)) or ""


def _done(book: Book, choices: Choices, start_on: date, end_on: date) -> tuple[Work, ...]:
    """Rows of *Готово* of these days: of the acceptance, or of the end where nobody had to accept."""
    rows = _Rows(book, "done", choices, end_on)
    found = []
    for row in rows.rows:
        day = rows.day(row, "approved_on") or rows.day(row, "finished_on")
        title = rows.text(row, "task")
        if title and day is not None and start_on <= day <= end_on:
            found.append(Work(rows.text(row, "id"), title, day))
    return tuple(sorted(found, key=lambda one: (one.day or start_on, one.code)))


class _Item(Struct):
    """A task of *В работе* with all its rows."""

    title: str
    statuses: list[str]
    approvals: list[str]
    days: list[date]


def _open_work(book: Book, choices: Choices, today: date) -> tuple[tuple[Work, ...], tuple[Work, ...]]:
    """Tasks that somebody does, and those that wait for the client, by their number."""
    rows = _Rows(book, "in_progress", choices, today)
    items: dict[str, _Item] = {}
    for row in rows.rows:
        title = rows.text(row, "action")
        if not title:
            continue
        code = rows.text(row, "id") or f"row {row.index}"
        item = items.setdefault(code, _Item(title, [], [], []))
        item.statuses.append(rows.choice(row, "status", "status"))
        item.approvals.append(rows.choice(row, "approval", "approval"))
        item.days += [day for day in (rows.day(row, "due_on"),) if day is not None]
    in_work = {code: item for code, item in items.items() if not _is_finished(item)}
    to_accept = {code: item for code, item in items.items() if _is_finished(item) and not _is_answered(item)}
    return _works(in_work), _works(to_accept)


def _is_finished(item: _Item) -> bool:
    """Whether all of it is in review or done, checked by the agency, and not returned by the client."""
    review = ActionStatus.REVIEW.value
    is_checked = review not in item.statuses or UNASKED not in item.approvals
    is_ended = {review, ActionStatus.DONE.value}.issuperset(item.statuses)
    return is_ended and is_checked and "returned" not in item.approvals


def _is_answered(item: _Item) -> bool:
    return ActionStatus.REVIEW.value not in item.statuses or "accepted" in item.approvals


def _works(items: Mapping[str, _Item]) -> tuple[Work, ...]:
    return tuple(
        Work("" if code.startswith("row ") else code, item.title, max(item.days, default=None))
        for code, item in items.items()
    )


def _count_to_clarify(book: Book, choices: Choices, today: date) -> int:
    rows = _Rows(book, "backlog", choices, today)
    return sum(rows.choice(row, "status", "backlog_status") == "clarify" for row in rows.rows)


def _metrics(book: Book, choices: Choices, today: date) -> tuple[Metric, ...]:
    rows = _Rows(book, "metrics", choices, today)
    return tuple(_told(rows, rows.rows))


def _told(rows: _Rows, found: Iterable[Row]) -> Iterable[Metric]:
    for row in found:
        name, state = rows.text(row, "metric"), rows.choice(row, "state", "state")
        if name and state:
            yield Metric(name, state)
