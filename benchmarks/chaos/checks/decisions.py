"""Each decision of a client is made once, was tried by somebody, and is carried out everywhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from benchmarks.chaos.check import DECIDED, Violation
from benchmarks.chaos.expected import ExpectedState, number_in
from benchmarks.chaos.grid import Grid
from benchmarks.chaos.site import Site
from benchmarks.chaos.visits.record import HOLDS, MADE, UNDO, Record
from benchmarks.chaos.world import ChaosWorld
from tests.harness.stored import stored_items
from vitrina.records.books import load_project
from vitrina.records.outside.decisions import (
    DECISION,
    Channel,
    Decision,
    DecisionKind,
    DecisionState,
    decision_from_document,
)

#: Channels by which the visits of a run decide. By others, cells and staff, edits and the starting point do.
_VISITED = (Channel.PAGE, Channel.CHAT)
#: The last stage of boards.
DONE_STAGE = "Выполнено"


def check_decisions(
    world: ChaosWorld, site: Site, record: Record, expected: ExpectedState
) -> Iterator[Violation]:
    """All violations about decisions of a project."""
    by_item: dict[int, list[Decision]] = defaultdict(list)
    for document in world.documents_store.find(DECISION):
        one = decision_from_document(document)
        if one.spreadsheet_id == site.spreadsheet_id:
            by_item[one.number].append(one)
    for number, decisions in by_item.items():
        decisions.sort(key=lambda one: one.ordinal)
        yield from _check_once(number, decisions)
    everything = [one for decisions in by_item.values() for one in decisions]
    yield from _check_attempts(everything, record)
    yield from _check_typed(everything, expected)
    yield from _check_carried_out(world, site, by_item, record)


def _check_once(number: int, decisions: Sequence[Decision]) -> Iterator[Violation]:
    """The decisions about an item are counted without a gap, and of what was shown once one holds."""
    ordinals = [one.ordinal for one in decisions]
    if ordinals != list(range(1, len(decisions) + 1)):
        yield Violation(DECIDED, f"decisions about item {number} have the ordinals {ordinals}")
    holding = Counter(one.shown for one in decisions if one.state != DecisionState.TAKEN_BACK)
    for shown, count in holding.items():
        if count > 1:
            told = [(one.kind, one.channel, one.state) for one in decisions if one.shown == shown]
            yield Violation(DECIDED, f"what was shown of item {number} was decided {count} times: {told}")


def _check_attempts(decisions: Sequence[Decision], record: Record) -> Iterator[Violation]:
    """Nothing was decided that nobody tried, and what a client was told is so."""
    tried = Counter((one.number, one.kind, one.channel, one.text) for one in record.attempts)
    told = Counter(
        (one.number, one.kind, one.channel, one.text) for one in record.attempts if one.told == MADE
    )
    made = Counter(
        (one.number, one.kind, one.channel, one.text) for one in decisions if one.channel in _VISITED
    )
    for key, count in made.items():
        # A double press is two updates; the second one decides only if the first was taken back between.
        most = tried[key] * (2 if key[2] == Channel.CHAT else 1)
        if count > most:
            yield Violation(DECIDED, f"{key} was tried {tried[key]} times and decided {count} times")
    undone = Counter(one.number for one in decisions if one.state == DecisionState.TAKEN_BACK)
    for key, count in told.items():
        number, kind, *_ = key
        found = undone[number] if kind == UNDO else made[key]
        if found < count:
            yield Violation(DECIDED, f"told {count} times that {key} was made, found {found} times")
    for number, count in undone.items():
        if not any(one.kind == UNDO and one.number == number for one in record.attempts):
            yield Violation(DECIDED, f"{count} decisions about item {number} were taken back by nobody")
    for one in record.attempts:
        if one.told == HOLDS and not any(made.number == one.number for made in decisions):
            yield Violation(DECIDED, f"told that item {one.number} is decided, which it is not")


def _check_typed(decisions: Sequence[Decision], expected: ExpectedState) -> Iterator[Violation]:
    """A decision of the cells was typed there."""
    for one in decisions:
        item = expected.items.get(one.title)
        if one.channel == Channel.SHEET and (item is None or not item.remarks):
            yield Violation(DECIDED, f"item {one.number} was decided in cells where nobody typed")


def _check_carried_out(
    world: ChaosWorld, site: Site, by_item: dict[int, list[Decision]], record: Record
) -> Iterator[Violation]:
    """Sheet, store and tracker agree with the last decision that holds."""
    book = world.google.book(site.spreadsheet_id)
    done = Grid(book, "done", site.titles["done"])
    rows = {done.text(line, "id"): line for line in done.used}
    items = {
        one.number: one for one in stored_items(world.documents_store, spreadsheet_id=site.spreadsheet_id)
    }
    board_id = load_project(world.documents_store, site.spreadsheet_id).board_id
    cards = {one.card_id: one for one in world.trackers[site.agency.tracker].cards(board_id)}
    accepted: set[str] = set()
    for number, decisions in by_item.items():
        for one in decisions:
            if one.state in (DecisionState.MADE, DecisionState.SETTLING):
                yield Violation(DECIDED, f"{one.kind} of item {number} is {one.state} for ever")
        holding = [one for one in decisions if one.state == DecisionState.SETTLED]
        if not holding or holding[-1].kind != DecisionKind.ACCEPTED:
            continue
        last, item = holding[-1], items.get(number)
        accepted.add(last.code)
        line = rows.get(last.code)
        if line is None:
            yield Violation(DECIDED, f"item {number} is accepted, and not in the list of what is done")
            continue
        card = cards.get(item.card_id) if item is not None and last.title not in record.moved else None
        stage = DONE_STAGE if card is None else card.stage
        found = (number_in(done.value(line, "hours")), item is None or item.is_done, stage)
        if found != (last.hours, True, DONE_STAGE):
            yield Violation(DECIDED, f"item {number}: {last.hours} h accepted, hours, end and card: {found}")
    for code in rows.keys() - accepted:
        yield Violation(DECIDED, f"{code} is in the list of what is done, and nobody has accepted it")
