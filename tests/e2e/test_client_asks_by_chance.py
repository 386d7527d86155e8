"""Random histories of clients at their pages, over the wire and with faults, against a model.

Ten to a workbook. Clients send forms of all kinds, some of them twice; staff take proposals up, type other
needs and answer questions; Google does not answer, or carries a write out and its answer is lost. The seed
is printed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from tests.harness.chat_servers import MOST_ROUNDS
from tests.harness.client_asks import HOSTILE, ask
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.servers import Servers
from vitrina.errors import UserError
from vitrina.records.outside.chat_questions import answers_for_page
from vitrina.records.outside.client_pages import load_page
from vitrina.records.outside.client_wishes import CLIENT_WISH
from vitrina.usecases.decisions.decide import clean_text
from vitrina.workbook.writing.client_needs import need_lines

pytestmark = pytest.mark.slow

SEED = 20261126
HISTORIES, IN_A_WORKBOOK = int(os.environ.get("VITRINA_HISTORIES", "20")), 10
LEVELS = ("Низкий", "Обычный", "Высокий", "Срочно")
USUAL = "Обычный"
WORDS = ("Баннер", "Статья о зерне", "Плакат", "Аудит", *HOSTILE)
NEEDS = ("Логотип", "Доступ к хостингу", "Фото команды")
FAULTS = (
    # Carried out, and the answer is lost.
    ("sheets.spreadsheets.batchUpdate", "timeout"),
    ("sheets.spreadsheets.batchUpdate", "timeout"),
    ("sheets.spreadsheets.batchUpdate", "drop"),
    ("sheets.spreadsheets.batchUpdate", 503),
    ("sheets.spreadsheets.get", 503),
    ("sheets.spreadsheets.get", "drop"),
)


@pytest.fixture(scope="module")
def office(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleOffice]:
    """An agency without a chat."""
    with running_agency(servers, tmp_path_factory.mktemp("office")) as office:
        yield office


@dataclass
class Order:
    """What a row of the backlog shall hold."""

    title: str
    text: str
    level: str = USUAL
    is_proposal: bool = True
    links: list[str] = field(default_factory=list)


@dataclass
class Model:
    """What one workbook shall hold after all that was sent."""

    code: str
    orders: list[Order] = field(default_factory=list)
    needs: list[str] = field(default_factory=lambda: ["", "", ""])
    ticks: list[bool] = field(default_factory=lambda: [False] * 3)
    #: Questions with their answers, empty without one.
    questions: list[list[str]] = field(default_factory=list)
    #: Kinds and results of all forms.
    results: list[tuple[str, str]] = field(default_factory=list)

    def order(self, title: str, text: str) -> None:
        """A new row."""
        self.orders.append(Order(" ".join(clean_text(title).split()), clean_text(text)))
        self.results.append(("order", "done"))

    def move(self, number: int, direction: str) -> None:
        """Another priority, where the row is still a proposal."""
        order = self.orders[number - 1]
        if order.is_proposal:
            at = LEVELS.index(order.level) + (1 if direction == "up" else -1)
            order.level = LEVELS[min(max(at, 0), 3)]
        self.results.append(("priority", "done" if order.is_proposal else "changed"))

    def tick(self, line: int, text: str, *, ticked: bool) -> None:
        """A tick, where the line still says the same."""
        is_same = bool(self.needs[line - 1]) and text in ("", self.needs[line - 1])
        if is_same:
            self.ticks[line - 1] = ticked
        self.results.append(("need", "done" if is_same else "changed"))

    def link(self, number: int, url: str) -> None:
        """A line of the note of an item."""
        if 0 < number <= len(self.orders):
            self.orders[number - 1].links.append(url)
        self.results.append(("attachment", "done"))


class History:
    """People of one project for a while."""

    def __init__(self, office: ModuleOffice, model: Model, draw: random.Random) -> None:
        self.office, self.model, self.draw = office, model, draw
        self.plan = f"{office.servers.google}/_emulator/plan"

    def play(self) -> None:
        """Some rounds of staff and client, each carried out before the next."""
        for _ in range(self.draw.randint(1, 2)):
            self.staff()
            if self.draw.random() < 0.5:
                method, status = self.draw.choice(FAULTS)
                steps = [
                    {"at": at + 1, "method": method, "status": status}
                    for at in range(self.draw.randint(1, 2))
                ]
                self.office.http.post(self.plan, json=steps).raise_for_status()
            # Whoever sends several forms at once knows only what was carried out before.
            known = len(self.model.orders)
            for _ in range(self.draw.randint(1, 4)):
                self.client(known)
            settle_queue(self.office)
            # What has not happened is not to hit the next round.
            self.office.http.delete(self.plan).raise_for_status()

    def staff(self) -> None:
        """One thing that the agency does meanwhile."""
        office, model, draw = self.office, self.model, self.draw
        match draw.choice(("take", "need", "answer", "nothing")):
            case "take" if model.orders:
                number = draw.randint(1, len(model.orders))
                _, row = office.row("backlog", f"{model.code}-{number}")
                office.type("backlog", row.index, status="Можно брать")
                model.orders[number - 1].is_proposal = False
            case "need":
                line, text = draw.randint(1, 3), draw.choice(NEEDS)
                place = need_lines(office.book())[line - 1].text
                office.edit({"type": "type", "sheet": place.sheet_title, "cell": place.address, "text": text})
                model.needs[line - 1] = text
            case "answer":
                for number, question in enumerate(model.questions, start=1):
                    if not question[1]:
                        question[1] = "В четверг"
                        assert (
                            office.do("answer_question", number=number, text="В четверг")["outcome"] == "done"
                        )
                        break
            case _:
                pass

    def client(self, known: int) -> None:
        """One form, sometimes sent twice."""
        model, draw = self.model, self.draw
        match draw.choice(("order", "order", "question", "review", "attachment", "need", "priority")):
            case "order":
                title, text = draw.choice(WORDS), draw.choice(["", *WORDS])
                self.send("order", title=title, text=text)
                model.order(title, text)
            case "question":
                text = f"{draw.choice(WORDS)} {draw.randint(1, 99)}?"
                self.send("question", text=text)
                model.questions.append([clean_text(text), ""])
                model.results.append(("question", "done"))
            case "review":
                self.send("review", mark=draw.randint(1, 5), text=draw.choice(["", *WORDS]))
                model.results.append(("review", "done"))
            case "attachment":
                number = draw.choice([0, draw.randint(1, max(known, 1))])
                url = f"https://disk.example/{draw.randint(1, 10**9)}"
                self.send("attachment", number=number, url=url)
                model.link(number if number <= known else 0, url)
            case "need":
                line, text = draw.randint(1, 3), draw.choice(["", *NEEDS])
                ticked = draw.random() < 0.6
                self.send("need", line=line, text=text, ticked=ticked)
                model.tick(line, text, ticked=ticked)
            case "priority":
                number, direction = draw.randint(1, known + 1), draw.choice(["up", "down"])
                if number > known:
                    with pytest.raises(UserError, match="not_yours"):
                        self.send("priority", number=number, direction=direction)
                else:
                    self.send("priority", number=number, direction=direction)
                    model.move(number, direction)

    def send(self, kind: str, **fields: object) -> None:
        """Send a form, and sometimes a second time."""
        office, nonce = self.office, uuid4().hex
        assert office.agency is not None
        for attempt in range(self.draw.choice([1, 1, 2])):
            outcome = ask(
                office.services, office.client_id, office.agency.spreadsheet_id, kind, nonce, **fields
            )
            assert outcome.is_new == (attempt == 0)


def settle_queue(office: ModuleOffice) -> None:
    """Wait until queued work is done, with what it queues for later."""
    url = f"{office.servers.tasks}/_emulator/run-until-empty"
    for _ in range(MOST_ROUNDS):
        answer = (
            office.http.post(url, json={"timeout_s": 0.2, "include_later": True}).raise_for_status().json()
        )
        if answer["empty"]:
            return
    raise AssertionError(answer)


def check(office: ModuleOffice, model: Model) -> None:
    """The workbook and the store hold what the model says."""
    assert office.agency is not None
    agency_id, store, book = office.agency.spreadsheet_id, office.services.store, office.book()
    tab = book.tab("backlog")
    rows = [row for row in tab.rows if tab.cell(row, "id").text]
    shown = [[tab.cell(row, key).text for key in ("priority", "task")] for row in rows]
    # An empty cell is the usual priority.
    assert [(level or USUAL, task) for level, task in shown] == [
        (one.level, one.title) for one in model.orders
    ]
    assert [tab.cell(row, "result").value or "" for row in rows] == [one.text for one in model.orders]
    assert [tab.cell(row, "id").text for row in rows] == [f"{model.code}-{at + 1}" for at in range(len(rows))]
    assert not any(tab.cell(row, key).formula for row in rows for key in ("task", "result"))
    for row, order in zip(rows, model.orders, strict=True):
        links = [line.split(": ")[1] for line in tab.cell(row, "id").note.split("\n")[1:]]
        assert links == order.links
    lines = need_lines(book)[:3]
    assert [(one.text.cell.text, one.is_done) for one in lines] == list(
        zip(model.needs, model.ticks, strict=True)
    )
    found = answers_for_page(store, office.client_id)[::-1]
    assert [[one.text, one.answer_text] for one in found] == model.questions
    kept = store.find(CLIENT_WISH, where={"spreadsheet_id": office.client_id})
    assert sorted((one.data["kind"], one.data["result"]) for one in kept) == sorted(model.results)
    page = load_page(store, office.client_id, agency_id)
    assert sorted(page.proposals) == list(range(1, len(model.orders) + 1))


def test_random_histories_of_clients(office: ModuleOffice) -> None:
    """After each of them everything is as the model says."""
    print(f"seed {SEED}")  # noqa: T201 - shown where the test fails
    draw = random.Random(SEED)
    model = Model("")
    for number in range(HISTORIES):
        if number % IN_A_WORKBOOK == 0:
            code = f"П{'АБВГДЕЖЗИК'[number // IN_A_WORKBOOK]}"
            office.create_client(project_name=f"Сайт {number}", code=code)
            settle_queue(office)
            model = Model(code)
        History(office, model, draw).play()
        check(office, model)
