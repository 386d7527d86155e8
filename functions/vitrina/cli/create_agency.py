"""Create an agency: make its own workbook and print the workbook's id and address.

Run it once for an installation; running it twice creates a second agency.
"""

from __future__ import annotations

import argparse

from vitrina.bootstrap import application, create_store
from vitrina.cli.console import print_line
from vitrina.operations.services import Services
from vitrina.settings import Settings
from vitrina.usecases.agency.create_agency import create_agency
from vitrina.workbook.template.definition import Profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("name", help="title of the agency's workbook")
    parser.add_argument(
        "--locale",
        choices=("ru", "en"),
        default="ru",
        help="language of the agency's workbook and of printed sentences (default: %(default)s)",
    )
    parser.add_argument(
        "--profile",
        action="append",
        default=[],
        type=_profile,
        dest="profiles",
        metavar="KEY=TITLE",
        help="a kind of specialist; may be repeated (default: those of the template)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Create the agency."""
    services = _open_services()
    agency = create_agency(
        services, name=arguments.name, locale=arguments.locale, profiles=arguments.profiles
    )
    print_line(f"{agency.spreadsheet_id} {services.workbooks.url(agency.spreadsheet_id)}")
    return 0


def _open_services() -> Services:
    """Open the services; the store is made where it is absent."""
    create_store(Settings.from_environment())
    return application().services


def _profile(text: str) -> Profile:
    key, _, title = text.partition("=")
    if not key.isidentifier() or not title:
        raise argparse.ArgumentTypeError(f"{text}: write KEY=TITLE, for example design=Дизайн")
    return Profile(key, title)
