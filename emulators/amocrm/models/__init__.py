"""The account: its state, and the calls that read and change it."""

from __future__ import annotations

import threading

from emulators.amocrm.models.deals import Deals
from emulators.amocrm.models.funnel import Funnel
from emulators.amocrm.models.hooks import Hooks, Publish
from emulators.amocrm.models.office import Office
from emulators.amocrm.models.parts import Parts
from emulators.amocrm.models.people import People
from emulators.amocrm.models.state import Row, State
from emulators.common.clock import Clock, utc_now


class Account:
    """One account. Calls hold ``lock``, so each sees and leaves a consistent state.

    Parameters
    ----------
    publish
        Delivers a form to an address; must return at once.
    """

    def __init__(self, publish: Publish, clock: Clock = utc_now) -> None:
        self.lock = threading.RLock()
        self.state = State(clock)
        self.office = Office(self.state)
        self.hooks = Hooks(self.state, publish)
        self.deals = Deals(self.state, self.hooks.tell)
        self.parts = Parts(self.state)
        self.people = People(self.state, self.deals, self.parts, self.hooks)
        self.funnel = Funnel(self.state)

    def actor(self, token: str) -> Row | None:
        """The user who owns the token."""
        return self.state.find("users", token=token) if token else None
