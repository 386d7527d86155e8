"""The account: its state, and the calls that read and change it."""

from __future__ import annotations

import threading
from collections import defaultdict

from emulators.asana.models.context import Context
from emulators.asana.models.custom_fields import CustomFields
from emulators.asana.models.parts import Parts
from emulators.asana.models.people import People
from emulators.asana.models.projects import Projects
from emulators.asana.models.state import Row, State
from emulators.asana.models.tasks import Tasks
from emulators.asana.models.webhook_calls import Handshake, WebhookCalls, passes
from emulators.common.clock import Clock, utc_now


class Asana:
    """One account. Calls hold ``lock``, so each sees and leaves a consistent state.

    Parameters
    ----------
    handshake
        Sends the handshake of a new webhook.
    """

    def __init__(self, handshake: Handshake, clock: Clock = utc_now) -> None:
        self.lock = threading.RLock()
        self.state = State(clock)
        self._events: dict[str, list[Row]] = defaultdict(list)
        self.context = Context(self.state, self._collect)
        self.people = People(self.context)
        self.projects = Projects(self.context)
        self.fields = CustomFields(self.context)
        self.tasks = Tasks(self.context)
        self.parts = Parts(self.context)
        self.webhooks = WebhookCalls(self.context, self.lock, handshake)

    def actor(self, token: str) -> Row | None:
        """The user who owns the token."""
        return self.state.find("users", token=token) if token else None

    def take_events(self) -> dict[str, list[Row]]:
        """Events since the last call, by the gid of the webhook that gets them."""
        events, self._events = dict(self._events), defaultdict(list)
        return events

    def _collect(self, reached: frozenset[str], event: Row) -> None:
        for webhook in self.state.select("webhooks", active=True):
            if webhook["resource"] in reached and passes(webhook, event):
                self._events[webhook["gid"]].append(event)
