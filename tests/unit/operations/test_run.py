"""A run: leases exclude others, an expired run cannot write, and everything is in one commit."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.harness.fakes.interruptions import Killed
from tests.harness.threads import run_at_once
from tests.unit.operations.fakes import ANNA, LEASE_S, fake_services, load
from vitrina.errors import BusyError, RetriableServiceError, StoreConflictError
from vitrina.operations import run as run_module
from vitrina.operations.run import LEASE, OPERATION, Run, Writes, ending
from vitrina.ports import ABSENT, Delete, Document, Put
from vitrina.records.packing import Tracked, unpack_one
from vitrina.texts import sentence

#: Seconds of waiting; long enough for several attempts to take a lease.
SHORT_S = 0.25
KEPT = ("counts", "a")


@pytest.fixture
def services() -> Any:
    """Fake services."""
    return fake_services()


def job(services: Any) -> Run:
    """A run without an operation."""
    return Run(services, ANNA)


def held(services: Any) -> dict[str, str]:
    """Ends of all leases by key."""
    return {one.key: one.data["until"] for one in services.store.find(LEASE)}


def counts(services: Any) -> Tracked[dict[str, int]]:
    """A packed document that runs change."""
    packed = unpack_one(services.store, *KEPT, load(services, KEPT))
    return Tracked(packed, encode=dict, decode=lambda payload: payload or {})


def operation_of(services: Any, operation_id: str = "op") -> Document:
    """The stored document of an operation."""
    if load(services, (OPERATION, operation_id)) is None:
        services.store.commit([Put(OPERATION, operation_id, {"state": "queued"}, ABSENT)])
    document = load(services, (OPERATION, operation_id))
    assert document is not None
    return document


def in_s(services: Any, seconds: float) -> str:
    """The moment *seconds* from now, as in the document of a lease."""
    now: datetime = services.clock.now()
    return (now + timedelta(seconds=seconds)).isoformat()


# --- Leases ----------------------------------------------------------------------------------------


def test_a_free_lease_is_taken(services: Any) -> None:
    """Several free leases are taken together, each for the time of a lease."""
    job(services).take("book", "plan")

    assert held(services) == {"book": in_s(services, LEASE_S), "plan": in_s(services, LEASE_S)}


def test_a_lease_that_is_held_is_not_taken(services: Any) -> None:
    """A held lease is refused after the wait; the holder can still write."""
    holder = job(services)
    holder.take("book")

    for wait_s in (0.0, SHORT_S):
        with pytest.raises(BusyError):
            job(services).take("book", wait_s=wait_s)

    holder.commit(Put("item", "a", {}))
    holder.end()
    assert held(services) == {}


def test_leases_are_taken_together_or_not_at_all(services: Any) -> None:
    """If one of two leases is held, the other is not taken either, and nothing is written."""
    job(services).take("plan")

    with pytest.raises(BusyError):
        job(services).take("book", "plan", updates=[Writes([Put("item", "a", {})])], wait_s=0.0)

    assert list(held(services)) == ["plan"]
    assert load(services, ("item", "a")) is None
    job(services).take("book", wait_s=0.0)


def test_a_lease_is_waited_for(services: Any) -> None:
    """A waiting run gets the lease when the holder releases it, not before."""
    holder, order = job(services), []
    holder.take("book")

    def wait() -> None:
        job(services).take("book", wait_s=30.0)
        order.append("taken")

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(SHORT_S)
    holder.commit(Put("item", "a", {}))
    order.append("written")
    holder.end()
    thread.join()

    assert order == ["written", "taken"]
    assert list(held(services)) == ["book"]


def test_many_who_wait_take_turns(services: Any) -> None:
    """Of many waiting runs only one holds the lease at a time."""
    inside, most = [0], [0]

    def work(number: int) -> None:
        run = job(services)
        run.take("book", wait_s=60.0)
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.002)
        inside[0] -= 1
        run.end(Put("item", f"{number}", {}))

    run_at_once(work, 12)

    assert most == [1]
    assert len(services.store.find("item")) == 12
    assert held(services) == {}


def test_an_expired_lease_is_taken_over(services: Any) -> None:
    """An expired lease is taken over at once, also without waiting; the former holder cannot write."""
    old = job(services)
    old.take("book")
    old.at_end(Put("item", "final", {}))
    services.clock.advance(LEASE_S + 1)
    new = job(services)
    new.take("book", wait_s=0.0)

    for write in (
        lambda: old.commit(Put("item", "a", {})),
        lambda: old.commit(updates=[counts(services).put({"a": 1})]),
        lambda: old.take("plan", wait_s=0.0),
        old.end,
        lambda: old.commit(old.release("book")),
    ):
        with pytest.raises(BusyError):
            write()

    assert services.store.find("item") == []
    assert load(services, KEPT) is None
    assert held(services) == {"book": in_s(services, LEASE_S)}
    new.end(Put("item", "b", {}))
    assert [one.key for one in services.store.find("item")] == ["b"]


def test_a_lease_just_before_its_end(services: Any) -> None:
    """A lease is held until the last moment before its end."""
    job(services).take("book")
    services.clock.advance(LEASE_S - 0.001)
    with pytest.raises(BusyError):
        job(services).take("book", wait_s=0.0)

    services.clock.advance(0.001)
    job(services).take("book", wait_s=0.0)


@pytest.mark.parametrize("attempt", range(5))
def test_one_of_many_takes_an_expired_lease(services: Any, attempt: int) -> None:
    """Of many runs that see an expired lease one takes it; the others get an error that it is held."""
    job(services).take("book")
    services.clock.advance(LEASE_S + 1)
    won: list[Run] = []
    lost: list[int] = []

    def take(number: int) -> None:
        run = job(services)
        try:
            run.take("book", wait_s=0.0)
        except BusyError:
            lost.append(number)
        else:
            won.append(run)

    run_at_once(take, 10)

    assert (len(won), len(lost)) == (1, 9)
    won[0].end()


def test_a_commit_extends_what_is_held(services: Any) -> None:
    """A commit extends all leases and the operation, even without other writes."""
    run = Run(services, ANNA, operation_of(services))
    run.take("book", "plan")
    for _ in range(3):
        services.clock.advance(LEASE_S - 10)
        run.commit()

        end = in_s(services, LEASE_S)
        assert held(services) == {"book": end, "plan": end}
        assert operation_of(services).data["until"] == end


def test_taking_extends_what_is_held(services: Any) -> None:
    """Taking another lease, or the same one again, extends all leases."""
    run = job(services)
    run.take("book")
    services.clock.advance(60)
    run.take("plan")
    assert set(held(services).values()) == {in_s(services, LEASE_S)}

    services.clock.advance(60)
    run.take("plan", "book", wait_s=0.0)
    assert held(services) == dict.fromkeys(("book", "plan"), in_s(services, LEASE_S))
    run.end()
    assert held(services) == {}


def test_one_lease_is_given_back(services: Any) -> None:
    """A run can release one lease, keep the other, and take the first one again."""
    run = job(services)
    run.take("book", "plan")
    run.commit(Put("item", "a", {}), run.release("plan"))
    assert list(held(services)) == ["book"]

    run.commit()
    run.take("plan", wait_s=0.0)
    run.end()
    assert held(services) == {}


def test_a_lease_is_held_until_it_was_given_back(services: Any) -> None:
    """If the commit that releases a lease is refused, the end of the run releases it."""
    run = job(services)
    run.take("book", "plan")
    services.store.commit([Put("item", "a", {"by": "another"})])
    with pytest.raises(StoreConflictError):
        run.commit(Put("item", "a", {}, ABSENT), run.release("plan"))
    assert sorted(held(services)) == ["book", "plan"]
    assert run.holds("plan")

    with pytest.raises(StoreConflictError):
        run.end(Put("item", "a", {}, ABSENT))
    assert sorted(held(services)) == ["book", "plan"]

    run.end()
    assert held(services) == {}


# --- Commits ---------------------------------------------------------------------------------------


def test_a_changed_document_refuses_a_plain_write(services: Any) -> None:
    """A plain write of a changed document is refused and not repeated; the run can continue."""
    run = job(services)
    run.take("book")
    services.store.commit([Put("item", "a", {"by": "another"})])

    with pytest.raises(StoreConflictError) as caught:
        run.commit(Put("item", "a", {}, ABSENT), Put("item", "b", {}))

    assert caught.value.keys == {("item", "a")}
    assert [(one.key, one.data) for one in services.store.find("item")] == [("a", {"by": "another"})]
    token = run.commit(Put("item", "b", {}))
    assert load(services, ("item", "b")).version == token  # type: ignore[union-attr]


def test_an_update_is_repeated(services: Any) -> None:
    """An update of a changed document is applied to the newest version, in the same commit."""
    run = job(services)
    run.take("book")
    mine = counts(services)
    job(services).commit(updates=[counts(services).put({"theirs": 1})])

    token = run.commit(Put("item", "a", {}), updates=[mine.change(lambda value: {**value, "mine": 1})])

    assert mine.value == counts(services).value == {"theirs": 1, "mine": 1}
    assert {load(services, key).version for key in (KEPT, ("item", "a"), (LEASE, "book"))} == {token}  # type: ignore[union-attr]


def test_updates_of_many_runs_at_once(services: Any) -> None:
    """No update of many concurrent runs is lost; after too many conflicts a run gets an error."""

    def add(number: int) -> None:
        run = job(services)
        for _ in range(5):
            while True:
                change = counts(services).change(lambda value: {**value, "n": value.get("n", 0) + 1})
                try:
                    run.commit(updates=[change])
                except StoreConflictError:
                    continue
                break

    run_at_once(add, 8)

    assert counts(services).value == {"n": 40}


@pytest.mark.slow
def test_an_update_that_changes_for_ever(services: Any) -> None:
    """The commit fails after some attempts, if the document changes every time."""

    class Hopeless(Writes):
        keys = (("item", "a"),)

        def __init__(self) -> None:
            super().__init__([Put("item", "a", {}, 5)])
            self.reload_count = 0

        def reload(self, store: object) -> None:  # noqa: ARG002 - as in ``Update``
            self.reload_count += 1

    update = Hopeless()
    with pytest.raises(StoreConflictError):
        job(services).commit(updates=[update])
    assert update.reload_count == 9

    update = Hopeless()
    with pytest.raises(StoreConflictError):
        job(services).take("book", updates=[update], wait_s=0.0)
    assert update.reload_count == 9
    assert held(services) == {}


def test_updates_in_the_commit_that_takes_leases(services: Any) -> None:
    """Updates in the commit that takes leases are repeated too, and learn their new versions."""
    mine = counts(services)
    job(services).commit(updates=[counts(services).put({"theirs": 1})])
    run = job(services)
    run.take("book", updates=[mine.change(lambda value: {**value, "mine": 1}), Writes([Delete("item", "x")])])
    run.commit(updates=[mine.change(lambda value: {**value, "again": 1})])

    assert counts(services).value == {"theirs": 1, "mine": 1, "again": 1}


def test_a_plain_write_beside_a_lease_that_is_refused(services: Any) -> None:
    """A refused plain write beside a lease is an error at once, because it cannot be reloaded."""
    services.store.commit([Put("item", "a", {})])
    started_at = time.monotonic()

    with pytest.raises(StoreConflictError):
        job(services).take("book", updates=[Writes([Put("item", "a", {}, ABSENT)])])

    assert time.monotonic() - started_at < 5
    assert held(services) == {}


def test_what_is_asked_for_at_the_end(services: Any) -> None:
    """Writes for the end are in the last commit; a failed run does not write them."""
    run = job(services)
    run.take("book")
    run.at_end(Put("item", "a", {}), updates=[counts(services).put({"a": 1})])
    run.commit()
    assert services.store.find("item") == []
    run.end(Put("item", "b", {}))
    assert [one.key for one in services.store.find("item")] == ["a", "b"]
    assert counts(services).value == {"a": 1}

    failed = job(services)
    failed.at_end(Put("item", "c", {}))
    failed.drop_final_writes()
    failed.end()
    assert load(services, ("item", "c")) is None


def test_the_last_write_asked_for_is_the_one(services: Any) -> None:
    """Of several final writes of one document the last one counts; without writes there is no commit."""
    run = job(services)
    run.at_end(Put("item", "a", {"n": 1}), Put("item", "b", {"n": 1}))
    run.at_end(Put("item", "a", {"n": 2}))
    run.end()
    assert [one.data["n"] for one in services.store.find("item")] == [2, 1]

    assert run.commit() == ABSENT


def test_two_writes_of_one_document(services: Any) -> None:
    """Two writes of one document are an error, because one would silently undo the other."""
    run = job(services)
    run.take("book")
    with pytest.raises(ValueError, match="twice"):
        run.commit(Put("item", "a", {}), updates=[Writes([Delete("item", "a")])])

    run.end()
    assert held(services) == {}


def test_the_end_of_a_job(services: Any) -> None:
    """At its end a job carries out its final writes; a failed job only releases its leases."""
    run = job(services)
    with ending(run):
        run.take("book")
        run.at_end(Put("item", "a", {}))
    assert (held(services), len(services.store.find("item"))) == ({}, 1)

    for spoil in (Put("item", "a", {}, ABSENT), None):
        run = job(services)
        with pytest.raises((StoreConflictError, Killed)), ending(run):  # noqa: PT012
            run.take("book")
            run.at_end(Put("item", "b", {}))
            if spoil is None:
                raise Killed
            run.at_end(spoil)
        assert (held(services), len(services.store.find("item"))) == ({}, 1)


# --- The operation ---------------------------------------------------------------------------------


def test_an_operation_is_taken_over_like_a_lease(services: Any) -> None:
    """After an operation is taken over, the former run cannot write."""
    old, new = (Run(services, ANNA, operation_of(services)) for _ in range(2))
    old.take("book")
    services.clock.advance(LEASE_S + 1)
    with pytest.raises(BusyError):
        new.take("book")  # It read the operation before the other run wrote it.
    new = Run(services, ANNA, operation_of(services))
    new.take("book")

    with pytest.raises(BusyError):
        old.end(state="ended")

    new.end(state="ended", http_status=200)
    data = operation_of(services).data
    assert (data["state"], data["http_status"]) == ("ended", 200)


def test_a_job_has_no_operation(services: Any) -> None:
    """A job without an operation writes no operation document."""
    run = job(services)
    run.take("book")
    run.set_progress(1, 2, sentence("operation.accepted"))
    run.end(state="ended")

    assert services.store.find(OPERATION) == []
    assert run.operation_id == ""


def test_progress_is_written_with_the_next_commit(services: Any) -> None:
    """Progress is stored with the next commit, as a code."""
    run = Run(services, ANNA, operation_of(services))
    run.set_progress(1, 2, sentence("books.progress", done=1, total=2))
    assert "progress" not in operation_of(services).data
    run.commit()

    assert operation_of(services).data["progress"] == {
        "done": 1,
        "total": 2,
        "code": "books.progress",
        "where": {"done": 1, "total": 2},
    }


def test_progress_is_reported_now_and_then(services: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is only written if the last commit was some seconds ago, so a long run writes little."""
    run = Run(services, ANNA, operation_of(services))
    run.take("book")
    run.report(1, 9, sentence("operation.accepted"))
    assert "progress" not in operation_of(services).data
    monkeypatch.setattr(run_module, "REPORT_S", -1.0)
    run.report(2, 9, sentence("operation.accepted"))
    assert operation_of(services).data["progress"]["done"] == 2


def test_a_step_is_noted(services: Any) -> None:
    """A step can be noted without running it; later it is not run."""
    run = Run(services, ANNA, operation_of(services))
    run.note_step("card", "77")
    run.commit()

    assert Run(services, ANNA, operation_of(services)).step("card", lambda: "78") == "77"


def test_a_step_runs_once(services: Any) -> None:
    """A step runs once for all deliveries; its result is written with the next commit."""
    made: list[str] = []

    def make() -> str:
        # The start of the step is stored before anything is created in an outside system.
        assert operation_of(services).data["steps"]["card"] == {}
        made.append("card")
        return "77"

    run = Run(services, ANNA, operation_of(services))
    assert run.is_new
    assert [run.step("card", make), run.step("card", make)] == ["77", "77"]
    run.commit()

    again = Run(services, ANNA, operation_of(services))
    assert again.step("card", make) == "77"
    assert made == ["card"]
    assert not again.is_new
    assert again.steps == {"card": {"result": "77"}}


@pytest.mark.parametrize(
    ("found", "expected", "made_count"),
    [
        ("77", "77", 1),  # the first delivery made it
        (None, "78", 2),  # it died before
    ],
)
def test_a_step_that_was_begun_is_looked_for(
    services: Any, found: str | None, expected: str, made_count: int
) -> None:
    """If the process died in a step, the next run first searches for its result in the outside system."""
    made: list[str] = []

    def make() -> str:
        made.append("card")
        return f"{76 + len(made)}"

    def make_and_die() -> str:
        make()
        raise Killed

    def look() -> str | None:
        assert made
        return found

    with pytest.raises(Killed):
        Run(services, ANNA, operation_of(services)).step("card", make_and_die, find=look)

    run = Run(services, ANNA, operation_of(services))
    assert run.step("card", make, find=look) == expected
    assert len(made) == made_count


def test_a_step_that_failed_is_run_again(services: Any) -> None:
    """A failed step is run again by the next run, and the error reaches the caller."""
    run = Run(services, ANNA, operation_of(services))

    def fail() -> None:
        raise RetriableServiceError("service.busy", service="Kaiten")

    with pytest.raises(RetriableServiceError):
        run.step("card", fail)

    assert run.step("card", lambda: "77", find=lambda: None) == "77"


def test_the_origin_of_a_run(services: Any) -> None:
    """Things created in outside systems have the id of the first operation for this wish."""
    assert Run(services, ANNA, operation_of(services)).origin_id == "op"
    services.store.commit([Put(OPERATION, "next", {"origin_id": "op", "steps": {"card": {}}})])

    run = Run(services, ANNA, operation_of(services, "next"))
    assert (run.operation_id, run.origin_id, run.is_new) == ("next", "op", False)
