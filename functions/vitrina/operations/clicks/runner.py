"""Runs the actions of the menu: at once while the menu waits, or queued as an operation.

A quick action that finds a long backlog is queued as well, before it has written anything.

Each click has a document under an id that follows from its request id. The same click, sent again, gets the
answer of the first; while the first runs, it is told so; with other parameters it is refused. What failed
because of an outside system, or broke off, may be run again by a repeat of the click.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from vitrina.deadline import extended_to
from vitrina.errors import (
    BusyError,
    LongWorkError,
    RequestError,
    RetriableServiceError,
    ServiceError,
    StoreConflictError,
    UnknownWorkbookError,
    VitrinaError,
)
from vitrina.logs import note
from vitrina.operations.actor import Actor, actor_from_data
from vitrina.operations.answer import Answer, Outcome, answer_json, error_answer, unexpected_answer
from vitrina.operations.clicks.access import access_keys, require_role
from vitrina.operations.clicks.kept_answer import kept_answer, load_answer
from vitrina.operations.clicks.wishes import WISH, Wish, WishEnd, wish_from_document, wish_key
from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.operations.outbox import TaskWish, fulfil
from vitrina.operations.page_drawing import page_wishes
from vitrina.operations.run import (
    ATTEMPTS,
    ENDED,
    FAILED,
    FOLLOWING,
    OPERATION,
    OPERATION_LIFE,
    QUEUED,
    RUNNING,
    Run,
)
from vitrina.operations.services import Services
from vitrina.ports import ABSENT, EXPIRES_AT, Document, Json, Key, Put, Store, Write
from vitrina.records.books import book_key, book_kind
from vitrina.texts import Sentence, render, sentence
from vitrina.workbook.reading.team import Role

log = logging.getLogger("vitrina.operations")

#: Seconds in which a run that failed gives its leases back.
END_S = 5.0

#: How long a process queues clicks in a workbook because it has found a long backlog there.
LONG_BACKLOG_KNOWN_S = 900.0

Params = Mapping[str, Any]


class Action(Protocol):
    """What the runner has to know of an action."""

    @property
    def book_kind(self) -> str:
        """Kind of the workbook that it is an action of: ``client`` or ``agency``."""

    @property
    def roles(self) -> Collection[Role]:
        """Roles of the people who may do it."""

    @property
    def is_queued(self) -> bool:
        """Whether it may take longer than the menu waits."""

    @property
    def reads_rows(self) -> bool:
        """Whether it takes longer than the menu waits where the backlog is long."""

    @property
    def is_noted(self) -> bool:
        """Whether how it ended is told in *Журнал*."""

    @property
    def changes_hours(self) -> bool:
        """Whether hours of people may be others after it."""

    @property
    def holds(self) -> tuple[str, ...]:
        """Leases that a run of it holds, with ``{book}`` in place of the workbook's id."""

    @property
    def run(self) -> Callable[[Run, str, Params], Answer]:
        """Does it in a workbook."""

    @property
    def check(self) -> Callable[[Services, str, Params], None]:
        """Refuses, before it is queued, what is known to be impossible."""


class Click(Struct, frozen=True):
    """A click of the menu. ``request_id`` is the same for each repeat of it."""

    actor: Actor
    spreadsheet_id: str
    action: str
    params: Params
    request_id: str
    locale: str
    #: The agency of the workbook, known when the click is run.
    agency_id: str = ""

    @property
    def operation_id(self) -> str:
        """Id of the operation, the same for each repeat of the click."""
        key = f"{self.spreadsheet_id}:{self.request_id}"
        return hashlib.sha256(key.encode()).hexdigest()[:32]

    def data(self, now: datetime) -> Json:
        """The click as the document of its operation."""
        return {
            "action": self.action,
            "spreadsheet_id": self.spreadsheet_id,
            "agency_id": self.agency_id,
            "params": dict(self.params),
            "actor": self.actor.data(),
            "locale": self.locale,
            "at": now.isoformat(),
        }


def run_click(services: Services, click: Click, action: Action) -> tuple[Json, int]:
    """The answer of a click as JSON, and its HTTP status.

    Raises
    ------
    NotStaffError
        If the person has no role by which he may do it.
    VitrinaError
        If the action refuses or fails. A refusal is kept, and is the answer of each repeat.
    """
    wish = wish_key(click.data(services.clock.now()))
    access = access_keys(services, click.actor, click.spreadsheet_id)
    known = services.store.get_many([(OPERATION, click.operation_id), (WISH, wish), *access])
    if book_kind(known.get(book_key(click.spreadsheet_id))) != action.book_kind:
        raise UnknownWorkbookError(f"workbook.not_{action.book_kind}")
    agency_id = require_role(services, click.actor, click.spreadsheet_id, known, action.roles)
    click = replace(click, agency_id=agency_id)
    operation = known.get((OPERATION, click.operation_id))
    if operation is not None and not _is_same_click(operation.data, click):
        raise RequestError("request.other_params")
    is_long = operation is None and action.reads_rows and _is_known_as_long(services, click.spreadsheet_id)
    if action.is_queued or is_long or _was_queued(operation):
        return _queue(services, click, action, operation, known.get((WISH, wish)))
    return _run_at_once(services, click, action, operation)


def operation_status(
    services: Services, operation_id: str, spreadsheet_id: str, actor: Actor, locale: str
) -> tuple[Json, int]:
    """Return the progress or the answer of an operation, with the HTTP status.

    Only its actor may ask, as long as he may act in the workbook.
    """
    key = (OPERATION, operation_id)
    found = services.store.get_many([key, *access_keys(services, actor, spreadsheet_id)])
    require_role(services, actor, spreadsheet_id, found)
    operation = found.get(key)
    if operation is None:
        raise RequestError("request.unknown_operation")
    data = operation.data
    if data["spreadsheet_id"] != spreadsheet_id or actor_from_data(data) != actor:
        raise RequestError("request.unknown_operation")
    if "answer" in data and data["state"] in (ENDED, FAILED):
        answer = load_answer(services.store, operation_id, data["answer"])
        return {**answer, "operation_id": operation_id}, data["http_status"]
    if data["state"] == RUNNING and not data.get("is_queued", True) and _is_over(services, data):
        # Its process died, and nothing runs it again but a repeat of the click.
        raise RetriableServiceError("operation.broke_off", service="Vitrina")
    return answer_json(_running(operation_id, data, locale), locale), 200


# --- At once ---------------------------------------------------------------------------------------


def _run_at_once(
    services: Services, click: Click, action: Action, operation: Document | None
) -> tuple[Json, int]:
    if operation is not None:
        state = operation.data["state"]
        if state == ENDED:
            kept = operation.data["answer"]
            return load_answer(services.store, operation.key, kept), operation.data["http_status"]
        if state == RUNNING and not _is_over(services, operation.data):
            told = _running(click.operation_id, operation.data, click.locale)
            return answer_json(told, click.locale), 200
    now = services.clock.now()
    data = {**click.data(now), **_life(now), "state": RUNNING, "is_queued": False}
    if operation is not None and "steps" in operation.data:
        # What a run that failed or died has begun outside.
        data["steps"] = operation.data["steps"]
    version = operation.version if operation else ABSENT
    run = Run(services, click.actor, Document(OPERATION, click.operation_id, version, data))
    try:
        run.take(*_leases(action, click.spreadsheet_id))
    except BusyError:
        key = (OPERATION, click.operation_id)
        newest = services.store.get_many([key]).get(key)
        if newest is not None and newest.version != version:
            # The same click came at the same moment and is being run.
            return _run_at_once(services, click, action, newest)
        raise
    try:
        answer = action.run(run, click.spreadsheet_id, click.params)
        envelope = answer_json(answer, click.locale)
        _end(run, action, data, ENDED, envelope, 200)
    except LongWorkError:
        return _leave_to_queue(run, click, action)
    except VitrinaError as error:
        state = FAILED if isinstance(error, ServiceError | BusyError) else ENDED
        _end_with_error(run, action, data, state, error_answer(error), error.http_status)
        raise
    except Exception:
        _end_with_error(run, action, data, FAILED, unexpected_answer(), 500)
        raise
    # What is shown once is in no document: a repeat of the click does not get it.
    return {**envelope, "data": {**envelope["data"], **answer.shown_once}}, 200


def _leave_to_queue(run: Run, click: Click, action: Action) -> tuple[Json, int]:
    """Queue the operation of a click that found more to do than a click has time for, and wrote nothing."""
    services, key = run.services, wish_key(click.data(run.services.clock.now()))
    services.long_backlog_seen_at[click.spreadsheet_id] = time.monotonic()
    run.drop_final_writes()
    for _ in range(ATTEMPTS):
        wish = wish_from_document(services.store.get_many([(WISH, key)]).get((WISH, key)), key)
        data, opened = _new_operation(services, click, action, wish)
        task = _task(click, data, key)
        try:
            run.end(*opened, task.put(services), **data, is_queued=True)
        except StoreConflictError:
            continue
        task.try_to_send(services)
        return _accepted(click, data)
    raise BusyError("workbook.busy")


def _end_with_error(run: Run, action: Action, data: Json, state: str, answer: Answer, status: int) -> None:
    """Keep how a run failed, and give its leases back, unless somebody else has taken it over."""
    run.drop_final_writes()
    # Also where the deadline has passed: the next click would find the workbook busy.
    with contextlib.suppress(VitrinaError), extended_to(END_S):
        _end(run, action, data, state, answer_json(answer, data["locale"]), status)


# --- Queued ----------------------------------------------------------------------------------------


def _queue(
    services: Services, click: Click, action: Action, operation: Document | None, wish: Document | None
) -> tuple[Json, int]:
    """Keep an operation and have it run; a repeat of the click has it queued once more.

    A click for what the same person already waits for follows the operation that is open: its process may
    have died, and a second operation would make what the first one is about to find again.
    """
    store = services.store
    key = wish_key(click.data(services.clock.now()))
    for _ in range(ATTEMPTS):
        if operation is None:
            found = wish_from_document(wish, key)
            data, opened = _new_operation(services, click, action, found)
            task = _task(click, data, key)
            try:
                store.commit(
                    [
                        Put(OPERATION, click.operation_id, data, ABSENT),
                        *opened,
                        task.put(services),
                    ]
                )
            except StoreConflictError:
                now = store.get_many([(OPERATION, click.operation_id), (WISH, key)])
                operation, wish = now.get((OPERATION, click.operation_id)), now.get((WISH, key))
                continue
        else:
            data = operation.data
            task = _task(click, data, key)
        task.try_to_send(services)
        return _accepted(click, data)
    raise BusyError("workbook.busy")


def _accepted(click: Click, data: Json) -> tuple[Json, int]:
    operation_id = data.get("operation_id", click.operation_id)
    answer = Answer(Outcome.ACCEPTED, sentence("operation.accepted"), operation_id=operation_id)
    return answer_json(answer, click.locale), 202


def _is_known_as_long(services: Services, spreadsheet_id: str) -> bool:
    """Whether a click of this process has found a long backlog there, which need not be read to be queued."""
    seen_at = services.long_backlog_seen_at.get(spreadsheet_id)
    return seen_at is not None and time.monotonic() - seen_at < LONG_BACKLOG_KNOWN_S


def _was_queued(operation: Document | None) -> bool:
    """Whether a click of an action that runs at once was left to the queue."""
    return operation is not None and operation.data.get("is_queued", True)


def _new_operation(services: Services, click: Click, action: Action, wish: Wish) -> tuple[Json, list[Write]]:
    """The document of a click's operation, and writes to the wish; raises what the action's check raises."""
    now = services.clock.now()
    data = click.data(now)
    open_id = wish.operation_of(click.actor)
    if open_id is not None:
        return {**data, **_life(now), "state": FOLLOWING, "operation_id": open_id}, []
    if not wish.origin_id:
        # An operation that goes on where another one failed has passed the check.
        action.check(services, click.spreadsheet_id, click.params)
    opened = wish.opened(click.actor, click.operation_id).write()
    return {**data, **wish.journal, "state": QUEUED}, [opened]


def _task(click: Click, data: Json, key: str) -> TaskWish:
    """Return the task of an operation, named after the click: the queue refuses a name it had before."""
    operation_id = data.get("operation_id", click.operation_id)
    body = {"kind": "operation", "id": operation_id, "wish_key": key}
    return TaskWish(f"operation-{click.operation_id}", body)


def run_operation(services: Services, body: Json, actions: Mapping[str, Action]) -> None:
    """Run a queued operation to its end and keep its answer, for the sidebar to ask for.

    A delivery of an operation that has ended does nothing. An error is an end as well: the person is told
    and clicks again. Only a sudden death leaves the operation open, and the next delivery goes on.

    Raises
    ------
    BusyError
        If another delivery runs it, or another action holds the workbook: the queue tries again.
    """
    store = services.store
    key, wish_name = (OPERATION, body["id"]), body.get("wish", "")
    wanted = [(WISH, body["wish_key"])] if "wish_key" in body else []
    documents = store.get_many([key, *wanted])
    operation = documents.get(key) or _load(store, body["id"])
    data = operation.data
    note(operation=operation.key, workbook=data["spreadsheet_id"], actor=actor_from_data(data).logged)
    done = [fulfil(wish_name)] if wish_name else []
    if data["state"] == ENDED:
        store.commit(done)
        return
    if data["state"] == RUNNING and not _is_over(services, data):
        raise BusyError("workbook.busy")
    own_wish = wish_key(data)
    wish = documents.get((WISH, own_wish))
    if body.get("wish_key") != own_wish:
        wish = store.get_many([(WISH, own_wish)]).get((WISH, own_wish))
    action = actions[data["action"]]
    run = Run(services, actor_from_data(data), replace(operation, data={**data, "state": RUNNING}))
    run.take(*_leases(action, data["spreadsheet_id"]))
    answer, status = _answer(run, action, data)
    failed = {"origin_id": run.origin_id, "steps": run.steps} if status >= 500 else None
    # The outbox keeps the task until here: if the queue gives up, the timer queues it again.
    run.at_end(*done, updates=[WishEnd(wish_from_document(wish, own_wish), operation.key, journal=failed)])
    _end(run, action, data, ENDED, answer_json(answer, data["locale"]), status)
    log.info(
        "operation ended",
        extra={
            "operation": operation.key,
            "action": data["action"],
            "outcome": answer.outcome.value,
            "workbook": data["spreadsheet_id"],
        },
    )


def _answer(run: Run, action: Action, data: Json) -> tuple[Answer, int]:
    """What the action answers, and the HTTP status of the answer; raises ``BusyError`` to be run again."""
    try:
        return action.run(run, data["spreadsheet_id"], data["params"]), 200
    except BusyError:
        run.drop_final_writes()
        with contextlib.suppress(VitrinaError):
            run.end(state=QUEUED)
        raise
    except VitrinaError as error:
        run.drop_final_writes()
        log.info("operation refused", extra={"operation": run.operation_id, "code": error.code})
        return error_answer(error), error.http_status
    except Exception:
        run.drop_final_writes()
        log.exception("operation broke off", extra={"operation": run.operation_id})
        return unexpected_answer(), 500


def _end(run: Run, action: Action, data: Json, state: str, answer: Json, status: int) -> None:
    """The last commit of a run, with the answer of its operation, and its line for *Журнал*."""
    now = run.services.clock.now()
    kept, writes = kept_answer(run.operation_id, answer, expires_at=now + OPERATION_LIFE)
    wishes: list[TaskWish] = []
    if action.is_noted and run.agency_id and not answer["data"].get("is_busy"):
        wishes.append(refresh_wish(run.services, run.agency_id, draws=action.changes_hours))
        writes = [*writes, _journal_line(run, data, answer).put()]
        if action.book_kind == "client":
            wishes += page_wishes(run.services, data["spreadsheet_id"], run.agency_id)
    puts = [one.put(run.services) for one in wishes]
    run.end(*writes, *puts, state=state, answer=kept, http_status=status, **_life(now))
    for one in wishes:
        one.try_to_send(run.services)


def _journal_line(run: Run, data: Json, answer: Json) -> JournalLine:
    return JournalLine(
        operation_id=run.operation_id,
        agency_id=run.agency_id,
        spreadsheet_id=data["spreadsheet_id"],
        at=run.services.clock.now().isoformat(),
        who=run.actor.name,
        action=data["action"],
        outcome=answer["outcome"],
        message=answer["message"],
    )


# --- Both ------------------------------------------------------------------------------------------


def _load(store: Store, operation_id: str) -> Document:
    """The document of an operation; raises ``RequestError`` for an id that nobody got from us."""
    key: Key = (OPERATION, operation_id)
    operation = store.get_many([key]).get(key)
    if operation is None:
        raise RequestError("request.unknown_operation")
    return operation


def _life(now: datetime) -> Json:
    """The field of an operation that says until when it is kept."""
    return {EXPIRES_AT: (now + OPERATION_LIFE).isoformat()}


def _leases(action: Action, spreadsheet_id: str) -> list[str]:
    return [one.replace("{book}", spreadsheet_id) for one in action.holds]


def _is_same_click(data: Json, click: Click) -> bool:
    """Whether an operation was made by this click: an id of a click belongs to one wish of one person."""
    return (
        data["action"] == click.action
        and data["params"] == dict(click.params)
        and actor_from_data(data) == click.actor
    )


def _is_over(services: Services, data: Json) -> bool:
    """Whether the process that runs an operation has not written for so long that it is dead."""
    until = data.get("until")
    return until is None or datetime.fromisoformat(until) <= services.clock.now()


def _running(operation_id: str, data: Json, locale: str) -> Answer:
    progress = data.get("progress", {"done": 0, "total": 0, "code": "operation.accepted", "where": {}})
    step = Sentence(progress["code"], progress["where"])
    return Answer(
        Outcome.RUNNING,
        step,
        data={"done": progress["done"], "total": progress["total"], "step": render(step, locale)},
        operation_id=operation_id,
    )
