"""The agency of the tests: three people and three work types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from emulators.world.processes import Person
from tests.harness.agency_data import HISTORY, MANAGER, NOW, PROFILES, TEAM, WEBHOOK_SECRET, Facts, history_of
from tests.harness.local_office import LocalOffice
from vitrina.workbook.template.definition import Profile


@dataclass
class Office(LocalOffice):
    """A local office with the agency of the tests."""

    staff: str = MANAGER

    def reset_for_test(
        self, monkeypatch: pytest.MonkeyPatch, *, now: datetime = NOW, staff: str = MANAGER
    ) -> None:
        """Reset all servers, add the team to the tracker and set the environment of the functions."""
        people = [Person(one["name"], one["email"], int(one["tracker_id.kaiten"])) for one in TEAM]
        secret = {"VITRINA_WEBHOOK_SECRET": WEBHOOK_SECRET}
        self.reset(monkeypatch.setenv, people=people, now=now, staff=staff, settings=secret)

    def create_agency(
        self,
        *,
        team: Sequence[Mapping[str, Any]] = TEAM,
        history: Facts | None = None,
        profiles: Sequence[Profile] = PROFILES,
        locale: str = "ru",
    ) -> None:
        """Create the agency with its people and norms."""
        works = history_of(HISTORY if history is None else history)
        self.set_up_agency(name="Маяк", profiles=profiles, team=team, history=works, locale=locale)
