"""``TaskTracker`` of a project without a tracker."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from vitrina.errors import UserError
from vitrina.ports import (
    Board,
    Capabilities,
    Card,
    CardChange,
    Link,
    NewCard,
    Received,
    TaskTracker,
    WebhookRequest,
)
from vitrina.trackers.connection import Connection, Surroundings


def connect(connection: Connection, surroundings: Surroundings) -> TaskTracker:
    """The adapter; it needs nothing."""
    return NoTracker()


class NoTracker:
    """Holds no boards and no cards: state and hours are what people type into *В работе*.

    Looking finds nothing, and making something raises ``UserError``. So an action that forgets to ask for
    ``can`` fails with a sentence and loses nothing.
    """

    name = ""
    can = Capabilities(has_cards=False, tells_hours=False, has_dated_steps=False, sends_events=False)

    def create_board(self, title: str, stages: Sequence[str]) -> Board:
        """See ``TaskTracker``."""
        raise UserError("tracker.none")

    def find_board(self, title: str) -> Board | None:
        """See ``TaskTracker``."""
        return None

    def connect_webhook(self, board_id: str) -> None:
        """See ``TaskTracker``. There is nothing to report."""

    def find_people(self, emails: Collection[str]) -> Mapping[str, str]:
        """See ``TaskTracker``."""
        return {}

    def find_cards(self, board_id: str) -> Mapping[str, tuple[str, ...]]:
        """See ``TaskTracker``."""
        return {}

    def find_twins(self, board_id: str, external_id: str) -> tuple[str, ...]:
        """See ``TaskTracker``."""
        return ()

    def create_card(self, card: NewCard) -> str:
        """See ``TaskTracker``."""
        raise UserError("tracker.none")

    def complete_card(self, card_id: str, card: NewCard) -> tuple[str, ...]:
        """See ``TaskTracker``."""
        raise UserError("tracker.none")

    def change_card(self, board_id: str, card_id: str, change: CardChange) -> None:
        """See ``TaskTracker``."""
        raise UserError("tracker.none")

    def get_card(self, board_id: str, card_id: str) -> Card | None:
        """See ``TaskTracker``."""
        return None

    def comment_card(self, card_id: str, text: str) -> None:
        """See ``TaskTracker``. There is no card."""

    def remove_card(self, card_id: str) -> None:
        """See ``TaskTracker``. It is gone already."""

    def set_closed(self, card_id: str, link: Link, *, is_closed: bool) -> None:
        """See ``TaskTracker``. There is no card."""

    def card_url(self, board_id: str, card_id: str) -> str:
        """See ``TaskTracker``."""
        return ""

    def receive(self, request: WebhookRequest) -> Received:
        """See ``TaskTracker``. Nobody has a reason to send something here."""
        return Received(status=404)
