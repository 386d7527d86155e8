"""The agency of the tests: three people and three work types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from emulators.world.processes import Person
from tests.harness.local_office import LocalOffice
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.workbook.template.definition import Profile

MANAGER = "manager@mayak.example"
WEBHOOK_SECRET = "secret-of-the-tests-0123456789"

#: A Monday morning in Moscow; the week has five working days.
NOW = datetime.fromisoformat("2026-11-23T09:00:00+03:00")

PROFILES = (Profile("design", "Дизайн"), Profile("copy", "Тексты"), Profile("development", "Разработка"))
TEAM: tuple[Mapping[str, Any], ...] = tuple(
    {
        "name": name,
        "email": f"{login}@mayak.example",
        "profiles": profiles,
        "hours_per_day": hours_per_day,
        "kaiten_id": kaiten_id,
    }
    for name, login, profiles, hours_per_day, kaiten_id in (
        ("Анна Белова", "anna", "Дизайн", 8, "11"),
        ("Борис Ким", "boris", "Тексты, Дизайн", 6, "12"),
        ("Вера Орлова", "vera", "Разработка", 8, "13"),
    )
)
#: The facts of each group are equal, so that its norm is exactly this figure.
HISTORY = {
    "Баннер": {"design": (3.0, 3.0, 3.0)},
    "Статья": {"copy": (6.0, 6.0)},
    "Лендинг": {"design": (9.0, 9.0), "copy": (4.0, 4.0), "development": (20.0, 20.0)},
}


@dataclass
class Office(LocalOffice):
    """A local office with the agency of the tests."""

    staff: str = MANAGER

    def reset_for_test(
        self, monkeypatch: pytest.MonkeyPatch, *, now: datetime = NOW, staff: str = MANAGER
    ) -> None:
        """Reset all servers, add the team to the tracker and set the environment of the functions."""
        people = [Person(one["name"], one["email"], int(one["kaiten_id"])) for one in TEAM]
        secret = {"VITRINA_WEBHOOK_SECRET": WEBHOOK_SECRET}
        self.reset(monkeypatch.setenv, people=people, now=now, staff=staff, settings=secret)

    def create_agency(
        self,
        *,
        team: Sequence[Mapping[str, Any]] = TEAM,
        history: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
        profiles: Sequence[Profile] = PROFILES,
        locale: str = "ru",
    ) -> None:
        """Create the agency with its people and norms."""
        works = {
            f"{work_type}-{profile}-{n}": FinishedWork(work_type, profile, hours, 1.0, NOW.date())
            for work_type, by_profile in (HISTORY if history is None else history).items()
            for profile, figures in by_profile.items()
            for n, hours in enumerate(figures)
        }
        self.set_up_agency(name="Маяк", profiles=profiles, team=team, history=works, locale=locale)
