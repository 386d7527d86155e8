"""*Когда закончим* on the first tab: the days by which the backlog is finished, and how they came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from vitrina.domain.backlog import BacklogItem, Priority
from vitrina.domain.estimating.norms import Basis, Norms
from vitrina.domain.planning.forecast import Forecast, ForecastOutcome, assign_evenly, forecast
from vitrina.domain.planning.overdue import left_of
from vitrina.errors import CellsError
from vitrina.operations.services import Services
from vitrina.ports import Record, Store
from vitrina.project.commitments import People
from vitrina.project.planner_input import PlannedPart
from vitrina.project.resources import resources_of
from vitrina.records.records import FORECAST, Item, ItemAction, Project, last_team
from vitrina.texts import Sentence, render, sentence
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import locale_of, read_terms
from vitrina.workbook.writing.change import WorkbookChange

#: Field of the first tab; the add-on's whole.
FINISH_FIELD = "expected_finish"


def can_tell_finish(book: Book) -> bool:
    """Whether the workbook has a place for the days; one of an older release has none."""
    return FINISH_FIELD in book.fields and "client" in book.tabs


def write_forecast(
    services: Services,
    change: WorkbookChange,
    book: Book,
    project: Project,
    backlog: Sequence[BacklogItem],
    parts: Mapping[int, Mapping[str, PlannedPart]],
    agency_items: Sequence[Item],
    norms: Norms,
) -> None:
    """Write the likely and the almost certain day, or why there are none, where the workbook has a place.

    Nothing is read from outside but the store. *backlog* is what stays there, *parts* what it is planned
    with, by number and profile; *agency_items* are what is in progress at all clients, as it will be.
    """
    if not can_tell_finish(book):
        return
    own = [item for item in agency_items if item.spreadsheet_id == project.spreadsheet_id]
    numbers = frozenset(item.number for item in backlog)
    settle_forecasts(services, project, own, standing=numbers)
    told, made = _told(services, book, project, backlog, parts, agency_items, norms)
    text = render(told, locale_of(book))
    place = book.field(FINISH_FIELD)
    if (place.cell.text or None) == text:
        return
    change.set_field(book.tab("client"), place, text)
    if made is not None:
        _keep(services.store, project, made, numbers | {item.number for item in own if not item.is_done})


def _told(
    services: Services,
    book: Book,
    project: Project,
    backlog: Sequence[BacklogItem],
    parts: Mapping[int, Mapping[str, PlannedPart]],
    agency_items: Sequence[Item],
    norms: Norms,
) -> tuple[Sentence, Forecast | None]:
    """What the field says. A client reads it: nobody and no other client is named."""
    team = last_team(services.store, project.agency_id)
    if team is None:
        return sentence("finish.no_team"), None
    try:
        terms = read_terms(book, services.choices)
    except CellsError:
        return sentence("finish.unclear_limit"), None
    since = services.today()
    begun = [item for item in agency_items if _is_begun(item, project)]
    # What is begun is drawn like the backlog: its days that are over count against limits only.
    promised = [_until(item, since) if _is_begun(item, project) else item for item in agency_items]
    resources = resources_of(services, project, team, terms, promised)
    people = People(team, services.calendar)
    rests = [_rest(item, rank, people, since) for rank, item in enumerate(begun)]
    assigned = assign_evenly([*rests, *backlog], resources)
    if not assigned:
        return sentence("finish.no_hours" if backlog else "finish.empty"), None
    bases = {(item.number, action.profile): _basis(item, action) for item in begun for action in item.actions}
    bases |= {(number, key): part.basis for number, own in parts.items() for key, part in own.items()}
    made = forecast(
        assigned,
        resources,
        norms,
        since=since,
        bases=bases,
    )
    if not isinstance(made, Forecast):
        return sentence("finish.endless" if made.is_endless else "finish.thin"), None
    # Work that was planned for later days is not done before them.
    planned_on = max((day for item in begun for day in _days(item)), default=since)
    made = replace(
        made,
        likely_on=max(made.likely_on, planned_on),
        almost_certain_on=max(made.almost_certain_on, planned_on),
    )
    days = {"likely": made.likely_on, "sure": made.almost_certain_on}
    left_out = len(backlog) - sum(not one.item.is_carried_over for one in assigned)
    if left_out:
        return sentence("finish.part", **days, count=left_out), made
    return sentence("finish.days", **days), made


# --- What is in progress ---------------------------------------------------------------------------


def _is_begun(item: Item, project: Project) -> bool:
    return item.spreadsheet_id == project.spreadsheet_id and not item.is_done


def _days(item: Item) -> Iterator[date]:
    """Days on which what is not done of an item is worked on."""
    for action in item.actions:
        if not action.is_done:
            yield from map(date.fromisoformat, action.day_hours)


def _until(item: Item, day: date) -> Item:
    """The item with the days before *day* only, as if no more were to be done."""
    bound = day.isoformat()
    actions = (
        replace(one, is_done=True, day_hours={on: hours for on, hours in one.day_hours.items() if on < bound})
        for one in item.actions
    )
    return replace(item, actions=tuple(actions))


def _rest(item: Item, rank: int, people: People, since: date) -> BacklogItem:
    """What is left to do of an item, as the planner takes it: hours from *since* on, a part at least."""
    hours: dict[str, float] = {}
    keeps: dict[str, str] = {}
    for action in item.actions:
        # Without days its row is missing: it binds nobody.
        if action.is_done or action.is_ticked or not action.day_hours:
            continue
        left = sum(one for on, one in action.day_hours.items() if on >= since.isoformat())
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
    """What was known of an action when it began."""
    if action.specialist_hours is not None:
        return Basis.SPECIALIST
    return Basis.SIZE if item.size else Basis.TYPE


# --- How forecasts came out ------------------------------------------------------------------------


def _keep(store: Store, project: Project, made: Forecast, numbers: Iterable[int]) -> None:
    """Remember what was shown, the last of a day."""
    store.put(
        FORECAST,
        f"{project.spreadsheet_id}:{made.made_on.isoformat()}",
        {
            "agency_id": project.agency_id,
            "spreadsheet_id": project.spreadsheet_id,
            "made_on": made.made_on.isoformat(),
            "likely_on": made.likely_on.isoformat(),
            "almost_certain_on": made.almost_certain_on.isoformat(),
            "error_count": made.error_count,
            "numbers": sorted(numbers),
            "finished_on": "",
        },
    )


def settle_forecasts(
    services: Services, project: Project, items: Iterable[Item], *, standing: Iterable[int] | None = None
) -> None:
    """Note the day on which all that a forecast spoke of was done.

    *standing* are the numbers in the backlog as it was just read: what is neither there nor in progress nor
    done was dropped, and nobody waits for it. Without it only what is done counts.
    """
    own = {item.number: item for item in items if item.spreadsheet_id == project.spreadsheet_id}
    known = None if standing is None else {*standing}
    for record in list(services.store.find(FORECAST, spreadsheet_id=project.spreadsheet_id, finished_on="")):
        numbers = record.data["numbers"]
        done = [own[number] for number in numbers if number in own and own[number].is_done]
        left = [number for number in numbers if number not in own or not own[number].is_done]
        if known is not None:
            left = [number for number in left if number in own or number in known]
        if left:
            continue
        days = [item.finished_on or services.today().isoformat() for item in done]
        if days:
            data = {**record.data, "finished_on": max(days)}
            services.store.put(FORECAST, record.key, data, version=record.version)
        else:
            # All of it was dropped: there is nothing to compare.
            services.store.delete(FORECAST, record.key, version=record.version)


def load_outcomes(store: Store, agency_id: str) -> list[ForecastOutcome]:
    """All forecasts of an agency, with the day on which what they spoke of was finished."""
    return [_outcome(record) for record in store.find(FORECAST, agency_id=agency_id)]


def _outcome(record: Record) -> ForecastOutcome:
    data = record.data
    made_on, likely_on, sure_on = (
        date.fromisoformat(data[key]) for key in ("made_on", "likely_on", "almost_certain_on")
    )
    ended = data["finished_on"]
    return ForecastOutcome(
        Forecast(made_on, likely_on, sure_on, data["error_count"]),
        date.fromisoformat(ended) if ended else None,
    )
