"""Filters, order and pages of ``GET /cards``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from emulators.kaiten.errors import NotModelledError, bad
from emulators.kaiten.models.context import ARCHIVED, LIVE
from emulators.kaiten.models.fields import parse_moment
from emulators.kaiten.models.parts import RESPONSIBLE
from emulators.kaiten.models.spaces import page_of
from emulators.kaiten.models.state import Row, State

_NOT_MODELLED = (
    "search_fields", "type_ids", "organizations_ids", "done_on_time", "is_request", "order_space_id",
    "first_moved_in_progress_after", "first_moved_in_progress_before", "filter",
)  # fmt: skip

_ONE_ID = {
    "board_id": "board_id",
    "column_id": "column_id",
    "lane_id": "lane_id",
    "owner_id": "owner_id",
    "type_id": "type_id",
}
_ANY_OF_IDS = {"column_ids": "column_id", "owner_ids": "owner_id", "states": "state"}
_NONE_OF_IDS = {
    "exclude_board_ids": "board_id",
    "exclude_lane_ids": "lane_id",
    "exclude_column_ids": "column_id",
    "exclude_owner_ids": "owner_id",
    "exclude_card_ids": "id",
}
_MOMENTS = {
    "created": "created",
    "updated": "updated",
    "due_date": "due_date",
    "last_moved_to_done_at": "last_moved_to_done_at",
}
_ORDERS = ("id", "created", "updated", "title", "sort_order", "due_date", "last_moved_at")
_LIST_LEAVES_OUT = ("description",)
"""Fields that a list has only when ``additional_card_fields`` asks for them."""

Test = Callable[[Row], bool]


def page(state: State, cards: list[Row], query: Row) -> list[Row]:
    """The cards that match the query, one page."""
    for name in _NOT_MODELLED:
        if name in query:
            raise NotModelledError(f"cards.list with {name}")
    tests = _tests(state, query)
    found = [card for card in cards if all(test(card) for test in tests)]
    _put_in_order(found, query)
    offset, limit = page_of(query)
    asked_for = query.get("additional_card_fields", "").split(",")
    left_out = [name for name in _LIST_LEAVES_OUT if name not in asked_for]
    return [
        {key: card[key] for key in card if key not in left_out} for card in found[offset : offset + limit]
    ]


def narrowed(query: Row) -> Row:
    """Filters that can be applied to rows, so that only matching cards have to be built."""
    fields: Row = {}
    if "board_id" in query:
        fields["board_id"] = _integer("board_id", query["board_id"])
    if "external_id" in query:
        fields["external_id"] = query["external_id"]
    return fields


def _tests(state: State, query: Row) -> list[Test]:
    tests = [_test_of_condition(query), *_tests_of_moments(query)]
    tests += [
        _is_one_of(key, {_integer(name, query[name])}) for name, key in _ONE_ID.items() if name in query
    ]
    tests += [
        _is_one_of(key, _integers(name, query[name])) for name, key in _ANY_OF_IDS.items() if name in query
    ]
    tests += [
        _is_not_one_of(key, _integers(name, query[name]))
        for name, key in _NONE_OF_IDS.items()
        if name in query
    ]
    tests += _tests_of_people_and_tags(query)
    tests += _tests_of_marks(query)
    if "external_id" in query:
        tests.append(lambda card: card["external_id"] == query["external_id"])
    if "space_id" in query:
        space_id = _integer("space_id", query["space_id"])
        boards = {board["id"] for board in state.select("boards", space_id=space_id)}
        tests.append(_is_one_of("board_id", boards))
    if "query" in query:
        if "board_id" in query:
            raise NotModelledError("cards.list with query and board_id")
        text = query["query"].casefold()
        tests.append(lambda card: text in f"{card['title']}\n{card['description'] or ''}".casefold())
    return tests


def _tests_of_moments(query: Row) -> list[Test]:
    tests: list[Test] = []
    for name, key in _MOMENTS.items():
        if f"{name}_after" in query:
            tests.append(_is_after(key, parse_moment(f"{name}_after", query[f"{name}_after"])))
        if f"{name}_before" in query:
            tests.append(_is_before(key, parse_moment(f"{name}_before", query[f"{name}_before"])))
    return tests


def _test_of_condition(query: Row) -> Test:
    """Test for the state of a card: archived cards are listed only on request."""
    if "condition" in query:
        wanted = _integer("condition", query["condition"])
    else:
        wanted = ARCHIVED if _flag("archived", query.get("archived", "false")) else LIVE
    return lambda card: card["condition"] == wanted


def _tests_of_people_and_tags(query: Row) -> list[Test]:
    tests: list[Test] = []
    if "member_ids" in query:
        members = _integers("member_ids", query["member_ids"])
        tests.append(lambda card: bool(members & {member["id"] for member in card["members"]}))
    responsible = query.get("responsible_ids", query.get("responsible_id"))
    if responsible is not None:
        people = _integers("responsible_ids", responsible)
        tests.append(
            lambda card: any(
                member["id"] in people and member["type"] == RESPONSIBLE for member in card["members"]
            )
        )
    if "tag_ids" in query:
        tags = _integers("tag_ids", query["tag_ids"])
        tests.append(lambda card: bool(tags & set(card["tag_ids"])))
    if "tag" in query:
        tests.append(lambda card: query["tag"] in [tag["name"] for tag in card["tags"]])
    return tests


def _tests_of_marks(query: Row) -> list[Test]:
    tests: list[Test] = []
    if "asap" in query:
        asap = _flag("asap", query["asap"])
        tests.append(lambda card: card["asap"] == asap)
    if "with_due_date" in query:
        with_due_date = _flag("with_due_date", query["with_due_date"])
        tests.append(lambda card: (card["due_date"] is not None) == with_due_date)
    if "overdue" in query:
        raise NotModelledError("cards.list with overdue")
    return tests


def _is_one_of(key: str, values: set[int]) -> Test:
    return lambda card: card[key] in values


def _is_not_one_of(key: str, values: set[int]) -> Test:
    return lambda card: card[key] not in values


def _is_after(key: str, moment: datetime) -> Test:
    return lambda card: card[key] is not None and datetime.fromisoformat(card[key]) > moment


def _is_before(key: str, moment: datetime) -> Test:
    return lambda card: card[key] is not None and datetime.fromisoformat(card[key]) < moment


def _put_in_order(cards: list[Row], query: Row) -> None:
    order, direction = query.get("order_by", "id"), query.get("order_direction", "asc")
    if order not in _ORDERS:
        raise NotModelledError(f"cards.list with order_by {order}")
    if direction not in ("asc", "desc"):
        raise bad("order_direction should be equal to one of the allowed values")
    cards.sort(key=lambda card: (card[order] is None, card[order], card["id"]), reverse=direction == "desc")


def _integer(name: str, text: str) -> int:
    if not text.lstrip("-").isdecimal():
        raise bad(f"{name} should be integer")
    return int(text)


def _integers(name: str, text: str) -> set[int]:
    return {_integer(name, part.strip()) for part in text.split(",")}


def _flag(name: str, text: Any) -> bool:
    if text not in ("true", "false"):
        raise bad(f"{name} should be boolean")
    return bool(text == "true")
