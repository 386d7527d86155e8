"""The fake of unit tests."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from tests.harness.chat_worlds.world import ALL_RIGHTS
from tests.harness.fakes.chat import SERVICE, FakeChat, request_of, webhook_of
from tests.harness.fakes.interruptions import Interruption, no_answer
from vitrina.chat_port import BotMoved, BotRight, Button, Chat
from vitrina.crm_port import WebhookState
from vitrina.errors import AccessDeniedError, RetriableServiceError, ServiceError
from vitrina.ports import WebhookRequest


class MemoryWorld:
    """See ``ChatWorld``."""

    def __init__(self) -> None:
        self.fake = FakeChat()
        self.chat: Chat = self.fake
        self.irina, self.petr = "1", "2"

    def reset(self) -> None:
        """See ``ChatWorld``."""
        self.fake.clear()

    def make_chat(self) -> Chat:
        """See ``ChatWorld``."""
        return self.fake

    # --- What people do ---

    def add_group(
        self, *, payload: str = "", is_basic: bool = False, rights: Collection[BotRight] = ALL_RIGHTS
    ) -> str:
        """See ``ChatWorld``."""
        group = self.fake.add_group(payload=payload)
        group.has_topics = not is_basic
        group.rights, group.is_administrator = frozenset(rights), bool(rights)
        return group.chat_id

    def change_rights(self, chat_id: str, rights: Collection[BotRight]) -> None:
        """See ``ChatWorld``."""
        group = self.fake.groups[chat_id]
        group.rights, group.is_administrator = frozenset(rights), bool(rights)
        self.fake.tell(BotMoved(chat_id))

    def mute(self, chat_id: str) -> None:
        """See ``ChatWorld``."""
        self.fake.groups[chat_id].may_write = False
        self.change_rights(chat_id, ())

    def remove_bot(self, chat_id: str) -> None:
        """See ``ChatWorld``."""
        self.fake.groups[chat_id].is_member = False
        self.fake.tell(BotMoved(chat_id))

    def switch_topics(self, chat_id: str, *, is_on: bool) -> None:
        """See ``ChatWorld``."""
        self.fake.groups[chat_id].has_topics = is_on

    def upgrade(self, chat_id: str) -> str:
        """See ``ChatWorld``."""
        return self.fake.upgrade(chat_id).chat_id

    def add_petr(self, chat_id: str, *, is_administrator: bool = False, is_anonymous: bool = False) -> None:
        """See ``ChatWorld``."""
        self._anonymous_in = chat_id if is_anonymous else ""
        if is_administrator:
            self.fake.groups[chat_id].administrators.add(self.petr)

    def write(self, chat_id: str, text: str, *, topic_id: str = "", reply_to: str = "", by: str = "") -> str:
        """See ``ChatWorld``."""
        is_anonymous = by == self.petr and self._anonymous_in == chat_id
        person_id = chat_id if is_anonymous else by or self.irina
        return self.fake.write(chat_id, text, person_id=person_id, topic_id=topic_id, reply_to=reply_to)

    def press(self, chat_id: str, message_id: str, data: str, *, by: str = "") -> str:
        """See ``ChatWorld``."""
        self.fake.press(chat_id, message_id, data, person_id=by or self.irina)
        return list(self.fake.presses)[-1]

    def edit(self, chat_id: str, message_id: str, text: str) -> None:
        """See ``ChatWorld``."""
        self.fake.groups[chat_id].messages[message_id].text = text

    def delete_message(self, chat_id: str, message_id: str) -> None:
        """See ``ChatWorld``."""
        del self.fake.groups[chat_id].messages[message_id]

    def add_topic(self, chat_id: str, name: str) -> str:
        """See ``ChatWorld``."""
        group = self.fake.groups[chat_id]
        topic_id = group.new_id()
        group.topics[topic_id] = name
        return topic_id

    def delete_topic(self, chat_id: str, topic_id: str) -> None:
        """See ``ChatWorld``."""
        del self.fake.groups[chat_id].topics[topic_id]

    # --- What people see ---

    def topics_of(self, chat_id: str) -> dict[str, str]:
        """See ``ChatWorld``."""
        return dict(self.fake.groups[chat_id].topics)

    def texts_of(self, chat_id: str, topic_id: str = "") -> list[str]:
        """See ``ChatWorld``."""
        rows = self.fake.groups[chat_id].messages.values()
        return [one.text for one in rows if one.topic_id == topic_id]

    def buttons_of(self, chat_id: str, message_id: str) -> list[Button]:
        """See ``ChatWorld``."""
        return list(self.fake.groups[chat_id].messages[message_id].buttons)

    def answer_to(self, press_id: str) -> tuple[str, bool] | None:
        """See ``ChatWorld``."""
        press = self.fake.presses[press_id]
        return (press.answer, press.is_alert) if press.answer else None

    # --- The chat from outside ---

    def sent(self) -> list[WebhookRequest]:
        """See ``ChatWorld``."""
        return self.fake.sent

    def forged(self) -> Sequence[WebhookRequest]:
        """See ``ChatWorld``."""
        return [webhook_of(BotMoved("-1"), secret=secret) for secret in ("other", "")]

    def nonsense(self) -> Sequence[WebhookRequest]:
        """See ``ChatWorld``."""
        return [request_of(body) for body in (None, {}, [5], "1", {"kind": "BotMoved", "fields": {}})]

    def remove_webhook(self) -> None:
        """See ``ChatWorld``."""
        self.fake.webhook = WebhookState.ABSENT

    def narrow_webhook(self) -> None:
        """See ``ChatWorld``."""
        self.fake.webhook = WebhookState.INCOMPLETE

    def lose_answer(self, call: str) -> None:
        """See ``ChatWorld``."""
        self.fake.after(call, no_answer(SERVICE))

    def break_call(self, call: str) -> None:
        """See ``ChatWorld``."""
        self.fake.before(call, no_answer(SERVICE))

    def be_busy(self, call: str) -> None:
        """See ``ChatWorld``."""
        busy = RetriableServiceError("service.busy", service=SERVICE, status=429, retry_after_s=1.0)
        self.fake.before(call, raising(busy))

    def deny(self, call: str) -> None:
        """See ``ChatWorld``."""
        self.fake.before(call, raising(AccessDeniedError("chat.unauthorized", service=SERVICE, status=401)))

    def pass_time(self, seconds: float) -> None:
        """See ``ChatWorld``."""

    def let_presses_expire(self) -> None:
        """See ``ChatWorld``."""
        for one in self.fake.presses.values():
            one.is_waiting = False

    #: The group in which Petr writes without a name.
    _anonymous_in = ""


def raising(error: ServiceError) -> Interruption:
    """An interruption that raises an error."""

    def fail() -> None:
        raise error

    return fail


@contextmanager
def open_world() -> Iterator[MemoryWorld]:
    """A world in memory."""
    yield MemoryWorld()
