"""The sample agency at several ages: the same workbooks and cards, with more and more finished work behind.

Three clients have work in progress, and one of them a long backlog. What was finished long ago stands
in the store only; its rows are not in the workbooks any more. So the ages differ by their stores alone.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from benchmarks.api_calls import NOW, SetEnv, backlog_rows, click_action, open_agency
from emulators.world.sample import load_agency, load_history
from emulators.world.story import staff_of
from tests.harness.counting_store import CountingStore, fill_store, used_store
from tests.harness.local_office import LocalOffice, SavedOffice
from tests.harness.servers import Servers
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.domain.planning.forecast import Forecast, ForecastOutcome
from vitrina.ports import Document, Store
from vitrina.records.books import FIRST_TRACKER, Project, load_project, put_project
from vitrina.records.cards import CardOwner, put_card
from vitrina.records.finished import pack
from vitrina.records.forecasts import load_outcomes_of_year
from vitrina.records.norms import titles_key, tracked_titles, with_titles
from vitrina.records.work import DAYS_KEPT, Item, ItemAction, load_work
from vitrina.store.memory import MemoryStore
from vitrina.workbook.reading.book import row_number_of_action

#: The workbooks are made an hour before they are measured, so that nothing of that is under way any more.
SET_UP_AT = NOW - timedelta(hours=1)
#: Rows that each client gets at first; some of them are started.
FIRST_ROWS = 12
BACKLOG_ROWS = 100
#: Less than ten rows need, so that some stay.
LIMIT_HOURS = 30

#: Finished work is spread over so many days.
DAYS = 5 * 365
#: Every so many numbers one was dropped before it was started, so that finished numbers have gaps.
DROPPED_EACH = 25
SEED = 11


@dataclass(frozen=True)
class AgedAgency:
    """The agency, saved. ``documents`` are those of its store by the count of finished items."""

    saved: SavedOffice
    sample: Mapping[str, Any]
    agency_id: str
    project_count: int
    documents: Mapping[int, Sequence[Document]]


def prepare(
    servers: Servers,
    setenv: SetEnv,
    folder: Path,
    *,
    ages: Sequence[int],
    work_count: int,
    row_count: int = BACKLOG_ROWS,
) -> AgedAgency:
    """Set the agency up through the menu, and age its store.

    Parameters
    ----------
    ages
        Counts of finished items of the agency.
    work_count
        How many works of other years are imported, at every age.
    row_count
        Rows of the backlog that is measured.
    """
    sample = load_agency()
    folder.mkdir(parents=True)
    store = CountingStore(MemoryStore())
    with used_store(store):
        office = LocalOffice(servers, folder, staff_of(sample)[0])
        agency = open_agency(
            office, setenv, sample, history=imported_works(sample, work_count), now=SET_UP_AT
        )
        highest = _number(math.ceil(max(ages) / len(sample["clients"])))
        projects = [_open_client(office, store, sample, client, highest) for client in sample["clients"]]
        lacking = row_count - len(office.table("backlog", "task"))
        office.paste_backlog(backlog_rows(sample, FIRST_ROWS + lacking)[FIRST_ROWS:])
        saved = office.save_state()
        office.http.close()
    young = store.documents()
    documents = {age: _aged(young, sample, projects, age) for age in ages}
    return AgedAgency(saved, sample, agency.spreadsheet_id, len(projects), documents)


def imported_works(sample: Mapping[str, Any], count: int) -> dict[str, FinishedWork]:
    """Works as an import names them: those of the sample over and over, each with hours of its own."""
    draw = random.Random(SEED)
    rows = itertools.islice(itertools.cycle(load_history()), count)
    profiles = {one["key"] for one in sample["profiles"]}
    return {
        f"history-{number + 2}": FinishedWork(
            row["work_type"],
            row["profile"],
            round(row["hours"] * draw.lognormvariate(0, 0.4), 2),
            row["quantity"],
            NOW.date() - timedelta(days=2 * DAYS - number * DAYS // count),
        )
        for number, row in enumerate(rows)
        if row["profile"] in profiles
    }


def _open_client(
    office: LocalOffice, store: Store, sample: Mapping[str, Any], client: Mapping[str, Any], highest: int
) -> Project:
    """A client of whom some items are in progress, with numbers above *highest*, and have cards."""
    office.create_client(
        client_name=client["client_name"],
        project_name=client["project_name"],
        code=client["code"],
        limit_hours=LIMIT_HOURS,
    )
    project = replace(load_project(store, office.client_id), last_number=highest)
    store.commit([put_project(project)])
    office.paste_backlog(backlog_rows(sample, FIRST_ROWS))
    click_action(office, "estimate")
    preview = click_action(office, "build_batch", period="current")
    click_action(office, "start_batch", preview_id=preview["data"]["preview_id"])
    click_action(office, "push")
    office.settle()
    return project


# --- Finished work -------------------------------------------------------------------------------------


def _aged(
    young: Sequence[Document], sample: Mapping[str, Any], projects: Sequence[Project], age: int
) -> list[Document]:
    """The documents of a store in which *age* items are finished as well, as the product writes them."""
    store = CountingStore(MemoryStore())
    fill_store(store, young)
    titles: list[tuple[str, str]] = []
    for place, project in enumerate(projects):
        count = len(range(place, age, len(projects)))
        items = list(_finished_items(sample, project, count))
        work = load_work(store, project.spreadsheet_id, project.agency_id)
        packed, writes = pack(store, work.value, items)
        store.commit([*writes, *work.writes(packed)])
        store.commit(
            [
                put_card(FIRST_TRACKER, item.card_id, CardOwner(item.spreadsheet_id, item.number))
                for item in items
            ]
        )
        _keep_outcomes(store, project, items)
        titles += [(item.work_type, item.task) for item in items]
    _keep_titles(store, projects[0].agency_id, titles)
    return store.documents()


def _finished_items(sample: Mapping[str, Any], project: Project, count: int) -> Iterator[Item]:
    """Items that were finished on the days of the last years, the latest just before they could be packed."""
    draw = random.Random(f"{SEED} {project.code}")
    names = [one["name"] for one in sample["specialists"]]
    rows = load_history()
    last_on = NOW.date() - timedelta(days=DAYS_KEPT + 15)
    for place in range(count):
        number, row = _number(place), rows[place % len(rows)]
        finished_on = last_on - timedelta(days=DAYS - place * DAYS // count)
        actions = tuple(
            _finished_action(number, position, row["profile"], draw.choice(names), row["hours"], finished_on)
            for position in range(draw.choice([1, 2]))
        )
        yield Item(
            spreadsheet_id=project.spreadsheet_id,
            agency_id=project.agency_id,
            number=number,
            code=f"{project.code}-{number}",
            task=f"{row['title']} ({number})",
            result="Готовый материал, согласованный с клиентом",
            priority="normal",
            work_type=row["work_type"],
            quantity=row["quantity"],
            actions=actions,
            is_reserved=False,
            is_done=True,
            card_id=f"{project.code}{number}",
            finished_on=finished_on,
        )


def _finished_action(
    number: int, position: int, profile: str, name: str, hours: float, last_on: date
) -> ItemAction:
    days = [last_on - timedelta(days=back) for back in range(3)]
    return ItemAction(
        row_number=row_number_of_action(number, position),
        profile=profile,
        specialist=name,
        hours=hours,
        day_hours={day: round(hours / len(days), 2) for day in sorted(days)},
        is_done=True,
        typical_hours=hours,
        p85_hours=2 * hours,
        logged_hours=hours,
    )


def _number(place: int) -> int:
    """The number of the finished item at a *place*, from 0, in the order of numbers."""
    return place + place // (DROPPED_EACH - 1) + 1


def _keep_outcomes(store: Store, project: Project, items: Sequence[Item]) -> None:
    """A forecast that came to its end for every week in which something was finished."""
    by_week = {one.finished_on.isocalendar()[:2]: one.finished_on for one in items if one.finished_on}
    for year, days in itertools.groupby(sorted(by_week.values()), key=lambda day: day.year):
        ended = {
            day: ForecastOutcome(Forecast(day - timedelta(days=30), day, day, error_count=100), day)
            for day in days
        }
        first = date(year, 1, 1)
        kept = load_outcomes_of_year(store, project.spreadsheet_id, project.agency_id, first)
        store.commit(kept.writes({one.forecast.made_on: one for one in ended.values()}))


def _keep_titles(store: Store, agency_id: str, titles: Sequence[tuple[str, str]]) -> None:
    key = titles_key(agency_id)
    kept = tracked_titles(store, store.get_many([key]).get(key), agency_id)
    writes = kept.writes(with_titles((), [*titles, *kept.value]))
    if writes:
        store.commit(writes)
