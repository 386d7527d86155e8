"""Answers and errors as JSON in a person's language."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Response

from vitrina.errors import CellProblem, CellsError, MethodNotAllowedError, ServiceError, VitrinaError
from vitrina.operations.services import Answer, Outcome
from vitrina.ports import Json
from vitrina.texts import Sentence, render, render_all

log = logging.getLogger("vitrina")

STATUS_OF_OUTCOME = {Outcome.ACCEPTED: 202}


def answer_json(answer: Answer, locale: str) -> Json:
    """The envelope of an answer."""
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
    )


def unexpected_answer() -> Answer:
    """What a person is told when we are at fault."""
    return Answer(Outcome.FAILED, Sentence("error.unexpected"))


def response(envelope: Json, status: int) -> Response:
    """The envelope as an HTTP answer."""
    answer = Response(
        json.dumps(envelope, ensure_ascii=False), status=status, content_type="application/json"
    )
    if status == MethodNotAllowedError.http_status:
        answer.headers["Allow"] = "POST"
    return answer


def _cell(problem: CellProblem, locale: str) -> dict[str, Any]:
    return {
        "sheet": problem.sheet,
        "cell": problem.cell,
        "message": render(Sentence(problem.code, dict(problem.where)), locale),
    }
