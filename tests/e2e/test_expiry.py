"""Documents that the timer deletes when they are old also tell the store from when on it may delete them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.harness.assertions import assert_answer
from tests.harness.office import Office
from vitrina.jobs.expire import expire
from vitrina.operations.clicks import kept_answer
from vitrina.operations.clicks.kept_answer import ANSWER
from vitrina.operations.journal import JOURNAL, LINE_LIFE
from vitrina.operations.run import OPERATION, OPERATION_LIFE
from vitrina.ports import EXPIRES_AT, Document
from vitrina.records import packing
from vitrina.records.packing import part_kind
from vitrina.records.previews import PREVIEW, PREVIEW_LIFE

#: Between the moment that a document counts from and the click itself.
CLICK = timedelta(minutes=5)


def documents(office: Office) -> list[Document]:
    """Everything in the store."""
    return office.services.store.page(None, 10_000)


def test_old_documents_expire_when_the_timer_would_delete_them(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Previews, operations and large answers with all of their parts; nothing that is still needed."""
    monkeypatch.setattr(kept_answer, "MOST_ANSWER_BYTES", 0)
    monkeypatch.setattr(packing, "MOST_CHARACTERS", 200)
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    assert_answer(office.do("estimate"), "done", 200)
    assert_answer(office.do("build_batch"), "done", 200)
    assert_answer(office.do("refresh"), "done", 200)
    now = office.services.clock.now()

    found = documents(office)
    lives = {
        **dict.fromkeys((PREVIEW, part_kind(PREVIEW)), PREVIEW_LIFE),
        **dict.fromkeys((OPERATION, ANSWER, part_kind(ANSWER)), OPERATION_LIFE),
        JOURNAL: LINE_LIFE,
    }

    assert lives.keys() <= {one.kind for one in found}
    for one in found:
        if one.kind in lives:
            expires_at = datetime.fromisoformat(one.data[EXPIRES_AT])
            assert abs(now - (expires_at - lives[one.kind])) < CLICK, one
        else:
            assert EXPIRES_AT not in one.data, one


def test_a_queued_operation_does_not_expire(office: Office) -> None:
    """The timer keeps it as well: it may still be carried out. One that follows it goes with the others."""
    office.http.post(f"{office.servers.tasks}/_emulator/reset").raise_for_status()
    office.http.post(f"{office.servers.tasks}/v2/{queue_of(office)}:pause", json={}).raise_for_status()
    for _ in range(2):
        office.manager().post(office.client_id, "refresh")

    states = {
        one.data["state"]: EXPIRES_AT in one.data
        for one in documents(office)
        if one.kind == OPERATION and one.data["action"] == "refresh"
    }
    office.http.post(f"{office.servers.tasks}/v2/{queue_of(office)}:resume", json={}).raise_for_status()

    assert states == {"queued": False, "following": True}
    assert expire(office.services) == 0


def queue_of(office: Office) -> str:
    """The full name of the queue."""
    return str(office.services.queue._queue)  # type: ignore[attr-defined]
