"""Compares sheet, store and tracker with the model, after all work is done."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from benchmarks.chaos.agency import HOURS_PER_DAY, PROFILE_TITLES
from benchmarks.chaos.click_result import ClickResult
from benchmarks.chaos.expected import HOURS, PROFILES, ExpectedItem, ExpectedState, number_in
from benchmarks.chaos.grid import MAIN_COLUMNS, Grid, Line, Value, shelf_rows, text_in, value_in
from benchmarks.chaos.history import Json
from benchmarks.chaos.site import Site
from benchmarks.chaos.trackers import CardState, ChaosTracker
from benchmarks.chaos.visits.record import Record
from benchmarks.chaos.world import ChaosWorld
from tests.harness.stored import stored_items, touched_cards
from vitrina.operations.clicks.wishes import WISH
from vitrina.operations.outbox import OUTBOX
from vitrina.operations.run import OPERATION, QUEUED, RUNNING
from vitrina.records.books import load_project
from vitrina.records.outside.decisions import DECISION
from vitrina.records.work import Item
from vitrina.workbook.reading.book import item_number_of_row

LOST = "row lost"
DOUBLED = "row doubled"
WRONG = "cell written wrongly"
OVERWRITTEN = "person's edit overwritten"
CARD_DOUBLED = "card doubled"
CARD_WRONG = "card wrong or missing"
STORE = "store differs from sheet"
OVERCOMMITTED = "more hours reserved than there are"
UNFINISHED = "operation never finished"
NO_MESSAGE = "ended without a message"
DECIDED = "decision lost, doubled or not carried out"
CHAT = "message lost or doubled"
WISHED = "client's wish lost or doubled"
PROJECT = "project lost or doubled"
ASKED = "accounting asked wrongly"
CROSSED = "one agency in the other"
KINDS = (
    LOST,
    DOUBLED,
    WRONG,
    OVERWRITTEN,
    CARD_DOUBLED,
    CARD_WRONG,
    STORE,
    OVERCOMMITTED,
    UNFINISHED,
    NO_MESSAGE,
    DECIDED,
    CHAT,
    WISHED,
    PROJECT,
    ASKED,
    CROSSED,
)

#: Actions that are finished within the request of the menu.
QUICK_ACTIONS = ("estimate", "build_batch", "start_batch", "preview_accounting", "ask_accounting")

_LETTERS_AND_ROW = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)")


@dataclass(frozen=True)
class Violation:
    """A difference between the model and sheet, store or tracker."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


def check_answers(results: Sequence[ClickResult]) -> Iterator[Violation]:
    """Every click ended as done, partial, refused or failed, with a message."""
    for one in results:
        is_known = one.outcome in ("done", "partial", "refused", "failed")
        if not is_known or not one.message.endswith(".") or one.http_status == 500:
            yield Violation(NO_MESSAGE, f"{one.action}: {one.outcome} {one.http_status} «{one.message}»")


def check_site(
    world: ChaosWorld,
    site: Site,
    expected: ExpectedState,
    record: Record | None,
    *,
    is_timer_to_come: bool,
) -> Iterator[Violation]:
    """All violations in the workbook of a project, its store and its cards.

    Parameters
    ----------
    record
        What the client did, ``None`` where nobody has asked him.
    is_timer_to_come
        Whether the timer has not called yet: what the outbox holds may be unfinished then.
    """
    tracker = world.trackers[site.agency.tracker]
    with world.google.lock, tracker.lock:
        book = world.google.book(site.spreadsheet_id)
        grids = {tab: Grid(book, tab, site.titles[tab]) for tab in MAIN_COLUMNS}
        backlog, progress = grids["backlog"], grids["in_progress"]
        yield from _check_rows(expected, grids, record)
        decided = {one.data["title"] for one in world.documents_store.find(DECISION)}
        for item in expected.not_deleted:
            for line in backlog.find(item.task):
                yield from _check_backlog_row(item, backlog, line)
            is_done = bool(grids["done"].find(item.task))
            yield from _check_progress_rows(item, progress, is_done=is_done, is_decided=item.task in decided)
            if progress.find(item.task):
                yield from _check_shelf(item, shelf_rows(book))
        yield from _check_numbers(expected, grids, site.agency.code)
        store = _Documents(world, site.spreadsheet_id)
        if not is_timer_to_come:
            for name in store.wishes:
                yield Violation(UNFINISHED, f"the timer left the wish {name}")
            store.wishes.clear()
        done = {number for line in grids["done"].used for number in line.numbers}
        yield from _check_store(store, progress, {item_number_of_row(one) for one in done})
        yield from _check_cards(tracker, store, progress)


# --- Rows ----------------------------------------------------------------------------------------


def _check_rows(
    expected: ExpectedState, grids: Mapping[str, Grid], record: Record | None
) -> Iterator[Violation]:
    """Each item that was not deleted is in exactly one place, and there are no other rows."""
    backlog, progress = grids["backlog"], grids["in_progress"]
    for item in expected.items.values():
        waiting, started = backlog.find(item.task), progress.find(item.task)
        done = grids["done"].find(item.task)
        profiles = [progress.text(line, "profile") for line in started]
        where = f"{item.task}: {len(waiting)} in the backlog, {profiles} in progress, {len(done)} done"
        if item.is_deleted:
            if waiting or started or done:
                yield Violation(DOUBLED, f"deleted by a person, but still there: {where}")
        elif not waiting and not started and not done:
            yield Violation(LOST, where)
        elif len(waiting) + bool(started) + len(done) > 1 or len(set(profiles)) < len(profiles):
            yield Violation(DOUBLED, where)
        if done and record is None:
            yield Violation(DECIDED, f"nobody has accepted it: {where}")
    orders = record.orders if record is not None else {}
    for grid in grids.values():
        main = MAIN_COLUMNS[grid.tab]
        for line in grid.used:
            text = grid.text(line, main)
            if text not in expected.items and text not in orders:
                found = {key: grid.text(line, key) for key in grid.columns if grid.text(line, key)}
                yield Violation(WRONG, f"row {line.index + 1} of {grid.tab} has no expected item: {found}")


def _check_backlog_row(item: ExpectedItem, grid: Grid, line: Line) -> Iterator[Violation]:
    """A row of the backlog holds what people typed, and the add-on's own cells are right."""
    place = f"{item.task}, row {line.index + 1} of the backlog"
    for key, value in item.typed.items():
        if item.is_ambiguous and key.startswith(HOURS):
            continue
        found = grid.value(line, key)
        if not _is_same(found, value, line):
            yield Violation(
                OVERWRITTEN, f"{place}, {key}: {_shown(value)} was typed, {_shown(found)} is there"
            )
    for key, text in item.notes.items():
        if grid.note(line, key) != text:
            yield Violation(OVERWRITTEN, f"{place}, note at {key}: «{text}» is «{grid.note(line, key)}»")
    for profile in () if item.has_unclear_figures else PROFILES:
        found = grid.value(line, HOURS + profile)
        if item.typed_hours(profile) is None and number_in(found) != item.hours_now(profile):
            norm = item.hours_now(profile)
            yield Violation(WRONG, f"{place}, hours of {profile}: {_shown(found)} and not {norm}")
    total = grid.value(line, "hours_total")
    if total is None or not _sums_own_hours(str(total.get("formulaValue", "")), grid, line):
        yield Violation(WRONG, f"{place}: the total is {_shown(total)}")


def _sums_own_hours(formula: str, grid: Grid, line: Line) -> bool:
    """Whether a formula refers to all hours of its own row and to nothing else."""
    wanted = {grid.address(line, key) for key in grid.columns if key.startswith(HOURS)}
    return {letters + row for letters, row in _LETTERS_AND_ROW.findall(formula)} == wanted


def _is_same(found: Value, typed: Value, line: Line) -> bool:
    """Whether a cell holds what was typed. In a formula the row number may differ: it follows its row."""
    if found == typed or not found or not typed:
        return bool(found) == bool(typed)
    now, then = str(found.get("formulaValue", "")), str(typed.get("formulaValue", ""))
    rows = {int(row) for _, row in _LETTERS_AND_ROW.findall(now)}
    return bool(now and then) and rows == {line.index + 1}


def _check_progress_rows(
    item: ExpectedItem, grid: Grid, *, is_done: bool, is_decided: bool
) -> Iterator[Violation]:
    """Rows in progress: hours as typed or by the norm, and what people typed beside them.

    The client's cells have what he decided, if that *is_decided* in another way.
    """
    for line in () if item.has_unclear_figures else grid.find(item.task):
        title = grid.text(line, "profile")
        place = f"{item.task}, row {line.index + 1} in progress"
        profile = next((key for key, shown in PROFILE_TITLES.items() if shown == title), "")
        hours, typed = number_in(grid.value(line, "hours")), item.typed_hours(profile)
        if typed is not None and number_in(typed) != hours:
            yield Violation(OVERWRITTEN, f"{place}: {_shown(typed)} h was typed, planned are {hours}")
        elif typed is None and hours not in item.possible_hours(profile) - {None}:
            yield Violation(WRONG, f"{place}: {hours} h of {profile} come from nowhere")
    started = {grid.text(line, "profile") for line in grid.find(item.task)}
    missing = [
        profile
        for profile in PROFILES
        if number_in(item.typed_hours(profile)) and PROFILE_TITLES[profile] not in started
    ]
    if started and missing and not item.has_unclear_figures:
        yield Violation(OVERWRITTEN, f"{item.task} was started without the typed hours of {missing}")
    if item.remarks and not started and not is_done:
        yield Violation(OVERWRITTEN, f"{item.task} is not in progress, with the remarks {item.remarks}")
    for (profile, key), value in () if is_decided else item.remarks.items():
        for line in grid.find(item.task, profile=PROFILE_TITLES[profile]):
            if grid.value(line, key) != value:
                found = _shown(grid.value(line, key))
                yield Violation(OVERWRITTEN, f"{item.task}, {profile}, {key}: {_shown(value)} is {found}")


def _check_shelf(item: ExpectedItem, rows: list[list[Mapping[str, Any]]]) -> Iterator[Violation]:
    """The row that left the backlog is kept on the shelf with everything that people typed into it.

    The shelf keeps the order that the columns had then, so only the set of values can be compared.
    """
    found = [row for row in rows if item.task in [text_in(cell) for cell in row]]
    if len(found) != 1:
        yield Violation(DOUBLED if found else LOST, f"{item.task} is on the shelf {len(found)} times")
        return
    values = [value_in(cell) for cell in found[0]]
    notes = [cell.get("note", "") for cell in found[0]]
    for key, value in item.typed.items():
        is_unclear = item.is_ambiguous and key.startswith(HOURS)
        if value not in values and not is_unclear and not (value or {}).get("formulaValue"):
            yield Violation(OVERWRITTEN, f"{item.task}, {key}: {_shown(value)} is not on the shelf")
    for key, text in item.notes.items():
        if text not in notes:
            yield Violation(OVERWRITTEN, f"{item.task}, note at {key}: «{text}» is not on the shelf")


def _check_numbers(expected: ExpectedState, grids: Mapping[str, Grid], code: str) -> Iterator[Violation]:
    """Item numbers are unique, equal in mark and ID cell, and never change."""
    owners: dict[int, set[str]] = defaultdict(set)
    for grid in grids.values():
        for line in grid.used:
            task = grid.text(line, MAIN_COLUMNS[grid.tab])
            place = f"{task}, row {line.index + 1} of {grid.tab}"
            if len(line.numbers) != 1:
                yield Violation(WRONG, f"{place} has the marks {line.numbers}")
                continue
            number = item_number_of_row(line.numbers[0])
            owners[number].add(task)
            if grid.text(line, "id") != f"{code}-{number}":
                yield Violation(WRONG, f"{place}: the mark says {number}, the cell «{grid.text(line, 'id')}»")
            item = expected.items.get(task)
            known = item.number if item is not None and not item.is_ambiguous else None
            if known not in (None, number):
                yield Violation(WRONG, f"{place} had the number {known} and has {number}")
    for number, tasks in owners.items():
        if len(tasks) > 1:
            yield Violation(DOUBLED, f"number {number} belongs to {sorted(tasks)}")


# --- Store and tracker ---------------------------------------------------------------------------


class _Documents:
    """The store's documents of one workbook, and what its outbox holds."""

    def __init__(self, world: ChaosWorld, spreadsheet_id: str) -> None:
        store = world.documents_store
        self.items: dict[int, Item] = {
            item.number: item for item in stored_items(store, spreadsheet_id=spreadsheet_id)
        }
        self.project = load_project(store, spreadsheet_id)
        self.touched = touched_cards(store)
        self.operations: dict[str, Json] = {one.key: one.data for one in store.find(OPERATION)}
        #: Operations that somebody waits for.
        self.open: list[str] = [key for wish in store.find(WISH) for key in wish.data["open"].values()]
        #: Bodies of the tasks that the outbox holds, by name.
        self.wishes: dict[str, Json] = {one.key: one.data["body"] for one in store.find(OUTBOX)}

    def is_wished(self, *kinds: str) -> bool:
        """Whether the outbox holds a task of one of these kinds."""
        return any(body["kind"] in kinds for body in self.wishes.values())


def _check_store(store: _Documents, progress: Grid, done: Collection[int]) -> Iterator[Violation]:
    """Store and sheet agree on reserved hours, and nothing is left unfinished.

    *done* are numbers of items in *Готово*.
    """
    for number, item in store.items.items():
        if item.is_reserved:
            yield Violation(STORE, f"item {number} is still reserved")
        if (item.is_card_wanted or item.card_lost_at) and not store.is_wished("push"):
            yield Violation(UNFINISHED, f"item {number} waits for a card that nobody will make")
    yield from _check_promises(store, progress, done)
    yield from _check_load(store)
    if store.touched and not store.is_wished("sync"):
        yield Violation(UNFINISHED, f"cards that were touched and not read: {store.touched}")
    wished = {body.get("id") for body in store.wishes.values()}
    for key, operation in store.operations.items():
        is_ended = operation["state"] not in (QUEUED, RUNNING)
        # If a process dies during a quick action, its document stays and the person clicks again.
        if not is_ended and operation["action"] not in QUICK_ACTIONS and key not in wished:
            yield Violation(UNFINISHED, f"{operation['action']} is {operation['state']}")
        if is_ended and key in store.open:
            yield Violation(UNFINISHED, f"{operation['action']} has ended, and its wish says it is open")


def _check_promises(store: _Documents, progress: Grid, done: Collection[int]) -> Iterator[Violation]:
    """Each row in progress is an action in the store, and the other way round."""
    rows = {number: line for line in progress.used for number in line.numbers}
    promised = {
        action.row_number: (item.task, action.specialist, action.hours)
        for item in store.items.values()
        for action in (() if item.number in done else item.actions)
    }
    if promised.keys() != rows.keys():
        only_there, only_here = sorted(promised.keys() - rows.keys()), sorted(rows.keys() - promised.keys())
        yield Violation(STORE, f"promised without rows: {only_there}, rows without promises: {only_here}")
    for number in promised.keys() & rows.keys():
        line = rows[number]
        task, specialist = progress.text(line, "action"), progress.text(line, "specialist")
        shown = (task, specialist, number_in(progress.value(line, "hours")))
        if shown != promised[number]:
            yield Violation(STORE, f"row {number} shows {shown}, promised is {promised[number]}")


def _check_load(store: _Documents) -> Iterator[Violation]:
    load: Counter[tuple[str, date]] = Counter()
    for item in store.items.values():
        for action in () if item.is_done else item.actions:
            for day, hours in action.day_hours.items():
                load[action.specialist, day] += hours
    for (name, day), hours in load.items():
        if hours > HOURS_PER_DAY[name] + 0.001:
            yield Violation(OVERCOMMITTED, f"{name}, {day}: {hours} h")


def _check_cards(tracker: ChaosTracker, store: _Documents, progress: Grid) -> Iterator[Violation]:
    """Each pushed item has one complete card, and the sheet shows its state."""
    cards = list(tracker.cards(store.project.board_id))
    by_id = {card.card_id: card for card in cards}
    # A card whose creation was not answered may appear after everybody has looked.
    if not store.is_wished("push", "remove_orphans"):
        for key, count in Counter(card.external_id for card in cards).items():
            if count > 1:
                yield Violation(CARD_DOUBLED, f"{count} cards with {key}")
        known = {item.card_id for item in store.items.values() if item.card_id}
        for card_id in by_id.keys() - known:
            yield Violation(CARD_WRONG, f"no item has the card {by_id[card_id].title}")
    for item in store.items.values():
        if not item.card_id:
            continue
        card = by_id.get(item.card_id)
        if card is None:
            yield Violation(CARD_WRONG, f"{item.code} has the card {item.card_id}, which is not there")
            continue
        yield from _check_card(card, item, progress, is_push_to_come=store.is_wished("push"))


def _check_card(card: CardState, item: Item, progress: Grid, *, is_push_to_come: bool) -> Iterator[Violation]:
    counts = (card.list_count, len(set(card.steps)), len(card.steps), card.link_count)
    wanted = (1, len(item.actions), len(item.actions), 1)
    # A part whose creation was not answered may appear after everybody has looked.
    is_more = all(count >= least for count, least in zip(counts, wanted, strict=True))
    if counts != wanted and not (is_push_to_come and is_more):
        what = f"lists, texts, steps, links: {counts} and not {wanted}"
        yield Violation(CARD_DOUBLED if is_more else CARD_WRONG, f"{item.code}: {what}")
    own = [
        line for line in progress.used if line.numbers and item_number_of_row(line.numbers[0]) == item.number
    ]
    for line in own:
        status, link = progress.text(line, "status"), progress.text(line, "card")
        if status != card.stage:
            yield Violation(WRONG, f"{item.code} is «{status}» in the sheet, «{card.stage}» in the tracker")
        if card.address not in link:
            yield Violation(WRONG, f"{item.code} has the link {link}, its card is {card.card_id}")
    if not own:
        # The row of accepted work has the hours that were logged until then.
        return
    logged = sum(number_in(progress.value(line, "logged_hours")) or 0.0 for line in own)
    if abs(logged - card.minutes / 60) > 0.02 * len(item.actions):
        yield Violation(WRONG, f"{item.code}: {logged} h in the sheet, {card.minutes} minutes in the tracker")


def _shown(value: Value) -> str:
    return "nothing" if not value else str(next(iter(value.values())))
