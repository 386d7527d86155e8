"""*Запросить счёт и акты…*: shows what accounting would be asked for, then asks it once."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.invoicing import (
    Line,
    Period,
    RequestKind,
    fingerprint,
    human_number,
    month_before,
    month_of,
    request_id,
    roubles,
)
from vitrina.errors import CellsError, StoreConflictError, UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.journal import refresh_wish
from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import ABSENT, Write
from vitrina.project.agency_book import located, read_agency_book, read_stored_agency
from vitrina.records.outside.invoice_requests import (
    REQUEST_NOTICE,
    WITHDRAWABLE,
    Answered,
    InvoiceRequest,
    RequestState,
    count_from_document,
    count_write,
    find_open_requests,
    load_requests,
    number_key,
)
from vitrina.texts import Days, Sentence, sentence
from vitrina.usecases.accounting.draft import MOST_CODES, Draft, LeftOut, draft_request
from vitrina.usecases.accounting.lines_file import MEDIA_TYPE, file_name, lines_file
from vitrina.usecases.accounting.terms import AccountingChannel, AccountingTerms, read_terms
from vitrina.workbook.reading.book import Book

#: Most requests that the sidebar shows, the newest first.
MOST_SHOWN = 20
#: Name of the job that sends what waits to accounting.
SEND = "accounting"


class AskingForm(Struct, frozen=True):
    """What the person chose. Days are ``None`` for the month: this one, or the one before."""

    project_id: str
    kind: RequestKind
    month: str = "current"
    start_on: date | None = None
    end_on: date | None = None

    def period(self, today: date) -> Period:
        """The days that are meant."""
        if self.month == "days":
            if self.start_on is None or self.end_on is None:
                raise UserError("accounting.period")
            return Period(self.start_on, self.end_on)
        return month_of(today) if self.month == "current" else month_before(today)


def accounting_options(run: Run, agency_id: str) -> Answer:
    """Projects to choose from, and the latest requests with their state. Changes nothing."""
    stored = read_stored_agency(run, agency_id)
    found = [one for one in find_open_requests(run.services.store, agency_id) if one.is_live]
    titles = {one.spreadsheet_id: one.title for one in stored.projects.value}
    return Answer(
        Outcome.DONE,
        sentence("accounting.choose") if titles else sentence("accounting.no_projects"),
        data={
            "projects": [{"id": key, "title": title} for key, title in titles.items()],
            "requests": [
                {
                    "key": one.key[1],
                    "number": one.human_number,
                    "title": titles.get(one.spreadsheet_id, ""),
                    "kind": sentence(f"accounting.kind.{one.kind}"),
                    "state": _state(one),
                    "can_withdraw": one.state in WITHDRAWABLE,
                }
                for one in found[: -MOST_SHOWN - 1 : -1]
            ],
        },
    )


def preview_accounting(run: Run, agency_id: str, form: AskingForm) -> Answer:
    """What would be asked for. Changes nothing.

    Raises
    ------
    UserError
        If nothing may be asked for, with the reason.
    CellsError
        With all cells of *Настройки* about accounting that cannot be used.
    """
    draft, locale = _draft(run, agency_id, form)
    data = {"form": _form_data(form), "lines": [_line_data(one, locale) for one in draft.lines]}
    if not draft.lines:
        return Answer(
            Outcome.DONE, sentence("accounting.nothing"), details=_details(draft, locale), data=data
        )
    if draft.is_same and draft.before is not None:
        message = sentence(
            "accounting.asked_before", number=draft.before.human_number, state=_state(draft.before)
        )
        return Answer(Outcome.DONE, message, details=_details(draft, locale), data=data)
    return Answer(
        Outcome.DONE,
        sentence(
            "accounting.preview",
            kind=sentence(f"accounting.kind.{draft.kind}"),
            project=draft.project.title,
            days=Days(draft.period.start_on, draft.period.end_on),
            count=len(draft.lines),
        ),
        details=_details(draft, locale),
        data={**data, "preview_id": draft.preview_id, "total": total_sentence(draft.total_kop, locale)},
    )


def ask_accounting(run: Run, agency_id: str, form: AskingForm, *, preview_id: str) -> Answer:
    """Ask accounting for exactly what was previewed. The run holds the lease of the agency's requests.

    Raises
    ------
    UserError
        If something has changed since the preview.
    """
    draft, locale = _draft(run, agency_id, form)
    before = draft.before
    if before is not None and before.is_live and before.asked_as == preview_id:
        return _answer(before, draft.terms, locale)
    if draft.preview_id != preview_id or not draft.lines:
        raise UserError("accounting.changed")
    return _answer(keep_request(run, draft, asked_by=run.actor.name), draft.terms, locale)


def request_file(run: Run, agency_id: str, *, key: str) -> Answer:
    """The list of works of a request as an XLSX. Changes nothing."""
    request = request_of(run.services, agency_id, key)
    return Answer(
        Outcome.DONE,
        sentence("accounting.file", number=request.human_number),
        data={
            "name": file_name(request),
            "media_type": MEDIA_TYPE,
            "base64": base64.b64encode(lines_file(request)).decode(),
        },
    )


def keep_request(run: Run, draft: Draft, *, asked_by: str) -> InvoiceRequest:
    """Keep the request of a draft, mark its decisions and wish its sending: one commit.

    Raises
    ------
    UserError
        If one of the decisions, or the request, was changed at this moment.
    """
    services = run.services
    counter = number_key(draft.project.spreadsheet_id, draft.period)
    document = services.store.get_many([counter]).get(counter)
    count = count_from_document(document) + 1
    request = _request(services, draft, count, asked_by)
    writes: list[Write] = [request.put()]
    if draft.before is None:
        writes.append(count_write(draft.project.spreadsheet_id, draft.period, count, document))
    writes += [replace(one, request_id=request.key[1]).put() for one in draft.fresh]
    wishes = [refresh_wish(services, request.agency_id, draws=False)]
    if request.unsent:
        wishes.append(send_wish(request))
    try:
        version = run.commit(*writes, *(one.put(services) for one in wishes))
    except StoreConflictError as error:
        raise UserError("accounting.changed") from error
    for one in wishes:
        one.try_to_send(services)
    return replace(request, version=version)


def send_wish(request: InvoiceRequest) -> TaskWish:
    """The task that sends what waits of a request."""
    body = {"kind": SEND, "spreadsheet_id": request.spreadsheet_id, "request": request.key[1]}
    return TaskWish(task_name(SEND, request.key[1], request.notice_count), body)


def _request(services: Services, draft: Draft, count: int, asked_by: str) -> InvoiceRequest:
    before, project, terms = draft.before, draft.project, draft.terms
    revision = draft.revision
    number = before.human_number if before else human_number(project.code, draft.period, count)
    own_id = request_id(project.spreadsheet_id, draft.kind, draft.period, revision, draft.lines)
    body = {
        **draft.told,
        "request_id": own_id,
        "number": number,
        "revision": revision,
        "replaces": before.request_id if before else None,
        "left_out": draft.left_out.data(),
    }
    earlier = before.earlier if before else ()
    if before is not None:
        earlier = (*earlier, _as_earlier(before))
    now = services.clock.now()
    is_sent = terms.channel is not AccountingChannel.TABLE
    # The link of a request that was withdrawn opens nothing any more.
    kept = before if before is not None and before.is_live else None
    return InvoiceRequest(
        project.spreadsheet_id,
        project.agency_id,
        draft.period.start_on.isoformat(),
        draft.period.end_on.isoformat(),
        draft.kind.value,
        number,
        revision,
        own_id,
        fingerprint(body),
        body,
        now.isoformat(),
        asked_by=asked_by,
        asked_as=draft.preview_id,
        locale=project.locale,
        channel=terms.channel.value,
        send_to=terms.send_to,
        first_id=before.first_id if before else own_id,
        earlier=earlier,
        changed_on=services.today().isoformat(),
        answered=Answered(),
        # So that the row gives up what was answered to the revision before.
        shown_answered=before.row_answered if before else None,
        link_salt=kept.link_salt if kept else "",
        link_hash=kept.link_hash if kept else "",
        shown_state=before.shown_state if before else "",
        shown_revision=before.shown_revision if before else 0,
        unsent=REQUEST_NOTICE if is_sent else "",
        notice_count=(before.notice_count if before else 0) + 1,
        version=before.version if before else ABSENT,
    )


def _as_earlier(before: InvoiceRequest) -> dict[str, Any]:
    return {
        "revision": before.revision,
        "request_id": before.request_id,
        "fingerprint": before.fingerprint,
        "total_kop": before.total_kop,
        "lines": len(before.lines),
        "asked_at": before.asked_at,
        "state": before.state,
    }


# --- What people read ----------------------------------------------------------------------------------


def read_accounting_terms(run: Run, book: Book) -> AccountingTerms:
    """The choices of an agency; raises ``CellsError`` with all cells that cannot be used."""
    terms, problems = read_terms(book)
    if problems:
        raise located(run.services, book, CellsError(list(problems)))
    return terms


def _draft(run: Run, agency_id: str, form: AskingForm) -> tuple[Draft, str]:
    stored = read_stored_agency(run, agency_id)
    project = next((one for one in stored.projects.value if one.spreadsheet_id == form.project_id), None)
    if project is None:
        raise UserError("accounting.no_project")
    book = read_agency_book(run, agency_id, stored.shape)
    terms = read_accounting_terms(run, book)
    period = form.period(run.services.today())
    return draft_request(run.services, project, period, form.kind, terms), stored.agency.locale


def _answer(request: InvoiceRequest, terms: AccountingTerms, locale: str) -> Answer:
    where = sentence(f"accounting.goes_by.{terms.channel}", to=terms.send_to)
    return Answer(
        Outcome.DONE,
        sentence(
            "accounting.asked" if request.revision == 1 else "accounting.asked_anew",
            number=request.human_number,
            revision=request.revision,
            count=len(request.lines),
            total=total_sentence(request.total_kop, locale),
        ),
        details=(where, sentence("accounting.row")),
        data={"number": request.human_number, "revision": request.revision},
    )


def _details(draft: Draft, locale: str) -> tuple[Sentence, ...]:
    terms, client = draft.terms, draft.terms.client(draft.project.code)
    told: list[Sentence] = []
    if draft.lines:
        told.append(sentence("accounting.total", total=total_sentence(draft.total_kop, locale)))
    if draft.before is not None and draft.lines and not draft.is_same:
        told.append(
            sentence("accounting.replaces", number=draft.before.human_number, revision=draft.revision)
        )
    told += left_out_lines(draft.left_out)
    if draft.lines:
        told.append(sentence(f"accounting.goes_by.{terms.channel}", to=terms.send_to or "—"))
        lacking = [
            name
            for name, value in (("contract", client.contract), ("inn", client.inn), ("entity", terms.entity))
            if not value
        ]
        told += [sentence(f"accounting.lacks.{name}") for name in lacking]
        if terms.channel is AccountingChannel.MAIL and not terms.email:
            told.append(sentence("accounting.lacks.email"))
    return tuple(told)


def left_out_lines(left_out: LeftOut) -> list[Sentence]:
    """What is not asked for, because nobody has accepted it."""
    groups = (("shown", left_out.shown), ("finished", left_out.finished), ("in_work", left_out.in_work))
    return [
        sentence(
            f"accounting.left_out.{name}",
            count=len(codes),
            items=[*codes[:MOST_CODES], *(["…"] if len(codes) > MOST_CODES else [])],
        )
        for name, codes in groups
        if codes
    ]


def total_sentence(kopecks: int | None, locale: str) -> Sentence:
    """A sum as it is told; what is not known is decided by accounting."""
    if kopecks is None:
        return sentence("accounting.sum_by_accounting")
    return sentence("accounting.roubles", amount=roubles(kopecks, locale))


def _state(request: InvoiceRequest) -> Sentence:
    return sentence(f"title.choice.request_state.{RequestState(request.state)}")


def _line_data(line: Line, locale: str) -> dict[str, Any]:
    return {
        "code": line.code,
        "title": line.title,
        "hours": float(line.hours),
        "sum": None if line.sum_kop is None else roubles(line.sum_kop, locale),
    }


def _form_data(form: AskingForm) -> dict[str, Any]:
    days = {"start_on": form.start_on, "end_on": form.end_on}
    return {
        "project": form.project_id,
        "kind": form.kind.value,
        "month": form.month,
        **{name: day.isoformat() for name, day in days.items() if day is not None},
    }


def request_of(services: Services, agency_id: str, key: str) -> InvoiceRequest:
    """The request of a key that the sidebar sent; raises ``UserError`` for one of another agency."""
    wanted = ("invoice_request", key)
    found = load_requests(services.store, [wanted]).get(wanted)
    if found is None or found.agency_id != agency_id:
        raise UserError("accounting.no_request")
    return found
