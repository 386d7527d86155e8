"""Addresses and people of the page."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.workbench.people import STRANGER, Person


@dataclass(frozen=True)
class Surroundings:
    """Addresses of the servers, and the people who can be chosen at the page.

    ``audience`` is the OAuth client id for which identity tokens of the add-on are made.
    """

    google_url: str
    kaiten_url: str
    menu_url: str
    audience: str
    people: tuple[Person, ...] = (STRANGER,)
    first_user: str | None = None

    def person(self, email: str | None) -> Person | None:
        """The person with this e-mail."""
        return next((person for person in self.people if person.email == email), None)
