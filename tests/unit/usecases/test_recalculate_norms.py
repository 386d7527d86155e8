"""*Пересчитать нормы*: what finished work teaches, and norms of people that stay theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.memory_office import MemoryOffice, agency_office, pushed_office
from tests.harness.stored import stored_document
from vitrina.errors import BusyError, CellsError, RetriableServiceError, UnknownWorkbookError, UserError
from vitrina.operations.answer import Outcome
from vitrina.operations.run import LEASE
from vitrina.records.norms import KeptNorms, norms_key, tracked_norms

HOURS = ("work_type", "profile", "hours_per_unit", "fact_count")


@pytest.fixture
def office() -> MemoryOffice:
    """An agency whose norms were learned from its history; a client has two items with cards."""
    return pushed_office()


def norms(office: MemoryOffice) -> dict[tuple[str, str], tuple[float, float]]:
    """Hours and count of facts of each row of the tab."""
    rows = office.table("norms", *HOURS, spreadsheet_id=office.agency_id)
    return {(work_type, profile): (hours, facts) for work_type, profile, hours, facts in rows}


def kept(office: MemoryOffice) -> KeptNorms:
    """The norms as the store has them."""
    document = stored_document(office.store, *norms_key(office.agency_id))
    return tracked_norms(office.store, document, office.agency_id).value


def place(office: MemoryOffice, work_type: str) -> int:
    """Place of the row of a kind of work, the first below the header being 0."""
    tab = office.tab("norms", office.agency_id)
    row = next(one for one in tab.rows if tab.cell(one, "work_type").text == work_type)
    return row.index - tab.header_index - 1


def finish_banner(office: MemoryOffice, hours: float) -> None:
    """The banner of the client is done, and it took so long."""
    card_id = office.card(2).card_id
    office.tracker.log_hours(card_id, "11", hours)
    office.tracker.move(card_id, -1)
    office.do("refresh")


# --- The main way ------------------------------------------------------------------------------------


def test_norms_are_shown_with_their_facts(office: MemoryOffice) -> None:
    """A row for each kind of work and profile that was ever finished."""
    assert norms(office) == {
        ("Баннер", "Дизайн"): (3.0, 3.0),
        ("Лендинг", "Дизайн"): (9.0, 2.0),
        ("Лендинг", "Разработка"): (20.0, 2.0),
        ("Лендинг", "Тексты"): (4.0, 2.0),
        ("Статья", "Тексты"): (6.0, 2.0),
    }


def test_finished_item_is_a_fact(office: MemoryOffice) -> None:
    """It took longer than the norm, which follows."""
    finish_banner(office, 5.0)

    answer = office.do("recalculate_norms")

    assert (answer.outcome, answer.message.code, answer.data["facts"]) == (Outcome.DONE, "norms.done", 12)
    hours, facts = norms(office)["Баннер", "Дизайн"]
    assert facts == 4
    assert 3.0 < hours < 5.0


def test_estimates_use_what_was_learned(office: MemoryOffice) -> None:
    """From the next click on."""
    finish_banner(office, 9.0)
    office.do("recalculate_norms")
    office.fill_backlog({"task": "Ещё баннер", "work_type": "Баннер"})

    office.do("estimate")

    [(hours,)] = office.table("backlog", "hours.design")
    assert hours > 3.0


def test_second_recalculation_writes_nothing(office: MemoryOffice) -> None:
    """Where nothing was finished since the workbook is only read."""
    office.workbooks.calls.clear()

    office.do("recalculate_norms")

    assert office.workbooks.calls == {"read": 1}
    assert office.store.keys(LEASE) == []


def test_norm_by_hand_wins(office: MemoryOffice) -> None:
    """Facts and difference stand beside it."""
    office.type("norms", place(office, "Баннер"), office.agency_id, pinned_hours="6")

    answer = office.do("recalculate_norms")

    assert [one.code for one in answer.details] == ["norms.pinned"]
    assert norms(office)["Баннер", "Дизайн"][0] == 3.0
    [row] = [
        row
        for row in office.table("norms", "work_type", "difference", spreadsheet_id=office.agency_id)
        if row[0] == "Баннер"
    ]
    assert row[1] == 1.0  # 6 is twice 3
    office.fill_backlog({"task": "Ещё баннер", "work_type": "Баннер"})
    office.do("estimate")
    assert office.table("backlog", "hours.design") == [(6.0,)]


def test_figure_typed_over_ours_is_a_norm_by_hand(office: MemoryOffice) -> None:
    """It is known from what we wrote there, and stays when facts change."""
    office.type("norms", place(office, "Баннер"), office.agency_id, hours_per_unit="7")
    office.do("recalculate_norms")
    finish_banner(office, 5.0)

    office.do("recalculate_norms")

    assert norms(office)["Баннер", "Дизайн"] == (7.0, 4.0)


def test_starting_norms_where_nothing_is_finished() -> None:
    """The agency asked for them in its settings; they say that they are a guess."""
    office = MemoryOffice()
    office.set_up_agency(facts={}, settings={"starting_norms": "да"})

    answer = office.do("recalculate_norms")

    assert answer.data["facts"] == 0
    assert [one.code for one in answer.details] == ["norms.guessed"]


# --- What is refused ---------------------------------------------------------------------------------


def test_nothing_to_learn_from() -> None:
    """The sentence says what can be done instead; nothing is written."""
    office = MemoryOffice()
    office.set_up_agency(facts={})
    office.workbooks.calls.clear()

    with pytest.raises(UserError) as refused:
        office.do("recalculate_norms")

    assert refused.value.code == "norms.no_history"
    assert office.workbooks.calls == {"read": 1}


def test_types_that_every_client_may_see(office: MemoryOffice) -> None:
    """Imported ones and those that staff typed in the tab; none that only a client's workbook has."""
    office.start({"task": "Тайна", "work_type": "Слово клиента", "hours_design": "5"}, is_pushed=True)
    [number] = [number for number, item in office.items().items() if item.task == "Тайна"]
    card_id = office.card(number).card_id
    office.tracker.log_hours(card_id, "11", 5.0)
    office.tracker.move(card_id, -1)
    office.do("refresh")
    free = len(office.table("norms", "work_type", spreadsheet_id=office.agency_id))
    office.type("norms", free, office.agency_id, work_type="Аудит", profile="Дизайн", pinned_hours="7")
    office.type("norms", free + 1, office.agency_id, work_type="Логотип", profile="Дизайн")

    for _ in range(2):
        office.do("recalculate_norms")

        assert ("Слово клиента", "Дизайн") in norms(office)
        assert kept(office).own_types == ("Аудит", "Баннер", "Лендинг", "Логотип", "Статья")


def test_norm_of_zero_hours_is_named(office: MemoryOffice) -> None:
    """Nobody works for nothing; the norms stay as they were."""
    office.type("norms", place(office, "Баннер"), office.agency_id, pinned_hours="0")
    before = kept(office)

    with pytest.raises(CellsError) as refused:
        office.do("recalculate_norms")

    assert [one.code for one in refused.value.problems] == ["cell.norm_zero"]
    assert kept(office) == before


def test_workbook_of_a_client_is_no_agency(office: MemoryOffice) -> None:
    """There are no norms in it."""
    with pytest.raises(UnknownWorkbookError):
        office.do("recalculate_norms", office.client_id)


# --- In the middle -----------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before", "after"])
def test_answer_of_the_write_is_lost(office: MemoryOffice, moment: str) -> None:
    """Whether it was carried out or not: the figure that stands there is not taken for a person's."""
    finish_banner(office, 5.0)
    getattr(office.workbooks, moment)("batch_update", no_answer())
    with pytest.raises(RetriableServiceError):
        office.do("recalculate_norms")
    [either] = [figures for cell, figures in kept(office).shown.items() if cell.work_type == "баннер"]
    assert len(set(either)) == 2

    office.do("recalculate_norms")

    assert norms(office)["Баннер", "Дизайн"][1] == 4
    [shown] = [figures for cell, figures in kept(office).shown.items() if cell.work_type == "баннер"]
    assert shown == (norms(office)["Баннер", "Дизайн"][0],)


def test_rows_sorted_before_the_write(office: MemoryOffice) -> None:
    """Rows of norms have no marks: the write is refused, and each figure goes to its own kind of work."""
    finish_banner(office, 9.0)
    tab = office.tab("norms", office.agency_id)
    first = tab.header_index + 2
    sort = {"type": "sort", "sheet": tab.title, "range": f"A{first}:M{first + 4}", "column": "F"}

    def reorder() -> None:
        office.edit({**sort, "order": "DESCENDING"}, spreadsheet_id=office.agency_id)

    before = norms(office)
    office.workbooks.before("batch_update", reorder)

    office.do("recalculate_norms")

    after = norms(office)
    assert after.keys() == before.keys()
    assert after["Баннер", "Дизайн"][0] > 3.0
    assert after["Статья", "Тексты"][0] == pytest.approx(6.0, rel=0.05)


def test_lease_taken_over_before_the_write(office: MemoryOffice) -> None:
    """A slow recalculation writes nothing over what a later one has learned."""
    finish_banner(office, 5.0)
    before = norms(office)

    def take_over() -> None:
        office.clock.advance(seconds=91)
        office.new_run().take(office.agency_id)

    office.workbooks.after("read", take_over)
    with pytest.raises(BusyError):
        office.do("recalculate_norms")

    assert norms(office) == before


def test_google_is_busy(office: MemoryOffice) -> None:
    """Both figures are the add-on's; a figure that a person types meanwhile is his."""
    finish_banner(office, 5.0)
    office.workbooks.before("batch_update", busy())
    with pytest.raises(RetriableServiceError):
        office.do("recalculate_norms")
    office.type("norms", place(office, "Баннер"), office.agency_id, hours_per_unit="8")

    office.do("recalculate_norms")

    assert norms(office)["Баннер", "Дизайн"][0] == 8.0


def test_agency_that_never_had_a_client() -> None:
    """Its norms come from imported history alone."""
    office = agency_office()

    assert office.do("recalculate_norms").data["facts"] == 11


def test_speed_is_shown_of_finished_items(office: MemoryOffice) -> None:
    """From the day on which they left the backlog, and written where it differs."""
    taken_on = office.clock.now().date()
    office.clock.set(office.clock.now() + timedelta(days=1))
    finish_banner(office, 5.0)

    office.do("recalculate_norms")
    columns = ("grouping", "name", "count", "lead_median")
    seen = office.table("speed", *columns, spreadsheet_id=office.agency_id)
    before = office.workbooks.calls["batch_update"]
    office.do("recalculate_norms")

    assert office.items()[2].taken_on == taken_on
    # Taken on Monday and done on Tuesday.
    assert seen == [
        ("месяц", "11.2026", 1, 2),
        ("клиент", "Заря — Сайт", 1, 2),
        ("вид работ", "Баннер", 1, 2),
    ]
    assert office.workbooks.calls["batch_update"] == before
