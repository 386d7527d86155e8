"""The tab *Журнал* of the agency's workbook: a line for each action of a person, the latest at the top."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from vitrina.operations.journal import JournalLine
from vitrina.operations.services import Services
from vitrina.records.books import Project
from vitrina.tabs.refreshed_mark import serial_of_moment
from vitrina.texts import render, sentence
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.team import Team
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

TAB = "log"
#: Most lines of the tab; older ones are deleted.
MOST_LINES = 1000


def write_journal(
    services: Services,
    change: WorkbookChange,
    book: Book,
    lines: Iterable[JournalLine],
    *,
    team: Team | None,
    projects: Mapping[str, Project],
) -> None:
    """Insert lines below the header, each once however often this is tried.

    Parameters
    ----------
    projects
        Projects of the agency by the id of their workbook.
    """
    tab = book.tabs.get(TAB)
    if tab is None or "operation_id" not in tab.columns:
        return
    locale = locale_of(book)
    shown = {tab.cell(row, "operation_id").text for row in tab.rows}

    def values(line: JournalLine) -> dict[str, Value]:
        project = projects.get(line.spreadsheet_id)
        at = datetime.fromisoformat(line.at).astimezone(services.time_zone)
        return {
            "at": serial_of_moment(at),
            "who": team.name_of(line.who) if team else line.who,
            "client": project.title if project else None,
            "action": render(sentence(f"journal.{line.action}"), locale),
            "outcome": services.choices.label("outcome", line.outcome, locale),
            "message": line.message,
            "operation_id": line.operation_id,
        }

    new = [values(line) for line in lines if line.operation_id not in shown]
    own = [{key: value for key, value in one.items() if key in tab.columns} for one in new]
    change.insert_lines(tab, own, most=MOST_LINES)
