"""What clients decided about finished work: one document for each decision, made once and kept.

The key of a decision is the item and the count of decisions about it so far, so that of two people who
answer at the same moment, in whatever way, only one makes it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from vitrina.ports import ABSENT, Document, Key, Put, Store
from vitrina.records.packing import known_fields

DECISION = "decision"


class DecisionKind(StrEnum):
    """What a client decides about work that is shown to him."""

    ACCEPTED = "accepted"
    RETURNED = "returned"


class Channel(StrEnum):
    """How a decision came."""

    PAGE = "page"
    CHAT = "chat"
    SHEET = "sheet"
    #: Said to a member of staff, who noted it.
    STAFF = "staff"


class DecisionState(StrEnum):
    """What has become of a decision."""

    #: It can be taken back by the client until ``settles_at``.
    MADE = "made"
    #: It is being carried out.
    SETTLING = "settling"
    #: It is carried out in workbook and tracker. Staff can take it back until accounting has it.
    SETTLED = "settled"
    TAKEN_BACK = "taken_back"


class Decision(Struct, frozen=True):
    """A decision about one item.

    Parameters
    ----------
    ordinal
        Count of the decisions about the item, with this one.
    round
        How often the item was shown to the client until then.
    shown
        Fingerprint of what was shown: ``ShownItem.fingerprint``.
    hours
        Planned hours of the item when it was shown.
    text
        The client's remark; empty for work that is accepted without one.
    who
        Identity as far as it is known: an e-mail of staff, what stands for a person of the chat, or empty.
    note
        How staff was told, for the channel ``STAFF``.
    origin
        Where a request of the page came from, shortened: prefix of the address and the browser.
    at, settles_at
        ISO text.
    request_id
        The request to accounting that contains it, empty for none.
    """

    spreadsheet_id: str
    agency_id: str
    number: int
    ordinal: int
    code: str
    title: str
    round: int
    shown: str
    kind: str
    channel: str
    at: str
    settles_at: str
    result_url: str = ""
    hours: float = 0.0
    text: str = ""
    who: str = ""
    note: str = ""
    origin: str = ""
    state: str = DecisionState.MADE.value
    request_id: str = ""
    version: int = ABSENT

    @property
    def key(self) -> Key:
        """Where it is kept."""
        return decision_key(self.spreadsheet_id, self.number, self.ordinal)

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done with it."""
        if self.state in (DecisionState.MADE, DecisionState.SETTLING):
            return True
        return self.is_accepted and not self.request_id

    @property
    def is_accepted(self) -> bool:
        """Whether the work was accepted, and this holds."""
        return self.kind == DecisionKind.ACCEPTED and self.state == DecisionState.SETTLED

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {name: one for name, one in to_builtins(self).items() if name != "version"}
        return Put(*self.key, {**data, "is_open": self.is_open}, self.version)

    def is_due(self, now: datetime) -> bool:
        """Whether the client cannot take it back any more, and it is not carried out yet."""
        if self.state == DecisionState.SETTLING:
            return True
        return self.state == DecisionState.MADE and datetime.fromisoformat(self.settles_at) <= now

    def with_state(self, state: DecisionState) -> Decision:
        """The decision in another state."""
        return replace(self, state=state.value)


def decision_key(spreadsheet_id: str, number: int, ordinal: int) -> Key:
    """Where a decision is kept."""
    return DECISION, f"{spreadsheet_id}:{number}:{ordinal}"


def decision_from_document(document: Document) -> Decision:
    """A kept decision."""
    return Decision(**{**known_fields(Decision, document.data), "version": document.version})


def find_open_decisions(store: Store, spreadsheet_id: str) -> list[Decision]:
    """Decisions of a project with which something is still to be done, the oldest first.

    They are to be carried out, or are about accepted work that no request to accounting contains.
    """
    found = store.find(DECISION, where={"spreadsheet_id": spreadsheet_id, "is_open": True})
    return sorted(map(decision_from_document, found), key=lambda one: (one.at, one.number, one.ordinal))


def load_decisions(store: Store, spreadsheet_id: str, number: int, count: int) -> list[Decision]:
    """The first *count* decisions about an item: one round trip."""
    keys = [decision_key(spreadsheet_id, number, ordinal) for ordinal in range(1, count + 1)]
    found = store.get_many(keys) if keys else {}
    return [decision_from_document(found[key]) for key in keys if key in found]
