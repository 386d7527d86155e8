"""``python -m vitrina.cli.doctor``: what of docs/assumptions.md is so on the Google of this installation.

Makes a scratch spreadsheet in the configured folder, tries each assumption on it, prints a table and
puts the spreadsheet into the bin. The settings come from the environment, as in the deployed functions.
The exit code is 1 unless everything that writes rest on was seen to hold.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from vitrina.cli.doctor.assumptions import read_assumptions
from vitrina.cli.doctor.examination import examine, is_safe, report
from vitrina.cli.doctor.scratch import Scratch
from vitrina.cli.doctor.workbooks import DoctorsWorkbooks
from vitrina.errors import VitrinaError
from vitrina.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Examine; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m vitrina.cli.doctor", description=__doc__)
    parser.add_argument(
        "--by-hand", action="store_true", help="also try what needs a person at the page, and wait for him"
    )
    chosen = parser.parse_args(arguments)
    try:
        assumptions = read_assumptions()
        settings = Settings.from_environment()
    except (VitrinaError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    scratch = Scratch(
        DoctorsWorkbooks.of(settings),
        editors=(settings.service_account, *settings.staff),
        human=wait_for_person if chosen.by_hand else None,
    )
    try:
        findings = examine(scratch)
    finally:
        is_gone = _discard(scratch)
    sys.stdout.write(report(assumptions, findings) + "\n")
    return 0 if is_safe(findings) and is_gone else 1


def wait_for_person(instruction: str) -> None:
    """Say what to do and wait for the Enter key."""
    sys.stdout.write(f"\n{instruction}\nPress Enter when it is done. ")
    sys.stdout.flush()
    sys.stdin.readline()


def _discard(scratch: Scratch) -> bool:
    try:
        scratch.discard()
    except VitrinaError as error:
        sys.stderr.write(
            f"The scratch spreadsheet is still there, look for its name in the folder: {error}\n"
        )
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
