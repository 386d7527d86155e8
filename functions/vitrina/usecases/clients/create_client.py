"""Creates workbook, sharing and tracker board of a new project: *Новый клиент…*, or a deal that was won.

It can be resumed: every step finds what an earlier attempt has created, so nothing is created twice. What may
come later, such as the onboarding, is noted as missing and made by the job ``launch``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from vitrina.domain.backlog import ActionStatus
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.limits import MOST_CHOICES, MOST_PROJECTS, is_soon
from vitrina.errors import (
    CellsError,
    ChangedMeanwhileError,
    UnknownWorkbookError,
    UserError,
    WorkbookShapeError,
)
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.clicks.accounts import own_tracker, own_trackers
from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Board, Capabilities, Stage, TaskTracker, Write
from vitrina.project.agency_book import StoredAgency, read_agency_book, read_stored_agency, read_team_of
from vitrina.project.book_upgrade import typed_columns, work_types_for_clients
from vitrina.project.protection import certain_editors, editors_of, note_editors
from vitrina.records.books import Agency, Project, board_id_from, board_title, find_projects, put_project
from vitrina.records.layouts import Protections, layout_from_document, layout_key, protection_key
from vitrina.records.outside.chats import KeptChat
from vitrina.records.outside.launches import Launch, LaunchPart
from vitrina.tabs.projects_tab import add_project_row, projects_layout
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.deals.hints import note_deals
from vitrina.usecases.tracker.own_title import own_board_title
from vitrina.workbook.reading.book import Tab, parse_book
from vitrina.workbook.reading.onboarding_rows import kinds_in
from vitrina.workbook.reading.team import Team
from vitrina.workbook.template.compiler import BookValues, compile_book
from vitrina.workbook.template.definition import Locale, Profile
from vitrina.workbook.writing.open_link import open_link
from vitrina.workbook.writing.protection import Editors
from vitrina.workbook.writing.values import Value

STEPS = 6

#: Results of the step that fills the workbook. Older releases noted nothing.
FILLED = "filled"
EDITORS_REFUSED = "editors_refused"


class ClientForm(Struct, frozen=True):
    """What the manager types into the form."""

    client_name: str
    project_name: str
    code: str
    period: PeriodKind = PeriodKind.WEEK
    limit_hours: float | None = None
    responsible: str = ""
    #: Name of a connection; empty for the one of new projects.
    tracker: str = ""
    #: Kind of project, by which the onboarding is chosen; empty for none.
    onboarding: str = ""


class DealFacts(Struct, frozen=True):
    """What is carried over from the deal of a project: texts for the staff, and for the client."""

    deal_id: str
    url: str
    for_staff: str = ""
    for_client: str = ""


def check_form(services: Services, agency_id: str, form: ClientForm) -> None:
    """Raise ``UserError`` if another project has the code, or there are too many projects.

    Items of both projects would have the same IDs. Raises it too if the agency has not the chosen tracker.
    """
    own_tracker(services, agency_id, form.tracker)
    projects = find_projects(services.store, agency_id)
    _refuse_taken_code(projects, form)
    if len(projects) >= MOST_PROJECTS:
        raise UserError("limit.projects", count=len(projects), most=MOST_PROJECTS)


def client_options(services: Services, agency_id: str) -> Answer:
    """Choices of the form: trackers, the usual one first, and kinds of projects. Changes nothing."""
    trackers = [
        {"name": name, "title": tracker.name or sentence("tracker.without")}
        for name, tracker in own_trackers(services, agency_id).items()
    ]
    kinds = kinds_in(parse_book(services.workbooks.read(agency_id)))
    return Answer(Outcome.DONE, sentence("client.options"), data={"trackers": trackers, "kinds": kinds})


def _refuse_taken_code(projects: Iterable[Project], form: ClientForm) -> None:
    for project in projects:
        if project.code.casefold() == form.code.casefold():
            raise UserError("client.code_taken", code=form.code, project=project.project_name)


def _projects_soon(count: int) -> list[Sentence]:
    """What to say where an agency has nearly as many projects as it can have."""
    if not is_soon(count, MOST_PROJECTS):
        return []
    return [sentence("limit.projects_soon", count=count, most=MOST_PROJECTS)]


def create_client(run: Run, agency_id: str, form: ClientForm, deal: DealFacts | None = None) -> Answer:
    """Create everything that a new project needs, each thing once."""
    services = run.services
    stored = read_stored_agency(run, agency_id, more=[layout_key(agency_id), protection_key(agency_id)])
    agency = stored.agency
    if run.is_new:
        _refuse_taken_code(stored.projects.value, form)
    tag = f"client-{run.origin_id}"
    title = f"{form.client_name} — {form.project_name}"
    tracker_name, tracker = own_tracker(services, agency_id, form.tracker)
    board = _board(run, agency, tracker_name, tracker, board_title(title, form.code))
    run.set_progress(1, STEPS, sentence("client.progress_book"))
    spreadsheet_id: str = run.step(
        "create_workbook",
        lambda: services.workbooks.create(title, tag=tag),
        find=lambda: services.workbooks.find_by_tag(tag),
    )
    run.set_progress(2, STEPS, sentence("client.progress_fill"))
    is_filled = "result" in run.steps.get("fill_workbook", {})
    now = _stored_now(stored) if is_filled else _agency_now(run, stored)
    filled: str = run.step(
        "fill_workbook",
        lambda: _fill(run, now, form, deal, spreadsheet_id, board, title, tracker.can),
        find=lambda: _find_filled(services, spreadsheet_id),
    )
    run.set_progress(3, STEPS, sentence("client.progress_share"))
    run.step("share_workbook", lambda: services.workbooks.share_by_link(spreadsheet_id))
    run.set_progress(4, STEPS, sentence("client.progress_webhook"))
    if tracker.can.sends_events:
        run.step("connect_webhook", lambda: tracker.connect_webhook(board.board_id))
    project = Project(
        spreadsheet_id=spreadsheet_id,
        agency_id=agency_id,
        client_name=form.client_name,
        project_name=form.project_name,
        code=form.code,
        locale=agency.locale,
        board_id=board.board_id,
        board_url=board.url,
        stages={
            status: stage.stage_id
            # Without a board there are no stages.
            for status, stage in zip(ActionStatus, board.stages, strict=bool(board.stages))
        },
        tracker=tracker_name,
        deal_id=deal.deal_id if deal else "",
    )
    run.set_progress(5, STEPS, sentence("client.progress_register"))
    if "register_project" not in run.steps:
        # Written once: from here on the document counts the project's items.
        run.commit(
            put_project(project),
            _launch(services, project, form).put(),
            *_offered_chat(services, project),
            updates=[stored.projects.change(lambda projects: _with_project(projects, project))],
        )
    number = [one.spreadsheet_id for one in stored.projects.value].index(spreadsheet_id) + 1
    url = services.workbooks.url(spreadsheet_id)
    row = _project_row(services, agency, form, deal, url, board)
    remembering: list[Write] = []

    def add_row() -> None:
        remembering.extend(add_project_row(services, agency, now.layout, number, row))

    run.step("register_project", add_row)
    run.at_end(*remembering)
    _follow_up(run, project, form)
    return Answer(
        Outcome.DONE,
        sentence("client.created" if board.url else "client.created_book", project=form.project_name),
        details=(
            sentence("client.next"),
            *([sentence("client.editors_refused")] if filled == EDITORS_REFUSED else []),
            *(sentence(code, service=tracker.name) for code in board.remarks),
            *_projects_soon(number),
        ),
        data={"spreadsheet_id": spreadsheet_id, "spreadsheet_url": url, "board_url": board.url},
    )


def _follow_up(run: Run, project: Project, form: ClientForm) -> None:
    """Ask for what comes after workbook and board; what the queue does not take is sent by the timer."""
    services = run.services
    if form.onboarding:
        name = task_name("launch", project.spreadsheet_id, 0)
        run.queue_at_end(TaskWish(name, {"kind": "launch", "spreadsheet_id": project.spreadsheet_id}))
    if project.deal_id:
        note_deals(services, project.agency_id, [project.deal_id])


def _launch(services: Services, project: Project, form: ClientForm) -> Launch:
    """What the project lacks when workbook and board are there."""
    parts = (
        *([LaunchPart.ONBOARDING] if form.onboarding else []),
        *([LaunchPart.DEAL_NOTE] if project.deal_id else []),
        *([LaunchPart.CHAT] if services.chat else []),
    )
    missing = dict.fromkeys(parts, "")
    return Launch(
        project.spreadsheet_id,
        project.agency_id,
        deal_id=project.deal_id,
        onboarding=form.onboarding,
        locale=project.locale,
        missing=missing,
    )


def _offered_chat(services: Services, project: Project) -> list[Write]:
    """The write that keeps that the menu of the new workbook offers the chat."""
    if services.chat is None:
        return []
    return [KeptChat(project.spreadsheet_id, project.agency_id, is_offered=True).put()]


def _with_project(projects: tuple[Project, ...], project: Project) -> tuple[Project, ...]:
    if any(one.spreadsheet_id == project.spreadsheet_id for one in projects):
        return projects
    return (*projects, project)


def _board(run: Run, agency: Agency, tracker_name: str, tracker: TaskTracker, title: str) -> Board:
    """The board of the project, an empty one where the tracker has no boards."""
    if not tracker.can.has_cards:
        return Board("", (), "")
    services = run.services
    run.set_progress(0, STEPS, sentence("client.progress_board"))

    title = own_board_title(services, agency.spreadsheet_id, tracker_name, title)

    def find() -> Mapping[str, Any] | None:
        found = tracker.find_board(title)
        return to_builtins(found) if found else None

    titles = [services.choices.label("status", status, agency.locale) for status in ActionStatus]
    data = run.step(
        "create_board",
        lambda: to_builtins(tracker.create_board(title, titles)),
        find=find,
    )
    stages = tuple(Stage(**stage) for stage in data["stages"])
    return Board(board_id_from(data), stages, data["url"], tuple(data.get("remarks", ())))


def _find_filled(services: Services, spreadsheet_id: str) -> str | None:
    """``FILLED`` if an earlier attempt has filled the workbook: one batch fills all of it or nothing."""
    try:
        parse_book(services.workbooks.read(spreadsheet_id))
    except UnknownWorkbookError:
        return None
    return FILLED


def _fill(
    run: Run,
    now: _AgencyNow,
    form: ClientForm,
    deal: DealFacts | None,
    spreadsheet_id: str,
    board: Board,
    title: str,
    can: Capabilities,
) -> str:
    """Fill the workbook; ``EDITORS_REFUSED`` if Google takes only the editors whom the operator named."""
    services = run.services
    wanted = editors_of(services, now.agency.spreadsheet_id, now.team)
    values = _values(services, now.agency, form, deal, board, title, now.work_types)
    try:
        _compile(services, now.agency, spreadsheet_id, values, can, wanted)
    except ChangedMeanwhileError:
        certain = certain_editors(services, now.agency.spreadsheet_id)
        if _find_filled(services, spreadsheet_id) or certain == wanted:
            raise
        # Nobody else knows of the new file, so what Google refuses is an editor.
        _compile(services, now.agency, spreadsheet_id, values, can, certain)
        note_editors(run, now.protections, spreadsheet_id, certain, refused=wanted)
        return EDITORS_REFUSED
    note_editors(run, now.protections, spreadsheet_id, wanted)
    return FILLED


class _AgencyNow(Struct, frozen=True):
    """What a new client takes over from the agency's workbook, which is read once.

    ``work_types`` are those that clients may see, ``layout`` is where *Проекты* stands.
    """

    agency: Agency
    team: Team | None
    work_types: Sequence[str]
    layout: Tab | None
    protections: Protections


def _stored_now(stored: StoredAgency) -> _AgencyNow:
    """What the store has of it, where the workbook was filled by an earlier attempt."""
    agency = stored.agency
    layout = layout_from_document(stored.more.get(layout_key(agency.spreadsheet_id)))
    return _AgencyNow(agency, stored.team, (), layout, _protections(stored))


def _agency_now(run: Run, stored: StoredAgency) -> _AgencyNow:
    agency, team = stored.agency, stored.team
    book = read_agency_book(run, agency.spreadsheet_id, stored.shape)
    # Bad cells there must not keep a new client waiting: what was read before holds.
    with contextlib.suppress(CellsError, WorkbookShapeError):
        team = read_team_of(run, agency, book)
    work_types = work_types_for_clients(team, stored.norms.value)
    return _AgencyNow(agency, team, work_types, projects_layout(book), _protections(stored))


def _protections(stored: StoredAgency) -> Protections:
    agency_id = stored.agency.spreadsheet_id
    return Protections(agency_id, stored.more.get(protection_key(agency_id)))


def _compile(
    services: Services,
    agency: Agency,
    spreadsheet_id: str,
    values: BookValues,
    can: Capabilities,
    editors: Editors,
) -> None:
    requests = compile_book(
        services.templates["client"],
        locale=_locale(agency),
        profiles=[Profile(key, title) for key, title in agency.profiles.items()],
        values=values,
        typed=typed_columns(can),
        has_tracker=can.has_cards,
        invites_guests=can.invites_guests,
        has_chat=services.chat is not None,
        editors=editors,
        time_zone=services.time_zone.key,
    )
    services.workbooks.batch_update(spreadsheet_id, requests)


def _values(
    services: Services,
    agency: Agency,
    form: ClientForm,
    deal: DealFacts | None,
    board: Board,
    title: str,
    work_types: Sequence[str],
) -> BookValues:
    return BookValues(
        title=title,
        fields={
            "client_name": form.client_name,
            "project_name": form.project_name,
            "responsible": form.responsible,
            "board_url": board.url or None,
            "period": services.choices.label("period", form.period, _locale(agency)),
            "limit_hours": form.limit_hours,
            "terms": (deal.for_client if deal else "") or None,
            "in_progress_count": 0,
            "questions": render(sentence("questions.none"), _locale(agency)),
        },
        days=services.calendar.working_days_from(services.today(), count=30),
        options={"work_types": list(work_types)[:MOST_CHOICES]},
    )


def _locale(agency: Agency) -> Locale:
    return "en" if agency.locale == "en" else "ru"


def _project_row(
    services: Services, agency: Agency, form: ClientForm, deal: DealFacts | None, url: str, board: Board
) -> dict[str, Value]:
    locale = agency.locale
    return {
        "client": form.client_name,
        "project": form.project_name,
        "code": form.code,
        "workbook": open_link(url, locale),
        "board": open_link(board.url, locale) if board.url else None,
        **({"deal": open_link(deal.url, locale), "from_deal": deal.for_staff or None} if deal else {}),
        "stage": services.choices.label("stage", "onboarding", locale),
        "period": services.choices.label("period", form.period, locale),
        "limit_hours": form.limit_hours,
    }
