"""A client who opens his page and fills in its forms, as a person with a phone does."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import httpx

#: The page answers robots without acting: a person's browser says who it is.
HEADERS = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15",
    "Accept-Language": "ru-RU,ru;q=0.9",
    "Sec-Fetch-Site": "same-origin",
}
#: What he chooses on the page that asks whether he is sure.
ROLE = "marketing"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


class Phone:
    """The client's page behind the *link* that staff made."""

    def __init__(self, http: httpx.Client, link: str) -> None:
        self._http = http
        self._link = link

    def look(self) -> str:
        """The page as it is now."""
        return self._http.get(self._link, headers=HEADERS).raise_for_status().text

    def answer(self, act: str, number: int, **typed: str) -> str:
        """Send the form *act* of an item, and confirm it; the page that follows."""
        fingerprint = _hidden(self.look())[f"seen_{number}"]
        asked = self._send(act, {"n": str(number), f"seen_{number}": fingerprint, **typed})
        return self._send(act, {**_hidden(asked), **typed, "role": ROLE, "sure": "yes"})

    def _send(self, act: str, fields: Mapping[str, str]) -> str:
        answer = self._http.post(
            f"{self._link}/{act}", data=dict(fields), headers=HEADERS, follow_redirects=True
        )
        return answer.raise_for_status().text


def _hidden(page: str) -> dict[str, str]:
    return {html.unescape(name): html.unescape(value) for name, value in _HIDDEN.findall(page)}
