"""The tab *Проекты* of the agency's workbook: a row for each client's project.

A new row is written without reading the workbook first. The positions of header and columns are remembered
from the last read, and the batch fails as a whole if they have moved.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from vitrina.domain.quantities import serial_of_day
from vitrina.errors import ChangedMeanwhileError
from vitrina.operations.services import Services
from vitrina.ports import Write
from vitrina.records.books import Agency, Project
from vitrina.records.layouts import put_layout
from vitrina.records.outside.chat_questions import Question
from vitrina.records.outside.launches import Launch, LaunchPart
from vitrina.tabs.board import BoardLine, is_late
from vitrina.tabs.project_signs import ProjectSigns
from vitrina.texts import Sentence, render, sentence
from vitrina.workbook.reading.book import Book, Tab, parse_book
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import NewRow, WorkbookChange
from vitrina.workbook.writing.open_link import set_open_link
from vitrina.workbook.writing.values import Value

TAB = "projects"
#: Most characters of a question.
MOST_CHARACTERS = 120


def projects_layout(book: Book) -> Tab | None:
    """Where header and columns of the tab stand in a workbook that was just read."""
    tab = book.tabs.get(TAB)
    return None if tab is None else replace(tab, rows=())


def layout_write(book: Book) -> Write:
    """The write to the store that remembers the positions of header and columns of the tab."""
    return put_layout(book.spreadsheet_id, book.tab(TAB))


def add_project_row(
    services: Services, agency: Agency, layout: Tab | None, number: int, values: Mapping[str, Value]
) -> list[Write]:
    """Insert the row of a project below the header, once.

    Parameters
    ----------
    layout
        The tab with its remembered positions, or ``None`` where there are none.
    number
        Number of the project, which marks its row.

    Returns
    -------
    list[Write]
        Writes to the store that remember the new positions.
    """
    if layout is not None:
        try:
            _write_row(services, agency, layout, number, values)
        except ChangedMeanwhileError:
            pass
        else:
            return []
    # The tab was changed after it was read, or an earlier attempt has written the row: read it.
    book = parse_book(services.workbooks.read(agency.spreadsheet_id))
    if number not in book.row_numbers:
        _write_row(services, agency, book.tab(TAB), number, values)
    return [layout_write(book)]


def _write_row(
    services: Services, agency: Agency, tab: Tab, number: int, values: Mapping[str, Value]
) -> None:
    change = WorkbookChange()
    # A workbook that is not brought along yet lacks some of the columns.
    known = {key: value for key, value in values.items() if key in tab.columns}
    change.insert(tab, [NewRow(number, known)])
    services.workbooks.batch_update(agency.spreadsheet_id, change.requests())


def write_projects(
    services: Services,
    change: WorkbookChange,
    book: Book,
    projects: Iterable[tuple[Project, ProjectSigns]],
    lines: Iterable[BoardLine],
) -> None:
    """Write of each of *projects* how it is doing, its next due day, and the count of late work.

    A workbook that is not brought along yet lacks some of the columns.
    """
    tab = book.tabs.get("projects")
    if tab is None or "code" not in tab.columns:
        return
    today, locale = services.today(), locale_of(book)
    by_project: dict[str, list[BoardLine]] = {}
    for line in lines:
        by_project.setdefault(line.project.spreadsheet_id, []).append(line)
    by_code = {project.code.casefold(): (project, signs) for project, signs in projects}
    for row in tab.rows:
        found = by_code.get(tab.cell(row, "code").text.casefold())
        if found is None:
            continue
        project, signs = found
        own = by_project.get(project.spreadsheet_id, [])
        wanted: dict[str, Value] = {
            "health": services.choices.label("health", signs.health, locale),
            "waits": "; ".join(render(one, locale) for one in signs.waits) or None,
            "finish": signs.finish or None,
            "next_due": min((line.due_on for line in own if line.due_on), default=None),
            "late_count": sum(is_late(line, today) for line in own),
            "refreshed_at": signs.refreshed_at,
        }
        for key, value in wanted.items():
            if key in tab.columns and not _is_same(tab.cell(row, key).value, value):
                change.expect(tab, row, "code")
                change.set(tab, row, key, value)


def stages_of_projects(book: Book, projects: Sequence[Project], choices: Choices) -> dict[str, str]:
    """The stage of each project, by the id of its workbook. Rows are marked with the project's number."""
    tab = book.tabs.get(TAB)
    if tab is None or "stage" not in tab.columns:
        return {}
    numbered = dict(enumerate(projects, start=1))
    found = (
        (numbered.get(row.number or 0), choices.code("stage", tab.cell(row, "stage").text))
        for row in tab.rows
    )
    return {project.spreadsheet_id: stage for project, stage in found if project and stage}


def write_missing(
    change: WorkbookChange, book: Book, projects: Sequence[Project], launches: Mapping[str, Launch]
) -> None:
    """Write what new projects still lack and why; *launches* by the id of the workbook."""
    tab = book.tabs.get(TAB)
    if tab is None or "missing" not in tab.columns:
        return
    locale = locale_of(book)
    numbered = dict(enumerate(projects, start=1))
    for row in tab.rows:
        project = numbered.get(row.number or 0)
        if project is None:
            continue
        launch = launches.get(project.spreadsheet_id)
        text = "; ".join(render(one, locale) for one in _lacks(launch)) if launch else ""
        if tab.cell(row, "missing").text != text:
            change.set(tab, row, "missing", text or None)


def write_questions(
    change: WorkbookChange,
    book: Book,
    projects: Sequence[Project],
    questions: Mapping[str, Sequence[Question]],
    zone: ZoneInfo,
) -> None:
    """Write how many questions of clients wait for an answer, and the oldest.

    Parameters
    ----------
    questions
        Questions by the id of the workbook, the oldest first.
    zone
        Days of questions are those of this zone.
    """
    tab = book.tabs.get(TAB)
    if tab is None or "questions" not in tab.columns:
        return
    locale, numbered = locale_of(book), dict(enumerate(projects, start=1))
    for row in tab.rows:
        project = numbered.get(row.number or 0)
        if project is None:
            continue
        own = questions.get(project.spreadsheet_id, ())
        text = render(_waiting(own, zone), locale) if own else ""
        if tab.cell(row, "questions").text != text:
            change.set(tab, row, "questions", text or None)


def _waiting(questions: Sequence[Question], zone: ZoneInfo) -> Sentence:
    oldest = questions[0]
    text = " ".join(oldest.text.split())
    if len(text) > MOST_CHARACTERS:
        text = f"{text[: MOST_CHARACTERS - 1].rstrip()}…"
    return sentence("questions.project", count=len(questions), on=oldest.asked_on(zone), text=text)


def _lacks(launch: Launch) -> list[Sentence]:
    """What a project lacks, each with the reason where there is one."""
    return [
        sentence(f"launch.{part}_why", why=why)
        if (why := launch.missing[part])
        else sentence(f"launch.{part}")
        for part in LaunchPart
        if part in launch.missing
    ]


def write_stages(
    services: Services,
    change: WorkbookChange,
    book: Book,
    projects: Iterable[Project],
    onboarded: Container[str],
) -> None:
    """Move projects whose onboarding is done from this stage to the next one.

    Parameters
    ----------
    onboarded
        Ids of the workbooks of projects whose onboarding is done. A stage that a person has chosen otherwise
        stays.
    """
    tab = book.tabs.get(TAB)
    if tab is None or not {"code", "stage"} <= tab.columns.keys():
        return
    done = {one.code.casefold() for one in projects if one.spreadsheet_id in onboarded}
    for row in tab.rows:
        stage = services.choices.code("stage", tab.cell(row, "stage").text)
        if stage == "onboarding" and tab.cell(row, "code").text.casefold() in done:
            change.expect(tab, row, "code")
            change.set(tab, row, "stage", services.choices.label("stage", "active", locale_of(book)))


def write_board_links(change: WorkbookChange, book: Book, urls: Mapping[int, str]) -> None:
    """Have the rows of projects link to their boards; *urls* by the project's number, empty for none."""
    tab = book.tabs.get(TAB)
    if tab is None or "board" not in tab.columns:
        return
    for row in tab.rows:
        url = urls.get(row.number or 0)
        if url is not None:
            set_open_link(change, tab, row, "board", url, locale_of(book))


def _is_same(shown: str | float | bool | None, value: Value) -> bool:
    if isinstance(value, date):
        return shown == float(serial_of_day(value))
    return shown == value
