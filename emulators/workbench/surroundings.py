"""What the page stands on."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.workbench.people import STRANGER, Person


@dataclass(frozen=True)
class Surroundings:
    """Where everything is, and who may sit at the page.

    ``audience`` is the OAuth client id that identity tokens of the add-on are made for.
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
