"""``python -m benchmarks.limits [--scale 1] [--projects 20] [--markdown]``: actions at the stated limits.

Fills an agency up to the limits of ``vitrina.domain.limits`` and clicks each action, for which ``menu`` and
``task`` are fresh processes; the emulators have processes of their own. Tells time, most memory of both,
calls of outside systems. Then goes one above each limit and prints what is said. The exit code is 1 where an
action fails, a click waits longer than the menu's minute, a process needs more than three quarters of the
memory that its function has, or something that is above a limit is not refused.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks.tables import as_table
from benchmarks.usage import cpu_s, memory_mb, process_tree
from deploy.functions import ALLOCATOR, FUNCTIONS
from emulators.common.client import local_client
from emulators.common.server import free_port
from emulators.world.processes import ROOT
from tests.harness.agency_data import HISTORY, NOW, TEAM
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.servers import Servers, running_emulator_processes
from vitrina.domain import limits
from vitrina.records.books import Project, load_project, projects_key, tracked_projects
from vitrina.workbook.writing.values import serial_of_day

#: Seconds after which Apps Script gives up on a click.
MOST_CLICK_S = 60.0
#: Share of a function's memory that may be used.
MOST_SHARE = 0.75
START_TIMEOUT_S, POLL_S = 120.0, 0.2
OPERATION_TIMEOUT_S = 1800.0
PROJECTS = 20
#: Share of the rows of *В работе* that people have typed.
TYPED_SHARE = 0.8
#: Hours of a period that let about a hundred items in.
LIMIT_HOURS = 1_500

HEADER = (
    *("Action", "answered, s", "ended, s", "menu, CPU s", "task, CPU s"),
    *("menu, MB", "task, MB", "Google", "Kaiten"),
)

#: Actions in the order in which they follow from each other, and in whose workbook.
CLIENTS = (
    *("estimate", "build_batch", "start_batch", "push", "refresh", "preview_replan", "preview_assignment"),
    *("show_as_client", "check_book", "undo"),
)
AGENCYS = ("update_load", "check_all", "recalculate_norms", "upgrade_books", "new_client")


@dataclass(frozen=True)
class Cost:
    """What one action took.

    Memory is the most of a process that did nothing else, processor time what it used after its start: that
    of the emulators is in the seconds only.
    """

    action: str
    outcome: str
    answered_s: float
    ended_s: float
    menu_cpu_s: float
    task_cpu_s: float
    menu_mb: float
    task_mb: float
    calls: Mapping[str, int]

    def as_line(self) -> tuple[str, ...]:
        """The cells of its row."""
        return (
            self.action,
            f"{self.answered_s:.1f}",
            f"{self.ended_s:.1f}",
            f"{self.menu_cpu_s:.1f}",
            f"{self.task_cpu_s:.1f}",
            f"{self.menu_mb:.0f}",
            f"{self.task_mb:.0f}",
            str(self.calls["google"]),
            str(self.calls["kaiten"]),
        )


@dataclass(frozen=True)
class Sizes:
    """How much is filled in: the limits, or a share of them."""

    backlog_rows: int
    work_rows: int
    people: int
    absence_rows: int
    projects: int

    @staticmethod
    def at(scale: float, projects: int) -> Sizes:
        """A share of each limit; projects as given."""
        rows = {key: max(2, int(most * scale)) for (key, _), most in limits.MOST_ROWS.items()}
        # The rest of *В работе* is for what is started, and one row for an absence that is too long.
        typed, absent = int(rows["in_progress"] * TYPED_SHARE), rows["absences"] - 1
        return Sizes(rows["backlog"], typed, rows["specialists"], absent, projects)


def complaints(costs: Sequence[Cost]) -> list[str]:
    """A sentence for each cost that is too high."""
    memory = {one.entry_point: mebibytes(one.memory) for one in FUNCTIONS}
    found = [f"{one.action}: {one.outcome}" for one in costs if one.outcome not in ("done", "partial")]
    for one in costs:
        if one.answered_s > MOST_CLICK_S:
            found.append(f"{one.action}: answered after {one.answered_s:.0f} s")
        for name, used in (("menu", one.menu_mb), ("task", one.task_mb)):
            most = MOST_SHARE * memory[name]
            if used > most:
                found.append(f"{one.action}: {used:.0f} MB of {name}; {most:.0f} at most")
    return found


def mebibytes(text: str) -> float:
    """Megabytes of a size that is written as ``512Mi`` or ``1Gi``."""
    units = {"Mi": 1.048576, "Gi": 1073.741824}
    return float(text[:-2]) * units[text[-2:]]


# --- Setting up --------------------------------------------------------------------------------------


def _team(count: int) -> list[dict[str, Any]]:
    profiles = itertools.cycle(["Дизайн", "Тексты", "Разработка", "Дизайн, Тексты"])
    accounts = [str(one["tracker_id.kaiten"]) for one in TEAM]
    return [
        {
            "name": f"Человек {number}",
            "email": f"person{number}@mayak.example",
            "profiles": profile,
            "hours_per_day": 8,
            "tracker_id.kaiten": accounts[number % len(accounts)],
        }
        for number, profile in zip(range(1, count + 1), profiles, strict=False)
    ]


def _backlog(count: int) -> list[dict[str, str | float]]:
    types = itertools.cycle(HISTORY)
    return [
        {"task": f"{kind} {number}", "work_type": kind}
        for number, kind in zip(range(1, count + 1), types, strict=False)
    ]


def _work(count: int, people: int) -> list[dict[str, str | float]]:
    """Rows that people typed in *В работе*, an hour each."""
    return [
        {
            "action": f"Своя работа {number}",
            "specialist": f"Человек {number % people + 1}",
            "hours": 1.0,
            "start_on": float(serial_of_day(NOW.date() + timedelta(days=number % 20))),
            "due_on": float(serial_of_day(NOW.date() + timedelta(days=number % 20 + 7))),
        }
        for number in range(count)
    ]


def _absences(count: int, people: int) -> list[dict[str, str | float]]:
    """Days off next year, one after the other for each person."""
    first = serial_of_day(NOW.date() + timedelta(days=60))
    return [
        {"specialist": f"Человек {number % people + 1}", "first_day": float(first + number // people)}
        for number in range(count)
    ]


def fill(office: ModuleOffice, sizes: Sizes) -> None:
    """Projects, people with absences, and a client whose workbook is full."""
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    office.paste_below("specialists", "name", _team(sizes.people)[1:], agency_id)
    office.paste_below("absences", "specialist", _absences(sizes.absence_rows, sizes.people), agency_id)
    for number in range(1, sizes.projects):
        office.create_client(code=f"П{number}", client_name=f"Клиент {number}")
    office.create_client(code="ЗРН", limit_hours=LIMIT_HOURS)
    office.paste_backlog(_backlog(sizes.backlog_rows))
    if sizes.work_rows:
        office.paste_work(_work(sizes.work_rows, sizes.people))


# --- Measuring ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def served(environment: Mapping[str, str], port: int) -> Iterator[int]:
    """A fresh process with all functions on *port*; yields its id."""
    command = [sys.executable, "-m", "emulators.world.functions", "--port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **ALLOCATOR, **environment}, stdout=quiet, stderr=quiet
    )
    try:
        give_up_at = time.monotonic() + START_TIMEOUT_S
        while True:
            with contextlib.suppress(httpx.TransportError), local_client(timeout=30.0) as http:
                http.get(f"http://127.0.0.1:{port}/menu/health")
                break
            if time.monotonic() > give_up_at:
                raise TimeoutError("the functions did not start")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def measure(office: ModuleOffice, book_id: str, action: str, **params: Any) -> tuple[Cost, Mapping[str, Any]]:
    """The cost and the answer of one click; ``menu`` and ``task`` are processes of their own."""
    menu_port, task_port = free_port(), free_port()
    own = {f"VITRINA_{name}": value for name, value in office.environment.items()}
    moved = {"VITRINA_TASK_URL": f"http://127.0.0.1:{task_port}/task"}
    # The clock of a process begins with the setting; it must not stand before what was done.
    now = {"VITRINA_NOW": (office.services.clock.now() + timedelta(seconds=1)).isoformat()}
    with (
        served({**own, **moved, **now}, menu_port) as menu_pid,
        served({**own, **moved, **now}, task_port) as task_pid,
    ):
        office.forget_calls()
        menu = office.manager()
        menu._menu_url = f"http://127.0.0.1:{menu_port}/menu"  # noqa: SLF001 - the same client elsewhere
        began, used = time.perf_counter(), [_used_s(one) for one in (menu_pid, task_pid)]
        answer = menu.post(book_id, action, **params)
        answered_s, operation_id = time.perf_counter() - began, answer.get("operation_id")
        while answer["outcome"] in ("accepted", "running"):
            if time.perf_counter() - began > OPERATION_TIMEOUT_S:
                raise TimeoutError(f"{action} is not done: {answer['message']}")
            time.sleep(POLL_S)
            answer = menu.post(book_id, "operation", operation_id=operation_id)
        ended_s = time.perf_counter() - began
        calls = {server: sum(office.calls(server).values()) for server in ("google", "kaiten")}
        menu_mb, task_mb = (_peak(pid) for pid in (menu_pid, task_pid))
        menu_s, task_s = (
            _used_s(pid) - before for pid, before in zip((menu_pid, task_pid), used, strict=True)
        )
        # What the action queued for later is done by the same process, but not counted.
        office.settle()
    seconds = (answered_s, ended_s, menu_s, task_s)
    return Cost(action, answer["outcome"], *seconds, menu_mb, task_mb, calls), answer


def _used_s(pid: int) -> float:
    return sum(cpu_s(one) for one in process_tree(pid))


def _peak(pid: int) -> float:
    return max(memory_mb(one, "VmHWM") for one in process_tree(pid))


def measure_all(office: ModuleOffice) -> list[Cost]:
    """Every action, in an order in which each has something to do."""
    assert office.agency is not None
    agency_id, costs, preview_id = office.agency.spreadsheet_id, [], ""
    for action in CLIENTS:
        params: dict[str, Any] = {}
        if action == "start_batch":
            params = {"preview_id": preview_id}
        elif action == "preview_assignment":
            part = {"profile": "design", "specialist": "", "hours": 4}
            params = {"is_filled": True, "parts": [part]}
        cost, answer = measure(office, office.client_id, action, **params)
        if action == "build_batch":
            preview_id = answer["data"].get("preview_id", "none")
        costs.append(_told(cost, answer))
    for action in AGENCYS:
        params = {}
        if action == "new_client":
            params = {"client_name": "Восток", "project_name": "Лавка", "code": "ВСТ", "limit_hours": None}
        costs.append(_told(*measure(office, agency_id, action, **params)))
    return costs


def _told(cost: Cost, answer: Mapping[str, Any]) -> Cost:
    print(f"… {' '.join(cost.as_line())}: {answer['message']}", file=sys.stderr, flush=True)
    return cost


# --- One above ---------------------------------------------------------------------------------------


def one_above(office: ModuleOffice, sizes: Sizes) -> dict[str, str]:
    """What is said where a limit is crossed by one, by the limit; empty where nothing is."""
    assert office.agency is not None
    agency_id, said = office.agency.spreadsheet_id, {}
    rows = limits.MOST_ROWS
    over = rows["backlog", "task"] + 1 - len(office.table("backlog", "task"))
    office.paste_backlog(_backlog(max(1, over)))
    said["rows of the backlog"] = _refusal(office, "estimate")
    _clear(office, "backlog", sizes.backlog_rows)
    tab = office.book().tab("backlog")
    office.type("backlog", tab.header_index + 1, task="я" * (limits.MOST_NAME + 1), work_type="")
    said["characters of a name"] = _refusal(office, "estimate")
    office.type("backlog", tab.header_index + 1, task="Баннер", result="я" * (limits.MOST_TEXT + 1))
    said["characters of a text"] = _refusal(office, "estimate")
    office.type("backlog", tab.header_index + 1, result="")
    wide = {
        "sheetId": tab.sheet_id,
        "dimension": "COLUMNS",
        "length": limits.MOST_COLUMNS + 1 - tab.column_count,
    }
    office.services.workbooks.batch_update(office.client_id, [{"appendDimension": wide}])
    said["columns"] = _refusal(office, "estimate")
    people = rows["specialists", "name"] + 1
    far = {"specialist": "Человек 1", "first_day": float(serial_of_day(NOW.date()))}
    last = serial_of_day(NOW.date() + timedelta(days=limits.MOST_ABSENCE_DAYS))
    office.paste_below("absences", "specialist", [{**far, "last_day": float(last)}], agency_id)
    said["days of an absence"] = _refusal(office, "update_load", agency_id)
    more = [{"name": f"Лишний {n}"} for n in range(people - sizes.people)]
    office.paste_below("specialists", "name", more, agency_id)
    said["people"] = _refusal(office, "update_load", agency_id)
    said["projects"] = _above_projects(office, agency_id)
    return said


def _refusal(office: ModuleOffice, action: str, book_id: str = "") -> str:
    answer = office.click(book_id or office.client_id, action)
    told = next((one["message"] for one in answer["cells"]), answer["message"])
    return told if answer["outcome"] == "refused" else ""


def _clear(office: ModuleOffice, key: str, keep: int) -> None:
    """Delete rows of a tab below the first *keep*."""
    tab = office.book().tab(key)
    first = tab.header_index + 1 + min(keep, 2)
    lines = {"sheetId": tab.sheet_id, "dimension": "ROWS", "startIndex": first, "endIndex": tab.row_count}
    office.services.workbooks.batch_update(office.client_id, [{"deleteDimension": {"range": lines}}])


def _above_projects(office: ModuleOffice, agency_id: str) -> str:
    """The form of a new client in an agency whose list of projects is full."""
    store, key = office.services.store, projects_key(agency_id)
    tracked = tracked_projects(store, store.get_many([key]).get(key), agency_id)
    one = load_project(store, office.client_id)

    def full(projects: Sequence[Project]) -> tuple[Project, ...]:
        return tuple(itertools.islice(itertools.cycle([*projects, one]), limits.MOST_PROJECTS))

    store.commit(tracked.writes(full(tracked.value)))
    form = {"client_name": "Юг", "project_name": "Сад", "code": "ЮГ", "limit_hours": None}
    answer = office.click(agency_id, "new_client", **form)
    return str(answer["message"]) if answer["outcome"] == "refused" else ""


def play(folder: Path, sizes: Sizes, servers: Servers) -> tuple[list[Cost], dict[str, str]]:
    """All costs, and all sentences."""
    with ExitStack() as stack:
        office = stack.enter_context(running_agency(servers, folder, team=_team(1)))
        fill(office, sizes)
        return measure_all(office), one_above(office, sizes)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the limits of rows and people")
    parser.add_argument("--projects", type=int, default=PROJECTS, help="projects of the agency")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    arguments = parser.parse_args()
    sizes = Sizes.at(arguments.scale, arguments.projects)
    print(sizes)
    with (
        tempfile.TemporaryDirectory(prefix="vitrina-") as name,
        running_emulator_processes(Path(name)) as servers,
    ):
        costs, said = play(Path(name), sizes, servers)
    print(as_table(HEADER, [one.as_line() for one in costs], markdown=arguments.markdown))
    for name, text in said.items():
        print(f"one above {name}: {text or 'NOTHING IS SAID'}")
    told = [
        *complaints(costs),
        *(f"one above {name}: nothing is said" for name, text in said.items() if not text),
    ]
    for line in told:
        print(line, file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
