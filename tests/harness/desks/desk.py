"""What tests of the whole product ask of the tracker of an office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from emulators.world.processes import Person


class Addresses(Protocol):
    """Gives the addresses of the servers."""

    def url(self, name: str) -> str:
        """Base URL of a server."""
        ...


@dataclass(frozen=True)
class TrackerCard:
    """A card as its tracker holds it."""

    card_id: str
    external_id: str
    title: str
    board: str
    stage: str
    due_on: str
    assignee_id: str
    description: str
    hours: float
    #: Text, day and person of each step.
    steps: tuple[tuple[str, str, str], ...]
    links: tuple[str, ...]
    minutes: int
    #: Whether it is archived or finished, whatever its stage.
    is_closed: bool = False


class Desk(Protocol):
    """The tracker of an office, and people who work in it. Users have the numbers of ``Person``."""

    #: Name of the server and of the connection.
    server: str
    #: Names of the servers of further trackers.
    more_servers: tuple[str, ...]
    #: Settings with which processes know their own user from the beginning, without their prefix.
    own_user_settings: Mapping[str, str]

    def open(self, people: Sequence[Person]) -> dict[str, str]:
        """Begin anew with these people; returns the settings of the product."""

    def cards(self) -> list[TrackerCard]:
        """All cards of all clients."""

    def boards(self) -> list[tuple[str, list[str]]]:
        """Titles of all boards of clients, and of their stages from left to right."""

    def webhooks(self) -> list[tuple[str, bool]]:
        """Address of each webhook, and whether it is active."""

    def addresses(self, cards: Sequence[TrackerCard]) -> dict[str, str]:
        """Names for the parts of addresses that differ from run to run."""

    def move(self, card_id: str, stage: int, *, user_id: int = 11) -> None:
        """Move a card to a stage of its board, counted from the left."""

    def finish_step(self, card_id: str, place: int, *, user_id: int = 11) -> None:
        """Mark a step as done."""

    def set_due(self, card_id: str, day: str, *, user_id: int = 11) -> None:
        """Change the day of a card."""

    def log_minutes(self, card_id: str, minutes: int, *, user_id: int = 11) -> None:
        """Log time on a card."""

    def count_of_parts(self, card_id: str) -> tuple[int, int]:
        """How many steps and links a card has."""

    # --- Webhooks ---

    def set_webhook_mode(self, mode: str) -> None:
        """Set how webhooks are delivered from now on."""

    def release_webhooks(self) -> int:
        """Send held webhooks; returns their count."""

    def deliveries(self) -> list[Any]:
        """Webhooks that were sent or would have been, without heartbeats."""

    def replay(self, deliveries: Sequence[Any]) -> None:
        """Send deliveries again, as somebody who recorded them may do."""

    def forge(self, card_id: str, functions: str, secret: str) -> None:
        """Send lies about a card: one that the product refuses, and one that is a reason to look."""

    def settle(self) -> None:
        """Wait until webhooks are delivered."""


class EmulatorDesk:
    """What the desks of all emulators share."""

    server = ""
    more_servers: tuple[str, ...] = ()

    def __init__(self, http: httpx.Client, servers: Addresses) -> None:
        self.http = http
        self.servers = servers

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of the emulator's control endpoint."""
        url = f"{self.servers.url(self.server)}/_emulator{path}"
        return self.http.request(method, url, json=body).raise_for_status().json()

    def set_webhook_mode(self, mode: str) -> None:
        """See ``Desk``."""
        self.control("POST", "/webhooks", {"mode": mode})

    def release_webhooks(self) -> int:
        """See ``Desk``."""
        return int(self.control("POST", "/webhooks/release", {})["released"])

    def settle(self) -> None:
        """See ``Desk``. Twice: what the first round caused is sent too."""
        for _ in range(2):
            self.control("POST", "/webhooks/settle", {})
