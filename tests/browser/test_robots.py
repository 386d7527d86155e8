"""Programs that open the link: previews, scanners, a browser that presses all. None of them decides."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

from emulators.common.client import local_client
from emulators.common.server import running
from tests.harness.accounting_site import propose, put_request, request_of
from tests.harness.agency_data import NOW
from tests.harness.client_site import PHONE, ClientSite, hidden_fields, running_site, shown
from vitrina.records.outside.accounting_links import find_accounting_link
from vitrina.records.outside.invoice_requests import Answered
from vitrina.web.pages.acts import Kind

pytestmark = pytest.mark.browser

A, B = shown(14), shown(15)
#: Programs by how they name themselves, as seen in logs.
ROBOTS = (
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 HeadlessChrome/120.0.0.0 Safari/537.36",
    "python-requests/2.31.0",
    "curl/8.4.0",
    "",
)
#: A gateway that looks like a person's browser, but for what browsers say of themselves.
DISGUISED = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"
#: Presses of a run, which goes another way each time; with ``--full`` it comes to nearly everything.
MOST_PRESSES, MOST_PRESSES_FULL = 40, 100


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientSite]:
    """A page with two pieces of work, one of them returned before."""
    with running_site(tmp_path, monkeypatch.setenv, now=NOW) as found:
        found.put_page(A, B)
        yield found


@pytest.fixture
def url(site: ClientSite) -> Iterator[str]:
    """Address of the entry point."""
    with running(site.app) as found:
        yield f"{found}/client/c"


@pytest.mark.parametrize("agent", [*ROBOTS, DISGUISED])
@pytest.mark.parametrize("purpose", ["", "prefetch", "prefetch;prerender"])
def test_programs_look_and_do_not_act(site: ClientSite, url: str, agent: str, purpose: str) -> None:
    """GET and HEAD give the page; the forms that a person got are refused when a program sends them."""
    token = site.make_link()
    person = site.propose(token, "accept", A)
    confirmed = {**hidden_fields(person.text), "role": "head", "sure": "yes"}
    headers = {"User-Agent": agent, **({"Sec-Purpose": purpose} if purpose else {})}
    with local_client(headers=headers) as http:
        # An HTTP library says more of itself than a gateway does.
        del http.headers["accept"]

        assert http.get(f"{url}/{token}").status_code == 200
        assert http.head(f"{url}/{token}").status_code == 200
        for act in Kind:
            answer = _post(http, f"{url}/{token}/{act}", confirmed)
            assert answer.status_code == 403

    assert site.decisions() == site.wishes() == []
    assert site.link(token).opened_hours == 0


def test_programs_do_not_answer_for_accounting(site: ClientSite, url: str) -> None:
    """The same on the page of a request, with all that a person has confirmed."""
    token = put_request(site)
    confirmed = {**hidden_fields(propose(site, token, "paid").text), "sure": "yes"}
    place = f"{url[:-1]}a/{token}"
    for agent in (*ROBOTS, DISGUISED):
        with local_client(headers={"User-Agent": agent}) as http:
            del http.headers["accept"]
            assert http.get(place).status_code == http.head(place).status_code == 200, agent
            assert _post(http, f"{place}/answer", confirmed).status_code == 403, agent

    assert request_of(site, token).state == "asked"
    link = find_accounting_link(site.store, token)
    assert link is not None
    # The person, once.
    assert link.opened_hours == 1


def _post(http: httpx.Client, url: str, data: dict[str, str | list[str]]) -> httpx.Response:
    return http.post(url, data=data, headers={"Origin": url.partition("/client")[0]})


@pytest.mark.parametrize(("has_scripts", "looks_human"), [(True, False), (False, True), (True, True)])
def test_a_browser_that_presses_everything(
    site: ClientSite,
    url: str,
    browser: Browser,
    pytestconfig: pytest.Config,
    *,
    has_scripts: bool,
    looks_human: bool,
) -> None:
    """It follows every link and presses every button without filling anything in, past the browser's checks.

    With the name of a phone and a language nothing tells it from a person but that it fills nothing in.
    """
    token = site.make_link()
    site.answer(token, "return", B, text="Ярче")
    made = len(site.decisions())
    known = {"user_agent": PHONE} if looks_human else {}
    window = browser.new_context(locale="ru-RU", java_script_enabled=has_scripts, **known)
    seed = random.randrange(10**9)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails

    most = MOST_PRESSES_FULL if pytestconfig.getoption("--full") else MOST_PRESSES
    presses = Crawler(window.new_page(), f"{url}/{token}", random.Random(seed), most).run()
    window.close()

    # Who says that he is a program gets no further than the first form.
    assert presses > (20 if looks_human else 5)
    decisions = site.decisions()
    assert len(decisions) == made
    assert [one["state"] for one in decisions] == ["made"] * made
    assert site.page().by_number[14].is_waiting
    assert site.wishes() == []


def test_a_browser_that_presses_all_of_accountings_page(site: ClientSite, url: str, browser: Browser) -> None:
    """It gets no further than the first form, because it chooses nothing; nothing is answered."""
    token = put_request(site, state="invoiced", answered=Answered("17", "2026-11-20"))
    window = browser.new_context(locale="ru-RU", user_agent=PHONE)

    presses = Crawler(window.new_page(), f"{url[:-1]}a/{token}", random.Random(1), 12).run()
    window.close()

    assert presses > 3
    request = request_of(site, token)
    assert (request.state, request.answered) == ("invoiced", Answered("17", "2026-11-20"))


class Crawler:
    """Opens all addresses that a page leads to, and presses each button of each page that it has seen."""

    def __init__(self, page: Page, start: str, chance: random.Random, most: int) -> None:
        self._page = page
        self._start = start
        self._chance = chance
        self._presses = 0
        self._most = most

    def run(self) -> int:
        """Press until all was pressed; returns how often."""
        known, waiting = {self._start}, [self._start]
        while waiting and self._presses < self._most:
            place = waiting.pop(self._chance.randrange(len(waiting)))
            self._page.goto(place)
            links = self._page.locator("a[href]").evaluate_all("all => all.map(one => one.href)")
            # A file is saved and shows nothing to press.
            new = {one for one in links if one.startswith(self._start) and ".xlsx" not in one} - known
            known |= new
            waiting += sorted(new)
            for number in range(self._page.locator("button").count()):
                self._press_from(place, number)
        return self._presses

    def _press_from(self, place: str, number: int) -> None:
        """Press a button, and everything on the pages that follow."""
        self._page.goto(place)
        for _ in range(4):
            buttons = self._page.locator("button")
            if buttons.count() <= number:
                return
            self._presses += 1
            # As a program does that knows nothing of fields that have to be filled in.
            self._page.locator("form").evaluate_all("all => all.forEach(one => { one.noValidate = true })")
            try:
                buttons.nth(number).click(timeout=2_000)
            except PlaywrightError:
                return
            number = 0
