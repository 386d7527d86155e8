"""Draws and plays histories: people edit both sides while clicks, webhooks and the timer come in between."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from benchmarks.two_way.model import (
    DAY,
    FACTS,
    HOURS,
    MANY,
    ONE,
    PERSON,
    QUANTITY,
    RESULT,
    TITLE,
    WORDS,
    FieldKey,
    Model,
    State,
    state_of,
)
from tests.harness.agency_data import NOW, TEAM
from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import MemoryOffice, SavedOffice
from tests.harness.tracker_worlds import asana, kaiten, memory
from tests.harness.tracker_worlds.world import OpenWorld, TrackerWorld
from vitrina.domain import agreement
from vitrina.errors import VitrinaError
from vitrina.operations.answer import Answer
from vitrina.ports import Card, TaskTracker, WebhookRequest
from vitrina.project import card_fields
from vitrina.records.books import FIRST_TRACKER, load_project

WORLDS: Mapping[str, OpenWorld] = {
    "kaiten": kaiten.open_world,
    "asana": asana.open_world,
    "memory": memory.open_world,
}
#: People of the team by their name in a world; the third one has no account.
ACCOUNTS = {"Анна Белова": "anna", "Борис Ким": "igor"}
PEOPLE = tuple(ACCOUNTS)
ITEMS = ({"task": "Лендинг", "work_type": "Лендинг"}, {"task": "Баннер", "work_type": "Баннер"})
DAYS = [NOW.date() + timedelta(days=days) for days in (7, 8, 9, 14)]
FIGURES, COUNTS = (2.0, 4.5, 7.25, 12.0), (1.0, 2.0, 3.5)
TEXTS = ("Баннер на главную", "Страница акции", "Витрина <b> & ко", "Тексты *для* каталога")
#: Looks after the last edit until nothing may happen any more, each with all that waits.
MOST_ROUNDS = 6


@dataclass
class Played:
    """What a history has shown. ``violations`` are sentences; none of them is right."""

    seed: int
    run: int
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    steps: list[str] = field(default_factory=list)


class _Spy:
    """A tracker that counts its calls, and loses answers of changes when asked to."""

    def __init__(self, tracker: TaskTracker) -> None:
        self._tracker = tracker
        self.calls: Counter[str] = Counter()
        #: ``before`` or ``after``: when the next change of a card fails.
        self.fails = ""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._tracker, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += 1
            fails, self.fails = (self.fails, "") if name == "change_card" else ("", self.fails)
            if fails == "before":
                no_answer()()
            result = found(*args, **kwargs)
            if fails == "after":
                no_answer()()
            return result

        return call


class Stage:
    """A world, and an agency with its people, from which each history begins."""

    def __init__(self, world: TrackerWorld) -> None:
        self.world = world
        team = [
            {**one, "tracker_id.kaiten": world.people.get(ACCOUNTS.get(one["name"], ""), "")} for one in TEAM
        ]
        office = MemoryOffice()
        office.set_up_agency(team=team)
        self._saved: SavedOffice = office.save()

    def open(self) -> tuple[MemoryOffice, _Spy]:
        """A client with two items and their cards, in an empty tracker."""
        self.world.reset()
        spy = _Spy(self.world.tracker)
        office = MemoryOffice(self._saved)
        trackers = {**office.services.trackers, FIRST_TRACKER: spy}
        office.services = replace(office.services, trackers=trackers)  # type: ignore[arg-type]
        office.tracker = spy  # type: ignore[assignment]
        office.create_client()
        office.start(*ITEMS, is_pushed=True)
        return office, spy


@contextmanager
def opened(name: str) -> Iterator[Stage]:
    """The stage of a tracker."""
    with WORLDS[name]() as world:
        yield Stage(world)


@contextmanager
def last_writer_wins() -> Iterator[None]:
    """Let the last look decide in place of a person, as many products do."""
    right = card_fields.compare

    def wrong(agreed: Any, sheet: Any, tracker: Any) -> agreement.Verdict:
        verdict = right(agreed, sheet, tracker)
        return agreement.Verdict.TO_SHEET if verdict is agreement.Verdict.CONFLICT else verdict

    card_fields.compare = wrong
    try:
        yield
    finally:
        card_fields.compare = right


def play(stage: Stage, seed: int, run: int) -> Played:
    """Play one history; the same for the same seed, run and tracker."""
    return _Play(stage, seed, run).play()


class _Play:
    def __init__(self, stage: Stage, seed: int, run: int) -> None:
        self._draw = random.Random(f"{seed}:{run}")
        self._world = stage.world
        self._office, self._spy = stage.open()
        self._names = {self._world.people[account]: name for name, account in ACCOUNTS.items()}
        self._card_ids = {number: item.card_id for number, item in self._office.items().items()}
        self._board_id = load_project(self._office.store, self._office.client_id).board_id
        #: Row and column that most edits of this history hit, so that both sides change the same.
        self._hot = self._draw.randrange(4), self._draw.choice((DAY, PERSON, HOURS, QUANTITY, TITLE))
        self._model = Model()
        self._model.begin(self._state())
        #: Webhooks that the tracker has sent and nobody has received.
        self._seen = len(self._world.sent())
        self._old: list[WebhookRequest] = []
        self._result = Played(seed, run)
        self._last: Answer | None = None
        #: Fields that the running click decides.
        self._chosen: list[FieldKey] = []

    def play(self) -> Played:
        """Edits and looks, then looks until all is quiet."""
        acts: tuple[tuple[int, Callable[[], None]], ...] = (
            (5, self._edit_sheet),
            (5, self._edit_tracker),
            (2, lambda: self._click("push")),
            (2, lambda: self._click("refresh")),
            (2, self._deliver),
            (1, self._lose_webhooks),
            (1, lambda: self._job("reconcile")),
            (1, self._fail_next),
            (1, self._edit_in_the_middle),
            (1, self._choose),
        )
        weights = [weight for weight, _ in acts]
        for _ in range(self._draw.randint(6, 18)):
            self._draw.choices([act for _, act in acts], weights=weights)[0]()
        self._quiet()
        return self._result

    # --- People ---

    def _edit_sheet(self) -> None:
        place, column, text = self._cell()
        self._note(f"sheet: row {place}, {column} = {text}")
        self._office.type("in_progress", place, **{column: text})
        self._model.person_did(self._state())

    def _cell(self) -> tuple[int, str, str]:
        draw = self._draw
        place, column = self._hot
        if draw.random() < 0.4:
            place = draw.randrange(4)
            column = draw.choice((DAY, DAY, PERSON, PERSON, HOURS, QUANTITY, TITLE, RESULT))
        texts: dict[str, Callable[[], str]] = {
            DAY: lambda: draw.choice(DAYS).strftime("%d.%m.%Y"),
            PERSON: lambda: draw.choice(PEOPLE),
            HOURS: lambda: _russian(draw.choice(FIGURES)),
            QUANTITY: lambda: _russian(draw.choice(COUNTS)),
        }
        return place, column, texts.get(column, lambda: draw.choice(TEXTS))()

    def _edit_tracker(self) -> None:
        draw, world = self._draw, self._world
        place, column = self._hot
        is_hot = draw.random() < 0.6
        number = (ONE if place == 3 else MANY) if is_hot else draw.choice((MANY, ONE))
        card_id = self._card_ids[number]
        user_id, day = world.people[ACCOUNTS[draw.choice(PEOPLE)]], draw.choice(DAYS)
        step = (place if is_hot else draw.randrange(3)) if number == MANY else 0
        edits: dict[str, Callable[[], None]] = {
            "step": lambda: world.change_step(card_id, step, user_id, day),
            "hours": lambda: world.set_estimate(card_id, draw.choice(FIGURES)),
            "quantity": lambda: world.set_fact(card_id, FACTS[QUANTITY], _russian(draw.choice(COUNTS))),
            "title": lambda: world.rename(card_id, draw.choice(TEXTS)),
            "order": lambda: world.reverse_steps(card_id) if number == MANY else None,
        }
        if number == ONE:
            edits |= {
                "day": lambda: world.set_due(card_id, day),
                "person": lambda: world.assign(card_id, user_id),
            }
        name = draw.choice([*edits, "step"])
        if is_hot:
            name = {HOURS: "hours", QUANTITY: "quantity", TITLE: "title"}.get(column, "step")
        self._note(f"tracker: item {number}, {name} (step {step}, {self._names[user_id]}, {day})")
        edits[name]()
        self._model.person_did(self._state())

    def _edit_in_the_middle(self) -> None:
        """A person types between the read and the write of the next action that writes."""
        place, column, text = self._cell()

        def type_now() -> None:
            self._check(self._chosen)
            self._note(f"sheet in the middle: row {place}, {column} = {text}")
            self._office.type("in_progress", place, **{column: text})
            self._model.person_did(self._state())

        self._office.workbooks.before("batch_update", type_now)

    def _choose(self) -> None:
        """A person settles what the last answer has shown, all of it or one line."""
        shown = self._last.data.get("conflicts", []) if self._last else []
        if not shown:
            return
        keep, keys = self._draw.choice(("sheet", "tracker")), [one["key"] for one in shown]
        some = keys if self._draw.random() < 0.7 else [self._draw.choice(keys)]
        self._click("settle_conflicts", keep=keep, conflicts=some, shown=keys)

    # --- The product ---

    def _click(self, action: str, **params: Any) -> None:
        self._note(f"click: {action} {params.get('keep', '')}")
        self._last, self._chosen = None, [_field_of(key) for key in params.get("conflicts", ())]
        with suppress(VitrinaError):
            self._last = self._office.do(action, **params)
            self._result.counts["conflicts"] += len(self._last.data.get("conflicts", ()))
        self._check(self._chosen, has_seen_all=action == "refresh" and self._last is not None)
        self._chosen = []

    def _job(self, kind: str) -> None:
        self._note(f"job: {kind}")
        with suppress(VitrinaError):
            self._office.run_job({"kind": kind, "spreadsheet_id": self._office.client_id})
        self._check(())

    def _deliver(self) -> None:
        """Webhooks arrive: the new ones once or twice, maybe with old ones, in any order."""
        new = self._new_webhooks()
        requests = new * self._draw.choice((1, 1, 2))
        requests += self._draw.sample(self._old, min(len(self._old), self._draw.choice((0, 0, 2))))
        self._draw.shuffle(requests)
        self._old += new
        self._note(f"webhooks: {len(requests)}")
        for request in requests:
            self._office.receive(request)
        with suppress(VitrinaError):
            self._office.run_queue()
        self._check(())

    def _lose_webhooks(self) -> None:
        lost = self._new_webhooks()
        self._result.counts["webhooks lost"] += len(lost)
        self._old += lost

    def _new_webhooks(self) -> list[WebhookRequest]:
        sent = self._world.sent()
        new, self._seen = sent[self._seen :], len(sent)
        return new

    def _fail_next(self) -> None:
        """The answer of the next write is lost: that of the tracker or of Google, carried out or not."""
        moment = self._draw.choice(("before", "after"))
        if self._draw.random() < 0.5:
            self._note(f"the next change of a card fails {moment}")
            self._spy.fails = moment
        else:
            self._note(f"the next write of the sheet fails {moment}")
            getattr(self._office.workbooks, moment)("batch_update", no_answer())

    # --- The end ---

    def _quiet(self) -> None:
        """Looks and choices until both sides are equal, then one more that may do nothing."""
        self._spy.fails = ""
        for _ in range(MOST_ROUNDS):
            self._mend_torn_rows()
            before, self._spy.calls = self._state(), Counter()
            self._deliver()
            self._click("refresh")
            # A write that was to fail may do so only now.
            is_answered = self._last is not None
            self._choose_all()
            self._click("push")
            is_same = self._state() == before and not self._spy.calls["change_card"]
            if is_answered and is_same and not self._shown():
                break
        else:
            self._result.violations.append(f"not quiet after {MOST_ROUNDS} rounds: {dict(self._spy.calls)}")
        self._click("refresh")
        told = {one.code for one in self._last.details} if self._last else set()
        excuses = {TITLE: {"sync.renamed", "sync.torn.action"}, RESULT: {"sync.rewritten"}}
        for key, values in self._model.differences().items():
            if key[1] not in WORDS or not told & excuses[key[1]]:
                self._result.violations.append(f"not equal at the end, and not told: {key}: {values}")

    def _choose_all(self) -> None:
        shown = self._shown()
        if shown:
            keep, keys = self._draw.choice(("sheet", "tracker")), [one["key"] for one in shown]
            self._click("settle_conflicts", keep=keep, conflicts=keys)

    def _shown(self) -> Sequence[Mapping[str, Any]]:
        shown: Sequence[Mapping[str, Any]] = self._last.data.get("conflicts", []) if self._last else []
        return shown

    def _mend_torn_rows(self) -> None:
        """A person sees that the rows of an item contradict, and types one value into all of them."""
        for column in (RESULT, QUANTITY):
            cells = self._office.table("in_progress", "id", column)[:3]
            if len({value for _, value in cells}) > 1:
                value = next(value for _, value in cells if value)
                text = _russian(value) if isinstance(value, float) else str(value)
                for place in range(3):
                    self._office.type("in_progress", place, **{column: text})
        self._model.person_did(self._state())

    # --- Parts ---

    def _check(self, chosen: Sequence[FieldKey], *, has_seen_all: bool = False) -> None:
        lost = self._model.product_did(self._state(), chosen, has_seen_all=has_seen_all)
        self._result.violations += lost

    def _state(self) -> State:
        return state_of(self._office, self._cards(), self._names)

    def _cards(self) -> dict[int, Card]:
        tracker, board_id = self._world.tracker, self._board_id
        found = {number: tracker.get_card(board_id, one) for number, one in self._card_ids.items()}
        return {number: card for number, card in found.items() if card is not None}

    def _note(self, text: str) -> None:
        self._result.steps.append(text)
        self._result.counts[text.partition(":")[0].partition(" in")[0]] += 1


def _field_of(key: str) -> FieldKey:
    """The field of the key of a conflict."""
    number, row, name, _ = key.split("-")
    place = -1 if row == "0" else (0 if row == number else int(row) % 100)
    return int(number), name, place


def _russian(figure: float) -> str:
    return f"{figure:g}".replace(".", ",")
