"""Who or what causes an action."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from vitrina.ports import ComparedInPart, Json


class ActorKind(StrEnum):
    """Kinds of actors."""

    PERSON = "person"
    CLIENT = "client"
    RULE = "rule"
    CLOCK = "clock"


class Actor(ComparedInPart, frozen=True, eq=False):
    """Who or what causes an action. The name of a person is the e-mail; the clock has none.

    ``domain`` is the organisation that manages a person's Google account, empty for a consumer account. It is
    known while the person clicks, and is not kept: actors that differ in it only are equal.
    """

    kind: ActorKind
    name: str
    domain: str = ""

    def compared(self) -> tuple[object, ...]:
        """See ``ComparedInPart``."""
        return self.kind, self.name

    def data(self) -> Json:
        """The actor as JSON."""
        return {"kind": self.kind.value, "name": self.name}

    @property
    def logged(self) -> str:
        """The actor in a log: the kind, and a piece of a hash of the name to tell one from another."""
        if not self.name:
            return self.kind.value
        return f"{self.kind.value}:{hashlib.sha256(self.name.encode()).hexdigest()[:8]}"


CLOCK = Actor(ActorKind.CLOCK, "")


def person(email: str, domain: str = "") -> Actor:
    """A member of staff, and the organisation that manages the account."""
    return Actor(ActorKind.PERSON, email, domain)


def actor_from_data(data: Json) -> Actor:
    """The actor of an operation's document; the first release kept the e-mail only."""
    if "actor" not in data:
        return person(data["email"])
    return Actor(ActorKind(data["actor"]["kind"]), data["actor"]["name"])
