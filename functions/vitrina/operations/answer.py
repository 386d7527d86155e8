"""What an action answers, and the answer as JSON in a person's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from vitrina.errors import BusyError, CellProblem, CellsError, ServiceError, VitrinaError
from vitrina.ports import Json
from vitrina.texts import Sentence, render, render_all


class Outcome(StrEnum):
    """How an action ended; never a silent success."""

    DONE = "done"
    PARTIAL = "partial"
    REFUSED = "refused"
    FAILED = "failed"
    ACCEPTED = "accepted"
    RUNNING = "running"


@dataclass(frozen=True)
class Answer:
    """What the person is told, not yet in any language."""

    outcome: Outcome
    message: Sentence
    details: tuple[Sentence, ...] = ()
    cells: tuple[CellProblem, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    operation_id: str | None = None


def answer_json(answer: Answer, locale: str) -> Json:
    """The answer as the add-on reads it."""
    envelope: Json = {
        "outcome": answer.outcome.value,
        "message": render(answer.message, locale),
        "details": [render(detail, locale) for detail in answer.details],
        "cells": [_cell(problem, locale) for problem in answer.cells],
        "data": render_all(answer.data, locale),
    }
    if answer.operation_id is not None:
        envelope["operation_id"] = answer.operation_id
    return envelope


def error_answer(error: VitrinaError) -> Answer:
    """What a person is told of an error: refused where he can act, failed where an outside system did."""
    details: tuple[Sentence, ...] = tuple(error.where.get("changes", ()))
    return Answer(
        outcome=Outcome.FAILED if isinstance(error, ServiceError) else Outcome.REFUSED,
        message=Sentence(error.code, error.where),
        details=details,
        cells=error.problems if isinstance(error, CellsError) else (),
        data={"is_busy": True} if isinstance(error, BusyError) else {},
    )


def unexpected_answer() -> Answer:
    """What a person is told when we are at fault."""
    return Answer(Outcome.FAILED, Sentence("error.unexpected"))


def _cell(problem: CellProblem, locale: str) -> dict[str, Any]:
    elsewhere = {"spreadsheet_id": problem.spreadsheet_id, "url": problem.url} if problem.url else {}
    return {
        **elsewhere,
        "sheet": problem.sheet,
        "cell": problem.cell,
        "message": render(Sentence(problem.code, dict(problem.where)), locale),
    }
