"""An amoCRM account with three people and two pipelines, served on a loopback port."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
from flask import Flask, Response, request

BOT, OLGA, IGOR = 1, 2, 3
SALES, LEAD, QUALIFIED, SIGNED = 501, 5011, 5012, 5013
WORK, STARTED, HANDED_OVER = 502, 5021, 5022
WON, LOST = 142, 143
HOURS, KIND, BEGINS_ON, TERMS, PREPAID, SOURCE = 701, 702, 703, 704, 705, 706
COMPANY = 801
IRINA, PETR = 901, 902
START = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
#: High enough that only the tests of the limit reach it.
NO_LIMIT = {"limit_per_s": 100_000}

SEED: dict[str, Any] = {
    "account": {"name": "Агентство", "subdomain": "agency"},
    "users": [
        {"id": BOT, "name": "Витрина", "email": "bot@a.test", "token": "bot", "is_admin": True},
        {"id": OLGA, "name": "Ольга", "email": "Olga@a.test", "token": "olga", "is_admin": True},
        {"id": IGOR, "name": "Игорь", "email": "igor@a.test", "token": "igor", "is_admin": False},
    ],
    "pipelines": [
        {
            "id": SALES,
            "name": "Продажи",
            "statuses": [
                {"id": LEAD, "name": "Заявка"},
                {"id": QUALIFIED, "name": "Квалифицирован"},
                {"id": SIGNED, "name": "Договор подписан"},
            ],
        },
        {
            "id": WORK,
            "name": "Производство",
            "statuses": [{"id": STARTED, "name": "В работе"}, {"id": HANDED_OVER, "name": "Сдан"}],
        },
    ],
    "fields": [
        {"id": HOURS, "name": "Лимит часов", "type": "numeric"},
        {"id": KIND, "name": "Вид проекта", "type": "select"},
        {"id": BEGINS_ON, "name": "Начало", "type": "date"},
        {"id": TERMS, "name": "Условия", "type": "textarea"},
        {"id": PREPAID, "name": "Предоплата", "type": "checkbox"},
        {"id": SOURCE, "name": "utm_source", "type": "tracking_data", "code": "UTM_SOURCE"},
    ],
    "companies": [{"id": COMPANY, "name": "ООО «Зерно»"}],
    "contacts": [
        {"id": IRINA, "name": "Ирина Зернова", "phone": "+7 900 000-00-01"},
        {"id": PETR, "name": "Пётр Зернов"},
    ],
}


@dataclass
class World:
    """The running emulator as tests use it."""

    url: str

    def __post_init__(self) -> None:
        self.bot = self.client("bot")
        self.igor = self.client("igor")
        self.control = httpx.Client(base_url=f"{self.url}/_emulator", trust_env=False)

    def client(self, token: str) -> httpx.Client:
        """A client that signs in with *token*."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=f"{self.url}/api/v4", headers=headers, trust_env=False)

    def seed(self, **changes: Any) -> None:
        """Start from the seed again."""
        self.control.post("/reset").raise_for_status()
        self.control.post("/seed", json={**SEED, **changes}).raise_for_status()
        self.control.post("/rate-limit", json=NO_LIMIT).raise_for_status()

    def do(self, action: str, **fields: Any) -> dict[str, Any]:
        """What a person does in the account."""
        answer = self.control.post("/do", json={"action": action, "user_id": OLGA, **fields})
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def make_deal(self, **fields: Any) -> int:
        """Id of a new deal at the first stage."""
        place = {"pipeline_id": SALES, "status_id": LEAD}
        return int(self.do("create_deal", **{"name": "Сайт", **place, **fields})["id"])

    def subscribe(self, url: str) -> None:
        """Subscribe an address to all changes of deals."""
        settings = ["add_lead", "status_lead", "update_lead", "delete_lead"]
        body = {"destination": url, "settings": settings}
        assert self.bot.post("/webhooks", json=body).status_code == 201

    def deliveries(self) -> list[dict[str, Any]]:
        """All deliveries, oldest first."""
        rows: list[dict[str, Any]] = self.control.get("/webhooks").json()["deliveries"]
        return rows

    def settle(self) -> None:
        """Wait until all events are sent."""
        assert self.control.post("/webhooks/settle", json={"timeout_s": 10}).json()["settled"]

    def advance(self, minutes: int) -> None:
        """Move the time of repeats forward."""
        assert self.control.post("/webhooks/advance", json={"minutes": minutes}).json()["settled"]

    def close(self) -> None:
        """Close the clients."""
        for client in (self.bot, self.igor, self.control):
            client.close()


class Receiver:
    """The server that gets the webhooks."""

    def __init__(self) -> None:
        self.url = ""
        self._lock = threading.Lock()
        self.clear()
        self.app = Flask("receiver")

        @self.app.post("/hook")
        def hook() -> Response:
            with self._lock:
                self.bodies.append(request.get_data(as_text=True))
                self.content_type = request.headers["content-type"]
            return Response(status=self.status)

    def clear(self) -> None:
        """Delete received forms, and answer 200."""
        self.bodies: list[str] = []
        self.status = 200

    def forms(self) -> list[dict[str, str]]:
        """Fields of the received forms."""
        return [dict(parse_qsl(body, keep_blank_values=True)) for body in self.bodies]
