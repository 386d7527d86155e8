"""Which system is asked through which entry point, and how the request is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from benchmarks.hanging.world import FIRESTORE, LATER, Copy, identity_of_usual, only_drive_hangs
from emulators.world.processes import mail_settings
from tests.emulators.telegram.telegram_world import USERNAME
from tests.harness.accounting import form
from tests.harness.client_site import PERSON, hidden_fields
from tests.harness.metric_worlds.calltouch import SITE
from tests.harness.sample_files import PDF
from vitrina.bootstrap import CHAT_HEADER, Application, chat_webhook_url, crm_webhook_url
from vitrina.chat.telegram.webhooks import HEADER, secret_token
from vitrina.trackers.registry import webhook_url_of

Ask = Callable[[Copy], httpx.Response]


@dataclass(frozen=True)
class Entry:
    """One request. ``is_asked`` is false where the answer does not wait for the system at all."""

    point: str
    what: str
    ask: Ask
    is_asked: bool = True


@dataclass(frozen=True)
class System:
    """An outside system: the settings by which its address is changed to another one."""

    name: str
    settings: Callable[[str], dict[str, str]]
    entries: Sequence[Entry]
    keeps: Callable[[Application, Application], Application] | None = None
    is_mail: bool = False
    #: A file that another program writes; it has no address.
    is_locked_file: bool = False


def click(action: str, **params: Any) -> Entry:
    """A click that is answered at once."""
    return Entry("menu", action, lambda copy: copy.click(action, **params))


def operation(action: str, *, is_asana: bool = False, **params: Any) -> Entry:
    """The queued part of a click."""

    def ask(copy: Copy) -> httpx.Response:
        made = copy.made_of
        book = made.agency_id if action == "new_client" else made.asana_id if is_asana else made.kaiten_id
        accepted = copy.click(action, book, **params)
        if accepted.status_code != 202:
            return accepted
        delivered = copy.deliver(copy.wished("operation"))
        if delivered.status_code != 200:
            return delivered
        return copy.click("operation", book, operation_id=accepted.json()["operation_id"])

    return Entry("task", f"operation {action}", ask)


def job(kind: str, *, is_asana: bool = False, is_asked: bool = True, **fields: Any) -> Entry:
    """Queued work of the clock."""

    def ask(copy: Copy) -> httpx.Response:
        made = copy.made_of
        of_agency = kind in ("agency", "protect", "deals", "chats")
        book = made.agency_id if of_agency else made.asana_id if is_asana else made.kaiten_id
        body = {"kind": kind, "spreadsheet_id": book, **fields}
        if kind == "facts":
            del body["spreadsheet_id"]
        if "slot" in fields:
            body["slot"] = LATER.timestamp()
        return copy.deliver(body)

    return Entry("task", kind, ask, is_asked)


def webhook(name: str, *, is_asked: bool = True) -> Entry:
    """A hint of an outside system."""

    def ask(copy: Copy) -> httpx.Response:
        settings, card = copy.app.settings, copy.made_of.card
        if name == "kaiten":
            path = f"/webhook/kaiten/{settings.current_webhook_secret}"
            body = {"event": "card:update", "data": {"old": card, "new": card, "author": {"id": 11}}}
            return copy.http.post(copy.url + path, json=body)
        if name == "crm":
            path = urlsplit(crm_webhook_url(settings)).path
            return copy.http.post(copy.url + path, data={"leads[update][0][id]": "1"})
        secret = webhook_url_of(CHAT_HEADER, "", settings.current_webhook_secret).rpartition("/")[2]
        headers = {HEADER: secret_token(secret, USERNAME)}
        update = {"update_id": 1_000_000, "message": {"message_id": 1, "chat": {"id": -1, "type": "group"}}}
        path = urlsplit(chat_webhook_url(settings)).path
        return copy.http.post(copy.url + path, json=update, headers=headers)

    return Entry("webhook", name, ask, is_asked)


def timer(*, is_asked: bool = True) -> Entry:
    """The timer calls ``schedule``."""
    return Entry("schedule", "the timer", lambda copy: copy.ring(), is_asked)


def _ask_question(copy: Copy) -> httpx.Response:
    page = copy.url + copy.made_of.page_url
    shown = copy.http.post(f"{page}/question", data={"text": "Когда будет баннер?"}, headers=PERSON)
    if shown.status_code != 200:
        return shown
    fields = {**hidden_fields(shown.text), "role": "marketing", "sure": "yes"}
    return copy.http.post(f"{page}/question", data=fields, headers=PERSON)


def _send_file(copy: Copy) -> httpx.Response:
    page = copy.url + copy.made_of.page_url
    fields = hidden_fields(copy.http.get(f"{page}/file", headers=PERSON).text)
    return copy.http.post(
        f"{page}/file",
        data={**fields, "role": "marketing", "sure": "yes", "note": ""},
        files={"file": ("макет.pdf", PDF)},
        headers=PERSON,
    )


def _answer_request(copy: Copy) -> httpx.Response:
    page = copy.url + copy.made_of.accounting_url
    shown = copy.http.get(page, headers=PERSON)
    if shown.status_code != 200:
        return shown
    wanted = {**hidden_fields(shown.text), "state": "received"}
    first = copy.http.post(f"{page}/answer", data=wanted, headers=PERSON)
    if first.status_code != 200:
        return first
    return copy.http.post(f"{page}/answer", data={**hidden_fields(first.text), "sure": "yes"}, headers=PERSON)


def _send_letter(copy: Copy) -> httpx.Response:
    agency_id, wanted = copy.made_of.agency_id, form(copy.made_of.kaiten_id)
    preview = copy.click("preview_accounting", agency_id, **wanted).json()["data"]["preview_id"]
    asked = copy.click("ask_accounting", agency_id, **wanted, preview_id=preview)
    if asked.status_code == 202:
        copy.deliver(copy.wished("operation"))
    return copy.deliver(copy.wished("accounting"))


def _write_into_chat(copy: Copy) -> httpx.Response:
    told = copy.click("note_call", text="Решили начать с баннера")
    return copy.deliver(copy.wished("chat")) if told.status_code == 200 else told


CHAT_TEXT = Entry("task", "chat (a message)", _write_into_chat)
PAGE = Entry("client", "page", lambda copy: copy.http.get(copy.url + copy.made_of.page_url, headers=PERSON))
QUESTION = Entry("client", "a question", _ask_question)
FILE = Entry("client", "a file", _send_file)
ACCOUNTING = Entry(
    "client",
    "accounting's page",
    lambda copy: copy.http.get(copy.url + copy.made_of.accounting_url, headers=PERSON),
)
ANSWER = Entry("client", "accounting's answer", _answer_request)
LETTER = Entry("task", "accounting (a letter)", _send_letter)

OF_STORE = (
    click("estimate"),
    click("refresh"),
    operation("refresh"),
    job("sync", slot=0),
    webhook("kaiten"),
    timer(),
    PAGE,
    QUESTION,
    ANSWER,
)


def _to(*names: str, **more: str) -> Callable[[str], dict[str, str]]:
    return lambda url: {**{f"VITRINA_{name}": url for name in names}, **more}


def _metric(system: str, account_id: str) -> Entry:
    return click("metric_measures", system=system, account_id=account_id)


NEW_CLIENT: Mapping[str, Any] = {"client_name": "Марс", "project_name": "Сайт", "code": "МРС"}

SYSTEMS = (
    System(
        "Google's certificates",
        _to("GOOGLE_URL"),
        (click("estimate"), job("sync", slot=0), timer()),
    ),
    System(
        "Google Sheets",
        _to("GOOGLE_URL"),
        (
            click("estimate"),
            operation("refresh"),
            operation("push"),
            job("protect", slot=0),
            job("agency", slot=0, draws=True),
            job("client_page", slot=0),
            timer(is_asked=False),
        ),
        keeps=identity_of_usual,
    ),
    System(
        "Google Drive",
        _to("GOOGLE_URL"),
        (operation("new_client", **NEW_CLIENT, limit_hours=40), FILE),
        keeps=only_drive_hangs,
    ),
    System("Firestore", _to("FIRESTORE_URL", VITRINA_STORE=FIRESTORE), OF_STORE),
    System("SQLite (locked)", lambda _: {}, OF_STORE, is_locked_file=True),
    System(
        "Cloud Tasks",
        _to("TASKS_URL"),
        (click("refresh"), operation("push"), webhook("kaiten"), timer(), QUESTION, ANSWER),
    ),
    System(
        "Kaiten",
        _to("KAITEN_URL"),
        (
            operation("push"),
            operation("refresh"),
            operation("new_client", **NEW_CLIENT, limit_hours=40),
            job("reconcile", slot=0),
            webhook("kaiten", is_asked=False),
        ),
    ),
    System(
        "Asana",
        lambda url: {"asana": url},
        (
            operation("push", is_asana=True),
            operation("refresh", is_asana=True),
            operation("new_client", **NEW_CLIENT, limit_hours=40, tracker="asana"),
            job("reconcile", is_asana=True, slot=0),
        ),
    ),
    System(
        "amoCRM",
        _to("CRM_URL"),
        (
            _metric("crm", "amocrm"),
            job("deals", slot=0, lists=True),
            job("facts"),
            webhook("crm", is_asked=False),
        ),
    ),
    System(
        "Telegram", _to("CHAT_URL"), (CHAT_TEXT, job("chats", slot=0), webhook("telegram", is_asked=False))
    ),
    System("mail", lambda port: mail_settings(int(port)), (LETTER,), is_mail=True),
    System(
        "Yandex Metrica",
        _to("METRICA_URL"),
        (click("metric_sources"), _metric("metrica", "1"), job("facts")),
    ),
    System("Calltouch", _to("CALLTOUCH_URL"), (_metric("calltouch", str(SITE)), job("facts"))),
)
