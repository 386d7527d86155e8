"""Telegram: its state, and the methods that read and change it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from emulators.common.clock import Clock, utc_now
from emulators.telegram.models.groups import Groups
from emulators.telegram.models.hooks import Hooks, Sender
from emulators.telegram.models.messages import Messages
from emulators.telegram.models.people import People
from emulators.telegram.models.presses import Presses
from emulators.telegram.models.state import State
from emulators.telegram.models.topics import Topics


class Telegram:
    """All bots and groups. Calls hold ``lock``, so each sees and leaves a consistent state.

    Parameters
    ----------
    sender
        Delivers updates; must return at once.
    take
        Counts a message in a group; raises 429 if there were too many.
    """

    def __init__(self, sender: Sender, take: Callable[[int], None], clock: Clock = utc_now) -> None:
        self.lock = threading.RLock()
        self.state = State(clock)
        self.groups = Groups(self.state)
        self.topics = Topics(self.state, self.groups, take)
        self.messages = Messages(self.state, self.groups, take)
        self.hooks = Hooks(self.state, sender)
        self.presses = Presses(self.state, self.hooks)
        self.people = People(self.state, self.topics, self.hooks, self.presses)
