"""The process dies around every outside call while decisions are carried out, or taken back.

With ``--store firestore`` it is also killed around every commit of the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.crash import Call
from tests.harness.crash_runs import crash_at_every_call
from tests.harness.desks.kaiten import KaitenDesk
from tests.harness.local_office import SavedOffice
from tests.harness.servers import Servers
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory
from vitrina.records.outside.client_pages import load_page
from vitrina.records.outside.decisions import Channel, DecisionKind
from vitrina.usecases.decisions.decide import Verdict, decide

pytestmark = pytest.mark.slow

BACKLOG = (
    {"task": "Лендинг", "work_type": "Лендинг"},
    {"task": "Статья", "work_type": "Статья"},
)
REVIEW = 2
#: The clock of this process may be ahead of the worker's.
AT_ONCE = -timedelta(minutes=1)
REMARK = "Сделайте кнопку крупнее"


@dataclass(frozen=True)
class StartingPoints:
    """Both items in review, and the first one accepted."""

    in_review: SavedOffice
    accepted: SavedOffice


@pytest.fixture(scope="module")
def factory(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, store_url: str
) -> Iterator[OfficeFactory]:
    """One worker at a time, which knows its own user of the tracker."""
    folder, settings = tmp_path_factory.mktemp("kill-decisions"), KaitenDesk.own_user_settings
    with running_office_factory(servers, folder, firestore_url=store_url, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def points(factory: OfficeFactory) -> StartingPoints:
    """Bring two items to review through the menu and the board."""
    with factory.office() as office:
        office.create_agency()
        office.create_client()
        preview_id = office.preview_backlog(*BACKLOG)
        assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
        assert office.do("push")["outcome"] == "done"
        for card in office.desk.cards():
            office.desk.move(card.card_id, REVIEW)
        assert office.do("refresh")["outcome"] == "done"
        office.settle()
        in_review = office.save_state()
        told = {"numbers": [1], "kind": "accepted", "note": "по телефону"}
        assert office.do("decide_for_client", **told)["outcome"] == "done"
        office.settle()
        return StartingPoints(in_review, office.save_state())


def is_of_a_late_task(call: Call) -> bool:
    """Whether a call is one of the tasks that draw tabs and pages afterwards, which several clicks share."""
    return call.service in ("google", "tasks") and call.number > 2


def services_of(calls: list[Call]) -> set[str]:
    """The outside services that were called."""
    return {call.service for call in calls}


def test_both_answers(factory: OfficeFactory, points: StartingPoints, subtests: pytest.Subtests) -> None:
    """One item is accepted and one returned on the client's page, and the job carries both out."""

    def action(office: WorkerOffice) -> Mapping[str, Any]:
        assert office.agency is not None
        agency_id = office.agency.spreadsheet_id
        page = load_page(office.services.store, office.client_id, agency_id)
        seen = {item.number: item.fingerprint for item in page.items}
        for number, kind, text in ((1, DecisionKind.ACCEPTED, ""), (2, DecisionKind.RETURNED, REMARK)):
            verdict = Verdict(kind, Channel.PAGE, {number: seen[number]}, text=text)
            decide(office.services, office.client_id, agency_id, verdict, hold=AT_ONCE)
            # The second one comes when the first is carried out, so that the calls have one order.
            office.settle()
        return {"outcome": "done"}

    calls = crash_at_every_call(factory, subtests, points.in_review, action, may_be_missing=is_of_a_late_task)

    assert services_of(calls) >= {"google", "kaiten"}
    assert sum(call.method.startswith("PATCH /cards") for call in calls) == 2


def test_noted_by_staff(factory: OfficeFactory, points: StartingPoints, subtests: pytest.Subtests) -> None:
    """The manager notes what was said on the phone, and repeats the click that got no answer."""

    def action(office: WorkerOffice) -> Mapping[str, Any]:
        told = {"numbers": [2], "kind": "accepted", "note": "по телефону"}
        return office.click_until_answered(office.client_id, "decide_for_client", **told)

    crash_at_every_call(
        factory,
        subtests,
        points.in_review,
        action,
        ("ЗРН-2 ещё не закончена",),
        may_be_missing=is_of_a_late_task,
    )


def test_taken_back(factory: OfficeFactory, points: StartingPoints, subtests: pytest.Subtests) -> None:
    """An accepted item comes back once, with its rows and its card."""

    def action(office: WorkerOffice) -> Mapping[str, Any]:
        return office.click_until_answered(office.client_id, "take_back_accepted", number=1)

    crash_at_every_call(
        factory,
        subtests,
        points.accepted,
        action,
        ("Работу № 1 вернуть нельзя",),
        may_be_missing=is_of_a_late_task,
    )
