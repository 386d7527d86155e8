"""The tab *Счета и акты* of the agency's workbook: a row for each request, and the answer to it.

The add-on writes the request; state, document, link, day of payment and reason belong to accounting. What is
typed there is kept in the document of the request, and stays in the cell. What accounting answers on the page
of the request is written into the same cells; a cell that was typed at that moment gives way to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from msgspec.structs import asdict, replace

from vitrina.domain.quantities import serial_of_day
from vitrina.operations.page_drawing import page_wishes
from vitrina.operations.run import Run
from vitrina.ports import Document, Key, Write
from vitrina.records.books import Project
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.invoice_requests import (
    INVOICE_REQUEST,
    Answered,
    InvoiceRequest,
    RequestState,
    find_open_requests,
    load_requests,
    request_from_document,
)
from vitrina.texts import Days, Sentence, render, sentence
from vitrina.usecases.accounting.answer import MOST_TEXT, journal_line, state_said, tell_answer, with_answer
from vitrina.workbook.reading.book import Book, Row, Tab
from vitrina.workbook.reading.cells import CellReader
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.team import Team
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

TAB = "invoices"
#: No row is ever deleted because there are too many.
MOST_ROWS = 1_000_000
#: Rows from the top whose requests are looked at although nobody has changed them lately.
MOST_LOOKED_AT = 60
#: After so many days without a change a request is looked at only in one of these rows.
QUIET_DAYS = 120

_GROUP = "request_state"
#: Who has to do something next, by the state.
_WAITS_FOR: Mapping[RequestState, str] = {
    RequestState.ASKED: "accounting",
    RequestState.RECEIVED: "accounting",
    RequestState.INVOICED: "client_pays",
    RequestState.SENT: "client_signs",
    RequestState.SIGNED: "client_pays",
    RequestState.REFUSED: "manager",
}


def follow_requests(
    run: Run, change: WorkbookChange, book: Book, projects: Mapping[str, Project], team: Team | None
) -> None:
    """Read what accounting typed, and write what the rows lack. Kept at the end of the run.

    A workbook that is not brought along yet lacks the tab; requests wait for it.

    Parameters
    ----------
    projects
        Projects of the agency by the id of their workbook.
    """
    tab = book.tabs.get(TAB)
    if tab is None or "request" not in tab.columns:
        return
    locale = locale_of(book)
    rows = {text: row for row in tab.rows if (text := tab.cell(row, "request").text)}
    requests = _requests_of(run, tab, rows, book.spreadsheet_id)
    reader = CellReader(tab, run.services.choices, locale=locale, today=run.services.today())
    fresh: list[Mapping[str, Value]] = []
    for request in sorted(requests, key=lambda one: one.asked_at, reverse=True):
        row = rows.get(request.key[1])
        if row is None:
            shown = request
            values = _values(run, request, projects, team, locale)
            answer = _answer_values(request.answered, Answered(), request.answered)
            fresh.append(_known(tab, {**values, **answer}))
        else:
            shown = _read(run, reader, row, request)
            _write(change, tab, row, _known(tab, _values(run, shown, projects, team, locale)))
            _write(
                change,
                tab,
                row,
                _known(tab, _answer_values(shown.answered, request.row_answered, request.answered)),
            )
        shown = replace(
            shown,
            shown_state=shown.state,
            shown_revision=shown.revision,
            shown_answered=None,
            is_quiet=date.fromisoformat(shown.changed_on) < run.services.today() - timedelta(days=QUIET_DAYS),
        )
        if shown.state != request.state:
            tell_answer(run, shown, locale)
        if (shown.state, shown.answered) != (request.state, request.answered):
            run.queue_at_end(*page_wishes(run.services, request.spreadsheet_id, request.agency_id))
        if shown != request:
            run.at_end(updates=[_Seen(run, request, shown)])
    change.insert_lines(tab, fresh, most=MOST_ROWS)
    for problem in reader.problems:
        told = render(Sentence(problem.code, dict(problem.where)), locale)
        text = f"{problem.sheet}!{problem.cell}: {told}"
        run.at_end(journal_line(run, book.spreadsheet_id, "", text).put())


def _requests_of(run: Run, tab: Tab, rows: Mapping[str, Row], agency_id: str) -> list[InvoiceRequest]:
    """Requests that are open, and those of the first rows that are not withdrawn."""
    store, choices = run.services.store, run.services.choices
    found = {one.key: one for one in find_open_requests(store, agency_id)}
    others: list[Key] = [
        (INVOICE_REQUEST, text)
        for text, row in list(rows.items())[:MOST_LOOKED_AT]
        if (INVOICE_REQUEST, text) not in found
        and choices.code(_GROUP, tab.cell(row, "state").text) != RequestState.WITHDRAWN
    ]
    if others:
        more = load_requests(store, others)
        found |= {key: one for key, one in more.items() if one.agency_id == agency_id}
    return list(found.values())


class _Seen(DocumentChange):
    """Keeps what the row of a request says, unless the request was changed meanwhile."""

    def __init__(self, run: Run, before: InvoiceRequest, seen: InvoiceRequest) -> None:
        def change(documents: list[Document | None]) -> list[Write]:
            if documents[0] is None:
                return []
            now = request_from_document(documents[0])
            if _answer_of(now) != _answer_of(before):
                return []
            return [
                replace(
                    now,
                    state=seen.state,
                    changed_on=seen.changed_on,
                    answered=seen.answered,
                    shown_state=seen.shown_state,
                    shown_revision=seen.shown_revision,
                    shown_answered=seen.shown_answered,
                    is_quiet=seen.is_quiet,
                ).put()
            ]

        super().__init__(run.services.store, (before.key,), change)


def _answer_of(request: InvoiceRequest) -> tuple[object, ...]:
    return request.revision, request.state, request.answered, request.row_answered


# --- What accounting types --------------------------------------------------------------------------------


def _read(run: Run, reader: CellReader, row: Row, request: InvoiceRequest) -> InvoiceRequest:
    """The request with what its row says now."""
    link = _text(reader, row, "link")
    if link and not link.startswith("https://"):
        reader.add_problem(row, "link", "cell.accounting_link", value=link)
        link = ""
    typed = Answered(
        document_number=_text(reader, row, "document_number"),
        document_on=_day(reader, row, "document_on"),
        link=link,
        paid_on=_day(reader, row, "paid_on"),
        reason=_text(reader, row, "reason"),
    )
    if not request.is_live or request.shown_revision not in (0, request.revision):
        # The row is that of a revision which was replaced: its answer is not one to the newest.
        return request
    answered = _merged(request, typed)
    if "state" not in reader.tab.columns:
        return replace(request, answered=answered)
    state = state_said(request, _state(run, reader, row, request), answered)
    return with_answer(request, state, answered, run.services.today().isoformat())


def _merged(request: InvoiceRequest, typed: Answered) -> Answered:
    """What the row says, but for fields that were answered elsewhere since the row was written or read."""
    shown, known = asdict(request.row_answered), asdict(request.answered)
    return Answered(
        **{name: text if known[name] == shown[name] else known[name] for name, text in asdict(typed).items()}
    )


def _state(run: Run, reader: CellReader, row: Row, request: InvoiceRequest) -> str:
    """The state that the row says, if the row had the newest one."""
    typed = reader.choice(row, "state", _GROUP, request.state)
    if request.shown_state != request.state or typed == request.state:
        return request.state
    if typed == RequestState.WITHDRAWN:
        told = render(sentence("accounting.withdraw_by_menu", number=request.human_number), "ru")
        run.at_end(journal_line(run, request.agency_id, request.spreadsheet_id, told).put())
        return request.state
    return str(typed)


def _text(reader: CellReader, row: Row, column: str) -> str:
    return reader.text(row, column).strip()[:MOST_TEXT] if column in reader.tab.columns else ""


def _day(reader: CellReader, row: Row, column: str) -> str:
    day = reader.day(row, column) if column in reader.tab.columns else None
    return day.isoformat() if day else ""


# --- What the add-on writes -------------------------------------------------------------------------------


def _write(change: WorkbookChange, tab: Tab, row: Row, wanted: Mapping[str, Value]) -> None:
    """Write cells of a row that say something else."""
    for key, value in wanted.items():
        if not _shows(tab, row, key, value):
            change.expect(tab, row, "request")
            change.set(tab, row, key, value)


def _values(
    run: Run,
    request: InvoiceRequest,
    projects: Mapping[str, Project],
    team: Team | None,
    locale: str,
) -> dict[str, Value]:
    services = run.services
    project = projects.get(request.spreadsheet_id)
    asked_at = datetime.fromisoformat(request.asked_at).astimezone(services.time_zone)
    period = request.period
    days = sentence(
        "accounting.days", days=Days(period.start_on, period.end_on), year=str(period.end_on.year)
    )
    waits = _WAITS_FOR.get(RequestState(request.state))
    who = team.name_of(request.asked_by) if team and request.asked_by else request.asked_by
    return {
        "number": request.human_number,
        "client": project.title if project else None,
        "period": render(days, locale),
        "kind": services.choices.label("request_kind", request.kind, locale),
        "revision": request.revision,
        "lines": len(request.lines),
        "total": None if request.total_kop is None else request.total_kop / 100,
        "state": services.choices.label(_GROUP, request.state, locale),
        "asked_on": asked_at.date(),
        "asked_by": who or render(sentence("accounting.by_itself"), locale),
        "waits_for": render(sentence(f"accounting.waits.{waits}"), locale) if waits else None,
        "request": request.key[1],
    }


def _answer_values(answered: Answered, row: Answered, known: Answered) -> dict[str, Value]:
    """Cells of accounting's answer that the *row* lacks; all others belong to whoever types there."""
    shown, newest = asdict(row), asdict(known)
    days = ("document_on", "paid_on")
    return {
        name: (date.fromisoformat(text) if name in days else text) if text else None
        for name, text in asdict(answered).items()
        if newest[name] != shown[name]
    }


def _known(tab: Tab, values: Mapping[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in values.items() if key in tab.columns}


def _shows(tab: Tab, row: Row, key: str, value: Value) -> bool:
    cell = tab.cell(row, key)
    if value is None:
        return cell.is_empty
    if isinstance(value, str):
        return cell.text == value
    if isinstance(value, date):
        return cell.value == serial_of_day(value)
    return cell.value == value
