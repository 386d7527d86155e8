"""Two agencies of one installation, each with a client, work, cards, links, a request and a chat."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from emulators.world.processes import Person, asana_connection
from tests.harness.accounting import accept, form
from tests.harness.agency_data import HISTORY, NOW, PROFILES, TEAM, history_of
from tests.harness.chat_servers import running_telegram, settings_of
from tests.harness.desks.asana import LIMITS
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.servers import Servers
from vitrina.project import team_renewal
from vitrina.records.books import Agency
from vitrina.records.history import save_history
from vitrina.records.outside.accounting_links import link_to, token_of
from vitrina.records.outside.chat_questions import Question
from vitrina.records.outside.chats import load_chat, put_group
from vitrina.records.outside.client_links import hash_of
from vitrina.records.outside.deals import DealPhase, KeptDeal
from vitrina.records.outside.invoice_requests import requests_of_project
from vitrina.records.undo import undo_key, undo_list_from_document
from vitrina.usecases.agency.create_agency import create_agency

#: Words that only the first agency has, in its workbooks and in what is kept of it.
SECRETS = ("Секретов", "Тайник", "Клад", "Сейф", "ТНК")
SECOND = "asana"
Ids = dict[str | tuple[str, str], Any]


@dataclass
class Side:
    """One agency: its workbooks, the people who may act there, and ids of everything that it has.

    ``ids`` are values of parameters of actions by the parameter, or by action and parameter where one name
    stands for several things.
    """

    agency_id: str
    client_id: str
    #: A manager of *Специалисты*, and an owner whom the operator named for this agency.
    manager: str
    owner: str
    tracker: str
    card_ids: tuple[str, ...] = ()
    page_token: str = ""
    request_token: str = ""
    chat_id: str = ""
    operation_id: str = ""
    ids: Ids = field(default_factory=dict)

    def book(self, kind: str) -> str:
        """The workbook of a kind."""
        return self.agency_id if kind == "agency" else self.client_id

    def value(self, action: str, parameter: str) -> Any:
        """The value of a parameter of an action; raises ``KeyError`` for one without an entry."""
        return self.ids[(action, parameter) if (action, parameter) in self.ids else parameter]


@dataclass
class TwoAgencies:
    """The office of an installation with two agencies."""

    office: ModuleOffice
    first: Side
    second: Side
    #: Settings of the functions beside those of the office, by their names without the prefix.
    settings: Mapping[str, str]


@contextmanager
def running_two_agencies(servers: Servers, folder: Path) -> Iterator[TwoAgencies]:
    """The first agency works in Kaiten, the second one in Asana; each account is its own."""
    with running_telegram() as telegram, ExitStack() as stack:
        # People are read once for each agency, and not again while it is compared what an attack changes.
        stack.enter_context(patch.object(team_renewal, "PAUSE_S", 3600.0))
        telegram.seed()
        chat = {name.removeprefix("VITRINA_"): value for name, value in settings_of(telegram).items()}
        settings = {"CLIENT_URL": f"{servers.functions}/client", **chat}
        office = stack.enter_context(running_agency(servers, folder, **settings))
        assert office.agency is not None
        first_id = office.agency.spreadsheet_id
        office.http.post(f"{servers.asana}/_emulator/reset").raise_for_status()
        people = [Person(one["name"], one["email"], int(one["tracker_id.kaiten"])) for one in TEAM]
        connection = asana_connection(servers.asana, people, limits=LIMITS)
        connection["calls_per_minute"] = str(LIMITS["calls_per_minute"])
        second_id = _second_agency(office).spreadsheet_id
        owners = (office.staff, f"owner@first.example={first_id}", f"owner@second.example={second_id}")
        own = {
            "OWNERS": ",".join(owners),
            "KAITEN_AGENCY": first_id,
            "TRACKERS": json.dumps({SECOND: {**connection, "agency": second_id}}),
        }
        office.restart(**own)
        first = _side(office, first_id, "first", "kaiten", SECRETS, 4)
        second = _side(office, second_id, "second", SECOND, ("Заря", "Сайт", "Баннер", "Лендинг", "ЗРН"), 3)
        yield TwoAgencies(office, first, second, own)


def _second_agency(office: ModuleOffice) -> Agency:
    rows = [{key: one[key] for key in one if not key.startswith("tracker_id")} for one in TEAM]
    agency = create_agency(
        office.services,
        name="Прибой",
        locale="ru",
        profiles=PROFILES,
        rows={"specialists": rows},
        settings={"load_factor": 1.0},
    )
    save_history(office.services.store, agency.spreadsheet_id, history_of(HISTORY))
    answer = office.click(agency.spreadsheet_id, "recalculate_norms")
    assert answer["outcome"] == "done", answer
    return agency


def _side(
    office: ModuleOffice, agency_id: str, name: str, tracker: str, words: Sequence[str], tasks: int
) -> Side:
    """Give an agency everything that it can have; *words* are the names of client, project and tasks."""
    client, project, one, other, code = words
    manager = f"manager@{name}.example"
    tab = office.book(agency_id).tab("specialists")
    free = 1 + max(row.index for row in tab.rows if tab.cell(row, "name").text)
    office.type("specialists", free, agency_id, name=f"Менеджер {name}", email=manager, role="менеджер")
    staff = office.manager(manager)

    def click(book: str, action: str, **params: Any) -> dict[str, Any]:
        answer = staff.click(book, action, **params)
        assert answer["outcome"] in ("done", "partial"), (action, answer)
        office.settle()
        return answer

    made = click(agency_id, "new_client", client_name=client, project_name=project, code=code, limit_hours=40)
    book = office.client_id = made["data"]["spreadsheet_id"]
    side = Side(agency_id, book, manager, f"owner@{name}.example", tracker)
    kinds = ("Баннер", "Лендинг", "Баннер", "Лендинг")[:tasks]
    office.fill_backlog(*({"task": f"{one} {n}", "work_type": kind} for n, kind in enumerate(kinds)))
    click(book, "estimate")
    preview = click(book, "build_batch")["data"]["preview_id"]
    click(book, "start_batch", preview_id=preview)
    click(book, "push")
    office.fill_backlog(*({"task": f"{other} {n}", "work_type": "Баннер"} for n in range(2)))
    click(book, "estimate")
    _fill(office, side, click, other)
    return side


def _fill(office: ModuleOffice, side: Side, click: Any, word: str) -> None:
    store, book, agency_id = office.services.store, side.client_id, side.agency_id
    ids = side.ids
    made = click(book, "make_client_link", scope="act")
    side.page_token = str(made["data"]["url"]).rpartition("/")[2]
    ids["link_id"] = hash_of(side.page_token)[:12]
    for number in (1, 2):
        accept(store, book, agency_id, number, NOW, title=f"{word} {number}", code=f"{word}-{number}")
    asked = form(book)
    shown = click(agency_id, "preview_accounting", **asked)["data"]
    ids["ask_accounting", "preview_id"] = shown["preview_id"]
    click(agency_id, "ask_accounting", **asked, preview_id=shown["preview_id"])
    [request] = requests_of_project(store, book)
    ids["key"] = request.key[1]
    side.request_token = token_of(office.services.link_secret, "5a17" * 8, request.key[1])
    link = link_to(side.request_token, request.key[1], book, agency_id, NOW)
    told = replace(request, link_salt="5a17" * 8, link_hash=hash_of(side.request_token))
    store.commit([told.put(), link.put()])
    ids["start_batch", "preview_id"] = click(book, "build_batch", period="next")["data"]["preview_id"]
    tab = office.book(book).tab("backlog")
    row = next(row for row in tab.rows if tab.cell(row, "task").text.startswith(word))
    place = {"sheet_id": tab.sheet_id, "row": row.index}
    ids["assign_task", "preview_id"] = click(
        book, "preview_assignment", **place, is_filled=True, work_type="Баннер"
    )["data"]["preview_id"]
    ids["replan_work", "preview_id"] = ids["start_batch", "preview_id"]
    ids["sheet_id"], ids["row"] = tab.sheet_id, row.index
    kinds = click(book, "preview_onboarding")["data"]["kinds"]
    ids["kind"] = kinds[0]["kind"] if isinstance(kinds[0], Mapping) else kinds[0]
    question = Question(book, agency_id, 7, f"{word}?", NOW.isoformat(), "", "", is_from_page=True)
    side.chat_id = f"-100{abs(hash(book)) % 10**6}"
    chat = replace(load_chat(store, book, agency_id), chat_id=side.chat_id)
    deal = KeptDeal(f"deal-{side.tracker}", agency_id, phase=DealPhase.SEEN)
    store.commit([question.put(), chat.put(), put_group(chat, side.chat_id), deal.put()])
    ids["mark"] = click(book, "preview_digest")["data"]["mark"]
    undo = undo_list_from_document(store.get_many([undo_key(book)]).get(undo_key(book)), book)
    ids["record_id"] = undo.entries[-1].record_id
    side.operation_id = office.manager(side.manager).post(book, "refresh")["operation_id"]
    office.settle()
