"""The runner: each click runs once and always gets the same answer, at once or queued."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness.fakes.interruptions import Killed
from tests.harness.threads import run_at_once
from tests.unit.operations.fakes import (
    AGENCY,
    ANNA,
    BOOK,
    BORIS,
    LEASE_S,
    FakeAction,
    done,
    fake_services,
    load,
)
from vitrina.errors import (
    BusyError,
    RequestError,
    RetriableServiceError,
    UnknownWorkbookError,
    UserError,
)
from vitrina.operations.actor import CLOCK, Actor, ActorKind
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.clicks.runner import Click, operation_status, run_click, run_operation
from vitrina.operations.clicks.wishes import WISH, WishEnd, wish_from_document, wish_key
from vitrina.operations.outbox import GRACE, OUTBOX, find_overdue, send_again
from vitrina.operations.run import ENDED, FAILED, FOLLOWING, LEASE, OPERATION, QUEUED, RUNNING, Run
from vitrina.ports import ABSENT, Json, Put
from vitrina.texts import sentence

CLICK = Click(ANNA, BOOK, "push", {"n": 1}, "request-1", "ru")


@pytest.fixture
def services() -> Any:
    """Fake services."""
    return fake_services()


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for leases of others: nobody releases them here."""
    monkeypatch.setitem(Run.take.__kwdefaults__, "wait_s", 0.1)


class Counter:
    """An action that counts its runs; each ends with the next planned result, later ones succeed."""

    def __init__(self, *endings: BaseException) -> None:
        self.count = 0
        self._endings = list(endings)

    def __call__(self, run: Run, spreadsheet_id: str, params: Mapping[str, Any]) -> Answer:
        """See ``Action.run``."""
        assert (spreadsheet_id, dict(params)) == (BOOK, {"n": 1})
        assert load(run.services, (LEASE, BOOK)) is not None
        self.count += 1
        run.commit(Put("effect", f"{self.count}", {}))
        run.at_end(Put("final", f"{self.count}", {}))
        if self._endings:
            raise self._endings.pop(0)
        return done(count=self.count)


def busy_google() -> RetriableServiceError:
    """An outside system that is busy."""
    return RetriableServiceError("service.busy", service="Google")


def state_of(services: Any, click: Click = CLICK) -> str:
    """State of the operation of a click."""
    operation = load(services, (OPERATION, click.operation_id))
    assert operation is not None
    return str(operation.data["state"])


def keys(services: Any, kind: str) -> list[str]:
    """Keys of all documents of a kind."""
    return [one.key for one in services.store.find(kind)]


def assert_refused(do: Callable[[], object], error: type[Exception], code: str) -> None:
    """The call raises an error of this type and code."""
    with pytest.raises(error) as caught:
        do()
    assert caught.value.code == code  # type: ignore[attr-defined]


# --- At once ---------------------------------------------------------------------------------------


def test_a_click_is_answered(services: Any) -> None:
    """A click is answered in the person's language; only its operation stays in the store."""
    action = FakeAction(Counter())
    answer, status = run_click(services, CLICK, action)

    assert (answer["outcome"], answer["data"], status) == ("done", {"count": 1}, 200)
    assert "Отправить" in answer["message"]
    assert keys(services, LEASE) == []
    assert keys(services, "final") == ["1"]
    english, _ = run_click(services, replace(CLICK, request_id="2", locale="en"), action)
    assert "tracker" in english["message"]


def test_the_first_result_never_changes(services: Any) -> None:
    """Each repeat of the click gets the first result, also after other changes; the action runs once."""
    counter = Counter()
    first = run_click(services, CLICK, FakeAction(counter))
    for _ in range(3):
        services.clock.advance(10 * LEASE_S)
        assert run_click(services, CLICK, FakeAction(counter)) == first
    assert counter.count == 1

    again, _ = run_click(services, replace(CLICK, request_id="request-2"), FakeAction(counter))
    assert again["data"] == {"count": 2}
    assert run_click(services, CLICK, FakeAction(counter)) == first


@pytest.mark.parametrize(
    "other",
    [
        replace(CLICK, params={"n": 2}),
        replace(CLICK, action="start_batch"),
        replace(CLICK, actor=BORIS),
        replace(CLICK, actor=Actor(ActorKind.RULE, ANNA.name)),
    ],
)
@pytest.mark.parametrize("is_queued", [False, True])
def test_a_request_id_belongs_to_one_wish(services: Any, other: Click, is_queued: bool) -> None:
    """A used request id is refused with other parameters, another action or person, without the answer."""
    action = FakeAction(Counter(), is_queued=is_queued)
    first = run_click(services, CLICK, action)

    assert_refused(lambda: run_click(services, other, action), RequestError, "request.other_params")

    assert run_click(services, CLICK, action) == first
    assert run_click(services, replace(CLICK, locale="en"), action)[1] == first[1]


def test_a_click_in_the_wrong_workbook(services: Any) -> None:
    """A click in the wrong kind of workbook is refused before anything is stored."""
    action = FakeAction(Counter())
    for spreadsheet_id, code in ((AGENCY, "workbook.not_client"), ("absent", "workbook.unknown")):
        click = replace(CLICK, spreadsheet_id=spreadsheet_id)
        assert_refused(lambda click=click: run_click(services, click, action), UnknownWorkbookError, code)  # type: ignore[misc]

    assert keys(services, OPERATION) == []


def test_the_same_click_while_it_runs(services: Any) -> None:
    """A repeat during the run gets the progress and starts no second run."""
    told: list[tuple[Json, int]] = []

    def run(run: Run, _: str, __: Mapping[str, Any]) -> Answer:
        told.append(run_click(services, CLICK, FakeAction(run_never)))
        run.set_progress(1, 3, sentence("books.progress", done=1, total=3))
        run.commit()
        told.append(run_click(services, CLICK, FakeAction(run_never)))
        return done()

    answer, _ = run_click(services, CLICK, FakeAction(run))

    assert answer["outcome"] == "done"
    assert [one["outcome"] for one, status in told] == ["running", "running"]
    assert [status for _, status in told] == [200, 200]
    assert [(one["data"]["done"], one["data"]["total"]) for one, _ in told] == [(0, 0), (1, 3)]
    assert told[1][0]["data"]["step"] == "Читаю книги клиентов: 1 из 3"
    assert told[0][0]["operation_id"] == CLICK.operation_id


def run_never(run: Run, spreadsheet_id: str, params: Mapping[str, Any]) -> Answer:
    """An action that must not be run."""
    raise AssertionError((run, spreadsheet_id, params))


def test_a_refusal_is_kept(services: Any) -> None:
    """A repeat of a refused click gets the same answer; final writes are not carried out."""
    counter = Counter(UserError("batch.nothing_fits"))
    action = FakeAction(counter)

    assert_refused(lambda: run_click(services, CLICK, action), UserError, "batch.nothing_fits")

    answer, status = run_click(services, CLICK, action)
    assert (answer["outcome"], status) == ("refused", 422)
    assert "не подошла" in answer["message"]
    assert counter.count == 1
    assert (keys(services, LEASE), keys(services, "final")) == ([], [])
    assert state_of(services) == ENDED


@pytest.mark.parametrize("error", [busy_google(), BusyError("workbook.busy"), RuntimeError("a bug")])
def test_a_failure_may_be_run_again(services: Any, error: Exception) -> None:
    """A repeat of a failed click runs the action again at once; then its result is stored."""
    counter = Counter(error)
    with pytest.raises(type(error)):
        run_click(services, CLICK, FakeAction(counter))
    assert state_of(services) == FAILED
    assert (keys(services, LEASE), keys(services, "final")) == ([], [])
    shown, status = operation_status(services, CLICK.operation_id, BOOK, ANNA, "ru")
    assert (shown["outcome"] in ("failed", "refused"), status >= 400) == (True, True)

    answer, _ = run_click(services, CLICK, FakeAction(counter))
    assert answer["data"] == {"count": 2}
    assert run_click(services, CLICK, FakeAction(counter))[0] == answer


def test_a_repeated_run_continues_from_its_steps(services: Any) -> None:
    """Things that a failed run created in outside systems are not created twice."""
    made: list[str] = []

    def run(run: Run, _: str, __: Mapping[str, Any]) -> Answer:
        run.step("one", lambda: made.append("one"))
        run.step("two", lambda: made.append("two"))
        if len(made) == 2:
            raise busy_google()
        return done()

    with pytest.raises(RetriableServiceError):
        run_click(services, CLICK, FakeAction(run))
    made.append("second run")
    run_click(services, CLICK, FakeAction(run))

    assert made == ["one", "two", "second run"]


def test_a_busy_workbook(services: Any) -> None:
    """A click in a busy workbook is refused and stores nothing; a later repeat runs."""
    other = Run(services, BORIS)
    other.take(BOOK)
    action = FakeAction(Counter())
    assert_refused(lambda: run_click(services, CLICK, action), BusyError, "workbook.busy")
    assert keys(services, OPERATION) == []

    other.end()
    assert run_click(services, CLICK, action)[0]["data"] == {"count": 1}


def test_a_process_that_died_is_taken_over(services: Any) -> None:
    """A dead process is taken over after the time of its lease; the repeat runs the action again."""
    counter = Counter(Killed())
    with pytest.raises(Killed):
        run_click(services, CLICK, FakeAction(counter))
    services.clock.advance(LEASE_S - 1)
    assert run_click(services, CLICK, FakeAction(counter))[0]["outcome"] == "running"

    services.clock.advance(1)
    assert run_click(services, CLICK, FakeAction(counter))[0]["data"] == {"count": 2}
    assert counter.count == 2
    assert keys(services, LEASE) == []


def test_a_process_that_was_only_slow(services: Any) -> None:
    """A slow process that was taken over cannot write, and the answer of the other one counts."""

    def slow(run: Run, _: str, __: Mapping[str, Any]) -> Answer:
        services.clock.advance(LEASE_S + 1)
        answer, _ = run_click(services, CLICK, FakeAction(lambda *_: done(who="second")))
        assert answer["data"] == {"who": "second"}
        run.at_end(Put("final", "slow", {}))
        return done(who="slow")

    with pytest.raises(BusyError):
        run_click(services, CLICK, FakeAction(slow))

    answer, _ = run_click(services, CLICK, FakeAction(run_never))
    assert answer["data"] == {"who": "second"}
    assert keys(services, "final") == []


def test_a_conflict_in_the_last_commit(services: Any) -> None:
    """After a conflict in the last commit the click fails, releases its leases and may be repeated."""

    def conflict(run: Run, _: str, __: Mapping[str, Any]) -> Answer:
        services.store.commit([Put("item", "a", {"by": "another"})])
        run.at_end(Put("item", "a", {}, ABSENT))
        return done()

    with pytest.raises(BusyError):
        run_click(services, CLICK, FakeAction(conflict))

    assert (state_of(services), keys(services, LEASE)) == (FAILED, [])
    assert run_click(services, CLICK, FakeAction(Counter()))[0]["outcome"] == "done"


def test_an_answer_without_a_sentence(services: Any) -> None:
    """An error of ours in the answer leaves no lease."""
    action = FakeAction(lambda *_: Answer(Outcome.DONE, sentence("no.such_sentence")))
    with pytest.raises(KeyError):
        run_click(services, CLICK, action)

    assert (state_of(services), keys(services, LEASE)) == (FAILED, [])


@pytest.mark.parametrize("attempt", range(5))
def test_the_same_click_eight_times_at_once(services: Any, attempt: int) -> None:
    """The action runs once; other clicks get its progress or its answer."""
    counter, lock = Counter(), threading.Lock()
    answers: list[Json] = []

    def run(run: Run, spreadsheet_id: str, params: Mapping[str, Any]) -> Answer:
        with lock:
            return counter(run, spreadsheet_id, params)

    def click(_: int) -> None:
        answer, status = run_click(services, CLICK, FakeAction(run))
        assert status == 200
        answers.append(answer)

    run_at_once(click, 8)

    assert counter.count == 1
    final, _ = run_click(services, CLICK, FakeAction(run_never))
    assert {one["outcome"] for one in answers} <= {"done", "running"}
    assert final in answers
    assert [one for one in answers if one["outcome"] == "done" and one != final] == []
    assert keys(services, LEASE) == []


# --- Queued ----------------------------------------------------------------------------------------


def queued(run: Callable[[Run, str, Mapping[str, Any]], Answer], **more: Any) -> FakeAction:
    """An action that is queued."""
    return FakeAction(run, is_queued=True, **more)


def deliver(services: Any, action: FakeAction, body: Json | None = None) -> Json:
    """Run the only waiting task, and return its body."""
    if body is None:
        [body] = services.queue.take()
    run_operation(services, body, {"push": action})
    return body


def status_of(services: Any, click: Click = CLICK) -> tuple[Json, int]:
    """The status of a click for its person."""
    return operation_status(services, click.operation_id, BOOK, click.actor, "ru")


def test_a_queued_click_is_accepted_and_run(services: Any) -> None:
    """A queued click has the status running until its task has run; only the operation stays."""
    action = queued(Counter())
    answer, status = run_click(services, CLICK, action)
    assert (answer["outcome"], answer["operation_id"], status) == ("accepted", CLICK.operation_id, 202)
    assert state_of(services) == QUEUED
    assert status_of(services)[0]["outcome"] == "running"
    assert keys(services, OUTBOX) == [f"operation-{CLICK.operation_id}"]
    assert len(keys(services, WISH)) == 1

    deliver(services, action)

    shown, status = status_of(services)
    assert (shown["outcome"], shown["data"], status) == ("done", {"count": 1}, 200)
    assert shown["operation_id"] == CLICK.operation_id
    assert [keys(services, kind) for kind in (OUTBOX, WISH, LEASE)] == [[], [], []]
    assert keys(services, "final") == ["1"]


def test_the_same_queued_click_again(services: Any) -> None:
    """A repeat of a queued click before or after its end is accepted, and nothing runs twice."""
    counter = Counter()
    action = queued(counter)
    answers = [run_click(services, CLICK, action) for _ in range(3)]
    assert answers[1:] == answers[:1] * 2
    deliver(services, action)

    assert run_click(services, CLICK, action) == answers[0]
    assert services.queue.take() == []
    assert counter.count == 1


def test_a_task_that_is_delivered_twice(services: Any) -> None:
    """A second delivery only removes the rest of the wish."""
    counter = Counter()
    action = queued(counter)
    run_click(services, CLICK, action)
    body = deliver(services, action)
    services.store.commit([Put(OUTBOX, body["wish"], {})])
    before = status_of(services)

    deliver(services, action, body)

    assert (counter.count, status_of(services)) == (1, before)
    assert keys(services, OUTBOX) == []


def test_a_second_click_follows_the_first(services: Any) -> None:
    """A second click of the same person for the same thing gets the run and answer of the first."""
    counter = Counter()
    action = queued(counter)
    second = replace(CLICK, request_id="request-2")
    run_click(services, CLICK, action)
    for _ in range(2):
        answer, status = run_click(services, second, action)
        assert (answer["outcome"], answer["operation_id"], status) == ("accepted", CLICK.operation_id, 202)
    assert state_of(services, second) == FOLLOWING

    tasks = services.queue.take()
    assert [task["id"] for task in tasks] == [CLICK.operation_id] * 2
    for task in tasks:
        deliver(services, action, task)

    assert counter.count == 1
    assert [keys(services, kind) for kind in (OUTBOX, WISH, LEASE)] == [[], [], []]
    third = replace(CLICK, request_id="request-3")
    assert run_click(services, third, action)[0]["operation_id"] == third.operation_id


def test_a_queue_that_gave_up_a_dead_process(services: Any) -> None:
    """The outbox keeps the task of an operation that has not ended, and the timer queues it again."""
    counter = Counter(Killed())
    action = queued(counter)
    run_click(services, CLICK, action)
    with pytest.raises(Killed):
        deliver(services, action)
    services.clock.advance(GRACE.total_seconds() + LEASE_S)

    [wish] = find_overdue(services)
    send_again(services, wish)
    deliver(services, action)

    assert status_of(services)[0]["data"] == {"count": 2}
    assert [keys(services, kind) for kind in (OUTBOX, WISH, LEASE)] == [[], [], []]


@pytest.mark.parametrize(
    "other",
    [
        replace(CLICK, request_id="2", actor=BORIS),
        replace(CLICK, request_id="2", params={"n": 2}),
        replace(CLICK, request_id="2", actor=CLOCK),
    ],
)
def test_other_wishes_are_operations_of_their_own(services: Any, other: Click) -> None:
    """A click of another person, or for something else, is an operation of its own."""
    action = queued(run_never)
    run_click(services, CLICK, action)

    assert run_click(services, other, action)[0]["operation_id"] == other.operation_id
    assert state_of(services, other) == QUEUED


def test_two_people_with_the_same_wish(services: Any) -> None:
    """Two people with the same wish have two operations; the end of one leaves the other open."""
    action = queued(Counter())
    other = replace(CLICK, request_id="2", actor=BORIS)
    for click in (CLICK, other):
        run_click(services, click, action)
    first, second = services.queue.take()
    deliver(services, action, first)

    follower = replace(other, request_id="3")
    assert run_click(services, follower, action)[0]["operation_id"] == other.operation_id
    deliver(services, action, second)
    assert keys(services, WISH) == []
    assert [status_of(services, click)[0]["outcome"] for click in (CLICK, other)] == ["done", "done"]


def test_eight_clicks_for_one_wish_at_once(services: Any) -> None:
    """Eight concurrent clicks with different request ids are one operation."""
    action, ids = queued(Counter()), []

    def click(number: int) -> None:
        answer, status = run_click(services, replace(CLICK, request_id=f"{number}"), action)
        assert status == 202
        ids.append(answer["operation_id"])

    run_at_once(click, 8)

    assert len(set(ids)) == 1
    states = [one.data["state"] for one in services.store.find(OPERATION)]
    assert sorted(states) == [FOLLOWING] * 7 + [QUEUED]


def test_a_check_refuses_before_anything_is_queued(services: Any) -> None:
    """A refused check is answered at once, and nothing is stored."""

    def refuse(services: Any, spreadsheet_id: str, params: Mapping[str, Any]) -> None:
        assert (spreadsheet_id, dict(params)) == (BOOK, {"n": 1})
        raise UserError("batch.nothing_fits")

    action = queued(run_never, check=refuse)
    assert_refused(lambda: run_click(services, CLICK, action), UserError, "batch.nothing_fits")

    assert [keys(services, kind) for kind in (OPERATION, OUTBOX, WISH)] == [[], [], []]
    assert services.queue.take() == []


def test_a_refusal_of_a_queued_action_is_its_end(services: Any) -> None:
    """A refusal ends a queued action, and its journal is not passed on."""
    action = queued(Counter(UserError("batch.nothing_fits")))
    run_click(services, CLICK, action)
    deliver(services, action)

    shown, status = status_of(services)
    assert (shown["outcome"], status) == ("refused", 422)
    assert [keys(services, kind) for kind in (WISH, LEASE, OUTBOX, "final")] == [[], [], [], []]


@pytest.mark.parametrize("error", [busy_google(), RuntimeError("a bug")])
def test_the_journal_of_a_failure_is_passed_on(services: Any, error: Exception) -> None:
    """The next click for the same thing, of any person, continues from the journal of a failure."""
    made: list[str] = []
    origins: list[str] = []
    checked: list[str] = []

    def run(run: Run, _: str, __: Mapping[str, Any]) -> Answer:
        origins.append(run.origin_id)
        run.step("one", lambda: made.append("one") or 1)  # type: ignore[func-returns-value]
        if len(origins) < 3:
            raise error
        run.step("two", lambda: made.append("two") or 2)  # type: ignore[func-returns-value]
        return done()

    def check(*_: Any) -> None:
        checked.append("")

    action = queued(run, check=check)
    clicks = [replace(CLICK, request_id=f"{n}", actor=BORIS if n == 1 else ANNA) for n in range(3)]
    for click in clicks:
        run_click(services, click, action)
        deliver(services, action)

    assert made == ["one", "two"]
    assert origins == [clicks[0].operation_id] * 3
    assert len(checked) == 1
    shown = [status_of(services, click) for click in clicks]
    assert [one["outcome"] for one, _ in shown] == ["failed", "failed", "done"]
    assert [status >= 500 for _, status in shown] == [True, True, False]
    assert [keys(services, kind) for kind in (WISH, LEASE, OUTBOX)] == [[], [], []]

    fresh = replace(CLICK, request_id="fresh")
    run_click(services, fresh, action)
    deliver(services, action)
    assert origins[-1] == fresh.operation_id


def test_a_queue_that_does_not_answer(services: Any) -> None:
    """If the queue does not answer, the click is accepted, and the timer sends the task later."""
    action = queued(Counter())
    services.queue.is_down = True
    answer, status = run_click(services, CLICK, action)
    assert (answer["outcome"], status) == ("accepted", 202)
    services.queue.is_down = False
    assert find_overdue(services) == []
    services.clock.advance(GRACE.total_seconds() + 1)

    [wish] = find_overdue(services)
    send_again(services, wish)

    deliver(services, action)
    assert status_of(services)[0]["outcome"] == "done"
    assert keys(services, OUTBOX) == []


def test_a_repeat_of_the_click_sends_what_the_queue_did_not_take(services: Any) -> None:
    """A repeat of the click sends the task again without waiting for the timer."""
    action = queued(Counter())
    services.queue.is_down = True
    run_click(services, CLICK, action)
    services.queue.is_down = False
    run_click(services, CLICK, action)

    deliver(services, action)
    assert status_of(services)[0]["outcome"] == "done"


def test_a_second_delivery_while_the_first_runs(services: Any) -> None:
    """A second delivery during the run makes the queue try again later."""

    def run(run: Run, _: str, __: Mapping[str, Any]) -> Answer:
        assert_refused(lambda: deliver(services, queued(run_never), body), BusyError, "workbook.busy")
        return done()

    run_click(services, CLICK, queued(run))
    [body] = services.queue.take()
    deliver(services, queued(run), body)

    assert status_of(services)[0]["outcome"] == "done"


def test_a_queued_run_that_dies_is_continued(services: Any) -> None:
    """After the time of the lease the next delivery continues from the steps of the dead run."""
    made: list[str] = []

    def run(run: Run, _: str, __: Mapping[str, Any]) -> Answer:
        run.step("one", lambda: made.append("one"))
        run.commit()
        run.step("two", lambda: made.append("two"))
        if len(made) == 2:
            raise Killed
        return done()

    action = queued(run)
    run_click(services, CLICK, action)
    [body] = services.queue.take()
    with pytest.raises(Killed):
        deliver(services, action, body)
    made.append("died")
    assert state_of(services) == RUNNING
    assert_refused(lambda: deliver(services, action, body), BusyError, "workbook.busy")

    services.clock.advance(LEASE_S)
    deliver(services, action, body)

    # The second step was begun, and it is not known whether it was finished.
    assert made == ["one", "two", "died", "two"]
    assert status_of(services)[0]["outcome"] == "done"
    assert [keys(services, kind) for kind in (WISH, LEASE, OUTBOX)] == [[], [], []]


def test_a_busy_action_is_delivered_again(services: Any) -> None:
    """A busy action releases its leases and is delivered again, also if the workbook's lease is held."""
    counter = Counter(BusyError("workbook.busy"))
    action = queued(counter)
    run_click(services, CLICK, action)
    [body] = services.queue.take()
    assert_refused(lambda: deliver(services, action, body), BusyError, "workbook.busy")
    assert (state_of(services), keys(services, LEASE), keys(services, "final")) == (QUEUED, [], [])

    other = Run(services, BORIS)
    other.take(BOOK)
    assert_refused(lambda: deliver(services, action, body), BusyError, "workbook.busy")
    assert state_of(services) == QUEUED
    other.end()

    deliver(services, action, body)
    assert (counter.count, status_of(services)[0]["outcome"]) == (2, "done")


def test_progress_of_a_queued_run(services: Any) -> None:
    """Only the person who clicked gets the progress of a queued run."""
    told: list[Json] = []

    def run(run: Run, _: str, __: Mapping[str, Any]) -> Answer:
        run.set_progress(2, 5, sentence("books.progress", done=2, total=5))
        run.commit()
        told.append(status_of(services)[0])
        return done()

    run_click(services, CLICK, queued(run))
    deliver(services, queued(run))

    assert (told[0]["data"]["done"], told[0]["data"]["step"]) == (2, "Читаю книги клиентов: 2 из 5")
    for spreadsheet_id, actor, operation_id in (
        (BOOK, BORIS, CLICK.operation_id),
        (AGENCY, ANNA, CLICK.operation_id),
        (BOOK, ANNA, "absent"),
    ):
        assert_refused(
            lambda a=operation_id, b=spreadsheet_id, c=actor: operation_status(services, a, b, c, "ru"),  # type: ignore[misc]
            RequestError,
            "request.unknown_operation",
        )


def test_a_task_of_an_operation_that_is_not_kept(services: Any) -> None:
    """A task of an unknown operation is refused."""
    assert_refused(
        lambda: run_operation(services, {"id": "absent"}, {}), RequestError, "request.unknown_operation"
    )


def test_an_operation_of_the_first_release(services: Any) -> None:
    """An operation of the first release, without a wish and an outbox entry, still runs."""
    data = {
        "action": "push",
        "spreadsheet_id": BOOK,
        "params": {"n": 1},
        "email": ANNA.name,
        "locale": "ru",
        "at": "2026-11-25T10:00:00+00:00",
        "state": "queued",
    }
    services.store.commit([Put(OPERATION, CLICK.operation_id, data)])

    deliver(services, queued(Counter()), {"kind": "operation", "id": CLICK.operation_id})

    assert status_of(services)[0]["outcome"] == "done"


# --- Wishes ----------------------------------------------------------------------------------------


def test_the_end_of_a_wish_that_is_not_kept(services: Any) -> None:
    """The end of a missing wish does not delete one that was opened meanwhile."""
    key = wish_key(CLICK.data(services.clock.now()))
    end = WishEnd(wish_from_document(None, key), "unknown", journal=None)
    run_click(services, CLICK, queued(run_never))
    Run(services, ANNA).commit(updates=[end])

    assert len(keys(services, WISH)) == 1


def test_a_wish_depends_on_what_is_wanted() -> None:
    """A wish depends on action and parameters, not on person, time or order of the parameters."""
    data = {"spreadsheet_id": BOOK, "action": "push", "params": {"a": 1, "b": 2}, "actor": "x", "at": "y"}
    same = {**data, "params": {"b": 2, "a": 1}, "actor": "z", "at": "w"}
    assert wish_key(data) == wish_key(same)
    others: list[Json] = [{"params": {"a": 1}}, {"action": "start"}, {"spreadsheet_id": "other"}]
    assert len({wish_key(data), *(wish_key({**data, **other}) for other in others)}) == 4
