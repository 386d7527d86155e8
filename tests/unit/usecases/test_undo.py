"""*Отменить последнее действие*: what still stands as the action left it goes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.harness.fakes.interruptions import Killed, busy, die, no_answer
from tests.harness.memory_office import MemoryOffice, client_office, pushed_office, started_office
from tests.harness.stored import stored_document, tracked_state
from vitrina.errors import BusyError, ChangedMeanwhileError, RetriableServiceError, UserError
from vitrina.operations.answer import Outcome
from vitrina.operations.outbox import OUTBOX
from vitrina.operations.run import LEASE
from vitrina.ports import Json
from vitrina.records.books import load_project
from vitrina.records.undo import UNDO

BANNER = {"task": "Баннер", "work_type": "Баннер"}
LANDING = {"task": "Лендинг", "work_type": "Лендинг"}


def cells(office: MemoryOffice) -> dict[str, Any]:
    """Everything that stands in the tabs, but the moment of the last write."""
    book = office.book()
    mark = book.fields["refreshed_at"]
    found: dict[str, Any] = {}
    for key, tab in book.tabs.items():
        for row in tab.rows:
            for column, cell in enumerate(row.cells):
                is_mark = (key, row.index, column) == ("client", mark.row_index, mark.column_index)
                if not cell.is_empty and not is_mark:
                    found[f"{key}!{row.index}:{column}"] = (cell.value, cell.formula, cell.note)
    return found


def with_ids(before: dict[str, Any], *codes: str) -> dict[str, Any]:
    """The same cells with the numbers that the rows of the backlog keep, from the top."""
    return before | {f"backlog!{row}:0": (code, None, "") for row, code in enumerate(codes, start=1)}


def entries(office: MemoryOffice) -> list[str]:
    """Actions that can be undone, the newest last."""
    document = stored_document(office.store, UNDO, office.client_id)
    return [one["action"] for one in document.data["entries"]] if document else []


# --- The main way ------------------------------------------------------------------------------------


def test_estimate_goes_back() -> None:
    """Cell for cell, but the rows keep their numbers; the figures that the store has go as well."""
    office = client_office()
    office.fill_backlog(BANNER, LANDING)
    before = cells(office)
    office.do("estimate")

    answer = office.do("undo")

    assert (answer.outcome, answer.message.code, answer.data["action"]) == (
        Outcome.DONE,
        "undo.done",
        "estimate",
    )
    assert cells(office) == with_ids(before, "ЗРН-1", "ЗРН-2")
    assert tracked_state(office.store, office.client_id).value.figures == {}
    assert office.store.keys("undo_record") == []


def test_number_stays_with_its_row_and_is_never_given_again() -> None:
    """After an undo rows are added, moved and deleted: the next estimate numbers new rows only."""
    office = client_office()
    office.fill_backlog(BANNER, LANDING, {"task": "Статья", "work_type": "Статья"})
    office.do("estimate")
    office.do("undo")
    sheet = office.tab("backlog").title
    office.edit(
        {"type": "delete_rows", "sheet": sheet, "at": 4, "count": 1},
        {"type": "insert_rows", "sheet": sheet, "at": 2, "count": 1},
    )
    office.type("backlog", 0, task="Новая", work_type="Баннер")
    before = cells(office)

    answer = office.do("estimate")
    office.do("undo")

    assert not [one for one in answer.details if one.code.startswith("heal.")]
    assert cells(office) == with_ids(before, "ЗРН-4", "ЗРН-1", "ЗРН-2")
    assert load_project(office.store, office.client_id).last_number == 4


def test_start_of_rows_without_numbers_gives_them_for_good() -> None:
    """Hours were typed and nobody estimated: the rows come back with the numbers that the start gave them."""
    office = client_office()
    office.fill_backlog({"task": "Баннер", "hours_design": "2"}, {"task": "Форма", "hours_design": "3"})
    office.do("start_batch", preview_id=office.do("build_batch").data["preview_id"])
    started = {item.task: item.number for item in office.items().values()}
    office.do("undo")

    office.do("estimate")

    assert dict(office.table("backlog", "task", "id")) == {
        task: f"ЗРН-{number}" for task, number in started.items()
    }


def test_second_estimate_goes_back_to_the_first() -> None:
    """Figures of the first one are the add-on's again, so that a third one replaces them."""
    office = client_office()
    office.fill_backlog(LANDING)
    office.do("estimate")
    before = cells(office)
    office.type("backlog", 0, work_type="Баннер")
    office.do("estimate")
    office.do("undo")
    office.type("backlog", 0, work_type="Лендинг")
    assert cells(office) == before

    office.type("backlog", 0, work_type="Статья")
    office.do("estimate")

    assert office.table("backlog", "hours.design", "hours_total") == []
    assert office.table("backlog", "hours.copy", "hours_total") == [(6.0, 6.0)]


def test_nothing_goes_back_into_a_row_that_was_cut() -> None:
    """A person pasted the row below, where its ID stands now; the mark is still at the old place."""
    office = client_office()
    office.fill_backlog(LANDING)
    office.do("estimate")
    office.type("backlog", 0, work_type="Статья")
    office.do("estimate")
    tab = office.tab("backlog")
    first = tab.header_index + 2
    office.edit(
        {"type": "cut_paste", "sheet": tab.title, "from": f"A{first}:P{first}", "to": f"A{first + 3}"}
    )

    office.do("undo")

    row = next(one for one in office.tab("backlog").rows if one.index == first - 1)
    assert all(cell.is_empty for cell in row.cells)


def test_start_goes_back() -> None:
    """Rows stand in the backlog where they stood, and people's hours are free."""
    office = client_office()
    office.fill_backlog(BANNER, {"task": "Неясная"}, LANDING)
    office.do("estimate")
    preview_id = office.do("build_batch").data["preview_id"]
    before = cells(office)
    office.do("start_batch", preview_id=preview_id)

    office.do("undo")

    assert cells(office) == before
    assert office.items() == {}
    assert office.do("start_batch", preview_id=preview_id).outcome is Outcome.DONE


def test_push_goes_back() -> None:
    """Links and cards go; the items stay in progress, and the next push makes their cards anew."""
    office = started_office()
    before = cells(office)
    office.do("push")

    office.do("undo")

    assert cells(office) == before
    assert office.tracker.cards == []
    assert [item.card_id for item in office.items().values()] == ["", ""]
    assert office.store.keys("card") == []
    assert office.do("push").data["made"] == 2


def test_several_go_back_one_after_the_other() -> None:
    """Down to an empty list; then there is nothing to undo."""
    office = client_office()
    office.fill_backlog(BANNER)
    before = cells(office)
    office.do("estimate")
    office.do("start_batch", preview_id=office.do("build_batch").data["preview_id"])
    office.do("push")
    assert entries(office) == ["estimate", "start_batch", "push"]

    undone = [office.do("undo").data["action"] for _ in range(3)]

    assert undone == ["push", "start_batch", "estimate"]
    assert cells(office) == with_ids(before, "ЗРН-1")
    with pytest.raises(UserError):
        office.do("undo")


def test_numbers_are_not_given_again() -> None:
    """A number that stood in the sheet for a while is used up."""
    office = client_office()
    office.fill_backlog(BANNER)
    office.do("estimate")
    office.do("undo")

    assert load_project(office.store, office.client_id).last_number == 1


# --- What is left ------------------------------------------------------------------------------------


def test_nothing_was_ever_done() -> None:
    """The sentence says so."""
    with pytest.raises(UserError) as refused:
        client_office().do("undo")

    assert refused.value.code == "undo.nothing"


def test_cell_that_a_person_changed_stays() -> None:
    """It is named; the others go back."""
    office = client_office()
    office.fill_backlog(LANDING)
    office.do("estimate")
    office.type("backlog", 0, hours_design="7")

    answer = office.do("undo")

    assert (answer.outcome, [one.code for one in answer.details]) == (Outcome.PARTIAL, ["undo.cells_left"])
    assert office.table("backlog", "task", "hours.design", "hours.copy") == [("Лендинг", 7.0, None)]


def test_card_that_somebody_has_begun_stays() -> None:
    """Its item stays in progress and is named; the other card goes."""
    office = pushed_office()
    office.tracker.log_hours(office.card(1).card_id, "11", 1.0)

    answer = office.do("undo")

    assert answer.outcome is Outcome.PARTIAL
    assert [(one.code, one.where["items"]) for one in answer.details] == [("undo.begun", ["ЗРН-1"])]
    assert [card.title for card in office.tracker.cards] == ["ЗРН-1 · Лендинг"]
    items = office.items()
    assert (bool(items[1].card_id), items[2].card_id) == (True, "")


@pytest.mark.parametrize("act", ["move", "tick", "comment", "archive", "rename"])
def test_any_touch_of_a_person_keeps_the_card(act: str) -> None:
    """Whatever he did with it."""
    office = pushed_office()
    card_id = office.card(2).card_id
    acts = {
        "move": lambda: office.tracker.move(card_id, 1),
        "tick": lambda: office.tracker.tick(card_id),
        "comment": lambda: office.tracker.change(card_id, comment_count=1),
        "archive": lambda: office.tracker.change(card_id, is_archived=True),
        "rename": lambda: office.tracker.change(card_id, title="Другое"),
    }
    acts[act]()

    office.do("undo")

    assert office.tracker.get_card("", card_id) is not None


def test_start_whose_item_has_a_card() -> None:
    """A card made after the start, by another push, keeps its item in progress."""
    office = pushed_office()
    office.do("undo")
    office.do("push")
    office.tracker.move(office.card(2).card_id, 1)
    office.do("undo")

    answer = office.do("undo")

    assert answer.data["action"] == "start_batch"
    assert answer.outcome is Outcome.PARTIAL
    assert sorted(office.items()) == [2]
    assert office.table("in_progress", "id") == [("ЗРН-2",)]
    assert office.table("backlog", "id") == [("ЗРН-1",)]


# --- In the middle -----------------------------------------------------------------------------------


def test_action_whose_answer_was_lost_and_that_happened() -> None:
    """The sheet shows that it was carried out: it is the last action."""
    office = client_office()
    office.fill_backlog(BANNER)
    before = cells(office)
    office.workbooks.after("batch_update", no_answer())
    with pytest.raises(RetriableServiceError):
        office.do("estimate")

    assert office.do("undo").data["action"] == "estimate"

    assert cells(office) == with_ids(before, "ЗРН-1")


def test_action_whose_write_did_not_happen() -> None:
    """The sheet shows that as well: the action before it is the last."""
    office = client_office()
    office.fill_backlog(BANNER)
    office.do("estimate")
    before_start = cells(office)
    preview_id = office.do("build_batch").data["preview_id"]
    office.workbooks.before("batch_update", busy())
    with pytest.raises(RetriableServiceError):
        office.do("start_batch", preview_id=preview_id)
    assert cells(office) == before_start

    assert office.do("undo").data["action"] == "estimate"

    assert office.items() == {}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_answer_of_the_undo_is_lost(moment: str) -> None:
    """Whether it was carried out or not: the operation goes on with the same action, and no other."""
    office = client_office()
    office.fill_backlog(BANNER)
    office.do("estimate")
    before = cells(office)
    office.do("start_batch", preview_id=office.do("build_batch").data["preview_id"])
    getattr(office.workbooks, moment)("batch_update", no_answer())
    with pytest.raises(RetriableServiceError):
        office.do("undo", operation_id="click")

    answer = office.do("undo", operation_id="click")

    assert answer.data["action"] == "start_batch"
    assert entries(office) == ["estimate"]
    reasons = {place for place in before if cells(office).get(place) != before[place]}
    assert not reasons
    assert office.items() == {}


def test_process_that_died_after_the_cards() -> None:
    """The next delivery takes the rest back; cards that are gone need nothing."""
    office = pushed_office()
    office.workbooks.before("batch_update", die)
    with pytest.raises(Killed):
        office.do("undo", operation_id="click")
    assert office.tracker.cards == []
    office.clock.advance(seconds=91)

    answer = office.do("undo", operation_id="click")

    assert (answer.outcome, answer.data["action"]) == (Outcome.DONE, "push")
    assert office.table("in_progress", "id", "card") == [("ЗРН-1", None)] * 3 + [("ЗРН-2", None)]
    assert entries(office) == ["estimate", "start_batch"]


def test_process_that_died_after_an_incomplete_card() -> None:
    """The card is gone, and the store does not know it yet: the next delivery forgets it as well."""
    office = started_office()
    office.tracker.before("complete_card", no_answer("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("push")
    office.tracker.after("remove_card", die)
    with pytest.raises(Killed):
        office.do("undo", operation_id="click")
    assert (office.tracker.cards, bool(office.items()[1].card_id)) == ([], True)
    office.clock.advance(seconds=91)

    answer = office.do("undo", operation_id="click")

    assert (answer.outcome, answer.data["action"]) == (Outcome.DONE, "start_batch")
    assert office.items() == {}
    assert office.table("in_progress", "id") == []


def test_write_that_arrives_after_the_lease_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    """A push has taken the workbook over: Google refuses the write of the undo, whatever it would change."""
    office = started_office()
    late: list[Json] = []

    def hang(_: str, requests: Sequence[Json]) -> Json:
        late.extend(requests)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(office.workbooks, "batch_update", hang)
        with pytest.raises(Killed):
            office.do("undo", operation_id="click")
    office.clock.advance(seconds=91)
    refused: list[str] = []

    def arrive() -> None:
        try:
            office.workbooks.batch_update(office.client_id, late)
        except ChangedMeanwhileError as error:
            refused.append(error.code)

    office.tracker.before("create_card", arrive)

    office.do("push")

    assert refused == ["sheet.changed"]
    assert [bool(link) for _, link in office.table("in_progress", "id", "card")] == [True] * 4
    answer = office.do("undo", operation_id="click")
    assert (answer.outcome, answer.data["left"]) == (Outcome.PARTIAL, 2)
    assert sorted(office.items()) == [1, 2]
    assert len(office.table("in_progress", "id")) == 4


def test_action_clicked_before_the_second_delivery() -> None:
    """The operation goes on with the action that it began with, and leaves the newer one alone."""
    office = started_office()
    office.workbooks.after("batch_update", die)
    with pytest.raises(Killed):
        office.do("undo", operation_id="click")
    office.clock.advance(seconds=91)
    office.type("backlog", 0, work_type="Статья")
    office.do("estimate")

    answer = office.do("undo", operation_id="click")

    assert answer.data["action"] == "start_batch"
    assert office.table("backlog", "id", "hours_total") == [("ЗРН-1", 6.0), ("ЗРН-2", 3.0)]
    assert office.items() == {}


def test_row_typed_before_the_write() -> None:
    """The sheet is read once more, and what the person typed stays."""
    office = client_office()
    office.fill_backlog(LANDING)
    office.do("estimate")
    office.workbooks.before("batch_update", lambda: office.type("backlog", 0, hours_design="7"))

    answer = office.do("undo")

    assert answer.outcome is Outcome.PARTIAL
    assert office.table("backlog", "task", "hours.design", "hours.copy") == [("Лендинг", 7.0, None)]


def test_lease_taken_over_before_the_write() -> None:
    """Neither sheet nor list of actions is changed by the slow run."""
    office = started_office()
    before = cells(office)

    def take_over() -> None:
        office.clock.advance(seconds=91)
        office.new_run().take(office.client_id)

    office.workbooks.after("read", lambda: office.workbooks.after("read", take_over))

    with pytest.raises(BusyError):
        office.do("undo")

    assert cells(office) == before
    assert entries(office) == ["estimate", "start_batch"]
    assert sorted(office.items()) == [1, 2]


def test_tracker_that_does_not_answer() -> None:
    """The sheet is untouched: cards go first, so that no link leads nowhere."""
    office = pushed_office()
    before = cells(office)
    office.tracker.before("remove_card", no_answer("Трекер"))

    with pytest.raises(RetriableServiceError):
        office.do("undo")

    assert cells(office) == before
    assert office.do("undo").outcome is Outcome.DONE
    assert (office.tracker.cards, office.store.keys(LEASE)) == ([], [])


def test_item_changed_meanwhile_keeps_its_change() -> None:
    """What is told of another item while the undo runs survives it."""
    office = pushed_office()
    office.start({"task": "Статья", "work_type": "Статья"})
    office.workbooks.before("batch_update", lambda: office.change_item(1, is_done=True))

    office.do("undo")

    items = office.items()
    assert sorted(items) == [1, 2]
    assert items[1].is_done


def test_card_that_may_appear_late_is_wished_away() -> None:
    """Its creation was not answered: the timer looks for it when it can have appeared."""
    office = started_office()
    office.tracker.delay_next_creation()
    with pytest.raises(RetriableServiceError):
        office.do("push")
    office.do("push")
    office.do("undo", operation_id="first")
    office.do("undo", operation_id="second")

    orphans = [name for name in office.store.keys(OUTBOX) if name.startswith("orphans-")]
    assert orphans
    office.tracker.carry_out_delayed()
    office.clock.advance(minutes=3)
    for name in orphans:
        wish = stored_document(office.store, OUTBOX, name)
        assert wish is not None
        office.run_job({**wish.data["body"], "wish": name})

    assert office.tracker.cards == []
