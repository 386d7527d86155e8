"""Deals: reading and moving them over the API. What people do with them is in ``people``."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from emulators.amocrm.errors import (
    NOT_SUPPORTED,
    WRONG_TYPE,
    AmoError,
    NotModelledError,
    invalid,
    wrong_query,
)
from emulators.amocrm.models.call import Call
from emulators.amocrm.models.state import Row, State

CLOSED = (142, 143)
#: Moments by which a list may be cut, and the parameters of each.
_MOMENTS = {
    name: (f"filter[{name}][from]", f"filter[{name}][to]")
    for name in ("updated_at", "created_at", "closed_at")
}
_BOUNDS = {bound for bounds in _MOMENTS.values() for bound in bounds}
_IDS = ("filter[id]", "filter[id][]")
_ORDER = "order[updated_at]"
_WITH = ("contacts", "only_deleted")

#: Tells of a change of a deal: actions, and the deal as it was before.
Tell = Callable[[Collection[str], Row, Row | None], None]


class NothingNewError(Exception):
    """The answer would have nothing newer than ``If-Modified-Since``: 304."""


class Deals:
    """The deals of the account.

    Parameters
    ----------
    tell
        Sends the webhooks of a change.
    """

    def __init__(self, state: State, tell: Tell) -> None:
        self._state = state
        self._tell = tell

    def list_deals(self, call: Call) -> Row:
        """``GET /leads``, by id unless another order is asked for."""
        call.check_query({*_BOUNDS, *_IDS, _ORDER, "with"})
        wanted = _parts(call)
        deals = [
            deal
            for deal in self._state.select("deals")
            if deal["is_deleted"] == ("only_deleted" in wanted) and _fits(call, deal)
        ]
        if call.newer_than is not None and all(deal["updated_at"] <= call.newer_than for deal in deals):
            raise NothingNewError
        order = call.query.get(_ORDER)
        if order not in (None, "asc", "desc"):
            raise wrong_query(f"{_ORDER} must be asc or desc")
        if order:
            deals.sort(key=lambda deal: deal["updated_at"], reverse=order == "desc")
        return call.listed("leads", [self._shown(call, deal, wanted) for deal in deals])

    def get_deal(self, call: Call, deal_id: int) -> Row:
        """``GET /leads/{id}``; empty for one that is deleted or merged."""
        call.check_query({"with"})
        wanted = _parts(call)
        deal = self._state.tables["deals"].get(deal_id)
        return {} if deal is None or deal["is_deleted"] else self._shown(call, deal, wanted)

    def update_deal(self, call: Call, deal_id: int) -> Row:
        """``PATCH /leads/{id}``: only the stage can be changed here."""
        deal = self._state.tables["deals"].get(deal_id)
        if deal is None or deal["is_deleted"]:
            raise AmoError(404)
        if not isinstance(call.body, dict):
            raise invalid(WRONG_TYPE, "")
        unknown = call.body.keys() - {"status_id", "pipeline_id"}
        if unknown:
            raise NotModelledError(f"leads.update with {', '.join(sorted(unknown))}")
        pipeline_id = call.body.get("pipeline_id", deal["pipeline_id"])
        self.move(call.actor, deal, pipeline_id, call.body.get("status_id"))
        return {
            "id": deal_id,
            "updated_at": deal["updated_at"],
            "_links": {"self": call.link(f"/leads/{deal_id}")},
        }

    def move(self, actor: Row, deal: Row, pipeline_id: Any, status_id: Any) -> None:
        """Move a deal; nothing happens if it is there."""
        self.check_place(pipeline_id, status_id)
        if (deal["pipeline_id"], deal["status_id"]) == (pipeline_id, status_id):
            return
        closed_at = self._state.now() if status_id in CLOSED else None
        place = {"pipeline_id": pipeline_id, "status_id": status_id, "closed_at": closed_at}
        self.write(actor, deal, place, ("status", "update"))

    def check_place(self, pipeline_id: Any, status_id: Any) -> None:
        """Refuse a pipeline that does not exist, and a status of another pipeline."""
        is_number = isinstance(pipeline_id, int) and isinstance(status_id, int)
        pipeline = self._state.tables["pipelines"].get(pipeline_id) if is_number else None
        if pipeline is None:
            raise invalid(NOT_SUPPORTED, "pipeline_id" if isinstance(status_id, int) else "status_id")
        if status_id not in [one["id"] for one in pipeline["statuses"]]:
            raise invalid(NOT_SUPPORTED, "status_id")

    def write(self, actor: Row, deal: Row, fields: Row, actions: Collection[str]) -> None:
        """Change a deal and tell of it."""
        before = dict(deal)
        deal |= {**fields, "updated_at": self._state.now(), "updated_by": actor["id"]}
        self._tell(actions, deal, before)

    def _shown(self, call: Call, deal: Row, wanted: Collection[str]) -> Row:
        link = {"self": call.link(f"/leads/{deal['id']}")}
        if deal["is_deleted"]:
            return {
                "id": deal["id"],
                "updated_at": deal["updated_at"],
                "is_deleted": True,
                "_links": link,
            }
        fields = {key: value for key, value in deal.items() if key not in ("contact_ids", "company_id")}
        companies = [deal["company_id"]] if deal["company_id"] else []
        parts: Row = {"tags": [], "companies": [_part(call, "companies", one) for one in companies]}
        if "contacts" in wanted:
            parts["contacts"] = [
                {**_part(call, "contacts", one), "is_main": place == len(deal["contact_ids"]) - 1}
                for place, one in enumerate(deal["contact_ids"])
            ]
        return {**fields, "_links": link, "_embedded": parts}


def _part(call: Call, kind: str, row_id: int) -> Row:
    return {"id": row_id, "_links": {"self": call.link(f"/{kind}/{row_id}")}}


def _parts(call: Call) -> set[str]:
    wanted = {one for one in call.query.get("with", "").split(",") if one}
    for one in wanted:
        if one not in _WITH:
            raise NotModelledError(f"with={one}")
    return wanted


def _fits(call: Call, deal: Row) -> bool:
    ids = [int(call.query[name]) for name in _IDS if name in call.query]
    return (not ids or deal["id"] in ids) and all(
        int(call.query.get(begin, 0)) <= (deal[name] or 0) <= int(call.query.get(end, 2**40))
        for name, (begin, end) in _MOMENTS.items()
    )
