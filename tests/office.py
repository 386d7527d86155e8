"""An agency at work on the local world, for tests: real client libraries, real wire, all in one process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from vitrina.bootstrap import application
from vitrina.domain.norms import FinishedWork
from vitrina.usecases.create_agency import create_agency
from vitrina.usecases.records import Agency, save_history
from vitrina.usecases.services import Services
from vitrina.workbook.book import Book, Row, Tab, parse_book
from vitrina.workbook.template import Profile

import emulators.google.app
import emulators.kaiten.routes
import emulators.tasks.routes
from emulators.common.server import running
from emulators.world.client import MenuClient
from emulators.world.functions import create_app as create_functions
from emulators.world.processes import (
    AUDIENCE,
    QUEUE,
    ROBOT_ID,
    SERVICE_ACCOUNT,
    local_token,
)

MANAGER = "manager@mayak.example"
WEBHOOK_SECRET = "secret-of-the-tests-0123456789"

#: A Monday morning in Moscow; the week has five working days.
NOW = datetime.fromisoformat("2026-11-23T09:00:00+03:00")

PROFILES = (Profile("design", "Дизайн"), Profile("copy", "Тексты"), Profile("development", "Разработка"))
TEAM: tuple[Mapping[str, Any], ...] = (
    {"name": "Анна Белова", "email": "anna@mayak.example", "profiles": "Дизайн", "hours_per_day": 8, "kaiten_id": "11"},
    {"name": "Борис Ким", "email": "boris@mayak.example", "profiles": "Тексты, Дизайн", "hours_per_day": 6, "kaiten_id": "12"},
    {"name": "Вера Орлова", "email": "vera@mayak.example", "profiles": "Разработка", "hours_per_day": 8, "kaiten_id": "13"},
)  # fmt: skip
HISTORY = {
    "Баннер": {"design": (2.0, 3.0, 4.0)},
    "Статья": {"copy": (5.0, 7.0)},
    "Лендинг": {"design": (8.0, 10.0), "copy": (4.0,), "development": (16.0, 24.0)},
}


@dataclass(frozen=True)
class Servers:
    """Base URLs of the running emulators and functions."""

    google: str
    kaiten: str
    tasks: str
    functions: str


@contextmanager
def running_servers() -> Iterator[Servers]:
    """All servers in threads of this process, on free ports."""
    with ExitStack() as stack:
        google = stack.enter_context(running(emulators.google.app.create_app()))
        kaiten = stack.enter_context(running(emulators.kaiten.routes.create_app()))
        tasks = stack.enter_context(running(emulators.tasks.routes.create_app(google)))
        functions = stack.enter_context(running(create_functions()))
        yield Servers(google, kaiten, tasks, functions)


@dataclass
class Office:
    """One agency with one client, and everything that a test wants to do to them."""

    servers: Servers
    folder: Path
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=60.0))
    space_id: int = 0
    agency: Agency | None = None
    client_id: str = ""

    # --- Setting up ------------------------------------------------------------------------------

    def open(self, monkeypatch: pytest.MonkeyPatch, *, now: datetime = NOW, staff: str = MANAGER) -> None:
        """Empty the world, seed the tracker and point the functions at it."""
        for url in (self.servers.tasks, self.servers.google, self.servers.kaiten):
            self.http.post(f"{url}/_emulator/reset").raise_for_status()
        self.space_id = self._seed_kaiten()
        settings = {
            "STORE_PATH": str(self.folder / "store.sqlite"),
            "TOKEN_AUDIENCE": AUDIENCE,
            "STAFF": staff,
            "SERVICE_ACCOUNT": SERVICE_ACCOUNT,
            "TASK_URL": f"{self.servers.functions}/task",
            "WEBHOOK_URL": f"{self.servers.functions}/webhook",
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
            "KAITEN_URL": self.servers.kaiten,
            "KAITEN_TOKEN": local_token(ROBOT_ID),
            "KAITEN_SPACE_ID": str(self.space_id),
            "TASKS_QUEUE": QUEUE,
            "GOOGLE_URL": self.servers.google,
            "TASKS_URL": self.servers.tasks,
            "NOW": now.isoformat(),
        }
        for name, value in settings.items():
            monkeypatch.setenv(f"VITRINA_{name}", value)
        application.cache_clear()

    def hire(
        self,
        *,
        team: Sequence[Mapping[str, Any]] = TEAM,
        history: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
        profiles: Sequence[Profile] = PROFILES,
        locale: str = "ru",
    ) -> None:
        """Make the agency, its people and its norms."""
        self.agency = create_agency(
            self.services,
            name="Маяк",
            locale=locale,
            profiles=profiles,
            rows={"specialists": team},
            settings={"load_factor": 1.0},
        )
        works = {
            f"{work_type}-{profile}-{n}": FinishedWork(work_type, profile, hours, 1.0, NOW.date())
            for work_type, by_profile in (HISTORY if history is None else history).items()
            for profile, figures in by_profile.items()
            for n, hours in enumerate(figures)
        }
        if works:
            save_history(self.services.store, self.agency.spreadsheet_id, works)
            assert self.click(self.agency.spreadsheet_id, "recalculate_norms")["outcome"] == "done"

    def welcome(self, **form: Any) -> str:
        """Make a client through the menu; gives the id of the workbook."""
        assert self.agency is not None
        params = {"client_name": "Заря", "project_name": "Сайт", "code": "ЗРН", "limit_hours": 100, **form}
        answer = self.click(self.agency.spreadsheet_id, "new_client", **params)
        assert answer["outcome"] == "done", answer
        self.client_id = answer["data"]["spreadsheet_id"]
        return self.client_id

    # --- Clicking and typing ---------------------------------------------------------------------

    @property
    def services(self) -> Services:
        """The services of the functions' process, which is this one."""
        return application().services

    def manager(self, email: str = MANAGER, locale: str = "ru") -> MenuClient:
        """Somebody at the menu."""
        return MenuClient(self.servers.functions, self.servers.google, email=email, locale=locale)

    def click(self, spreadsheet_id: str, action: str, **params: Any) -> dict[str, Any]:
        """What the manager is told in the end."""
        return self.manager().click(spreadsheet_id, action, **params)

    def do(self, action: str, **params: Any) -> dict[str, Any]:
        """A click in the client's workbook."""
        return self.click(self.client_id, action, **params)

    def edit(self, *edits: Mapping[str, Any], spreadsheet_id: str | None = None) -> None:
        """Edit as a person does."""
        body = {"spreadsheet_id": spreadsheet_id or self.client_id, "edits": list(edits)}
        answer = self.http.post(f"{self.servers.google}/_emulator/edit", json=body)
        assert answer.status_code == 200, answer.text

    def type(self, tab: str, row_index: int, spreadsheet_id: str | None = None, **values: str) -> None:
        """Type into cells of a row, by the keys of tab and columns."""
        book = self.book(spreadsheet_id)
        place = book.tab(tab)
        self.edit(
            *(
                {
                    "type": "type",
                    "sheet": place.title,
                    "cell": place.address(Row(row_index, None, ()), key),
                    "text": text,
                }
                for key, text in values.items()
            ),
            spreadsheet_id=spreadsheet_id,
        )

    def fill_backlog(self, *rows: Mapping[str, str]) -> None:
        """Type rows below the header of the backlog; keys as in the template, ``hours_design`` for ``hours.design``."""
        first = self.book().tab("backlog").header_index + 1
        for offset, row in enumerate(rows):
            self.type(
                "backlog",
                first + offset,
                **{key.replace("hours_", "hours."): text for key, text in row.items()},
            )

    # --- Looking ---------------------------------------------------------------------------------

    def book(self, spreadsheet_id: str | None = None) -> Book:
        """The workbook as it is now."""
        return parse_book(self.services.workbooks.read(spreadsheet_id or self.client_id))

    def table(self, tab_key: str, *columns: str, spreadsheet_id: str | None = None) -> list[tuple[Any, ...]]:
        """Values of the rows of a tab in which something stands in the first of *columns*."""
        tab = self.book(spreadsheet_id).tab(tab_key)
        return [
            tuple(tab.cell(row, column).value for column in columns)
            for row in tab.rows
            if tab.cell(row, columns[0]).text
        ]

    def row(self, tab_key: str, code: str) -> tuple[Tab, Row]:
        """The first row with this ID."""
        tab = self.book().tab(tab_key)
        return tab, next(row for row in tab.rows if tab.cell(row, "id").text == code)

    def calls(self, server: str) -> dict[str, int]:
        """Count of the calls of an emulator by method since ``forget_calls``."""
        counts: dict[str, int] = self.http.get(f"{getattr(self.servers, server)}/_emulator/calls").json()[
            "counts"
        ]
        return counts

    def forget_calls(self) -> None:
        """Count from zero."""
        for url in (self.servers.google, self.servers.kaiten):
            self.http.delete(f"{url}/_emulator/calls").raise_for_status()

    def fail_next(self, server: str, **fault: Any) -> None:
        """Let the next calls of an emulator fail."""
        url = f"{getattr(self.servers, server)}/_emulator/fail-next"
        self.http.post(url, json=fault).raise_for_status()

    def kaiten(self, method: str, path: str, *, user_id: int = 11, **body: Any) -> Any:
        """A call of the tracker as one of its people."""
        answer = self.http.request(
            method,
            f"{self.servers.kaiten}/api/latest{path}",
            headers={"Authorization": f"Bearer {local_token(user_id)}"},
            json=body or None,
        )
        assert answer.status_code < 300, answer.text
        return answer.json()

    def cards(self) -> list[Any]:
        """All cards of the tracker, as its list gives them."""
        cards: list[Any] = self.kaiten("GET", f"/cards?space_id={self.space_id}&limit=100", user_id=ROBOT_ID)
        return cards

    def settle(self) -> None:
        """Wait until webhooks are delivered and queued work is done."""
        self.http.post(f"{self.servers.kaiten}/_emulator/webhooks/settle", json={}).raise_for_status()
        self.http.post(f"{self.servers.kaiten}/_emulator/webhooks/settle", json={})
        self.http.post(
            f"{self.servers.tasks}/_emulator/run-until-empty", json={"timeout_s": 30, "include_later": True}
        ).raise_for_status()

    def _seed_kaiten(self) -> int:
        people = [(ROBOT_ID, "Витрина", SERVICE_ACCOUNT)]
        people += [(int(one["kaiten_id"]), one["name"], one["email"]) for one in TEAM]
        users = [
            {
                "id": key,
                "full_name": name,
                "email": email,
                "username": email.split("@")[0],
                "token": local_token(key),
            }
            for key, name, email in people
        ]
        roles = {str(key): "admin" if key == ROBOT_ID else "writer" for key, _, _ in people}
        seed = {"users": users, "spaces": [{"title": "Клиенты", "users": roles}], "limit_per_s": 500}
        answer = self.http.post(f"{self.servers.kaiten}/_emulator/seed", json=seed)
        answer.raise_for_status()
        return int(answer.json()["spaces"][0]["id"])
