"""Fills the local amoCRM with pipelines, clients and deals of the sample, and with its people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from emulators.common.client import local_client
from emulators.world.sample import load_crm

if TYPE_CHECKING:
    import httpx

    from emulators.world.processes import Person

#: Zone of the account: amoCRM keeps a day as the moment at which it begins there.
ZONE = ZoneInfo("Europe/Moscow")
#: The field that is counted in days from the day on which the account is filled.
BEGINS_ON = "Начало работ"
#: The hour by which tasks are to be done.
DUE_HOUR = 18


def seed_amocrm(base: str, people: Sequence[Person]) -> None:
    """Create people, pipelines and deals, unless an earlier run did.

    Parameters
    ----------
    people
        Users of the account: administrators with their tokens. Those responsible for a deal are among them.
    """
    sample = load_crm()
    with local_client(base_url=base) as crm:
        if crm.get("/_emulator/deals").raise_for_status().json()["deals"]:
            return
        crm.post("/_emulator/seed", json=_account(sample, people)).raise_for_status()
        field_ids = {one["name"]: one["id"] for one in sample["fields"]}
        by_email = {one.email: one for one in people}
        for deal in sample["deals"]:
            _add_deal(crm, deal, by_email[deal["responsible"]], field_ids, sample["pipelines"][0]["id"])


def _account(sample: Mapping[str, Any], people: Sequence[Person]) -> dict[str, Any]:
    users = [
        {"id": one.kaiten_id, "name": one.name, "email": one.email, "token": one.kaiten_token}
        for one in people
    ]
    return {**{key: value for key, value in sample.items() if key != "deals"}, "users": users}


def _add_deal(
    crm: httpx.Client,
    deal: Mapping[str, Any],
    responsible: Person,
    field_ids: Mapping[str, int],
    first_pipeline_id: int,
) -> None:
    fields = {str(field_ids[name]): value for name, value in deal["fields"].items()}
    if "begins_in_days" in deal:
        fields[str(field_ids[BEGINS_ON])] = _moment(deal["begins_in_days"], hour=0)
    made = {
        **{key: deal[key] for key in ("id", "name", "price", "contact_ids")},
        "pipeline_id": deal.get("pipeline_id", first_pipeline_id),
        "status_id": deal["status_id"],
        "company_id": deal.get("company_id"),
        "responsible_user_id": responsible.kaiten_id,
        "fields": fields,
    }
    actions = [{"action": "create_deal", **made}]
    actions += [{"action": "add_note", "deal_id": deal["id"], "text": text} for text in deal["notes"]]
    for action in actions:
        body = {"user_id": responsible.kaiten_id, **action}
        crm.post("/_emulator/do", json=body).raise_for_status()
    tasks = [
        {
            "text": task["text"],
            "complete_till": _moment(task["in_days"], hour=DUE_HOUR),
            "entity_id": deal["id"],
            "entity_type": "leads",
            "responsible_user_id": responsible.kaiten_id,
        }
        for task in deal["tasks"]
    ]
    if tasks:
        headers = {"Authorization": f"Bearer {responsible.kaiten_token}"}
        crm.post("/api/v4/tasks", json=tasks, headers=headers).raise_for_status()


def _moment(in_days: int, *, hour: int) -> int:
    """Seconds of an hour of a day that is counted from today."""
    day = dt.datetime.now(ZONE).date() + dt.timedelta(days=in_days)
    return int(dt.datetime.combine(day, dt.time(hour), ZONE).timestamp())
