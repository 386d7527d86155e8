"""Who may edit what is protected in the clients' workbooks, and keeping that up to date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from vitrina.errors import ChangedMeanwhileError
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Document, Store, Write
from vitrina.records.books import Project
from vitrina.records.layouts import ShownProtection, protection_from, protection_key, put_protection
from vitrina.texts import pick_locale
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import ADDRESS
from vitrina.workbook.reading.team import Team
from vitrina.workbook.template.definition import Locale
from vitrina.workbook.writing.protection import SHEET_TEXT, Editors, renew
from vitrina.workbook.writing.shelf import NewShelf


def editors_of(services: Services, team: Team | None) -> Editors:
    """The agency's Google group if it has one, else its people; always the service account.

    The people are those of *Специалисты* with an address, and those whom the operator named as staff.
    """
    service_account, *staff = services.editors
    if team is not None and team.editors_group:
        return Editors((service_account,), (team.editors_group,))
    certain = certain_editors(services)
    people = [one.email.lower() for one in team.specialists] if team else []
    users = dict.fromkeys([*certain.users, *(one for one in people if ADDRESS.fullmatch(one))])
    return Editors(tuple(users), domain_users=any(one.startswith("@") for one in staff))


def certain_editors(services: Services) -> Editors:
    """The service account and the staff that the operator named by address: Google knows all of them."""
    return Editors(tuple(one for one in services.editors if not one.startswith("@")))


def renew_protection(run: Run, book: Book, team: Team | None, document: Document | None) -> bool:
    """Bring the protection of a client's workbook up to date; ``False`` if Google did not take all editors.

    One write where something differs, and none otherwise. If Google refuses the editors, because an address
    is not one of its accounts, those remain whom it has taken before and who are still wanted. The same
    editors are not tried again.

    Parameters
    ----------
    document
        What was written before, of ``protection_key``.

    Raises
    ------
    ChangedMeanwhileError
        If the workbook was changed after it was read.
    """
    services, known = run.services, protection_from(document)
    wanted = editors_of(services, team)
    if known.refused != digest(wanted):
        try:
            _write(run, book, wanted, known)
        except ChangedMeanwhileError:
            if known.written == digest(wanted):
                raise
        else:
            return True
    _write(run, book, _taken_before(services, book, wanted), known, refused=digest(wanted))
    return False


def note_editors(spreadsheet_id: str, editors: Editors, *, refused: Editors | None = None) -> Write:
    """The write that remembers whom the protection of a new workbook lets in, and whom Google refused."""
    return put_protection(
        spreadsheet_id, ShownProtection(digest(editors), digest(refused) if refused else "")
    )


def new_shelf(services: Services, book: Book, title: str) -> NewShelf:
    """A shelf for rows of the backlog, protected like the backlog: Google has taken those editors before."""
    template, locale = services.templates["client"], _locale(book)
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


def _locale(book: Book) -> Locale:
    return "en" if pick_locale(book.locale) == "en" else "ru"


def load_protections(store: Store, projects: Iterable[Project]) -> Mapping[str, Document]:
    """What was written last of the protection of each workbook, by the workbook's id: one round trip."""
    found = store.get_many(protection_key(one.spreadsheet_id) for one in projects)
    return {document.key: document for document in found.values()}


def _write(run: Run, book: Book, editors: Editors, known: ShownProtection, *, refused: str = "") -> None:
    changed = known.written != digest(editors)
    template = run.services.templates["client"]
    requests = renew(book, template, _locale(book), editors, editors_changed=changed)
    if requests:
        run.services.workbooks.batch_update(book.spreadsheet_id, requests)
    now = ShownProtection(digest(editors), refused)
    if now != known:
        run.at_end(put_protection(book.spreadsheet_id, now))


def _taken_before(services: Services, book: Book, wanted: Editors) -> Editors:
    """Of the *wanted* editors those that a protection of the workbook has, and the certain ones."""
    now = [one.editors for one in book.protected_ranges]
    users = {address.lower() for one in now for address in one.get("users", ())}
    groups = {address.lower() for one in now for address in one.get("groups", ())}
    certain = certain_editors(services)
    return Editors(
        tuple(dict.fromkeys([*certain.users, *(one for one in wanted.users if one in users)])),
        tuple(one for one in wanted.groups if one in groups),
        wanted.domain_users and any(one.get("domainUsersCanEdit") for one in now),
    )


def digest(editors: Editors) -> str:
    """A text by which equal editors are recognised; addresses are not stored for that."""
    data = json.dumps([sorted(editors.users), sorted(editors.groups), editors.domain_users])
    return hashlib.sha256(data.encode()).hexdigest()[:16]
