"""Protocol of a source of a metric's facts, beside the other protocols in ``ports``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from msgspec import Struct, field


class MeasureKind(Enum):
    """How the days of a measure make a period."""

    #: Days are added: visits, calls, deals.
    COUNT = "count"
    #: An amount of money or of something else that is added but not counted.
    AMOUNT = "amount"
    #: Numerators and denominators are added apart: a conversion, a price of one lead.
    RATIO = "ratio"


class Measure(Struct, frozen=True):
    """Something that can be taken from an account, as it is listed to a person.

    ``measure_id`` means something to its own source only and is never shown. ``name`` is what people there
    call it; ``code`` names the sentence around it, ``metric_measure.<code>``, and is empty for a bare name.
    """

    measure_id: str
    name: str
    kind: MeasureKind
    #: As people write it: ``%``, ``₽``. A ratio with ``%`` is shown a hundred times as large.
    unit: str = ""
    code: str = ""


class Account(Struct, frozen=True):
    """An account of a system, as it is listed to a person: a counter, a site, a CRM."""

    account_id: str
    name: str


class DayValue(Struct, frozen=True):
    """What a source says of one day. ``base`` is the denominator of a ratio, otherwise 1."""

    value: float
    base: float = 1.0


class Gap(Struct, frozen=True):
    """Why a measure could not be read. ``reason`` is a code of a text: ``metric_gap.<reason>``."""

    reason: str
    #: For a text: a name, a line of pasted text. The measure's own name is known to whoever asks.
    params: Mapping[str, str] = field(default_factory=dict)


class Facts(Struct, frozen=True):
    """Days of a measure as a source had them at ``read_at``.

    A day that the source had nothing for, although it covers it, is 0 in ``days``. A day that is not in
    ``days`` is not known. Days after ``settled_to`` may still change.
    """

    days: Mapping[date, DayValue]
    read_at: datetime
    settled_to: date
    #: Computed by the source from a part of its data only.
    is_sampled: bool = False
    #: Rows were left out by the source so that nobody can be recognised.
    is_withheld: bool = False
    #: Why the last days are not known, if the source stopped.
    gap: Gap | None = None


class Segments(Enum):
    """By what a report looks for the place of a gap."""

    CHANNEL = "channel"
    CAMPAIGN = "campaign"
    PAGE = "page"
    DEVICE = "device"


class MetricSource(Protocol):
    """An account from which facts are read. Nothing is ever changed there.

    Methods may be called in several threads at once.
    """

    @property
    def segments(self) -> Sequence[Segments]:
        """By what ``by_segment`` can divide; may be empty."""

    def measures(self) -> Sequence[Measure]:
        """What the account has now, for a list to choose from.

        Raises
        ------
        ServiceError
            If the account cannot be read; ``AccessDeniedError`` if its token is dead.
        """

    def read(self, measure_ids: Sequence[str], first: date, last: date) -> Mapping[str, Facts | Gap]:
        """Facts of each measure from *first* to *last*, both included, in as few calls as possible.

        A measure that is gone there is a ``Gap``; the others are read.

        Raises
        ------
        ServiceError
            If nothing could be read.
        """

    def by_segment(
        self, measure_id: str, segments: Segments, first: date, last: date
    ) -> Mapping[str, DayValue]:
        """Sums from *first* to *last* by the names of the segments; they add up to that of the measure."""


class MetricService(Protocol):
    """A system that the installation has a connection to, with the accounts that the connection sees."""

    #: Name of the system as a person knows it.
    name: str

    def accounts(self) -> Sequence[Account]:
        """The accounts, for a list to choose from.

        Raises
        ------
        ServiceError
            If they cannot be read; ``AccessDeniedError`` if the token is dead.
        """

    def source(self, account_id: str) -> MetricSource:
        """An account by its id; sends no request.

        Raises
        ------
        ServiceError
            If the connection has no such account.
        """

    def account_from(self, link: str, area: str) -> str:
        """Id of an account that a person names by a link, and an area in it, where there is no list.

        Raises
        ------
        UserError
            If the link names none.
        FatalServiceError
            If accounts are chosen from the list.
        """

    def login_of(self, account_id: str) -> str:
        """What has one token and one quota: accounts with the same login fail and wait together."""
