"""The store is restored from a copy that is older than the workbooks: what heals, and what is lost."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy import ROOT
from emulators.common.client import local_client
from emulators.common.firestore import running_firestore
from emulators.world.processes import STORE_NAME
from tests.harness.firestore import new_database
from tests.harness.office import Office
from tests.harness.stored import stored_items
from vitrina.bootstrap import application
from vitrina.cli.commands import main

SQLITE, FIRESTORE = "sqlite", "firestore"
Restore = Callable[[], None]


@pytest.fixture(params=[SQLITE, FIRESTORE])
def kept(
    request: pytest.FixtureRequest, empty_office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Office, Callable[[], Restore]]]:
    """An office with one client, and what copies its store; the copy restores it."""
    if request.param == SQLITE:
        yield empty_office, lambda: copy_file(tmp_path)
        return
    url = request.getfixturevalue("firestore_url")
    database = new_database()
    monkeypatch.setenv("VITRINA_STORE", database)
    monkeypatch.setenv("VITRINA_FIRESTORE_URL", url)
    application.cache_clear()
    emulators: list[Any] = []
    yield empty_office, lambda: export(url, database, tmp_path, monkeypatch, emulators)
    application.cache_clear()
    for one in emulators:
        one.__exit__(None, None, None)


def copy_file(folder: Path) -> Restore:
    """Copy the file of the store with the command of the manual; to restore is to put it back."""
    manual = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^python3 -c '(import sqlite3.+)'$", manual, re.MULTILINE)
    command = command.replace("store.sqlite", STORE_NAME)
    subprocess.run(["python3", "-c", command], cwd=folder, check=True)

    def restore() -> None:
        for path in folder.glob(f"{STORE_NAME}*"):
            path.unlink()
        shutil.copyfile(folder / "copy.sqlite", folder / STORE_NAME)

    return restore


def export(
    url: str, database: str, folder: Path, monkeypatch: pytest.MonkeyPatch, emulators: list[Any]
) -> Restore:
    """Export the database as the service does; to restore is to start an emulator that imports it."""
    target = folder / "exports"
    target.mkdir()
    project = database.rpartition("/databases")[0]
    body = {"database": database, "export_directory": str(target), "export_name": "copy"}
    with local_client(timeout=30.0) as http:
        answer: httpx.Response = http.post(f"{url}/emulator/v1/{project}:export", json=body)
        answer.raise_for_status()

    def restore() -> None:
        file = target / "copy" / "copy.overall_export_metadata"
        running = running_firestore(folder / "restored.log", import_from=file)
        monkeypatch.setenv("VITRINA_FIRESTORE_URL", running.__enter__())
        emulators.append(running)

    return restore


def start(office: Office, *tasks: str) -> None:
    """Take tasks into work, with cards."""
    preview_id = office.preview_backlog(*({"task": task, "work_type": "Баннер"} for task in tasks))
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
    assert office.do("push")["outcome"] == "done"


def move_card(office: Office, title: str) -> None:
    """Somebody begins with a card."""
    [card] = [one for one in office.cards() if title in one["title"]]
    [board] = office.kaiten("GET", f"/spaces/{office.space_id}/boards")
    column = office.kaiten("GET", f"/boards/{board['id']}/columns")[1]
    office.kaiten("PATCH", f"/cards/{card['id']}", column_id=column["id"])
    office.settle()


def statuses(office: Office) -> dict[str, str]:
    """What *В работе* says, by ID."""
    return dict(office.table("in_progress", "id", "status"))


def forgotten(office: Office) -> list[str]:
    """What *Проверить всё* says of tasks that the store does not know."""
    assert office.agency is not None
    answer = office.click(office.agency.spreadsheet_id, "check_all")
    return [line for line in answer["details"] if "не помнит" in line]


def delete_rows(office: Office, *codes: str) -> None:
    """A person deletes the rows of these IDs."""
    tab = office.book().tab("in_progress")
    rows = sorted((row.index for row in tab.rows if tab.cell(row, "id").text in codes), reverse=True)
    requests = [
        {
            "deleteDimension": {
                "range": {
                    "sheetId": tab.sheet_id,
                    "dimension": "ROWS",
                    "startIndex": index,
                    "endIndex": index + 1,
                }
            }
        }
        for index in rows
    ]
    office.services.workbooks.batch_update(office.client_id, requests)


def test_a_store_from_an_older_copy_is_healed(kept: tuple[Office, Callable[[], Restore]]) -> None:
    """After the copy a card moves, a task is started and one is estimated; then the copy is put back.

    The moved card is found by a refresh. The task that was started after the copy is the loss: the check
    names it, and it goes on under a number that nobody had, with a card of its own.
    """
    office, copy = kept
    office.create_agency()
    office.create_client()
    start(office, "Первая", "Вторая")
    restore = copy()
    move_card(office, "Первая")
    start(office, "Третья")
    restore()
    application.cache_clear()
    assert office.agency is not None
    assert [item.number for item in stored_items(office.services.store)] == [1, 2]
    assert statuses(office) == {"ЗРН-1": "В работе", "ЗРН-2": "Онбординг", "ЗРН-3": "Онбординг"}

    assert main(["after-restore"]) == 0
    move_card(office, "Вторая")
    assert office.do("refresh")["outcome"] == "done"
    assert office.click(office.agency.spreadsheet_id, "update_load")["outcome"] == "done"

    assert statuses(office) == {"ЗРН-1": "В работе", "ЗРН-2": "В работе", "ЗРН-3": "Онбординг"}
    [line] = forgotten(office)
    assert "(ЗРН-3)" in line
    cards = len(office.cards())
    delete_rows(office, "ЗРН-3")
    start(office, "Третья")
    assert set(statuses(office)) == {"ЗРН-1", "ЗРН-2", "ЗРН-103"}
    assert len(office.cards()) == cards + 1
    assert forgotten(office) == []
