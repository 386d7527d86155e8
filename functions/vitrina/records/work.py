"""What a project has in progress, and what its people promised: one packed document for each project.

An item stays here while it is open, and for some weeks after it is done, because its hours still count
against the limits of the current month. Then ``records.finished`` keeps it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from vitrina.ports import Document, Json, Key, Store
from vitrina.records.packing import Packed, Tracked, known_fields, unpack, unpack_one

WORK = "work"

#: Days that a finished item stays in the document of the project: longer than any limit looks back.
DAYS_KEPT = 45

Hours = Mapping[str, Mapping[date, float]]
"""Hours by specialist and day."""

Agreed = Mapping[str, str | float]
"""Values on which sheet and tracker agreed last: days as ISO text, people by their id in the tracker.

A field that is missing was never compared.
"""


class ItemAction(Struct, frozen=True):
    """One person's part of an item in progress.

    ``day_hours`` are the promised hours by day, empty while the row of the action is missing. An action
    that ``is_done`` binds nobody any more. ``specialist_hours`` is the figure that a person typed,
    ``typical_hours`` and ``p85_hours`` are what the norms said when it began, ``None`` where there was none.
    """

    row_number: int
    profile: str
    specialist: str
    hours: float
    day_hours: Mapping[date, float]
    is_done: bool = False
    specialist_hours: float | None = None
    typical_hours: float | None = None
    p85_hours: float | None = None
    #: Hours that the tracker told last.
    logged_hours: float = 0.0
    #: Whether its line on the card is ticked: nothing of it is left to do, though the card is not done.
    is_ticked: bool = False
    #: Hours logged where the work was followed before, to which those that its tracker tells are added.
    carried_hours: float = 0.0
    #: Whether its line is ticked when the card is made, as it was done before the tracker was switched.
    was_done_before: bool = False
    #: Id of its step on the card, empty while it is not known.
    step_id: str = ""
    #: What sheet and tracker agreed on last, by the field; see ``project.card_fields``.
    agreed: Agreed = field(default_factory=dict)


class Allowance(Struct, frozen=True):
    """Leave to go over hour limits with an item: who gave it, on which day, and by how many hours.

    ``person_hours`` are hours above those that people have, by specialist; ``project_hours`` and
    ``agency_hours`` those above the limits of the project and of the agency.
    """

    by: str
    allowed_on: date
    person_hours: Mapping[str, float] = field(default_factory=dict)
    project_hours: float = 0.0
    agency_hours: float = 0.0


class Item(Struct, frozen=True):
    """An item that left the backlog: what its row cannot hold any more, and what its people promised.

    ``is_reserved`` until its rows are seen in the sheet: a write whose answer was lost is decided then.
    """

    spreadsheet_id: str
    agency_id: str
    number: int
    code: str
    task: str
    result: str
    priority: str
    work_type: str
    quantity: float
    actions: tuple[ItemAction, ...]
    is_reserved: bool = True
    is_done: bool = False
    card_id: str = ""
    #: The fence of the workbook as it was read when the item was started.
    fence: str = ""
    size: str = ""
    #: Day on which it was first seen done.
    finished_on: date | None = None
    #: Whether its card was asked for and is not known to be complete.
    is_card_wanted: bool = False
    #: When calls of the tracker for its card began whose end nobody knows: what they make may appear later.
    card_lost_at: datetime | None = None
    #: Ids under which the tracker reports changes of its card's steps, if they differ from that of the card.
    step_ids: tuple[str, ...] = ()
    #: The connection of its card; empty for cards from before the first switch of the project's tracker.
    card_tracker: str = ""
    #: How often the tracker of the project was switched since the item began.
    switch_count: int = 0
    #: Status with which its card is made; empty for the first one of the board.
    first_status: str = ""
    #: Id of the preview that it was assigned by, empty for an item of a batch.
    assigned_by: str = ""
    #: Key of the task of a template of onboarding that it was made from; empty for other items.
    template_task: str = ""
    #: Numbers of the items that had to end before it, where its row of the backlog does not tell them.
    after: tuple[int, ...] = ()
    #: Whether the client is asked about it, or could be: it is finished by the specialist.
    is_shown: bool = False
    #: Day on which it left the backlog; not known of items of older releases.
    taken_on: date | None = None
    #: Leave to go over hour limits with it.
    allowance: Allowance | None = None
    #: Days that other actions of the project get, by row number, as soon as its own rows are seen.
    moved_days: Mapping[int, Mapping[date, float]] = field(default_factory=dict)
    #: What sheet and tracker agreed on last for the card as a whole. Title, result and quantity are fields.
    agreed: Agreed = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, int]:
        """Identifies it among the items of all workbooks."""
        return self.spreadsheet_id, self.number

    @property
    def start_on(self) -> date:
        """First day with work; the end of time where nobody has promised any."""
        return min((day for action in self.actions for day in action.day_hours), default=date.max)

    @property
    def last_day(self) -> date:
        """Last day with work, or on which it was finished; the beginning of time where there is none."""
        days = [day for action in self.actions for day in action.day_hours]
        return max([*days, self.finished_on or date.min], default=date.min)

    @property
    def is_pushed_by_itself(self) -> bool:
        """Whether the action that started it has its card made too, so that one undo takes back both."""
        return bool(self.assigned_by or self.template_task)

    @property
    def external_id(self) -> str:
        """Our key of its card in the tracker."""
        return external_id(self.spreadsheet_id, self.number, self.switch_count)


def external_id(spreadsheet_id: str, number: int, switch_count: int = 0) -> str:
    """Our key of an item's card in the tracker.

    After each switch of the tracker it is another one: a project may come back to a tracker that has its
    earlier cards.
    """
    key = f"vitrina:{spreadsheet_id}:{number}"
    return f"{key}:{switch_count}" if switch_count else key


class ProjectWork(Struct, frozen=True):
    """The items of a project by number, and the hours of rows that people typed into *В работе* themselves.

    ``finished`` are ranges, first and last, of the numbers that ``records.finished`` keeps, in order;
    ``finished_tasks`` are the keys of tasks of templates among them.
    """

    spreadsheet_id: str
    agency_id: str
    items: Mapping[int, Item] = field(default_factory=dict)
    typed_hours: Hours = field(default_factory=dict)
    finished: tuple[tuple[int, int], ...] = ()
    finished_tasks: frozenset[str] = frozenset()

    def with_items(self, items: Iterable[Item]) -> ProjectWork:
        """With *items* added, or put in place of those with the same numbers."""
        return replace(self, items={**self.items, **{item.number: item for item in items}})

    def amended(self, number: int, **changes: Any) -> ProjectWork:
        """Return the work with fields of one item changed, or unchanged if there is no such item."""
        item = self.items.get(number)
        return self if item is None else self.with_items([replace(item, **changes)])

    def without_items(self, numbers: Iterable[int]) -> ProjectWork:
        """Without the items of these numbers."""
        gone = set(numbers)
        return replace(self, items={number: one for number, one in self.items.items() if number not in gone})

    def with_days(self, days: Mapping[int, Mapping[date, float]]) -> ProjectWork:
        """With other promised days for the actions of these row numbers."""
        changed = [
            replace(
                item,
                actions=tuple(
                    replace(one, day_hours=dict(days.get(one.row_number, one.day_hours)))
                    for one in item.actions
                ),
            )
            for item in self.items.values()
            if any(one.row_number in days for one in item.actions)
        ]
        return self.with_items(changed)

    def with_seen(self, numbers: Iterable[int]) -> ProjectWork:
        """With nothing reserved of these items, whose rows are in the sheet, and with what they move."""
        found = (self.items[number] for number in numbers if number in self.items)
        reserved = [item for item in found if item.is_reserved]
        work = self
        for item in reserved:
            work = work.with_days(item.moved_days)
        return work.with_items(
            replace(work.items[one.number], is_reserved=False, moved_days={}) for one in reserved
        )

    @property
    def is_onboarded(self) -> bool:
        """Whether the project has tasks of a template, and all of them are done."""
        own = [item for item in self.items.values() if item.template_task]
        return bool(own or self.finished_tasks) and all(item.is_done for item in own)

    def has_finished(self, number: int) -> bool:
        """Whether ``records.finished`` keeps the item of this number."""
        place = bisect_right(self.finished, number, key=lambda one: one[0])
        return place > 0 and number <= self.finished[place - 1][1]

    def packable(self, today: date) -> list[Item]:
        """Items that were done so long ago that ``records.finished`` may keep them."""
        bound = today - timedelta(days=DAYS_KEPT)
        return [item for item in self.items.values() if item.is_done and item.last_day < bound]


def work_key(spreadsheet_id: str) -> Key:
    """Where the work of a project is kept."""
    return WORK, spreadsheet_id


def load_work(store: Store, spreadsheet_id: str, agency_id: str) -> Tracked[ProjectWork]:
    """The work of a project: one round trip, or two where it is very large."""
    key = work_key(spreadsheet_id)
    return work_from_document(store, store.get_many([key]).get(key), spreadsheet_id, agency_id)


def work_from_document(
    store: Store, document: Document | None, spreadsheet_id: str, agency_id: str
) -> Tracked[ProjectWork]:
    """The work of a project of which the document was read already."""
    return _tracked(unpack_one(store, WORK, spreadsheet_id, document), agency_id)


def find_open_work(store: Store, agency_id: str) -> dict[str, Tracked[ProjectWork]]:
    """The work of all projects of an agency in which something binds its people, by the workbook's id."""
    heads = store.find(WORK, where={"agency_id": agency_id, "is_open": True})
    return {packed.key: _tracked(packed, agency_id) for packed in unpack(store, heads)}


def find_all_work(store: Store, agency_id: str) -> dict[str, Tracked[ProjectWork]]:
    """The work of all projects of an agency."""
    heads = store.find(WORK, where={"agency_id": agency_id})
    return {packed.key: _tracked(packed, agency_id) for packed in unpack(store, heads)}


def find_workbooks_to_look_at(store: Store, *, without_cards: bool) -> list[str]:
    """Ids of workbooks with open cards or, *without_cards*, with anything that is not finished."""
    field_name = "has_unfinished" if without_cards else "has_cards"
    return [head.key for head in store.find(WORK, where={field_name: True})]


def _tracked(packed: Packed, agency_id: str) -> Tracked[ProjectWork]:
    spreadsheet_id = packed.key
    return Tracked(
        packed,
        encode=_payload,
        decode=lambda payload: _work(payload, spreadsheet_id, agency_id),
        fields=_fields,
    )


def _payload(work: ProjectWork) -> Json:
    return {
        "items": [item_data(item) for _, item in sorted(work.items.items())],
        "typed": {
            name: {day.isoformat(): hours for day, hours in by_day.items()}
            for name, by_day in work.typed_hours.items()
        },
        "finished": [list(one) for one in work.finished],
        **({"finished_tasks": sorted(work.finished_tasks)} if work.finished_tasks else {}),
    }


def _fields(work: ProjectWork) -> Json:
    unfinished = [item for item in work.items.values() if not item.is_done]
    return {
        "agency_id": work.agency_id,
        "is_open": bool(work.items or work.typed_hours),
        "has_cards": any(item.card_id for item in unfinished),
        "has_unfinished": bool(unfinished),
    }


def _work(payload: Any, spreadsheet_id: str, agency_id: str) -> ProjectWork:
    if payload is None:
        return ProjectWork(spreadsheet_id, agency_id)
    items = (item_from_data(data, spreadsheet_id, agency_id) for data in payload["items"])
    return ProjectWork(
        spreadsheet_id,
        agency_id,
        {item.number: item for item in items},
        {
            name: {date.fromisoformat(day): hours for day, hours in by_day.items()}
            for name, by_day in payload["typed"].items()
        },
        tuple((first, last) for first, last in payload["finished"]),
        frozenset(payload.get("finished_tasks", ())),
    )


_ACTION_FIELDS = ItemAction.__struct_fields__
_ACTION_DEFAULTS: Mapping[str, Any] = {
    "is_done": False,
    "specialist_hours": None,
    "typical_hours": None,
    "p85_hours": None,
    "logged_hours": 0.0,
    "is_ticked": False,
    "carried_hours": 0.0,
    "was_done_before": False,
    "step_id": "",
    "agreed": {},
}
_ITEM_DEFAULTS: Mapping[str, Any] = {
    "card_tracker": "",
    "switch_count": 0,
    "first_status": "",
    "is_shown": False,
}
#: Fields of an item that are not written as they are, or only where there is something to write.
_OTHER_FIELDS = (
    "spreadsheet_id",
    "agency_id",
    "actions",
    "step_ids",
    "agreed",
    "assigned_by",
    "template_task",
    "after",
    "taken_on",
    "allowance",
    "moved_days",
)
_ITEM_FIELDS = tuple(name for name in Item.__struct_fields__ if name not in _OTHER_FIELDS)


def item_data(item: Item) -> Json:
    """The item as JSON, without the workbook that it belongs to; days as ISO text."""
    data: Json = {
        name: value
        for name in _ITEM_FIELDS
        if (value := getattr(item, name)) != _ITEM_DEFAULTS.get(name, ...)
    }
    data["finished_on"] = item.finished_on.isoformat() if item.finished_on else ""
    data["card_lost_at"] = item.card_lost_at.isoformat() if item.card_lost_at else ""
    data["actions"] = [_action_data(action) for action in item.actions]
    if item.step_ids:
        data["step_ids"] = list(item.step_ids)
    if item.assigned_by:
        data["assigned_by"] = item.assigned_by
    if item.template_task:
        data["template_task"] = item.template_task
    if item.after:
        data["after"] = list(item.after)
    if item.taken_on is not None:
        data["taken_on"] = item.taken_on.isoformat()
    if item.allowance is not None:
        allowed_on = item.allowance.allowed_on.isoformat()
        data["allowance"] = {**to_builtins(item.allowance), "allowed_on": allowed_on}
    if item.moved_days:
        data["moved_days"] = {str(row): _days_data(days) for row, days in item.moved_days.items()}
    if item.agreed:
        data["agreed"] = dict(item.agreed)
    return data


def item_from_data(data: Json, spreadsheet_id: str, agency_id: str) -> Item:
    """The item of JSON; fields of a later release are left out."""
    values = {name: data[name] for name in _ITEM_FIELDS if name in data}
    finished_on, lost_at = data.get("finished_on"), data.get("card_lost_at")
    values["finished_on"] = date.fromisoformat(finished_on) if finished_on else None
    values["card_lost_at"] = datetime.fromisoformat(lost_at) if lost_at else None
    values["step_ids"] = tuple(data.get("step_ids", ()))
    values["assigned_by"] = data.get("assigned_by", "")
    values["template_task"] = data.get("template_task", "")
    values["after"] = tuple(data.get("after", ()))
    values["taken_on"] = date.fromisoformat(data["taken_on"]) if data.get("taken_on") else None
    if allowance := data.get("allowance"):
        known = known_fields(Allowance, allowance)
        allowed_on = date.fromisoformat(allowance["allowed_on"])
        values["allowance"] = Allowance(**{**known, "allowed_on": allowed_on})
    values["moved_days"] = {int(row): _days(days) for row, days in data.get("moved_days", {}).items()}
    values["agreed"] = data.get("agreed", {})
    actions = tuple(_action(one) for one in data["actions"])
    return Item(spreadsheet_id=spreadsheet_id, agency_id=agency_id, actions=actions, **values)


def _action_data(action: ItemAction) -> Json:
    data: Json = {
        name: value
        for name in _ACTION_FIELDS
        if (value := getattr(action, name)) != _ACTION_DEFAULTS.get(name, ...)
    }
    data["day_hours"] = _days_data(action.day_hours)
    return data


def _action(data: Json) -> ItemAction:
    values = {name: data[name] for name in _ACTION_FIELDS if name in data}
    values["day_hours"] = _days(data["day_hours"])
    return ItemAction(**values)


def _days_data(day_hours: Mapping[date, float]) -> Json:
    return {day.isoformat(): hours for day, hours in day_hours.items()}


def _days(data: Mapping[str, float]) -> dict[date, float]:
    return {date.fromisoformat(day): hours for day, hours in data.items()}


# --- Hours -----------------------------------------------------------------------------------------


def committed_hours(items: Iterable[Item]) -> dict[str, dict[date, float]]:
    """Hours promised and not done yet, by specialist and day."""
    committed: dict[str, dict[date, float]] = {}
    for item in items:
        if item.is_done:
            continue
        for action in item.actions:
            days = committed.setdefault(action.specialist, {})
            if not action.is_done:
                _add(days, action.day_hours)
    return committed


def add_hours(total: dict[str, dict[date, float]], hours: Hours) -> None:
    """Add hours by specialist and day to *total*."""
    for name, by_day in hours.items():
        _add(total.setdefault(name, {}), by_day)


def _add(days: dict[date, float], by_day: Mapping[date, float]) -> None:
    for day, hours in by_day.items():
        days[day] = days.get(day, 0.0) + hours


def taken_hours(works: Iterable[ProjectWork]) -> dict[str, dict[date, float]]:
    """Hours by specialist and day that items and people's own rows of all these projects take."""
    works = list(works)
    taken = committed_hours(item for work in works for item in work.items.values())
    for work in works:
        add_hours(taken, work.typed_hours)
    return taken
