"""A chat in the hands of the one process that may talk there: its pace, and calls that are made once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from vitrina.chat_port import Chat, ChatMessage
from vitrina.errors import RetriableServiceError
from vitrina.operations.journal import JournalLine
from vitrina.operations.run import Run
from vitrina.ports import Document, Write
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.chat_messages import KeptMessage, message_from_document
from vitrina.records.outside.chat_rules import ChatRules, Told
from vitrina.records.outside.chats import MOST_IDS, ChatState, KeptChat, chat_from_document, chat_key
from vitrina.texts import Sentence, render
from vitrina.usecases.client_page.digest_link import with_address

#: Messages in a group in any window; all processes together. The window is longer than Telegram's minute: an
#: adapter may wait for seconds before it sends.
MOST_IN_WINDOW, WINDOW_S = 20, 65.0
#: Before the first message that is known of a group.
BEFORE_ALL = "0"


class Room:
    """A group and what is known of it. The run holds the lease of the chat.

    Every method that calls the chat raises ``ServiceError``. What a call is about to make is kept before it,
    and its result after it, so that a repeat after a crash or a lost answer finds what the first call made.
    """

    def __init__(self, run: Run, chat: Chat, kept: KeptChat, state: ChatState, rules: ChatRules) -> None:
        self.run = run
        self.chat = chat
        self.kept = kept
        self.state = state
        self.rules = rules
        #: Topic of the last message that was to be sent.
        self.sending_to = ""

    @property
    def now_s(self) -> float:
        """The moment in seconds of Unix time."""
        return self.run.services.clock.now().timestamp()

    def keep(self, *writes: Write, **changes: Any) -> None:
        """Keep fields of ``ChatState``, with *writes* in the same commit."""
        changed = replace(self.state, **changes)
        if changed == self.state and not writes:
            return
        version = self.run.commit(changed.put(), *writes)
        self.state = replace(changed, version=version)

    def keep_with_final(self, *writes: Write, **changes: Any) -> None:
        """The same in one commit with all that ``Run.at_end`` has collected."""
        changed = replace(self.state, **changes)
        self.run.at_end(changed.put(), *writes)
        version = self.run.carry_out_final_writes()
        self.state = replace(changed, version=version)

    def know(self, message_id: str) -> None:
        """Keep that somebody wrote a message."""
        self.keep(**_fields_of(self.state.with_ids(message_id, is_own=False)))

    def move_to(self, chat_id: str, *writes: Write) -> None:
        """Go on in another group, which is the same one to people: it was upgraded."""
        self.keep(*writes, **_fields_of(self.state.of_group(chat_id)))

    def check_pace(self) -> None:
        """Raise ``RetriableServiceError`` with ``retry_after_s`` if nothing may be sent now."""
        now, moments = self.now_s, self.state.moments
        wait_s = self.state.rest_until - now
        if len(moments) >= MOST_IN_WINDOW:
            wait_s = max(wait_s, moments[-MOST_IN_WINDOW] + WINDOW_S - now)
        if wait_s > 0:
            raise RetriableServiceError("service.busy", service=self.chat.name, retry_after_s=wait_s)

    def _moments(self, count: int = 1) -> tuple[float, ...]:
        """The moments of messages with those that are sent now."""
        return (*self.state.moments, *[self.now_s] * count)[-MOST_IN_WINDOW:]

    # --- Calls that make something -------------------------------------------------------------------

    def make_topic(self, key: str, name: str) -> None:
        """Make a topic once."""
        self.check_pace()
        begun = self.state.begun_topic
        after = begun["after"] if begun.get("key") == key else ""
        self.keep(
            begun_topic={"key": key, "after": after or self.state.last_id or BEFORE_ALL},
            # A look for a topic of an earlier call sends a message as well.
            moments=self._moments(2 if after else 1),
        )
        known = frozenset(self.state.topics.values())
        try:
            topic_id = self.chat.create_topic(self.kept.chat_id, name, after=after, known=known)
        except RetriableServiceError as error:
            if error.retry_after_s is not None and not after:
                # It was refused, so that nothing is to be looked for.
                self.keep(begun_topic={})
            raise
        topics = {**self.state.topics, key: topic_id}
        made = replace(self.state, topics=topics, begun_topic={})
        self.keep(**_fields_of(made.with_ids(topic_id, is_own=True)))

    def send(self, message: KeptMessage, topic_id: str) -> str:
        """Send a message once, or edit the one that was sent before; returns its id."""
        self.check_pace()
        chat_id = self.kept.chat_id
        text = message.for_chat(chat_id, topic_id)
        if message.event == Told.DIGEST:
            told = with_address(self.run.services, message.spreadsheet_id, text.text)
            text = replace(text, text=told)
        if message.sent_in == chat_id:
            self.keep(moments=self._moments())
            self.chat.edit(message.sent_id, text)
            self._keep_sent(message, message.sent_id)
            return message.sent_id
        message_id = self._find_or_send(message, text)
        self._keep_sent(message, message_id)
        return message_id

    def _find_or_send(self, message: KeptMessage, text: ChatMessage) -> str:
        chat_id, known = self.kept.chat_id, frozenset(self.state.own_ids)
        if message.begun_in == chat_id:
            found = self.chat.find_sent(text, after=message.after, known=known)
            if found is not None:
                return found
        begun = replace(message, begun_in=chat_id, after=self.state.last_id or BEFORE_ALL)
        self.keep(moments=self._moments())
        self._change(message, begun_in=begun.begun_in, after=begun.after)
        try:
            return self.chat.send(text)
        except RetriableServiceError as error:
            if error.retry_after_s is not None:
                self._change(message, begun_in="", after="")
            raise

    def _keep_sent(self, message: KeptMessage, message_id: str) -> None:
        """Keep that a message was sent. If its text was changed meanwhile, it waits to be edited."""

        def change(documents: list[Document | None]) -> list[Write]:
            if documents[0] is None:
                return []
            now = message_from_document(documents[0])
            waits = not now.says_same(message)
            sent = replace(now, sent_in=self.kept.chat_id, sent_id=message_id, begun_in="", after="")
            return [replace(sent, is_open=waits).put()]

        store = self.run.services.store
        state = replace(self.state.with_ids(message_id, is_own=True), told_lack="")
        if message.question:
            state = replace(state, notices={**state.notices, message_id: message.question})
        state = replace(state, prompts=_prompts(state, message, message_id))
        version = self.run.commit(state.put(), updates=[DocumentChange(store, (message.key,), change)])
        self.state = replace(state, version=version)

    def drop(self, message: KeptMessage, *, told: Sentence | None = None) -> None:
        """Keep that a message is not to be sent; *told* is why, for *Журнал*."""
        run, now = self.run, self.run.services.clock.now()
        if told is not None:
            line = JournalLine(
                operation_id=f"chat-message-{message.key[1]}",
                agency_id=message.agency_id,
                spreadsheet_id="" if self.kept.is_internal else message.spreadsheet_id,
                at=now.isoformat(),
                who="",
                action="chat_message",
                outcome="failed",
                message=render(told, "ru"),
            )
            run.at_end(line.put())
        self._change(message, is_open=False)

    def _change(self, message: KeptMessage, **changes: Any) -> None:
        def change(documents: list[Document | None]) -> list[Write]:
            if documents[0] is None:
                return []
            return [replace(message_from_document(documents[0]), **changes).put()]

        self.run.commit(updates=[DocumentChange(self.run.services.store, (message.key,), change)])

    # --- What is kept of the group -------------------------------------------------------------------

    def change_chat(self, **changes: Any) -> DocumentChange:
        """A change of ``KeptChat``, to be handed to ``Run.commit``."""
        kept = self.kept

        def change(documents: list[Document | None]) -> list[Write]:
            now = chat_from_document(documents[0], kept.spreadsheet_id, kept.agency_id)
            changed = replace(now, **changes)
            return [] if changed == now else [changed.put()]

        return DocumentChange(self.run.services.store, (chat_key(kept.spreadsheet_id),), change)


def _prompts(state: ChatState, message: KeptMessage, message_id: str) -> Mapping[str, str]:
    """Messages that ask for a remark, with this one if it does now; the oldest are forgotten."""
    others = {key: one for key, one in state.prompts.items() if key != message_id}
    if not message.prompt:
        return others
    kept = list({**others, message_id: message.prompt}.items())
    return dict(kept[-MOST_IDS:])


def _fields_of(state: ChatState) -> dict[str, Any]:
    return {key: one for key, one in to_builtins(state).items() if key != "version"}
