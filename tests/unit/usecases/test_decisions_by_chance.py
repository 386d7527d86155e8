"""Random histories of finished work: every item stands in one place, and is decided about once.

A small model, which knows nothing of documents and rows, says what must have become of each item. With
``--full`` there are 2,000 histories.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

import pytest

from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import MemoryOffice, SavedOffice, client_office
from vitrina.errors import RetriableServiceError, UserError
from vitrina.records.outside.client_pages import ClientPage, load_page
from vitrina.records.outside.decisions import Channel, DecisionKind, DecisionState, load_decisions
from vitrina.usecases.decisions.decide import Ending, Verdict, decide, take_back
from vitrina.workbook.reading.book import Tab

SEED = 20261126
HISTORIES, MOST = 15, 2000
STEPS = 25
HOLD = timedelta(minutes=10)
ROWS = tuple({"task": f"Баннер {number}", "work_type": "Баннер"} for number in (1, 2, 3))
NUMBERS = (1, 2, 3)
IN_WORK, REVIEW, DONE = 1, 2, 3
#: Calls whose answer gets lost, before or after they are carried out.
CALLS = (("workbooks", "batch_update"), ("tracker", "change_card"), ("workbooks", "read"))


@cache
def pushed() -> SavedOffice:
    """Three items with their cards."""
    office = client_office()
    office.start(*ROWS, is_pushed=True)
    return office.save()


@dataclass
class Model:
    """What the client was asked and has answered, by the number of the item."""

    stage: dict[int, int] = field(default_factory=lambda: dict.fromkeys(NUMBERS, 0))
    asked: set[int] = field(default_factory=set)
    #: Kind of the answer, and when it is carried out.
    answers: dict[int, tuple[DecisionKind, datetime]] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    made: int = 0
    #: How often work was accepted, returned, taken back by the client and by staff.
    counts: Counter[str] = field(default_factory=Counter)

    def look(self) -> None:
        """The workbook follows the cards."""
        for number in NUMBERS:
            if number in self.done or number in self.answers:
                continue
            if self.stage[number] == REVIEW:
                self.asked.add(number)
            elif self.stage[number] != DONE:
                self.asked.discard(number)

    def answer(self, number: int, kind: DecisionKind, at: datetime) -> None:
        """The client answers."""
        self.asked.discard(number)
        self.answers[number] = (kind, at)
        self.made += 1

    def settle(self, now: datetime) -> None:
        """What is due is carried out."""
        for number, (kind, at) in list(self.answers.items()):
            if at > now:
                continue
            del self.answers[number]
            self.counts[kind] += 1
            if kind is DecisionKind.ACCEPTED:
                self.done.add(number)
                self.stage[number] = DONE
            else:
                self.stage[number] = IN_WORK


class History:
    """One project, and what people and the client do with it."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.office = MemoryOffice(pushed())
        self.model = Model()
        self.seen: list[ClientPage] = []

    @property
    def page(self) -> ClientPage:
        """The client's page as it is now."""
        return load_page(self.office.store, self.office.client_id, self.office.agency_id)

    def play(self) -> None:
        """Do something, and compare with the model, many times."""
        does: list[Callable[[], None]] = [
            *[self.move_card] * 4,
            *[self.answer] * 3,
            *[self.wait] * 3,
            self.take_back,
            self.staff_answer,
            self.staff_take_back,
        ]
        for _ in range(STEPS):
            self.random.choice(does)()
            self.check()
        self.office.clock.advance(hours=1)
        self.settle()
        self.check()
        assert not self.model.answers

    # --- What happens ---

    def surely(self, do: Callable[[], object]) -> None:
        """Do it, again where an answer got lost."""
        if self.random.random() < 0.3:
            name, call = self.random.choice(CALLS)
            fails = getattr(getattr(self.office, name), self.random.choice(("before", "after")))
            fails(call, no_answer())
        # Faults of earlier steps may wait for the first such call.
        for _ in range(30):
            try:
                do()
            except RetriableServiceError:
                # Longer than a lease: whoever held it is dead.
                self.office.clock.advance(minutes=3)
                continue
            return
        raise AssertionError("no answer came")

    def refusal(self, do: Callable[[], object]) -> str:
        """Do it surely; the code of the sentence with which it is refused, empty where it is done."""
        try:
            self.surely(do)
        except UserError as error:
            return error.code
        return ""

    def move_card(self) -> None:
        """People move a card of an item that is not accepted, and the workbook follows."""
        number = self.random.choice(NUMBERS)
        if number in self.model.done or number in self.model.answers:
            return
        stage = self.random.choice((IN_WORK, REVIEW, REVIEW, REVIEW, DONE))
        card = next(one for one in self.office.tracker.cards if f"ЗРН-{number} " in f"{one.title} ")
        self.office.tracker.move(card.card_id, stage)
        self.model.stage[number] = stage
        self.surely(lambda: self.office.do("refresh"))
        self.model.look()
        self.seen = [*self.seen, self.page][-3:]

    def answer(self) -> None:
        """The client answers from a page that he may have opened some time ago; sometimes twice."""
        page = self.random.choice([*self.seen, self.page])
        items = [one for one in page.items if one.is_waiting]
        chosen = [one for one in items if self.random.random() < 0.6]
        if not chosen:
            return
        seen = {one.number: one.fingerprint for one in chosen}
        before = {one.number: one for one in self.page.items}
        for channel in self.random.sample((Channel.PAGE, Channel.CHAT), k=self.random.choice((1, 2))):
            kind = self.random.choice(list(DecisionKind))
            verdict = Verdict(kind, channel, seen, text="Крупнее" if kind is DecisionKind.RETURNED else "")
            at = self.office.clock.now() + HOLD
            outcomes = decide(self.office.services, page.spreadsheet_id, page.agency_id, verdict)
            for one in outcomes:
                is_same = before.get(one.number) is not None and (
                    before[one.number].fingerprint == seen[one.number]
                )
                may = one.number in self.model.asked and is_same
                assert (one.ending is Ending.MADE) == may, (one, self.model)
                if may:
                    self.model.answer(one.number, kind, at)

    def take_back(self) -> None:
        """The client takes back whatever he can."""
        page, now = self.page, self.office.clock.now()
        wanted = {number for number, (_, at) in self.model.answers.items() if now < at}
        outcomes = take_back(self.office.services, page.spreadsheet_id, page.agency_id, NUMBERS)
        assert {one.number for one in outcomes if one.ending is Ending.MADE} == wanted
        for number in wanted:
            del self.model.answers[number]
            self.model.asked.add(number)
            self.model.counts["by client"] += 1

    def wait(self) -> None:
        """Time passes, and the queue delivers what is due; sometimes twice."""
        self.office.clock.advance(minutes=self.random.choice((1, 4, 11)))
        for _ in range(self.random.choice((1, 2))):
            self.settle()

    def settle(self) -> None:
        """The job that carries decisions out."""
        body = {"kind": "settle", "spreadsheet_id": self.office.client_id}
        self.surely(lambda: self.office.run_job(body))
        self.model.settle(self.office.clock.now())

    def staff_answer(self) -> None:
        """Staff note an answer; they may do so of all that is finished and has no other answer."""
        number, kind = self.random.choice(NUMBERS), self.random.choice(list(DecisionKind))
        told = {"numbers": [number], "kind": kind.value, "text": "Крупнее", "note": "по телефону"}
        is_free = number not in self.model.done and number not in self.model.answers
        may = is_free and self.model.stage[number] in (REVIEW, DONE)
        now = self.office.clock.now
        refusal = self.refusal(lambda: self.office.do("decide_for_client", **told))
        # A repeat of a click whose answer got lost finds it done.
        assert not may or refusal in ("", "review.not_finished", "decision.otherwise")
        if may:
            self.model.answer(number, kind, now())
        self.model.settle(now())
        self.settle()

    def staff_take_back(self) -> None:
        """Staff take an accepted item back."""
        number = self.random.choice(NUMBERS)
        may = number in self.model.done
        refusal = self.refusal(lambda: self.office.do("take_back_accepted", number=number))
        assert not may or refusal in ("", "take_back.not_possible")
        if may:
            self.model.done.discard(number)
            self.model.stage[number] = REVIEW
            self.model.asked.add(number)
            self.model.counts["by staff"] += 1

    # --- What must hold ---

    def check(self) -> None:
        """Each item stands in one place, where the model has it, and its decisions fit that."""
        book = self.office.book()
        rows, done = numbers(book.tab("in_progress")), numbers(book.tab("done"))
        assert done == sorted(self.model.done)
        assert rows == sorted(set(NUMBERS) - self.model.done)
        assert {one.number for one in self.page.items if one.is_waiting} == self.model.asked
        store, client_id = self.office.store, self.office.client_id
        made = 0
        for number in NUMBERS:
            decisions = load_decisions(store, client_id, number, 99)
            made += len(decisions)
            assert [one.ordinal for one in decisions] == list(range(1, len(decisions) + 1))
            open_ones = [one for one in decisions if one.state == DecisionState.MADE]
            assert len(open_ones) == (number in self.model.answers)
            assert sum(one.is_accepted for one in decisions) == (number in self.model.done)
        assert made == self.model.made


def numbers(tab: Tab) -> list[int]:
    """Numbers of the items whose rows stand in a tab."""
    codes = [tab.cell(row, "id").text for row in tab.rows]
    return sorted(int(code.rpartition("-")[2]) for code in codes if code)


@pytest.mark.slow
def test_random_histories(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is decided twice, nothing is lost, nothing stands in two places."""
    count = MOST if request.config.getoption("--full") else HISTORIES
    counts: Counter[str] = Counter()
    for number in range(count):
        seed = f"{SEED}-{number}"
        try:
            history = History(seed)
            history.play()
        except Exception as error:
            raise AssertionError(f"history {seed}") from error
        counts += history.model.counts
    told = f"{count} histories, seed {SEED}: {dict(counts)}"
    with capsys.disabled():
        sys.stdout.write(f"\n{told}\n")
    assert min(counts[one] for one in (*DecisionKind, "by client", "by staff")) > count / 10, told
