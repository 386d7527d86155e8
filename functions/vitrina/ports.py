"""Protocols of the outside systems that use cases need. Adapters implement them; ``bootstrap`` chooses."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

Json = dict[str, Any]


# --- The spreadsheet -----------------------------------------------------------------------------


class Workbooks(Protocol):
    """Spreadsheets of the agency. Every method is one request to Google unless it says otherwise.

    Reads are repeated when Google is busy. Writes are repeated only after Google refused them for quota
    (429), because then nothing was done. All methods that send a request raise ``ServiceError``.
    """

    def read(self, spreadsheet_id: str) -> Json:
        """Read the whole workbook: a Spreadsheet resource with values, notes and metadata."""

    def read_as_shown(self, spreadsheet_id: str) -> Json:
        """Read the same with what a person sees: texts of cells, drop-downs, and what is hidden."""

    def batch_update(self, spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        """Apply *requests* in order, all or none; return Google's reply.

        Raises
        ------
        ChangedMeanwhileError
            If Google refuses the batch because a row is not where it was read.
        """

    def create(self, title: str, *, tag: str) -> str:
        """Create an empty spreadsheet in the agency's folder and return its id.

        *tag* is stored with the file, so that ``find_by_tag`` finds a file of an earlier attempt.
        """

    def find_by_tag(self, tag: str) -> str | None:
        """Id of the spreadsheet created with *tag*, or ``None``."""

    def share_by_link(self, spreadsheet_id: str) -> None:
        """Allow anyone who has the link to read the file."""

    def url(self, spreadsheet_id: str) -> str:
        """Address to open the spreadsheet with. No request."""


# --- The task tracker ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Stage:
    """A column of the tracker's board."""

    stage_id: str
    title: str


@dataclass(frozen=True)
class Board:
    """A board of one client's project, with the lane for its cards."""

    board_id: str
    lane_id: str
    stages: tuple[Stage, ...]
    url: str


@dataclass(frozen=True)
class ChecklistItem:
    """One action of a card: a line of its checklist that a specialist ticks."""

    text: str
    is_checked: bool = False
    assignee_id: str | None = None
    due_on: date | None = None


@dataclass(frozen=True)
class NewCard:
    """A card to create. ``external_id`` is our own key, by which a repeated push finds the card."""

    external_id: str
    board_id: str
    stage_id: str
    lane_id: str
    title: str
    description: str
    due_on: date | None
    estimate_hours: float
    assignee_id: str | None
    checklist: tuple[ChecklistItem, ...]
    link_url: str
    link_title: str


@dataclass(frozen=True)
class Card:
    """The current state of a card in the tracker."""

    card_id: str
    external_id: str | None
    board_id: str
    title: str
    stage_id: str
    url: str
    due_on: date | None
    assignee_id: str | None
    is_archived: bool
    checklist: tuple[ChecklistItem, ...]
    #: Logged hours by user id of the tracker.
    logged_hours: Mapping[str, float] = field(default_factory=dict)
    comment_count: int = 0


class TaskTracker(Protocol):
    """A task tracker. Every method that sends a request raises ``ServiceError``.

    The adapter repeats calls that read when the tracker is busy. A call that creates something is
    repeated only when the tracker says that it did nothing (429). The tracker may still carry out a
    call after the adapter stopped waiting for it. So call ``find_twins`` after each ``create_card``,
    and again some minutes later if its answer was lost.
    """

    #: Name of the tracker as a person knows it.
    name: str

    def create_board(self, title: str, stages: Sequence[str]) -> Board:
        """Create a board with the given columns. The last one means *done*."""

    def find_board(self, title: str) -> Board | None:
        """Board with exactly this title in the agency's space, or ``None``."""

    def connect_webhook(self, url: str) -> None:
        """Make the tracker send changes to *url*. Does nothing if the webhook exists already."""

    def find_cards(self, board_id: str) -> Mapping[str, tuple[str, ...]]:
        """All cards of a board, live and archived.

        Returns
        -------
        Mapping[str, tuple[str, ...]]
            Card ids by external id, oldest first. Cards without an external id are left out. A card whose
            creation is still running is not included.
        """

    def find_twins(self, board_id: str, external_id: str) -> tuple[str, ...]:
        """Ids of all live cards with this external id on the board: normally one.

        One request, however many cards the board has.

        Returns
        -------
        tuple[str, ...]
            Card ids, oldest first. Archived cards are left out. A card whose creation is still running is
            not included.
        """

    def create_card(self, card: NewCard) -> str:
        """Create the card without checklist and link, and return its id.

        A tracker does not keep external ids unique: two calls with the same card create two cards.
        """

    def complete_card(self, card_id: str, card: NewCard) -> None:
        """Add missing lines of the checklist and a missing link, and remove duplicate ones.

        May be repeated. Two concurrent calls may create duplicates, which the next call removes. Lines that
        a person has ticked stay.
        """

    def get_card(self, card_id: str) -> Card | None:
        """Current state with checklist and hours, or ``None`` if the card is gone."""

    def remove_card(self, card_id: str) -> None:
        """Delete a card. Does nothing if it is already gone."""

    def card_url(self, board_id: str, card_id: str) -> str:
        """Address to open a card with. No request."""

    def card_id_of_event(self, body: Json) -> str | None:
        """Id of the card that a webhook is about, or ``None`` if it is about something else.

        Sends no request. *body* may be any JSON object, because webhooks are not signed.
        """

    def is_own_event(self, body: Json) -> bool:
        """Whether a webhook reports a change that Vitrina made itself. Sends no request.

        ``False`` if the adapter does not know its own user yet: an unneeded read of a card costs little.
        """


# --- The store -----------------------------------------------------------------------------------

#: Kind and key of a document.
Key = tuple[str, str]

#: The version of a document that does not exist.
ABSENT = 0

#: Most bytes of a document: its JSON and its key in UTF-8. Firestore takes 1,048,576 with names and fields.
MOST_BYTES = 1_000_000

#: Top-level fields by whose value documents are found, and those by whose order they are found.
FOUND_BY = ("agency_id", "spreadsheet_id", "kind", "is_open", "has_cards", "has_unfinished", "has_touched")
FOUND_BEFORE = ("at", "due_at", "shown_at")


@dataclass(frozen=True)
class Document:
    """A document of the store.

    ``version`` is the token of the last commit that wrote it, so versions never repeat.
    """

    kind: str
    key: str
    version: int
    data: Json


@dataclass(frozen=True)
class Put:
    """Write a document, if its current version is ``version``.

    With ``ABSENT`` the document must not exist; with ``None`` it is written in any case.
    """

    kind: str
    key: str
    data: Json
    version: int | None = None


@dataclass(frozen=True)
class Delete:
    """Delete a document, if its current version is ``version``; with ``None`` in any case."""

    kind: str
    key: str
    version: int | None = None


Write = Put | Delete


class Store(Protocol):
    """Documents by kind and key. A document is a JSON object of at most 1 MiB.

    Each method is one round trip with a time limit that the adapter sets, and raises
    ``RetriableServiceError`` if the store does not answer in time. ``store/README.md`` lists the kinds.
    """

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Document]:
        """Existing documents by kind and key; keys without a document are left out."""

    def find(
        self,
        kind: str,
        /,
        *,
        where: Mapping[str, str | bool] | None = None,
        before: tuple[str, str] | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        """Documents of a kind in the order of their keys.

        Parameters
        ----------
        where
            Values of fields of ``FOUND_BY`` that a document must have.
        before
            A field of ``FOUND_BEFORE``, and a text: the field must be a text that is less. The documents are
            in the order of this field then. Not together with *where*.
        limit
            Most documents to return.

        Raises
        ------
        ValueError
            If no index of the store answers this query.
        """

    def page(self, after: Key | None, limit: int) -> list[Document]:
        """The first documents of all kinds, by kind and key, that come after a key; ``None`` for the first.

        For copies of a whole store; no click reads it.
        """

    def commit(self, writes: Sequence[Write], *, token: int | None = None) -> None:
        """Carry out all writes or none. Each document is written at most once in a commit.

        Parameters
        ----------
        token
            The version that written documents get, from ``new_token``. After a lost answer the commit may
            be repeated with the same token: it succeeds without writing again.

        Raises
        ------
        StoreConflictError
            If a document is not in the version that its write names; nothing was written.
        ValueError
            If a document is larger than ``MOST_BYTES``, cannot be encoded in UTF-8, or is written twice.
        """


def new_token() -> int:
    """A new token for a commit: a random positive integer."""
    return secrets.randbits(60) + 1


# --- The rest ------------------------------------------------------------------------------------


class Queue(Protocol):
    """Queue of tasks for the ``task`` entry point. Each task is delivered at least once."""

    def add(self, name: str, body: Json, *, delay_s: float = 0.0) -> None:
        """Queue a task, to be delivered after *delay_s* seconds. Raises ``RetriableServiceError``.

        A second task with the same *name* is not queued.
        """


class Clock(Protocol):
    """The current time. Tests use a clock of their own."""

    def now(self) -> datetime:
        """The current moment, timezone-aware, in UTC."""


class Identity(Protocol):
    """Finds out who sent a request."""

    def staff_email(self, token: str) -> str:
        """E-mail of the person who owns an ID token; raises ``AuthenticationError`` or ``NotStaffError``."""

    def check_task_caller(self, token: str) -> None:
        """Raise ``AuthenticationError`` unless the token belongs to our own service account."""

    def check_schedule_caller(self, token: str) -> None:
        """The same for the timer, whose tokens have another audience."""
