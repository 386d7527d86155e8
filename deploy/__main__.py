"""``python -m deploy COMMAND --project P --region R``: installs, upgrades and operates on Google Cloud.

``install``: makes everything that is not there (``make deploy``). ``upgrade``: deploys this release to an
installation that is there (Cloud Build). ``run``: runs ``python -m vitrina`` with the settings and secrets of
the installation (``make vitrina``).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from deploy import ROOT, plan
from deploy.gcloud import Cli, GcloudCli, gcloud
from deploy.installation import Installation, InstallationError, example_settings, read_installation
from deploy.runner import Runner, StepError, print_plan

TO_FILL_IN = "TO-BE-FILLED-IN"
AGAIN = "Correct it and run the same command again: what is done is not done twice."


def main(arguments: Sequence[str] | None = None, cli: Cli | None = None) -> int:
    """Run one command; returns the exit code: 0, or 1 for a failure that was printed."""
    parsed = make_parser().parse_args(arguments)
    cli = cli or GcloudCli()
    try:
        return _run(parsed, cli)
    except InstallationError as error:
        print_error(str(error))
    except StepError as error:
        print_error(f"\n{error}\n\n{AGAIN}")
    return 1


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in ("install", "upgrade", "run"):
        one = subparsers.add_parser(name)
        one.add_argument("--project", required=True, help="id of the Google project")
        one.add_argument("--region", required=True, help="region of functions, queue and timer")
        if name != "upgrade":
            one.add_argument(
                "--settings",
                type=Path,
                default=ROOT / "installation.env",
                help="the operator's settings (default: installation.env in the root of the checkout)",
            )
        if name != "run":
            one.add_argument("--dry-run", action="store_true", help="print the commands, run none")
        if name == "install":
            one.add_argument("--operator", default="", help="default: the account of gcloud")
        if name == "run":
            one.add_argument("arguments", nargs="+", help="arguments of python -m vitrina, after --")
    return parser


def _run(parsed: argparse.Namespace, cli: Cli) -> int:
    installation = Installation(parsed.project, parsed.region)
    if parsed.command == "install" and parsed.dry_run and not parsed.settings.exists():
        print_line(f"# {parsed.settings.name} is not there yet; what it will hold is shown as {TO_FILL_IN}.")
        installation = replace(installation, settings=dict.fromkeys(example_settings(), TO_FILL_IN))
    elif parsed.command != "upgrade":
        installation = read_installation(parsed.settings, parsed.project, parsed.region)
    if parsed.command == "run":
        return _operate(installation, cli, parsed.arguments)
    if parsed.command == "install":
        operator = parsed.operator or (installation.operator if parsed.dry_run else _account(cli))
        installation = replace(installation, operator=operator)
    chapters = plan.install(installation) if parsed.command == "install" else plan.upgrade(installation)
    about = f"Vitrina in the project {installation.project}, region {installation.region}."
    if parsed.dry_run:
        print_line(f"# {about}\n# These are the commands, in their order. None of them is run now.")
        print_plan(chapters, print_line)
        return 0
    print_line(about)
    Runner(cli, print_line).carry_out(chapters)
    print_line(f"\nReady. The add-on's script property VITRINA_URL is {installation.url('vitrina-menu')}")
    return 0


def _account(cli: Cli) -> str:
    result = cli.run(gcloud("config", "get-value", "account"))
    account = result.output.strip()
    if result.code != 0 or not account or account == "(unset)":
        raise InstallationError(f"Sign in first: gcloud auth login\n{result.errors.strip()}")
    return account


def _operate(installation: Installation, cli: Cli, arguments: Sequence[str]) -> int:
    """Run ``python -m vitrina`` with the environment that the functions have."""
    environment = {**os.environ, **installation.environment, **read_secrets(installation, cli)}
    command = [sys.executable, "-m", "vitrina", *arguments]
    return subprocess.run(command, cwd=ROOT / "functions", env=environment, check=False).returncode  # noqa: S603


def read_secrets(installation: Installation, cli: Cli) -> dict[str, str]:
    """The values of the installation's secrets, by their environment variables."""
    values = {}
    for secret in installation.secrets:
        read = gcloud(
            "secrets",
            "versions",
            "access",
            "latest",
            f"--secret={secret.name}",
            f"--project={installation.project}",
        )
        result = cli.run(read)
        if result.code != 0:
            raise InstallationError(f"{secret.variable} cannot be read:\n{result.errors.strip()}")
        values[secret.variable] = result.output.strip()
    return values


def print_line(line: str) -> None:
    """Print a line at once: a step may take minutes."""
    print(line, flush=True)


def print_error(line: str) -> None:
    """Print a line to standard error."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
