"""What people do in the account: ``POST /_emulator/do``, or a step of a plan.

=====================  ========================================================================
``create_deal``        ``name``, ``pipeline_id``, ``status_id``, and optionally ``id``, ``price``,
                       ``responsible_user_id``, ``contact_ids``, ``company_id``, ``fields``
                       (values by field id)
``change_deal``        ``id`` and any of the same but the stage; ``fields`` replaces all values
``set_fields``         ``id``, ``fields``: only these values; ``null`` or an empty text removes one
``move_deal``          ``id``, ``pipeline_id``, ``status_id``
``delete_deal``        ``id``: into the bin
``restore_deal``       ``id``: out of the bin
``purge_deal``         ``id``: for good, without a webhook
``merge_deals``        ``into``, ``ids``: the deals vanish without a webhook of their own
``touch_deals``        ``ids``: change many deals in one second
``add_note``           ``deal_id``, and ``text``, or ``note_type`` and ``params``
``finish_task``        ``id``
``switch_off_webhook`` ``destination``
=====================  ========================================================================

The user is the first one of the account, or ``user_id``.
"""

from __future__ import annotations

from typing import Any

from emulators.amocrm.models.deals import Deals
from emulators.amocrm.models.hooks import Hooks
from emulators.amocrm.models.parts import Parts
from emulators.amocrm.models.state import Row, State

_DEAL_FIELDS = ("name", "price", "responsible_user_id", "contact_ids", "company_id")


class People:
    """The actions by their names."""

    def __init__(self, state: State, deals: Deals, parts: Parts, hooks: Hooks) -> None:
        self._state = state
        self._deals = deals
        self._parts = parts
        self._hooks = hooks

    def do(self, wanted: Any) -> Row:
        """Carry out an action; raises ``ValueError`` if there is no such action or row."""
        fields = dict(wanted)
        action = getattr(self, f"_{fields.pop('action', '')}", None)
        user_id = fields.pop("user_id", None)
        actor = self._state.find("users", id=user_id) if user_id else self._state.find("users")
        if action is None or actor is None:
            raise ValueError("there is no such action or user")
        made: Row | None = action(actor, **fields)
        return made or {}

    def _create_deal(self, actor: Row, **fields: Any) -> Row:
        self._deals.check_place(fields["pipeline_id"], fields["status_id"])
        now = self._state.now()
        deal = self._state.add(
            "deals",
            **({"id": fields["id"]} if "id" in fields else {}),
            name=fields["name"],
            price=fields.get("price", 0),
            responsible_user_id=fields.get("responsible_user_id", actor["id"]),
            group_id=0,
            status_id=fields["status_id"],
            pipeline_id=fields["pipeline_id"],
            loss_reason_id=None,
            created_by=actor["id"],
            updated_by=actor["id"],
            created_at=now,
            updated_at=now,
            closed_at=None,
            closest_task_at=None,
            is_deleted=False,
            custom_fields_values=self._values(fields.get("fields", {})),
            account_id=self._state.account["id"],
            contact_ids=list(fields.get("contact_ids", ())),
            company_id=fields.get("company_id"),
        )
        self._hooks.tell(("add",), deal, None)
        return {"id": deal["id"]}

    def _change_deal(self, actor: Row, **fields: Any) -> None:
        deal = self._deal(fields["id"])
        changes = {name: fields[name] for name in _DEAL_FIELDS if name in fields}
        if "fields" in fields:
            changes["custom_fields_values"] = self._values(fields["fields"])
        self._deals.write(actor, deal, changes, ("update",))

    def _set_fields(self, actor: Row, **fields: Any) -> None:
        deal = self._deal(fields["id"])
        wanted = {int(field_id): value for field_id, value in fields["fields"].items()}
        kept = [row for row in deal["custom_fields_values"] or () if row["field_id"] not in wanted]
        filled = {field_id: value for field_id, value in wanted.items() if value not in (None, "")}
        values = sorted([*kept, *(self._values(filled) or ())], key=lambda row: int(row["field_id"]))
        self._deals.write(actor, deal, {"custom_fields_values": values or None}, ("update",))

    def _move_deal(self, actor: Row, **fields: Any) -> None:
        self._deals.move(actor, self._deal(fields["id"]), fields["pipeline_id"], fields["status_id"])

    def _delete_deal(self, actor: Row, **fields: Any) -> None:
        self._deals.write(actor, self._deal(fields["id"]), {"is_deleted": True}, ("delete",))

    def _restore_deal(self, actor: Row, **fields: Any) -> None:
        deal = self._state.tables["deals"][fields["id"]]
        self._deals.write(actor, deal, {"is_deleted": False}, ("restore",))

    def _purge_deal(self, _actor: Row, **fields: Any) -> None:
        del self._state.tables["deals"][fields["id"]]

    def _merge_deals(self, actor: Row, **fields: Any) -> None:
        kept = self._deal(fields["into"])
        contact_ids = list(kept["contact_ids"])
        for deal_id in fields["ids"]:
            gone = self._deal(deal_id)
            contact_ids += [one for one in gone["contact_ids"] if one not in contact_ids]
            for table in ("notes", "tasks"):
                for row in self._state.select(table, entity_id=deal_id):
                    row["entity_id"] = kept["id"]
            del self._state.tables["deals"][deal_id]
        self._deals.write(actor, kept, {"contact_ids": contact_ids}, ("update",))

    def _touch_deals(self, actor: Row, **fields: Any) -> None:
        now = self._state.now()
        for deal_id in fields["ids"]:
            self._deal(deal_id).update(updated_at=now, updated_by=actor["id"])

    def _add_note(self, actor: Row, **fields: Any) -> Row:
        kind, params = fields.get("note_type", "common"), fields.get("params", {"text": fields.get("text")})
        return {"id": self._parts.add_note(actor, fields["deal_id"], kind, params)["id"]}

    def _finish_task(self, _actor: Row, **fields: Any) -> None:
        self._state.tables["tasks"][fields["id"]].update(is_completed=True, updated_at=self._state.now())

    def _switch_off_webhook(self, _actor: Row, **fields: Any) -> None:
        self._hooks.switch_off(fields["destination"])

    def _deal(self, deal_id: int) -> Row:
        deal = self._state.tables["deals"].get(deal_id)
        if deal is None or deal["is_deleted"]:
            raise ValueError(f"there is no deal {deal_id}")
        return deal

    def _values(self, values: Row) -> list[Row] | None:
        """Values of custom fields as amoCRM writes them: ``null`` if there are none."""
        found = []
        for field_id, given in values.items():
            field = self._state.tables["fields"][int(field_id)]
            found.append(
                {
                    "field_id": field["id"],
                    "field_name": field["name"],
                    "field_code": field["code"],
                    "field_type": field["type"],
                    "values": [
                        _value(field, value) for value in (given if isinstance(given, list) else [given])
                    ],
                }
            )
        return found or None


def _value(field: Row, value: Any) -> Row:
    """One value; that of a field with choices has the id of its choice too."""
    if not field.get("enums"):
        return {"value": value}
    chosen = next((one for one in field["enums"] if one["value"] == value), None)
    if chosen is None:
        raise ValueError(f"{field['name']} has no choice {value}")
    return {"value": value, "enum_id": chosen["id"], "enum_code": None}
