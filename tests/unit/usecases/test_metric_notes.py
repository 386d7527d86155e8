"""States of metrics in the sheet: who writes them, when, and what the note says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import pytest

from tests.harness.agency_data import NOW
from tests.harness.memory_office import MemoryOffice, client_office
from vitrina.domain.quantities import serial_of_day
from vitrina.metric_port import DayValue
from vitrina.operations.run import Run
from vitrina.records.metrics.facts import ProjectFacts, Series
from vitrina.records.metrics.looks import load_looks
from vitrina.records.metrics.sources import ChosenSource, KnownGap, MetricSources, tracked_sources
from vitrina.tabs.metrics.states import draw_states
from vitrina.usecases.client_page.content import draw_content
from vitrina.usecases.digest.figures import Metric, read_figures
from vitrina.workbook.reading.book import METRIC_BASE
from vitrina.workbook.writing.change import WorkbookChange

PRICE = {"metric": "Цена заказа", "unit": "₽", "target": "420", "better": "меньше", "kind": "доля или цена"}
PRICES = {
    f"fact_{number}": str(price) for number, price in enumerate((488, 461, 430, 402, 395, 381), start=1)
}
LEADS = {"metric": "Заявки", "unit": "шт.", "target": "40", "better": "больше", "kind": "сумма"}


@pytest.fixture
def office() -> MemoryOffice:
    """A client without metrics."""
    return client_office()


def shown(office: MemoryOffice, row: int = 0) -> tuple[object, object, str]:
    """State, plan to date and note of a row of *Метрики*."""
    tab = office.tab("metrics")
    cells = tab.rows[row]
    return (
        tab.cell(cells, "state").value,
        tab.cell(cells, "plan_to_date").value,
        tab.cell(cells, "state").note,
    )


def set_now(office: MemoryOffice, day: int, month: int = 11) -> None:
    """Move the clock to the morning of a day of 2026."""
    office.clock.set(datetime(2026, month, day, 9, 30, tzinfo=NOW.tzinfo))


def test_the_load_writes_states_with_their_reason(office: MemoryOffice) -> None:
    """The demo's price is on track, and orders that stay out are behind."""
    office.type("metrics", 0, **PRICE, **PRICES)
    office.type("metrics", 1, **LEADS, fact_1="23", fact_2="20")
    office.type("metrics", 2, metric="Без цели", fact_1="5")

    office.do("update_load")

    # Of four weeks the mean is (430 + 402 + 395 + 381) / 4 = 402.
    assert shown(office) == (
        "в плане",
        420,
        "За последние периоды ожидали не больше 466, в среднем 402.\nВсё по плану.",
    )
    # √(2.5 · 80) = 14.1: 80 − 1.645 · 14.1 = 57, 80 + 1.645 · 14.1 = 103; the tail is longer on the right.
    state, plan, note = shown(office, 1)
    assert (state, plan) == ("отстаёт", 80)
    assert note.splitlines()[0] == "За последние периоды ожидали 58–104, есть 43."
    assert note.splitlines()[1] == "Отстаёт: такую разницу случайностью не объяснить."
    assert shown(office, 2) == (None, None, "")


def test_the_owner_sees_the_metrics_of_all_clients(office: MemoryOffice) -> None:
    """Those that are behind first; the next load writes over them."""
    office.type("metrics", 0, **PRICE, **PRICES)
    office.type("metrics", 1, **LEADS, fact_1="23", fact_2="20")
    first_id = office.client_id
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.type("metrics", 0, **LEADS, fact_1="40", fact_2="41")
    columns = ("project", "metric", "state", "since_on", "fact", "plan", "unit", "told")

    office.do("update_load")
    seen = office.table("client_metrics", *columns, spreadsheet_id=office.agency_id)
    office.type("metrics", 1, first_id, target="")
    office.do("update_load")

    today = float(serial_of_day(office.services.today()))
    assert [one[:7] for one in seen] == [
        ("Заря — Сайт", "Заявки", "отстаёт", today, 43, 80, "шт."),
        ("Заря — Сайт", "Цена заказа", "в плане", today, 402, 420, "₽"),
        ("Улыбка — Реклама", "Заявки", "в плане", today, 81, 80, "шт."),
    ]
    assert seen[0][7].startswith("За последние периоды ожидали 58–104, есть 43.")
    left = office.table("client_metrics", "project", "metric", spreadsheet_id=office.agency_id)
    assert left == [("Заря — Сайт", "Цена заказа"), ("Улыбка — Реклама", "Заявки")]


def test_the_page_tells_only_what_the_add_on_wrote(office: MemoryOffice) -> None:
    """The note of a person stays in the sheet; figures of periods become the line."""
    office.type("metrics", 0, **PRICE, **PRICES)
    office.type("metrics", 1, **LEADS, fact_1="40", fact_3="44")
    tab = office.tab("metrics")
    place = f"B{tab.rows[1].index + 1}"
    office.edit({"type": "note", "sheet": tab.title, "cell": place, "text": "Спросить у Анны"})
    office.do("update_load")
    looks = load_looks(office.store, office.client_id).value

    metrics = draw_content(office.services, office.book(), looks)["metrics"]

    assert metrics[0]["told"] == "За последние периоды ожидали не больше 466, в среднем 402."
    assert metrics[0]["points"] == [488, 461, 430, 402, 395, 381]
    assert "told" not in metrics[1]
    assert metrics[1]["points"] == [40, None, 44]


def test_a_second_look_writes_nothing(office: MemoryOffice) -> None:
    """At night only the client's workbook is written, and only where something differs."""
    office.type("metrics", 0, **PRICE, **PRICES)
    night = {"kind": "protect", "spreadsheet_id": office.agency_id}
    office.run_job(night)
    writes = office.workbooks.calls["batch_update"]

    office.run_job(night)

    assert shown(office)[0] == "в плане"
    assert office.workbooks.calls["batch_update"] == writes


def test_a_refresh_and_the_night_look_as_well(office: MemoryOffice) -> None:
    """A manager who has typed a figure need not wait for the hour."""
    office.type("metrics", 0, **LEADS, fact_1="40")
    office.do("refresh")
    assert shown(office)[0] == "в плане"

    office.type("metrics", 0, fact_1="2")
    office.run_job({"kind": "protect", "spreadsheet_id": office.agency_id})

    assert shown(office)[0] == "отстаёт"


def test_two_clicks_are_not_two_looks(office: MemoryOffice) -> None:
    """A running month is behind after the looks of two weeks; the note says that one more decides."""
    office.set_field("period", "месяц")
    office.type("metrics", 0, **{**LEADS, "target": "200"}, since_on="01.11.2026", fact_1="33")
    set_now(office, 9)
    seen = []
    for _ in range(3):
        office.do("update_load")
        seen.append(shown(office)[0])
    note = shown(office)[2]

    office.type("metrics", 0, fact_1="62")
    set_now(office, 15)
    office.do("update_load")

    assert seen == ["в плане"] * 3
    assert "Последняя проверка хуже ожидаемой" in note
    assert "Прогноз на 30 ноября" in note
    state, _, note = shown(office)
    assert state == "отстаёт"
    assert note.splitlines()[1] == "Отстаёт с 15 ноября: такую разницу случайностью не объяснить."
    known = load_looks(office.store, office.client_id).value["заявки"]
    assert (known.state, known.since_on) == ("behind", "2026-11-15")


def test_a_period_without_a_figure_has_no_data(office: MemoryOffice) -> None:
    """It is said since when, and nothing is expected any more."""
    since = NOW.date() - timedelta(days=14)
    office.type("metrics", 0, **LEADS, since_on=f"{since:%d.%m.%Y}", fact_1="40")

    office.do("update_load")

    missing = since + timedelta(days=7)
    assert shown(office) == ("нет данных", None, f"Нет данных с {missing.day} ноября.")


def test_what_is_a_persons_stays(office: MemoryOffice) -> None:
    """A formula in the state and a note of a person are not written over."""
    office.type("metrics", 0, **LEADS, fact_1="40", state='="своё"')
    office.type("metrics", 1, **PRICE, **PRICES)
    tab = office.tab("metrics")
    place = f"B{tab.rows[1].index + 1}"
    office.edit({"type": "note", "sheet": tab.title, "cell": place, "text": "Спросить у Анны"})

    office.do("update_load")
    office.do("update_load")

    assert shown(office)[0] == "своё"
    assert shown(office, 1)[0] == "в плане"
    assert shown(office, 1)[2] == "Спросить у Анны"


def test_a_state_goes_with_its_target(office: MemoryOffice) -> None:
    """Without a target there is nothing to say; what the add-on wrote goes, what a person typed stays."""
    office.type("metrics", 0, **LEADS, fact_1="40")
    office.type("metrics", 1, metric="Своя", state="в плане")
    office.do("update_load")

    office.type("metrics", 0, target="")
    office.do("update_load")

    assert shown(office) == (None, None, "")
    assert shown(office, 1)[0] == "в плане"


def test_the_digest_tells_what_was_written(office: MemoryOffice) -> None:
    """Its figures are those of the sheet."""
    office.type("metrics", 0, **PRICE, **PRICES)
    office.do("update_load")

    services = office.services
    figures = read_figures(office.book(), services.choices, services.today(), services.time_zone)

    assert figures.metrics == (Metric("Цена заказа", "on_track"),)


def choose_sources(
    office: MemoryOffice, days: Mapping[int, Mapping[date, DayValue]], gaps: Mapping[int, date]
) -> None:
    """Keep in the store what sources have given, by the number of the row."""
    run, today = office.new_run(), office.services.today()
    agency_id = office.agency_id
    chosen = {
        number: ChosenSource(number, "", "metrica", "1", "", str(number), "", "", "count", "", "")
        for number in (*days, *gaps)
    }
    known = {number: KnownGap("dead_token", first.isoformat()) for number, first in gaps.items()}
    sources = tracked_sources(office.store, None, office.client_id, agency_id)
    facts = ProjectFacts(office.store, {}, office.client_id, [today.year - 1, today.year])
    series = {
        number: Series(chosen[number].origin, "", today.isoformat(), days=found)
        for number, found in days.items()
    }
    new = MetricSources(office.client_id, agency_id, chosen=chosen, gaps=known)
    run.commit(updates=[sources.put(new), *facts.changes(series)])


def test_days_of_a_source_go_before_typed_figures(office: MemoryOffice) -> None:
    """Days and gaps of the store, by the number of the row; those of a former source do not count."""
    office.set_field("period", "месяц")
    office.type("metrics", 0, **{**LEADS, "target": "300"}, fact_1="1")
    office.type("metrics", 1, **PRICE, **PRICES)
    tab, change = office.book().tab("metrics"), WorkbookChange()
    first, second = METRIC_BASE + 1, METRIC_BASE + 2
    for at, number in enumerate((first, second)):
        change.identify(tab, tab.rows[at], number)
    office.workbooks.batch_update(office.client_id, change.requests())
    today = office.services.today()
    days = {today - timedelta(days=back): DayValue(10.0) for back in range(1, 120)}
    choose_sources(office, {first: days}, {second: today - timedelta(days=3)})

    office.do("update_load")

    assert shown(office)[0] == "в плане"
    assert shown(office)[2].startswith("Ожидали к сегодня")
    assert shown(office, 1)[0] == "нет данных"
    assert set(load_looks(office.store, office.client_id).value) == {str(first), str(second)}


def test_a_row_that_gets_a_number_keeps_its_looks(office: MemoryOffice) -> None:
    """As it does with its first source; the note stays one of ours."""
    office.type("metrics", 0, **LEADS, fact_1="40")
    office.do("update_load")
    tab = office.tab("metrics")
    change = WorkbookChange()
    change.identify(tab, tab.rows[0], METRIC_BASE + 1)
    office.workbooks.batch_update(office.client_id, change.requests())
    office.type("metrics", 0, fact_1="2")

    office.do("update_load")

    assert "Отстаёт" in shown(office)[2]
    assert list(load_looks(office.store, office.client_id).value) == [str(METRIC_BASE + 1)]


def test_a_lost_answer_leaves_a_note_that_is_known(office: MemoryOffice) -> None:
    """The hash of a note is kept before it is written, and that of the one before it is kept as well."""
    office.type("metrics", 0, **LEADS, fact_1="40")
    office.do("update_load")
    office.type("metrics", 0, fact_1="2")
    known = load_looks(office.store, office.client_id)
    run: Run = office.new_run()
    drawing = draw_states(run, WorkbookChange(), office.book(), known.value)
    run.commit(updates=[known.put(drawing.looks)])

    office.do("update_load")

    assert "Отстаёт" in shown(office)[2]
