"""The operator's commands: ``python -m vitrina create-agency NAME`` and ``import-history FILE.csv``.

The settings come from the environment, as in the deployed functions.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from vitrina.bootstrap import application
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.domain.estimating.sizes import Size
from vitrina.errors import VitrinaError
from vitrina.records.records import load_agency, save_history
from vitrina.texts import Sentence, pick_locale, render
from vitrina.usecases.create_agency import create_agency
from vitrina.workbook.template.definition import Profile

COLUMNS = ("work_type", "profile", "hours", "quantity", "finished_on")
#: Columns that a file may have: the size class that was given beforehand, and hours that a specialist gave.
MORE_COLUMNS = ("size", "specialist_hours")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m vitrina", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create-agency", help="make the agency's own workbook and print its address")
    create.add_argument("name")
    create.add_argument("--locale", choices=("ru", "en"), default="ru")
    create.add_argument(
        "--profile",
        action="append",
        default=[],
        metavar="KEY=TITLE",
        help="a kind of specialist, again for each",
    )
    history = commands.add_parser("import-history", help="bring in finished work, for the norms")
    history.add_argument("agency_id", help="id of the agency's workbook")
    history.add_argument(
        "file",
        type=Path,
        help=f"CSV with the columns {', '.join(COLUMNS)}, and maybe {', '.join(MORE_COLUMNS)}",
    )
    chosen = parser.parse_args(arguments)
    try:
        return _create(chosen) if chosen.command == "create-agency" else _import(chosen)
    except VitrinaError as error:
        sys.stderr.write(render(Sentence(error.code, error.where), pick_locale(None)) + "\n")
        return 1
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _create(chosen: argparse.Namespace) -> int:
    services = application().services
    profiles = [Profile(*one.split("=", 1)) for one in chosen.profile if _is_profile(one)]
    agency = create_agency(services, name=chosen.name, locale=chosen.locale, profiles=profiles)
    sys.stdout.write(f"{agency.spreadsheet_id} {services.workbooks.url(agency.spreadsheet_id)}\n")
    return 0


def _is_profile(text: str) -> bool:
    key, _, title = text.partition("=")
    if not key.isidentifier() or not title:
        raise ValueError(f"--profile {text}: write KEY=TITLE, for example design=Дизайн")
    return True


def _import(chosen: argparse.Namespace) -> int:
    services = application().services
    agency = load_agency(services.store, chosen.agency_id)
    with chosen.file.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        absent = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
        if absent:
            raise ValueError(f"{chosen.file}: no column {', '.join(absent)}")
        works = {
            f"{chosen.file.stem}-{number}": _work(row, number) for number, row in enumerate(rows, start=2)
        }
    unknown = sorted({work.profile for work in works.values()} - set(agency.profiles))
    if unknown:
        raise ValueError(
            f"{chosen.file}: no profile {', '.join(unknown)}; known: {', '.join(agency.profiles)}"
        )
    save_history(services.store, agency.spreadsheet_id, works)
    sys.stdout.write(f"{len(works)}\n")
    return 0


def _work(row: dict[str, str], number: int) -> FinishedWork:
    try:
        return FinishedWork(
            row["work_type"],
            row["profile"],
            float(row["hours"].replace(",", ".")),
            float((row["quantity"] or "1").replace(",", ".")),
            date.fromisoformat(row["finished_on"]),
            Size(size.lower()).value if (size := (row.get("size") or "").strip()) else "",
            float(given.replace(",", ".")) if (given := row.get("specialist_hours") or "") else None,
        )
    except ValueError as error:
        raise ValueError(f"row {number}: {error}") from error

