"""Twenty clicks at once on *start batch*, over four processes that share the store: one batch.

Over Firestore the clocks of the processes are apart by up to two minutes as well.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from emulators.world.client import MenuClient
from tests.harness.assertions import assert_sentence
from tests.harness.desks import DESKS
from tests.harness.office import MANAGER
from tests.harness.servers import Servers
from tests.harness.snapshots import comparable_state, difference
from tests.harness.worker_office import OfficeFactory, running_office_factory

WORKERS = 4
APART = (0.0, 120.0, 60.0, 0.0)
CLICKS = 20
BACKLOG = (
    {"task": "Лендинг", "work_type": "Лендинг"},
    {"task": "Статья", "work_type": "Статья"},
    {"task": "Баннер", "work_type": "Баннер"},
)


@pytest.fixture(scope="module", params=[*((desk, "sqlite") for desk in DESKS), ("kaiten", "firestore")])
def factory(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OfficeFactory]:
    """Four workers on addresses of their own, for an agency in each tracker, and over Firestore."""
    tracker, store = request.param
    is_firestore = store == "firestore"
    with running_office_factory(
        servers,
        tmp_path_factory.mktemp("clicks"),
        workers=WORKERS,
        tracker=tracker,
        firestore_url=request.getfixturevalue("firestore_url") if is_firestore else "",
        apart=APART if is_firestore else (),
    ) as running:
        yield running


def test_one_batch_of_twenty_clicks(factory: OfficeFactory) -> None:
    """One click starts the batch; the others are told so, and the world is as after a single click."""
    with factory.office() as office:
        office.create_agency()
        office.create_client()
        preview_id = office.preview_backlog(*BACKLOG)
        before = office.save_state()
        assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
        expected = comparable_state(office)

    with factory.office(before) as office:
        at_once = threading.Barrier(CLICKS)

        def click(number: int) -> dict[str, Any]:
            menu = MenuClient(office.urls[number % WORKERS], office.servers.google, email=MANAGER)
            # The first request of a process builds the application: without it the clicks would queue there.
            menu.post(office.client_id, "operation", operation_id="0" * 32)
            at_once.wait()
            return menu.post(office.client_id, "start_batch", preview_id=preview_id)

        with ThreadPoolExecutor(CLICKS) as pool:
            answers = list(pool.map(click, range(CLICKS)))

        refused = [answer for answer in answers if answer["outcome"] == "refused"]
        assert [answer["outcome"] for answer in answers if answer not in refused] == ["done"]
        assert len(refused) == CLICKS - 1
        for answer in refused:
            assert answer["http_status"] in (409, 422), answer
            assert answer["message"].endswith(".")
            assert_sentence(answer["message"])
        assert [supervisor.deaths for supervisor in office.supervisors] == [0] * WORKERS
        place = difference(expected, comparable_state(office))
        assert place is None, place
