"""The actions of the menu: what each needs, and which use case does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.invoicing import RequestKind
from vitrina.errors import UserError
from vitrina.operations.answer import Answer
from vitrina.operations.clicks.access import MANAGING
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.outside.client_links import Scope
from vitrina.records.outside.decisions import DecisionKind
from vitrina.records.told.metric_reports import MOST_ASKED, MOST_OWNER, MOST_REASON, MOST_TITLE
from vitrina.usecases.accounting.ask import (
    AskingForm,
    accounting_options,
    ask_accounting,
    preview_accounting,
    request_file,
)
from vitrina.usecases.accounting.withdraw import withdraw_request
from vitrina.usecases.agency.check_books import check_all, check_book
from vitrina.usecases.agency.recalculate_norms import recalculate_norms
from vitrina.usecases.agency.update_load import update_load
from vitrina.usecases.agency.upgrade_books import upgrade_books
from vitrina.usecases.batch.assign_task import assign_task
from vitrina.usecases.batch.build_batch import build_batch
from vitrina.usecases.batch.draft_assignment import request_from_data
from vitrina.usecases.batch.estimate import estimate
from vitrina.usecases.batch.plan_wishes import WISHES_SCHEMA
from vitrina.usecases.batch.preview_assignment import preview_assignment
from vitrina.usecases.batch.replan_work import preview_replan, replan_work
from vitrina.usecases.batch.start_batch import start_batch
from vitrina.usecases.batch.task_source import Selection
from vitrina.usecases.chats.answer_question import answer_question, open_questions
from vitrina.usecases.chats.note_call import note_call
from vitrina.usecases.chats.show_chat import show_chat
from vitrina.usecases.client_page.links import FOR_DIGEST, make_link, revoke_link, show_links
from vitrina.usecases.clients.apply_onboarding import apply_onboarding
from vitrina.usecases.clients.create_client import ClientForm, DealFacts, check_form, create_client
from vitrina.usecases.clients.invite_client import invite_client
from vitrina.usecases.clients.preview_onboarding import preview_onboarding
from vitrina.usecases.clients.show_as_client import show_as_client
from vitrina.usecases.deals.project_code import CODE
from vitrina.usecases.decisions.decide import MOST_ITEMS, MOST_TEXT
from vitrina.usecases.decisions.decide_for_client import decide_for_client
from vitrina.usecases.decisions.show_to_client import finished_work, show_to_client
from vitrina.usecases.decisions.take_back_accepted import accepted_work, take_back_accepted
from vitrina.usecases.digest.send_digest import preview_digest, send_digest
from vitrina.usecases.metric_report.act import ReportPlace, add_action, approve
from vitrina.usecases.metric_report.draft import ReportForm, preview_report
from vitrina.usecases.metrics.choose_source import (
    Place,
    Wanted,
    choose_source,
    remove_source,
    show_measures,
    show_sources,
)
from vitrina.usecases.tracker.push import push
from vitrina.usecases.tracker.refresh import refresh
from vitrina.usecases.tracker.settle_conflicts import KEEP_SHEET, KEEP_TRACKER, settle_conflicts
from vitrina.usecases.tracker.switch_tracker import (
    check_switch,
    preview_switch,
    switch_options,
    switch_tracker,
)
from vitrina.usecases.undo import undo
from vitrina.workbook.reading.team import Role

Params = Mapping[str, Any]


def _params(**properties: Json) -> Json:
    required = [name for name, schema in properties.items() if "default" not in schema]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_NO_PARAMS = _params()
_TEXT = {"type": "string", "pattern": r"\S", "maxLength": 200}
_ID = {"type": "string", "pattern": r"^[A-Za-z0-9_-]{1,100}\Z"}

_CLIENT_FORM = _params(
    client_name=_TEXT,
    project_name=_TEXT,
    code={"type": "string", "pattern": rf"^{CODE.pattern}\Z"},
    period={"enum": [kind.value for kind in PeriodKind], "default": PeriodKind.WEEK.value},
    limit_hours={"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 10_000, "default": None},
    responsible={"type": "string", "maxLength": 200, "default": ""},
    tracker={"type": "string", "pattern": r"^[a-z][a-z0-9-]{0,30}\Z", "default": ""},
    onboarding={"type": "string", "maxLength": 200, "default": ""},
)
#: What a rule makes of a deal; no person sends it.
_DEAL_FORM = _params(
    **_CLIENT_FORM["properties"],
    deal_id={"type": "string", "maxLength": 40},
    deal_url={"type": "string", "maxLength": 500},
    for_staff={"type": "string", "maxLength": 2000},
    for_client={"type": "string", "maxLength": 2000},
)

#: What is taken for a metric: an account of a list, or a link with an area, or pasted text.
_WANTED: Mapping[str, Json] = {
    "system": {"type": "string", "pattern": r"^[a-z_]{1,30}\Z"},
    "account_id": {"type": "string", "maxLength": 200, "default": ""},
    "measure_id": {"type": "string", "maxLength": 300, "default": ""},
    "link": {"type": "string", "maxLength": 1000, "default": ""},
    "area": {"type": "string", "maxLength": 40, "default": ""},
    "text": {"type": "string", "maxLength": 200_000, "default": ""},
}

_SWITCH = _params(
    tracker={"type": "string", "pattern": r"^[a-z][a-z0-9-]{0,30}\Z"},
    projects={"type": "array", "items": _ID, "minItems": 1, "maxItems": 500, "uniqueItems": True},
)
#: Google's longest note.
_LONG_TEXT = {"type": "string", "maxLength": 50_000, "default": ""}
_PLACE = {"type": ["integer", "null"], "minimum": 0, "default": None}
_PART = _params(
    profile={"type": "string", "maxLength": 100},
    specialist={"type": "string", "maxLength": 200, "default": ""},
    hours={"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1000, "default": None},
)

_ASSIGNMENT_FORM = _params(
    sheet_id=_PLACE,
    row=_PLACE,
    note=_LONG_TEXT,
    is_filled={"type": "boolean", "default": False},
    number={"type": ["integer", "null"], "minimum": 1, "default": None},
    work_type={"type": "string", "maxLength": 200, "default": ""},
    parts={"type": "array", "items": _PART, "maxItems": 20, "default": []},
    wanted_on={"type": ["string", "null"], "pattern": r"^\d{4}-\d{2}-\d{2}\Z", "default": None},
    is_urgent={"type": "boolean", "default": False},
    allows_over={"type": "boolean", "default": False},
)
_ASSIGNMENT = _params(
    preview_id=_ID,
    title={"type": "string", "pattern": r"\S", "maxLength": 500},
    result=_LONG_TEXT,
)

#: A kind of project is a cell of the agency's workbook.
_KIND = {"type": "string", "maxLength": 200}

_INVITATION = _params(email={"type": "string", "pattern": r"^\s*[^@\s]+@[^@\s]+\s*\Z", "maxLength": 200})

#: With some words around it, it fits into one message.
_CHAT_TEXT: Json = {"type": "string", "pattern": r"\S", "maxLength": 3500}
_DECISIONS: Json = {
    "type": "array",
    "items": {"type": "string", "maxLength": 500},
    "maxItems": 30,
    "default": [],
}

_NUMBER: Json = {"type": "integer", "minimum": 1, "maximum": 10_000_000}
_NUMBERS: Json = {
    "type": "array",
    "items": _NUMBER,
    "minItems": 1,
    "maxItems": MOST_ITEMS,
    "uniqueItems": True,
}
_SHOWING = _params(
    numbers=_NUMBERS,
    result_url={"type": "string", "pattern": r"^(\s*|\s*https://\S+\s*)\Z", "maxLength": 2000, "default": ""},
)
_CLIENTS_DECISION = _params(
    numbers=_NUMBERS,
    kind={"enum": [one.value for one in DecisionKind]},
    text={"type": "string", "maxLength": MOST_TEXT, "default": ""},
    note={"type": "string", "pattern": r"\S", "maxLength": 500},
)

_DAY: Json = {"type": ["string", "null"], "pattern": r"^\d{4}-\d{2}-\d{2}\Z", "default": None}
_ASKING: Mapping[str, Json] = {
    "project": _ID,
    "kind": {"enum": [one.value for one in RequestKind]},
    "month": {"enum": ["current", "previous", "days"], "default": "current"},
    "start_on": _DAY,
    "end_on": _DAY,
}

_REPORT: Mapping[str, Json] = {
    "number": _NUMBER,
    "revision": _NUMBER,
    "reason": {"type": "string", "maxLength": MOST_REASON, "default": ""},
    "asked": {"type": "string", "maxLength": MOST_ASKED, "default": ""},
}

#: Number of the item, row, field, and what stands on both sides.
_CONFLICTS = {
    "type": "array",
    "items": {"type": "string", "pattern": r"^\d{1,10}-\d{1,10}-[a-z_]{1,20}-[0-9a-f]{10}\Z"},
    "maxItems": 500,
}
_CHOICE = _params(
    keep={"enum": [KEEP_SHEET, KEEP_TRACKER]},
    conflicts={**_CONFLICTS, "minItems": 1},
    shown={**_CONFLICTS, "default": []},
)


def _nothing_to_check(_services: Services, _spreadsheet_id: str, _params: Params) -> None:
    """Accept the click: problems of this action are found while it runs."""


@dataclass(frozen=True)
class Action:
    """One action of the menu.

    A quick action runs while the menu waits. With ``is_queued`` the click only runs ``check`` and queues the
    action; the ``task`` entry point runs it later. ``holds`` are the keys of the leases that a run takes,
    with ``{book}`` in place of the workbook's id. ``roles`` are those of the people who may do it.
    One that ``is_noted`` gets a line in *Журнал*; where it ``changes_hours``, *Загрузка* is drawn after it.
    """

    book_kind: str
    params: Json
    run: Callable[[Run, str, Params], Answer]
    roles: frozenset[Role] = MANAGING
    is_noted: bool = False
    changes_hours: bool = False
    is_queued: bool = False
    holds: tuple[str, ...] = ("{book}",)
    check: Callable[[Services, str, Params], None] = _nothing_to_check


def _wanted(params: Params) -> Wanted:
    return Wanted(**{name: params[name] for name in _WANTED if name in params})


ACTIONS: Mapping[str, Action] = {
    "estimate": Action("client", _NO_PARAMS, lambda run, book, _: estimate(run, book), is_noted=True),
    "invite_client": Action(
        "client",
        _INVITATION,
        lambda run, book, params: invite_client(run, book, params["email"]),
        holds=(),
        is_noted=True,
    ),
    "build_batch": Action(
        "client",
        _params(period={"enum": ["current", "next"], "default": "current"}, wishes=WISHES_SCHEMA),
        lambda run, book, params: build_batch(
            run, book, period=params.get("period", "current"), wishes=params.get("wishes")
        ),
        holds=(),
    ),
    "preview_replan": Action("client", _NO_PARAMS, lambda run, book, _: preview_replan(run, book), holds=()),
    "replan_work": Action(
        "client",
        _params(preview_id=_ID),
        lambda run, book, params: replan_work(run, book, preview_id=params["preview_id"]),
        is_noted=True,
        changes_hours=True,
    ),
    "start_batch": Action(
        "client",
        _params(preview_id=_ID),
        lambda run, book, params: start_batch(run, book, preview_id=params["preview_id"]),
        is_noted=True,
        changes_hours=True,
    ),
    "preview_assignment": Action(
        "client",
        _ASSIGNMENT_FORM,
        lambda run, book, params: preview_assignment(
            run,
            book,
            selection=Selection(params.get("sheet_id"), params.get("row"), params.get("note", "")),
            request=request_from_data(params),
            is_filled=params.get("is_filled", False),
        ),
        holds=(),
    ),
    "assign_task": Action(
        "client",
        _ASSIGNMENT,
        lambda run, book, params: assign_task(
            run,
            book,
            preview_id=params["preview_id"],
            title=params["title"],
            result=params.get("result", ""),
        ),
        is_noted=True,
        changes_hours=True,
    ),
    "preview_onboarding": Action(
        "client",
        _params(kind={**_KIND, "default": ""}),
        lambda run, book, params: preview_onboarding(run, book, kind=params.get("kind", "")),
        holds=(),
    ),
    "apply_onboarding": Action(
        "client",
        _params(kind={**_KIND, "pattern": r"\S"}, plan_id={**_ID, "default": ""}),
        lambda run, book, params: apply_onboarding(
            run, book, params["kind"], plan_id=params.get("plan_id", "")
        ),
        is_noted=True,
        changes_hours=True,
    ),
    "push": Action("client", _NO_PARAMS, lambda run, book, _: push(run, book), is_queued=True, is_noted=True),
    "refresh": Action(
        "client",
        _NO_PARAMS,
        lambda run, book, _: refresh(run, book),
        is_queued=True,
        is_noted=True,
        changes_hours=True,
    ),
    "settle_conflicts": Action(
        "client",
        _CHOICE,
        lambda run, book, params: settle_conflicts(
            run,
            book,
            keep=params["keep"],
            conflicts=params["conflicts"],
            shown=params.get("shown", ()),
        ),
        is_queued=True,
        is_noted=True,
        changes_hours=True,
    ),
    "undo": Action(
        "client",
        _params(record_id={"type": "string", "maxLength": 64, "default": ""}),
        lambda run, book, params: undo(run, book, params.get("record_id", "")),
        is_queued=True,
        is_noted=True,
        changes_hours=True,
    ),
    "check_book": Action(
        "client", _NO_PARAMS, lambda run, book, _: check_book(run, book), is_queued=True, holds=()
    ),
    "show_as_client": Action("client", _NO_PARAMS, lambda run, book, _: show_as_client(run, book), holds=()),
    "client_links": Action("client", _NO_PARAMS, lambda run, book, _: show_links(run, book), holds=()),
    "make_client_link": Action(
        "client",
        _params(scope={"enum": [*(one.value for one in Scope), FOR_DIGEST]}),
        lambda run, book, params: make_link(run, book, params["scope"]),
        holds=("client_links:{book}",),
        is_noted=True,
    ),
    "revoke_client_link": Action(
        "client",
        _params(link_id={"type": "string", "pattern": r"^[0-9a-f]{12}\Z"}),
        lambda run, book, params: revoke_link(run, book, params["link_id"]),
        holds=("client_links:{book}",),
        is_noted=True,
    ),
    "metric_sources": Action(
        "client",
        _params(sheet_id=_PLACE, row=_PLACE),
        lambda run, book, params: show_sources(
            run, book, sheet_id=params.get("sheet_id"), row=params.get("row")
        ),
        holds=(),
    ),
    "metric_measures": Action(
        "client",
        _params(**_WANTED),
        lambda run, book, params: show_measures(run, book, _wanted(params)),
        holds=(),
    ),
    "choose_metric_source": Action(
        "client",
        _params(
            row={"type": "integer", "minimum": 1, "maximum": 100_000},
            metric={"type": "string", "pattern": r"\S", "maxLength": 5000},
            **_WANTED,
        ),
        lambda run, book, params: choose_source(
            run, book, Place(params["row"], params["metric"]), _wanted(params)
        ),
        is_noted=True,
    ),
    "remove_metric_source": Action(
        "client",
        _params(number={"type": "integer", "minimum": 1, "maximum": 2**31 - 1}),
        lambda run, book, params: remove_source(run, book, params["number"]),
        is_noted=True,
    ),
    "show_chat": Action(
        "client",
        _NO_PARAMS,
        lambda run, book, _: show_chat(run, book, agency_id=run.agency_id),
        holds=(),
    ),
    "open_questions": Action("client", _NO_PARAMS, lambda run, book, _: open_questions(run, book), holds=()),
    "answer_question": Action(
        "client",
        _params(number={"type": "integer", "minimum": 1}, text=_CHAT_TEXT),
        lambda run, book, params: answer_question(run, book, number=params["number"], text=params["text"]),
        # Of two answers at the same time the second one finds the question answered.
        holds=("questions:{book}",),
        is_noted=True,
    ),
    "note_call": Action(
        "client",
        _params(text={**_CHAT_TEXT, "pattern": "", "default": ""}, decisions=_DECISIONS),
        lambda run, book, params: note_call(
            run, book, text=params.get("text", ""), decisions=params.get("decisions", ())
        ),
        is_noted=True,
    ),
    "preview_digest": Action("client", _NO_PARAMS, lambda run, book, _: preview_digest(run, book), holds=()),
    "send_digest": Action(
        "client",
        _params(mark={"type": "string", "pattern": r"^[0-9a-f]{32}\Z"}),
        lambda run, book, params: send_digest(run, book, mark=params["mark"]),
        holds=("digest:{book}",),
        is_noted=True,
    ),
    "preview_metric_report": Action(
        "client",
        _params(
            sheet_id=_PLACE,
            row=_PLACE,
            metric={"type": "string", "pattern": r"^[0-9a-f]{0,16}\Z", "default": ""},
            corrects={"type": "boolean", "default": False},
        ),
        lambda run, book, params: preview_report(
            run,
            book,
            ReportForm(
                params.get("sheet_id"),
                params.get("row"),
                params.get("metric", ""),
                params.get("corrects", False),
            ),
        ),
        # Of two drafts at the same time the second one finds the first.
        holds=("metric_report:{book}",),
    ),
    "add_report_action": Action(
        "client",
        _params(
            **_REPORT,
            title={**_TEXT, "maxLength": MOST_TITLE},
            owner={**_TEXT, "maxLength": MOST_OWNER},
            due_on={"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}\Z"},
        ),
        lambda run, book, params: add_action(
            run,
            book,
            _report_place(params),
            title=params["title"],
            owner=params["owner"],
            due_on=_report_day(params["due_on"]),
        ),
        holds=("{book}", "metric_report:{book}"),
        is_noted=True,
    ),
    "approve_metric_report": Action(
        "client",
        _params(**_REPORT, mark={"type": "string", "pattern": r"^[0-9a-f]{32}\Z"}),
        lambda run, book, params: approve(run, book, _report_place(params), mark=params["mark"]),
        holds=("metric_report:{book}",),
        is_noted=True,
    ),
    "finished_work": Action("client", _NO_PARAMS, lambda run, book, _: finished_work(run, book), holds=()),
    "show_to_client": Action(
        "client",
        _SHOWING,
        lambda run, book, params: show_to_client(
            run, book, numbers=params["numbers"], result_url=params.get("result_url", "")
        ),
        is_noted=True,
    ),
    "decide_for_client": Action(
        "client",
        _CLIENTS_DECISION,
        lambda run, book, params: decide_for_client(
            run,
            book,
            numbers=params["numbers"],
            kind=DecisionKind(params["kind"]),
            text=params.get("text", ""),
            note=params["note"],
        ),
        is_noted=True,
        changes_hours=True,
    ),
    "accepted_work": Action("client", _NO_PARAMS, lambda run, book, _: accepted_work(run, book), holds=()),
    "take_back_accepted": Action(
        "client",
        _params(number=_NUMBER),
        lambda run, book, params: take_back_accepted(run, book, number=params["number"]),
        is_noted=True,
        changes_hours=True,
    ),
    "show_agency_chat": Action(
        "agency", _NO_PARAMS, lambda run, book, _: show_chat(run, book, agency_id=book), holds=()
    ),
    "new_client": Action(
        "agency",
        _CLIENT_FORM,
        lambda run, book, params: create_client(run, book, _form(params)),
        is_queued=True,
        # Of two clicks at the same time the second one waits, and then finds the code taken.
        holds=("new_client:{book}",),
        check=lambda services, book, params: check_form(services, book, _form(params)),
        is_noted=True,
    ),
    "start_project": Action(
        "agency",
        _DEAL_FORM,
        lambda run, book, params: create_client(run, book, _form(params), _deal(params)),
        # Only the rule of the CRM does it.
        roles=frozenset(),
        is_queued=True,
        holds=("new_client:{book}",),
        check=lambda services, book, params: check_form(services, book, _form(params)),
        is_noted=True,
    ),
    "switch_options": Action("agency", _NO_PARAMS, lambda run, book, _: switch_options(run, book), holds=()),
    "preview_switch": Action(
        "agency",
        _SWITCH,
        lambda run, book, params: preview_switch(run, book, params["tracker"], params["projects"]),
        holds=(),
    ),
    "switch_tracker": Action(
        "agency",
        _SWITCH,
        lambda run, book, params: switch_tracker(run, book, params["tracker"], params["projects"]),
        is_queued=True,
        holds=("switch_tracker:{book}",),
        check=lambda services, book, params: check_switch(
            services, book, params["tracker"], params["projects"]
        ),
        is_noted=True,
    ),
    "accounting_options": Action(
        "agency", _NO_PARAMS, lambda run, book, _: accounting_options(run, book), holds=()
    ),
    "preview_accounting": Action(
        "agency",
        _params(**_ASKING),
        lambda run, book, params: preview_accounting(run, book, _asking(params)),
        holds=(),
    ),
    "ask_accounting": Action(
        "agency",
        _params(**_ASKING, preview_id=_ID),
        lambda run, book, params: ask_accounting(run, book, _asking(params), preview_id=params["preview_id"]),
        # Of two people at the same time the second one finds what the first has asked for.
        holds=("accounting:{book}",),
        is_noted=True,
    ),
    "request_file": Action(
        "agency",
        _params(key=_ID),
        lambda run, book, params: request_file(run, book, key=params["key"]),
        holds=(),
    ),
    "withdraw_request": Action(
        "agency",
        _params(key=_ID),
        lambda run, book, params: withdraw_request(run, book, key=params["key"]),
        holds=("accounting:{book}",),
        is_noted=True,
    ),
    "recalculate_norms": Action(
        "agency", _NO_PARAMS, lambda run, book, _: recalculate_norms(run, book), is_noted=True
    ),
    "update_load": Action(
        "agency",
        _NO_PARAMS,
        lambda run, book, _: update_load(run, book),
        is_queued=True,
        holds=("load:{book}",),
        is_noted=True,
    ),
    "upgrade_books": Action(
        "agency",
        _NO_PARAMS,
        lambda run, book, _: upgrade_books(run, book),
        is_queued=True,
        holds=("upgrade:{book}",),
        is_noted=True,
    ),
    "check_all": Action(
        "agency", _NO_PARAMS, lambda run, book, _: check_all(run, book), is_queued=True, holds=()
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
        tracker=params.get("tracker", ""),
        onboarding=params.get("onboarding", ""),
    )


def _asking(params: Mapping[str, Any]) -> AskingForm:
    return AskingForm(
        project_id=params["project"],
        kind=RequestKind(params["kind"]),
        month=params.get("month", "current"),
        start_on=_day(params.get("start_on")),
        end_on=_day(params.get("end_on")),
    )


def _report_place(params: Mapping[str, Any]) -> ReportPlace:
    return ReportPlace(
        params["number"], params["revision"], params.get("reason", ""), params.get("asked", "")
    )


def _report_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UserError("metric_report.bad_day", value=text) from error


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UserError("accounting.period") from error


def _deal(params: Mapping[str, Any]) -> DealFacts:
    return DealFacts(params["deal_id"], params["deal_url"], params["for_staff"], params["for_client"])
