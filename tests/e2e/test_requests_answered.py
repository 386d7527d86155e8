"""Accounting answers by the link of its letter or card, over real processes: once, whatever dies."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.harness.accounting import accept, form
from tests.harness.client_site import PERSON, hidden_fields
from tests.harness.crash import CRASH, EVERYTHING, MOMENTS, Call
from tests.harness.local_office import SavedOffice
from tests.harness.mail_box import MailBox, running_mail_box
from tests.harness.office import NOW
from tests.harness.servers import Servers
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory
from vitrina.records.outside.invoice_requests import INVOICE_REQUEST, request_from_document

pytestmark = pytest.mark.slow

ROW = ("state", "document_number", "link", "reason", "waits_for")
ISSUED = {"state": "invoiced", "document_number": "17", "link": "https://docs.example/17"}
#: Kills at all calls take minutes; without this a few of them are tried.
ALL = os.environ.get("VITRINA_ALL_KILLS") == "1"
MOST_KILLS = 1
GIVE_UP_S = 60.0


@pytest.fixture(scope="module")
def box() -> Iterator[MailBox]:
    """The mail server of accounting."""
    with running_mail_box() as running:
        yield running


@pytest.fixture(scope="module")
def factory(
    servers: Servers, box: MailBox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OfficeFactory]:
    """One worker at a time, which may send letters."""
    own = {name.removeprefix("VITRINA_"): text for name, text in box.settings.items()}
    own["CLIENT_URL"] = "https://pages.example/client"
    with running_office_factory(servers, tmp_path_factory.mktemp("answered"), **own) as running:
        yield running


def agency_of(office: WorkerOffice) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def settle(office: WorkerOffice) -> None:
    """Let all that is queued be done, with what it queues for later and what the timer finds."""
    url = f"{office.servers.tasks}/_emulator/run-until-empty"
    for _ in range(3):
        office.settle()
        office.http.post(url, json={"timeout_s": 30, "include_later": True, "include_new": True})
        if any(one.deaths for one in office.supervisors):
            office.call_schedule()
    office.settle()


def ask(office: WorkerOffice) -> None:
    """Preview and ask, each click repeated until it is answered."""
    wanted = form(office.client_id)
    shown = office.click_until_answered(agency_of(office), "preview_accounting", **wanted)
    answer = office.click_until_answered(
        agency_of(office),
        "ask_accounting",
        **wanted,
        preview_id=shown["data"]["preview_id"],
        request_id=str(uuid4()),
    )
    assert answer["outcome"] == "done", answer
    settle(office)


@pytest.fixture(scope="module")
def ready(factory: OfficeFactory) -> SavedOffice:
    """An agency, and a client who has accepted two items."""
    with factory.office() as office:
        office.create_agency()
        office.create_client()
        office.choose(accounting_rate="2500", accounting_email="buh@mayak.example")
        office.settle()
        for number in (1, 2):
            accept(office.services.store, office.client_id, agency_of(office), number, NOW)
        return office.save_state()


@pytest.fixture(scope="module")
def asked(factory: OfficeFactory, box: MailBox, ready: SavedOffice) -> tuple[SavedOffice, str]:
    """Accounting was asked by letter; with the token of the link in it."""
    with factory.office(ready) as office:
        office.choose(accounting_channel="письмо")
        ask(office)
        saved = office.save_state()
    [letter] = box.letters()
    found = re.search(r"/client/a/([\w-]{22})\s", letter["text"])
    assert found is not None, letter["text"]
    return saved, found[1]


def visit(office: WorkerOffice, method: str, place: str, **data: str | list[str]) -> str:
    """A page of the worker, asked for until it answers."""
    url, give_up_at = f"{office.urls[0]}/client/a/{place}", time.monotonic() + GIVE_UP_S
    while True:
        try:
            answer = office.http.request(method, url, data=data or None, headers=dict(PERSON))
        except httpx.TransportError:
            assert time.monotonic() < give_up_at
            time.sleep(0.05)
            continue
        if answer.status_code < 500:
            return answer.text
        assert time.monotonic() < give_up_at, answer.text
        time.sleep(0.05)


def play(office: WorkerOffice, token: str) -> str:
    """Open the page, fill it in, confirm; then let all be done."""
    seen = hidden_fields(visit(office, "GET", token))["seen"]
    shown = visit(office, "POST", f"{token}/answer", seen=seen, **ISSUED)
    told = visit(office, "POST", f"{token}/answer", **hidden_fields(shown), sure="yes")
    settle(office)
    return told


def seen(office: WorkerOffice) -> dict[str, Any]:
    """What there is after the timer has repeated what was left."""
    office.call_schedule()
    settle(office)
    [request] = office.services.store.find(INVOICE_REQUEST)
    found = request_from_document(request)
    messages = [text for (text,) in office.table("log", "message", spreadsheet_id=agency_of(office))]
    return {
        "request": (found.state, found.answered, found.unsent),
        "rows": office.table("invoices", *ROW, spreadsheet_id=agency_of(office)),
        "told": sum("Бухгалтерия ответила" in one for one in messages),
    }


def test_answered_and_killed(
    factory: OfficeFactory, asked: tuple[SavedOffice, str], subtests: pytest.Subtests
) -> None:
    """The answer stands in the row once, and the person reads that it does, wherever the process dies."""
    saved, token = asked
    with factory.office(saved, **{EVERYTHING: "1"}) as office:
        assert "Ответ записан" in play(office, token)
        lines = office.calls_path.read_text(encoding="utf-8").splitlines()
        expected = seen(office)
    assert expected["request"][0] == "invoiced"
    assert expected["rows"] == [("выставлен", "17", "https://docs.example/17", None, "клиента: оплата")]
    assert expected["told"] == 1
    for crash in kills(list(map(Call.parse, lines))):
        with subtests.test(msg=crash), factory.office(saved, **{EVERYTHING: "1", CRASH: crash}) as office:
            told = play(office, token)
            assert "Ответ записан" in told or "Этот ответ уже записан" in told
            assert [one.deaths for one in office.supervisors] == [1]
            assert seen(office) == expected


def kills(calls: list[Call]) -> list[str]:
    """Moments at which the process dies: all, or a few that are spread over the calls."""
    found = [f"{moment}:{call}" for call in calls for moment in MOMENTS]
    step = 1 if ALL else max(1, len(found) // MOST_KILLS)
    return found[step // 2 :: step]


def cards(office: WorkerOffice) -> list[tuple[str, list[str], list[str]]]:
    """Title, comments and addresses of links of each card of the tracker."""
    found = []
    for one in office.cards():
        card = office.kaiten("GET", f"/cards/{one['id']}")
        comments = [text["text"] for text in office.kaiten("GET", f"/cards/{one['id']}/comments")]
        links = [link["url"].partition("/client/")[2] for link in card["external_links"]]
        found.append((card["title"], comments, links))
    return found


def test_a_card_and_killed(factory: OfficeFactory, ready: SavedOffice, subtests: pytest.Subtests) -> None:
    """One card with the link, and one comment for the revision, wherever the process dies."""
    with factory.office(ready) as office:
        office.choose(accounting_channel="карточка")
        saved = office.save_state()

    def work(office: WorkerOffice) -> list[tuple[str, list[str], list[str]]]:
        ask(office)
        accept(office.services.store, office.client_id, agency_of(office), 3, NOW)
        ask(office)
        office.call_schedule()
        settle(office)
        return cards(office)

    with factory.office(saved) as office:
        [(title, comments, links)] = work(office)
        calls = list(map(Call.parse, office.calls_path.read_text(encoding="utf-8").splitlines()))
    assert title.startswith("Запрос ЗРН-2026-11-1")
    assert [one.partition(".")[0] for one in comments] == ["Запрос изменён, теперь это редакция 2"]
    assert re.fullmatch(r"a/[\w-]{22}", links[0])
    # `tests/unit/usecases/test_accounting_page.py` loses answers of the tracker in every run.
    for crash in kills([call for call in calls if call.service == "kaiten"]) if ALL else ():
        with subtests.test(msg=crash), factory.office(saved, **{CRASH: crash}) as office:
            found = work(office)
            assert [(one[0], one[1], len(one[2])) for one in found] == [(title, comments, len(links))]
            assert [one.deaths for one in office.supervisors] == [1]
