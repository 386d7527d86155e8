"""What is kept for trackers.

Whose cards are whose, which ones webhooks spoke of, what adapters remember, and how the tracker of a project
was switched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from vitrina.ports import ABSENT, Delete, Document, Json, Key, Put, Store, Write
from vitrina.records.books import FIRST_TRACKER
from vitrina.records.packing import SCHEMA, Packed, known_fields, packed_writes, unpack_one

CARD = "card"
SYNC = "sync"
TRACKER_MEMORY = "tracker_memory"
SWITCH = "tracker_switch"


class CardOwner(Struct, frozen=True):
    """The item that a card was made for."""

    spreadsheet_id: str
    number: int


def card_key(tracker: str, card_id: str) -> Key:
    """Where the owner of a card, or of a step with an id of its own, is kept.

    Ids are unique in one tracker only. Those of the first one have no prefix, as in releases that knew no
    other.
    """
    return CARD, card_id if tracker == FIRST_TRACKER else f"{tracker}:{card_id}"


def put_card(tracker: str, card_id: str, owner: CardOwner) -> Put:
    """The write that keeps the owner of a card."""
    data = {"schema": SCHEMA, "spreadsheet_id": owner.spreadsheet_id, "number": owner.number}
    return Put(*card_key(tracker, card_id), data)


def delete_card(tracker: str, card_id: str) -> Delete:
    """The write that forgets a card."""
    return Delete(*card_key(tracker, card_id))


def card_owner_from_document(document: Document | None) -> CardOwner | None:
    """The owner of a card, ``None`` for a card that is not ours."""
    return CardOwner(document.data["spreadsheet_id"], document.data["number"]) if document else None


class SyncState(Struct, frozen=True):
    """Cards of a workbook that webhooks spoke of, and the task that will read them.

    ``touched`` are numbers of items by card id, and ``stamps`` what tells a later webhook of the same card
    from an earlier one. Webhooks that see the same ``generation`` share one task. ``is_queued`` says that
    its task waits.
    """

    spreadsheet_id: str
    generation: int = 0
    is_queued: bool = False
    touched: Mapping[str, int] = field(default_factory=dict)
    stamps: Mapping[str, str] = field(default_factory=dict)
    version: int = ABSENT

    def touch(self, numbers: Mapping[str, int], stamp: str) -> SyncState:
        """With cards that a webhook spoke of: numbers of their items by card id."""
        return replace(
            self,
            touched={**self.touched, **numbers},
            stamps={**self.stamps, **dict.fromkeys(numbers, stamp)},
        )

    def without(self, read: SyncState) -> SyncState:
        """Without the cards of *read*; one that was touched again since then stays."""
        left = {card_id for card_id, stamp in self.stamps.items() if read.stamps.get(card_id) != stamp}
        return replace(
            self,
            touched={card_id: number for card_id, number in self.touched.items() if card_id in left},
            stamps={card_id: stamp for card_id, stamp in self.stamps.items() if card_id in left},
        )


class SyncChange:
    """A change of a workbook's sync state, made anew on the newest one where that changed meanwhile."""

    def __init__(self, state: SyncState, do: Callable[[SyncState], SyncState]) -> None:
        self.keys: tuple[Key, ...] = (sync_key(state.spreadsheet_id),)
        #: As it was read or written last.
        self.state = state
        self._do = do

    def writes(self) -> list[Write]:
        """See ``operations.run.Update``."""
        after = self._do(self.state)
        return [] if after == self.state else [put_sync(after)]

    def reload(self, store: Store) -> None:
        """See ``operations.run.Update``."""
        [key] = self.keys
        self.state = sync_from_document(store.get_many([key]).get(key), self.state.spreadsheet_id)

    def committed(self, version: int) -> None:
        """See ``operations.run.Update``."""
        after = self._do(self.state)
        if after != self.state:
            self.state = replace(after, version=version)


def sync_key(spreadsheet_id: str) -> Key:
    """Where the state of a workbook's sync is kept."""
    return SYNC, spreadsheet_id


def sync_from_document(document: Document | None, spreadsheet_id: str) -> SyncState:
    """The state of a workbook's sync, empty before its first webhook."""
    if document is None:
        return SyncState(spreadsheet_id)
    data = document.data
    return SyncState(
        spreadsheet_id,
        data["generation"],
        bool(data.get("is_queued")),
        data.get("touched", {}),
        data.get("stamps", {}),
        document.version,
    )


def put_sync(state: SyncState) -> Put:
    """The write that keeps a state in place of what was read."""
    data = {
        "schema": SCHEMA,
        "generation": state.generation,
        "is_queued": state.is_queued,
        "touched": dict(state.touched),
        "stamps": dict(state.stamps),
        "has_touched": bool(state.touched),
    }
    return Put(SYNC, state.spreadsheet_id, data, state.version)


def find_touched(store: Store, *, limit: int | None = None) -> list[SyncState]:
    """States of the workbooks of which cards wait to be read, at most *limit* of them."""
    found = store.find(SYNC, where={"has_touched": True}, limit=limit)
    return [sync_from_document(document, document.key) for document in found]


# --- Memory of adapters ------------------------------------------------------------------------------


class StoredTrackerMemory:
    """``TrackerMemory`` of one connection in the store."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._connection = connection

    def load(self, name: str) -> str | None:
        """See ``TrackerMemory``."""
        key = self._key(name)
        document = self._store.get_many([key]).get(key)
        return None if document is None else str(document.data["text"])

    def save(self, name: str, text: str) -> None:
        """See ``TrackerMemory``."""
        self._store.commit([Put(*self._key(name), {"schema": SCHEMA, "text": text})])

    def _key(self, name: str) -> Key:
        return TRACKER_MEMORY, f"{self._connection}:{name}"


# --- Switches of a project's tracker -----------------------------------------------------------------


class SwitchPhase(StrEnum):
    """How far a switch is: cards are being made, the former ones closed; then it is done or being undone."""

    MAKING = "making"
    CLOSING = "closing"
    DONE = "done"
    UNDOING = "undoing"


class TrackerPlace(Struct, frozen=True):
    """Where the cards of a project are: the connection, the board, and its stages by status."""

    tracker: str
    board_id: str
    board_url: str
    stages: Mapping[str, str]


class FormerItem(Struct, frozen=True):
    """What an item had before the switch; see ``Item`` and ``ItemAction``.

    ``hours`` are its carried hours by row of the action and ``logged`` all of its hours; ``done_rows`` are
    those of actions that were done before a still earlier switch. ``onward_url`` is the link that its card
    got when it was closed, known while the switch is undone. ``agreements`` are the ids of its steps and what
    sheet and tracker agreed on, as ``project.card_fields`` gives them.
    """

    card_id: str = ""
    step_ids: tuple[str, ...] = ()
    card_tracker: str = ""
    switch_count: int = 0
    first_status: str = ""
    hours: Mapping[int, float] = field(default_factory=dict)
    logged: Mapping[int, float] = field(default_factory=dict)
    done_rows: tuple[int, ...] = ()
    onward_url: str = ""
    agreements: Json = field(default_factory=dict)


class TrackerSwitch(Struct, frozen=True):
    """The last switch of a project's tracker.

    ``before`` and ``after`` are the places of its cards. ``items`` are all items whose card is another one
    since then, by number, and ``is_first`` says that the project had only one tracker before.
    """

    spreadsheet_id: str
    phase: SwitchPhase
    before: TrackerPlace
    after: TrackerPlace
    items: Mapping[int, FormerItem]
    is_first: bool

    @property
    def is_open(self) -> bool:
        """Whether something of it is still to be done."""
        return self.phase is not SwitchPhase.DONE


def switch_key(spreadsheet_id: str) -> Key:
    """Where the last switch of a project's tracker is kept."""
    return SWITCH, spreadsheet_id


def load_switch(store: Store, spreadsheet_id: str) -> TrackerSwitch | None:
    """The last switch of a project's tracker, or ``None``."""
    key = switch_key(spreadsheet_id)
    data = unpack_one(store, *key, store.get_many([key]).get(key)).payload
    if data is None:
        return None
    items = {int(number): _former_item(one) for number, one in data["items"].items()}
    return TrackerSwitch(
        spreadsheet_id,
        SwitchPhase(data["phase"]),
        TrackerPlace(**known_fields(TrackerPlace, data["before"])),
        TrackerPlace(**known_fields(TrackerPlace, data["after"])),
        items,
        bool(data["is_first"]),
    )


def switch_writes(switch: TrackerSwitch) -> list[Write]:
    """Writes that keep a switch in place of the one before it. Its run holds the workbook's lease."""
    return packed_writes(Packed(*switch_key(switch.spreadsheet_id), None, None), to_builtins(switch))


def switch_deletion(spreadsheet_id: str) -> Delete:
    """The write that forgets the last switch of a project."""
    return Delete(*switch_key(spreadsheet_id))


def _former_item(data: Json) -> FormerItem:
    values = known_fields(FormerItem, data)
    values["step_ids"] = tuple(values.get("step_ids", ()))
    values["done_rows"] = tuple(values.get("done_rows", ()))
    for name in ("hours", "logged"):
        values[name] = {int(number): hours for number, hours in values.get(name, {}).items()}
    return FormerItem(**values)
