"""*Итоги созвона…*: the text goes to the client's chat, decisions become rows of *Бэклог*."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.undo_record import write_undoably
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.records.books import Project, load_project, put_project
from vitrina.records.outside.chat_rules import Told
from vitrina.records.outside.chats import load_chat
from vitrina.tabs.blocks import SPARE_ROWS, last_used_row
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import NewRow, WorkbookChange
from vitrina.workbook.writing.heal import heal, repair_messages

#: Name of the step that notes which numbers the rows get.
STEP = "rows"


def note_call(run: Run, spreadsheet_id: str, *, text: str, decisions: Sequence[str]) -> Answer:
    """Note the results of a call. A repeat of the same click adds no row and sends no message again."""
    text = text.strip()
    tasks = [plain for one in decisions if (plain := " ".join(one.split()))]
    if not text and not tasks:
        raise UserError("call.empty")
    healed = retry_on_conflict(run, lambda: _add_rows(run, spreadsheet_id, tasks)) if tasks else ()
    project = load_project(run.services.store, spreadsheet_id)
    is_told = bool(text) and _tell(run, project, text, tasks)
    return Answer(
        Outcome.DONE,
        sentence("call.rows", count=len(tasks)) if tasks else sentence("call.noted"),
        details=(*([sentence("call.told" if is_told else "call.not_told")] if text else []), *healed),
        data={"rows": len(tasks), "is_told": is_told},
    )


def _add_rows(run: Run, spreadsheet_id: str, tasks: Sequence[str]) -> tuple[Sentence, ...]:
    """Append a row for each task; does nothing where an earlier attempt of this click has written them."""
    snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=False)
    if _are_there(snapshot, run.steps.get(STEP, {}).get("result") or (), tasks):
        return ()
    first = snapshot.backlog_identity.last_number + 1
    numbers = list(range(first, first + len(tasks)))
    run.note_step(STEP, numbers)
    project = replace(snapshot.project, last_number=numbers[-1])
    write_undoably(
        run,
        snapshot.stored.undo,
        snapshot.book,
        _change(snapshot, numbers, tasks),
        action="note_call",
        writes=[put_project(project)],
        if_refused=[put_project(snapshot.project)],
    )
    return repair_messages(snapshot.book, snapshot.backlog_identity)


def _are_there(snapshot: Snapshot, numbers: Sequence[int], tasks: Sequence[str]) -> bool:
    """Whether a row with one of the numbers says what it was to say: one batch writes all of them or none."""
    tab = snapshot.backlog_identity.tab
    said = {row.number: tab.cell(row, "task").text for row in tab.rows if row.number}
    return any(said.get(number) == task for number, task in zip(numbers, tasks, strict=False))


def _change(snapshot: Snapshot, numbers: Sequence[int], tasks: Sequence[str]) -> WorkbookChange:
    book, tab = snapshot.book, snapshot.backlog_identity.tab
    status = snapshot.services.choices.label("backlog_status", "proposed", locale_of(book))
    code = snapshot.project.code
    change = WorkbookChange()
    change.hold_fence(book)
    heal(change, book, snapshot.backlog_identity, prefix=code)
    change.make_room(tab, last_used_row(tab) + len(tasks) + SPARE_ROWS)
    rows = [
        NewRow(number, {"id": f"{code}-{number}", "task": task, "status": status})
        for number, task in zip(numbers, tasks, strict=True)
    ]
    change.append(tab, rows)
    write_refreshed_mark(snapshot.services, change, book)
    return change


def _tell(run: Run, project: Project, text: str, tasks: Sequence[str]) -> bool:
    """Have the text sent to the chat; ``False`` if the project has none."""
    services, locale = run.services, project.locale
    if (
        services.chat is None
        or not load_chat(services.store, project.spreadsheet_id, project.agency_id).chat_id
    ):
        return False
    if tasks:
        lines = [render(sentence("chat.decision", text=one), locale) for one in tasks]
        text = render(sentence("chat.call_decisions", text=text, decisions="\n".join(lines)), locale)
    told = render(sentence("chat.call", day=services.today(), text=text), locale)
    name = f"call-{run.operation_id}"
    post_message(run, project.spreadsheet_id, project.agency_id, Told.CALL, name, told)
    return True
