"""Reading the workbooks of all clients, one after the other.

An agency may have more of them than Google lets be read in a minute, so that each takes a turn. One that
cannot be read is named, and the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from vitrina.errors import CellProblem, VitrinaError
from vitrina.operations.google_quota import book_turn
from vitrina.operations.journal import Journal
from vitrina.operations.lease import Lease
from vitrina.operations.services import Services
from vitrina.records.records import Project
from vitrina.texts import Sentence, sentence

Found = TypeVar("Found")

#: A long wait is told to the sidebar, and renews the leases, so often.
NAP_S = 5.0


@dataclass(frozen=True)
class Unread:
    """A workbook that could not be read, and why."""

    project: Project
    error: VitrinaError

    @property
    def told(self) -> Sentence:
        """What to say of it."""
        why = Sentence(self.error.code, self.error.where)
        return sentence("books.unread", project=title_of(self.project), why=why)


def title_of(project: Project) -> str:
    """How the staff know the workbook: the name of its file."""
    return f"{project.client_name} — {project.project_name}"


def read_client_books(
    services: Services,
    projects: Sequence[Project],
    read: Callable[[Project], Found],
    journal: Journal | None = None,
    *,
    held: Lease | None = None,
) -> tuple[list[Found], list[Unread]]:
    """What *read* finds in each workbook, and the workbooks where it cannot.

    Raises
    ------
    BusyError
        If the lease *held*, which is renewed all the time, went to somebody else.
    """
    found: list[Found] = []
    unread: list[Unread] = []
    for number, project in enumerate(projects):
        _wait_for_turn(services, partial(_tell, journal, held, number, len(projects)))
        try:
            found.append(read(project))
        except VitrinaError as error:
            unread.append(Unread(project, error))
    return found, unread


def told_elsewhere(project: Project, problems: Iterable[CellProblem]) -> list[Sentence]:
    """Bad cells of a workbook that is not the open one, as sentences."""
    return [
        sentence(
            "books.cell",
            project=title_of(project),
            sheet=problem.sheet,
            cell=problem.cell,
            why=Sentence(problem.code, dict(problem.where)),
        )
        for problem in problems
    ]


def _tell(journal: Journal | None, held: Lease | None, done: int, total: int) -> None:
    if held is not None:
        held.renew()
    if journal is not None:
        journal.progress(done, total, sentence("books.progress", done=done + 1, total=total))


def _wait_for_turn(services: Services, tell: Callable[[], None]) -> None:
    """Sleep until a turn at Google has come."""
    tell()
    left_s = book_turn(services) - services.clock.now().timestamp()
    while left_s > 0:
        nap_s = min(left_s, NAP_S)
        time.sleep(nap_s)
        left_s -= nap_s
        tell()
