"""Failures 5, 13, 15 and 18: what is said is what was done; limits, lost rights, and copies of a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace

from emulators.google.batch import registry
from emulators.google.edits import PROTECTED
from emulators.google.errors import invalid
from tests.e2e.failures.helpers import (
    BACKLOG,
    HOURS,
    READ,
    WRITE,
    build_preview,
    google_refuses,
    hours_by_task,
    move_card,
    outcomes,
    put_in_progress,
    read_raw,
    start_period,
)
from tests.harness.assertions import assert_answer, assert_unchanged
from tests.harness.office import Office
from tests.harness.snapshots import difference, take_snapshot
from tests.harness.stored import add_projects
from vitrina.bootstrap import application
from vitrina.records.books import load_project

#: A client has so many neighbours.
CLIENTS = 50
CALLS_OF_A_COMMAND = 4


def refuse(batch: registry.Batch, body: registry.Request) -> None:
    """A request that Google cannot carry out."""
    raise invalid("Internal consistency check failed.")


def test_failure_05_what_is_said_is_what_is_in_the_sheet(office: Office) -> None:
    """After each command the figures of the answer are those that are read back."""
    office.fill_backlog(*BACKLOG, {"task": "Неясная"}, {"task": "Правка", "hours_copy": "2"})

    told = office.do("estimate")
    sources = [source for (_, source) in office.table("backlog", "task", "source")]
    assert (sources.count("норма"), sources.count("специалист"), sources.count("нет данных")) == (3, 1, 1)
    assert "по нормам — 3, по цифрам специалистов — 1. Без оценки 1 задача" in told["message"]
    told = start_period(office)
    rows = office.table("in_progress", "id", "action", "hours")
    assert told["message"].startswith(
        f"В работу взято: {len({row[0] for row in rows})} задачи, {len(rows)} действий"
    )
    assert f"{sum(hours for *_, hours in rows):g} ч" in told["message"]
    assert told["data"]["started"] == sorted({str(code) for code, *_ in rows})
    assert [task for (task,) in office.table("backlog", "task")] == ["Неясная"]
    told = office.do("push")
    assert "4 новые карточки" in told["message"]
    assert len(office.cards()) == 4
    assert len(office.table("in_progress", "card")) == len(rows)


def test_failure_05_a_part_is_never_called_the_whole(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that fails at its end did nothing; a lost answer is no success; cards go on later."""
    office.fill_backlog(*BACKLOG)
    before = read_raw(office)
    with google_refuses(monkeypatch, "updateCells", refuse):
        answer = office.do("estimate")
    assert_answer(answer, "failed", 502)
    assert difference(before, read_raw(office)) is None
    office.fail_next("google", method=WRITE, status="timeout")
    assert_answer(office.do("estimate"), "failed", 503)
    assert hours_by_task(office) == HOURS
    assert_answer(office.do("estimate"), "done", 200)

    before = read_raw(office)
    preview_id = build_preview(office)
    for kind in ("insertDimension", "deleteDimension", "copyPaste"):
        with google_refuses(monkeypatch, kind, refuse):
            answer = office.do("start_batch", preview_id=preview_id)
        assert_answer(answer, "failed", 502)
        assert difference(before, read_raw(office)) is None, kind
    assert_answer(office.do("start_batch", preview_id=preview_id), "done", 200)

    body = [{"at": 3, "method": "cards.create", "status": 402}]
    office.http.post(f"{office.servers.kaiten}/_emulator/plan", json=body).raise_for_status()
    answer = office.do("push")
    assert_answer(answer, "partial", 200)
    assert answer["message"].startswith("Создали 2 карточки, осталось 1.")
    assert len({code for code, card in office.table("in_progress", "id", "card") if card}) == 2
    assert_answer(office.do("push"), "done", 200)
    assert len(office.cards()) == 3


def neighbours(office: Office) -> list[str]:
    """Workbooks of many clients, as if each had been welcomed: copies that the store knows."""
    project = load_project(office.services.store, office.client_id)
    office.fill_backlog(*BACKLOG)
    google, copies = office.servers.google, []
    for number in range(1, CLIENTS):
        url = f"{google}/drive/v3/files/{office.client_id}/copy"
        copied = office.http.post(url, json={"name": f"Клиент {number}"}).raise_for_status().json()["id"]
        copies.append(replace(project, spreadsheet_id=copied, code=f"К{number}"))
    add_projects(office.services.store, copies)
    return [office.client_id, *(one.spreadsheet_id for one in copies)]


def new_minute(office: Office, **limits: int) -> None:
    """Google's quota with a full allowance, or none at all. Minutes end only here: nobody has to wait."""
    body = {**limits, "minute_s": 3600} if limits else {}
    office.http.post(f"{office.servers.google}/_emulator/quota", json=body).raise_for_status()


def test_failure_13_fifty_clients_at_once_within_the_limits(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All end, at the first click or at a later one that the sentence asked for; nothing is done twice."""
    ids = neighbours(office)
    monkeypatch.setenv("VITRINA_RETRY_WAIT_S", "0")
    application.cache_clear()
    manager = office.manager()
    # The new process knows from this click that the person belongs to the agency, which is alone in it.
    assert_answer(manager.click(office.client_id, "show_as_client"), "done", 200)
    waiting, told = list(ids), 0
    for _ in range(CLIENTS):
        new_minute(office, reads_per_minute=30, writes_per_minute=20)
        with ThreadPoolExecutor(len(waiting)) as pool:
            answers = list(pool.map(lambda book_id: manager.click(book_id, "estimate"), waiting))
        for answer in answers:
            if answer["outcome"] != "done":
                assert_answer(answer, "failed", 503)
                assert answer["message"].startswith("Google сейчас перегружен")
                told += 1
        waiting = [one for one, answer in zip(waiting, answers, strict=True) if answer["outcome"] != "done"]
        if not waiting:
            break
    new_minute(office)

    assert (waiting, told >= CLIENTS - 20) == ([], True)
    for number, book_id in enumerate(ids):
        code = f"К{number}" if number else "ЗРН"
        rows = office.table("backlog", "id", "task", "hours.design", "hours.copy", spreadsheet_id=book_id)
        assert [row[1:] for row in rows] == [
            ("Баннер", 3.0, None),
            ("Лендинг", 9.0, 4.0),
            ("Статья", None, 6.0),
        ]
        # A number that a refused write would have given is not given again.
        marks = [row.number for row in office.book(book_id).tab("backlog").rows if row.number]
        assert [one for (one, *_) in rows] == [f"{code}-{mark}" for mark in marks]
        assert len(set(marks)) == 3


def test_failure_13_no_command_asks_google_more_than_four_times(office: Office) -> None:
    """Whatever the command and the count of its rows."""
    assert office.agency is not None
    costs: dict[str, int] = {}

    def measure(name: str, answer: Mapping[str, Any]) -> None:
        assert answer["outcome"] in ("done", "partial"), answer
        office.settle()
        costs[name] = sum(
            count for call, count in office.calls("google").items() if call.startswith("sheets.")
        )
        office.forget_calls()

    office.fill_backlog(*({"task": f"Статья {number}", "work_type": "Статья"} for number in range(12)))
    office.forget_calls()
    measure("estimate", office.do("estimate"))
    plan = office.do("build_batch", period="current")
    measure("build_batch", plan)
    measure("start_batch", office.do("start_batch", preview_id=plan["data"]["preview_id"]))
    measure("push", office.do("push"))
    measure("refresh", office.do("refresh"))
    move_card(office, "Статья 0", 3)
    measure("webhook", {"outcome": "done"})
    measure("recalculate_norms", office.click(office.agency.spreadsheet_id, "recalculate_norms"))
    form = {"client_name": "Улыбка", "project_name": "Лето", "code": "ЛЕТО", "limit_hours": 40}
    measure("new_client", office.click(office.agency.spreadsheet_id, "new_client", **form))

    assert {name: cost for name, cost in costs.items() if not 0 < cost <= CALLS_OF_A_COMMAND} == {}


def test_failure_15_lost_rights_are_one_clear_sentence(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revoked key, a lost right to edit, a protected range: what to do is said, nothing is half done."""
    put_in_progress(office)
    office.fill_backlog(*BACKLOG)
    before = take_snapshot(office)
    faults: tuple[tuple[str, str, int, str, str], ...] = (
        ("google", READ, 401, "estimate", "не принял ключ служебного адреса"),
        ("google", READ, 403, "refresh", "Верните доступ её служебному адресу"),
        ("google", WRITE, 403, "estimate", "Верните доступ её служебному адресу"),
        ("google", READ, 404, "build_batch", "возможно, её удалили"),
        ("kaiten", "cards.get", 401, "refresh", "ключ доступа"),
        ("kaiten", "cards.get", 403, "refresh", "права"),
    )

    for server, method, status, action, words in faults:
        office.fail_next(server, method=method, status=status)
        params = {"period": "current"} if action == "build_batch" else {}
        answer = office.do(action, **params)
        assert_answer(answer, "failed", 502)
        assert words in answer["message"], answer["message"]

    def protected(batch: registry.Batch, body: registry.Request) -> None:
        raise invalid(PROTECTED)

    office.forget_calls()
    with google_refuses(monkeypatch, "updateCells", protected):
        answer = office.do("estimate")
    assert_answer(answer, "failed", 502)
    assert "Снимите защиту" in answer["message"]
    assert office.calls("google")[WRITE] == 1
    assert_unchanged(office, before)
    assert office.do("estimate")["outcome"] == "done"


def test_failure_15_another_account_is_told_which(office: Office) -> None:
    """Somebody with two Google accounts clicks with the private one: the sentence names it."""
    answer = office.manager("manager.private@gmail.example").click(office.client_id, "estimate")

    assert_answer(answer, "refused", 403)
    assert "manager.private@gmail.example" in answer["message"]


def test_failure_18_a_copy_does_nothing_to_the_original(office: Office) -> None:
    """A copied workbook carries all marks of its original: every command in it says so, and does nothing."""
    put_in_progress(office)
    office.fill_backlog(*BACKLOG)
    original = office.client_id
    url = f"{office.servers.google}/drive/v3/files/{original}/copy"
    copied = office.http.post(url, json={"name": "Копия"}).raise_for_status().json()["id"]
    before, copy_before = take_snapshot(office), read_raw(office, copied)
    office.forget_calls()

    commands: tuple[tuple[str, dict[str, Any]], ...] = (
        ("estimate", {}),
        ("build_batch", {"period": "current"}),
        ("start_batch", {"preview_id": "0" * 32}),
        ("push", {}),
        ("refresh", {}),
        ("undo", {}),
    )
    answers = [office.click(copied, action, **params) for action, params in commands]

    for answer in answers:
        assert_answer(answer, "refused", 404)
        assert "копия" in answer["message"]
    assert outcomes(answers) == ["refused"] * len(commands)
    assert office.calls("google") == {}
    assert difference(copy_before, read_raw(office, copied)) is None
    assert_unchanged(office, before)
    move_card(office, "Статья", 1)
    office.settle()
    assert difference(copy_before, read_raw(office, copied)) is None
