"""Documents that the actions keep in the store, as dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from vitrina.domain.backlog import ActionStatus, Specialist
from vitrina.domain.estimating.norms import FinishedWork, NormCell, Norms, norms_from_document
from vitrina.errors import UnknownWorkbookError
from vitrina.ports import Json, Record, Store
from vitrina.workbook.reading.team import Team

BOOK = "book"
ITEM = "item"
NORM = "norm"
HISTORY = "history"
ESTIMATE = "estimate"
NOTES = "notes"
PREVIEW = "preview"
TOUCHED = "touched"
TEAM = "team"
TYPED = "typed"
PASSED = "passed"
FORECAST = "forecast"


@dataclass(frozen=True)
class Agency:
    """The agency and its internal workbook. ``profiles`` are titles by key, in the order of columns."""

    spreadsheet_id: str
    name: str
    locale: str
    profiles: Mapping[str, str]


@dataclass(frozen=True)
class Project:
    """A client's project and its workbook."""

    spreadsheet_id: str
    agency_id: str
    client_name: str
    project_name: str
    code: str
    locale: str
    board_id: str
    lane_id: str
    board_url: str
    #: Stage id of the board by status.
    stages: Mapping[str, str]
    last_number: int = 0

    @property
    def statuses(self) -> Mapping[str, ActionStatus]:
        """Status by stage id."""
        return {stage: ActionStatus(status) for status, stage in self.stages.items()}


@dataclass(frozen=True)
class ItemAction:
    """One person's part of an item in progress; ``day_hours`` by ISO day.

    They are empty while its row is missing. What ``is_done`` binds nobody any more.
    What was promised when it began stays with it: ``specialist_hours`` is the figure that a person typed,
    ``typical_hours`` and ``p85_hours`` what the norms said. ``None`` where there was none.
    """

    row_number: int
    profile: str
    specialist: str
    hours: float
    day_hours: Mapping[str, float]
    is_done: bool = False
    specialist_hours: float | None = None
    typical_hours: float | None = None
    p85_hours: float | None = None
    #: As the tracker said it last; what is left of overdue work is told by it.
    logged_hours: float = 0.0
    #: Whether its line on the card is ticked: nothing of it is left to do, though the card is not done.
    is_ticked: bool = False


@dataclass(frozen=True)
class Item:
    """An item that left the backlog: what its row cannot hold any more, and what its people promised.

    ``is_reserved`` until its rows are seen in the sheet: a write whose answer was lost is settled then.
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
    #: ISO day on which it was first seen done; cards of done items are read again later.
    finished_on: str = ""

    @property
    def key(self) -> str:
        """Key in the store."""
        return f"{self.spreadsheet_id}:{self.number}"

    @property
    def start_on(self) -> date:
        """First day with work; the end of time where nobody has promised any."""
        days = (date.fromisoformat(day) for action in self.actions for day in action.day_hours)
        return min(days, default=date.max)

    @property
    def external_id(self) -> str:
        """Our key of its card in the tracker."""
        return external_id(self.spreadsheet_id, self.number)


def external_id(spreadsheet_id: str, number: int) -> str:
    """Our key of an item's card in the tracker."""
    return f"vitrina:{spreadsheet_id}:{number}"


def save_agency(store: Store, agency: Agency) -> None:
    """Keep the agency."""
    store.put(BOOK, agency.spreadsheet_id, {"kind": "agency", **asdict(agency)})


def save_project(store: Store, project: Project) -> None:
    """Keep the project."""
    store.put(BOOK, project.spreadsheet_id, {"kind": "client", **asdict(project)})


def load_book_kind(store: Store, spreadsheet_id: str) -> str:
    """``agency`` or ``client``; raises ``UnknownWorkbookError`` for a spreadsheet that is not ours."""
    return str(_load_book(store, spreadsheet_id)["kind"])


def load_agency(store: Store, spreadsheet_id: str) -> Agency:
    """The agency of an internal workbook; raises ``UnknownWorkbookError``."""
    return Agency(**_without_kind(_load_book(store, spreadsheet_id, kind="agency")))


def load_project(store: Store, spreadsheet_id: str) -> Project:
    """The project of a client workbook; raises ``UnknownWorkbookError``."""
    return Project(**_without_kind(_load_book(store, spreadsheet_id, kind="client")))


def projects_of(store: Store, agency_id: str) -> list[Project]:
    """All projects of an agency."""
    return [
        Project(**_without_kind(record.data))
        for record in store.find(BOOK, kind="client", agency_id=agency_id)
    ]


def _load_book(store: Store, spreadsheet_id: str, *, kind: str | None = None) -> Json:
    record = store.get(BOOK, spreadsheet_id)
    if record is None:
        raise UnknownWorkbookError("workbook.unknown")
    if kind is not None and record.data["kind"] != kind:
        raise UnknownWorkbookError(f"workbook.not_{kind}")
    return record.data


def _without_kind(data: Json) -> Json:
    return {key: value for key, value in data.items() if key != "kind"}


def reserve_items(store: Store, items: Iterable[Item]) -> bool:
    """Keep items that are about to start; ``False``, and none is kept, where one has been started already."""
    return store.create_many(ITEM, {item.key: asdict(item) for item in items})


def amend_item(store: Store, key: str, **changes: Any) -> bool:
    """Change fields of an item as it is now in the store; ``False`` where it is not there any more."""
    while (record := store.get(ITEM, key)) is not None:
        item = item_of(record)
        amended = replace(item, **changes)
        if amended == item or store.put(ITEM, key, asdict(amended), version=record.version):
            return True
    return False


def amend_actions(store: Store, key: str, change: Callable[[ItemAction], ItemAction], **changes: Any) -> bool:
    """Change the actions of an item as they are now in the store, and other fields of it.

    *change* may be called more than once. ``False`` where the item is not there any more.
    """
    while (record := store.get(ITEM, key)) is not None:
        item = item_of(record)
        amended = replace(item, actions=tuple(change(action) for action in item.actions), **changes)
        if amended == item or store.put(ITEM, key, asdict(amended), version=record.version):
            return True
    return False


def items_of(store: Store, **equals: str) -> list[Item]:
    """Items by ``agency_id``, ``spreadsheet_id`` or ``card_id``."""
    return [item_of(record) for record in store.find(ITEM, **equals)]


def item_of(record: Record) -> Item:
    """The item of a document."""
    actions = tuple(ItemAction(**action) for action in record.data["actions"])
    return Item(**record.data | {"actions": actions})


def committed_hours(items: Iterable[Item]) -> dict[str, dict[date, float]]:
    """Hours promised and not done yet, by specialist and day."""
    committed: dict[str, dict[date, float]] = {}
    for item in items:
        if item.is_done:
            continue
        for action in item.actions:
            days = committed.setdefault(action.specialist, {})
            if action.is_done:
                continue
            for day, hours in action.day_hours.items():
                days[date.fromisoformat(day)] = days.get(date.fromisoformat(day), 0.0) + hours
    return committed


def taken_hours(store: Store, agency_id: str, items: Iterable[Item]) -> dict[str, dict[date, float]]:
    """Hours by specialist and day that *items* and people's own rows in all client workbooks take."""
    taken = committed_hours(items)
    add_hours(taken, load_typed_hours(store, agency_id))
    return taken


def save_typed_hours(store: Store, project: Project, hours: Mapping[str, Mapping[date, float]]) -> None:
    """Keep the hours of rows that people put into *В работе* by themselves, by specialist and day."""
    days = {name: {day.isoformat(): one for day, one in by_day.items()} for name, by_day in hours.items()}
    record = store.get(TYPED, project.spreadsheet_id)
    if days or record is not None:
        store.put(TYPED, project.spreadsheet_id, {"agency_id": project.agency_id, "hours": days})


def load_typed_hours(store: Store, agency_id: str) -> dict[str, dict[date, float]]:
    """Hours of people's own rows in all client workbooks, as they were last read."""
    total: dict[str, dict[date, float]] = {}
    for hours in typed_hours_by_book(store, agency_id).values():
        add_hours(total, hours)
    return total


def typed_hours_by_book(store: Store, agency_id: str) -> dict[str, dict[str, dict[date, float]]]:
    """The same for each client's workbook."""
    return {
        record.key: {
            name: {date.fromisoformat(day): one for day, one in by_day.items()}
            for name, by_day in record.data["hours"].items()
        }
        for record in store.find(TYPED, agency_id=agency_id)
    }


def add_hours(total: dict[str, dict[date, float]], hours: Mapping[str, Mapping[date, float]]) -> None:
    """Add hours by specialist and day to *total*."""
    for name, by_day in hours.items():
        days = total.setdefault(name, {})
        for day, one in by_day.items():
            days[day] = days.get(day, 0.0) + one


def load_passed_over(store: Store, spreadsheet_id: str) -> dict[int, tuple[str, ...]]:
    """First days of the periods that were started without an item for lack of room, by its number."""
    record = store.get(PASSED, spreadsheet_id)
    periods = record.data["periods"] if record else {}
    return {int(number): tuple(days) for number, days in periods.items()}


def count_passed_over(
    store: Store, spreadsheet_id: str, start_on: date, left_out: Iterable[int], *, known: Iterable[int]
) -> None:
    """Note that the period was started without some items, once however often it is started.

    What is counted of items that are not *known* any more is forgotten.
    """
    left, kept = set(left_out), set(known)
    before = load_passed_over(store, spreadsheet_id)
    day = start_on.isoformat()
    now = {
        str(number): sorted({*before.get(number, ()), *([day] if number in left else [])})
        for number in sorted(left | (before.keys() & kept))
    }
    if now != {str(number): sorted(days) for number, days in before.items()}:
        store.put(PASSED, spreadsheet_id, {"periods": now})


@dataclass(frozen=True)
class KeptNorms:
    """The norms of an agency as they were last learned.

    ``units`` are what one of a work type is, by its folded name; ``shown`` are the means that the add-on
    wrote into *Нормы*, by group, more than one where a write was not confirmed: what people type over them
    is known from them.
    """

    norms: Norms
    units: Mapping[str, str]
    shown: Mapping[NormCell, tuple[float, ...]]


def save_norms(store: Store, agency_id: str, kept: KeptNorms) -> None:
    """Keep the norms of an agency."""
    shown = [[*cell, list(figures)] for cell, figures in kept.shown.items()]
    store.put(NORM, agency_id, {**kept.norms.data(), "units": dict(kept.units), "shown": shown})


def load_norms(store: Store, agency_id: str) -> KeptNorms:
    """The norms of an agency, empty before they were first learned."""
    record = store.get(NORM, agency_id)
    # An older release kept averages only: the next recalculation learns them anew.
    if record is None or "cells" not in record.data:
        return KeptNorms(Norms(), {}, {})
    shown = {NormCell(*cell): tuple(figures) for *cell, figures in record.data["shown"]}
    return KeptNorms(norms_from_document(record.data), record.data["units"], shown)


def save_history(store: Store, agency_id: str, works: Mapping[str, FinishedWork]) -> None:
    """Keep finished work under keys of which each stands for one piece of work."""
    store.put_many(
        HISTORY,
        {
            key: {"agency_id": agency_id, **work._asdict(), "finished_on": work.finished_on.isoformat()}
            for key, work in works.items()
        },
    )


def load_history(store: Store, agency_id: str) -> list[FinishedWork]:
    """All finished work of an agency."""
    return [_finished_work(record.data) for record in store.find(HISTORY, agency_id=agency_id)]


def _finished_work(data: Json) -> FinishedWork:
    # Written out, as there may be a hundred thousand of them. An older release kept the first five only.
    return FinishedWork(
        data["work_type"],
        data["profile"],
        data["hours"],
        data["quantity"],
        date.fromisoformat(data["finished_on"]),
        data.get("size", ""),
        data.get("specialist_hours"),
        data.get("typical_hours"),
        data.get("planned_hours"),
        data.get("p85_hours"),
    )


def team_data(team: Team) -> Json:
    """The team as a document."""
    return {
        "specialists": [
            {
                "name": one.name,
                "profiles": list(one.profiles),
                "hours_per_day": one.hours_per_day,
                "tracker_id": one.tracker_id,
                "days_away": sorted(day.isoformat() for day in one.days_away),
            }
            for one in team.specialists
        ],
        "profiles": dict(team.profiles),
        "load_factor": team.load_factor,
        "week_limit_hours": team.week_limit_hours,
    }


def team_of(data: Json) -> Team:
    """The team of a document."""
    specialists = tuple(
        Specialist(
            name=one["name"],
            profiles=tuple(one["profiles"]),
            hours_per_day=one["hours_per_day"],
            tracker_id=one["tracker_id"],
            days_away=frozenset(date.fromisoformat(day) for day in one["days_away"]),
        )
        for one in data["specialists"]
    )
    return Team(specialists, data["profiles"], data["load_factor"], data.get("week_limit_hours"))


def save_team(store: Store, agency_id: str, team: Team) -> None:
    """Keep the team as it was last read from the agency's workbook."""
    store.put(TEAM, agency_id, team_data(team))


def last_team(store: Store, agency_id: str) -> Team | None:
    """The team as it was last read, ``None`` before that."""
    record = store.get(TEAM, agency_id)
    return team_of(record.data) if record else None


def load_tracker_ids(store: Store, agency_id: str) -> Mapping[str, str]:
    """Ids in the tracker by specialist's name, as they were last read."""
    team = last_team(store, agency_id)
    people = team.specialists if team else ()
    return {person.name: person.tracker_id for person in people if person.tracker_id}


def load_team_names(store: Store, agency_id: str) -> list[str]:
    """Names of the specialists, as they were last read."""
    team = last_team(store, agency_id)
    return [person.name for person in team.specialists] if team else []
