"""Agencies and projects, each by the id of its workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, to_builtins

from vitrina.domain.backlog import ActionStatus
from vitrina.errors import UnknownWorkbookError
from vitrina.ports import Document, Json, Key, Put, Store
from vitrina.records.packing import SCHEMA, Tracked, known_fields, unpack_one

BOOK = "book"
PROJECTS = "projects"

#: The tracker of documents that were written before a project could choose.
FIRST_TRACKER = "kaiten"


class Agency(Struct, frozen=True):
    """The agency and its internal workbook. ``profiles`` are titles by key, in the order of columns."""

    spreadsheet_id: str
    name: str
    locale: str
    profiles: Mapping[str, str]


class Project(Struct, frozen=True):
    """A client's project and its workbook."""

    spreadsheet_id: str
    agency_id: str
    client_name: str
    project_name: str
    code: str
    locale: str
    #: Empty where the tracker has no boards.
    board_id: str
    board_url: str
    #: Stage id of the board by status.
    stages: Mapping[str, str]
    #: The highest number ever given to an item.
    last_number: int = 0
    #: Name of the connection to its tracker.
    tracker: str = FIRST_TRACKER
    #: Name of the first connection that it had; empty if the tracker was never switched.
    first_tracker: str = ""
    #: The deal of the CRM from which it began; empty if a person made it.
    deal_id: str = ""

    def is_followed_in(self, card_tracker: str) -> bool:
        """Whether its present tracker has the cards of a connection; see ``Item.card_tracker``."""
        return (card_tracker or self.first_tracker or self.tracker) == self.tracker

    @property
    def statuses(self) -> Mapping[str, ActionStatus]:
        """Status by stage id."""
        return {stage: ActionStatus(status) for status, stage in self.stages.items()}

    @property
    def title(self) -> str:
        """How the staff know the workbook: the name of its file."""
        return f"{self.client_name} — {self.project_name}"


def board_title(project_title: str, code: str) -> str:
    """The title of a project's board in a tracker, by which a repeat finds it."""
    return f"{project_title} ({code})"


def book_key(spreadsheet_id: str) -> Key:
    """Where the agency or project of a workbook is kept."""
    return BOOK, spreadsheet_id


def is_known_book(store: Store, spreadsheet_id: str) -> bool:
    """Whether a spreadsheet is a workbook of this installation."""
    return bool(store.get_many([book_key(spreadsheet_id)]))


def book_kind(document: Document | None) -> str:
    """``agency`` or ``client``; raises ``UnknownWorkbookError`` for a spreadsheet that is not ours."""
    if document is None:
        raise UnknownWorkbookError("workbook.unknown")
    return str(document.data["kind"])


def agency_from_document(document: Document | None) -> Agency:
    """The agency of an internal workbook; raises ``UnknownWorkbookError``."""
    return Agency(**known_fields(Agency, _data(document, "agency")))


def project_from_document(document: Document | None) -> Project:
    """Return a client workbook's project; raises ``UnknownWorkbookError`` for any other workbook."""
    return _project(_data(document, "client"))


def put_agency(agency: Agency, *, version: int | None = None) -> Put:
    """The write that keeps an agency."""
    data = {"kind": "agency", "schema": SCHEMA, **to_builtins(agency)}
    return Put(BOOK, agency.spreadsheet_id, data, version)


def put_project(project: Project, *, version: int | None = None) -> Put:
    """The write that keeps a project."""
    data = {"kind": "client", "schema": SCHEMA, **to_builtins(project)}
    return Put(BOOK, project.spreadsheet_id, data, version)


def load_agency(store: Store, spreadsheet_id: str) -> Agency:
    """The agency of an internal workbook; raises ``UnknownWorkbookError``."""
    return agency_from_document(store.get_many([book_key(spreadsheet_id)]).get(book_key(spreadsheet_id)))


def load_project(store: Store, spreadsheet_id: str) -> Project:
    """The project of a client's workbook; raises ``UnknownWorkbookError``."""
    return project_from_document(store.get_many([book_key(spreadsheet_id)]).get(book_key(spreadsheet_id)))


# --- All projects of an agency -----------------------------------------------------------------------


def projects_key(agency_id: str) -> Key:
    """Where the list of an agency's projects is kept."""
    return PROJECTS, agency_id


def tracked_projects(store: Store, document: Document | None, agency_id: str) -> Tracked[tuple[Project, ...]]:
    """All projects of an agency in the order in which they were made; ``last_number`` is not kept there."""
    packed = unpack_one(store, PROJECTS, agency_id, document)
    return Tracked(packed, encode=lambda projects: [to_builtins(one) for one in projects], decode=_projects)


def find_projects(store: Store, agency_id: str) -> list[Project]:
    """All projects of an agency: one document."""
    key = projects_key(agency_id)
    return list(tracked_projects(store, store.get_many([key]).get(key), agency_id).value)


def _projects(payload: Any) -> tuple[Project, ...]:
    return tuple(_project(data) for data in payload or ())


def _project(data: Json) -> Project:
    return Project(**{**known_fields(Project, data), "board_id": board_id_from(data)})


def board_id_from(data: Json) -> str:
    """The id of a board. Documents of older releases keep the lane of its cards apart."""
    lane_id = data.get("lane_id")
    return f"{data['board_id']}/{lane_id}" if lane_id else str(data["board_id"])


def find_agencies(store: Store) -> list[Agency]:
    """All agencies of this installation."""
    return [agency_from_document(document) for document in store.find(BOOK, where={"kind": "agency"})]


def _data(document: Document | None, kind: str) -> Json:
    if book_kind(document) != kind or document is None:
        raise UnknownWorkbookError(f"workbook.not_{kind}")
    return document.data
