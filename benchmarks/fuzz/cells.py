"""Clicks over workbooks whose cells, notes and lines hold anything."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.fuzz.draw import Facts, valid_params
from benchmarks.fuzz.values import NUMBERS, TEXTS, any_text, number_text
from benchmarks.fuzz.world import World
from vitrina.usecases.actions import ACTIONS
from vitrina.workbook.reading.book import Book, Tab, column_letters

#: Clicks after which everything is as it was in the beginning.
ROUND = 20
#: Seconds in which a click has to be answered; operations may take longer.
MOST_S = 50.0
#: Cells in which the actions look first.
OFTEN = (
    "backlog",
    "in_progress",
    "specialists",
    "absences",
    "settings",
    "norms",
    "metrics",
    "projects",
    "client",
)
#: Values that fit some cell of the workbooks, and are wrong in most others.
PLAUSIBLE: Sequence[str] = (
    *(
        "31.12.9999",
        "01.01.1900",
        "30.11.2026",
        "0",
        "-5",
        "1e27",
        "1:30",
        "1.5",
        "1,5 ч",
        "10000,01",
        "1000001",
    ),
    *(
        "ЗРН-1",
        "ЗРН-2, ЗРН-3",
        "ЗРН-1; ЗРН-1",
        "Лендинг",
        "Статья",
        "Анна Белова",
        "анна белова",
        "Дизайн, Тексты",
    ),
    *(
        "Срочно",
        "В работе",
        "Готово",
        "Принято",
        "да",
        "нет",
        "TRUE",
        "=1/0",
        "=A1",
        "=NA()",
        "=TODAY()",
        "=1E300*1E300",
    ),
    *("manager@mayak.example", "владелец", "Менеджер", "все", "50%", "1E+99", "2027-13-45", "29.02.2027"),
)


@dataclass(frozen=True)
class ClickFailure:
    """A click that was answered wrongly, after these edits since the beginning of its round."""

    number: int
    action: str
    why: str
    edits: Sequence[Any]

    def __str__(self) -> str:
        return f"--cells-only {self.number}: {self.action}: {self.why}\n    {self.edits[-4:]!r}"


@dataclass
class Clicked:
    """What came of the clicks: counts of outcomes by action, failures, and the slowest one."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[ClickFailure] = field(default_factory=list)
    tell: Callable[[ClickFailure], None] = lambda _: None
    slowest_s: float = 0.0
    slowest: str = ""

    def fail(self, number: int, action: str, why: str, edits: Sequence[Any]) -> None:
        """Keep a failure, and tell it."""
        failure = ClickFailure(number, action, why, tuple(edits))
        self.failures.append(failure)
        self.tell(failure)


def click(
    world: World,
    seed: int,
    numbers: Iterable[int],
    errors: Callable[[], list[str]],
    each: Callable[[int], None] = lambda _: None,
    tell: Callable[[ClickFailure], None] = lambda _: None,
) -> Clicked:
    """Change cells and click, once for each of *numbers*. Each round begins with the world as it was saved.

    A click's edits stay until its round is over, so that a number is repeated with the whole round.
    """
    office, clicked = world.office, Clicked(tell=tell)
    saved = office.save_state()
    edits: list[Any] = []
    is_fresh = False
    for number in numbers:
        if number % ROUND == 0 or not is_fresh:
            office.settle()
            office.restore_state(saved)
            office.restart()
            edits, is_fresh = [], True
            errors()
        draw = random.Random(f"{seed} cells {number}")
        edits += _change_cells(world, draw)
        _click_once(world, draw, number, clicked, edits)
        for told in errors():
            clicked.fail(number, "unhandled error", told, edits)
        each(number)
    office.settle()
    return clicked


def round_of(number: int) -> range:
    """The clicks that have to be repeated with a number."""
    return range(number - number % ROUND, number + 1)


def _click_once(
    world: World, draw: random.Random, number: int, clicked: Clicked, edits: Sequence[Any]
) -> None:
    facts = world.facts
    action = draw.choice(list(ACTIONS))
    book = facts.agency_id if ACTIONS[action].book_kind == "agency" else draw.choice(facts.client_ids)
    params = _params(world, draw, facts, action, book)
    started = time.perf_counter()
    answer = world.office.click(book, action, **params)
    took_s = time.perf_counter() - started
    if took_s > clicked.slowest_s:
        clicked.slowest_s, clicked.slowest = took_s, f"--cells-only {number}: {action}"
    clicked.outcomes[action, f"{answer['http_status']} {answer['outcome']}"] += 1
    is_late = took_s > MOST_S and not ACTIONS[action].is_queued
    if answer["http_status"] >= 500 or is_late:
        why = f"{answer['http_status']} after {took_s:.1f} s: {answer['message']} {answer.get('details', '')}"
        clicked.fail(number, action, why, edits)


def _params(world: World, draw: random.Random, facts: Facts, action: str, book: str) -> dict[str, Any]:
    """Parameters by the schema; what a preview shows now where the action wants it."""
    params = valid_params(draw, facts, action)
    previews = {
        "start_batch": "build_batch",
        "replan_work": "preview_replan",
        "assign_task": "preview_assignment",
    }
    before = previews.get(action)
    if before is not None and draw.random() < 0.8:
        shown = world.office.click(book, before, **valid_params(draw, facts, before))
        params["preview_id"] = (shown.get("data") or {}).get("preview_id") or params["preview_id"]
    return params


# --- Edits -------------------------------------------------------------------------------------------


def _change_cells(world: World, draw: random.Random) -> list[Any]:
    """Edit one workbook as a person could, and return what was done."""
    spreadsheet_id = draw.choice([world.facts.agency_id, *world.facts.client_ids])
    book = world.office.book(spreadsheet_id)
    edits = [_edit(draw, book) for _ in range(draw.choice([1, 2, 4, 8]))]
    done = []
    for one in edits:
        answer = world.office.http.post(
            f"{world.office.servers.google}/_emulator/edit",
            json={"spreadsheet_id": spreadsheet_id, "edits": [one]},
        )
        if answer.status_code == httpx.codes.OK:
            done.append(one)
    return done


def _edit(draw: random.Random, book: Book) -> dict[str, Any]:
    tabs = (
        [tab for key, tab in book.tabs.items() if key in OFTEN]
        if draw.random() < 0.8
        else list(book.tabs.values())
    )
    tab = draw.choice(tabs or list(book.tabs.values()))
    kind = draw.random()
    if kind < 0.06:
        return _change_lines(draw, tab)
    sheet, cell = tab.title, _address(draw, book, tab)
    if kind < 0.12:
        return {"type": "note", "sheet": sheet, "cell": cell, "text": _text(draw)}
    return {"type": "type", "sheet": sheet, "cell": cell, "text": _text(draw)}


def _address(draw: random.Random, book: Book, tab: Tab) -> str:
    fields = [one for one in book.fields.values() if one.sheet_id == tab.sheet_id]
    if fields and draw.random() < 0.7:
        return draw.choice(fields).address
    used = [row.index for row in tab.rows if any(not cell.is_empty for cell in row.cells)]
    first = tab.header_index if draw.random() < 0.04 else tab.header_index + 1
    rows = [*used, first, first + len(used)]
    columns = list(tab.columns.values()) or [0]
    return f"{column_letters(draw.choice(columns))}{draw.choice(rows) + 1}"


def _text(draw: random.Random) -> str:
    text = draw.choice(
        [
            lambda: draw.choice(PLAUSIBLE),
            lambda: draw.choice(PLAUSIBLE),
            lambda: draw.choice(TEXTS)[:50_000],
            lambda: number_text(draw),
            lambda: str(draw.choice(NUMBERS)).replace(".", ","),
            lambda: any_text(draw),
        ]
    )()
    # Sheets has whole characters only.
    return text.encode("utf-8", "replace").decode()


def _change_lines(draw: random.Random, tab: Tab) -> dict[str, Any]:
    row = tab.header_index + 1 + draw.randrange(8)
    column = draw.choice(list(tab.columns.values()) or [0])
    return draw.choice(
        [
            {"type": "delete_rows", "sheet": tab.title, "at": row + 1, "count": 1},
            {"type": "insert_rows", "sheet": tab.title, "at": row + 1, "count": draw.choice([1, 30])},
            {"type": "insert_columns", "sheet": tab.title, "at": column_letters(column), "count": 1},
            {"type": "delete_columns", "sheet": tab.title, "at": column_letters(column), "count": 1},
            {"type": "rename_tab", "sheet": tab.title, "title": f"Лист {draw.randrange(99)}"},
            {"type": "duplicate_tab", "sheet": tab.title},
            {"type": "clear", "sheet": tab.title, "range": f"A{row + 1}:Z{row + 2}"},
            {
                "type": "sort",
                "sheet": tab.title,
                "range": f"A{row + 1}:Z{row + 6}",
                "column": column_letters(column),
            },
            {"type": "cut_paste", "sheet": tab.title, "from": f"A{row + 1}:Z{row + 1}", "to": f"A{row + 9}"},
        ]
    )
