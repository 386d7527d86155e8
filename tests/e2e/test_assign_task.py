"""A task for a specialist through the menu: clicked twice, killed at every outside call, in any tracker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.e2e.test_kill import crash_at_every_call, services_of
from tests.harness.crash import Call
from tests.harness.desks import with_every_tracker
from tests.harness.desks.kaiten import KaitenDesk
from tests.harness.local_office import SavedOffice
from tests.harness.office import Office
from tests.harness.servers import Servers
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory

NOTE = 'Баннер к распродаже\n=IMPORTXML("https://example.org";"//a")\n' + "Тон спокойный. " * 330
PART = {"profile": "development", "specialist": "", "hours": 4}


@pytest.fixture(scope="module")
def factory(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficeFactory]:
    """One worker at a time, which knows its own user of the tracker."""
    folder, settings = tmp_path_factory.mktemp("kill-assign"), KaitenDesk.own_user_settings
    with running_office_factory(servers, folder, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def previewed(factory: OfficeFactory) -> tuple[SavedOffice, str]:
    """An office in which an urgent task was shown that moves another one, and the id of the preview."""
    with factory.office() as office:
        office.create_agency()
        office.create_client()
        preview_id = office.preview_backlog({"task": "Каталог", "hours_development": "16"})
        assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
        form = office.do("preview_assignment", is_filled=True, parts=[PART], is_urgent=True)
        assert len(form["data"]["moves"]) == 1, form
        return office.save_state(), form["data"]["preview_id"]


def test_killed_at_every_call(
    factory: OfficeFactory, previewed: tuple[SavedOffice, str], subtests: pytest.Subtests
) -> None:
    """One row, one card, one promise, and the other task is moved once, wherever the process dies."""
    saved, preview_id = previewed

    def action(office: WorkerOffice) -> Mapping[str, Any]:
        params = {"preview_id": preview_id, "title": "Баннер", "result": NOTE}
        return office.click_until_answered(office.client_id, "assign_task", **params)

    def matters(call: Call) -> bool:
        is_first = call.number == 1 and call.service in ("google", "tasks")
        return is_first or call.method == "POST /cards"

    calls = crash_at_every_call(factory, subtests, saved, action, crashes_at=matters)

    assert services_of(calls) == {"google", "kaiten", "tasks"}
    assert sum(call.method == "POST /cards" for call in calls) == 1


@with_every_tracker
def test_a_note_becomes_row_and_card(office: Office) -> None:
    """A note of 5,000 characters with a formula: nothing is calculated, and no word is lost."""
    assert len(NOTE) > 5000
    form = office.do("preview_assignment", sheet_id=None, row=None, note=NOTE)
    title, result = form["data"]["task"]["title"], form["data"]["task"]["result"]
    plan = office.do("preview_assignment", is_filled=True, parts=[PART])
    params = {"preview_id": plan["data"]["preview_id"], "title": title, "result": result}

    first = office.do("assign_task", **params)
    again = office.do("assign_task", **params)
    office.settle()

    assert (title, result) == ("Баннер к распродаже", NOTE.strip())
    assert first["data"]["id"] == again["data"]["id"] == "ЗРН-1"
    tab = office.book().tab("in_progress")
    [row] = [one for one in tab.rows if one.number]
    assert (tab.cell(row, "action").text, tab.cell(row, "action").formula) == (title, None)
    assert tab.cell(row, "result").text == result
    assert [card.title for card in office.desk.cards()] == ["ЗРН-1 · Баннер к распродаже"]
    assert tab.cell(row, "card").text == "Открыть"

    undone = office.do("undo")

    assert undone["outcome"] == "done", undone
    assert (office.table("in_progress", "id"), office.desk.cards()) == ([], [])
