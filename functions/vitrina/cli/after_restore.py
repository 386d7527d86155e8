"""Keep item numbers from being reused after the store was restored from a copy.

Numbers that were given after the copy may stand on cards or in accounting although their rows are gone. Each
project goes on a hundred numbers further. Run it once for each restore.
"""

from __future__ import annotations

import argparse

from msgspec.structs import replace

from vitrina.bootstrap import application
from vitrina.cli.console import add_locale, print_line
from vitrina.records.books import (
    book_key,
    find_agencies,
    find_projects,
    project_from_document,
    put_project,
)

#: More than a project gets between two copies.
GAP = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line: it has no arguments of its own."""
    add_locale(parser)


def run(_arguments: argparse.Namespace) -> int:
    """Raise the numbers, and print the last one of each project."""
    store = application().services.store
    for agency in find_agencies(store):
        for one in find_projects(store, agency.spreadsheet_id):
            key = book_key(one.spreadsheet_id)
            document = store.get_many([key])[key]
            project = project_from_document(document)
            raised = replace(project, last_number=project.last_number + GAP)
            store.commit([put_project(raised, version=document.version)])
            print_line(f"{raised.spreadsheet_id} {raised.code}-{raised.last_number}")
    return 0
