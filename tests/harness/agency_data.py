"""The agency of the tests as data: three people and three work types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

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
        "tracker_id.kaiten": kaiten_id,
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


#: Facts by kind of work and profile.
Facts = Mapping[str, Mapping[str, Sequence[float]]]


def history_of(facts: Facts) -> dict[str, FinishedWork]:
    """Works that were finished today, by a key each."""
    return {
        f"{work_type}-{profile}-{n}": FinishedWork(work_type, profile, hours, 1.0, NOW.date())
        for work_type, by_profile in facts.items()
        for profile, figures in by_profile.items()
        for n, hours in enumerate(figures)
    }
