"""Reading the workbooks of all clients, one after the other.

An agency may have more of them than Google lets be read in a minute, so that each waits for a slot of
Google's quota. One that cannot be read is named, and the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from msgspec import Struct

from vitrina.errors import CellProblem, VitrinaError
from vitrina.operations.google_quota import SlotBooking
from vitrina.operations.run import Run
from vitrina.ports import Document
from vitrina.records.books import Project
from vitrina.texts import Sentence, sentence

Found = TypeVar("Found")

#: A long wait is told to the sidebar, and extends the leases, so often.
NAP_S = 5.0


class UnreadBook(Struct, frozen=True):
    """A workbook that could not be read, and why."""

    project: Project
    error: VitrinaError

    @property
    def message(self) -> Sentence:
        """What to say of it."""
        why = Sentence(self.error.code, self.error.where)
        return sentence("books.unread", project=self.project.title, why=why)


def read_client_books(
    run: Run,
    projects: Sequence[Project],
    read: Callable[[Project], Found],
    *,
    quota: Document | None,
) -> tuple[list[Found], list[UnreadBook]]:
    """What *read* finds in each workbook, and the workbooks where it cannot.

    *quota* are the slots of Google's quota as they were read; those of all workbooks are booked at once.

    Raises
    ------
    BusyError
        If a lease of the run went to somebody else.
    """
    found: list[Found] = []
    unread: list[UnreadBook] = []
    booking = SlotBooking(run.services, quota, agency_id=run.agency_id, count=len(projects))
    if projects:
        run.commit(updates=[booking])
    for number, project in enumerate(projects):
        step = sentence("books.progress", done=number + 1, total=len(projects))
        run.report(number, len(projects), step)
        _wait_until(run, booking.moments[number])
        try:
            found.append(read(project))
        except VitrinaError as error:
            unread.append(UnreadBook(project, error))
    return found, unread


def elsewhere_messages(project: Project, problems: Iterable[CellProblem]) -> list[Sentence]:
    """Bad cells of a workbook that is not the open one, as sentences."""
    return [
        sentence(
            "books.cell",
            project=project.title,
            sheet=problem.sheet,
            cell=problem.cell,
            why=Sentence(problem.code, dict(problem.where)),
        )
        for problem in problems
    ]


def _wait_until(run: Run, moment: float) -> None:
    """Sleep until a slot of the quota has come, and extend the leases meanwhile."""
    left_s = moment - run.services.clock.now().timestamp()
    while left_s > 0:
        nap_s = min(left_s, NAP_S)
        time.sleep(nap_s)
        left_s -= nap_s
        run.commit()
