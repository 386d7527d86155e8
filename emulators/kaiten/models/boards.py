"""Boards with their columns, subcolumns and lanes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulators.kaiten.errors import bad, missing
from emulators.kaiten.models.context import DELETED, LIVE, Context
from emulators.kaiten.models.fields import Field, Fields, check
from emulators.kaiten.models.state import Row

QUEUE, IN_PROGRESS, DONE = 1, 2, 3

_COLUMN: Fields = {
    "title": Field("string", required=True, min_length=1),
    "type": Field("integer", one_of=(QUEUE, IN_PROGRESS, DONE)),
    "sort_order": Field("number", above=0),
    "wip_limit": Field("integer", nullable=True),
    "wip_limit_type": Field("integer", one_of=(1, 2)),
    "col_count": Field("integer", minimum=1),
    "external_id": Field("string", nullable=True),
}
_LANE: Fields = {
    "title": Field("string", required=True, min_length=1),
    "sort_order": Field("number", above=0),
    "wip_limit": Field("integer", nullable=True),
    "wip_limit_type": Field("integer", one_of=(1, 2)),
    "row_count": Field("integer", minimum=1),
    "external_id": Field("string", nullable=True),
}
_LANE_CHANGES: Fields = {
    **_LANE,
    "title": Field("string", min_length=1),
    "condition": Field("integer", one_of=(1, 2)),
}
_COLUMN_CHANGES: Fields = {**_COLUMN, "title": Field("string", min_length=1)}
_BOARD: Fields = {
    "title": Field("string", required=True, min_length=1),
    "description": Field("string", nullable=True),
    "external_id": Field("string", nullable=True),
    "sort_order": Field("number", above=0),
}
_NEW_BOARD: Fields = {
    **_BOARD,
    "columns": Field("array", min_length=1),
    "lanes": Field("array", min_length=1),
}
_BOARD_CHANGES: Fields = {**_BOARD, "title": Field("string", min_length=1)}

_NEW_COLUMN = {
    "type": QUEUE,
    "wip_limit": None,
    "wip_limit_type": 1,
    "col_count": 1,
    "external_id": None,
    "rules": 0,
}
_NEW_LANE = {"wip_limit": None, "wip_limit_type": 1, "row_count": 1, "external_id": None, "condition": LIVE}


class Boards:
    """Calls under ``/spaces/{id}/boards``, ``/boards`` and ``/columns``."""

    def __init__(self, context: Context, show_cards: Callable[[int], list[Row]]) -> None:
        self._context = context
        self._state = context.state
        self._show_cards = show_cards

    def list_boards(self, actor: Row, space_id: int) -> list[Row]:
        """``GET /spaces/{id}/boards``."""
        space = self._context.space(actor, space_id)
        return [self._show(board) for board in self._state.select("boards", space_id=space["id"])]

    def create_board(self, actor: Row, space_id: int, body: Any) -> Row:
        """``POST /spaces/{id}/boards`` with columns and lanes; an empty array of them is refused."""
        space = self._context.space(actor, space_id, "write")
        fields = check("Board", body, _NEW_BOARD)
        columns = [check("Column", column, _COLUMN) for column in fields.pop("columns", [])]
        lanes = [check("Lane", lane, _LANE) for lane in fields.pop("lanes", [])]
        board = self._state.add(
            "boards",
            space_id=space["id"],
            **{"description": None, "external_id": None, "sort_order": 1, **fields},
        )
        for column in columns:
            self._add_column(board["id"], None, column)
        for lane in lanes:
            self._add_lane(board["id"], lane)
        self._context.tell(actor, space["id"], "board:add", dict(board))
        return self._show(board)

    def get_board(self, actor: Row, space_id: int, board_id: int) -> Row:
        """``GET /spaces/{id}/boards/{board_id}``."""
        return self._show(self._board_of(actor, space_id, board_id, "read"))

    def get_board_with_cards(self, actor: Row, board_id: int) -> Row:
        """``GET /boards/{id}``: includes every card, also archived ones."""
        board = self._context.board(actor, board_id)
        return {**self._show(board), "cards": self._show_cards(board["id"])}

    def update_board(self, actor: Row, space_id: int, board_id: int, body: Any) -> Row:
        """``PATCH /spaces/{id}/boards/{board_id}``."""
        board = self._board_of(actor, space_id, board_id, "write")
        if self._state.change("boards", board, check("Board", body, _BOARD_CHANGES)):
            self._context.tell(actor, board["space_id"], "board:update", dict(board))
        return self._show(board)

    def delete_board(self, actor: Row, space_id: int, board_id: int, body: Any, query: Row) -> Row:
        """``DELETE /spaces/{id}/boards/{board_id}``, only with ``force``."""
        board = self._board_of(actor, space_id, board_id, "admin")
        forced = (isinstance(body, dict) and body.get("force") is True) or query.get("force") == "true"
        if not forced:
            raise bad("Board should have required property 'force'")
        for table in ("columns", "lanes"):
            for row in self._state.select(table, board_id=board["id"]):
                self._state.remove(table, row)
        for card in self._state.select("cards", board_id=board["id"]):
            self._state.change("cards", card, {"condition": DELETED})
        self._state.remove("boards", board)
        return {"id": board["id"]}

    def list_columns(self, actor: Row, board_id: int) -> list[Row]:
        """``GET /boards/{id}/columns``."""
        return self._in_order("columns", board_id=self._context.board(actor, board_id)["id"], column_id=None)

    def create_column(self, actor: Row, board_id: int, body: Any) -> Row:
        """``POST /boards/{id}/columns``."""
        board = self._context.board(actor, board_id, "write")
        return dict(self._add_column(board["id"], None, check("Column", body, _COLUMN)))

    def update_column(self, actor: Row, board_id: int, column_id: int, body: Any) -> Row:
        """``PATCH /boards/{id}/columns/{column_id}``."""
        column = self._part_of(actor, "columns", board_id, column_id)
        self._state.change("columns", column, check("Column", body, _COLUMN_CHANGES))
        return dict(column)

    def delete_column(self, actor: Row, board_id: int, column_id: int) -> Row:
        """``DELETE /boards/{id}/columns/{column_id}``, unless it has cards."""
        column = self._part_of(actor, "columns", board_id, column_id)
        if self._is_in_use("column_id", column["id"]):
            raise bad("Column has cards")
        self._state.remove("columns", column)
        return {"id": column["id"]}

    def list_subcolumns(self, actor: Row, column_id: int) -> list[Row]:
        """``GET /columns/{id}/subcolumns``."""
        column = self._column(actor, column_id, "read")
        return self._in_order("columns", column_id=column["id"])

    def create_subcolumn(self, actor: Row, column_id: int, body: Any) -> Row:
        """``POST /columns/{id}/subcolumns``."""
        column = self._column(actor, column_id, "write")
        return dict(self._add_column(column["board_id"], column["id"], check("Column", body, _COLUMN)))

    def list_lanes(self, actor: Row, board_id: int) -> list[Row]:
        """``GET /boards/{id}/lanes``: live and archived ones."""
        return self._in_order("lanes", board_id=self._context.board(actor, board_id)["id"])

    def create_lane(self, actor: Row, board_id: int, body: Any) -> Row:
        """``POST /boards/{id}/lanes``."""
        board = self._context.board(actor, board_id, "write")
        return dict(self._add_lane(board["id"], check("Lane", body, _LANE)))

    def update_lane(self, actor: Row, board_id: int, lane_id: int, body: Any) -> Row:
        """``PATCH /boards/{id}/lanes/{lane_id}``; ``condition`` 2 archives it."""
        lane = self._part_of(actor, "lanes", board_id, lane_id)
        self._state.change("lanes", lane, check("Lane", body, _LANE_CHANGES))
        return dict(lane)

    def _add_column(self, board_id: int, parent_id: int | None, fields: Row) -> Row:
        row = {**_NEW_COLUMN, "sort_order": self._next_order("columns", board_id), **fields}
        return self._state.add("columns", board_id=board_id, column_id=parent_id, **row)

    def _add_lane(self, board_id: int, fields: Row) -> Row:
        row = {**_NEW_LANE, "sort_order": self._next_order("lanes", board_id), **fields}
        return self._state.add("lanes", board_id=board_id, **row)

    def _next_order(self, table: str, board_id: int) -> float:
        return float(
            max((row["sort_order"] for row in self._state.select(table, board_id=board_id)), default=0) + 1
        )

    def _in_order(self, table: str, **equals: Any) -> list[Row]:
        return [
            dict(row)
            for row in sorted(self._state.select(table, **equals), key=lambda row: row["sort_order"])
        ]

    def _is_in_use(self, key: str, row_id: int) -> bool:
        return any(card["condition"] != DELETED for card in self._state.select("cards", **{key: row_id}))

    def _board_of(self, actor: Row, space_id: int, board_id: int, right: str) -> Row:
        space = self._context.space(actor, space_id, right)
        board = self._state.get("boards", board_id)
        if board["space_id"] != space["id"]:
            raise missing()
        return board

    def _part_of(self, actor: Row, table: str, board_id: int, row_id: int) -> Row:
        board = self._context.board(actor, board_id, "write")
        row = self._state.get(table, row_id)
        if row["board_id"] != board["id"]:
            raise missing()
        return row

    def _column(self, actor: Row, column_id: int, right: str) -> Row:
        column = self._state.get("columns", column_id)
        self._context.board(actor, column["board_id"], right)
        return column

    def _show(self, board: Row) -> Row:
        columns = self._in_order("columns", board_id=board["id"], column_id=None)
        for column in columns:
            column["subcolumns"] = self._in_order("columns", column_id=column["id"])
        return {**board, "columns": columns, "lanes": self._in_order("lanes", board_id=board["id"])}
