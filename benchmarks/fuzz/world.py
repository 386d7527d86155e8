"""The world that is tried: an agency amid its work, with two trackers, a CRM, a chat, mail and counters."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import quote, urlsplit

import emulators.amocrm.routes
import emulators.asana.routes
import emulators.google.app
import emulators.kaiten.routes
import emulators.tasks.routes
from benchmarks.fuzz.draw import Facts
from benchmarks.fuzz.judged import LIFTED
from benchmarks.fuzz.values import Fitting
from benchmarks.fuzz.wire import Sent
from emulators.common.clock import utc_now
from emulators.common.server import free_port, running
from emulators.world.functions import create_app as create_functions
from emulators.world.processes import AUDIENCE, SERVICE_ACCOUNT, Person, asana_connection
from tests.harness import chat_servers
from tests.harness.accounting_site import put_request, request_of
from tests.harness.agency_data import MANAGER, NOW, TEAM
from tests.harness.client_site import ClientSite
from tests.harness.desks.asana import LIMITS
from tests.harness.mail_box import running_mail_box
from tests.harness.metric_desk import TOKEN, counter, metrica_desk
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.servers import Servers
from vitrina.records.outside.client_links import Scope, new_link
from vitrina.records.outside.client_pages import load_page
from vitrina.usecases.accounting.answer import seen_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROWS: Sequence[Mapping[str, str]] = (
    {"task": "Лендинг", "work_type": "Лендинг"},
    {"task": "Статья о зерне", "work_type": "Статья", "quantity": "2"},
    {"task": "Баннер", "work_type": "Баннер", "wanted_on": "30.11.2026"},
    {"task": "Вывеска", "hours_design": "4"},
    {"task": "Ещё одна статья", "work_type": "Статья"},
    {"task": "Большой лендинг", "work_type": "Лендинг", "quantity": "9"},
)
#: Stages of a card in Kaiten.
IN_WORK, REVIEW, DONE = 1, 2, 3


@dataclass
class Recorder:
    """Notes the requests that outside systems send to ``webhook``."""

    app: WSGIApplication
    recorded: dict[str, list[Sent]] = field(default_factory=dict)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """See ``WSGIApplication``."""
        path = environ.get("PATH_INFO", "")
        if path.startswith("/webhook/"):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = _Again(body)
            self._note(path, environ, body)
        return self.app(environ, start_response)

    def _note(self, path: str, environ: WSGIEnvironment, body: bytes) -> None:
        headers = [
            (name.removeprefix("HTTP_").replace("_", "-").title(), value)
            for name, value in environ.items()
            if name.startswith("HTTP_X_")
        ]
        headers.append(("Content-Type", environ.get("CONTENT_TYPE", "application/json")))
        kept = self.recorded.setdefault(path.split("/")[2], [])
        kept.append(Sent("webhook", "POST", quote(path), headers, body))


class _Again:
    """A body that was read, to be read again."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        """See ``io.RawIOBase``."""
        size = len(self._body) if size is None or size < 0 else size
        told, self._body = self._body[:size], self._body[size:]
        return told


@dataclass(frozen=True)
class World:
    """The world, and what a sender of requests may know of it."""

    office: ModuleOffice
    facts: Facts

    @property
    def address(self) -> tuple[str, int]:
        """Where the functions listen."""
        parts = urlsplit(self.office.servers.functions)
        return str(parts.hostname), int(parts.port or 0)


@contextmanager
def set_up(folder: Path) -> Iterator[World]:
    """The world without functions, which are to be served at ``World.address``."""
    with ExitStack() as stack:
        for place, value in LIFTED.items():
            stack.enter_context(patch(place, value))
        google = stack.enter_context(running(emulators.google.app.create_app()))
        kaiten = stack.enter_context(running(emulators.kaiten.routes.create_app()))
        tasks = stack.enter_context(running(emulators.tasks.routes.create_app(google)))
        asana = stack.enter_context(running(emulators.asana.routes.create_app()))
        amocrm = stack.enter_context(running(emulators.amocrm.routes.create_app()))
        telegram = stack.enter_context(chat_servers.running_telegram())
        mail = stack.enter_context(running_mail_box())
        metrica = stack.enter_context(metrica_desk(utc_now))
        port = free_port()
        servers = Servers(google, kaiten, tasks, f"http://127.0.0.1:{port}", asana, amocrm)
        telegram.seed()
        metrica.seed(counter(1, {NOW.date(): 20}))
        people = [Person(one["name"], one["email"], int(one["tracker_id.kaiten"])) for one in TEAM]
        connection = asana_connection(asana, people, limits=LIMITS)
        connection["calls_per_minute"] = str(LIMITS["calls_per_minute"])
        settings = {
            **{key.removeprefix("VITRINA_"): value for key, value in _of(telegram, mail).items()},
            "TRACKERS": json.dumps({"asana": connection}),
            "CLIENT_URL": f"{servers.functions}/client",
            "DECISION_HOLD_S": "0",
            "METRICA_URL": metrica.url,
            "METRICA_TOKEN": TOKEN,
        }
        recorder = Recorder(create_functions())
        with running(recorder, port):
            office = stack.enter_context(running_agency(servers, folder, has_crm=True, **settings))
            facts = _play(office, telegram, recorder)
        environment = {f"VITRINA_{name}": value for name, value in office.environment.items()}
        stack.enter_context(patch.dict(os.environ, environment))
        yield World(office, facts)


def _of(telegram: Any, mail: Any) -> dict[str, str]:
    return {**chat_servers.settings_of(telegram), **mail.settings}


# --- What happens before it is tried -----------------------------------------------------------------


def _play(office: ModuleOffice, telegram: Any, recorder: Recorder) -> Facts:
    """Two clients, work in all states, a chat, a deal, links; returns what can be known of all that."""
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    office.choose(deal_project="Продажи: Договор подписан", deal_card="Продажи: Квалифицирован")
    asana_client = office.create_client(
        client_name="Восток", project_name="Лавка", code="ВСТ", tracker="asana"
    )
    _start_work(office, ROWS[:2])
    client = office.create_client()
    _start_work(office, ROWS)
    cards = [one for one in office.desk.cards() if one.title.startswith("ЗРН")]
    for card, stage in zip(cards, (REVIEW, DONE, IN_WORK), strict=False):
        office.desk.move(card.card_id, stage)
    chat_servers.add_group(office, telegram)
    office.do("refresh")
    office.settle()
    chat_servers.add_group(office, telegram, action="show_agency_chat", title="Маяк")
    telegram.do("write", chat_id=telegram.control.get("/chats").json()[0]["id"], text="Когда будет готово?")
    office.call_schedule()
    office.settle()
    office.crm.move(office.crm.add_deal(), "qualified")
    chat_servers.settle(office, telegram)
    office.click(client, "show_to_client", numbers=[1, 2])
    office.settle()
    return _facts(office, recorder, agency_id, [client, asana_client])


def _start_work(office: ModuleOffice, rows: Sequence[Mapping[str, str]]) -> None:
    preview_id = office.preview_backlog(*rows)
    office.do("start_batch", preview_id=preview_id)
    office.do("push")
    office.settle()


def _facts(office: ModuleOffice, recorder: Recorder, agency_id: str, clients: Sequence[str]) -> Facts:
    services = office.services
    store, now = services.store, services.clock.now()
    links = []
    for _ in range(3):
        link, token = new_link(clients[0], agency_id, Scope.ACT, now)
        store.commit([link.put()])
        links.append(token)
    site = ClientSite(store, None, None, {})  # type: ignore[arg-type]
    request_token = put_request(site, book=clients[0])
    page = load_page(store, clients[0], agency_id)
    preview = office.click(clients[0], "build_batch", period="current")
    known = {
        "spreadsheet_id": [*clients, agency_id],
        "id": ["nobody"],
        "operation_id": ["0" * 32],
        "preview_id": [preview["data"].get("preview_id") or "none"],
        "number": [1, 2, 3],
        "numbers": [[1], [2], [1, 2], [3]],
        "project": [clients[0]],
        "projects": [[clients[0]], [clients[1]], list(clients)],
        "tracker": ["kaiten", "asana", "none"],
        "system": ["metrica", "pasted", "sheet", "crm", "calltouch"],
        "account_id": ["1"],
        "measure_id": ["visits", "goal:7", "goal7"],
        "link": [services.workbooks.url(clients[0])],
        "area": ["A1:B9", "Метрики!A1:B5"],
        "text": ["2026-11-01;5\n2026-11-02;7", "Договорились"],
        "client_name": ["Ромашка", "Заря"],
        "project_name": ["Сайт", "Реклама"],
        "code": ["РМШ", "ЗРН"],
        "period": ["current", "next", "week", "month"],
        "sheet_id": [tab.sheet_id for tab in office.book().tabs.values()],
        "row": list(range(12)),
        "work_type": ["Лендинг", "Статья", "неведомый"],
        "profile": ["design", "copy", "development"],
        "specialist": ["Анна Белова", "Борис Ким", ""],
        "wanted_on": ["2026-11-27", None, "2026-12-31"],
        "kind": ["Сайт", "both", "invoice", "accepted", "returned"],
        "metric": ["Заявки", ""],
        "email": ["guest@zarya.example"],
        "slot": [0, now.timestamp()],
        "turn": [0],
        "wish": ["nothing"],
        "request": ["none"],
    }
    waiting = [one.fingerprint for one in page.items if one.is_waiting] or [""]
    request_page = _seen_of_request(office, request_token)
    return Facts(
        client_ids=list(clients),
        agency_id=agency_id,
        tokens=_Tokens(office),
        recorded=_distinct(recorder.recorded),
        links=links,
        accounting_links=[request_token],
        fitting=Fitting(known),
        hook_secrets=_hook_secrets(recorder.recorded),
        numbers=[1, 2, 3, 4],
        fingerprints=waiting,
        seen=[request_page],
    )


def _seen_of_request(office: ModuleOffice, token: str) -> str:
    """What the form of a request to accounting says that it shows."""
    site = ClientSite(office.services.store, None, None, {})  # type: ignore[arg-type]
    return seen_of(request_of(site, token))


def _distinct(recorded: Mapping[str, Sequence[Sent]]) -> dict[str, list[Sent]]:
    """One request of each shape: of those alike the last one."""
    found: dict[str, dict[str, Sent]] = {}
    for sender, requests in recorded.items():
        for one in requests:
            found.setdefault(sender, {})[_shape(one)] = one
    return {sender: list(by_shape.values()) for sender, by_shape in found.items()}


def _shape(sent: Sent) -> str:
    try:
        body = json.loads(sent.body)
    except ValueError:
        return f"{sent.target} {sent.body[:40]!r}"
    keys = sorted(body) if isinstance(body, dict) else []
    return f"{sent.target} {keys} {body.get('event', '') if isinstance(body, dict) else ''}"


def _hook_secrets(recorded: Mapping[str, Sequence[Sent]]) -> dict[str, str]:
    return {
        one.target: value
        for requests in recorded.values()
        for one in requests
        for name, value in one.headers
        if name.lower() == "x-hook-secret"
    }


class _Tokens:
    """Tokens of the entry points, each asked for again after some minutes."""

    def __init__(self, office: ModuleOffice) -> None:
        self._office = office
        self._found: dict[str, tuple[float, str]] = {}

    def __call__(self, target: str) -> str:
        servers, now = self._office.servers, utc_now().timestamp()
        made_at, token = self._found.get(target, (0.0, ""))
        if now - made_at > 300:
            wanted = {
                "menu": {"email": MANAGER, "audience": AUDIENCE},
                "task": {"email": SERVICE_ACCOUNT, "audience": f"{servers.functions}/task"},
                "schedule": {"email": SERVICE_ACCOUNT, "audience": f"{servers.functions}/schedule"},
            }[target]
            answer = self._office.http.post(f"{servers.google}/_emulator/identity/token", json=wanted)
            token = str(answer.raise_for_status().json()["id_token"])
            self._found[target] = (now, token)
        return token
