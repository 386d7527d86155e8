"""An Asana account with four people and one project, served on a loopback port."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from flask import Flask, Response, request

from emulators.common.client import local_client

Json = dict[str, Any]
SPACE, TEAM, PROJECT = "900", "910", "920"
BOT, ANNA, GUEST, STRANGER = "11", "12", "13", "14"
START = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)

SEED: Json = {
    "workspace": {"gid": SPACE, "name": "Маяк", "email_domains": ["a.test"]},
    "teams": [{"gid": TEAM, "name": "Клиенты"}],
    "users": [
        {"gid": BOT, "name": "Vitrina", "email": "bot@a.test", "token": "bot", "is_admin": True},
        {"gid": ANNA, "name": "Анна", "email": "anna@a.test", "token": "anna"},
        {"gid": GUEST, "name": "Клиент", "email": "client@b.test", "token": "guest", "is_guest": True},
    ],
    "projects": [{"gid": PROJECT, "name": "Зерно", "owner": BOT}],
    # High enough that only the tests of the limits reach it.
    "limits": {"calls_per_minute": 1_000_000, "cost_per_minute": 10_000_000},
}


class Person:
    """A client that signs in with a token and unpacks the envelope."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = local_client(base_url=f"{url}/api/1.0", headers=headers)

    def ask(self, method: str, path: str, data: Json | None = None, **query: str) -> httpx.Response:
        """Send a call; *data* is put into the envelope."""
        body = None if data is None else {"data": data}
        return self.http.request(method, path, json=body, params=query)

    def get(self, path: str, **query: str) -> Any:
        """The data of a GET."""
        return self.ask("GET", path, **query).raise_for_status().json()["data"]

    def post(self, path: str, **data: Any) -> Any:
        """The data of the answer to a POST."""
        return self.ask("POST", path, data).raise_for_status().json()["data"]

    def put(self, path: str, **data: Any) -> Any:
        """The data of the answer to a PUT."""
        return self.ask("PUT", path, data).raise_for_status().json()["data"]

    def delete(self, path: str) -> None:
        """Delete something."""
        self.ask("DELETE", path).raise_for_status()

    def refusal(self, method: str, path: str, data: Json | None = None, **query: str) -> tuple[int, str]:
        """Status and message of a refused call."""
        answer = self.ask(method, path, data, **query)
        return answer.status_code, answer.json()["errors"][0]["message"]


@dataclass
class World:
    """The running emulator as tests use it."""

    url: str

    def __post_init__(self) -> None:
        self.bot, self.anna, self.guest = (Person(self.url, token) for token in ("bot", "anna", "guest"))
        self.control = local_client(base_url=f"{self.url}/_emulator")

    def seed(self, **changes: Any) -> None:
        """Start from the seed again; *features* and *limits* change only what they name."""
        body = {**SEED, **{key: value for key, value in changes.items() if key not in ("features", "limits")}}
        body["workspace"] = {**SEED["workspace"], "features": changes.get("features", {})}
        body["limits"] = {**SEED["limits"], **changes.get("limits", {})}
        self.control.post("/reset").raise_for_status()
        self.control.post("/seed", json=body).raise_for_status()

    def task(self, **fields: Any) -> Json:
        """A task of the project."""
        made: Json = self.bot.post("/tasks", **{"name": "Тексты", "projects": [PROJECT], **fields})
        return made

    def section(self, name: str) -> Json:
        """A section at the end of the project."""
        made: Json = self.bot.post(f"/projects/{PROJECT}/sections", name=name)
        return made

    def field(self, kind: str = "number", **fields: Any) -> Json:
        """A custom field on the project."""
        body = {"name": f"Поле {kind}", "resource_subtype": kind, "workspace": SPACE, **fields}
        made: Json = self.bot.post("/custom_fields", **body)
        self.bot.post(f"/projects/{PROJECT}/addCustomFieldSetting", custom_field=made["gid"])
        return made

    def settle(self) -> None:
        """Wait until all events that are due are sent."""
        assert self.control.post("/webhooks/settle", json={"timeout_s": 10}).json()["settled"]

    def close(self) -> None:
        """Close the clients."""
        for person in (self.bot, self.anna, self.guest):
            person.http.close()
        self.control.close()


class Receiver:
    """The server that gets the webhooks, and answers handshakes."""

    def __init__(self) -> None:
        self.url = ""
        self.clear()
        self._lock = threading.Lock()
        self.app = Flask("receiver")

        @self.app.post("/hook/<name>")
        def hook(name: str) -> Response:
            secret = request.headers.get("X-Hook-Secret")
            if secret is not None:
                self.secret = secret
                return Response(status=200, headers={"X-Hook-Secret": secret if self.agrees else "other"})
            with self._lock:
                self.requests.append((dict(request.headers), request.get_data()))
            return Response(status=self.status)

    def clear(self) -> None:
        """Delete received events, agree to handshakes and answer 200."""
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.status, self.agrees, self.secret = 200, True, ""
