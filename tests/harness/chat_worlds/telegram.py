"""Telegram's emulator with a bot of the agency."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from emulators.common.server import running
from emulators.telegram import create_app
from emulators.telegram.models.presses import LIFE_S
from tests.emulators.clock import TickingClock
from tests.emulators.telegram import telegram_world as account
from tests.emulators.telegram.telegram_world import World
from tests.harness.bot_api.recorder import Recorder
from tests.harness.chat_worlds.world import ALL_RIGHTS
from vitrina.chat.telegram.client import TelegramChat
from vitrina.chat.telegram.pace import Pace
from vitrina.chat.telegram.webhooks import HEADER
from vitrina.chat.telegram.wire import TelegramWire
from vitrina.chat_port import BotRight, Button, ButtonStyle, Chat
from vitrina.errors import RequestError
from vitrina.ports import WebhookRequest

#: Nobody listens there: the emulator notes what it would have sent.
WEBHOOK_URL = "http://127.0.0.1:9/webhook/chat_updates/path-secret"
SECRET = "header_secret"
#: Methods of the Bot API by those of the port.
CALLS = {
    "get_bot": "getMe",
    "get_group": "getChat",
    "create_topic": "createForumTopic",
    "create_invite": "createChatInviteLink",
    "send": "sendMessage",
    "edit": "editMessageText",
    "answer_press": "answerCallbackQuery",
    "connect_webhook": "setWebhook",
}
REPEATED = ("get_bot", "get_group", "edit", "answer_press", "connect_webhook")
RIGHTS = {BotRight.TOPICS: "can_manage_topics", BotRight.INVITES: "can_invite_users"}


class VirtualTime:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.longest_sleep_s = 0.0

    def __call__(self) -> float:
        """The moment."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.longest_sleep_s = max(self.longest_sleep_s, seconds)
        self.now += seconds


class TelegramWorld:
    """See ``ChatWorld``."""

    def __init__(self, url: str, time: VirtualTime, clock: TickingClock) -> None:
        self.world = World(url)
        self.time = time
        self.clock = clock
        self._wires: list[TelegramWire] = []
        self.reset()
        self.irina, self.petr = str(account.IRINA), str(account.PETR)

    def reset(self) -> None:
        """See ``ChatWorld``."""
        self.world.seed()
        self.world.mode("drop")
        self.time.now += 3600
        self.chat: Chat = self.make_chat()

    def make_chat(self) -> Chat:
        """See ``ChatWorld``."""
        pace = Pace(now=self.time, sleep=self.time.sleep)
        wire = TelegramWire(self.world.url, account.TOKEN, pace=pace, sleep=self.time.sleep)
        self._wires.append(wire)
        return TelegramChat(wire, webhook_url=WEBHOOK_URL, webhook_secret=SECRET)

    def close(self) -> None:
        """Close the connections."""
        for one in (self.world, *self._wires):
            one.close()

    # --- What people do ---

    def add_group(
        self, *, payload: str = "", is_basic: bool = False, rights: Collection[BotRight] = ALL_RIGHTS
    ) -> str:
        """See ``ChatWorld``."""
        link = {"payload": payload, "rights": [RIGHTS[one] for one in rights]}
        return str(self.world.add_group(has_topics=not is_basic, **link))

    def change_rights(self, chat_id: str, rights: Collection[BotRight]) -> None:
        """See ``ChatWorld``."""
        self.world.do("change_bot", chat_id=int(chat_id), rights=[RIGHTS[one] for one in rights])

    def mute(self, chat_id: str) -> None:
        """See ``ChatWorld``."""
        self.world.do("mute_bot", chat_id=int(chat_id))

    def remove_bot(self, chat_id: str) -> None:
        """See ``ChatWorld``."""
        self.world.do("remove_bot", chat_id=int(chat_id))

    def switch_topics(self, chat_id: str, *, is_on: bool) -> None:
        """See ``ChatWorld``."""
        self.world.do("switch_topics", chat_id=int(chat_id), is_on=is_on)

    def upgrade(self, chat_id: str) -> str:
        """See ``ChatWorld``."""
        return str(self.world.do("upgrade_group", chat_id=int(chat_id))["chat_id"])

    def add_petr(self, chat_id: str, *, is_administrator: bool = False, is_anonymous: bool = False) -> None:
        """See ``ChatWorld``."""
        flags = {"is_administrator": is_administrator, "is_anonymous": is_anonymous}
        self.world.do("add_person", chat_id=int(chat_id), person_id=account.PETR, **flags)

    def write(self, chat_id: str, text: str, *, topic_id: str = "", reply_to: str = "", by: str = "") -> str:
        """See ``ChatWorld``."""
        more: dict[str, Any] = {"user_id": int(by)} if by else {}
        more |= {"topic_id": int(topic_id)} if topic_id else {}
        more |= {"reply_to": int(reply_to)} if reply_to else {}
        return str(self.world.do("write", chat_id=int(chat_id), text=text, **more)["message_id"])

    def press(self, chat_id: str, message_id: str, data: str, *, by: str = "") -> str:
        """See ``ChatWorld``."""
        more: dict[str, Any] = {"user_id": int(by)} if by else {}
        pressed = {"chat_id": int(chat_id), "message_id": int(message_id), "data": data}
        return str(self.world.do("press", **pressed, **more)["press_id"])

    def edit(self, chat_id: str, message_id: str, text: str) -> None:
        """See ``ChatWorld``."""
        self.world.do("edit_message", chat_id=int(chat_id), message_id=int(message_id), text=text)

    def delete_message(self, chat_id: str, message_id: str) -> None:
        """See ``ChatWorld``."""
        self.world.do("delete_message", chat_id=int(chat_id), message_id=int(message_id))

    def add_topic(self, chat_id: str, name: str) -> str:
        """See ``ChatWorld``."""
        return str(self.world.do("create_topic", chat_id=int(chat_id), name=name)["topic_id"])

    def delete_topic(self, chat_id: str, topic_id: str) -> None:
        """See ``ChatWorld``."""
        self.world.do("delete_topic", chat_id=int(chat_id), topic_id=int(topic_id))

    # --- What people see ---

    def topics_of(self, chat_id: str) -> dict[str, str]:
        """See ``ChatWorld``."""
        topics = self.world.chat(chat_id)["topics"]
        return {str(one["id"]): one["name"] for one in topics if one["id"] is not None}

    def texts_of(self, chat_id: str, topic_id: str = "") -> list[str]:
        """See ``ChatWorld``."""
        return self.world.texts(chat_id, int(topic_id) if topic_id else None)

    def buttons_of(self, chat_id: str, message_id: str) -> list[Button]:
        """See ``ChatWorld``."""
        return [
            Button(one["text"], one["callback_data"], ButtonStyle(one.get("style", "")))
            for row in self.world.message(chat_id, message_id)["keyboard"]
            for one in row
        ]

    def answer_to(self, press_id: str) -> tuple[str, bool] | None:
        """See ``ChatWorld``."""
        press = self.world.press(press_id)
        return (press["text"], press["is_alert"]) if press["is_answered"] else None

    # --- The chat from outside ---

    def sent(self) -> list[WebhookRequest]:
        """See ``ChatWorld``."""
        ours = [one for one in self.world.deliveries() if one["bot_id"] == account.BOT]
        return [update_request(one["update"]) for one in ours]

    def forged(self) -> Sequence[WebhookRequest]:
        """See ``ChatWorld``."""
        update = {"update_id": 1, "message": {"migrate_to_chat_id": -5, "chat": {"id": -4, "type": "group"}}}
        headers = (f"x-{account.USERNAME}", "", f"-{account.USERNAME}", SECRET, f"{SECRET}-", f"{SECRET}é-x")
        paths = (("other",), (), ("path-secret", "x"), ("x", "path-secret"), ("",))
        return [
            *(update_request(update, header=one) for one in headers),
            *(update_request(update, path=one) for one in paths),
        ]

    def nonsense(self) -> Sequence[WebhookRequest]:
        """See ``ChatWorld``."""
        group = {"id": -1, "type": "supergroup"}
        bodies: Sequence[Any] = (
            *([], "x", None, 5, {}, {"update_id": "1"}, {"update_id": 5}, {"update_id": 5, "message": []}),
            {"update_id": 5, "message": {}},
            {"update_id": 5, "message": {"chat": None}},
            {"update_id": 5, "message": {"chat": {"id": 5, "type": "private"}, "text": "/start abc"}},
            {"update_id": 5, "message": {"chat": group, "message_id": 7, "text": 5}},
            {"update_id": 5, "message": {"chat": group, "message_id": 7, "text": "/help"}},
            {"update_id": 5, "my_chat_member": {"chat": {"id": 5, "type": "private"}}},
            {"update_id": 5, "my_chat_member": {}},
            {"update_id": 5, "poll": {"id": "1"}},
            {"update_id": 5, "callback_query": {"id": "1", "from": {"id": 5}, "inline_message_id": "x"}},
            {"update_id": 5, "callback_query": {"id": "1", "from": None, "message": {"chat": group}}},
            {"update_id": 5, "callback_query": {"id": "1", "from": {"id": 5}, "message": {"chat": group}}},
        )
        broken = WebhookRequest(("path-secret",), headers_of(), b"{", _no_json)
        return [broken, *map(update_request, bodies)]

    def remove_webhook(self) -> None:
        """See ``ChatWorld``."""
        self.world.do("forget_webhook")

    def narrow_webhook(self) -> None:
        """See ``ChatWorld``."""
        self.world.do("narrow_webhook", allowed_updates=["message"])

    def lose_answer(self, call: str) -> None:
        """See ``ChatWorld``."""
        # What may be repeated is sent three times.
        self._fail("timeout", call, 3 if call in REPEATED else 1)

    def break_call(self, call: str) -> None:
        """See ``ChatWorld``."""
        self._fail(502, call, 3 if call in REPEATED else 1)

    def be_busy(self, call: str) -> None:
        """See ``ChatWorld``."""
        self._fail(429, call)

    def deny(self, call: str) -> None:
        """See ``ChatWorld``."""
        self._fail(401, call)

    def pass_time(self, seconds: float) -> None:
        """See ``ChatWorld``."""
        self.time.now += seconds

    def let_presses_expire(self) -> None:
        """See ``ChatWorld``."""
        self.clock.moment += timedelta(seconds=LIFE_S + 1)

    def _fail(self, status: int | str, call: str, count: int = 1) -> None:
        body = {"status": status, "method": CALLS[call], "count": count, "retry_after": 1}
        self.world.control.post("/fail-next", json=body).raise_for_status()


def headers_of(secret: str = f"{SECRET}-{account.USERNAME}") -> dict[str, str]:
    """Headers of a request of Telegram."""
    return {HEADER: secret}


def update_request(
    update: Any, *, path: tuple[str, ...] = ("path-secret",), header: str | None = None
) -> WebhookRequest:
    """A request with this update, as the entry point hands it to an adapter."""
    headers = headers_of() if header is None else headers_of(header)
    return WebhookRequest(path, headers, json.dumps(update).encode(), lambda: update)


@contextmanager
def open_world(record: Callable[[Recorder], object] | None = None) -> Iterator[TelegramWorld]:
    """A world on an emulator of its own; *record* gets the recorder of its calls."""
    time = VirtualTime()
    clock = TickingClock(account.START)
    recorder = Recorder(create_app(clock=clock, now=time))
    if record is not None:
        record(recorder)
    with running(recorder) as url:
        world = TelegramWorld(url, time, clock)
        try:
            yield world
        finally:
            world.close()


def _no_json() -> Any:
    raise RequestError("request.not_json")
