"""What a person does with a draft: makes a step of it an item of the backlog, approves and sends it."""

from __future__ import annotations

import hashlib
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.undo_record import write_undoably
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.records.books import load_project, put_project
from vitrina.records.outside.chat_rules import Told
from vitrina.records.outside.chats import load_chat
from vitrina.records.told.metric_reports import (
    MOST_ACTIONS,
    MOST_ASKED,
    MOST_OWNER,
    MOST_REASON,
    MOST_TITLE,
    MetricReport,
    ReportAction,
    ReportState,
    load_reports,
)
from vitrina.tabs.blocks import SPARE_ROWS, last_used_row
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.texts import render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.metric_report.draft import draft_answer, fingerprint, load_draft
from vitrina.usecases.metric_report.wishes import tab_wish
from vitrina.usecases.metric_report.words import verdict_lines
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import NewRow, Value, WorkbookChange
from vitrina.workbook.writing.heal import heal

#: Name of the step that notes which number the row gets.
STEP = "row"
#: Most lines of a reason.
MOST_LINES = 2


class ReportPlace(Struct, frozen=True):
    """The revision that a person has open, and what he wrote into its form."""

    number: int
    revision: int
    reason: str = ""
    asked: str = ""

    def written(self, report: MetricReport) -> MetricReport:
        """The report with what was written; raises ``UserError`` for more than two lines of a reason."""
        lines = [plain for line in self.reason.splitlines() if (plain := " ".join(line.split()))]
        if len(lines) > MOST_LINES:
            raise UserError("metric_report.long_reason", most=MOST_LINES)
        reason, asked = "\n".join(lines), " ".join(self.asked.split())
        return replace(report, reason=reason[:MOST_REASON], asked=asked[:MOST_ASKED])


def add_action(
    run: Run, spreadsheet_id: str, place: ReportPlace, *, title: str, owner: str, due_on: date
) -> Answer:
    """Append a row to *Бэклог* for a step, and note the step in the draft.

    The row says nothing of the report. A repeat of the same click adds no second row.

    Raises
    ------
    UserError
        If the report was sent, has enough steps, or the day is over.
    """
    services = run.services
    title, owner = " ".join(title.split())[:MOST_TITLE], " ".join(owner.split())[:MOST_OWNER]
    report = place.written(load_draft(run, spreadsheet_id, place.number, place.revision))
    if report.is_approved:
        raise UserError("metric_report.sent_already")
    if len(report.actions) >= MOST_ACTIONS:
        raise UserError("metric_report.many_actions", most=MOST_ACTIONS)
    if due_on < services.today():
        raise UserError("metric_report.day_over", day=due_on)
    code = retry_on_conflict(run, lambda: _add_row(run, spreadsheet_id, title, due_on))
    number = int(code.rpartition("-")[2])
    action = ReportAction(number, code, title, owner, due_on.isoformat())
    # A repeat after a lost answer has the step noted already.
    others = tuple(one for one in report.actions if one.number != number)
    changed = replace(report, actions=(*others, action))
    run.at_end(changed.put())
    answer = draft_answer(services, changed, load_project(services.store, spreadsheet_id).locale)
    return replace(answer, message=sentence("metric_report.action_added", code=code))


def approve(run: Run, spreadsheet_id: str, place: ReportPlace, *, mark: str) -> Answer:
    """Show a report to the client, exactly as it was previewed: on his page, in his workbook, in the chat.

    All of it follows from one commit, the one that ends the run.

    Raises
    ------
    UserError
        If the draft has changed since, or was sent with other words.
    """
    services, store = run.services, run.services.store
    draft = load_draft(run, spreadsheet_id, place.number, place.revision)
    report = place.written(draft)
    sent_as = hashlib.sha256("\n".join((mark, report.reason, report.asked)).encode()).hexdigest()[:32]
    project = load_project(store, spreadsheet_id)
    is_told = services.chat is not None and bool(load_chat(store, spreadsheet_id, project.agency_id).chat_id)
    answer = Answer(
        Outcome.DONE,
        sentence("metric_report.sent", number=report.number, name=report.name),
        details=(sentence("metric_report.told" if is_told else "metric_report.not_told"),),
        data={"number": report.number, "revision": report.revision},
    )
    if draft.is_approved:
        if draft.sent_as != sent_as:
            raise UserError("metric_report.sent_already")
        return answer
    if fingerprint(draft) != mark:
        raise UserError("metric_report.changed")
    approved = replace(
        report,
        state=ReportState.APPROVED.value,
        approved_at=services.clock.now().isoformat(),
        approved_by=run.actor.name,
        sent_as=sent_as,
    )
    reports = load_reports(store, spreadsheet_id, project.agency_id)
    run.at_end(approved.put(), reports.with_approved(approved, services.today().isoformat()).put())
    run.queue_at_end(tab_wish(approved))
    text = announcement(approved, services.workbooks.url(spreadsheet_id), project.locale)
    name = f"metric-report-{approved.number}"
    post_message(run, spreadsheet_id, project.agency_id, Told.REPORT, name, text)
    return answer


def announcement(report: MetricReport, url: str, locale: str) -> str:
    """What the chat is told of an approved report."""
    lines = [
        sentence("metric_report.heading", number=report.number, name=report.name),
        verdict_lines(report.body)[0],
        sentence("metric_report.reason.text", text=report.reason)
        if report.reason
        else sentence("metric_report.reason.none"),
        sentence("metric_report.where", url=url),
    ]
    return "\n\n".join(render(one, locale) for one in lines)


def _add_row(run: Run, spreadsheet_id: str, title: str, due_on: date) -> str:
    """Append the row; does nothing where an earlier attempt of this click has written it. Gives its code."""
    snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=False)
    known = run.steps.get(STEP, {}).get("result")
    if known is not None and _is_there(snapshot, known, title):
        return f"{snapshot.project.code}-{known}"
    number = snapshot.backlog_identity.last_number + 1
    run.note_step(STEP, number)
    write_undoably(
        run,
        snapshot.stored.undo,
        snapshot.book,
        _change(snapshot, number, title, due_on),
        action="add_report_action",
        writes=[put_project(replace(snapshot.project, last_number=number))],
        if_refused=[put_project(snapshot.project)],
    )
    return f"{snapshot.project.code}-{number}"


def _is_there(snapshot: Snapshot, number: int, title: str) -> bool:
    tab = snapshot.backlog_identity.tab
    return any(row.number == number and tab.cell(row, "task").text == title for row in tab.rows)


def _change(snapshot: Snapshot, number: int, title: str, due_on: date) -> WorkbookChange:
    book, tab, code = snapshot.book, snapshot.backlog_identity.tab, snapshot.project.code
    status = snapshot.services.choices.label("backlog_status", "proposed", locale_of(book))
    values: dict[str, Value] = {
        "id": f"{code}-{number}",
        "task": title,
        "status": status,
        "wanted_on": due_on,
    }
    change = WorkbookChange()
    change.hold_fence(book)
    heal(change, book, snapshot.backlog_identity, prefix=code)
    change.make_room(tab, last_used_row(tab) + 1 + SPARE_ROWS)
    row = NewRow(number, {key: value for key, value in values.items() if key in tab.columns})
    change.append(tab, [row])
    write_refreshed_mark(snapshot.services, change, book)
    return change
