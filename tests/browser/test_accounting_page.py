"""The page of a request on a phone: every state at 390 pixels, accessible, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from emulators.common.server import running
from tests.browser.pictures import SCREENSHOTS, take_picture
from tests.harness.accounting_site import put_request, request_of, work
from tests.harness.agency_data import NOW
from tests.harness.client_site import PHONE, ClientSite, running_site
from vitrina.records.outside.invoice_requests import Answered

pytestmark = pytest.mark.browser

AXE = files(axe_playwright_python) / "axe.min.js"
SCREEN = {"width": 390, "height": 844}
LEAST_TARGET, LEAST_TEXT = 44, 16
RULES = """axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(
    one => one.violations.map(found => [found.id, found.nodes.map(node => node.html)]))"""
#: States that are looked at in every run; those before an answer are on the way to it.
USUAL = {"answered", "wrong", "withdrawn", "expired", "full", "works", "refused"}
#: Things that a finger has to hit, and fields that are typed into.
TARGETS = "button, .button, select, textarea, input:not([type=hidden]):not([tabindex]):not([type=checkbox])"


@dataclass
class Phone:
    """A phone that opens the pages of requests."""

    site: ClientSite
    url: str
    page: Page

    def open(self, place: str) -> None:
        """Open an address below ``/client/a/``."""
        self.page.goto(f"{self.url}/client/a/{place}")

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def fill(self, state: str, **labels: str) -> None:
        """Choose what has been done, and fill fields in by their label."""
        self.page.get_by_label("Что сделано").select_option(label=state)
        for label, text in labels.items():
            self.page.get_by_label(label.replace("_", " "), exact=False).fill(text)

    def confirm(self) -> None:
        """Tick the box, and press."""
        self.page.get_by_role("checkbox").check()
        self.press("Записать ответ")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientSite]:
    """An installation with a store."""
    with running_site(tmp_path, monkeypatch.setenv, now=NOW) as found:
        yield found


def _open(phone: Phone) -> str:
    token = put_request(phone.site)
    phone.open(token)
    expect(phone.page.get_by_role("heading", name="ЗРН-2026-11-1, редакция 1")).to_be_visible()
    return token


def _confirmation(phone: Phone) -> str:
    token = _open(phone)
    phone.fill(
        "Счёт или акт выставлен",
        Номер_счёта="17",
        Дата_документа="2026-11-20",
        Ссылка_на_документ="https://docs.example/17",
    )
    phone.press("Дальше")
    expect(phone.page.get_by_role("heading", name="Записать этот ответ?")).to_be_visible()
    return token


def _wrong_confirmation(phone: Phone) -> None:
    _confirmation(phone)
    phone.page.locator("form").evaluate("one => one.noValidate = true")
    phone.press("Записать ответ")
    expect(phone.page.get_by_text("Поставьте галочку.")).to_be_visible()


def _result(phone: Phone) -> str:
    token = _confirmation(phone)
    phone.confirm()
    expect(phone.page.get_by_role("heading", name="Ответ записан")).to_be_visible()
    return token


def _answered(phone: Phone) -> None:
    token = _result(phone)
    phone.page.get_by_role("link", name="К запросу").click()
    expect(phone.page.get_by_text("Состояние: выставлен.")).to_be_visible()
    assert request_of(phone.site, token).answered.document_number == "17"


def _repeated(phone: Phone) -> None:
    _result(phone)
    phone.page.reload()
    expect(phone.page.get_by_role("heading", name="Этот ответ уже записан")).to_be_visible()


def _refused(phone: Phone) -> None:
    _open(phone)
    phone.fill("Отказ: выставить нельзя", Причина="Нет договора с этим юридическим лицом")
    phone.press("Дальше")
    phone.confirm()
    expect(phone.page.get_by_text("ЗРН-2026-11-1: отказ")).to_be_visible()


def _wrong(phone: Phone) -> None:
    _open(phone)
    phone.fill("Счёт или акт выставлен", Дата_оплаты="2026-11-20")
    phone.press("Дальше")
    expect(phone.page.get_by_text("Впишите номер документа.")).to_be_visible()
    expect(phone.page.get_by_text("Дату оплаты указывают")).to_be_visible()


def _changed(phone: Phone) -> None:
    _open(phone)
    phone.fill("Запрос принят в работу")
    put_request(phone.site, state="paid", answered=Answered(paid_on="2026-11-22"))
    phone.press("Дальше")
    phone.confirm()
    expect(phone.page.get_by_role("alert")).to_contain_text("Ваш ответ не записан")


def _revision(phone: Phone) -> None:
    earlier = ({"revision": 1, "request_id": "x"},)
    phone.open(put_request(phone.site, work(1), revision=2, earlier=earlier))
    expect(phone.page.get_by_text("Эта редакция заменяет прежнюю")).to_be_visible()


def _no_rate(phone: Phone) -> None:
    body = {"agency": "", "contract": "", "vat": "", "client": {"name": "Зерно", "inn": "", "kpp": ""}}
    phone.open(put_request(phone.site, work(1, rate_kop=None), body=body, kind="invoice"))
    expect(phone.page.get_by_text("сумму определяет бухгалтерия")).to_be_visible()


def _withdrawn(phone: Phone) -> None:
    phone.open(put_request(phone.site, state="withdrawn"))
    expect(phone.page.get_by_role("heading", name="Запрос ЗРН-2026-11-1 отозван")).to_be_visible()


def _old_link(phone: Phone) -> None:
    token = put_request(phone.site)
    put_request(phone.site, link_salt="0" * 32, revision=2)
    phone.open(token)
    expect(phone.page.get_by_role("heading", name="Эта ссылка уже не действует")).to_be_visible()


def _expired(phone: Phone) -> None:
    phone.open(put_request(phone.site, valid_until=NOW))
    expect(phone.page.get_by_role("heading", name="Срок этой ссылки истёк")).to_be_visible()


def _unknown(phone: Phone) -> None:
    phone.open("A" * 22)
    expect(phone.page.get_by_role("heading", name="Ссылка не работает")).to_be_visible()


def _full(phone: Phone) -> None:
    long = "Длинноеназваниебезпробелов" * 6
    lines = [work(number, "1234.56", f"{long} {number}", 99_999_999) for number in range(1, 46)]
    phone.open(put_request(phone.site, *lines))
    expect(phone.page.get_by_text("И ещё 15 работ")).to_be_visible()


def _works(phone: Phone) -> None:
    token = put_request(phone.site)
    phone.open(token)
    phone.page.get_by_role("link", name="Полный перечень для печати: 3 работы").click()
    expect(phone.page.get_by_role("heading", name="Перечень выполненных работ")).to_be_visible()


def _english(phone: Phone) -> None:
    _open(phone)
    phone.page.get_by_role("link", name="English").click()
    expect(phone.page.get_by_role("heading", name="Accepted work")).to_be_visible()


STATES: dict[str, Callable[[Phone], object]] = {
    "open": _open,
    "confirmation": _confirmation,
    "wrong_confirmation": _wrong_confirmation,
    "result": _result,
    "answered": _answered,
    "repeated": _repeated,
    "refused": _refused,
    "wrong": _wrong,
    "changed": _changed,
    "revision": _revision,
    "no_rate": _no_rate,
    "withdrawn": _withdrawn,
    "old_link": _old_link,
    "expired": _expired,
    "unknown": _unknown,
    "full": _full,
    "works": _works,
    "english": _english,
}


def test_every_state(
    site: ClientSite, browser: Browser, subtests: pytest.Subtests, request: pytest.FixtureRequest
) -> None:
    """Reached by pressing what is there, seen whole; axe-core finds nothing. All of them with ``--full``.

    The page has no script that could run: the policy is passed by for the judge alone, which is one.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    window = browser.new_context(
        viewport=SCREEN, user_agent=PHONE, locale="ru-RU", bypass_csp=True, is_mobile=True
    )
    judge = AXE.read_text(encoding="utf-8")
    with running(site.app) as url:
        phone = Phone(site, url, window.new_page())
        for name, reach in STATES.items():
            if name not in USUAL and not request.config.getoption("--full"):
                continue
            with subtests.test(msg=name):
                reach(phone)
                _check_fits(phone.page, name)
                phone.page.add_script_tag(content=judge)
                assert phone.page.evaluate(RULES) == []
    window.close()


def _check_fits(page: Page, name: str) -> None:
    """A screenshot; nothing is wider than the screen, too small for a finger, or too small to read."""
    take_picture(page, f"accounting_page_{name}", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= SCREEN["width"], name
    for target in page.locator(TARGETS).all():
        box = target.bounding_box()
        assert box is None or (box["height"] >= LEAST_TARGET and box["width"] >= LEAST_TARGET), name
    for field in page.locator("select, textarea, input[type=text], input[type=date]").all():
        size = field.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
        assert size >= LEAST_TEXT, name


def test_without_javascript_and_by_keyboard(site: ClientSite, browser: Browser) -> None:
    """A browser that runs no script: chosen, confirmed and kept by keys alone."""
    window = browser.new_context(
        viewport=SCREEN, user_agent=PHONE, locale="ru-RU", java_script_enabled=False, is_mobile=True
    )
    with running(site.app) as url:
        phone = Phone(site, url, window.new_page())
        token = _open(phone)
        phone.page.get_by_label("Что сделано").focus()
        phone.page.keyboard.press("ArrowDown")
        for _ in range(40):
            phone.page.keyboard.press("Tab")
            if phone.page.evaluate("document.activeElement.innerText") == "Дальше":
                break
        phone.page.keyboard.press("Enter")
        expect(phone.page.get_by_role("heading", name="Записать этот ответ?")).to_be_visible()
        phone.page.get_by_role("checkbox").focus()
        phone.page.keyboard.press("Space")
        phone.page.keyboard.press("Tab")
        phone.page.keyboard.press("Enter")
        expect(phone.page.get_by_role("heading", name="Ответ записан")).to_be_visible()
    window.close()

    assert request_of(site, token).state == "received"


def test_printed(site: ClientSite, browser: Browser) -> None:
    """On paper there is the list and no form, no link and no button."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    window = browser.new_context(user_agent=PHONE, locale="ru-RU")
    with running(site.app) as url:
        page = window.new_page()
        token = put_request(site, *(work(number) for number in range(1, 61)))
        for place in (token, f"{token}/works"):
            page.goto(f"{url}/client/a/{place}")
            page.emulate_media(media="print")
            assert page.locator("form:visible, button:visible, .links:visible").count() == 0
        page.pdf(path=SCREENSHOTS / "accounting_works.pdf", format="A4")
        take_picture(page, "accounting_page_printed", full_page=True)
        expect(page.get_by_text("Это не первичный документ")).to_be_visible()
        assert page.locator("tbody tr").count() == 60
    window.close()
