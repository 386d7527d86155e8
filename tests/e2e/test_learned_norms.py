"""Norms and estimates through the menu: what people typed, what the facts say, what is promised."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness.office import NOW, Office
from tests.harness.stored import stored_history, stored_items, tracked_state
from vitrina.bootstrap import application
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.jobs.nightly import plan_nights
from vitrina.records.history import save_history
from vitrina.workbook.reading.book import Row


def agency_id(office: Office) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def recalculate(office: Office) -> Mapping[str, Any]:
    """A click on *Пересчитать нормы*."""
    return office.click(agency_id(office), "recalculate_norms")


def norm(office: Office, work_type: str, profile: str, *columns: str) -> tuple[Any, ...]:
    """Cells of the first row of *Нормы* for a work type and a profile."""
    lines = office.table("norms", "work_type", "profile", *columns, spreadsheet_id=agency_id(office))
    return next(line[2:] for line in lines if line[:2] == (work_type, profile))


def type_norm(office: Office, work_type: str, profile: str, **values: str) -> None:
    """Type into the row of a norm, or into the first free one."""
    tab = office.book(agency_id(office)).tab("norms")
    rows = [row for row in tab.rows if tab.cell(row, "work_type").text]
    known = [
        row.index
        for row in rows
        if (tab.cell(row, "work_type").text, tab.cell(row, "profile").text) == (work_type, profile)
    ]
    free = max((row.index for row in rows), default=tab.header_index) + 1
    cells = values if known else {"work_type": work_type, "profile": profile, **values}
    office.type("norms", known[0] if known else free, agency_id(office), **cells)


def told(answer: Mapping[str, Any], code: str) -> str:
    """What the sidebar says of the hours of an item."""
    [lines] = [one["lines"] for one in answer["data"]["sources"] if one["id"] == code]
    return "\n".join(lines)


def notes(office: Office) -> list[str]:
    """Notes of all cells below the header of the backlog."""
    return [cell.note for row in office.book().tab("backlog").rows for cell in row.cells if cell.note]


def remember(office: Office, works: Sequence[FinishedWork]) -> None:
    """History of the agency."""
    named = {f"test-{number}": work for number, work in enumerate(works)}
    save_history(office.services.store, agency_id(office), named)


def many_banners(count: int = 120, given: float | None = None) -> list[FinishedWork]:
    """Banners that take 2 to 4 h, a day apart, before today."""
    return [
        FinishedWork(
            "Плакат", "design", 2.0 + n % 5 / 2, 1.0, NOW.date() - timedelta(days=count - n), "", given
        )
        for n in range(count)
    ]


# --- By hand ---------------------------------------------------------------------------------------


def test_a_norm_by_hand_wins_and_shows_the_difference(office: Office) -> None:
    """The facts say 3 h, a person 4.5 h, half as much again; the estimate follows the person."""
    type_norm(office, "Баннер", "Дизайн", pinned_hours="4,5")

    answer = recalculate(office)

    assert any("заданных вручную" in line for line in answer["details"])
    columns = ("pinned_hours", "hours_per_unit", "difference", "source")
    assert norm(office, "Баннер", "Дизайн", *columns) == (4.5, 3.0, 0.5, "вручную")
    office.fill_backlog({"task": "Два баннера", "work_type": "Баннер", "quantity": "2"})
    answer = office.do("estimate")
    assert office.table("backlog", "id", "hours.design") == [("ЗРН-1", 9.0)]
    assert "задало агентство" in told(answer, "ЗРН-1")


def test_a_norm_typed_over_ours_stays(office: Office) -> None:
    """People who overlook the column for it type where the number is."""
    type_norm(office, "Баннер", "Дизайн", hours_per_unit="5")

    recalculate(office)
    recalculate(office)

    assert norm(office, "Баннер", "Дизайн", "hours_per_unit", "source") == (5.0, "вручную")


def test_an_agency_without_history_types_its_norms(empty_office: Office) -> None:
    """Before there is any fact."""
    empty_office.create_agency(history={})
    assert recalculate(empty_office)["outcome"] == "refused"
    type_norm(empty_office, "Аудит", "Дизайн", pinned_hours="7", unit="сайт")

    assert recalculate(empty_office)["outcome"] == "done"

    empty_office.create_client()
    empty_office.fill_backlog({"task": "Аудит сайта", "work_type": "аудит"})
    empty_office.do("estimate")
    assert empty_office.table("backlog", "id", "hours.design") == [("ЗРН-1", 7.0)]


def test_the_starting_table_is_taken_when_wanted_and_called_a_guess(empty_office: Office) -> None:
    """A setting; 1.5 h for a banner as a rule are 1.95 on average, which is 2 h in a cell."""
    empty_office.create_agency(history={})
    settings = empty_office.book(agency_id(empty_office)).tab("settings")
    place = next(row for row in settings.rows if settings.cell(row, "key").text == "starting_norms")
    empty_office.type("settings", place.index, agency_id(empty_office), value="да")

    answer = recalculate(empty_office)

    assert answer["outcome"] == "done"
    assert any("догадка" in line for line in answer["details"])
    assert norm(empty_office, "Баннер", "Дизайн", "source", "unit") == ("стартовая оценка", "баннер")
    empty_office.create_client()
    empty_office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    answer = empty_office.do("estimate")
    assert empty_office.table("backlog", "id", "hours.design") == [("ЗРН-1", 2.0)]
    assert "прикидка" in told(answer, "ЗРН-1")


@pytest.mark.parametrize(("text", "part"), [("много", "много"), ("0", "нулём")])
def test_a_norm_that_cannot_be_read_is_named(office: Office, text: str, part: str) -> None:
    """And nothing is written."""
    type_norm(office, "Баннер", "Дизайн", pinned_hours=text)
    office.forget_calls()

    answer = recalculate(office)

    assert answer["outcome"] == "refused"
    assert part in str(answer["cells"])
    assert office.calls("google") == {"sheets.spreadsheets.get": 1}


def test_recalculating_twice_writes_once(office: Office) -> None:
    """One read and one write; nothing where nothing differs."""
    remember(office, many_banners())
    office.forget_calls()
    recalculate(office)
    first = office.calls("google")
    office.forget_calls()

    recalculate(office)

    assert first == {"sheets.spreadsheets.get": 1, "sheets.spreadsheets.batchUpdate": 1}
    assert office.calls("google") == {"sheets.spreadsheets.get": 1}


def test_a_workbook_of_an_older_release_does_without(office: Office) -> None:
    """No size, no column for norms by hand, no tab of promises, no range on the first tab."""
    for spreadsheet_id, tab_key, keys in (
        (
            agency_id(office),
            "norms",
            ("size", "unit", "pinned_hours", "typical_hours", "difference", "source"),
        ),
        (office.client_id, "backlog", ("size",)),
    ):
        tab = office.book(spreadsheet_id).tab(tab_key)
        for column in sorted((tab.column(key) for key in keys), reverse=True):
            span = {
                "sheetId": tab.sheet_id,
                "dimension": "COLUMNS",
                "startIndex": column,
                "endIndex": column + 1,
            }
            office.services.workbooks.batch_update(spreadsheet_id, [{"deleteDimension": {"range": span}}])
    promises = office.book(agency_id(office)).tab("promises").sheet_id
    office.services.workbooks.batch_update(agency_id(office), [{"deleteSheet": {"sheetId": promises}}])
    remember(office, [work._replace(size="m") for work in many_banners()])

    assert recalculate(office)["outcome"] == "done"
    office.fill_backlog({"task": "Плакат", "work_type": "Плакат"})
    assert office.do("estimate")["outcome"] == "done"

    [(hours,)] = [line[1:] for line in office.table("backlog", "id", "hours.design")]
    assert 2.5 < hours < 3.5


# --- Estimates -------------------------------------------------------------------------------------


def test_staff_are_told_in_plain_words_where_the_figure_comes_from(office: Office) -> None:
    """Count, as a rule, on average, what 85 of 100 stayed under. The client's workbook has nothing of it."""
    remember(office, many_banners())
    recalculate(office)
    office.fill_backlog({"task": "Плакат", "work_type": "Плакат"})

    answer = office.do("estimate")

    assert answer["outcome"] == "done"
    text = told(answer, "ЗРН-1")
    assert answer["data"]["sources_left"] == 0
    assert notes(office) == []
    assert text.startswith("Дизайн: 120 похожих задач: обычно 2,9 ч, в среднем 3 ч; 85 из 100 уложились в ")
    assert not any(name in text for name in ("Анна", "Борис", "Маяк"))


def test_a_persons_note_stays_and_one_of_an_older_release_goes(office: Office) -> None:
    """Older releases wrote the statistics of the norms where the client could read them."""
    office.fill_backlog(
        {"task": "А", "work_type": "Баннер"},
        {"task": "Б", "work_type": "Баннер"},
    )
    office.do("estimate")
    tab, row = office.row("backlog", "ЗРН-1")
    old = "Дизайн: 3 похожие задачи: обычно 3 ч, в среднем 3 ч"
    start = {"sheetId": tab.sheet_id, "rowIndex": row.index, "columnIndex": tab.column("source")}
    cells = [{"values": [{"note": text}]} for text in (f"{old}\nСпросить у клиента про размеры", old)]
    office.services.workbooks.batch_update(
        office.client_id, [{"updateCells": {"start": start, "rows": cells, "fields": "note"}}]
    )
    state = tracked_state(office.services.store, office.client_id)
    digest = hashlib.sha256(old.encode()).hexdigest()[:16]
    office.services.store.commit(state.writes(replace(state.value, note_hashes=(digest,))))

    office.do("estimate")

    assert notes(office) == [f"{old}\nСпросить у клиента про размеры"]
    assert office.do("undo")["outcome"] == "done"


def test_sizes_make_estimates_differ(office: Office) -> None:
    """Twelve small ones of 2 h, twelve large ones of 10 h: each size has a norm of its own."""
    remember(
        office,
        [
            FinishedWork("Плакат", "design", hours, 1.0, NOW.date(), size)
            for size, hours in (("s", 2.0), ("l", 10.0))
            for _ in range(12)
        ],
    )
    recalculate(office)
    office.fill_backlog(
        {"task": "А", "work_type": "Плакат", "size": "S"}, {"task": "Б", "work_type": "Плакат", "size": "L"}
    )

    office.do("estimate")

    assert office.table("backlog", "id", "hours.design") == [("ЗРН-1", 2.0), ("ЗРН-2", 10.0)]


def test_a_specialists_figure_stays_and_the_plan_combines_it(office: Office) -> None:
    """Such figures of 2 h took 3 h: 6 h typed with a norm of 3 h are planned as √(6 * 1.5 * 3) = 5.2 h."""
    remember(office, many_banners(given=2.0))
    recalculate(office)
    office.fill_backlog({"task": "Плакат", "work_type": "Плакат", "hours_design": "6"})

    estimated = office.do("estimate")
    preview = office.do("build_batch", period="current")

    assert office.table("backlog", "id", "hours.design", "source") == [("ЗРН-1", 6.0, "специалист")]
    [chosen] = preview["data"]["chosen"]
    assert chosen["hours"] == pytest.approx(5.2, abs=0.1)
    assert "в план берём 5,3 ч" in told(estimated, "ЗРН-1")
    assert any("ЗРН-1" in line for line in preview["details"])
    office.do("start_batch", preview_id=preview["data"]["preview_id"])
    [item] = stored_items(office.services.store, spreadsheet_id=office.client_id)
    [action] = item.actions
    assert (action.specialist_hours, action.hours) == (6.0, chosen["hours"])
    assert action.typical_hours is not None
    assert action.p85_hours is not None


def test_a_missing_work_type_is_offered_as_a_guess(office: Office) -> None:
    """In the answer; neither work type nor hours are filled in."""
    office.fill_backlog({"task": "Баннеры к распродаже"}, {"task": "Созвон"})

    answer = office.do("estimate")

    assert answer["details"] == [
        "ЗРН-1: не указан вид работ. Похоже на «Баннер»: если так, выберите его",
        "ЗРН-2: не указан вид работ",
    ]
    assert "догадка" in told(answer, "ЗРН-1")
    assert office.table("backlog", "id", "work_type", "hours.design") == [
        ("ЗРН-1", None, None),
        ("ЗРН-2", None, None),
    ]


def test_sums_are_shown_where_the_past_is_thick_enough(office: Office) -> None:
    """In the answer and on the first tab; before that nothing is said."""
    office.fill_backlog(*({"task": f"Плакат {n}", "work_type": "Плакат"} for n in range(4)))
    before = office.do("estimate")
    assert not any("вместе" in line for line in before["details"])
    assert office.book().field("backlog_range").cell.text == ""
    remember(office, many_banners())
    recalculate(office)

    answer = office.do("estimate")

    [told] = [line for line in answer["details"] if "вместе" in line]
    total = answer["data"]["total"]
    assert 10 < total["p50_hours"] < total["p85_hours"] < 20
    assert f"{round(total['p50_hours'])} ч" in told
    assert "почти наверняка" in office.book().field("backlog_range").cell.text
    preview = office.do("build_batch", period="current")
    assert any("вместе" in line for line in preview["details"])


def test_the_sum_on_the_first_tab_is_that_of_what_is_left(office: Office) -> None:
    """What was started is not in the backlog any more; undone, it is again."""
    remember(office, many_banners())
    recalculate(office)
    works = [{"task": f"Плакат {n}", "work_type": "Плакат", "quantity": str(n * n)} for n in range(1, 7)]
    office.fill_backlog(*works)
    office.do("estimate")
    whole = office.book().field("backlog_range").cell.text
    preview = office.do("build_batch", period="current")["data"]
    assert len(preview["left_out"]) in range(1, len(works))

    office.do("start_batch", preview_id=preview["preview_id"])
    left = office.book().field("backlog_range").cell.text
    office.do("undo")

    assert whole.startswith("почти наверняка")
    assert left.startswith("почти наверняка")
    assert figure_in(left) < figure_in(whole)
    assert office.book().field("backlog_range").cell.text == whole


def figure_in(text: str) -> int:
    """The first number of a text."""
    return int(re.findall(r"\d+", text)[0])


# --- Learning --------------------------------------------------------------------------------------


def begin_banner(office: Office) -> Row:
    """A banner is in progress; gives its row."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.do("estimate")
    preview = office.do("build_batch", period="current")
    office.do("start_batch", preview_id=preview["data"]["preview_id"])
    return office.row("in_progress", "ЗРН-1")[1]


def test_hours_typed_into_the_sheet_teach_without_a_tracker(office: Office) -> None:
    """No card was ever made: the person sets the status and types what it took."""
    row = begin_banner(office)
    known = len(stored_history(office.services.store, agency_id(office)))
    office.type("in_progress", row.index, status="Выполнено", logged_hours="3,5")

    assert office.do("refresh")["outcome"] == "done"
    office.do("refresh")

    history = stored_history(office.services.store, agency_id(office))
    assert len(history) == known + 1
    [learned] = [work for work in history if work.hours == 3.5]
    assert (learned.work_type, learned.planned_hours) == ("Баннер", 3.0)
    [item] = stored_items(office.services.store, spreadsheet_id=office.client_id)
    assert (item.is_done, item.finished_on) == (True, NOW.date())


def test_promises_are_shown_by_month(office: Office) -> None:
    """Planned 3 h, took 4 h: a table and a chart over it."""
    row = begin_banner(office)
    office.type("in_progress", row.index, status="Выполнено", logged_hours="4")
    office.do("refresh")

    recalculate(office)

    columns = ("finished_count", "within_typical", "planned_hours", "actual_hours", "planned_ratio")
    assert office.table("promises", *columns, spreadsheet_id=agency_id(office)) == [
        (1.0, 0.0, 3.0, 4.0, 0.75)
    ]
    book = office.http.get(
        f"{office.servers.google}/v4/spreadsheets/{agency_id(office)}?fields=sheets(charts(spec(title)))"
    ).json()
    titles = [chart["spec"]["title"] for sheet in book["sheets"] for chart in sheet.get("charts", [])]
    assert titles == ["Обещания"]


def test_norms_are_learned_anew_at_night(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The timer plans it once a night, and not in the day."""
    remember(office, many_banners())
    assert plan_nights(office.services) == 0
    night = (NOW + timedelta(hours=18)).isoformat()  # three in the morning
    monkeypatch.setenv("VITRINA_NOW", night)
    application.cache_clear()

    assert plan_nights(office.services) == 1
    assert plan_nights(office.services) == 0
    office.settle()

    assert norm(office, "Плакат", "Дизайн", "fact_count") == (120.0,)


def test_nothing_of_the_norms_but_figures_is_in_the_clients_file(office: Office) -> None:
    """Neither people's names, nor other clients, nor titles of their tasks, nor counts by person."""
    remember(office, many_banners(given=2.0))
    recalculate(office)
    office.fill_backlog(
        {"task": "Плакат", "work_type": "Плакат", "hours_design": "6"},
        {"task": "Ещё плакаты"},
        {"task": "Баннер", "work_type": "Баннер"},
    )
    office.do("estimate")

    file = office.http.get(
        f"{office.servers.google}/v4/spreadsheets/{office.client_id}?includeGridData=true"
    ).text
    backlog = file[file.index("ЗРН-1") :]
    assert not any(name in backlog for name in ("Анна", "Борис", "Вера", "Маяк", "test-"))
