"""The board that the probes of a tracker work on; it is deleted at the end with all of its cards."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from functools import cached_property

from vitrina.cli.doctor.tracker.hands import Hands
from vitrina.ports import Board, Card, Link, NewCard, Step, TaskTracker

TITLE = "Vitrina doctor, may be deleted"
STAGES = ("First", "Second", "Third", "Last")
DUE_ON = date(2031, 3, 14)
BOOK = Link("https://docs.google.com/spreadsheets/d/doctor", "Vitrina doctor")


class ScratchBoard:
    """A board with cards of the doctor, made and read as the product does.

    Parameters
    ----------
    tracker
        The adapter of a connection.
    hands
        Further calls to the same account.
    kind
        Kind of the connection.
    """

    def __init__(self, tracker: TaskTracker, hands: Hands, kind: str) -> None:
        self.tracker = tracker
        self.hands = hands
        self.kind = kind
        self.title = f"{TITLE} {uuid.uuid4().hex[:8]}"
        self._is_begun = False
        self._card_ids: list[str] = []

    @cached_property
    def board(self) -> Board:
        """The board, made when it is first asked for."""
        self._is_begun = True
        return self.tracker.create_board(self.title, STAGES)

    @cached_property
    def own_user(self) -> tuple[str, str]:
        """User id and e-mail of the user who owns the token."""
        return self.hands.own_user()

    def make_card(self, steps: Sequence[Step] = ()) -> tuple[NewCard, str, tuple[str, ...]]:
        """A new card for the own user, its id, and the ids of its steps if they have ids of their own."""
        card = NewCard(
            external_id=f"vitrina:doctor:{uuid.uuid4().hex}",
            board_id=self.board.board_id,
            stage_id=self.board.stages[0].stage_id,
            title=TITLE,
            facts=(("Check", "Vitrina tries what it assumes about this tracker."),),
            due_on=DUE_ON,
            estimate_hours=1.5,
            assignee_id=self.own_user[0],
            steps=tuple(steps),
            links=(BOOK,),
        )
        card_id = self.tracker.create_card(card)
        self._card_ids.append(card_id)
        return card, card_id, self.tracker.complete_card(card_id, card)

    def read(self, card_id: str) -> Card | None:
        """The present state of a card."""
        return self.tracker.get_card(self.board.board_id, card_id)

    def discard(self) -> None:
        """Delete cards and board, also those whose creation was not confirmed."""
        if not self._is_begun:
            return
        board = self.__dict__.get("board") or self.tracker.find_board(self.title)
        if board is None:
            return
        found = self.tracker.find_cards(board.board_id).values()
        for card_id in dict.fromkeys([*self._card_ids, *(one for ids in found for one in ids)]):
            self.tracker.remove_card(card_id)
        self.hands.delete_board(board.board_id)
