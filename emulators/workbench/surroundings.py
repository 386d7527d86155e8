"""Addresses and people of the page."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.workbench.people import STRANGER, Person


@dataclass(frozen=True)
class Surroundings:
    """Addresses of the servers, and the people who can be chosen at the page.

    ``audience`` is the OAuth client id for which identity tokens of the add-on are made. Without
    ``asana_url`` the page shows the boards of Kaiten only, and without ``amocrm_url`` no funnel.
    """

    google_url: str
    kaiten_url: str
    menu_url: str
    audience: str
    people: tuple[Person, ...] = (STRANGER,)
    asana_url: str = ""
    amocrm_url: str = ""
    first_user: str | None = None

    @property
    def tracker_urls(self) -> dict[str, str]:
        """Addresses of the trackers by the names of their servers."""
        urls = {"kaiten": self.kaiten_url, "asana": self.asana_url}
        return {name: url for name, url in urls.items() if url}

    @property
    def server_urls(self) -> dict[str, str]:
        """Addresses of the trackers and of the CRM by the names of their servers."""
        return self.tracker_urls | ({"amocrm": self.amocrm_url} if self.amocrm_url else {})

    def person(self, email: str | None) -> Person | None:
        """The person with this e-mail."""
        return next((person for person in self.people if person.email == email), None)
