"""What the product's store holds, as tests and benchmarks look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from vitrina.domain.estimating.norms import FinishedWork
from vitrina.ports import Delete, Document, Put, Store
from vitrina.records.backlog_state import BACKLOG_STATE, BacklogState, tracked_backlog_state
from vitrina.records.books import (
    Project,
    book_key,
    project_from_document,
    projects_key,
    put_project,
    tracked_projects,
)
from vitrina.records.cards import delete_card, find_touched
from vitrina.records.forecasts import Shown, ShownForecast, forecasts_key, tracked_forecasts
from vitrina.records.history import load_history
from vitrina.records.packing import Tracked, unpack
from vitrina.records.work import WORK, Item, ProjectWork, find_all_work, load_work, work_key


def stored_document(store: Store, kind: str, key: str) -> Document | None:
    """A document, ``None`` where there is none."""
    return store.get_many([(kind, key)]).get((kind, key))


def put_document(store: Store, kind: str, key: str, data: Mapping[str, object]) -> None:
    """Write a document, whatever stands there."""
    store.commit([Put(kind, key, dict(data))])


def remove_documents(store: Store, kind: str) -> None:
    """Remove all documents of a kind that are not packed."""
    store.commit([Delete(kind, one.key) for one in store.find(kind)])


def stored_items(store: Store, *, spreadsheet_id: str = "") -> list[Item]:
    """Items that are open or were finished lately, of one workbook or of all."""
    works = [
        load_work(store, head.key, head.data["agency_id"]).value
        for head in store.find(WORK)
        if spreadsheet_id in ("", head.key)
    ]
    return [item for work in works for _, item in sorted(work.items.items())]


def remove_items(store: Store, spreadsheet_id: str) -> None:
    """Forget all items of a workbook, as if they had been taken back."""
    _change_work(store, spreadsheet_id, lambda work: work.without_items(work.items))


def forget_cards(store: Store, spreadsheet_id: str) -> None:
    """Forget the cards of all items of a workbook, as if each process had died before it noted its card."""
    tracker = project_from_document(
        store.get_many([book_key(spreadsheet_id)]).get(book_key(spreadsheet_id))
    ).tracker
    cards = [item.card_id for item in stored_items(store, spreadsheet_id=spreadsheet_id) if item.card_id]
    store.commit([delete_card(tracker, card_id) for card_id in cards])
    _change_work(
        store,
        spreadsheet_id,
        lambda work: work.with_items(
            replace(item, card_id="", is_card_wanted=True) for item in work.items.values()
        ),
    )


def _change_work(store: Store, spreadsheet_id: str, do: Callable[[ProjectWork], ProjectWork]) -> None:
    head = stored_document(store, *work_key(spreadsheet_id))
    if head is not None:
        work = load_work(store, spreadsheet_id, head.data["agency_id"])
        store.commit(work.writes(do(work.value)))


def add_projects(store: Store, projects: Sequence[Project]) -> None:
    """Add clients of one agency, as if their workbooks had been made."""
    [agency_id] = {one.agency_id for one in projects}
    known = tracked_projects(store, stored_document(store, *projects_key(agency_id)), agency_id)
    store.commit([*map(put_project, projects), *known.writes((*known.value, *projects))])


def stored_works(store: Store, agency_id: str) -> list[ProjectWork]:
    """What is in progress at all clients of an agency."""
    return [work.value for work in find_all_work(store, agency_id).values()]


def stored_typed_hours(store: Store, agency_id: str) -> dict[str, dict[date, float]]:
    """Hours of rows that people typed themselves, by specialist and day, over all clients."""
    total: dict[str, dict[date, float]] = {}
    for work in stored_works(store, agency_id):
        for name, by_day in work.typed_hours.items():
            days = total.setdefault(name, {})
            for day, hours in by_day.items():
                days[day] = days.get(day, 0.0) + hours
    return total


def stored_history(store: Store, agency_id: str) -> list[FinishedWork]:
    """All finished work of an agency, as norms are learned from it."""
    return load_history(store, agency_id, stored_works(store, agency_id))


def stored_forecasts(store: Store, spreadsheet_id: str) -> list[ShownForecast]:
    """Forecasts of a client of which something is not finished, by the day on which they were shown."""
    shown = _forecasts(store, spreadsheet_id, "").value
    return [one for _, one in sorted(shown.items())]


def put_forecasts(
    store: Store, spreadsheet_id: str, agency_id: str, forecasts: Iterable[ShownForecast]
) -> None:
    """Put forecasts in place of the open ones of a client."""
    shown = {one.forecast.made_on: one for one in forecasts}
    store.commit(_forecasts(store, spreadsheet_id, agency_id).writes(shown))


def _forecasts(store: Store, spreadsheet_id: str, agency_id: str) -> Tracked[Shown]:
    document = stored_document(store, *forecasts_key(spreadsheet_id))
    return tracked_forecasts(store, document, spreadsheet_id, agency_id)


def tracked_state(store: Store, spreadsheet_id: str) -> Tracked[BacklogState]:
    """What is remembered of a backlog."""
    document = stored_document(store, BACKLOG_STATE, spreadsheet_id)
    return tracked_backlog_state(store, document, spreadsheet_id)


def pass_over(
    store: Store, spreadsheet_id: str, start_on: date, left_out: Sequence[int], *, known: Sequence[int]
) -> None:
    """Count a period that was started without the items *left_out*."""
    state = tracked_state(store, spreadsheet_id)
    counted = state.value.passed_over_in(start_on, left_out, known=known)
    store.commit(state.writes(replace(state.value, passed_over=counted)))


def touched_cards(store: Store, *, spreadsheet_id: str = "") -> list[str]:
    """Ids of cards that webhooks spoke of and nobody has read since."""
    states = (one for one in find_touched(store) if spreadsheet_id in ("", one.spreadsheet_id))
    return [card_id for state in states for card_id in state.touched]


def payloads(store: Store, kind: str) -> dict[str, object]:
    """Payloads of the packed documents of a kind by key."""
    return {one.key: one.payload for one in unpack(store, store.find(kind))}
