"""What a template of onboarding would add to a project: the tasks that it lacks, with people and days."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.estimating.effort import Task, forecast
from vitrina.domain.estimating.norms import Norms, tenth
from vitrina.domain.onboarding.plan import OnboardingPlan, plan_onboarding
from vitrina.domain.onboarding.template import OnboardingTemplate, TemplateTask
from vitrina.domain.planning.capacity import Resources
from vitrina.domain.planning.planner import HORIZON_CALENDAR_DAYS
from vitrina.errors import CellsError, UserError
from vitrina.operations.run import Run
from vitrina.ports import Document, Json, Key
from vitrina.project.agency_book import located, read_agency_book, read_team_of
from vitrina.project.snapshot import Snapshot
from vitrina.records.books import Agency
from vitrina.records.layouts import shape_from, shape_key
from vitrina.records.work import Item
from vitrina.usecases.batch.draft_assignment import resources_without
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.onboarding_rows import ONBOARDING, OnboardingTab, read_onboarding
from vitrina.workbook.reading.team import Team
from vitrina.workbook.template.upgrade import is_old
from vitrina.workbook.writing.client_needs import need_lines


class Need(Struct, frozen=True):
    """What the client has to hand over for a task, and by which day."""

    task: int
    text: str
    due_on: date


class AgencyTemplates(Struct, frozen=True):
    """The agency's people and templates, as its workbook has them now."""

    team: Team
    tab: OnboardingTab


def read_templates(
    run: Run, agency: Agency, norms: Norms, found: Mapping[Key, Document]
) -> tuple[Book, AgencyTemplates]:
    """One read of the agency's workbook; *found* has the document of its shape.

    Raises
    ------
    CellsError
        If cells of the people's tabs are bad.
    UserError
        If the workbook is of an older release, which has no tab *Онбординг*.
    WorkbookShapeError
        If somebody has deleted the tab.
    """
    shape = shape_from(found.get(shape_key(agency.spreadsheet_id)))
    book = read_agency_book(run, agency.spreadsheet_id, shape)
    if ONBOARDING not in book.tabs and is_old(book, run.services.templates["agency"].version):
        raise UserError("onboarding.old_book")
    team = read_team_of(run, agency, book)

    def norm_hours(work_type: str, profile: str) -> float | None:
        if profile not in norms.profiles_of(work_type):
            return None
        made = forecast(norms, Task(work_type, profile))
        return tenth(made.mean_hours) if made else None

    services = run.services
    tab = read_onboarding(book, services.choices, team=team, norm_hours=norm_hours, today=services.today())
    return book, AgencyTemplates(team, tab)


def template_of(run: Run, book: Book, templates: AgencyTemplates, kind: str) -> OnboardingTemplate:
    """The template of a kind of project; its bad cells have the address that opens them.

    Raises
    ------
    UserError, CellsError
        See ``OnboardingTab.template``.
    """
    try:
        return templates.tab.template(kind)
    except CellsError as error:
        raise located(run.services, book, error) from error


class Draft(Struct, frozen=True):
    """The onboarding as it would be added.

    ``known`` are items that the project has already, by the number of their task; ``plan`` holds the others.
    ``due_without_limit`` is the last day that it would have if the project had no limit of hours.
    """

    snapshot: Snapshot
    template: OnboardingTemplate
    known: Mapping[int, Item | None]
    plan: OnboardingPlan
    due_without_limit: date | None

    @property
    def hours(self) -> float:
        """Hours of all tasks that are added."""
        return sum(one.task.hours for one in self.plan.tasks)

    @property
    def known_codes(self) -> list[str]:
        """IDs of the items that the project has already; none of items finished long ago."""
        return [item.code for item in self.known.values() if item is not None]

    @property
    def needs(self) -> list[Need]:
        """What the client has to hand over for the tasks that are added, by day."""
        calendar, today = self.snapshot.services.calendar, self.snapshot.today
        found = [
            Need(
                planned.task.number,
                need.text,
                planned.start_on
                if need.within_days is None
                else calendar.working_days_from(today, count=need.within_days + 1)[-1],
            )
            for planned in self.plan.tasks
            for need in planned.task.needs
        ]
        return sorted(found, key=lambda need: (need.due_on, need.task))

    @property
    def needs_without_line(self) -> list[str]:
        """What finds no free line on the first tab."""
        free = sum(line.is_free for line in need_lines(self.snapshot.book))
        return [need.text for need in self.needs[free:]]

    @property
    def plan_id(self) -> str:
        """The same for plans that look the same to a person, and for no others."""
        effect: Json = {
            "tasks": [
                [
                    planned.task.number,
                    planned.task.title,
                    planned.task.result,
                    [
                        [action.profile, action.specialist, sorted(map(_day_data, action.day_hours.items()))]
                        for action in planned.actions
                    ],
                ]
                for planned in self.plan.tasks
            ],
            "needs": [[need.task, need.text, need.due_on.isoformat()] for need in self.needs],
        }
        text = json.dumps([self.snapshot.project.spreadsheet_id, self.template.kind, effect])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def _day_data(one: tuple[date, float]) -> tuple[str, float]:
    return one[0].isoformat(), round(one[1], 6)


def draft_onboarding(snapshot: Snapshot, team: Team, template: OnboardingTemplate) -> Draft:
    """Plan what the project lacks of a template, beside all that is promised to all clients.

    Raises
    ------
    UserError
        If tasks find no days within the horizon.
    CellsError
        If the project's terms cannot be read.
    """
    known = known_tasks(snapshot, template)
    missing = [task for task in template.tasks if task.number not in known]
    if not missing:
        return Draft(snapshot, template, known, OnboardingPlan(()), None)
    resources = resources_without(snapshot, team, ())
    plan = _plan(snapshot, missing, known, resources)
    if plan.unplaced:
        until = snapshot.today + timedelta(days=HORIZON_CALENDAR_DAYS)
        raise UserError("onboarding.no_room", tasks=[task.title for task in plan.unplaced], until=until)
    own = snapshot.project.spreadsheet_id
    limits = tuple(limit for limit in resources.limits if limit.project != own)
    free = plan
    if len(limits) < len(resources.limits):
        free = _plan(snapshot, missing, known, replace(resources, limits=limits))
    return Draft(snapshot, template, known, plan, free.due_on)


def _plan(
    snapshot: Snapshot, tasks: list[TemplateTask], known: Mapping[int, Item | None], resources: Resources
) -> OnboardingPlan:
    ends = {
        number: item.last_day
        for number, item in known.items()
        if item is not None and not item.is_done and item.last_day > date.min
    }
    return plan_onboarding(
        tasks, resources, project=snapshot.project.spreadsheet_id, since=snapshot.today, ends=ends
    )


def known_tasks(snapshot: Snapshot, template: OnboardingTemplate) -> dict[int, Item | None]:
    """Items of the project that were made from a template, by the number of the task, in their order.

    ``None`` for those that were finished so long ago that they are packed.
    """
    items = {item.template_task: item for item in snapshot.items.values() if item.template_task}
    packed = snapshot.stored.work.value.finished_tasks
    return dict(_known(template, items, packed))


def _known(
    template: OnboardingTemplate, items: Mapping[str, Item], packed: frozenset[str]
) -> Iterator[tuple[int, Item | None]]:
    for task in template.tasks:
        key = template.key(task.number)
        if key in items or key in packed:
            yield task.number, items.get(key)
