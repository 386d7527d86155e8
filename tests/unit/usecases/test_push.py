"""*Отправить в трекер*: one card for each item, whatever is lost on the way."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.memory_office import MemoryOffice, client_office, pushed_office, started_office
from tests.harness.stored import stored_document
from vitrina.errors import BusyError, FatalServiceError, RetriableServiceError, UserError
from vitrina.operations.answer import Outcome
from vitrina.operations.outbox import OUTBOX
from vitrina.operations.run import LEASE
from vitrina.ports import NewCard
from vitrina.records.cards import card_key, card_owner_from_document
from vitrina.records.undo import UNDO
from vitrina.usecases.tracker.make_cards import push_wish


@pytest.fixture
def office() -> MemoryOffice:
    """Two items are in progress, without cards: ЗРН-1 with three actions and ЗРН-2 with one."""
    return started_office()


def cards_of(office: MemoryOffice) -> list[str]:
    """Titles of all cards, oldest first."""
    return [card.title for card in office.tracker.cards]


def row(office: MemoryOffice, code: str) -> int:
    """Number of a row of *В работе* in the sheet, counted from 1."""
    tab = office.tab("in_progress")
    return next(one.index for one in tab.rows if tab.cell(one, "id").text == code) + 1


def delete_row(office: MemoryOffice, code: str) -> None:
    """Delete the first row of an item in progress."""
    title = office.tab("in_progress").title
    office.edit({"type": "delete_rows", "sheet": title, "at": row(office, code), "count": 1})


# --- The main way ------------------------------------------------------------------------------------


def test_each_item_gets_a_card(office: MemoryOffice) -> None:
    """Its actions are lines of a checklist, with people and days; it links back to the workbook."""
    answer = office.do("push")

    assert (answer.outcome, answer.message.code, answer.data["made"]) == (Outcome.DONE, "push.done", 2)
    assert cards_of(office) == ["ЗРН-1 · Лендинг", "ЗРН-2 · Баннер"]
    card = office.card(1)
    assert [(line.text, line.assignee_id, line.due_on) for line in card.steps] == [
        ("Дизайн — Анна Белова", "11", date(2026, 11, 24)),
        ("Тексты — Борис Ким", "12", date(2026, 11, 25)),
        ("Разработка — Вера Орлова", "13", date(2026, 11, 30)),
    ]
    assert (card.due_on, card.assignee_id) == (date(2026, 11, 30), "11")
    assert office.tracker.links(card.card_id) == [office.workbooks.url(office.client_id)]
    assert office.tracker.made_as(card.card_id).estimate_hours == 33.0


def test_rows_link_to_their_cards(office: MemoryOffice) -> None:
    """Each row of an item to the one card."""
    office.do("push")

    tab = office.tab("in_progress")
    links = {tab.cell(one, "id").text: tab.cell(one, "card").formula for one in tab.rows if one.number}
    assert links == {
        code: f'=HYPERLINK("{office.card(number).url}";"Открыть")'
        for number, code in ((1, "ЗРН-1"), (2, "ЗРН-2"))
    }


def test_card_is_known_by_its_id(office: MemoryOffice) -> None:
    """So that a webhook finds its item; nothing is left to be done."""
    office.do("push")

    owner = card_owner_from_document(
        stored_document(office.store, *card_key("kaiten", office.card(2).card_id))
    )
    assert owner is not None
    assert (owner.spreadsheet_id, owner.number) == (office.client_id, 2)
    assert [item.is_card_wanted for item in office.items().values()] == [False, False]
    assert (office.store.keys(OUTBOX), office.store.keys(LEASE)) == ([], [])


def test_second_push_makes_nothing() -> None:
    """The tracker is not even asked, and the sheet is not written."""
    office = pushed_office()
    office.tracker.calls.clear()
    office.workbooks.calls.clear()

    answer = office.do("push")

    assert (answer.outcome, answer.message.code) == (Outcome.DONE, "push.nothing_new")
    assert (office.tracker.calls, office.workbooks.calls) == ({}, {"read": 1})


def test_new_item_gets_a_card_beside_the_old_ones() -> None:
    """Only it."""
    office = pushed_office()
    office.start({"task": "Статья", "work_type": "Статья"})

    answer = office.do("push")

    assert answer.data["made"] == 1
    assert cards_of(office) == ["ЗРН-1 · Лендинг", "ЗРН-2 · Баннер", "ЗРН-3 · Статья"]


def test_card_is_found_by_our_key(office: MemoryOffice) -> None:
    """One that an earlier try made and nobody noted is taken, not made again."""
    office.do("push")
    known = office.card(1).card_id
    office.change_item(1, card_id="")

    office.do("push")

    assert len(office.tracker.cards) == 2
    assert office.card(1).card_id == known


# --- What is refused ---------------------------------------------------------------------------------


def test_nothing_is_in_progress() -> None:
    """The sentence says what to do first."""
    office = client_office()

    with pytest.raises(UserError) as refused:
        office.do("push")

    assert refused.value.code == "push.nothing"


def test_item_whose_row_is_gone_waits(office: MemoryOffice) -> None:
    """A card tells of all actions of its item: the others are made, and this one is named."""
    delete_row(office, "ЗРН-1")

    answer = office.do("push")

    assert answer.outcome is Outcome.PARTIAL
    assert [one.code for one in answer.details] == ["heal.lost"]
    assert cards_of(office) == ["ЗРН-2 · Баннер"]


def test_all_rows_are_gone(office: MemoryOffice) -> None:
    """The manager hears that rows are missing, not that there is nothing to do."""
    for code in ("ЗРН-1", "ЗРН-1", "ЗРН-1", "ЗРН-2"):
        delete_row(office, code)

    with pytest.raises(UserError) as refused:
        office.do("push")

    assert refused.value.code == "heal.lost"
    assert cards_of(office) == []


def test_tracker_that_refuses_the_first_card(office: MemoryOffice) -> None:
    """Nothing is written into the sheet; the cards stay wanted."""

    def refuse() -> None:
        raise FatalServiceError("tracker.forbidden", service="Трекер", status=403)

    office.tracker.before("create_card", refuse)
    office.workbooks.calls.clear()

    with pytest.raises(FatalServiceError):
        office.do("push")

    assert office.workbooks.calls == {"read": 1}
    assert all(item.is_card_wanted for item in office.items().values())
    assert office.store.keys(OUTBOX) == [push_wish(office.client_id).name]


# --- The tracker in the middle -----------------------------------------------------------------------


def test_that_cards_are_wanted_is_kept_first(office: MemoryOffice) -> None:
    """Before anything is asked of the tracker, so that a death at any moment leaves a trace."""
    seen: list[bool] = []

    def look() -> None:
        seen.extend(item.is_card_wanted for item in office.items().values())
        assert office.store.keys(OUTBOX) == [push_wish(office.client_id).name]

    office.tracker.before("find_cards", look)
    office.do("push")

    assert seen == [True, True]


def test_answer_of_a_creation_is_lost(office: MemoryOffice) -> None:
    """The card is there: the next push finds it by our key, and makes the other one."""
    office.tracker.after("create_card", no_answer("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("push")
    assert cards_of(office) == ["ЗРН-1 · Лендинг"]
    assert office.items()[1].card_lost_at == office.clock.now()

    answer = office.do("push")

    assert answer.data["made"] == 2
    assert cards_of(office) == ["ЗРН-1 · Лендинг", "ЗРН-2 · Баннер"]
    assert len(office.card(1).steps) == 3


def test_busy_tracker_has_made_nothing(office: MemoryOffice) -> None:
    """After 429 no card can appear later, and nobody has to look for one."""
    office.tracker.before("create_card", busy("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("push")

    assert office.items()[1].card_lost_at is None


def test_card_that_appears_late(office: MemoryOffice) -> None:
    """A second click made another one; the timer finds the late card and removes it, after its time."""
    office.tracker.delay_next_creation()
    with pytest.raises(RetriableServiceError):
        office.do("push")
    office.do("push")
    kept = office.card(1).card_id
    office.tracker.carry_out_delayed()
    assert len(office.tracker.cards) == 3

    office.do("push")
    assert len(office.tracker.cards) == 3  # it is too early: another one may still be on its way
    assert office.items()[1].card_lost_at is not None
    office.clock.advance(minutes=3)
    office.do("push")

    assert (office.card(1).card_id, len(office.tracker.cards)) == (kept, 2)
    assert office.items()[1].card_lost_at is None
    assert office.store.keys(OUTBOX) == []


def test_late_card_of_a_process_that_died(office: MemoryOffice) -> None:
    """It has noted before that a creation may be under way, so that the next push looks for its card."""
    office.tracker.delay_next_creation()
    with pytest.raises(RetriableServiceError):
        office.do("push")
    assert office.items()[1].card_lost_at is not None
    office.do("push")
    kept = office.card(1).card_id
    office.tracker.carry_out_delayed()
    assert len(office.tracker.cards) == 3
    office.clock.advance(minutes=3)

    office.do("push")

    assert (office.card(1).card_id, len(office.tracker.cards)) == (kept, 2)
    assert office.store.keys(OUTBOX) == []


def test_late_card_that_somebody_works_on(office: MemoryOffice) -> None:
    """It stays, and the check names it; work is never thrown away."""
    office.tracker.delay_next_creation()
    with pytest.raises(RetriableServiceError):
        office.do("push")
    office.do("push")
    [late] = office.tracker.carry_out_delayed()
    office.tracker.log_hours(late, "11", 1.0)
    office.clock.advance(minutes=3)

    office.do("push")

    assert office.tracker.get_card("", late) is not None
    assert office.items()[1].card_lost_at is None


def test_older_twin_of_another_process(office: MemoryOffice) -> None:
    """Both made a card at once: the younger one goes, by the hand of whoever made it."""
    twin: list[str] = []

    def make_twin() -> None:
        item = office.items()[1]
        board = next(iter(office.tracker.save().boards.values()))
        card = NewCard(
            external_id=item.external_id,
            board_id=board.board_id,
            stage_id=board.stages[0].stage_id,
            title="ЗРН-1 · Лендинг",
            facts=(),
            due_on=None,
            estimate_hours=0.0,
            assignee_id=None,
            steps=(),
            links=(),
        )
        twin.append(office.tracker.create_card(card))

    office.tracker.before("create_card", make_twin)

    office.do("push")

    assert cards_of(office) == ["ЗРН-1 · Лендинг", "ЗРН-2 · Баннер"]
    assert office.card(1).card_id == twin[0]
    assert len(office.card(1).steps) == 3


def test_tracker_fails_half_way(office: MemoryOffice) -> None:
    """What was made is linked, the manager is told how many are left, and the rest stays wanted."""
    office.tracker.after("complete_card", lambda: office.tracker.before("create_card", busy("Трекер")))

    answer = office.do("push")

    assert (answer.outcome, answer.message.code) == (Outcome.PARTIAL, "push.partial")
    assert (answer.data["made"], answer.data["left"]) == (1, 1)
    assert [bool(link) for (_, link) in office.table("in_progress", "id", "card")] == [
        True,
        True,
        True,
        False,
    ]
    assert [item.is_card_wanted for item in office.items().values()] == [False, True]
    assert office.store.keys(OUTBOX) == [push_wish(office.client_id).name]


def test_card_without_its_steps(office: MemoryOffice) -> None:
    """It is known and stays wanted until it is complete; the next push completes it."""
    office.tracker.before("complete_card", no_answer("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("push")
    item = office.items()[1]
    assert (bool(item.card_id), item.is_card_wanted) == (True, True)

    office.do("push")

    assert len(office.card(1).steps) == 3
    assert len(office.tracker.cards) == 2
    assert not office.items()[1].is_card_wanted


def test_incomplete_card_that_was_deleted(office: MemoryOffice) -> None:
    """Somebody deleted the card before it had its checklist: the next push makes another one."""
    office.tracker.before("complete_card", no_answer("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("push")
    deleted_id = office.items()[1].card_id
    office.tracker.remove_card(deleted_id)

    office.do("push")

    assert sorted(cards_of(office)) == ["ЗРН-1 · Лендинг", "ЗРН-2 · Баннер"]
    assert len(office.card(1).steps) == 3
    assert stored_document(office.store, *card_key("kaiten", deleted_id)) is None
    assert stored_document(office.store, *card_key("kaiten", office.card(1).card_id)) is not None


def test_incomplete_card_that_was_moved_to_another_board(office: MemoryOffice) -> None:
    """The search on the board does not find it, but it is there: it is completed."""
    office.tracker.before("complete_card", no_answer("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("push")
    card_id = office.items()[1].card_id
    office.tracker.change(card_id, board_id="other")

    office.do("push")

    assert (office.card(1).card_id, len(office.card(1).steps)) == (card_id, 3)
    assert len(office.tracker.cards) == 2


def test_undo_removed_the_card_and_was_refused(office: MemoryOffice) -> None:
    """The timer has nothing more to look for then, and makes no card."""
    office.tracker.after("complete_card", no_answer("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("push")
    title = office.tab("in_progress").title
    column = {"type": "insert_columns", "sheet": title, "at": "A", "count": 1}
    office.workbooks.before("batch_update", lambda: office.edit(column))
    with pytest.raises(UserError):
        office.do("undo")
    assert office.tracker.cards == []
    assert office.items()[1].card_lost_at is not None
    office.clock.advance(minutes=3)
    [name] = office.store.keys(OUTBOX)
    wish = stored_document(office.store, OUTBOX, name)
    assert wish is not None

    office.run_job({**wish.data["body"], "wish": name})

    assert office.items()[1].card_lost_at is None
    assert not office.items()[1].card_id


# --- Others in the middle ----------------------------------------------------------------------------


def overtake(office: MemoryOffice, action: str) -> None:
    """Our lease runs out in a slow call, and somebody else does something meanwhile."""
    office.clock.advance(seconds=91)
    office.do(action)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_another_push_comes_between(office: MemoryOffice, moment: str) -> None:
    """Whether our card is there by then or not: in the end there is one, and the slow run writes nothing."""
    interrupt = getattr(office.tracker, moment)
    interrupt("create_card", lambda: overtake(office, "push"))

    with pytest.raises(BusyError):
        office.do("push")

    assert sorted(cards_of(office)) == ["ЗРН-1 · Лендинг", "ЗРН-2 · Баннер"]
    assert office.do("push").message.code == "push.nothing_new"
    assert all(item.card_id and not item.is_card_wanted for item in office.items().values())


@pytest.mark.parametrize("moment", ["before", "after"])
def test_undo_comes_between(office: MemoryOffice, moment: str) -> None:
    """The items were taken back while their card was made: no card is left of them."""
    interrupt = getattr(office.tracker, moment)
    interrupt("create_card", lambda: overtake(office, "undo"))

    with pytest.raises(BusyError):
        office.do("push")

    assert (office.items(), office.tracker.cards) == ({}, [])
    assert office.table("in_progress", "id") == []


def test_lease_taken_over_before_the_links(office: MemoryOffice) -> None:
    """The cards are known, and the sheet is left to whoever holds it now."""

    def take_over() -> None:
        office.clock.advance(seconds=91)
        office.new_run().take(office.client_id)

    # After the second card was kept.
    office.tracker.after("complete_card", lambda: office.tracker.after("complete_card", take_over))
    office.workbooks.calls.clear()

    with pytest.raises(BusyError):
        office.do("push")

    assert office.workbooks.calls == {"read": 1}
    assert all(item.card_id for item in office.items().values())


def test_rows_sorted_before_the_links(office: MemoryOffice) -> None:
    """The sheet is read once more, and each row links to its own card; no card is made twice."""
    tab = office.tab("in_progress")
    first = tab.header_index + 2
    letter = tab.address(tab.rows[0], "hours").rstrip("0123456789")
    last = tab.address(tab.rows[0], list(tab.columns)[-1]).rstrip("0123456789")
    sort = {"type": "sort", "sheet": tab.title, "range": f"A{first}:{last}{first + 3}", "column": letter}
    office.workbooks.before("batch_update", lambda: office.edit({**sort, "order": "DESCENDING"}))

    office.do("push")

    now = office.tab("in_progress")
    rows = [one for one in now.rows if now.cell(one, "id").text]
    assert [now.cell(one, "hours").value for one in rows] == [20.0, 9.0, 4.0, 3.0]
    for one in rows:
        number = int(now.cell(one, "id").text.rpartition("-")[2])
        assert office.card(number).url in (now.cell(one, "card").formula or "")
    assert len(office.tracker.cards) == 2


def test_answer_of_the_links_is_lost(office: MemoryOffice) -> None:
    """They stand in the sheet; the next push finds nothing to do and the cards are complete."""
    office.workbooks.after("batch_update", no_answer())
    with pytest.raises(RetriableServiceError):
        office.do("push")

    answer = office.do("push")

    assert len(office.tracker.cards) == 2
    assert answer.outcome is Outcome.DONE
    entries = stored_document(office.store, UNDO, office.client_id).data["entries"]  # type: ignore[union-attr]
    assert entries[-1]["action"] == "push"


def test_item_changed_while_cards_are_made(office: MemoryOffice) -> None:
    """What a webhook told of another item survives the commits of the push."""
    office.tracker.before("create_card", lambda: office.change_item(2, finished_on=date(2026, 11, 23)))

    office.do("push")

    items = office.items()
    assert items[2].finished_on == date(2026, 11, 23)
    assert all(item.card_id for item in items.values())


def test_card_that_another_process_noted(office: MemoryOffice) -> None:
    """The item has its card by then: ours is removed, and theirs stays."""
    office.tracker.after("find_twins", lambda: office.change_item(1, card_id="other"))

    with pytest.raises(BusyError):
        office.do("push")

    assert office.tracker.cards == []
    assert office.items()[1].card_id == "other"


def test_timer_comes_after_its_time(office: MemoryOffice) -> None:
    """The wish is due two minutes later, not at once: the click itself makes the cards."""
    office.tracker.before("find_cards", no_answer("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("push")

    wish = stored_document(office.store, OUTBOX, push_wish(office.client_id).name)

    assert wish is not None
    assert wish.data["due_at"] == (office.clock.now() + timedelta(minutes=2)).isoformat()
    assert office.queue.waiting == []
