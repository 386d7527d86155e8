"""Converts Kaiten's JSON to the dataclasses of ``ports`` and back, without calls."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo

from vitrina.ports import Board, Card, ChecklistItem, Json, NewCard, Stage

QUEUE, IN_PROGRESS, DONE = 1, 2, 3
LIVE, ARCHIVED, DELETED = 1, 2, 3
RESPONSIBLE = 2
MINUTES_IN_HOUR = 60.0

#: Name of the checklist that we make. People may rename it or add others, so that items are looked for in all
#: checklists of a card.
CHECKLIST_NAME = "Состав работ"

TITLE_LENGTH, DESCRIPTION_LENGTH, ITEM_LENGTH, LINK_TITLE_LENGTH = 1024, 32768, 4096, 512


def board_body(title: str, stages: Sequence[str]) -> Json:
    """Body of a new board: the first column is a queue, the last one is for finished cards."""
    types = [QUEUE, *[IN_PROGRESS] * (len(stages) - 2), DONE][-len(stages) :]
    columns = [{"title": stage, "type": kind} for stage, kind in zip(stages, types, strict=True)]
    return {"title": title, "columns": columns, "lanes": [{"title": title}]}


def board_from(data: Json, url: str) -> Board:
    """A board with its columns from left to right and its first lane that is not archived."""
    lanes = [lane for lane in data["lanes"] if lane.get("condition", LIVE) == LIVE]
    return Board(
        board_id=str(data["id"]),
        lane_id=str(_in_order(lanes)[0]["id"]),
        stages=tuple(Stage(str(column["id"]), column["title"]) for column in _in_order(data["columns"])),
        url=url,
    )


def card_body(card: NewCard) -> Json:
    """Body of a new card. ``size`` in Kaiten has no unit of its own; ours is the hour."""
    body: Json = {
        "title": _cut(card.title, TITLE_LENGTH),
        "description": _cut(card.description, DESCRIPTION_LENGTH),
        "board_id": int(card.board_id),
        "column_id": int(card.stage_id),
        "lane_id": int(card.lane_id),
        "external_id": card.external_id,
    }
    if card.estimate_hours:
        body["size_text"] = f"{round(card.estimate_hours, 2):g}"
    if card.due_on is not None:
        body |= {"due_date": card.due_on.isoformat(), "due_date_time_present": False}
    if card.assignee_id is not None:
        body["responsible_id"] = int(card.assignee_id)
    return body


def item_body(item: ChecklistItem, position: int) -> Json:
    """Body of a checklist item. ``sort_order`` is given so that an item added later still gets its place."""
    body: Json = {
        "text": _cut(item.text, ITEM_LENGTH),
        "checked": item.is_checked,
        "sort_order": position,
    }
    if item.due_on is not None:
        body["due_date"] = item.due_on.isoformat()
    if item.assignee_id is not None:
        body["responsible_id"] = int(item.assignee_id)
    return body


def link_body(card: NewCard) -> Json:
    """Body of the link back to the workbook."""
    return {"url": card.link_url, "description": _cut(card.link_title, LINK_TITLE_LENGTH)}


def has_link(data: Json, url: str) -> bool:
    """Whether the card has the link already. Kaiten accepts the same link twice."""
    return any(link["url"] == url for link in data.get("external_links") or ())


def missing_items(data: Json, wanted: Sequence[ChecklistItem]) -> list[tuple[int, ChecklistItem]]:
    """Items that the card lacks, with their places counted from 1.

    Two wanted items with the same text need two items on the card.
    """
    present = Counter(item["text"] for item in _items(data))
    missing = []
    for position, item in enumerate(wanted, start=1):
        text = _cut(item.text, ITEM_LENGTH)
        if present[text]:
            present[text] -= 1
        else:
            missing.append((position, item))
    return missing


def surplus_parts(data: Json, card: NewCard) -> list[str]:
    """Paths, below the card's own, of what it has more often than *card*: links, lines, whole checklists.

    Of equal lines the ticked ones stay. Lines and checklists of people are left alone.
    """
    own = [checklist for checklist in _checklists(data) if checklist["name"] == CHECKLIST_NAME]
    wanted = Counter(_cut(item.text, ITEM_LENGTH) for item in card.checklist)
    lines = [(checklist["id"], item) for checklist in own for item in _items_of(checklist)]
    paths: list[str] = []
    left = Counter(checklist_id for checklist_id, _ in lines)
    for checklist_id, item in sorted(lines, key=lambda line: not line[1]["checked"]):
        text = item["text"]
        if text not in wanted:
            continue
        wanted[text] -= 1
        if wanted[text] < 0 and not item["checked"]:
            paths.append(f"checklists/{checklist_id}/items/{item['id']}")
            left[checklist_id] -= 1
    paths += [f"checklists/{checklist['id']}" for checklist in own[1:] if not left[checklist["id"]]]
    links = sorted(link["id"] for link in data.get("external_links") or () if link["url"] == card.link_url)
    return [*paths, *(f"external-links/{link_id}" for link_id in links[1:])]


def own_checklist_id(data: Json) -> int | None:
    """Id of the checklist that we made, or ``None``."""
    return next((int(row["id"]) for row in _checklists(data) if row["name"] == CHECKLIST_NAME), None)


def card_from(data: Json, time_logs: Iterable[Json], *, url: str, zone: tzinfo) -> Card:
    """The state of a card.

    Parameters
    ----------
    zone
        Time zone in which a due date with a time becomes a day.
    """
    column = data.get("column") or {}
    return Card(
        card_id=str(data["id"]),
        external_id=data.get("external_id"),
        board_id=str(data["board_id"]),
        title=data["title"],
        # A card in a subcolumn is at the stage of the parent column.
        stage_id=str(column.get("column_id") or data["column_id"]),
        url=url,
        due_on=_due_on(data, zone),
        assignee_id=_assignee_id(data),
        is_archived=data["condition"] == ARCHIVED,
        checklist=tuple(_item_from(item) for item in _items(data)),
        logged_hours=_hours_by_user(time_logs),
        comment_count=int(data.get("comments_total") or 0),
    )


def card_ids_by_external_id(cards: Iterable[Json]) -> dict[str, tuple[str, ...]]:
    """Card ids by external id, oldest first: Kaiten numbers cards in the order of their creation."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for card in cards:
        key = card.get("external_id")
        if key:
            # A set, as a card that is archived between two pages is listed twice.
            found[key].add(card["id"])
    return {key: tuple(str(card_id) for card_id in sorted(ids)) for key, ids in found.items()}


def owner_id(data: Json) -> str | None:
    """Id of the owner of a card: the user who made it, unless the body named another."""
    return _id(_number(data.get("owner_id")))


def author_id_of_event(body: Json) -> str | None:
    """Id of the user who caused an event, or ``None`` where it names none."""
    data = body.get("data")
    author = data.get("author") if isinstance(data, dict) else None
    return _id(_number(author.get("id"))) if isinstance(author, dict) else None


def card_id_of_event(body: Json) -> str | None:
    """Id of the card that an event is about, or ``None``.

    Only a number is accepted as an id: the body of an unsigned webhook may be anything.
    """
    event, data = body.get("event"), body.get("data")
    if not isinstance(event, str) or not isinstance(data, dict):
        return None
    if event == "card:update":
        old = data.get("old")
        card_id = old.get("id") if isinstance(old, dict) else None
    elif event.startswith("card:"):
        card_id = data.get("id")
    else:
        card_id = data.get("card_id")
    return _id(_number(card_id))


def _in_order(rows: Iterable[Json]) -> list[Json]:
    return sorted(rows, key=lambda row: (row.get("sort_order") or 0, row["id"]))


def _checklists(data: Json) -> list[Json]:
    """All checklists of a card: ours first, then those of people in the order of the card."""
    return sorted(_in_order(data.get("checklists") or ()), key=lambda row: row["name"] != CHECKLIST_NAME)


def _items(data: Json) -> list[Json]:
    return [item for checklist in _checklists(data) for item in _items_of(checklist)]


def _items_of(checklist: Json) -> list[Json]:
    return [row for row in _in_order(checklist.get("items") or ()) if not row.get("deleted")]


def _item_from(row: Json) -> ChecklistItem:
    due = row.get("due_date")
    return ChecklistItem(
        text=row["text"],
        is_checked=bool(row["checked"]),
        assignee_id=_id(row.get("responsible_id")),
        due_on=date.fromisoformat(due[:10]) if due else None,
    )


def _due_on(data: Json, zone: tzinfo) -> date | None:
    text = data.get("due_date")
    if not text:
        return None
    if data.get("due_date_time_present"):
        return datetime.fromisoformat(text).astimezone(zone).date()
    # Without a time Kaiten keeps midnight UTC: converting that to a zone west of it gives the day before.
    return date.fromisoformat(text[:10])


def _assignee_id(data: Json) -> str | None:
    """Id of the responsible person; of several, the first one that Kaiten lists."""
    return next((_id(row["id"]) for row in data.get("members") or () if row.get("type") == RESPONSIBLE), None)


def _hours_by_user(time_logs: Iterable[Json]) -> dict[str, float]:
    minutes: defaultdict[str, int] = defaultdict(int)
    for row in time_logs:
        minutes[str(row["user_id"])] += row["time_spent"]
    return {user_id: spent / MINUTES_IN_HOUR for user_id, spent in minutes.items()}


def _number(value: object) -> int | None:
    """*value* where it is a JSON integer; ``True`` is an ``int`` in Python only."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
