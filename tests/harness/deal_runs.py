"""Deals that move through their stages at random while webhooks are lost, doubled, held and turned round.

A model knows the stages of all deals. In the end each deal that stands at the chosen stage or past it has one
project, and no project is of a deal that never stood there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from tests.harness.agency_data import NOW
from tests.harness.desks.crm import RULES
from tests.harness.module_office import ModuleOffice
from vitrina.records.books import find_projects
from vitrina.records.outside.deals import load_hints

STAGES = ("lead", "qualified", "signed", "won", "lost")
#: Stages with a project.
BEGUN = frozenset({"signed", "won"})
MODES = ("deliver", "drop", "duplicate", "reverse", "hold")
#: Longer than a period of the timer.
STEP = timedelta(minutes=16)
#: How often the timer may have to call until nothing is left.
MOST_CALLS = 60


@dataclass
class DealModel:
    """What the deals must come to."""

    stages: dict[int, str] = field(default_factory=dict)
    ever_begun: set[int] = field(default_factory=set)

    def put(self, deal_id: int, stage: str) -> None:
        """Note the stage of a deal."""
        self.stages[deal_id] = stage
        if stage in BEGUN:
            self.ever_begun.add(deal_id)

    @property
    def begun(self) -> set[int]:
        """Deals that must have a project."""
        return {deal_id for deal_id, stage in self.stages.items() if stage in BEGUN}


@dataclass(frozen=True)
class DealResult:
    """What was found: wrong things in words, and counts."""

    wrong: Sequence[str]
    projects: int
    moves: int
    calls: int
    most_per_s: int
    refused: int
    seconds: float


class DealRun:
    """One run in an office whose agency has no deals yet."""

    def __init__(self, office: ModuleOffice, seed: int) -> None:
        self._office = office
        self._chance = Random(seed)
        self._now = NOW
        self._moves = 0
        self.model = DealModel()

    def play(self, deal_count: int, rounds: int, moves_per_round: int) -> DealResult:
        """Choose the stages, make deals, move them, and let the timer call until nothing is left."""
        office, began_at = self._office, time.monotonic()
        # No sales cards: they are not counted here.
        office.choose(deal_project=RULES["deal_project"])
        self._let_pass()
        for number in range(deal_count):
            self.model.put(office.crm.add_deal(name=f"Сделка {number + 1}"), "lead")
        deals = list(self.model.stages)
        for _ in range(rounds):
            self._set_mode(self._chance.choice(MODES))
            for deal_id in self._chance.choices(deals, k=moves_per_round):
                self._move(deal_id, self._chance.choice(STAGES))
            if self._chance.random() < 0.5:
                office.crm.control("POST", "/webhooks/release")
            self._settle()
            if self._chance.random() < 0.3:
                self._let_pass()
        self._set_mode("deliver")
        for _ in range(MOST_CALLS):
            self._let_pass()
            if self._is_quiet():
                break
        rate = office.crm.control("GET", "/rate")
        calls = office.crm.control("GET", "/calls")["total"]
        projects, wrong = self._judge()
        seconds = time.monotonic() - began_at
        return DealResult(wrong, projects, self._moves, calls, rate["most_per_s"], rate["refused"], seconds)

    def _move(self, deal_id: int, stage: str) -> None:
        if self.model.stages[deal_id] == stage:
            return
        self._office.crm.move(deal_id, stage)
        self.model.put(deal_id, stage)
        self._moves += 1

    def _set_mode(self, mode: str) -> None:
        self._office.crm.control("POST", "/webhooks", {"mode": mode})

    def _let_pass(self) -> None:
        """Move the clock on, and have the timer call."""
        self._now += STEP
        self._office.restart(NOW=self._now.isoformat())
        self._office.call_schedule().raise_for_status()
        self._settle()

    def _settle(self) -> None:
        """Wait until nothing is queued, however long the limit of the CRM makes it take."""
        self._office.settle()
        while not self._office.is_queue_empty():
            self._office.settle()

    def _is_quiet(self) -> bool:
        assert self._office.agency is not None
        agency_id = self._office.agency.spreadsheet_id
        return not load_hints(self._office.services.store, agency_id).touched and not self._judge()[1]

    def _judge(self) -> tuple[int, list[str]]:
        """The count of projects, and what differs from the model."""
        office = self._office
        assert office.agency is not None
        projects = find_projects(office.services.store, office.agency.spreadsheet_id)
        made = [int(one.deal_id) for one in projects]
        wrong = [f"deal {one} has {made.count(one)} projects" for one in set(made) if made.count(one) > 1]
        wrong += [f"deal {one} has no project" for one in self.model.begun - set(made)]
        wrong += [f"deal {one} never stood there" for one in set(made) - self.model.ever_begun]
        codes = [one.code for one in projects]
        wrong += [f"code {code} twice" for code in set(codes) if codes.count(code) > 1]
        titles: list[Any] = [title for title, _ in office.desk.boards()]
        wrong += (
            [f"{len(titles)} boards for {len(projects)} projects"] if len(titles) != len(projects) else []
        )
        return len(projects), wrong


def count_notes(office: ModuleOffice) -> dict[int, int]:
    """How many notes each deal with a project has."""
    assert office.agency is not None
    projects = find_projects(office.services.store, office.agency.spreadsheet_id)
    return {int(one.deal_id): len(office.crm.notes(int(one.deal_id))) for one in projects}
