"""The servers, and an agency on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.world.servers import Servers, running_servers
from tests.office import Office
from vitrina.bootstrap import application


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """All servers, for the whole run."""
    with running_servers() as running:
        yield running


@pytest.fixture
def empty_office(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A world without an agency."""
    office = Office(servers, tmp_path)
    office.open(monkeypatch)
    yield office
    office.settle()
    office.http.close()
    application.cache_clear()


@pytest.fixture
def agency(empty_office: Office) -> Office:
    """An agency with people and norms."""
    empty_office.hire()
    return empty_office


@pytest.fixture
def office(agency: Office) -> Office:
    """An agency with one client whose backlog is empty."""
    agency.welcome()
    return agency
