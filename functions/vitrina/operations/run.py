"""A run of an action: the leases that it holds, what it writes to the store, and how far it is.

Everything that a run writes goes through ``Run.commit``. Each commit also extends the leases that the run
holds and the document of its operation, each only in the version that the run wrote last. So a run whose
lease expired and was taken by another one can write nothing any more.
"""

from __future__ import annotations

import contextlib
import random
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Protocol

from vitrina.errors import BusyError, LongWorkError, StoreConflictError, VitrinaError
from vitrina.operations.actor import Actor
from vitrina.operations.busy import busy_with
from vitrina.operations.outbox import TaskWish, fulfilments
from vitrina.operations.services import Services
from vitrina.ports import ABSENT, Delete, Document, Json, Key, Put, Store, Write, new_token
from vitrina.texts import Sentence

LEASE = "lease"
OPERATION = "operation"

QUEUED = "queued"
RUNNING = "running"
FAILED = "failed"
ENDED = "ended"
#: The click follows an operation that the same person started before.
FOLLOWING = "following"
#: How long an operation is kept for repeats of its click. One that is still queued is kept until it ends.
OPERATION_LIFE = timedelta(days=30)

POLL_S = 0.05
#: How long a run waits for a lease that somebody else holds.
WAIT_S = 8.0
#: How often a commit is made anew when documents change between reading and writing.
ATTEMPTS = 10
LONGEST_PAUSE_S = 0.2
#: How often the progress of a long run is written.
REPORT_S = 2.0


class Update(Protocol):
    """Writes that are made anew from the newest documents where these were changed meanwhile."""

    @property
    def keys(self) -> tuple[Key, ...]:
        """The documents on which the writes rest."""

    def writes(self) -> Sequence[Write]:
        """The writes, from the documents as they were read last."""

    def reload(self, store: Store) -> None:
        """Read the documents again."""

    def committed(self, version: int) -> None:
        """Know that the writes were carried out, and the version that the documents have now."""


class Writes:
    """Plain writes where an ``Update`` is expected."""

    keys: tuple[Key, ...] = ()

    def __init__(self, writes: Sequence[Write]) -> None:
        self._writes = writes

    def writes(self) -> Sequence[Write]:
        """See ``Update``."""
        return self._writes

    def reload(self, store: Store) -> None:
        """See ``Update``."""

    def committed(self, version: int) -> None:
        """See ``Update``."""


class Run:
    """One run of an action.

    Parameters
    ----------
    operation
        The document of its operation, ``None`` for a job that has none. It is also a lease: whoever
        delivers the operation again takes it over only when the run has not written for ``lease_s``.
    """

    def __init__(
        self, services: Services, actor: Actor, operation: Document | None = None, *, agency_id: str = ""
    ) -> None:
        self.services = services
        self.actor = actor
        #: The agency in whose name it runs, empty where that is not known beforehand.
        self.agency_id: str = agency_id or (operation.data.get("agency_id", "") if operation else "")
        self._store = services.store
        self._operation: Json = dict(operation.data) if operation else {}
        self._operation_key = operation.key if operation else ""
        self._operation_version = operation.version if operation else ABSENT
        self._holder = uuid.uuid4().hex
        #: Versions of the leases held, by key.
        self._held: dict[str, int] = {}
        #: Leases held whose last holder did not release them: a write of that run may still be on its way.
        self.unreleased: set[str] = set()
        self._committed_at = time.monotonic()
        #: The last write asked for of each document.
        self._final_writes: dict[Key, Write] = {}
        self._final_updates: list[Update] = []
        self._final_tasks: dict[str, TaskWish] = {}

    # --- Leases --------------------------------------------------------------------------------------

    def take(self, *keys: str, updates: Sequence[Update] = (), wait_s: float = WAIT_S) -> None:
        """Take leases, and carry out *updates* in the same commit. Those that the run holds are extended.

        Raises
        ------
        BusyError
            If somebody else still holds one of them after *wait_s* seconds.
        StoreConflictError
            If a document of *updates* is changed again and again meanwhile.
        """
        give_up_at = time.monotonic() + wait_s
        known: dict[str, int] = {key: ABSENT for key in keys if key not in self._held}
        for attempt in count(start=1):
            token = new_token()
            puts = [Put(LEASE, key, self._lease_data(), version) for key, version in known.items()]
            changed = [write for update in updates for write in update.writes()]
            try:
                self._store.commit([*puts, *changed, *self._renewals()], token=token)
            except StoreConflictError as error:
                if error.keys & self._own_keys():
                    raise BusyError("workbook.busy") from error
                stale = [one for one in updates if error.keys & set(one.keys)]
                is_lease_taken = any((LEASE, key) in error.keys for key in known)
                has_tried_enough = attempt >= ATTEMPTS and time.monotonic() > give_up_at
                if has_tried_enough or not (stale or is_lease_taken):
                    raise
                for one in stale:
                    one.reload(self._store)
            else:
                self._note(token, [*self._held, *known])
                for one in updates:
                    one.committed(token)
                return
            known = self._versions_when_free(known, give_up_at)
            self.unreleased -= known.keys()
            self.unreleased |= {key for key, version in known.items() if version != ABSENT}

    def _versions_when_free(self, keys: Iterable[str], give_up_at: float) -> dict[str, int]:
        """Versions of leases as soon as nobody holds them; raises ``BusyError`` where that takes too long."""
        keys = list(keys)
        while True:
            found = self._store.get_many((LEASE, key) for key in keys)
            held = [document for document in found.values() if self._is_held(document)]
            if not held:
                return {key: found[LEASE, key].version if (LEASE, key) in found else ABSENT for key in keys}
            if time.monotonic() > give_up_at:
                raise busy_with(held[0].data, self.services, self.agency_id)
            time.sleep(POLL_S * random.uniform(0.5, 1.5))  # noqa: S311 - no secret

    def holds(self, key: str) -> bool:
        """Whether the run holds a lease."""
        return key in self._held

    def release(self, key: str) -> Write:
        """The write that gives a lease back, to be handed to ``commit``; until then the run holds it."""
        return Delete(LEASE, key, self._held[key])

    def _is_held(self, document: Document) -> bool:
        return datetime.fromisoformat(document.data["until"]) > self.services.clock.now()

    def _lease_data(self) -> Json:
        doing: Json = {key: self._operation[key] for key in ("action", "at") if key in self._operation}
        return {"holder": self._holder, "until": self._until(), "actor": self.actor.data(), **doing}

    def _until(self) -> str:
        return (self.services.clock.now() + timedelta(seconds=self.services.lease_s)).isoformat()

    # --- Writing -------------------------------------------------------------------------------------

    def commit(self, *writes: Write, updates: Iterable[Update] = ()) -> int:
        """Carry out writes and updates in one commit, and extend what the run holds.

        Gives the version that the written documents have now.

        Raises
        ------
        BusyError
            If a lease of this run, or its operation, was taken over by another run.
        StoreConflictError
            If a document of *writes* was changed since it was read.
        """
        updates = list(updates)
        released = {one.key for one in writes if isinstance(one, Delete) and one.kind == LEASE}
        for attempt in range(ATTEMPTS):
            token = new_token()
            changed = [write for update in updates for write in update.writes()]
            everything = [*writes, *changed, *self._renewals(released)]
            if not everything:
                return ABSENT
            _require_one_write_each(everything)
            try:
                self._store.commit(everything, token=token)
            except StoreConflictError as error:
                stale = [one for one in updates if error.keys & set(one.keys)]
                if error.keys & self._own_keys():
                    raise BusyError("workbook.busy") from error
                if not stale or attempt == ATTEMPTS - 1:
                    raise
                pause_s = min(LONGEST_PAUSE_S, 0.01 * 2**attempt)
                time.sleep(random.uniform(0.0, pause_s))  # noqa: S311 - no secret
                for one in stale:
                    one.reload(self._store)
            else:
                self._note(token, self._held.keys() - released)
                for one in updates:
                    one.committed(token)
                return token
        raise AssertionError("the last attempt returns or raises")

    def at_end(self, *writes: Write, updates: Iterable[Update] = ()) -> None:
        """Have writes and updates carried out in the commit that ends the run."""
        self._final_writes |= {(one.kind, one.key): one for one in writes}
        self._final_updates += updates

    def queue_at_end(self, *tasks: TaskWish) -> None:
        """Keep tasks in the commit that ends the run, and queue them after it."""
        self.at_end(*(one.put(self.services) for one in tasks))
        self._final_tasks |= {one.name: one for one in tasks}

    def fulfil_at_end(self, body: Json, known: Mapping[Key, Document]) -> None:
        """Remove the wish of the task with this body at the end, unless it is made again.

        Called after everything that the run itself queues.

        Parameters
        ----------
        known
            Documents that were read when the task began, its wish among them (``outbox.wish_keys``).
        """
        if body.get("wish") not in self._final_tasks:
            self.at_end(updates=fulfilments(body, known))

    def end(self, *writes: Write, updates: Iterable[Update] = (), **operation: Any) -> None:
        """The last commit: what was asked for by ``at_end``, the operation's end, and all leases back.

        Of two writes of one document, that of *writes* is carried out.

        *operation* are fields of the operation's document, without which it is not written.
        """
        releases = [self.release(key) for key in list(self._held)]
        if self._operation_key:
            self._operation |= operation
        last = self._final_writes | {(one.kind, one.key): one for one in writes}
        self.commit(
            *last.values(),
            *releases,
            updates=[*self._final_updates, *updates],
        )
        self._queue_final_tasks()

    def carry_out_final_writes(self) -> int:
        """Commit now what ``at_end`` has collected, so that a later failure does not lose it.

        Gives the version that the written documents have now.
        """
        writes, updates, tasks = self._final_writes.values(), self._final_updates, self._final_tasks
        self.drop_final_writes()
        version = self.commit(*writes, updates=updates)
        self._final_tasks = tasks
        self._queue_final_tasks()
        return version

    def drop_final_writes(self) -> None:
        """Forget what was asked for by ``at_end``; for a run that failed."""
        self._final_writes, self._final_updates, self._final_tasks = {}, [], {}

    def _queue_final_tasks(self) -> None:
        tasks = self._final_tasks.values()
        self.drop_final_writes()
        for one in tasks:
            one.try_to_send(self.services)

    def _renewals(self, released: Collection[str] = ()) -> list[Write]:
        renewals: list[Write] = [
            Put(LEASE, key, self._lease_data(), version)
            for key, version in self._held.items()
            if key not in released
        ]
        if self._operation_key:
            data = {**self._operation, "until": self._until()}
            renewals.append(Put(OPERATION, self._operation_key, data, self._operation_version))
        return renewals

    def _own_keys(self) -> set[Key]:
        own = {(LEASE, key) for key in self._held}
        return own | {(OPERATION, self._operation_key)} if self._operation_key else own

    def _note(self, token: int, leases: Iterable[str]) -> None:
        """Remember the *leases* held after a commit, and the version that it gave them and the operation."""
        self._committed_at = time.monotonic()
        self._held = dict.fromkeys(leases, token)
        if self._operation_key:
            self._operation_version = token

    def leave_to_queue(self) -> None:
        """Have the queue do what is too long for a click: raises ``LongWorkError`` where a person waits.

        To be called before anything is written.
        """
        if not self._operation.get("is_queued", True):
            raise LongWorkError

    # --- The operation -------------------------------------------------------------------------------

    @property
    def operation_id(self) -> str:
        """Id of the operation, empty for a job."""
        return self._operation_key

    @property
    def origin_id(self) -> str:
        """The first operation with this wish; its id names what is made outside."""
        return str(self._operation.get("origin_id", self._operation_key))

    @property
    def is_new(self) -> bool:
        """Whether no step was begun yet."""
        return not self._operation.get("steps")

    @property
    def steps(self) -> Json:
        """What was begun outside, with results of what was finished."""
        steps: Json = self._operation.get("steps", {})
        return steps

    def step(self, name: str, do: Callable[[], Any], *, find: Callable[[], Any] | None = None) -> Any:
        """The JSON-able result of *do*, which runs once however often the operation is delivered.

        Where an earlier delivery began the step and did not finish it, *find* looks outside for what it
        made, and *do* runs only if there is nothing. Without *find* the step must be repeatable.
        """
        steps: Json = self._operation.setdefault("steps", {})
        if "result" in steps.get(name, {}):
            return steps[name]["result"]
        found = find() if find is not None and name in steps else None
        if found is None:
            if name not in steps:
                steps[name] = {}
                self.commit()
            found = do()
        steps[name] = {"result": found}
        return found

    def note_step(self, name: str, result: Any) -> None:
        """Note the result of a step; it is written with the next commit."""
        self._operation.setdefault("steps", {})[name] = {"result": result}

    def set_progress(self, done: int, total: int, step: Sentence) -> None:
        """Set what the sidebar is told of how far the run is; it is written with the next commit."""
        self._operation["progress"] = {
            "done": done,
            "total": total,
            "code": step.code,
            "where": dict(step.where),
        }

    def report(self, done: int, total: int, step: Sentence) -> None:
        """Set the progress, and write it where nothing was written for some seconds.

        Raises
        ------
        BusyError
            If a lease of this run was taken over by another run.
        """
        self.set_progress(done, total, step)
        if time.monotonic() - self._committed_at > REPORT_S:
            self.commit()


def _require_one_write_each(writes: Sequence[Write]) -> None:
    keys = [(one.kind, one.key) for one in writes]
    if len(set(keys)) < len(keys):
        doubled = sorted({key for key in keys if keys.count(key) > 1})
        raise ValueError(f"written twice in one commit: {doubled}")


@contextlib.contextmanager
def ending(run: Run) -> Iterator[None]:
    """Make the last commit of a job's run when the block ends; where it fails, only give the leases back."""
    try:
        yield
        run.end()
    except BaseException:
        run.drop_final_writes()
        with contextlib.suppress(VitrinaError):
            run.end()
        raise
