"""Cards that appear after everybody has looked for them, and wishes for cards that were undone."""

from __future__ import annotations

import pytest

from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import MemoryOffice, started_office
from tests.harness.stored import stored_document
from vitrina.errors import RetriableServiceError
from vitrina.operations.answer import Outcome
from vitrina.operations.outbox import OUTBOX


def run_wishes(office: MemoryOffice) -> None:
    """Carry out what the outbox holds, as the timer has it done minutes later."""
    office.clock.advance(minutes=3)
    for name in office.store.keys(OUTBOX):
        wish = stored_document(office.store, OUTBOX, name)
        assert wish is not None
        office.run_job({**wish.data["body"], "wish": name})


def broken_off_push() -> MemoryOffice:
    """A push whose creation of the first card is still under way."""
    office = started_office()
    office.tracker.delay_next_creation()
    with pytest.raises(RetriableServiceError):
        office.do("push")
    return office


def test_card_of_a_push_that_is_still_under_way() -> None:
    """The undo comes before the card, and before its maker could note that it is lost."""
    office = broken_off_push()
    office.change_item(1, card_lost_at=None)
    office.do("undo")
    office.tracker.carry_out_delayed()
    assert len(office.tracker.cards) == 1

    run_wishes(office)

    assert office.tracker.cards == []
    assert office.store.keys(OUTBOX) == []


def test_wish_of_a_push_that_was_undone() -> None:
    """The timer makes no cards of items that stay in progress without them."""
    office = started_office()
    tracker = office.tracker
    tracker.after("complete_card", lambda: tracker.before("create_card", no_answer("Трекер")))
    assert office.do("push").outcome is Outcome.PARTIAL
    office.do("undo")
    assert [item.is_card_wanted for item in office.items().values()] == [False, False]

    run_wishes(office)

    assert office.tracker.cards == []
    assert office.store.keys(OUTBOX) == []


def test_item_that_was_pushed_again_keeps_its_card() -> None:
    """Only the late twin goes."""
    office = broken_off_push()
    office.do("undo")
    office.start(is_pushed=True)
    kept = {item.card_id for item in office.items().values()}
    office.tracker.carry_out_delayed()
    assert len(office.tracker.cards) == len(kept) + 1

    run_wishes(office)

    assert {card.card_id for card in office.tracker.cards} == kept


def test_card_of_a_push_whose_process_died() -> None:
    """Its creation was under way: the next push makes a card, and the timer removes the twin."""
    office = started_office()

    def die() -> None:
        raise KeyboardInterrupt

    office.tracker.before("create_card", die)
    with pytest.raises(KeyboardInterrupt):
        office.do("push", operation_id="pushed")
    office.clock.advance(minutes=3)
    office.do("push", operation_id="pushed")
    kept = {item.card_id for item in office.items().values()}
    office.tracker.create_card(office.tracker.made_as(office.card(1).card_id))
    assert len(office.tracker.cards) == len(kept) + 1

    run_wishes(office)

    assert {card.card_id for card in office.tracker.cards} == kept
    assert [item.card_lost_at for item in office.items().values()] == [None, None]
    assert office.store.keys(OUTBOX) == []


def test_push_that_fails_before_it_asks_for_a_card() -> None:
    """No call can be under way, so that nobody looks for late cards."""
    office = started_office()
    office.tracker.before("find_cards", no_answer("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("push")

    assert [item.card_lost_at for item in office.items().values()] == [None, None]
    assert all(item.is_card_wanted for item in office.items().values())
