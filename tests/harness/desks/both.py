"""The desk of an office that has projects in Kaiten and in Asana."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from emulators.world.processes import Person
from tests.harness.desks.asana import AsanaDesk
from tests.harness.desks.desk import Addresses, TrackerCard
from tests.harness.desks.kaiten import KaitenDesk


class BothDesks(KaitenDesk):
    """See ``Desk``. What people do is done in Kaiten; ``asana`` is the desk of the other tracker."""

    own_user_settings: Mapping[str, str] = KaitenDesk.own_user_settings
    more_servers = ("asana",)

    def __init__(self, http: httpx.Client, servers: Addresses) -> None:
        super().__init__(http, servers)
        self.asana = AsanaDesk(http, servers)

    @staticmethod
    def asana_of(desk: object) -> AsanaDesk:
        """The desk in Asana of a desk of both."""
        assert isinstance(desk, BothDesks), "the office works in one tracker only"
        return desk.asana

    def open(self, people: Sequence[Person]) -> dict[str, str]:
        """See ``Desk``."""
        connections = self.asana.open(people)["VITRINA_TRACKERS"]
        return {**super().open(people), "VITRINA_TRACKERS": connections}

    def cards(self) -> list[TrackerCard]:
        """See ``Desk``."""
        return [*super().cards(), *self.asana.cards()]

    def boards(self) -> list[tuple[str, list[str]]]:
        """See ``Desk``."""
        return [*super().boards(), *self.asana.boards()]

    def webhooks(self) -> list[tuple[str, bool]]:
        """See ``Desk``."""
        return [*super().webhooks(), *self.asana.webhooks()]

    def addresses(self, cards: Sequence[TrackerCard]) -> dict[str, str]:
        """See ``Desk``."""
        return {**super().addresses(cards), **self.asana.addresses(cards)}

    def settle(self) -> None:
        """See ``Desk``."""
        super().settle()
        self.asana.settle()
