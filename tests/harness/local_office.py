"""One agency on the emulators, as tests and benchmarks use it.

It is set up, its menus are clicked, its sheets are typed into and its tracker is used, all over HTTP with the
real client libraries.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from emulators.common.client import local_client
from emulators.world.client import MenuClient
from emulators.world.processes import (
    ROBOT_ID,
    Person,
    local_token,
    open_folder,
    settings_environment,
)
from emulators.world.timer import call_schedule
from tests.harness.desks import DESKS
from tests.harness.desks.crm import CrmDesk
from tests.harness.desks.desk import Desk
from tests.harness.desks.kaiten import KaitenDesk
from tests.harness.documents import Documents, documents_of
from tests.harness.servers import Servers
from vitrina.bootstrap import application
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.operations.services import Services
from vitrina.records.books import Agency
from vitrina.records.history import save_history
from vitrina.usecases.agency.create_agency import create_agency
from vitrina.workbook.reading.book import Book, Row, Tab, parse_book
from vitrina.workbook.template.definition import Profile


@dataclass(frozen=True)
class SavedOffice:
    """A saved state: its name on the servers, the store's documents, and the office's own fields."""

    name: str
    documents: Any
    agency: Agency | None
    client_id: str


class OfficeError(RuntimeError):
    """An action that tests rely on has failed; the text is the answer."""


@dataclass
class LocalOffice:
    """One agency and its current client: set-up, clicks, edits and reads."""

    servers: Servers
    folder: Path
    #: E-mail of the person who clicks.
    staff: str
    http: httpx.Client = field(default_factory=lambda: local_client(timeout=60.0))
    agency: Agency | None = None
    client_id: str = ""
    #: Which tracker the agency works in: a key of ``DESKS``.
    tracker: str = "kaiten"
    #: Whether projects may begin from deals.
    has_crm: bool = False
    #: Where the Firestore emulator is that keeps its documents; if empty, they are in a file of *folder*.
    firestore_url: str = ""

    def __post_init__(self) -> None:
        #: The people at the tracker.
        self.desk: Desk = DESKS[self.tracker](self.http, self.servers)
        self.crm = CrmDesk(self.http, self.servers)
        self.documents: Documents = documents_of(self.folder, self.firestore_url)

    # --- Setting up ------------------------------------------------------------------------------

    def reset(
        self,
        setenv: Callable[[str, str], None],
        *,
        people: Sequence[Person],
        now: datetime,
        staff: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Reset all servers, add *people* to the tracker and set the functions' environment for them."""
        for name in ("tasks", "google"):
            self.http.post(f"{self.servers.url(name)}/_emulator/reset").raise_for_status()
        of_tracker = self.desk.open(people)
        environment = {
            **settings_environment(self.folder, self.servers, staff=[staff or self.staff]),
            **self.documents.settings,
            **of_tracker,
            **(self.crm.open() if self.has_crm else {}),
            "VITRINA_DRIVE_FOLDER_ID": open_folder(self.servers.google, [staff or self.staff]),
            "VITRINA_NOW": now.isoformat(),
            **(settings or {}),
        }
        for name, value in environment.items():
            setenv(name, value)
        self.documents.create()
        application.cache_clear()

    def save_state(self) -> SavedOffice:
        """Save servers and store, to be restored later on the same servers after a reset."""
        name = uuid.uuid4().hex
        self._order_servers("save-state", name)
        return SavedOffice(name, self.documents.save(), self.agency, self.client_id)

    def restore_state(self, saved: SavedOffice) -> None:
        """Restore what was saved. To be called before the functions get their first request."""
        self._order_servers("restore-state", saved.name)
        self.documents.restore(saved.documents)
        self.agency, self.client_id = saved.agency, saved.client_id

    def _order_servers(self, order: str, name: str) -> None:
        # The queue is empty then.
        of_crm = (self.crm.server,) if self.has_crm else ()
        for server in ("google", self.desk.server, *self.desk.more_servers, *of_crm):
            url = f"{self.servers.url(server)}/_emulator/{order}"
            self.http.post(url, json={"name": name}).raise_for_status()
        if self.has_crm:
            # It does not belong to the state.
            self.crm.lift_limit()

    def set_up_agency(
        self,
        *,
        name: str,
        profiles: Sequence[Profile],
        team: Sequence[Mapping[str, Any]],
        history: Mapping[str, FinishedWork],
        locale: str = "ru",
    ) -> Agency:
        """Create the agency and its people; with a *history*, compute its norms through the menu."""
        self.agency = create_agency(
            self.services,
            name=name,
            locale=locale,
            profiles=profiles,
            rows={"specialists": [self._row_of(one) for one in team]},
            settings={"load_factor": 1.0},
        )
        if history:
            save_history(self.services.store, self.agency.spreadsheet_id, history)
            answer = self.click(self.agency.spreadsheet_id, "recalculate_norms")
            _require(answer["outcome"] == "done", answer)
        return self.agency

    def _row_of(self, person: Mapping[str, Any]) -> dict[str, Any]:
        """A row of *Специалисты*, with the person's id in the column of this office's tracker."""
        return {
            key.replace("tracker_id.kaiten", f"tracker_id.{self.desk.server}"): person[key] for key in person
        }

    def create_client(self, **form: Any) -> str:
        """Create a client through the menu; returns the id of the workbook. *form* overrides its fields."""
        agency = self.agency
        if agency is None:
            raise OfficeError("there is no agency yet")
        params = {"client_name": "Заря", "project_name": "Сайт", "code": "ЗРН", "limit_hours": 100, **form}
        answer = self.click(agency.spreadsheet_id, "new_client", **params)
        _require(answer["outcome"] == "done", answer)
        self.client_id = answer["data"]["spreadsheet_id"]
        return self.client_id

    # --- Clicking and typing ---------------------------------------------------------------------

    @property
    def services(self) -> Services:
        """The services of the application that runs in this process."""
        return application().services

    def manager(self, email: str = "", locale: str = "ru") -> MenuClient:
        """A menu client of a member of staff."""
        return MenuClient(
            self.servers.functions,
            self.servers.google,
            email=email or self.staff,
            locale=locale,
            http=self.http,
        )

    def click(self, spreadsheet_id: str, action: str, **params: Any) -> dict[str, Any]:
        """The final answer to a click."""
        return self.manager().click(spreadsheet_id, action, **params)

    def do(self, action: str, **params: Any) -> dict[str, Any]:
        """The final answer to a click in the client's workbook."""
        return self.click(self.client_id, action, **params)

    def edit(self, *edits: Mapping[str, Any], spreadsheet_id: str | None = None) -> None:
        """Edit a workbook as a person does."""
        body = {"spreadsheet_id": spreadsheet_id or self.client_id, "edits": list(edits)}
        answer = self.http.post(f"{self.servers.google}/_emulator/edit", json=body)
        _require(answer.status_code == 200, answer.text)

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

    def choose(self, **settings: str) -> None:
        """Type values into *Настройки* of the agency's workbook, by the keys of the settings."""
        if self.agency is None:
            raise OfficeError("there is no agency yet")
        agency_id = self.agency.spreadsheet_id
        tab = self.book(agency_id).tab("settings")
        rows = {tab.cell(row, "key").text: row.index for row in tab.rows}
        for key, text in settings.items():
            self.type("settings", rows[key], agency_id, value=text)

    def fill_backlog(self, *rows: Mapping[str, str]) -> None:
        """Type rows below the header of the backlog; ``hours_design`` is the template's ``hours.design``."""
        first = self.book().tab("backlog").header_index + 1
        for offset, row in enumerate(rows):
            self.type(
                "backlog",
                first + offset,
                **{key.replace("hours_", "hours."): text for key, text in row.items()},
            )

    def preview_backlog(self, *rows: Mapping[str, str]) -> str:
        """Fill the backlog with *rows*, estimate them and build a batch of them; returns the preview's id."""
        self.fill_backlog(*rows)
        self.do("estimate")
        preview_id: str = self.do("build_batch", period="current")["data"]["preview_id"]
        return preview_id

    def paste_backlog(self, rows: Sequence[Mapping[str, str | float]]) -> None:
        """Paste rows below those of the backlog in one go; keys as in the template.

        As with a paste, texts are not parsed, and missing rows are added below.
        """
        self.paste_below("backlog", "task", rows, self.client_id)

    def paste_work(self, rows: Sequence[Mapping[str, str | float]]) -> None:
        """Paste rows below those of *В работе*, as a person may add rows there."""
        self.paste_below("in_progress", "action", rows, self.client_id)

    def paste_below(
        self, tab: str, column: str, rows: Sequence[Mapping[str, str | float]], spreadsheet_id: str
    ) -> None:
        """Paste rows below the last row of a tab that has a text in *column*; missing rows are added."""
        place = self.book(spreadsheet_id).tab(tab)
        self._paste(place, _first_free_row(place, column), rows, spreadsheet_id)

    def paste_cell(self, tab: str, row_index: int, column: str, text: str, spreadsheet_id: str) -> None:
        """Paste a text into a cell by the keys of tab and column, whatever its drop-down offers."""
        self._paste(self.book(spreadsheet_id).tab(tab), row_index, [{column: text}], spreadsheet_id)

    def _paste(
        self, tab: Tab, first: int, rows: Sequence[Mapping[str, str | float]], spreadsheet_id: str
    ) -> None:
        lacking = first + len(rows) - tab.row_count
        grow = {"sheetId": tab.sheet_id, "dimension": "ROWS", "length": lacking}
        requests: list[Any] = [{"appendDimension": grow}] if lacking > 0 else []
        for key in dict.fromkeys(key for row in rows for key in row):
            start = {"sheetId": tab.sheet_id, "rowIndex": first, "columnIndex": tab.column(key)}
            cells = [{"values": [_cell(row.get(key))]} for row in rows]
            requests.append({"updateCells": {"start": start, "rows": cells, "fields": "userEnteredValue"}})
        self.services.workbooks.batch_update(spreadsheet_id, requests)

    # --- Looking ---------------------------------------------------------------------------------

    def book(self, spreadsheet_id: str | None = None) -> Book:
        """The workbook as it is now."""
        return parse_book(self.services.workbooks.read(spreadsheet_id or self.client_id))

    def table(self, tab_key: str, *columns: str, spreadsheet_id: str | None = None) -> list[tuple[Any, ...]]:
        """Values of the rows of a tab whose first column of *columns* is not empty."""
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
        counts: dict[str, int] = self.http.get(f"{self.servers.url(server)}/_emulator/calls").json()["counts"]
        return counts

    def forget_calls(self) -> None:
        """Start to count calls from zero."""
        for server in ("google", self.desk.server, *self.desk.more_servers):
            self.http.delete(f"{self.servers.url(server)}/_emulator/calls").raise_for_status()

    def fail_next(self, server: str, **fault: Any) -> None:
        """Make the next calls of an emulator fail."""
        self.http.post(f"{self.servers.url(server)}/_emulator/fail-next", json=fault).raise_for_status()

    def kaiten(self, method: str, path: str, *, user_id: int = 11, **body: Any) -> Any:
        """Call the tracker's API as one of its users."""
        answer = self.http.request(
            method,
            f"{self.servers.kaiten}/api/latest{path}",
            headers={"Authorization": f"Bearer {local_token(user_id)}"},
            json=body or None,
        )
        _require(answer.status_code < 300, answer.text)
        return answer.json()

    @property
    def space_id(self) -> int:
        """Number of the agency's space in Kaiten."""
        return KaitenDesk.space_of(self.desk)

    def cards(self) -> list[Any]:
        """All cards of the tracker, as its list gives them."""
        cards: list[Any] = self.kaiten("GET", f"/cards?space_id={self.space_id}&limit=100", user_id=ROBOT_ID)
        return cards

    def call_schedule(self, **caller: str) -> httpx.Response:
        """Call ``schedule`` as the timer does."""
        return call_schedule(self.servers, **caller)

    def is_queue_empty(self) -> bool:
        """Whether no task is queued or runs."""
        url = f"{self.servers.tasks}/_emulator/run-until-empty"
        answer = self.http.post(url, json={"timeout_s": 0, "include_later": True}).raise_for_status()
        return bool(answer.json()["empty"])

    def settle(self) -> None:
        """Wait until webhooks are delivered and queued work is done; delayed tasks are run early."""
        self.desk.settle()
        if self.has_crm:
            self.crm.settle()
        body = {"timeout_s": 30, "include_later": True, "include_new": True}
        self.http.post(f"{self.servers.tasks}/_emulator/run-until-empty", json=body).raise_for_status()


def _require(is_right: bool, answer: object) -> None:
    if not is_right:
        raise OfficeError(str(answer))


def _first_free_row(tab: Tab, column: str) -> int:
    """Index of the row below the last one with a text in *column*."""
    used = [row.index for row in tab.rows if tab.cell(row, column).text]
    return max(used, default=tab.header_index) + 1


def _cell(value: str | float | None) -> Mapping[str, Any]:
    if value is None:
        return {}
    kind = "stringValue" if isinstance(value, str) else "numberValue"
    return {"userEnteredValue": {kind: value}}
