"""Commands of the Google Cloud CLI: how they are written for a shell, and how they are run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from deploy import ROOT

#: Arguments of a command that fit into a line; more are written one a line.
_LINE = 100
_VARIABLE = re.compile(r"\$\{(\w+)\}")
#: What gcloud says of something that is not there.
_ABSENT = re.compile(r"not[_ ]found|does not exist|may not exist|status=\[404\]", re.IGNORECASE)


@dataclass(frozen=True)
class Command:
    """A gcloud command. *pipe* is what a shell would write to its input, for a person who reads it."""

    arguments: tuple[str, ...]
    pipe: str = ""

    @property
    def line(self) -> str:
        """The command on one line, for a shell."""
        return " ".join(["gcloud", *map(_quoted, self.arguments)])

    def text(self) -> str:
        """The command for a shell, on several lines if it is long."""
        pipe = f"{self.pipe} | " if self.pipe else ""
        if len(pipe + self.line) <= _LINE:
            return pipe + self.line
        words = " ".join(_quoted(one) for one in self.arguments if not one.startswith("-"))
        flags = [_quoted(one) for one in self.arguments if one.startswith("-")]
        lines = textwrap.wrap(f"{pipe}gcloud {words}", _LINE, break_long_words=False, break_on_hyphens=False)
        return " \\\n    ".join([*lines, *flags])


def _quoted(argument: str) -> str:
    """An argument, quoted for a shell. In ``--flag=value`` only the value is quoted."""
    flag, equals, value = argument.partition("=")
    if not argument.startswith("--") or not equals:
        return _quoted_value(argument)
    return f"{flag}={_quoted_value(value)}"


def _quoted_value(value: str) -> str:
    """A variable of the shell is replaced between double quotes only."""
    return f'"{value}"' if _VARIABLE.fullmatch(value) else shlex.quote(value)


def with_variables(command: Command, values: Mapping[str, str]) -> Command:
    """The command with values in place of ``${name}``."""
    arguments = (_VARIABLE.sub(lambda one: values[one[1]], argument) for argument in command.arguments)
    return Command(tuple(arguments), command.pipe)


def gcloud(*arguments: str, pipe: str = "") -> Command:
    """A gcloud command."""
    return Command(arguments, pipe)


@dataclass(frozen=True)
class Result:
    """What a command gave: exit code, and what it printed."""

    code: int
    output: str
    errors: str

    @property
    def is_absent(self) -> bool:
        """Whether the command failed because what it names is not there."""
        return self.code != 0 and _ABSENT.search(self.errors) is not None


class Cli(Protocol):
    """The Google Cloud CLI."""

    def run(self, command: Command, value: str = "") -> Result:
        """Run a command; *value* goes to its input."""


class GcloudCli:
    """The installed one. It asks no questions: what is missing is an error."""

    def run(self, command: Command, value: str = "") -> Result:
        """See ``Cli``."""
        path = shutil.which("gcloud")
        if path is None:
            return Result(127, "", "The Google Cloud CLI is not installed: https://cloud.google.com/sdk")
        done = subprocess.run(  # noqa: S603 - the arguments are our own
            [path, *command.arguments],
            input=value,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"},
        )
        return Result(done.returncode, done.stdout, done.stderr)
