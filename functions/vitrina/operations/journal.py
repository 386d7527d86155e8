"""Operations: the record of every action, and those that take longer than a menu request may.

A quick action is done while the menu waits. For a long one ``menu`` keeps the operation and queues it,
``task`` runs it, and the sidebar asks how far it is. What an operation did outside is journalled, so
that after a sudden death the next delivery goes on instead of doing it twice. Whoever wants the same
while it is open follows that one. The journal of an operation that failed is handed to the next one with
the same wish: the person who clicks again gets what is missing, and no second one of what is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from vitrina.errors import RequestError, VitrinaError
from vitrina.operations.lease import Lease
from vitrina.operations.services import Services
from vitrina.ports import Json, Store
from vitrina.texts import Sentence

OPERATION = "operation"

#: Kind of the documents that keep the journals of failed operations, by their wish.
UNFINISHED = "unfinished"

#: Kind of the documents that name the operation that is open for somebody's wish.
OPEN = "open"

#: Kind of the documents that name the operation of an earlier click, by the click that follows it.
FOLLOWED = "followed"

QUEUED = "queued"
RUNNING = "running"
FAILED = "failed"
ENDED = "ended"


class Journal:
    """The record of one operation while it runs.

    *held* is the operation's lease: whatever is noted renews it, so that nobody else takes a long
    operation for a dead one.
    """

    def __init__(self, store: Store, operation_id: str, data: Json, held: Lease) -> None:
        self._store = store
        self._held = held
        self._data = data
        self.operation_id = operation_id
        #: The first operation with this wish; its id names what is made outside.
        self.origin_id: str = data.get("origin_id", operation_id)

    @property
    def is_new(self) -> bool:
        """Whether nothing was begun yet."""
        return not self._data.get("steps")

    def once(self, step: str, do: Callable[[], Any], *, find: Callable[[], Any] | None = None) -> Any:
        """The JSON-able result of *do*, which runs once however often the operation is delivered.

        Where an earlier delivery began the step and did not finish it, *find* looks outside for what
        it made, and *do* runs only if there is nothing. Without *find* the step must be repeatable.
        """
        steps: Json = self._data.setdefault("steps", {})
        if "result" in steps.get(step, {}):
            return steps[step]["result"]
        found = find() if find is not None and step in steps else None
        if found is None:
            steps[step] = {}
            self._save()
            found = do()
        steps[step] = {"result": found}
        self._save()
        return found

    def progress(self, done: int, total: int, step: Sentence) -> None:
        """Tell the sidebar how far it is."""
        self._data["progress"] = {"done": done, "total": total, "code": step.code, "where": dict(step.where)}
        self._save()

    def _save(self) -> None:
        self._held.renew()
        self._store.put(OPERATION, self.operation_id, self._data)


def run_at_once(store: Store, operation_id: str, operation: Json, do: Callable[[], Json]) -> Json:
    """The answer of a quick action, which the menu waits for; of the same click the same answer.

    A click whose answer was lost is told what was done for it. One that died or failed is done again:
    a quick action writes its workbook whole or not at all.
    """
    record = store.get(OPERATION, operation_id)
    if record is not None and record.data["state"] == ENDED and record.data["email"] == operation["email"]:
        answer: Json = record.data["answer"]
        return answer
    store.put(OPERATION, operation_id, operation | {"state": RUNNING})
    try:
        answer = do()
    except VitrinaError as error:
        store.put(OPERATION, operation_id, operation | {"state": FAILED, "code": error.code})
        raise
    store.put(OPERATION, operation_id, operation | {"state": ENDED, "answer": answer, "http_status": 200})
    return answer


def queue_operation(
    services: Services, click_id: str, data: Json, *, check: Callable[[], None] = lambda: None
) -> str:
    """Keep an operation, have it run, and give its id; a second call for the same click changes nothing.

    A click for what the same person already waits for gives the operation that is open: its process
    may have died, and a second operation would make what the first one is about to find again.
    *check* may refuse an operation that is new. One that goes on from a failure has passed it.
    """
    store = services.store
    known = store.get(FOLLOWED, click_id)
    if known is not None:
        operation_id: str = known.data["operation_id"]
    elif store.get(OPERATION, click_id) is not None:
        operation_id = click_id
    else:
        operation_id = _open_operation(store, click_id, data, check)
    # By the name of the click: the queue may have given up what it was told before.
    services.queue.add(f"operation-{click_id}", {"kind": "operation", "id": operation_id})
    return operation_id


def _open_operation(store: Store, click_id: str, data: Json, check: Callable[[], None]) -> str:
    """Id of the operation that this person waits for with this wish; of a new one where there is none.

    Nobody else may ask for its answer. Of clicks at the same moment the first one names the operation, and
    each makes sure that it is kept: the process of the first may have died.
    """
    unfinished = store.get(UNFINISHED, _wish(data))
    while (record := store.get(OPEN, _own_wish(data))) is None:
        if unfinished is None:
            check()
        store.create(OPEN, _own_wish(data), {"operation_id": click_id})
    operation_id: str = record.data["operation_id"]
    journal = unfinished.data if unfinished else {}
    store.create(OPERATION, operation_id, {**data, **journal, "state": QUEUED})
    if operation_id != click_id:
        store.create(FOLLOWED, click_id, {"operation_id": operation_id, "at": data["at"]})
    return operation_id


def end_operation(store: Store, operation_id: str, answer: Json, status: int) -> None:
    """Keep the answer for the sidebar, and the journal for the next try where an outside system failed."""
    operation = load_operation(store, operation_id)
    if status >= 500:
        origin_id = operation.get("origin_id", operation_id)
        steps = operation.get("steps", {})
        store.put(UNFINISHED, _wish(operation), {"origin_id": origin_id, "steps": steps})
    else:
        store.delete(UNFINISHED, _wish(operation))
    is_open = store.get(OPEN, _own_wish(operation))
    if is_open is not None and is_open.data["operation_id"] == operation_id:
        store.delete(OPEN, _own_wish(operation), version=is_open.version)
    store.put(OPERATION, operation_id, operation | {"state": ENDED, "answer": answer, "http_status": status})


def _wish(operation: Json) -> str:
    """Key of what is wanted, whoever clicks and however often."""
    wanted = {key: operation[key] for key in ("spreadsheet_id", "action", "params")}
    return _hash(wanted)


def _own_wish(operation: Json) -> str:
    """Key of what one person wants."""
    return _hash([_wish(operation), operation["email"]])


def _hash(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:32]


def load_operation(store: Store, operation_id: str) -> Json:
    """The operation's document; raises ``RequestError`` for an id that nobody got from us."""
    record = store.get(OPERATION, operation_id)
    if record is None:
        raise RequestError("request.unknown_operation")
    return record.data
