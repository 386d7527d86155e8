"""What an action answers, and the answer as JSON in a person's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from vitrina.errors import (
    BusyError,
    CellProblem,
    CellsError,
    ServiceError,
    TooManyRequestsError,
    VitrinaError,
)
from vitrina.ports import Json
from vitrina.texts import Sentence, render, render_all

#: More lines of an answer that say the same of other tasks are told as one.
MOST_ALIKE = 3
#: The most tasks that such a line names.
MOST_IDS = 12


class Outcome(StrEnum):
    """How an action ended; never a silent success."""

    DONE = "done"
    PARTIAL = "partial"
    REFUSED = "refused"
    FAILED = "failed"
    ACCEPTED = "accepted"
    RUNNING = "running"


class Answer(Struct, frozen=True):
    """What the person is told, not yet in any language.

    ``shown_once`` is further data that he gets now, and nobody afterwards: it is not kept.
    """

    outcome: Outcome
    message: Sentence
    details: tuple[Sentence, ...] = ()
    cells: tuple[CellProblem, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    operation_id: str | None = None
    shown_once: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Without what is shown once: it has secret links."""
        return f"Answer({self.outcome!r}, {self.message!r}, {self.details!r}, {self.cells!r}, {self.data!r})"


def group_alike(lines: Sequence[Sentence], grouped: Mapping[str, str]) -> list[Sentence]:
    """The same lines, with one in place of more than ``MOST_ALIKE`` that differ in their ``id`` only.

    Parameters
    ----------
    grouped
        Codes of the sentences for many, by the code of the sentence for one. They have the placeholders
        ``items``, the first ids, and ``count`` in place of ``id``.
    """
    alike: dict[tuple[Any, ...], list[Sentence]] = {}
    for place, line in enumerate(lines):
        rest = {key: value for key, value in line.where.items() if key != "id"}
        key = (line.code, repr(rest)) if line.code in grouped else (place,)
        alike.setdefault(key, []).append(line)
    told: list[Sentence] = []
    for group in alike.values():
        first = group[0]
        if len(group) <= MOST_ALIKE:
            told += group
            continue
        ids = [line.where["id"] for line in group]
        where = {key: value for key, value in first.where.items() if key != "id"}
        where |= {"items": ids[:MOST_IDS], "count": len(ids)}
        told.append(Sentence(grouped[first.code], where))
    return told


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
        # The add-on offers to repeat what failed.
        outcome=Outcome.FAILED if isinstance(error, ServiceError | TooManyRequestsError) else Outcome.REFUSED,
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
