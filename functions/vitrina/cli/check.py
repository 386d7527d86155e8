"""Check whether workbooks and tracker cards agree with each other; write nothing.

Reads every client workbook of the agency and the cards of work in progress. Prints each overload,
double booking, wrong order, work on a day off and date that differs. The exit code is 0 only if
everything could be read and nothing was found.
"""

from __future__ import annotations

import argparse

from vitrina.bootstrap import application
from vitrina.cli.console import add_locale, cell_line, print_line
from vitrina.operations.actor import person
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.records.books import book_key, book_kind, find_agencies
from vitrina.texts import render
from vitrina.usecases.agency.check_books import check_all, check_book


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "workbook_id",
        nargs="?",
        metavar="AGENCY",
        help="id of the agency's workbook, or of one client workbook (default: all agencies)",
    )
    add_locale(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check the chosen workbooks and print what was found."""
    services = application().services
    workbook_ids = [arguments.workbook_id] if arguments.workbook_id else []
    workbook_ids = workbook_ids or [agency.spreadsheet_id for agency in find_agencies(services.store)]
    answers = [_check(services, workbook_id) for workbook_id in workbook_ids]
    for answer in answers:
        _print_answer(answer, arguments.locale)
    return 0 if answers and all(_found_nothing(answer) for answer in answers) else 1


def _check(services: Services, workbook_id: str) -> Answer:
    key = book_key(workbook_id)
    run = Run(services, person("operator"))
    with ending(run):
        if book_kind(services.store.get_many([key]).get(key)) == "client":
            return check_book(run, workbook_id)
        return check_all(run, workbook_id)


def _print_answer(answer: Answer, locale: str) -> None:
    for sentence in (answer.message, *answer.details):
        print_line(render(sentence, locale))
    for problem in answer.cells:
        print_line(cell_line(problem, locale))


def _found_nothing(answer: Answer) -> bool:
    return answer.outcome is Outcome.DONE and answer.data["found"] == 0
