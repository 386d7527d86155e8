"""Check the installation, and test on a scratch spreadsheet which assumptions of docs/assumptions.md hold.

Looks at settings, store, queue, timer and functions. Then creates a scratch spreadsheet in the configured
folder, tests each assumption on it, prints a table and puts the spreadsheet into the bin. The exit code is 0
only if nothing of the installation is wrong and every assumption that writes depend on holds.
"""

from __future__ import annotations

import argparse
import sys

from vitrina.cli.console import print_error, print_line
from vitrina.cli.doctor.adapter import DoctorWorkbooks
from vitrina.cli.doctor.assumptions import read_assumptions
from vitrina.cli.doctor.installation.checks import check_installation, format_facts, is_complete
from vitrina.cli.doctor.report import format_report, run_probes, vital_probes_hold
from vitrina.cli.doctor.scratch_workbook import ScratchWorkbook
from vitrina.errors import VitrinaError
from vitrina.settings import Settings


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
    # The report is in English only, and so are the errors.
    parser.set_defaults(locale="en")


def run(arguments: argparse.Namespace) -> int:
    """Look at the installation, run the probes, and print what was found."""
    assumptions = read_assumptions()
    settings = Settings.from_environment()
    facts = check_installation(settings)
    print_line(f"The installation\n\n{format_facts(facts)}")
    if arguments.installation:
        return 0 if is_complete(facts) else 1
    scratch = ScratchWorkbook(
        DoctorWorkbooks.from_settings(settings),
        editors=(settings.service_account, *settings.staff),
        ask_person=ask_person if arguments.by_hand else None,
    )
    try:
        findings = run_probes(scratch)
    finally:
        is_discarded = _discard(scratch)
    print_line(f"\nThe assumptions\n\n{format_report(assumptions, findings)}")
    return 0 if is_complete(facts) and vital_probes_hold(findings) and is_discarded else 1


def ask_person(instruction: str) -> None:
    """Print what the person has to do and wait for the Enter key."""
    sys.stdout.write(f"\n{instruction}\nPress Enter when it is done. ")
    sys.stdout.flush()
    sys.stdin.readline()


def _discard(scratch: ScratchWorkbook) -> bool:
    try:
        scratch.discard()
    except VitrinaError as error:
        print_error(f"The scratch spreadsheet is still in the folder, find it by its name: {error}")
        return False
    return True
