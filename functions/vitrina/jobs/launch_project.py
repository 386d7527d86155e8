"""Job that gives a new project its onboarding, after workbook and board were made.

What stops it is told on *Проекты*, and the timer tries again: a cell may be corrected by then, or an outside
system answer.
"""

from __future__ import annotations

import logging

from vitrina.errors import BusyError, ChangedMeanwhileError, RetriableServiceError, VitrinaError
from vitrina.operations.actor import CLOCK
from vitrina.operations.answer import Answer
from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.operations.outbox import fulfilled
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.missing_part import reason_of
from vitrina.records.outside.launches import Launch, LaunchPart, load_launch, part_change
from vitrina.texts import render
from vitrina.usecases.clients.apply_onboarding import apply_onboarding

log = logging.getLogger("vitrina.launch")

ACTION = "apply_onboarding"


def launch_project(services: Services, body: Json) -> None:
    """Add the tasks of the onboarding to a new project, once.

    Raises
    ------
    BusyError, ChangedMeanwhileError, RetriableServiceError
        If the queue shall try again soon. Any other error is left to the timer.
    """
    spreadsheet_id = body["spreadsheet_id"]
    launch = load_launch(services.store, spreadsheet_id)
    done = fulfilled(body)
    if launch is None or LaunchPart.ONBOARDING not in launch.missing:
        services.store.commit(done)
        return
    run = Run(services, CLOCK, agency_id=launch.agency_id)
    with ending(run):
        run.take(spreadsheet_id)
        try:
            answer = apply_onboarding(run, spreadsheet_id, launch.onboarding)
        except VitrinaError as error:
            run.drop_final_writes()
            why = reason_of(error, launch.locale)
            run.at_end(updates=[part_change(services.store, spreadsheet_id, LaunchPart.ONBOARDING, why)])
            run.queue_at_end(refresh_wish(services, launch.agency_id, draws=True))
            if isinstance(error, BusyError | ChangedMeanwhileError | RetriableServiceError):
                run.carry_out_final_writes()
                raise
            log.info("onboarding waits: %s", error.code, extra={"workbook": spreadsheet_id})
        else:
            line = _line(run, launch, answer)
            made = part_change(services.store, spreadsheet_id, LaunchPart.ONBOARDING, None)
            run.at_end(*done, line.put(), updates=[made])
            run.queue_at_end(refresh_wish(services, launch.agency_id, draws=True))


def _line(run: Run, launch: Launch, answer: Answer) -> JournalLine:
    return JournalLine(
        operation_id=f"launch-{launch.spreadsheet_id}",
        agency_id=launch.agency_id,
        spreadsheet_id=launch.spreadsheet_id,
        at=run.services.clock.now().isoformat(),
        who="",
        action=ACTION,
        outcome=answer.outcome.value,
        message=render(answer.message, launch.locale),
    )
