"""One agency over fakes: use cases and jobs are called directly, so that a test takes milliseconds.

It has the people, norms and menu of ``tests.harness.office``, without servers, tokens and waiting.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from tests.harness.agency_data import HISTORY, MANAGER, NOW, PROFILES, TEAM, Facts, history_of
from tests.harness.fakes.clock import FixedClock
from tests.harness.fakes.queue import FakeQueue
from tests.harness.fakes.services import make_services
from tests.harness.fakes.store import WatchedStore
from tests.harness.fakes.tracker import FakeTracker
from tests.harness.fakes.workbooks import FakeWorkbooks, SavedWorkbooks
from tests.harness.stored import stored_document, stored_items
from vitrina.errors import VitrinaError
from vitrina.google.services import as_spreadsheet
from vitrina.jobs.registry import run_job
from vitrina.operations.actor import Actor, person
from vitrina.operations.answer import Answer, answer_json
from vitrina.operations.run import ENDED, FAILED, OPERATION, RUNNING, Run
from vitrina.operations.services import Services
from vitrina.ports import ABSENT, Card, Document, Json, WebhookRequest
from vitrina.records.books import FIRST_TRACKER
from vitrina.records.history import save_history
from vitrina.records.work import Item, load_work
from vitrina.usecases.actions import ACTIONS
from vitrina.usecases.agency.create_agency import create_agency
from vitrina.usecases.tracker.hints import take_hints
from vitrina.workbook.reading.book import Book, Row, Tab, parse_book

#: How long a run waits for a lease of somebody else, in real seconds: others do nothing meanwhile.
WAIT_S = 0.02


@dataclass(frozen=True)
class SavedOffice:
    """What a new office begins with."""

    workbooks: SavedWorkbooks
    tracker: Any
    store: Any
    agency_id: str
    client_id: str = ""


class MemoryOffice:
    """An agency and its current client, over fakes that a test can look into and interrupt."""

    def __init__(self, saved: SavedOffice | None = None) -> None:
        self.clock = FixedClock(NOW)
        self.workbooks = FakeWorkbooks(self.clock, saved.workbooks if saved else None)
        self.tracker = FakeTracker(saved.tracker if saved else None)
        self.store = WatchedStore(saved.store if saved else None)
        self.queue = FakeQueue(self.clock)
        self.services: Services = make_services(
            clock=self.clock,
            workbooks=self.workbooks,
            tracker=self.tracker,
            store=self.store,
            queue=self.queue,
        )
        self.agency_id = saved.agency_id if saved else ""
        self.client_id = saved.client_id if saved else ""

    # --- Actions and jobs ----------------------------------------------------------------------------

    def new_run(self, operation_id: str = "", *, actor: Actor | None = None, **data: Any) -> Run:
        """A run of an operation, as the runner makes it; one that is stored already goes on."""
        key = operation_id or uuid.uuid4().hex
        stored = stored_document(self.store, OPERATION, key)
        data = {"agency_id": self.agency_id, "at": self.clock.now().isoformat(), "state": RUNNING, **data}
        document = stored or Document(OPERATION, key, ABSENT, data)
        return Run(self.services, actor or person(MANAGER), document)

    def do(self, action: str, spreadsheet_id: str = "", *, operation_id: str = "", **params: Any) -> Answer:
        """The answer of an action of the menu, run under its leases; raises what it raises.

        With the *operation_id* of one that ended without an answer, that goes on, as a second delivery does.
        """
        kind = ACTIONS[action]
        book_id = spreadsheet_id or (self.client_id if kind.book_kind == "client" else self.agency_id)
        run = self.new_run(operation_id)
        run.take(*(one.replace("{book}", book_id) for one in kind.holds), wait_s=WAIT_S)
        try:
            answer = kind.run(run, book_id, params)
        except VitrinaError:
            run.drop_final_writes()
            with contextlib.suppress(VitrinaError):
                run.end(state=FAILED)
            raise
        run.end(state=ENDED, answer=answer_json(answer, "ru"))
        return answer

    def run_job(self, body: Json) -> None:
        """Run queued work as the ``task`` entry point does; raises what it raises."""
        run_job(self.services, body)

    def run_queue(self, most: int = 20) -> list[str]:
        """Run all that waits in the queue and what that queues, moving the clock on; gives the task names."""
        done: list[str] = []
        while self.queue.waiting:
            assert len(done) < most, done
            due_at = min(one.due_at for one in self.queue.waiting)
            self.clock.set(max(due_at, self.clock.now()))
            done.append(self.queue.run_next(self.run_job).name)
        return done

    def receive(self, request: WebhookRequest) -> int:
        """Receive a webhook of the tracker, as its entry point does; gives the count of known cards."""
        card_ids = self.tracker.receive(request).card_ids
        return take_hints(self.services, FIRST_TRACKER, card_ids)

    # --- Setting up ----------------------------------------------------------------------------------

    def set_up_agency(
        self,
        *,
        team: Sequence[Mapping[str, Any]] = TEAM,
        facts: Facts = HISTORY,
        locale: str = "ru",
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Create the agency and its people; where there are *facts*, learn its norms."""
        agency = create_agency(
            self.services,
            name="Маяк",
            locale=locale,
            profiles=PROFILES,
            rows={"specialists": team},
            settings={"load_factor": 1.0, **(settings or {})},
        )
        self.agency_id = agency.spreadsheet_id
        if facts:
            save_history(self.store, self.agency_id, history_of(facts))
            self.do("recalculate_norms")

    def create_client(self, **form: Any) -> str:
        """Create a client, who is the current one from then on; *form* overrides fields of the form."""
        params = {"client_name": "Заря", "project_name": "Сайт", "code": "ЗРН", "limit_hours": 100, **form}
        self.client_id = self.do("new_client", **params).data["spreadsheet_id"]
        return self.client_id

    def start(self, *rows: Mapping[str, str], is_pushed: bool = False) -> None:
        """Put rows into the empty backlog, estimate and start them; with *is_pushed*, make their cards."""
        self.fill_backlog(*rows)
        self.do("estimate")
        self.do("start_batch", preview_id=self.do("build_batch").data["preview_id"])
        if is_pushed:
            self.do("push")

    def save(self) -> SavedOffice:
        """Everything as it is now, from which other offices can begin."""
        return SavedOffice(
            self.workbooks.save(), self.tracker.save(), self.store.save(), self.agency_id, self.client_id
        )

    # --- The workbook --------------------------------------------------------------------------------

    def edit(self, *edits: Mapping[str, Any], spreadsheet_id: str = "") -> None:
        """Edit a workbook as a person does."""
        self.workbooks.edit(spreadsheet_id or self.client_id, *edits)

    def type(self, tab: str, row: int, spreadsheet_id: str = "", **values: str) -> None:
        """Type into a row of a tab, row 0 being below the header; ``hours_x`` stands for ``hours.x``."""
        place = self.tab(tab, spreadsheet_id)
        self.edit(*_typing(place, place.header_index + 1 + row, values), spreadsheet_id=spreadsheet_id)

    def fill_backlog(self, *rows: Mapping[str, str]) -> None:
        """Type rows below the header of the backlog."""
        place = self.tab("backlog")
        first = place.header_index + 1
        self.edit(*(edit for at, row in enumerate(rows) for edit in _typing(place, first + at, row)))

    def set_field(self, key: str, text: str, spreadsheet_id: str = "") -> None:
        """Type into a field of the first tab, or of the settings of the agency's workbook."""
        place = self.book(spreadsheet_id).field(key)
        edit = {"type": "type", "sheet": place.sheet_title, "cell": place.address, "text": text}
        self.edit(edit, spreadsheet_id=spreadsheet_id)

    def book(self, spreadsheet_id: str = "") -> Book:
        """A workbook as it is now; that of the client where none is named."""
        return _parsed(self.workbooks.text(spreadsheet_id or self.client_id))

    def tab(self, key: str, spreadsheet_id: str = "") -> Tab:
        """A tab as it is now."""
        return self.book(spreadsheet_id).tab(key)

    def table(self, tab_key: str, *columns: str, spreadsheet_id: str = "") -> list[tuple[Any, ...]]:
        """Values of the rows of a tab whose first column of *columns* is not empty."""
        tab = self.tab(tab_key, spreadsheet_id)
        return [
            tuple(tab.cell(row, column).value for column in columns)
            for row in tab.rows
            if tab.cell(row, columns[0]).text
        ]

    # --- Store and tracker ---------------------------------------------------------------------------

    def items(self, spreadsheet_id: str = "") -> dict[int, Item]:
        """Items of the client that are open or were finished lately, by number."""
        own = stored_items(self.store, spreadsheet_id=spreadsheet_id or self.client_id)
        return {item.number: item for item in own}

    def change_item(self, number: int, **fields: Any) -> None:
        """Change an item in the store, as another process may."""
        work = load_work(self.store, self.client_id, self.agency_id)
        self.store.commit(work.writes(work.value.amended(number, **fields)))

    def card(self, number: int) -> Card:
        """The card of an item."""
        item = self.items()[number]
        card = self.tracker.get_card("", item.card_id)
        assert card is not None, item
        return card


@lru_cache(maxsize=8)
def _parsed(text: bytes) -> Book:
    """Tests look into the same workbooks again and again."""
    return parse_book(as_spreadsheet(text))


def _typing(tab: Tab, row_index: int, values: Mapping[str, str]) -> list[Mapping[str, Any]]:
    row = Row(row_index, None, ())
    columns = {key if key in tab.columns else key.replace("_", ".", 1): text for key, text in values.items()}
    return [
        {"type": "type", "sheet": tab.title, "cell": tab.address(row, column), "text": text}
        for column, text in columns.items()
    ]


# --- Offices to begin with -------------------------------------------------------------------------


def agency_office() -> MemoryOffice:
    """An agency with people and norms, and no client."""
    return MemoryOffice(_saved_agency())


def client_office() -> MemoryOffice:
    """The same with a client whose backlog is empty."""
    return MemoryOffice(_saved_client())


def started_office() -> MemoryOffice:
    """The same with two items in progress, which have no cards yet: ЗРН-1 «Лендинг» and ЗРН-2 «Баннер»."""
    return MemoryOffice(_saved_started())


def pushed_office() -> MemoryOffice:
    """The same with their cards."""
    return MemoryOffice(_saved_pushed())


@cache
def _saved_agency() -> SavedOffice:
    return _saved_after(MemoryOffice(), lambda office: office.set_up_agency())


@cache
def _saved_client() -> SavedOffice:
    return _saved_after(agency_office(), lambda office: office.create_client())


@cache
def _saved_started() -> SavedOffice:
    rows = ({"task": "Лендинг", "work_type": "Лендинг"}, {"task": "Баннер", "work_type": "Баннер"})
    return _saved_after(client_office(), lambda office: office.start(*rows))


@cache
def _saved_pushed() -> SavedOffice:
    return _saved_after(started_office(), lambda office: office.do("push"))


def _saved_after(office: MemoryOffice, do: Callable[[MemoryOffice], object]) -> SavedOffice:
    do(office)
    return office.save()
