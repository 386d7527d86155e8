"""Reads what a report needs from a client's workbook: the metric's row, work, and what became of items."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from vitrina.domain.backlog import ActionStatus
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.metrics.goals import Better, Kind
from vitrina.domain.quantities import known_day
from vitrina.records.outside.chat_questions import Question
from vitrina.records.told.metric_reports import MetricReport
from vitrina.tabs.metrics import rows as metrics
from vitrina.tabs.metrics.rows import TAB, metric_rows
from vitrina.usecases.metric_report.facts import AskedQuestion, DoneWork, MetricRow, metric_key
from vitrina.workbook.reading.book import Book, Cell, Row, Tab
from vitrina.workbook.reading.choices import Choices

#: Words of a metric's name with fewer letters do not tell it from others.
LEAST_LETTERS = 4
#: Letters at the end of a Russian word that change with its case.
MOST_ENDING = 3
#: What has begun, as *В работе* says.
_BEGUN = (ActionStatus.IN_WORK, ActionStatus.REVIEW, ActionStatus.DONE)


def read_metrics(book: Book, choices: Choices) -> list[MetricRow]:
    """The rows of *Метрики* with a name, in their order; the first one of a name counts."""
    tab = book.tabs.get(TAB)
    if tab is None:
        return []
    return [_metric(book, tab, one, choices) for one in metric_rows(book, choices)]


def metric_at(
    book: Book, metrics: Iterable[MetricRow], sheet_id: int | None, row: int | None
) -> MetricRow | None:
    """The metric in a selected row, counted from 1; ``None`` for another tab or an empty row."""
    tab = book.tabs.get(TAB)
    if tab is None or tab.sheet_id != sheet_id:
        return None
    return next((one for one in metrics if one.row == row), None)


def read_works(book: Book, choices: Choices, today: date) -> list[DoneWork]:
    """Finished work of *Готово*, and what has begun of *В работе*: a line for each task."""
    works: dict[str, DoneWork] = {}
    tab = book.tabs.get("in_progress")
    for row in _rows(tab, "action"):
        started = _day(tab, row, "start_on")
        status = choices.code("status", _text(tab, row, "status"))
        if started is None or started > today or status not in _BEGUN:
            continue
        code, title = _text(tab, row, "id"), _text(tab, row, "action")
        known = works.get(code or title)
        first = min(started, known.started_on or started) if known else started
        works[code or title] = DoneWork(code, title, first, None)
    tab = book.tabs.get("done")
    for row in _rows(tab, "task"):
        code, title = _text(tab, row, "id"), _text(tab, row, "task")
        finished = _day(tab, row, "finished_on") or _day(tab, row, "approved_on")
        started = _day(tab, row, "started_on")
        if finished is not None or started is not None:
            works[code or title] = DoneWork(code, title, started, finished)
    return list(works.values())


def read_earlier(
    book: Book, choices: Choices, report: MetricReport | None, zone: ZoneInfo
) -> dict[str, Any] | None:
    """What came of the actions of the last report; ``None`` if there was none."""
    if report is None:
        return None
    done = {_text(tab, row, "id"): _day(tab, row, "finished_on") for tab, row in _lines(book, "done", "task")}
    work = {
        _text(tab, row, "id"): choices.code("status", _text(tab, row, "status"))
        for tab, row in _lines(book, "in_progress", "action")
    }
    waiting = {_text(tab, row, "id") for tab, row in _lines(book, "backlog", "task")}
    actions = []
    for one in report.actions:
        day = done.get(one.code)
        state = "gone"
        if one.code in done or work.get(one.code) is ActionStatus.DONE:
            state = "done"
        elif one.code in work:
            state = "in_work"
        elif one.code in waiting:
            state = "waits"
        on = day.isoformat() if day is not None else None
        actions.append({"code": one.code, "title": one.title, "state": state, "on": on})
    approved = datetime.fromisoformat(report.approved_at).astimezone(zone).date()
    return {"number": report.number, "approved_on": approved.isoformat(), "actions": actions}


def codes_in(book: Book) -> set[str]:
    """Codes of the items that have a row in the workbook."""
    places = (("backlog", "task"), ("in_progress", "action"), ("done", "task"))
    return {_text(tab, row, "id") for key, column in places for tab, row in _lines(book, key, column)}


def questions_about(metric: MetricRow, questions: Iterable[Question], zone: ZoneInfo) -> list[AskedQuestion]:
    """Questions that name a metric, the latest first."""
    found = [one for one in questions if names(one.text, metric.name)]
    found.sort(key=lambda one: (one.at, one.number), reverse=True)
    return [_asked(one, zone) for one in found]


def names(text: str, name: str) -> bool:
    """Whether a text has all long words of a name, in any case: «почему мало заявок» names «Заявки»."""
    stems = [_stem(word) for word in _words(name) if len(word) >= LEAST_LETTERS]
    words = _words(text)
    return bool(stems) and all(any(word.startswith(stem) for word in words) for stem in stems)


# --- Cells -------------------------------------------------------------------------------------------


def _metric(book: Book, tab: Tab, one: metrics.MetricRow, choices: Choices) -> MetricRow:
    row, goal = one.row, one.goal
    is_less = choices.code("better", _text(tab, row, "better")) == Better.LESS
    usual = Kind.AVERAGE if is_less else Kind.SUM
    facts = list(one.facts)
    while facts and facts[-1] is None:
        facts.pop()
    return MetricRow(
        metric_key(one.key),
        row.index + 1,
        one.name,
        row.number,
        one.key,
        _text(tab, row, "unit"),
        goal.kind if goal else choices.code("metric_kind", _text(tab, row, "kind")) or usual,
        is_less,
        _day(tab, row, "since_on"),
        _text(tab, row, "source"),
        goal,
        tuple(facts),
        goal.period if goal else _period(book, choices),
    )


def _period(book: Book, choices: Choices) -> PeriodKind:
    """The period of the project; weeks where the first tab does not say it."""
    place = book.fields.get("period")
    code = choices.code("period", place.cell.text) if place is not None else None
    return PeriodKind(code or PeriodKind.WEEK)


def _lines(book: Book, tab_key: str, column: str) -> list[tuple[Tab, Row]]:
    tab = book.tabs.get(tab_key)
    return [(tab, row) for row in _rows(tab, column)] if tab is not None else []


def _rows(tab: Tab | None, key: str) -> list[Row]:
    if tab is None or key not in tab.columns:
        return []
    return [row for row in tab.rows if _text(tab, row, key)]


def _cell(tab: Tab | None, row: Row, key: str) -> Cell | None:
    if tab is None or key not in tab.columns:
        return None
    cell = tab.cell(row, key)
    return None if cell.is_error else cell


def _text(tab: Tab | None, row: Row, key: str) -> str:
    cell = _cell(tab, row, key)
    return "" if cell is None else cell.text


def _number(tab: Tab | None, row: Row, key: str) -> float | None:
    cell = _cell(tab, row, key)
    return cell.value if cell is not None and isinstance(cell.value, float) else None


def _day(tab: Tab | None, row: Row, key: str) -> date | None:
    return known_day(_number(tab, row, key))


# --- Questions ---------------------------------------------------------------------------------------


def _asked(one: Question, zone: ZoneInfo) -> AskedQuestion:
    answered = datetime.fromisoformat(one.answered_at).astimezone(zone).date() if one.answered_at else None
    return AskedQuestion(one.number, one.text, one.asked_on(zone), answered, one.answer_text)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.casefold().replace("ё", "е"))


def _stem(word: str) -> str:
    return word[: max(LEAST_LETTERS, len(word) - MOST_ENDING)]
