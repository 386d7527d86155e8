"""The actions of the menu: what each needs, and which use case does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vitrina.domain.calendar import PeriodKind
from vitrina.operations.journal import Journal
from vitrina.operations.services import Answer, Services
from vitrina.ports import Json
from vitrina.records.records import load_agency, load_project
from vitrina.usecases.build_batch import build_batch
from vitrina.usecases.check_books import check_all, check_book
from vitrina.usecases.create_client import ClientForm, check_form, new_client
from vitrina.usecases.estimate import estimate
from vitrina.usecases.push import push
from vitrina.usecases.recalculate_norms import recalculate_norms
from vitrina.usecases.start_batch import start_batch
from vitrina.usecases.sync import refresh
from vitrina.usecases.undo import undo
from vitrina.usecases.update_load import update_load


def _params(**properties: Json) -> Json:
    required = [name for name, schema in properties.items() if "default" not in schema]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_NO_PARAMS = _params()
_TEXT = {"type": "string", "pattern": r"\S", "maxLength": 200}
_ID = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$"}

_CLIENT_FORM = _params(
    client_name=_TEXT,
    project_name=_TEXT,
    code={"type": "string", "pattern": "^[A-ZА-ЯЁ][A-ZА-ЯЁ0-9]{1,7}$"},
    period={"enum": [kind.value for kind in PeriodKind], "default": PeriodKind.WEEK.value},
    limit_hours={"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 10_000, "default": None},
    responsible={"type": "string", "maxLength": 200, "default": ""},
)


@dataclass(frozen=True)
class Action:
    """One action of the menu.

    A quick one is done while the menu waits; an operation is checked, queued and run by ``task``.
    """

    book_kind: str
    params: Json
    run: Callable[[Services, str, Mapping[str, Any]], Answer] | None = None
    run_operation: Callable[[Services, str, Mapping[str, Any], Journal], Answer] | None = None
    check: Callable[[Services, str, Mapping[str, Any]], None] = lambda *_: None


ACTIONS: Mapping[str, Action] = {
    "estimate": Action("client", _NO_PARAMS, run=lambda s, book, _: estimate(s, load_project(s.store, book))),
    "build_batch": Action(
        "client",
        _params(period={"enum": ["current", "next"], "default": "current"}),
        run=lambda s, book, p: build_batch(s, load_project(s.store, book), period=p.get("period", "current")),
    ),
    "start_batch": Action(
        "client",
        _params(preview_id=_ID),
        run=lambda s, book, p: start_batch(s, load_project(s.store, book), preview_id=p["preview_id"]),
    ),
    "push": Action(
        "client",
        _NO_PARAMS,
        run_operation=lambda s, book, _, journal: push(s, load_project(s.store, book), journal),
    ),
    "refresh": Action(
        "client",
        _NO_PARAMS,
        run_operation=lambda s, book, _, journal: refresh(s, load_project(s.store, book), journal),
    ),
    "undo": Action(
        "client",
        _NO_PARAMS,
        run_operation=lambda s, book, _, journal: undo(s, load_project(s.store, book), journal),
    ),
    "check_book": Action(
        "client",
        _NO_PARAMS,
        run_operation=lambda s, book, _, journal: check_book(s, load_project(s.store, book), journal),
    ),
    "new_client": Action(
        "agency",
        _CLIENT_FORM,
        run_operation=lambda s, book, p, journal: new_client(
            s, load_agency(s.store, book), _form(p), journal
        ),
        check=lambda s, book, p: check_form(s, load_agency(s.store, book), _form(p)),
    ),
    "recalculate_norms": Action(
        "agency", _NO_PARAMS, run=lambda s, book, _: recalculate_norms(s, load_agency(s.store, book))
    ),
    "update_load": Action(
        "agency",
        _NO_PARAMS,
        run_operation=lambda s, book, _, journal: update_load(s, load_agency(s.store, book), journal),
    ),
    "check_all": Action(
        "agency",
        _NO_PARAMS,
        run_operation=lambda s, book, _, journal: check_all(s, load_agency(s.store, book), journal),
    ),
}


def _form(params: Mapping[str, Any]) -> ClientForm:
    return ClientForm(
        client_name=params["client_name"].strip(),
        project_name=params["project_name"].strip(),
        code=params["code"],
        period=PeriodKind(params.get("period", PeriodKind.WEEK)),
        limit_hours=params.get("limit_hours"),
        responsible=params.get("responsible", "").strip(),
    )
