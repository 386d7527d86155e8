"""Mark what is tested over HTTP, which `make test-fast` leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
#: Worlds and stores that are servers of their own; metrics out of the CRM are read from its server.
SERVERS = frozenset({"amocrm", "asana", "calltouch", "crm", "firestore", "kaiten", "metrica", "telegram"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give such tests of this folder the mark ``servers``."""
    for item in items:
        call = getattr(item, "callspec", None)
        if call is None or item.path.parent != FOLDER:
            continue
        if SERVERS & {value for value in call.params.values() if isinstance(value, str)}:
            item.add_marker("servers")
