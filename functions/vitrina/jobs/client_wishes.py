"""Job that carries out what a client has added from his page: all that waits, each thing once."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from msgspec.structs import replace

from vitrina.errors import BusyError, ChangedMeanwhileError, UserError
from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, SlotBooking
from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.operations.outbox import TaskWish, fulfilled
from vitrina.operations.page_drawing import page_wishes
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json, Write
from vitrina.project.missing_part import reason_of
from vitrina.records.books import load_project
from vitrina.records.outside.client_wishes import KeptWish, WishKind, find_open_wishes
from vitrina.texts import render, sentence
from vitrina.usecases.client_page.ask import wish_task
from vitrina.usecases.client_page.ask_staff import keep_reviews, number_questions
from vitrina.usecases.client_page.write_wishes import IN_WORKBOOK, write_wishes

log = logging.getLogger("vitrina.client_wishes")

#: When what could not be written is tried again, in seconds: people have to repair the workbook first.
LATER_S = 3600.0


def carry_out_wishes(services: Services, body: Json) -> None:
    """Carry out what waits, with one read and one write of the workbook in a slot of Google's quota.

    Raises
    ------
    BusyError, ChangedMeanwhileError, RetriableServiceError
        If the queue shall try again.
    """
    spreadsheet_id = body["spreadsheet_id"]
    done: list[Write] = [*fulfilled(body)]
    waiting = find_open_wishes(services.store, spreadsheet_id)
    if not waiting:
        services.store.commit(done)
        return
    run = Run(services, CLOCK, agency_id=waiting[0].agency_id)
    with ending(run):
        run.take(spreadsheet_id)
        # Another task may have carried out all of it meanwhile; then nothing is asked of Google.
        waiting = find_open_wishes(services.store, spreadsheet_id)
        keep_reviews(run, waiting)
        run.carry_out_final_writes()
        later = _write(run, body, waiting)
        run.carry_out_final_writes()
        questions = [one for one in waiting if one.kind == WishKind.QUESTION]
        if questions:
            run.take(f"chat:{spreadsheet_id}")
            number_questions(run, spreadsheet_id, questions)
        run.queue_at_end(*page_wishes(services, spreadsheet_id, run.agency_id))
        if later is None:
            run.at_end(*done)
            return
        _queue_again(run, later)


def _write(run: Run, body: Json, waiting: Sequence[KeptWish]) -> TaskWish | None:
    """Write what belongs into the workbook; the task that does it later, if it cannot be done now."""
    spreadsheet_id = body["spreadsheet_id"]
    own = [one for one in waiting if one.kind in IN_WORKBOOK]
    if not own:
        return None
    task = _wait_for_slot(run, body, own[0])
    if task is not None:
        return task
    try:
        retry_on_conflict(run, lambda: write_wishes(run, spreadsheet_id))
    except (BusyError, ChangedMeanwhileError):
        raise
    except UserError as error:
        # A tab or a column is gone. It is tried again when people may have put it right.
        run.drop_final_writes()
        _tell_unwritten(run, spreadsheet_id, error)
        return replace(_task(body, own[0]), delay_s=LATER_S)
    return None


def _wait_for_slot(run: Run, body: Json, wish: KeptWish) -> TaskWish | None:
    """Book a slot of Google's quota; the task that waits for it, ``None`` if it has come."""
    services = run.services
    document = services.store.get_many([QUOTA_KEY]).get(QUOTA_KEY)
    booking = SlotBooking(services, document, agency_id=run.agency_id, instead_of=body.get("slot"))
    run.commit(updates=[booking])
    if booking.wait_s <= 0:
        return None
    task = _task(body, wish)
    return TaskWish(task.name, {**task.body, "slot": booking.moments[0]}, booking.wait_s)


def _task(body: Json, wish: KeptWish) -> TaskWish:
    """The task that runs now, to be queued again under its own wish of the outbox."""
    task = wish_task(wish)
    return replace(task, name=body.get("wish") or task.name)


def _queue_again(run: Run, task: TaskWish) -> None:
    due_ms = int((run.services.clock.now().timestamp() + task.delay_s) * 1000)
    run.commit(task.put(run.services))
    task.send(run.services, task_name=f"{task.name}-{due_ms}")


def _tell_unwritten(run: Run, spreadsheet_id: str, error: UserError) -> None:
    """A line of *Журнал* once a day: why a client's wishes do not get into the workbook."""
    services, project = run.services, load_project(run.services.store, spreadsheet_id)
    log.info("wishes not written: %s", error.code, extra={"workbook": spreadsheet_id})
    why = reason_of(error, project.locale)
    line = JournalLine(
        operation_id=f"client-unwritten-{spreadsheet_id}-{services.today().isoformat()}",
        agency_id=project.agency_id,
        spreadsheet_id=spreadsheet_id,
        at=services.clock.now().isoformat(),
        who="",
        action="client_wishes",
        outcome="refused",
        message=render(sentence("client_page.told.unwritten", why=why), project.locale),
    )
    run.at_end(line.put())
    run.queue_at_end(refresh_wish(services, project.agency_id, draws=False))
