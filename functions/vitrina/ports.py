"""What the use cases need from the outside, as Protocols. Adapters implement them; ``bootstrap`` chooses."""

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

    Reads are repeated when Google is busy; writes are repeated only after 429, which says that
    nothing was done. All raise ``ServiceError``; ``batch_update`` raises ``ChangedMeanwhileError``
    when Google refuses a batch because a row is not where it was read.
    """

    def read(self, spreadsheet_id: str) -> Json:
        """The whole workbook: a Spreadsheet resource with values, notes and metadata."""

    def batch_update(self, spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        """Apply *requests* in order, all or none."""

    def create(self, title: str, *, tag: str) -> str:
        """Make an empty spreadsheet in the agency's folder and give its id.

        *tag* is kept with the file; ``find_by_tag`` finds the file that an earlier try made.
        """

    def find_by_tag(self, tag: str) -> str | None:
        """Id of the spreadsheet made with *tag*, or ``None``."""

    def share_by_link(self, spreadsheet_id: str) -> None:
        """Let anyone who has the link read the file."""

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
    """A board of one client's project."""

    board_id: str
    lane_id: str
    stages: tuple[Stage, ...]
    url: str


@dataclass(frozen=True)
class ChecklistItem:
    """One action of a card, as a line that a specialist ticks off."""

    text: str
    is_checked: bool = False
    assignee_id: str | None = None
    due_on: date | None = None


@dataclass(frozen=True)
class NewCard:
    """A card to be made. ``external_id`` is our own key, by which a repeat finds the card."""

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
    """The current state of a card, as the tracker tells it."""

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
    #: Hours logged, by tracker user id.
    logged_hours: Mapping[str, float] = field(default_factory=dict)
    comment_count: int = 0


class TaskTracker(Protocol):
    """A task tracker. Every method that sends a request raises ``ServiceError``.

    Calls that read are repeated by the adapter when the tracker is busy. A call that makes
    something is repeated only when the tracker says that it did nothing (429). A call that the
    adapter gave up may still be carried out by the tracker later: look with ``find_twins`` after
    each ``create_card``, and again later where its answer was lost.
    """

    #: Name as a person knows it.
    name: str

    def create_board(self, title: str, stages: Sequence[str]) -> Board:
        """Make a board with the given columns, the last of which means *done*."""

    def find_board(self, title: str) -> Board | None:
        """The board with exactly this title in the agency's space, or ``None``."""

    def connect_webhook(self, url: str) -> None:
        """Have the tracker tell *url* about changes. Does nothing when it does so already."""

    def find_cards(self, board_id: str) -> Mapping[str, tuple[str, ...]]:
        """All cards of a board, live and archived.

        Returns
        -------
        Mapping[str, tuple[str, ...]]
            Card ids by external id, in the order of creation, oldest first. Cards without an external
            id are left out. A card whose creation is still in flight is not seen.
        """

    def find_twins(self, board_id: str, external_id: str) -> tuple[str, ...]:
        """Ids of all live cards with this external id on the board: normally one.

        One request, however many cards the board has.

        Returns
        -------
        tuple[str, ...]
            In the order of creation, oldest first. Archived cards are left out. A card whose creation
            is still in flight is not seen.
        """

    def create_card(self, card: NewCard) -> str:
        """Make the card itself, without checklist and link, and give its id.

        External ids are not unique in a tracker: the same card made twice is there twice.
        """

    def complete_card(self, card_id: str, card: NewCard) -> None:
        """Add what is missing of checklist and link. May be repeated."""

    def get_card(self, card_id: str) -> Card | None:
        """Current state with checklist and hours, or ``None`` when the card is gone."""

    def remove_card(self, card_id: str) -> None:
        """Delete a card. Does nothing when it is gone already."""

    def card_url(self, board_id: str, card_id: str) -> str:
        """Address to open a card with. No request."""

    def card_id_of_event(self, body: Json) -> str | None:
        """Id of the card that a webhook is about, or ``None`` where it is about something else.

        No request. *body* may be anything: webhooks are not signed.
        """

    def is_own_event(self, body: Json) -> bool:
        """Whether a webhook tells of what Vitrina did itself. No request.

        ``False`` where the adapter does not know its own user (yet): reading a card once too often
        costs little.
        """


# --- The store -----------------------------------------------------------------------------------

#: Kind and key of a document.
Key = tuple[str, str]

#: The version of a document that is not there.
ABSENT = 0

#: The most bytes of a document: its JSON and its key in UTF-8. Firestore takes no more.
MOST_BYTES = 1_048_576


@dataclass(frozen=True)
class Document:
    """A document of the store.

    ``version`` is the token of the commit that wrote it last, so that it never repeats.
    """

    kind: str
    key: str
    version: int
    data: Json


@dataclass(frozen=True)
class Put:
    """Write a document: in any case, only over ``version``, or with ``ABSENT`` only where there is none."""

    kind: str
    key: str
    data: Json
    version: int | None = None


@dataclass(frozen=True)
class Delete:
    """Remove a document: in any case (also where there is none), or only in this ``version``."""

    kind: str
    key: str
    version: int | None = None


Write = Put | Delete


class Store(Protocol):
    """Documents by kind and key. A document is a JSON object of at most 1 MiB.

    Each method is one round trip, has a time limit of the adapter's and raises ``RetriableServiceError``
    where the store does not answer within it. Kinds in use are listed in ``store/README.md``.
    """

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Document]:
        """The documents that are there, by kind and key."""

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
            Top-level fields and what they equal.
        before
            A top-level field and the text that it has to be less than.
        limit
            The most documents to return.
        """

    def commit(self, writes: Sequence[Write], *, token: int | None = None) -> None:
        """Carry out all writes or none. Each document is written at most once in a commit.

        Parameters
        ----------
        token
            The version that written documents get, from ``new_token``. A repeat with the same token,
            after an answer that was lost, succeeds without writing again.

        Raises
        ------
        StoreConflictError
            If a document is not in the version that its write names; nothing was written.
        ValueError
            If a document is larger than ``MOST_BYTES``, is no text in UTF-8, or is written twice.
        """


def new_token() -> int:
    """A token for a commit, different each time."""
    return secrets.randbits(60) + 1


# --- The rest ------------------------------------------------------------------------------------


class Queue(Protocol):
    """Work to be done soon by the ``task`` entry point, at least once."""

    def add(self, name: str, body: Json, *, delay_s: float = 0.0) -> None:
        """Queue *body*. A second task with the same *name* is not queued."""


class Clock(Protocol):
    """The time. Tests give their own."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class Identity(Protocol):
    """Says who sent a request."""

    def staff_email(self, token: str) -> str:
        """E-mail of the person of an ID token; raises ``AuthenticationError`` or ``NotStaffError``."""

    def check_task_caller(self, token: str) -> None:
        """Raises ``AuthenticationError`` unless the token is of our own service account."""

    def check_schedule_caller(self, token: str) -> None:
        """The same for the timer, whose tokens are made for another address."""
