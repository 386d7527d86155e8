"""What tests of the port ask of the world of a tracker, in no tracker's words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, Protocol

from msgspec.structs import asdict

from vitrina.ports import TaskTracker, WebhookRequest

#: Something that a world can do, beside what the tracker says in ``can``: fail and be busy on demand.
FAULTS = "faults"
#: Whether a search finds archived cards.
FINDS_ARCHIVED = "finds_archived"


class TrackerWorld(Protocol):
    """A tracker, and people who work in it.

    People are Anna and Igor. All that they do takes effect at once. A world is empty when a test begins.
    """

    #: Of the tracker for which Vitrina has made nothing yet.
    tracker: TaskTracker
    #: Names of what tests may ask for; see ``abilities_of``.
    abilities: frozenset[str]
    #: User ids by first name; ``anna`` and ``igor``.
    people: Mapping[str, str]

    def reset(self) -> None:
        """Begin anew, with the same people."""

    def make_tracker(self) -> TaskTracker:
        """Another adapter of the same connection, as another process has."""

    # --- What people do ---

    def add_card(self, board_id: str, title: str) -> str:
        """Anna makes a card of her own."""

    def rename(self, card_id: str, title: str) -> None:
        """Change the title."""

    def move(self, board_id: str, card_id: str, stage_id: str) -> None:
        """Move a card to a stage of its board."""

    def move_to_board(self, card_id: str, board_id: str) -> None:
        """Take a card from its board and put it on another one."""

    def set_due(self, card_id: str, day: date | None) -> None:
        """Change the day until which a card is to be done."""

    def assign(self, card_id: str, user_id: str | None) -> None:
        """Give a card to somebody."""

    def set_estimate(self, card_id: str, hours: float | None) -> None:
        """Change the hours that a card is to take."""

    def set_fact(self, card_id: str, about: str, text: str) -> None:
        """Write another text of a fact into the description, and leave the rest."""

    def reverse_steps(self, card_id: str) -> None:
        """Put the steps into the opposite order."""

    def finish_step(self, card_id: str, place: int) -> None:
        """Mark a step as done."""

    def change_step(self, card_id: str, place: int, user_id: str, day: date) -> None:
        """Give a step to somebody, with another day."""

    def remove_step(self, card_id: str, place: int) -> None:
        """Delete a step."""

    def double_steps(self, card_id: str) -> None:
        """Add our steps and the first link a second time, as two processes at once may do."""

    def add_step(self, card_id: str, text: str) -> None:
        """Add a step of one's own."""

    def log_hours(self, card_id: str, who: str, hours: float) -> None:
        """Log hours; ``who`` is a key of ``people``."""

    def comment(self, card_id: str, text: str) -> None:
        """Write a comment."""

    def archive(self, card_id: str) -> None:
        """Put a card away."""

    def delete(self, card_id: str) -> None:
        """Delete a card."""

    # --- What people see ---

    def text_of(self, card_id: str) -> str:
        """Description of a card as a person reads it, without marks of its markup."""

    def comments_of(self, card_id: str) -> list[str]:
        """Texts of all comments that Vitrina wrote, the oldest first."""

    def links_of(self, card_id: str) -> list[tuple[str, str]]:
        """Address and title of each link."""

    # --- The tracker from outside ---

    def sent(self) -> list[WebhookRequest]:
        """Requests that the tracker sent to Vitrina since ``reset``, handshakes and the like left out."""

    def forged(self) -> Sequence[WebhookRequest]:
        """Requests of somebody who does not know the secret, about a card that is there."""

    def nonsense(self) -> Sequence[WebhookRequest]:
        """Requests with the right secret or signature and a body without sense."""

    @property
    def call_count(self) -> int:
        """Count of requests that the tracker got since ``reset``."""

    def be_busy(self, times: int) -> None:
        """Refuse the next creations of a card with *try later*."""

    def refuse(self, times: int) -> None:
        """Refuse the next creations of a card for good."""

    def lose_answer(self) -> None:
        """Carry out the next creation of a card, and send no answer."""

    def fail_reads(self, times: int) -> None:
        """Break the next reads of a card."""


#: Opens a world; it is closed with the context.
OpenWorld = Callable[[], AbstractContextManager[TrackerWorld]]


def abilities_of(tracker: TaskTracker, *more: str) -> frozenset[str]:
    """Names of the capabilities that a tracker declares, and *more*."""
    return frozenset({name for name, value in asdict(tracker.can).items() if value} | {*more})


def request_of(body: Any, *path: str, headers: Mapping[str, str] | None = None) -> WebhookRequest:
    """A request with this body, as the entry point hands it to an adapter."""
    sent = json.dumps(body, ensure_ascii=False).encode()
    return WebhookRequest(path, dict(headers or {}), sent, lambda: json.loads(sent))
