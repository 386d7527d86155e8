"""The tracker in memory keeps the rules of the port."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.fakes.tracker import FakeTracker, webhook_of
from vitrina.errors import FatalServiceError, RetriableServiceError
from vitrina.ports import Board, Link, NewCard, Received, Step

STAGES = ("Онбординг", "В работе", "На проверке", "Выполнено")


@pytest.fixture
def tracker() -> FakeTracker:
    """Nothing in it yet."""
    return FakeTracker()


@pytest.fixture
def board(tracker: FakeTracker) -> Board:
    """A board of a client."""
    return tracker.create_board("Зерно", STAGES)


@pytest.fixture
def new_card(board: Board) -> NewCard:
    """A card with two actions."""
    return NewCard(
        external_id="vitrina:book:14",
        board_id=board.board_id,
        stage_id=board.stages[0].stage_id,
        title="ЗРН-14 · Тексты",
        facts=(("Результат", "Двадцать описаний"),),
        due_on=date(2026, 11, 25),
        estimate_hours=7.5,
        assignee_id="11",
        steps=(Step("Тексты — Анна", assignee_id="11"), Step("Дизайн — Борис")),
        links=(Link("https://sheets.example/book", "Книга клиента"),),
    )


def test_board_has_its_stages_in_order(tracker: FakeTracker, board: Board) -> None:
    """It is found by exactly its title."""
    assert [stage.title for stage in board.stages] == list(STAGES)
    assert tracker.find_board("Зерно") == board
    assert tracker.find_board("Зер") is None


def test_card_is_made_without_its_steps(tracker: FakeTracker, new_card: NewCard) -> None:
    """That and the link come with its completion."""
    card_id = tracker.create_card(new_card)
    bare = tracker.get_card("", card_id)
    tracker.complete_card(card_id, new_card)
    whole = tracker.get_card("", card_id)

    assert bare is not None
    assert whole is not None
    assert (bare.steps, bare.title, bare.due_on) == ((), new_card.title, new_card.due_on)
    assert whole.steps == new_card.steps
    assert tracker.links(card_id) == [new_card.links[0].url]


def test_completion_may_be_repeated(tracker: FakeTracker, new_card: NewCard) -> None:
    """What is there stays as people have it; what is missing comes back in its place."""
    card_id = tracker.create_card(new_card)
    tracker.complete_card(card_id, new_card)
    ticked = replace(new_card.steps[1], is_done=True)
    tracker.change(card_id, steps=(ticked,))

    tracker.complete_card(card_id, new_card)

    card = tracker.get_card("", card_id)
    assert card is not None
    assert card.steps == (new_card.steps[0], ticked)
    assert tracker.links(card_id) == [new_card.links[0].url]


def test_external_ids_are_not_unique(tracker: FakeTracker, board: Board, new_card: NewCard) -> None:
    """A card made twice is there twice, the oldest first; archived ones are no twins."""
    first, second, third = (tracker.create_card(new_card) for _ in range(3))
    tracker.change(first, is_archived=True)
    tracker.remove_card(third)

    assert tracker.find_cards(board.board_id) == {new_card.external_id: (first, second)}
    assert tracker.find_twins(board.board_id, new_card.external_id) == (second,)


def test_cards_of_other_boards_and_of_people_are_not_found(
    tracker: FakeTracker, board: Board, new_card: NewCard
) -> None:
    """Cards without an external id belong to people."""
    other = tracker.create_board("Другая", STAGES)
    tracker.create_card(replace(new_card, external_id=""))
    tracker.create_card(replace(new_card, board_id=other.board_id, stage_id=other.stages[0].stage_id))

    assert tracker.find_cards(board.board_id) == {}


def test_removing_a_card_may_be_repeated(tracker: FakeTracker, new_card: NewCard) -> None:
    """A card that is gone cannot be read or changed."""
    card_id = tracker.create_card(new_card)
    tracker.remove_card(card_id)
    tracker.remove_card(card_id)

    assert tracker.get_card("", card_id) is None
    with pytest.raises(FatalServiceError):
        tracker.complete_card(card_id, new_card)


def test_answer_of_a_creation_is_lost(tracker: FakeTracker, board: Board, new_card: NewCard) -> None:
    """The card is there, and nobody was told."""
    tracker.after("create_card", no_answer())

    with pytest.raises(RetriableServiceError):
        tracker.create_card(new_card)

    assert len(tracker.find_twins(board.board_id, new_card.external_id)) == 1


def test_creation_is_carried_out_later(tracker: FakeTracker, board: Board, new_card: NewCard) -> None:
    """It is not seen while it is in flight; the card is younger than those made meanwhile."""
    tracker.delay_next_creation()
    with pytest.raises(RetriableServiceError):
        tracker.create_card(new_card)
    meanwhile = tracker.create_card(new_card)
    assert tracker.find_twins(board.board_id, new_card.external_id) == (meanwhile,)

    [late] = tracker.carry_out_delayed()

    assert tracker.find_twins(board.board_id, new_card.external_id) == (meanwhile, late)
    assert tracker.carry_out_delayed() == []


def test_busy_tracker_makes_nothing(tracker: FakeTracker, new_card: NewCard) -> None:
    """429 says so."""
    tracker.before("create_card", busy())

    with pytest.raises(RetriableServiceError) as refused:
        tracker.create_card(new_card)

    assert (refused.value.status, tracker.cards) == (429, [])


def test_people_work_on_a_card(tracker: FakeTracker, board: Board, new_card: NewCard) -> None:
    """It moves, lines are ticked, hours add up."""
    card_id = tracker.create_card(new_card)
    tracker.complete_card(card_id, new_card)

    tracker.move(card_id, -1)
    tracker.tick(card_id, 1)
    tracker.log_hours(card_id, "11", 1.5)
    tracker.log_hours(card_id, "11", 2)

    card = tracker.get_card("", card_id)
    assert card is not None
    assert card.stage_id == board.stages[-1].stage_id
    assert [line.is_done for line in card.steps] == [False, True]
    assert card.logged_hours == {"11": 3.5}


def test_webhook_names_its_card_and_author(tracker: FakeTracker) -> None:
    """What Vitrina did itself is told apart; a body of any other form is about no card."""
    requests = [tracker.webhook("7"), tracker.webhook("7", author="vitrina"), webhook_of({"card_id": ["7"]})]

    assert [tracker.receive(one).card_ids for one in requests] == [("7",), (), ()]


def test_webhook_with_another_secret_is_refused(tracker: FakeTracker) -> None:
    """It says nothing about a card."""
    assert tracker.receive(tracker.webhook("7", secret="wrong")) == Received(status=404)


def test_webhook_is_connected_once(tracker: FakeTracker) -> None:
    """However often it is asked for."""
    tracker.connect_webhook("1")
    tracker.connect_webhook("1")

    assert tracker.webhook_boards == ["1"]


def test_people_are_found_by_their_email(tracker: FakeTracker) -> None:
    """However it is capitalised; who has no account is left out."""
    tracker.add_person("Anna@agency.example", "11")

    assert tracker.find_people(["ANNA@agency.example", "igor@agency.example"]) == {
        "anna@agency.example": "11"
    }


def test_steps_may_have_ids_of_their_own(tracker: FakeTracker, new_card: NewCard) -> None:
    """Then changes of them are reported under these ids."""
    tracker.report_steps()
    card_id = tracker.create_card(new_card)

    step_ids = tracker.complete_card(card_id, new_card)

    card = tracker.get_card("", card_id)
    assert card is not None
    assert len(set(step_ids)) == 2
    assert tuple(step.step_id for step in card.steps) == step_ids


def test_others_begin_with_what_was_saved(tracker: FakeTracker, board: Board, new_card: NewCard) -> None:
    """Each has a copy of its own, and goes on with new ids."""
    known = tracker.create_card(new_card)
    copy = FakeTracker(tracker.save())

    made = copy.create_card(new_card)

    assert made != known
    assert tracker.find_twins(board.board_id, new_card.external_id) == (known,)
