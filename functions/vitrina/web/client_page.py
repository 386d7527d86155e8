"""The page of a project, opened by a secret link without a login.

``GET …/c/<token>`` shows it with two reads of the store and no call to Google; ``POST …/c/<token>/<act>``
does something, see ``client_acts``. GET and HEAD change nothing but the note that the link was opened.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Request, Response
from msgspec import Struct

from vitrina.logs import note
from vitrina.operations.actor import ActorKind
from vitrina.operations.services import Services
from vitrina.records.outside.client_links import ClientLink, note_opening
from vitrina.records.outside.client_pages import ClientPage, Decided, ShownItem
from vitrina.records.told.metric_reports import load_report
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.client_page.file_kinds import KINDS, MOST_FILE_BYTES
from vitrina.usecases.decisions.typed_text import shortened
from vitrina.web.http import Application
from vitrina.web.pages.acts import (
    DECIDING,
    INPUTS,
    ROLES,
    WRITING,
    Input,
    Kind,
    Wanted,
    first,
    visible,
    wanted_from_form,
)
from vitrina.web.pages.frame import (
    message_page,
    open_link,
    unknown_page,
)
from vitrina.web.pages.linked_page import LinkedPage
from vitrina.web.pages.nonces import new_nonce
from vitrina.web.pages.rendering import Rendered, Setting, render_page
from vitrina.web.pages.reports import render_report, report_number
from vitrina.web.pages.visitors import is_robot

log = logging.getLogger("vitrina.client")

#: Most items that are shown with their buttons, so that the page stays small.
MOST_WAITING, MOST_DECIDED = 15, 10
#: Most characters of a line of a choice.
MOST_OPTION = 60
DONE = "done"
_ACTOR = ActorKind.CLIENT.value

RENDERED = Rendered()


class Visit(Struct, frozen=True):
    """A request for the page of a project, by a link that works."""

    request: Request
    services: Services
    setting: Setting
    token: str
    link: ClientLink
    page: ClientPage

    @property
    def may_act(self) -> bool:
        """Whether forms are shown."""
        return self.link.may_act


def answer_client(
    request: Request, app: Application, setting: Setting, token: str, rest: Sequence[str]
) -> Response:
    """The page, a form, or what became of an act."""
    services, linked = app.services, LinkedPage()
    link = open_link(request, app, setting, token, linked.find_link)
    if isinstance(link, Response):
        return link
    note(actor=_ACTOR, workbook=link.spreadsheet_id)
    page = linked.load(services.store, link)
    visit = Visit(request, services, setting.for_page(page.locale), token, link, page)
    if request.method == "POST":
        # Most visits only look.
        from vitrina.web.client_acts import act

        return act(visit, rest)
    if not is_robot(request):
        note_opening(services.store, link, setting.now)
    return _get(visit, rest)


def _get(visit: Visit, rest: Sequence[str]) -> Response:
    if not rest:
        return RENDERED.page(_key(visit), lambda: main_page(visit))
    kind, page = kind_of(rest), visit.page
    if list(rest) == [DONE]:
        return render_page(visit.setting, "done", c=_content(page), drawn_at=page.drawn_at)
    if kind is None:
        return _report(visit, report_number(rest))
    if not visit.may_act:
        return message_page(visit.setting, 403, "page.look_only", back=True)
    if kind is Kind.FILE:
        return file_form(visit, wanted_from_form(kind, {"number": [visit.request.args.get("n", "")]}, page))
    # A confirmation that somebody opens again by its address has nothing to fill in.
    return _empty_form(visit, kind) if visible(kind) else main_page(visit)


def _report(visit: Visit, number: int | None) -> Response:
    """A report that the page lists, in its newest approved revision; other places are not there."""
    page, setting = visit.page, visit.setting
    listed = next((one for one in _content(page)["reports"] or () if one["number"] == number), None)
    if listed is None or number is None:
        return unknown_page(setting)
    report = load_report(visit.services.store, page.spreadsheet_id, (number, listed["revision"]))
    if report is None or not report.is_approved:
        return unknown_page(setting)
    return render_report(setting, report)


def _key(visit: Visit) -> tuple[object, ...]:
    """Everything that the page follows from: the document by its version, which changes with each write."""
    page, setting = visit.page, visit.setting
    now = setting.now
    open_ones = tuple(one.number for one in page.items if one.decided and one.decided.can_be_taken_back(now))
    shown = (page.spreadsheet_id, page.version, visit.may_act, open_ones)
    return (*shown, setting.today, setting.locale, setting.address, setting.language, setting.takes_gzip)


def _empty_form(visit: Visit, kind: Kind) -> Response:
    """The form of an act, about the item that the address names."""
    number = visit.request.args.get("n", "")
    item = next((one for one in visit.page.items if str(one.number) == number), None)
    if kind in DECIDING and (item is None or not item.is_waiting):
        return main_page(visit, errors=[sentence("page.gone")])
    form = {"n": [number], f"seen_{number}": [item.fingerprint if item else ""]}
    return form_page(visit, wanted_from_form(kind, form, visit.page), wrong={})


def main_page(visit: Visit, status: int = 200, errors: Sequence[Sentence] = ()) -> Response:
    """What the project does now, with what waits for the client; *errors* stand above it."""
    page, setting = visit.page, visit.setting
    waiting = [one for one in page.items if one.is_waiting]
    decided = [one for one in page.items if one.decided is not None]
    decided.sort(key=lambda one: one.decided.at if one.decided else "", reverse=True)
    return render_page(
        setting,
        "main",
        status,
        c=_content(page),
        drawn_at=page.drawn_at,
        may_act=visit.may_act,
        waiting=waiting[:MOST_WAITING],
        waiting_more=max(0, len(waiting) - MOST_WAITING),
        decided=decided[:MOST_DECIDED],
        waited=lambda one: _waited(visit, one),
        decided_line=lambda one: decided_line(setting, one.decided, "was"),
        now=setting.now,
        errors=_rendered(setting, errors),
        own=page.proposals,
        writing=[one.value for one in WRITING if one is not Kind.FILE or visit.services.files],
        other_locale="en" if setting.locale == "ru" else "ru",
    )


def _waited(visit: Visit, item: ShownItem) -> int:
    """Working days that an item waits for the client, 0 until they are to be spoken of."""
    days, least = visit.services.days_since(item.shown_on), _content(visit.page)["remind_days"]
    return days if least and days >= least else 0


class _Content(dict[str, Any]):
    """Contents of a page in which whatever was not drawn is empty."""

    def __missing__(self, _key: str) -> None:
        return None


def _content(page: ClientPage) -> Mapping[str, Any]:
    return _Content(page.content)


def form_page(visit: Visit, wanted: Wanted, wrong: Mapping[str, Sentence], status: int = 200) -> Response:
    """The form of an act, with what was typed and what is wrong with it."""
    setting = visit.setting
    item = wanted.items[0] if wanted.items else None
    seen = [part for number, text in wanted.seen for part in (("n", str(number)), (f"seen_{number}", text))]
    return render_page(
        setting,
        "form",
        status,
        kind=wanted.kind.value,
        item=item,
        fields=visible(wanted.kind),
        options=lambda one: _options(visit, one),
        hidden=seen,
        typed=dict(wanted.fields),
        wrong={name: render(one, setting.locale) for name, one in wrong.items() if name},
        errors=[render(one, setting.locale) for name, one in wrong.items() if not name],
    )


def file_form(
    visit: Visit,
    wanted: Wanted,
    *,
    wrong: Mapping[str, Sentence] | None = None,
    form: Mapping[str, list[str]] | None = None,
    nonce: str = "",
    status: int = 200,
) -> Response:
    """The form for a file, with everything that was filled in; only the file has to be chosen again."""
    if visit.services.files is None:
        return unknown_page(visit.setting)
    setting, now = visit.setting, visit.setting.now
    found = {name: render(one, setting.locale) for name, one in (wrong or {}).items()}
    own = {one.name for one in INPUTS[Kind.FILE]} | {"file", "role", "sure"}
    return render_page(
        setting,
        "file",
        status,
        kind=wanted.kind.value,
        fields=INPUTS[Kind.FILE],
        options=lambda one: _options(visit, one),
        typed=dict(wanted.fields),
        wrong=found,
        errors=[text for name, text in found.items() if name not in own],
        nonce=nonce or new_nonce(visit.token, wanted.kind, (), now),
        roles=ROLES,
        role=first(form or {}, "role"),
        is_sure=first(form or {}, "sure") == "yes",
        is_again=form is not None,
        most=MOST_FILE_BYTES // 1024**2,
        endings=",".join(f".{one.ending}" for one in KINDS) + ",.jpeg",
    )


def titles_of(page: ClientPage) -> dict[str, str]:
    """Work that a client can name, by its number."""
    content = _content(page)
    lines = [*(content["this_week"] or ()), *(content["next_week"] or ()), *(content["proposals"] or ())]
    drawn = {str(one["number"]): f"{one['code']} {one['title']}" for one in lines if one.get("number")}
    return {**{str(one.number): f"{one.code} {one.title}" for one in page.items}, **drawn}


def _options(visit: Visit, field: Input) -> list[tuple[str, str]]:
    """Values and texts of a choice."""
    if field.options:
        return [(one, one) for one in field.options]
    return [(number, shortened(title, MOST_OPTION)) for number, title in titles_of(visit.page).items()]


def decided_line(setting: Setting, decided: Decided, how: str) -> str:
    """What was decided about an item; *how* is ``was`` or ``already``."""
    return setting.text(f"page.{how}_{decided.kind}", moment=setting.moment(decided.at))


def kind_of(rest: Sequence[str]) -> Kind | None:
    """The act that the rest of an address names."""
    return next((kind for kind in Kind if [kind.value] == list(rest)), None)


def _rendered(setting: Setting, texts: Sequence[Sentence]) -> list[str]:
    return [render(one, setting.locale) for one in texts]
