"""Import finished work from a CSV file, for the norms.

Importing the same file again changes nothing. A file with a mistake is refused as a whole.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

from vitrina.bootstrap import application
from vitrina.cli.console import CommandError, add_locale, print_line
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.domain.estimating.sizes import Size
from vitrina.records.books import load_agency
from vitrina.records.history import save_history

REQUIRED_COLUMNS = ("work_type", "profile", "hours", "quantity", "finished_on")
#: The size class that was given before the work began, and the hours that a specialist expected.
OPTIONAL_COLUMNS = ("size", "specialist_hours")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("agency_id", metavar="AGENCY", help="id of the agency's workbook")
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help=f"CSV file in UTF-8 with the columns {', '.join(REQUIRED_COLUMNS)}; "
        f"optional: {', '.join(OPTIONAL_COLUMNS)}",
    )
    add_locale(parser)


def run(arguments: argparse.Namespace) -> int:
    """Import the file and print how many works it has."""
    store = application().services.store
    agency = load_agency(store, arguments.agency_id)
    works = read_history(arguments.file, profiles=agency.profiles)
    save_history(store, agency.spreadsheet_id, works)
    print_line(f"{len(works)}")
    return 0


def read_history(path: Path, *, profiles: Collection[str]) -> dict[str, FinishedWork]:
    """Read finished work from a CSV file.

    Parameters
    ----------
    profiles
        Keys of the profiles that the agency has.

    Returns
    -------
    dict[str, FinishedWork]
        Works by an id made of the file's name and the row's number, so that a second import replaces them.

    Raises
    ------
    CommandError
        If a column is missing, a row cannot be read or names an unknown profile.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, restval="")
            missing = [column for column in REQUIRED_COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise CommandError(f"{path}: no column {', '.join(missing)}")
            works = {
                f"{path.stem}-{line}": _finished_work(row, line) for line, row in enumerate(rows, start=2)
            }
    except UnicodeDecodeError as error:
        raise CommandError(f"{path}: not a UTF-8 text file") from error
    unknown = sorted({work.profile for work in works.values()} - set(profiles))
    if unknown:
        raise CommandError(f"{path}: no profile {', '.join(unknown)}; known: {', '.join(profiles)}")
    return works


def _finished_work(row: Mapping[str, str], number: int) -> FinishedWork:
    try:
        return FinishedWork(
            work_type=row["work_type"],
            profile=row["profile"],
            hours=_number(row["hours"]),
            quantity=_number(row["quantity"] or "1"),
            finished_on=date.fromisoformat(row["finished_on"]),
            size=_size((row.get("size") or "").strip()),
            specialist_hours=_optional_number(row.get("specialist_hours") or ""),
        )
    except ValueError as error:
        raise CommandError(f"row {number}: {error}") from error


def _number(text: str) -> float:
    """Read a number with a decimal point or comma."""
    return float(text.replace(",", "."))


def _optional_number(text: str) -> float | None:
    return _number(text) if text else None


def _size(text: str) -> str:
    return Size(text.lower()).value if text else ""
