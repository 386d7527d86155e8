"""Sends drawn requests and judges the answers."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from benchmarks.fuzz.draw import Facts, draw_request
from benchmarks.fuzz.wire import NO_ANSWER, NOT_HTTP, TOO_LATE, Reply, Sent, send

#: Errors by which ``task`` asks the queue for a later delivery though no outside system is down.
LATER = frozenset({"workbook.busy", "sheet.changed"})
#: Characters of a request that are shown with a failure.
SHOWN = 700


@dataclass(frozen=True)
class Failure:
    """A request that was answered wrongly, and why."""

    number: int
    entry: str
    why: str
    request: str

    def __str__(self) -> str:
        return f"--only {self.number}: {self.entry}: {self.why}\n    {self.request}"


@dataclass
class Played:
    """What came of the requests: counts of statuses by entry point, failures, and the slowest answer."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    #: Seconds of all answers, by entry point.
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    failures: list[Failure] = field(default_factory=list)
    tell: Callable[[Failure], None] = lambda _: None
    slowest_s: float = 0.0
    slowest: str = ""

    def fail(self, number: int, sent: Sent, why: str) -> None:
        """Keep a failure, and tell it."""
        failure = Failure(number, sent.entry, why, shown(sent))
        self.failures.append(failure)
        self.tell(failure)

    @property
    def count(self) -> int:
        """Requests that were sent, with the second steps of forms."""
        return self.statuses.total()


def play(
    address: tuple[str, int],
    facts: Facts,
    seed: int,
    numbers: Iterable[int],
    errors: Callable[[], list[str]],
    each: Callable[[int], None] = lambda _: None,
    tell: Callable[[Failure], None] = lambda _: None,
) -> Played:
    """Send the requests of *numbers*.

    Parameters
    ----------
    errors
        Takes what was logged since it was asked last.
    each, tell
        Called after each number, and with each failure.
    """
    played = Played(tell=tell)
    for number in numbers:
        drawn = draw_request(seed, number, facts)
        reply = _one(address, played, number, drawn.sent)
        further = drawn.follows(reply) if drawn.follows else None
        if further is not None:
            _one(address, played, number, further)
        for told in errors():
            played.fail(number, drawn.sent, f"unhandled error\n{told}")
        each(number)
    return played


def _one(address: tuple[str, int], played: Played, number: int, sent: Sent) -> Reply:
    started = time.perf_counter()
    reply = send(address, sent)
    took_s = time.perf_counter() - started
    if took_s > played.slowest_s:
        played.slowest_s, played.slowest = took_s, f"--only {number}: {sent.entry}"
    played.statuses[sent.entry, reply.status] += 1
    played.seconds[sent.entry] += took_s
    why = judge(sent, reply)
    if why:
        played.fail(number, sent, why)
    return reply


def judge(sent: Sent, reply: Reply) -> str:
    """What is wrong with an answer; empty if nothing is."""
    if reply.status == TOO_LATE:
        return "no answer in time"
    if reply.status == NO_ANSWER:
        return "no answer" if sent.is_http else ""
    if reply.status < 500 or (not sent.is_http and reply.status in NOT_HTTP):
        return ""
    if sent.entry == "task" and reply.status == 503 and _error_of(reply) in LATER:
        return ""
    return f"status {reply.status}: {reply.body[:300].decode('utf-8', 'replace')}"


def _error_of(reply: Reply) -> str:
    try:
        return str(json.loads(reply.body).get("error"))
    except ValueError:
        return ""


def shown(sent: Sent) -> str:
    """The beginning of a request, on one line."""
    return repr(sent.data()[:SHOWN])
