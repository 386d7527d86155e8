"""How much one may ask of this process, so that a flood of one leaves room for the others.

Everything here is in the memory of one process: it costs no document, and what is beyond a limit is refused
before it costs one. Several instances each count for themselves (docs/decisions/0059).
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager

from vitrina.errors import TooManyRequestsError
from vitrina.operations.clicks.guessers import Guessers

#: Requests of one sharer that are served at once where there are others: half of the threads in which
#: functions-framework serves (``THREADS`` of ``deploy/functions.py``).
AT_ONCE = 2
#: Seconds for which somebody who has asked counts as one who will ask again.
SEEN_S = 600.0
#: Most keys that are remembered.
MOST_KEYS = 10_000
#: Seconds after which somebody whose requests are being served may ask again.
WAIT_S = 1.0
#: Begins the key of somebody of whom it is not known where he belongs.
GUEST = "?"
#: Questions for progress that a person may ask, in clicks.
POLLS = 12
#: Seconds of processor time that an agency may use at once where there are others, the same for a link or a
#: connection, whose requests are short, and what comes back in a minute. All of them for each click that a
#: person may make in a minute.
WORK_S, SHORT_WORK_S, WORK_A_MINUTE_S = 1.0, 0.25, 0.15


class Pace:
    """A token bucket for each key: as many at once as in a minute, and then evenly."""

    def __init__(self, per_minute: float, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._lock = threading.Lock()
        #: Tokens and the moment at which there were so many, the key asked for last at the end.
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take a token; return 0, or the seconds until there is one and nothing was taken."""
        with self._lock:
            now, per_s = self._now(), self._per_minute / 60
            left, since = self._buckets.pop(key, (self._per_minute, now))
            left = min(self._per_minute, left + (now - since) * per_s)
            is_taken = left >= 1
            self._buckets[key] = (left - 1 if is_taken else left, now)
            while len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
            return 0.0 if is_taken else (1 - left) / per_s


class Shares:
    """Who is served at the same time. Somebody alone has everything; of several, each has a share.

    A share is ``AT_ONCE`` requests, and some processor time: *at_once_s* seconds that are given back evenly,
    *a_minute_s* in a minute. What somebody used while he was alone counts when others come. A key that begins
    with ``GUEST`` is nobody for whom others make room.
    """

    def __init__(
        self,
        at_once_s: float,
        a_minute_s: float,
        *,
        now: Callable[[], float] = time.monotonic,
        work: Callable[[], float] = time.thread_time,
    ) -> None:
        self._at_once_s = at_once_s
        self._per_s = a_minute_s / 60
        self._now = now
        self.work = work
        self._lock = threading.Lock()
        self._served: dict[str, int] = {}
        self._seen: OrderedDict[str, float] = OrderedDict()
        #: Seconds that are left, and the moment at which there were so many.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def serve(self, key: str) -> AbstractContextManager[float]:
        """Serve a request in the ``with`` block if the value is 0; otherwise it is the seconds to wait."""
        return _Turn(self, key)

    def serve_or_raise(self, key: str, code: str) -> AbstractContextManager[float]:
        """Serve a request in the ``with`` block; raises ``TooManyRequestsError`` with sentence *code*."""
        return _Turn(self, key, code)

    def see(self, key: str) -> None:
        """Make room for somebody from now on."""
        with self._lock:
            self._note(key, self._now())

    def enter(self, key: str) -> float:
        """Begin a request if the value is 0; else it may come again after so many seconds."""
        with self._lock:
            now = self._now()
            self._note(key, now)
            left = self._left_at(now, key)
            other_count = len(self._seen) - (key in self._seen)
            if other_count:
                if left <= 0:
                    # Not at once when there is a moment of it again: the next request would be refused.
                    return max(WAIT_S, (WAIT_S * self._per_s - left) / self._per_s)
                if self._served.get(key, 0) >= AT_ONCE:
                    return WAIT_S
            self._served[key] = self._served.get(key, 0) + 1
            return 0.0

    def leave(self, key: str, used_s: float) -> None:
        """End a request; *used_s* are the seconds of processor time that it took."""
        with self._lock:
            now = self._now()
            # Nobody is held up for long for what he did while he was alone.
            self._left[key] = max(-self._at_once_s, self._left_at(now, key) - used_s), now
            while len(self._left) > MOST_KEYS:
                self._left.popitem(last=False)
            self._served[key] -= 1
            if not self._served[key]:
                del self._served[key]

    def _left_at(self, now: float, key: str) -> float:
        left, since = self._left.pop(key, (self._at_once_s, now))
        left = min(self._at_once_s, left + (now - since) * self._per_s)
        self._left[key] = left, now
        return left

    def _note(self, key: str, now: float) -> None:
        if not key.startswith(GUEST):
            self._seen[key] = now
            self._seen.move_to_end(key)
        while self._seen and (len(self._seen) > MOST_KEYS or now - next(iter(self._seen.values())) > SEEN_S):
            self._seen.popitem(last=False)


class _Turn:
    """A request while it is served. With a *code*, a request that is not served raises an error."""

    def __init__(self, shares: Shares, key: str, code: str = "") -> None:
        self._shares = shares
        self._key = key
        self._code = code

    def __enter__(self) -> float:
        self._wait_s = self._shares.enter(self._key)
        if self._wait_s > 0 and self._code:
            raise too_many(self._code, self._wait_s)
        self._begun = self._shares.work()
        return self._wait_s

    def __exit__(self, *_error: object) -> None:
        if self._wait_s <= 0:
            self._shares.leave(self._key, self._shares.work() - self._begun)


class Limits:
    """All limits of a process.

    Parameters
    ----------
    per_minute
        Clicks that a person may make. Shares of agencies, links and connections follow from it.
    """

    def __init__(self, per_minute: float, now: Callable[[], float] = time.monotonic) -> None:
        self._clicks = Pace(per_minute, now)
        self._polls = Pace(per_minute * POLLS, now)
        a_minute_s = per_minute * WORK_A_MINUTE_S
        self.agencies = Shares(per_minute * WORK_S, a_minute_s, now=now)
        self.pages = Shares(per_minute * SHORT_WORK_S, a_minute_s, now=now)
        self.webhooks = Shares(per_minute * SHORT_WORK_S, a_minute_s, now=now)
        #: Of the tokens of pages.
        self.guessers = Guessers(now)
        self._lock = threading.Lock()
        self._staff: OrderedDict[tuple[str, str], None] = OrderedDict()
        #: The agency that let a person in last.
        self._agency_of: OrderedDict[str, str] = OrderedDict()

    def count_click(self, email: str, *, is_poll: bool) -> None:
        """Count a request of a person; raises ``TooManyRequestsError``."""
        wait_s = (self._polls if is_poll else self._clicks).take(email)
        if wait_s > 0:
            raise too_many("request.too_many_own", wait_s)

    def sharer(self, email: str, agency_id: str | None) -> str:
        """Whose share a click takes: that of the agency, once it is known that the person has a role there.

        Somebody without a role would else take the share of an agency by naming its workbook. In a workbook
        that this process does not know yet he takes the share of an agency where he has one.
        """
        with self._lock:
            own = self._agency_of.get(email) if agency_id is None else agency_id
            return own if own is not None and (email, own) in self._staff else f"{GUEST} {email}"

    def note_staff(self, email: str, agency_id: str) -> None:
        """Remember that a person was let in there."""
        self.agencies.see(agency_id)
        with self._lock:
            self._staff[email, agency_id] = None
            self._agency_of[email] = agency_id
            for known in (self._staff, self._agency_of):
                while len(known) > MOST_KEYS:
                    known.popitem(last=False)


def too_many(code: str, wait_s: float) -> TooManyRequestsError:
    """The refusal of a request that may come again in *wait_s* seconds."""
    return TooManyRequestsError(code, seconds=math.ceil(wait_s))
