"""The page that a client opens by a secret link: what it costs, who may do what, and what is done once."""

from __future__ import annotations

import gzip
import logging
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.harness.agency_data import NOW
from tests.harness.client_site import (
    CONTENT,
    ClientSite,
    hidden_fields,
    later,
    running_site,
    shown,
)
from tests.harness.counting_store import StoreCost
from vitrina.bootstrap import application
from vitrina.operations.clicks.guessers import MOST_UNKNOWN
from vitrina.operations.clicks.limits import GUEST
from vitrina.ports import Delete
from vitrina.records.outside.client_links import LIFE, MOST_ACTS, ClientLink, Scope, hash_of, load_link
from vitrina.usecases.client_page.content import MOST_LINES, MOST_METRICS, MOST_WORK
from vitrina.web.pages.rendering import MOST_ADDRESS, linked, safe_url

A, B = shown(14), shown(15)
MOST_BYTES = 30_000

#: What every answer says, whatever it is about.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
#: Parts of the policy of contents; no script can run, not even one of ours.
POLICY = ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientSite]:
    """The pages of an installation; one shows two pieces of work."""
    with running_site(tmp_path, monkeypatch.setenv, now=NOW) as running:
        running.put_page(A, B)
        yield running


def wait(site: ClientSite, monkeypatch: pytest.MonkeyPatch, **delta: float) -> None:
    """Have the functions' clock show a later moment."""
    monkeypatch.setenv("VITRINA_NOW", later(site.now, **delta))
    application.cache_clear()


# --- What it costs and says ------------------------------------------------------------------------


def test_a_view_costs_two_reads(site: ClientSite) -> None:
    """Link and page in one round trip; the opening is noted once an hour. A call to Google would fail."""
    token = site.make_link()
    site.get(token)
    site.store.forget()

    answers = [site.get(token) for _ in range(5)]

    assert [one.status_code for one in answers] == [200] * 5
    assert site.store.cost == StoreCost(documents_read=10, round_trips=5)


def test_a_link_that_is_revoked_opens_nothing(site: ClientSite) -> None:
    """From the next view on, also where the process knows which page it opened."""
    token = site.make_link()
    assert [site.get(token).status_code for _ in range(2)] == [200, 200]

    link = load_link(site.store, hash_of(token), ClientLink)
    assert link is not None
    site.store.commit([replace(link, is_revoked=True).put()])

    assert site.get(token).status_code == 404


def test_a_link_that_was_deleted_opens_nothing(site: ClientSite) -> None:
    """Also where the process has read it before."""
    token = site.make_link()
    assert [site.get(token).status_code for _ in range(2)] == [200, 200]

    site.store.commit([Delete(*ClientLink.key_of(hash_of(token)))])

    assert site.get(token).status_code == 404


def test_each_change_of_the_page_is_seen(site: ClientSite) -> None:
    """At the next view, also where the process has read the page before."""
    token = site.make_link()
    for title in ("Первый макет", "Второй макет", "Первый макет"):
        site.put_page(shown(14, title=title))
        assert all(title in site.get(token).text for _ in range(2))


def test_pages_are_compressed_for_those_who_read_it(site: ClientSite) -> None:
    """Whoever asks first, both get the same page."""
    token = site.make_link()
    plain = [site.get(token) for _ in range(2)]
    packed = [site.get(token, **{"Accept-Encoding": "br, gzip"}) for _ in range(2)]
    refused = site.get(token, **{"Accept-Encoding": "gzip;q=0"})

    assert [one.headers.get("Content-Encoding") for one in (*plain, *packed, refused)] == [
        *(None, None),
        *("gzip", "gzip"),
        None,
    ]
    assert {gzip.decompress(one.data) for one in packed} == {one.data for one in (*plain, refused)}
    assert all(len(one.data) * 2 < len(plain[0].data) for one in packed)


@pytest.mark.parametrize("scope", list(Scope))
def test_openings_are_noted(site: ClientSite, monkeypatch: pytest.MonkeyPatch, scope: Scope) -> None:
    """First and last time, and in how many hours; programs that make previews do not count."""
    token = site.make_link(scope)

    site.get(token, **{"User-Agent": "TelegramBot (like TwitterBot)"})
    assert site.link(token).opened_hours == 0
    for hours in (0, 0, 2):
        wait(site, monkeypatch, hours=hours)
        site.get(token)

    link = site.link(token)
    assert link.opened_hours == 2
    assert link.first_opened_at < link.last_opened_at


def test_every_answer_has_the_headers(site: ClientSite) -> None:
    """Pages, forms, results, refusals and errors."""
    token = site.make_link()
    proposed = site.propose(token, "accept", A)
    answers = {
        "page": site.get(token),
        "head": site.browser.head(f"/client/c/{token}", headers=site.headers),
        "list": site.get(f"{token}/done"),
        "form": site.get(f"{token}/return?n=15"),
        "confirmation": proposed,
        "result": site.confirm(token, "accept", proposed),
        "wrong": site.propose(token, "return", B),
        "unknown": site.get("A" * 22),
        "no token": site.get(""),
        "method": site.browser.delete(f"/client/c/{token}", headers=site.headers),
        "too large": site.post(f"{token}/return", {"text": "я" * 100_000}),
        "foreign": site.post(f"{token}/accept", {}, **{"Sec-Fetch-Site": "cross-site"}),
    }

    for name, answer in answers.items():
        told = {key: answer.headers.get(key) for key in HEADERS}
        assert told == HEADERS, name
        policy = answer.headers["Content-Security-Policy"]
        assert all(part in policy for part in POLICY), name
        assert "unsafe" not in policy, name
        assert "Set-Cookie" not in answer.headers, name
        assert "<script" not in answer.text, name
        assert len(answer.data) < MOST_BYTES, name
    assert answers["head"].data == b""
    assert {name: one.status_code for name, one in answers.items()} == {
        **dict.fromkeys(("page", "head", "list", "form", "confirmation", "result"), 200),
        "wrong": 422,
        "unknown": 404,
        "no token": 404,
        "method": 405,
        "too large": 413,
        "foreign": 403,
    }


def test_a_full_page_is_small(site: ClientSite) -> None:
    """Forty pieces of work and everything else that a page can show, with its style."""
    work = [{**CONTENT["this_week"][0], "code": f"ЗРН-{number}"} for number in range(MOST_WORK)]
    lined, needs = CONTENT["metrics"], CONTENT["needs"] * 10
    plain = [{name: one for name, one in lined[0].items() if name != "points"}]
    metrics = lined * MOST_LINES + plain * (MOST_METRICS - MOST_LINES)
    full = {**CONTENT, "this_week": work, "next_week": work, "done": CONTENT["done"] * 200}
    full |= {"needs": needs, "metrics": metrics}
    site.put_page(*(shown(number) for number in range(40)), content=full)

    answer = site.get(site.make_link())

    assert answer.status_code == 200
    assert len(answer.data) < MOST_BYTES
    assert "И ещё 25 работ" in answer.text
    packed = site.get(site.make_link(), **{"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(answer.data) / 4
    assert "И ещё 25 работ" in gzip.decompress(packed.data).decode()


def test_a_metric_has_a_sentence_and_a_line(site: ClientSite) -> None:
    """The figures are told to those who do not see the line; a metric of an older page has neither."""
    old = {"name": "Звонки", "state": "", "target": None, "unit": "", "last": None}
    site.put_page(content={**CONTENT, "metrics": [*CONTENT["metrics"], old]})

    html = site.get(site.make_link()).text

    assert "За последние периоды ожидали 47–115, есть 84." in html
    # Five periods of 29 each; 18 is at the bottom and 23 at the top.
    assert '<polyline points="2,22 60,10 89,6 118,2"/>' in html
    assert 'aria-label="по периодам: 18, 21, 22 и 23"' in html
    assert html.count("<svg") == 1


def test_the_title_tells_nothing(site: ClientSite) -> None:
    """A preview of the link shows the title: no name, no sum."""
    html = site.get(site.make_link()).text

    assert re.search(r"<title>(.*?)</title>", html)[1] == "Страница проекта"  # type: ignore[index]
    assert "og:" not in html


def test_silence_is_spoken_of(site: ClientSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the days that the agency has set, counted in working days; a view costs no further read."""
    item = shown(14, shown_on="2026-11-20")
    token = site.make_link()
    site.put_page(item, content={**CONTENT, "remind_days": 2})
    for day, said in ((23, ""), (24, "2 рабочих дня"), (30, "6 рабочих дней")):
        monkeypatch.setenv("VITRINA_NOW", f"2026-11-{day}T09:00:00+03:00")
        application.cache_clear()
        text = site.get(token).text
        assert ("Ждёт вашего решения" in text) is bool(said)
        assert said in text
        assert ("Если промолчать" in text) is bool(said)
    # Never, where the agency has chosen so; and silence is no answer.
    site.put_page(item, content={**CONTENT, "remind_days": 0})
    assert "Ждёт вашего решения" not in site.get(token).text
    assert site.page().by_number[14].is_waiting
    assert site.decisions() == []


def test_languages(site: ClientSite) -> None:
    """English for an English workbook, for a browser that asks for no Russian, and where it is asked for."""
    token = site.make_link()

    assert '<html lang="ru">' in site.get(token).text
    assert '<html lang="ru">' in site.get(token, **{"Accept-Language": "en-US,ru;q=0.5"}).text
    assert "Waiting for you" in site.get(token, **{"Accept-Language": "en-GB,en;q=0.9"}).text
    asked = site.get(f"{token}?lang=en")
    assert "Accept the ticked ones" in asked.text
    assert f"{token}/accept?lang=en" in asked.text
    site.put_page(A, locale="en")
    assert '<html lang="en">' in site.get(token).text


def test_a_page_that_is_not_drawn_yet(site: ClientSite) -> None:
    """A new link works at once."""
    token = site.make_link(book="new-book")

    answer = site.get(token)

    assert answer.status_code == 200
    assert "Страница ещё готовится" in answer.text


# --- Who may ---------------------------------------------------------------------------------------


def test_links_that_do_not_work(site: ClientSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown and revoked look alike; one whose time is over says so, for a year."""
    revoked = site.make_link(is_revoked=True)
    token = site.make_link()
    wait(site, monkeypatch, days=LIFE[Scope.ACT].days, seconds=5)

    expired = site.get(token)
    posted = site.propose(token, "accept", A)

    assert (expired.status_code, posted.status_code) == (410, 410)
    assert "Срок этой ссылки истёк" in expired.text
    assert "Попросите новую" in expired.text
    unknown, gone = site.get("A" * 22), site.get(revoked)
    assert (unknown.status_code, gone.status_code) == (404, 404)
    assert unknown.text.replace("A" * 22, "") == gone.text.replace(revoked, "")
    assert site.answer(revoked, "accept", A).status_code == 404
    assert site.decisions() == []


def test_a_link_for_looking_cannot_act(site: ClientSite) -> None:
    """It shows the same work without forms, and refuses what is sent all the same."""
    look, act = site.make_link(Scope.LOOK), site.make_link()

    page = site.get(look)

    assert "Макет 14" in page.text
    assert "<form" not in page.text
    proposed = site.propose(act, "accept", A)
    assert site.propose(look, "accept", A).status_code == 403
    assert site.confirm(look, "accept", proposed).status_code == 403
    assert site.get(f"{look}/return?n=14").status_code == 403
    assert site.decisions() == []


def test_a_link_of_another_project(site: ClientSite) -> None:
    """It decides about its own project only, whatever numbers and nonces are sent."""
    site.put_page(shown(20), book="other-book")
    own, other = site.make_link(), site.make_link(book="other-book")
    proposed = site.propose(own, "accept", A)

    assert site.propose(other, "accept", A).status_code == 409
    assert site.confirm(other, "accept", proposed).status_code == 409

    assert site.decisions() == []
    assert all(one.is_waiting for one in site.page().items)


def test_guessing_is_slowed_down(site: ClientSite) -> None:
    """After some unknown addresses a visitor is refused without a read; others are not."""
    for number in range(MOST_UNKNOWN):
        assert site.get(f"{number:022}").status_code == 404
    site.store.forget()

    refused = site.get(f"{MOST_UNKNOWN:022}")

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "600")
    assert site.store.cost.documents_read == 0
    assert site.get(site.make_link(), **{"X-Forwarded-For": "203.0.113.7"}).status_code == 200


def test_what_is_no_token_is_not_remembered(site: ClientSite) -> None:
    """A flood of long addresses would else fill the memory of the process with them."""
    shares = application().limits.pages
    for number in range(5):
        address = {"X-Forwarded-For": f"{number} " * 2_000}
        assert site.get(f"{number}" * 2_000, **address).status_code == 404
    assert site.get(f"{0:022}").status_code == 404

    assert set(shares._left) == {GUEST, f"{0:022}"}


@pytest.mark.parametrize("path", ["", "c", "c/", "c/../x", "c/" + "A" * 21, "c/" + "A" * 23, "c/%00", "x/y"])
def test_other_addresses_read_nothing(site: ClientSite, path: str) -> None:
    """What is no token is not looked for."""
    site.store.forget()

    assert site.browser.get(f"/client/{path}", headers=site.headers).status_code == 404
    assert site.store.cost.documents_read == 0


@pytest.mark.parametrize(
    ("headers", "without", "status"),
    [
        ({}, [], 200),
        ({"Sec-Fetch-Site": "cross-site"}, [], 403),
        ({"Sec-Fetch-Site": "same-site"}, [], 403),
        ({"Sec-Fetch-Site": "none"}, [], 403),
        # An older browser says only the origin, and none of a page without a referrer.
        ({"Origin": "http://localhost"}, ["Sec-Fetch-Site"], 200),
        ({"Origin": "null"}, ["Sec-Fetch-Site"], 200),
        ({"Origin": "https://evil.example"}, ["Sec-Fetch-Site"], 403),
        ({}, ["Sec-Fetch-Site"], 403),
        # Programs.
        ({}, ["Accept-Language"], 403),
        ({"Sec-Purpose": "prefetch;prerender"}, [], 403),
        ({"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0 Safari/537.36"}, [], 403),
        ({"User-Agent": "WhatsApp/2.23"}, [], 403),
        ({"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}, [], 403),
        ({"User-Agent": ""}, [], 403),
        # A person inside of a messenger.
        ({"User-Agent": "Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile Telegram-Android/10.5"}, [], 200),
    ],
)
def test_who_may_send_a_form(
    site: ClientSite, headers: dict[str, str], without: list[str], status: int
) -> None:
    """Only a person on our own page."""
    token = site.make_link()

    sent = {"n": "14", "seen_14": A.fingerprint}
    answer = site.post(f"{token}/accept", sent, without, **headers)

    assert answer.status_code == status


# --- Deciding --------------------------------------------------------------------------------------


def test_accept_and_repeat(site: ClientSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second step decides; back button, double click and another device find the first decision."""
    token = site.make_link()
    proposed, again = site.propose(token, "accept", A), site.propose(token, "accept", A)
    assert site.decisions() == []

    first = site.confirm(token, "accept", proposed)
    wait(site, monkeypatch, minutes=3)
    repeats = [site.confirm(token, "accept", one) for one in (proposed, again)]

    assert "Принято. Отменить можно до 23.11 в 09:10." in first.text
    for repeat in repeats:
        assert repeat.status_code == 200
        assert "Уже принято 23.11 в 09:00." in repeat.text
    (decision,) = site.decisions()
    assert (decision["number"], decision["kind"], decision["channel"]) == (14, "accepted", "page")
    assert (decision["who"], decision["shown"]) == ("маркетолог", A.fingerprint)
    assert re.fullmatch(r"127\.0\.0\.0/24 Safari", decision["origin"])


def test_several_at_once(site: ClientSite) -> None:
    """One confirmation for all that were ticked; the button of one piece of work is for that one."""
    token = site.make_link()

    ticked = {"n": ["14", "15"], "seen_14": A.fingerprint, "seen_15": B.fingerprint}
    one = site.post(f"{token}/accept", {**ticked, "one": "15"})
    assert hidden_fields(one.text)["n"] == "15"
    both = site.post(f"{token}/accept", ticked)
    answer = site.confirm(token, "accept", both)

    assert answer.text.count("Принято. Отменить") == 2
    assert {one["number"] for one in site.decisions()} == {14, 15}
    assert site.post(f"{token}/accept", {"x": ""}).status_code == 422


def test_return_needs_a_text(site: ClientSite) -> None:
    """What was typed stays in the form, and the error stands beside the field."""
    token = site.make_link()

    empty = site.propose(token, "return", A, text="  \u200b ")
    long = site.propose(token, "return", A, text="много " * 1000)
    answer = site.answer(token, "return", A, text="Кнопку <крупнее>\nи ярче")

    assert (empty.status_code, long.status_code) == (422, 422)
    assert 'aria-describedby="e_text"' in empty.text
    assert "Заполните это поле" in empty.text
    assert "много много" in long.text
    assert "Возвращено с замечанием" in answer.text
    (decision,) = site.decisions()
    assert decision["text"] == "Кнопку <крупнее>\nи ярче"
    assert "Кнопку &lt;крупнее&gt;" in site.get(token).text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"role": ""}, "Выберите, кто вы"),
        ({"role": "boss"}, "Выберите, кто вы"),
        ({"sure": ""}, "Поставьте галочку"),
        ({"website": "https://spam.example"}, "скрытое поле"),
    ],
)
def test_a_confirmation_is_filled_in_by_a_person(site: ClientSite, fields: dict[str, str], said: str) -> None:
    """Role, tick, and nothing in the field that people do not see."""
    token = site.make_link()

    answer = site.confirm(token, "accept", site.propose(token, "accept", A), **fields)

    assert answer.status_code == 422
    assert said in answer.text
    assert site.decisions() == []
    # The same form, filled in, works.
    assert "Принято." in site.confirm(token, "accept", answer).text


def test_a_nonce_is_bound(site: ClientSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """To link, act, work, its state and the text; and to a day."""
    token, other = site.make_link(), site.make_link()
    form = hidden_fields(site.propose(token, "return", A, text="Ярче").text)
    form |= {"role": "head", "sure": "yes"}
    changed = [
        (token, "return", {**form, "text": "Уничтожить"}),
        (token, "return", {**form, "n": "15", "seen_15": B.fingerprint}),
        (token, "return", {**form, "seen_14": B.fingerprint}),
        (token, "return", {**form, "seen_14": ""}),
        (token, "return", {**form, "nonce": form["nonce"][:-1] + "x"}),  # type: ignore[operator]
        (token, "return", {**form, "nonce": "x"}),
        (token, "accept", form),
        (other, "return", form),
    ]

    for place, act, sent in changed:
        answer = site.post(f"{place}/{act}", sent)
        assert (answer.status_code, "устарела или изменена" in answer.text) == (409, True), sent
    wait(site, monkeypatch, hours=25)
    assert site.post(f"{token}/return", form).status_code == 409
    assert site.decisions() == []


def test_work_that_was_shown_anew(site: ClientSite) -> None:
    """A decision is about what the person saw: before the confirmation, and after it."""
    token = site.make_link()
    proposed = site.propose(token, "accept", A)
    site.put_page(shown(14, round=2), B)

    late = site.confirm(token, "accept", proposed)
    early = site.propose(token, "accept", A)

    assert "показали заново" in late.text
    assert (early.status_code, "показали заново" in early.text) == (409, True)
    assert site.propose(token, "accept", shown(77)).status_code == 409
    assert site.decisions() == []


def test_take_back(site: ClientSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """For ten minutes, with a confirmation; then the client is asked again."""
    token = site.make_link()
    site.answer(token, "accept", A)
    page = site.get(token)
    assert "Отменить (до 23.11 в 09:10)" in page.text

    sent = {"n": "14", "seen_14": "1"}
    undone = site.confirm(token, "undo", site.post(f"{token}/undo", sent))
    assert "Решение отменено" in undone.text
    assert site.page().by_number[14].is_waiting

    site.answer(token, "accept", A)
    proposed = site.post(f"{token}/undo", {"n": "14", "seen_14": "2"})
    wait(site, monkeypatch, minutes=11)
    late = site.confirm(token, "undo", proposed)
    assert "Отменить уже нельзя" in late.text
    assert not site.page().by_number[14].is_waiting
    assert "Отменить (до" not in site.get(token).text


def test_acts_of_a_link_are_counted(site: ClientSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many in an hour; looking goes on."""
    token = site.make_link()
    proposed = site.propose(token, "accept", A)
    for _ in range(MOST_ACTS):
        assert site.confirm(token, "accept", proposed).status_code == 200

    refused = site.confirm(token, "accept", proposed)

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
    assert site.get(token).status_code == 200
    wait(site, monkeypatch, minutes=61)
    assert site.confirm(token, "accept", proposed).status_code == 200
    assert len(site.decisions()) == 1


def test_looking_decides_nothing(site: ClientSite) -> None:
    """GET and HEAD of every address of a page, with any query."""
    token = site.make_link()
    proposed = hidden_fields(site.propose(token, "accept", A).text)
    query = {**proposed, "role": "head", "sure": "yes", "one": "14"}

    for place in ("", "/accept", "/return", "/undo", "/done"):
        for method in ("get", "head"):
            call = getattr(site.browser, method)
            assert (
                call(f"/client/c/{token}{place}", query_string=query, headers=site.headers).status_code < 400
            )

    assert site.decisions() == []


# --- Hostile text and secrets ----------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 1234*1234 }}{% raw %}",
    '=HYPERLINK("https://evil.example";"x")',
    "\u202eгнол\u2066",
    "a\x00b\x07c",
    "😀" * 100,
    "javascript:alert(1)",
    "</textarea></style><svg onload=alert(1)>",
)


#: Tags of our templates.
OUR_TAGS = frozenset(
    {
        *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "b", "br", "a"),
        *("span", "div", "ul", "li", "dl", "dt", "dd", "form", "input", "button", "label", "textarea"),
        *("select", "option", "table", "thead", "tbody", "tr", "th", "td"),
        # The line of a metric.
        *("svg", "polyline"),
    }
)


class Tags(HTMLParser):
    """Tags and attributes of a page, as a browser reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag."""
        self.names.add(tag)
        self.attributes += attrs


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(site: ClientSite, text: str) -> None:
    """In every field of the workbook, the work that is shown, and what the client types."""

    def spoil(value: object) -> object:
        if isinstance(value, str):
            return value if re.fullmatch(r"\d{4}-\d\d-\d\d|in_work|onboarding|on_track", value) else text
        if isinstance(value, list):
            return [spoil(one) for one in value]
        return {key: spoil(one) for key, one in value.items()} if isinstance(value, dict) else value

    item = shown(14, title=text, code=text, result_url=text)
    content = spoil(CONTENT)
    assert isinstance(content, dict)
    site.put_page(item, content=content)
    token = site.make_link()

    pages = [
        site.get(token),
        site.get(f"{token}/done"),
        site.get(f"{token}/return?n=14"),
        site.propose(token, "return", item, text=text),
        site.answer(token, "return", item, text=text),
        site.get(token),
    ]

    for page in pages:
        assert page.status_code == 200
        seen = Tags(page.text)
        assert seen.names <= OUR_TAGS, text
        assert not [name for name, _ in seen.attributes if name.startswith("on")], text
        addresses = [value for name, value in seen.attributes if name in ("href", "action")]
        assert all(re.match(r"https?://|\.\./|[A-Za-z0-9_-]{22}(/|$|\?)", one or "") for one in addresses)
        assert "1522756" not in page.text
    (decision,) = site.decisions()
    assert not re.search("[\x00\x07\u202e\u2066]", decision["text"])


def test_only_addresses_of_pages_are_links() -> None:
    """Others stay text."""
    assert safe_url("https://files.example/a?b=c#d")
    for text in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil",
        "http://",
        "https://a b",
        "ftp://a",
        None,
    ):
        assert safe_url(text) == ""
    assert safe_url("https://a.example/" + "x" * MOST_ADDRESS) == ""
    parts = linked("Смотрите (https://a.example/b). И HTTPS://x")
    assert [one["url"] for one in parts if one["url"]] == ["https://a.example/b"]
    assert "".join(one["text"] for one in parts) == "Смотрите (https://a.example/b). И HTTPS://x"


def test_no_log_and_no_document_has_the_token(
    site: ClientSite, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither in what is written nor in what is kept, also after errors; only the hash is."""
    caplog.set_level(logging.DEBUG)
    token = site.make_link()
    expired = site.make_link(valid_until=NOW.isoformat())

    site.get(token)
    site.answer(token, "return", A, text="Ярче")
    site.post(f"{token}/accept", {"text": "я" * 100_000})
    site.get(f"{token}/none")
    site.get(expired)
    site.get(token[::-1])

    written = caplog.text + "".join(capfd.readouterr())
    kept = "".join(f"{one.key} {one.data}" for one in site.store.documents())
    for secret in (token, expired, token[::-1]):
        assert secret not in written
        assert secret not in kept
    assert "client acts" in written
