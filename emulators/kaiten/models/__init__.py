"""The company: its state, and the calls that read and change it."""

from __future__ import annotations

import threading

from emulators.common.clock import Clock, utc_now
from emulators.kaiten.models.boards import Boards
from emulators.kaiten.models.cards import Cards
from emulators.kaiten.models.checklists import Checklists
from emulators.kaiten.models.context import Context, Publish
from emulators.kaiten.models.parts import Parts
from emulators.kaiten.models.properties import Properties
from emulators.kaiten.models.spaces import Spaces
from emulators.kaiten.models.state import Row, State


class Kaiten:
    """One company. Calls hold ``lock``, so each sees and leaves a consistent state.

    Parameters
    ----------
    publish
        Delivers an event to a webhook; must return at once.
    """

    def __init__(self, publish: Publish, clock: Clock = utc_now) -> None:
        self.lock = threading.RLock()
        self.state = State(clock)
        context = Context(self.state, publish)
        self.spaces = Spaces(context)
        self.checklists = Checklists(context)
        self.parts = Parts(context, self.checklists)
        self.cards = Cards(context, self.parts)
        self.boards = Boards(context, self.cards.cards_of_board)
        self.properties = Properties(context)

    def actor(self, token: str) -> Row | None:
        """The user who owns the token."""
        return self.state.find("users", token=token) if token else None
