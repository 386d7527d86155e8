"""The upgrade of a store of the first release: imported works are stored once."""

from __future__ import annotations

from datetime import UTC, date, datetime

from vitrina.domain.estimating.norms import FinishedWork
from vitrina.operations.upgrade import upgrade
from vitrina.ports import Put
from vitrina.records.books import Agency, put_agency
from vitrina.records.history import load_history, save_history
from vitrina.store.memory import MemoryStore

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
AGENCY = "agency"


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
