"""Runs the probes and reports what they found about each assumption."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vitrina.cli.doctor.assumptions import Assumption
from vitrina.cli.doctor.probe import AssumptionFailedError, Finding, NotTriedError, Probe, State
from vitrina.cli.doctor.probes import by_hand, contents, files, rows, workbook
from vitrina.cli.doctor.scratch_workbook import NoScratchWorkbookError, ScratchWorkbook
from vitrina.errors import VitrinaError

#: In this order: the first ones create and fill the scratch workbook, the last may restore an old version.
PROBES: tuple[Probe, ...] = (
    *files.PROBES,
    *workbook.PROBES,
    *rows.PROBES,
    *contents.PROBES,
    *by_hand.PROBES,
)

_STATES: Mapping[type[Exception], State] = {
    AssumptionFailedError: State.FAILS,
    NotTriedError: State.NOT_TRIED,
    NoScratchWorkbookError: State.UNKNOWN,
}

#: Where the probes of a service run, if not on a scratch board of a tracker.
_ELSEWHERE: Mapping[str, str] = {
    "Telegram": "needs a test group: --chat-group",
    "amoCRM": "needs a test deal: --crm-deal",
}


def run_probes(scratch: ScratchWorkbook, probes: Sequence[Probe] = PROBES) -> dict[int, Finding]:
    """Run the probes in their order and return each finding by the number of its assumption."""
    return {probe.number: _finding(probe, scratch) for probe in probes}


def _finding(probe: Probe, scratch: ScratchWorkbook) -> Finding:
    if probe.is_by_hand and scratch.ask_person is None:
        return Finding(State.NOT_TRIED, "needs a person: --by-hand")
    return finding_of(lambda: probe.run(scratch))


def finding_of(run: Callable[[], None]) -> Finding:
    """What the run of a probe says about its assumption."""
    try:
        run()
    except (AssumptionFailedError, NotTriedError, NoScratchWorkbookError) as error:
        return Finding(_STATES[type(error)], str(error))
    except VitrinaError as error:
        # The service was busy or refused an earlier step of the probe; the cause has its own words.
        return Finding(State.UNKNOWN, f"{error} ({error.__cause__})" if error.__cause__ else str(error))
    except (StopIteration, LookupError) as error:
        return Finding(State.UNKNOWN, f"the answer could not be read: {error!r}")
    return Finding(State.HOLDS)


def vital_probes_hold(findings: Mapping[int, Finding]) -> bool:
    """Return whether every assumption that writes depend on was seen to hold."""
    return all(findings[probe.number].state == State.HOLDS for probe in PROBES if probe.is_vital)


def format_report(assumptions: Sequence[Assumption], findings: Mapping[int, Finding]) -> str:
    """Format the table that the operator reads."""
    width = max(len(state) for state in State)
    indent = " " * (width + 9)
    lines = []
    for assumption in assumptions:
        reason = assumption.reason or _ELSEWHERE.get(assumption.service, "needs a scratch board: --tracker")
        finding = findings.get(assumption.number, Finding(State.UNKNOWN, reason))
        lines.append(f"{assumption.number:>3}  {finding.state:<{width}}  {assumption.statement}")
        if finding.observed:
            lines.append(f"{indent}{finding.observed}")
        if finding.state == State.FAILS:
            lines.append(f"{indent}instead: {assumption.fallback}")
    return "\n".join(lines)
