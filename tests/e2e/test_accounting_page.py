"""The page on which accounting answers a request: who may, what is kept once, and what a visit costs."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.harness.accounting_site import (
    answer,
    confirm,
    get,
    post,
    propose,
    put_request,
    request_of,
    work,
)
from tests.harness.agency_data import NOW
from tests.harness.client_site import ClientSite, hidden_fields, later, running_site, shown
from tests.harness.threads import run_at_once
from vitrina.bootstrap import application
from vitrina.operations.clicks.guessers import MOST_UNKNOWN
from vitrina.operations.journal import JOURNAL
from vitrina.records.outside.accounting_links import LIFE, find_accounting_link
from vitrina.records.outside.client_links import MOST_ACTS
from vitrina.records.outside.invoice_requests import Answered

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY = ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'")
ISSUED = {"document_number": "17", "document_on": "2026-11-20", "link": "https://docs.example/17"}
MOST_BYTES = 30_000
#: What somebody may type or have typed as the name of a task.
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("https://evil.example";"счёт")',
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "😀" * 200,
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientSite]:
    """An installation with a store, and a Google that does not answer."""
    with running_site(tmp_path, monkeypatch.setenv, now=NOW) as running:
        yield running


def journal(site: ClientSite) -> list[str]:
    """Lines that wait for *Журнал*."""
    return [one.data["message"] for one in site.store.documents() if one.kind == JOURNAL]


def state_of(site: ClientSite, token: str) -> tuple[str, Answered]:
    """What the store has of the answer."""
    request = request_of(site, token)
    return request.state, request.answered


# --- Looking ---------------------------------------------------------------------------------------


def test_a_view_costs_two_reads(site: ClientSite) -> None:
    """Link and request; that it was opened is noted once an hour. A call to Google would fail."""
    token = put_request(site)
    get(site, token)
    site.store.forget()

    answers = [get(site, place) for place in (token, f"{token}/works", token)]

    assert [one.status_code for one in answers] == [200] * 3
    assert (site.store.cost.documents_read, site.store.cost.documents_written) == (6, 0)
    link = find_accounting_link(site.store, token)
    assert link is not None
    assert link.opened_hours == 1


def test_what_it_says(site: ClientSite) -> None:
    """Lines, sums, contract, purpose, evidence, and what is not part of it; the title tells nothing."""
    html = get(site, put_request(site)).text

    for text in (
        "ООО «Зерно»", "7701234567", "12/26 от 01.03.2026", "Оплата по договору", "https://docs.example/book",
        "цена 2\u00a0500,50 ₽", "6\u00a0251,25", "10\u00a0002,00", "3\u00a0325,67", "19\u00a0578,92",
        "Без НДС (УСН)", "ЗРН-10 и ЗРН-11",
    ):  # fmt: skip
        assert text in html, text
    assert re.search(r"<title>(.*?)</title>", html)[1] == "Запрос в бухгалтерию"  # type: ignore[index]


def test_the_file_and_the_list(site: ClientSite) -> None:
    """Both have all lines, however many the page shows."""
    token = put_request(site, *(work(number) for number in range(1, 401)))

    page, works, file = (get(site, f"{token}{place}") for place in ("", "/works", "/works.xlsx"))

    assert len(page.data) < MOST_BYTES
    assert "И ещё 370 работ" in page.text
    assert works.text.count("<tr>") == 402
    assert file.headers["Content-Disposition"].isascii()
    assert "filename*=UTF-8''%D0%97%D0%A0%D0%9D-2026-11-1-1.xlsx" in file.headers["Content-Disposition"]
    assert file.headers["X-Robots-Tag"] == HEADERS["X-Robots-Tag"]
    sheet = openpyxl.load_workbook(io.BytesIO(file.data)).active
    assert sheet.max_row == 402


def test_every_answer_has_the_headers(site: ClientSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page, list, confirmation, result, refusals and errors: none has a script, a cookie or an index."""
    token = put_request(site)
    withdrawn = put_request(site, book="b", state="withdrawn")
    proposed = propose(site, token, "invoiced", **ISSUED)
    url = f"/client/a/{token}/answer"
    answers = {
        "page": (200, get(site, token)),
        "works": (200, get(site, f"{token}/works")),
        "confirmation": (200, proposed),
        "unconfirmed": (422, post(site, f"{token}/answer", hidden_fields(proposed.text))),
        "result": (200, confirm(site, token, proposed)),
        "wrong": (422, propose(site, token, "invoiced")),
        "changed": (409, confirm(site, token, proposed, state="paid")),
        "unknown": (404, get(site, "A" * 22)),
        "no token": (404, get(site, "")),
        "no place": (404, get(site, f"{token}/other")),
        "withdrawn": (410, get(site, withdrawn)),
        "method": (405, site.browser.put(f"/client/a/{token}", headers=site.headers)),
        "foreign": (403, post(site, f"{token}/answer", {}, **{"Sec-Fetch-Site": "cross-site"})),
        "too large": (413, post(site, f"{token}/answer", {"reason": "я" * 100_000})),
        "no form": (400, site.browser.post(url, json={}, headers=site.headers)),
    }
    for name, (status, one) in answers.items():
        assert one.status_code == status, name
        assert {key: one.headers.get(key) for key in HEADERS} == HEADERS, name
        assert all(part in one.headers["Content-Security-Policy"] for part in POLICY), name
        assert "unsafe" not in one.headers["Content-Security-Policy"], name
        assert "Set-Cookie" not in one.headers, name
        assert "<script" not in one.text, name
        assert len(one.data) < MOST_BYTES, name


# --- Who may ---------------------------------------------------------------------------------------


def test_one_token_opens_one_thing(site: ClientSite) -> None:
    """A token of a request opens no other request and no client's page, nor the other way round."""
    site.put_page(shown(14))
    client = site.make_link()
    one, other = put_request(site), put_request(site, book="other-book", human_number="ДРГ-2026-11-1")
    proposed = propose(site, one, "paid")

    assert site.get(one).status_code == 404
    assert site.browser.get(f"/client/a/{client}", headers=site.headers).status_code == 404
    assert site.answer(one, "accept", shown(14)).status_code == 404
    assert answer(site, client, "paid").status_code == 404
    # A confirmation that was made for one link is refused with another one.
    assert confirm(site, other, proposed).status_code == 409
    assert [state_of(site, token)[0] for token in (one, other)] == ["asked", "asked"]
    assert site.decisions() == []
    assert "ДРГ" not in get(site, one).text


def test_what_is_no_token_is_not_looked_for(site: ClientSite) -> None:
    """Addresses of other lengths and places are refused without a read."""
    site.store.forget()
    for token in ("", "A" * 21, "A" * 23, "%00", "../c", "a/c/a"):
        for place in ("c", "a", "b"):
            assert site.browser.get(f"/client/{place}/{token}", headers=site.headers).status_code == 404
    assert site.store.cost.documents_read == 0


def test_wrong_tokens_are_slowed_down(site: ClientSite) -> None:
    """Guesses at both kinds of pages count together; 500 of them open nothing."""
    token = put_request(site)
    found = [get(site, f"{number:022}").status_code for number in range(MOST_UNKNOWN)]
    found += [site.get(f"{number:022}").status_code for number in range(500)]

    assert set(found[:MOST_UNKNOWN]) == {404}
    assert set(found[MOST_UNKNOWN:]) == {429}
    assert get(site, token).status_code == 429
    assert get(site, token, **{"X-Forwarded-For": "203.0.113.7"}).status_code == 200


def test_links_whose_time_is_over(site: ClientSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, and takes no answer; neither does one that was replaced, nor one that was withdrawn."""
    token = put_request(site)
    proposed = propose(site, token, "paid")
    withdrawn = put_request(site, state="withdrawn")
    assert "Запрос ЗРН-2026-11-1 отозван" in confirm(site, withdrawn, proposed).text
    put_request(site, link_salt="0" * 32, revision=2)
    replaced = get(site, token)
    put_request(site)
    monkeypatch.setenv("VITRINA_NOW", later(site.now, days=LIFE.days, seconds=5))
    application.cache_clear()
    expired = get(site, token)

    assert (replaced.status_code, expired.status_code) == (410, 410)
    assert "Возьмите ссылку из последнего письма" in replaced.text
    assert "Срок этой ссылки истёк" in expired.text
    assert confirm(site, token, proposed).status_code == 410
    assert state_of(site, token) == ("asked", Answered())


def test_who_may_not_answer(site: ClientSite) -> None:
    """Programs and other sites, even with all that a person has confirmed."""
    token = put_request(site)
    confirmed = {**hidden_fields(propose(site, token, "paid").text), "sure": "yes"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Purpose": "prefetch"},
        {"User-Agent": "WhatsApp/2.23"},
        {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0 Safari/537.36"},
        {"User-Agent": ""},
        {"Accept-Language": ""},
    ):
        assert post(site, f"{token}/answer", confirmed, **headers).status_code == 403, headers
    assert state_of(site, token)[0] == "asked"


# --- Answering -------------------------------------------------------------------------------------


def test_every_answer(site: ClientSite) -> None:
    """It is kept as it was typed, with a task for the row and one line of *Журнал*."""
    cases = [
        ("received", {}, Answered()),
        ("invoiced", ISSUED, Answered("17", "2026-11-20", "https://docs.example/17")),
        (
            "invoiced",
            {"document_number": "17, 18", "document_on": "20.11.2026"},
            Answered("17, 18", "2026-11-20"),
        ),
        ("sent", {"document_number": "17"}, Answered("17")),
        ("signed", {}, Answered()),
        ("paid", {"paid_on": "2026-11-23"}, Answered(paid_on="2026-11-23")),
        ("refused", {"reason": "Нет договора\nс этим лицом"}, Answered(reason="Нет договора\nс этим лицом")),
    ]
    for number, (state, fields, answered) in enumerate(cases, start=1):
        token = put_request(site, book=f"book-{number}", human_number=f"К-{number}")

        made = answer(site, token, state, **fields)

        assert "Ответ записан" in made.text
        assert state_of(site, token) == (state, answered)
        request = request_of(site, token)
        assert request.row_answered == Answered()
        assert request.is_open
        assert len(journal(site)) == number
    waiting = {one.data["body"]["kind"] for one in site.store.documents() if one.kind == "outbox"}
    assert waiting == {"agency"}


def test_what_cannot_be_answered(site: ClientSite) -> None:
    """It is said beside the field, and nothing is kept, whichever step it is sent in."""
    cases = [
        ("", {}, "Выберите, что сделано."),
        ("withdrawn", {}, "Выберите, что сделано."),
        ("asked", {}, "Выберите, что сделано."),
        ("invoiced", {}, "Впишите номер документа."),
        ("refused", {"reason": " \u202e "}, "Напишите, почему отказано"),
        ("paid", {"paid_on": "2026-11-24"}, "Этот день ещё не наступил."),
        ("paid", {"paid_on": "вчера"}, "Это не дата."),
        ("paid", {"paid_on": "31.02.2026"}, "Это не дата."),
        ("signed", {"paid_on": "2026-11-20"}, "Дату оплаты указывают"),
        ("paid", {"reason": "опоздали"}, "Причину пишут"),
        ("sent", {"link": "http://docs.example/17"}, "Ссылка начинается с https://"),
        ("sent", {"link": "javascript:alert(1)"}, "Ссылка начинается с https://"),
        ("sent", {"document_number": "1" * 501}, "Слишком длинно"),
        ("sent", {"document_on": "0001-01-01"}, "Это не дата."),
    ]
    token = put_request(site)
    good = hidden_fields(propose(site, token, "received").text)
    for state, fields, wrong in cases:
        proposed = propose(site, token, state, **fields)
        at_once = post(site, f"{token}/answer", {**good, "state": state, **fields, "sure": "yes"})

        assert (proposed.status_code, at_once.status_code) == (422, 422), wrong
        assert wrong in proposed.text
        assert state_of(site, token) == ("asked", Answered())


def test_only_a_person_confirms(site: ClientSite) -> None:
    """Without the tick, with the hidden field, and with another answer than what was shown: nothing."""
    token = put_request(site)
    proposed = propose(site, token, "invoiced", **ISSUED)

    statuses = [
        confirm(site, token, proposed, sure="").status_code,
        confirm(site, token, proposed, website="x").status_code,
        confirm(site, token, proposed, document_number="18").status_code,
        confirm(site, token, proposed, nonce="x").status_code,
    ]

    assert statuses == [422, 422, 409, 409]
    assert state_of(site, token) == ("asked", Answered())


def test_answered_once(site: ClientSite) -> None:
    """Double clicks and a refresh find the first answer; another one in between is not written over."""
    token = put_request(site)
    proposed, stale = propose(site, token, "invoiced", **ISSUED), propose(site, token, "refused", reason="х")
    answers: dict[int, str] = {}

    def send(number: int) -> None:
        answers[number] = confirm(site, token, proposed).text

    run_at_once(send, 8)
    lost = confirm(site, token, stale)

    assert sum("Ответ записан" in one for one in answers.values()) == 1
    assert sum("Этот ответ уже записан" in one for one in answers.values()) == 7
    assert lost.status_code == 409
    assert "Ваш ответ не записан" in lost.text
    assert state_of(site, token)[0] == "invoiced"
    assert len(journal(site)) == 1
    # Looked at again, it can be corrected.
    assert "Ответ записан" in answer(site, token, "paid", document_number="17").text


def test_an_answer_to_a_former_revision(site: ClientSite) -> None:
    """The confirmation of one revision does not answer the next."""
    token = put_request(site)
    proposed = propose(site, token, "received")
    assert put_request(site, work(4), revision=2) == token

    assert confirm(site, token, proposed).status_code == 409
    assert state_of(site, token)[0] == "asked"


def test_too_many_answers(site: ClientSite) -> None:
    """So many in an hour; then the page asks to wait."""
    token = put_request(site)
    last: Any = None
    for number in range(MOST_ACTS + 1):
        last = answer(site, token, "sent", document_number=str(number))

    assert (last.status_code, last.headers["Retry-After"]) == (429, "3600")
    assert state_of(site, token)[1].document_number == str(MOST_ACTS - 1)


def test_the_token_stands_nowhere(site: ClientSite, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in a log of ours nor in a document; addresses of the page are relative."""
    caplog.set_level(logging.DEBUG)
    token = put_request(site)

    pages = [get(site, token), answer(site, token, "invoiced", **ISSUED), propose(site, token, "")]

    assert token not in caplog.text
    assert not [one for one in site.store.documents() if token in f"{one.key} {one.data}"]
    for page in pages:
        assert "http://localhost" not in page.text


def test_hostile_text_is_text(site: ClientSite) -> None:
    """In titles, in what accounting types, on all pages."""
    for number, text in enumerate(HOSTILE):
        told = {"contract": text, "vat": text, "purpose": text}
        token = put_request(site, work(1, title=text), body=told, book=f"book-{number}")

        made = answer(site, token, "refused", reason=text, document_number=text[:500])
        pages = [made.text, get(site, token).text, get(site, f"{token}/works").text]

        for page in pages:
            assert "<script" not in page
            assert "<img" not in page
            assert "{{ 7*7 }}" in page or "{{" not in text
        assert state_of(site, token)[1].reason == text
