"""*Обновить книги*: brings the agency's workbook and those of its clients along to this release."""

from __future__ import annotations

from vitrina.errors import VitrinaError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.google_quota import QUOTA_KEY
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.project.agency_book import read_stored_agency
from vitrina.project.book_upgrade import (
    UpgradeContext,
    upgrade_agency_book,
    upgrade_client_book,
    work_types_for_clients,
)
from vitrina.project.client_books import read_client_books
from vitrina.records.layouts import Protections, protection_key
from vitrina.texts import Sentence, sentence


def upgrade_books(run: Run, agency_id: str) -> Answer:
    """Bring all workbooks along, one after the other, the agency's own first.

    Each workbook is written by one batch that Google takes as a whole or refuses. One that is busy, or that
    people change just now, is named and left as it is; so a repeat goes on where this one stopped.
    """
    stored = read_stored_agency(run, agency_id, more=[QUOTA_KEY, protection_key(agency_id)])
    projects = stored.projects.value
    details: list[Sentence] = []
    is_own_done = False
    try:
        is_own_done = retry_on_conflict(run, lambda: upgrade_agency_book(run, stored.agency))
    except VitrinaError as error:
        details.append(sentence("upgrade.own_left", why=Sentence(error.code, error.where)))
    context = UpgradeContext(
        stored.agency,
        stored.team,
        work_types_for_clients(stored.team, stored.norms.value),
        Protections(agency_id, stored.more.get(protection_key(agency_id))),
    )
    found, left = read_client_books(
        run,
        projects,
        lambda project: retry_on_conflict(run, lambda: upgrade_client_book(run, project, context)),
        quota=stored.more.get(QUOTA_KEY),
    )
    details += [
        sentence("upgrade.left", project=one.project.title, why=Sentence(one.error.code, one.error.where))
        for one in left
    ]
    done = sum(found) + is_own_done
    is_partial = bool(details)
    code = "upgrade.partial" if is_partial else "upgrade.done" if done else "upgrade.nothing"
    return Answer(
        Outcome.PARTIAL if is_partial else Outcome.DONE,
        sentence(code, books=done, left=len(details)),
        details=tuple(details),
        data={"books": done, "left": len(details)},
    )
