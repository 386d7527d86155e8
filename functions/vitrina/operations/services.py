"""The outside world and the fixed facts that every action works with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.domain.calendar import WorkCalendar
from vitrina.errors import FatalServiceError
from vitrina.ports import Clock, Files, Queue, Store, TaskTracker, Workbooks
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.template.definition import BookTemplate

if TYPE_CHECKING:
    from vitrina.chat_port import Chat
    from vitrina.crm_port import Crm
    from vitrina.mail_port import Mail
    from vitrina.metric_port import MetricService

#: How addresses of webhooks name the CRM. No connection of a tracker has an underscore in its name.
CRM = "crm_deals"
#: The same for the chat.
CHAT = "chat_updates"


class Owner(Struct, frozen=True):
    """Whom the operator named as an owner: an address, or ``@agency.ru`` for everybody of an organisation.

    ``agency_id`` is where he is one; empty for every agency of the installation.
    """

    address: str
    agency_id: str = ""

    @property
    def is_domain(self) -> bool:
        """Whether it is an organisation."""
        return self.address.startswith("@")


def owner_from(text: str) -> Owner:
    """The owner of one entry of the setting: ``address``, or ``address=agency``."""
    address, _, agency_id = text.partition("=")
    return Owner(address, agency_id)


class Services(Struct, frozen=True, eq=False):
    """The outside world and the fixed facts, chosen once by ``bootstrap``."""

    workbooks: Workbooks
    #: Trackers by the name that projects keep; the first one is that of new projects.
    trackers: Mapping[str, TaskTracker]
    store: Store
    queue: Queue
    clock: Clock
    calendar: WorkCalendar
    choices: Choices
    templates: Mapping[str, BookTemplate]
    time_zone: ZoneInfo
    #: As which Google knows us; it may always edit what it has made.
    service_account: str
    #: Who may use the menu before *Специалисты* names anybody.
    owners: tuple[Owner, ...]
    #: How long a lease holds: longer than any step takes, as a killed process keeps others waiting so long.
    lease_s: float
    #: The same workbooks for background work: where Google is busy it is not retried here.
    background_workbooks: Workbooks
    #: Reads, and as many writes, of Google that background work may make in a minute.
    quota_per_minute: int
    #: How long a client can take a decision back.
    decision_hold: timedelta = timedelta(minutes=10)
    #: ``None`` if there is no CRM.
    crm: Crm | None = None
    #: Whose an account of an outside system is: agencies by the name of a tracker, or of ``accounts``.
    #: One without an entry belongs to the only agency of the installation.
    account_agencies: Mapping[str, str] = field(default_factory=dict)
    #: ``None`` if there is no chat.
    chat: Chat | None = None
    #: Address of the entry point of the clients' pages; empty if there are none.
    client_url: str = ""
    #: From which tokens of links in digests and of accounting are computed; without one there are none.
    link_secret: str = ""
    #: The one before the last change, while the secret of the installation is changed.
    former_link_secret: str = ""
    #: ``None`` if clients cannot hand over files.
    files: Files | None = None
    #: ``None`` if there is no mail server.
    mail: Mail | None = None
    #: Systems from which facts of metrics are read, by the name that chosen sources keep.
    metrics: Mapping[str, MetricService] = field(default_factory=dict)
    #: Agencies by the workbook's id, as far as this process has learnt them; they never change.
    known_agencies: dict[str, str] = field(default_factory=dict)
    #: When this process read the people of an agency for a stranger, by the clock of the process in seconds.
    people_read_at: dict[str, float] = field(default_factory=dict)
    #: When this process found a long backlog in a workbook, by the clock of the process in seconds.
    long_backlog_seen_at: dict[str, float] = field(default_factory=dict)
    #: The last minute of a storm of webhooks for which this process has kept a look, by tracker.
    known_storms: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Without the secrets of links."""
        return f"Services(templates={list(self.templates)}, trackers={list(self.trackers)})"

    def owners_in(self, agency_id: str) -> tuple[Owner, ...]:
        """Who is an owner in an agency because the operator said so."""
        return tuple(one for one in self.owners if one.agency_id in ("", agency_id))

    def in_background(self) -> Services:
        """The services for background work: no local retry, the queue redelivers."""
        return replace(self, workbooks=self.background_workbooks)

    def tracker(self, name: str) -> TaskTracker:
        """The tracker that a project names; raises ``FatalServiceError`` if it is not connected any more."""
        try:
            return self.trackers[name]
        except KeyError:
            raise FatalServiceError("tracker.not_connected", service=name) from None

    def today(self) -> date:
        """The day in the agency's time zone."""
        return self.clock.now().astimezone(self.time_zone).date()

    def days_since(self, day: str) -> int:
        """Working days since an ISO day, that one not counted."""
        start, today = date.fromisoformat(day), self.today()
        later = (start + timedelta(days=one) for one in range(1, (today - start).days + 1))
        return sum(map(self.calendar.is_working_day, later))
