"""Chats of projects, over a chat in memory: groups, messages, questions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from random import Random

import pytest

from tests.harness.chat_office import CLIENT, ChatOffice
from tests.harness.fakes.chat import FakeGroup
from tests.harness.fakes.interruptions import no_answer, refused
from vitrina.chat_port import BotMoved, BotRight, GroupClaimed
from vitrina.errors import FatalServiceError, RetriableServiceError, UserError
from vitrina.jobs.chats import serve
from vitrina.jobs.expire import expire
from vitrina.operations.outbox import OUTBOX
from vitrina.records.outside.chat_rules import INTERNAL, Told
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.chats.room import Room
from vitrina.usecases.chats.talk import talk

TOPICS = ["Вопросы", "Постмиты", "Счета и акты", "Отчёты"]


@pytest.fixture
def office() -> ChatOffice:
    """An agency with a client and a chat."""
    return ChatOffice()


def test_a_group_is_set_up_once(office: ChatOffice) -> None:
    """Topics and the invitation are made once; the link stands in the workbook; *Проекты* lacks nothing."""
    answer = office.show()
    assert answer.data["state"] == "waits"
    assert office.project_row("missing") == "чат с клиентом"
    group = office.add_group()

    assert list(group.topics.values()) == TOPICS
    assert [most for _, most in group.invites] == [10]
    assert office.field("chat_url") == "https://chat.example/join/-1/1"
    assert office.project_row("missing") == ""
    assert len(office.texts(group)) == 1
    assert "Это чат проекта «Сайт»" in office.texts(group)[0]
    ready = office.show()
    assert (ready.data["state"], ready.data["invite"]) == ("ready", "https://chat.example/join/-1/1")

    office.chat.tell(BotMoved(group.chat_id))
    office.deliver()
    office.tick()
    assert office.chat.calls["create_topic"] == 4
    assert office.chat.calls["create_invite"] == 1
    assert len(office.texts(group)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("fails", ["before", "after"])
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("call", ["create_topic", "send", "get_group"])
def test_a_lost_answer_makes_nothing_twice(office: ChatOffice, call: str, number: int, fails: str) -> None:
    """Whatever call gets no answer: four topics, one greeting."""
    token = office.token()
    for _ in range(number):
        getattr(office.chat, fails)(call, lambda: None)
    getattr(office.chat, fails)(call, no_answer("Chat"))
    office.chat.add_group(payload=token)
    for _ in range(8):
        try:
            office.deliver()
        except RetriableServiceError:
            office.clock.advance(minutes=1)
        office.tick()
    (group,) = office.chat.groups.values()
    assert list(group.topics.values()) == TOPICS
    assert len(office.texts(group)) == 1
    assert office.state().is_ready


def test_a_refused_set_up_is_tried_again_by_the_timer(office: ChatOffice) -> None:
    """The chat refuses a topic to every task that is queued, and nobody tells of the group again."""
    token = office.token()
    for refusal in [*[lambda: None] * 3, *[refused("Chat")] * 9]:
        office.chat.before("create_topic", refusal)
    group = office.chat.add_group(payload=token)
    while office.chat.sent:
        office.receive_chat()
    while office.queue.waiting:
        try:
            office.run_queue()
        except FatalServiceError:
            # The entry point tells the queue that the task is done.
            office.queue.drop_next()
    assert list(group.topics.values()) == TOPICS[:3]
    assert office.store.find(OUTBOX) == []

    office.chat.forget("create_topic")
    office.tick()

    assert list(group.topics.values()) == TOPICS
    assert office.state().is_ready


def test_a_link_works_once(office: ChatOffice) -> None:
    """Everybody in the group reads it: nobody gets another group with it. An unknown one is ignored."""
    token = office.token()
    first = office.chat.add_group(payload=token)
    office.deliver()
    second = office.chat.add_group("Чужая", payload=token)
    third = office.chat.add_group("Чужая", payload="x" * 32)
    office.deliver()
    assert (bool(first.topics), second.topics, third.topics) == (True, {}, {})
    assert office.state().chat_id == first.chat_id


def test_a_group_of_another_project_is_refused(office: ChatOffice) -> None:
    """It stays with the first; *Проекты* and the sidebar tell what to do, and the group nothing."""
    group = office.add_group()
    first = office.client_id
    office.create_client(client_name="Улыбка", project_name="Сайт", code="УЛБ")
    said = len(group.messages)
    office.chat.tell(GroupClaimed(group.chat_id, office.token(), "1"))
    office.deliver()
    assert "уже занял другой проект" in office.project_row("missing")
    assert office.show().message.code == "chat.taken"
    assert len(group.messages) == said
    assert office.state(first).chat_id == group.chat_id
    assert office.state().chat_id == ""

    # The same link works in a group of its own.
    other = office.add_group()
    assert list(other.topics.values()) == TOPICS
    assert office.project_row("missing") == ""


@pytest.mark.parametrize(
    ("lack", "code"),
    [("topics", "включите «Темы»"), ("rights", "Управление темами"), ("invites", "Пригласительные ссылки")],
)
def test_what_a_group_lacks_is_told_and_goes_on(office: ChatOffice, lack: str, code: str) -> None:
    """The reason stands on *Проекты* and in the sidebar; as soon as it is put right, the set-up goes on."""
    token = office.token()
    group = office.chat.add_group(payload=token)
    if lack == "topics":
        group.has_topics = False
    elif lack == "rights":
        group.rights = frozenset({BotRight.INVITES})
    else:
        group.rights = frozenset({BotRight.TOPICS})
    office.deliver()
    assert code in office.project_row("missing")
    shown = office.show()
    assert (shown.data["state"], len(shown.details)) == ("lacking", 1)

    group.has_topics, group.rights = True, frozenset(BotRight)
    office.chat.tell(BotMoved(group.chat_id))
    office.deliver()
    assert list(group.topics.values()) == TOPICS
    assert office.project_row("missing") == ""
    assert office.show().data["state"] == "ready"


def test_an_upgraded_group_is_followed(office: ChatOffice) -> None:
    """A basic group becomes another one when topics are switched on: it gets them, once."""
    token = office.token()
    group = office.chat.add_group(payload=token)
    group.has_topics = False
    office.deliver()
    new = office.chat.upgrade(group.chat_id)
    new.has_topics = True
    office.deliver()
    assert list(new.topics.values()) == TOPICS
    assert office.state().chat_id == new.chat_id

    # The event may be lost: then the next call tells.
    newer = office.chat.upgrade(new.chat_id)
    office.chat.sent.clear()
    office.do("note_call", text="Обсудили главную")
    office.run_queue()
    assert office.state().chat_id == newer.chat_id
    assert any("Обсудили главную" in one for one in office.texts(newer, "Постмиты"))


def test_a_bot_that_was_removed(office: ChatOffice) -> None:
    """Messages wait, the agency is told in its own chat once, and another group takes them."""
    internal = office.add_group(office.agency_id, "Маяк")
    group = office.add_group()
    group.is_member = False
    office.chat.tell(BotMoved(group.chat_id))
    office.deliver()
    office.do("note_call", text="Обсудили главную")
    office.run_queue()
    office.tick()
    assert "Бота больше нет" in office.project_row("missing")
    told = [one for one in office.texts(internal) if "не работает" in one]
    assert len(told) == 1
    assert office.show().data["state"] == "waits"

    other = office.add_group(title="Зерно 2")
    assert any("Обсудили главную" in one for one in office.texts(other, "Постмиты"))
    assert office.field("chat_url") == "https://chat.example/join/-3/1"


def test_a_link_that_a_person_typed_stays(office: ChatOffice) -> None:
    """The chat may have been somewhere else before."""
    office.set_field("chat_url", "https://t.me/joinchat/old")
    office.add_group()
    assert office.field("chat_url") == "https://t.me/joinchat/old"


def test_a_topic_that_was_deleted_is_made_again(office: ChatOffice) -> None:
    """The message goes there."""
    group = office.add_group()
    (gone,) = [key for key, name in group.topics.items() if name == "Постмиты"]
    del group.topics[gone]
    office.do("note_call", text="Обсудили главную")
    office.run_queue()
    assert any("Обсудили главную" in one for one in office.texts(group, "Постмиты"))
    assert office.chat.calls["create_topic"] == 5


# --- Questions -------------------------------------------------------------------------------------


def test_a_question_is_kept_until_it_is_answered_in_the_chat(office: ChatOffice) -> None:
    """It has a number, stands in both workbooks, and goes when an administrator answers the bot."""
    group = office.add_group()
    office.ask(group, "/question Когда будет макет?")
    assert office.texts(group)[-1] == "Вопрос № 1 записан. Мы ответим здесь."
    assert "Когда будет макет?" in office.field("questions")
    assert office.project_row("questions").startswith("1 вопрос, с 23.11.2026: Когда будет макет?")
    (question,) = office.questions()
    assert CLIENT not in question.person

    notice = group.messages[str(group.last_id)].message_id
    office.ask(group, "В четверг", person_id="1", reply_to=notice)
    assert office.questions() == []
    assert office.texts(group)[-1] == "Вопрос № 1: ответили."
    assert office.field("questions") == "Вопросов без ответа нет."
    assert office.project_row("questions") == ""


def test_an_answer_to_the_bot_is_a_question(office: ChatOffice) -> None:
    """The bot confirms it where it was asked; what the client adds belongs to it; other commands are none."""
    group = office.add_group()
    greeting = next(one.message_id for one in group.messages.values())
    (topic,) = [key for key, name in group.topics.items() if name == "Отчёты"]
    office.ask(group, "вопрос: а тексты?", reply_to=greeting, topic_id=topic)
    (question,) = office.questions()
    assert (question.number, question.text) == (1, "а тексты?")
    notice = str(group.last_id)
    assert group.messages[notice].topic_id == topic
    office.ask(group, "и картинки?", reply_to=notice, topic_id=topic)
    assert [one.text for one in office.questions()] == ["а тексты?\nи картинки?"]
    office.ask(group, "/help")
    office.ask(group, "/question")
    office.ask(group, "просто разговор")
    assert len(office.questions()) == 1


def test_a_question_is_answered_from_the_menu(office: ChatOffice) -> None:
    """The answer replies to the question; a second answer is refused."""
    group = office.add_group()
    asked = office.ask(group, "/vopros Когда будет макет?")
    shown = office.do("open_questions").data["questions"]
    assert [(one["number"], one["text"]) for one in shown] == [(1, "Когда будет макет?")]
    office.do("answer_question", number=1, text="В четверг")
    office.run_queue()
    answers = [one for one in group.messages.values() if "В четверг" in one.text]
    assert [one.reply_to for one in answers] == [asked]
    assert office.do("open_questions").data["questions"] == []
    with pytest.raises(UserError, match=r"questions\.gone"):
        office.do("answer_question", number=1, text="В пятницу")


def test_a_repeated_update_is_handled_once(office: ChatOffice) -> None:
    """The chat repeats what was not answered, also after it was handled."""
    group = office.add_group()
    office.chat.write(group.chat_id, "/question Когда?", person_id=CLIENT)
    request = office.chat.sent[-1]
    office.chat.sent.append(request)
    office.deliver()
    office.chat.sent.append(request)
    office.deliver()
    assert [one.number for one in office.questions()] == [1]


@pytest.mark.parametrize("fails", ["before", "after"])
def test_a_lost_answer_keeps_one_question(office: ChatOffice, fails: str) -> None:
    """The confirmation is sent once as well."""
    group = office.add_group()
    getattr(office.chat, fails)("send", no_answer("Chat"))
    with pytest.raises(RetriableServiceError):
        office.ask(group, "/question Когда?")
    office.clock.advance(minutes=3)
    office.run_queue(60)
    office.tick()
    assert len(office.questions()) == 1
    assert sum("записан" in one for one in office.texts(group)) == 1


@pytest.mark.slow
def test_the_agency_is_reminded_in_working_hours(office: ChatOffice) -> None:
    """Four of them after the question, and again after four more; nothing of it is seen by the client."""
    internal = office.add_group(office.agency_id, "Маяк")
    group = office.add_group()
    office.ask(group, "/question Когда будет макет?")
    seen = len(group.messages)

    def reminders() -> int:
        return sum("клиент ждёт ответа" in one for one in office.texts(internal))

    # The office opens at ten on Monday, 23 November.
    for _ in range(3):
        office.tick(60)
    assert reminders() == 0
    told = []
    for _ in range(30):
        office.tick(60)
        told.append(reminders())
    assert max(told) >= 2
    assert told == sorted(told)
    assert len(group.messages) == seen
    office.do("answer_question", number=1, text="В четверг")
    office.run_queue()
    before = reminders()
    for _ in range(30):
        office.tick(60)
    assert reminders() == before


def test_a_link_is_of_no_use_once_the_bot_is_back(office: ChatOffice) -> None:
    """It was shown while the bot was gone; the bot came back to the same group without it."""
    group = office.add_group()
    group.is_member = False
    office.chat.tell(BotMoved(group.chat_id))
    office.deliver()
    token = office.token()
    group.is_member = True
    office.chat.tell(BotMoved(group.chat_id))
    office.deliver()
    other = office.chat.add_group("Чужая", payload=token)
    office.deliver()
    assert other.topics == {}
    assert office.state().chat_id == group.chat_id
    assert len(group.topics) == 4


def test_a_muted_bot_is_told_of_once_a_day(office: ChatOffice) -> None:
    """Nobody tells that it may write again: it is tried every quarter of an hour, and goes on by itself."""
    internal = office.add_group(office.agency_id, "Маяк")
    group = office.add_group()
    group.is_administrator, group.may_write = False, False
    office.do("note_call", text="Обсудили главную")
    for _ in range(10):
        office.tick()
    assert sum("не работает" in one for one in office.texts(internal)) == 1
    assert "не может писать" in office.project_row("missing")
    group.is_administrator, group.may_write = True, True
    office.tick()
    assert len(office.texts(group, "Постмиты")) == 1
    assert office.project_row("missing") == ""


def test_a_message_that_is_too_long_is_shortened(office: ChatOffice) -> None:
    """With all decisions it may be longer than a chat takes."""
    group = office.add_group()
    office.do("note_call", text="д" * 3500, decisions=["р" * 500 for _ in range(10)])
    office.run_queue()
    (told,) = office.texts(group, "Постмиты")
    assert (len(told), told[-1]) == (4096, "…")


def test_a_repeat_under_one_name_edits_the_first(office: ChatOffice) -> None:
    """Also where the group is another one meanwhile: then it is sent there."""
    group = office.add_group()
    post(office, "Первый текст")
    post(office, "Второй текст")
    assert office.texts(group, "Отчёты") == ["Второй текст"]
    sent = office.chat.calls["send"] + office.chat.calls["edit"]
    post(office, "Второй текст")
    assert office.chat.calls["send"] + office.chat.calls["edit"] == sent


def test_what_is_told_when_the_chat_has_talked_stays_for_the_timer(
    office: ChatOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wish of the name of the running task is made after that has looked for texts for the last time."""
    group = office.add_group()
    later = iter(["Второй текст"])

    def talk_before_the_second(room: Room) -> None:
        talk(room)
        for text in later:
            keep(office, text)

    monkeypatch.setattr(serve, "talk", talk_before_the_second)
    keep(office, "Первый текст")
    run_at_once(office)
    assert_sent_by_the_timer(office, group)


def test_a_text_waits_for_a_chat_that_rests_for_a_second(
    office: ChatOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task that goes on then has the name of the one that was refused: its wish stays for the timer."""
    group = office.add_group()
    post(office, "Первый текст")
    rest = RetriableServiceError("service.busy", service="Telegram", retry_after_s=1.0)
    edit, refusals = office.chat.edit, iter([rest])

    def refused_once(*args: object, **kwargs: object) -> object:
        for error in refusals:
            raise error
        return edit(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(office.chat, "edit", refused_once)
    keep(office, "Второй текст")
    run_at_once(office)
    assert_sent_by_the_timer(office, group)


def assert_sent_by_the_timer(office: ChatOffice, group: FakeGroup) -> None:
    """The chat still says the first text; the timer has the second one sent, and no wish is left."""
    assert office.texts(group, "Отчёты") == ["Первый текст"]
    for _ in range(2):
        office.tick()
    assert office.texts(group, "Отчёты") == ["Второй текст"]
    assert office.store.find(OUTBOX) == []


def run_at_once(office: ChatOffice) -> None:
    """Run the next task before its time, as where the clock of the queue is ahead."""
    office.queue.run_next(office.run_job)


def post(office: ChatOffice, text: str) -> None:
    """Have a text told of one batch."""
    keep(office, text)
    office.run_queue()


def keep(office: ChatOffice, text: str) -> None:
    """Keep a text that the chat is to be told."""
    run = office.new_run()
    post_message(run, office.client_id, office.agency_id, Told.BATCH, "one", text)
    run.end()


@pytest.mark.parametrize("event", list(Told))
def test_an_internal_event_never_goes_to_a_client(office: ChatOffice, event: Told) -> None:
    """The event decides, whatever the caller names."""
    internal = office.add_group(office.agency_id, "Маяк")
    group = office.add_group()
    run = office.new_run()
    post_message(run, office.client_id, office.agency_id, event, "any", "Слово")
    run.end()
    office.run_queue()
    seen = any("Слово" in one.text for one in group.messages.values())
    assert seen == (event not in INTERNAL)
    assert any("Слово" in one.text for one in internal.messages.values()) != seen


def test_what_is_old_is_deleted(office: ChatOffice) -> None:
    """Messages that were sent, updates and answered questions; never a question that waits."""
    group = office.add_group()
    office.ask(group, "/question Когда?")
    office.ask(group, "/question Где?")
    office.do("answer_question", number=1, text="Завтра")
    office.run_queue()
    kinds = ("chat_message", "chat_update", "chat_question")
    assert [len(office.store.find(kind)) for kind in kinds] == [4, 3, 2]
    office.clock.advance(days=100)
    expire(office.services)
    assert [len(office.store.find(kind)) for kind in kinds] == [0, 0, 1]
    assert [one.text for one in office.questions()] == ["Где?"]


def test_a_topic_that_is_chosen_later_is_made(office: ChatOffice) -> None:
    """With the next message; another name renames nothing."""
    choose(office, chat_topic_meetings="")
    group = office.add_group()
    assert "Постмиты" not in group.topics.values()
    choose(office, chat_topic_meetings="Созвоны", chat_topic_reports="Другое имя")
    office.tick()
    office.do("note_call", text="Обсудили главную")
    office.run_queue()
    assert sorted(group.topics.values()) == sorted(["Вопросы", "Созвоны", "Счета и акты", "Отчёты"])


def choose(office: ChatOffice, **settings: str) -> None:
    """Type into *Настройки*."""
    tab = office.tab("settings", office.agency_id)
    rows = {tab.cell(row, "key").text: row for row in tab.rows}
    for key, text in settings.items():
        cell = tab.address(rows[key], "value")
        edit = {"type": "type", "sheet": tab.title, "cell": cell, "text": text}
        office.edit(edit, spreadsheet_id=office.agency_id)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_week_by_chance(seed: int) -> None:
    """Webhooks are doubled and late, calls fail, groups are upgraded and the bot is removed and comes back.

    Whatever happens: topics of a group are there once, each text is told once in the group of now, and each
    question is kept once.
    """
    chance, office = Random(seed), ChatOffice()
    group = office.add_group()
    told: list[str] = []
    asked: list[str] = []
    for step in range(40):
        match chance.choice(("call", "call", "ask", "fail", "fail", "upgrade", "remove", "tick")):
            case "call":
                told.append(f"Созвон {step}")
                office.do("note_call", text=told[-1])
            case "ask" if group.is_member:
                asked.append(f"Вопрос {step}?")
                office.chat.write(group.chat_id, f"/question {asked[-1]}", person_id=CLIENT)
            case "fail":
                moment = chance.choice((office.chat.before, office.chat.after))
                moment(chance.choice(("send", "create_topic", "get_group", "edit")), no_answer("Chat"))
            case "upgrade" if group.is_member and not has_begun(office) and chance.random() < 0.3:
                group = office.chat.upgrade(group.chat_id)
            case "remove" if chance.random() < 0.3:
                group.is_member = not group.is_member
                office.chat.tell(BotMoved(group.chat_id))
            case _:
                office.clock.advance(minutes=chance.choice((1, 5, 20)))
        office.chat.sent[:] = [one for one in office.chat.sent for _ in range(chance.choice((1, 1, 2)))]
        try_to(office.deliver if chance.random() < 0.5 else office.tick)
    group.is_member = True
    office.chat.tell(BotMoved(group.chat_id))
    for _ in range(12):
        try_to(office.deliver)
        try_to(office.tick)

    assert sorted(group.topics.values()) == sorted(TOPICS)
    everything = [one.text for each in office.chat.groups.values() for one in each.messages.values()]
    for text in told:
        assert sum(one.endswith(f"\n{text}") for one in everything) == 1, text
    assert sorted(one.text for one in office.questions()) == sorted(asked)
    assert len({one.number for one in office.questions()}) == len(asked)
    assert office.state().is_ready


def has_begun(office: ChatOffice) -> bool:
    """Whether an answer was lost: in another group nobody can look what came of the call."""
    return any(one.data["begun_in"] for one in office.store.find("chat_message"))


def try_to(do: Callable[[], object]) -> None:
    """Do something that may break off because the chat does not answer; the queue tries again later."""
    with contextlib.suppress(RetriableServiceError):
        do()
