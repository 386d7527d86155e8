"""*Сводка для клиента…*, and the same by the clock: the digest of a week, once in the chat of a project.

The first one is sent by a manager who has read it; until then the agency is told that it waits. A second one
of the same week edits the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.operations.run import Run
from vitrina.ports import Document, Write
from vitrina.records.books import Project, load_project
from vitrina.records.layouts import shape_from, shape_key
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.chat_rules import NOWHERE, Told, load_rules
from vitrina.records.outside.chats import load_chat
from vitrina.records.told.digests import KeptDigest, digest_from_document, digest_key, load_digest
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.client_page.digest_link import hidden_address
from vitrina.usecases.digest.figures import Figures, read_figures
from vitrina.usecases.digest.text import digest_text
from vitrina.workbook.reading.book import parse_book


class Digest(Struct, frozen=True):
    """The digest of a project at a moment; ``mark`` tells its text from any other one."""

    figures: Figures
    text: str

    @property
    def mark(self) -> str:
        """Digest of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32]


def compose(run: Run, project: Project) -> Digest:
    """The digest by what the workbook says now: it is read once. The address of the page is still hidden."""
    services, key = run.services, shape_key(project.spreadsheet_id)
    shape = shape_from(services.store.get_many([key]).get(key))
    book = parse_book(services.workbooks.read(project.spreadsheet_id), shape)
    figures = read_figures(book, services.choices, services.today(), services.time_zone)
    text = digest_text(
        figures,
        project_name=project.project_name,
        url=services.workbooks.url(project.spreadsheet_id),
        locale=project.locale,
        zone=services.time_zone,
        page_url=hidden_address(services, project.spreadsheet_id),
    )
    return Digest(figures, text)


def week_of(day: date) -> str:
    """The week of a day, as ``2026-W48``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


# --- By a click --------------------------------------------------------------------------------------


def preview_digest(run: Run, spreadsheet_id: str) -> Answer:
    """What the digest would say now. Changes nothing.

    ``data``: ``text``, its ``mark`` for ``send_digest``, whether it can be sent, and whether one of this week
    was sent.
    """
    project = _project(run, spreadsheet_id)
    digest = compose(run, project)
    known = load_digest(run.services.store, spreadsheet_id, project.agency_id)
    is_sent = known.sent_week == week_of(run.services.today())
    is_stale = digest.figures.is_stale(run.services.clock.now())
    return Answer(
        Outcome.DONE,
        sentence("digest.preview_again" if is_sent else "digest.preview"),
        details=(*([sentence("digest.stale")] if is_stale else []), *_about_page(run, project)),
        data={"text": digest.text, "mark": digest.mark, "can_send": not is_stale, "is_sent": is_sent},
    )


def _about_page(run: Run, project: Project) -> list[Sentence]:
    """Why the address of the page has dots, or how it gets into the digest."""
    if not run.services.client_url:
        return []
    has_page = hidden_address(run.services, project.spreadsheet_id)
    return [sentence("digest.page_hidden" if has_page else "digest.no_page")]


def send_digest(run: Run, spreadsheet_id: str, *, mark: str) -> Answer:
    """Send the digest that was previewed.

    Raises
    ------
    UserError
        If the sheet says something else now, or its data are older than a day.
    """
    project = _project(run, spreadsheet_id)
    digest = compose(run, project)
    if digest.mark != mark:
        raise UserError("digest.changed")
    if digest.figures.is_stale(run.services.clock.now()):
        raise UserError("digest.stale")
    _send(run, project, digest, is_approved=True)
    return Answer(Outcome.DONE, sentence("digest.sent"))


def _project(run: Run, spreadsheet_id: str) -> Project:
    """The project; raises ``UserError`` if it has no chat in which a digest is told."""
    store = run.services.store
    project = load_project(store, spreadsheet_id)
    if run.services.chat is None:
        raise UserError("chat.off")
    if not load_chat(store, spreadsheet_id, project.agency_id).chat_id:
        raise UserError("chat.no_group")
    if not _has_place(run, project):
        raise UserError("digest.nowhere")
    return project


def _has_place(run: Run, project: Project) -> bool:
    """Whether the agency wants digests in the chats of its clients."""
    rules = load_rules(run.services.store, project.agency_id)
    return rules is None or rules.places.get(Told.DIGEST) != NOWHERE


# --- By the clock ------------------------------------------------------------------------------------


def send_by_clock(run: Run, project: Project) -> None:
    """Send the digest, or tell the agency why it is not sent."""
    services = run.services
    if not _has_place(run, project):
        return
    digest = compose(run, project)
    known = load_digest(services.store, project.spreadsheet_id, project.agency_id)
    week = week_of(services.today())
    if digest.figures.is_empty:
        return
    if digest.figures.is_stale(services.clock.now()):
        if known.sent_week != week:
            _tell_agency(run, project, known, week, sentence("digest.told_stale", project=project.title))
        return
    if not known.is_approved:
        told = sentence("digest.told_first", project=project.title, text=digest.text)
        _tell_agency(run, project, known, week, told)
        return
    _send(run, project, digest, is_approved=False)


def _send(run: Run, project: Project, digest: Digest, *, is_approved: bool) -> None:
    week = week_of(run.services.today())
    where = (project.spreadsheet_id, project.agency_id)
    post_message(run, *where, Told.DIGEST, f"digest-{week}", digest.text)
    run.at_end(updates=[_change(run, project, lambda known: known.sent(week, is_approved=is_approved))])


def _tell_agency(run: Run, project: Project, known: KeptDigest, week: str, why: Sentence) -> None:
    """Tell the agency once a week that something has to be done: in its own chat and in *Журнал*."""
    if known.told_week == week:
        return
    services, name = run.services, f"digest-{project.spreadsheet_id}-{week}"
    text = render(why, project.locale)
    post_message(run, project.spreadsheet_id, project.agency_id, Told.DIGEST_HELD, name, text)
    line = JournalLine(
        operation_id=name,
        agency_id=project.agency_id,
        spreadsheet_id=project.spreadsheet_id,
        at=services.clock.now().isoformat(),
        who="",
        action="digest",
        outcome="refused",
        message=text,
    )
    run.at_end(line.put(), updates=[_change(run, project, lambda one: replace(one, told_week=week))])
    run.queue_at_end(refresh_wish(services, project.agency_id, draws=False))


def _change(run: Run, project: Project, change: Callable[[KeptDigest], KeptDigest]) -> DocumentChange:
    def writes(documents: list[Document | None]) -> list[Write]:
        known = digest_from_document(documents[0], project.spreadsheet_id, project.agency_id)
        changed = change(known)
        return [] if changed == known else [changed.put()]

    return DocumentChange(run.services.store, (digest_key(project.spreadsheet_id),), writes)
