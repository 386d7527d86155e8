"""Who may edit what is protected in the clients' workbooks, and keeping that up to date."""

from __future__ import annotations

import hashlib
import json
from typing import Protocol

from vitrina.errors import ChangedMeanwhileError
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.layouts import Protections, ShownProtection
from vitrina.texts import pick_locale
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import ADDRESS
from vitrina.workbook.reading.team import Team
from vitrina.workbook.template.definition import Locale
from vitrina.workbook.writing.protection import SHEET_TEXT, Editors, renew
from vitrina.workbook.writing.shelf import NewShelf


class RequestsFor(Protocol):
    """Makes the batch of a workbook for editors of its protections."""

    def __call__(self, editors: Editors, *, editors_changed: bool) -> list[Json]:
        """The requests; *editors_changed* is whether editors of existing protections are written too."""


def editors_of(services: Services, agency_id: str, team: Team | None) -> Editors:
    """The agency's Google group if it has one, else its people; always the service account.

    The people are those of *Специалисты* with an address, and the agency's owners whom the operator named.
    """
    if team is not None and team.editors_group:
        return Editors((services.service_account,), (team.editors_group,))
    certain = certain_editors(services, agency_id)
    people = team.names_by_email if team else ()
    users = dict.fromkeys([*certain.users, *(one for one in people if ADDRESS.fullmatch(one))])
    has_domain = any(one.is_domain for one in services.owners_in(agency_id))
    return Editors(tuple(users), domain_users=has_domain)


def certain_editors(services: Services, agency_id: str) -> Editors:
    """The service account and the owners that the operator named by address: Google knows all of them."""
    owners = (one.address for one in services.owners_in(agency_id) if not one.is_domain)
    return Editors((services.service_account, *owners))


def renew_protection(run: Run, book: Book, team: Team | None, known: Protections) -> bool:
    """Bring the protection of a client's workbook up to date; ``False`` if Google did not take all editors.

    One write where something differs, and none otherwise. If Google refuses the editors, because an address
    is not one of its accounts, those remain whom it has taken before and who are still wanted. The same
    editors are not tried again.

    Parameters
    ----------
    known
        What was written before, of ``protection_key``.

    Raises
    ------
    ChangedMeanwhileError
        If the workbook was changed after it was read.
    """
    template, locale = run.services.templates["client"], locale_of_book(book)

    def requests_for(editors: Editors, *, editors_changed: bool) -> list[Json]:
        return renew(book, template, locale, editors, editors_changed=editors_changed)

    return write_for_editors(run, book, team, known, requests_for)


def write_for_editors(
    run: Run, book: Book, team: Team | None, known: Protections, requests_for: RequestsFor
) -> bool:
    """Write what *requests_for* makes for the editors whom Google takes; ``False`` if it did not take all.

    See ``renew_protection``.

    Raises
    ------
    ChangedMeanwhileError
        If the workbook was changed after it was read.
    """
    services, before = run.services, known.of(book.spreadsheet_id)
    wanted = editors_of(services, run.agency_id, team)
    if before.refused != digest(wanted):
        try:
            _write(run, book, wanted, known, requests_for)
        except ChangedMeanwhileError:
            if before.written == digest(wanted):
                raise
        else:
            return True
    _write(run, book, _taken_before(run, book, wanted), known, requests_for, refused=wanted)
    return False


def note_editors(
    run: Run, known: Protections, spreadsheet_id: str, editors: Editors, *, refused: Editors | None = None
) -> None:
    """Remember at the end of the run whom a protection lets in, and whom Google refused."""
    now = ShownProtection(digest(editors), digest(refused) if refused else "")
    run.at_end(*known.note(spreadsheet_id, now))


def new_shelf(services: Services, book: Book, title: str) -> NewShelf:
    """A shelf for rows of the backlog, protected like the backlog: Google has taken those editors before."""
    template, locale = services.templates["client"], locale_of_book(book)
    text = template.text(locale, SHEET_TEXT)
    tab = book.tabs.get("backlog")
    editors = next(
        (
            one.editors
            for one in book.protected_ranges
            if tab is not None and one.sheet_id == tab.sheet_id and one.is_whole_sheet and one.editors
        ),
        None,
    )
    return NewShelf(title, text, editors)


def locale_of_book(book: Book) -> Locale:
    """The language of a workbook."""
    return "en" if pick_locale(book.locale) == "en" else "ru"


def _write(
    run: Run,
    book: Book,
    editors: Editors,
    known: Protections,
    requests_for: RequestsFor,
    *,
    refused: Editors | None = None,
) -> None:
    changed = known.of(book.spreadsheet_id).written != digest(editors)
    requests = requests_for(editors, editors_changed=changed)
    if requests:
        run.services.workbooks.batch_update(book.spreadsheet_id, requests)
    note_editors(run, known, book.spreadsheet_id, editors, refused=refused)


def _taken_before(run: Run, book: Book, wanted: Editors) -> Editors:
    """Of the *wanted* editors those that a protection of the workbook has, and the certain ones."""
    now = [one.editors for one in book.protected_ranges]
    users = {address.lower() for one in now for address in one.get("users", ())}
    groups = {address.lower() for one in now for address in one.get("groups", ())}
    certain = certain_editors(run.services, run.agency_id)
    return Editors(
        tuple(dict.fromkeys([*certain.users, *(one for one in wanted.users if one in users)])),
        tuple(one for one in wanted.groups if one in groups),
        wanted.domain_users and any(one.get("domainUsersCanEdit") for one in now),
    )


def digest(editors: Editors) -> str:
    """A text by which equal editors are recognised; addresses are not stored for that."""
    data = json.dumps([sorted(editors.users), sorted(editors.groups), editors.domain_users])
    return hashlib.sha256(data.encode()).hexdigest()[:16]
