"""The outbox: what is to happen outside, written in the same commit as the state that it follows from.

A wish is sent as soon as it is written, and deleted by whoever carries it out. One that is still there
after its time is sent again by the timer, so that it happens at least once; each has a name under which a
repeat finds what the first try made.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from vitrina.errors import ServiceError
from vitrina.operations.services import Services
from vitrina.ports import Delete, Document, Json, Key, Put, Store, Write

log = logging.getLogger("vitrina.outbox")

OUTBOX = "outbox"

#: How long a wish may take before the timer sends it again.
GRACE = timedelta(minutes=2)
#: The most that one call of the timer sends.
MOST_AT_ONCE = 500


class TaskWish(Struct, frozen=True):
    """A task for the queue. A second one with the same *name* is not queued."""

    name: str
    body: Json
    delay_s: float = 0.0

    def put(self, services: Services) -> Put:
        """The write that keeps the wish until its task is carried out."""
        due_at = services.clock.now() + timedelta(seconds=self.delay_s) + GRACE
        # Tells this wish from another one of its name.
        token = uuid.uuid4().hex
        data = {"body": self.body, "token": token, "due_at": due_at.isoformat(), "tries": 1}
        return Put(OUTBOX, self.name, data)

    def send(self, services: Services, *, task_name: str = "") -> None:
        """Queue the task; raises ``RetriableServiceError``.

        A wish that is written again and again under one name has its task queued under *task_name*: the queue
        does not take a name twice.
        """
        services.queue.add(task_name or self.name, {**self.body, "wish": self.name}, delay_s=self.delay_s)

    def try_to_send(self, services: Services) -> None:
        """Queue the task; where the queue does not answer, the timer sends it later."""
        try:
            self.send(services)
        except ServiceError as error:
            log.warning("task not queued, the timer will: %s", error.code)


def task_name(kind: str, spreadsheet_id: str, number: int) -> str:
    """Name of a task for a workbook. The id is hashed, because it may hold characters not allowed there."""
    return f"{kind}-{hashlib.sha256(spreadsheet_id.encode()).hexdigest()[:24]}-{number}"


def fulfil(name: str) -> Delete:
    """The write that removes a wish which is being carried out."""
    return Delete(OUTBOX, name)


def fulfilled(body: Json) -> list[Delete]:
    """The writes that remove the wish of the task with this body; none for a task without one."""
    return [fulfil(body["wish"])] if body.get("wish") else []


def wish_keys(body: Json) -> list[Key]:
    """Where the wish of the task with this body is kept; empty for a task without one."""
    return [(OUTBOX, body["wish"])] if body.get("wish") else []


class Fulfilment:
    """Removes a wish in the commit that ends its task, unless it was made again after the task had begun.

    Several commits may make a wish of one name, one after the other. What the last one is about may have come
    too late for the task; its wish stays, and the timer sends it again. It is an ``Update``.

    Parameters
    ----------
    wish
        As it was read when the task began, before the task read what it carries out.
    """

    def __init__(self, wish: Document) -> None:
        self.keys: tuple[Key, ...] = ((wish.kind, wish.key),)
        self._token = wish.data.get("token")
        self._now: Document | None = wish

    def writes(self) -> Sequence[Write]:
        """See ``Update``."""
        now = self._now
        if now is None or now.data.get("token") != self._token:
            return []
        return [Delete(now.kind, now.key, now.version)]

    def reload(self, store: Store) -> None:
        """See ``Update``."""
        self._now = store.get_many(self.keys).get(self.keys[0])

    def committed(self, version: int) -> None:
        """See ``Update``."""


def fulfilments(body: Json, known: Mapping[Key, Document]) -> list[Fulfilment]:
    """Removes the wish of the task with this body, as it is among the *known* documents."""
    return [Fulfilment(known[key]) for key in wish_keys(body) if key in known]


def find_overdue(services: Services) -> list[Document]:
    """Wishes that were written and not carried out in time."""
    now = services.clock.now().isoformat()
    return services.store.find(OUTBOX, before=("due_at", now), limit=MOST_AT_ONCE)


def send_again(services: Services, wish: Document) -> None:
    """Queue the task of an overdue wish under a new name: the queue does not take a name twice.

    Two calls of the timer at once queue one task. The wish is moved on last, so that a failure leaves it
    for the next call.

    Raises
    ------
    RetriableServiceError
        If the queue or the store does not answer.
    StoreConflictError
        If the wish was carried out or sent meanwhile.
    """
    tries = wish.data["tries"] + 1
    due_at = services.clock.now() + GRACE * tries
    data = {**wish.data, "due_at": due_at.isoformat(), "tries": tries}
    # The moment tells this try from one of an earlier wish of the same name.
    name = f"{wish.key}-{int(datetime.fromisoformat(wish.data['due_at']).timestamp())}"
    services.queue.add(name, {**wish.data["body"], "wish": wish.key})
    services.store.commit([Put(wish.kind, wish.key, data, wish.version)])
