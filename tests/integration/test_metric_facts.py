"""Facts of metrics from Metrica into the store and into *Метрики*, over the real wire and the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tests.harness.memory_office import MemoryOffice, client_office
from tests.harness.metric_desk import GOAL, TOKEN, MetricaDesk, counter, metrica_desk
from vitrina.errors import UserError
from vitrina.metric_port import DayValue
from vitrina.metrics import metrica
from vitrina.metrics.pasted_csv import PastedTexts
from vitrina.metrics.sheet_range import SheetRanges
from vitrina.records.metrics.facts import load_series
from vitrina.records.metrics.pasted import load_pasted
from vitrina.records.metrics.sources import ChosenSource, MetricSources, load_sources, tracked_sources
from vitrina.usecases.metrics.rows import new_number
from vitrina.workbook.writing.change import WorkbookChange

ZONE = ZoneInfo("Europe/Moscow")
#: The day before the office's: it is Monday there.
YESTERDAY = date(2026, 11, 22)
#: Ten visits on each day, two of which reach the goal, as long as a test goes on.
STEADY = {YESTERDAY + timedelta(days=number): 10 for number in range(-59, 10)}


class MetricOffice:
    """An office with a client whose metrics are read from Metrica."""

    def __init__(self, desk: MetricaDesk, office: MemoryOffice) -> None:
        self.desk = desk
        self.office = office
        self.connect(TOKEN)

    def connect(self, token: str) -> None:
        """Read with a token."""
        office = self.office
        source = metrica.connect(
            token, zone=ZONE, now=office.clock.now, url=self.desk.url, wait_s=0.002, distance_s=0.0
        )
        office.services = replace(office.services, metrics={"metrica": source})

    def choose(
        self, measure_id: str, metric: str, *, row: int = 2, counter_id: int = 1, since_on: str = "16.11.2026"
    ) -> int:
        """Give the metric of a row a source, as the form does; its number."""
        office, store = self.office, self.office.store
        office.type("metrics", row, metric=metric, since_on=since_on)
        book = office.book()
        known = load_sources(store, office.client_id, office.agency_id)
        change = WorkbookChange()
        tab = book.tab("metrics")
        number = new_number(tab, known)
        named = next(one for one in tab.rows if tab.cell(one, "metric").text == metric)
        change.identify(tab, named, number)
        office.workbooks.batch_update(office.client_id, change.requests())
        code, kind = {"visits": ("visits", "count")}.get(measure_id, ("goal_reaches", "count"))
        source = ChosenSource(
            number,
            metric,
            "metrica",
            str(counter_id),
            "Сайт",
            measure_id,
            "Заявка",
            code,
            kind,
            "",
            "",
            since_on="-".join(reversed(since_on.split("."))) if since_on else "",
        )
        self.put(replace(known.with_source(source, self.now()), last_number=known.last_number + 1))
        return number

    def put(self, sources: MetricSources) -> None:
        """Keep sources."""
        store, client_id = self.office.store, self.office.client_id
        key = ("metric_sources", client_id)
        tracked = tracked_sources(store, store.get_many([key]).get(key), client_id, self.office.agency_id)
        store.commit(tracked.writes(sources))

    def now(self) -> str:
        """The moment as text."""
        return self.office.clock.now().isoformat()

    def read(self) -> None:
        """Read what is due, and write it into the workbook."""
        self.office.run_job({"kind": "facts"})
        self.office.run_queue()

    def next_day(self) -> None:
        """Go on to the next morning, and read."""
        local = self.office.clock.now().astimezone(ZONE)
        self.office.clock.set(local.replace(hour=6, minute=30) + timedelta(days=1))
        self.read()

    @property
    def sources(self) -> MetricSources:
        """What is kept of the client's sources."""
        return load_sources(self.office.store, self.office.client_id, self.office.agency_id)

    def days(self, number: int) -> dict[date, DayValue]:
        """The days that are known of a metric."""
        found = load_series(self.office.store, self.office.client_id, date(2025, 1, 1), date(2027, 1, 1))
        return dict(found[number].days) if number in found else {}

    def cells(self, row: int = 2) -> list[object]:
        """The facts in a row."""
        columns = [f"fact.{number}" for number in range(1, 7)]
        tab = self.office.tab("metrics")
        found = next(one for one in tab.rows if one.index == row + 1)
        return [tab.cell(found, column).value for column in columns]

    def notes(self, row: int = 2) -> list[str]:
        """The notes of the facts in a row."""
        tab = self.office.tab("metrics")
        found = next(one for one in tab.rows if one.index == row + 1)
        return [tab.cell(found, f"fact.{number}").note for number in range(1, 7)]

    def told(self) -> list[str]:
        """What *Журнал* is told of sources."""
        rows = self.office.table("log", "action", "message", spreadsheet_id=self.office.agency_id)
        return [str(message) for action, message in rows if action == "Источник метрики"]


@pytest.fixture
def office() -> MemoryOffice:
    """An office with a client."""
    return client_office()


@pytest.fixture
def metrics(office: MemoryOffice) -> Iterator[MetricOffice]:
    """The same with Metrica, where counter 1 has ten visits a day."""
    with metrica_desk(lambda: office.clock.now().astimezone(ZONE)) as desk:
        desk.seed(counter(1, STEADY))
        yield MetricOffice(desk, office)


def test_facts_fill_the_periods_that_are_known(metrics: MetricOffice) -> None:
    """The week that ended yesterday is whole; today's has no whole day yet."""
    number = metrics.choose(f"goal:{GOAL}:reaches", "Заявки")

    metrics.read()

    assert metrics.days(number)[YESTERDAY] == DayValue(2.0)
    assert len(metrics.days(number)) == 60
    assert metrics.cells() == [14.0, None, None, None, None, None]
    assert metrics.told() == []


def test_typed_cells_stay_and_own_ones_follow(metrics: MetricOffice) -> None:
    """Metrica corrects the last days; a person types over one cell."""
    metrics.choose("visits", "Визиты", since_on="09.11.2026")
    metrics.read()
    assert metrics.cells()[:3] == [70.0, 70.0, None]
    metrics.office.type("metrics", 2, **{"fact.1": "55"})
    metrics.desk.do("add_visits", counter_id=1, visits=counter(1, {YESTERDAY: 3})["visits"])

    metrics.next_day()

    assert metrics.cells()[:3] == [55.0, 73.0, 10.0]


def test_deleted_goal_is_a_gap_that_is_told_once(metrics: MetricOffice) -> None:
    """The period that it falls into is emptied, never filled with less."""
    number = metrics.choose(f"goal:{GOAL}:reaches", "Заявки", since_on="16.11.2026")
    other = metrics.choose("visits", "Визиты", row=3)
    metrics.read()
    metrics.desk.do("delete_goal", counter_id=1, goal_id=GOAL)

    for _ in range(3):
        metrics.next_day()

    assert metrics.sources.gaps[number].reason == "goal_deleted"
    assert metrics.sources.gaps[number].since_on == "2026-11-23"
    assert other not in metrics.sources.gaps
    assert [one for one in metrics.told() if "цель удалена" in one] == metrics.told()
    assert len(metrics.told()) == 1
    assert metrics.cells() == [14.0, None, None, None, None, None]


def test_stopped_counter_is_no_zero(metrics: MetricOffice) -> None:
    """The code vanished from the site on the 20th: from then on nothing is known."""
    metrics.desk.do("stop_counter", counter_id=1, on="2026-11-20")
    number = metrics.choose("visits", "Визиты", since_on="09.11.2026")

    metrics.read()

    assert metrics.sources.gaps[number].reason == "counter_stopped"
    assert metrics.sources.gaps[number].since_on == "2026-11-20"
    assert metrics.cells()[:2] == [70.0, None]
    assert "нет данных с" in metrics.told()[0]


def test_dead_token_is_told_once_and_forgotten_when_it_works_again(metrics: MetricOffice) -> None:
    """One message for all metrics; the figures stand still and are not set to zero."""
    number = metrics.choose("visits", "Визиты", since_on="16.11.2026")
    metrics.read()
    metrics.desk.do("kill_token", token=TOKEN)

    for _ in range(3):
        metrics.next_day()

    assert metrics.sources.gaps[number].reason == "token_dead"
    assert metrics.sources.gaps[number].since_on == "2026-11-23"
    assert len([one for one in metrics.told() if "ключ доступа" in one]) == 1 == len(metrics.told())
    assert metrics.cells()[:2] == [70.0, None]

    metrics.desk.do("kill_token", token=TOKEN, is_dead=False)
    metrics.next_day()

    assert metrics.sources.gaps == {}
    assert metrics.cells()[:2] == [70.0, 40.0]


def test_a_day_without_an_answer_is_not_told(metrics: MetricOffice) -> None:
    """It is read an hour later; a source that is down for two days is told of."""
    number = metrics.choose("visits", "Визиты", since_on="16.11.2026")
    metrics.read()
    metrics.desk.switch(is_down=True)
    metrics.next_day()

    assert metrics.sources.gaps == {}
    assert metrics.cells()[:2] == [70.0, None]

    metrics.next_day()
    metrics.next_day()

    assert metrics.sources.gaps[number].reason == "no_answer"
    assert len(metrics.told()) == 1


def test_no_figure_is_taken_from_another_form(metrics: MetricOffice) -> None:
    """Neither into the store nor into cells."""
    number = metrics.choose("visits", "Визиты", since_on="16.11.2026")
    metrics.read()
    before = metrics.days(number)
    for shape in ("not_json", "list", "no_totals", "short", "text"):
        metrics.desk.switch(shape=shape)
        metrics.next_day()

        assert metrics.days(number) == before
        assert metrics.cells()[:2] == [70.0, None]


def test_a_renamed_and_sorted_metric_keeps_its_source(metrics: MetricOffice) -> None:
    """Its row is known by the mark."""
    number = metrics.choose("visits", "Визиты", since_on="16.11.2026")
    metrics.read()
    metrics.office.type("metrics", 2, metric="Посещаемость")

    metrics.next_day()

    assert metrics.sources.chosen[number].metric == "Посещаемость"
    assert metrics.cells()[:2] == [70.0, 10.0]


# --- The form ------------------------------------------------------------------------------------


def test_a_source_is_chosen_by_names(metrics: MetricOffice) -> None:
    """The selected row, the counter, the goal; then the cells fill and the column says where from."""
    office = metrics.office
    office.type("metrics", 2, metric="Заявки", since_on="16.11.2026")
    sheet_id = office.tab("metrics").sheet_id
    shown = office.do("metric_sources", sheet_id=sheet_id, row=4).data
    [metric] = [one for one in shown["metrics"] if one["row"] == shown["selected"]]
    [system] = shown["systems"]
    wanted = {"system": system["id"], "account_id": system["accounts"][0]["id"]}
    measures = office.do("metric_measures", **wanted).data["measures"]
    goal = next(one["id"] for one in measures if one["title"].code == "metric_measure.goal_reaches")

    office.do("choose_metric_source", row=metric["row"], metric="Заявки", **wanted, measure_id=goal)
    office.run_queue()

    assert metrics.cells()[:2] == [14.0, None]
    tab = office.tab("metrics")
    row = next(one for one in tab.rows if one.index == 3)
    assert tab.cell(row, "source").text == "Яндекс Метрика: Цель «Заявка»: достижения"
    [kept] = metrics.sources.chosen.values()
    assert row.number == kept.number == 500_000_001


def test_a_row_that_is_another_one_now_is_refused(metrics: MetricOffice) -> None:
    """Somebody has sorted the tab since the form was shown."""
    metrics.office.type("metrics", 2, metric="Заявки", since_on="16.11.2026")

    with pytest.raises(UserError, match="row_gone"):
        metrics.office.do(
            "choose_metric_source",
            row=4,
            metric="Звонки",
            system="metrica",
            account_id="1",
            measure_id="visits",
        )

    assert metrics.sources.chosen == {}


def test_pasted_text_is_read_or_refused_by_its_lines(metrics: MetricOffice) -> None:
    """A bad line is named and nothing is kept; good text fills the cells, and can be taken away."""
    office = metrics.office
    pasted = PastedTexts(partial(load_pasted, office.store), ZONE, office.clock.now)
    office.services = replace(office.services, metrics={"pasted": pasted})
    office.type("metrics", 2, metric="Звонки", since_on="16.11.2026")
    row = {"row": 4, "metric": "Звонки", "system": "pasted"}

    bad = office.do("choose_metric_source", **row, text="16.11.2026;много\n17.11.2026;4")
    assert [(one.code, one.where["line"]) for one in bad.details] == [("metric_gap.bad_row_no_figure", "1")]
    assert metrics.sources.chosen == {}

    text = "\n".join(f"{16 + number}.11.2026;{number},5" for number in range(7))
    office.do("choose_metric_source", **row, text=text)
    office.run_queue()
    assert metrics.cells()[:2] == [24.5, None]

    [number] = metrics.sources.chosen
    office.do("remove_metric_source", number=number)
    assert metrics.sources.chosen == {}
    assert metrics.cells()[:2] == [24.5, None]


def test_figures_of_another_clients_workbook_are_refused(metrics: MetricOffice) -> None:
    """The client of this one would read them."""
    office = metrics.office
    ranges = SheetRanges(office.workbooks, ZONE, office.clock.now)
    office.services = replace(office.services, metrics={"sheet": ranges})
    link = f"https://docs.google.com/spreadsheets/d/{office.agency_id}/edit#gid=0"

    with pytest.raises(UserError, match="own_book"):
        office.do("metric_measures", system="sheet", link=link)
    with pytest.raises(UserError, match="bad_link"):
        office.do("metric_measures", system="sheet", link="https://x.example")


def test_a_deleted_row_is_forgotten_at_the_second_look(metrics: MetricOffice) -> None:
    """It may have been cut to be pasted elsewhere."""
    number = metrics.choose("visits", "Визиты", since_on="16.11.2026")
    metrics.read()
    metrics.office.type("metrics", 2, metric="")

    metrics.next_day()
    assert number in metrics.sources.chosen
    metrics.next_day()

    assert metrics.sources.chosen == {}


def test_a_sampled_figure_says_that_it_is_one(metrics: MetricOffice) -> None:
    """In its note, until it is counted from all visits; a note of a person stays."""
    metrics.choose("visits", "Визиты", since_on="09.11.2026")
    metrics.desk.switch(sample_share=0.5)
    metrics.read()
    assert metrics.notes()[:2] == [sampled := metrics.notes()[0], sampled]
    assert "приблизительная" in sampled
    metrics.office.edit({"type": "note", "sheet": "Метрики", "cell": "L4", "text": "Проверено"})

    metrics.desk.switch(sample_share=1.0, least_users=2)
    metrics.next_day()

    assert "не показывает" in metrics.notes()[0]
    assert metrics.notes()[1] == "Проверено"
