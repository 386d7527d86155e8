"""Job that carries out what clients decided, once they cannot take it back any more."""

from __future__ import annotations

import logging

from vitrina.errors import BusyError, ChangedMeanwhileError, RetriableServiceError, VitrinaError
from vitrina.operations.actor import CLOCK
from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.operations.outbox import fulfilled
from vitrina.operations.page_drawing import page_wishes
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.missing_part import reason_of
from vitrina.records.books import Project, load_project
from vitrina.records.outside.decisions import Decision, DecisionState, find_open_decisions
from vitrina.texts import render, sentence
from vitrina.usecases.decisions.decide import settle_wish
from vitrina.usecases.decisions.read_cells import decide_by_cells
from vitrina.usecases.decisions.settle import settle

log = logging.getLogger("vitrina.decisions")


def settle_decisions(services: Services, body: Json) -> None:
    """Carry out the decisions of a project that are due.

    Raises
    ------
    BusyError, ChangedMeanwhileError, RetriableServiceError
        If the queue shall try again soon.
    VitrinaError
        If the workbook or the card does not allow it: *Журнал* tells why, and the timer tries again.
    """
    spreadsheet_id = body["spreadsheet_id"]
    project = load_project(services.store, spreadsheet_id)
    run = Run(services, CLOCK, agency_id=project.agency_id)
    done = fulfilled(body)
    with ending(run):
        run.take(spreadsheet_id)
        try:
            if body.get("reads_cells"):
                decide_by_cells(run, spreadsheet_id)
            settled = settle(run, spreadsheet_id)
        except (BusyError, ChangedMeanwhileError, RetriableServiceError):
            raise
        except VitrinaError as error:
            run.drop_final_writes()
            log.warning("decision not carried out: %s", error.code, extra={"workbook": spreadsheet_id})
            why = reason_of(error, project.locale)
            run.at_end(_line(run, project, f"settle-{spreadsheet_id}", "refused", why).put())
            run.queue_at_end(refresh_wish(services, project.agency_id, draws=False))
            return
        for one in settled:
            told = render(sentence(f"decision.settled.{one.kind}", item=one.code), project.locale)
            name = f"decision-{one.spreadsheet_id}-{one.number}-{one.ordinal}"
            run.at_end(_line(run, project, name, "done", told).put())
        if settled:
            run.queue_at_end(
                refresh_wish(services, project.agency_id, draws=True),
                *page_wishes(services, spreadsheet_id, project.agency_id),
            )
        wishes = [settle_wish(services, spreadsheet_id, [one]) for one in _later(services, spreadsheet_id)]
        names = {wish.name for wish in wishes}
        # The queue does not take the name of this task again, but the timer sends the wish.
        run.at_end(*(wish.put(services) for wish in wishes), *(one for one in done if one.key not in names))


def _later(services: Services, spreadsheet_id: str) -> list[Decision]:
    """Decisions that the client can still take back: the task came early, or is that of another decision."""
    found = find_open_decisions(services.store, spreadsheet_id)
    return [one for one in found if one.state == DecisionState.MADE]


def _line(run: Run, project: Project, name: str, outcome: str, message: str) -> JournalLine:
    return JournalLine(
        operation_id=name,
        agency_id=project.agency_id,
        spreadsheet_id=project.spreadsheet_id,
        at=run.services.clock.now().isoformat(),
        who="",
        action="settle",
        outcome=outcome,
        message=message,
    )
