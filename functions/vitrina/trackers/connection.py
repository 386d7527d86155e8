"""What the adapter of a tracker is made from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from msgspec import Struct, field

from vitrina.ports import TrackerMemory


class Connection(Struct, frozen=True):
    """Access to one account of a tracker. A project names the connection that it uses.

    Parameters
    ----------
    name
        How projects and addresses of webhooks name it: lower-case letters, digits and hyphens.
    kind
        Which tracker it is: one of ``registry.KINDS``.
    title
        Name for people; empty for that of the tracker.
    url
        Address of the account; empty if the tracker has one address for all.
    token
        Of the user made for Vitrina.
    place_id
        Where boards are made: the space, workspace or team.
    own_user_id
        Id of the user who owns the token; empty if the adapter has to find it out.
    agency
        Workbook of the agency whose account it is; empty for the only agency of the installation.
    options
        Further settings that only the adapter of this kind knows, by name.
    """

    name: str
    kind: str
    title: str = ""
    url: str = ""
    token: str = ""
    place_id: str = ""
    own_user_id: str = ""
    agency: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Without its secrets."""
        return f"Connection({self.name!r}, {self.kind!r}, {self.url!r}, {self.place_id!r})"


class Surroundings(Struct, frozen=True):
    """What an adapter gets from the installation.

    Parameters
    ----------
    webhook_url
        Address at which this connection receives webhooks. The last part of its path is a secret of this
        connection. An adapter may add further parts, which it gets back in ``WebhookRequest.path``.
    memory
        What the adapter keeps for all processes.
    zone
        Time zone in which moments become days.
    timeout_s
        Seconds that one attempt of a call waits for the answer.
    wait_s
        Seconds before the first repeat of a call; longer before further ones.
    cards_at_a_time
        Most cards that are read or made at the same time.
    """

    webhook_url: str
    memory: TrackerMemory
    zone: tzinfo
    timeout_s: float
    wait_s: float
    cards_at_a_time: int = 1

    def __repr__(self) -> str:
        """Without the address, which has a secret."""
        return f"Surroundings(zone={self.zone}, timeout_s={self.timeout_s}, wait_s={self.wait_s})"
