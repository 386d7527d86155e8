"""amoCRM's emulator with an agency's account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from emulators.amocrm import create_app
from emulators.common.server import running
from tests.emulators.amocrm import amocrm_world as account
from tests.emulators.amocrm.amocrm_world import World
from tests.emulators.clock import TickingClock
from tests.harness.crm_worlds.world import BEGINS_ON, HOURS, KIND, PREPAID, SeenTask
from vitrina.crm.amocrm.client import AmoCrm
from vitrina.crm.amocrm.pace import Pace
from vitrina.crm.amocrm.wire import AmoWire
from vitrina.crm_port import Crm
from vitrina.ports import WebhookRequest

#: Nobody listens there: the emulator notes what it would have sent.
WEBHOOK_URL = "http://127.0.0.1:9/webhook/crm/secret"
ZONE = ZoneInfo("Europe/Moscow")
#: Calls of the emulator by the methods of the port.
CALLS = {
    "get_account": "account.get",
    "get_deal": "leads.get",
    "list_changed_deals": "leads.list",
    "write_note": "notes.add",
    "create_task": "tasks.add",
    "move_deal": "leads.update",
    "connect_webhook": "webhooks.add",
}


class AmoWorld:
    """See ``CrmWorld``."""

    def __init__(self, url: str, clock: TickingClock) -> None:
        self.world = World(url)
        self._clock = clock
        self._wires: list[AmoWire] = []
        self.crm = self.make_crm()
        self.robot, self.olga = str(account.BOT), str(account.OLGA)
        self.stages = {
            (key, stage): (str(pipeline_id), str(stage_id))
            for key, pipeline_id, stages in (
                (
                    "sales",
                    account.SALES,
                    {"lead": account.LEAD, "qualified": account.QUALIFIED, "signed": account.SIGNED},
                ),
                ("work", account.WORK, {"started": account.STARTED, "handed_over": account.HANDED_OVER}),
            )
            for stage, stage_id in {**stages, "won": account.WON, "lost": account.LOST}.items()
        }
        self.fields = {
            HOURS: str(account.HOURS),
            KIND: str(account.KIND),
            BEGINS_ON: str(account.BEGINS_ON),
            PREPAID: str(account.PREPAID),
        }
        self.contacts = {"irina": str(account.IRINA), "petr": str(account.PETR)}
        self.company = str(account.COMPANY)

    def reset(self) -> None:
        """See ``CrmWorld``."""
        self.world.seed()
        self.world.control.post("/webhooks", json={"mode": "drop"}).raise_for_status()
        self.world.control.delete("/calls").raise_for_status()

    def make_crm(self) -> Crm:
        """See ``CrmWorld``."""
        pace = Pace(distance_s=0.0, rest_s=0.0, sleep=_no_wait)
        wire = AmoWire(self.world.url, "bot", pace=pace, sleep=_no_wait)
        self._wires.append(wire)
        return AmoCrm(wire, webhook_url=WEBHOOK_URL, zone=ZONE)

    def close(self) -> None:
        """Close the connections."""
        for one in (self.world, *self._wires):
            one.close()

    def now(self) -> datetime:
        """See ``CrmWorld``."""
        return self._clock.moment + timedelta(seconds=1)

    # --- What people do ---

    def add_deal(
        self,
        stage: str = "lead",
        *,
        budget_roubles: int = 0,
        contacts: Sequence[str] = (),
        has_company: bool = False,
        fields: Mapping[str, Any] | None = None,
    ) -> str:
        """See ``CrmWorld``."""
        deal_id = self.world.make_deal(
            status_id=int(self.stages["sales", stage][1]),
            price=budget_roubles,
            # In the emulator the main contact is the last one.
            contact_ids=[int(self.contacts[name]) for name in reversed(contacts)],
            company_id=account.COMPANY if has_company else None,
            fields={self.fields[name]: _stored(value) for name, value in (fields or {}).items()},
        )
        return str(deal_id)

    def set_budget(self, deal_id: str, roubles: int) -> None:
        """See ``CrmWorld``."""
        self.world.do("change_deal", id=int(deal_id), price=roubles)

    def move(self, deal_id: str, pipeline: str, stage: str) -> None:
        """See ``CrmWorld``."""
        pipeline_id, status_id = map(int, self.stages[pipeline, stage])
        self.world.do("move_deal", id=int(deal_id), pipeline_id=pipeline_id, status_id=status_id)

    def delete(self, deal_id: str) -> None:
        """See ``CrmWorld``."""
        self.world.do("delete_deal", id=int(deal_id))

    def restore(self, deal_id: str) -> None:
        """See ``CrmWorld``."""
        self.world.do("restore_deal", id=int(deal_id))

    def merge(self, kept_id: str, gone_id: str) -> None:
        """See ``CrmWorld``."""
        self.world.do("merge_deals", into=int(kept_id), ids=[int(gone_id)])

    def rewrite_notes(self, deal_id: str) -> None:
        """See ``CrmWorld``."""
        state = self.world.control.get("/state").json()
        for row in state["tables"]["notes"]:
            if row["entity_id"] == int(deal_id):
                row["params"]["text"] = f"Важно! {row['params']['text']}\n— Ольга"
        self.world.control.post("/seed", json=state).raise_for_status()
        self.world.control.post("/rate-limit", json=account.NO_LIMIT).raise_for_status()

    def finish_tasks(self, deal_id: str) -> None:
        """See ``CrmWorld``."""
        for row in self._rows("tasks", deal_id):
            self.world.do("finish_task", id=row["id"])

    # --- What people see ---

    def notes_of(self, deal_id: str) -> list[str]:
        """See ``CrmWorld``."""
        return [row["params"]["text"] for row in self._rows("notes", deal_id)]

    def tasks_of(self, deal_id: str) -> list[SeenTask]:
        """See ``CrmWorld``."""
        return [
            SeenTask(
                row["text"],
                str(row["responsible_user_id"]),
                datetime.fromtimestamp(row["complete_till"], UTC),
            )
            for row in self._rows("tasks", deal_id)
        ]

    # --- The CRM from outside ---

    def sent(self) -> list[WebhookRequest]:
        """See ``CrmWorld``."""
        return [form_request(row["body"]) for row in self.world.deliveries()]

    def forged(self) -> Sequence[WebhookRequest]:
        """See ``CrmWorld``."""
        body = "leads[add][0][id]=5"
        paths = (("other",), (), ("secret", "x"), ("x", "secret"), ("",))
        return [form_request(body, path) for path in paths]

    def nonsense(self) -> Sequence[WebhookRequest]:
        """See ``CrmWorld``."""
        bodies = (
            "",
            "{}",
            "leads[add][0][id]=",
            "leads[add][0][id]=5;drop",
            "leads[add][0][id]=-5",
            "leads[add][0][id]=" + "9" * 40,
            "leads[add][0][old_status_id]=5",
            "contacts[add][0][id]=5",
            "account[id]=5",
            "&&==&",
        )
        return [form_request(body) for body in bodies]

    def subscription_count(self) -> int:
        """See ``CrmWorld``."""
        rows = self.world.control.get("/state").json()["tables"]["webhooks"]
        return sum(row["destination"] == WEBHOOK_URL for row in rows)

    def switch_webhook_off(self) -> None:
        """See ``CrmWorld``."""
        self.world.do("switch_off_webhook", destination=WEBHOOK_URL)

    def narrow_webhook(self) -> None:
        """See ``CrmWorld``."""
        self.world.bot.request("DELETE", "/webhooks", json={"destination": WEBHOOK_URL}).raise_for_status()
        body = {"destination": WEBHOOK_URL, "settings": ["add_lead", "status_lead"]}
        self.world.bot.post("/webhooks", json=body).raise_for_status()

    def contact_reads(self) -> int:
        """See ``CrmWorld``."""
        return int(self.world.control.get("/calls").json()["counts"].get("contacts.get", 0))

    def lose_answer(self, call: str) -> None:
        """See ``CrmWorld``."""
        self._fail("timeout", call)

    def break_call(self, call: str) -> None:
        """See ``CrmWorld``."""
        # Reads are sent three times.
        self._fail(503, call, 3 if call.startswith(("get", "list", "move")) else 1)

    def be_busy(self, call: str) -> None:
        """See ``CrmWorld``."""
        self._fail(429, call)

    def deny(self, call: str) -> None:
        """See ``CrmWorld``."""
        self._fail(401, call)

    def _fail(self, status: int | str, call: str, count: int = 1) -> None:
        body = {"status": status, "method": CALLS[call], "count": count}
        self.world.control.post("/fail-next", json=body).raise_for_status()

    def _rows(self, table: str, deal_id: str) -> list[dict[str, Any]]:
        rows = self.world.control.get("/state").json()["tables"][table]
        return [row for row in rows if row["entity_id"] == int(deal_id)]


def form_request(body: str, path: tuple[str, ...] = ("secret",)) -> WebhookRequest:
    """A request with this form, as the entry point hands it to an adapter."""
    return WebhookRequest(path, {}, body.encode(), _no_json)


@contextmanager
def open_world() -> Iterator[AmoWorld]:
    """A world on an emulator of its own."""
    clock = TickingClock(account.START)
    with running(create_app(clock=clock)) as url:
        world = AmoWorld(url, clock)
        try:
            yield world
        finally:
            world.close()


def _stored(value: Any) -> Any:
    """A value as amoCRM keeps it: numbers as texts, a day as its first second in the zone of the account."""
    if isinstance(value, bool):
        return value
    if isinstance(value, date):
        return int(datetime(value.year, value.month, value.day, tzinfo=ZONE).timestamp())
    return f"{value:g}" if isinstance(value, float) else value


def _no_json() -> Any:
    raise AssertionError("the body is a form")


def _no_wait(_seconds: float) -> None:
    """Instead of sleep."""
