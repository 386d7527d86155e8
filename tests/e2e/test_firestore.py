"""The week of a client over Firestore: menu, queue, webhooks and undo leave the same sheet as over SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.assertions import assert_answer
from tests.harness.firestore import new_firestore
from tests.harness.office import Office
from tests.harness.stored import stored_items
from vitrina.bootstrap import application
from vitrina.store.firestore import FirestoreStore


@pytest.fixture
def office(empty_office: Office, firestore_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An agency with one client, whose documents are in a database of its own."""
    monkeypatch.setenv("VITRINA_STORE", new_firestore(firestore_url)._database)
    monkeypatch.setenv("VITRINA_FIRESTORE_URL", firestore_url)
    application.cache_clear()
    empty_office.create_agency()
    empty_office.create_client()
    yield empty_office
    application.cache_clear()


def test_a_week(office: Office) -> None:
    """Estimate, batch, cards, a card that is moved, and the load; then the last action is undone."""
    assert isinstance(office.services.store, FirestoreStore)
    office.fill_backlog(
        {"task": "Лендинг", "work_type": "Лендинг"}, {"task": "Баннер", "work_type": "Баннер"}
    )
    assert_answer(office.do("estimate"), "done", 200)
    preview = office.do("build_batch")
    assert_answer(office.do("start_batch", preview_id=preview["data"]["preview_id"]), "done", 200)
    assert_answer(office.do("push"), "done", 200)
    [card] = [one for one in office.cards() if "Баннер" in one["title"]]
    [board] = office.kaiten("GET", f"/spaces/{office.space_id}/boards")
    column = office.kaiten("GET", f"/boards/{board['id']}/columns")[1]
    office.kaiten("PATCH", f"/cards/{card['id']}", column_id=column["id"])
    office.settle()

    assert set(office.table("in_progress", "action", "status")) == {
        ("Лендинг", "Онбординг"),
        ("Баннер", "В работе"),
    }
    assert_answer(office.do("refresh"), "done", 200)
    assert office.agency is not None
    assert_answer(office.click(office.agency.spreadsheet_id, "update_load"), "done", 200)
    assert office.call_schedule().status_code == 200
    assert sorted(item.number for item in stored_items(office.services.store)) == [1, 2]

    undone = office.do("undo")

    assert undone["outcome"] in ("done", "partial")
    assert [one for one in office.cards() if "Лендинг" in one["title"]] == []
