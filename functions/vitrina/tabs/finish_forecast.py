"""*Когда закончим* on the first tab: forecast days for the end of the backlog, and their outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from msgspec.structs import replace

from vitrina.domain.backlog import BacklogItem, Priority
from vitrina.domain.estimating.norms import Basis
from vitrina.domain.planning.forecast import Forecast, ForecastOutcome, assign_evenly, forecast
from vitrina.domain.planning.in_progress.overdue import left_of
from vitrina.errors import CellsError
from vitrina.operations.run import Update
from vitrina.ports import Store
from vitrina.project.commitments import People
from vitrina.project.planner_input import PlannedPart
from vitrina.project.resources import resources_of
from vitrina.project.snapshot import Snapshot
from vitrina.records.books import Project
from vitrina.records.forecasts import ShownForecast, find_open_forecasts, load_outcomes_of_year, settle
from vitrina.records.packing import Tracked
from vitrina.records.work import Item, ItemAction, ProjectWork
from vitrina.texts import Sentence, render, sentence
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import locale_of, read_terms
from vitrina.workbook.writing.change import WorkbookChange

#: Field of the first tab that only the add-on writes.
FINISH_FIELD = "expected_finish"


def can_tell_finish(book: Book) -> bool:
    """Whether the workbook has the field for the days; workbooks of older releases have none."""
    return FINISH_FIELD in book.fields and "client" in book.tabs


def write_forecast(
    snapshot: Snapshot,
    change: WorkbookChange,
    backlog: Sequence[BacklogItem],
    parts: Mapping[int, Mapping[str, PlannedPart]],
    agency_items: Sequence[Item],
) -> None:
    """Write the likely and the almost certain day, or why there are none, if the workbook has the field.

    A new forecast is stored at the end of the run.

    Parameters
    ----------
    backlog
        Items that stay in the backlog.
    parts
        Hours that they are planned with, by item number and profile.
    agency_items
        Work in progress of all clients, as it will be after this action.
    """
    book, project = snapshot.book, snapshot.project
    if not can_tell_finish(book):
        return
    own = [item for item in agency_items if item.spreadsheet_id == project.spreadsheet_id]
    numbers = frozenset(item.number for item in backlog)
    shown = snapshot.stored.forecasts.value
    waited_for = numbers | {item.number for item in own if not item.is_done}
    settled = settle(shown, finished_days(own, snapshot.today), waited_for)
    message, new_forecast = _message(snapshot, backlog, parts, agency_items)
    text = render(message, locale_of(book))
    place = book.field(FINISH_FIELD)
    still_open = settled.open
    if (place.cell.text or None) != text:
        change.set_field(book.tab("client"), place, text)
        if new_forecast is not None:
            still_open = {**still_open, new_forecast.made_on: ShownForecast(new_forecast, waited_for)}
    snapshot.at_end(
        snapshot.stored.forecasts.put(still_open),
        *outcome_changes(
            snapshot.services.store, project.spreadsheet_id, project.agency_id, settled.outcomes
        ),
    )


def settle_open_forecasts(
    store: Store, agency_id: str, works: Mapping[str, Tracked[ProjectWork]], today: date
) -> tuple[list[Update], list[ForecastOutcome]]:
    """Changes that close the forecasts whose items are all done, and their outcomes.

    Items that are neither in progress nor done count as not finished: they may be in a backlog, which is not
    read here.
    """
    changes: list[Update] = []
    outcomes: list[ForecastOutcome] = []
    for spreadsheet_id, shown in find_open_forecasts(store, agency_id).items():
        if spreadsheet_id not in works:
            continue
        work = works[spreadsheet_id].value
        done = finished_days(work.items.values(), today)
        numbers = {number for one in shown.value.values() for number in one.numbers}
        waited_for = {one for one in numbers if one not in done and not work.has_finished(one)}
        settled = settle(shown.value, done, waited_for)
        changes.append(shown.put(settled.open))
        changes += outcome_changes(store, spreadsheet_id, agency_id, settled.outcomes)
        outcomes += settled.outcomes
    return changes, outcomes


def outcome_changes(
    store: Store, spreadsheet_id: str, agency_id: str, outcomes: Sequence[ForecastOutcome]
) -> list[Update]:
    """Changes that store outcomes of forecasts: one read of the store for each year with outcomes."""
    by_year: dict[int, dict[date, ForecastOutcome]] = {}
    for one in outcomes:
        if one.finished_on is not None:
            by_year.setdefault(one.finished_on.year, {})[one.forecast.made_on] = one
    changes: list[Update] = []
    for year, new in by_year.items():
        kept = load_outcomes_of_year(store, spreadsheet_id, agency_id, date(year, 1, 1))
        changes.append(kept.change(partial(_with_outcomes, new)))
    return changes


def _with_outcomes(
    new: Mapping[date, ForecastOutcome], known: Mapping[date, ForecastOutcome]
) -> Mapping[date, ForecastOutcome]:
    return {**known, **new}


def finished_days(items: Iterable[Item], today: date) -> dict[int, date]:
    """Days on which items were finished, by number."""
    return {item.number: item.finished_on or today for item in items if item.is_done}


def _message(
    snapshot: Snapshot,
    backlog: Sequence[BacklogItem],
    parts: Mapping[int, Mapping[str, PlannedPart]],
    agency_items: Sequence[Item],
) -> tuple[Sentence, Forecast | None]:
    """Text of the field, and its forecast. A client reads it, so no person or other client is named."""
    services, book, project = snapshot.services, snapshot.book, snapshot.project
    norms = snapshot.stored.norms.value.norms
    team = snapshot.stored.team
    if team is None:
        return sentence("finish.no_team"), None
    try:
        terms = read_terms(book, services.choices)
    except CellsError:
        return sentence("finish.unclear_limit"), None
    since = snapshot.today
    begun = [item for item in agency_items if _is_begun(item, project)]
    # The rest of begun work is simulated like the backlog; its past days only count against limits.
    promised = [_until(item, since) if _is_begun(item, project) else item for item in agency_items]
    resources = resources_of(services, project, team, terms, promised, snapshot.typed_hours)
    people = People(team, services.calendar)
    rests = [_rest(item, rank, people, since) for rank, item in enumerate(begun)]
    assigned = assign_evenly([*rests, *backlog], resources)
    if not assigned:
        return sentence("finish.no_hours" if backlog else "finish.empty"), None
    bases = {(item.number, action.profile): _basis(item, action) for item in begun for action in item.actions}
    # That of the kind of work is the usual one.
    bases |= {
        (number, key): part.basis
        for number, own in parts.items()
        for key, part in own.items()
        if part.basis is not Basis.TYPE
    }
    finish = forecast(
        assigned,
        resources,
        norms,
        since=since,
        bases=bases,
    )
    if not isinstance(finish, Forecast):
        return sentence("finish.endless" if finish.is_endless else "finish.thin"), None
    # Work that is planned for later days is not done before them.
    planned_on = max((day for item in begun for day in _days(item)), default=since)
    finish = replace(
        finish,
        likely_on=max(finish.likely_on, planned_on),
        almost_certain_on=max(finish.almost_certain_on, planned_on),
    )
    days = {"likely": finish.likely_on, "sure": finish.almost_certain_on}
    left_out = len(backlog) - sum(not one.item.is_carried_over for one in assigned)
    is_one_day = finish.likely_on == finish.almost_certain_on
    if left_out:
        return sentence("finish.part_day" if is_one_day else "finish.part", **days, count=left_out), finish
    return sentence("finish.day" if is_one_day else "finish.days", **days), finish


# --- What is in progress ---------------------------------------------------------------------------


def _is_begun(item: Item, project: Project) -> bool:
    return item.spreadsheet_id == project.spreadsheet_id and not item.is_done


def _days(item: Item) -> Iterator[date]:
    """Planned days of the actions of an item that are not done."""
    for action in item.actions:
        if not action.is_done:
            yield from action.day_hours


def _until(item: Item, day: date) -> Item:
    """The item with only the days before *day*, as if all its work were done."""
    actions = (
        replace(one, is_done=True, day_hours={on: hours for on, hours in one.day_hours.items() if on < day})
        for one in item.actions
    )
    return replace(item, actions=tuple(actions))


def _rest(item: Item, rank: int, people: People, since: date) -> BacklogItem:
    """The unfinished work of an item as planner input: its hours from *since* on.

    Where no planned hours are left, it takes those that are not logged yet, at least a quarter of all.
    """
    hours: dict[str, float] = {}
    keeps: dict[str, str] = {}
    for action in item.actions:
        # An action without days has lost its row and takes nobody's time.
        if action.is_done or action.is_ticked or not action.day_hours:
            continue
        left = sum(one for on, one in action.day_hours.items() if on >= since)
        left = left or left_of(action.hours, action.logged_hours)
        hours[action.profile] = hours.get(action.profile, 0.0) + left
        keeps[action.profile] = people.name(action.specialist)
    return BacklogItem(
        item.number,
        item.code,
        item.task,
        Priority.NORMAL,
        rank,
        {profile: one for profile, one in hours.items() if one > 0},
        project=item.spreadsheet_id,
        is_carried_over=True,
        keeps=keeps,
    )


def _basis(item: Item, action: ItemAction) -> Basis:
    """Basis of the estimate of an action when it began."""
    if action.specialist_hours is not None:
        return Basis.SPECIALIST
    return Basis.SIZE if item.size else Basis.TYPE
