"""Mark what is tested over HTTP, which `make test-fast` leaves out."""

from __future__ import annotations

import pytest

#: Worlds and stores that are servers of their own; metrics out of the CRM are read from its server.
SERVERS = frozenset({"amocrm", "asana", "calltouch", "crm", "firestore", "kaiten", "metrica", "telegram"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give such tests the mark ``servers``."""
    for item in items:
        call = getattr(item, "callspec", None)
        if call is not None and SERVERS & {value for value in call.params.values() if isinstance(value, str)}:
            item.add_marker("servers")
