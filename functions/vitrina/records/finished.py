"""Finished items, packed: a document holds those of one project whose numbers lie in one range.

They can be looked up by number, taken back when their card is opened again, and read as facts for norms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from vitrina.domain.estimating.norms import FinishedWork
from vitrina.ports import Document, Json, Key, Store, Write
from vitrina.records.packing import Packed, deleting_writes, packed_writes, unpack
from vitrina.records.work import Item, ProjectWork, item_data, item_from_data

FINISHED = "finished"

#: Numbers in one document: some 200 KB of text, some 30 KB packed.
NUMBERS_EACH = 200


def finished_key(spreadsheet_id: str, number: int) -> Key:
    """Where the finished item of a number is kept."""
    return FINISHED, f"{spreadsheet_id}:{number // NUMBERS_EACH}"


def load_finished(
    store: Store, spreadsheet_id: str, agency_id: str, numbers: Iterable[int]
) -> dict[int, Item]:
    """Finished items of a project by number: one round trip, none where there are no *numbers*."""
    wanted = set(numbers)
    keys = {finished_key(spreadsheet_id, number) for number in wanted}
    found = unpack(store, list(store.get_many(keys).values())) if keys else []
    items = (item_from_data(data, spreadsheet_id, agency_id) for one in found for data in one.payload)
    return {item.number: item for item in items if item.number in wanted}


def pack(store: Store, work: ProjectWork, items: Iterable[Item]) -> tuple[ProjectWork, list[Write]]:
    """Move *items* from the work of a project into packed documents: one read, and writes to be committed.

    Gives the work without them.
    """
    moved = list(items)
    numbers = {item.number for item in moved}
    writes = _amended(store, work, add=moved, remove=set())
    finished = _ranges(_numbers(work.finished) | numbers)
    tasks = work.finished_tasks | {item.template_task for item in moved if item.template_task}
    return replace(work.without_items(numbers), finished=finished, finished_tasks=tasks), writes


def unpack_items(store: Store, work: ProjectWork, items: Iterable[Item]) -> tuple[ProjectWork, list[Write]]:
    """The other way: *items* that were read from packed documents go back into the work of the project."""
    back = list(items)
    writes = _amended(store, work, add=[], remove={item.number for item in back})
    return unpacked(work, back), writes


def unpacked(work: ProjectWork, items: Iterable[Item]) -> ProjectWork:
    """The work of a project with items that come back from packed documents."""
    back = list(items)
    if not back:
        return work
    finished = _ranges(_numbers(work.finished) - {item.number for item in back})
    tasks = work.finished_tasks - {item.template_task for item in back}
    return replace(work.with_items(back), finished=finished, finished_tasks=tasks)


def load_facts(store: Store, agency_id: str) -> Iterator[FinishedWork]:
    """What each finished action of an agency took, from its packed documents."""
    for item in load_packed_items(store, agency_id):
        yield from facts_of_item(item)


def load_packed_items(store: Store, agency_id: str) -> Iterator[Item]:
    """The packed items of an agency. One round trip."""
    for packed in unpack(store, store.find(FINISHED, where={"agency_id": agency_id})):
        for data in packed.payload:
            yield item_from_data(data, packed.key.rpartition(":")[0], agency_id)


def facts_of_item(item: Item) -> Iterator[FinishedWork]:
    """What each action of a finished item took: none where no hours were logged or the kind is not known."""
    if not item.is_done or not item.work_type or item.finished_on is None:
        return
    for action in item.actions:
        if action.logged_hours > 0:
            yield FinishedWork(
                item.work_type,
                action.profile,
                action.logged_hours,
                item.quantity,
                item.finished_on,
                size=item.size,
                specialist_hours=action.specialist_hours,
                typical_hours=action.typical_hours,
                planned_hours=action.hours,
                p85_hours=action.p85_hours,
            )


def _amended(store: Store, work: ProjectWork, *, add: list[Item], remove: set[int]) -> list[Write]:
    keys = {finished_key(work.spreadsheet_id, number) for number in [*remove, *(item.number for item in add)]}
    heads = store.get_many(keys) if keys else {}
    documents: list[Document] = list(heads.values())
    known: Mapping[Key, Packed] = {(one.kind, one.key): one for one in unpack(store, documents)}
    writes: list[Write] = []
    for key in sorted(keys):
        before = known.get(key) or Packed(*key, 0, [])
        own = {data["number"]: data for data in before.payload if data["number"] not in remove}
        own |= {
            item.number: item_data(item)
            for item in add
            if finished_key(work.spreadsheet_id, item.number) == key
        }
        fields: Json = {"spreadsheet_id": work.spreadsheet_id, "agency_id": work.agency_id}
        rows = [own[number] for number in sorted(own)]
        writes += packed_writes(before, rows, **fields) if rows else deleting_writes(before)
    return writes


def _numbers(ranges: Iterable[tuple[int, int]]) -> set[int]:
    return {number for first, last in ranges for number in range(first, last + 1)}


def _ranges(numbers: set[int]) -> tuple[tuple[int, int], ...]:
    """The numbers as few ranges as possible, in order."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)
