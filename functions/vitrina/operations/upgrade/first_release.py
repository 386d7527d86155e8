"""Documents of the first release (0.1), and how those of today are made of them; see ``upgrade``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from vitrina.domain.estimating.norms import FinishedWork
from vitrina.operations.clicks.wishes import wish_key
from vitrina.ports import Delete, Document, Json, Key, Put, Store, Write
from vitrina.records.backlog_state import BACKLOG_STATE
from vitrina.records.books import BOOK, FIRST_TRACKER, project_from_document, projects_key, tracked_projects
from vitrina.records.cards import SYNC, CardOwner, put_card
from vitrina.records.finished import pack
from vitrina.records.forecasts import FORECASTS, OUTCOMES
from vitrina.records.history import save_history
from vitrina.records.norms import NORMS, titles_key, tracked_titles, with_titles
from vitrina.records.packing import SCHEMA, Packed, packed_writes
from vitrina.records.previews import PREVIEW
from vitrina.records.undo import UNDO, UNDO_RECORD, UndoEntry
from vitrina.records.work import Item, item_from_data, load_work


def upgrade_all(store: Store, today: date) -> None:
    """Bring all documents along; work that was finished long before *today* is packed away."""
    agencies = [one.key for one in store.find(BOOK, where={"kind": "agency"})]
    for agency_id in agencies:
        _upgrade_agency(store, agency_id, today)
    _upgrade_operations(store)
    _upgrade_previews(store)
    for kind in ("turn", "touched"):
        store.commit([Delete(kind, one.key) for one in store.find(kind)])


# --- An agency and its projects ----------------------------------------------------------------------


def _upgrade_agency(store: Store, agency_id: str, today: date) -> None:
    books = store.find(BOOK, where={"kind": "client", "agency_id": agency_id})
    projects = tuple(project_from_document(one) for one in books)
    key = projects_key(agency_id)
    listed = tracked_projects(store, store.get_many([key]).get(key), agency_id)
    if listed.value != projects:
        store.commit(listed.writes(projects))
    for project in projects:
        _upgrade_work(store, project.spreadsheet_id, agency_id, today)
        _upgrade_backlog_state(store, project.spreadsheet_id)
        _upgrade_forecasts(store, project.spreadsheet_id, agency_id)
        _upgrade_undo(store, project.spreadsheet_id)
    imported = store.find("history", where={"agency_id": agency_id})
    save_history(store, agency_id, {one.key: _work(one.data) for one in imported})
    store.commit([Delete("history", one.key) for one in imported])
    _upgrade_norms(store, agency_id)


def _upgrade_work(store: Store, spreadsheet_id: str, agency_id: str, today: date) -> None:
    """Items with what the history had of them, and hours that people typed: in one commit.

    Facts of items that were opened again go: such an item becomes a fact when it is finished again.
    """
    old_items = store.find("item", where={"spreadsheet_id": spreadsheet_id})
    facts = _facts_of(store, spreadsheet_id, old_items)
    items = [_item(document, facts, agency_id) for document in old_items]
    typed_key = ("typed", spreadsheet_id)
    typed = store.get_many([typed_key]).get(typed_key)
    tracked = load_work(store, spreadsheet_id, agency_id)
    work = tracked.value.with_items(items)
    if typed is not None:
        work = replace(work, typed_hours=_hours(typed.data["hours"]))
    packed, writes = pack(store, work, work.packable(today))
    writes += tracked.writes(packed)
    writes += [
        put_card(FIRST_TRACKER, one.card_id, CardOwner(spreadsheet_id, one.number))
        for one in items
        if one.card_id
    ]
    writes += _sync_writes(store, spreadsheet_id, {one.card_id: one.number for one in items})
    key = titles_key(agency_id)
    titles = tracked_titles(store, store.get_many([key]).get(key), agency_id)
    writes += titles.writes(with_titles(titles.value, ((one.work_type, one.task) for one in items)))
    writes += [Delete(one.kind, one.key) for one in [*old_items, *facts.values()]]
    writes.append(Delete(*typed_key))
    store.commit(writes)


def _facts_of(store: Store, spreadsheet_id: str, items: Iterable[Document]) -> dict[Key, Document]:
    """Documents of the history about actions of these items."""
    numbers = [action["row_number"] for item in items for action in item.data["actions"]]
    return store.get_many(_fact_key(spreadsheet_id, number) for number in numbers)


def _fact_key(spreadsheet_id: str, row_number: int) -> Key:
    return "history", f"{spreadsheet_id}:{row_number}"


def _item(document: Document, facts: Mapping[Key, Document], agency_id: str) -> Item:
    """The item of an old document, with the hours and the day that the history had of it."""
    spreadsheet_id = document.data["spreadsheet_id"]
    item = item_from_data(document.data, spreadsheet_id, agency_id)
    if not item.is_done:
        return item
    by_number = {
        action.row_number: fact.data
        for action in item.actions
        if (fact := facts.get(_fact_key(spreadsheet_id, action.row_number)))
    }
    actions = tuple(
        replace(action, logged_hours=by_number[action.row_number]["hours"])
        if action.row_number in by_number
        else action
        for action in item.actions
    )
    days = [date.fromisoformat(fact["finished_on"]) for fact in by_number.values()]
    finished_on = max(days, default=item.finished_on or _last_planned(item))
    return replace(item, actions=actions, finished_on=finished_on)


def _last_planned(item: Item) -> date | None:
    return max((day for action in item.actions for day in action.day_hours), default=None)


def _sync_writes(store: Store, spreadsheet_id: str, numbers: Mapping[str, int]) -> list[Write]:
    """The cards that webhooks touched; a task of the first release may be lost, so that none is queued."""
    touched = {
        one.key: numbers[one.key]
        for one in store.find("touched", where={"spreadsheet_id": spreadsheet_id})
        if one.key in numbers
    }
    key = (SYNC, spreadsheet_id)
    known = store.get_many([key]).get(key)
    if known is None and not touched:
        return []
    data: Json = {
        "schema": SCHEMA,
        "generation": (known.data["generation"] if known else 0) + 1,
        "is_queued": False,
        "touched": touched,
        "stamps": dict.fromkeys(touched, "release-0.1"),
        "has_touched": bool(touched),
    }
    return [Put(*key, data)] if known is None or "schema" not in known.data else []


def _upgrade_backlog_state(store: Store, spreadsheet_id: str) -> None:
    keys = [(kind, spreadsheet_id) for kind in ("estimate", "notes", "passed")]
    old = store.get_many(keys)
    if not old:
        return
    estimate, notes, passed = (old[key].data if key in old else {} for key in keys)
    payload = {
        "figures": estimate,
        "notes": notes.get("hashes", []),
        "passed_over": passed.get("periods", {}),
    }
    writes = packed_writes(Packed(BACKLOG_STATE, spreadsheet_id, None, None), payload)
    store.commit([*writes, *(Delete(*key) for key in old)])


def _upgrade_forecasts(store: Store, spreadsheet_id: str, agency_id: str) -> None:
    old = store.find("forecast", where={"spreadsheet_id": spreadsheet_id})
    if not old:
        return
    still_open = [_forecast(one.data) for one in old if not one.data["finished_on"]]
    by_year: dict[str, list[Json]] = defaultdict(list)
    for one in old:
        if one.data["finished_on"]:
            ended = {**_forecast(one.data), "numbers": [], "finished_on": one.data["finished_on"]}
            by_year[one.data["finished_on"][:4]].append(ended)
    writes = packed_writes(
        Packed(FORECASTS, spreadsheet_id, None, None),
        still_open,
        agency_id=agency_id,
        is_open=bool(still_open),
    )
    for year, rows in by_year.items():
        head = Packed(OUTCOMES, f"{spreadsheet_id}:{year}", None, None)
        writes += packed_writes(head, rows, agency_id=agency_id)
    store.commit([*writes, *(Delete(one.kind, one.key) for one in old)])


def _forecast(data: Json) -> Json:
    names = ("made_on", "likely_on", "almost_certain_on", "error_count", "numbers")
    return {name: data[name] for name in names}


def _upgrade_undo(store: Store, spreadsheet_id: str) -> None:
    """The list of the last actions, of which each gets a document of its own."""
    key = (UNDO, spreadsheet_id)
    old = store.get_many([key]).get(key)
    if old is None or "actions" not in old.data:
        return
    writes: list[Write] = []
    entries: list[UndoEntry] = []
    for action in old.data["actions"]:
        record = {name: value for name, value in action.items() if name not in ("id", "at", "is_pending")}
        kept = packed_writes(Packed(UNDO_RECORD, action["id"], None, None), record)
        entries.append(
            UndoEntry(action["id"], action["action"], action["at"], action["is_pending"], len(kept))
        )
        writes += kept
    data = {"schema": SCHEMA, "entries": [to_builtins(one) for one in entries]}
    store.commit([*writes, Put(*key, data)])


def _upgrade_norms(store: Store, agency_id: str) -> None:
    key = ("norm", agency_id)
    old = store.get_many([key]).get(key)
    if old is None:
        return
    writes: list[Write] = [Delete(*key)]
    # An older one kept averages only: the next recalculation learns them anew.
    if "cells" in old.data:
        writes += packed_writes(Packed(NORMS, agency_id, None, None), old.data)
    store.commit(writes)


# --- Operations and previews -------------------------------------------------------------------------


def _upgrade_operations(store: Store) -> None:
    """Operations that are open, by the wish that they are for; and clicks that follow another one."""
    wishes: dict[str, Json] = {}
    for one in store.find("unfinished"):
        wishes[one.key] = {"open": {}, "origin_id": one.data["origin_id"], "steps": one.data["steps"]}
    opened = {one.data["operation_id"] for one in store.find("open")}
    for operation in store.find("operation"):
        if operation.key in opened and operation.data["state"] != "ended":
            wish = wishes.setdefault(wish_key(operation.data), {"open": {}, "origin_id": "", "steps": {}})
            wish["open"][f"person:{operation.data['email']}"] = operation.key
    writes: list[Write] = [Put("wish", key, data) for key, data in wishes.items()]
    for kind in ("unfinished", "open", "followed"):
        writes += [Delete(kind, one.key) for one in store.find(kind)]
    store.commit(writes)


def _upgrade_previews(store: Store) -> None:
    for one in store.find(PREVIEW):
        if "body" in one.data:
            continue
        payload = {name: value for name, value in one.data.items() if name != "shown_at"}
        fields_beside = {"spreadsheet_id": one.data["spreadsheet_id"], "shown_at": one.data["shown_at"]}
        store.commit(packed_writes(Packed(PREVIEW, one.key, None, None), payload, **fields_beside))


# --- All of them -------------------------------------------------------------------------------------


def _hours(by_person: Mapping[str, Mapping[str, float]]) -> dict[str, dict[date, float]]:
    return {
        name: {date.fromisoformat(day): hours for day, hours in by_day.items()}
        for name, by_day in by_person.items()
    }


_WORK_FIELDS = FinishedWork._fields


def _work(data: Mapping[str, Any]) -> FinishedWork:
    values = {name: data[name] for name in _WORK_FIELDS if name in data}
    return FinishedWork(**{**values, "finished_on": date.fromisoformat(data["finished_on"])})
