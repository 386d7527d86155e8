"""Cards: create, read, change, move, archive, delete."""

from __future__ import annotations

import re
from typing import Any

from emulators.kaiten.errors import NotModelledError, bad
from emulators.kaiten.models import properties, search
from emulators.kaiten.models.boards import DONE, IN_PROGRESS, QUEUE
from emulators.kaiten.models.context import ARCHIVED, DELETED, LIVE, Context, person
from emulators.kaiten.models.fields import Field, Fields, check
from emulators.kaiten.models.parts import Parts
from emulators.kaiten.models.state import Row

FIRST, LAST = 1, 2
MARKDOWN = 1
CARD_TYPE = {"id": 1, "name": "Card", "letter": "C", "color": 1, "archived": False}

_FIELDS: Fields = {
    "title": Field("string", min_length=1, max_length=1024),
    "description": Field("string", nullable=True, max_length=32768),
    "board_id": Field("integer"),
    "column_id": Field("integer"),
    "lane_id": Field("integer"),
    "asap": Field("boolean"),
    "due_date": Field("moment", nullable=True),
    "due_date_time_present": Field("boolean"),
    "expires_later": Field("boolean"),
    "sort_order": Field("number", above=0),
    "size_text": Field("string", nullable=True, max_length=267),
    "owner_id": Field("integer"),
    "external_id": Field("string", nullable=True, max_length=1024),
    "text_format_type_id": Field("integer", one_of=(1, 2, 3)),
    "type_id": Field("integer"),
    "properties": Field("object", nullable=True),
}
_NEW: Fields = {
    **_FIELDS,
    "title": Field("string", required=True, min_length=1, max_length=1024),
    "board_id": Field("integer", required=True),
    "responsible_id": Field("integer", nullable=True),
    "position": Field("integer", one_of=(FIRST, LAST)),
}
_CHANGES: Fields = {**_FIELDS, "condition": Field("integer", one_of=(LIVE, ARCHIVED))}

_NOT_MODELLED = (
    "owner_email", "service_id", "blocked", "sd_new_comment", "prev_card_id", "estimate_workload", "tags",
)  # fmt: skip
"""Fields that Kaiten takes and that mean something which is not modelled here."""

_BLANK: Row = {
    "description": None,
    "asap": False,
    "due_date": None,
    "due_date_time_present": False,
    "expires_later": False,
    "size": None,
    "size_unit": None,
    "size_text": None,
    "type_id": CARD_TYPE["id"],
    "external_id": None,
    "properties": None,
    "planned_start": None,
    "planned_end": None,
    "blocked": False,
    "condition": LIVE,
    "archived": False,
    "completed_at": None,
    "completed_on_time": None,
    "last_moved_at": None,
    "lane_changed_at": None,
    "column_changed_at": None,
    "first_moved_to_in_progress_at": None,
    "last_moved_to_done_at": None,
    "time_blocked_sum": 0,
    "version": 1,
}


class Cards:
    """Calls under ``/cards`` about a card itself."""

    def __init__(self, context: Context, parts: Parts) -> None:
        self._context = context
        self._state = context.state
        self._parts = parts

    def list_cards(self, actor: Row, query: Row) -> list[Row]:
        """``GET /cards`` with the filters of ``search``; never more than 100."""
        mine = {access["space_id"] for access in self._state.select("accesses", user_id=actor["id"])}
        found = [
            self._flat(card)
            for card in self._state.select("cards", **search.narrowed(query))
            if card["condition"] != DELETED and self._space_id(card) in mine
        ]
        return search.page(self._state, found, query)

    def cards_of_board(self, board_id: int) -> list[Row]:
        """All cards of a board that are not deleted, as in a list."""
        cards = self._state.select("cards", board_id=board_id)
        return [self._flat(card) for card in cards if card["condition"] != DELETED]

    def create_card(self, actor: Row, body: Any) -> Row:
        """``POST /cards``. The same ``external_id`` twice creates two cards."""
        _refuse_unmodelled("cards.create", body)
        fields = check("Card", body, _NEW)
        board = self._context.board(actor, fields.pop("board_id"), "write")
        responsible_id, position = fields.pop("responsible_id", None), fields.pop("position", LAST)
        if responsible_id is not None:
            self._parts.check_may_join(board, responsible_id)
        place = self._place(board, fields)
        if fields.get("properties") is not None:
            fields["properties"] = properties.merged(self._state, None, fields["properties"])
        fields.setdefault("sort_order", self._order_in_cell(place, position))
        now = self._state.now()
        card = self._state.add(
            "cards",
            **{
                **_BLANK,
                "owner_id": actor["id"],
                "updater_id": actor["id"],
                "column_changed_at": now,
                "lane_changed_at": now,
                "last_moved_at": now,
                "counters_recalculated_at": now,
                "source": "api",
                **_size(fields),
                **fields,
                **place,
            },
        )
        card.update(self._marks_of_state(card, now))
        self._note_move(actor, card)
        self._context.tell_of_card(actor, card, "card:add", self._as_event(card))
        if responsible_id is not None:
            self._parts.join(actor, card, responsible_id, responsible=True)
        return self._flat(card)

    def get_card(self, actor: Row, card_id: int) -> Row:
        """``GET /cards/{id}``: everything, checklists with their items too."""
        return self._full(self._context.card(actor, card_id))

    def update_card(self, actor: Row, card_id: int, body: Any) -> Row:
        """``PATCH /cards/{id}``: edit, move, archive. An unknown field is ignored and writes nothing."""
        card = self._context.card(actor, card_id, "write")
        _refuse_unmodelled("cards.update", body)
        fields = check("Card", body, _CHANGES)
        if fields.get("properties") is not None:
            fields["properties"] = properties.merged(self._state, card["properties"], fields["properties"])
        if {"board_id", "column_id", "lane_id"} & fields.keys():
            board = self._context.board(actor, fields.get("board_id", card["board_id"]), "write")
            fields.update(self._place(board, self._place_asked_for(card, board, fields)))
        if "condition" in fields:
            fields["archived"] = fields["condition"] == ARCHIVED
        self._write(actor, card, {**fields, **_size(fields)})
        return self._flat(card)

    def delete_card(self, actor: Row, card_id: int) -> Row:
        """``DELETE /cards/{id}``: webhooks get an update of ``condition``."""
        card = self._context.card(actor, card_id, "write")
        self._write(actor, card, {"condition": DELETED})
        return self._flat(card)

    def location_history(self, actor: Row, card_id: int) -> list[Row]:
        """``GET /cards/{id}/location-history``, oldest first; ids come as strings."""
        card = self._context.card(actor, card_id)
        return [
            {**move, "id": str(move["id"]), "author": person(self._context.user(move["author_id"]))}
            for move in self._state.select("moves", card_id=card["id"])
        ]

    def _write(self, actor: Row, card: Row, fields: Row) -> None:
        fields.pop("text_format_type_id", None)
        changes = {key: value for key, value in fields.items() if card[key] != value}
        if not changes:
            return
        old, now = self._bare(card), self._state.now()
        if {"board_id", "column_id", "lane_id"} & changes.keys():
            changes["last_moved_at"] = now
            changes.update(
                {f"{part}_changed_at": now for part in ("column", "lane") if f"{part}_id" in changes}
            )
            changes.update(self._marks_of_state({**card, **changes}, now))
        changes.update(version=card["version"] + 1, updater_id=actor["id"], counters_recalculated_at=now)
        changes = self._state.change("cards", card, changes)
        if {"board_id", "column_id", "lane_id", "condition"} & changes.keys():
            self._note_move(actor, card)
        self._context.tell_of_card(actor, card, "card:update", {"old": old, "changes": changes})

    def _marks_of_state(self, card: Row, now: str) -> Row:
        """Fields about progress that follow from the new column."""
        state = self._column_type(card)
        marks: Row = {}
        if state == IN_PROGRESS and card["first_moved_to_in_progress_at"] is None:
            marks["first_moved_to_in_progress_at"] = now
        if state == DONE and card["completed_at"] is None:
            on_time = None if card["due_date"] is None else _is_on_time(card, now)
            marks.update(last_moved_to_done_at=now, completed_at=now, completed_on_time=on_time)
        if state != DONE and card["completed_at"] is not None:
            marks.update(completed_at=None, completed_on_time=None)
        return marks

    def _place(self, board: Row, fields: Row) -> Row:
        """The requested column and lane; where one is missing, the first one of the board."""
        place = {"board_id": board["id"]}
        for key, table in (("column_id", "columns"), ("lane_id", "lanes")):
            rows = sorted(self._state.select(table, board_id=board["id"]), key=lambda row: row["sort_order"])
            row_id = fields.get(key) if fields.get(key) is not None else (rows[0]["id"] if rows else None)
            if row_id not in [row["id"] for row in rows]:
                raise bad(f"Card.{key} should be of board {board['id']}")
            place[key] = row_id
        return place

    @staticmethod
    def _place_asked_for(card: Row, board: Row, fields: Row) -> Row:
        stays = (
            {} if board["id"] != card["board_id"] else {key: card[key] for key in ("column_id", "lane_id")}
        )
        return {**stays, **fields}

    def _order_in_cell(self, place: Row, position: int) -> float:
        orders = [float(card["sort_order"]) for card in self._state.select("cards", **place)]
        if not orders:
            return 1.0
        return min(orders) / 2 if position == FIRST else max(orders) + 1.0

    def _note_move(self, actor: Row, card: Row) -> None:
        self._state.add(
            "moves",
            card_id=card["id"],
            **{key: card[key] for key in ("board_id", "column_id", "lane_id", "condition")},
            author_id=actor["id"],
            changed=card["updated"],
        )

    def _space_id(self, card: Row) -> int:
        space_id: int = self._state.get("boards", card["board_id"])["space_id"]
        return space_id

    def _column_type(self, card: Row) -> int:
        column = self._state.tables["columns"].get(card["column_id"])
        return column["type"] if column else QUEUE

    def _bare(self, card: Row) -> Row:
        """The card's own fields and numbers, with ids for other objects, as in events."""
        counts = self._parts.counts(card)
        return {
            **card,
            "state": self._column_type(card),
            "text_format_type_id": MARKDOWN,
            "description_filled": bool(card["description"]),
            **{key: counts[key] for key in counts if key not in ("members", "tags", "checklists")},
        }

    def _as_event(self, card: Row) -> Row:
        return {
            **self._bare(card),
            "owner": person(self._context.user(card["owner_id"])),
            "type": CARD_TYPE,
            **self._parts.details(card),
            "files": [],
        }

    def _flat(self, card: Row) -> Row:
        """The card as lists and PATCH show it: counts instead of parts."""
        board = self._state.tables["boards"].get(card["board_id"])
        return {
            **self._bare(card),
            "owner": person(self._context.user(card["owner_id"])),
            "type": CARD_TYPE,
            "board": {key: board[key] for key in ("id", "uid", "title", "external_id")} if board else None,
            "column": self._state.tables["columns"].get(card["column_id"]),
            "lane": self._state.tables["lanes"].get(card["lane_id"]),
            **self._parts.counts(card),
        }

    def _full(self, card: Row) -> Row:
        children, parents = self._parts.relatives(card)
        return {
            **self._flat(card),
            **self._parts.details(card),
            "children": [self._flat(child) for child in children],
            "parents": [self._flat(parent) for parent in parents],
            "files": [],
        }


def _refuse_unmodelled(call: str, body: Any) -> None:
    if not isinstance(body, dict):
        return
    for name in _NOT_MODELLED:
        if name in body:
            raise NotModelledError(f"{call} with {name}")
    if body.get("text_format_type_id", MARKDOWN) in (2, 3):
        raise NotModelledError(f"{call} with text_format_type_id {body['text_format_type_id']}")
    if body.get("type_id", CARD_TYPE["id"]) != CARD_TYPE["id"]:
        raise NotModelledError(f"{call} with type_id {body['type_id']}")


def _is_on_time(card: Row, now: str) -> bool:
    """Whether a card is not late; a due date without a time means the end of its day."""
    shown = slice(None) if card["due_date_time_present"] else slice(len("2026-01-01"))
    return bool(now[shown] <= card["due_date"][shown])


def _size(fields: Row) -> Row:
    """``size`` and ``size_unit`` that Kaiten parses from the size text: ``3 M`` is 3 and ``M``."""
    if "size_text" not in fields:
        return {}
    match = re.fullmatch(r"\s*(\d*[.,]?\d+)?\s*(.*?)\s*", fields["size_text"] or "")
    number, unit = match.groups() if match else (None, None)
    return {"size": float(number.replace(",", ".")) if number else None, "size_unit": unit or None}
