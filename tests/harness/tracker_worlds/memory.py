"""The fake tracker of unit tests, held to the same rules as the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from msgspec.structs import replace

from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.fakes.tracker import OWN_AUTHOR, SECRET, SERVICE, FakeTracker, webhook_of
from tests.harness.tracker_worlds.world import FINDS_ARCHIVED, abilities_of
from vitrina.ports import Card, NewCard, Step, TaskTracker, WebhookRequest


class MemoryWorld:
    """See ``TrackerWorld``."""

    def __init__(self) -> None:
        self.people = {"anna": "11", "igor": "12"}
        self.reset()
        self.abilities = abilities_of(self.tracker, FINDS_ARCHIVED)

    def reset(self) -> None:
        """See ``TrackerWorld``."""
        self._fake = FakeTracker()
        self._sent: list[WebhookRequest] = []
        for name, user_id in self.people.items():
            self._fake.add_person(f"{name}@a.test", user_id)
        self.tracker: TaskTracker = self._fake

    def make_tracker(self) -> TaskTracker:
        """See ``TrackerWorld``. Its state is the tracker itself."""
        return self._fake

    # --- What people do ---

    def add_card(self, board_id: str, title: str) -> str:
        """See ``TrackerWorld``."""
        stage_id = self._fake.save().boards[board_id].stages[0].stage_id
        card_id = self._fake.create_card(NewCard("", board_id, stage_id, title, (), None, 0.0, None, (), ()))
        return self._told(card_id)

    def rename(self, card_id: str, title: str) -> None:
        """See ``TrackerWorld``."""
        self._fake.change(self._told(card_id), title=title)

    def move(self, board_id: str, card_id: str, stage_id: str) -> None:  # noqa: ARG002 - others need it
        """See ``TrackerWorld``."""
        self._fake.change(self._told(card_id), stage_id=stage_id)

    def move_to_board(self, card_id: str, board_id: str) -> None:
        """See ``TrackerWorld``."""
        self._fake.change(self._told(card_id), board_id=board_id)

    def set_due(self, card_id: str, day: date | None) -> None:
        """See ``TrackerWorld``."""
        self._fake.change(self._told(card_id), due_on=day)

    def assign(self, card_id: str, user_id: str | None) -> None:
        """See ``TrackerWorld``."""
        self._fake.change(self._told(card_id), assignee_id=user_id)

    def set_estimate(self, card_id: str, hours: float | None) -> None:
        """See ``TrackerWorld``."""
        self._fake.change(self._told(card_id), estimate_hours=hours)

    def set_fact(self, card_id: str, about: str, text: str) -> None:
        """See ``TrackerWorld``."""
        self._fake.change(self._told(card_id), facts={**self._card(card_id).facts, about: text})

    def reverse_steps(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        self._fake.change(self._told(card_id), steps=self._card(card_id).steps[::-1])

    def finish_step(self, card_id: str, place: int) -> None:
        """See ``TrackerWorld``."""
        self._fake.tick(self._told(card_id), place)

    def change_step(self, card_id: str, place: int, user_id: str, day: date) -> None:
        """See ``TrackerWorld``."""
        steps = list(self._card(card_id).steps)
        steps[place] = replace(steps[place], assignee_id=user_id, due_on=day)
        self._fake.change(self._told(card_id), steps=tuple(steps))

    def remove_step(self, card_id: str, place: int) -> None:
        """See ``TrackerWorld``."""
        steps = self._card(card_id).steps
        self._fake.change(self._told(card_id), steps=steps[:place] + steps[place + 1 :])

    def add_step(self, card_id: str, text: str) -> None:
        """See ``TrackerWorld``."""
        steps = self._card(card_id).steps
        self._fake.change(self._told(card_id), steps=(*steps, Step(text)))

    def log_hours(self, card_id: str, who: str, hours: float) -> None:
        """See ``TrackerWorld``."""
        self._fake.log_hours(self._told(card_id), self.people[who], hours)

    def comment(self, card_id: str, text: str) -> None:  # noqa: ARG002 - only their count is kept
        """See ``TrackerWorld``."""
        self._fake.change(self._told(card_id), comment_count=self._card(card_id).comment_count + 1)

    def comments_of(self, card_id: str) -> list[str]:
        """See ``TrackerWorld``."""
        return self._fake.comments_of(card_id)

    def archive(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        self._fake.change(self._told(card_id), is_archived=True)

    def delete(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        self._fake.remove_card(card_id)

    # --- What people see ---

    def text_of(self, card_id: str) -> str:
        """See ``TrackerWorld``."""
        return "\n".join(f"{about}: {text}" for about, text in self._card(card_id).facts.items())

    def links_of(self, card_id: str) -> list[tuple[str, str]]:
        """See ``TrackerWorld``."""
        return [(url, self._fake.link_title(url)) for url in self._fake.links(card_id)]

    # --- The tracker from outside ---

    def sent(self) -> list[WebhookRequest]:
        """See ``TrackerWorld``. Own changes are told too, as trackers do."""
        own = [self._fake.webhook(card.card_id, author=OWN_AUTHOR) for card in self._fake.cards]
        return [*own, *self._sent]

    def forged(self) -> Sequence[WebhookRequest]:
        """See ``TrackerWorld``."""
        return [webhook_of({"card_id": "1"}, secret="other")]

    def nonsense(self) -> Sequence[WebhookRequest]:
        """See ``TrackerWorld``."""
        return [webhook_of(body, secret=SECRET) for body in ({}, {"card_id": 5}, {"card_id": None})]

    @property
    def call_count(self) -> int:
        """See ``TrackerWorld``."""
        return self._fake.calls.total()

    def be_busy(self, times: int) -> None:
        """See ``TrackerWorld``."""
        for _ in range(times):
            self._fake.before("create_card", busy(SERVICE))

    def lose_answer(self) -> None:
        """See ``TrackerWorld``."""
        self._fake.after("create_card", no_answer(SERVICE))

    # --- Inside ---

    def _told(self, card_id: str) -> str:
        self._sent.append(self._fake.webhook(card_id))
        return card_id

    def _card(self, card_id: str) -> Card:
        return next(card for card in self._fake.cards if card.card_id == card_id)


@contextmanager
def open_world() -> Iterator[MemoryWorld]:
    """A world in memory."""
    yield MemoryWorld()
