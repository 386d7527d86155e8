"""Converts Kaiten's JSON to the dataclasses of ``ports`` and back, without calls."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import date, tzinfo

from vitrina.domain.quantities import day_from_iso, moment_day, parse_hours
from vitrina.ports import (
    KEPT,
    Board,
    Card,
    CardChange,
    FactChange,
    Json,
    Link,
    NewCard,
    Stage,
    Step,
    StepChange,
)

QUEUE, IN_PROGRESS, DONE = 1, 2, 3
LIVE, ARCHIVED, DELETED = 1, 2, 3
RESPONSIBLE = 2
MINUTES_IN_HOUR = 60.0

#: What separates the board from its lane in the id of a board.
LANE_MARK = "/"

#: Name of the checklist that we make. People may rename it or add others, so that items are looked for in all
#: checklists of a card.
CHECKLIST_NAME = "Состав работ"

#: What means something in Markdown, or in the HTML that it may contain.
_MARKUP = re.compile(r"[\\`*_\[\]<>|~&]")
#: What makes a line a heading, a list, a quotation or a rule.
_LINE_MARK = re.compile(r"^(\s*\d*)([#+\-=.)])")

PARAGRAPH = "\n\n"
#: A paragraph that looks like a fact.
_FACT = re.compile(r"\*\*(?P<about>[^*\n]+):\*\*[ \u00a0]?(?P<text>.*)", re.DOTALL)

TITLE_LENGTH, DESCRIPTION_LENGTH, ITEM_LENGTH, LINK_TITLE_LENGTH = 1024, 32768, 4096, 512
COMMENT_LENGTH = 4096


def board_body(title: str, stages: Sequence[str]) -> Json:
    """Body of a new board: the first column is a queue, the last one is for finished cards."""
    types = [QUEUE, *[IN_PROGRESS] * (len(stages) - 2), DONE][-len(stages) :]
    columns = [{"title": stage, "type": kind} for stage, kind in zip(stages, types, strict=True)]
    return {"title": title, "columns": columns, "lanes": [{"title": title}]}


def board_from(data: Json, url: str) -> Board:
    """A board with its columns from left to right.

    Its id contains that of its first lane that is not archived: cards are made in this lane.
    """
    lanes = [lane for lane in data["lanes"] if lane.get("condition", LIVE) == LIVE]
    return Board(
        board_id=f"{data['id']}{LANE_MARK}{_in_order(lanes)[0]['id']}",
        stages=tuple(Stage(str(column["id"]), column["title"]) for column in _in_order(data["columns"])),
        url=url,
    )


def board_number(board_id: str) -> str:
    """Kaiten's own number of a board."""
    return board_id.partition(LANE_MARK)[0]


def card_body(card: NewCard) -> Json:
    """Body of a new card. ``size`` in Kaiten has no unit of its own; ours is the hour."""
    board, _, lane = card.board_id.partition(LANE_MARK)
    body: Json = {
        "title": _cut(card.title, TITLE_LENGTH),
        "description": description(card),
        "board_id": int(board),
        "column_id": int(card.stage_id),
        "external_id": card.external_id,
    }
    if lane:
        body["lane_id"] = int(lane)
    if card.estimate_hours:
        body["size_text"] = _size_text(card.estimate_hours)
    if card.due_on is not None:
        body |= {"due_date": card.due_on.isoformat(), "due_date_time_present": False}
    if card.assignee_id is not None:
        body["responsible_id"] = int(card.assignee_id)
    return body


def description(card: NewCard) -> str:
    """The facts of a card in Markdown, a paragraph each. What clients typed is escaped."""
    facts = (f"{_head(about)} {_escaped(text)}" for about, text in card.facts)
    # A cut may leave half of an escaped character.
    return _cut(PARAGRAPH.join(facts), DESCRIPTION_LENGTH, tail="\\")


def changed_description(text: str, changes: Iterable[FactChange]) -> str:
    """The description with other facts; a fact that is not there becomes the last paragraph."""
    paragraphs = text.split(PARAGRAPH) if text else []
    for change in changes:
        head, before = _head(change.about), _escaped(change.before)
        at = next((at for at, one in enumerate(paragraphs) if one.startswith(head)), None)
        if at is None:
            paragraphs.append(f"{head} {_escaped(change.after)}")
        elif (rest := paragraphs[at][len(head) :].lstrip()).startswith(before):
            paragraphs[at] = f"{head} {_escaped(change.after)}{rest[len(before) :]}"
    return _cut(PARAGRAPH.join(paragraphs), DESCRIPTION_LENGTH, tail="\\")


def change_body(data: Json, change: CardChange) -> Json:
    """Body of a change of the card *data* itself, without its people and steps; empty if nothing differs."""
    body: Json = {}
    if change.title is not KEPT:
        body["title"] = _cut(change.title, TITLE_LENGTH)
    if change.due_on is not KEPT:
        day = change.due_on
        body |= {"due_date": day.isoformat() if day else None, "due_date_time_present": False}
    if change.stage_id is not KEPT:
        body["column_id"] = int(change.stage_id)
    if change.estimate_hours is not KEPT:
        body["size_text"] = _size_text(change.estimate_hours) if change.estimate_hours else None
    if change.facts:
        body["description"] = changed_description(data.get("description") or "", change.facts)
    return body


def changed_items(data: Json, changes: Iterable[StepChange]) -> list[tuple[str, Json]]:
    """Path, below the card's own, and body for each step that is there."""
    places = {
        str(item["id"]): f"checklists/{checklist['id']}/items/{item['id']}"
        for checklist in _checklists(data)
        for item in _items_of(checklist)
    }
    return [(places[one.step_id], _item_change(one)) for one in changes if one.step_id in places]


def _item_change(change: StepChange) -> Json:
    body: Json = {}
    if change.text is not KEPT:
        body["text"] = _cut(change.text, ITEM_LENGTH)
    if change.due_on is not KEPT:
        body["due_date"] = change.due_on.isoformat() if change.due_on else None
    if change.assignee_id is not KEPT:
        body["responsible_id"] = int(change.assignee_id) if change.assignee_id else None
    return body


def members(data: Json) -> tuple[set[str], list[str]]:
    """Ids of all members of a card, and of those who are responsible for it."""
    rows = data.get("members") or ()
    return {str(row["id"]) for row in rows}, [
        str(row["id"]) for row in rows if row.get("type") == RESPONSIBLE
    ]


def item_body(step: Step, position: int) -> Json:
    """Body of a checklist item. ``sort_order`` is given so that an item added later still gets its place."""
    body: Json = {
        "text": _cut(step.text, ITEM_LENGTH),
        "checked": step.is_done,
        "sort_order": position,
    }
    if step.due_on is not None:
        body["due_date"] = step.due_on.isoformat()
    if step.assignee_id is not None:
        body["responsible_id"] = int(step.assignee_id)
    return body


def link_body(link: Link) -> Json:
    """Body of a link."""
    return {"url": link.url, "description": _cut(link.title, LINK_TITLE_LENGTH)}


def comment_body(text: str) -> Json:
    """Body of a comment, which is Markdown too."""
    return {"text": _cut(_escaped(text.strip()), COMMENT_LENGTH, tail="\\")}


def missing_links(data: Json, card: NewCard) -> list[Link]:
    """Links that the card lacks. Kaiten accepts the same link twice."""
    present = {link["url"] for link in data.get("external_links") or ()}
    wanted = {link.url: link for link in card.links}
    return [link for url, link in wanted.items() if url not in present]


def link_ids(data: Json, url: str) -> list[int]:
    """Ids of the links of a card that lead to an address."""
    return [link["id"] for link in data.get("external_links") or () if link["url"] == url]


def placed_items(data: Json, wanted: Sequence[Step]) -> list[Json | None]:
    """The checklist item of each wanted step, ``None`` for one that the card lacks.

    An item is known by its id, else by its text; of equal texts the ticked ones come first. Two wanted items
    with the same text need two items on the card.
    """
    items = {str(item["id"]): item for item in _items(data)}
    placed = [items.pop(step.step_id, None) for step in wanted]
    by_text: defaultdict[str, deque[Json]] = defaultdict(deque)
    for item in sorted(items.values(), key=lambda row: not row["checked"]):
        by_text[item["text"]].append(item)
    for place, step in enumerate(wanted):
        same = by_text[_cut(step.text, ITEM_LENGTH)]
        if placed[place] is None and same:
            placed[place] = same.popleft()
    return placed


def surplus_parts(data: Json, card: NewCard) -> list[str]:
    """Paths, below the card's own, of what it has more often than *card*: links, lines, whole checklists.

    Of equal lines the ticked ones stay. Lines and checklists of people are left alone.
    """
    own = [checklist for checklist in _checklists(data) if checklist["name"] == CHECKLIST_NAME]
    wanted = {_cut(step.text, ITEM_LENGTH) for step in card.steps}
    placed = {item["id"] for item in placed_items(data, card.steps) if item is not None}
    paths: list[str] = []
    left = Counter(checklist["id"] for checklist in own for _ in _items_of(checklist))
    for checklist in own:
        for item in _items_of(checklist):
            if item["text"] in wanted and item["id"] not in placed and not item["checked"]:
                paths.append(f"checklists/{checklist['id']}/items/{item['id']}")
                left[checklist["id"]] -= 1
    paths += [f"checklists/{checklist['id']}" for checklist in own[1:] if not left[checklist["id"]]]
    return [*paths, *(f"external-links/{link_id}" for link_id in _surplus_links(data, card))]


def _surplus_links(data: Json, card: NewCard) -> list[int]:
    """Ids of links of *card* that its card in Kaiten has already; the oldest one of each address stays."""
    ids: defaultdict[str, list[int]] = defaultdict(list)
    for link in data.get("external_links") or ():
        ids[link["url"]].append(link["id"])
    return [link_id for link in card.links for link_id in sorted(ids.pop(link.url, []))[1:]]


def own_checklist_id(data: Json) -> int | None:
    """Id of the checklist that we made, or ``None``."""
    return next((int(row["id"]) for row in _checklists(data) if row["name"] == CHECKLIST_NAME), None)


def card_from(data: Json, time_logs: Iterable[Json] | None, *, board_id: str, url: str, zone: tzinfo) -> Card:
    """The state of a card.

    Parameters
    ----------
    time_logs
        ``None`` if the company's plan has none.
    board_id
        The board on which it was looked for.
    zone
        Time zone in which a due date with a time becomes a day.
    """
    column = data.get("column") or {}
    number = str(data["board_id"])
    return Card(
        card_id=str(data["id"]),
        external_id=data.get("external_id"),
        board_id=board_id if number == board_number(board_id) else number,
        title=data["title"],
        # A card in a subcolumn is at the stage of the parent column.
        stage_id=str(column.get("column_id") or data["column_id"]),
        url=url,
        due_on=_due_on(data, zone),
        assignee_id=_assignee_id(data),
        is_archived=data["condition"] == ARCHIVED,
        steps=tuple(_step_from(item) for item in _items(data)),
        logged_hours=None if time_logs is None else _hours_by_user(time_logs),
        comment_count=int(data.get("comments_total") or 0),
        estimate_hours=_estimate(data),
        has_estimate=_estimate(data) is not None or not data.get("size_text"),
        facts=facts_of(data.get("description") or ""),
    )


def facts_of(text: str) -> dict[str, str]:
    """Paragraphs of a description like ``**Вид работ:** Тексты``: plain text by what it is about."""
    found = (_FACT.match(paragraph) for paragraph in text.split(PARAGRAPH))
    return {_plain(one["about"]): _plain(one["text"]) for one in found if one}


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


def user_ids_by_email(users: Iterable[Json]) -> dict[str, str]:
    """Ids of users by their e-mail in lower case."""
    return {user["email"].casefold(): str(user["id"]) for user in users if user.get("email")}


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


def _step_from(row: Json) -> Step:
    due = row.get("due_date")
    return Step(
        text=row["text"],
        is_done=bool(row["checked"]),
        assignee_id=_id(row.get("responsible_id")),
        due_on=day_from_iso(due) if due else None,
        step_id=str(row["id"]),
    )


def _due_on(data: Json, zone: tzinfo) -> date | None:
    text = data.get("due_date")
    if not text:
        return None
    if data.get("due_date_time_present"):
        return moment_day(text, zone)
    # Without a time Kaiten keeps midnight UTC: converting that to a zone west of it gives the day before.
    return day_from_iso(text)


def _assignee_id(data: Json) -> str | None:
    """Id of the responsible person; of several, the first one that Kaiten lists."""
    return next((_id(row["id"]) for row in data.get("members") or () if row.get("type") == RESPONSIBLE), None)


def _hours_by_user(time_logs: Iterable[Json]) -> dict[str, float]:
    minutes: defaultdict[str, int] = defaultdict(int)
    for row in time_logs:
        minutes[str(row["user_id"])] += row["time_spent"]
    return {user_id: spent / MINUTES_IN_HOUR for user_id, spent in minutes.items()}


def _size_text(hours: float) -> str:
    return f"{round(hours, 2):.10g}"


def _estimate(data: Json) -> float | None:
    """Hours of the size; ``None`` if it is empty, or has another unit, such as ``3 SP``."""
    try:
        return parse_hours(data.get("size_text") or "")
    except ValueError:
        return None


def _number(value: object) -> int | None:
    """*value* where it is a JSON integer; ``True`` is an ``int`` in Python only."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)


def _cut(text: str, length: int, *, tail: str = "") -> str:
    """*text* in at most *length* characters; where it is cut, characters of *tail* at the end go too."""
    return text if len(text) <= length else text[: length - 1].rstrip(tail) + "…"


def _escaped(text: str) -> str:
    """Plain text as Markdown that shows it as it is, each line on a line of its own.

    The first line does not begin a paragraph.
    """
    first, *others = (_MARKUP.sub(r"\\\g<0>", line) for line in text.splitlines() or [""])
    return "  \n".join([first, *(_LINE_MARK.sub(r"\1\\\2", line) for line in others)])


def _head(about: str) -> str:
    return f"**{_escaped(about)}:**"


def _plain(text: str) -> str:
    """Markdown that we wrote as plain text."""
    return re.sub(r"\\(.)", r"\1", "\n".join(line.rstrip(" ") for line in text.split("\n")))
