"""An agency over fakes with a chat, and what people do there."""

from __future__ import annotations

from msgspec.structs import replace

from tests.harness.fakes.chat import FakeChat, FakeGroup
from tests.harness.memory_office import MemoryOffice, SavedOffice, client_office
from vitrina.chat_port import Chat
from vitrina.jobs.registry import call_timer
from vitrina.operations.answer import Answer
from vitrina.records.books import load_project
from vitrina.records.outside.chat_questions import Question, find_open_questions
from vitrina.records.outside.chats import ChatState, load_state
from vitrina.usecases.chats.updates import take_updates

#: A person of the client, who is no administrator of the group.
CLIENT = "77"


class ChatOffice(MemoryOffice):
    """``MemoryOffice`` with a chat in memory; *chat* is another one in its place."""

    def __init__(self, saved: SavedOffice | None = None, chat: Chat | None = None) -> None:
        super().__init__(saved or client_office().save())
        self.chat = FakeChat()
        self.services = replace(self.services, chat=chat or self.chat)

    # --- The chat ------------------------------------------------------------------------------------

    def deliver(self, most: int = 60) -> None:
        """Deliver what the chat reported, and run what is queued."""
        while self.chat.sent:
            self.receive_chat()
        self.run_queue(most)

    def receive_chat(self) -> int:
        """Receive the next request of the chat, as the entry point does."""
        return take_updates(self.services, self.chat.receive(self.chat.sent.pop(0)))

    def tick(self, minutes: float = 15.0, most: int = 60) -> None:
        """Have the timer call after some minutes, and run what it queues."""
        self.clock.advance(minutes=minutes)
        call_timer(self.services)
        self.run_queue(most)

    def show(self, spreadsheet_id: str = "") -> Answer:
        """What the menu says of the chat of the client, or of the agency."""
        action = "show_agency_chat" if spreadsheet_id == self.agency_id else "show_chat"
        answer = self.do(action, spreadsheet_id)
        self.run_queue(60)
        return answer

    def token(self, spreadsheet_id: str = "") -> str:
        """What the link of the menu carries."""
        return str(self.show(spreadsheet_id).data["link"]).rpartition("group=")[2]

    def add_group(self, spreadsheet_id: str = "", title: str = "Зерно") -> FakeGroup:
        """A group whose person added the bot with the link of a workbook, with all that follows."""
        token = self.token(spreadsheet_id)
        group = self.chat.add_group(title, payload=token)
        self.deliver()
        return group

    def ask(self, group: FakeGroup, text: str, *, person_id: str = CLIENT, **where: str) -> str:
        """Id of a message of the client in a group, with all that follows."""
        message_id = self.chat.write(group.chat_id, text, person_id=person_id, **where)
        self.deliver()
        return message_id

    def texts(self, group: FakeGroup, topic: str = "") -> list[str]:
        """Texts of the bot in a topic by its name, in the general one without a name."""
        ids = {name: topic_id for topic_id, name in group.topics.items()}
        topic_id = ids[topic] if topic else ""
        return [
            one.text for one in group.messages.values() if one.author_id == "7" and one.topic_id == topic_id
        ]

    # --- What is known -------------------------------------------------------------------------------

    def state(self, spreadsheet_id: str = "") -> ChatState:
        """What is kept of the group of a workbook."""
        return load_state(self.store, spreadsheet_id or self.client_id, self.agency_id)

    def questions(self) -> list[Question]:
        """Questions that nobody has answered."""
        return find_open_questions(self.store, self.agency_id)

    def field(self, key: str) -> str:
        """Text of a field of the client's first tab."""
        return self.book().field(key).cell.text

    def project_row(self, column: str) -> str:
        """Text of a column of *Проекты* for the client."""
        self.tick()
        code = load_project(self.store, self.client_id).code
        rows = self.table("projects", "code", column, spreadsheet_id=self.agency_id)
        return next(str(text or "") for row_code, text in rows if row_code == code)
