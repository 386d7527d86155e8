"""Clicks menu items as the add-on does: one POST, then polls for the progress of the operation."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from emulators.common.client import local_client
from emulators.world.processes import AUDIENCE

POLL_S = 0.1
OPERATION_TIMEOUT_S = 300.0
ANSWER_TIMEOUT_S = 120.0


class MenuClient:
    """A member of staff who uses the menu.

    Parameters
    ----------
    functions_url
        Base URL of the functions.
    google_url
        Base URL of the Google emulator, which signs the person's ID token.
    http
        Somebody else's client, whose connections are used; its own ones if not given.
    """

    def __init__(
        self,
        functions_url: str,
        google_url: str,
        *,
        email: str,
        locale: str = "ru",
        http: httpx.Client | None = None,
    ) -> None:
        self._http = local_client() if http is None else http
        self._menu_url = f"{functions_url}/menu"
        self._token_url = f"{google_url}/_emulator/identity/token"
        self._email = email
        self._locale = locale

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def click(
        self,
        spreadsheet_id: str,
        action: str,
        *,
        request_id: str | None = None,
        on_progress: Callable[[str], None] = lambda _: None,
        **params: Any,
    ) -> dict[str, Any]:
        """Run an action and wait for its final answer; ``http_status`` is added to it."""
        answer = self.post(spreadsheet_id, action, request_id=request_id, **params)
        give_up_at = time.monotonic() + OPERATION_TIMEOUT_S
        operation_id = answer.get("operation_id")
        while answer["outcome"] in ("accepted", "running"):
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{action} is not done: {answer['message']}")
            time.sleep(POLL_S)
            answer = self.post(spreadsheet_id, "operation", operation_id=operation_id)
            on_progress(answer["message"])
        return answer

    def sign_in(self) -> str:
        """A new ID token of the person, from Google."""
        asked = {"email": self._email, "audience": AUDIENCE}
        answer = self._http.post(self._token_url, json=asked, timeout=ANSWER_TIMEOUT_S)
        token: str = answer.json()["id_token"]
        return token

    def post(
        self, spreadsheet_id: str, action: str, *, request_id: str | None = None, **params: Any
    ) -> dict[str, Any]:
        """Send one request; returns its immediate answer, with ``http_status`` added."""
        body = {
            "action": action,
            "spreadsheet_id": spreadsheet_id,
            "request_id": request_id or str(uuid.uuid4()),
            "locale": self._locale,
            "params": params,
        }
        headers = {
            "Authorization": f"Bearer {self.sign_in()}",
            "Accept-Language": self._locale,
        }
        response = self._http.post(self._menu_url, json=body, headers=headers, timeout=ANSWER_TIMEOUT_S)
        answer: dict[str, Any] = response.json()
        answer["http_status"] = response.status_code
        return answer
