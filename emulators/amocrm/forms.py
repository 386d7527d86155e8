"""Bodies of webhooks: forms with names in brackets, with the field names of the older API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from emulators.amocrm.models.state import Row

Pair = tuple[str, Any]


def long_form(events: Sequence[tuple[str, Row]], account: Row) -> str:
    """Body for an address of the account; brackets stand as they are.

    Parameters
    ----------
    events
        Action (``add``, ``status``, ``update``, ``delete``) and deal of each event.
    """
    pairs: list[Pair] = []
    places: dict[str, int] = {}
    for action, deal in events:
        place = places.get(action, 0)
        places[action] = place + 1
        pairs += [(f"leads[{action}][{place}]{name}", value) for name, value in _long(deal)]
    return _encoded([*pairs, *_account(account)], keeps="[]")


def short_form(deal: Row, account: Row) -> str:
    """Body for a trigger of a pipeline; brackets are percent-encoded."""
    names = ("id", "status_id", "pipeline_id", "old_status_id", "old_pipeline_id")
    pairs = [(f"leads[status][0][{name}]", deal[name]) for name in names]
    return _encoded([*pairs, *_account(account)], keeps="")


def _long(deal: Row) -> list[Pair]:
    if set(deal) == {"id"}:
        return [("[id]", deal["id"])]
    pairs: list[Pair] = [
        ("[id]", deal["id"]),
        ("[name]", deal["name"]),
        ("[status_id]", deal["status_id"]),
        *([("[old_status_id]", deal["old_status_id"])] if "old_status_id" in deal else []),
        ("[price]", deal["price"]),
        ("[responsible_user_id]", deal["responsible_user_id"]),
        ("[last_modified]", deal["updated_at"]),
        ("[modified_user_id]", deal["updated_by"]),
        ("[created_user_id]", deal["created_by"]),
        ("[date_create]", deal["created_at"]),
        ("[pipeline_id]", deal["pipeline_id"]),
        ("[account_id]", deal["account_id"]),
    ]
    for place, field in enumerate(deal["custom_fields_values"] or ()):
        head = f"[custom_fields][{place}]"
        pairs += [(f"{head}[id]", field["field_id"]), (f"{head}[name]", field["field_name"])]
        for number, value in enumerate(field["values"]):
            pairs.append((f"{head}[values][{number}][value]", value["value"]))
            if "enum_id" in value:
                pairs.append((f"{head}[values][{number}][enum]", value["enum_id"]))
    return pairs


def _account(account: Mapping[str, Any]) -> list[Pair]:
    return [("account[subdomain]", account["subdomain"]), ("account[id]", account["id"])]


def _encoded(pairs: Sequence[Pair], *, keeps: str) -> str:
    return "&".join(f"{quote(name, safe=keeps)}={quote(_text(value))}" for name, value in pairs)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
