"""Requests to accounting over fakes: what is asked, once, what accounting answers, what the client reads."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace

from tests.harness.accounting import accept, accepted, form
from tests.harness.chat_office import ChatOffice
from tests.harness.memory_office import MemoryOffice, client_office
from vitrina.errors import CellsError, UserError
from vitrina.jobs.nightly import plan_nights
from vitrina.records.outside.client_pages import load_page
from vitrina.records.outside.invoice_requests import InvoiceRequest, find_open_requests
from vitrina.usecases.accounting.client_lines import client_lines, lines_of_project

ROW = ("number", "kind", "total", "state", "waits_for", "revision", "lines")


@pytest.fixture
def office() -> MemoryOffice:
    """An agency with a client, and three accepted items."""
    office = client_office()
    for number, hours in ((1, 2.5), (2, 4.0), (3, 1.33)):
        accept(office.store, office.client_id, office.agency_id, number, office.clock.now(), hours=hours)
    return office


def set_setting(office: MemoryOffice, key: str, text: str) -> None:
    """Type into a row of *Настройки*."""
    tab = office.tab("settings", office.agency_id)
    row = next(row for row in tab.rows if tab.cell(row, "key").text == key)
    office.type("settings", row.index - tab.header_index - 1, office.agency_id, value=text)


def ask(office: MemoryOffice, **more: Any) -> Any:
    """Preview and ask."""
    wanted = form(office.client_id, **more)
    shown = office.do("preview_accounting", **wanted)
    return office.do("ask_accounting", **wanted, preview_id=shown.data["preview_id"])


def refresh(office: MemoryOffice) -> None:
    """Let the agency's workbook be refreshed, and what waits be sent."""
    office.run_queue(50)


def requests(office: MemoryOffice) -> list[InvoiceRequest]:
    """All open requests."""
    return find_open_requests(office.store, office.agency_id)


def rows(office: MemoryOffice) -> list[Any]:
    """The rows of *Счета и акты*."""
    return office.table("invoices", *ROW, spreadsheet_id=office.agency_id)


def test_asked_once_and_answered(office: MemoryOffice) -> None:
    """From the click to the payment, all in the row of the agency's workbook."""
    set_setting(office, "accounting_rate", "2500")
    answer = ask(office)
    refresh(office)

    assert answer.data == {"number": "ЗРН-2026-11-1", "revision": 1}
    assert rows(office) == [
        ("ЗРН-2026-11-1", "счёт и закрывающие", 19575.0, "запрошен", "бухгалтерию", 1.0, 3.0)
    ]
    assert accepted(office.store, office.client_id) == {}
    [request] = requests(office)
    assert client_lines(request, "ru") == []

    office.type(
        "invoices",
        0,
        office.agency_id,
        state="выставлен",
        document_number="17",
        document_on="28.11.2026",
        link="https://docs.example/17",
    )
    office.run_job({"kind": "agency", "spreadsheet_id": office.agency_id, "draws": False})
    [request] = requests(office)
    assert [(one.text, one.url) for one in client_lines(request, "ru")] == [
        ("Счёт выставлен 28.11", "https://docs.example/17")
    ]
    assert rows(office)[0][4] == "клиента: оплата"
    with pytest.raises(UserError, match=r"accounting\.issued"):
        office.do("preview_accounting", **form(office.client_id))
    with pytest.raises(UserError, match=r"accounting\.received"):
        office.do("withdraw_request", key=request.key[1])
    office.type("invoices", 0, office.agency_id, paid_on="30.11.2026")
    office.run_job({"kind": "agency", "spreadsheet_id": office.agency_id, "draws": False})
    assert rows(office)[0][3] == "оплачен"
    told = lines_of_project(office.store, office.client_id, "ru")
    assert [(one.text, one.url) for one in told] == [("Оплачено 30.11, спасибо", "https://docs.example/17")]


def test_the_list_of_works(office: MemoryOffice) -> None:
    """It can be had for each request of the agency, and for none of another one."""
    ask(office)
    [shown] = office.do("accounting_options").data["requests"]
    assert (shown["number"], shown["can_withdraw"]) == ("ЗРН-2026-11-1", True)
    file = office.do("request_file", key=shown["key"]).data
    assert file["name"] == "ЗРН-2026-11-1-1.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(base64.b64decode(file["base64"]))).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["ЗРН-1", "ЗРН-2", "ЗРН-3", "Итого"]
    with pytest.raises(UserError, match="no_request"):
        office.do("request_file", key="other")


def test_a_changed_set_is_a_revision(office: MemoryOffice) -> None:
    """Work that is accepted later makes a revision that names the one it replaces."""
    ask(office)
    first = requests(office)[0]
    accept(office.store, office.client_id, office.agency_id, 4, office.clock.now())

    answer = ask(office)

    [second] = requests(office)
    assert answer.data == {"number": first.human_number, "revision": 2}
    assert second.body["replaces"] == first.request_id
    assert [line.number for line in second.lines] == [1, 2, 3, 4]
    assert [one["request_id"] for one in second.earlier] == [first.request_id]
    again = office.do("preview_accounting", **form(office.client_id))
    assert "preview_id" not in again.data
    assert again.message.code == "accounting.asked_before"


def test_withdrawn_and_asked_again(office: MemoryOffice) -> None:
    """A withdrawn request gives its work back; asked again, it is the next revision."""
    ask(office)
    refresh(office)
    [request] = requests(office)

    office.do("withdraw_request", key=request.key[1])
    office.do("withdraw_request", key=request.key[1])

    assert sorted(accepted(office.store, office.client_id)) == [1, 2, 3]
    refresh(office)
    assert [(row[0], row[3]) for row in rows(office)] == [("ЗРН-2026-11-1", "отозван")]
    ask(office)
    refresh(office)
    assert [(row[0], row[3], row[5]) for row in rows(office)] == [("ЗРН-2026-11-1", "запрошен", 2.0)]


def test_invoice_first_then_closing(office: MemoryOffice) -> None:
    """The same work stands in the request for the invoice and in that for the closing documents."""
    ask(office, kind="invoice")
    ask(office, kind="closing")

    found = requests(office)
    assert [(one.kind, one.human_number, len(one.lines)) for one in found] == [
        ("invoice", "ЗРН-2026-11-1", 3),
        ("closing", "ЗРН-2026-11-2", 3),
    ]
    with pytest.raises(UserError, match=r"accounting\.overlap"):
        office.do("preview_accounting", **form(office.client_id))
    office.do("withdraw_request", key=found[0].key[1])
    assert accepted(office.store, office.client_id) == {}
    office.do("withdraw_request", key=found[1].key[1])
    assert sorted(accepted(office.store, office.client_id)) == [1, 2, 3]


def test_exactly_what_was_previewed(office: MemoryOffice) -> None:
    """Work that is accepted after the preview, or another rate, has the click refused."""
    wanted = form(office.client_id)
    shown = office.do("preview_accounting", **wanted)
    accept(office.store, office.client_id, office.agency_id, 4, office.clock.now())
    with pytest.raises(UserError, match=r"accounting\.changed"):
        office.do("ask_accounting", **wanted, preview_id=shown.data["preview_id"])
    shown = office.do("preview_accounting", **wanted)
    set_setting(office, "accounting_rate", "2500,50")
    with pytest.raises(UserError, match=r"accounting\.changed"):
        office.do("ask_accounting", **wanted, preview_id=shown.data["preview_id"])
    assert requests(office) == []


def test_settings_that_cannot_be_used(office: MemoryOffice) -> None:
    """All bad cells are told together."""
    set_setting(office, "accounting_rate", "много")
    set_setting(office, "accounting_channel", "голубь")
    set_setting(office, "accounting_clients", "ЗРН: ИНН 12")
    with pytest.raises(CellsError) as caught:
        office.do("preview_accounting", **form(office.client_id))
    assert [one.code for one in caught.value.problems] == [
        "cell.accounting_choice",
        "cell.accounting_rate",
        "cell.accounting_client",
    ]


def test_terms_of_a_client(office: MemoryOffice) -> None:
    """A line of the settings names contract, tax numbers and an own rate."""
    text = (
        "ЗРН: название ООО «Зерно»; договор 12/26 от 01.03.2026; ИНН 7701234567; КПП 770101001; ставка 100,10"
    )
    set_setting(office, "accounting_clients", text)
    ask(office)
    body = requests(office)[0].body
    assert body["client"] == {"name": "ООО «Зерно»", "inn": "7701234567", "kpp": "770101001"}
    assert body["contract"] == "12/26 от 01.03.2026"
    assert body["total_kop"] == 25025 + 40040 + 13313
    assert body["purpose"].startswith("Оплата по договору 12/26 от 01.03.2026 за услуги: Сайт, ")
    assert len(body["purpose"]) <= 210


def test_by_itself_after_the_month(office: MemoryOffice) -> None:
    """In the first night of a month each project is asked for once."""
    set_setting(office, "accounting_month_end", "закрывающие")
    for day in (1, 2, 3, 4):
        office.clock.set(datetime(2026, 12, day, tzinfo=UTC))
        assert plan_nights(office.services) == 1
        planned = [one.body["kind"] for one in office.queue.waiting]
        assert planned.count("month_end") == (day < 4)
        office.run_queue(60)
    [request] = requests(office)
    assert (request.kind, request.start_on, request.end_on) == ("closing", "2026-11-01", "2026-11-30")
    assert (request.asked_by, len(request.lines)) == ("", 3)


def test_refused_and_asked_again(office: MemoryOffice) -> None:
    """A refusal is told with its reason; asking again makes a revision with the same work."""
    ask(office)
    refresh(office)
    office.type("invoices", 0, office.agency_id, state="отказ", reason="Нет договора")
    refresh_now(office)
    [request] = requests(office)
    assert (request.state, request.answered.reason) == ("refused", "Нет договора")
    assert rows(office)[0][4] == "менеджера: бухгалтерия отказала"
    assert client_lines(request, "ru") == []
    refresh_now(office)
    messages = [text for (text,) in office.table("log", "message", spreadsheet_id=office.agency_id)]
    assert "Бухгалтерия отказала по запросу ЗРН-2026-11-1: Нет договора" in messages

    assert ask(office).data["revision"] == 2
    refresh(office)
    assert rows(office)[0][3:6] == ("запрошен", "бухгалтерию", 2.0)


def test_what_accounting_cannot_type(office: MemoryOffice) -> None:
    """A state that is none, a link that is none and a withdrawal in the row are told and change nothing."""
    ask(office)
    refresh(office)
    office.type("invoices", 0, office.agency_id, state="отозван", link="javascript:alert(1)")
    refresh_now(office)
    refresh_now(office)
    [request] = requests(office)
    assert (request.state, request.answered.link) == ("asked", "")
    assert rows(office)[0][3] == "запрошен"
    messages = "\n".join(text for (text,) in office.table("log", "message", spreadsheet_id=office.agency_id))
    assert "отзывают из меню" in messages
    assert "javascript:alert(1)" in messages


def test_a_quiet_request_is_looked_at_in_its_row(office: MemoryOffice) -> None:
    """After months it is not open any more, and an answer in its row still counts."""
    ask(office)
    refresh(office)
    office.clock.advance(days=130)
    refresh_now(office)
    assert requests(office) == []
    office.type("invoices", 0, office.agency_id, paid_on="01.02.2027")
    refresh_now(office)
    assert rows(office)[0][3] == "оплачен"


def refresh_now(office: MemoryOffice) -> None:
    """Look at the agency's workbook."""
    office.run_job({"kind": "agency", "spreadsheet_id": office.agency_id, "draws": False})


def test_by_the_chat_of_the_agency() -> None:
    """The request goes to the agency's own group, once, and its revision is a message of its own."""
    office = ChatOffice()
    internal = office.add_group(office.agency_id, "Маяк")
    group = office.add_group()
    accept(office.store, office.client_id, office.agency_id, 1, office.clock.now())
    set_setting(office, "accounting_channel", "чат")
    ask(office)
    office.run_queue(60)

    texts = [one.text for one in internal.messages.values() if "ЗРН-2026-11-1" in one.text]
    assert len(texts) == 1
    assert "Работа 1 — 2 (час)" in texts[0]
    assert not [one.text for one in group.messages.values() if "ЗРН-2026-11-1" in one.text]
    assert [one.unsent for one in requests(office)] == [""]


def test_no_way_to_accounting_is_told(office: MemoryOffice) -> None:
    """Where mail or chat is not set up, the row is there and *Журнал* says why nothing went out."""
    set_setting(office, "accounting_channel", "чат")
    ask(office)
    office.run_queue(50)
    refresh_now(office)
    messages = [text for (text,) in office.table("log", "message", spreadsheet_id=office.agency_id)]
    assert any("у агентства нет чата" in text for text in messages)
    assert len(rows(office)) == 1


def test_the_clients_page_tells_it(office: MemoryOffice) -> None:
    """What accounting issued stands on the page with its link, with no number, sum or reason."""
    office.services = replace(office.services, client_url="https://client.example")
    page = load_page(office.store, office.client_id, office.agency_id)
    office.store.commit([replace(page, is_open=True).put()])
    ask(office)
    refresh(office)
    link = "https://docs.example/17"
    office.type("invoices", 0, office.agency_id, document_number="17", document_on="28.11.2026", link=link)
    refresh_now(office)
    office.run_queue(60)

    page = load_page(office.store, office.client_id, office.agency_id)
    assert page.content["documents"].endswith(f"Счёт выставлен 28.11 {link}")
