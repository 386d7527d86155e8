"""``python -m vitrina.check [AGENCY]``: whether workbooks and tracker can all be true at once.

Reads every client workbook of the agency and the cards of what is in progress, and prints each overload,
double booking, wrong order, day off worked and date that differs; nothing is written. The settings come
from the environment, as in the deployed functions. The exit code is 1 unless everything could be read and
nothing was found.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from vitrina.bootstrap import application
from vitrina.errors import CellProblem, CellsError, VitrinaError
from vitrina.operations.services import Answer, Outcome, Services
from vitrina.ports import Store
from vitrina.records.records import BOOK, load_agency, load_book_kind, load_project
from vitrina.texts import Sentence, pick_locale, render
from vitrina.usecases.check_books import check_all, check_book


def main(arguments: Sequence[str] | None = None) -> int:
    """Check; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m vitrina.check", description=__doc__)
    parser.add_argument(
        "workbook_id",
        nargs="?",
        help="id of the agency's workbook, or of a client's; all agencies without it",
    )
    parser.add_argument("--locale", choices=("ru", "en"), default=None, help="language of the sentences")
    chosen = parser.parse_args(arguments)
    locale = pick_locale(chosen.locale)
    try:
        services = application().services
        ids = [chosen.workbook_id] if chosen.workbook_id else _agencies(services.store)
        answers = [_check(services, spreadsheet_id) for spreadsheet_id in ids]
    except VitrinaError as error:
        sys.stderr.write(render(Sentence(error.code, error.where), locale) + "\n")
        for problem in error.problems if isinstance(error, CellsError) else ():
            sys.stderr.write(_cell(problem, locale) + "\n")
        return 1
    for answer in answers:
        lines = [render(line, locale) for line in (answer.message, *answer.details)]
        lines += [_cell(problem, locale) for problem in answer.cells]
        sys.stdout.write("\n".join(lines) + "\n")
    return 0 if answers and all(_is_well(answer) for answer in answers) else 1


def _agencies(store: Store) -> list[str]:
    return [record.key for record in store.find(BOOK, kind="agency")]


def _check(services: Services, spreadsheet_id: str) -> Answer:
    if load_book_kind(services.store, spreadsheet_id) == "client":
        return check_book(services, load_project(services.store, spreadsheet_id))
    return check_all(services, load_agency(services.store, spreadsheet_id))


def _is_well(answer: Answer) -> bool:
    return answer.outcome is Outcome.DONE and answer.data["found"] == 0


def _cell(problem: CellProblem, locale: str) -> str:
    why = render(Sentence(problem.code, dict(problem.where)), locale)
    return f"{problem.sheet}, {problem.cell}: {why}"


if __name__ == "__main__":
    sys.exit(main())
