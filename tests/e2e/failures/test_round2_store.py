"""Rows 12 and 13 of the findings by attack: a store that cannot be used, and settings that are wrong."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from emulators.world.processes import STORE_NAME
from tests.e2e.failures.helpers import estimate_backlog, hours_by_task
from tests.harness.office import Office
from vitrina.bootstrap import application
from vitrina.cli.commands import main

#: Seconds that a call waits for a locked file here; 10 in production.
PATIENCE_S = 0.2


@contextmanager
def read_only(_: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """File permissions do not stop root, so each connection is opened for reading only."""
    connect = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(
            "vitrina.store.sqlite.sqlite3.connect",
            lambda path, **options: connect(f"{path.as_uri()}?mode=ro", uri=True, **options),
        )
        yield


@contextmanager
def absent(path: Path, _: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody has moved the file away, with what belongs to it."""
    files = [one for one in path.parent.iterdir() if one.name.startswith(path.name)]
    for one in files:
        one.rename(one.with_name(f"away-{one.name}"))
    yield
    assert not path.exists(), "a new store was made in silence"
    for one in files:
        one.with_name(f"away-{one.name}").rename(one)


@contextmanager
def locked(path: Path, _: pytest.MonkeyPatch) -> Iterator[None]:
    """Another program writes."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


Trouble = Callable[[Path, pytest.MonkeyPatch], Any]


@pytest.mark.parametrize(
    ("trouble", "status", "words"),
    [
        pytest.param(read_only, 503, "не отвечает", id="read-only"),
        pytest.param(absent, 500, "Файла с данными", id="absent"),
        pytest.param(locked, 503, "не отвечает", id="locked"),
    ],
)
def test_row_12_a_store_that_cannot_be_used_is_told(
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Trouble,
    status: int,
    words: str,
) -> None:
    """Every click is answered with a sentence, pages and webhooks too; afterwards all goes on."""
    estimate_backlog(office)
    before = hours_by_task(office)
    monkeypatch.setattr("vitrina.store.sqlite.TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr("vitrina.store.sqlite.SqliteStore.__init__.__kwdefaults__", {"timeout_s": PATIENCE_S})
    with closing(sqlite3.connect(tmp_path / STORE_NAME)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    application.cache_clear()
    with trouble(tmp_path / STORE_NAME, monkeypatch):
        answers = {}
        for action in ("estimate", "push", "build_batch"):
            began_at = time.monotonic()
            answers[action] = office.manager().post(office.client_id, action)
            assert time.monotonic() - began_at < 10 * PATIENCE_S + 3.0
        health = office.http.get(f"{office.servers.functions}/menu/health")
    application.cache_clear()

    for action in ("estimate", "push"):
        assert answers[action]["http_status"] == status, answers[action]
        assert words in answers[action]["message"]
    assert health.status_code in (200, 503)
    assert health.headers["content-type"].startswith("application/json")
    assert hours_by_task(office) == before
    assert office.do("estimate")["outcome"] == "done"


WRONG = {
    "WEBHOOK_SECRET": "a",
    "LEASE_S": "nan",
    "QUOTA_PER_MINUTE": "-5",
    "KAITEN_URL": "http://kaiten.example",
    "OWNERS": "@",
}


def test_row_13_all_wrong_settings_are_told_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A click names them all and nothing runs; a command says of each what to do."""
    for name, value in WRONG.items():
        monkeypatch.setenv(f"VITRINA_{name}", value)
    application.cache_clear()

    answer = office.manager().post(office.client_id, "estimate")
    health = office.http.get(f"{office.servers.functions}/menu/health")
    capsys.readouterr()
    code = main(["check", "--locale", "ru"])
    printed = capsys.readouterr().err.splitlines()

    assert answer["http_status"] == 500
    assert answer["message"].startswith("Исправьте настройки: ")
    assert health.status_code == 503
    assert health.json()["settings"] == "wrong"
    assert code == 1
    for name in WRONG:
        assert f"VITRINA_{name}" in answer["message"]
        [line] = [one for one in printed if one.startswith(f"VITRINA_{name}")]
        assert len(line) > len(f"VITRINA_{name}") + 20
    assert not [line for line in printed if "kaiten.example" in line and "https" not in line]
