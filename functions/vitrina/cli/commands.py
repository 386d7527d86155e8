"""The command line ``python -m vitrina COMMAND``.

Settings come from the environment, as in the deployed functions.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from vitrina.cli import after_restore, check, copy_store, create_agency, import_history
from vitrina.cli.console import CommandError, print_error, print_product_error
from vitrina.cli.doctor import command as doctor
from vitrina.errors import VitrinaError

#: Modules by the name of their command; the first line of a module's docstring is its help.
COMMANDS = {
    "create-agency": create_agency,
    "import-history": import_history,
    "check": check,
    "copy-store": copy_store,
    "after-restore": after_restore,
    "doctor": doctor,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 for success, 1 for a failure that was printed."""
    parsed = make_parser().parse_args(arguments)
    try:
        exit_code: int = COMMANDS[parsed.command].run(parsed)
    except VitrinaError as error:
        print_product_error(error, parsed.locale)
    except (CommandError, OSError, ValueError) as error:
        # A setting that is no number or no moment is a ValueError.
        print_error(str(error))
    else:
        return exit_code
    return 1


def make_parser() -> argparse.ArgumentParser:
    """Return the parser with a subcommand for each entry of ``COMMANDS``."""
    parser = argparse.ArgumentParser(prog="python -m vitrina", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        description = module.__doc__ or ""
        subparser = subparsers.add_parser(
            name,
            help=description.splitlines()[0],
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(subparser)
    return parser
