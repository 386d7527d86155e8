"""What people tried and were told, from which the checks know what may have become of it."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

#: What a person is told of a decision: it was made, or another one holds, or nothing that he can rely on.
MADE, HOLDS, UNKNOWN = "made", "holds", "unknown"
UNDO = "undo"


@dataclass(frozen=True)
class Attempt:
    """A decision that a client tried to make or, as ``UNDO``, to take back."""

    number: int
    kind: str
    channel: str
    text: str
    told: str


@dataclass
class Record:
    """All that the people of a run did. Threads note at the same time."""

    attempts: list[Attempt] = field(default_factory=list)
    #: Orders and questions by their text: whether the client was told that they are kept.
    orders: dict[str, bool] = field(default_factory=dict)
    questions: dict[str, bool] = field(default_factory=dict)
    #: Stages of the deals, and those that ever asked for a project.
    deal_stages: dict[int, str] = field(default_factory=dict)
    ever_won: set[int] = field(default_factory=set)
    #: Projects that a manager asked for: agency and code; whether he was told that they are there.
    new_clients: dict[tuple[str, str], bool] = field(default_factory=dict)
    #: Groups to which the bot was added with the same link.
    groups: list[int] = field(default_factory=list)
    #: Answers to clicks in the workbook of the other agency.
    trespasses: list[str] = field(default_factory=list)
    #: Numbers of documents that accounting answered, with whether it was told that they are kept.
    documents: dict[str, bool] = field(default_factory=dict)
    #: Tasks whose cards people moved.
    moved: set[str] = field(default_factory=set)
    #: Whether somebody worked in the project that stands beside.
    is_beside_touched: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, attempt: Attempt) -> None:
        """Keep an attempt."""
        with self.lock:
            self.attempts.append(attempt)

    def count(self, what: str, has_happened: bool) -> None:
        """Count something that happened."""
        with self.lock:
            self.counts[what] += has_happened
