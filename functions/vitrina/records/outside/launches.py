"""What a new project still lacks: onboarding, the note in its deal, its chat. One document for each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.ports import ABSENT, Document, Key, Put, Store, Write
from vitrina.records.outside.change import DocumentChange

LAUNCH = "launch"


class LaunchPart(StrEnum):
    """What a project gets beside workbook and board, in the order in which it is told."""

    ONBOARDING = "onboarding"
    DEAL_NOTE = "deal_note"
    CHAT = "chat"


class Launch(Struct, frozen=True):
    """What a new project still lacks: by part the reason in the agency's language, empty if it just waits.

    ``deal_id`` and ``onboarding`` are the deal that it comes from and the kind of its onboarding, or empty.
    """

    spreadsheet_id: str
    agency_id: str
    deal_id: str = ""
    onboarding: str = ""
    locale: str = "ru"
    missing: Mapping[LaunchPart, str] = field(default_factory=dict)
    version: int = ABSENT

    def with_part(self, part: LaunchPart, missing: str | None) -> Launch:
        """With a part that is there now (``None``), or with another reason why it is not."""
        others = {key: one for key, one in self.missing.items() if key is not part}
        return replace(self, missing=others if missing is None else {**others, part: missing})

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {
            "agency_id": self.agency_id,
            "deal_id": self.deal_id,
            "onboarding": self.onboarding,
            "locale": self.locale,
            "missing": dict(self.missing),
            "is_open": bool(self.missing),
        }
        return Put(LAUNCH, self.spreadsheet_id, data, self.version)


def launch_key(spreadsheet_id: str) -> Key:
    """Where is kept what a project lacks."""
    return LAUNCH, spreadsheet_id


def load_launch(store: Store, spreadsheet_id: str) -> Launch | None:
    """What a project lacks; ``None`` if an older release made the project."""
    key = launch_key(spreadsheet_id)
    return launch_from_document(store.get_many([key]).get(key))


def find_open_launches(store: Store, agency_id: str) -> dict[str, Launch]:
    """Projects that lack something, by the id of their workbook."""
    found = store.find(LAUNCH, where={"agency_id": agency_id, "is_open": True})
    return {one.key: launch for one in found if (launch := launch_from_document(one)) is not None}


def part_change(store: Store, spreadsheet_id: str, part: LaunchPart, missing: str | None) -> DocumentChange:
    """Keep that a part is there now (``None``), or another reason why it is not.

    Nothing is written where nothing is kept of the project, or nothing differs.
    """

    def change(documents: list[Document | None]) -> list[Write]:
        launch = launch_from_document(documents[0])
        if launch is None:
            return []
        changed = launch.with_part(part, missing)
        return [] if changed == launch else [changed.put()]

    return DocumentChange(store, (launch_key(spreadsheet_id),), change)


def launch_from_document(document: Document | None) -> Launch | None:
    """What a project lacks, ``None`` where nothing is kept of it."""
    if document is None:
        return None
    data = document.data
    missing = {LaunchPart(part): why for part, why in data["missing"].items()}
    values = {key: data[key] for key in ("agency_id", "deal_id", "onboarding", "locale")}
    return Launch(document.key, **values, missing=missing, version=document.version)
