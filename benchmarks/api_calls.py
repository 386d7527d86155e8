"""``python -m benchmarks.api_calls [--rows 10 100 1000] [--repeat 3] [--markdown]``: cost of each action.

Counts the requests of each action of the menu to Google and Kaiten, at several sizes of the backlog, on the
local servers with the sample agency. The exit code is 1 if an action makes more requests to Google than
allowed. Estimate, start of a batch, webhook, refresh and a task may use one read and one write of the
workbook at every size, a new client at most five requests, and the load and the check one read of each
workbook, with as many rows of work in progress. An estimate of a long backlog is read twice: by the click,
which leaves it to the queue, and by the queued work.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from emulators.world.sample import load_agency, load_history
from emulators.world.story import people_of, staff_of
from tests.harness.local_office import LocalOffice, OfficeError
from tests.harness.servers import Servers, running_servers
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.domain.limits import LONG_BACKLOG_ROWS
from vitrina.domain.quantities import serial_of_day
from vitrina.records.books import Agency
from vitrina.workbook.template.definition import Profile

ROWS = (10, 100, 1000)
REPEAT_COUNT = 3

#: A Monday morning, so that the whole week can be planned.
NOW = datetime.fromisoformat("2026-11-23T09:00:00+03:00")
#: Less than the hours of ten rows, so that the batch has about the same length at every size.
LIMIT_HOURS = 30

ACTIONS = {
    "new_client": "New client",
    "estimate": "Estimate",
    "build_batch": "Build a batch",
    "start_batch": "Start the batch",
    "push": "Push",
    "webhook": "Webhook",
    "refresh": "Refresh",
    "preview_assignment": "Preview a task",
    "assign_task": "Assign a task",
    "update_load": "Refresh the load",
    "check_all": "Check everything",
}
#: Actions that take exactly one read and one write of the workbook.
ONE_READ_ONE_WRITE = ("estimate", "start_batch", "webhook", "refresh", "assign_task")
#: Reads and writes of actions that read the workbooks of a client and the agency, and write only the latter.
ALL_BOOKS = {"update_load": (2, 1), "check_all": (2, 0)}
#: Three of Sheets: the agency's people and settings are read as they are now.
MOST_OF_NEW_CLIENT = 5

#: Methods that change a workbook; all others of Sheets read it.
WRITES = frozenset(
    f"sheets.spreadsheets.{name}"
    for name in (
        "batchUpdate",
        "create",
        "values.append",
        "values.batchUpdate",
        "values.clear",
        "values.update",
    )
)

HEADER = (
    "Action",
    "Rows",
    "Google reads",
    "Google writes",
    "Drive calls",
    "Kaiten calls",
    "Cards",
    "ms",
    "×",
)

SetEnv = Callable[[str, str], None]


@dataclass(frozen=True)
class Cost:
    """Requests of one action. ``card_count`` is the count of items in progress after it."""

    action: str
    row_count: int
    google_reads: int
    google_writes: int
    drive_calls: int
    kaiten_requests: int
    card_count: int
    ms: float

    @property
    def google_requests(self) -> int:
        """Count of all requests to Google."""
        return self.google_reads + self.google_writes + self.drive_calls


def run(setenv: SetEnv, folder: Path, *, sizes: Sequence[int] = ROWS, repeats: int = 1) -> list[Cost]:
    """Costs of each action at each size, ordered by action and size; ``ms`` are medians."""
    runs: list[Cost] = []
    with running_servers() as servers:
        for number, size in enumerate(itertools.chain.from_iterable([sizes] * repeats)):
            runs += _play(servers, setenv, folder / str(number), size)
    return [
        _median([cost for cost in runs if (cost.action, cost.row_count) == (action, size)])
        for action in ACTIONS
        for size in sizes
    ]


def complaints(costs: Iterable[Cost]) -> list[str]:
    """A sentence for each cost that is higher or lower than expected."""
    found = []
    for cost in costs:
        place = f"{ACTIONS[cost.action]} at {cost.row_count} rows"
        asked = (cost.google_reads, cost.google_writes, cost.drive_calls)
        is_queued = cost.action == "estimate" and cost.row_count > LONG_BACKLOG_ROWS
        reads = 1 + is_queued
        if cost.action in ONE_READ_ONE_WRITE and asked != (reads, 1, 0):
            found.append(
                f"{place}: {asked[0]} reads, {asked[1]} writes, {asked[2]} of Drive; has to be {reads}, 1, 0"
            )
        if cost.action in ALL_BOOKS and asked != (*ALL_BOOKS[cost.action], 0):
            reads, writes = ALL_BOOKS[cost.action]
            found.append(
                f"{place}: {asked[0]} reads, {asked[1]} writes, {asked[2]} of Drive; "
                f"has to be {reads}, {writes}, 0"
            )
        if cost.action == "new_client" and cost.google_requests > MOST_OF_NEW_CLIENT:
            found.append(f"{place}: {cost.google_requests} requests; {MOST_OF_NEW_CLIENT} at most")
    return found


def table(costs: Sequence[Cost]) -> list[tuple[str, ...]]:
    """Header and lines of the report; the last column is the time relative to the smallest size."""
    smallest = min(cost.row_count for cost in costs)
    base_ms = {cost.action: cost.ms for cost in costs if cost.row_count == smallest}
    return [
        HEADER,
        *(
            (
                ACTIONS[cost.action],
                f"{cost.row_count:,}",
                str(cost.google_reads),
                str(cost.google_writes),
                str(cost.drive_calls),
                str(cost.kaiten_requests),
                str(cost.card_count),
                f"{cost.ms:,.0f}",
                f"{cost.ms / base_ms[cost.action]:.1f}",
            )
            for cost in costs
        ),
    ]


def as_text(lines: Sequence[tuple[str, ...]], *, markdown: bool) -> str:
    """The table with aligned columns, numbers on the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    edge, joint = ("| ", " | ") if markdown else ("", "  ")
    rule = "|".join(["", "-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:]), ""])

    def row(line: tuple[str, ...]) -> str:
        first, *numbers = line
        cells = [
            first.ljust(widths[0]),
            *(one.rjust(width) for one, width in zip(numbers, widths[1:], strict=True)),
        ]
        return (edge + joint.join(cells) + edge[::-1]).rstrip()

    head, *body = map(row, lines)
    return "\n".join([head, rule if markdown else "-" * len(head), *body])


class _Meter:
    """Counts the requests of an office, action by action."""

    def __init__(self, office: LocalOffice, row_count: int) -> None:
        self._office = office
        self._row_count = row_count
        self.costs: list[Cost] = []

    @contextmanager
    def measure(self, action: str) -> Iterator[None]:
        """Count and time what the block does."""
        self._office.forget_calls()
        started_at = time.perf_counter()
        yield
        ms = 1000 * (time.perf_counter() - started_at)
        google, kaiten = self._office.calls("google"), self._office.calls("kaiten")
        writes = sum(count for name, count in google.items() if name in WRITES)
        drive = sum(count for name, count in google.items() if name.startswith("drive."))
        self.costs.append(
            Cost(
                action=action,
                row_count=self._row_count,
                google_reads=sum(google.values()) - writes - drive,
                google_writes=writes,
                drive_calls=drive,
                kaiten_requests=sum(kaiten.values()),
                card_count=len(self._office.cards()),
                ms=ms,
            )
        )


def _play(servers: Servers, setenv: SetEnv, folder: Path, row_count: int) -> list[Cost]:
    """One agency, one client with *row_count* rows of backlog, every action once."""
    sample = load_agency()
    folder.mkdir(parents=True)
    office = LocalOffice(servers, folder, staff_of(sample)[0])
    agency = open_agency(office, setenv, sample)
    meter = _Meter(office, row_count)
    with meter.measure("new_client"):
        office.create_client(
            client_name="Benchmark", project_name="API calls", code="API", limit_hours=LIMIT_HOURS
        )
    office.paste_backlog(backlog_rows(sample, row_count))
    play_batch(office, sample, meter.measure)
    with meter.measure("preview_assignment"):
        form = click_action(office, "preview_assignment", is_filled=True, parts=[_part(sample)])
    with meter.measure("assign_task"):
        preview_id = form["data"]["preview_id"]
        click_action(office, "assign_task", preview_id=preview_id, title="Benchmark", result="")
    office.settle()
    office.paste_work(_work(sample, row_count))
    for action in ALL_BOOKS:
        with meter.measure(action):
            click_action(office, action, spreadsheet_id=agency.spreadsheet_id)
    office.http.close()
    return meter.costs


def play_batch(
    office: LocalOffice, sample: Mapping[str, Any], measure: Callable[[str], AbstractContextManager[None]]
) -> None:
    """Play all actions from the estimate to the refresh, each inside ``with measure(action)``."""
    with measure("estimate"):
        click_action(office, "estimate")
    with measure("build_batch"):
        preview = click_action(office, "build_batch", period="current")
    with measure("start_batch"):
        click_action(office, "start_batch", preview_id=preview["data"]["preview_id"])
    with measure("push"):
        click_action(office, "push")
    office.settle()
    _move_a_card(office, people_of(sample)[0].kaiten_id)
    with measure("webhook"):
        released = office.http.post(f"{office.servers.kaiten}/_emulator/webhooks/release", json={})
        released.raise_for_status()
        office.settle()
    with measure("refresh"):
        click_action(office, "refresh")


def open_agency(
    office: LocalOffice,
    setenv: SetEnv,
    sample: Mapping[str, Any],
    *,
    history: Mapping[str, FinishedWork] | None = None,
    now: datetime = NOW,
) -> Agency:
    """Reset the servers and set up the sample agency; without *history*, with that of the sample."""
    people = people_of(sample)
    ids = {person.email: str(person.kaiten_id) for person in people}
    office.reset(setenv, people=people, now=now)
    return office.set_up_agency(
        name=sample["name"],
        profiles=[Profile(one["key"], one["title"]) for one in sample["profiles"]],
        team=[
            {**one, "profiles": ", ".join(one["profiles"]), "tracker_id.kaiten": ids[one["email"]]}
            for one in sample["specialists"]
        ],
        history=_sample_history() if history is None else history,
    )


def _sample_history() -> dict[str, FinishedWork]:
    return {
        f"sample-{number}": FinishedWork(
            row["work_type"],
            row["profile"],
            row["hours"],
            row["quantity"],
            NOW.date() - timedelta(days=row["finished_days_ago"]),
        )
        for number, row in enumerate(load_history())
    }


def backlog_rows(sample: Mapping[str, Any], row_count: int) -> list[dict[str, str | float]]:
    """The sample's tasks that have a work type, repeated, each with a number of its own."""
    tasks = [item for client in sample["clients"] for item in client["backlog"] if item.get("work_type")]
    return [
        {"task": f"{item['task']} ({number})", "work_type": item["work_type"]}
        for number, item in zip(range(1, row_count + 1), itertools.cycle(tasks), strict=False)
    ]


def _part(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Four hours of the sample's first profile, as the form of a task asks for them."""
    return {"profile": sample["profiles"][0]["key"], "specialist": "", "hours": 4}


def _work(sample: Mapping[str, Any], row_count: int) -> list[dict[str, str | float]]:
    """Rows that people typed in *В работе*: an hour each, for the people in turn, on the next days."""
    names = [one["name"] for one in sample["specialists"]]
    return [
        {
            "action": f"Work {number}",
            "specialist": names[number % len(names)],
            "hours": 1.0,
            "start_on": float(serial_of_day(NOW.date() + timedelta(days=number % 20))),
            "due_on": float(serial_of_day(NOW.date() + timedelta(days=number % 20 + 7))),
        }
        for number in range(row_count)
    ]


def click_action(
    office: LocalOffice, action: str, spreadsheet_id: str | None = None, **params: Any
) -> Mapping[str, Any]:
    """Click in the client's workbook or another one; raises ``OfficeError`` where nothing was done."""
    answer = office.click(spreadsheet_id or office.client_id, action, **params)
    if answer["outcome"] not in ("done", "partial"):
        raise OfficeError(f"{action}: {answer}")
    return answer


def _move_a_card(office: LocalOffice, user_id: int) -> None:
    """Move a card as a specialist; the tracker holds its webhook back until its cost is measured."""
    office.http.post(f"{office.servers.kaiten}/_emulator/webhooks", json={"mode": "hold"}).raise_for_status()
    card = office.cards()[0]
    columns = office.kaiten("GET", f"/boards/{card['board_id']}/columns", user_id=user_id)
    office.kaiten("PATCH", f"/cards/{card['id']}", user_id=user_id, column_id=columns[1]["id"])


def _median(costs: Sequence[Cost]) -> Cost:
    """Cost of several equal runs: their requests, and the median of their times."""
    asked = {replace(cost, ms=0.0) for cost in costs}
    if len(asked) > 1:
        raise OfficeError(f"the same action cost differently: {asked}")
    return replace(costs[0], ms=median(cost.ms for cost in costs))


def main() -> int:
    """Measure, print the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api_calls", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="sizes of the backlog")
    parser.add_argument(
        "--repeat", type=int, default=REPEAT_COUNT, help="runs of which the median time is shown"
    )
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vitrina-") as folder:
        costs = run(os.environ.__setitem__, Path(folder), sizes=arguments.rows, repeats=arguments.repeat)
    print(as_text(table(costs), markdown=arguments.markdown))
    found = complaints(costs)
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
