"""The client's page on a phone of 390 px without JavaScript: every state, by keyboard, judged by axe-core."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from emulators.common.server import running
from tests.browser.pictures import take_picture
from tests.harness.agency_data import NOW
from tests.harness.client_site import CONTENT, PHONE, ClientSite, later, running_site, shown
from vitrina.bootstrap import application
from vitrina.records.outside.client_links import Scope

pytestmark = pytest.mark.browser

AXE = files(axe_playwright_python) / "axe.min.js"
SCREEN = {"width": 390, "height": 844}
A, B = shown(14, title="Макет главной страницы"), shown(15, title="Баннер для выставки")
LEAST_TARGET, LEAST_TEXT = 44, 16
#: Things that a finger has to hit.
TARGETS = (
    "button, .button, select, textarea, input[type=text]:not([tabindex]), input[type=url], input[type=file], "
    "label.tick"
)


@dataclass
class Phone:
    """A phone that opens the pages of a site."""

    site: ClientSite
    url: str
    page: Page

    def open(self, place: str) -> None:
        """Open an address below ``/client/c/``."""
        self.page.goto(f"{self.url}/client/c/{place}")

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def confirm(self, button: str) -> None:
        """Choose a role, tick the box, and press."""
        self.page.get_by_label("Кто вы").select_option(label="маркетолог")
        self.page.get_by_role("checkbox").check()
        self.press(button)

    def accept(self, item: str) -> None:
        """Propose to accept a piece of work."""
        card = self.page.locator(".card", has_text=item)
        card.get_by_role("button", name="Принять", exact=True).click()

    def check(self, name: str) -> None:
        """A screenshot; nothing is wider than the screen, too small for a finger, or too small to read."""
        take_picture(self.page, f"client_page_{name}", full_page=True)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= SCREEN["width"], name
        for target in self.page.locator(TARGETS).all():
            box = target.bounding_box()
            assert box is None or (box["height"] >= LEAST_TARGET and box["width"] >= LEAST_TARGET), name
        for field in self.page.locator("select, textarea, input[type=text]").all():
            size = field.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
            assert size >= LEAST_TEXT, name


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientSite]:
    """A page with two pieces of work."""
    with running_site(tmp_path, monkeypatch.setenv, now=NOW) as found:
        found.put_page(A, B)
        yield found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A phone whose browser runs no script of a page."""
    window = browser.new_context(
        viewport=SCREEN, user_agent=PHONE, locale="ru-RU", java_script_enabled=False, is_mobile=True
    )
    yield window
    window.close()


@pytest.fixture
def phone(site: ClientSite, context: BrowserContext) -> Iterator[Phone]:
    """The phone, with the site behind it."""
    with running(site.app) as url:
        yield Phone(site, url, context.new_page())


# --- Every state -----------------------------------------------------------------------------------


def _main(phone: Phone, token: str) -> None:
    phone.open(token)
    expect(phone.page.get_by_role("heading", name="Ждёт вас")).to_be_visible()


def _waits_long(phone: Phone, token: str) -> None:
    phone.site.put_page(
        shown(14, title="Макет главной страницы", shown_on="2026-11-17"),
        shown(15, title="Баннер для выставки", shown_on="2026-11-20"),
        content={**CONTENT, "remind_days": 3},
    )
    phone.open(token)
    # Wednesday to Friday, and today; the weekend does not count.
    expect(phone.page.get_by_text("Ждёт вашего решения: 4 рабочих дня.")).to_be_visible()
    expect(phone.page.get_by_text("Ждёт вашего решения")).to_have_count(1)
    expect(phone.page.get_by_text("Если промолчать, работа не будет считаться принятой")).to_be_visible()


def _confirmation(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.accept("Макет")
    expect(phone.page.get_by_role("heading", name="Принимаете работу?")).to_be_visible()


def _wrong_confirmation(phone: Phone, token: str) -> None:
    _confirmation(phone, token)
    # As a browser does that checks nothing by itself.
    phone.page.locator("form").evaluate("one => one.noValidate = true")
    phone.press("Принять")
    expect(phone.page.get_by_text("Выберите, кто вы.")).to_be_visible()


def _accepted(phone: Phone, token: str) -> None:
    _confirmation(phone, token)
    phone.confirm("Принять")
    expect(phone.page.get_by_text("Принято. Отменить можно до")).to_be_visible()


def _decided(phone: Phone, token: str) -> None:
    _accepted(phone, token)
    phone.page.get_by_role("link", name="К странице проекта").click()
    expect(phone.page.get_by_role("heading", name="Вы уже решили")).to_be_visible()


def _undone(phone: Phone, token: str) -> None:
    _decided(phone, token)
    phone.page.get_by_role("button", name=re.compile("Отменить")).click()
    phone.confirm("Отменить решение")
    expect(phone.page.get_by_text("Решение отменено")).to_be_visible()


def _repeated(phone: Phone, token: str) -> None:
    _accepted(phone, token)
    # As a refresh does, which sends the form once more.
    phone.page.reload()
    expect(phone.page.get_by_text("Уже принято 23.11 в 09:00.")).to_be_visible()


def _return_form(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.page.locator(".card", has_text="Баннер").get_by_role("link", name="Вернуть с замечанием").click()
    expect(phone.page.get_by_label("Что исправить")).to_be_visible()


def _wrong_return(phone: Phone, token: str) -> None:
    _return_form(phone, token)
    phone.page.get_by_label("Что исправить").fill("   ")
    phone.press("Дальше")
    expect(phone.page.get_by_text("Заполните это поле.")).to_be_visible()


def _returned(phone: Phone, token: str) -> None:
    _return_form(phone, token)
    phone.page.get_by_label("Что исправить").fill("Логотип крупнее\nи левее")
    phone.press("Дальше")
    phone.confirm("Вернуть")
    expect(phone.page.get_by_text("Возвращено с замечанием.")).to_be_visible()


def _question(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.page.get_by_role("link", name="Задать вопрос").click()
    phone.page.get_by_label("Ваш вопрос").fill("Когда будет вторая страница?")
    phone.press("Дальше")
    phone.confirm("Отправить")
    expect(phone.page.get_by_role("heading", name="Вопрос записан.")).to_be_visible()


def _wrong_order(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.page.get_by_role("link", name="Заказать ещё").click()
    phone.page.get_by_label("Что нужно сделать").fill(" ")
    phone.page.get_by_label("Подробности").fill("Как первая")
    phone.press("Дальше")
    expect(phone.page.get_by_text("Заполните это поле.")).to_be_visible()
    expect(phone.page.get_by_label("Подробности")).to_have_value("Как первая")


def _attachment(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.page.get_by_role("link", name="Передать ссылку").click()
    phone.page.get_by_label("Ссылка на файл или папку").fill("https://files.example/logo")
    phone.page.get_by_label("К какой работе").select_option(label="ЗРН-3 Лендинг")
    phone.press("Дальше")
    expect(phone.page.get_by_role("heading", name="Передать ссылку?")).to_be_visible()


def _file_form(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.page.get_by_role("link", name="Передать файл").click()
    expect(phone.page.get_by_text("До 10 МБ")).to_be_visible()


def _wrong_file(phone: Phone, token: str) -> None:
    _file_form(phone, token)
    phone.page.get_by_label("К какой работе").select_option(label="ЗРН-3 Лендинг")
    phone.page.get_by_label("Что в файле").fill("Логотип")
    phone.page.get_by_label("Файл", exact=True).set_input_files(
        {"name": "logo.svg", "mimeType": "image/png", "buffer": b"<svg onload='alert(1)'/>"}
    )
    phone.confirm("Передать файл")
    expect(phone.page.get_by_text("Такой файл не принимаем.")).to_be_visible()
    expect(phone.page.get_by_label("Что в файле")).to_have_value("Логотип")
    expect(phone.page.get_by_role("checkbox")).to_be_checked()


def _review(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.page.get_by_role("link", name="Оставить отзыв").click()
    phone.page.get_by_label("Оценка").select_option("5")
    phone.press("Дальше")
    phone.confirm("Отправить")
    expect(phone.page.get_by_role("heading", name="Спасибо за отзыв!")).to_be_visible()


def _need(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.press("Уже передано")
    phone.confirm("Отметить")
    expect(phone.page.get_by_role("heading", name="Отметка записана.")).to_be_visible()


def _priority(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.press("Раньше")
    phone.confirm("Изменить")
    expect(phone.page.get_by_role("heading", name="Записали")).to_be_visible()


def _list_of_work(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.page.get_by_role("link", name="Весь перечень").click()
    expect(phone.page.get_by_role("heading", name="Перечень выполненных работ")).to_be_visible()


def _empty(phone: Phone, token: str) -> None:
    phone.site.put_page(content={"project": "Сайт", "client": "Заря"})
    phone.open(token)
    expect(phone.page.get_by_text("Сейчас от вас ничего не нужно.")).to_be_visible()


def _not_drawn(phone: Phone, _: str) -> None:
    phone.open(phone.site.make_link(book="new-book"))
    expect(phone.page.get_by_text("Страница ещё готовится")).to_be_visible()


def _look_only(phone: Phone, _: str) -> None:
    phone.open(phone.site.make_link(Scope.LOOK))
    expect(phone.page.get_by_text("По этой ссылке можно только смотреть.")).to_be_visible()
    assert phone.page.get_by_role("button").count() == 0


def _expired(phone: Phone, _: str) -> None:
    phone.open(phone.site.make_link(valid_until=NOW.isoformat()))
    expect(phone.page.get_by_role("heading", name="Срок этой ссылки истёк")).to_be_visible()


def _revoked(phone: Phone, _: str) -> None:
    phone.open(phone.site.make_link(is_revoked=True))
    expect(phone.page.get_by_role("heading", name="Ссылка не работает")).to_be_visible()


def _changed(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.site.put_page(shown(14, title=A.title, round=2), B)
    phone.accept("Макет")
    expect(phone.page.get_by_role("alert")).to_contain_text("показали заново")


def _broken(phone: Phone, token: str) -> None:
    _confirmation(phone, token)
    phone.page.locator("[name=nonce]").evaluate("one => { one.value = 'x' }")
    phone.confirm("Принять")
    expect(phone.page.get_by_role("alert")).to_contain_text("устарела или изменена")


def _full(phone: Phone, token: str) -> None:
    long = "Длинноеназваниебезпробелов" * 6
    work = [{**CONTENT["this_week"][0], "title": f"{long} {number}"} for number in range(10)]
    phone.site.put_page(
        *(shown(number, title=long) for number in range(30)), content={**CONTENT, "this_week": work}
    )
    phone.open(token)
    expect(phone.page.get_by_text("И ещё 15 работ")).to_be_visible()


def _english(phone: Phone, token: str) -> None:
    phone.open(token)
    phone.page.get_by_role("link", name="English").click()
    expect(phone.page.get_by_role("heading", name="Waiting for you")).to_be_visible()
    # The language stays on the way.
    phone.page.get_by_role("button", name="Accept", exact=True).first.click()
    expect(phone.page.get_by_role("heading", name="Do you accept the work?")).to_be_visible()


AXE_RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']}"

STATES: dict[str, Callable[[Phone, str], None]] = {
    "main": _main,
    "waits_long": _waits_long,
    "confirmation": _confirmation,
    "wrong_confirmation": _wrong_confirmation,
    "accepted": _accepted,
    "decided": _decided,
    "undone": _undone,
    "repeated": _repeated,
    "return_form": _return_form,
    "wrong_return": _wrong_return,
    "returned": _returned,
    "question": _question,
    "wrong_order": _wrong_order,
    "attachment": _attachment,
    "wrong_file": _wrong_file,
    "review": _review,
    "need": _need,
    "priority": _priority,
    "list_of_work": _list_of_work,
    "empty": _empty,
    "not_drawn": _not_drawn,
    "look_only": _look_only,
    "expired": _expired,
    "revoked": _revoked,
    "changed": _changed,
    "broken": _broken,
    "full": _full,
    "english": _english,
}


@pytest.fixture(scope="module")
def judge(browser: Browser) -> Iterator[Page]:
    """A window with scripts, in which axe-core looks at copies of pages."""
    # The judge is a script, which the policy of our own pages does not let run.
    window = browser.new_context(
        viewport=SCREEN, user_agent=PHONE, locale="ru-RU", bypass_csp=True, is_mobile=True
    )
    yield window.new_page()
    window.close()


def complaints(judge: Page, page: Page) -> list[tuple[str, list[str]]]:
    """What axe-core finds: names, contrast, order of headings, labels, language, size of targets."""
    html = page.content()
    judge.route(page.url, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    judge.goto(page.url)
    judge.unroute_all()
    judge.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    found = judge.evaluate(f"axe.run(document, {AXE_RULES}).then(one => one.violations)")
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("name", STATES)
def test_every_state_fits_the_phone(phone: Phone, judge: Page, name: str) -> None:
    """Without JavaScript: reached by pressing what is there, seen whole, and accessible."""
    STATES[name](phone, phone.site.make_link())

    phone.check(name)
    assert complaints(judge, phone.page) == []


# --- Without a mouse, without scripts --------------------------------------------------------------


def test_by_keyboard_alone(phone: Phone) -> None:
    """Tab, space, arrows and Enter: a piece of work is accepted."""
    page = phone.page
    phone.open(phone.site.make_link())

    def tab_to(text: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            here = page.evaluate("(one => one.id || one.innerText)(document.activeElement)")
            if here == text:
                # Whoever uses the keyboard sees where he is.
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
        raise AssertionError(text)

    tab_to("Принять")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Принимаете работу?")).to_be_visible()
    tab_to("role")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Принято. Отменить можно до")).to_be_visible()

    (decision,) = phone.site.decisions()
    assert decision["who"] == "руководитель"


def test_two_phones_and_a_double_click(phone: Phone, context: BrowserContext) -> None:
    """Both proposed; the second one is told what the first one decided, and one decision is kept."""
    token = phone.site.make_link()
    other = Phone(phone.site, phone.url, context.new_page())
    for one in (phone, other):
        one.open(token)
        one.accept("Макет")
    phone.page.get_by_label("Кто вы").select_option(label="владелец")
    phone.page.get_by_role("checkbox").check()
    phone.page.get_by_role("button", name="Принять", exact=True).dblclick()
    expect(phone.page.get_by_text(re.compile("ринято"))).to_be_visible()

    other.confirm("Принять")

    expect(other.page.get_by_text("Уже принято 23.11 в 09:00.")).to_be_visible()
    assert [one["who"] for one in phone.site.decisions()] == ["владелец"]


def test_several_are_accepted_at_once(phone: Phone) -> None:
    """Ticks, one button, one confirmation that lists them."""
    phone.open(phone.site.make_link())
    for box in phone.page.get_by_role("checkbox").all():
        box.check()

    phone.press("Принять отмеченные")
    expect(phone.page.get_by_role("heading", name="Баннер")).to_be_visible()
    phone.confirm("Принять")

    expect(phone.page.get_by_text("Принято. Отменить можно до")).to_have_count(2)


def test_too_late_to_take_back(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time the page says so, whatever is still open in the browser."""
    token = phone.site.make_link()
    _decided(phone, token)
    phone.page.get_by_role("button", name=re.compile("Отменить")).click()
    monkeypatch.setenv("VITRINA_NOW", later(NOW, minutes=11))
    application.cache_clear()

    phone.confirm("Отменить решение")

    expect(phone.page.get_by_text("Отменить уже нельзя")).to_be_visible()
    phone.check("too_late")


def test_the_list_of_work_is_printed(phone: Phone) -> None:
    """On paper there are neither links back nor buttons."""
    _list_of_work(phone, phone.site.make_link())

    phone.page.emulate_media(media="print")

    expect(phone.page.get_by_role("cell", name=re.compile("Логотип"))).to_be_visible()
    expect(phone.page.locator(".noprint")).to_be_hidden()
    take_picture(phone.page, "client_page_printed", full_page=True)
