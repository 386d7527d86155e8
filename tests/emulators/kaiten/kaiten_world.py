"""A Kaiten company with three people, one space and one board, served on a loopback port."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from flask import Flask, Response, request

from emulators.common.client import local_client

SPACE = 10
BOT, ANNA, STRANGER = 1, 2, 3
START = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)

SEED = {
    "users": [
        {"id": user_id, "full_name": name, "email": f"{token}@a.test", "username": token, "token": token}
        for user_id, name, token in (
            (BOT, "Vitrina", "bot"),
            (ANNA, "Анна", "anna"),
            (STRANGER, "X", "stranger"),
        )
    ],
    "spaces": [{"id": SPACE, "title": "Клиенты", "users": {"1": "admin", "2": "writer"}}],
    "properties": [{"id": 42, "name": "Часы", "type": "number"}],
    # High enough that only the tests of the limit reach it.
    "limit_per_s": 100_000,
}


@dataclass
class World:
    """The running emulator as tests use it."""

    url: str

    def __post_init__(self) -> None:
        self.bot = self.client("bot")
        self.anna = self.client("anna")
        self.stranger = self.client("stranger")
        self.control = local_client(base_url=f"{self.url}/_emulator")

    def client(self, token: str) -> httpx.Client:
        """A client that signs in with *token*."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return local_client(base_url=f"{self.url}/api/latest", headers=headers)

    def seed(self, **changes: Any) -> None:
        """Start from the seed again."""
        self.control.post("/reset").raise_for_status()
        self.control.post("/seed", json={**SEED, **changes}).raise_for_status()

    def make_board(self) -> dict[str, Any]:
        """A board with a queue, a column of work, a done one, and a lane."""
        body = {
            "title": "Зерно",
            "columns": [
                {"title": "Онбординг", "type": 1},
                {"title": "В работе", "type": 2},
                {"title": "Готово", "type": 3},
            ],
            "lanes": [{"title": "Задачи"}],
        }
        board: dict[str, Any] = self.bot.post(f"/spaces/{SPACE}/boards", json=body).raise_for_status().json()
        return board

    def make_card(self, board: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A card on the board."""
        body = {"title": "Тексты", "board_id": board["id"], **fields}
        card: dict[str, Any] = self.bot.post("/cards", json=body).raise_for_status().json()
        return card

    def settle(self) -> None:
        """Wait until all events are sent."""
        assert self.control.post("/webhooks/settle", json={"timeout_s": 10}).json()["settled"]

    def close(self) -> None:
        """Close the clients."""
        for client in (self.bot, self.anna, self.stranger, self.control):
            client.close()


class Receiver:
    """The server that gets the webhooks."""

    def __init__(self) -> None:
        self.url = ""
        self.clear()
        self._lock = threading.Lock()
        self.app = Flask("receiver")

        @self.app.post("/hook")
        def hook() -> Response:
            with self._lock:
                self.requests.append((dict(request.headers), request.get_json()))
            return Response(status=self.status)

    def clear(self) -> None:
        """Delete received events, and answer 200."""
        self.requests: list[tuple[dict[str, str], Any]] = []
        self.status = 200

    def events(self) -> list[str]:
        """Names of received events, in order."""
        return [body["event"] for _, body in self.requests]

    def data(self, event: str) -> dict[str, Any]:
        """Data of the only event with this name."""
        (found,) = [body["data"] for _, body in self.requests if body["event"] == event]
        return dict(found)
