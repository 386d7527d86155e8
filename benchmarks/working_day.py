"""A working day of an agency over Firestore, minute by minute, with everything that is billed.

Managers click, specialists work on cards in the tracker, the timer calls, and the queue runs its tasks when
they are due: by a clock that is moved from one event to the next, so that a day takes some minutes. One
thing happens at a time. What is billed is counted by the request of the functions in which it was asked for.
"""

from __future__ import annotations

import io
import itertools
import json
import logging
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import emulators.google.app
import emulators.kaiten.routes
import emulators.tasks.routes
from benchmarks.api_calls import SetEnv, open_agency
from benchmarks.burst import Client, create_clients
from emulators.common.firestore import running_firestore
from emulators.common.server import running
from emulators.kaiten.webhooks import Webhooks
from emulators.tasks.models import RUNNING, SCHEDULED, Settings, Tasks
from emulators.world.client import MenuClient
from emulators.world.functions import create_app as create_functions
from emulators.world.processes import QUEUE, ROBOT_ID
from emulators.world.sample import load_agency
from emulators.world.story import people_of, staff_of
from emulators.world.timer import PERIOD_S
from tests.harness.firestore_bill import Bill, Line, billed_firestore, purpose
from tests.harness.local_office import LocalOffice, OfficeError
from tests.harness.servers import Servers
from vitrina import bootstrap
from vitrina.google.server_time import ServerTime
from vitrina.operations import run as run_module
from vitrina.project import client_books

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: The clients are made on a Monday; the day that is counted is the Tuesday.
SET_UP_AT = datetime.fromisoformat("2026-11-23T08:00:00+03:00")
DAY = datetime.fromisoformat("2026-11-24T00:00:00+03:00")
#: Hours in which people work.
FIRST_HOUR, LAST_HOUR = 9, 19
#: Cards that each client has in progress when the day begins.
CARDS = 8
#: Rows of each backlog, and those that a manager adds before he plans.
BACKLOG_ROWS, NEW_ROWS = 10, 3
ROW_HOURS = 0.1
#: Hours of a card, so that the week of the team is about full: on the second day a fifth is overdue.
CARD_HOURS = 0.6

#: The sidebar asks once a second how far an operation is; they take some seconds.
QUESTIONS = 5
#: One who sits down to a card changes several things of it, a few seconds apart.
MOST_CHANGES = 5
SECONDS_BETWEEN_CHANGES = 5.0
#: Every so many changes a card is moved to the column of finished work.
DONE_EACH = 20

#: Clicks of a day for 50 clients, as sessions of a manager at one client or in the agency's workbook.
SESSIONS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (20, ("estimate", "estimate", "build_batch", "build_batch", "start_batch", "push")),
    (20, ("estimate", "refresh")),
    (20, ("refresh",)),
    (4, ("estimate", "undo")),
)
AGENCY_CLICKS: tuple[tuple[int, str], ...] = (
    (10, "update_load"),
    (3, "check_all"),
    (2, "recalculate_norms"),
    (1, "new_client"),
)
#: The clients for whom these are the clicks.
CLIENTS = 50

TASK_TIMEOUT_S = 120.0

#: What requests are for: by the name of their function, and of tasks by their kind.
PURPOSES = {
    "webhook": "Webhook",
    "sync": "Sync after webhooks",
    "schedule": "The timer",
    "reconcile": "Look at a workbook",
    "norms": "The night's learning",
    "push": "Cards that a push left",
    "remove_orphans": "Late cards",
    "agency": "Look at the agency",
    "redraw": "All tabs of the agency",
}

Say = Callable[[str], None]


class DayClock:
    """The clock of the product and of the queue, which stands until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._at = start.timestamp()

    def now(self) -> datetime:
        """See ``Clock``."""
        return datetime.fromtimestamp(self._at, UTC)

    def seconds(self) -> float:
        """The same in epoch seconds."""
        return self._at

    def move_to(self, at: float) -> None:
        """Let time pass, if *at* is later."""
        self._at = max(self._at, at)

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        self._at += seconds


@dataclass(frozen=True)
class Happened:
    """What happened on the day, and what it cost."""

    bill: Bill
    client_count: int
    clicks: int
    webhooks: int
    tasks: int


@dataclass(frozen=True)
class _Event:
    """Something that people or the timer do at a moment, in epoch seconds."""

    at: float
    do: Callable[[], None]


def play_day(folder: Path, setenv: SetEnv, *, clients: int, webhooks: int, seed: int, say: Say) -> Happened:
    """Set the agency up and play its day."""
    # The functions write a line for each request.
    logging.disable(logging.WARNING)
    bill, clock = Bill(), DayClock(SET_UP_AT)
    with ExitStack() as stack:
        # Progress is written whenever two seconds have passed: that would count how slow the machine is.
        stack.enter_context(patch.object(run_module, "REPORT_S", math.inf))
        stack.enter_context(patch.object(bootstrap, "SystemClock", lambda *_: clock))
        stack.enter_context(patch.object(ServerTime, "now", lambda _: clock.now()))
        # Who reads all workbooks waits for the slots of the quota.
        stack.enter_context(patch.object(client_books, "time", SimpleNamespace(sleep=clock.sleep)))
        url = stack.enter_context(running_firestore(folder / "firestore.log"))
        stack.enter_context(billed_firestore(bill))
        servers, tasks, sender = stack.enter_context(_running_servers(clock))
        office = LocalOffice(servers, folder, staff_of(load_agency())[0], firestore_url=url)
        stack.callback(office.http.close)
        day = _Day(office, clock, tasks, sender, bill, random.Random(seed), say)
        day.set_up(setenv, clients)
        return day.play(webhooks)


@contextmanager
def _running_servers(clock: DayClock) -> Iterator[tuple[Servers, Tasks, Webhooks]]:
    """All servers in this process; the queue goes by *clock*."""
    with ExitStack() as stack:
        google = stack.enter_context(running(emulators.google.app.create_app()))
        kaiten = emulators.kaiten.routes.create_app()
        queue = emulators.tasks.routes.create_app(google, clock=clock.seconds)
        functions = _with_purposes(create_functions())
        urls = [stack.enter_context(running(app)) for app in (kaiten, queue, functions)]
        yield Servers(google, *urls), queue.extensions["tasks"], kaiten.extensions["webhooks"]


def _with_purposes(app: WSGIApplication) -> WSGIApplication:
    """The functions, with each request counted for its own purpose."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        with purpose(_purpose_of(environ["PATH_INFO"].strip("/").partition("/")[0], body)):
            return app(environ, start_response)

    return call


def _purpose_of(function: str, body: bytes) -> str:
    """What a request is for; of an operation only its id is known here."""
    asked = json.loads(body) if function in ("menu", "task") else {}
    if asked.get("kind") == "operation":
        return str(asked["id"])
    if asked.get("action") == "operation":
        return str(asked["params"]["operation_id"])
    if function == "menu":
        return _click_of(asked["action"])
    kind = str(asked.get("kind", function))
    return PURPOSES.get(kind, f"Job: {kind}")


def _click_of(action: str) -> str:
    return f"Click: {action}"


@dataclass
class _Day:
    office: LocalOffice
    clock: DayClock
    tasks: Tasks
    webhooks: Webhooks
    bill: Bill
    draw: random.Random
    say: Say
    clients: list[Client] = field(default_factory=list)
    sample: dict[str, Any] = field(default_factory=lambda: dict(load_agency()))
    #: What operations are for, by id.
    purposes: dict[str, str] = field(default_factory=dict)
    click_count: int = 0

    # --- Before the day --------------------------------------------------------------------------

    def set_up(self, setenv: SetEnv, client_count: int) -> None:
        """Make the agency and its clients, each with cards in progress."""
        open_agency(self.office, _with_settings(setenv), self.sample, now=SET_UP_AT)
        self.tasks.configure(QUEUE, Settings(max_concurrent_dispatches=1, max_dispatches_per_second=1e6))
        for number in range(client_count):
            profile = self.sample["profiles"][number % len(self.sample["profiles"])]["key"]
            self.clients += create_clients(
                self.office, 1, cards=CARDS, profile=profile, first=number + 1, hours=CARD_HOURS
            )
            self.office.paste_backlog(_rows(BACKLOG_ROWS, "В бэклоге"))
            self._click(self.office.client_id, "estimate")
            self.clock.move_to(self.clock.seconds() + 60)
            if (number + 1) % 10 == 0:
                self.say(f"{number + 1} of {client_count} clients made")
        self._run_until(DAY.timestamp())
        self.bill.counts.clear()
        self.click_count = 0

    # --- The day ---------------------------------------------------------------------------------

    def play(self, webhook_count: int) -> Happened:
        """Play the events of the day in their order, with the tasks that are due between them."""
        events = [*self._timer_calls(), *self._sessions(), *self._changes(webhook_count)]
        sent_before, made_before, hour = len(self.webhooks.to_json()), len(self.tasks.every()), 0
        for event in sorted(events, key=lambda one: one.at):
            self._run_until(event.at)
            event.do()
            if (event.at - DAY.timestamp()) // 3600 > hour:
                hour += 1
                self.say(f"{hour:02}:00, {self.click_count} clicks")
        self._run_until((DAY + timedelta(days=1)).timestamp())
        counts: Counter[Line] = Counter()
        for line, count in self.bill.counts.items():
            counts[replace(line, purpose=self.purposes.get(line.purpose, line.purpose))] += count
        self.bill.counts = counts
        by_people = sum(
            one["body"]["data"]["author"]["id"] != ROBOT_ID for one in self.webhooks.to_json()[sent_before:]
        )
        made = len(self.tasks.every()) - made_before
        return Happened(self.bill, len(self.clients), self.click_count, by_people, made)

    def _timer_calls(self) -> Iterator[_Event]:
        for number in range(int(timedelta(days=1).total_seconds() // PERIOD_S)):
            yield _Event(DAY.timestamp() + number * PERIOD_S, self._call_timer)

    def _call_timer(self) -> None:
        answer = self.office.call_schedule()
        if not answer.is_success:
            raise OfficeError(f"the timer: {answer.text}")

    def _some_time(self) -> float:
        """A moment of the working day."""
        return DAY.timestamp() + 3600 * self.draw.uniform(FIRST_HOUR, LAST_HOUR)

    # --- Clicks ----------------------------------------------------------------------------------

    def _sessions(self) -> Iterator[_Event]:
        """Sessions of managers, each at another client."""
        share = len(self.clients) / CLIENTS
        waiting = itertools.cycle(self.draw.sample(self.clients, len(self.clients)))
        for count, actions in SESSIONS:
            for _ in range(math.ceil(count * share)):
                yield _Event(self._some_time(), partial(self._session, next(waiting), actions))
        for count, action in AGENCY_CLICKS:
            for _ in range(math.ceil(count * share)):
                yield _Event(self._some_time(), partial(self._click_in_agency, action))

    def _session(self, client: Client, actions: Sequence[str]) -> None:
        office, book_id = self.office, client.project.spreadsheet_id
        office.client_id = book_id
        if "estimate" in actions:
            office.paste_backlog(_rows(NEW_ROWS, "Новая"))
        preview_id = ""
        for action in actions:
            if action == "build_batch":
                preview_id = self._click(book_id, action, period="next")["data"]["preview_id"]
            else:
                params = {"preview_id": preview_id} if action == "start_batch" else {}
                self._click(book_id, action, **params)
            self._run_until(self.clock.seconds() + self.draw.uniform(20, 60))

    def _click_in_agency(self, action: str) -> None:
        agency = self.office.agency
        if agency is None:
            raise OfficeError("there is no agency")
        params: dict[str, Any] = {}
        if action == "new_client":
            params = {"client_name": "Новый", "project_name": "Сайт", "code": "НОВ", "limit_hours": 40}
        self._click(agency.spreadsheet_id, action, **params)

    def _click(self, spreadsheet_id: str, action: str, **params: Any) -> dict[str, Any]:
        """Click, and where the action is queued, let it end while the sidebar asks how far it is."""
        self.click_count += 1
        menu: MenuClient = self.office.manager()
        answer = menu.post(spreadsheet_id, action, **params)
        if answer["outcome"] == "accepted":
            operation_id = answer["operation_id"]
            self.purposes[operation_id] = _click_of(action)
            self._run_until(self.clock.seconds())
            for _ in range(QUESTIONS):
                answer = menu.post(spreadsheet_id, "operation", operation_id=operation_id)
        if answer["outcome"] not in ("done", "partial"):
            raise OfficeError(f"{action}: {answer}")
        return answer

    # --- Work on cards ---------------------------------------------------------------------------

    def _changes(self, count: int) -> Iterator[_Event]:
        """Changes of cards by specialists, each of which becomes a webhook."""
        people = [one.kaiten_id for one in people_of(self.sample)]
        number = 0
        while number < count:
            at, client, person = self._some_time(), self.draw.choice(self.clients), self.draw.choice(people)
            row = self.draw.choice(client.rows)
            for _ in range(self.draw.randint(1, MOST_CHANGES)):
                if number == count:
                    return
                number += 1
                yield _Event(at, partial(self._change_card, client, row.card_id, number, person))
                at += self.draw.expovariate(1 / SECONDS_BETWEEN_CHANGES)

    def _change_card(self, client: Client, card_id: int, number: int, person: int) -> None:
        """Move a card, or log an hour's quarter on it; nearly all moves are between columns of open work."""
        if number % 2:
            log = {"role_id": -1, "time_spent": 15, "for_date": f"{self.clock.now():%Y-%m-%d}"}
            self.office.kaiten("POST", f"/cards/{card_id}/time-logs", user_id=person, **log)
        else:
            open_stages = client.stages[:-1]
            stage = client.stages[-1] if number % DONE_EACH == 0 else self.draw.choice(open_stages)
            # A move to the column where the card is already would be no change.
            due = {"due_date": f"2026-12-{1 + number % 28:02}"}
            self.office.kaiten("PATCH", f"/cards/{card_id}", user_id=person, column_id=stage, **due)
        if not self.webhooks.settle(TASK_TIMEOUT_S):
            raise OfficeError("a webhook is not answered")

    # --- Tasks -----------------------------------------------------------------------------------

    def _run_until(self, at: float) -> None:
        """Let time pass until *at*, and run each task when it is due."""
        self._wait_for_tasks()
        while (due_at := self._next_due()) is not None and due_at <= at:
            with self.tasks.changed:
                self.clock.move_to(due_at)
                self.tasks.changed.notify_all()
            self._wait_for_tasks()
        self.clock.move_to(at)

    def _next_due(self) -> float | None:
        with self.tasks.changed:
            return min((one.due_at for one in self.tasks.every() if one.state == SCHEDULED), default=None)

    def _wait_for_tasks(self) -> None:
        """Wait until no task runs or is due, and all webhooks are answered."""

        def is_quiet() -> bool:
            now = self.clock.seconds()
            return not any(
                one.state == RUNNING or (one.state == SCHEDULED and one.due_at <= now)
                for one in self.tasks.every()
            )

        with self.tasks.changed:
            has_ended = self.tasks.changed.wait_for(is_quiet, TASK_TIMEOUT_S)
        if not has_ended or not self.webhooks.settle(TASK_TIMEOUT_S):
            left = [one.task_id for one in self.tasks.every() if one.state == RUNNING]
            raise OfficeError(f"tasks do not end: {left}")


def _rows(count: int, title: str) -> list[dict[str, str | float]]:
    """Rows of a backlog that take so little time that all clients' batches fit into a week."""
    return [{"task": f"{title} {number}", "hours.design": ROW_HOURS} for number in range(1, count + 1)]


def _with_settings(setenv: SetEnv) -> SetEnv:
    """Sets the environment of the functions: as it is set up, with the quota that Google has."""
    own = {"VITRINA_TURNS_PER_MINUTE": "", "VITRINA_KAITEN_USER_ID": str(ROBOT_ID)}

    def set_one(name: str, value: str) -> None:
        setenv(name, own.get(name, value))
        for key, text in own.items():
            setenv(key, text)

    return set_one
