"""Check whether workbooks and tracker cards agree with each other; write nothing.

Reads every client workbook of the agency and the cards of work in progress. Prints each overload,
double booking, wrong order, work on a day off and date that differs. The exit code is 0 only if
everything could be read and nothing was found.
"""

from __future__ import annotations

import argparse

from vitrina.bootstrap import application
from vitrina.cli.console import add_locale, cell_line, print_line
from vitrina.operations.services import Answer, Outcome, Services
from vitrina.ports import Store
from vitrina.records.records import BOOK, load_agency, load_book_kind, load_project
from vitrina.texts import render
from vitrina.usecases.check_books import check_all, check_book


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
    workbook_ids = [arguments.workbook_id] if arguments.workbook_id else _agency_ids(services.store)
    answers = [_check(services, workbook_id) for workbook_id in workbook_ids]
    for answer in answers:
        _print_answer(answer, arguments.locale)
    return 0 if answers and all(_found_nothing(answer) for answer in answers) else 1


def _agency_ids(store: Store) -> list[str]:
    return [record.key for record in store.find(BOOK, kind="agency")]


def _check(services: Services, workbook_id: str) -> Answer:
    if load_book_kind(services.store, workbook_id) == "client":
        return check_book(services, load_project(services.store, workbook_id))
    return check_all(services, load_agency(services.store, workbook_id))


def _print_answer(answer: Answer, locale: str) -> None:
    for sentence in (answer.message, *answer.details):
        print_line(render(sentence, locale))
    for problem in answer.cells:
        print_line(cell_line(problem, locale))


def _found_nothing(answer: Answer) -> bool:
    return answer.outcome is Outcome.DONE and answer.data["found"] == 0
