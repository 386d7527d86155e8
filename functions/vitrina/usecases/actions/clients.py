"""Actions of the menu: new clients, their onboarding, and what they may open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitrina.domain.calendar import PeriodKind
from vitrina.records.outside.client_links import Scope
from vitrina.usecases.actions.action import ID, NO_PARAMS, TEXT, Action, params_schema
from vitrina.usecases.client_page.links import FOR_DIGEST, make_link, revoke_link, show_links
from vitrina.usecases.clients.apply_onboarding import apply_onboarding
from vitrina.usecases.clients.create_client import ClientForm, DealFacts, check_form, create_client
from vitrina.usecases.clients.invite_client import invite_client
from vitrina.usecases.clients.preview_onboarding import preview_onboarding
from vitrina.usecases.clients.show_as_client import show_as_client
from vitrina.usecases.deals.project_code import CODE

_CLIENT_FORM = params_schema(
    client_name=TEXT,
    project_name=TEXT,
    code={"type": "string", "pattern": rf"^{CODE.pattern}\Z"},
    period={"enum": [kind.value for kind in PeriodKind], "default": PeriodKind.WEEK.value},
    limit_hours={"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 10_000, "default": None},
    responsible={"type": "string", "maxLength": 200, "default": ""},
    tracker={"type": "string", "pattern": r"^[a-z][a-z0-9-]{0,30}\Z", "default": ""},
    onboarding={"type": "string", "maxLength": 200, "default": ""},
)

#: What a rule makes of a deal; no person sends it.
_DEAL_FORM = params_schema(
    **_CLIENT_FORM["properties"],
    deal_id={"type": "string", "maxLength": 40},
    deal_url={"type": "string", "maxLength": 500},
    for_staff={"type": "string", "maxLength": 2000},
    for_client={"type": "string", "maxLength": 2000},
)

#: A kind of project is a cell of the agency's workbook.
_KIND = {"type": "string", "maxLength": 200}

_INVITATION = params_schema(
    email={"type": "string", "pattern": r"^\s*[^@\s]+@[^@\s]+\s*\Z", "maxLength": 200}
)


ACTIONS: Mapping[str, Action] = {
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
    "invite_client": Action(
        "client",
        _INVITATION,
        lambda run, book, params: invite_client(run, book, params["email"]),
        holds=(),
        is_noted=True,
    ),
    "preview_onboarding": Action(
        "client",
        params_schema(kind={**_KIND, "default": ""}),
        lambda run, book, params: preview_onboarding(run, book, kind=params.get("kind", "")),
        holds=(),
        reads_rows=True,
    ),
    "apply_onboarding": Action(
        "client",
        params_schema(kind={**_KIND, "pattern": r"\S"}, plan_id={**ID, "default": ""}),
        lambda run, book, params: apply_onboarding(
            run, book, params["kind"], plan_id=params.get("plan_id", "")
        ),
        is_noted=True,
        changes_hours=True,
        reads_rows=True,
    ),
    "show_as_client": Action("client", NO_PARAMS, lambda run, book, _: show_as_client(run, book), holds=()),
    "client_links": Action("client", NO_PARAMS, lambda run, book, _: show_links(run, book), holds=()),
    "make_client_link": Action(
        "client",
        params_schema(scope={"enum": [*(one.value for one in Scope), FOR_DIGEST]}),
        lambda run, book, params: make_link(run, book, params["scope"]),
        holds=("client_links:{book}",),
        is_noted=True,
    ),
    "revoke_client_link": Action(
        "client",
        params_schema(link_id={"type": "string", "pattern": r"^[0-9a-f]{12}\Z"}),
        lambda run, book, params: revoke_link(run, book, params["link_id"]),
        holds=("client_links:{book}",),
        is_noted=True,
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


def _deal(params: Mapping[str, Any]) -> DealFacts:
    return DealFacts(params["deal_id"], params["deal_url"], params["for_staff"], params["for_client"])
