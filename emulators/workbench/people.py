"""People who can be chosen at the page. A file of people looks like this::

    [{"email": "anna@agency.example", "name": "Анна Белова", "tracker_token": "…"},
     {"email": "client@zarya.example", "name": "Клиент", "tracker_token": null}]

The token is the same in all trackers and in the CRM. A person without one
sees no board and no funnel. The backend decides whether a person is staff.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Person:
    """A person with a Google account and optionally a token in the trackers and the CRM."""

    email: str
    name: str
    tracker_token: str | None = None


STRANGER = Person("guest@example.com", "Посторонний")
"""Signed in to Google, known to nobody here: shows what the backend refuses."""


def read_people(path: Path | None) -> tuple[Person, ...]:
    """The people of a file, and a stranger who is always added."""
    rows = [] if path is None else json.loads(path.read_text(encoding="utf-8"))
    people = tuple(Person(row["email"], row["name"], row.get("tracker_token")) for row in rows)
    return (*people, STRANGER)
