"""Addresses and people of the page."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.workbench.people import STRANGER, Person


@dataclass(frozen=True)
class Surroundings:
    """Addresses of the servers, and the people who can be chosen at the page.

    ``audience`` is the OAuth client id for which identity tokens of the add-on are made. Without
    ``asana_url`` the page shows the boards of Kaiten only, without ``amocrm_url`` no funnel, and without
    ``telegram_url`` no chat.
    """

    google_url: str
    kaiten_url: str
    menu_url: str
    audience: str
    people: tuple[Person, ...] = (STRANGER,)
    asana_url: str = ""
    amocrm_url: str = ""
    telegram_url: str = ""
    first_user: str | None = None

    @property
    def tracker_urls(self) -> dict[str, str]:
        """Addresses of the trackers by the names of their servers."""
        urls = {"kaiten": self.kaiten_url, "asana": self.asana_url}
        return {name: url for name, url in urls.items() if url}

    @property
    def server_urls(self) -> dict[str, str]:
        """Addresses of the trackers, the CRM and the chat by the names of their servers."""
        further = {"amocrm": self.amocrm_url, "telegram": self.telegram_url}
        return self.tracker_urls | {name: url for name, url in further.items() if url}

    def person(self, email: str | None) -> Person | None:
        """The person with this e-mail."""
        return next((person for person in self.people if person.email == email), None)
