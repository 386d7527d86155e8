"""An installation that is connected to everything, and copies of it of which one system hangs each."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from flask import Flask, Response, request
from msgspec.structs import replace

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from emulators.common.client import local_client
from emulators.common.server import running
from emulators.world.functions import SOURCE
from emulators.world.processes import AUDIENCE, QUEUE, SERVICE_ACCOUNT, STORE_NAME, Person, asana_connection
from tests.harness.accounting import accept, form
from tests.harness.agency_data import MANAGER, NOW, TEAM, WEBHOOK_SECRET
from tests.harness.chat_servers import add_group, running_telegram, settings_of, settle
from tests.harness.desks.asana import LIMITS
from tests.harness.desks.crm import RULES
from tests.harness.mail_box import MailBox, running_mail_box
from tests.harness.metric_desk import TOKEN as METRICA_TOKEN
from tests.harness.metric_desk import counter, metrica_desk
from tests.harness.metric_worlds import calltouch as calltouch_world
from tests.harness.office import Office
from tests.harness.servers import Servers, running_servers
from vitrina.bootstrap import Application, application, build
from vitrina.google.files import GoogleFiles
from vitrina.google.services import FILE_TIMEOUT_S, make_services
from vitrina.google.workbooks import GoogleWorkbooks
from vitrina.ports import Document, Json
from vitrina.settings import Settings

#: Facts and reports are due on the next morning.
LATER = NOW + timedelta(days=1)
EMAIL = "buh@mayak.example"
FIRESTORE = "projects/vitrina/databases/main"
ENTRY_POINTS = ("menu", "webhook", "client", "task", "schedule")
#: Longer than any answer that is measured.
TIMEOUT_S = 200.0


@dataclass(frozen=True)
class Installation:
    """What is the same for all copies."""

    servers: Servers
    folder: Path
    environment: dict[str, str]
    agency_id: str
    #: Workbooks of a project in Kaiten and of one in Asana.
    kaiten_id: str
    asana_id: str
    page_url: str
    accounting_url: str
    card: Any


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """An agency with two clients, a CRM, a chat, sources of metrics and accounting by letter."""
    with ExitStack() as stack:
        servers = stack.enter_context(running_servers())
        telegram = stack.enter_context(running_telegram())
        box = stack.enter_context(running_mail_box())
        metrica = stack.enter_context(metrica_desk(lambda: NOW))
        calltouch = stack.enter_context(calltouch_world.open_world())
        yesterday = NOW.date() - timedelta(days=1)
        days = {yesterday - timedelta(days=number): 5 for number in range(40)}
        metrica.seed(counter(1, days))
        calltouch.fill(days)
        telegram.seed()

        office = Office(servers, folder, has_crm=True)
        settings = {
            **settings_of(telegram),
            **box.settings,
            "VITRINA_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "VITRINA_CLIENT_URL": f"{servers.functions}/client",
            "VITRINA_METRICA_TOKEN": METRICA_TOKEN,
            "VITRINA_METRICA_URL": metrica.url,
            "VITRINA_CALLTOUCH_TOKENS": f"{calltouch_world.SITE}:{calltouch_world.TOKEN}",
            "VITRINA_CALLTOUCH_URL": calltouch.url,
            "VITRINA_DECISION_HOLD_S": "0",
            "VITRINA_TRACKERS": _asana_setting(servers, office),
        }
        people = [Person(one["name"], one["email"], int(one["tracker_id.kaiten"])) for one in TEAM]
        office.reset(os.environ.__setitem__, people=people, now=NOW, staff=MANAGER, settings=settings)
        stack.callback(application.cache_clear)
        office.create_agency()
        assert office.agency is not None
        agency_id = office.agency.spreadsheet_id
        office.choose(**RULES, accounting_channel="письмо", accounting_email=EMAIL, accounting_rate="2500")
        asana_id = office.create_client(code="АСН", client_name="Луна", tracker="asana")
        _put_in_progress(office, "Баннер", "Статья")
        kaiten_id = office.create_client()
        _put_in_progress(office, "Баннер", "Статья")
        office.crm.add_deal("lead")
        add_group(office, telegram)
        _choose_sources(office)
        page_url = office.do("make_client_link", scope="act")["data"]["url"]
        accounting_url = _ask_accounting(office, agency_id, telegram, box)
        office.http.post(f"{servers.tasks}/v2/{QUEUE}:pause").raise_for_status()
        environment = {name: text for name, text in os.environ.items() if name.startswith("VITRINA_")}
        yield Installation(
            servers,
            folder,
            environment,
            agency_id,
            kaiten_id,
            asana_id,
            page_url.replace(servers.functions, ""),
            accounting_url.replace(servers.functions, ""),
            office.cards()[0],
        )


def _asana_setting(servers: Servers, office: Office) -> str:
    office.http.post(f"{servers.asana}/_emulator/reset").raise_for_status()
    people = [Person(one["name"], one["email"], int(one["tracker_id.kaiten"])) for one in TEAM]
    connection = asana_connection(servers.asana, people, limits=LIMITS)
    connection["calls_per_minute"] = str(LIMITS["calls_per_minute"])
    return json.dumps({"asana": connection})


def _put_in_progress(office: Office, pushed: str, waiting: str) -> None:
    """Two tasks in progress: one with a card, one that waits for its card."""
    for task in (pushed, waiting):
        office.fill_backlog({"task": task, "hours_design": "2"})
        office.do("estimate")
        preview = office.do("build_batch", period="current")["data"]["preview_id"]
        answer = office.do("start_batch", preview_id=preview)
        if answer["outcome"] != "done":
            raise RuntimeError(answer)
        if task == pushed:
            office.do("push")


def _choose_sources(office: Office) -> None:
    """Three metrics, of Metrica, Calltouch and the CRM."""
    tab = office.book().tab("metrics")
    for place, system in enumerate(("metrica", "calltouch", "crm")):
        row = tab.header_index + 2 + place
        office.type("metrics", row - 1, metric=f"Заявки {system}", since_on="16.11.2026", unit="шт.")
        shown = office.do("metric_sources", sheet_id=tab.sheet_id, row=row)["data"]["systems"]
        account = next(one for one in shown if one["id"] == system)["accounts"][0]["id"]
        wanted = {"system": system, "account_id": account}
        measure = office.do("metric_measures", **wanted)["data"]["measures"][0]["id"]
        answer = office.do(
            "choose_metric_source", row=row, metric=f"Заявки {system}", **wanted, measure_id=measure
        )
        if answer["outcome"] != "done":
            raise RuntimeError(answer)


def _ask_accounting(office: Office, agency_id: str, telegram: Any, box: MailBox) -> str:
    """Ask for one piece of work; the address of accounting's page, which the letter has."""
    accept(office.services.store, office.client_id, agency_id, 901, NOW)
    settle(office, telegram)
    wanted = form(office.client_id)
    preview = office.click(agency_id, "preview_accounting", **wanted)["data"]["preview_id"]
    office.click(agency_id, "ask_accounting", **wanted, preview_id=preview)
    settle(office, telegram)
    # For the next request, whose letter nobody has sent yet.
    accept(office.services.store, office.client_id, agency_id, 902, NOW)
    found = re.search(r"https?://\S+/client/a/\S+", box.letters()[-1]["text"])
    if found is None:
        raise RuntimeError("the letter has no link")
    return found[0]


# --- A copy of which a system hangs ------------------------------------------------------------------

Change = Callable[[Installation, Application], Application]


@dataclass
class Copy:
    """One copy: functions of its own over a copy of the store."""

    made_of: Installation
    url: str
    app: Application
    http: httpx.Client

    def click(self, action: str, spreadsheet_id: str = "", **params: Any) -> httpx.Response:
        """A click in the client's workbook, or in another one."""
        body = {
            "action": action,
            "spreadsheet_id": spreadsheet_id or self.made_of.kaiten_id,
            "request_id": str(uuid4()),
            "locale": "ru",
            "params": params,
        }
        return self.http.post(f"{self.url}/menu", json=body, headers=self._signed(MANAGER, AUDIENCE))

    def deliver(self, body: Json) -> httpx.Response:
        """The queue delivers a task."""
        url = self.made_of.environment["VITRINA_TASK_URL"]
        return self.http.post(f"{self.url}/task", json=body, headers=self._signed(SERVICE_ACCOUNT, url))

    def ring(self) -> httpx.Response:
        """The timer rings."""
        url = self.made_of.environment["VITRINA_SCHEDULE_URL"]
        return self.http.post(f"{self.url}/schedule", headers=self._signed(SERVICE_ACCOUNT, url))

    def wished(self, kind: str) -> Json:
        """The task that the newest wish of a kind is for."""
        wishes: list[Document] = [
            one for one in self.app.services.store.find("outbox") if one.data["body"]["kind"] == kind
        ]
        newest = max(wishes, key=lambda one: str(one.data["due_at"]))
        return {**newest.data["body"], "wish": newest.key}

    def _signed(self, email: str, audience: str) -> dict[str, str]:
        wanted = {"email": email, "audience": audience}
        google = self.made_of.servers.google
        token = self.http.post(f"{google}/_emulator/identity/token", json=wanted).raise_for_status().json()
        return {"Authorization": f"Bearer {token['id_token']}"}


@contextmanager
def copy_of(
    made_of: Installation,
    name: str,
    *,
    settings: dict[str, str] | None = None,
    keeps: Callable[[Application, Application], Application] | None = None,
) -> Iterator[Copy]:
    """A copy with other *settings*; *keeps* puts parts of a usual application into that of the copy."""
    folder = made_of.folder / name
    folder.mkdir()
    store = folder / STORE_NAME
    with (
        closing(sqlite3.connect(made_of.folder / STORE_NAME)) as source,
        closing(sqlite3.connect(store)) as target,
    ):
        source.backup(target)
    environment = {**made_of.environment, "VITRINA_STORE": str(store), "VITRINA_NOW": LATER.isoformat()}
    usual = build(Settings.from_environment(environment))
    changed = build(Settings.from_environment({**environment, **(settings or {})}))
    app = keeps(usual, changed) if keeps is not None else changed
    with running(functions_of(app)) as url, local_client(timeout=TIMEOUT_S) as http:
        yield Copy(made_of, url, app, http)


def functions_of(app: Application) -> Flask:
    """The entry points of ``functions/main.py`` for one application."""
    spec = importlib.util.spec_from_file_location(f"main_{id(app)}", SOURCE)
    assert spec is not None and spec.loader is not None  # noqa: PT018
    main = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(main)
    main.application = lambda: app  # type: ignore[attr-defined]
    flask = Flask(__name__)

    @flask.route("/<path:path>", methods=["GET", "POST"])
    def serve(path: str) -> Response:
        name = path.partition("/")[0]
        if name not in ENTRY_POINTS:
            return Response(status=404)
        answer: Response = getattr(main, name)(request)
        return answer

    return flask


def identity_of_usual(usual: Application, changed: Application) -> Application:
    """The certificates are there; the workbooks hang."""
    return replace(changed, identity=usual.identity)


def only_drive_hangs(usual: Application, changed: Application) -> Application:
    """Sheets answers; Drive, which has other addresses, hangs."""
    sheets, drive = (make_services(one.settings.google_url) for one in (usual, changed))
    mixed = replace(sheets, files=drive.files, permissions=drive.permissions)
    settings = usual.settings

    def workbooks(attempts: int) -> GoogleWorkbooks:
        return GoogleWorkbooks(
            lambda: mixed,
            url=settings.spreadsheet_url,
            folder_id=settings.drive_folder_id,
            wait_s=settings.retry_wait_s,
            attempts=attempts,
        )

    services = replace(
        usual.services,
        workbooks=workbooks(4),
        background_workbooks=workbooks(1),
        files=GoogleFiles(
            lambda: replace(mixed, _timeout_s=FILE_TIMEOUT_S), folder_id=settings.drive_folder_id
        ),
    )
    return replace(usual, services=services)
