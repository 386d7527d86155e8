"""A client on his page, and accounting on that of its request: two forms, the second one with its nonce."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.chaos.history import Json
from benchmarks.chaos.http import Waiting, visit
from benchmarks.chaos.site import Site
from benchmarks.chaos.visits.record import HOLDS, MADE, UNDO, UNKNOWN, Attempt, Record
from benchmarks.chaos.world import ChaosWorld
from tests.harness.client_site import PERSON, hidden_fields
from vitrina.records.outside.client_pages import ClientPage, load_page

#: A page that does not answer is asked for so often.
ATTEMPTS = 400
PAUSE_S = 0.05
Form = Mapping[str, str | list[str]]
Choice = TypeVar("Choice")

KINDS = {"accept": "accepted", "return": "returned", "undo": UNDO}
TOLD_MADE = {
    "accept": "Принято. Отменить можно до",
    "return": "Возвращено с замечанием. Отменить можно до",
    "undo": "Решение отменено",
}
TOLD_KEPT = {"order": "Записали. Задача появится в бэклоге", "question": "Вопрос записан"}
#: What is told of a decision that was made before.
TOLD_BEFORE = ("Уже принято", "Уже возвращено")


@dataclass(frozen=True)
class Browser:
    """A browser at one secret link. What fails or is not answered is sent again."""

    base: str
    waiting: Waiting

    def open(self) -> str:
        """The page."""
        return self._until_answered(self.base, None)

    def send(self, act: str, form: Form) -> str:
        """What a form answers."""
        return self._until_answered(f"{self.base}/{act}", form)

    def confirm(self, act: str, form: Form, times: int, **fields: str) -> list[str]:
        """Send the first form of an act and confirm what it shows, several times at the same moment."""
        shown = hidden_fields(self.send(act, form))
        if "nonce" not in shown:
            return []
        filled = {**shown, "role": "marketing", "sure": "yes", **fields}
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(lambda _: self.send(act, filled), range(times)))

    def _until_answered(self, url: str, form: Form | None) -> str:
        for _ in range(ATTEMPTS):
            try:
                status, text = visit(url, form, PERSON, self.waiting)
            except OSError:
                status, text = 503, ""
            if status < 500:
                return text
            time.sleep(PAUSE_S)
        raise TimeoutError(f"the page never answers: {status}")


def chosen(choices: Sequence[Choice], which: int) -> Choice:
    """One of what a person sees. Two people with the same number choose the same of the same list."""
    return choices[which % len(choices)]


class ClientVisits:
    """What the client does on his page."""

    def __init__(self, world: ChaosWorld, site: Site, record: Record, waiting: Waiting) -> None:
        self._world = world
        self._site = site
        self._record = record
        url = f"{world.servers.functions}/client/c/{site.page_token}"
        self._browser = Browser(url, waiting) if site.page_token else None
        #: The page as somebody opened it long ago.
        self._stale = self._page() if site.page_token else None

    def _page(self) -> ClientPage:
        return load_page(
            self._world.documents_store,
            self._site.spreadsheet_id,
            self._world.agency_id(self._site.agency),
        )

    def do(self, what: Json) -> bool:
        """Do something on the page. Returns whether the page offered what is to be done."""
        if self._browser is None or self._stale is None:
            return False
        match what["do"]:
            case "order" | "question":
                return self._write(self._browser, what["do"], what["text"], what["times"])
            case act:
                page = self._stale if what["is_stale"] else self._page()
                return self._decide(self._browser, page, act, what)

    def _decide(self, browser: Browser, page: ClientPage, act: str, what: Json) -> bool:
        open_ones = [
            one for one in page.items if (one.decided is not None if act == "undo" else one.is_waiting)
        ]
        if not open_ones:
            return False
        item = chosen(sorted(open_ones, key=lambda one: one.number), what["which"])
        form = {"n": str(item.number), f"seen_{item.number}": item.fingerprint, "text": what["text"]}
        # Until the answer comes, another person may already see what it does.
        answers = browser.confirm(act, form, what["times"])
        if any(TOLD_MADE[act] in one for one in answers):
            told = MADE
        elif any(before in one for one in answers for before in TOLD_BEFORE):
            told = HOLDS
        else:
            told = UNKNOWN
        text = what["text"] if act == "return" else ""
        self._record.note(Attempt(item.number, KINDS[act], "page", text, told))
        return True

    def _write(self, browser: Browser, act: str, text: str, times: int) -> bool:
        field = "title" if act == "order" else "text"
        answers = browser.confirm(act, {field: text}, times)
        kept = self._record.orders if act == "order" else self._record.questions
        with self._record.lock:
            kept[text] = any(TOLD_KEPT[act] in one for one in answers)
        return True
