"""Anything that people do with work that is shown in a chat, by chance: one decision, and a true message."""

from __future__ import annotations

import contextlib
import os
import random
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness.chat_office import ChatOffice
from tests.harness.fakes.chat import FakeGroup, FakeMessage
from tests.harness.fakes.interruptions import no_answer
from vitrina.errors import RetriableServiceError
from vitrina.records.outside.client_pages import ClientPage, ShownItem, load_page
from vitrina.records.outside.decisions import Channel, Decision, DecisionKind, DecisionState, load_decisions
from vitrina.usecases.decisions.chat_buttons import asks_wish
from vitrina.usecases.decisions.decide import Verdict, decide, take_back

NUMBER = 7
STAFF, CLIENTS = "1", ("77", "78")
HISTORIES, STEPS = int(os.environ.get("VITRINA_HISTORIES", "30")), 30
#: How a step may be disturbed: an answer of the chat is lost, or nothing was done.
CALLS = ("send", "edit", "answer_press", "is_administrator")


class History:
    """One project with one item that is shown, and what people do."""

    def __init__(self, chance: random.Random, office: ChatOffice, group: FakeGroup) -> None:
        self._chance = chance
        self._office = office
        self._group = group
        self.rounds = 0
        #: Buttons that were pressed, by message.
        self._known: set[tuple[str, str]] = set()
        self._is_stale = False
        self.log: list[str] = []

    # --- What people do ------------------------------------------------------------------------------

    def step(self) -> None:
        """Something happens, perhaps with a fault, and is dealt with."""
        what = self._chance.choice(
            ("press", "press", "press", "press", "remark", "page", "undo", "show", "withdraw", "wait", "old")
        )
        if self._chance.random() < 0.3:
            fault = self._chance.choice(("before", "after"))
            getattr(self._office.chat, fault)(self._chance.choice(CALLS), no_answer("Chat"))
        self.log.append(what)
        self._is_stale, before = False, self._counts()
        getattr(self, f"_{what}")()
        self.settle()
        assert not self._is_stale or self._counts() == before, self.log

    def _counts(self) -> tuple[int, int]:
        """How many decisions were made, and taken back."""
        decisions = self.decisions()
        return len(decisions), sum(one.state == DecisionState.TAKEN_BACK for one in decisions)

    def _press(self) -> None:
        message = self._chance.choice([one for one in self.messages() if one.buttons] or [None])
        if message is not None:
            self._press_button(message, self._chance.choice(message.buttons).data)

    def _old(self) -> None:
        """A press of a button as it was at any time before."""
        if self._known:
            message_id, data = self._chance.choice(sorted(self._known))
            self._press_button(self._group.messages[message_id], data)

    def _press_button(self, message: FakeMessage, data: str) -> None:
        self._known.add((message.message_id, data))
        # Only what stands under the newest message may decide anything.
        self._is_stale = data not in {one.data for one in self.asked()[-1].buttons}
        for _ in range(self._chance.choice((1, 1, 2))):
            person = self._chance.choice((*CLIENTS, STAFF))
            self._office.chat.press(self._group.chat_id, message.message_id, data, person_id=person)

    def _remark(self) -> None:
        prompts = [one for one in self.messages() if "ответом на это сообщение" in one.text]
        if prompts:
            person, prompt = self._chance.choice((*CLIENTS, STAFF)), self._chance.choice(prompts)
            text = self._chance.choice(("Исправьте", " "))
            where = {"person_id": person, "reply_to": prompt.message_id, "topic_id": prompt.topic_id}
            self._office.chat.write(self._group.chat_id, text, **where)

    def _page(self) -> None:
        item = self.page().by_number.get(NUMBER)
        if item is not None:
            kind = self._chance.choice(list(DecisionKind))
            verdict = Verdict(kind, Channel.PAGE, {NUMBER: item.fingerprint}, text="Со страницы")
            decide(self._office.services, self._office.client_id, self._office.agency_id, verdict)

    def _undo(self) -> None:
        take_back(self._office.services, self._office.client_id, self._office.agency_id, [NUMBER])

    def _show(self) -> None:
        """Show the item again after a return, or otherwise than before."""
        page = self.page()
        known = page.by_number.get(NUMBER)
        if known is not None and known.decided is not None and not known.decided.is_settled:
            return
        if known is None or known.decided is not None or not self.rounds:
            self.rounds += 1
        today = self._office.services.today().isoformat()
        title = self._chance.choice(("Каталог", "Каталог, осень"))
        ordinal = len(self.decisions())
        item = ShownItem(NUMBER, "ЗРН-7", title, 4.0, self.rounds, today, ordinal=ordinal)
        self._keep(page.with_items([item]))

    def _withdraw(self) -> None:
        page = self.page()
        item = page.by_number.get(NUMBER)
        if item is not None and item.is_waiting:
            self._keep(page.with_items([replace(item, is_withdrawn=True)]))

    def _wait(self) -> None:
        self._office.clock.advance(minutes=self._chance.choice((3, 11, 40)))

    def _keep(self, page: ClientPage) -> None:
        wish = asks_wish(self._office.services, self._office.client_id)
        self._office.services.store.commit([page.put(), wish.put(self._office.services)])
        wish.send(self._office.services)

    # --- What follows --------------------------------------------------------------------------------

    def settle(self) -> None:
        """Have all done that is due within some seconds, whatever fails meanwhile."""
        office = self._office
        while office.chat.sent:
            office.receive_chat()
        until = office.clock.now() + timedelta(seconds=90)
        for _ in range(200):
            due = [one for one in office.queue.waiting if one.due_at <= until]
            if not due:
                return
            office.clock.set(max(office.clock.now(), min(one.due_at for one in due)))
            with contextlib.suppress(RetriableServiceError):
                office.queue.run_next(office.run_job)
                continue
            until += timedelta(seconds=1)
        raise AssertionError("the queue does not end")

    # --- What there is -------------------------------------------------------------------------------

    def page(self) -> ClientPage:
        """The page as it is kept."""
        return load_page(self._office.services.store, self._office.client_id, self._office.agency_id)

    def decisions(self) -> list[Decision]:
        """All decisions about the item."""
        return load_decisions(self._office.services.store, self._office.client_id, NUMBER, 60)

    def messages(self) -> list[FakeMessage]:
        """Messages of the bot about the item."""
        rows = self._group.messages.values()
        return [one for one in rows if one.author_id == "7" and "Каталог" in one.text]

    def asked(self) -> list[FakeMessage]:
        """Messages that show the item, the oldest first."""
        return [one for one in self.messages() if one.text.startswith("Готово, посмотрите")]

    def check(self) -> None:
        """What has to hold after every step."""
        holding = [one for one in self.decisions() if one.state != DecisionState.TAKEN_BACK]
        by_round = [one.round for one in holding]
        assert len(set(by_round)) == len(by_round), self.log
        assert all(one.who or one.channel == Channel.PAGE for one in holding)
        assert all(one.text for one in holding if one.kind == DecisionKind.RETURNED)
        if not self.asked():
            assert self.rounds == 0, self.log
            return
        assert len(self.asked()) == self.rounds, self.log
        self._check_newest(self.asked()[-1])

    def _check_newest(self, message: FakeMessage) -> None:
        item = self.page().by_number.get(NUMBER)
        letters = [one.data[0] for one in message.buttons]
        if item is not None and item.is_waiting:
            assert (letters, "Принимаете работу" in message.text) == (["a", "r"], True), self.log
            return
        if item is not None and item.is_withdrawn:
            assert (letters, "снова у нас" in message.text) == ([], True), self.log
            return
        last = [one for one in self.decisions() if one.state != DecisionState.TAKEN_BACK][-1]
        word = "Принято" if last.kind == DecisionKind.ACCEPTED else "Возвращено"
        assert f"{word} " in message.text, self.log
        can_be_undone = (
            item is not None
            and item.decided is not None
            and item.decided.can_be_taken_back(self._office.clock.now())
        )
        if can_be_undone:
            assert letters == ["u"], self.log
        elif item is None or (item.decided is not None and item.decided.is_settled):
            assert letters == [], self.log


@pytest.mark.slow
def test_histories_by_chance(record_property: Any) -> None:
    """Presses of three people, remarks, the page, undo, new rounds, time, and lost answers of the chat."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to repeat a failure
    made = taken_back = 0
    for number in range(HISTORIES):
        chance = random.Random(f"{seed}-{number}")
        office = ChatOffice()
        history = History(chance, office, office.add_group())
        history._known = set()
        for _ in range(STEPS):
            history.step()
            history.check()
        decisions = history.decisions()
        made += len(decisions)
        taken_back += sum(one.state == DecisionState.TAKEN_BACK for one in decisions)
        refused = [one for one in office.chat.presses.values() if one.person_id == STAFF and one.answer]
        assert all("Решает клиент" in one.answer or "больше не ждёт" in one.answer for one in refused)
    record_property(
        "figure", f"{HISTORIES} histories, {made} decisions, {taken_back} taken back, seed {seed}"
    )
    assert made > HISTORIES
    assert taken_back > 0
