"""Keeps the bot below Telegram's limits, and does not write before Telegram allows it again.

Telegram promises no numbers. Its bot support names 30 messages a second overall, about one a second in a
chat, and 20 a minute in a group; all topics of a group count together.
"""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from vitrina.errors import RetriableServiceError

SERVICE = "Telegram"
#: Calls of one process in any second: less than Telegram's 30, for the clocks differ.
MOST_PER_S = 25
#: Messages of one process in a group in any such window, a second longer than Telegram's minute.
MOST_IN_WINDOW, WINDOW_S = 20, 61.0
#: Seconds between two messages in one chat.
DISTANCE_S = 1.05
#: The longest wait inside a call. Who has to wait longer is told to come again.
LONGEST_SLEEP_S = 3.0


class _Room(Struct):
    """Moments of the last messages of a chat, some of them still to come, and the end of its rest."""

    moments: deque[float] = field(default_factory=deque)
    rest_until: float = -math.inf


class Pace:
    """Pace of one process.

    Parameters
    ----------
    now
        Seconds.
    sleep
        Waits so many seconds.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._calls: deque[float] = deque(maxlen=MOST_PER_S)
        self._rooms: dict[str, _Room] = defaultdict(_Room)

    def wait(self, calls: int = 1) -> None:
        """Sleep until the next call may be sent. Never longer than a second for one thread alone."""
        for _ in range(calls):
            with self._lock:
                now = self._now()
                turn_at = now
                if len(self._calls) == MOST_PER_S:
                    turn_at = max(now, self._calls[0] + 1.0)
                self._calls.append(turn_at)
            if turn_at > now:
                self._sleep(turn_at - now)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Do nothing: Telegram's answers do not state the limit."""

    def check(self, chat_id: str) -> None:
        """Raise ``RetriableServiceError`` while Telegram wants no calls for this chat."""
        with self._lock:
            now = self._now()
            rest_until = self._rooms[chat_id].rest_until
        if now < rest_until:
            raise _come_again(rest_until - now)

    def take(self, chat_id: str) -> None:
        """Sleep until a message may be sent to a chat. No two threads get the same moment.

        Raises
        ------
        RetriableServiceError
            If that is more than ``LONGEST_SLEEP_S`` away; ``retry_after_s`` tells how far.
        """
        with self._lock:
            now, room = self._now(), self._rooms[chat_id]
            turn_at = max(now, room.rest_until)
            if room.moments:
                turn_at = max(turn_at, room.moments[-1] + DISTANCE_S)
            if len(room.moments) >= MOST_IN_WINDOW:
                turn_at = max(turn_at, room.moments[-MOST_IN_WINDOW] + WINDOW_S)
            if turn_at - now > LONGEST_SLEEP_S:
                raise _come_again(turn_at - now)
            self._note(room, turn_at)
        if turn_at > now:
            self._sleep(turn_at - now)

    def note(self, chat_id: str) -> None:
        """Count a message that was sent without ``take``."""
        with self._lock:
            self._note(self._rooms[chat_id], self._now())

    def rest(self, chat_id: str, seconds: float) -> None:
        """Send nothing to this chat for so long."""
        with self._lock:
            room = self._rooms[chat_id]
            room.rest_until = max(room.rest_until, self._now() + seconds)

    @staticmethod
    def _note(room: _Room, moment: float) -> None:
        room.moments.append(moment)
        while len(room.moments) > MOST_IN_WINDOW:
            room.moments.popleft()


def _come_again(seconds: float) -> RetriableServiceError:
    return RetriableServiceError(
        "service.busy", service=SERVICE, status=429, retry_after_s=float(math.ceil(seconds))
    )
