"""The sample agency: what the demonstration and the end-to-end tests rely on."""

from graphlib import TopologicalSorter
from typing import Any

import pytest

from emulators.world.metrica import SITES
from emulators.world.sample import load_agency, load_history
from vitrina.domain.quantities import parse_hours

AGENCY = load_agency()
HISTORY = load_history()

PROFILE_KEYS = {profile["key"] for profile in AGENCY["profiles"]}
PRIORITIES = {"Срочно", "Высокий", "Обычный", "Низкий"}
#: A work type without history: the estimate has to say that it has no norm.
WITHOUT_HISTORY = "Интеграция"

each_client = pytest.mark.parametrize("client", AGENCY["clients"], ids=lambda client: client["code"])


def test_agency_size() -> None:
    """Three clients, eight specialists and more work than they can do."""
    assert len(AGENCY["managers"]) == 2
    assert len(AGENCY["specialists"]) == 8
    assert len(AGENCY["clients"]) == 3
    assert sum(len(client["backlog"]) for client in AGENCY["clients"]) >= 60


def test_agency_references() -> None:
    """Profiles, absent people and responsible managers are those of the agency."""
    titles = {profile["title"] for profile in AGENCY["profiles"]}
    names = {specialist["name"] for specialist in AGENCY["specialists"]}
    managers = {manager["email"] for manager in AGENCY["managers"]}

    assert {title for specialist in AGENCY["specialists"] for title in specialist["profiles"]} == titles
    assert {absence["specialist"] for absence in AGENCY["absences"]} <= names
    assert all(absence["first_day"] <= absence["last_day"] for absence in AGENCY["absences"])
    assert {client["responsible"] for client in AGENCY["clients"]} == managers


def test_agency_invented() -> None:
    """Every e-mail address has a reserved domain, and no two people share one."""
    emails = [person["email"] for person in AGENCY["managers"] + AGENCY["specialists"]]

    assert len(set(emails)) == len(emails)
    assert all(email.endswith("@mayak.example") for email in emails)


@each_client
def test_backlog_items(client: dict[str, Any]) -> None:
    """Each item has a known priority, a task and a result; typed hours are readable."""
    for item in client["backlog"]:
        assert item["priority"] in PRIORITIES
        assert item["task"]
        assert item["result"]
        assert item.get("quantity", 1) > 0
        assert item.get("wanted_in_days", 0) >= 0
        assert set(item.get("hours", {})) <= PROFILE_KEYS
        assert all(parse_hours(str(hours)) > 0 for hours in item.get("hours", {}).values())


@each_client
def test_backlog_dependencies(client: dict[str, Any]) -> None:
    """Dependencies are positions of the same backlog, have no circle and are not wanted later."""
    backlog = dict(enumerate(client["backlog"], start=1))
    waits_for = {position: item.get("depends_on", []) for position, item in backlog.items()}

    assert all(before in backlog for positions in waits_for.values() for before in positions)
    assert len(list(TopologicalSorter(waits_for).static_order())) == len(backlog)
    for position, positions in waits_for.items():
        wanted = backlog[position].get("wanted_in_days")
        if wanted is not None:
            assert all(backlog[before].get("wanted_in_days", 0) <= wanted for before in positions)


@each_client
def test_metrics(client: dict[str, Any]) -> None:
    """Three or four metrics, each with a direction and at most six facts, or a goal of the local Metrica."""
    assert len(client["metrics"]) in (3, 4)
    for metric in client["metrics"]:
        assert metric["better"] in {"больше", "меньше"}
        assert metric["target"] > 0
        if "goal" in metric:
            site = next(one for one in SITES if one.name == metric["goal"]["counter"])
            assert metric["goal"]["name"] in site.goals
            assert not metric["facts"]
            continue
        assert 1 <= len(metric["facts"]) <= 6


def test_work_types_have_history() -> None:
    """Every work type but the deliberate one has history; a few items have no work type."""
    items = [item for client in AGENCY["clients"] for item in client["backlog"]]
    wanted = {item["work_type"] for item in items if "work_type" in item}

    assert wanted - {row["work_type"] for row in HISTORY} == {WITHOUT_HISTORY}
    assert sum("work_type" not in item for item in items) == 3


def test_history_rows() -> None:
    """Half a year of work in quarters of an hour, with each profile once for a piece of work."""
    assert len(HISTORY) >= 300
    assert {row["profile"] for row in HISTORY} == PROFILE_KEYS
    assert all(1 <= row["finished_days_ago"] <= 182 for row in HISTORY)
    assert all(row["hours"] > 0 and row["hours"] % 0.25 == 0 and row["quantity"] > 0 for row in HISTORY)
    assert len({(row["title"], row["work_type"], row["profile"]) for row in HISTORY}) == len(HISTORY)
