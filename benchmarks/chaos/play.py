"""Plays one history, waits until all work is done, and checks the result."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from benchmarks.chaos.agency import MANAGER
from benchmarks.chaos.check import QUICK_ACTIONS, UNFINISHED, Violation, check_answers, check_world
from benchmarks.chaos.click_result import ClickResult
from benchmarks.chaos.history import (
    DELAY,
    FAULT,
    FREEZE,
    KILL,
    Disturbance,
    History,
    Json,
    Phase,
)
from benchmarks.chaos.person import Person
from benchmarks.chaos.starting_points import StartingPoint, StartingPoints
from benchmarks.chaos.world import LEASE_S, ChaosWorld
from emulators.common.plan import PassingCall, Step
from emulators.world.processes import AUDIENCE
from vitrina.operations.outbox import OUTBOX

#: Waits before an operation is asked for its progress: from the first to the longest.
FIRST_POLL_S, LAST_POLL_S = 0.05, 0.25
JSON_TYPE = "application/json"
#: An operation that is not answered by then counts as never finished.
TIMEOUT_S = 120.0
#: How often a click is repeated at the end while something outside fails.
CLICKS_AT_END = 6
#: How often the timer is called at the end while the outbox holds something.
TIMER_CALLS_AT_END = 3

#: While a process stands still, people give up waiting after so long and click again.
PATIENCE_S = 0.3

#: A slow call takes so much longer than a lease.
BEYOND_LEASE_S = 0.5

#: Not an action of the menu: postponed tasks of the queue become due.
QUEUE = "queue"


@dataclass
class Result:
    """The result of a run."""

    history: History
    violations: tuple[Violation, ...]
    counts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    #: The results of all clicks, in order.
    click_results: tuple[ClickResult, ...] = ()


class Player:
    """Plays histories in one world, one after another."""

    def __init__(self, world: ChaosWorld) -> None:
        self._world = world
        self._starting_points = StartingPoints(world)
        self._token, self._token_until = "", 0.0
        self._waiting = _Waiting()

    def play(self, history: History) -> Result:
        """Play a history from its starting point, and check what is there at the end."""
        started_at = time.perf_counter()
        start = self._starting_points.get(history.variant, history.start)
        self._world.restore_state(start.saved)
        self._world.time_ahead.set_apart(history.apart)
        # After a lost answer the same click may be repeated, as the page does, or a new one be made.
        run = _Run(
            self._world,
            start,
            self._post,
            self._waiting.give_up_soon,
            repeats_click=history.run % 2 == 0,
        )
        try:
            self._world.webhooks.set_mode(history.webhooks)
            for phase in history.phases:
                run.play_phase(phase)
            run.finish()
            expected = run.person.expected
            violations = [
                *check_answers(run.click_results),
                *check_world(self._world, start, expected, is_timer_to_come=True),
            ]
            if not violations:
                run.let_timer_finish()
                violations = [*check_world(self._world, start, expected, is_timer_to_come=False)]
        except TimeoutError as error:
            violations = [Violation(UNFINISHED, str(error))]
        finally:
            self._world.clear_plans()
        if violations:
            # Work that still hangs must not reach the next run.
            self._world.kill_all()
            self._world.settle(5.0)
        return self._result(history, run, violations, time.perf_counter() - started_at)

    def _result(self, history: History, run: _Run, violations: Sequence[Violation], seconds: float) -> Result:
        guards, counts = self._world.guards, run.counts
        counts["guards fired"] = guards.fired
        counts["guards fired, read again and written"] = guards.written
        counts["guards fired, refused or given up"] = guards.given_up
        counts["webhooks"] = sum(len(one["answers"]) or 1 for one in self._world.webhooks.to_json())
        outcomes = Counter(f"{one.action}: {one.outcome}" for one in run.click_results)
        return Result(history, tuple(violations), counts, outcomes, seconds, tuple(run.click_results))

    def _post(self, body: Json) -> Json:
        """Send one request to any of the workers; raises ``OSError`` if there is no answer."""
        token = {"Authorization": f"Bearer {self._fresh_token()}"}
        return _post_json(f"{self._world.servers.functions}/menu", body, token, self._waiting)

    def _fresh_token(self) -> str:
        if time.monotonic() > self._token_until:
            url = f"{self._world.servers.google}/_emulator/identity/token"
            answer = _post_json(url, {"email": MANAGER, "audience": AUDIENCE}, {}, _Waiting())
            self._token, self._token_until = answer["id_token"], time.monotonic() + 600
        return self._token


class _Waiting:
    """Connections on which somebody waits for an answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: set[HTTPConnection] = set()

    @contextmanager
    def on(self, connection: HTTPConnection) -> Iterator[None]:
        """Count a connection while the block runs."""
        with self._lock:
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.remove(connection)

    def give_up_soon(self) -> None:
        """Have all who wait now give up after ``PATIENCE_S``, if they still wait then."""
        with self._lock:
            waiting = set(self._connections)
        timer = threading.Timer(PATIENCE_S, self._give_up, [waiting])
        timer.daemon = True
        timer.start()

    def _give_up(self, waiting: set[HTTPConnection]) -> None:
        with self._lock:
            for connection in waiting & self._connections:
                # It may have been closed by the other side.
                with suppress(OSError, AttributeError):
                    connection.sock.shutdown(socket.SHUT_RDWR)


def _post_json(url: str, body: Json, headers: Mapping[str, str], waiting: _Waiting) -> Json:
    # There are hundreds of thousands of requests, and a full HTTP client takes longer than the answers.
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    with closing(connection), waiting.on(connection):
        try:
            connection.request("POST", parts.path, json.dumps(body), {**headers, "Content-Type": JSON_TYPE})
            response = connection.getresponse()
            return {**json.loads(response.read()), "http_status": response.status}
        except HTTPException as error:
            raise ConnectionError(str(error)) from error


class _Run:
    """The run that is being played."""

    def __init__(
        self,
        world: ChaosWorld,
        start: StartingPoint,
        post: Callable[[Json], Json],
        give_up: Callable[[], None],
        *,
        repeats_click: bool,
    ) -> None:
        self._world = world
        self._give_up = give_up
        self._repeats_click = repeats_click
        self._start = start
        self._post = post
        self._preview_id = start.preview_id
        self._lock = threading.Lock()
        self.person: Person = start.person(world)
        self.click_results: list[ClickResult] = []
        self.counts: Counter[str] = Counter()

    # --- A phase ---------------------------------------------------------------------------------

    def play_phase(self, phase: Phase) -> None:
        """Click, and make the disturbances happen until every click is answered."""
        for one in phase.disturbances:
            if one.at == 0:
                self._disturb(one)
        planned = [(self._step(one), one) for one in phase.disturbances if one.at]
        self._world.plan_steps(step for step, _ in planned)
        self._click_all(phase.clicks)
        left = {id(step) for step in self._world.clear_plans()}
        for step, one in planned:
            # Edits are made in any case; a fault needs its call, which was not made.
            if id(step) in left and one.kind not in (FAULT, KILL, FREEZE, DELAY):
                self._disturb(one)

    def _click_all(self, actions: Sequence[str]) -> None:
        self.counts["actions"] += len(actions)
        if len(actions) == 1:
            self._click(actions[0])
            return
        with ThreadPoolExecutor(max(1, len(actions))) as pool:
            for click in [pool.submit(self._click, action) for action in actions]:
                click.result()

    def _step(self, one: Disturbance) -> Step:
        act: Callable[[PassingCall], object] | None = None
        status = None
        match one.kind:
            case "fault":
                status, act = one.what["status"], lambda _: self._count("faults", True)
            case "kill":
                act = self._kill
                # A process that dies before its call has not made the call.
                status = "drop" if one.when == "before" else None
            case "freeze":
                act = self._freeze
            case _:
                act = lambda _: self._disturb(one)  # noqa: E731
        method = one.method.replace("tracker:", f"{self._world.tracker.name}:")
        return Step(one.at, one.when, method, status, retry_after=0 if status == 429 else None, act=act)

    def _disturb(self, one: Disturbance) -> None:
        match one.kind:
            case "edit":
                self._count("edits", self.person.do(one.what))
            case "card":
                self._count("cards moved or hours logged", self._world.work_in_tracker(one.what))
            case "delay":
                self._count("slow calls", True)
                time.sleep(LEASE_S + BEYOND_LEASE_S)
            case "make_due":
                self._world.tasks.make_due()
            case "release":
                self._world.webhooks.release()

    def _kill(self, call: PassingCall) -> None:
        self._count("kills", self._world.kill_caller(call))

    def _freeze(self, call: PassingCall) -> None:
        self._count("freezes", self._world.freeze_caller(call))
        self._give_up()

    def _count(self, what: str, has_happened: bool) -> None:
        with self._lock:
            self.counts[what] += has_happened

    # --- A click ---------------------------------------------------------------------------------

    def _click(self, action: str) -> None:
        if action == QUEUE:
            self._settle()
            return
        params: Json = {}
        if action == "start_batch":
            with self._lock:
                params = {"preview_id": self._preview_id}
            if not self._preview_id:
                return
        result = self._click_until_answered(action, params)
        with self._lock:
            self.click_results.append(result)

    def _click_until_answered(self, action: str, params: Json) -> ClickResult:
        give_up_at = time.monotonic() + TIMEOUT_S
        answer: Json | None = None
        click_id = str(uuid.uuid4())
        lost, wait_s = 0, FIRST_POLL_S
        while answer is None or answer["outcome"] in ("accepted", "running"):
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{action} is not answered: {answer}")
            try:
                if answer is None:
                    answer = self._ask(action, params, click_id)
                else:
                    time.sleep(wait_s)
                    wait_s = min(1.5 * wait_s, LAST_POLL_S)
                    is_queued = bool(self._world.tasks.pending(include_later=True))
                    answer = self._ask("operation", {"operation_id": answer["operation_id"]}, click_id)
                    is_open = answer["outcome"] in ("accepted", "running")
                    if is_open and not is_queued and action not in QUICK_ACTIONS:
                        # The queue did not take its task: it waits for the timer.
                        self._count("timer calls for lost tasks", self._world.let_timer_come())
            except OSError:
                lost += answer is None
                if not self._repeats_click:
                    click_id = str(uuid.uuid4())
        if action == "build_batch" and answer["outcome"] == "done":
            with self._lock:
                self._preview_id = answer["data"]["preview_id"]
        message, details = answer["message"], tuple(answer["details"])
        return ClickResult(
            action, answer["outcome"], answer["http_status"], message, details, answer["data"], lost
        )

    def _ask(self, action: str, params: Json, click_id: str) -> Json:
        return self._post(
            {
                "action": action,
                "spreadsheet_id": self._start.spreadsheet_id,
                "request_id": click_id,
                "locale": "ru",
                "params": params,
            }
        )

    # --- The end ---------------------------------------------------------------------------------

    def finish(self) -> None:
        """Wait until all work is done, repeat failed clicks, then estimate and refresh once more."""
        self._world.webhooks.release()
        self._world.webhooks.set_mode("deliver")
        self._settle()
        for action in dict.fromkeys(one.action for one in self.click_results if one.needs_another_click):
            self._click_to_the_end(action)
        self._click_to_the_end("estimate")
        self._click_to_the_end("refresh")
        self._settle()

    def let_timer_finish(self) -> None:
        """Have the timer carry out what nobody else will: at least one call, which must do no harm."""
        for _ in range(TIMER_CALLS_AT_END):
            if not self._world.let_timer_come():
                raise TimeoutError("the timer is not answered")
            self._settle()
            if not self._world.documents_store.find(OUTBOX):
                return

    def _click_to_the_end(self, action: str) -> None:
        for _ in range(CLICKS_AT_END):
            self._click(action)
            self._settle()
            if not self.click_results[-1].needs_another_click or self.click_results[-1].action != action:
                return
        raise TimeoutError(f"{action} is never finished: {self.click_results[-1]}")

    def _settle(self) -> None:
        if not self._world.settle():
            pending = [task.name for task in self._world.tasks.pending(include_later=True)]
            raise TimeoutError(f"the queue does not become empty: {pending}")
