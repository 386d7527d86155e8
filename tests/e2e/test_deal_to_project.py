"""A deal is won, and its project begins: over the wire, while processes die and outside systems fail.

Whatever happens on the way, there is one of everything in the end: board, workbook, row of *Проекты*, each
task of the onboarding with its card, and the note in the deal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.emulators.amocrm.amocrm_world import KIND
from tests.harness.crash import FIRESTORE, Call
from tests.harness.crash_runs import crash_at_every_call
from tests.harness.desks.crm import RULES
from tests.harness.desks.kaiten import KaitenDesk
from tests.harness.local_office import SavedOffice
from tests.harness.office import Office
from tests.harness.servers import Servers
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory
from vitrina.jobs.refresh_agency import redraw_agency
from vitrina.operations.actor import CLOCK
from vitrina.operations.run import Run, ending
from vitrina.records.books import Project, find_projects
from vitrina.usecases.tracker.refresh import refresh

#: Longer than a lease and a period of the timer.
STEP = timedelta(minutes=16)
#: How often the timer may have to call until everything is there.
MOST_CALLS = 12
#: One of each; the onboarding has five tasks.
ONE_OF_EACH = Counter(board=1, workbook=1, row=1, note=1, task=5, card=5)


@pytest.fixture(scope="module")
def factory(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, store_url: str
) -> Iterator[OfficeFactory]:
    """One worker at a time, with a CRM."""
    with running_office_factory(
        servers,
        tmp_path_factory.mktemp("deals"),
        firestore_url=store_url,
        has_crm=True,
        clock_step=STEP,
        **KaitenDesk.own_user_settings,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def saved(factory: OfficeFactory) -> SavedOffice:
    """An agency that has chosen its stages, and one deal that is not won yet."""
    with factory.office() as office:
        office.create_agency()
        office.choose(**RULES, deal_onboarding="Вид проекта")
        office.crm.add_deal(fields={str(KIND): "Сайт"})
        office.call_schedule()
        office.settle()
        return office.save_state()


def deal_of(office: Office) -> int:
    """The only deal of the account."""
    (row,) = office.crm.deals()
    return int(row["id"])


def made(office: Office) -> Counter[str]:
    """How many of everything there are."""
    assert office.agency is not None
    books = office.http.get(f"{office.servers.google}/_emulator/workbooks").json()
    rows = office.table("projects", "project", spreadsheet_id=office.agency.spreadsheet_id)
    projects = find_projects(office.services.store, office.agency.spreadsheet_id)
    tasks = {
        code
        for one in projects
        for (code,) in office.table("in_progress", "id", spreadsheet_id=one.spreadsheet_id)
    }
    return Counter(
        task=len(tasks),
        card=len(office.desk.cards()),
        board=sum("Новый сайт" in title for title, _ in office.desk.boards()),
        workbook=sum("Новый сайт" in book["title"] for book in books),
        row=sum(project == "Новый сайт" for (project,) in rows),
        note=len(office.crm.notes(deal_of(office))),
    )


def look_at(office: Office, project: Project) -> None:
    """Read the cards of a project."""
    run = Run(office.services, CLOCK, agency_id=project.agency_id)
    with ending(run):
        run.take(project.spreadsheet_id)
        refresh(run, project.spreadsheet_id)


def win(office: WorkerOffice, *, every: timedelta | None = None) -> Mapping[str, Any]:
    """Drag the deal to the stage; repeats what was lost as amoCRM and the timer do, until all is there.

    The timer calls after *every* such time; without it the clock moves only when a process dies.
    """
    office.crm.move(deal_of(office), "signed")
    office.settle()
    for _ in range(MOST_CALLS):
        if made(office) == ONE_OF_EACH:
            break
        if every is not None:
            office.let_pass(every)
        office.crm.control("POST", "/webhooks/advance", {"minutes": 5})
        office.call_schedule()
        office.settle()
    # The timer does both where it had to call.
    assert office.agency is not None
    for project in find_projects(office.services.store, office.agency.spreadsheet_id):
        look_at(office, project)
    redraw_agency(office.services, {"kind": "redraw", "spreadsheet_id": office.agency.spreadsheet_id})
    found = made(office)
    return {"outcome": "done" if found == ONE_OF_EACH else "wrong", "message": str(found)}


def makes_something(call: Call) -> bool:
    """Whether a call is the first of its kind that changes something outside, or a commit of the store."""
    if call.number > 1 and call.service != FIRESTORE:
        return False
    if call.service in ("kaiten", "amocrm"):
        return not call.method.startswith("GET")
    return call.service in ("tasks", FIRESTORE) or "get" not in call.method


def test_killed_at_any_call(
    factory: OfficeFactory, saved: SavedOffice, subtests: pytest.Subtests, request: pytest.FixtureRequest
) -> None:
    """Around each call of the chain; without ``--full`` around the first of each kind that changes.

    A call that a process died before is one that did nothing, as in the test below.
    """
    is_full = request.config.getoption("--full")

    calls = crash_at_every_call(
        factory,
        subtests,
        saved,
        win,
        crashes_at=(lambda _: True) if is_full else makes_something,
    )

    assert {call.service for call in calls} - {FIRESTORE} == {"google", "kaiten", "amocrm", "tasks"}


#: What the calls of the chain are, by system: methods of the emulators that change something or are needed.
CHAIN = (
    ("amocrm", "leads.get"),
    ("amocrm", "companies.get"),
    ("amocrm", "notes.list"),
    ("amocrm", "notes.add"),
    ("google", "sheets.spreadsheets.get"),
    ("google", "sheets.spreadsheets.batchUpdate"),
    ("google", "drive.files.create"),
    ("google", "drive.permissions.create"),
    ("kaiten", "boards.create"),
    ("kaiten", "external_webhooks.list"),
    ("kaiten", "external_webhooks.create"),
    ("kaiten", "cards.create"),
)
#: How a call fails. The first is answered and carried out, and the answer is lost.
WAYS: tuple[int | str, ...] = ("timeout", "drop", 429, 500)


def test_systems_that_fail(
    factory: OfficeFactory, saved: SavedOffice, subtests: pytest.Subtests, request: pytest.FixtureRequest
) -> None:
    """Each call of the chain fails as often as an attempt tries it, in one way; with ``--full`` in each."""
    is_full = request.config.getoption("--full")
    for place, (server, method) in enumerate(CHAIN):
        for way in WAYS if is_full else (WAYS[place % len(WAYS)],):
            with subtests.test(msg=f"{server} {method} {way}"), factory.office(saved) as office:
                office.fail_next(server, status=way, method=method, count=4, retry_after=0)
                answer = win(office, every=STEP)
                assert answer["outcome"] == "done", answer
                assert office.calls(server)[method] >= 1
