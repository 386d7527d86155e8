"""Reading the backlog of a project, which estimating and planning begin with."""

from __future__ import annotations

from vitrina.errors import UserError
from vitrina.usecases.records import Project
from vitrina.usecases.services import Services
from vitrina.workbook.book import Book
from vitrina.workbook.rows import Backlog, read_backlog


def read_own_backlog(services: Services, project: Project, book: Book) -> Backlog:
    """The backlog of a project's workbook as it was read, bad cells and all."""
    return read_backlog(
        book,
        services.choices,
        prefix=project.code,
        last_number=project.last_number,
        today=services.today(),
    )


def require_items(backlog: Backlog) -> None:
    """Raise ``CellsError`` for bad cells, and ``UserError`` where there is no item."""
    backlog.require_good_cells()
    if not backlog.rows:
        raise UserError("backlog.empty", sheet=backlog.tab.title)
