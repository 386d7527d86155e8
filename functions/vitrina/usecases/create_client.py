"""*Новый клиент…*: workbook, sharing and tracker board of a new project.

Resumable: whatever an earlier try made is found again, so that there is never a second one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from vitrina.domain.backlog import ActionStatus
from vitrina.domain.calendar import PeriodKind
from vitrina.errors import UnknownWorkbookError, UserError
from vitrina.operations.journal import Journal
from vitrina.operations.lease import lease
from vitrina.operations.services import Answer, Outcome, Services
from vitrina.ports import Board, Stage
from vitrina.records.records import (
    Agency,
    Project,
    load_norms,
    load_team_names,
    projects_of,
    save_project,
)
from vitrina.tabs.projects_tab import register_project
from vitrina.texts import render, sentence
from vitrina.workbook.reading.book import parse_book
from vitrina.workbook.template.compiler import BookValues, compile_book
from vitrina.workbook.template.definition import Locale, Profile
from vitrina.workbook.writing.change import Formula, Value

STEPS = 6


@dataclass(frozen=True)
class ClientForm:
    """What the manager types into the form."""

    client_name: str
    project_name: str
    code: str
    period: PeriodKind = PeriodKind.WEEK
    limit_hours: float | None = None
    responsible: str = ""


def check_form(services: Services, agency: Agency, form: ClientForm) -> None:
    """Refuse a code that another project has: its items' numbers would be mistaken for each other's."""
    for project in projects_of(services.store, agency.spreadsheet_id):
        if project.code.casefold() == form.code.casefold():
            raise UserError("client.code_taken", code=form.code, project=project.project_name)


def new_client(services: Services, agency: Agency, form: ClientForm, journal: Journal) -> Answer:
    """Make everything a new project needs, each thing once."""
    # Two clicks at once are one after the other, and the second one finds the code taken.
    with lease(services, f"new_client:{agency.spreadsheet_id}"):
        return _new_client(services, agency, form, journal)


def _new_client(services: Services, agency: Agency, form: ClientForm, journal: Journal) -> Answer:
    if journal.is_new:
        check_form(services, agency, form)
    tag = f"client-{journal.origin_id}"
    title = f"{form.client_name} — {form.project_name}"
    board = _board(services, agency, journal, f"{title} ({form.code})")
    journal.progress(1, STEPS, sentence("client.progress_book"))
    spreadsheet_id: str = journal.once(
        "create_workbook",
        lambda: services.workbooks.create(title, tag=tag),
        find=lambda: services.workbooks.find_by_tag(tag),
    )
    journal.progress(2, STEPS, sentence("client.progress_fill"))
    journal.once(
        "fill_workbook",
        lambda: _fill(services, agency, form, spreadsheet_id, board, title),
        find=lambda: _find_filled(services, spreadsheet_id),
    )
    journal.progress(3, STEPS, sentence("client.progress_share"))
    journal.once("share_workbook", lambda: services.workbooks.share_by_link(spreadsheet_id))
    journal.progress(4, STEPS, sentence("client.progress_webhook"))
    journal.once("connect_webhook", lambda: services.tracker.connect_webhook(services.webhook_url))
    save_project(
        services.store,
        Project(
            spreadsheet_id=spreadsheet_id,
            agency_id=agency.spreadsheet_id,
            client_name=form.client_name,
            project_name=form.project_name,
            code=form.code,
            locale=agency.locale,
            board_id=board.board_id,
            lane_id=board.lane_id,
            board_url=board.url,
            stages={status: stage.stage_id for status, stage in zip(ActionStatus, board.stages, strict=True)},
        ),
    )
    journal.progress(5, STEPS, sentence("client.progress_register"))
    url = services.workbooks.url(spreadsheet_id)
    number = journal.once("number_project", lambda: len(projects_of(services.store, agency.spreadsheet_id)))
    row = _register_row(services, agency, form, url, board)
    journal.once("register_project", lambda: register_project(services, agency, number, row))
    return Answer(
        Outcome.DONE,
        sentence("client.created", project=form.project_name),
        details=(sentence("client.next"),),
        data={"spreadsheet_id": spreadsheet_id, "spreadsheet_url": url, "board_url": board.url},
    )


def _board(services: Services, agency: Agency, journal: Journal, title: str) -> Board:
    journal.progress(0, STEPS, sentence("client.progress_board"))

    def find() -> Mapping[str, Any] | None:
        found = services.tracker.find_board(title)
        return asdict(found) if found else None

    stages = [services.choices.label("status", status, agency.locale) for status in ActionStatus]
    data = journal.once(
        "create_board",
        lambda: asdict(services.tracker.create_board(title, stages)),
        find=find,
    )
    return Board(**{**data, "stages": tuple(Stage(**stage) for stage in data["stages"])})


def _find_filled(services: Services, spreadsheet_id: str) -> bool | None:
    """``True`` where the workbook was filled by an earlier try: it is filled whole or not at all."""
    try:
        parse_book(services.workbooks.read(spreadsheet_id))
    except UnknownWorkbookError:
        return None
    return True


def _fill(
    services: Services, agency: Agency, form: ClientForm, spreadsheet_id: str, board: Board, title: str
) -> None:
    template = services.templates["client"]
    locale: Locale = "en" if agency.locale == "en" else "ru"
    today = services.today()
    requests = compile_book(
        template,
        locale=locale,
        profiles=[Profile(key, title) for key, title in agency.profiles.items()],
        values=BookValues(
            title=title,
            fields={
                "client_name": form.client_name,
                "project_name": form.project_name,
                "responsible": form.responsible,
                "board_url": board.url,
                "period": services.choices.label("period", form.period, locale),
                "limit_hours": form.limit_hours,
            },
            days=services.calendar.working_days_from(today, count=30),
            options={
                "work_types": list(
                    load_norms(services.store, agency.spreadsheet_id).norms.work_types.values()
                ),
                "specialists": load_team_names(services.store, agency.spreadsheet_id),
            },
        ),
        editors=services.editors,
        time_zone=services.time_zone.key,
    )
    services.workbooks.batch_update(spreadsheet_id, requests)


def _register_row(
    services: Services, agency: Agency, form: ClientForm, url: str, board: Board
) -> dict[str, Value]:
    locale = agency.locale
    open_title = render(sentence("card.open"), locale)
    return {
        "client": form.client_name,
        "project": form.project_name,
        "code": form.code,
        "workbook": Formula(f'=HYPERLINK("{url}";"{open_title}")'),
        "board": Formula(f'=HYPERLINK("{board.url}";"{open_title}")'),
        "stage": services.choices.label("stage", "onboarding", locale),
        "period": services.choices.label("period", form.period, locale),
        "limit_hours": form.limit_hours,
    }
