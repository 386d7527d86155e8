"""A task tracker in memory that keeps the rules of the port."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from tests.harness.fakes.interruptions import Interruptions, no_answer
from vitrina.errors import FatalServiceError
from vitrina.ports import (
    KEPT,
    Board,
    Capabilities,
    Card,
    CardChange,
    Json,
    Link,
    NewCard,
    Received,
    Stage,
    StepChange,
    WebhookRequest,
)

SERVICE = "Трекер"

#: The author of events that Vitrina's own calls cause.
OWN_AUTHOR = "vitrina"
#: The last part of the address of its webhooks.
SECRET = "secret"


def webhook_of(body: Json, *, secret: str = SECRET) -> WebhookRequest:
    """A request with this body, as the entry point hands it to an adapter."""
    sent = json.dumps(body).encode()
    return WebhookRequest((secret,), {}, sent, lambda: json.loads(sent))


@dataclass
class _State:
    """Boards, cards and webhooks; ids are counted up."""

    boards: dict[str, Board] = field(default_factory=dict)
    board_titles: dict[str, str] = field(default_factory=dict)
    #: Cards by id in the order of their creation, archived ones too.
    cards: dict[str, Card] = field(default_factory=dict)
    #: Addresses of links by card id.
    links: dict[str, list[str]] = field(default_factory=dict)
    comments: dict[str, list[str]] = field(default_factory=dict)
    made: dict[str, NewCard] = field(default_factory=dict)
    #: Titles of links by address.
    link_titles: dict[str, str] = field(default_factory=dict)
    #: Boards of which changes are reported.
    webhook_boards: list[str] = field(default_factory=list)
    #: User ids by e-mail in lower case.
    people: dict[str, str] = field(default_factory=dict)
    last_id: int = 0


class FakeTracker(Interruptions):
    """``TaskTracker`` in memory. Ids grow, so that the older of two cards has the smaller one."""

    name = SERVICE

    def __init__(self, saved: _State | None = None) -> None:
        super().__init__()
        self._state = copy.deepcopy(saved) if saved else _State()
        #: Creations that were given up by the caller and not carried out yet.
        self._late: list[NewCard] = []
        self._is_next_creation_late = False
        self.can = Capabilities()

    # --- The port ----------------------------------------------------------------------------------

    def create_board(self, title: str, stages: Sequence[str]) -> Board:
        """See ``TaskTracker``."""
        with self._called("create_board"):
            board_id = self._new_id()
            columns = tuple(Stage(self._new_id(), stage) for stage in stages)
            board = Board(board_id, columns, f"https://tracker.example/board/{board_id}")
            self._state.boards[board_id] = board
            self._state.board_titles[board_id] = title
        return board

    def find_board(self, title: str) -> Board | None:
        """See ``TaskTracker``."""
        with self._called("find_board"):
            titles = self._state.board_titles.items()
            found = [self._state.boards[board_id] for board_id, one in titles if one == title]
        return found[0] if found else None

    def connect_webhook(self, board_id: str) -> None:
        """See ``TaskTracker``."""
        with self._called("connect_webhook"):
            if board_id not in self._state.webhook_boards:
                self._state.webhook_boards.append(board_id)

    def find_people(self, emails: Collection[str]) -> Mapping[str, str]:
        """See ``TaskTracker``."""
        with self._called("find_people"):
            wanted = {email.casefold() for email in emails}
            return {email: user_id for email, user_id in self._state.people.items() if email in wanted}

    def find_cards(self, board_id: str) -> Mapping[str, tuple[str, ...]]:
        """See ``TaskTracker``."""
        with self._called("find_cards"):
            found: dict[str, tuple[str, ...]] = {}
            for card in self._on_board(board_id):
                if card.external_id:
                    found[card.external_id] = (*found.get(card.external_id, ()), card.card_id)
        return found

    def find_twins(self, board_id: str, external_id: str) -> tuple[str, ...]:
        """See ``TaskTracker``."""
        with self._called("find_twins"):
            cards = [card for card in self._on_board(board_id) if card.external_id == external_id]
            return tuple(card.card_id for card in cards if not card.is_archived)

    def create_card(self, card: NewCard) -> str:
        """See ``TaskTracker``."""
        with self._called("create_card"):
            if self._is_next_creation_late:
                self._is_next_creation_late = False
                self._late.append(card)
                no_answer(SERVICE)()
            return self._make(card)

    def complete_card(self, card_id: str, card: NewCard) -> tuple[str, ...]:
        """See ``TaskTracker``. A step counts as there by its text, however it was changed since."""
        with self._called("complete_card"):
            present = self._require(card_id)
            steps = list(present.steps)
            left, step_ids = list(steps), []
            for place, step in enumerate(card.steps):
                known = (one for one in left if one.step_id and one.step_id == step.step_id)
                same = next(known, None) or next((one for one in left if one.text == step.text), None)
                if same is None:
                    same = replace(step, step_id=self._new_id())
                    steps.insert(place, same)
                else:
                    left.remove(same)
                step_ids.append(same.step_id)
            self.change(card_id, steps=tuple(steps))
            self._state.link_titles |= {link.url: link.title for link in card.links}
            links = self._state.links[card_id]
            links += [link.url for link in card.links if link.url not in links]
            return tuple(step_ids)

    def change_card(self, board_id: str, card_id: str, change: CardChange) -> None:  # noqa: ARG002
        """See ``TaskTracker``."""
        with self._called("change_card"):
            card = self._require(card_id)
            changed = {step.step_id: _changes(step) for step in change.steps}
            facts = dict(card.facts)
            for one in change.facts:
                if one.about not in facts or facts[one.about].startswith(one.before):
                    facts[one.about] = one.after + facts.get(one.about, one.before)[len(one.before) :]
            steps = tuple(replace(step, **changed.get(step.step_id, {})) for step in card.steps)
            self.change(card_id, **{**_changes(change), "steps": steps, "facts": facts})

    def get_card(self, board_id: str, card_id: str) -> Card | None:  # noqa: ARG002 - each is on one board
        """See ``TaskTracker``."""
        with self._called("get_card"):
            return self._state.cards.get(card_id)

    def comment_card(self, card_id: str, text: str) -> None:
        """See ``TaskTracker``."""
        with self._called("comment_card"):
            known = self._state.comments.setdefault(card_id, [])
            if card_id in self._state.cards and text not in known:
                known.append(text)

    def comments_of(self, card_id: str) -> list[str]:
        """Comments of Vitrina, the oldest first."""
        return list(self._state.comments.get(card_id, []))

    def remove_card(self, card_id: str) -> None:
        """See ``TaskTracker``."""
        with self._called("remove_card"):
            self._state.cards.pop(card_id, None)

    def set_closed(self, card_id: str, link: Link, *, is_closed: bool) -> None:
        """See ``TaskTracker``."""
        with self._called("set_closed"):
            if card_id in self._state.cards:
                self.change(card_id, is_archived=is_closed)
                self._state.link_titles[link.url] = link.title
                others = [one for one in self._state.links[card_id] if one != link.url]
                self._state.links[card_id] = [*others, link.url] if is_closed else others

    def card_url(self, board_id: str, card_id: str) -> str:
        """See ``TaskTracker``."""
        return f"https://tracker.example/board/{board_id}/card/{card_id}"

    def receive(self, request: WebhookRequest) -> Received:
        """See ``TaskTracker``."""
        if request.path != (SECRET,):
            return Received(status=404)
        body = request.read_json()
        card_id = body.get("card_id") if isinstance(body, dict) else None
        is_hint = isinstance(card_id, str) and body.get("author") != OWN_AUTHOR
        return Received(card_ids=(card_id,) if is_hint else ())

    # --- What tests do -----------------------------------------------------------------------------

    def report_steps(self) -> None:
        """Report changes of a step under its own id from now on, as those of a subtask are."""
        self.can = replace(self.can, steps_send_events=True)

    def delay_next_creation(self) -> None:
        """Have the next ``create_card`` end without an answer, and the card appear later."""
        self._is_next_creation_late = True

    def carry_out_delayed(self) -> list[str]:
        """Carry out the creations that were delayed; gives the ids of the cards."""
        late, self._late = self._late, []
        return [self._make(card) for card in late]

    def change(self, card_id: str, **fields: Any) -> None:
        """Change fields of a card, as people do."""
        self._state.cards[card_id] = replace(self._require(card_id), **fields)

    def move(self, card_id: str, stage: int) -> None:
        """Move a card to the column with this place on its board, counted from 0; -1 is *done*."""
        board = self._state.boards[self._require(card_id).board_id]
        self.change(card_id, stage_id=board.stages[stage].stage_id)

    def tick(self, card_id: str, place: int = 0) -> None:
        """Mark a step of a card as done."""
        steps = list(self._require(card_id).steps)
        steps[place] = replace(steps[place], is_done=True)
        self.change(card_id, steps=tuple(steps))

    def log_hours(self, card_id: str, user_id: str, hours: float) -> None:
        """Log hours of a person, beside those that are there."""
        known = self._require(card_id).logged_hours or {}
        self.change(card_id, logged_hours={**known, user_id: known.get(user_id, 0.0) + hours})

    def webhook(self, card_id: str, *, author: str = "somebody", secret: str = SECRET) -> WebhookRequest:
        """A request that reports a change of a card, or of a step with an id of its own."""
        return webhook_of({"card_id": card_id, "author": author}, secret=secret)

    def add_person(self, email: str, user_id: str) -> None:
        """Let somebody have an account."""
        self._state.people[email.casefold()] = user_id

    @property
    def cards(self) -> list[Card]:
        """All cards, oldest first."""
        return list(self._state.cards.values())

    @property
    def board_titles(self) -> list[str]:
        """Titles of all boards, oldest first."""
        return list(self._state.board_titles.values())

    @property
    def webhook_boards(self) -> list[str]:
        """Boards of which changes are reported."""
        return list(self._state.webhook_boards)

    def links(self, card_id: str) -> list[str]:
        """Addresses of the links of a card."""
        return list(self._state.links[card_id])

    def link_title(self, url: str) -> str:
        """Title of the links to an address."""
        return self._state.link_titles[url]

    def made_as(self, card_id: str) -> NewCard:
        """What a card was made of."""
        return self._state.made[card_id]

    def save(self) -> _State:
        """Everything as it is now, from which others can begin."""
        return copy.deepcopy(self._state)

    # --- Inside ------------------------------------------------------------------------------------

    def _make(self, card: NewCard) -> str:
        board = self._state.boards.get(card.board_id)
        if board is None or card.stage_id not in {stage.stage_id for stage in board.stages}:
            raise FatalServiceError("tracker.not_found", service=SERVICE, status=404)
        card_id = self._new_id()
        self._state.cards[card_id] = Card(
            card_id=card_id,
            external_id=card.external_id,
            board_id=card.board_id,
            title=card.title,
            stage_id=card.stage_id,
            url=self.card_url(card.board_id, card_id),
            due_on=card.due_on,
            assignee_id=card.assignee_id,
            is_archived=False,
            steps=(),
            estimate_hours=card.estimate_hours or None,
            facts=dict(card.facts),
        )
        self._state.links[card_id] = []
        self._state.made[card_id] = card
        return card_id

    def _on_board(self, board_id: str) -> list[Card]:
        return [card for card in self._state.cards.values() if card.board_id == board_id]

    def _require(self, card_id: str) -> Card:
        card = self._state.cards.get(card_id)
        if card is None:
            raise FatalServiceError("tracker.not_found", service=SERVICE, status=404)
        return card

    def _new_id(self) -> str:
        self._state.last_id += 1
        return str(self._state.last_id)


def _changes(change: CardChange | StepChange) -> Json:
    """The changed fields of the card or step itself, by name."""
    names = ("title", "text", "due_on", "assignee_id", "estimate_hours", "stage_id")
    return {name: getattr(change, name) for name in names if getattr(change, name, KEPT) is not KEPT}
