"""Carries out the steps of an installation, or prints them."""

from __future__ import annotations

import getpass
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy import ROOT
from deploy.gcloud import Cli, Command, Result, with_variables
from deploy.installation import InstallationError
from deploy.step import Chapter, CheckHealth, Step, Task, Value, WriteFile
from vitrina import __version__

#: Seconds between two tries of a step that needs time.
PAUSE_S = 15.0
#: Tries of a step that waits for Google: 45 minutes.
WAITS = 180
HEALTH_TIMEOUT_S = 30.0


class StepError(Exception):
    """A step failed; the text says which, why, and what to do."""


def print_plan(chapters: Sequence[Chapter], say: Callable[[str], None]) -> None:
    """Print what ``Runner`` would do, as commands and comments of a shell. Nothing is run."""
    for number, chapter in enumerate(chapters, start=1):
        say(f"\n\n## {number}. {chapter.title}\n## {chapter.about}")
        for task in chapter.steps:
            say(f"\n# {task.title}{_condition(task)}")
            for line in _lines(task):
                say(line)


def _condition(task: Task) -> str:
    if isinstance(task, Step) and task.wait_until:
        return ": repeated until it shows no index that is being made"
    if isinstance(task, Step) and task.look and not task.change and not task.remembered_as:
        return "\n# (left out if this shows that it is there: " + task.look.line + ")"
    return ""


def _lines(task: Task) -> list[str]:
    if isinstance(task, WriteFile):
        return [f"cat > {task.path} <<'END'", task.text.rstrip("\n"), "END"]
    if isinstance(task, CheckHealth):
        header = "" if task.function.is_public else f'-H "Authorization: Bearer $({task.token.line})" '
        return [f"curl {header}{task.url}"]
    if task.look and task.remembered_as:
        return _lines_with_variable(task, task.look)
    if task.look and task.change:
        return [
            f"if {task.look.line}; then",
            task.change.text(),
            "else",
            task.run.text(),
            "fi",
        ]
    return [task.run.text()]


def _lines_with_variable(step: Step, look: Command) -> list[str]:
    name = step.remembered_as
    made = [f'if [ -z "${{{name}}}" ]; then', f"{name}=$({step.run.text()})"]
    changed = ["else", step.change.text()] if step.change else []
    return [f"{name}=$({look.line})", *made, *changed, "fi"]


def _open(request: urllib.request.Request) -> str:
    """The text of the answer, or what came in its place."""
    try:
        with urllib.request.urlopen(request, timeout=HEALTH_TIMEOUT_S) as answer:  # noqa: S310 - https only
            return str(answer.read().decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        text = error.read().decode("utf-8", "replace")
        return text if text.startswith("{") else f"HTTP {error.code} {text}"
    except OSError as error:
        return f"no answer: {error}"


@dataclass
class Runner:
    """Carries out chapters in their order. A repeat leaves out what is there already.

    Parameters
    ----------
    say
        Prints a line for the operator.
    environment
        Where values of secrets may stand.
    sleep
        Waits so many seconds.
    """

    cli: Cli
    say: Callable[[str], None]
    root: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    sleep: Callable[[float], None] = time.sleep
    open_url: Callable[[urllib.request.Request], str] = _open
    _remembered: dict[str, str] = field(default_factory=dict)

    def carry_out(self, chapters: Sequence[Chapter]) -> None:
        """Carry out all steps; raises ``StepError`` at the first that fails."""
        for number, chapter in enumerate(chapters, start=1):
            self.say(f"\n{number}. {chapter.title}")
            for task in chapter.steps:
                # Before it is done, because it may take minutes.
                self.say(f"   {task.title} …")
                self.say(f"      {self._do(task)}")

    def _do(self, task: Task) -> str:
        if isinstance(task, WriteFile):
            path = self.root / task.path
            path.parent.mkdir(exist_ok=True)
            path.write_text(task.text, encoding="utf-8")
            return f"written to {task.path}"
        if isinstance(task, CheckHealth):
            return self._check_health(task)
        if task.look is None or not self._is_there(task, task.look):
            self._run(task, task.run)
            return "done" if task.look is None else "made"
        if task.change is None:
            return "there already"
        self._run(task, task.change)
        return "brought up to date"

    def _is_there(self, step: Step, look: Command) -> bool:
        result = self.cli.run(look)
        self._remember(step, result)
        if result.is_absent:
            return False
        if result.code != 0:
            raise _failed(step, look, result)
        try:
            return step.is_there(result.output)
        except InstallationError as error:
            raise StepError(f"{step.title}: {error}") from error

    def _run(self, step: Step, command: Command) -> None:
        value = self._value(step) if step.value and command is step.run else ""
        waits = 0
        tries = 1
        while True:
            result = self.cli.run(with_variables(command, self._remembered), value)
            if result.code != 0:
                if tries >= step.tries:
                    raise _failed(step, command, result)
                tries += 1
            elif step.wait_until is None or step.wait_until(result.output):
                if command is step.run:
                    self._remember(step, result)
                return
            elif waits >= WAITS:
                raise StepError(f"{step.title}: not yet after {WAITS * PAUSE_S / 60:.0f} minutes.")
            else:
                waits += 1
            self.sleep(PAUSE_S)

    def _remember(self, step: Step, result: Result) -> None:
        if step.remembered_as:
            self._remembered[step.remembered_as] = result.output.strip()

    def _value(self, step: Step) -> str:
        value = step.value
        if value is None:
            return ""
        given = value.make() if value.make else self._asked(value)
        if not given:
            raise StepError(
                f"{step.title}: there is no value. Set the environment variable {value.variable} for this "
                f"one run, or run it at a terminal, where you are asked for it, or create the secret "
                f"yourself:\n  {step.run.text()}"
            )
        return given

    def _asked(self, value: Value) -> str:
        given = self.environment.get(value.variable, "").strip()
        if given or not sys.stdin.isatty():
            return given
        return getpass.getpass(f"   {value.variable} (what you type is not shown): ").strip()

    def _check_health(self, task: CheckHealth) -> str:
        headers = {}
        if not task.function.is_public:
            token = self.cli.run(task.token)
            if token.code != 0:
                return "not asked, because there is no token for it here"
            headers["Authorization"] = f"Bearer {token.output.strip()}"
        text = self.open_url(urllib.request.Request(task.url, headers=headers))  # noqa: S310 - https only
        try:
            health = json.loads(text)
            told = f"{health['version']}, settings {health['settings']}, store {health['store']}"
        except (ValueError, LookupError, TypeError):
            if not task.function.is_public and text.startswith("HTTP 403"):
                return "not asked, because your account may not call it (the queue may)"
            raise StepError(f"{task.title}: {task.url} answers {text[:200]!r}. Look at its log.") from None
        if (health["settings"], health["store"]) != ("ok", "ok"):
            raise StepError(f"{task.title}: {told}. The log of the function says why.")
        if health["version"] != __version__:
            raise StepError(f"{task.title}: it runs release {told}, not {__version__}. Deploy it again.")
        return told


def _failed(step: Step, command: Command, result: Result) -> StepError:
    hint = f"\n{step.if_it_fails}" if step.if_it_fails else ""
    return StepError(f"{step.title} failed:\n  {command.line}\n{result.errors.strip()}{hint}")
