"""Converts Asana's JSON to the dataclasses of ``ports`` and back, without calls."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, tzinfo
from xml.sax.saxutils import escape, unescape

from msgspec import Struct

from vitrina.domain.quantities import day_from_iso, moment_day
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

MINUTES_IN_HOUR = 60.0
TITLE_LENGTH, NOTES_LENGTH, LINK_TITLE_LENGTH = 1024, 60_000, 1024

#: Names of our custom fields. They are of the whole workspace, where a name is unique.
KEY_FIELD, PLAN_FIELD, FACT_FIELD = "Витрина: номер", "Витрина: часы по плану", "Витрина: часы по факту"
KINDS: Mapping[str, str] = {KEY_FIELD: "text", PLAN_FIELD: "number", FACT_FIELD: "number"}
#: Fields that clients must not see.
HOURS_FIELDS = (PLAN_FIELD, FACT_FIELD)
#: A field with this privacy is seen by guests.
FOR_GUESTS, HIDDEN_FROM_GUESTS = "public_with_guests", "public"
#: Hours with hundredths.
PRECISION = 2

#: What is asked of a task, of its subtasks, of lists, and of time entries. Gids always come along.
CARD_FIELDS = (
    "name", "completed", "due_on", "due_at", "assignee", "notes", "html_notes", "memberships.project",
    "memberships.section", "custom_fields.text_value", "custom_fields.number_value", "actual_time_minutes",
)  # fmt: skip
STEP_FIELDS = (
    "name", "completed", "due_on", "due_at", "assignee", "created_by", "created_at", "actual_time_minutes",
)  # fmt: skip
STORY_FIELDS = ("type", "created_by")
ENTRY_FIELDS = ("duration_minutes", "created_by")
LINK_FIELDS = ("view_url", "resource_subtype")

#: Our key in the last line of the notes, where the plan has no custom fields.
_KEY_LINE = re.compile(r"^\[(vitrina:\S+)\]\s*$", re.MULTILINE)
#: A part of the notes that looks like a fact: up to the next one.
_FACT = re.compile(r"<strong>(?P<about>[^<]+):</strong>(?P<text>.*?)(?=\n?<strong>|\Z)", re.DOTALL)
_WITHOUT_TAGS = re.compile(r"<[^>]*>")
#: Characters that XML does not allow.
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class BoardRef(Struct, frozen=True):
    """What a board id holds: the project, our fields on it (empty if it has none), and its last section."""

    project: str
    key_field: str = ""
    plan_field: str = ""
    fact_field: str = ""
    done_section: str = ""

    @classmethod
    def parse(cls, board_id: str) -> BoardRef:
        """The reference of a board id."""
        project, *fields = board_id.split(":")
        key, plan, fact, done = (*fields, "", "", "", "")[:4]
        return cls(project, key, plan, fact, done)

    def __str__(self) -> str:
        return ":".join((self.project, self.key_field, self.plan_field, self.fact_field, self.done_section))


def board_from(project: str, sections: Sequence[Json], settings: Iterable[Json], url: str) -> Board:
    """A board with its sections from left to right; *settings* are the custom fields of the project."""
    fields = {setting["custom_field"]["name"]: setting["custom_field"]["gid"] for setting in settings}
    reference = BoardRef(
        project,
        fields.get(KEY_FIELD, ""),
        fields.get(PLAN_FIELD, ""),
        fields.get(FACT_FIELD, ""),
        sections[-1]["gid"] if sections else "",
    )
    stages = tuple(Stage(section["gid"], section["name"]) for section in sections)
    return Board(str(reference), stages, url)


def hours_seen_by_guests(settings: Iterable[Json]) -> tuple[str, ...]:
    """Names of our fields with hours that guests of a project see."""
    fields = [setting["custom_field"] for setting in settings]
    return tuple(
        field["name"]
        for field in fields
        if field["name"] in HOURS_FIELDS and field["privacy_setting"] == FOR_GUESTS
    )


def card_body(card: NewCard, projects: Collection[str], *, is_number: bool) -> Json:
    """Body of a new task.

    Parameters
    ----------
    projects
        Further projects of the task, beside that of the board.
    is_number
        Whether the hours are sent as a number. The OpenAPI file of Asana has them as text, its prose as both.
    """
    board = BoardRef.parse(card.board_id)
    memberships = [{"project": board.project, "section": card.stage_id}]
    memberships += [{"project": project} for project in projects if project != board.project]
    body: Json = {
        "name": _cut(card.title, TITLE_LENGTH),
        "html_notes": notes_of(card, has_key=not board.key_field),
        "memberships": memberships,
    }
    values: Json = {}
    if board.key_field:
        values[board.key_field] = card.external_id
    if board.plan_field and card.estimate_hours:
        values[board.plan_field] = _hours_value(card.estimate_hours, is_number=is_number)
    if values:
        body["custom_fields"] = values
    if card.due_on is not None:
        body["due_on"] = card.due_on.isoformat()
    if card.assignee_id is not None:
        body["assignee"] = card.assignee_id
    return body


def notes_of(card: NewCard, *, has_key: bool) -> str:
    """The description as rich text, which is XML. With *has_key*, its last line is our key."""
    lines, room = [], NOTES_LENGTH
    for about, text in card.facts:
        head = f"{_head(about)} "
        lines.append(head + _escaped_in(text, max(0, room - len(head))))
        room -= len(lines[-1])
    if has_key:
        lines.append(f"[{_escaped(card.external_id)}]")
    return "<body>" + "\n".join(lines) + "</body>"


def change_body(change: CardChange, *, plan_field: str, notes: str, is_number: bool) -> Json:
    """Body of a change of a task itself; empty if nothing of it changes.

    Parameters
    ----------
    plan_field
        Gid of our field with hours; without one they are left out.
    notes
        The notes as they are, as rich text.
    is_number
        See ``card_body``.
    """
    body: Json = {}
    if change.title is not KEPT:
        body["name"] = _cut(change.title, TITLE_LENGTH)
    if change.due_on is not KEPT:
        body["due_on"] = change.due_on.isoformat() if change.due_on else None
    if change.assignee_id is not KEPT:
        body["assignee"] = change.assignee_id
    if change.estimate_hours is not KEPT and plan_field:
        body["custom_fields"] = {plan_field: _hours_value(change.estimate_hours, is_number=is_number)}
    if change.facts:
        body["html_notes"] = changed_notes(notes, change.facts)
    return body


def changed_notes(notes: str, changes: Iterable[FactChange]) -> str:
    """Rich text with other facts; a fact that is not there becomes the last line, before our key."""
    for change in changes:
        head, before, after = _head(change.about), _escaped(change.before), _escaped(change.after)
        at = notes.find(head)
        start = at + len(head) + 1
        if at < 0:
            key = _KEY_LINE.search(_WITHOUT_TAGS.sub("\n", notes))
            end = notes.rindex(f"[{key[1]}]") if key else notes.rindex("</body>")
            notes = _joined(notes[:end], f"{head} {after}", notes[end:])
        elif notes.startswith(before, start):
            notes = notes[:start] + after + notes[start + len(before) :]
    return notes


def _joined(before: str, line: str, after: str) -> str:
    first = "" if before.endswith(("\n", "<body>")) else "\n"
    return before + first + line + ("" if after.startswith("</body>") else "\n") + after


def step_change(change: StepChange) -> Json:
    """Body of a change of a subtask."""
    body: Json = {}
    if change.text is not KEPT:
        body["name"] = _cut(change.text, TITLE_LENGTH)
    if change.due_on is not KEPT:
        body["due_on"] = change.due_on.isoformat() if change.due_on else None
    if change.assignee_id is not KEPT:
        body["assignee"] = change.assignee_id
    return body


def step_body(step: Step) -> Json:
    """Body of a new subtask."""
    body: Json = {"name": _cut(step.text, TITLE_LENGTH), "completed": step.is_done}
    if step.due_on is not None:
        body["due_on"] = step.due_on.isoformat()
    if step.assignee_id is not None:
        body["assignee"] = step.assignee_id
    return body


def placed_steps(subtasks: Sequence[Json], wanted: Sequence[Step]) -> list[tuple[Step, str | None]]:
    """Wanted steps with the gids of their subtasks, ``None`` for one that the card lacks.

    A subtask is known by its gid, else by its name. Two wanted steps with the same text need two subtasks.
    """
    known = {step.step_id for step in wanted} & {row["gid"] for row in subtasks}
    present: defaultdict[str, deque[str]] = defaultdict(deque)
    for row in subtasks:
        if row["gid"] not in known:
            present[row["name"]].append(row["gid"])
    placed: list[tuple[Step, str | None]] = []
    for step in wanted:
        gids = present[_cut(step.text, TITLE_LENGTH)]
        found = step.step_id if step.step_id in known else None
        placed.append((step, found or (gids.popleft() if gids else None)))
    return placed


def surplus_steps(
    subtasks: Sequence[Json], wanted: Sequence[Step], own_user_id: str, zone: tzinfo
) -> list[str]:
    """Gids of own subtasks that are there more often than wanted, without those that people changed.

    Of equal ones that with a known gid stays first, then a finished one, then one that is not as it was made,
    then the oldest.
    """
    count = Counter(_cut(step.text, TITLE_LENGTH) for step in wanted)
    made = {_cut(step.text, TITLE_LENGTH): step for step in wanted}
    known = {step.step_id for step in wanted}

    def is_changed(row: Json) -> bool:
        step = made[row["name"]]
        return row["completed"] or (day_of(row, zone), _gid(row["assignee"])) != (
            step.due_on,
            step.assignee_id,
        )

    def order(row: Json) -> tuple[object, ...]:
        return row["gid"] not in known, not row["completed"], not is_changed(row), _age(row)

    own = [row for row in subtasks if row["name"] in made and _gid(row["created_by"]) == own_user_id]
    surplus = []
    for row in sorted(own, key=order):
        count[row["name"]] -= 1
        if count[row["name"]] < 0 and row["gid"] not in known and not is_changed(row):
            surplus.append(row["gid"])
    return surplus


def missing_links(attachments: Iterable[Json], links: Sequence[Link]) -> list[Link]:
    """Links that the card lacks."""
    present = {row.get("view_url") for row in attachments}
    return [link for link in links if link.url not in present]


def surplus_links(attachments: Iterable[Json], links: Sequence[Link]) -> list[str]:
    """Gids of links that are there more than once; the first one of each address stays."""
    gids: defaultdict[str, list[str]] = defaultdict(list)
    for row in attachments:
        gids[row.get("view_url") or ""].append(row["gid"])
    return [gid for link in links for gid in gids[link.url][1:]]


def gids_of_link(attachments: Iterable[Json], url: str) -> list[str]:
    """Gids of the attached links that lead to an address."""
    return [row["gid"] for row in attachments if row.get("view_url") == url]


def link_title(link: Link) -> str:
    """Title of a link in Asana, which needs one."""
    return _cut(link.title or link.url, LINK_TITLE_LENGTH)


def card_ids_by_key(tasks: Iterable[Json], key_field: str) -> dict[str, tuple[str, ...]]:
    """Card ids by our key, oldest first."""
    found: defaultdict[str, dict[str, Json]] = defaultdict(dict)
    for task in tasks:
        key = key_of(task, key_field)
        if key:
            # A mapping, as a task that is moved between two pages is listed twice.
            found[key][task["gid"]] = task
    return {key: tuple(sorted(rows, key=lambda gid: _age(rows[gid]))) for key, rows in found.items()}


def key_fields(board: BoardRef) -> tuple[str, ...]:
    """What is asked of a list of tasks to find our keys."""
    return ("custom_fields.text_value" if board.key_field else "notes", "created_at")


def key_of(task: Json, key_field: str) -> str | None:
    """Our key of a task: in its field, or in the last line of its notes."""
    if key_field:
        value = _value(task, key_field, "text_value")
        return str(value) if value else None
    lines = _KEY_LINE.findall(task.get("notes") or "")
    return lines[-1] if lines else None


def card_from(
    task: Json,
    subtasks: Sequence[Json],
    *,
    board_id: str,
    url: str,
    own_user_id: str,
    side_projects: Collection[str],
    logged_hours: Mapping[str, float] | None,
    comment_count: int,
    zone: tzinfo,
) -> Card:
    """The state of a card.

    Parameters
    ----------
    side_projects
        Projects of the agency in which cards are too; they are not boards of a client.
    zone
        Time zone in which a due moment becomes a day.
    """
    board = BoardRef.parse(board_id)
    places = {one["project"]["gid"]: _gid(one["section"]) or "" for one in task["memberships"]}
    elsewhere = next((gid for gid in places if gid != board.project and gid not in side_projects), None)
    is_here = board.project in places
    stage_id = places.get(board.project) or places.get(elsewhere or "", "")
    # People tick a task without moving it. Then it is in the last section for us.
    if task["completed"] and is_here and board.done_section:
        stage_id = board.done_section
    # Ours first; each kind stays in the order in which it is shown.
    steps = sorted(subtasks, key=lambda row: _gid(row["created_by"]) != own_user_id)
    return Card(
        card_id=task["gid"],
        external_id=key_of(task, board.key_field),
        board_id=board_id if is_here or elsewhere is None else elsewhere,
        title=task["name"],
        stage_id=stage_id,
        url=url,
        due_on=day_of(task, zone),
        assignee_id=_gid(task["assignee"]),
        # A task cannot be archived: people take it out of the project.
        is_archived=not is_here and elsewhere is None,
        steps=tuple(_step_from(row, zone) for row in steps),
        logged_hours=logged_hours,
        comment_count=comment_count,
        estimate_hours=_number_in(task, board.plan_field),
        has_estimate=bool(board.plan_field),
        facts=facts_of(task.get("html_notes") or ""),
    )


def facts_of(notes: str) -> dict[str, str]:
    """Parts of rich text that begin like ``<strong>Вид работ:</strong> Тексты``: text by what it is about."""
    inner = notes.removeprefix("<body>").removesuffix("</body>")
    found = {_unescaped(one["about"]): _unescaped(one["text"]) for one in _FACT.finditer(inner)}
    return {about: _KEY_LINE.sub("", text).strip() for about, text in found.items()}


def hours_by_user(entries: Iterable[Json]) -> dict[str, float]:
    """Hours of time entries by the user who logged them."""
    minutes: defaultdict[str, int] = defaultdict(int)
    for row in entries:
        minutes[_gid(row["created_by"]) or ""] += row["duration_minutes"]
    return {user_id: spent / MINUTES_IN_HOUR for user_id, spent in minutes.items()}


def typed_hours(task: Json, fact_field: str) -> dict[str, float]:
    """Hours that people typed into our field: they count as those of the task's assignee."""
    value = _value(task, fact_field, "number_value")
    return {_gid(task["assignee"]) or "": float(value)} if value else {}  # type: ignore[arg-type]


def comments_of_people(stories: Iterable[Json], own_user_id: str) -> int:
    """Count of comments that are not ours."""
    return sum(row["type"] == "comment" and _gid(row["created_by"]) != own_user_id for row in stories)


def day_of(task: Json, zone: tzinfo) -> date | None:
    """The day on which a task is due."""
    if task.get("due_at"):
        return moment_day(task["due_at"], zone)
    return day_from_iso(task["due_on"]) if task.get("due_on") else None


def tasks_of_events(body: Json, own_user_id: str | None) -> tuple[str, ...] | None:
    """Gids of tasks that others changed, each once; ``None`` if the body is not that of a webhook.

    A change of a subtask names its parent too, if the event does: people may have added it.
    """
    events = body.get("events")
    if not isinstance(events, list):
        return None
    gids: dict[str, None] = {}
    for event in events:
        if not isinstance(event, dict) or (own_user_id and _text(event.get("user")) == own_user_id):
            continue
        for name in ("resource", "parent"):
            one = event.get(name)
            if isinstance(one, dict) and one.get("resource_type") == "task" and _text(one):
                gids[str(_text(one))] = None
    return tuple(gids)


def _step_from(row: Json, zone: tzinfo) -> Step:
    return Step(
        text=row["name"],
        is_done=bool(row["completed"]),
        assignee_id=_gid(row["assignee"]),
        due_on=day_of(row, zone),
        step_id=row["gid"],
    )


def _value(task: Json, field: str, name: str) -> object:
    rows = task.get("custom_fields") or ()
    return next((row.get(name) for row in rows if row["gid"] == field), None)


def _number_in(task: Json, field: str) -> float | None:
    value = _value(task, field, "number_value")
    return float(value) if isinstance(value, int | float) else None


def _hours_value(hours: float | None, *, is_number: bool) -> float | str | None:
    """Hours as the value of a number field: as its text, which may be empty, or as a number or ``null``."""
    if not hours:
        return None if is_number else ""
    rounded = round(hours, PRECISION)
    return rounded if is_number else f"{rounded:.10g}"


def _gid(row: Json | None) -> str | None:
    return None if row is None else str(row["gid"])


def _text(row: object) -> str | None:
    """The gid of an object of an event, of which nothing is sure."""
    gid = row.get("gid") if isinstance(row, dict) else None
    return gid if isinstance(gid, str) and gid.isdecimal() else None


def _age(row: Json) -> tuple[str, int]:
    """Sorts by the time of creation, and rows of the same moment by number."""
    return str(row["created_at"]), int(row["gid"])


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub("", text))


def _head(about: str) -> str:
    return f"<strong>{_escaped(about)}:</strong>"


def _unescaped(text: str) -> str:
    return unescape(_WITHOUT_TAGS.sub("", text))


def _escaped_in(text: str, room: int) -> str:
    """The escaped text in at most *room* characters."""
    escaped = _escaped(text)
    while len(escaped) > room:
        # Each character may have become several, so that a share of the text is cut until it fits.
        text = text[: max(0, int(len(text) * room / len(escaped)) - 1)]
        escaped = _escaped(text) + "…" if room else ""
    return escaped


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
