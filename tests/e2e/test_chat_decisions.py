"""The client decides by buttons in the chat: each decision once, by people of the client only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.emulators.telegram.telegram_world import OLGA, PETR, World
from tests.harness.chat_servers import add_group, connect, quicken, running_telegram, settle
from tests.harness.office import NOW, Office
from vitrina.bootstrap import application
from vitrina.records.outside.chat_questions import anonymous, find_project_questions
from vitrina.records.outside.client_pages import ClientPage, ShownItem, load_page
from vitrina.records.outside.decisions import Channel, Decision, DecisionKind, DecisionState, load_decisions
from vitrina.usecases.decisions.chat_buttons import asks_wish
from vitrina.usecases.decisions.decide import Verdict, decide

NUMBER = 7
TITLE = "Каталог <b>товаров</b> =1+1"
RESULT = "https://docs.example/result"


@pytest.fixture(scope="module")
def telegram() -> Iterator[World]:
    """The emulator."""
    with running_telegram() as world:
        yield world


class Desk:
    """A project whose client is asked about an item in his group; Petr and Olga are his people."""

    def __init__(self, office: Office, world: World, setenv: Any) -> None:
        self.office = office
        self.world = world
        self._setenv = setenv
        self.chat_id = add_group(office, world)
        for person in (PETR, OLGA):
            world.do("add_person", chat_id=self.chat_id, person_id=person)
        self.settle()

    @property
    def agency_id(self) -> str:
        """The workbook of the agency."""
        assert self.office.agency is not None
        return self.office.agency.spreadsheet_id

    def settle(self) -> None:
        """Let everything be done that waits."""
        settle(self.office, self.world)

    def move_clock(self, moment: datetime) -> None:
        """Set the clock of the functions."""
        self._setenv("VITRINA_NOW", moment.isoformat())
        application.cache_clear()

    # --- What is shown -------------------------------------------------------------------------------

    def page(self) -> ClientPage:
        """The page as it is kept."""
        return load_page(self.office.services.store, self.office.client_id, self.agency_id)

    def show(self, number: int = NUMBER, **changes: Any) -> None:
        """Show an item to the client, as the check of the agency does."""
        item = ShownItem(number, f"ЗРН-{number}", TITLE, 12.5, 1, NOW.date().isoformat(), RESULT)
        self.keep(self.page().with_items([replace(item, **changes)]))

    def keep(self, page: ClientPage) -> None:
        """Keep a changed page, with the wish that the chat be told."""
        wish = asks_wish(self.office.services, self.office.client_id)
        self.office.services.store.commit([page.put(), wish.put(self.office.services)])
        wish.send(self.office.services)
        self.settle()

    def decisions(self, number: int = NUMBER) -> list[Decision]:
        """Decisions about an item."""
        return load_decisions(self.office.services.store, self.office.client_id, number, 9)

    # --- The chat ------------------------------------------------------------------------------------

    def messages(self) -> list[dict[str, Any]]:
        """Messages of the bot in the topic of reports."""
        topic = next(one for one in self.world.chat(self.chat_id)["topics"] if one["name"] == "Отчёты")
        return [one for one in topic["messages"] if one["is_bot"] and one["text"]]

    def message(self) -> dict[str, Any]:
        """The only message there."""
        (found,) = self.messages()
        return found

    def buttons(self, message: dict[str, Any] | None = None) -> dict[str, str]:
        """Data of the buttons of a message by their texts."""
        rows = (message or self.message())["keyboard"]
        return {one["text"]: one["callback_data"] for row in rows for one in row}

    def press(self, text: str, *, by: int = PETR, message: dict[str, Any] | None = None) -> dict[str, Any]:
        """A press of a button with all that follows: what the person was shown."""
        message = message or self.message()
        return self.press_data(self.buttons(message)[text], message["id"], by=by)

    def press_data(self, data: str, message_id: int, *, by: int = PETR) -> dict[str, Any]:
        """A press that carries any data."""
        press_id = self.start_press(data, message_id, by=by)
        self.settle()
        return self.world.press(press_id)

    def start_press(self, data: str, message_id: int, *, by: int = PETR) -> str:
        """A press, without waiting for what follows."""
        made = self.world.do("press", chat_id=self.chat_id, message_id=message_id, data=data, user_id=by)
        return str(made["press_id"])

    def write(self, text: str, *, reply_to: int, by: int = PETR) -> None:
        """Somebody answers a message in its topic."""
        topic = next(one for one in self.world.chat(self.chat_id)["topics"] if one["name"] == "Отчёты")
        where = {"chat_id": self.chat_id, "topic_id": topic["id"], "reply_to": reply_to}
        self.world.do("write", **where, text=text, user_id=by)
        self.settle()


@pytest.fixture
def desk(office: Office, telegram: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An agency with one client, whose chat is ready."""
    quicken(monkeypatch.setattr)
    connect(telegram, monkeypatch.setenv)
    return Desk(office, telegram, monkeypatch.setenv)


ACCEPT, RETURN, UNDO = "Принять", "Вернуть с замечанием", "Отменить"


def test_accepted_by_a_button(desk: Desk) -> None:
    """One decision with who and what was shown; the message says so, and its button takes it back."""
    desk.show()
    message = desk.message()
    assert message["text"].startswith(f"Готово, посмотрите: ЗРН-7 «{TITLE}»\nРезультат: {RESULT}")
    assert "12" not in message["text"].replace("ЗРН-7", "")
    assert list(desk.buttons()) == [ACCEPT, RETURN]
    assert all(len(one.encode()) <= 64 for one in desk.buttons().values())

    answer = desk.press(ACCEPT)

    (made,) = desk.decisions()
    assert (made.kind, made.channel, made.shown) == (
        DecisionKind.ACCEPTED,
        Channel.CHAT,
        desk.page().items[0].fingerprint,
    )
    assert made.who == anonymous(str(desk.chat_id), str(PETR))
    assert answer["text"] == "Принято 23 ноября в 09:00. Отменить можно до 09:10."
    assert desk.message()["text"].endswith("Принято 23 ноября в 09:00.\nОтменить можно до 09:10.")
    assert list(desk.buttons()) == [UNDO]

    answer = desk.press(UNDO, by=OLGA)
    assert "Отменено" in answer["text"]
    assert [one.state for one in desk.decisions()] == [DecisionState.TAKEN_BACK]
    assert list(desk.buttons()) == [ACCEPT, RETURN]
    assert desk.world.rate()["refused"] == 0


def test_returned_with_a_remark(desk: Desk) -> None:
    """Nothing is returned without words; the answer to the question is the remark, and comes once."""
    desk.show()
    answer = desk.press(RETURN)
    assert "ответом на сообщение бота" in answer["text"]
    assert desk.decisions() == []
    shown, prompt = desk.messages()
    assert prompt["reply_to"] == shown["id"]
    desk.press(RETURN, message=shown)
    assert len(desk.messages()) == 2

    desk.write("Заголовок\nне тот", reply_to=prompt["id"])
    (made,) = desk.decisions()
    assert (made.kind, made.text) == (DecisionKind.RETURNED, "Заголовок\nне тот")
    shown, prompt = desk.messages()
    assert "Замечание: Заголовок не тот" in shown["text"]
    assert prompt["text"].startswith("Возвращено 23 ноября в 09:00.")
    assert list(desk.buttons(shown)) == [UNDO]

    desk.write("И кнопка", reply_to=prompt["id"], by=OLGA)
    assert len(desk.decisions()) == 1
    # What decides nothing any more is not lost: it is a question of the client.
    store = desk.office.services.store
    assert [one.text for one in find_project_questions(store, desk.office.client_id)] == ["И кнопка"]


def test_staff_do_not_decide(desk: Desk) -> None:
    """An administrator is refused by an alert, also when he answers for the client."""
    desk.show()
    shown = desk.message()
    irina = 42
    for text in (ACCEPT, RETURN):
        answer = desk.press(text, by=irina)
        assert ("Решает клиент" in answer["text"], answer["is_alert"]) == (True, True)
    desk.press(RETURN)
    prompt = desk.messages()[1]
    desk.write("Всё плохо", reply_to=prompt["id"], by=irina)

    assert desk.decisions() == []
    assert list(desk.buttons(shown)) == [ACCEPT, RETURN]
    assert any("Решает клиент" in one["text"] for one in desk.messages())


def test_made_up_presses_decide_nothing(desk: Desk) -> None:
    """Guessed tokens, other items, another project's button, and nonsense."""
    desk.show()
    message = desk.message()
    data = desk.buttons()[ACCEPT]
    guesses = (
        f"a:{NUMBER}:{'A' * 22}",
        f"a:8:{data.rpartition(':')[2]}",
        f"u:{NUMBER}:1:{data.rpartition(':')[2]}",
        data[:-1],
        f"{data}x",
        "a:7",
        "x",
        f"a:99999999999:{'A' * 22}",
        json.dumps({"a": 7}),
    )
    for guess in guesses:
        answer = desk.press_data(guess, message["id"])
        assert (answer["is_answered"], answer["is_alert"]) == (True, True), guess

    assert desk.decisions() == []
    assert list(desk.buttons()) == [ACCEPT, RETURN]


def test_two_people_at_once(desk: Desk) -> None:
    """Four presses at the same moment: one decision, and each person is told what holds."""
    desk.show()
    message = desk.message()
    data = desk.buttons()[ACCEPT]
    with ThreadPoolExecutor(4) as pool:
        presses = list(
            pool.map(lambda by: desk.start_press(data, message["id"], by=by), (PETR, OLGA, PETR, OLGA))
        )
    desk.settle()

    assert len(desk.decisions()) == 1
    texts = sorted(desk.world.press(one)["text"] for one in presses)
    assert [one.startswith("Решение уже есть: Принято 23 ноября") for one in texts] == [
        False,
        True,
        True,
        True,
    ]


def test_repeats_of_an_update_decide_once(desk: Desk) -> None:
    """The same update three times, and again after the decision was taken back elsewhere."""
    desk.show()
    data, message = desk.buttons()[ACCEPT], desk.message()
    webhook = desk.world.control.get("/state").json()["users"]["7000001"]["webhook"]
    headers = {"X-Telegram-Bot-Api-Secret-Token": webhook["secret_token"]}
    desk.press_data(data, message["id"])
    update = desk.world.deliveries()[-1]["update"]
    assert "callback_query" in update
    desk.press(UNDO)
    for _ in range(3):
        assert desk.office.http.post(webhook["url"], json=update, headers=headers).status_code == 200
    desk.settle()

    assert [one.state for one in desk.decisions()] == [DecisionState.TAKEN_BACK]
    assert list(desk.buttons()) == [ACCEPT, RETURN]


def test_decision_by_the_page_changes_the_message(desk: Desk) -> None:
    """And a press that comes after it finds it."""
    desk.show()
    message, data = desk.message(), desk.buttons()[RETURN]
    seen = {NUMBER: desk.page().items[0].fingerprint}
    decide(
        desk.office.services,
        desk.office.client_id,
        desk.agency_id,
        Verdict(DecisionKind.ACCEPTED, Channel.PAGE, seen),
    )
    desk.settle()
    assert "Принято 23 ноября в 09:00." in desk.message()["text"]
    assert list(desk.buttons()) == [UNDO]

    answer = desk.press_data(data, message["id"])
    assert answer["text"].startswith("Решение уже есть: Принято")
    assert len(desk.messages()) == 1


def test_presses_on_old_messages(desk: Desk) -> None:
    """What is shown otherwise now is not decided by an old button; a later round has its own message."""
    desk.show()
    old, data = desk.message(), desk.buttons()[ACCEPT]
    desk.show(title="Каталог, вторая редакция")
    assert "вторая редакция" in desk.message()["text"]
    answer = desk.press_data(data, old["id"])
    assert ("изменилась" in answer["text"], desk.decisions()) == (True, [])

    desk.show(title="Каталог", round=2)
    assert len(desk.messages()) == 2
    answer = desk.press_data(data, old["id"])
    assert ("изменилась" in answer["text"], desk.decisions()) == (True, [])

    desk.show(title="Каталог", round=2, is_withdrawn=True)
    newest = desk.messages()[-1]
    assert ("снова у нас" in newest["text"], desk.buttons(newest)) == (True, {})


def test_button_goes_when_the_time_is_over(desk: Desk) -> None:
    """After ten minutes nothing can be taken back; a press on the old button says so."""
    desk.show()
    desk.press(ACCEPT)
    message, undo = desk.message(), desk.buttons()[UNDO]
    desk.move_clock(NOW + timedelta(minutes=11))
    answer = desk.press_data(undo, message["id"])
    assert "уже нельзя" in answer["text"] or "больше не ждёт" in answer["text"]

    desk.move_clock(NOW + timedelta(minutes=20))
    assert desk.office.call_schedule().status_code == 200
    desk.settle()

    assert desk.buttons() == {}
    assert desk.message()["text"].endswith("Принято 23 ноября в 09:00.")
    (made,) = desk.decisions()
    assert made.state != DecisionState.TAKEN_BACK


def test_silence_is_reminded_of(desk: Desk) -> None:
    """Once in three working days, by day, under the message; never taken for consent."""
    desk.show()
    shown = desk.message()
    # It was shown on a Monday: Tuesday, Wednesday and Thursday are the three days.
    for days, hours, count in ((1, 2, 0), (3, 0, 0), (3, 10, 0), (3, 2, 1), (3, 3, 1), (5, 2, 1), (8, 2, 2)):
        desk.move_clock(NOW + timedelta(days=days, hours=hours))
        assert desk.office.call_schedule().status_code == 200
        desk.settle()
        assert len(desk.messages()) == 1 + count, (days, hours)

    reminders = desk.messages()[1:]
    assert {one["reply_to"] for one in reminders} == {shown["id"]}
    assert "Рабочих дней прошло: 3" in reminders[0]["text"]
    assert desk.decisions() == []
    assert list(desk.buttons(shown)) == [ACCEPT, RETURN]


def test_group_that_comes_later_is_asked_as_well(
    office: Office, telegram: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was shown before there was a chat is asked as soon as the timer looks."""
    quicken(monkeypatch.setattr)
    connect(telegram, monkeypatch.setenv)
    assert office.agency is not None
    page = load_page(office.services.store, office.client_id, office.agency.spreadsheet_id)
    item = ShownItem(NUMBER, "ЗРН-7", TITLE, 1.0, 1, NOW.date().isoformat())
    wish = asks_wish(office.services, office.client_id)
    office.services.store.commit([page.with_items([item]).put(), wish.put(office.services)])
    wish.send(office.services)
    settle(office, telegram)

    desk = Desk(office, telegram, monkeypatch.setenv)
    assert office.call_schedule().status_code == 200
    desk.settle()

    assert list(desk.buttons()) == [ACCEPT, RETURN]


def test_from_the_card_to_done(desk: Desk) -> None:
    """A card in review is asked about; returned by words, asked about again, accepted, and in *Готово*."""
    office = desk.office
    preview_id = office.preview_backlog({"task": "Лендинг", "work_type": "Лендинг", "priority": "Срочно"})
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
    assert office.do("push")["outcome"] == "done"
    desk.settle()

    def to_review() -> None:
        card = next(one for one in office.desk.cards() if "Лендинг" in one.title)
        office.desk.move(card.card_id, 2)
        desk.settle()
        assert office.do("refresh")["outcome"] in ("done", "partial")
        desk.settle()

    def carry_out(moment: datetime) -> None:
        # The queue of the tests runs its tasks early, when nothing is due yet.
        desk.move_clock(moment)
        body = {"kind": "settle", "spreadsheet_id": office.client_id}
        office.services.queue.add(f"settle-{moment:%H%M}", body)
        desk.settle()

    def asked() -> list[dict[str, Any]]:
        return [one for one in desk.messages() if one["text"].startswith("Готово, посмотрите")]

    to_review()
    (first,) = asked()
    desk.press(RETURN, message=first)
    prompt = desk.messages()[-1]
    desk.write("Логотип крупнее", reply_to=prompt["id"])
    carry_out(NOW + timedelta(minutes=15))
    (first,) = asked()
    assert ("Возвращено" in first["text"], desk.buttons(first)) == (True, {})
    rows = office.table("in_progress", "status", "approval", "remark")
    assert set(rows) == {("В работе", "Вернули", "Логотип крупнее")}

    to_review()
    first, second = asked()
    assert list(desk.buttons(second)) == [ACCEPT, RETURN]
    answer = desk.press_data("a:1:" + "x" * 22, first["id"])
    assert "изменилась" in answer["text"]
    desk.press(ACCEPT, message=second)
    carry_out(NOW + timedelta(minutes=40))

    ((task, approved_by),) = office.table("done", "task", "approved_by")
    assert (task, office.table("in_progress", "status")) == ("Лендинг", [])
    assert "чат" in str(approved_by).lower()
    second = asked()[-1]
    assert ("Принято" in second["text"], desk.buttons(second)) == (True, {})
    kinds = [(one.kind, one.state) for one in desk.decisions(1)]
    assert kinds == [
        (DecisionKind.RETURNED, DecisionState.SETTLED),
        (DecisionKind.ACCEPTED, DecisionState.SETTLED),
    ]

    answer = office.do("take_back_accepted", number=1)
    desk.settle()

    assert answer["outcome"] == "done", answer
    assert list(desk.buttons(asked()[-1])) == [ACCEPT, RETURN]
