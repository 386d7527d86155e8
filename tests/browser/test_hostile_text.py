"""Hostile text through every field of the client's page, and titles of staff, to all six outputs.

Sheet, tracker card, chat, letter, page and XLSX: everywhere it is text. The tests of each output try more
texts: ``test_client_asks``, ``test_client_page``, ``test_requests``, ``tests/unit/mail``, those of trackers.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from playwright.sync_api import Browser, Dialog

from tests.emulators.telegram.telegram_world import World
from tests.harness.chat_servers import add_group, connect, quicken, running_telegram, settle
from tests.harness.client_site import PERSON, PHONE, hidden_fields
from tests.harness.mail_box import MailBox, running_mail_box
from tests.harness.office import Office
from tests.harness.sample_files import PDF
from tests.harness.servers import running_servers
from vitrina.bootstrap import application
from vitrina.operations.journal import find_lines
from vitrina.usecases.decisions.decide import clean_text
from vitrina.workbook.reading.book import Book

pytestmark = pytest.mark.browser

EVIL = "evil.example"
#: By what they try. The name of each stands in it, so that it is found in every output.
HOSTILE: Mapping[str, str] = {
    "formula": f'=HYPERLINK("https://{EVIL}/formula";"x")',
    "plus": f"+cmd|' /C plus'!A0 {EVIL}",
    "at": f"@SUM(1;1) at {EVIL}",
    "tab": f'\t=IMPORTXML("https://{EVIL}/tab";"//a")',
    "script": f"<script>alert('script')</script><img src=x onerror=alert(1)> [a](https://{EVIL})",
    "closing": f"</textarea></style></title>\"'><svg onload=alert('closing')> {EVIL}",
    "header": f"header\r\nBcc: all@{EVIL}\r\n\r\n=?utf-8?q?=0d=0aBcc:_b@{EVIL}?=",
    "turned": f"turned \u202egnp.exe\u2066 \x00\x07\x1b[31m {EVIL}",
    "emoji": f"emoji 👩\u200d🚀🇷🇺 ё́ *жирный* _курсив_ `код` {EVIL}",
    "half": f"half \ud800 {{text}} {{{{7*7}}}} %s ${{x}} {EVIL}",
}
#: Titles that staff paste into the backlog, and clients see.
TITLES = ("formula", "plus", "script", "header")
NOT_SHOWN = set("\x00\x07\x1b\u202e\u2066\ud800")
#: What runs in a browser: none of it may be made of text.
ACTIVE = (
    "script, svg, img, iframe, object, embed, link, base, [onerror], [onload], [onclick], [src], [srcdoc]"
)


class Client:
    """The client with a browser that fills in every form, past what a browser checks by itself."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(headers=PERSON, timeout=60)

    def post(self, act: str, fields: Mapping[str, Any], **more: Any) -> httpx.Response:
        """Send a form; halves of surrogate pairs go as their bytes."""
        if not more:
            pairs = [(name, text) for name, one in fields.items() for text in _texts(one)]
            body = "&".join(f"{name}={_quoted(text)}" for name, text in pairs)
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return self.http.post(f"{self.url}/{act}", content=body, headers=kind)
        return self.http.post(f"{self.url}/{act}", data=dict(fields), **more)

    def write(self, act: str, fields: Mapping[str, Any]) -> httpx.Response:
        """Both steps of a form."""
        shown = self.post(act, fields)
        assert shown.status_code == 200, shown.text
        return self.post(act, {**hidden_fields(shown.text), "role": "marketing", "sure": "yes"})

    def send_file(self, name: str, note: str) -> httpx.Response:
        """A file; HTTP lets no line break and no half of a pair into its name."""
        form = hidden_fields(self.http.get(f"{self.url}/file").text)
        sendable = name.encode("utf-8", "replace").decode()
        fields = {
            **form,
            "role": "marketing",
            "sure": "yes",
            "note": note.encode("utf-8", "replace").decode(),
        }
        return self.post(
            "file", fields, files={"file": (f"{sendable}.pdf", PDF + note[:9].encode("utf-8", "replace"))}
        )

    def return_all(self, remarks: list[str]) -> int:
        """Return what waits, each with another remark; returns how many there were."""
        page = self.http.get(self.url).text
        found = re.findall(r'name="seen_(\d+)" value="([0-9a-f]{16})"', page)
        for (number, seen), remark in zip(found, remarks, strict=False):
            fields = {"n": number, f"seen_{number}": seen, "text": remark}
            assert "Возвращено с замечанием" in self.write("return", fields).text
        return len(found)

    def accept_all(self) -> None:
        """Accept what waits."""
        found = re.findall(r'name="seen_(\d+)" value="([0-9a-f]{16})"', self.http.get(self.url).text)
        fields = {"n": [number for number, _ in found]} | {f"seen_{number}": seen for number, seen in found}
        assert "Принято" in self.write("accept", fields).text


def _texts(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


@pytest.fixture
def telegram() -> Iterator[World]:
    """The emulator."""
    with running_telegram() as world:
        yield world


@pytest.fixture
def box() -> Iterator[MailBox]:
    """The mail server of accounting."""
    with running_mail_box() as running:
        yield running


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, telegram: World, box: MailBox
) -> Iterator[Office]:
    """A project with everything that text can reach. What the client decides is carried out at once."""
    with running_servers() as servers:
        office = Office(servers, tmp_path)
        office.reset_for_test(monkeypatch)
        for name, value in {
            **box.settings,
            "VITRINA_DECISION_HOLD_S": "0",
            "VITRINA_CLIENT_URL": f"{servers.functions}/client",
        }.items():
            monkeypatch.setenv(name, value)
        quicken(monkeypatch.setattr)
        connect(telegram, monkeypatch.setenv)
        office.create_agency()
        office.choose(
            accounting_channel="письмо", accounting_email="buh@mayak.example", accounting_rate="2500"
        )
        office.create_client()
        yield office
        settle(office, telegram)
        office.http.close()
        application.cache_clear()


def shown_of(text: str) -> str:
    """What is to be seen of a text, as one line."""
    return " ".join(clean_text(text).replace("\ufffd", "").split())


def is_in(text: str, whole: str) -> bool:
    """Whether a text is in a larger one, whatever its spaces and line breaks have become."""
    return "".join(shown_of(text).split()) in "".join(whole.replace("\ufffd", "").split())


def formulas(book: Book) -> list[str]:
    """All formulas of a workbook."""
    return sorted(str(one) for one in book.formulas.values())


def cells(book: Book) -> str:
    """All texts of a workbook, with its notes."""
    found = []
    for tab in book.tabs.values():
        for row in tab.rows:
            for cell in row.cells:
                found += [str(cell.value), cell.note]
    found += [str(place.cell.value) for place in book.fields.values()]
    return "\n".join(found)


def test_every_field_to_every_output(office: Office, telegram: World, box: MailBox, browser: Browser) -> None:
    """All fields at once; then each output is looked through."""
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    office.paste_backlog(
        [{"task": HOSTILE[one], "result": HOSTILE["closing"], "work_type": "Баннер"} for one in TITLES]
    )
    office.do("estimate")
    preview_id = office.do("build_batch", period="current")["data"]["preview_id"]
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
    office.do("push")
    internal = add_group(office, telegram, action="show_agency_chat", title="Маяк")
    chat_id = add_group(office, telegram)
    own = _kinds(office.book())

    # Everything that a client can fill in; a link has 30 acts in an hour.
    for name, text in HOSTILE.items():
        client = Client(office.do("make_client_link", scope="act")["data"]["url"])
        title = " ".join(text.split())[:200]
        assert client.write("question", {"text": text}).status_code == 200
        assert client.write("order", {"title": title, "text": text}).status_code == 200
        assert client.write("review", {"mark": "3", "text": text}).status_code == 200
        link = {"url": f"https://{EVIL}/{name}", "number": "1", "note": text[:500]}
        assert client.write("attachment", link).status_code == 200
        assert client.send_file(text, text[:500]).status_code == 200, name
        for act, field in (
            ("question", "text"),
            ("order", "title"),
            ("review", "text"),
            ("attachment", "url"),
        ):
            long = client.post(act, {field: f"{text}{'я' * 30_000}"})
            assert long.status_code in (413, 422), act
        assert client.post("attachment", {"url": text}).status_code == 422
        if name == "script":
            # No more than 50 wait.
            settle(office, telegram)
    settle(office, telegram)
    cards = {one.title: one for one in office.desk.cards()}
    for card in cards.values():
        office.desk.move(card.card_id, 2)
    settle(office, telegram)
    returned = client.return_all([HOSTILE[one] for one in ("closing", "at", "turned", "half")])
    assert returned == len(TITLES)
    settle(office, telegram)
    described = [one.description for one in office.desk.cards()]
    look_through_browser(browser, client.url)
    for card in office.desk.cards():
        office.desk.move(card.card_id, 2)
    settle(office, telegram)
    client.accept_all()
    settle(office, telegram)
    wanted = {"project": office.client_id, "kind": "both", "month": "current"}
    shown = office.click(agency_id, "preview_accounting", **wanted)
    asked = office.click(agency_id, "ask_accounting", **wanted, preview_id=shown["data"]["preview_id"])
    assert asked["outcome"] == "done", asked
    settle(office, telegram)
    digest = office.do("preview_digest")["data"]
    office.do("send_digest", mark=digest["mark"])
    settle(office, telegram)

    look_through_sheets(office, agency_id, own)
    look_through_cards(office, described)
    look_through_chat(telegram, chat_id, internal)
    look_through_mail(box)


def look_through_sheets(office: Office, agency_id: str, own: set[str]) -> None:
    """Every cell is a text; no formula was made of one, and every text is somewhere."""
    book, agency = office.book(), office.book(agency_id)
    for text in HOSTILE.values():
        assert is_in(text, cells(book)), text
    for one in (book, agency):
        assert not [formula for formula in formulas(one) if EVIL in formula or "cmd|" in formula]
        assert not set(cells(one)) & NOT_SHOWN
    orders = [str(task).replace("\ufffd", "") for (task,) in office.table("backlog", "task")]
    assert sorted(map(shown_of, orders)) == sorted(
        shown_of(" ".join(one.split())[:200]) for one in HOSTILE.values()
    )
    assert not set("\n".join(one.message for one in find_lines(office.services.store, agency_id))) & NOT_SHOWN
    # Rows that were added or moved have the formulas of their tabs, and no others.
    assert _kinds(book) <= own


def _kinds(book: Book) -> set[str]:
    """Formulas without the numbers of rows and cards in them."""
    return {re.sub(r"\d+", "", one) for one in formulas(book)}


def look_through_cards(office: Office, described: list[str]) -> None:
    """The title is the text; in the description, which is Markdown, every sign of markup is escaped."""
    titles = [one.title for one in office.desk.cards()]
    for name in TITLES:
        assert any(is_in(HOSTILE[name], one) for one in titles), name
    for text in described:
        assert not re.search(r"(?<!\\)[<\[`]", text), text
        assert not set(text) & NOT_SHOWN
    plain = "\n".join(re.sub(r"\\(.)", r"\1", one) for one in described)
    for name in ("closing", "at", "turned", "half"):
        assert is_in(HOSTILE[name], plain), name


def look_through_chat(telegram: World, chat_id: int, internal: int) -> None:
    """Texts without markup, and no button but ours."""
    messages = [
        one
        for chat in (chat_id, internal)
        for topic in telegram.chat(chat)["topics"]
        for one in topic["messages"]
    ]
    told = "\n".join(one["text"] or "" for one in messages)
    for text in HOSTILE.values():
        assert is_in(text, told), text
    assert not set(told) & NOT_SHOWN
    assert not [one for one in messages if one.get("entities") or one.get("parse_mode")]
    buttons = {one["text"] for message in messages for one in message.get("buttons") or ()}
    assert not [one for one in buttons if EVIL in one]


def look_through_mail(box: MailBox) -> None:
    """One address, our headers each once, plain text; in the file no formula and no link."""
    [letter] = box.letters()
    names = [name.lower() for name, _ in letter["headers"]]
    assert len(names) == len(set(names))
    assert not {"bcc", "cc", "x-header"} & set(names)
    assert letter["to"] == ["buh@mayak.example"]
    assert not set(letter["text"]) & NOT_SHOWN
    for name in TITLES:
        assert is_in(HOSTILE[name], letter["text"].replace("= ?", "=?")), name
    content = base64.b64decode(letter["attachments"][0]["base64"])
    found = [cell for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows() for cell in row]
    assert not [cell.value for cell in found if cell.data_type == "f" or cell.hyperlink]
    whole = "\n".join(str(cell.value) for cell in found)
    for name in TITLES:
        assert is_in(HOSTILE[name], whole), name


def look_through_browser(browser: Browser, url: str) -> None:
    """Chromium with scripts switched on, and even without our policy: 0 dialogs, 0 elements made of text."""
    for has_policy in (True, False):
        look_through_pages(browser, url, has_policy=has_policy)


def look_through_pages(browser: Browser, url: str, *, has_policy: bool) -> None:
    """All pages of a link, with everything that is typed into a form."""
    window = browser.new_context(user_agent=PHONE, locale="ru-RU", bypass_csp=not has_policy)
    page = window.new_page()
    dialogs: list[str] = []
    asked: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    page.on("request", lambda one: asked.append(one.url))
    for place in ("", "/done", "/file", "/attachment", "/question", "/order"):
        page.goto(f"{url}{place}")
        assert page.locator(ACTIVE).count() == 0, page.content()
    page.goto(url)
    text = page.locator("body").inner_text()
    for one in (*TITLES, "closing", "at", "turned", "half"):
        assert is_in(HOSTILE[one], text), one
    assert not set(text) & NOT_SHOWN
    links = page.locator("a").evaluate_all("all => all.map(one => one.protocol)")
    assert set(links) <= {"http:", "https:"}
    # A confirmation and a form that was refused show what was typed as well.
    for one in () if has_policy else HOSTILE.values():
        page.goto(f"{url}/question")
        page.locator("textarea").fill(one.replace("\x00", "").encode("utf-8", "replace").decode())
        page.get_by_role("button", name="Дальше").click()
        assert page.locator(ACTIVE).count() == 0, page.content()
    assert dialogs == []
    assert [one for one in asked if not one.startswith(url.partition("/client")[0])] == []
    window.close()
