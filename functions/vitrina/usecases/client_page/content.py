"""What a client's page shows of a workbook that somebody has read anyway.

Only cells of the tabs that the client can open go into it, with the values that Google shows there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.quantities import known_day
from vitrina.errors import StoreConflictError
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.metrics.looks import Looks, load_looks
from vitrina.records.outside.chat_questions import answers_for_page
from vitrina.records.outside.chat_rules import ChatRules, load_rules
from vitrina.records.outside.client_pages import ClientPage, load_page
from vitrina.records.told.metric_reports import load_reports
from vitrina.tabs.metrics.rows import fact_columns, metric_rows
from vitrina.tabs.metrics.states import told_of_metrics
from vitrina.usecases.accounting.client_lines import lines_of_project
from vitrina.usecases.decisions.typed_text import shortened
from vitrina.workbook.reading.book import Book, Cell, Row, Tab, item_number_of_row
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.client_needs import open_needs

#: Most characters of a text of the page, and of a longer one.
MOST_TITLE, MOST_TEXT = 200, 600
#: Most questions with their answers, and most characters of an answer.
MOST_ANSWERS, MOST_ANSWER = 5, 1000
#: Most lines of the lists of the page.
MOST_WORK, MOST_DONE, MOST_METRICS, MOST_PROPOSALS = 15, 200, 15, 15
#: Most characters of what is said of a metric, and most metrics with a line: the page has to stay small.
MOST_TOLD, MOST_LINES = 300, 6

#: Most lines about what accounting has issued.
MOST_INVOICES = 6

#: Texts of the first tab by their names on the page.
_TEXTS = {
    "project": ("project_name", MOST_TITLE),
    "client": ("client_name", MOST_TITLE),
    "state": ("state", MOST_TEXT),
    "contact": ("contact", MOST_TEXT),
    "chat_url": ("chat_url", MOST_TEXT),
    "documents": ("documents", MOST_TEXT),
    "finish": ("expected_finish", MOST_TEXT),
    "questions": ("questions", MOST_TEXT),
}
_HOURS = {"used": "used_hours", "left": "left_hours", "limit": "limit_hours"}
_DAYS = {"next_due": "next_due", "period_start": "period_start", "period_end": "period_end"}
#: From the least to the most finished; an item of several rows has the state of the least one.
_STATUSES = (ActionStatus.ONBOARDING, ActionStatus.IN_WORK, ActionStatus.REVIEW, ActionStatus.DONE)


def draw_content(services: Services, book: Book, looks: Looks | None = None) -> Json:
    """The contents of the page of a client's workbook. What the workbook lacks is left out.

    Parameters
    ----------
    looks
        What is remembered of its metrics: by it the add-on's own notes are told from those of people.
    """
    today, choices = services.today(), services.choices
    week = services.calendar.current_period(today, PeriodKind.WEEK)
    work = _works(book, choices)
    open_work = [one for one in work if one["status"] != ActionStatus.DONE.value]
    next_start, next_end = week.end_on + timedelta(days=1), week.end_on + timedelta(days=7)
    this_week = [one for one in open_work if _begins(one) <= week.end_on.isoformat()]
    next_week = [
        one
        for one in open_work
        if one not in this_week and next_start.isoformat() <= _begins(one) <= next_end.isoformat()
    ]
    later = len(open_work) - len(this_week) - len(next_week)
    content: Json = {
        **{name: _field_text(book, key, most) for name, (key, most) in _TEXTS.items()},
        **{name: _iso(_day(_field(book, key))) for name, key in _DAYS.items()},
        "hours": {name: _number(_field(book, key)) for name, key in _HOURS.items()},
        "refreshed_at": _moment(_field(book, "refreshed_at")),
        "week_start": week.start_on.isoformat(),
        "week_end": week.end_on.isoformat(),
        "this_week": this_week[:MOST_WORK],
        "next_week": next_week[:MOST_WORK],
        "later_count": later + max(0, len(this_week) - MOST_WORK) + max(0, len(next_week) - MOST_WORK),
        "done": _done(book, work),
        "metrics": _metrics(book, choices, looks or {}),
        "needs": _needs(book),
        "proposals": _proposals(book, choices),
    }
    return {name: one for name, one in content.items() if one not in ("", None, [], {})}


def keep_content(services: Services, page: ClientPage, content: Json, locale: str) -> bool:
    """Keep what was drawn where it differs from what the page shows; tells whether it did.

    Raises
    ------
    RetriableServiceError
        If the store does not answer.
    """
    while True:
        if not page.is_open or (page.content == content and page.locale == locale):
            return False
        now = services.clock.now().isoformat()
        drawn = replace(page, content=content, locale=locale, drawn_at=now)
        try:
            services.store.commit([drawn.put()])
        except StoreConflictError:
            # A client has decided at this moment.
            page = load_page(services.store, page.spreadsheet_id, page.agency_id)
        else:
            return True


def draw_page(services: Services, page: ClientPage, book: Book) -> bool:
    """Draw a page from a workbook and keep it where it differs; tells whether it did.

    With it goes what was asked on the page and what was answered, what accounting has issued, a list of
    reports, and after how many days the agency wants silence to be reminded of.
    """
    questions = answers_for_page(services.store, page.spreadsheet_id)[:MOST_ANSWERS]
    answers = [
        {
            "number": one.number,
            "text": shortened(one.text, MOST_TEXT),
            "answer": shortened(one.answer_text, MOST_ANSWER),
        }
        for one in questions
    ]
    looks = (
        load_looks(services.store, page.spreadsheet_id).value if metric_rows(book, services.choices) else {}
    )
    content = draw_content(services, book, looks) | ({"answers": answers} if answers else {})
    # «Счёт выставлен 28.11» stands with the documents, its link after it.
    told = lines_of_project(services.store, page.spreadsheet_id, locale_of(book))[:MOST_INVOICES]
    invoices = [shortened(f"{one.text} {one.url}".strip(), MOST_TEXT) for one in told]
    reports = load_reports(services.store, page.spreadsheet_id, page.agency_id).shown
    content |= {"reports": [to_builtins(one) for one in reports]} if reports else {}
    documents = "\n".join(filter(None, [content.get("documents", ""), *invoices]))
    content |= {"documents": documents} if documents else {}
    rules = load_rules(services.store, page.agency_id) or ChatRules(page.agency_id)
    content["remind_days"] = rules.remind_shown_days
    return keep_content(services, page, content, locale_of(book))


# --- The first tab -----------------------------------------------------------------------------------


def _field(book: Book, key: str) -> Cell | None:
    found = book.fields.get(key)
    return None if found is None or found.cell.is_error else found.cell


def _field_text(book: Book, key: str, most: int) -> str:
    cell = _field(book, key)
    return "" if cell is None else shortened(cell.text, most)


def _needs(book: Book) -> list[Json]:
    """Lines of «Что нужно от вас» without a tick; the number is that of the line."""
    return [
        {
            "number": int(line.text.name.rpartition("_")[2]),
            "text": shortened(line.text.cell.text, MOST_TEXT),
            "due_on": _iso(line.due_on),
        }
        for line in open_needs(book)
        if not line.text.cell.is_error
    ]


# --- Work --------------------------------------------------------------------------------------------


def _works(book: Book, choices: Choices) -> list[Json]:
    """What is in progress: one line for each task, however many rows it has, by its day."""
    tab = book.tabs.get("in_progress")
    found: dict[str, Json] = {}
    for row in _rows_with(tab, "action"):
        code = _text(tab, row, "id")
        status = choices.code("status", _text(tab, row, "status")) or ActionStatus.ONBOARDING.value
        start, due = _day(_cell(tab, row, "start_on")), _day(_cell(tab, row, "due_on"))
        line = {
            "number": item_number_of_row(row.number) if row.number else 0,
            "code": shortened(code, MOST_TITLE),
            "title": shortened(_text(tab, row, "action"), MOST_TITLE),
            "start_on": _iso(start or due),
            "due_on": _iso(due or start),
            "status": status,
        }
        key = code or f"row {row.index}"
        found[key] = _merged(found[key], line) if key in found else line
    return sorted(found.values(), key=lambda one: (one["due_on"] or "9999", one["code"]))


def _merged(one: Json, other: Json) -> Json:
    """Two rows of a task as one line."""
    ranks = [status.value for status in _STATUSES]
    starts = [day for day in (one["start_on"], other["start_on"]) if day]
    return {
        **one,
        "start_on": min(starts, default=""),
        "due_on": max(one["due_on"], other["due_on"]),
        "status": min(one["status"], other["status"], key=ranks.index),
    }


def _begins(line: Json) -> str:
    """The day from which a line counts; work without days counts from now on."""
    return str(line["start_on"] or "")


def _done(book: Book, work: Iterable[Json]) -> list[Json]:
    """What is finished, the latest first: rows of *Готово*, and rows of *В работе* that are done."""
    tab = book.tabs.get("done")
    lines = [
        {
            "code": shortened(_text(tab, row, "id"), MOST_TITLE),
            "title": shortened(_text(tab, row, "task"), MOST_TITLE),
            "hours": _number(_cell(tab, row, "hours")),
            "on": _iso(_day(_cell(tab, row, "finished_on"))),
            "approved_on": _iso(_day(_cell(tab, row, "approved_on"))),
        }
        for row in _rows_with(tab, "task")
    ]
    known = {one["code"] for one in lines}
    lines += [
        {
            "code": one["code"],
            "title": one["title"],
            "hours": None,
            "on": one["due_on"],
            "approved_on": "",
        }
        for one in work
        if one["status"] == ActionStatus.DONE.value and one["code"] not in known
    ]
    return sorted(lines, key=lambda one: (one["on"] or "", one["code"]), reverse=True)[:MOST_DONE]


def _metrics(book: Book, choices: Choices, looks: Looks) -> list[Json]:
    """Metrics with their state; without one nothing can be said."""
    tab = book.tabs.get("metrics")
    told = told_of_metrics(book, choices, looks)
    found: list[Json] = []
    for row in list(_rows_with(tab, "metric"))[:MOST_METRICS]:
        points = _facts(tab, row)
        line: Json = {
            "name": shortened(_text(tab, row, "metric"), MOST_TITLE),
            "state": choices.code("state", _text(tab, row, "state")) or "",
            "target": _number(_cell(tab, row, "target")),
            "unit": shortened(_text(tab, row, "unit"), MOST_TITLE),
            "last": next((one for one in reversed(points) if one is not None), None),
        }
        if told.get(row.index):
            line["told"] = shortened(told[row.index], MOST_TOLD)
        if sum(one is not None for one in points) > 1 and len(found) < MOST_LINES:
            line["points"] = points
        found.append(line)
    return found


def _facts(tab: Tab | None, row: Row) -> list[float | None]:
    """The figures of the periods, without those that have not begun."""
    columns = fact_columns(tab) if tab is not None else []
    values = [_number(_cell(tab, row, column)) for column in columns]
    while values and values[-1] is None:
        values.pop()
    return values


def _proposals(book: Book, choices: Choices) -> list[Json]:
    """The client's own proposals in the backlog, in its order."""
    tab = book.tabs.get("backlog")
    return [
        {
            "number": row.number,
            "code": shortened(_text(tab, row, "id"), MOST_TITLE),
            "title": shortened(_text(tab, row, "task"), MOST_TITLE),
        }
        for row in _rows_with(tab, "task")
        if row.number is not None and choices.code("backlog_status", _text(tab, row, "status")) == "proposed"
    ][:MOST_PROPOSALS]


# --- Cells -------------------------------------------------------------------------------------------


def _rows_with(tab: Tab | None, key: str) -> Iterator[Row]:
    """Rows in which something stands in a column."""
    if tab is None or key not in tab.columns:
        return
    yield from (row for row in tab.rows if _text(tab, row, key))


def _cell(tab: Tab | None, row: Row, key: str) -> Cell | None:
    if tab is None or key not in tab.columns:
        return None
    cell = tab.cell(row, key)
    return None if cell.is_error else cell


def _text(tab: Tab | None, row: Row, key: str) -> str:
    cell = _cell(tab, row, key)
    return "" if cell is None else cell.text


def _number(cell: Cell | None) -> float | None:
    value: Any = None if cell is None else cell.value
    return round(value, 2) if isinstance(value, float) else None


def _day(cell: Cell | None) -> date | None:
    return None if cell is None else known_day(cell.value)


def _moment(cell: Cell | None) -> str:
    """A moment of the workbook's own clock, to the minute."""
    day = _day(cell)
    if day is None or cell is None or not isinstance(cell.value, float):
        return ""
    minutes = round((cell.value - int(cell.value)) * 24 * 60)
    return (datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)).isoformat()[:16]


def _iso(day: date | None) -> str:
    return day.isoformat() if day is not None else ""
