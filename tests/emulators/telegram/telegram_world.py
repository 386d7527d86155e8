"""Telegram with two bots and three people, served on a loopback port."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from flask import Flask, Response, request

BOT, OTHER_BOT = 7000001, 7000002
TOKEN, OTHER_TOKEN = f"{BOT}:AAE-vitrina_bot-token", f"{OTHER_BOT}:AAE-other_bot-token"
USERNAME = "vitrina_bot"
IRINA, PETR, OLGA = 42, 43, 44
START = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
#: High enough that only the tests of the limit reach it.
NO_LIMIT = {"per_minute": 100_000, "per_s": 100_000}

SEED: dict[str, Any] = {
    "bots": [
        {"id": BOT, "username": USERNAME, "first_name": "Витрина", "token": TOKEN},
        {"id": OTHER_BOT, "username": "other_bot", "first_name": "Другой", "token": OTHER_TOKEN},
    ],
    "people": [
        {"id": IRINA, "first_name": "Ирина", "username": "irina_z"},
        {"id": PETR, "first_name": "Пётр"},
        {"id": OLGA, "first_name": "Ольга"},
    ],
}


@dataclass
class World:
    """The running emulator as tests use it."""

    url: str

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, trust_env=False)
        self.control = httpx.Client(base_url=f"{self.url}/_emulator", trust_env=False)

    def close(self) -> None:
        """Close the clients."""
        self.http.close()
        self.control.close()

    def seed(self) -> None:
        """Start from the seed again."""
        self.control.post("/reset").raise_for_status()
        self.control.post("/seed", json=SEED).raise_for_status()
        self.limit(**NO_LIMIT)

    def limit(self, **limits: int) -> None:
        """Set the limits."""
        self.control.post("/rate-limit", json=limits).raise_for_status()

    def rate(self) -> dict[str, Any]:
        """What the emulator measured."""
        found: dict[str, Any] = self.control.get("/rate").json()
        return found

    def call(self, method: str, token: str = TOKEN, **parameters: Any) -> httpx.Response:
        """Call a method as a bot."""
        return self.http.post(f"/bot{token}/{method}", json=parameters)

    def result(self, method: str, **parameters: Any) -> Any:
        """Result of a call that has to work."""
        answer = self.call(method, **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.json()["ok"] is True
        return answer.json()["result"]

    def refusal(self, method: str, token: str = TOKEN, **parameters: Any) -> str:
        """Description of a call that has to be refused."""
        answer = self.call(method, token, **parameters)
        body = answer.json()
        assert body["ok"] is False, body
        assert body["error_code"] == answer.status_code
        return str(body["description"])

    def do(self, action: str, **fields: Any) -> dict[str, Any]:
        """What a person does: Irina, unless told otherwise."""
        answer = self.control.post("/do", json={"action": action, **fields})
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def add_group(self, title: str = "Зерно", *, has_topics: bool = True, **link: Any) -> int:
        """Id of a new group of Irina with the bot in it."""
        chat_id = int(self.do("create_group", title=title, has_topics=has_topics)["chat_id"])
        self.do("add_bot", chat_id=chat_id, **link)
        return chat_id

    def chat(self, chat_id: int | str) -> dict[str, Any]:
        """A group as a page shows it."""
        rows = self.control.get("/chats").json()
        return next(one for one in rows if one["id"] == int(chat_id))

    def message(self, chat_id: int | str, message_id: int | str) -> dict[str, Any]:
        """A message as a page shows it."""
        rows = (one for topic in self.chat(chat_id)["topics"] for one in topic["messages"])
        return next(one for one in rows if one["id"] == int(message_id))

    def presses(self) -> list[dict[str, Any]]:
        """Presses of buttons, oldest first."""
        rows: list[dict[str, Any]] = self.control.get("/presses").json()
        return rows

    def press(self, press_id: str) -> dict[str, Any]:
        """A press of a button, with what the person was shown."""
        return next(one for one in self.presses() if one["id"] == press_id)

    def texts(self, chat_id: int | str, topic_id: int | None = None) -> list[str]:
        """Texts of a topic, oldest first."""
        topic = next(one for one in self.chat(chat_id)["topics"] if one["id"] == topic_id)
        return [one["text"] for one in topic["messages"] if one["text"] is not None]

    def deliveries(self) -> list[dict[str, Any]]:
        """All deliveries, oldest first."""
        rows: list[dict[str, Any]] = self.control.get("/webhooks").json()["deliveries"]
        return rows

    def settle(self) -> None:
        """Wait until all updates are sent."""
        assert self.control.post("/webhooks/settle", json={"timeout_s": 10}).json()["settled"]

    def advance(self, minutes: int) -> None:
        """Move the time of repeats forward."""
        assert self.control.post("/webhooks/advance", json={"minutes": minutes}).json()["settled"]

    def mode(self, name: str) -> None:
        """Choose what happens to updates."""
        self.control.post("/webhooks", json={"mode": name}).raise_for_status()


class Receiver:
    """The server that gets the updates."""

    def __init__(self) -> None:
        self.url = ""
        self._lock = threading.Lock()
        self.clear()
        self.app = Flask("receiver")

        @self.app.post("/hook")
        def hook() -> Response:
            with self._lock:
                self.updates.append(request.get_json())
                self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
            return Response(status=self.status)

    def clear(self) -> None:
        """Delete received updates, and answer 200."""
        self.updates: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []
        self.status = 200
