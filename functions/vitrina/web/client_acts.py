"""What a client does on the page of his project: in two steps, of which the first changes nothing.

The first step shows what would be done; the second one is sent by a person who has chosen his role and ticked
a box. A file is sent once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from flask import Response

from vitrina.errors import UserError
from vitrina.records.outside.client_links import MOST_ACTS, note_act
from vitrina.records.outside.decisions import Channel, DecisionKind
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.client_page.ask import ClientWish, WishOutcome, take_wish
from vitrina.usecases.client_page.keep_file import SentFile, keep_file
from vitrina.usecases.decisions.decide import Ending, Outcome, Verdict, decide, take_back
from vitrina.usecases.decisions.typed_text import shortened
from vitrina.web.client_page import Visit, decided_line, file_form, form_page, kind_of, main_page, titles_of
from vitrina.web.pages.acts import DECIDING, ROLES, Kind, Wanted, first, read_form, visible, wanted_from_form
from vitrina.web.pages.frame import TRAP, message_page, unknown_page
from vitrina.web.pages.nonces import is_nonce, new_nonce
from vitrina.web.pages.rendering import Setting, render_page
from vitrina.web.pages.uploads import read_upload
from vitrina.web.pages.visitors import is_from_own_page, is_robot, origin_of

log = logging.getLogger("vitrina.client")

#: Most characters of what was sent that are shown again.
MOST_TOLD = 300


def act(visit: Visit, rest: Sequence[str]) -> Response:
    """The first step shows what would be done; the second one, with a nonce, does it."""
    request, setting = visit.request, visit.setting
    kind = kind_of(rest)
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
            return form_page(visit, wanted, wanted.wrong, 422)
        return main_page(visit, 422, list(wanted.wrong.values()))
    lost = _lost(wanted)
    if lost is not None:
        return main_page(visit, 409, [lost])
    nonce = new_nonce(visit.token, wanted.kind, wanted.shown, visit.setting.now)
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
    now, nonce, role = visit.setting.now, first(form, "nonce"), first(form, "role")
    if wanted.wrong or not is_nonce(nonce, visit.token, wanted.kind, wanted.shown, now):
        return main_page(visit, 409, [sentence("page.old_form")])
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
            return form_page(visit, wanted, {"": told}, error.http_status)
        return main_page(visit, error.http_status, [told])


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
    if not note_act(visit.services.store, visit.link, visit.setting.now):
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


def _take_file(visit: Visit) -> Response:
    """Keep a file. This form is sent once, and asks for what a confirmation asks for."""
    sent = read_upload(visit.request, "file")
    form, now = sent.fields, visit.setting.now
    wanted = wanted_from_form(Kind.FILE, form, visit.page)
    nonce = first(form, "nonce")
    wrong = {**(wanted.wrong or {}), **_unfilled(form)}
    if not sent.name:
        wrong["file"] = sentence("client_page.file.none")
    if not is_nonce(nonce, visit.token, Kind.FILE, (), now):
        wrong["old"], nonce = sentence("page.old_form"), ""
    if wrong:
        return file_form(visit, wanted, wrong=wrong, form=form, nonce=nonce, status=422)
    if not _count(visit, Kind.FILE):
        return _too_many(visit)
    fields = dict(wanted.fields)
    file = SentFile(sent.name, sent.content, fields, origin_of(visit.request), nonce)
    try:
        outcome = keep_file(visit.services, visit.page, file)
    except UserError as error:
        told = {"file": Sentence(error.code, error.where)}
        return file_form(visit, wanted, wrong=told, form=form, nonce=nonce, status=error.http_status)
    return _kept(visit.setting, outcome, [text for text in (outcome.name, fields["note"]) if text])


def _told(visit: Visit, wanted: Wanted) -> list[tuple[str, str]]:
    """What a confirmation says of the fields: what each is about, and its text."""
    setting, fields = visit.setting, dict(wanted.fields)
    if wanted.kind is Kind.NEED:
        return [(setting.text("page.needs"), fields["text"])]
    if wanted.kind is Kind.PRIORITY:
        direction = "up" if fields["direction"] == "up" else "down"
        return [(setting.text(f"page.{direction}"), titles_of(visit.page).get(fields["number"], ""))]
    if "number" in fields:
        fields["number"] = titles_of(visit.page).get(fields["number"], "")
    return [(setting.text(f"page.field_{wanted.kind}_{name}"), text) for name, text in fields.items() if text]


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
    return decided_line(setting, decided, "already")
