"""Check the installation, and test on a scratch spreadsheet which assumptions of docs/assumptions.md hold.

With ``--tracker`` it tests instead, on a scratch board of each connected tracker, what is assumed about them.
With ``--crm`` it looks at the CRM instead: account, pipelines, people, changed deals. With ``--crm-deal`` it
also tries, in a test deal, what is assumed about the CRM.
With ``--mail`` it looks at the mail server instead: connection, login, sender; no letter is sent.
With ``--chat`` it looks at the chat instead: token and webhook. With ``--chat-group`` it also tries, in a
test group, what is assumed about the chat.
With ``--metrics`` it reads one day of each source of facts instead, and says what it saw.

Looks at settings, store, queue, timer and functions. Then creates a scratch spreadsheet in the configured
folder, tests each assumption on it, prints a table and puts the spreadsheet into the bin. The exit code is 0
only if nothing of the installation is wrong and every assumption that writes depend on holds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from vitrina.bootstrap import connections, open_store, open_tracker
from vitrina.cli.console import print_error, print_line
from vitrina.cli.doctor.adapter import DoctorWorkbooks
from vitrina.cli.doctor.assumptions import Assumption, read_assumptions
from vitrina.cli.doctor.chat.command import run_for_chat
from vitrina.cli.doctor.crm.command import run_for_crm
from vitrina.cli.doctor.installation.checks import (
    check_installation,
    format_facts,
    guards_told,
    is_complete,
)
from vitrina.cli.doctor.mail.command import run_for_mail
from vitrina.cli.doctor.metrics.command import run_for_metrics
from vitrina.cli.doctor.probe import Finding
from vitrina.cli.doctor.report import format_report, run_probes, vital_probes_hold
from vitrina.cli.doctor.scratch_workbook import ScratchWorkbook
from vitrina.cli.doctor.tracker.hands import HANDS
from vitrina.cli.doctor.tracker.report import run_tracker_probes, vital_tracker_probes_hold
from vitrina.cli.doctor.tracker.scratch_board import ScratchBoard
from vitrina.errors import VitrinaError
from vitrina.google.verdict import keep_verdict
from vitrina.operations.services import owner_from
from vitrina.settings import Settings
from vitrina.workbook.template.schema import check_template

#: Value of `--tracker` for all connections of the installation.
EVERY_TRACKER = "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "--by-hand",
        action="store_true",
        help="also test what needs a person at the page, and wait for that person",
    )
    parser.add_argument(
        "--installation",
        action="store_true",
        help="only check the installation, which takes seconds and creates nothing",
    )
    parser.add_argument(
        "--tracker",
        nargs="?",
        const=EVERY_TRACKER,
        metavar="CONNECTION",
        help="test a scratch board of this connection to a tracker, or of all of them, instead",
    )
    parser.add_argument(
        "--crm",
        action="store_true",
        help="look at the CRM instead, which takes seconds and changes nothing",
    )
    parser.add_argument(
        "--crm-deal",
        metavar="NUMBER",
        help="also try in this test deal what is assumed about the CRM; a note and a task remain in it",
    )
    parser.add_argument(
        "--mail",
        action="store_true",
        help="look at the mail server instead, which takes seconds and sends no letter",
    )
    parser.add_argument(
        "--chat",
        action="store_true",
        help="look at the chat instead, which takes seconds and changes nothing",
    )
    parser.add_argument(
        "--chat-group",
        type=int,
        metavar="ID",
        help="also try in this test group what is assumed about the chat; it is written --chat-group=-100…",
    )
    parser.add_argument(
        "--metrics",
        action="store_true",
        help="read one day of each source of facts instead, which takes seconds and changes nothing",
    )
    # The report is in English only, and so are the errors.
    parser.set_defaults(locale="en")


def run(arguments: argparse.Namespace) -> int:
    """Look at the installation, run the probes, and print what was found."""
    for key in ("client", "agency"):
        check_template(key)
    assumptions = read_assumptions()
    settings = Settings.from_environment()
    if arguments.tracker:
        return _run_for_trackers(settings, arguments.tracker, assumptions)
    if arguments.crm or arguments.crm_deal:
        return run_for_crm(settings, arguments.crm_deal or "", assumptions)
    if arguments.chat or arguments.chat_group:
        return run_for_chat(settings, str(arguments.chat_group or ""), assumptions)
    if arguments.mail or arguments.metrics:
        return run_for_mail(settings) if arguments.mail else run_for_metrics(settings)
    return _run_for_google(settings, arguments, assumptions)


def _run_for_google(
    settings: Settings, arguments: argparse.Namespace, assumptions: Sequence[Assumption]
) -> int:
    """Look at the installation, then run the probes on a scratch spreadsheet."""
    facts = check_installation(settings)
    print_line(f"The installation\n\n{format_facts(facts)}")
    if arguments.installation:
        return 0 if is_complete(facts) else 1
    scratch = ScratchWorkbook(
        DoctorWorkbooks.from_settings(settings),
        editors=(settings.service_account, *(owner_from(one).address for one in settings.owners)),
        ask_person=ask_person if arguments.by_hand else None,
    )
    try:
        findings = run_probes(scratch)
    finally:
        is_discarded = _discard(scratch, "The scratch spreadsheet is still in the folder")
    print_line(f"\nThe assumptions\n\n{format_report(assumptions, findings)}")
    is_kept = _keep(settings, findings)
    is_good = is_complete(facts) and vital_probes_hold(findings)
    return 0 if is_good and is_discarded and is_kept else 1


def _keep(settings: Settings, findings: Mapping[int, Finding]) -> bool:
    """Keep what was found about Google for the functions, and say what follows from it."""
    states = {number: finding.state.value for number, finding in findings.items()}
    try:
        verdict = keep_verdict(open_store(settings), states, datetime.now(UTC))
    except VitrinaError as error:
        print_error(f"The verdict is not kept, the functions do not know of it: {error}")
        return False
    told = guards_told(verdict)
    print_line(f"\nThe verdict is kept; the functions follow it within ten minutes: {told}")
    return True


def _run_for_trackers(settings: Settings, wanted: str, assumptions: Sequence[Assumption]) -> int:
    """Run the probes of one connection or of all; 0 if what is vital holds and nothing is left over."""
    chosen = [one for one in connections(settings) if wanted in {EVERY_TRACKER, one.name}]
    if not chosen:
        print_error(f"There is no connection {wanted!r} to a tracker.")
        return 2
    is_good = True
    for connection in chosen:
        tracker = open_tracker(settings, connection, _Forgetful())
        scratch = ScratchBoard(tracker, HANDS[connection.kind](connection), connection.kind)
        try:
            findings = run_tracker_probes(scratch)
        finally:
            is_discarded = _discard(scratch, f"The board {scratch.title!r} is still there")
        rows = [one for one in assumptions if one.number in findings]
        print_line(f"{tracker.name} ({connection.name})\n\n{format_report(rows, findings)}\n")
        is_good &= is_discarded and vital_tracker_probes_hold(connection.kind, findings)
    return 0 if is_good else 1


class _Forgetful:
    """``TrackerMemory`` that keeps nothing: the doctor leaves no trace in the store."""

    def load(self, name: str) -> str | None:
        """See ``TrackerMemory``."""

    def save(self, name: str, text: str) -> None:
        """See ``TrackerMemory``."""


def ask_person(instruction: str) -> None:
    """Print what the person has to do and wait for the Enter key."""
    sys.stdout.write(f"\n{instruction}\nPress Enter when it is done. ")
    sys.stdout.flush()
    sys.stdin.readline()


def _discard(scratch: ScratchWorkbook | ScratchBoard, left: str) -> bool:
    try:
        scratch.discard()
    except VitrinaError as error:
        print_error(f"{left}, find it by its name: {error}")
        return False
    return True
