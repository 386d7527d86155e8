"""A request to accounting over real processes, sheets and mail: one, whoever clicks and whatever dies."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import openpyxl
import pytest

from tests.harness.accounting import accept, accepted, form
from tests.harness.crash import CRASH, EVERYTHING, Call
from tests.harness.crash_runs import crashes_around
from tests.harness.local_office import SavedOffice
from tests.harness.mail_box import MailBox, running_mail_box
from tests.harness.office import NOW
from tests.harness.servers import Servers
from tests.harness.threads import run_at_once
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory
from vitrina.records.outside.invoice_requests import INVOICE_REQUEST, request_from_document

pytestmark = pytest.mark.slow

EMAIL = "buh@mayak.example"
RATE = "2500,50"
HOURS = {1: 2.5, 2: 4.0, 3: 1.33}
ROW = ("number", "kind", "total", "state", "revision", "lines")

#: What a client may have typed as the name of a task.
HOSTILE = (
    '=HYPERLINK("https://evil.example";"счёт")',
    "+cmd|' /C calc'!A0",
    "<script>alert(1)</script>\r\nBcc: all@evil.example",
    "=?utf-8?q?=0d=0aBcc:_all@evil.example?=",
    "\u202eтекст\x00\x1b[31m",
    "😀" * 2000,
    "@SUM(1;1)",
)


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
    with running_office_factory(servers, tmp_path_factory.mktemp("requests"), **own) as running:
        yield running


@pytest.fixture(scope="module")
def saved(factory: OfficeFactory) -> SavedOffice:
    """An agency that asks by letter, and a client who has accepted three items."""
    with factory.office() as office:
        office.create_agency()
        office.create_client()
        office.choose(accounting_channel="письмо", accounting_email=EMAIL, accounting_rate=RATE)
        office.settle()
        assert office.agency is not None
        for number, hours in HOURS.items():
            agency_id = office.agency.spreadsheet_id
            accept(office.services.store, office.client_id, agency_id, number, NOW, hours=hours)
        return office.save_state()


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


def ask(office: WorkerOffice, *, request_id: str = "", preview_id: str = "", **more: Any) -> dict[str, Any]:
    """Preview and ask, each click repeated until it is answered."""
    wanted = form(office.client_id, **more)
    if not preview_id:
        shown = office.click_until_answered(agency_of(office), "preview_accounting", **wanted)
        preview_id = shown["data"]["preview_id"]
    return office.click_until_answered(
        agency_of(office),
        "ask_accounting",
        **wanted,
        preview_id=preview_id,
        request_id=request_id or str(uuid4()),
    )


def seen(office: WorkerOffice, box: MailBox) -> dict[str, Any]:
    """What there is after all: documents, rows, letters, marks."""
    found = [request_from_document(one) for one in office.services.store.find(INVOICE_REQUEST)]
    return {
        "requests": [(one.human_number, one.revision, one.state, one.total_kop, one.unsent) for one in found],
        "rows": office.table("invoices", *ROW, spreadsheet_id=agency_of(office)),
        "letters": sorted((one["subject"], one["text"].split("\n")[0]) for one in box.threads().values()),
        "free": sorted(accepted(office.services.store, office.client_id)),
    }


def test_asked_by_letter(factory: OfficeFactory, saved: SavedOffice, box: MailBox) -> None:
    """Row, letter and attachment say the same, and it is what was accepted."""
    box.clear()
    with factory.office(saved) as office:
        answer = ask(office)
        settle(office)
        assert answer["outcome"] == "done", answer
        found = seen(office, box)
    total = 625125 + 1000200 + 332567
    assert found["requests"] == [("ЗРН-2026-11-1", 1, "asked", total, "")]
    assert found["rows"] == [("ЗРН-2026-11-1", "счёт и закрывающие", total / 100, "запрошен", 1.0, 3.0)]
    [letter] = box.letters()
    assert letter["to"] == [EMAIL]
    assert "19\u00a0578,92 ₽" in letter["text"]
    [file] = letter["attachments"]
    sheet = openpyxl.load_workbook(io.BytesIO(base64.b64decode(file["base64"]))).active
    lines = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [(line[0], line[2], line[4], line[5]) for line in lines] == [
        ("ЗРН-1", 2.5, 2500.5, 6251.25),
        ("ЗРН-2", 4, 2500.5, 10002),
        ("ЗРН-3", 1.33, 2500.5, 3325.67),
        ("Итого", None, None, total / 100),
    ]


def test_double_clicks_and_two_people(factory: OfficeFactory, saved: SavedOffice, box: MailBox) -> None:
    """Eight clicks at once, some of them repeats: one request and one letter."""
    box.clear()
    with factory.office(saved) as office:
        wanted = form(office.client_id)
        shown = office.click_until_answered(agency_of(office), "preview_accounting", **wanted)
        ids = [str(uuid4()) for _ in range(4)]
        answers: dict[int, dict[str, Any]] = {}

        def click(number: int) -> None:
            preview_id = shown["data"]["preview_id"]
            answers[number] = ask(office, request_id=ids[number % 4], preview_id=preview_id)

        run_at_once(click, 8)
        settle(office)
        assert {one["outcome"] for one in answers.values()} == {"done"}, answers
        found = seen(office, box)
    assert [(one[0], one[1]) for one in found["requests"]] == [("ЗРН-2026-11-1", 1)]
    assert len(found["rows"]) == len(found["letters"]) == 1
    assert len(box.letters()) == 1
    assert found["free"] == []


@pytest.mark.parametrize("reply", [451, "lost", "drop"])
def test_a_lost_answer(factory: OfficeFactory, saved: SavedOffice, box: MailBox, reply: int | str) -> None:
    """A letter whose answer was lost is sent again under its own name."""
    box.clear()
    box.fail_next(reply)
    with factory.office(saved) as office:
        ask(office)
        settle(office)
        found = seen(office, box)
    assert [one[4] for one in found["requests"]] == [""]
    assert len(box.threads()) == 1
    assert len(box.letters()) == (2 if reply == "lost" else 1)


def test_a_refused_letter_is_told(factory: OfficeFactory, saved: SavedOffice, box: MailBox) -> None:
    """An address that the server refuses is told in *Журнал*, and the row is there."""
    box.clear()
    box.fail_next(550)
    with factory.office(saved) as office:
        ask(office)
        settle(office)
        # The task that writes the tab has run early here, and the queue takes a name once.
        office.let_pass(timedelta(minutes=10))
        office.call_schedule()
        settle(office)
        messages = [text for (text,) in office.table("log", "message", spreadsheet_id=agency_of(office))]
        assert len(seen(office, box)["rows"]) == 1
    assert any("не ушёл в бухгалтерию" in text for text in messages), messages
    assert box.letters() == []


def test_a_revision_and_a_withdrawal(factory: OfficeFactory, saved: SavedOffice, box: MailBox) -> None:
    """Both stand in the thread of the first letter."""
    box.clear()
    with factory.office(saved) as office:
        ask(office)
        settle(office)
        accept(office.services.store, office.client_id, agency_of(office), 4, NOW)
        ask(office)
        settle(office)
        [document] = office.services.store.find(INVOICE_REQUEST)
        answer = office.click_until_answered(agency_of(office), "withdraw_request", key=document.key)
        settle(office)
        assert answer["outcome"] == "done", answer
        found = seen(office, box)
    assert [(one[1], one[2]) for one in found["requests"]] == [(2, "withdrawn")]
    assert found["free"] == [1, 2, 3, 4]
    first, second, third = box.letters()
    assert first["in_reply_to"] == ""
    assert second["in_reply_to"] == third["in_reply_to"] == first["message_id"]
    assert len({one["message_id"] for one in box.letters()}) == 3
    assert len({one["subject"] for one in box.letters()}) == 1


def play(office: WorkerOffice) -> None:
    """Ask, change the set, ask again, withdraw."""
    first, second, third = (str(uuid4()) for _ in range(3))
    assert ask(office, request_id=first)["outcome"] == "done"
    settle(office)
    accept(office.services.store, office.client_id, agency_of(office), 4, NOW)
    assert ask(office, request_id=second, kind="both")["outcome"] == "done"
    settle(office)
    [document] = office.services.store.find(INVOICE_REQUEST)
    answer = office.click_until_answered(
        agency_of(office), "withdraw_request", key=document.key, request_id=third
    )
    assert answer["outcome"] == "done", answer
    settle(office)


def finish(office: WorkerOffice, box: MailBox) -> dict[str, Any]:
    """What there is after the timer has repeated what was left."""
    # Tasks with a delay run early here, and the queue takes a name once.
    office.let_pass(timedelta(minutes=10))
    office.call_schedule()
    settle(office)
    return seen(office, box)


def test_killed_at_every_call(
    factory: OfficeFactory, saved: SavedOffice, box: MailBox, subtests: pytest.Subtests
) -> None:
    """Wherever the process dies: the same request, row, letters and marks."""
    box.clear()
    with factory.office(saved, **{EVERYTHING: "1"}) as office:
        play(office)
        lines = office.calls_path.read_text(encoding="utf-8").splitlines()
        expected = finish(office, box)
    calls = list(map(Call.parse, lines))
    assert {call.service for call in calls} >= {"smtp", "store", "google", "tasks"}
    assert len(expected["letters"]) == 3
    most_commits = sum(call.service == "store" for call in calls) - 2
    for crash, call in crashes_around(calls):
        box.clear()
        own = {EVERYTHING: "1", CRASH: crash}
        with subtests.test(msg=crash), factory.office(saved, **own) as office:
            play(office)
            deaths = [supervisor.deaths for supervisor in office.supervisors]

            # How often a lease is taken differs: the last commit may not come.
            assert deaths == [1] or (call.service == "store" and call.number >= most_commits)
            assert finish(office, box) == expected


def test_hostile_text_is_text(factory: OfficeFactory, saved: SavedOffice, box: MailBox) -> None:
    """Nothing that a client typed is a formula, a header or a link, in row, letter and file."""
    box.clear()
    with factory.office(saved) as office:
        for number, text in enumerate(HOSTILE, start=10):
            store = office.services.store
            accept(store, office.client_id, agency_of(office), number, NOW, title=text)
        ask(office)
        settle(office)
        book = office.book(agency_of(office))
        assert not [one for one in book.formulas if one[0] == book.tab("invoices").sheet_id]
    [letter] = box.letters()
    names = [name for name, _ in letter["headers"]]
    assert "Bcc" not in names
    assert len(names) == len(set(names))
    assert letter["to"] == [EMAIL]
    assert not set(letter["text"]) & set("\x00\x1b\u202e")
    content = base64.b64decode(letter["attachments"][0]["base64"])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink]
    titles = [row[1].value for row in sheet.iter_rows(min_row=2)]
    assert HOSTILE[0] in titles
    assert HOSTILE[6] in titles
