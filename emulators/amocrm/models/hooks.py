"""Subscriptions to changes, and what is sent to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from emulators.amocrm.errors import NO_VALUE, NOT_SUPPORTED, WRONG_TYPE, AmoError, invalid
from emulators.amocrm.forms import long_form, short_form
from emulators.amocrm.models.call import Call
from emulators.amocrm.models.state import Row, State

MOST_WEBHOOKS = 100
_SETTING = re.compile(r"(add|update|delete|restore|status|responsible)_(lead|contact|company|task)")

#: Sends a form to an address; the last argument says whether it is a subscription.
Publish = Callable[[str, str, bool], None]


class Hooks:
    """The subscriptions of the account, and the triggers of its pipelines.

    Parameters
    ----------
    publish
        Delivers a form; must return at once.
    """

    def __init__(self, state: State, publish: Publish) -> None:
        self._state = state
        self._publish = publish

    def list_webhooks(self, call: Call) -> Row:
        """``GET /webhooks``, for administrators."""
        self._check_rights(call)
        call.check_query(())
        rows = [self._shown(call, row) for row in self._state.select("webhooks")]
        page = call.listed("webhooks", rows)
        return {"_total_items": len(rows), **page} if page else {}

    def add_webhook(self, call: Call) -> Row:
        """``POST /webhooks``. A second subscription with an address is refused."""
        self._check_rights(call)
        if not isinstance(call.body, dict):
            raise invalid(WRONG_TYPE, "")
        destination, settings = call.body.get("destination"), call.body.get("settings")
        if not isinstance(destination, str) or urlsplit(destination).scheme not in ("http", "https"):
            raise invalid(NO_VALUE, "destination")
        if not isinstance(settings, list) or not settings or not all(map(_is_setting, settings)):
            raise invalid(NOT_SUPPORTED, "settings")
        taken = len(self._state.tables["webhooks"]) >= MOST_WEBHOOKS
        if taken or self._state.find("webhooks", destination=destination):
            raise invalid(NOT_SUPPORTED, "destination")
        now = self._state.now()
        row = self._state.add(
            "webhooks",
            destination=destination,
            created_at=now,
            updated_at=now,
            account_id=self._state.account["id"],
            created_by=call.actor["id"],
            sort=1,
            disabled=False,
            settings=list(settings),
        )
        return self._shown(call, row)

    def remove_webhook(self, call: Call) -> Row:
        """``DELETE /webhooks``; the body names the address."""
        self._check_rights(call)
        destination = call.body.get("destination") if isinstance(call.body, dict) else None
        row = self._state.find("webhooks", destination=destination)
        if row is None:
            raise AmoError(404)
        del self._state.tables["webhooks"][row["id"]]
        return {}

    def switch_off(self, destination: str) -> None:
        """Disable the subscription with an address."""
        for row in self._state.select("webhooks", destination=destination):
            row |= {"disabled": True, "updated_at": self._state.now()}

    def tell(self, actions: Collection[str], deal: Row, before: Row | None) -> None:
        """Send what happened to a deal: the long form to subscriptions, the short one to triggers."""
        shown = {"id": deal["id"]} if "delete" in actions else dict(deal)
        has_moved = before is not None and "status" in actions
        if has_moved and before is not None:
            shown |= {"old_status_id": before["status_id"], "old_pipeline_id": before["pipeline_id"]}
        for row in self._state.select("webhooks", disabled=False):
            events = [(action, shown) for action in actions if f"{action}_lead" in row["settings"]]
            if events:
                self._publish(row["destination"], long_form(events, self._state.account), True)
        if has_moved:
            for trigger in self._state.triggers:
                if (trigger["pipeline_id"], trigger["status_id"]) == (deal["pipeline_id"], deal["status_id"]):
                    self._publish(trigger["url"], short_form(shown, self._state.account), False)

    def _check_rights(self, call: Call) -> None:
        call.require_admin()
        if not self._state.account["has_webhooks"]:
            raise AmoError(402)

    @staticmethod
    def _shown(call: Call, row: Row) -> Row:
        return {**row, "_links": {"self": call.link("/webhooks")}}


def _is_setting(value: Any) -> bool:
    return isinstance(value, str) and _SETTING.fullmatch(value) is not None
