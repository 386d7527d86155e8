"""The timer: wishes that were not carried out are sent again, and old documents go."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from tests.harness.fakes.interruptions import no_answer
from tests.harness.fakes.services import make_services
from tests.harness.memory_office import MemoryOffice, client_office, pushed_office
from vitrina.errors import RetriableServiceError, UserError
from vitrina.jobs.expire import MOST_AT_ONCE, expire
from vitrina.jobs.registry import call_timer, deliver_outbox
from vitrina.operations.outbox import MOST_AT_ONCE as MOST_SENT
from vitrina.operations.outbox import OUTBOX, TaskWish, fulfil
from vitrina.operations.run import OPERATION
from vitrina.ports import Put
from vitrina.records.previews import PREVIEW


@pytest.fixture
def office() -> MemoryOffice:
    """A client with an empty backlog."""
    return client_office()


def wish_for(office: MemoryOffice, *names: str, delay_s: float = 0.0) -> None:
    """Keep wishes whose tasks the queue never got."""
    for name in names:
        office.store.commit([TaskWish(name, {"kind": "push"}, delay_s).put(office.services)])


def names(office: MemoryOffice) -> list[str]:
    """Wishes that the waiting tasks carry out."""
    return [task.body["wish"] for task in office.queue.waiting]


# --- The outbox --------------------------------------------------------------------------------------


def test_wish_is_sent_after_its_time(office: MemoryOffice) -> None:
    """Not before: the first try may be on its way."""
    wish_for(office, "a")
    office.clock.advance(minutes=2)
    assert deliver_outbox(office.services) == 0

    office.clock.advance(seconds=1)

    assert deliver_outbox(office.services) == 1
    assert names(office) == ["a"]


def test_wish_with_a_delay_has_more_time(office: MemoryOffice) -> None:
    """It was to happen later anyway."""
    wish_for(office, "a", delay_s=300)
    office.clock.advance(minutes=6)
    assert deliver_outbox(office.services) == 0

    office.clock.advance(minutes=2)

    assert deliver_outbox(office.services) == 1


def test_two_calls_at_once_send_one_task(office: MemoryOffice) -> None:
    """The second one finds the name taken, and the wish moved on."""
    wish_for(office, "a")
    office.clock.advance(minutes=3)
    office.queue.before("add", lambda: deliver_outbox(office.services))

    assert deliver_outbox(office.services) == 0

    assert names(office) == ["a"]


def test_each_try_has_its_own_name(office: MemoryOffice) -> None:
    """The queue takes a name once; tries come farther and farther apart."""
    wish_for(office, "a")
    sent_at = []
    for _ in range(60):
        office.clock.advance(minutes=1)
        if deliver_outbox(office.services):
            sent_at.append(round((office.clock.now() - office.queue.waiting[0].due_at).total_seconds() / 60))

    gaps = [later - earlier for earlier, later in pairwise(sent_at)]
    assert len({task.name for task in office.queue.waiting}) == len(sent_at) > 3
    assert gaps == sorted(gaps)
    assert gaps[-1] > gaps[0]


def test_wish_carried_out_meanwhile_is_not_moved(office: MemoryOffice) -> None:
    """It does not come back."""
    wish_for(office, "a", "b")
    office.clock.advance(minutes=3)
    # Between reading the wish and moving it.
    office.queue.after("add", lambda: office.store.commit([fulfil("a")]))

    assert deliver_outbox(office.services) == 1

    assert office.store.keys(OUTBOX) == ["b"]


def test_queue_is_down(office: MemoryOffice) -> None:
    """The timer stops asking, and the wishes stay for its next call."""
    wish_for(office, "a", "b", "c")
    office.clock.advance(minutes=3)
    office.queue.before("add", no_answer("Cloud Tasks"))

    assert deliver_outbox(office.services) == 0
    assert office.queue.calls["add"] == 1
    assert deliver_outbox(office.services) == 3

    assert names(office) == ["a", "b", "c"]


def test_process_died_between_queue_and_store(office: MemoryOffice) -> None:
    """The task is queued and the wish is not moved: the next call queues no second one."""
    wish_for(office, "a")
    office.clock.advance(minutes=3)
    office.store.before("commit", no_answer("Firestore"))
    assert deliver_outbox(office.services) == 0
    assert names(office) == ["a"]

    assert deliver_outbox(office.services) == 1

    assert names(office) == ["a"]


def test_only_so_many_at_once(office: MemoryOffice) -> None:
    """The others come with the next call."""
    wish_for(office, *(f"{number:04}" for number in range(MOST_SENT + 5)))
    office.clock.advance(minutes=3)

    assert [deliver_outbox(office.services) for _ in range(3)] == [MOST_SENT, 5, 0]


# --- Old documents -----------------------------------------------------------------------------------


def previewed(office: MemoryOffice) -> str:
    """Show a preview; gives its id."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.do("estimate")
    preview_id: str = office.do("build_batch").data["preview_id"]
    return preview_id


def test_previews_go_after_a_week(office: MemoryOffice) -> None:
    """What is shown again lives on; what is gone cannot be started, and that is said."""
    preview_id = previewed(office)
    office.clock.advance(days=7)
    assert expire(office.services) == 0
    assert office.store.keys(PREVIEW) == [preview_id]

    office.clock.advance(seconds=1)

    assert expire(office.services) == 1
    with pytest.raises(UserError) as refused:
        office.do("start_batch", preview_id=preview_id)
    assert refused.value.code == "batch.no_preview"


def test_operations_go_after_a_month(office: MemoryOffice) -> None:
    """All that ended; one that still waits for the queue may go on."""
    office.store.commit(
        [
            Put(OPERATION, state, {"state": state, "at": office.clock.now().isoformat()})
            for state in ("queued", "ended", "failed", "following")
        ]
    )
    known = len(office.store.keys(OPERATION))
    office.clock.advance(days=30)
    assert expire(office.services) == 0

    office.clock.advance(seconds=1)

    assert expire(office.services) == known - 1
    assert office.store.keys(OPERATION) == ["queued"]


def test_large_answers_go_with_their_operations(office: MemoryOffice) -> None:
    """They are documents of their own."""
    old = office.clock.now().isoformat()
    answer = {"outcome": "done", "is_packed": True, "parts": 2}
    data = {"state": "ended", "at": old, "answer": answer}
    office.store.commit(
        [
            Put(OPERATION, "large", data),
            Put("answer", "large", {"parts": 2, "body": ""}),
            Put("answer_part", "large:1", {"body": ""}),
        ]
    )
    office.clock.advance(days=31)

    expire(office.services)

    assert (office.store.keys("answer"), office.store.keys("answer_part")) == ([], [])


def test_only_so_many_are_deleted_at_once(office: MemoryOffice) -> None:
    """A call of the timer stays short."""
    old = (office.clock.now() - timedelta(days=60)).isoformat()
    operations = [Put(OPERATION, f"{n:04}", {"state": "ended", "at": old}) for n in range(MOST_AT_ONCE + 5)]
    office.store.commit(operations)

    assert [expire(office.services) for _ in range(3)] == [MOST_AT_ONCE, 5, 0]


# --- The call ----------------------------------------------------------------------------------------


def test_timer_of_an_empty_installation() -> None:
    """Nothing is there, and nothing is done."""
    assert call_timer(make_services()) == {
        "workbooks": 0,
        "agencies": 0,
        "norms": 0,
        "crms": 0,
        "chats": 0,
        "facts": 0,
        "deleted": 0,
        "sent_again": 0,
    }


def test_timer_does_all_of_it() -> None:
    """It plans looks, sends again what was not carried out, and deletes what is old; the queue works."""
    office = pushed_office()
    wish_for(office, "a")
    office.clock.advance(minutes=3)

    assert call_timer(office.services) == {
        "workbooks": 1,
        "agencies": 1,
        "norms": 0,
        "crms": 0,
        "chats": 0,
        "facts": 0,
        "deleted": 0,
        "sent_again": 1,
    }

    assert sorted(task.body["kind"] for task in office.queue.waiting) == [
        "agency",
        "push",
        "reconcile",
        "redraw",
    ]


def test_timer_while_the_queue_is_down() -> None:
    """It says so, and is called again; nothing that it planned counts as done."""
    office = pushed_office()
    office.queue.before("add", no_answer("Cloud Tasks"))
    with pytest.raises(RetriableServiceError):
        call_timer(office.services)

    assert call_timer(office.services)["workbooks"] == 1
