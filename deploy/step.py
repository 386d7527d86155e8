"""A step of an installation: how to see whether something is there, and how to make it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deploy.functions import Function
from deploy.gcloud import Command


@dataclass(frozen=True)
class Value:
    """What goes to the input of a command: made up, or asked of the operator."""

    #: Name of the environment variable that may hold it, and of the thing when it is asked for.
    variable: str
    make: Callable[[], str] | None = None


@dataclass(frozen=True)
class Step:
    """One thing that is made, or one thing that is made so.

    Parameters
    ----------
    title
        What there is afterwards.
    run
        Makes it. Without ``look`` a repeat of it changes nothing.
    look
        Shows whether it is there; ``run`` is left out then.
    is_there
        Judges what ``look`` printed. ``look`` fails if what it names is absent.
    change
        Runs in place of ``run`` if it is there, to give it today's parameters.
    wait_until
        Judges what ``run`` printed; ``run`` is repeated until it holds.
    value
        What ``run`` gets as its input.
    remembered_as
        Under which name its own and later commands have ``${name}`` in place of what ``look`` printed, or
        ``run`` where it was not there.
    tries
        How often ``run`` is tried if it fails.
    if_it_fails
        What the operator can do.
    """

    title: str
    run: Command
    look: Command | None = None
    is_there: Callable[[str], bool] = lambda _: True
    change: Command | None = None
    wait_until: Callable[[str], bool] | None = None
    value: Value | None = None
    remembered_as: str = ""
    tries: int = 1
    if_it_fails: str = ""


@dataclass(frozen=True)
class WriteFile:
    """A file on the operator's machine that later commands read."""

    title: str
    path: str
    text: str


@dataclass(frozen=True)
class CheckHealth:
    """Ask a function whether it is well."""

    title: str
    function: Function
    url: str
    #: Prints a token of the operator, for a function that not everybody may call.
    token: Command


Task = Step | WriteFile | CheckHealth


@dataclass(frozen=True)
class Chapter:
    """Steps that belong together, with a sentence for the operator."""

    title: str
    about: str
    steps: Sequence[Task]
