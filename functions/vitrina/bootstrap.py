"""Wiring: settings → adapters → entry points. The only place that chooses real or local systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct

from vitrina import logs
from vitrina.domain.calendar import WorkCalendar
from vitrina.errors import ConfigurationError
from vitrina.google.files import GoogleFiles
from vitrina.google.firestore import make_firestore
from vitrina.google.identity import GOOGLE_CERTS_URL, GoogleIdentity
from vitrina.google.queue import CloudTasksQueue
from vitrina.google.server_time import machine_time
from vitrina.google.services import FILE_TIMEOUT_S, make_services
from vitrina.google.verdict import Guards
from vitrina.google.workbooks import GoogleWorkbooks
from vitrina.metrics.pasted_csv import PastedTexts
from vitrina.metrics.sheet_range import SheetRanges
from vitrina.operations.clicks.accounts import CALLTOUCH_ACCOUNT, CRM_ACCOUNT, METRICA_ACCOUNT
from vitrina.operations.clicks.limits import Limits
from vitrina.operations.former_secrets import FormerSecrets, SecretPair
from vitrina.operations.services import CHAT, CRM, Services, owner_from
from vitrina.operations.upgrade import upgrade
from vitrina.ports import Identity, Json, Store, TaskTracker, TrackerMemory, Workbooks
from vitrina.records.books import is_known_book
from vitrina.records.cards import StoredTrackerMemory
from vitrina.records.metrics.pasted import load_pasted
from vitrina.settings import Settings
from vitrina.store.firestore import FirestoreStore
from vitrina.store.sqlite import SqliteStore
from vitrina.trackers.connection import Connection
from vitrina.trackers.registry import FIRST, connection_from, open_trackers, webhook_url_of
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.template.definition import load_template

if TYPE_CHECKING:
    from vitrina.chat_port import Chat
    from vitrina.crm_port import Crm
    from vitrina.mail.smtp import SmtpMail
    from vitrina.metric_port import MetricService
    from vitrina.workbook.writing.checked import Apply, Read

#: Name of what the secret in a header of the chat is computed from.
CHAT_HEADER = "chat_header"
#: The same for what tokens of links are computed from.
LINKS = "links"


class SystemClock:
    """``Clock`` by the time that *now* gives, or one that starts at the moment *start* when it is created."""

    def __init__(self, start: datetime | None = None, now: Callable[[], datetime] = machine_time) -> None:
        self._now = now
        self._offset = start - machine_time() if start else timedelta()

    def now(self) -> datetime:
        """See ``Clock``."""
        return self._now() + self._offset


class Application(Struct, frozen=True):
    """Everything that the entry points need."""

    settings: Settings
    services: Services
    identity: Identity
    former_secrets: FormerSecrets
    limits: Limits


def build(settings: Settings) -> Application:
    """Build the application of one installation. Opens no connection."""
    store = open_store(settings)
    # The machines of several instances may have different clocks; their store has one.
    now = store.time.now if isinstance(store, FirestoreStore) else machine_time
    clock = SystemClock(settings.now, now)
    client, agency = load_template("client"), load_template("agency")
    workbooks = partial(
        GoogleWorkbooks,
        partial(make_services, settings.google_url),
        url=settings.spreadsheet_url,
        folder_id=settings.drive_folder_id,
        wait_s=settings.retry_wait_s,
        write=partial(_write_as_the_doctor_says, Guards(store)),
    )
    crm = open_crm(settings)
    services = Services(
        workbooks=workbooks(),
        background_workbooks=workbooks(attempts=1),
        quota_per_minute=settings.quota_per_minute,
        trackers=_open_trackers(settings, connections(settings), partial(StoredTrackerMemory, store)),
        store=store,
        queue=CloudTasksQueue(
            queue=settings.tasks_queue,
            url=settings.task_url,
            service_account=settings.service_account,
            tasks_url=settings.tasks_url,
            now=now,
        ),
        clock=clock,
        calendar=WorkCalendar(settings.country),
        choices=Choices({**agency.choice_labels(), **client.choice_labels()}),
        templates={"client": client, "agency": agency},
        time_zone=ZoneInfo(settings.time_zone),
        service_account=settings.service_account,
        owners=tuple(map(owner_from, settings.owners)),
        lease_s=settings.lease_s,
        decision_hold=timedelta(seconds=settings.decision_hold_s),
        crm=crm,
        account_agencies=account_agencies(settings),
        chat=open_chat(settings),
        client_url=settings.client_url.rstrip("/"),
        link_secret=link_secret(settings.current_webhook_secret),
        former_link_secret=link_secret(settings.former_webhook_secret),
        files=GoogleFiles(
            partial(make_services, settings.google_url, timeout_s=FILE_TIMEOUT_S),
            folder_id=settings.drive_folder_id,
        ),
        mail=open_mail(settings),
        metrics=open_metrics(settings, clock.now, crm=crm, workbooks=workbooks(attempts=1), store=store),
    )
    certs_url = (
        f"{settings.google_url.rstrip('/')}/oauth2/v1/certs" if settings.google_url else GOOGLE_CERTS_URL
    )
    identity = GoogleIdentity(
        audience=settings.token_audience,
        service_account=settings.service_account,
        task_audience=settings.task_url,
        schedule_audience=settings.schedule_url,
        certs_url=certs_url,
    )
    limits = Limits(settings.clicks_per_minute)
    return Application(settings, services, identity, former_secrets(settings), limits)


def _write_as_the_doctor_says(guards: Guards, read: Read, apply: Apply, requests: Sequence[Json]) -> Json:
    """Send a guarded batch, or one that is checked by reading where guards do not hold on this account."""
    if guards.hold():
        return apply(requests)
    from vitrina.workbook.writing.checked import write_checked

    return write_checked(read, apply, requests)


def open_tracker(settings: Settings, connection: Connection, memory: TrackerMemory) -> TaskTracker:
    """The adapter of one connection, with a memory of its own. Sends no request."""
    return _open_trackers(settings, [connection], lambda _: memory)[connection.name]


def _open_trackers(
    settings: Settings, chosen: Sequence[Connection], memory: Callable[[str], TrackerMemory]
) -> Mapping[str, TaskTracker]:
    return open_trackers(
        chosen,
        webhook_url=settings.webhook_url,
        webhook_secret=settings.current_webhook_secret,
        memory=memory,
        zone=ZoneInfo(settings.time_zone),
        timeout_s=settings.kaiten_timeout_s,
        wait_s=settings.retry_wait_s,
        cards_at_a_time=settings.tracker_cards_at_a_time,
    )


def connections(settings: Settings) -> list[Connection]:
    """Connections to trackers: that of the settings ``VITRINA_KAITEN_…`` first."""
    found = [connection_from(name, data) for name, data in settings.trackers.items()]
    if not settings.kaiten_url:
        return found
    if FIRST in settings.trackers:
        raise ConfigurationError("settings.tracker_twice", name=FIRST)
    first = Connection(
        name=FIRST,
        kind=FIRST,
        url=settings.kaiten_url,
        token=settings.kaiten_token,
        place_id=settings.kaiten_space_id,
        own_user_id=settings.kaiten_user_id,
        agency=settings.kaiten_agency,
    )
    return [first, *found]


def account_agencies(settings: Settings) -> dict[str, str]:
    """Whose an account of an outside system is, as far as the operator has said so.

    Raises
    ------
    ConfigurationError
        If two agencies have connections to one place of a tracker: boards there are found by their titles.
    """
    places: dict[tuple[str, ...], Connection] = {}
    for one in connections(settings):
        place = (one.kind, one.url.rstrip("/"), one.place_id, one.options.get("team", ""))
        other = places.setdefault(place, one)
        if one.agency != other.agency:
            raise ConfigurationError("settings.tracker_shared", name=one.name, other=other.name)
    named = {
        **{one.name: one.agency for one in connections(settings)},
        CRM_ACCOUNT: settings.crm_agency,
        METRICA_ACCOUNT: settings.metrica_agency,
        CALLTOUCH_ACCOUNT: settings.calltouch_agency,
    }
    return {name: agency_id for name, agency_id in named.items() if agency_id}


def open_crm(settings: Settings, *, asks_for_news: bool = True) -> Crm | None:
    """The CRM of the installation, or ``None`` if it has none. Sends no request.

    *asks_for_news* is ``False`` for whole lists even where nothing changed; the doctor compares both.

    Raises
    ------
    ConfigurationError
        If only one of address and token is set.
    """
    if not settings.crm_url and not settings.crm_token:
        return None
    if not settings.crm_url or not settings.crm_token:
        raise ConfigurationError("settings.crm")
    from vitrina.crm import amocrm

    return amocrm.connect(
        settings.crm_url,
        settings.crm_token,
        webhook_url=crm_webhook_url(settings),
        zone=ZoneInfo(settings.time_zone),
        wait_s=settings.retry_wait_s,
        calls_per_s=settings.crm_calls_per_s,
        rest_s=settings.crm_rest_s,
        asks_for_news=asks_for_news and amocrm.ASKS_FOR_NEWS,
    )


def crm_webhook_url(settings: Settings) -> str:
    """Address at which the CRM reports changes of deals; its last part is a secret of its own."""
    return webhook_url_of(CRM, settings.webhook_url, settings.current_webhook_secret)


def open_chat(settings: Settings) -> Chat | None:
    """The chat of the installation, or ``None`` if it has none. Sends no request."""
    if not settings.chat_token:
        return None
    from vitrina.chat import telegram

    return telegram.connect(
        settings.chat_url,
        settings.chat_token,
        webhook_url=chat_webhook_url(settings),
        webhook_secret=webhook_url_of(CHAT_HEADER, "", settings.current_webhook_secret).rpartition("/")[2],
        wait_s=settings.retry_wait_s,
    )


def open_mail(settings: Settings) -> SmtpMail | None:
    """The mail server of the installation, or ``None`` if it has none. Opens no connection.

    Raises
    ------
    ConfigurationError
        If only one of server and sender is set, or letters would leave this machine unencrypted.
    """
    if not settings.smtp_host and not settings.smtp_sender:
        return None
    from vitrina.mail.smtp import Security, SmtpMail

    is_here = settings.smtp_host in ("127.0.0.1", "localhost")
    security = Security(settings.smtp_security)
    if not settings.smtp_host or not settings.smtp_sender:
        raise ConfigurationError("settings.smtp")
    if security is Security.NONE and not is_here:
        raise ConfigurationError("settings.smtp_unencrypted")
    return SmtpMail(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_sender,
        user=settings.smtp_user,
        password=settings.smtp_password,
        security=security,
    )


def open_metrics(
    settings: Settings, now: Callable[[], datetime], *, crm: Crm | None, workbooks: Workbooks, store: Store
) -> dict[str, MetricService]:
    """The sources of facts of the installation. Sends no request."""
    zone = ZoneInfo(settings.time_zone)
    return {
        **open_accounts(settings, now, crm),
        "sheet": SheetRanges(workbooks, zone, now, is_book=partial(is_known_book, store)),
        "pasted": PastedTexts(partial(load_pasted, store), zone, now),
    }


def open_accounts(
    settings: Settings, now: Callable[[], datetime], crm: Crm | None
) -> dict[str, MetricService]:
    """The sources of facts that have accounts to choose from. Sends no request."""
    zone = ZoneInfo(settings.time_zone)
    found: dict[str, MetricService] = {}
    if settings.metrica_token:
        from vitrina.metrics import metrica

        found["metrica"] = metrica.connect(
            settings.metrica_token, zone=zone, now=now, url=settings.metrica_url, wait_s=settings.retry_wait_s
        )
    if settings.calltouch_tokens:
        from vitrina.metrics import calltouch

        found["calltouch"] = calltouch.connect(
            settings.calltouch_tokens,
            zone=zone,
            now=now,
            url=settings.calltouch_url,
            wait_s=settings.retry_wait_s,
        )
    if crm is not None:
        from vitrina.metrics.crm_deals import CrmDeals

        found["crm"] = CrmDeals(crm, zone, now)
    return found


def chat_webhook_url(settings: Settings) -> str:
    """Address at which the chat reports updates; its last part is a secret of its own."""
    return webhook_url_of(CHAT, settings.webhook_url, settings.current_webhook_secret)


def link_secret(secret: str) -> str:
    """The secret of links that follows from that of the installation; empty without one."""
    return webhook_url_of(LINKS, "", secret).rpartition("/")[2] if secret else ""


def former_secrets(settings: Settings) -> FormerSecrets:
    """What webhooks may still come with while the secret is changed."""
    if not settings.former_webhook_secret:
        return FormerSecrets()

    from vitrina.chat import telegram

    def pair(name: str) -> SecretPair:
        urls = (
            webhook_url_of(name, "", secret)
            for secret in (settings.former_webhook_secret, settings.current_webhook_secret)
        )
        return SecretPair(*(url.rpartition("/")[2] for url in urls))

    names = (*(one.name for one in connections(settings)), CRM, CHAT)
    return FormerSecrets({name: pair(name) for name in names}, {telegram.HEADER: pair(CHAT_HEADER)})


def open_store(settings: Settings) -> Store:
    """The store of an installation. Opens no connection."""
    return store_at(settings.store, settings.firestore_url)


def create_store(settings: Settings) -> None:
    """Create the file of a new installation if it is absent; a database of Firestore is made before."""
    store_at(settings.store, settings.firestore_url, is_new=True)


def store_at(address: str, firestore_url: str = "", *, is_new: bool = False) -> Store:
    """The store at an address as in ``Settings.store``; if it *is_new*, an absent file is created."""
    if _is_firestore(address):
        return FirestoreStore(make_firestore(firestore_url), address)
    return SqliteStore.create(Path(address)) if is_new else SqliteStore(Path(address))


def _is_firestore(address: str) -> bool:
    return address.startswith("projects/")


@cache
def application() -> Application:
    """The application of this process, built from the environment. Upgrades a store of an older release."""
    logs.configure()
    app = build(Settings.from_environment())
    address = app.settings.store
    if _is_firestore(address) or Path(address).is_file():
        upgrade(app.services.store, app.services.clock.now())
    return app
