"""Protocol of a CRM, beside the other protocols in ``ports``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from msgspec import Struct

from vitrina.ports import WebhookRequest

#: What a custom field of a deal may hold. Choices are their titles.
FieldValue = str | float | bool | date | datetime

#: Form of the key of a note or a task: letters, digits, and ``:_-`` between them.
KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9:_-]{0,118}[A-Za-z0-9])?")


class StageKind(Enum):
    """Whether deals at a stage are open, or how they ended."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class DealStage(Struct, frozen=True):
    """A stage of a pipeline.

    ``stage_id`` is unique in its pipeline only: the last stages of all pipelines may have the same id.
    """

    stage_id: str
    name: str
    kind: StageKind = StageKind.OPEN


class Pipeline(Struct, frozen=True):
    """A pipeline of deals, with its stages from the first to the last."""

    pipeline_id: str
    name: str
    stages: tuple[DealStage, ...]


class DealField(Struct, frozen=True):
    """A custom field that deals have. Two fields may have the same name.

    ``code`` is the CRM's own name of a field that it made itself, such as ``UTM_SOURCE``; otherwise empty.
    """

    field_id: str
    name: str
    code: str = ""


class CrmUser(Struct, frozen=True):
    """Somebody of the agency in the CRM. ``email`` is in lower case, empty if the CRM does not tell it."""

    user_id: str
    name: str
    email: str


class CrmAccount(Struct, frozen=True):
    """The account that the token belongs to."""

    account_id: str
    name: str


class ContactRole(Enum):
    """What a person of the client is in a deal."""

    MAIN = "main"
    FURTHER = "further"


class Contact(Struct, frozen=True):
    """A person of the client. ``name`` and ``phones`` are empty unless personal data were asked for."""

    contact_id: str
    role: ContactRole
    url: str
    name: str = ""
    phones: tuple[str, ...] = ()


class Company(Struct, frozen=True):
    """The client's company. A company's name does not count as personal data; it is empty if it is gone."""

    company_id: str
    name: str
    url: str


class Deal(Struct, frozen=True):
    """The current state of a deal.

    Of a deleted deal only ``deal_id``, ``updated_at``, ``is_deleted`` and ``url`` are certain.
    """

    deal_id: str
    name: str
    #: Whole kopecks; ``None`` if nobody has entered a budget.
    budget_kopecks: int | None
    responsible_id: str | None
    pipeline_id: str
    stage_id: str
    company: Company | None
    #: The main contact first.
    contacts: tuple[Contact, ...]
    #: Values by id of the custom field; fields without a value are left out.
    fields: Mapping[str, tuple[FieldValue, ...]]
    updated_at: datetime
    is_deleted: bool
    url: str


class ChangedDeal(Struct, frozen=True):
    """A deal that was changed, as a list tells it. Everything else is read with ``get_deal``.

    ``pipeline_id`` and ``stage_id`` are empty for a deleted deal.
    """

    deal_id: str
    pipeline_id: str
    stage_id: str
    updated_at: datetime
    is_deleted: bool


class DealMoment(Enum):
    """Which moment of a deal a list goes by."""

    CREATED = "created"
    #: Won or lost; a deal that was opened again has none.
    CLOSED = "closed"


class CountedDeal(Struct, frozen=True):
    """A deal as it is counted for a figure. See ``Deal``; it has nothing personal."""

    deal_id: str
    pipeline_id: str
    stage_id: str
    created_at: datetime
    closed_at: datetime | None
    budget_kopecks: int | None
    fields: Mapping[str, tuple[FieldValue, ...]]


class DealNote(Struct, frozen=True):
    """A note to write to a deal. ``key`` has the form ``KEY`` and is shown at the end of the text."""

    key: str
    text: str

    def __post_init__(self) -> None:
        _check_key(self.key)


class DealTask(Struct, frozen=True):
    """A task to create at a deal. ``key`` has the form ``KEY`` and is shown at the end of the text.

    ``due_at`` is timezone-aware.
    """

    key: str
    text: str
    assignee_id: str
    due_at: datetime

    def __post_init__(self) -> None:
        _check_key(self.key)
        if self.due_at.tzinfo is None:
            raise ValueError("the moment has no time zone")


class WebhookState(Enum):
    """State of our subscription to changes of deals."""

    ACTIVE = "active"
    #: There is none.
    ABSENT = "absent"
    #: The CRM switched it off, because too many of its requests were not answered well.
    DISABLED = "disabled"
    #: It does not report all kinds of changes that we need.
    INCOMPLETE = "incomplete"


class ReceivedDeals(Struct, frozen=True):
    """What a CRM's request means: the status to answer with, and the deals to look at.

    Parameters
    ----------
    status
        HTTP status of the answer. 404 if the request is not from the CRM, 400 if its body is no form.
    deal_ids
        Ids of deals, each once. They are only hints: each deal is read again. A deal may be gone.
    """

    status: int = 200
    deal_ids: tuple[str, ...] = ()


class Crm(Protocol):
    """A CRM: one account of it. Ids are texts that only this CRM understands.

    Every method that sends a request raises ``ServiceError``, and each attempt of a call has a time limit.
    ``RetriableServiceError`` means that the same call may work later, after ``retry_after_s`` if it is set:
    the adapter does not call a CRM that asked for less, because a CRM may block whoever goes on.

    Texts are plain.
    """

    #: Name of the CRM as a person knows it.
    name: str

    # --- The account ---

    def get_account(self) -> CrmAccount:
        """The account of the token: a call that shows whether address and token are right."""

    def list_pipelines(self) -> tuple[Pipeline, ...]:
        """All pipelines in the order of the CRM, each with its stages."""

    def list_fields(self) -> tuple[DealField, ...]:
        """Custom fields of deals, to choose from by name."""

    def list_users(self) -> tuple[CrmUser, ...]:
        """The people of the agency in the CRM."""

    # --- Deals ---

    def get_deal(self, deal_id: str, *, with_personal_data: bool = False) -> Deal | None:
        """Current state of a deal.

        Parameters
        ----------
        with_personal_data
            Whether to read names and phones of the contacts. Otherwise no call is made that returns them.

        Returns
        -------
        Deal | None
            ``None`` if there is no such deal: it was merged into another one, or deleted for good.
        """

    def list_changed_deals(self, since: datetime) -> tuple[ChangedDeal, ...]:
        """Deals that were created, changed or deleted at *since* or later, also while the list is read.

        Ask with some minutes of overlap: the clocks differ, and a change may become visible after its moment.
        A deal that was merged into another one may be missing.

        Parameters
        ----------
        since
            Timezone-aware.

        Returns
        -------
        tuple[ChangedDeal, ...]
            Each deal once, with its latest state, oldest change first. Complete, or an error is raised.
        """

    def list_deals(self, by: DealMoment, first: datetime, last: datetime) -> tuple[CountedDeal, ...]:
        """Deals whose moment is from *first* to *last*, both included, as they are now; deleted ones are not.

        Parameters
        ----------
        first, last
            Timezone-aware, in whole seconds.
        """

    def deal_url(self, deal_id: str) -> str:
        """Address of the deal's card; sends no request."""

    # --- Writing ---

    def write_note(self, deal_id: str, note: DealNote) -> str:
        """Write a note to a deal, unless the deal has a note with this key, whatever its text is.

        May be repeated. If the answer was lost, the adapter looks once and otherwise raises
        ``RetriableServiceError``: a repeat some minutes later finds what was written. Two calls at the same
        time may write two notes: the caller lets one process write.

        Returns
        -------
        str
            Id of the note.

        Raises
        ------
        FatalServiceError
            If the deal is gone.
        """

    def create_task(self, deal_id: str, task: DealTask) -> str:
        """Create a task at a deal, unless the deal has a task with this key, done or not. See ``write_note``.

        Returns
        -------
        str
            Id of the task.
        """

    def move_deal(self, deal_id: str, pipeline_id: str, stage_id: str) -> None:
        """Move a deal to a stage. May be repeated; does nothing for a deal that is there.

        A repeat moves a deal back that a person has moved on meanwhile: the caller reads the deal first.

        Raises
        ------
        FatalServiceError
            If the deal is gone, or the pipeline has no such stage.
        """

    # --- Webhooks ---

    def check_webhook(self) -> WebhookState:
        """What has become of the subscription to changes of deals at our address."""

    def connect_webhook(self) -> None:
        """Make the CRM report changes of deals; do nothing if it does already.

        A subscription that was switched off or is incomplete is made again. May be repeated.
        """

    def receive(self, request: WebhookRequest) -> ReceivedDeals:
        """Read a request that came to our address. Sends no request.

        The adapter proves that the request is from the CRM, as well as the CRM allows.
        """


def _check_key(key: str) -> None:
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not a key of letters, digits, colons, underscores and hyphens")
