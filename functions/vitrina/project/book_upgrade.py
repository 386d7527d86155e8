"""Bringing workbooks of an older release along, each with one read and one guarded write."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.limits import MOST_CHOICES
from vitrina.operations.clicks.accounts import tracker_titles
from vitrina.operations.outbox import TaskWish
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Capabilities, Json, decoded
from vitrina.project.protection import editors_of, locale_of_book, write_for_editors
from vitrina.records.books import Agency, Project
from vitrina.records.layouts import Protections, shape_from, shape_key
from vitrina.records.norms import KeptNorms
from vitrina.workbook.reading.book import Book, parse_book
from vitrina.workbook.reading.team import Team
from vitrina.workbook.template.compiler import BookValues, Compilation
from vitrina.workbook.template.definition import Profile
from vitrina.workbook.template.earlier import load_earlier
from vitrina.workbook.template.starting_onboarding import ONBOARDING_TAB, starting_onboarding
from vitrina.workbook.template.upgrade import is_old, upgrade_requests
from vitrina.workbook.writing.protection import Editors


class UpgradeContext(Struct, frozen=True):
    """What is needed of an agency to bring its workbooks along. ``work_types`` are those that clients see."""

    agency: Agency
    team: Team | None
    work_types: Sequence[str]
    protections: Protections


def work_types_for_clients(team: Team | None, norms: KeptNorms) -> Sequence[str]:
    """Work types that clients' workbooks offer: those that the agency chose, or those of its own norms."""
    return (team.work_types if team else ()) or norms.own_types


def typed_columns(can: Capabilities) -> frozenset[str]:
    """Columns that staff type themselves, because no tracker tells what is in them."""
    columns = {"in_progress.status"} if not can.has_cards else set()
    return frozenset(columns if can.tells_hours else {*columns, "in_progress.logged_hours"})


def is_client_book_old(services: Services, book: Book) -> bool:
    """Whether a client's workbook was made by an older release."""
    return is_old(book, services.templates["client"].version)


def upgrade_wish(
    services: Services, spreadsheet_id: str, *, slot: float | None = None, delay_s: float = 0.0
) -> TaskWish:
    """The task that brings one workbook along; *slot* is a slot of Google's quota that it has booked.

    An action only keeps the wish, and the timer sends it: when nobody has clicked there for a while.
    """
    version = services.templates["client"].version
    body: Json = {"kind": "upgrade", "spreadsheet_id": spreadsheet_id}
    if slot is None:
        return TaskWish(f"upgrade-{version}-{spreadsheet_id}", body, delay_s)
    return TaskWish(f"upgrade-{version}-{spreadsheet_id}-{int(slot)}", {**body, "slot": slot}, delay_s)


def upgrade_client_book(run: Run, project: Project, context: UpgradeContext) -> bool:
    """Bring a client's workbook along; ``False`` if there was nothing to do. Holds its lease meanwhile.

    Raises
    ------
    BusyError
        If another action works there.
    ChangedMeanwhileError
        If people changed the workbook after it was read; nothing was written.
    """
    services, spreadsheet_id = run.services, project.spreadsheet_id
    run.take(spreadsheet_id)
    try:
        resource, book = _read(run, spreadsheet_id)
        if not is_client_book_old(services, book):
            return False
        tracker = services.trackers.get(project.tracker)
        can = tracker.can if tracker is not None else Capabilities()
        base = Compilation(
            services.templates["client"],
            locale_of_book(book),
            _profiles(context.agency),
            BookValues(options={"work_types": list(context.work_types)[:MOST_CHOICES]}),
            Editors(()),
            {},
            typed_columns(can),
            has_tracker=can.has_cards,
            invites_guests=can.invites_guests,
        )

        def requests_for(editors: Editors, *, editors_changed: bool) -> list[Json]:
            now = replace(base, editors=editors)
            earlier = load_earlier("client")
            return upgrade_requests(resource, book, now, earlier, editors_changed=editors_changed)

        write_for_editors(run, book, context.team, context.protections, requests_for)
    finally:
        run.commit(run.release(spreadsheet_id))
    return True


def upgrade_agency_book(run: Run, agency: Agency) -> bool:
    """Bring the agency's own workbook along, as ``upgrade_client_book`` does."""
    services, spreadsheet_id = run.services, agency.spreadsheet_id
    template = services.templates["agency"]
    run.take(spreadsheet_id)
    try:
        resource, book = _read(run, spreadsheet_id)
        if not is_old(book, template.version):
            return False
        profiles = _profiles(agency)
        base = Compilation(
            template,
            locale_of_book(book),
            profiles,
            BookValues(
                rows={ONBOARDING_TAB: starting_onboarding(template, locale_of_book(book), agency.profiles)},
                options={"profiles": [one.title for one in profiles]},
            ),
            editors_of(services, spreadsheet_id, None),
            tracker_titles(services, spreadsheet_id),
            frozenset(),
        )
        requests = upgrade_requests(resource, book, base, load_earlier("agency"))
        services.workbooks.batch_update(spreadsheet_id, requests)
    finally:
        run.commit(run.release(spreadsheet_id))
    return True


def _read(run: Run, spreadsheet_id: str) -> tuple[Json, Book]:
    resource = run.services.workbooks.read_for_upgrade(spreadsheet_id)
    key = shape_key(spreadsheet_id)
    book = parse_book(resource, shape_from(run.services.store.get_many([key]).get(key)))
    return decoded(resource), book


def _profiles(agency: Agency) -> tuple[Profile, ...]:
    return tuple(Profile(key, title) for key, title in agency.profiles.items())
