"""A fact about a part of the installation."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from google.auth.exceptions import GoogleAuthError
from googleapiclient.errors import HttpError
from httplib2 import HttpLib2Error
from msgspec import Struct

from vitrina.errors import ConfigurationError, VitrinaError
from vitrina.texts import Sentence, render


class Condition(StrEnum):
    """How a part of the installation is."""

    OK = "ok"
    WRONG = "WRONG"
    UNKNOWN = "unknown"


class Fact(Struct, frozen=True):
    """What was found out about a *part*; ``observed`` says what, or what to do."""

    part: str
    condition: Condition
    observed: str


class WrongError(Exception):
    """The part has to be corrected; the text says what was seen and what to do."""


class UnknownError(Exception):
    """Nothing can be said about the part from here; the text says why."""


def expect(condition: object, problem: str) -> None:
    """Raise ``WrongError`` with *problem* unless *condition* holds."""
    if not condition:
        raise WrongError(problem)


def find_out(part: str, ask: Callable[[], str]) -> Fact:
    """What *ask* observes; an outside system that refuses or does not answer is a fact too."""
    condition, observed = Condition.UNKNOWN, ""
    try:
        condition, observed = Condition.OK, ask()
    except WrongError as error:
        condition, observed = Condition.WRONG, str(error)
    except UnknownError as error:
        observed = str(error)
    except HttpError as error:
        if error.status_code == 404:
            condition, observed = Condition.WRONG, f"it is not there: {error.reason}"
        else:
            observed = f"Google answered {error.status_code}: {error.reason}"
    except VitrinaError as error:
        condition = Condition.WRONG if isinstance(error, ConfigurationError) else Condition.UNKNOWN
        observed = render(Sentence(error.code, error.where), "en")
    except GoogleAuthError as error:
        observed = f"nobody is signed in: {error}"
    except (HttpLib2Error, OSError) as error:
        observed = f"no answer: {error}"
    return Fact(part, condition, observed)
