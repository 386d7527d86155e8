"""A long backlog runs as an operation, whichever action finds it."""

from __future__ import annotations

import uuid

import pytest

from emulators.world.processes import QUEUE
from tests.harness.office import Office
from vitrina.operations.clicks import runner
from vitrina.operations.run import LEASE, OPERATION

ROWS = ({"task": "Лендинг", "work_type": "Лендинг"}, {"task": "Статья", "work_type": "Статья"})


@pytest.fixture
def long(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office in which two rows are many."""
    office.fill_backlog(*ROWS)
    monkeypatch.setattr("vitrina.project.snapshot.LONG_BACKLOG_ROWS", 1)
    return office


def test_quick_actions_are_queued_and_end_as_usual(long: Office) -> None:
    """The click is answered before the work, and the sidebar finds the same answer at the end."""
    menu, ended = long.manager(), {}
    for action in ("estimate", "build_batch", "start_batch"):
        params = {"preview_id": ended["build_batch"]["data"]["preview_id"]} if action == "start_batch" else {}
        request_id = str(uuid.uuid4())
        first = menu.post(long.client_id, action, request_id=request_id, **params)
        long.settle()
        again = menu.post(long.client_id, action, request_id=request_id, **params)
        ended[action] = menu.post(long.client_id, "operation", operation_id=first["operation_id"])

        assert (first["http_status"], first["outcome"]) == (202, "accepted")
        assert again["operation_id"] == first["operation_id"]
        assert ended[action]["outcome"] == "done", ended[action]

    assert ended["start_batch"]["data"]["started"] == ["ЗРН-1", "ЗРН-2"]
    assert len(long.table("in_progress", "action")) == 4


def test_nothing_was_done_before_it_was_queued(long: Office) -> None:
    """No write to Google, and the workbook is free again; then it is done once."""
    long.http.post(f"{long.servers.tasks}/v2/{QUEUE}:pause").raise_for_status()
    long.forget_calls()

    answer = long.manager().post(long.client_id, "estimate")

    assert answer["outcome"] == "accepted"
    assert "sheets.spreadsheets.batchUpdate" not in long.calls("google")
    store = long.services.store
    assert store.get_many([(LEASE, long.client_id)]) == {}
    operation = store.get_many([(OPERATION, answer["operation_id"])])[OPERATION, answer["operation_id"]]
    assert operation.data["state"] == "queued"
    long.http.post(f"{long.servers.tasks}/v2/{QUEUE}:resume").raise_for_status()
    long.settle()
    assert [hours for _, hours in long.table("backlog", "task", "hours.copy")] == [4.0, 6.0]


def test_a_bad_cell_is_told_by_the_operation(long: Office) -> None:
    """As by a click."""
    long.type("backlog", long.book().tab("backlog").header_index + 1, quantity="много")

    answer = long.do("estimate")

    assert (answer["outcome"], [one["cell"] for one in answer["cells"]]) == ("refused", ["G2"])


def test_a_backlog_that_is_known_as_long_is_not_read_for_the_click(
    long: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first click finds out, the next ones are queued at once; a process forgets it after a while."""
    long.do("estimate")
    long.http.post(f"{long.servers.tasks}/v2/{QUEUE}:pause").raise_for_status()
    reads = []
    for action in ("build_batch", "preview_replan", "estimate"):
        if action == "estimate":
            monkeypatch.setattr(runner, "LONG_BACKLOG_KNOWN_S", 0.0)
        long.forget_calls()
        assert long.manager().post(long.client_id, action)["outcome"] == "accepted"
        reads.append(long.calls("google").get("sheets.spreadsheets.get", 0))
    long.http.post(f"{long.servers.tasks}/v2/{QUEUE}:resume").raise_for_status()
    long.settle()

    assert reads == [0, 0, 1]
