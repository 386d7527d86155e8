"""An invented agency: people, three clients with their backlogs, half a year of finished work, and deals.

Days are counted from the Monday on which the story starts, so that the sample is never out of date.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, TypedDict

DIRECTORY = Path(__file__).parent


class HistoryRow(TypedDict):
    """The work of one profile on one finished task; ``hours`` are for the whole ``quantity``."""

    title: str
    work_type: str
    profile: str
    quantity: float
    hours: float
    finished_days_ago: int


def load_agency() -> dict[str, Any]:
    """The agency of ``agency.json``: profiles, people, absences and clients.

    ``first_day``, ``last_day`` and ``wanted_in_days`` count from the story's Monday, which is 0;
    ``depends_on`` holds positions in the same backlog, from 1.
    """
    agency: dict[str, Any] = json.loads((DIRECTORY / "agency.json").read_text(encoding="utf-8"))
    return agency


def load_crm() -> dict[str, Any]:
    """The CRM of ``crm.json``: a seed of the amoCRM emulator, with ``deals`` beside it.

    Fields of a deal stand by their names, ``begins_in_days`` and ``in_days`` count from the day on which
    the CRM is filled. A deal without a pipeline is in the first one; ``responsible`` is an e-mail address.
    """
    crm: dict[str, Any] = json.loads((DIRECTORY / "crm.json").read_text(encoding="utf-8"))
    return crm


def load_history() -> list[HistoryRow]:
    """The finished work of ``history.csv``, oldest first; one row per task and profile key."""
    with (DIRECTORY / "history.csv").open(encoding="utf-8", newline="") as file:
        return [
            HistoryRow(
                title=row["title"],
                work_type=row["work_type"],
                profile=row["profile"],
                quantity=float(row["quantity"]),
                hours=float(row["hours"]),
                finished_days_ago=int(row["finished_days_ago"]),
            )
            for row in csv.DictReader(file)
        ]
