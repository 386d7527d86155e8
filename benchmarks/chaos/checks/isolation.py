"""Nothing of one agency is in workbooks, boards, chats or documents of the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from benchmarks.chaos.agency import AGENCIES, ChaosAgency, other_agency
from benchmarks.chaos.check import CROSSED, Violation
from benchmarks.chaos.starting_points import StartingPoint
from benchmarks.chaos.visits.record import Record
from benchmarks.chaos.world import ChaosWorld
from vitrina.operations.google_quota import QUOTA_KEY
from vitrina.records.books import find_projects

#: What a manager is told in the workbook of another agency. Who has a role there may have to be read first,
#: and that may fail.
LET_NOBODY_IN = ("refused 403", "failed 503")


def check_isolation(world: ChaosWorld, start: StartingPoint, record: Record) -> Iterator[Violation]:
    """All violations of the border between the agencies."""
    for told in record.trespasses:
        if told not in LET_NOBODY_IN:
            yield Violation(CROSSED, f"a click in the workbook of the other agency: {told}")
    ids = {own.name: _ids_of(world, own) for own in AGENCIES}
    for own in AGENCIES:
        other = other_agency(own)
        strange = [*other.own_texts, *ids[other.name]]
        for spreadsheet_id in ids[own.name]:
            yield from _check_book(world, start, spreadsheet_id, strange)
    yield from _check_boards(world)
    yield from _check_documents(world, ids)
    yield from _check_chats(world, start)


def _ids_of(world: ChaosWorld, own: ChaosAgency) -> list[str]:
    agency_id = world.agency_id(own)
    return [agency_id, *(one.spreadsheet_id for one in find_projects(world.documents_store, agency_id))]


def _check_book(
    world: ChaosWorld, start: StartingPoint, spreadsheet_id: str, strange: list[str]
) -> Iterator[Violation]:
    book = world.google.book(spreadsheet_id)
    if book is start.saved.books.get(spreadsheet_id):
        # Nobody has written there.
        return
    texts = [
        text
        for sheet in book.sheets
        for row in sheet.rows
        for cell in row.cells
        if cell
        for text in _texts(cell)
    ]
    everything = "\n".join(texts)
    for word in strange:
        if word in everything:
            yield Violation(CROSSED, f"«{word}» of the other agency is in a workbook of this one")


def _texts(cell: Any) -> Iterator[str]:
    value = cell.get("userEnteredValue")
    if value:
        yield str(next(iter(value.values())))
    if "note" in cell:
        yield str(cell["note"])


def _check_boards(world: ChaosWorld) -> Iterator[Violation]:
    """No board has texts of both agencies. People and webhooks belong to the whole tracker."""
    for name, tracker in world.trackers.items():
        for text in tracker.boards().values():
            of = [own.name for own in AGENCIES if any(word in text for word in own.own_texts)]
            if len(of) > 1:
                title = text.partition("\n")[0]
                yield Violation(CROSSED, f"both agencies are on the board «{title}» in {name}")


def _check_documents(world: ChaosWorld, ids: dict[str, list[str]]) -> Iterator[Violation]:
    """No document names workbooks of both agencies, but that of Google's quota, which they share."""
    first, second = (ids[own.name] for own in AGENCIES)
    for one in world.documents():
        if (one.kind, one.key) == QUOTA_KEY:
            continue
        text = f"{one.key} {one.data}"
        if any(own in text for own in first) and any(own in text for own in second):
            yield Violation(
                CROSSED, f"the document {one.kind} {one.key} is about both agencies: {text[:300]}"
            )


def _check_chats(world: ChaosWorld, start: StartingPoint) -> Iterator[Violation]:
    with world.chat.lock:
        text = json.dumps(world.chat.state.chats, ensure_ascii=False)
    for word in start.beside.agency.own_texts:
        if word in text:
            yield Violation(CROSSED, f"«{word}» of the other agency is in a chat")
