"""Tries in a test group what is assumed about Telegram, and deletes what it made."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from msgspec import Struct

from vitrina.chat_port import Button, Chat, ChatMessage, GroupLack, GroupUnusableError
from vitrina.cli.doctor.chat.hands import Hands
from vitrina.cli.doctor.probe import Finding, State, expect
from vitrina.cli.doctor.report import finding_of
from vitrina.errors import VitrinaError

TITLE = "Vitrina doctor, may be deleted"


class TrialGroup:
    """A test group with a message, a topic and a message in it, made by ``begin`` in this order.

    Nobody else may write there meanwhile.
    """

    def __init__(self, chat: Chat, hands: Hands, chat_id: str) -> None:
        self.chat = chat
        self.hands = hands
        self.chat_id = chat_id
        self.name = f"{TITLE} {uuid.uuid4().hex[:8]}"
        self._messages: list[str] = []
        self._topics: list[str] = []

    def begin(self) -> None:
        """Make what the probes look for."""
        self.first = self.send("Vitrina doctor: first message")
        self.topic = self.make_topic()
        self.second = self.send("Vitrina doctor: second message", self.topic)

    def send(self, text: str, topic_id: str = "") -> str:
        """Id of a new message."""
        return self.send_message(ChatMessage(self.chat_id, text, topic_id))

    def send_message(self, message: ChatMessage) -> str:
        """Id of a new message, which is deleted in the end."""
        message_id = self.chat.send(message)
        self._messages.append(message_id)
        return message_id

    def make_topic(self, *, after: str = "") -> str:
        """Id of the topic of the trial, which is looked for behind a message first."""
        topic_id = self.chat.create_topic(self.chat_id, self.name, after=after)
        if topic_id not in self._topics:
            self._topics.append(topic_id)
        return topic_id

    def forget(self, message_id: str) -> None:
        """A message is deleted already."""
        self._messages.remove(message_id)

    def clean_up(self) -> list[str]:
        """Delete everything; what is left over, in words."""
        left = [
            f"the topic {self.name!r}: the bot lacks the right to delete messages; delete it by hand"
            for topic_id in self._topics
            if not self.hands.delete_topic(self.chat_id, topic_id)
        ]
        for message_id in self._messages:
            try:
                self.hands.delete_message(self.chat_id, message_id)
            except VitrinaError:
                # It is gone with its topic.
                continue
        return left


class ChatProbe(Struct, frozen=True):
    """The test of one assumption, by the number of its row in ``docs/assumptions.md``."""

    number: int
    name: str
    run: Callable[[TrialGroup], None]


CHAT_PROBES: list[ChatProbe] = []


def chat_probe(number: int) -> Callable[[Callable[[TrialGroup], None]], Callable[[TrialGroup], None]]:
    """Add the decorated function to ``CHAT_PROBES``."""

    def add(run: Callable[[TrialGroup], None]) -> Callable[[TrialGroup], None]:
        CHAT_PROBES.append(ChatProbe(number, run.__name__, run))
        return run

    return add


@chat_probe(81)
def ids_grow_by_one(trial: TrialGroup) -> None:
    """A message, the first message of a topic, and a message in it."""
    ids = [int(one) for one in (trial.first, trial.topic, trial.second)]
    expect(ids == [ids[0], ids[0] + 1, ids[0] + 2], f"the ids are {ids}, or somebody else wrote meanwhile")


@chat_probe(82)
def topic_is_found_by_its_name(trial: TrialGroup) -> None:
    """As after an answer that was lost."""
    found = trial.make_topic(after=trial.first)
    expect(found == trial.topic, f"the topic {trial.topic} was not found, and {found} was made")


@chat_probe(83)
def nothing_is_sent_where_no_topic_is(trial: TrialGroup) -> None:
    """The id of a message that is none of a topic."""
    try:
        trial.send("Vitrina doctor: this should not be seen", trial.first)
    except GroupUnusableError as error:
        expect(error.lack == GroupLack.TOPIC_GONE, f"it was refused for another reason: {error.code}")
        return
    expect(condition=False, observed="the message was sent")


@chat_probe(84)
def message_is_found_by_its_text(trial: TrialGroup) -> None:
    """And another text is not."""
    message = ChatMessage(trial.chat_id, "Vitrina doctor: second message", trial.topic)
    found = trial.chat.find_sent(message, after=trial.first, known=[trial.topic])
    expect(found == trial.second, f"the message {trial.second} was not found, but {found}")


@chat_probe(85)
def own_message_can_be_deleted(trial: TrialGroup) -> None:
    """Without a right."""
    message_id = trial.send("Vitrina doctor: deleted at once")
    trial.hands.delete_message(trial.chat_id, message_id)
    trial.forget(message_id)


@chat_probe(97)
def buttons_tell_a_message_apart(trial: TrialGroup) -> None:
    """The same text and buttons are found; an edit without buttons takes them away."""
    text = "Vitrina doctor: a message with a button"
    message = ChatMessage(trial.chat_id, text, buttons=(Button("Vitrina", "doctor"),))
    message_id = trial.send_message(message)
    found = trial.chat.find_sent(message, after=trial.second, known=[])
    expect(found == message_id, f"the message {message_id} was not found, but {found}")
    stay = trial.hands.has_buttons(trial.chat_id, message_id, f"{text} no more")
    expect(not stay, "the button stayed")


def run_trial(trial: TrialGroup) -> dict[int, Finding]:
    """Run the probes, and return each finding by the number of its assumption."""
    begun = finding_of(trial.begin)
    if begun.state != State.HOLDS:
        unknown = Finding(State.UNKNOWN, f"nothing could be made in the group: {begun.observed}")
        return {probe.number: unknown for probe in CHAT_PROBES}
    return {probe.number: finding_of(lambda run=probe.run: run(trial)) for probe in CHAT_PROBES}  # type: ignore[misc]
