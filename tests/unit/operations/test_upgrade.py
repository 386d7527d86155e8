"""The upgrade of a store of the first release: it stores every fact once, also after a kill."""

from __future__ import annotations

import json
import lzma
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.harness.fakes.interruptions import Killed
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.operations import upgrade as upgrade_module
from vitrina.operations.upgrade import upgrade
from vitrina.ports import Put, Write
from vitrina.records.books import Agency, put_agency
from vitrina.records.history import load_history, save_history
from vitrina.records.packing import unpack
from vitrina.records.work import load_work
from vitrina.store.memory import MemoryStore

FIXTURES = Path(__file__).parents[2] / "fixtures" / "release_0_1"

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
AGENCY = "agency"


class MortalStore(MemoryStore):
    """A store whose process is killed before one of its commits, counted from one; 0 for none."""

    def __init__(self, documents: Sequence[Write], *, killed_at: int = 0) -> None:
        super().__init__()
        super().commit(documents)
        self.killed_at = killed_at
        self.commit_count = 0

    def commit(self, writes: Sequence[Write], *, token: int | None = None) -> None:
        """See ``Store``."""
        self.commit_count += 1
        if self.commit_count == self.killed_at:
            raise Killed
        super().commit(writes, token=token)

    def contents(self) -> dict[tuple[str, str], Any]:
        """Every document by kind and key, without what differs from writing to writing."""
        documents = [one for kind in {kind for kind, _ in self._documents} for one in self.find(kind)]
        packed = [one for one in documents if "body" in one.data and "parts" in one.data]
        payloads = {(one.kind, one.key): one.payload for one in unpack(self, packed)}
        plain = {(one.kind, one.key): one.data for one in documents if "writing" not in one.data}
        return {**plain, **payloads}


def old_documents(world: str) -> list[Write]:
    """The store of a fixture."""
    text = json.loads(lzma.decompress((FIXTURES / f"{world}.json.xz").read_bytes()))["store"]
    with closing(sqlite3.connect(":memory:")) as store:
        store.executescript(text)
        rows = store.execute("SELECT kind, key, data FROM document").fetchall()
    return [Put(kind, key, json.loads(data)) for kind, key, data in rows]


@pytest.mark.slow
@pytest.mark.parametrize("world", ["in_progress", "unfinished", "long_past"])
def test_an_upgrade_that_was_killed_goes_on(world: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before any of its commits, it ends with the same documents when it is run again."""
    monkeypatch.setattr(upgrade_module, "LEASE", timedelta())
    documents = old_documents(world)
    whole = MortalStore(documents)
    assert upgrade(whole, NOW)

    for number in count(1):
        store = MortalStore(documents, killed_at=number)
        try:
            upgrade(store, NOW)
        except Killed:
            assert upgrade(store, NOW)
            assert store.contents() == whole.contents()
        else:
            break
    assert number > whole.commit_count


def test_a_fact_of_an_item_that_was_opened_again_is_no_fact() -> None:
    """Only its card says what it takes: it would count twice when it is finished again."""
    store = MortalStore(old_documents("in_progress"))
    [finished] = [one for one in store.find("item") if one.data["is_done"]]
    client, agency = finished.data["spreadsheet_id"], finished.data["agency_id"]
    store.commit([Put("item", finished.key, {**finished.data, "is_done": False, "finished_on": ""})])

    upgrade(store, NOW)

    work = load_work(store, client, agency).value
    assert not work.items[finished.data["number"]].is_done
    assert len(load_history(store, agency, [work])) == 131


def test_a_file_that_was_imported_before_the_upgrade_is_imported_again() -> None:
    """Importing the same file again after the upgrade changes nothing."""
    store = MemoryStore()
    works = {
        f"history-{line}": FinishedWork("Баннер", "design", 1.5, float(line), date(2026, 1, 9))
        for line in range(2, 2500)
    }
    store.commit([put_agency(Agency(AGENCY, "Агентство", "ru", {}))])
    store.commit(
        [
            Put(
                "history",
                name,
                {"agency_id": AGENCY, **work._asdict(), "finished_on": work.finished_on.isoformat()},
            )
            for name, work in works.items()
        ]
    )

    assert upgrade(store, NOW)
    assert sorted(load_history(store, AGENCY, [])) == sorted(works.values())
    save_history(store, AGENCY, works)

    assert sorted(load_history(store, AGENCY, [])) == sorted(works.values())
    assert store.find("history") == []
    assert not upgrade(store, NOW)
