"""Checklists of a card. Webhooks get no events about them."""

from __future__ import annotations

from typing import Any

from emulators.kaiten.errors import missing
from emulators.kaiten.models.context import Context, person
from emulators.kaiten.models.fields import Field, Fields, check
from emulators.kaiten.models.state import Row

_CHECKLIST_CHANGES: Fields = {
    "name": Field("string", min_length=1, max_length=1024),
    "sort_order": Field("number", above=0),
}
_CHECKLIST: Fields = {
    **_CHECKLIST_CHANGES,
    "name": Field("string", required=True, min_length=1, max_length=1024),
}
_ITEM_CHANGES: Fields = {
    "text": Field("string", min_length=1, max_length=4096),
    "sort_order": Field("number", above=0),
    "checked": Field("boolean"),
    "due_date": Field("date", nullable=True),
    "responsible_id": Field("integer", nullable=True),
    "checklist_id": Field("integer"),
}
_ITEM: Fields = {**_ITEM_CHANGES, "text": Field("string", required=True, min_length=1, max_length=4096)}


class Checklists:
    """Calls under ``/cards/{id}/checklists``."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state

    def create_checklist(self, actor: Row, card_id: int, body: Any) -> Row:
        """``POST /cards/{id}/checklists``."""
        card = self._context.card(actor, card_id, "write")
        fields = check("Checklist", body, _CHECKLIST)
        fields.setdefault("sort_order", self._next_order("checklists", card_id=card["id"]))
        return self._show(self._state.add("checklists", card_id=card["id"], policy_id=None, **fields))

    def get_checklist(self, actor: Row, card_id: int, checklist_id: int) -> Row:
        """``GET /cards/{id}/checklists/{checklist_id}``."""
        return self._show(self._checklist(actor, card_id, checklist_id, "read"))

    def update_checklist(self, actor: Row, card_id: int, checklist_id: int, body: Any) -> Row:
        """``PATCH /cards/{id}/checklists/{checklist_id}``."""
        checklist = self._checklist(actor, card_id, checklist_id, "write")
        self._state.change("checklists", checklist, check("Checklist", body, _CHECKLIST_CHANGES))
        return self._show(checklist)

    def remove_checklist(self, actor: Row, card_id: int, checklist_id: int) -> Row:
        """``DELETE /cards/{id}/checklists/{checklist_id}`` with its items."""
        checklist = self._checklist(actor, card_id, checklist_id, "write")
        for item in self._items(checklist):
            self._state.remove("checklist_items", item)
        self._state.remove("checklists", checklist)
        return {"id": checklist["id"]}

    def create_item(self, actor: Row, card_id: int, checklist_id: int, body: Any) -> Row:
        """``POST /cards/{id}/checklists/{checklist_id}/items``."""
        checklist = self._checklist(actor, card_id, checklist_id, "write")
        fields = check("ChecklistItem", body, {**_ITEM})
        fields.setdefault("sort_order", self._next_order("checklist_items", checklist_id=checklist["id"]))
        self._check_responsible(fields)
        blank = {
            "checked": False,
            "due_date": None,
            "responsible_id": None,
            "checker_id": None,
            "checked_at": None,
        }
        row = {**blank, **fields, "checklist_id": checklist["id"], "user_id": actor["id"], "deleted": False}
        item = self._state.add("checklist_items", **row)
        item.update(self._marks(actor, fields))
        return self._show_item(item)

    def update_item(self, actor: Row, card_id: int, checklist_id: int, item_id: int, body: Any) -> Row:
        """``PATCH …/items/{item_id}``: tick, edit, or move to another checklist of the card."""
        item = self._item(actor, card_id, checklist_id, item_id)
        fields = check("ChecklistItem", body, _ITEM_CHANGES)
        if "checklist_id" in fields:
            self._checklist(actor, card_id, fields["checklist_id"], "write")
        self._check_responsible(fields)
        if fields.get("checked", item["checked"]) != item["checked"]:
            fields.update(self._marks(actor, fields))
        self._state.change("checklist_items", item, fields)
        return self._show_item(item)

    def remove_item(self, actor: Row, card_id: int, checklist_id: int, item_id: int) -> Row:
        """``DELETE …/items/{item_id}``."""
        item = self._item(actor, card_id, checklist_id, item_id)
        self._state.remove("checklist_items", item)
        return {"id": item["id"]}

    def counts(self, card: Row) -> Row:
        """Checklists as they are in lists, and the sums over all of them."""
        shown, total, done = [], 0, 0
        for checklist in self._of_card(card):
            items = self._items(checklist)
            checked = len([item for item in items if item["checked"]])
            shown.append({**checklist, "total_items": len(items), "checked_items": checked})
            total, done = total + len(items), done + checked
        return {"checklists": shown, "goals_total": total, "goals_done": done}

    def details(self, card: Row) -> list[Row]:
        """Checklists with their items."""
        return [self._show(checklist) for checklist in self._of_card(card)]

    def _marks(self, actor: Row, fields: Row) -> Row:
        if not fields.get("checked"):
            return {"checker_id": None, "checked_at": None}
        return {"checker_id": actor["id"], "checked_at": self._state.now()}

    def _check_responsible(self, fields: Row) -> None:
        if fields.get("responsible_id") is not None:
            self._context.user(fields["responsible_id"])

    def _next_order(self, table: str, **equals: int) -> float:
        return float(max((row["sort_order"] for row in self._state.select(table, **equals)), default=0) + 1)

    def _of_card(self, card: Row) -> list[Row]:
        return sorted(self._state.select("checklists", card_id=card["id"]), key=lambda row: row["sort_order"])

    def _items(self, checklist: Row) -> list[Row]:
        items = self._state.select("checklist_items", checklist_id=checklist["id"])
        return sorted(items, key=lambda row: row["sort_order"])

    def _checklist(self, actor: Row, card_id: int, checklist_id: int, right: str) -> Row:
        card = self._context.card(actor, card_id, right)
        checklist = self._state.get("checklists", checklist_id)
        if checklist["card_id"] != card["id"]:
            raise missing()
        return checklist

    def _item(self, actor: Row, card_id: int, checklist_id: int, item_id: int) -> Row:
        checklist = self._checklist(actor, card_id, checklist_id, "write")
        item = self._state.get("checklist_items", item_id)
        if item["checklist_id"] != checklist["id"]:
            raise missing()
        return item

    def _show(self, checklist: Row) -> Row:
        return {**checklist, "items": [self._show_item(item) for item in self._items(checklist)]}

    def _show_item(self, item: Row) -> Row:
        shown = dict(item)
        for role, key in (("checked_by", "checker_id"), ("responsible", "responsible_id")):
            if item[key] is not None:
                shown[role] = person(self._context.user(item[key]))
        return shown
