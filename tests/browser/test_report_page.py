"""The page of a report on a phone of 390 px without JavaScript, judged by axe-core, and printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from emulators.common.server import running
from tests.browser.pictures import SCREENSHOTS, take_picture
from tests.harness.agency_data import NOW
from tests.harness.client_site import AGENCY, BOOK, CONTENT, PHONE, ClientSite, running_site
from tests.harness.metric_reports import sample_report
from vitrina.records.outside.client_links import Scope

pytestmark = pytest.mark.browser

AXE = files(axe_playwright_python) / "axe.min.js"
SCREEN = {"width": 390, "height": 844}
LISTED = {"number": 2, "revision": 1, "metric": "m", "name": "Заявки с сайта", "approved_on": "2026-11-26"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientSite]:
    """A page that lists a report."""
    with running_site(tmp_path, monkeypatch.setenv, now=NOW) as found:
        found.put_page(content={**CONTENT, "reports": [LISTED]})
        found.store.commit([sample_report(BOOK, AGENCY).put()])
        yield found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A phone whose browser runs no script of a page."""
    window = browser.new_context(
        viewport=SCREEN, user_agent=PHONE, locale="ru-RU", java_script_enabled=False, is_mobile=True
    )
    yield window
    window.close()


def test_a_report_on_a_phone_and_in_print(site: ClientSite, context: BrowserContext) -> None:
    """From the page of the project by a link that only looks; nothing is wider than the screen; it prints."""
    token = site.make_link(Scope.LOOK)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with running(site.app) as url:
        page = context.new_page()
        page.goto(f"{url}/client/c/{token}")
        page.get_by_role("link", name="№ 2. Заявки с сайта").click()
        expect(page.get_by_role("heading", name="Отчёт № 2 по показателю «Заявки с сайта»")).to_be_visible()
        expect(page.get_by_role("img")).to_have_count(3)
        take_picture(page, "report_phone", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= SCREEN["width"]
        page.emulate_media(media="print")
        expect(page.get_by_role("link", name="К странице проекта")).to_be_hidden()
        page.pdf(path=SCREENSHOTS / "report.pdf", format="A4")
    assert (SCREENSHOTS / "report.pdf").stat().st_size > 10_000


@pytest.mark.parametrize("place", ["", "/report-2"])
def test_a_report_is_accessible(site: ClientSite, browser: Browser, place: str) -> None:
    """axe-core finds nothing: on the page that lists it, and on its own."""
    # The judge is a script, which the policy of our own pages does not let run.
    window = browser.new_context(
        viewport=SCREEN, user_agent=PHONE, locale="ru-RU", bypass_csp=True, is_mobile=True
    )
    with running(site.app) as url:
        page = window.new_page()
        page.goto(f"{url}/client/c/{site.make_link(Scope.LOOK)}{place}")
        page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
        run = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        found = page.evaluate(f"{run}.then(one => one.violations)")
    window.close()

    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], json.dumps(found)
