"""The servers, and an agency on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness.local_office import SavedOffice
from tests.harness.office import Office
from tests.harness.servers import Servers, running_servers
from vitrina.bootstrap import application


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """All servers, for the whole run."""
    with running_servers() as running:
        yield running


@pytest.fixture
def tracker_name(request: pytest.FixtureRequest) -> str:
    """The tracker that the agency works in; Kaiten, unless a test runs with every tracker."""
    return str(getattr(request, "param", "kaiten"))


@pytest.fixture
def empty_office(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tracker_name: str
) -> Iterator[Office]:
    """An office without an agency, on servers without any data."""
    office = Office(servers, tmp_path, tracker=tracker_name)
    office.reset_for_test(monkeypatch)
    yield office
    office.settle()
    office.http.close()
    application.cache_clear()


@pytest.fixture
def one_card_at_a_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Calls of a push come one after the other, so that a fault hits the card that it is meant for."""
    monkeypatch.setenv("VITRINA_TRACKER_CARDS_AT_A_TIME", "1")
    application.cache_clear()
    yield
    application.cache_clear()


@pytest.fixture(scope="session")
def saved_offices() -> dict[str, SavedOffice]:
    """States that were set up once through the menu, from which further tests start."""
    return {}


@pytest.fixture
def agency(empty_office: Office, saved_offices: dict[str, SavedOffice]) -> Office:
    """An agency with people and norms."""
    return _restore_or_set_up(empty_office, saved_offices, "agency", Office.create_agency)


@pytest.fixture
def office(empty_office: Office, saved_offices: dict[str, SavedOffice]) -> Office:
    """An agency with one client whose backlog is empty."""

    def set_up(office: Office) -> None:
        _restore_or_set_up(office, saved_offices, "agency", Office.create_agency)
        office.create_client()

    return _restore_or_set_up(empty_office, saved_offices, "office", set_up)


def _restore_or_set_up(
    office: Office, saved_offices: dict[str, SavedOffice], name: str, set_up: Callable[[Office], object]
) -> Office:
    key = f"{name}-{office.tracker}"
    if key in saved_offices:
        office.restore_state(saved_offices[key])
    else:
        set_up(office)
        saved_offices[key] = office.save_state()
    return office
