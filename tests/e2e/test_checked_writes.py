"""A Google on which a guard does not hold: the doctor says so, and the product goes on as is stated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.failures.helpers import (
    BACKLOG,
    HOURS,
    WRITE,
    hours_by_task,
    start_period,
)
from tests.harness.assertions import assert_answer, assert_unchanged
from tests.harness.office import Office
from tests.harness.snapshots import take_snapshot
from vitrina.bootstrap import application
from vitrina.cli.commands import main
from vitrina.google.verdict import load_verdict

READ = "sheets.spreadsheets.get"


def behave(office: Office, **switches: Any) -> None:
    """Set switches of the Google emulator."""
    office.http.post(f"{office.servers.google}/_emulator/behaviour", json=switches).raise_for_status()


@pytest.fixture
def strange(
    office: Office, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[Office]:
    """An office whose Google does not free an id before the end of a batch. The doctor was there."""
    behave(office, freed_id_is_free=False)
    assert main(["doctor"]) == 1
    assert "checked by reading instead" in capsys.readouterr().out
    # Another process of the functions.
    application.cache_clear()
    yield office
    warnings = [one.getMessage() for one in caplog.get_records("call") if one.name == "vitrina.google"]
    assert [
        one for one in warnings if one.startswith("writes are checked by reading, guards do not hold: [1")
    ]


def test_without_a_verdict_nothing_is_written(office: Office) -> None:
    """Such a Google refuses every guarded batch; nothing is half done."""
    office.fill_backlog(*BACKLOG)
    before = take_snapshot(office)
    behave(office, freed_id_is_free=False)

    assert_answer(office.do("estimate"), "refused", 409)
    assert_unchanged(office, before)
    # What is queued would be refused until the fixture gives up waiting for it.
    behave(office, freed_id_is_free=True)


def test_the_main_job_is_done_all_the_same(strange: Office) -> None:
    """Estimate, start, cards, changes, undo: each write with a reading before and after it."""
    office = strange
    office.fill_backlog(*BACKLOG)
    office.forget_calls()
    assert_answer(office.do("estimate"), "done", 200)
    assert office.calls("google") == {READ: 3, WRITE: 1}
    assert hours_by_task(office) == HOURS

    start_period(office)
    numbers = [row.number for row in office.book().tab("in_progress").rows if row.number]
    assert {1, 2, 3} <= set(numbers)
    assert len(numbers) == len(set(numbers))
    assert office.table("backlog", "task") == []
    assert_answer(office.do("push"), "done", 200)
    office.settle()
    assert len(office.cards()) == 3
    assert_answer(office.do("refresh"), "done", 200)
    check = office.do("check_book")
    assert check["outcome"] == "done", check
    assert_answer(office.do("undo"), "done", 200)
    assert_answer(office.do("undo"), "done", 200)
    assert sorted(task for (task,) in office.table("backlog", "task")) == ["Баннер", "Лендинг", "Статья"]


def test_a_verdict_is_kept_until_it_is_tried_again(
    empty_office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Google that was repaired is guarded again after the next visit; before the first it is unknown."""
    store = application().services.store
    assert load_verdict(store).tried_at is None
    assert main(["doctor", "--installation"]) in (0, 1)
    assert "not tried on this account yet" in capsys.readouterr().out

    behave(empty_office, freed_id_is_free=False)
    main(["doctor"])
    assert 1 in load_verdict(store).broken_guards
    main(["doctor", "--installation"])
    assert "do not hold, so each write is checked by reading instead" in capsys.readouterr().out

    behave(empty_office, freed_id_is_free=True)
    main(["doctor"])
    assert load_verdict(store).broken_guards == []
