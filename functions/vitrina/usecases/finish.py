"""*Когда закончим* on the first tab: the days by which the backlog is finished, and how they came out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from vitrina.domain.capacity import Booking, HourLimit, Resources
from vitrina.domain.forecast import Forecast, Outcome, assign_evenly, forecast
from vitrina.domain.norms import Basis, Norms
from vitrina.errors import CellsError
from vitrina.ports import Record, Store
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.planning import PlannedPart
from vitrina.usecases.records import FORECAST, Item, Project, items_of, last_team, load_typed_hours
from vitrina.usecases.services import Services
from vitrina.workbook.book import Book
from vitrina.workbook.change import WorkbookChange
from vitrina.workbook.rows import BacklogRow, locale_of, read_terms

#: Field of the first tab; the add-on's whole.
FINISH_FIELD = "expected_finish"


def write_forecast(
    services: Services,
    change: WorkbookChange,
    book: Book,
    project: Project,
    rows: Sequence[BacklogRow],
    parts: Mapping[int, Mapping[str, PlannedPart]],
    norms: Norms,
) -> None:
    """Write the likely and the almost certain day, or why there are none, where the workbook has a place.

    Nothing is read from outside but the store. *rows* are those that stay in the backlog, *parts* what they
    are planned with, by number and profile; what is in progress is known to the store.
    """
    if FINISH_FIELD not in book.fields or "client" not in book.tabs:
        return
    agency_items = items_of(services.store, agency_id=project.agency_id)
    numbers = frozenset(row.number for row in rows)
    settle_forecasts(services, project, agency_items, standing=numbers)
    told, made = _told(services, book, project, rows, parts, norms, agency_items)
    text = render(told, locale_of(book))
    place = book.field(FINISH_FIELD)
    if (place.cell.text or None) == text:
        return
    change.set_field(book.tab("client"), place, text)
    if made is not None:
        open_ones = {
            item.number for item in agency_items if _is_own(item, project) and not item.is_done
        } | numbers
        _keep(services.store, project, made, open_ones)


def _told(
    services: Services,
    book: Book,
    project: Project,
    rows: Sequence[BacklogRow],
    parts: Mapping[int, Mapping[str, PlannedPart]],
    norms: Norms,
    agency_items: Sequence[Item],
) -> tuple[Sentence, Forecast | None]:
    """What the field says. A client reads it: nobody and no other client is named."""
    team = last_team(services.store, project.agency_id)
    if team is None:
        return sentence("finish.no_team"), None
    try:
        terms = read_terms(book, services.choices)
    except CellsError:
        return sentence("finish.unclear_limit"), None
    limits = (
        ()
        if terms.limit_hours is None
        else (HourLimit(terms.limit_hours, terms.period, project.spreadsheet_id),)
    )
    resources = Resources(
        team.specialists,
        services.calendar,
        tuple(_bookings(services, project, agency_items)),
        limits,
        load_factor=team.load_factor,
    )
    wanted = [
        replace(
            row.item(rank),
            hours={profile: part.hours for profile, part in parts.get(row.number, {}).items()},
            project=project.spreadsheet_id,
        )
        for rank, row in enumerate(rows)
    ]
    backlog = assign_evenly(wanted, resources)
    if not backlog:
        return sentence("finish.no_hours"), None
    made = forecast(
        backlog,
        resources,
        norms,
        since=services.today(),
        bases=_bases(parts),
    )
    if not isinstance(made, Forecast):
        return sentence("finish.endless" if made.is_endless else "finish.thin"), None
    # What is begun has days of its own; they may be later than all of the backlog.
    begun = (
        date.fromisoformat(day)
        for item in agency_items
        if _is_own(item, project) and not item.is_done
        for action in item.actions
        if not action.is_done
        for day in action.day_hours
    )
    last = max(begun, default=date.min)
    made = replace(
        made, likely_on=max(made.likely_on, last), almost_certain_on=max(made.almost_certain_on, last)
    )
    left_out = len(rows) - len(backlog)
    days = {"likely": made.likely_on, "sure": made.almost_certain_on}
    if left_out:
        return sentence("finish.part", **days, count=left_out), made
    return sentence("finish.days", **days), made


def _bases(parts: Mapping[int, Mapping[str, PlannedPart]]) -> dict[tuple[int, str], Basis]:
    return {(number, profile): part.basis for number, own in parts.items() for profile, part in own.items()}


def _bookings(services: Services, project: Project, agency_items: Iterable[Item]) -> Iterable[Booking]:
    """What people have promised to all clients; of what is done, what it spent of the client's own limit."""
    today = services.today()
    for item in agency_items:
        for action in item.actions:
            days = {date.fromisoformat(day): hours for day, hours in action.day_hours.items()}
            if item.is_done or action.is_done:
                if not _is_own(item, project):
                    continue
                days = {day: hours for day, hours in days.items() if day < today}
            yield Booking(action.specialist, item.spreadsheet_id, item.number, days)
    for name, by_day in load_typed_hours(services.store, project.agency_id).items():
        for day, hours in by_day.items():
            # Day by day, as nobody knows which of them belong together.
            yield Booking(name, "", 0, {day: hours})


def _is_own(item: Item, project: Project) -> bool:
    return item.spreadsheet_id == project.spreadsheet_id


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
    own = {item.number: item for item in items if _is_own(item, project)}
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


def load_outcomes(store: Store, agency_id: str) -> list[Outcome]:
    """All forecasts of an agency, with the day on which what they spoke of was finished."""
    return [_outcome(record) for record in store.find(FORECAST, agency_id=agency_id)]


def _outcome(record: Record) -> Outcome:
    data = record.data
    made_on, likely_on, sure_on = (
        date.fromisoformat(data[key]) for key in ("made_on", "likely_on", "almost_certain_on")
    )
    ended = data["finished_on"]
    return Outcome(
        Forecast(made_on, likely_on, sure_on, data["error_count"]),
        date.fromisoformat(ended) if ended else None,
    )
