"""The two agencies of every run: people, norms and the backlogs of their clients.

The model computes the expected cells from these figures, without the product. Texts of one agency occur
nowhere in those of the other, so that what comes over to it is found.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulators.world.processes import Person
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.workbook.template.definition import Profile

#: Who operates the installation. He may act in every agency, and clicks only to set them up.
OWNER = "owner@vitrina.example"
LIMIT_HOURS = 32

#: A Monday morning in Moscow.
NOW = datetime.fromisoformat("2026-11-23T09:00:00+03:00")

PROFILES = (Profile("design", "Дизайн"), Profile("copy", "Тексты"), Profile("development", "Разработка"))
PROFILE_TITLES = {one.key: one.title for one in PROFILES}


@dataclass(frozen=True)
class Specialist:
    """A person who does the work; ``number`` is the id in both trackers."""

    name: str
    email: str
    number: int
    profiles: str
    hours_per_day: int

    @property
    def person(self) -> Person:
        """The person as the trackers know them."""
        return Person(self.name, self.email, self.number)


@dataclass(frozen=True)
class ChaosAgency:
    """An agency: its only manager, its people, and how its client is named.

    ``word`` begins the tasks of its projects, ``tracker`` is where they work.
    """

    name: str
    manager: str
    tracker: str
    code: str
    client: str
    word: str
    people: tuple[Specialist, ...]

    @property
    def team(self) -> list[Mapping[str, Any]]:
        """Rows of *Специалисты*."""
        return [
            {"name": f"Менеджер {self.name}", "email": self.manager, "role": "менеджер"},
            *(
                {
                    "name": one.name,
                    "email": one.email,
                    "profiles": one.profiles,
                    "hours_per_day": one.hours_per_day,
                }
                for one in self.people
            ),
        ]

    @property
    def own_texts(self) -> list[str]:
        """Texts that only this agency's workbooks, boards, chats and documents may have."""
        return [self.manager, self.code, self.client, self.word, *(one.name for one in self.people)]


MAYAK = ChaosAgency(
    "Маяк",
    "manager@mayak.example",
    "kaiten",
    "ХАОС",
    "Заря",
    "Фонарь",
    (
        Specialist("Анна Белова", "anna@mayak.example", 11, "Дизайн", 8),
        Specialist("Борис Ким", "boris@mayak.example", 12, "Тексты, Дизайн", 6),
        Specialist("Вера Орлова", "vera@mayak.example", 13, "Разработка", 8),
    ),
)
VOLNA = ChaosAgency(
    "Волна",
    "manager@volna.example",
    "asana",
    "ПРИБОЙ",
    "Улыбка",
    "Парус",
    (
        Specialist("Глеб Чайкин", "gleb@volna.example", 21, "Дизайн", 8),
        Specialist("Дина Штиль", "dina@volna.example", 22, "Тексты, Дизайн", 6),
        Specialist("Егор Рифов", "egor@volna.example", 23, "Разработка", 8),
    ),
)
AGENCIES = (MAYAK, VOLNA)
HOURS_PER_DAY = {one.name: one.hours_per_day for agency in AGENCIES for one in agency.people}


def other_agency(agency: ChaosAgency) -> ChaosAgency:
    """The agency beside it."""
    return VOLNA if agency == MAYAK else MAYAK


#: Hours of one unit by work type and profile. Multiples of 0.5, so that rounding does not matter.
NORMS: Mapping[str, Mapping[str, float]] = {
    "Баннер": {"design": 3.0},
    "Статья": {"copy": 5.0},
    "Лендинг": {"design": 4.0, "development": 6.0},
    "Письмо": {"copy": 1.5},
}
#: The facts of each norm are equal, so that the norm is exactly this figure.
HISTORY = {
    f"{work_type}-{profile}-{n}": FinishedWork(work_type, profile, hours, 1.0, NOW.date())
    for work_type, by_profile in NORMS.items()
    for profile, hours in by_profile.items()
    for n in range(2)
}

PRIORITIES = ("Срочно", "Высокий", "Обычный", "Низкий")
APPROVALS = ("Принято", "Вернули")

#: Columns that people add to the backlog: one for texts, one for a formula.
OWN_COLUMN, DOUBLE_COLUMN = "Моё", "Вдвое"


@dataclass(frozen=True)
class TypedRow:
    """A row of the backlog as people type it; ``cells`` are the typed texts by column key."""

    task: str
    cells: Mapping[str, str]


def typed_rows(variant: int, word: str) -> list[TypedRow]:
    """The backlog of a client. In some rows people also type hours or a text in their own column."""
    # A generator for each client, so that its backlog does not depend on those of the others.
    draw = random.Random(f"client {variant}")
    return [_typed_row(draw, f"{word} {chr(ord('А') + n)}{variant}") for n in range(draw.randint(5, 9))]


def _typed_row(draw: random.Random, task: str) -> TypedRow:
    cells = {"work_type": draw.choice([*NORMS, *NORMS, ""])}
    if draw.random() < 0.4:
        cells["quantity"] = str(draw.randint(2, 3))
    if draw.random() < 0.5:
        cells["priority"] = draw.choice(PRIORITIES)
    if draw.random() < 0.5:
        cells["result"] = f"Итог: {task}"
    if draw.random() < 0.35 or (not cells["work_type"] and draw.random() < 0.8):
        cells[f"hours.{draw.choice(list(PROFILE_TITLES))}"] = typed_hours(draw)
    if draw.random() < 0.5:
        cells[OWN_COLUMN] = f"заметка о «{task}»"
    return TypedRow(task, {key: text for key, text in cells.items() if text})


def typed_hours(draw: random.Random) -> str:
    """Hours and eighths: no norm gives such a figure, so it cannot be one that the add-on wrote."""
    eighths = draw.choice([1, 2, 3, 5, 6, 7]) * 125
    hours = draw.randint(1, 6)
    if draw.random() < 0.1:
        return f"={hours}+0,{eighths:03d}"
    return f"{hours},{eighths:03d}"
