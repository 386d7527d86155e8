"""What a new project still lacks: onboarding, the note in its deal, its chat. One document for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from vitrina.ports import ABSENT, Document, Key, Put, Store, Write

LAUNCH = "launch"


class LaunchPart(StrEnum):
    """What a project gets beside workbook and board, in the order in which it is told."""

    ONBOARDING = "onboarding"
    DEAL_NOTE = "deal_note"
    CHAT = "chat"


@dataclass(frozen=True)
class Launch:
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
    """Where it is kept."""
    return LAUNCH, spreadsheet_id


def load_launch(store: Store, spreadsheet_id: str) -> Launch | None:
    """What a project lacks; ``None`` for one of an older release."""
    key = launch_key(spreadsheet_id)
    return launch_from_document(store.get_many([key]).get(key))


def find_open_launches(store: Store, agency_id: str) -> dict[str, Launch]:
    """Projects that lack something, by the id of their workbook."""
    found = store.find(LAUNCH, where={"agency_id": agency_id, "is_open": True})
    return {one.key: launch for one in found if (launch := launch_from_document(one)) is not None}


class LaunchChange:
    """Changes what is kept of a project; made anew where that changed meanwhile. See ``Update``."""

    def __init__(self, store: Store, spreadsheet_id: str, change: Callable[[Launch], Launch]) -> None:
        self.keys: tuple[Key, ...] = (launch_key(spreadsheet_id),)
        self._spreadsheet_id = spreadsheet_id
        self._change = change
        self.reload(store)

    def writes(self) -> list[Write]:
        """See ``Update``; none where nothing is kept of the project, or nothing differs."""
        if self._launch is None:
            return []
        changed = self._change(self._launch)
        return [] if changed == self._launch else [changed.put()]

    def reload(self, store: Store) -> None:
        """See ``Update``."""
        self._launch = load_launch(store, self._spreadsheet_id)

    def committed(self, version: int) -> None:
        """See ``Update``."""


def launch_from_document(document: Document | None) -> Launch | None:
    """What a project lacks, ``None`` where nothing is kept of it."""
    if document is None:
        return None
    data = document.data
    missing = {LaunchPart(part): why for part, why in data["missing"].items()}
    values = {key: data[key] for key in ("agency_id", "deal_id", "onboarding", "locale")}
    return Launch(document.key, **values, missing=missing, version=document.version)
