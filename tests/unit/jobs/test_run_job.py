"""What becomes of the wish of a task that is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.memory_office import MemoryOffice, started_office
from tests.harness.stored import put_document, stored_document
from vitrina.errors import BusyError, UnknownWorkbookError
from vitrina.jobs import registry
from vitrina.jobs.registry import Job, run_job
from vitrina.operations.outbox import OUTBOX

WISH: dict[str, Any] = {"body": {}, "due_at": "2026-11-23T06:00:00+00:00", "tries": 1}


@pytest.fixture
def office() -> MemoryOffice:
    """An office whose outbox holds one wish."""
    office = started_office()
    put_document(office.services.store, OUTBOX, "wish", WISH)
    return office


def test_a_task_that_can_never_be_done_is_not_sent_again(office: MemoryOffice) -> None:
    """Its workbook is not ours any more: the next delivery would be told the same."""
    with pytest.raises(UnknownWorkbookError):
        run_job(office.services, {"kind": "push", "spreadsheet_id": "gone", "wish": "wish"})

    assert stored_document(office.services.store, OUTBOX, "wish") is None


def test_a_task_that_has_to_wait_keeps_its_wish(
    office: MemoryOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another action is at work there; the queue tries again, and so does the timer."""

    def refuse(*_: object) -> None:
        raise BusyError("workbook.busy")

    monkeypatch.setattr(registry, "JOBS", {"push": Job({}, refuse)})

    with pytest.raises(BusyError):
        run_job(office.services, {"kind": "push", "wish": "wish"})

    assert stored_document(office.services.store, OUTBOX, "wish") is not None
