"""Runs the probes of a tracker and reports what they found."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.cli.doctor.probe import Finding, State
from vitrina.cli.doctor.report import finding_of
from vitrina.cli.doctor.tracker.probes import TRACKER_PROBES
from vitrina.cli.doctor.tracker.scratch_board import ScratchBoard


def run_tracker_probes(scratch: ScratchBoard) -> dict[int, Finding]:
    """Run the probes of the kind of tracker, and return each finding by the number of its assumption."""
    found: dict[int, Finding] = {}
    for probe in TRACKER_PROBES:
        number = probe.numbers.get(scratch.kind)
        if number is not None:
            found[number] = finding_of(lambda run=probe.run: run(scratch))  # type: ignore[misc]
    return found


def vital_tracker_probes_hold(kind: str, findings: Mapping[int, Finding]) -> bool:
    """Return whether everything that is vital for a kind of tracker was seen to hold."""
    vital = (probe.numbers.get(kind) for probe in TRACKER_PROBES if probe.is_vital)
    return all(findings[number].state == State.HOLDS for number in vital if number is not None)
