"""Contract of every chat, in the words of the port: no test here knows a vendor's wire.

Each test runs with Telegram's adapter on the emulator and with the fake of unit tests.
What is special about Telegram's wire is tested in ``tests/integration/test_telegram.py``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress

import pytest

from tests.harness.bot_api.description import reason_to_skip, violations_of
from tests.harness.bot_api.recorder import Recorder, SentCall
from tests.harness.chat_worlds import memory, telegram
from tests.harness.chat_worlds.world import USERNAME, ChatWorld, OpenChatWorld
from vitrina.chat_port import (
    MOST_BUTTON_TEXT,
    MOST_INVITE_NAME,
    MOST_PRESS_TEXT,
    MOST_TEXT,
    MOST_TOPIC_NAME,
    BotMoved,
    BotRight,
    Button,
    ButtonPressed,
    ButtonStyle,
    Chat,
    ChatEvent,
    ChatMessage,
    GroupClaimed,
    GroupLack,
    GroupUnusableError,
    GroupUpgraded,
    GroupUpgradedError,
    MessageReceived,
    shortened,
    text_length,
)
from vitrina.crm_port import WebhookState
from vitrina.errors import AccessDeniedError, RetriableServiceError, VitrinaError

#: Recorders of the calls that the adapter of Telegram made.
RECORDERS: list[Recorder] = []
#: A world for each chat. A new one is added here, and passes without a change of the tests.
WORLDS: Mapping[str, OpenChatWorld] = {
    "telegram": lambda: telegram.open_world(RECORDERS.append),
    "memory": memory.open_world,
}
PAYLOAD = "p7-Zerno_1"
TEXT = "Готово к проверке: «Каталог». Посмотрите, пожалуйста, до пятницы."
NOBODY = "-999"


@pytest.fixture(scope="module")
def opened() -> Iterator[Callable[[str], ChatWorld]]:
    """Opens each world once."""
    worlds: dict[str, ChatWorld] = {}
    with ExitStack() as stack:

        def opener(name: str) -> ChatWorld:
            if name not in worlds:
                worlds[name] = stack.enter_context(WORLDS[name]())
            return worlds[name]

        yield opener


@pytest.fixture(params=WORLDS)
def world(opened: Callable[[str], ChatWorld], request: pytest.FixtureRequest) -> ChatWorld:
    """A world of the chat without groups."""
    found = opened(request.param)
    found.reset()
    return found


@pytest.fixture
def chat(world: ChatWorld) -> Chat:
    """The chat itself."""
    return world.chat


@pytest.fixture
def chat_id(world: ChatWorld) -> str:
    """A group with topics, whose bot may do all that it needs."""
    return world.add_group()


def events(world: ChatWorld, since: int = 0) -> list[ChatEvent]:
    """What the chat told in the words of the port, without the first requests."""
    return [event for one in world.sent()[since:] for event in world.chat.receive(one).events]


def connect(world: ChatWorld) -> int:
    """Connect the webhook. Count of requests about what happened before, which the chat may send now."""
    world.chat.connect_webhook()
    return len(world.sent())


def lack_of(call: Callable[[], object]) -> GroupLack:
    """What a group lacks, as a call says."""
    with pytest.raises(GroupUnusableError) as refused:
        call()
    assert refused.value.code == f"chat.{refused.value.lack.value}"
    return refused.value.lack


# --- The bot and its groups ----------------------------------------------------------------------


def test_bot_has_a_name(chat: Chat) -> None:
    """A call that shows that the token is right."""
    bot = chat.get_bot()

    assert bot.bot_id
    assert bot.username == USERNAME


@pytest.mark.parametrize("payload", ["", "a b", "я", "x" * 65, "a&admin=all"])
def test_link_has_a_payload_that_comes_back(chat: Chat, payload: str) -> None:
    """What would not come back as it was is refused."""
    assert PAYLOAD in chat.group_link(USERNAME, PAYLOAD)
    assert USERNAME in chat.group_link(USERNAME, PAYLOAD)
    with pytest.raises(ValueError, match="payload"):
        chat.group_link(USERNAME, payload)


def test_group_is_read(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """Title, topics, rights."""
    group = chat.get_group(chat_id)

    assert group is not None
    assert (group.chat_id, group.title, group.is_member, group.has_topics) == (chat_id, "Зерно", True, True)
    assert group.rights == frozenset(BotRight)


@pytest.mark.parametrize("rights", [set(), {BotRight.TOPICS}, {BotRight.INVITES}])
def test_rights_are_told_as_they_are(
    world: ChatWorld, chat: Chat, chat_id: str, rights: set[BotRight]
) -> None:
    """Also for a bot that is a plain member."""
    world.change_rights(chat_id, rights)

    group = chat.get_group(chat_id)

    assert group is not None
    assert group.is_member
    assert group.rights == rights


def test_group_without_topics(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """Switched off, and on again."""
    world.switch_topics(chat_id, is_on=False)
    off = chat.get_group(chat_id)
    world.switch_topics(chat_id, is_on=True)
    on = chat.get_group(chat_id)

    assert off is not None
    assert on is not None
    assert (off.has_topics, on.has_topics) == (False, True)


def test_group_that_is_not_there(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """Unknown, or the bot was removed."""
    world.remove_bot(chat_id)

    assert chat.get_group(chat_id) is None
    assert chat.get_group(NOBODY) is None


def test_administrators(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """The owner, and who was made one; strangers are none; who writes as the group must be one."""
    world.add_petr(chat_id)
    before = chat.is_administrator(chat_id, world.petr)
    world.add_petr(chat_id, is_administrator=True)

    assert not before
    assert chat.is_administrator(chat_id, world.petr)
    assert chat.is_administrator(chat_id, world.irina)
    assert chat.is_administrator(chat_id, chat_id)
    for stranger in ("999", "", "x", "-5"):
        assert not chat.is_administrator(chat_id, stranger)


# --- Topics --------------------------------------------------------------------------------------


def test_topic_is_created(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """And a message can be sent into it at once."""
    topic_id = chat.create_topic(chat_id, "Согласования")
    chat.send(ChatMessage(chat_id, TEXT, topic_id))

    assert world.topics_of(chat_id) == {topic_id: "Согласования"}
    assert world.texts_of(chat_id, topic_id) == [TEXT]
    assert world.texts_of(chat_id) == []


@pytest.mark.parametrize("fault", ["lose_answer", "break_call", "be_busy"])
def test_repeat_creates_one_topic(world: ChatWorld, chat: Chat, chat_id: str, fault: str) -> None:
    """Whatever happened to the first call: after a repeat by another process there is one."""
    other = chat.create_topic(chat_id, "Отчёты")
    last = chat.send(ChatMessage(chat_id, TEXT, other))
    getattr(world, fault)("create_topic")
    with pytest.raises(RetriableServiceError) as failed:
        chat.create_topic(chat_id, "Согласования")
    assert len(world.topics_of(chat_id)) == (2 if fault == "lose_answer" else 1)
    assert (failed.value.retry_after_s is not None) == (fault == "be_busy")
    world.pass_time(60)

    made = world.make_chat().create_topic(chat_id, "Согласования", after=last, known=[other, last])

    assert world.topics_of(chat_id) == {other: "Отчёты", made: "Согласования"}
    # Nothing remains of the search.
    assert world.texts_of(chat_id, other) == [TEXT]
    assert world.texts_of(chat_id, made) == []


def test_search_touches_no_topic_of_others(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """People made topics meanwhile, and wrote: theirs keep their names, ours is found behind them."""
    last = chat.send(ChatMessage(chat_id, TEXT))
    theirs = [world.add_topic(chat_id, name) for name in ("Разное", "Счета")]
    world.write(chat_id, "Всем привет", topic_id=theirs[0])
    world.lose_answer("create_topic")
    with pytest.raises(RetriableServiceError):
        chat.create_topic(chat_id, "Согласования")
    world.pass_time(60)
    before = world.topics_of(chat_id)

    made = chat.create_topic(chat_id, "Согласования", after=last)

    assert world.topics_of(chat_id) == before
    assert before[made] == "Согласования"
    assert world.texts_of(chat_id, theirs[0]) == ["Всем привет"]
    assert world.texts_of(chat_id, theirs[1]) == []


@pytest.mark.parametrize("name", ["", " ", "я" * (MOST_TOPIC_NAME + 1), "🙂" * 65])
def test_wrong_name_of_a_topic(world: ChatWorld, chat: Chat, chat_id: str, name: str) -> None:
    """Refused before a request is sent."""
    with pytest.raises(ValueError, match="text"):
        chat.create_topic(chat_id, name)

    assert world.topics_of(chat_id) == {}


def test_longest_name_of_a_topic(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """128 letters, or 64 emoji."""
    names = ["я" * MOST_TOPIC_NAME, "🙂" * (MOST_TOPIC_NAME // 2)]

    made = [chat.create_topic(chat_id, name) for name in names]

    assert world.topics_of(chat_id) == dict(zip(made, names, strict=True))


# --- Invitations ---------------------------------------------------------------------------------


def test_each_invitation_is_a_link_of_its_own(chat: Chat, chat_id: str) -> None:
    """For so many people."""
    links = {chat.create_invite(chat_id, "Зерно", most_people=5) for _ in range(2)}

    assert len(links) == 2
    assert all(one.startswith("https://") for one in links)
    with pytest.raises(ValueError, match="text"):
        chat.create_invite(chat_id, "я" * (MOST_INVITE_NAME + 1), most_people=5)


# --- Messages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [TEXT, "*не жирно* <b>и</b> [нет](ссылки) https://docs.example/1", "я" * MOST_TEXT, "🙂" * 2048]
)
def test_message_says_what_was_sent(world: ChatWorld, chat: Chat, chat_id: str, text: str) -> None:
    """Plain, up to the longest one."""
    message_id = chat.send(ChatMessage(chat_id, text))

    assert int(message_id) > 0
    assert world.texts_of(chat_id) == [text]


@pytest.mark.parametrize("text", ["", " \n", "я" * (MOST_TEXT + 1), "🙂" * 2049])
def test_message_that_no_chat_takes(text: str) -> None:
    """Refused when it is made, not when it is sent."""
    with pytest.raises(ValueError, match="text"):
        ChatMessage("-1", text)


def test_long_text_is_shortened() -> None:
    """With an ellipsis; no emoji is cut in half; what fits is left alone."""
    assert shortened("я" * MOST_TEXT) == "я" * MOST_TEXT
    assert shortened("я" * 5000) == "я" * (MOST_TEXT - 1) + "…"
    # 4,095 units have room for 2,047 emoji; the half of the next one is left out.
    assert shortened("🙂" * 3000) == "🙂" * 2047 + "…"
    assert shortened("слово " * 3, 13) == "слово слово…"
    assert text_length("я🙂") == 3
    ChatMessage("-1", shortened("🙂" * 9999))


def test_answer_to_a_message(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """Also if that one is gone."""
    asked = world.write(chat_id, "Когда?")
    chat.send(ChatMessage(chat_id, "В пятницу.", reply_to=asked))
    world.delete_message(chat_id, asked)
    chat.send(ChatMessage(chat_id, "В субботу.", reply_to=asked))

    assert world.texts_of(chat_id) == ["В пятницу.", "В субботу."]


def test_ids_grow(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """Over all topics, and messages of people too."""
    topic_id = chat.create_topic(chat_id, "Согласования")
    ids = [topic_id, chat.send(ChatMessage(chat_id, "1", topic_id))]
    ids += [world.write(chat_id, "2"), chat.send(ChatMessage(chat_id, "3"))]

    assert [int(one) for one in ids] == sorted({int(one) for one in ids})


@pytest.mark.parametrize("fault", ["lose_answer", "break_call", "be_busy"])
def test_message_is_found_after_a_fault(world: ChatWorld, chat: Chat, chat_id: str, fault: str) -> None:
    """Exactly if it was sent. Messages of people and other ones of the bot stay as they are."""
    message = ChatMessage(chat_id, TEXT)
    first = chat.send(ChatMessage(chat_id, "Раньше"))
    world.write(chat_id, TEXT)
    second = chat.send(ChatMessage(chat_id, "Потом"))
    getattr(world, fault)("send")
    with pytest.raises(RetriableServiceError) as failed:
        chat.send(message)
    assert (failed.value.retry_after_s is not None) == (fault == "be_busy")
    world.write(chat_id, "Спасибо!")
    world.pass_time(60)
    texts = world.texts_of(chat_id)

    found = world.make_chat().find_sent(message, after=first, known=[first, second])

    assert (found is not None) == (fault == "lose_answer")
    assert world.texts_of(chat_id) == texts
    if found is not None:
        chat.edit(found, ChatMessage(chat_id, "Исправлено"))
        assert world.texts_of(chat_id)[3] == "Исправлено"


def test_message_is_edited(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """The same text again, or a message that is gone, changes nothing."""
    message_id = chat.send(ChatMessage(chat_id, "Было"))
    for _ in range(2):
        chat.edit(message_id, ChatMessage(chat_id, "Стало"))
    assert world.texts_of(chat_id) == ["Стало"]

    world.delete_message(chat_id, message_id)
    chat.edit(message_id, ChatMessage(chat_id, "Поздно"))

    assert world.texts_of(chat_id) == []


@pytest.mark.parametrize("fault", ["lose_answer", "break_call", "be_busy"])
def test_edit_after_a_fault(world: ChatWorld, chat: Chat, chat_id: str, fault: str) -> None:
    """May be repeated."""
    message_id = chat.send(ChatMessage(chat_id, "Было"))
    getattr(world, fault)("edit")
    with suppress(RetriableServiceError):
        chat.edit(message_id, ChatMessage(chat_id, "Стало"))
    world.pass_time(60)

    chat.edit(message_id, ChatMessage(chat_id, "Стало"))

    assert world.texts_of(chat_id) == ["Стало"]


# --- Buttons -------------------------------------------------------------------------------------

BUTTONS = (
    Button("Принять", "a:7:Zm9v", ButtonStyle.SUCCESS),
    Button("Вернуть с замечанием", "r:7:" + "x" * 60, ButtonStyle.DANGER),
)


def test_buttons_are_sent_and_edited(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """An edit gives a message other buttons, leaves them as they are, or takes them away."""
    message_id = chat.send(ChatMessage(chat_id, TEXT, buttons=BUTTONS))
    assert world.buttons_of(chat_id, message_id) == list(BUTTONS)

    for buttons in (BUTTONS[:1], BUTTONS[:1], (Button("Отменить", "u:7"),), ()):
        chat.edit(message_id, ChatMessage(chat_id, TEXT, buttons=buttons))
        assert world.buttons_of(chat_id, message_id) == list(buttons)
    assert world.texts_of(chat_id) == [TEXT]


@pytest.mark.parametrize(
    ("text", "data"),
    [("", "x"), (" ", "x"), ("я" * (MOST_BUTTON_TEXT + 1), "x"), ("Да", ""), ("Да", "я" * 33)],
)
def test_button_that_no_chat_takes(text: str, data: str) -> None:
    """Refused when it is made. Data are counted in bytes."""
    with pytest.raises(ValueError, match=r"text|button"):
        Button(text, data)
    Button("Да", "я" * 32)


@pytest.mark.parametrize("fault", ["lose_answer", "break_call"])
def test_message_with_buttons_is_found_after_a_fault(
    world: ChatWorld, chat: Chat, chat_id: str, fault: str
) -> None:
    """Text and buttons tell it: the same text with other buttons is another message."""
    last = chat.send(ChatMessage(chat_id, "Раньше"))
    getattr(world, fault)("send")
    with pytest.raises(RetriableServiceError):
        chat.send(ChatMessage(chat_id, TEXT, buttons=BUTTONS))
    world.pass_time(60)

    found = world.make_chat().find_sent(ChatMessage(chat_id, TEXT, buttons=BUTTONS), after=last, known=[last])

    assert (found is not None) == (fault == "lose_answer")
    if found is not None:
        assert world.buttons_of(chat_id, found) == list(BUTTONS)


def test_press_is_told(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """Who, where, what, in a topic too; of a message that is gone, and with data that no button has."""
    topic_id = chat.create_topic(chat_id, "Отчёты")
    ours = chat.send(ChatMessage(chat_id, TEXT, topic_id, buttons=BUTTONS))
    world.add_petr(chat_id)
    since = connect(world)
    first = world.press(chat_id, ours, BUTTONS[0].data)
    second = world.press(chat_id, ours, "чужое", by=world.petr)
    world.delete_message(chat_id, ours)
    third = world.press(chat_id, ours, BUTTONS[1].data)

    assert events(world, since) == [
        ButtonPressed(chat_id, ours, world.irina, BUTTONS[0].data, first),
        ButtonPressed(chat_id, ours, world.petr, "чужое", second),
        ButtonPressed(chat_id, ours, world.irina, BUTTONS[1].data, third),
    ]


@pytest.mark.parametrize("is_alert", [False, True])
def test_press_is_answered(world: ChatWorld, chat: Chat, chat_id: str, *, is_alert: bool) -> None:
    """Once; a repeat and an answer that comes too late do nothing."""
    ours = chat.send(ChatMessage(chat_id, TEXT, buttons=BUTTONS))
    presses = [world.press(chat_id, ours, BUTTONS[0].data) for _ in range(2)]
    for _ in range(2):
        chat.answer_press(presses[0], "Принято в 14:02", is_alert=is_alert)
    assert world.answer_to(presses[0]) == ("Принято в 14:02", is_alert)

    world.let_presses_expire()
    chat.answer_press(presses[1], "Поздно")
    chat.answer_press("999", "Чужое")

    assert world.answer_to(presses[1]) is None
    with pytest.raises(ValueError, match="text"):
        chat.answer_press(presses[1], "я" * (MOST_PRESS_TEXT + 1))


@pytest.mark.parametrize("fault", ["lose_answer", "break_call"])
def test_answer_to_a_press_may_be_repeated(world: ChatWorld, chat: Chat, chat_id: str, fault: str) -> None:
    """Whatever happened to the first call. An answer that got lost shows itself as one that came too late."""
    ours = chat.send(ChatMessage(chat_id, TEXT, buttons=BUTTONS))
    press_id = world.press(chat_id, ours, BUTTONS[0].data)
    getattr(world, fault)("answer_press")
    with suppress(RetriableServiceError):
        chat.answer_press(press_id, "Принято")

    chat.answer_press(press_id, "Принято")

    assert world.answer_to(press_id) == ("Принято", False)


class Office:
    """The use of a group as the port wants it: what came before is remembered, and a repeat looks first.

    Parameters
    ----------
    chance
        Chooses the faults, and what people do meanwhile.
    """

    def __init__(self, world: ChatWorld, chat_id: str, chance: random.Random) -> None:
        self._world = world
        self._chat_id = chat_id
        self._chance = chance
        self._known: list[str] = []
        self.topics: dict[str, str] = {}
        self.texts: dict[str, list[str]] = {"": []}

    def add_topic(self, name: str) -> None:
        """Make a topic, whatever happens."""
        after, is_first = self._last(), True
        while True:
            self._disturb("create_topic")
            try:
                topic_id = self._chat().create_topic(
                    self._chat_id, name, after="" if is_first else after, known=self._known
                )
                break
            except RetriableServiceError as error:
                self._world.pass_time(error.retry_after_s or 60)
                is_first = False
        self._known.append(topic_id)
        self.topics[topic_id], self.texts[topic_id] = name, []

    def send(self, text: str) -> None:
        """Send a message somewhere, whatever happens."""
        message = ChatMessage(self._chat_id, text, self._chance.choice(list(self.texts)))
        after, message_id = self._last(), None
        while message_id is None:
            self._disturb("send")
            try:
                message_id = self._chat().send(message)
            except RetriableServiceError as error:
                self._world.pass_time(error.retry_after_s or 60)
                if error.retry_after_s is None:
                    message_id = self._chat().find_sent(message, after=after, known=self._known)
        self._known.append(message_id)
        self.texts[message.topic_id].append(text)

    def _chat(self) -> Chat:
        return self._chance.choice([self._world.chat, self._world.make_chat()])

    def _last(self) -> str:
        return max(self._known, key=int, default="1")

    def _disturb(self, call: str) -> None:
        """A person does something, and the call may fail."""
        if self._chance.random() < 0.3:
            self._world.add_topic(self._chat_id, f"Чужая {self._chance.randrange(10**6)}")
        if self._chance.random() < 0.4:
            fault = self._chance.choice(["lose_answer", "break_call", "be_busy"])
            getattr(self._world, fault)(call)


def test_nothing_is_lost_or_doubled(world: ChatWorld, chat_id: str) -> None:
    """Forty random writes by two processes, among faults and people: each topic and message once."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    chance = random.Random(seed)
    office = Office(world, chat_id, chance)

    for number in range(40):
        if chance.random() < 0.25:
            office.add_topic(f"Наша {number}")
        else:
            office.send(f"Сообщение {number}")

    seen = world.topics_of(chat_id)
    assert {one: name for one, name in seen.items() if name.startswith("Наша")} == office.topics
    assert {name.partition(" ")[0] for name in seen.values()} <= {"Наша", "Чужая"}
    for topic_id in ("", *seen):
        assert world.texts_of(chat_id, topic_id) == office.texts.get(topic_id, [])


# --- Groups that lack something ------------------------------------------------------------------


def test_lacks_are_told_apart(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """Each has its sentence, and a person can do something about it; afterwards all works."""
    topic_id = chat.create_topic(chat_id, "Согласования")
    message = ChatMessage(chat_id, TEXT)

    world.switch_topics(chat_id, is_on=False)
    assert lack_of(lambda: chat.create_topic(chat_id, "Т")) == GroupLack.TOPICS_OFF
    world.switch_topics(chat_id, is_on=True)
    world.change_rights(chat_id, {BotRight.INVITES})
    assert lack_of(lambda: chat.create_topic(chat_id, "Т")) == GroupLack.NO_RIGHT_TOPICS
    world.change_rights(chat_id, {BotRight.TOPICS})
    assert lack_of(lambda: chat.create_invite(chat_id, "Т", most_people=1)) == GroupLack.NO_RIGHT_INVITES
    world.delete_topic(chat_id, topic_id)
    assert lack_of(lambda: chat.send(ChatMessage(chat_id, TEXT, topic_id))) == GroupLack.TOPIC_GONE
    world.mute(chat_id)
    assert lack_of(lambda: chat.send(message)) == GroupLack.MUTED
    world.change_rights(chat_id, set(BotRight))
    chat.send(message)

    assert world.texts_of(chat_id) == [TEXT]


def test_group_that_is_gone(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """Every call says so."""
    world.remove_bot(chat_id)

    for one in (chat_id, NOBODY):
        for call in (
            lambda one=one: chat.send(ChatMessage(one, TEXT)),
            lambda one=one: chat.create_topic(one, "Т"),
            lambda one=one: chat.create_topic(one, "Т", after="1"),
            lambda one=one: chat.create_invite(one, "Т", most_people=1),
            lambda one=one: chat.edit("1", ChatMessage(one, TEXT)),
            lambda one=one: chat.find_sent(ChatMessage(one, TEXT), after="1", known=()),
            lambda one=one: chat.is_administrator(one, world.irina),
        ):
            assert lack_of(call) == GroupLack.GONE


def test_group_that_was_upgraded(world: ChatWorld, chat: Chat) -> None:
    """Calls for the former id tell the new one, and do nothing."""
    former = world.add_group(is_basic=True)
    chat.send(ChatMessage(former, TEXT))
    new = world.upgrade(former)

    for call in (
        lambda: chat.get_group(former),
        lambda: chat.send(ChatMessage(former, TEXT)),
        lambda: chat.create_topic(former, "Т"),
        lambda: chat.create_invite(former, "Т", most_people=1),
        lambda: chat.is_administrator(former, world.irina),
    ):
        with pytest.raises(GroupUpgradedError) as refused:
            call()
        assert (refused.value.new_chat_id, refused.value.code) == (new, "chat.upgraded")
    chat.send(ChatMessage(new, TEXT))

    assert world.texts_of(new) == [TEXT]
    assert chat.is_administrator(new, world.irina)


# --- Failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["get_bot", "get_group", "create_invite", "send"])
def test_failures_tell_what_can_be_done(world: ChatWorld, chat: Chat, chat_id: str, call: str) -> None:
    """Busy and broken: try later. A dead token: somebody has to act. Afterwards all is as before."""

    def ask() -> object:
        return {
            "get_bot": chat.get_bot,
            "get_group": lambda: chat.get_group(chat_id),
            "create_invite": lambda: chat.create_invite(chat_id, "Т", most_people=1),
            "send": lambda: chat.send(ChatMessage(chat_id, TEXT)),
        }[call]()

    world.be_busy(call)
    with pytest.raises(RetriableServiceError) as busy:
        ask()
    world.pass_time(2)
    world.break_call(call)
    with pytest.raises(RetriableServiceError) as broken:
        ask()
    world.deny(call)
    with pytest.raises(AccessDeniedError) as denied:
        ask()

    assert (busy.value.code, busy.value.retry_after_s) == ("service.busy", 1.0)
    assert broken.value.retry_after_s is None
    assert denied.value.code == "chat.unauthorized"
    assert ask()
    assert world.texts_of(chat_id) == ([TEXT] if call == "send" else [])


# --- Webhooks ------------------------------------------------------------------------------------


def test_webhook_is_connected(world: ChatWorld, chat: Chat) -> None:
    """And connecting it again leaves it active."""
    assert chat.check_webhook() == WebhookState.ABSENT

    for one in (chat, chat, world.make_chat()):
        one.connect_webhook()

    assert chat.check_webhook() == WebhookState.ACTIVE


@pytest.mark.parametrize(
    ("spoil", "state"),
    [("remove_webhook", WebhookState.ABSENT), ("narrow_webhook", WebhookState.INCOMPLETE)],
)
def test_spoilt_webhook_is_told_and_made_again(
    world: ChatWorld, chat: Chat, spoil: str, state: WebhookState
) -> None:
    """By somebody else who has the token."""
    chat.connect_webhook()
    getattr(world, spoil)()
    assert chat.check_webhook() == state

    chat.connect_webhook()

    assert chat.check_webhook() == WebhookState.ACTIVE


@pytest.mark.parametrize("fault", ["lose_answer", "break_call", "be_busy"])
def test_webhook_after_a_fault(world: ChatWorld, chat: Chat, fault: str) -> None:
    """A repeat makes it active."""
    getattr(world, fault)("connect_webhook")
    with pytest.raises(RetriableServiceError):
        chat.connect_webhook()

    chat.connect_webhook()

    assert chat.check_webhook() == WebhookState.ACTIVE


def test_group_is_claimed(world: ChatWorld, chat: Chat) -> None:
    """The bot moved, and then somebody used the link: his id, and what the link carried."""
    chat.connect_webhook()
    chat_id = world.add_group(payload=PAYLOAD)

    assert events(world) == [BotMoved(chat_id), GroupClaimed(chat_id, PAYLOAD, world.irina)]


def test_moves_of_the_bot(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """Other rights, or none, and its end."""
    since = connect(world)
    world.change_rights(chat_id, {BotRight.TOPICS})
    world.change_rights(chat_id, ())
    world.remove_bot(chat_id)

    assert events(world, since) == [BotMoved(chat_id)] * 3


def test_upgrade_is_told(world: ChatWorld, chat: Chat) -> None:
    """At least once; the group may be read again then."""
    former = world.add_group(is_basic=True)
    since = connect(world)
    new = world.upgrade(former)

    told = set(events(world, since))

    assert GroupUpgraded(former, new) in told
    assert told <= {GroupUpgraded(former, new), BotMoved(new)}


def test_answer_and_command_are_received(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """In a topic and in the general one; nothing else that people write."""
    topic_id = chat.create_topic(chat_id, "Согласования")
    ours = chat.send(ChatMessage(chat_id, TEXT, topic_id))
    since = connect(world)
    plain = world.write(chat_id, "Просто так", topic_id=topic_id)
    world.write(chat_id, "Тоже", topic_id=topic_id, reply_to=plain)
    answer = world.write(chat_id, "Принято", topic_id=topic_id, reply_to=ours)
    command = world.write(chat_id, f"/Status@{USERNAME} по каталогу\nи блогу")
    world.write(chat_id, "/status@other_bot")
    short = world.write(chat_id, "/help", topic_id=topic_id)

    assert events(world, since) == [
        MessageReceived(chat_id, answer, topic_id, world.irina, "Принято", "", ours),
        MessageReceived(chat_id, command, "", world.irina, "по каталогу\nи блогу", "status"),
        MessageReceived(chat_id, short, topic_id, world.irina, "", "help"),
    ]


def test_edited_messages_tell_nothing(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """What was received once is not received again with other words."""
    ours = chat.send(ChatMessage(chat_id, TEXT))
    since = connect(world)
    answer = world.write(chat_id, "Принято", reply_to=ours)
    world.edit(chat_id, answer, "Не принято")

    assert [one.text for one in events(world, since) if isinstance(one, MessageReceived)] == ["Принято"]


def test_administrator_without_a_name(world: ChatWorld, chat: Chat, chat_id: str) -> None:
    """Writes as the group, and counts as an administrator."""
    ours = chat.send(ChatMessage(chat_id, TEXT))
    world.add_petr(chat_id, is_administrator=True, is_anonymous=True)
    since = connect(world)
    answer = world.write(chat_id, "Принято", reply_to=ours, by=world.petr)

    assert events(world, since) == [MessageReceived(chat_id, answer, "", chat_id, "Принято", "", ours)]
    assert chat.is_administrator(chat_id, chat_id)


def test_repeats_have_the_same_id(world: ChatWorld, chat: Chat) -> None:
    """Each update has another one, and the same request the same."""
    chat.connect_webhook()
    for _ in range(3):
        world.add_group(payload=PAYLOAD)

    ids = [[chat.receive(one).update_id for one in world.sent()] for _ in range(2)]

    told = [one for one in ids[0] if one]
    assert ids[0] == ids[1]
    assert len(set(told)) == len(told) == 6


def test_forged_requests_are_refused(world: ChatWorld, chat: Chat) -> None:
    """404, as for an address that is not there."""
    received = [chat.receive(one) for one in world.forged()]

    assert {(one.status, one.update_id, one.events) for one in received} == {(404, "", ())}


def test_nonsense_tells_nothing(world: ChatWorld, chat: Chat) -> None:
    """And nothing is raised."""
    received = [chat.receive(one) for one in world.nonsense()]

    assert {one.events for one in received} == {()}
    assert {one.status for one in received} <= {200, 400}


# --- The description of the Bot API --------------------------------------------------------------


@pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip())
def test_all_calls_fit_the_description(
    opened: Callable[[str], ChatWorld], record_property: Callable[[str, object], None]
) -> None:
    """Names, types, lengths, and what is required, of all calls above and of their answers."""
    world = opened("telegram")
    world.reset()
    chat_id = world.add_group()
    with suppress(VitrinaError):
        world.chat.send(ChatMessage(chat_id, TEXT, world.chat.create_topic(chat_id, "Согласования"), "1"))
    sent = world.chat.send(ChatMessage(chat_id, TEXT, buttons=BUTTONS[:1]))
    world.chat.edit(sent, ChatMessage(chat_id, TEXT, buttons=BUTTONS[1:]))
    world.chat.answer_press(world.press(chat_id, sent, "x"), "Принято", is_alert=True)
    calls = [call for recorder in RECORDERS for call in recorder.take()]
    violations = sorted({one for call in calls for one in violations_of(call)})

    methods = sorted({call.method for call in calls})
    record_property(
        "figure", f"{len(calls)} calls of {len(methods)} methods judged: {len(violations)} violations"
    )
    print(f"{len(calls)} calls judged: {', '.join(methods)}")  # noqa: T201 - shown where the test fails
    assert len(calls) > 2
    assert {"createForumTopic", "sendMessage", "answerCallbackQuery"} <= set(methods)
    assert not violations, "\n".join(violations)


@pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip())
@pytest.mark.parametrize(
    ("method", "body", "complaint"),
    [
        ("sendMessages", {}, "no such method"),
        ("sendMessage", {"chat_id": -1}, "lacks text"),
        ("sendMessage", {"chat_id": -1, "text": 5}, "is no String"),
        ("sendMessage", {"chat_id": -1, "text": "x", "topic_id": 5}, "unknown topic_id"),
        ("sendMessage", {"chat_id": -1, "text": "🙂" * 2049}, "has 4098 characters"),
        ("sendMessage", {"chat_id": -1, "text": "x", "reply_parameters": {}}, "lacks message_id"),
        ("createForumTopic", {"chat_id": -1, "name": "x" * 129}, "has 129 characters"),
        ("createChatInviteLink", {"chat_id": -1, "member_limit": 0}, "is 0"),
        ("answerCallbackQuery", {"text": "x"}, "lacks callback_query_id"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "has 201 characters"),
        ("editMessageText", {"text": "x", "reply_markup": {"inline_keyboard": [{}]}}, "is no list"),
        (
            "editMessageText",
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "я" * 33}]]}},
            "has 66 bytes",
        ),
        ("sendMessage", {"chat_id": -1, "text": "x", "reply_markup": {"keyboard": 5}}, "reply_markup"),
        ("setWebhook", {"url": "https://a.test", "max_connections": 101}, "is 101"),
        ("setWebhook", {"url": "https://a.test", "allowed_updates": ["message", 5]}, "is no String"),
        ("setWebhook", {"url": "https://a.test", "secret_token": "a b"}, "other signs"),
    ],
)
def test_wrong_calls_are_found(method: str, body: dict[str, object], complaint: str) -> None:
    """The judgement sees what is wrong."""
    call = SentCall("POST", method, "application/json", body, None)

    assert [one for one in violations_of(call) if complaint in one]
