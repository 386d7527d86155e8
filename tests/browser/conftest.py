"""Chromium, and a workbench with real emulators that have a workbook and a board."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from flask import Flask, Response, jsonify, request
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from emulators.amocrm.routes import create_app as create_amocrm
from emulators.asana.routes import create_app as create_asana
from emulators.common.client import local_client
from emulators.common.server import running
from emulators.google.app import create_app as create_google
from emulators.kaiten.routes import create_app as create_kaiten
from emulators.telegram.routes import create_app as create_telegram
from emulators.workbench.people import STRANGER, Person
from emulators.workbench.routes import create_app as create_workbench
from emulators.workbench.surroundings import Surroundings
from tests.browser.seed import agency_book, client_book, seed_account, seed_board
from tests.browser.workbench_page import WorkbenchPage

#: The first one draws no windows and needs less of the processor.
CHROMIUM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WINDOW = {"width": 1440, "height": 900}
ANNA = Person("anna@agency.example", "Анна Белова", "token-anna")
IGOR = Person("igor@agency.example", "Игорь Ким", "token-igor")


# Generous, because a machine of two cores may be running everything else at the same time.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium of this machine."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        message = f"no Chromium here: none of {', '.join(CHROMIUM_NAMES)} is on the path"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


@dataclass
class Backend:
    """A fake backend: it answers each action with the answers of a test, in order."""

    answers: dict[str, list[tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    received: list[dict[str, Any]] = field(default_factory=list)

    def will_answer(self, action: str, status: int = 200, **envelope: Any) -> None:
        """Add the next answer to an action; the last one is repeated."""
        self.answers.setdefault(action, []).append((status, envelope))

    def app(self) -> Flask:
        """The backend as a WSGI application."""
        app = Flask("backend")

        @app.post("/menu")
        def menu() -> tuple[Response, int]:
            asked = request.get_json()
            if asked["action"] == "new_client_options" and "new_client_options" not in self.answers:
                # The form asks for its choices by itself; most tests do not care.
                return jsonify({"outcome": "done", "message": "", "data": {"trackers": []}}), 200
            self.received.append({**asked, "authorization": request.headers["authorization"]})
            answers = self.answers[asked["action"]]
            status, envelope = answers.pop(0) if len(answers) > 1 else answers[0]
            return jsonify(envelope), status

        return app


@dataclass(frozen=True)
class Servers:
    """The servers of the page."""

    google: httpx.Client
    kaiten: httpx.Client
    asana: httpx.Client
    amocrm: httpx.Client
    telegram: httpx.Client
    backend: Backend
    url: str


@dataclass
class World:
    """The servers of the page, and the data of a test."""

    google: httpx.Client
    kaiten: httpx.Client
    asana: httpx.Client
    amocrm: httpx.Client
    telegram: httpx.Client
    backend: Backend
    url: str
    client_book_id: str
    agency_book_id: str
    board: dict[str, Any]

    def value(self, a1: str) -> Any:
        """The value of a cell of the client workbook, read from Google."""
        path = f"/v4/spreadsheets/{self.client_book_id}/values/{a1}"
        answer = self.google.get(path, params={"valueRenderOption": "UNFORMATTED_VALUE"})
        values = answer.raise_for_status().json().get("values", [[None]])
        return values[0][0]

    def write(self, a1: str, value: Any, *, entered_by: str = "RAW") -> None:
        """Write a cell of the client workbook without the page."""
        path = f"/v4/spreadsheets/{self.client_book_id}/values/{a1}"
        answer = self.google.put(path, params={"valueInputOption": entered_by}, json={"values": [[value]]})
        answer.raise_for_status()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Emulators, a backend and the workbench, shared by all tests; each test loads its own data."""
    backend = Backend()
    with (
        running(create_google(None)) as google_url,
        running(create_kaiten()) as kaiten_url,
        running(create_asana()) as asana_url,
        running(create_amocrm()) as amocrm_url,
        running(create_telegram()) as telegram_url,
        running(backend.app()) as backend_url,
        local_client(base_url=google_url) as google,
        local_client(base_url=kaiten_url) as kaiten,
        local_client(base_url=asana_url) as asana,
        local_client(base_url=amocrm_url) as amocrm,
        local_client(base_url=telegram_url) as telegram,
    ):
        surroundings = Surroundings(
            google_url=google_url,
            kaiten_url=kaiten_url,
            asana_url=asana_url,
            amocrm_url=amocrm_url,
            telegram_url=telegram_url,
            menu_url=f"{backend_url}/menu",
            audience="vitrina-addon",
            people=(ANNA, IGOR, STRANGER),
        )
        with running(create_workbench(surroundings)) as url:
            yield Servers(google, kaiten, asana, amocrm, telegram, backend, url)


@pytest.fixture
def world(servers: Servers) -> World:
    """A new client workbook, agency workbook and board."""
    servers.backend.answers.clear()
    servers.backend.received.clear()
    google = servers.google
    google.post("/_emulator/reset").raise_for_status()
    books = {"spreadsheets": [client_book(), agency_book()]}
    seeded = google.post("/_emulator/seed", json=books).raise_for_status()
    client_book_id, agency_book_id = seeded.json()["spreadsheetIds"]
    for person in (ANNA, IGOR):
        permission = {"type": "user", "role": "writer", "emailAddress": person.email}
        google.post(f"/drive/v3/files/{client_book_id}/permissions", json=permission).raise_for_status()
    board = seed_board(servers.kaiten, [ANNA, IGOR])
    servers.asana.post("/_emulator/reset").raise_for_status()
    seed_account(servers.asana, [ANNA, IGOR])
    servers.amocrm.post("/_emulator/reset").raise_for_status()
    servers.telegram.post("/_emulator/reset").raise_for_status()
    return World(
        google,
        servers.kaiten,
        servers.asana,
        servers.amocrm,
        servers.telegram,
        servers.backend,
        servers.url,
        client_book_id,
        agency_book_id,
        board,
    )


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window of the browser, shared because it keeps the scripts of the page compiled."""
    window = browser.new_context(viewport=WINDOW, locale="ru-RU", timezone_id="Europe/Moscow")
    yield window
    window.close()


@pytest.fixture
def workbench(
    context: BrowserContext, world: World, request: pytest.FixtureRequest
) -> Iterator[WorkbenchPage]:
    """The page, opened by the first person. A script error in it fails the test."""
    page = WorkbenchPage(context.new_page(), world.url)
    page.open(world.client_book_id)
    yield page
    page.screenshot(request.node.name)
    # The next test begins as somebody who was never here.
    page.page.evaluate("localStorage.clear()")
    for opened in context.pages:
        opened.close()

    assert page.errors == []
