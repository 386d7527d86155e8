"""Tries in a test deal what is assumed about the CRM.

The deal is moved back where it stood. A note and a task remain: the CRM deletes neither for a program, so the
operator deletes the deal.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from vitrina.cli.doctor.probe import Finding, State, expect
from vitrina.cli.doctor.report import finding_of
from vitrina.crm_port import Crm, Deal, DealNote, DealTask, StageKind

TEXT = "Vitrina doctor, may be deleted"
#: The clock of the CRM may be behind by so much.
SLACK = timedelta(minutes=2)


class TrialDeal:
    """A deal that the operator made for this. Nobody else may change it meanwhile."""

    def __init__(self, crm: Crm, deal: Deal) -> None:
        self.crm = crm
        self.deal = deal
        self.key = f"doctor-{uuid.uuid4().hex[:8]}"

    def stage(self) -> tuple[str, str]:
        """Where the deal stands now."""
        deal = self.crm.get_deal(self.deal.deal_id)
        return ("", "") if deal is None else (deal.pipeline_id, deal.stage_id)

    def other_stage(self) -> tuple[str, str]:
        """Another open stage of its pipeline."""
        pipeline = next(one for one in self.crm.list_pipelines() if one.pipeline_id == self.deal.pipeline_id)
        return next(
            (pipeline.pipeline_id, one.stage_id)
            for one in pipeline.stages
            if one.kind == StageKind.OPEN and one.stage_id != self.deal.stage_id
        )

    def move_back(self) -> None:
        """Move the deal where it stood."""
        self.crm.move_deal(self.deal.deal_id, self.deal.pipeline_id, self.deal.stage_id)


class CrmProbe(Struct, frozen=True):
    """The test of one assumption, by the number of its row in ``docs/assumptions.md``."""

    number: int
    name: str
    run: Callable[[TrialDeal], None]


CRM_PROBES: list[CrmProbe] = []


def crm_probe(number: int) -> Callable[[Callable[[TrialDeal], None]], Callable[[TrialDeal], None]]:
    """Add the decorated function to ``CRM_PROBES``."""

    def add(run: Callable[[TrialDeal], None]) -> Callable[[TrialDeal], None]:
        CRM_PROBES.append(CrmProbe(number, run.__name__, run))
        return run

    return add


@crm_probe(90)
def note_is_found_by_its_key(trial: TrialDeal) -> None:
    """A repeat writes no second one."""
    note = DealNote(trial.key, TEXT)
    ids = [trial.crm.write_note(trial.deal.deal_id, note) for _ in range(2)]
    expect(ids[0] == ids[1], f"a second note was written: {ids}")


@crm_probe(91)
def task_is_found_by_its_key(trial: TrialDeal) -> None:
    """A repeat makes no second one."""
    if trial.deal.responsible_id is None:
        expect(condition=False, observed="nobody is responsible for the deal")
        return
    task = DealTask(trial.key, TEXT, trial.deal.responsible_id, datetime.now(UTC) + timedelta(days=1))
    ids = [trial.crm.create_task(trial.deal.deal_id, task) for _ in range(2)]
    expect(ids[0] == ids[1], f"a second task was made: {ids}")


@crm_probe(92)
def deal_is_moved(trial: TrialDeal) -> None:
    """To another stage and back."""
    stage = trial.other_stage()
    trial.crm.move_deal(trial.deal.deal_id, *stage)
    found = trial.stage()
    trial.move_back()
    expect(found == stage, f"it was moved to {stage} and stands at {found}")


@crm_probe(93)
def change_is_listed_at_once(trial: TrialDeal) -> None:
    """After the move."""
    listed = trial.crm.list_changed_deals(datetime.now(UTC) - SLACK)
    expect(trial.deal.deal_id in {one.deal_id for one in listed}, "the deal was moved, and is not listed")


def run_trial(trial: TrialDeal) -> dict[int, Finding]:
    """Run the probes, and return each finding by the number of its assumption."""
    findings = {probe.number: finding_of(lambda run=probe.run: run(trial)) for probe in CRM_PROBES}  # type: ignore[misc]
    if trial.stage() != (trial.deal.pipeline_id, trial.deal.stage_id):
        findings[92] = Finding(State.FAILS, "the deal could not be moved back")
    return findings
