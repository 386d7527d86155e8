"""Four instances over Firestore: one is killed around a commit of the store, or frozen while others go on.

``test_kill.py`` does the former for every action and commit, with ``--store firestore``.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.harness.crash import CRASH, FREEZE
from tests.harness.local_office import SavedOffice
from tests.harness.servers import Servers
from tests.harness.snapshots import comparable_state, difference
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory

WORKERS = 4
#: A frozen process keeps its lease for so long.
LEASE_S = 1.5
TIMEOUT_S = 60.0
POLL_S = 0.02

BACKLOG = (
    {"task": "Лендинг", "work_type": "Лендинг"},
    {"task": "Статья", "work_type": "Статья"},
)
#: The calls of a start to the store and to Google, in order, and where the process is killed or frozen.
KILLS = ("after:firestore:commit:2", "after:firestore:commit:3")
FREEZES = (
    "after:google:sheets.spreadsheets.get:1",
    "before:google:sheets.spreadsheets.batchUpdate:1",
    "after:google:sheets.spreadsheets.batchUpdate:1",
)


@pytest.fixture(scope="module")
def factory(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, firestore_url: str
) -> Iterator[OfficeFactory]:
    """Four workers on addresses of their own, with short leases."""
    with running_office_factory(
        servers,
        tmp_path_factory.mktemp("instances"),
        workers=WORKERS,
        firestore_url=firestore_url,
        LEASE_S=str(LEASE_S),
    ) as running:
        yield running


@dataclass(frozen=True)
class Previewed:
    """An office whose period is about to be started, and what it is to look like then."""

    saved: SavedOffice
    preview_id: str
    expected: Mapping[str, Any]


@pytest.fixture(scope="module")
def previewed(factory: OfficeFactory) -> Previewed:
    """The same start without a disturbance."""
    with factory.office() as office:
        office.create_agency()
        office.create_client()
        preview_id = office.preview_backlog(*BACKLOG)
        saved = office.save_state()
        assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
        return Previewed(saved, preview_id, comparable_state(office))


def start(office: WorkerOffice, previewed: Previewed, *, at: int) -> Mapping[str, Any]:
    """The answer to a click on *start* at one of the workers, which is repeated while it gets none."""
    return office.click_until_answered(
        office.client_id, "start_batch", at=at, preview_id=previewed.preview_id
    )


def wait_until_frozen(pid: int) -> None:
    """Wait until a process stands still."""
    give_up_at = time.monotonic() + TIMEOUT_S
    while Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < give_up_at
        time.sleep(POLL_S)


@pytest.mark.parametrize("crash", KILLS)
def test_killed_around_a_commit(factory: OfficeFactory, previewed: Previewed, crash: str) -> None:
    """Another instance takes over what the dead one has begun; its answer is the same or says it is done."""
    with factory.office(previewed.saved, **{CRASH: crash}) as office:
        answer = start(office, previewed, at=0)
        office.settle()

        assert [supervisor.deaths for supervisor in office.supervisors] == [1, 0, 0, 0]
        is_done_before = answer["message"].startswith("Этот период уже начат")
        assert answer["outcome"] == "done" or is_done_before, answer
        place = difference(previewed.expected, comparable_state(office))
        assert place is None, place


@pytest.mark.parametrize("freeze", FREEZES)
def test_frozen_while_another_one_starts(factory: OfficeFactory, previewed: Previewed, freeze: str) -> None:
    """When the frozen instance goes on, its lease is another's, and nothing that it sends does any harm."""
    with factory.office(previewed.saved, **{FREEZE: freeze}) as office, ThreadPoolExecutor(1) as pool:
        frozen = office.supervisors[0].pid
        first = pool.submit(start, office, previewed, at=0)
        try:
            wait_until_frozen(frozen)
            second = start(office, previewed, at=1)
        finally:
            os.kill(frozen, signal.SIGCONT)
        office.settle()

        answers = [first.result(), second]
        assert {one["http_status"] for one in answers} <= {200, 409, 422}, answers
        assert "done" in [one["outcome"] for one in answers] or "уже начат" in second["message"], answers
        assert [supervisor.deaths for supervisor in office.supervisors] == [0] * WORKERS
        place = difference(previewed.expected, comparable_state(office))
        assert place is None, place
