"""``python -m benchmarks.push``: how near pushes and refreshes come to the limit of each tracker.

The real adapters send over the real wire to the emulators, which apply the limits of the real services. In
the first table time is virtual: only waiting lets it pass, so that it shows what pacing costs, without the
network, where cards are made one after the other. In the second one time is real and each call takes as long
as over the internet: it shows what several cards at a time save.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import Flask
from msgspec.structs import replace

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from benchmarks.tables import as_table
from emulators.asana import create_app as create_asana
from emulators.asana.limits import FREE, PAID
from emulators.common.server import running
from emulators.kaiten import create_app as create_kaiten
from emulators.world.processes import ROBOT_ID, Person, local_token, seed_asana, seed_kaiten
from tests.harness.agency_data import TEAM
from tests.harness.memory_office import MemoryOffice
from vitrina.operations.answer import Outcome
from vitrina.ports import TaskTracker
from vitrina.records.cards import StoredTrackerMemory
from vitrina.trackers.asana.client import AsanaTracker
from vitrina.trackers.asana.options import Options
from vitrina.trackers.asana.pace import Pace as AsanaPace
from vitrina.trackers.asana.wire import AsanaWire
from vitrina.trackers.connection import Surroundings
from vitrina.trackers.kaiten.client import KaitenTracker
from vitrina.trackers.kaiten.pace import Pace as KaitenPace
from vitrina.trackers.kaiten.wire import KaitenWire

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CARDS = 50
#: Assumed milliseconds of a call over the internet.
CALL_MS = 200
#: As many as the settings of an installation have where nobody has changed them.
MOST_AT_A_TIME = 10
#: Most times the time that the limit needs for as many calls.
MOST_TIMES = 1.1
START_S = 1_000_000.0
PEOPLE = [Person(one["name"], one["email"], int(one["tracker_id.kaiten"])) for one in TEAM]


class Clock:
    """A clock that only moves when somebody sleeps; one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now_s = START_S

    def now(self) -> float:
        """Seconds."""
        with self._lock:
            return self._now_s

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        with self._lock:
            self._now_s += seconds


class WallClock(Clock):
    """Real time."""

    def now(self) -> float:
        """Seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Limit:
    """A tracker with one of its limits."""

    tracker: str
    calls: int
    per_s: float

    @property
    def name(self) -> str:
        """For the table."""
        unit = "second" if self.per_s == 1 else "minute"
        return f"{self.tracker}, {self.calls:,} calls a {unit}"

    def needs_s(self, count: int) -> float:
        """The shortest time in seconds in which the limit allows *count* calls, at an even pace."""
        return count * self.per_s / self.calls


@dataclass(frozen=True)
class Result:
    """What a push took."""

    limit: Limit
    call_count: int
    refused_count: int
    seconds: float

    @property
    def times(self) -> float:
        """The time, as a multiple of what the limit needs."""
        return self.seconds / self.limit.needs_s(self.call_count)


@dataclass(frozen=True)
class Slow:
    """What push and refresh took where each call takes a while."""

    limit: Limit
    at_a_time: int
    push: Result
    refresh: Result


LIMITS = (Limit("Kaiten", 50, 1), Limit("Kaiten", 5, 1), Limit("Asana", FREE, 60), Limit("Asana", PAID, 60))
#: Those that let more than one call through at a time.
SLOW_LIMITS = (Limit("Kaiten", 50, 1), Limit("Asana", PAID, 60))


def main() -> int:
    """Print the table; returns 1 if a push takes too long or is refused a call."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.push", description=__doc__)
    parser.add_argument("--cards", type=int, default=CARDS)
    parser.add_argument("--call-ms", type=int, default=CALL_MS, help="of a call in the second table")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    results = [measure(limit, arguments.cards) for limit in LIMITS]
    header = ["limit", "calls", "refused", "the limit needs, s", "push takes, s", "×"]
    lines = [
        [
            one.limit.name,
            f"{one.call_count:,}",
            str(one.refused_count),
            f"{one.limit.needs_s(one.call_count):.1f}",
            f"{one.seconds:.1f}",
            f"{one.times:.2f}",
        ]
        for one in results
    ]
    print(as_table(header, lines, markdown=arguments.markdown), end="\n\n")
    header = ["limit", "cards at a time", "calls", "push, s", "the limit needs, s"]
    header += ["calls ", "refresh, s", "the limit needs, s "]
    lines = []
    refused = 0
    for limit in SLOW_LIMITS:
        for at_a_time in (1, MOST_AT_A_TIME):
            one = measure_slow(limit, arguments.cards, at_a_time, arguments.call_ms / 1000)
            refused += one.push.refused_count + one.refresh.refused_count
            cells = [
                (f"{done.call_count:,}", f"{done.seconds:.1f}", f"{limit.needs_s(done.call_count):.1f}")
                for done in (one.push, one.refresh)
            ]
            lines.append([limit.name, str(one.at_a_time), *itertools.chain.from_iterable(cells)])
    print(as_table(header, lines, markdown=arguments.markdown))
    return int(any(one.times > MOST_TIMES or one.refused_count for one in results) or refused > 0)


def measure(limit: Limit, cards: int) -> Result:
    """Push so many cards against a limit, in virtual time."""
    clock = Clock()
    with _worlds()[limit.tracker](clock, limit, 1) as (tracker, counter):
        office = _office(tracker)
        _start(office, cards)
        # The minute of what was set up is over, and the limits begin anew.
        clock.sleep(120)
        return _measured("push", office, limit, counter, clock)


def measure_slow(limit: Limit, cards: int, at_a_time: int, call_s: float) -> Slow:
    """Push and refresh so many cards where a call takes so many seconds, in real time.

    At most *at_a_time* cards are worked on at a time.
    """
    clock = WallClock()
    with _worlds()[limit.tracker](clock, limit, at_a_time) as (tracker, counter):
        office = _office(tracker)
        _start(office, cards)
        counter.call_s = call_s
        push = _measured("push", office, limit, counter, clock)
        refresh = _measured("refresh", office, limit, counter, clock)
        return Slow(limit, tracker.can.cards_at_a_time, push, refresh)


def _start(office: MemoryOffice, cards: int) -> None:
    """Estimate this many tasks and start a batch of them."""
    office.fill_backlog(*({"task": f"Задача {n}", "hours_design": "0,5"} for n in range(cards)))
    office.do("estimate")
    office.do("start_batch", preview_id=office.do("build_batch").data["preview_id"])


def _measured(action: str, office: MemoryOffice, limit: Limit, counter: Counter, clock: Clock) -> Result:
    counter.calls = counter.refusals = 0
    began_at = clock.now()
    answer = office.do(action)
    if answer.outcome is not Outcome.DONE:
        raise RuntimeError(f"{action} did not succeed: {answer}")
    return Result(limit, counter.calls, counter.refusals, clock.now() - began_at)


class Counter:
    """A WSGI application before an emulator, which counts calls as the limits do, and refusals."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self.calls = self.refusals = 0
        #: Seconds that the way to the tracker and back takes.
        self.call_s = 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Count the call and pass it on."""
        path = str(environ["PATH_INFO"])
        if not path.startswith("/api/"):
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        # Each action of a batch counts as a call.
        count = len(json.loads(body)["data"]["actions"]) if path.endswith("/batch") else 1
        with self._lock:
            self.calls += count
        time.sleep(self.call_s)

        def note(status: str, *more: Any) -> Any:
            with self._lock:
                self.refusals += status.startswith("429")
            return start_response(status, *more)

        return self._app(environ, note)


def _office(tracker: TaskTracker) -> MemoryOffice:
    office = MemoryOffice()
    name = tracker.name.lower()
    office.services = replace(office.services, trackers={name: tracker})
    key = "tracker_id.kaiten"
    team: Sequence[Mapping[str, Any]] = [
        {place.replace(key, f"tracker_id.{name}"): one[place] for place in one} for one in TEAM
    ]
    office.set_up_agency(team=team, facts={})
    office.create_client(limit_hours=1000, period="month")
    return office


Opened = Iterator[tuple[TaskTracker, Counter]]


def _worlds() -> Mapping[str, Callable[[Clock, Limit, int], Any]]:
    return {"Kaiten": _kaiten, "Asana": _asana}


@contextmanager
def _kaiten(clock: Clock, limit: Limit, at_a_time: int) -> Opened:
    counter = Counter(create_kaiten(now=clock.now))
    with running(counter) as url:
        space = seed_kaiten(url, PEOPLE, limit_per_s=limit.calls)
        pace = KaitenPace(now=clock.now, sleep=clock.sleep)
        wire = KaitenWire(url, local_token(ROBOT_ID), pace=pace, sleep=clock.sleep)
        yield (
            KaitenTracker(
                base_url="",
                token="",
                space_id=str(space),
                webhook_url="http://127.0.0.1:9/x",
                wire=wire,
                cards_at_a_time=at_a_time,
            ),
            counter,
        )
        wire.close()


class _NoWebhooks(AsanaTracker):
    """Nobody listens to webhooks here."""

    def connect_webhook(self, board_id: str) -> None:
        """Make none."""


@contextmanager
def _asana(clock: Clock, limit: Limit, at_a_time: int) -> Opened:
    counter = Counter(create_asana(now=clock.now))
    with running(counter) as url:
        places = seed_asana(url, PEOPLE, limits={"calls_per_minute": limit.calls})
        pace = AsanaPace(limit.calls, now=clock.now, sleep=clock.sleep)
        wire = AsanaWire(url, local_token(ROBOT_ID), pace=pace, sleep=clock.sleep)
        memory = StoredTrackerMemory(MemoryOffice().store, "asana")
        zone = ZoneInfo("Europe/Moscow")
        around = Surroundings("http://127.0.0.1:9/x", memory, zone, 20.0, 0.5, at_a_time)
        options = Options(general_project=places.general_project)
        yield _NoWebhooks(wire, workspace=places.workspace, surroundings=around, options=options), counter
        wire.close()


if __name__ == "__main__":
    sys.exit(main())
