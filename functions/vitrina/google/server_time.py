"""The time by the clock of Google's servers, which all instances share whatever their own clocks say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def machine_time() -> datetime:
    """The current moment by this machine's clock, in UTC."""
    return datetime.now(UTC)


class ServerTime:
    """A clock that is set by the times in the answers of a server. Until the first one it is the machine's.

    A server reads its clock between the moments at which its request was sent and its answer arrived. So an
    answer bounds how far the machine's clock is off; it is corrected by the least that fits.
    """

    def __init__(self, machine_now: Callable[[], datetime] | None = None) -> None:
        self.machine_now = machine_now or machine_time
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The current moment, in UTC."""
        return self.machine_now() + self._ahead

    def note(self, server_time: datetime, *, sent_at: datetime, received_at: datetime) -> None:
        """Learn from the time in an answer; *sent_at* and *received_at* are by the machine's clock."""
        least, most = server_time - received_at, server_time - sent_at
        self._ahead = min(max(self._ahead, least), most)
