"""*Проверить всё* and *Проверить книгу*: finds contradictions within the sheets and with the tracker.

Only cells and cards are checked. The store gives only the list of workbooks, the norms, which items were
started, which of them a template of onboarding puts after which, and what somebody has allowed to go over
hour limits: what else it remembers was written by the planner and may be wrong in the same way. Cells of
*Бэклог* and *Клиент* are judged as *estimate* and *build* judge them, so that no cell is good here and
refused there.
Nothing is written, so one client's data cannot get into another client's file. The answer is for staff and
may name all clients.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from vitrina.domain.backlog import EstimateSource
from vitrina.domain.checking.check import AfterRow, PersonRow
from vitrina.domain.checking.check_sheets import (
    ROUNDING_HOURS,
    Contradiction,
    Finding,
    Judge,
    SheetRow,
    ShownCalendar,
)
from vitrina.domain.estimating.norms import Norms
from vitrina.errors import CellProblem, ServiceError, WorkbookShapeError
from vitrina.operations.answer import Answer, Outcome, group_alike
from vitrina.operations.google_quota import QUOTA_KEY
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Card, Step, TaskTracker
from vitrina.project.agency_book import look_at_team, read_agency_book, read_stored_agency
from vitrina.project.client_books import UnreadBook, elsewhere_messages, read_client_books
from vitrina.project.planner_input import forecasts_of, hours_by_norm, impossible_quantities
from vitrina.project.reservations import (
    BACKLOG_COLUMNS,
    PROGRESS_COLUMNS,
    has_backlog,
    has_columns,
    identify_rows,
    require_columns,
)
from vitrina.project.tracker_people import people_in_tracker
from vitrina.records.books import Agency, Project, load_project
from vitrina.records.layouts import shape_from, shape_key
from vitrina.records.work import Item, ProjectWork, external_id, find_open_work, load_work
from vitrina.texts import Days, Sentence, sentence
from vitrina.workbook.reading.backlog_rows import (
    Backlog,
    BacklogRow,
    read_backlog,
    read_started_after,
)
from vitrina.workbook.reading.book import Book, parse_book
from vitrina.workbook.reading.calendar_reader import read_calendar
from vitrina.workbook.reading.identity import identify_progress, number_of_id
from vitrina.workbook.reading.settings import responsible_problems, terms_problems
from vitrina.workbook.reading.team import Team
from vitrina.workbook.reading.work_rows import WorkRow, WorkRows, read_work
from vitrina.workbook.size import size_warnings

#: Nobody reads more lines than this; the command ``check`` prints all of them.
MAX_LINES = 100
#: The most pieces of work that one sentence names.
MAX_WORKS = 6


class CheckedBook(Struct, frozen=True):
    """A client's workbook, read from its cells alone."""

    project: Project
    work: WorkRows
    rows: tuple[SheetRow, ...]
    calendar: ShownCalendar | None
    after: tuple[AfterRow, ...]
    #: Every cell that some action would refuse.
    problems: tuple[CellProblem, ...]
    #: Why *Бэклог* could not be read, where it could not.
    unread: UnreadBook | None = None
    #: Tabs that soon will be too large.
    soon: tuple[Sentence, ...] = ()
    #: IDs of items whose rows are there, and which the store does not know.
    forgotten: tuple[str, ...] = ()


class Known(Struct, frozen=True):
    """What the store and the agency's workbook say before a client's workbook is read."""

    agency: Agency
    norms: Norms
    team: Team
    #: Work of the projects that have something open, by the workbook's id.
    works: Mapping[str, ProjectWork]

    @property
    def items(self) -> Mapping[str, Mapping[int, Item]]:
        """Open items, by the workbook's id and number."""
        return {spreadsheet_id: work.items for spreadsheet_id, work in self.works.items()}


class Cards(Struct, frozen=True):
    """Result of comparing cards: findings, the count of cards read, and projects that could not be read."""

    found: tuple[Sentence, ...] = ()
    count: int = 0
    unread: tuple[Sentence, ...] = ()


def check_all(run: Run, agency_id: str) -> Answer:
    """Check all workbooks of the agency and their cards: one read of each workbook.

    Raises
    ------
    CellsError
        If cells of the agency's workbook are bad: the check needs its people and days.
    """
    return _check(run, agency_id, None)


def check_book(run: Run, spreadsheet_id: str) -> Answer:
    """Make the same check and report the findings of one project.

    All workbooks are read, because the project's people work for other clients too.
    """
    agency_id = run.agency_id or load_project(run.services.store, spreadsheet_id).agency_id
    return _check(run, agency_id, spreadsheet_id)


def _check(run: Run, agency_id: str, only: str | None) -> Answer:
    services = run.services
    stored = read_stored_agency(run, agency_id, more=[QUOTA_KEY])
    book = read_agency_book(run, agency_id, stored.shape)
    team = look_at_team(services, stored.agency, book)
    works = find_open_work(services.store, agency_id)
    known = Known(
        stored.agency,
        stored.norms.value.norms,
        team,
        {spreadsheet_id: work.value for spreadsheet_id, work in works.items()},
    )
    books, unread = read_client_books(
        run,
        stored.projects.value,
        lambda project: _read(services, project, known),
        quota=stored.more.get(QUOTA_KEY),
    )
    people = [
        PersonRow(person.name, person.hours_per_day * team.load_factor, person.days_away)
        for person in team.specialists
    ]
    judge = Judge(people, services.calendar.day_hours, today=services.today())
    findings = judge.judge(
        [row for checked in books for row in checked.rows],
        [checked.calendar for checked in books if checked.calendar is not None],
        [pair for checked in books for pair in checked.after],
    )
    own = [checked for checked in books if only is None or checked.project.spreadsheet_id == only]
    if only is not None:
        findings = [finding for finding in findings if finding.concerns(only)]
    allowed = _allowed_items(services, known)
    findings = [finding for finding in findings if not _is_allowed(finding, allowed)]
    cards = _check_cards(run, own, team)
    titles = {checked.project.spreadsheet_id: checked.project.title for checked in books}
    problems = [problem for checked in own for problem in checked.problems]
    half_read = [checked.unread for checked in own if checked.unread is not None]
    found = [
        *(_finding_message(finding, titles) for finding in findings),
        *(
            sentence("check.forgotten", project=checked.project.title, items=list(checked.forgotten))
            for checked in own
            if checked.forgotten
        ),
        *cards.found,
        *(
            []
            if only
            else (line for checked in own for line in elsewhere_messages(checked.project, checked.problems))
        ),
    ]
    return _answer(
        found,
        problems if only else [],
        [*(one.message for one in [*unread, *half_read]), *cards.unread],
        [
            *(line for checked in own for line in checked.soon if only),
            *([] if only else size_warnings(book)),
            *(
                _allowance_message(item)
                for item in allowed
                if any(item.spreadsheet_id == checked.project.spreadsheet_id for checked in own)
            ),
        ],
        {
            "books": len(own),
            "rows": sum(not row.is_done for checked in own for row in checked.work.rows),
            "cards": cards.count,
        },
        can_replan=bool(only and findings),
    )


def _answer(
    found: Sequence[Sentence],
    cells: Sequence[CellProblem],
    unread: Sequence[Sentence],
    allowed: Sequence[Sentence],
    counts: Mapping[str, int],
    *,
    can_replan: bool,
) -> Answer:
    count = len(found) + len(cells)
    details = [*unread, *group_alike(found, {"check.gone": "check.gone_many"}), *allowed]
    if len(details) > MAX_LINES:
        more = len(details) - MAX_LINES + 1
        details = [*details[: MAX_LINES - 1], sentence("list.more", count=more)]
    return Answer(
        Outcome.PARTIAL if unread else Outcome.DONE,
        sentence("check.found" if count else "check.nothing", count=count, **counts),
        details=tuple(details),
        cells=tuple(cells),
        data={
            "found": count,
            "unread": len(unread),
            "allowed": len(allowed),
            "can_replan": can_replan,
            **counts,
        },
    )


# --- Cells ---------------------------------------------------------------------------------------


def _read(services: Services, project: Project, known: Known) -> CheckedBook:
    """Read the cells of a workbook. Rows are identified by their own marks and IDs, not by the store."""
    resource = services.workbooks.read(project.spreadsheet_id)
    book = parse_book(resource)
    if not (has_columns(book, "in_progress", PROGRESS_COLUMNS) and has_backlog(book)):
        # The column marks are lost: recognise the columns by the remembered layout.
        key = shape_key(project.spreadsheet_id)
        book = parse_book(resource, shape_from(services.store.get_many([key]).get(key)))
    identity = identify_progress(book, (), prefix=project.code)
    work = read_work(book, services.choices, identity=identity, today=services.today())
    rows = tuple(_sheet_row(project, row) for row in work.rows if row.is_readable and row.last_day)
    items = known.items.get(project.spreadsheet_id, {})
    waits = {item.number: item.after for item in items.values()} | dict(read_started_after(book))
    after = tuple(
        AfterRow(project.spreadsheet_id, item, predecessor)
        for item, predecessors in waits.items()
        for predecessor in predecessors
    )
    problems = [
        *work.problems,
        *terms_problems(book, services.choices),
        *responsible_problems(book, known.team.names),
    ]
    unread = None
    try:
        problems += _backlog_problems(services, project, book, known)
    except WorkbookShapeError as error:
        unread = UnreadBook(project, error)
    calendar = read_calendar(book, prefix=project.code)
    forgotten = _forgotten(services, project, work, known)
    soon = tuple(size_warnings(book))
    return CheckedBook(project, work, rows, calendar, after, tuple(problems), unread, soon, forgotten)


def _forgotten(services: Services, project: Project, work: WorkRows, known: Known) -> tuple[str, ...]:
    """IDs of items with rows of ours that the store does not know: it was restored from an older copy."""
    numbers: dict[int, str] = {}
    for row in work.rows:
        number = number_of_id(row.code, project.code)
        if number is not None and row.number is not None and row.item_number == number:
            numbers[number] = row.code
    stored = known.works.get(project.spreadsheet_id)
    if stored is None and numbers:
        stored = load_work(services.store, project.spreadsheet_id, project.agency_id).value
    return tuple(
        code
        for number, code in sorted(numbers.items())
        if stored is not None and number not in stored.items and not stored.has_finished(number)
    )


def _backlog_problems(
    services: Services, project: Project, book: Book, known: Known
) -> tuple[CellProblem, ...]:
    """Cells of the backlog that *estimate* refuses."""
    items = known.items.get(project.spreadsheet_id, {})
    identity = identify_rows(project, known.agency, book, items.values()).backlog
    if identity is None:
        require_columns(book, "backlog", BACKLOG_COLUMNS)
        raise AssertionError("the columns are there, so that the rows are known")
    backlog = read_backlog(
        book, services.choices, identity=identity, prefix=project.code, today=services.today()
    )
    own = {row.number: _own_profiles(row, backlog) for row in backlog.rows}
    by_norm = {
        row.number: hours_by_norm(forecasts_of(known.norms, row, own[row.number]), own[row.number])
        for row in backlog.rows
    }
    return (*backlog.problems, *impossible_quantities(backlog, by_norm, known.agency.profiles))


def _own_profiles(row: BacklogRow, backlog: Backlog) -> frozenset[str]:
    """Profiles whose hours *estimate* would write, as far as the cells tell."""
    typed = row.formula_profiles if row.source == EstimateSource.NORM else row.hours.keys()
    return frozenset(backlog.profiles) - typed


def _sheet_row(project: Project, row: WorkRow) -> SheetRow:
    item = number_of_id(row.code, project.code)
    is_own = item is not None and row.number is not None and row.item_number == item
    first, last = row.first_day or date.max, row.last_day or date.max
    return SheetRow(
        project=project.spreadsheet_id,
        code=row.code,
        action=row.action,
        profile=row.profile,
        specialist=row.specialist,
        hours=row.planned_hours,
        first_day=min(first, last),
        last_day=last,
        is_done=row.is_done,
        item=item,
        position=row.position if is_own else None,
        line=row.row.index + 1,
    )


# --- What was allowed ------------------------------------------------------------------------------


def _allowed_items(services: Services, known: Known) -> list[Item]:
    """Open items that somebody has allowed to go over hour limits, by project and number.

    Only the store knows who did.
    """
    items = [item for items in known.items.values() for item in items.values()]
    today = services.today()
    return sorted(
        (item for item in items if item.allowance and not item.is_done and item.last_day >= today),
        key=lambda item: item.key,
    )


def _is_allowed(finding: Finding, allowed: Iterable[Item]) -> bool:
    """Whether somebody has allowed as many hours above the capacity as the finding has."""
    if finding.kind not in (Contradiction.OVERLOAD, Contradiction.DRAWN_OVERLOAD):
        return False
    codes = {(row.project, row.code) for row in finding.rows}
    codes |= {(project, code) for project in finding.projects for code in finding.codes}
    hours = sum(
        item.allowance.person_hours.get(finding.specialist, 0.0)
        for item in allowed
        if item.allowance is not None and (item.spreadsheet_id, item.code) in codes
    )
    return finding.hours - finding.capacity_hours <= hours + ROUNDING_HOURS


def _allowance_message(item: Item) -> Sentence:
    """Who has allowed an item to go over which limits, and when."""
    allowance = item.allowance
    if allowance is None:
        raise ValueError(item)
    limits = [
        sentence("check.allowed_person", name=name, hours=hours)
        for name, hours in allowance.person_hours.items()
    ]
    if allowance.project_hours:
        limits.append(sentence("check.allowed_project", hours=allowance.project_hours))
    if allowance.agency_hours:
        limits.append(sentence("check.allowed_agency", hours=allowance.agency_hours))
    return sentence("check.allowed", id=item.code, who=allowance.by, day=allowance.allowed_on, limits=limits)


# --- Cards ---------------------------------------------------------------------------------------


def _check_cards(run: Run, books: Sequence[CheckedBook], team: Team) -> Cards:
    """Compare days and people of the cards with those of the rows."""
    total = Cards()
    for done, book in enumerate(books):
        step = sentence("check.progress", done=done + 1, total=len(books))
        run.report(done, len(books), step)
        try:
            cards = _cards_of(run.services, book, team)
        except ServiceError as error:
            why = Sentence(error.code, error.where)
            cards = Cards(unread=(sentence("check.cards_unread", project=book.project.title, why=why),))
        total = Cards(total.found + cards.found, total.count + cards.count, total.unread + cards.unread)
    return total


def _cards_of(services: Services, book: CheckedBook, team: Team) -> Cards:
    project = book.project
    tracker = services.tracker(project.tracker)
    if not tracker.can.has_cards:
        return Cards()
    names = {
        user_id: name
        for name, user_id in people_in_tracker(services, project.agency_id, team, project.tracker).items()
    }
    items: dict[int, list[WorkRow]] = {}
    for row in book.work.rows:
        item = number_of_id(row.code, project.code)
        if item is not None and row.number is not None and row.item_number == item:
            items.setdefault(item, []).append(row)
    linked = {
        item: rows
        for item, rows in items.items()
        if any(not row.card.is_empty for row in rows) and not all(row.is_done for row in rows)
    }
    if not linked:
        return Cards()
    known = tracker.find_cards(project.board_id)
    keys = _latest_keys(known, project)
    found: list[Sentence] = []
    count = 0
    for item, rows in sorted(items.items()):
        key = keys.get(item, "")
        card_ids = known.get(key, ())
        if len(card_ids) > 1:
            # Some of them may be archived; archived cards do no harm.
            live_ids = tracker.find_twins(project.board_id, key)
            if len(live_ids) > 1:
                card_ids = _linked_first(tracker, project, live_ids, rows)
                found.append(_card_twice(tracker, project, card_ids, rows))
        if item not in linked:
            continue
        card = tracker.get_card(project.board_id, card_ids[0]) if card_ids else None
        if card is None:
            found.append(sentence("check.gone", id=rows[0].code))
            continue
        count += 1
        rows.sort(key=lambda row: row.position)
        found += _card_against_rows(card, rows, names)
    return Cards(tuple(found), count)


def _latest_keys(keys: Iterable[str], project: Project) -> dict[int, str]:
    """The newest of our keys on a board by item: one that came back to a tracker has older ones too."""
    latest: dict[int, tuple[int, str]] = {}
    prefix = external_id(project.spreadsheet_id, 0)[:-1]
    for key in keys:
        number, _, switches = key.removeprefix(prefix).partition(":")
        if key.startswith(prefix) and number.isdecimal() and (switches or "0").isdecimal():
            found = int(switches or 0), key
            latest[int(number)] = max(found, latest.get(int(number), found))
    return {number: key for number, (_, key) in latest.items()}


def _linked_first(
    tracker: TaskTracker, project: Project, card_ids: Sequence[str], rows: Sequence[WorkRow]
) -> tuple[str, ...]:
    """Cards of one item: the one that its rows link to first, the others oldest first."""
    formulas = [row.card.formula or "" for row in rows]

    def is_not_linked(card_id: str) -> bool:
        link = f'"{tracker.card_url(project.board_id, card_id)}"'
        return not any(link in formula for formula in formulas)

    return tuple(sorted(card_ids, key=is_not_linked))


def _card_twice(
    tracker: TaskTracker, project: Project, card_ids: Sequence[str], rows: Sequence[WorkRow]
) -> Sentence:
    """Several live cards of one item; the first of *card_ids* is the one to keep."""
    keep, *extra = (tracker.card_url(project.board_id, card_id) for card_id in card_ids)
    return sentence(
        "check.card_twice",
        id=rows[0].code,
        service=tracker.name,
        count=len(card_ids),
        keep=keep,
        extra=extra,
    )


def _card_against_rows(card: Card, rows: Sequence[WorkRow], names: Mapping[str, str]) -> Iterable[Sentence]:
    """Differences between a card and the rows of its item; it has a step for each row.

    A step is known by its text, which begins with the profile, or else by its place. A field
    that is empty in the card is no difference.
    """
    code = rows[0].code
    due_days = [row.last_day for row in rows if row.last_day]
    if card.due_on and due_days and card.due_on != max(due_days):
        yield sentence("check.due", id=code, sheet=max(due_days), card=card.due_on)
    lines = [(row, step.due_on, step.assignee_id) for row, step in _steps_of(card, rows)]
    if len(rows) == 1:
        lines = [(rows[0], None, card.assignee_id)]
    for row, due_on, assignee_id in lines:
        where = {"id": f"{code} ({row.profile})" if row.profile else code}
        if due_on and row.due_on and due_on != row.due_on:
            yield sentence("check.due", **where, sheet=row.last_day, card=due_on)
        name = names.get(assignee_id or "")
        if name and row.specialist and name.casefold() != row.specialist.casefold():
            yield sentence("check.person", **where, sheet=row.specialist, card=name)


# --- Sentences -----------------------------------------------------------------------------------


def _finding_message(finding: Finding, titles: Mapping[str, str]) -> Sentence:
    """A finding as a sentence for a manager."""
    code = _CODES[finding.kind]
    where = {
        "name": finding.specialist,
        "hours": finding.hours,
        "room": finding.capacity_hours,
        "works": _works(finding.rows, titles),
        "items": list(finding.codes),
        "project": ", ".join(titles.get(one, "") for one in sorted(finding.projects)),
    }
    if finding.first_day and finding.last_day:
        days = sorted((finding.first_day, finding.last_day))
        where["days"] = Days(*days)
    if finding.kind is Contradiction.DOUBLE:
        where["work"] = _label(finding.rows[0], titles)
        where["lines"] = [str(row.line) for row in finding.rows]
        where["project"] = titles[finding.rows[0].project]
    if finding.kind is Contradiction.BEFORE:
        row, before = finding.rows
        where |= {
            "work": _label(row, titles),
            "before": _label(before, titles),
            "first": row.first_day,
            "last": before.last_day,
        }
    return sentence(code, **where)


_CODES = {
    Contradiction.OVERLOAD: "check.overload",
    Contradiction.AWAY: "check.away",
    Contradiction.DAY_OFF: "check.day_off",
    Contradiction.DOUBLE: "check.double",
    Contradiction.BEFORE: "check.before",
    Contradiction.STRANGER: "check.stranger",
    Contradiction.DRAWN_OVERLOAD: "check.drawn_overload",
    Contradiction.DRAWN_AWAY: "check.drawn_away",
    Contradiction.DRAWN_DAY_OFF: "check.drawn_day_off",
    Contradiction.CALENDAR: "check.calendar",
}


def _works(rows: Sequence[SheetRow], titles: Mapping[str, str]) -> list[Sentence]:
    works = [
        sentence("check.work", work=_label(row, titles), hours=row.hours)
        for row in sorted(rows, key=lambda row: -row.hours)
    ]
    if len(works) > MAX_WORKS:
        return [*works[: MAX_WORKS - 1], sentence("list.more", count=len(works) - MAX_WORKS + 1)]
    return works


def _label(row: SheetRow, titles: Mapping[str, str]) -> Sentence | str:
    """Text by which a person finds the row: its ID, which also names the project, or the text of the work."""
    if row.code:
        return f"{row.code} ({row.profile})" if row.profile else row.code
    return sentence("check.own_work", action=row.action, project=titles[row.project])


def _steps_of(card: Card, rows: Sequence[WorkRow]) -> Iterable[tuple[WorkRow, Step]]:
    left, unknown = list(card.steps), []
    for row in rows:
        same = [step for step in left if row.profile and step.text.startswith(f"{row.profile} — ")]
        if len(same) == 1:
            left.remove(same[0])
            yield row, same[0]
        else:
            unknown.append(row)
    for row in unknown:
        if row.position < len(card.steps) and card.steps[row.position] in left:
            yield row, card.steps[row.position]
