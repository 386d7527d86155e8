"""The page of a project, opened by a secret link without a login.

``GET …/c/<token>`` shows it with two reads of the store and no call to Google.
``POST …/c/<token>/<act>`` does something in two steps. The first one shows what would be done; the second one
is sent by a person who has chosen his role and ticked a box. GET and HEAD change nothing but the note that
the link was opened.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Request, Response
from msgspec import Struct

from vitrina.errors import UserError
from vitrina.logs import note
from vitrina.operations.actor import ActorKind
from vitrina.operations.services import Services
from vitrina.records.outside.client_links import (
    MOST_ACTS,
    ClientLink,
    find_link,
    note_act,
    note_opening,
)
from vitrina.records.outside.client_pages import ClientPage, Decided, ShownItem, load_page
from vitrina.records.outside.decisions import Channel, DecisionKind
from vitrina.records.told.metric_reports import load_report
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.client_page.ask import ClientWish, WishOutcome, take_wish
from vitrina.usecases.client_page.content import shortened
from vitrina.usecases.client_page.file_kinds import KINDS
from vitrina.usecases.client_page.keep_file import MOST_FILE_BYTES, SentFile, keep_file
from vitrina.usecases.decisions.decide import Ending, Outcome, Verdict, decide, take_back
from vitrina.usecases.decisions.remind_shown import days_waited
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
    read_form,
    visible,
    wanted_from_form,
)
from vitrina.web.pages.frame import (
    TRAP,
    message_page,
    open_link,
    setting_of,
    unknown_page,
)
from vitrina.web.pages.nonces import is_nonce, new_nonce
from vitrina.web.pages.rendering import Rendered, Setting, render_page
from vitrina.web.pages.reports import render_report, report_number
from vitrina.web.pages.uploads import read_upload
from vitrina.web.pages.visitors import is_from_own_page, is_robot, origin_of

log = logging.getLogger("vitrina.client")

#: Most items that are shown with their buttons, so that the page stays small.
MOST_WAITING, MOST_DECIDED = 15, 10
#: Most characters of what was sent that are shown again, and of a line of a choice.
MOST_TOLD, MOST_OPTION = 300, 60
DONE = "done"

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
    services = app.services
    link = open_link(request, app, setting, token, find_link)
    if isinstance(link, Response):
        return link
    note(actor=ActorKind.CLIENT.value, workbook=link.spreadsheet_id)
    page = load_page(services.store, link.spreadsheet_id, link.agency_id)
    setting = setting_of(request, services, page.locale, token, rest)
    visit = Visit(request, services, setting, token, link, page)
    if request.method == "POST":
        return _post(visit, rest)
    if not is_robot(request):
        note_opening(services.store, link, services.clock.now())
    return _get(visit, rest)


# --- Looking -----------------------------------------------------------------------------------------


def _get(visit: Visit, rest: Sequence[str]) -> Response:
    kind, page = _kind(rest), visit.page
    if not rest:
        return RENDERED.page(_key(visit), lambda: _main(visit))
    if list(rest) == [DONE]:
        return render_page(visit.setting, "done", c=_content(page), drawn_at=page.drawn_at)
    if kind is None:
        return _report(visit, report_number(rest))
    if not visit.may_act:
        return message_page(visit.setting, 403, "page.look_only", back=True)
    if kind is Kind.FILE:
        return _file_form(visit, wanted_from_form(kind, {"number": [visit.request.args.get("n", "")]}, page))
    # A confirmation that somebody opens again by its address has nothing to fill in.
    return _empty_form(visit, kind) if visible(kind) else _main(visit)


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
    page, setting, now = visit.page, visit.setting, visit.services.clock.now()
    open_ones = tuple(one.number for one in page.items if one.decided and one.decided.can_be_taken_back(now))
    shown = (page.spreadsheet_id, page.version, visit.may_act, open_ones)
    return (*shown, visit.services.today(), setting.locale, setting.address, setting.language)


def _empty_form(visit: Visit, kind: Kind) -> Response:
    """The form of an act, about the item that the address names."""
    number = visit.request.args.get("n", "")
    item = next((one for one in visit.page.items if str(one.number) == number), None)
    if kind in DECIDING and (item is None or not item.is_waiting):
        return _main(visit, errors=[sentence("page.gone")])
    form = {"n": [number], f"seen_{number}": [item.fingerprint if item else ""]}
    return _form(visit, wanted_from_form(kind, form, visit.page), wrong={})


def _main(visit: Visit, status: int = 200, errors: Sequence[Sentence] = ()) -> Response:
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
        decided_line=lambda one: _decided_line(setting, one.decided, "was"),
        now=visit.services.clock.now(),
        errors=_rendered(setting, errors),
        own=page.proposals,
        writing=[one.value for one in WRITING if one is not Kind.FILE or visit.services.files],
        other_locale="en" if setting.locale == "ru" else "ru",
    )


def _waited(visit: Visit, item: ShownItem) -> int:
    """Working days that an item waits for the client, 0 until they are to be spoken of."""
    days, least = days_waited(visit.services, item.shown_on), _content(visit.page)["remind_days"]
    return days if least and days >= least else 0


class _Content(dict[str, Any]):
    """Contents of a page in which whatever was not drawn is empty."""

    def __missing__(self, _key: str) -> None:
        return None


def _content(page: ClientPage) -> Mapping[str, Any]:
    return _Content(page.content)


def _form(visit: Visit, wanted: Wanted, wrong: Mapping[str, Sentence], status: int = 200) -> Response:
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


# --- Acting ------------------------------------------------------------------------------------------


def _post(visit: Visit, rest: Sequence[str]) -> Response:
    """The first step shows what would be done; the second one, with a nonce, does it."""
    request, setting = visit.request, visit.setting
    kind = _kind(rest)
    if kind is None:
        return unknown_page(setting)
    if not visit.may_act:
        return message_page(setting, 403, "page.look_only", back=True)
    if is_robot(request) or not is_from_own_page(request, visit.services.client_url):
        return message_page(setting, 403, "page.not_from_page", back=True)
    if kind is Kind.FILE:
        return _take_file(visit)
    form = read_form(request)
    wanted = wanted_from_form(kind, form, visit.page)
    if not first(form, "nonce"):
        return _confirm(visit, wanted)
    return _act(visit, wanted, form)


def _confirm(visit: Visit, wanted: Wanted) -> Response:
    if wanted.wrong:
        if visible(wanted.kind):
            return _form(visit, wanted, wanted.wrong, 422)
        return _main(visit, 422, list(wanted.wrong.values()))
    lost = _lost(wanted)
    if lost is not None:
        return _main(visit, 409, [lost])
    nonce = new_nonce(visit.token, wanted.kind, wanted.shown, visit.services.clock.now())
    return _confirmation(visit, wanted, nonce)


def _lost(wanted: Wanted) -> Sentence | None:
    """Why an act cannot be confirmed any more: the items are not as the person saw them."""
    if wanted.kind not in DECIDING:
        return None
    now = {
        one.number: str(one.ordinal) if wanted.kind is Kind.UNDO else one.fingerprint for one in wanted.items
    }
    if len(now) < len(wanted.seen):
        return sentence("page.gone")
    if wanted.kind is not Kind.UNDO and not all(one.is_waiting for one in wanted.items):
        return sentence("page.gone")
    if any(now[number] != seen for number, seen in wanted.seen):
        return sentence("page.changed")
    return None


def _confirmation(
    visit: Visit,
    wanted: Wanted,
    nonce: str,
    *,
    wrong: Mapping[str, Sentence] | None = None,
    role: str = "",
    status: int = 200,
) -> Response:
    setting = visit.setting
    found = {name: render(one, setting.locale) for name, one in (wrong or {}).items()}
    return render_page(
        setting,
        "confirm",
        status,
        kind=wanted.kind.value,
        items=wanted.items,
        told=_told(visit, wanted),
        hold_minutes=int(visit.services.decision_hold.total_seconds() // 60),
        hidden=wanted.shown,
        nonce=nonce,
        roles=ROLES,
        typed={"role": role},
        wrong=found,
        errors=[text for name, text in found.items() if name not in ("role", "sure")],
    )


def _act(visit: Visit, wanted: Wanted, form: Mapping[str, list[str]]) -> Response:
    """Do what was confirmed, if a person has filled the confirmation in."""
    now, nonce, role = visit.services.clock.now(), first(form, "nonce"), first(form, "role")
    if wanted.wrong or not is_nonce(nonce, visit.token, wanted.kind, wanted.shown, now):
        return _main(visit, 409, [sentence("page.old_form")])
    wrong = _unfilled(form)
    if wrong:
        return _confirmation(visit, wanted, nonce, wrong=wrong, role=role, status=422)
    if not _count(visit, wanted.kind):
        return _too_many(visit)
    try:
        return _decision(visit, wanted, role) if wanted.kind in DECIDING else _wish(visit, wanted, nonce)
    except UserError as error:
        told = Sentence(error.code, error.where)
        if visible(wanted.kind):
            return _form(visit, wanted, {"": told}, error.http_status)
        return _main(visit, error.http_status, [told])


def _unfilled(form: Mapping[str, list[str]]) -> dict[str, Sentence]:
    """What a person would have filled in otherwise, by the name of the field."""
    wrong: dict[str, Sentence] = {}
    if first(form, "role") not in ROLES:
        wrong["role"] = sentence("page.no_role")
    if first(form, "sure") != "yes":
        wrong["sure"] = sentence("page.not_sure")
    if first(form, TRAP):
        wrong["trap"] = sentence("page.trapped")
    return wrong


def _count(visit: Visit, kind: Kind) -> bool:
    """Count an act; ``False`` if the link has made too many."""
    if not note_act(visit.services.store, visit.link, visit.services.clock.now()):
        return False
    log.info("client acts", extra={"action": kind.value, "workbook": visit.page.spreadsheet_id})
    return True


def _too_many(visit: Visit) -> Response:
    answer = message_page(visit.setting, 429, sentence("page.many_acts", most=MOST_ACTS), back=True)
    answer.headers["Retry-After"] = "3600"
    return answer


def _decision(visit: Visit, wanted: Wanted, role: str) -> Response:
    """Decide, once: a repeat is told what became of the first one."""
    setting, outcomes = visit.setting, _decide(visit, wanted, role)
    titles = {one.number: f"{one.code} {one.title}".strip() for one in wanted.items}
    lines = [(titles.get(one.number, one.code), _outcome_line(setting, wanted.kind, one)) for one in outcomes]
    is_made = all(one.ending in (Ending.MADE, Ending.SAME) for one in outcomes)
    heading = setting.text("page.thanks" if is_made else "page.not_all")
    return render_page(setting, "result", heading=heading, lines=lines)


def _wish(visit: Visit, wanted: Wanted, nonce: str) -> Response:
    """Keep what a client adds; a repeat of the form finds the first one."""
    setting = visit.setting
    wish = ClientWish(wanted.kind.value, dict(wanted.fields), origin_of(visit.request), nonce)
    outcome = take_wish(visit.services, visit.page, wish)
    return _kept(setting, outcome, [text for _, text in _told(visit, wanted)])


def _kept(setting: Setting, outcome: WishOutcome, texts: Sequence[str]) -> Response:
    """What was kept, or that it was kept before."""
    told = render(outcome.message, setting.locale)
    if not outcome.is_new:
        told = f"{told} {setting.text('page.already_sent', moment=setting.moment(outcome.at))}"
    lines = [(shortened(text, MOST_TOLD), "") for text in texts]
    return render_page(setting, "result", heading=told, lines=lines)


# --- A file ------------------------------------------------------------------------------------------


def _file_form(
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
    setting, now = visit.setting, visit.services.clock.now()
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


def _take_file(visit: Visit) -> Response:
    """Keep a file. This form is sent once, and asks for what a confirmation asks for."""
    sent = read_upload(visit.request, "file")
    form, now = sent.fields, visit.services.clock.now()
    wanted = wanted_from_form(Kind.FILE, form, visit.page)
    nonce = first(form, "nonce")
    wrong = {**(wanted.wrong or {}), **_unfilled(form)}
    if not sent.name:
        wrong["file"] = sentence("client_page.file.none")
    if not is_nonce(nonce, visit.token, Kind.FILE, (), now):
        wrong["old"], nonce = sentence("page.old_form"), ""
    if wrong:
        return _file_form(visit, wanted, wrong=wrong, form=form, nonce=nonce, status=422)
    if not _count(visit, Kind.FILE):
        return _too_many(visit)
    fields = dict(wanted.fields)
    file = SentFile(sent.name, sent.content, fields, origin_of(visit.request), nonce)
    try:
        outcome = keep_file(visit.services, visit.page, file)
    except UserError as error:
        told = {"file": Sentence(error.code, error.where)}
        return _file_form(visit, wanted, wrong=told, form=form, nonce=nonce, status=error.http_status)
    return _kept(visit.setting, outcome, [text for text in (outcome.name, fields["note"]) if text])


def _told(visit: Visit, wanted: Wanted) -> list[tuple[str, str]]:
    """What a confirmation says of the fields: what each is about, and its text."""
    setting, fields = visit.setting, dict(wanted.fields)
    if wanted.kind is Kind.NEED:
        return [(setting.text("page.needs"), fields["text"])]
    if wanted.kind is Kind.PRIORITY:
        direction = "up" if fields["direction"] == "up" else "down"
        return [(setting.text(f"page.{direction}"), _titles(visit.page).get(fields["number"], ""))]
    if "number" in fields:
        fields["number"] = _titles(visit.page).get(fields["number"], "")
    return [(setting.text(f"page.field_{wanted.kind}_{name}"), text) for name, text in fields.items() if text]


def _titles(page: ClientPage) -> dict[str, str]:
    """Work that a client can name, by its number."""
    content = _content(page)
    lines = [*(content["this_week"] or ()), *(content["next_week"] or ()), *(content["proposals"] or ())]
    drawn = {str(one["number"]): f"{one['code']} {one['title']}" for one in lines if one.get("number")}
    return {**{str(one.number): f"{one.code} {one.title}" for one in page.items}, **drawn}


def _options(visit: Visit, field: Input) -> list[tuple[str, str]]:
    """Values and texts of a choice."""
    if field.options:
        return [(one, one) for one in field.options]
    return [(number, shortened(title, MOST_OPTION)) for number, title in _titles(visit.page).items()]


def _decide(visit: Visit, wanted: Wanted, role: str) -> list[Outcome]:
    spreadsheet_id, agency_id = visit.page.spreadsheet_id, visit.page.agency_id
    if wanted.kind is Kind.UNDO:
        return take_back(visit.services, spreadsheet_id, agency_id, [number for number, _ in wanted.seen])
    returned = wanted.kind is Kind.RETURN
    verdict = Verdict(
        DecisionKind.RETURNED if returned else DecisionKind.ACCEPTED,
        Channel.PAGE,
        dict(wanted.seen),
        text=dict(wanted.fields).get("text", ""),
        who=render(sentence(f"page.role_{role}"), visit.page.locale),
        origin=origin_of(visit.request),
    )
    return decide(visit.services, spreadsheet_id, agency_id, verdict)


def _outcome_line(setting: Setting, kind: Kind, outcome: Outcome) -> str:
    """What became of one item."""
    decided = outcome.decided
    if outcome.ending is Ending.GONE or (decided is None and outcome.ending is not Ending.CHANGED):
        return setting.text("page.gone" if kind is not Kind.UNDO else "page.too_late")
    if outcome.ending is Ending.CHANGED or decided is None:
        return setting.text("page.changed")
    if kind is Kind.UNDO:
        return setting.text("page.undone")
    if outcome.ending is Ending.MADE:
        return setting.text(f"page.made_{decided.kind}", until=setting.moment(decided.settles_at))
    return _decided_line(setting, decided, "already")


def _decided_line(setting: Setting, decided: Decided, how: str) -> str:
    return setting.text(f"page.{how}_{decided.kind}", moment=setting.moment(decided.at))


# --- Both --------------------------------------------------------------------------------------------


def _kind(rest: Sequence[str]) -> Kind | None:
    return next((kind for kind in Kind if [kind.value] == list(rest)), None)


def _rendered(setting: Setting, texts: Sequence[Sentence]) -> list[str]:
    return [render(one, setting.locale) for one in texts]
