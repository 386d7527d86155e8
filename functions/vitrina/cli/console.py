"""How commands talk to the operator: results go to stdout, complaints to stderr."""

from __future__ import annotations

import argparse
import sys

from vitrina.errors import CellProblem, CellsError, SettingsError, VitrinaError
from vitrina.texts import Sentence, pick_locale, render


class CommandError(Exception):
    """The command cannot go on; the text says what is wrong with its input."""


def print_line(line: str) -> None:
    """Print one line to standard output."""
    sys.stdout.write(f"{line}\n")


def print_error(line: str) -> None:
    """Print one line to standard error."""
    sys.stderr.write(f"{line}\n")


def print_product_error(error: VitrinaError, locale: str) -> None:
    """Print the sentence of an error of the product, and each cell or setting that it names."""
    print_error(render(Sentence(error.code, error.where), locale))
    for setting in error.problems if isinstance(error, SettingsError) else ():
        print_error(render(Sentence(setting.code, setting.where), locale))
    for problem in error.problems if isinstance(error, CellsError) else ():
        print_error(cell_line(problem, locale))


def cell_line(problem: CellProblem, locale: str) -> str:
    """Where a cell is and what is wrong with it."""
    reason = render(Sentence(problem.code, dict(problem.where)), locale)
    return f"{problem.sheet}, {problem.cell}: {reason}"


def add_locale(parser: argparse.ArgumentParser) -> None:
    """Add ``--locale``, the language of the printed sentences."""
    parser.add_argument(
        "--locale",
        choices=("ru", "en"),
        default=pick_locale(None),
        help="language of the printed sentences (default: %(default)s)",
    )
