"""People who sell: deals of an amoCRM account, as tests of the whole product move them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.emulators.amocrm.amocrm_world import (
    COMPANY,
    LEAD,
    LOST,
    NO_LIMIT,
    OLGA,
    QUALIFIED,
    SALES,
    SEED,
    SIGNED,
    WON,
)
from tests.harness.agency_data import MANAGER
from tests.harness.desks.desk import Addresses

#: Stages of the funnel of sales by a name for tests.
STAGES = {"lead": LEAD, "qualified": QUALIFIED, "signed": SIGNED, "won": WON, "lost": LOST}
#: What the agency chooses on *Настройки*.
RULES = {"deal_project": "Продажи: Договор подписан", "deal_card": "Продажи: Квалифицирован"}


class CrmDesk:
    """The account of amoCRM of an office; its manager sells as well."""

    server = "amocrm"

    def __init__(self, http: httpx.Client, servers: Addresses) -> None:
        self.http = http
        self.servers = servers

    @property
    def url(self) -> str:
        """Address of the emulator."""
        return self.servers.url(self.server)

    def open(self) -> dict[str, str]:
        """Begin anew, without deals; returns the settings of the product."""
        self.control("POST", "/reset")
        users = [{**one, "email": MANAGER} if one["id"] == OLGA else one for one in SEED["users"]]
        self.control("POST", "/seed", {**SEED, "users": users})
        self.lift_limit()
        settings = {"URL": self.url, "TOKEN": "bot", "CALLS_PER_S": "50", "REST_S": "0"}
        return {f"VITRINA_CRM_{name}": value for name, value in settings.items()}

    def lift_limit(self) -> None:
        """Let any number of calls pass: the real limit would make tests slow."""
        self.control("POST", "/rate-limit", NO_LIMIT)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of the emulator's control endpoint."""
        return self.http.request(method, f"{self.url}/_emulator{path}", json=body).raise_for_status().json()

    def do(self, action: str, **fields: Any) -> Any:
        """What a person does in the account."""
        return self.control("POST", "/do", {"action": action, "user_id": OLGA, **fields})

    def add_deal(self, stage: str = "lead", **fields: Any) -> int:
        """Id of a new deal of a company."""
        place = {"pipeline_id": SALES, "status_id": STAGES[stage], "company_id": COMPANY}
        return int(self.do("create_deal", **{"name": "Новый сайт", **place, **fields})["id"])

    def move(self, deal_id: int, stage: str) -> None:
        """Drag a deal to a stage."""
        self.do("move_deal", id=deal_id, pipeline_id=SALES, status_id=STAGES[stage])

    def deals(self) -> list[Any]:
        """All deals, as the list gives them."""
        return self._rows("/leads?limit=250", "leads")

    def notes(self, deal_id: int) -> list[str]:
        """Texts of the notes of a deal."""
        rows = self._rows(f"/leads/{deal_id}/notes", "notes")
        return [row["params"]["text"] for row in rows if row["note_type"] == "common"]

    def tasks(self, deal_id: int) -> list[str]:
        """Texts of the tasks of a deal."""
        rows = self._rows(f"/tasks?filter[entity_type]=leads&filter[entity_id][]={deal_id}", "tasks")
        return [row["text"] for row in rows]

    def stage(self, deal_id: int) -> str:
        """The stage of a deal, by its name for tests."""
        answer = self._get(f"/leads/{deal_id}").json()
        return next(name for name, stage in STAGES.items() if stage == answer["status_id"])

    def settle(self) -> None:
        """Wait until webhooks are sent."""
        self.control("POST", "/webhooks/settle", {"timeout_s": 10})

    def _rows(self, path: str, kind: str) -> list[Any]:
        answer = self._get(path)
        return [] if answer.status_code == 204 else list(answer.json()["_embedded"][kind])

    def _get(self, path: str) -> httpx.Response:
        headers = {"Authorization": "Bearer olga"}
        return self.http.get(f"{self.url}/api/v4{path}", headers=headers).raise_for_status()
