"""Sites with their calls.

A *site* has ``id``, ``token``, ``is_dead``, ``node`` and ``calls``. A *call* has ``at`` (local time),
``source``, ``medium``, ``campaign``, ``device``, and ``unique``, ``target``, ``unique_target``.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from emulators.common.clock import Clock

Row = dict[str, Any]

MOST_DAYS, MOST_ROWS = 90, 1000
#: What may be switched, with the values of an account in order.
SWITCHES: Row = {
    "is_down": False,
    #: ``not_json``, ``list``, ``no_total``, ``endless`` or ``wrong_day``.
    "shape": "",
    #: Whether flags are texts, as in some answers.
    "has_texts": False,
}


class CalltouchError(Exception):
    """The call ends with *status*."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Calltouch:
    """All sites."""

    def __init__(self, clock: Clock) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Delete everything."""
        self.sites: dict[int, Row] = {}
        self.switches: Row = dict(SWITCHES)

    def dump(self) -> Row:
        """A copy of everything as JSON-able data."""
        return copy.deepcopy({"sites": list(self.sites.values()), "switches": self.switches})

    def load(self, data: Any) -> None:
        """Replace everything by a seed or by what ``dump`` returned."""
        self.clear()
        for site in data.get("sites", ()):
            self.sites[int(site["id"])] = {"calls": [], "node": 3, "is_dead": False, **site}
        self.switches |= data.get("switches", {})

    def fill(self, data: Any) -> Row:
        """The same, for ``POST /_emulator/seed``."""
        self.load(data)
        return {}

    def do(self, wanted: Mapping[str, Any]) -> None:
        """``add_calls`` or ``kill_token``, with ``site_id``; raises ``ValueError`` for another action."""
        site = self.sites[int(wanted["site_id"])]
        if wanted.get("action") == "add_calls":
            site["calls"] += wanted["calls"]
        elif wanted.get("action") == "kill_token":
            site["is_dead"] = wanted.get("is_dead", True)
        else:
            raise ValueError(f"there is no action {wanted.get('action')!r}")

    def site(self, site_id: int, token: str) -> Row:
        """A site, if the token is that of it."""
        site = self.sites.get(site_id)
        if site is None:
            raise CalltouchError(404, "site not found")
        if site["is_dead"] or site["token"] != token:
            raise CalltouchError(403, "access denied")
        return site

    def diary(self, site: Row, query: Mapping[str, str]) -> Row:
        """``GET …/calls-diary/calls``, the latest call first."""
        unknown = query.keys() - {"clientApiId", "dateFrom", "dateTo", "page", "limit"}
        if unknown:
            raise CalltouchError(501, f"the emulator does not model {', '.join(sorted(unknown))}")
        first, last = _day(query.get("dateFrom", "")), _day(query.get("dateTo", ""))
        page, limit = int(query.get("page", 1)), int(query.get("limit", 100))
        if last < first or (last - first).days >= MOST_DAYS or not 1 <= limit <= MOST_ROWS or page < 1:
            raise CalltouchError(400, "wrong range of days or page")
        now = self._clock().replace(tzinfo=None)
        found = [
            self._shown(number, call)
            for number, call in enumerate(site["calls"], start=1)
            if first <= date.fromisoformat(call["at"][:10]) <= last
            and datetime.fromisoformat(call["at"]) <= now
        ]
        found.sort(key=lambda row: row["callId"], reverse=True)
        rows: Sequence[Row] = found[(page - 1) * limit : page * limit]
        return {
            "page": page,
            "pageTotal": max(1, -(-len(found) // limit)),
            "pageSize": limit,
            "recordsTotal": len(found),
            "records": rows,
        }

    def _shown(self, number: int, call: Row) -> Row:
        at = datetime.fromisoformat(call["at"])
        flags = {
            "uniqueCall": call.get("unique", True),
            "targetCall": call.get("target", False),
            "uniqTargetCall": call.get("unique_target", False),
        }
        return {
            "callId": number,
            "date": f"{at:%d/%m/%Y %H:%M:%S}",
            "source": call.get("source", "(direct)"),
            "medium": call.get("medium", "(none)"),
            "utmCampaign": call.get("campaign", "<не указано>"),
            "device": call.get("device", "DESKTOP"),
            # What the product must not keep.
            "callerNumber": "79000000000",
            **({name: str(flag) for name, flag in flags.items()} if self.switches["has_texts"] else flags),
        }


def _day(text: str) -> date:
    """A day as ``dd/mm/yyyy``."""
    try:
        return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise CalltouchError(400, f"{text} is not dd/mm/yyyy") from None
