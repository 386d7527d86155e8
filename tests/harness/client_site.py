"""The clients' pages of one installation without workbooks: what a page shows is put into the store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import functions_framework
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace
from werkzeug.test import TestResponse

from emulators.world.functions import SOURCE
from emulators.world.processes import Ports, settings_environment
from tests.harness.counting_store import CountingStore, used_store
from tests.harness.firestore import new_database
from vitrina.bootstrap import application, store_at
from vitrina.ports import Json
from vitrina.records.outside.client_links import ClientLink, Scope, hash_of, load_link, new_link
from vitrina.records.outside.client_pages import ClientPage, ShownItem, load_page
from vitrina.records.outside.client_wishes import CLIENT_WISH
from vitrina.records.outside.decisions import DECISION
from vitrina.store.sqlite import SqliteStore

BOOK, AGENCY = "book-of-zarya", "book-of-agency"
#: A phone as its browser describes itself.
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
PERSON = {"User-Agent": PHONE, "Accept-Language": "ru-RU,ru;q=0.9", "Sec-Fetch-Site": "same-origin"}

#: What was drawn from a workbook.
CONTENT: Json = {
    "project": "Сайт",
    "client": "Заря",
    "state": "Идём по плану: просроченного нет.",
    "next_due": "2026-11-27",
    "contact": "pm@agency.example",
    "finish": "скорее всего к 18 декабря, почти наверняка к 25 декабря",
    "hours": {"used": 32.5, "left": 67.5, "limit": 100.0},
    "period_start": "2026-11-23",
    "period_end": "2026-11-29",
    "week_start": "2026-11-23",
    "week_end": "2026-11-29",
    "documents": "Договор: https://docs.example/contract",
    "questions": "Вопросов без ответа нет.",
    "this_week": [
        {
            "number": 3,
            "code": "ЗРН-3",
            "title": "Лендинг",
            "start_on": "2026-11-23",
            "due_on": "2026-11-27",
            "status": "in_work",
        }
    ],
    "next_week": [
        {
            "number": 4,
            "code": "ЗРН-4",
            "title": "Статья о зерне",
            "start_on": "2026-11-30",
            "due_on": "2026-12-02",
            "status": "onboarding",
        }
    ],
    "done": [
        {"code": "ЗРН-1", "title": "Логотип", "hours": 12.0, "on": "2026-11-20", "approved_on": "2026-11-21"}
    ],
    "metrics": [
        {
            "name": "Заявки",
            "state": "on_track",
            "target": 20.0,
            "unit": "шт.",
            "last": 23.0,
            "told": "За последние периоды ожидали 47–115, есть 84.",
            "points": [18.0, None, 21.0, 22.0, 23.0],
        }
    ],
    "needs": [{"number": 1, "text": "Доступ к Метрике", "due_on": "2026-11-30"}],
    "proposals": [
        {"number": 8, "code": "ЗРН-8", "title": "Перекрасить кнопку"},
        {"number": 9, "code": "ЗРН-9", "title": "Фото склада"},
    ],
}


def shown(number: int = 14, **fields: Any) -> ShownItem:
    """Work that is shown to the client."""
    values: dict[str, Any] = {
        "code": f"ЗРН-{number}",
        "title": f"Макет {number}",
        "hours": 12.5,
        "round": 1,
        "shown_on": "2026-11-24",
        "result_url": f"https://files.example/{number}",
        **fields,
    }
    return ShownItem(number, **values)


@dataclass
class ClientSite:
    """The entry point ``client``, and the store behind it."""

    store: CountingStore
    app: Flask
    browser: FlaskClient
    #: Headers of a person with a phone.
    headers: Mapping[str, str]

    # --- What is there -------------------------------------------------------------------------------

    def put_page(
        self, *items: ShownItem, book: str = BOOK, content: Json | None = None, locale: str = "ru"
    ) -> None:
        """Have the page of a project show *items*."""
        known = load_page(self.store, book, AGENCY)
        page = ClientPage(
            book,
            AGENCY,
            locale,
            tuple(items),
            CONTENT if content is None else content,
            self.now.isoformat(),
            is_open=True,
            proposals=(8, 9),
            version=known.version,
        )
        self.store.commit([page.put()])

    def make_link(self, scope: Scope = Scope.ACT, *, book: str = BOOK, **fields: Any) -> str:
        """A new link; returns its token."""
        link, token = new_link(book, AGENCY, scope, self.now)
        self.store.commit([replace(link, **fields).put()])
        return token

    def wishes(self) -> list[Json]:
        """All that clients asked for, in the store."""
        return [one.data for one in self.store.documents() if one.kind == CLIENT_WISH]

    def link(self, token: str) -> ClientLink:
        """What the store has of a link."""
        found = load_link(self.store, hash_of(token), ClientLink)
        assert found is not None
        return found

    def page(self, book: str = BOOK) -> ClientPage:
        """What the store has of a page."""
        return load_page(self.store, book, AGENCY)

    def decisions(self) -> list[Json]:
        """All decisions in the store."""
        return [one.data for one in self.store.documents() if one.kind == DECISION]

    @property
    def now(self) -> datetime:
        """The moment of the functions' clock."""
        return application().services.clock.now()

    # --- What people do ------------------------------------------------------------------------------

    def get(self, place: str, **headers: str) -> TestResponse:
        """Open an address below ``/client/c/``."""
        return self.browser.get(f"/client/c/{place}", headers={**self.headers, **headers})

    def post(
        self, place: str, data: Mapping[str, str | Sequence[str]], without: Sequence[str] = (), **headers: str
    ) -> TestResponse:
        """Send a form."""
        sent = {name: one for name, one in {**self.headers, **headers}.items() if name not in without}
        return self.browser.post(f"/client/c/{place}", data=data, headers=sent)

    def propose(self, token: str, act: str, *items: ShownItem, **fields: str) -> TestResponse:
        """Send the first form of an act about *items*."""
        seen = {f"seen_{one.number}": one.fingerprint for one in items}
        return self.post(f"{token}/{act}", {"n": [str(one.number) for one in items], **seen, **fields})

    def confirm(self, token: str, act: str, proposed: TestResponse, **fields: str) -> TestResponse:
        """Choose a role, tick the box of a confirmation, and send it."""
        filled = {**hidden_fields(proposed.text), "role": "marketing", "sure": "yes", **fields}
        return self.post(f"{token}/{act}", filled)

    def write(self, token: str, act: str, **fields: str) -> TestResponse:
        """Both steps of an act that is about no work that is shown."""
        return self.confirm(token, act, self.post(f"{token}/{act}", fields))

    def answer(self, token: str, act: str, *items: ShownItem, **fields: str) -> TestResponse:
        """Both steps."""
        return self.confirm(token, act, self.propose(token, act, *items, **fields))


def hidden_fields(html: str) -> dict[str, str | list[str]]:
    """Hidden fields of a page, with all values of those that are there more than once."""
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', html):
        fields.setdefault(unescape(name), []).append(unescape(value))
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


@contextmanager
def running_site(
    folder: Path, setenv: Any, *, now: datetime | None = None, firestore_url: str = ""
) -> Iterator[ClientSite]:
    """The entry point over an empty store; no other server is there, so that a call to Google fails.

    The store is a file, or a new database of the Firestore emulator at *firestore_url*.
    """
    settings = {
        **settings_environment(folder, Ports(), staff=["pm@agency.example"]),
        "VITRINA_CLIENT_URL": "http://localhost/client",
        "VITRINA_GOOGLE_URL": "http://127.0.0.1:9",
        **({"VITRINA_NOW": now.isoformat()} if now else {}),
        **(
            {"VITRINA_STORE": new_database(), "VITRINA_FIRESTORE_URL": firestore_url} if firestore_url else {}
        ),
    }
    for name, value in settings.items():
        setenv(name, value)
    if not firestore_url:
        SqliteStore.create(Path(settings["VITRINA_STORE"]))
    store = CountingStore(store_at(settings["VITRINA_STORE"], firestore_url))
    with used_store(store):
        app = functions_framework.create_app("client", str(SOURCE))
        # The first request wakes the process; what it reads is not what a view costs.
        application()
        store.forget()
        yield ClientSite(store, app, app.test_client(), PERSON)


def later(moment: datetime, **delta: float) -> str:
    """A moment as the settings take it."""
    return (moment + timedelta(**delta)).isoformat()
