"""Protocols of the outside systems that use cases need. Adapters implement them; ``bootstrap`` chooses."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from typing import Any, Protocol, TypedDict

import msgspec
from msgspec import Raw, Struct, field

Json = dict[str, Any]


# --- The spreadsheet -----------------------------------------------------------------------------


class GridData(TypedDict, total=False):
    """Cells and metadata of a sheet, from its first row on.

    Rows of cells are left as JSON, because most of them were read before (``workbook/reading/book.py``).
    """

    rowData: list[Raw]
    rowMetadata: list[Json]
    columnMetadata: list[Json]


class Sheet(TypedDict, total=False):
    """A Sheet resource of Google, with what is read of it."""

    properties: Json
    developerMetadata: list[Json]
    protectedRanges: list[Json]
    conditionalFormats: list[Json]
    data: list[GridData]


class Spreadsheet(TypedDict, total=False):
    """A Spreadsheet resource of Google, with what is read of it."""

    spreadsheetId: str
    properties: Json
    namedRanges: list[Json]
    developerMetadata: list[Json]
    sheets: list[Sheet]


def decoded(spreadsheet: Spreadsheet) -> Json:
    """The same resource with decoded rows of cells."""
    return {
        **spreadsheet,
        "sheets": [
            {**sheet, "data": [_decoded(data) for data in sheet.get("data", ())]}
            for sheet in spreadsheet.get("sheets", ())
        ],
    }


def _decoded(data: GridData) -> Json:
    return {**data, "rowData": [msgspec.json.decode(row) for row in data.get("rowData", ())]}


class Workbooks(Protocol):
    """Spreadsheets of the agency. Every method is one request to Google unless it says otherwise.

    Reads are repeated when Google is busy. Writes are repeated only after Google refused them for quota
    (429), because then nothing was done. All methods that send a request raise ``ServiceError``.
    """

    def read(self, spreadsheet_id: str) -> Spreadsheet:
        """Read the whole workbook with values, notes and metadata."""

    def read_as_shown(self, spreadsheet_id: str) -> Spreadsheet:
        """As ``read``, with what a person sees: texts of cells, drop-downs, and what is hidden."""

    def read_for_upgrade(self, spreadsheet_id: str) -> Spreadsheet:
        """As ``read``, with drop-downs, rules of colour and all marks of the workbook."""

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

    def is_open_to_edit(self, spreadsheet_id: str) -> bool:
        """Whether anyone who has the link may edit the file, so that nobody knows who did."""

    def url(self, spreadsheet_id: str) -> str:
        """Address to open the spreadsheet with. No request."""


# --- Files ---------------------------------------------------------------------------------------


class NewFile(Struct, frozen=True):
    """A file to keep. ``name`` and ``media_type`` are ours, not those that somebody sent."""

    name: str
    media_type: str
    content: bytes

    def __repr__(self) -> str:
        """Without the content, which may be long."""
        return f"NewFile({self.name!r}, {self.media_type!r})"


class Files(Protocol):
    """Folders and files beside the workbooks. All methods that send a request raise ``ServiceError``.

    Somebody waits for the answer of these calls: none is repeated here, and each ends after some seconds.
    Whatever is made has an id that was asked for before, so that the same call again makes nothing more.
    """

    def new_ids(self, count: int) -> list[str]:
        """Ids for folders and files that are made later."""

    def has_folder(self, folder_id: str) -> bool:
        """Whether a folder is there, and not in the bin."""

    def make_folder(self, folder_id: str, title: str, *, beside: str, tag: str) -> None:
        """Make a folder where the file *beside* is. *tag* is stored with it. Two requests."""

    def put_file(self, file_id: str, file: NewFile, *, folder_id: str, tag: str) -> None:
        """Make a file in a folder. *tag* is stored with it. Two requests."""

    def url(self, file_id: str) -> str:
        """Address to look at a file. No request."""


# --- Task trackers -------------------------------------------------------------------------------


class Capabilities(Struct, frozen=True):
    """What a tracker can do. Menu, sidebar and use cases offer nothing that it cannot."""

    #: Whether it holds boards and cards. Where it does not, everything is done in the sheet, and calls that
    #: make a board or a card raise ``UserError``.
    has_cards: bool = True
    #: Whether people log hours there. Otherwise they type them into *В работе*.
    tells_hours: bool = True
    #: Whether a step of a card has a person and a date of its own. Otherwise both stand in its text.
    has_dated_steps: bool = True
    #: Whether it reports changes by webhook.
    sends_events: bool = True
    #: Whether it reports changes of a step under the id of the step.
    steps_send_events: bool = False
    #: Whether the client may be invited to the board of his project; such a tracker is a ``GuestHost``.
    invites_guests: bool = False
    #: How many cards are read or made at the same time, so that its rate limit is used and not the time that
    #: one call takes. With more than one its methods are called by several threads.
    cards_at_a_time: int = 1


class ComparedInPart(Struct, frozen=True, eq=False):
    """A value that is compared by some of its fields: those that ``compared`` returns."""

    def compared(self) -> tuple[object, ...]:
        """The fields by which two values are equal."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.compared() == other.compared()

    # Otherwise the compiled operator of ``Struct`` would answer.
    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.compared())


class Stage(Struct, frozen=True):
    """A stage of the tracker's board: a column or a section."""

    stage_id: str
    title: str


class Board(ComparedInPart, frozen=True, eq=False):
    """A board of one client's project.

    Only the tracker that made it understands ``board_id``: it is stored and handed back as it is. Boards that
    differ in their remarks only are equal.
    """

    board_id: str
    stages: tuple[Stage, ...]
    url: str
    #: Codes of sentences about what the account cannot do, for the person who makes the board.
    remarks: tuple[str, ...] = ()

    def compared(self) -> tuple[object, ...]:
        """See ``ComparedInPart``."""
        return self.board_id, self.stages, self.url


class Step(ComparedInPart, frozen=True, eq=False):
    """One action of a card, which a specialist marks as done: a subtask or a line of a checklist.

    ``step_id`` tells it from the other steps wherever people move it; empty if the tracker has no such id, or
    for a step that is to be made. Steps that differ in it only are equal.
    """

    text: str
    is_done: bool = False
    assignee_id: str | None = None
    due_on: date | None = None
    step_id: str = ""

    def compared(self) -> tuple[object, ...]:
        """See ``ComparedInPart``."""
        return self.text, self.is_done, self.assignee_id, self.due_on


class Link(Struct, frozen=True):
    """A link on a card."""

    url: str
    title: str


class NewCard(Struct, frozen=True):
    """A card to create. All texts are plain: the adapter escapes them for the markup of its tracker."""

    #: Our own key, by which a repeated push finds the card.
    external_id: str
    board_id: str
    stage_id: str
    title: str
    #: Lines of the description: what a line is about, and its text.
    facts: tuple[tuple[str, str], ...]
    due_on: date | None
    estimate_hours: float
    assignee_id: str | None
    #: One step for each action, in the order of the work.
    steps: tuple[Step, ...]
    #: The first one leads back to the workbook.
    links: tuple[Link, ...]
    #: Titles of the profiles that work on it, in the order of the work, each once.
    profiles: tuple[str, ...] = ()


class Card(Struct, frozen=True):
    """The current state of a card in the tracker."""

    card_id: str
    external_id: str | None
    #: The board on which it was looked for, or another one if people moved it there.
    board_id: str
    title: str
    stage_id: str
    url: str
    due_on: date | None
    assignee_id: str | None
    is_archived: bool
    #: Our own steps first, in the order in which they were made, then those that people added.
    steps: tuple[Step, ...]
    #: Logged hours by user id of the tracker; ``None`` if it cannot tell hours.
    logged_hours: Mapping[str, float] | None = field(default_factory=dict)
    #: Comments of people, without those of Vitrina and of the tracker itself.
    comment_count: int = 0
    #: Hours that the card is to take, ``None`` if the place for them is empty.
    estimate_hours: float | None = None
    #: Whether there is a place for these hours, and hours stand there.
    has_estimate: bool = True
    #: Lines of the description that look like facts of ``NewCard``: text by what it is about.
    facts: Mapping[str, str] = field(default_factory=dict)


class Kept(Enum):
    """In a change: leave the field as it is."""

    KEPT = "kept"


KEPT = Kept.KEPT


class FactChange(Struct, frozen=True):
    """Another text of a fact of the description.

    It is written only where the fact still begins with *before*; a fact that is not there is added.
    """

    about: str
    before: str
    after: str


class StepChange(Struct, frozen=True):
    """What to change of a step. ``None`` empties a field."""

    step_id: str
    text: str | Kept = KEPT
    due_on: date | Kept | None = KEPT
    assignee_id: str | Kept | None = KEPT


class CardChange(Struct, frozen=True):
    """What to change of a card; all else stays. ``None`` empties a field. All texts are plain."""

    title: str | Kept = KEPT
    due_on: date | Kept | None = KEPT
    assignee_id: str | Kept | None = KEPT
    estimate_hours: float | Kept | None = KEPT
    #: Id of the stage to which the card moves, on the board of its project.
    stage_id: str | Kept = KEPT
    facts: tuple[FactChange, ...] = ()
    steps: tuple[StepChange, ...] = ()

    def __bool__(self) -> bool:
        return self != CardChange()


class WebhookRequest(Struct, frozen=True, dict=True):
    """A request that came to the address of a tracker.

    Parameters
    ----------
    path
        Segments of the path after the name of the tracker.
    headers
        Headers with names in lower case.
    sent
        The body, or what reads it: nothing of it is read before the adapter asks for it.
    read_json
        Parses the body. Raises ``RequestError`` if it is not JSON, or nested too deeply.
    """

    path: tuple[str, ...]
    headers: Mapping[str, str]
    sent: bytes | Callable[[], bytes]
    read_json: Callable[[], Any]

    @cached_property
    def body(self) -> bytes:
        """The body as it was sent, for checks of a signature.

        Raises ``BodyTooLargeError`` if it is longer than the limit of the entry point.
        """
        return self.sent if isinstance(self.sent, bytes) else self.sent()


class Received(Struct, frozen=True):
    """What a tracker makes of a request: the answer to send, and what to look at.

    Parameters
    ----------
    status
        HTTP status of the answer. 404 if the request is not from the tracker, 400 if it makes no sense.
    headers
        Headers of the answer, for example of a handshake.
    card_ids
        Ids of cards and steps that others than Vitrina changed. They are only hints: each card is read
        again. An id that is not ours is ignored.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    card_ids: tuple[str, ...] = ()


class TaskTracker(Protocol):
    """A task tracker: one account of it. Every method that sends a request raises ``ServiceError``.

    The adapter repeats calls that read when the tracker is busy. A call that creates something is
    repeated only when the tracker says that it did nothing (429). The tracker may still carry out a
    call after the adapter stopped waiting for it. So call ``find_twins`` after each ``create_card``,
    and again some minutes later if its answer was lost.

    A project keeps the name of its tracker's connection and the ids that the tracker gave it. Ids of
    boards, stages, cards, steps and people are texts that only this tracker understands; ids of cards and
    steps are unique in it.
    """

    #: Name of the tracker as a person knows it.
    name: str
    can: Capabilities

    # --- Boards ---

    def create_board(self, title: str, stages: Sequence[str]) -> Board:
        """Create a board with the given stages. A card in the last one is *done*."""

    def find_board(self, title: str) -> Board | None:
        """Board with exactly this title in the place where ``create_board`` makes boards, or ``None``."""

    def connect_webhook(self, board_id: str) -> None:
        """Make the tracker report changes of a board; do nothing if it does already.

        A webhook that the tracker switched off or deleted is made again. The tracker may call ``receive``,
        in this process or another one, before this call returns. The adapter knows its own address.

        Raises
        ------
        FatalServiceError
            If the tracker has room for one webhook only, and another system has it.
        """

    # --- People ---

    def find_people(self, emails: Collection[str]) -> Mapping[str, str]:
        """User ids of people by their e-mail in lower case. Who is not found is left out."""

    # --- Cards ---

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

        Few requests, however many cards the board has.

        Returns
        -------
        tuple[str, ...]
            Card ids, oldest first. Archived cards are left out. A card whose creation is still running is
            not included.
        """

    def create_card(self, card: NewCard) -> str:
        """Create the card without steps and links, and return its id.

        A tracker does not keep external ids unique: two calls with the same card create two cards.
        """

    def complete_card(self, card_id: str, card: NewCard) -> tuple[str, ...]:
        """Add missing steps and links, and remove duplicate ones.

        May be repeated. Two concurrent calls may create duplicates, which the next call removes. Steps that
        a person has done or changed stay, and so do those that people added.

        A step of *card* with an id is that step, whatever its text is now.

        Returns
        -------
        tuple[str, ...]
            Ids of the steps of *card*, in its order; empty if steps have no ids.
        """

    def change_card(self, board_id: str, card_id: str, change: CardChange) -> None:
        """Change fields of a card and of its steps; what people typed elsewhere on the card stays.

        May be repeated. Steps that are gone are left out. The tracker may take only a part of it: the caller
        reads the card again.

        Raises
        ------
        FatalServiceError
            If the card is gone, or the tracker refuses a value.
        """

    def get_card(self, board_id: str, card_id: str) -> Card | None:
        """Current state with steps and hours, or ``None`` if the card is gone.

        *board_id* is the board of the project: a card may be on several boards, at another stage of each.
        """

    def comment_card(self, card_id: str, text: str) -> None:
        """Add a comment, unless the card has one with exactly this text; who follows the card is told of it.

        May be repeated. Two concurrent calls may add it twice. Does nothing if the card is gone.
        """

    def remove_card(self, card_id: str) -> None:
        """Delete a card with its steps. Does nothing if it is already gone."""

    def set_closed(self, card_id: str, link: Link, *, is_closed: bool) -> None:
        """Close a card whose work goes on elsewhere, with a *link* to that place on it, or undo this.

        Text, steps and hours of a closed card can be read, and its stage stays. May be repeated. Does nothing
        if the card is gone.
        """

    def card_url(self, board_id: str, card_id: str) -> str:
        """Address to open a card with. No request."""

    # --- Webhooks ---

    def receive(self, request: WebhookRequest) -> Received:
        """Read a request that came to the address of this tracker. Sends no request to the tracker.

        The adapter proves that the request is from the tracker, as well as the tracker allows. Changes that
        Vitrina made itself give no hint if the adapter knows its own user already; an unneeded read of a
        card costs little.

        Raises
        ------
        RequestError
            If the body cannot be parsed.
        RetriableServiceError
            If the adapter cannot read its memory: the tracker should send the request again.
        """


class Guest(Struct, frozen=True):
    """Somebody who was invited to a board.

    ``is_guest`` is ``False`` if the tracker made him a full member, who takes a paid seat.
    """

    is_guest: bool


class GuestHost(Protocol):
    """A tracker whose boards clients may be invited to."""

    def invite_guest(self, board_id: str, email: str) -> Guest:
        """Invite a person to read and comment one board. A repeat changes nothing.

        Raises
        ------
        UserError
            If guests would see hours: nobody is invited then.
        ServiceError
            If the tracker refuses, for example because it allows no guests.
        """


class TrackerMemory(Protocol):
    """Small texts that an adapter keeps for all processes, for example the secret of a webhook.

    Each connection has a memory of its own. Both methods raise ``RetriableServiceError``.
    """

    def load(self, name: str) -> str | None:
        """The text that was saved last under this name, or ``None``."""

    def save(self, name: str, text: str) -> None:
        """Keep a text, in place of an older one."""


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

#: Top-level field with the moment (ISO text with a zone) from which nobody needs a document any more. A store
#: may delete the document some time after it; nothing relies on that.
EXPIRES_AT = "expires_at"


class Document(Struct, frozen=True):
    """A document of the store.

    ``version`` is the token of the last commit that wrote it, so versions never repeat.
    """

    kind: str
    key: str
    version: int
    data: Json


class Put(Struct, frozen=True):
    """Write a document, if its current version is ``version``.

    With ``ABSENT`` the document must not exist; with ``None`` it is written in any case.
    """

    kind: str
    key: str
    data: Json
    version: int | None = None


class Delete(Struct, frozen=True):
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

    def get_many(
        self, keys: Iterable[Key], *, known: Mapping[Key, Document] | None = None
    ) -> dict[Key, Document]:
        """Existing documents by kind and key; keys without a document are left out.

        One of *known*, which were read before, is given back itself where its version is still the same.
        """

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


class Account(Struct, frozen=True):
    """A Google account: its address in lower case, and the organisation that manages it.

    ``domain`` is in lower case, and empty for a consumer account, whatever its address looks like.
    """

    email: str
    domain: str = ""


class Identity(Protocol):
    """Finds out who sent a request."""

    def person(self, token: str) -> Account:
        """The account of the person who owns an ID token; raises ``AuthenticationError``."""

    def check_task_caller(self, token: str) -> None:
        """Raise ``AuthenticationError`` unless the token belongs to our own service account."""

    def check_schedule_caller(self, token: str) -> None:
        """The same for the timer, whose tokens have another audience."""
