"""*Подключить / сменить трекер…*: moves projects to another tracker, or back into the sheet alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from vitrina.errors import (
    AccessDeniedError,
    FatalServiceError,
    RetriableServiceError,
    UserError,
    VitrinaError,
)
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.agency_book import StoredAgency, read_agency_book, read_stored_agency
from vitrina.project.tracker_people import find_people_in_tracker, people_in_tracker
from vitrina.records.books import Project, find_projects
from vitrina.records.cards import load_switch
from vitrina.records.work import Item, find_open_work
from vitrina.tabs.projects_tab import write_board_links
from vitrina.texts import Sentence, sentence
from vitrina.usecases.tracker.move_project import move_project
from vitrina.workbook.writing.change import WorkbookChange


def switch_options(run: Run, agency_id: str) -> Answer:
    """What the form offers: the trackers, and the projects with their tracker. Changes nothing."""
    services = run.services
    stored = read_stored_agency(run, agency_id)
    trackers = [{"name": name, "title": _title(services, name)} for name in services.trackers]
    projects: list[Json] = [
        {
            "id": one.spreadsheet_id,
            "title": one.title,
            "tracker": one.tracker,
            "tracker_title": _title(services, one.tracker),
        }
        for one in stored.projects.value
    ]
    if not projects:
        raise UserError("switch.no_projects")
    data = {"trackers": trackers, "projects": projects}
    return Answer(Outcome.DONE, sentence("switch.options"), data=data)


def preview_switch(run: Run, agency_id: str, tracker: str, projects: Collection[str]) -> Answer:
    """What a switch would make, and who has no account in the new tracker. Changes nothing outside."""
    services = run.services
    target = services.chosen_tracker(tracker)
    stored = read_stored_agency(run, agency_id)
    chosen = _chosen(stored, projects)
    moving = [one for one in chosen if _is_to_move(services, one, tracker)]
    if not moving:
        raise UserError("switch.nothing", tracker=_title(services, tracker))
    items = _open_items(services, agency_id, moving)
    details = [_what_moves(services, one, items[one.spreadsheet_id]) for one in moving]
    there = [one.title for one in chosen if one not in moving]
    if there:
        details.append(sentence("switch.already_there", projects=there))
    if target.can.has_cards:
        unknown = _unknown_people(run, stored, tracker, [item for one in items.values() for item in one])
        if unknown:
            details.append(sentence("push.unknown_people", people=unknown, service=target.name))
    if any(_has_cards(services, one) for one in moving):
        details.append(sentence("switch.former_closed"))
    count = sum(len(one) for one in items.values())
    code = "switch.preview" if target.can.has_cards else "switch.preview_sheet"
    message = sentence(code, projects=len(moving), cards=count, tracker=_title(services, tracker))
    data = {"tracker": tracker, "projects": [one.spreadsheet_id for one in moving]}
    return Answer(Outcome.DONE, message, details=tuple(details), data=data)


def switch_tracker(run: Run, agency_id: str, tracker: str, projects: Collection[str]) -> Answer:
    """Move projects one after the other. One that cannot be moved is named, and the others go on.

    Raises
    ------
    RetriableServiceError
        If an outside system does not answer now; a repeat goes on from there.
    """
    services = run.services
    stored = read_stored_agency(run, agency_id)
    chosen = _chosen(stored, projects)
    details: list[Sentence] = []
    moved_count = card_count = 0
    for place, project in enumerate(chosen):

        def report(step: Sentence, done: int = place) -> None:
            run.report(done, len(chosen), step)

        try:
            moved = move_project(run, project.spreadsheet_id, tracker, report)
        except RetriableServiceError:
            raise
        except VitrinaError as error:
            why = Sentence(error.code, error.where)
            details.append(sentence("switch.not_moved", project=project.title, why=why))
        else:
            moved_count, card_count = moved_count + 1, card_count + moved.card_count
            details += [one for one in moved.remarks if one not in details]
    link_boards(run, agency_id, [one.spreadsheet_id for one in chosen])
    title = _title(services, tracker)
    has_cards = services.tracker(tracker).can.has_cards
    code = "switch.done" if has_cards else "switch.done_sheet"
    return Answer(
        Outcome.PARTIAL if moved_count < len(chosen) else Outcome.DONE,
        sentence(code, projects=moved_count, cards=card_count, tracker=title),
        details=tuple(details),
        data={"projects": moved_count, "cards": card_count},
    )


def check_switch(services: Services, agency_id: str, tracker: str, projects: Collection[str]) -> None:
    """Refuse a tracker or a project that is not there; raises ``UserError``."""
    services.chosen_tracker(tracker)
    if not {one.spreadsheet_id for one in find_projects(services.store, agency_id)} >= set(projects):
        raise UserError("switch.unknown_project")


def _chosen(stored: StoredAgency, projects: Collection[str]) -> list[Project]:
    """The chosen projects in the order of *Проекты*; raises ``UserError`` for one of another agency."""
    chosen = [one for one in stored.projects.value if one.spreadsheet_id in projects]
    if len(chosen) < len(set(projects)):
        raise UserError("switch.unknown_project")
    return chosen


def _is_to_move(services: Services, project: Project, tracker: str) -> bool:
    """Whether a project is elsewhere, or its last switch has not ended."""
    if project.tracker != tracker:
        return True
    switch = load_switch(services.store, project.spreadsheet_id)
    return switch is not None and switch.is_open


def _open_items(services: Services, agency_id: str, projects: Sequence[Project]) -> Mapping[str, list[Item]]:
    """Items that are not done, by the project's workbook."""
    works = find_open_work(services.store, agency_id)
    found: dict[str, list[Item]] = {one.spreadsheet_id: [] for one in projects}
    for spreadsheet_id in found.keys() & works.keys():
        items = works[spreadsheet_id].value.items.values()
        found[spreadsheet_id] = [item for item in items if not item.is_done]
    return found


def _what_moves(services: Services, project: Project, items: Sequence[Item]) -> Sentence:
    return sentence(
        "switch.project",
        project=project.title,
        tracker=_title(services, project.tracker),
        count=len(items),
    )


def _unknown_people(run: Run, stored: StoredAgency, tracker: str, items: Sequence[Item]) -> list[str]:
    """Names of those who work on *items* and have no account in a tracker; nobody if it cannot be asked."""
    team, agency_id = stored.team, stored.agency.spreadsheet_id
    names = dict.fromkeys(action.specialist for item in items for action in item.actions)
    if team is not None:
        staff = {one.name for one in team.specialists}
        names = dict.fromkeys(name for name in names if name in staff)
    known = people_in_tracker(run.services, agency_id, team, tracker)
    missing = [name for name in names if name not in known]
    if not missing:
        return []
    try:
        found = find_people_in_tracker(run, agency_id, tracker, missing)
    except (AccessDeniedError, FatalServiceError, UserError):
        return missing
    return [name for name in missing if name not in found]


def _has_cards(services: Services, project: Project) -> bool:
    tracker = services.trackers.get(project.tracker)
    return tracker is not None and tracker.can.has_cards


def _title(services: Services, tracker: str) -> str | Sentence:
    """How people know a tracker; one that is not connected any more by the name of its connection."""
    found = services.trackers.get(tracker)
    return tracker if found is None else found.name or sentence("tracker.without")


def link_boards(run: Run, agency_id: str, spreadsheet_ids: Collection[str]) -> None:
    """Have *Проекты* link to the present boards."""

    def write() -> None:
        stored = read_stored_agency(run, agency_id)
        urls = {
            number: project.board_url
            for number, project in enumerate(stored.projects.value, start=1)
            if project.spreadsheet_id in spreadsheet_ids
        }
        book = read_agency_book(run, agency_id, stored.shape)
        change = WorkbookChange()
        write_board_links(change, book, urls)
        if change:
            run.services.workbooks.batch_update(agency_id, change.requests())

    retry_on_conflict(run, write)
