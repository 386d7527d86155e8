"""Writes into the workbook what a client has asked for from his page: one read, one guarded write.

What is about to be written is kept before the write, so that a repeat after a crash or a lost answer knows
what the first attempt may have written: an order has its number, a priority what stood there before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.backlog import Priority
from vitrina.errors import ChangedMeanwhileError
from vitrina.operations.run import Run
from vitrina.ports import ABSENT
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.records.books import put_project
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.client_pages import (
    ClientPage,
    load_page,
    page_change,
)
from vitrina.records.outside.client_wishes import KeptWish, WishKind, WishResult, find_open_wishes
from vitrina.tabs.blocks import SPARE_ROWS, last_used_row
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.texts import render, sentence
from vitrina.usecases.client_page.tell_staff import Ending, close_wish
from vitrina.workbook.reading.book import Row, Tab, item_number_of_row
from vitrina.workbook.reading.identity import BacklogIdentity, ProgressIdentity
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import NewRow, WorkbookChange
from vitrina.workbook.writing.client_needs import need_lines
from vitrina.workbook.writing.heal import heal

#: Kinds that are written into the workbook.
IN_WORKBOOK = frozenset(
    {WishKind.ORDER, WishKind.ATTACHMENT, WishKind.FILE, WishKind.NEED, WishKind.PRIORITY}
)
#: Priorities from the lowest to the highest.
LEVELS = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)
#: Most characters of the note of a cell; a link beyond that is only told to staff.
MOST_NOTE = 8000


class _Place(Struct, frozen=True):
    """The row of an item, in whose note its links stand."""

    tab: Tab
    row: Row


def write_wishes(run: Run, spreadsheet_id: str) -> None:
    """Write all that waits, and keep it as carried out at the end of the run.

    The run holds the lease of the workbook.

    Raises
    ------
    ChangedMeanwhileError
        If the sheet changed meanwhile; nothing was written.
    WorkbookShapeError
        If a tab or column that is needed is gone.
    """
    store = run.services.store
    waiting = [one for one in find_open_wishes(store, spreadsheet_id) if one.kind in IN_WORKBOOK]
    if not waiting:
        return
    if any(one.is_begun for one in waiting):
        # The write of an attempt without an answer may still be on its way: the fence refuses it from now on.
        run.unreleased.add(spreadsheet_id)
    snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=False, for_planning=False)
    page = load_page(store, spreadsheet_id, run.agency_id)
    planned = _keep_plans(run, snapshot, page, waiting)
    change = WorkbookChange()
    endings = _Draft(snapshot, page, change).draw(planned)
    if change:
        change.hold_fence(snapshot.book)
        write_refreshed_mark(run.services, change, snapshot.book)
        try:
            run.services.workbooks.batch_update(spreadsheet_id, change.requests())
        except ChangedMeanwhileError:
            run.commit(*(_taken_back(one).put() for one in planned))
            raise
    for one in endings:
        close_wish(run, snapshot.project, one)
    run.at_end(updates=[_proposals_change(snapshot, endings)])


# --- Plans -------------------------------------------------------------------------------------------


def _keep_plans(
    run: Run, snapshot: Snapshot, page: ClientPage, waiting: Sequence[KeptWish]
) -> list[KeptWish]:
    """Keep what each wish is about to write."""
    project, last_number = snapshot.project, snapshot.project.last_number
    if snapshot.has_backlog:
        last_number = snapshot.backlog_identity.last_number
    levels = _levels(snapshot, page)
    planned: list[KeptWish] = []
    for wish in waiting:
        plan = dict(wish.plan)
        if wish.kind == WishKind.ORDER and not plan:
            last_number += 1
            plan = {"number": last_number}
        elif wish.kind == WishKind.PRIORITY:
            number = wish.fields["number"]
            if not plan and number in levels:
                plan = {"before": levels[number], "after": _moved(levels[number], wish.fields["direction"])}
            levels[number] = plan.get("after", levels.get(number, ""))
        planned.append(replace(wish, plan=plan, is_begun=True))
    kept = [put_project(replace(project, last_number=last_number))]
    raised = kept if last_number != project.last_number else []
    version = run.commit(*(one.put() for one in planned), *raised)
    return [replace(one, version=version) for one in planned]


def _taken_back(wish: KeptWish) -> KeptWish:
    """A wish whose write was refused. An order keeps its number, which nobody else can get."""
    plan = wish.plan if wish.kind == WishKind.ORDER else {}
    return replace(wish, plan=plan, is_begun=False)


def _levels(snapshot: Snapshot, page: ClientPage) -> dict[int, str]:
    """Priorities of the client's own proposals by number, without those whose cell cannot be read."""
    if not page.proposals or not snapshot.has_backlog:
        return {}
    choices, identity = snapshot.services.choices, snapshot.backlog_identity
    tab, found = identity.tab, {}
    for row in tab.rows:
        number = identity.numbers.get(row.index)
        status = choices.code("backlog_status", tab.cell(row, "status").text)
        text = tab.cell(row, "priority").text
        level = choices.code("priority", text) if text else Priority.NORMAL.value
        if number in page.proposals and number is not None and status == "proposed" and level:
            found[number] = level
    return found


def _moved(level: str, direction: str) -> str:
    """The next priority in a direction, the same one at the end."""
    at = LEVELS.index(Priority(level)) + (1 if direction == "up" else -1)
    return LEVELS[min(max(at, 0), len(LEVELS) - 1)].value


# --- What is written ---------------------------------------------------------------------------------


class _Draft:
    """Adds wishes to a change of the workbook. A wish that stands there already adds nothing."""

    def __init__(self, snapshot: Snapshot, page: ClientPage, change: WorkbookChange) -> None:
        self._snapshot = snapshot
        self._page = page
        self._change = change
        self._locale = snapshot.project.locale
        self._healed: set[str] = set()

    def draw(self, planned: Sequence[KeptWish]) -> list[Ending]:
        """Add all wishes; returns how it ends with each if the change is written."""
        by_kind: dict[str, list[KeptWish]] = {}
        for one in planned:
            by_kind.setdefault(one.kind, []).append(one)
        # Rows are inserted by the same batch after all cells are written.
        return [
            *self._move_priorities(by_kind.get(WishKind.PRIORITY, ())),
            *self._note_links([one for one in planned if one.kind in (WishKind.ATTACHMENT, WishKind.FILE)]),
            *self._tick_needs(by_kind.get(WishKind.NEED, ())),
            *self._add_orders(by_kind.get(WishKind.ORDER, ())),
        ]

    def _add_orders(self, wishes: Sequence[KeptWish]) -> list[Ending]:
        snapshot, code = self._snapshot, self._snapshot.project.code
        missing = [one for one in wishes if not self._is_there(one.plan["number"])]
        if missing:
            tab = snapshot.backlog_identity.tab
            self._heal("backlog")
            self._change.make_room(tab, last_used_row(tab) + len(missing) + SPARE_ROWS)
            self._change.append(tab, [self._row(tab, one) for one in missing])
        return [
            Ending(one, WishResult.DONE, one.plan["number"], {"id": f"{code}-{one.plan['number']}"})
            for one in wishes
        ]

    def _is_there(self, number: int) -> bool:
        """Whether an attempt has written the row of this number, wherever people have moved it since."""
        snapshot = self._snapshot
        rows = {item_number_of_row(one) for one in snapshot.book.row_numbers}
        known = set(snapshot.backlog_identity.numbers.values()) | snapshot.items.keys()
        return number in rows | known

    def _row(self, tab: Tab, wish: KeptWish) -> NewRow:
        services, number = self._snapshot.services, wish.plan["number"]
        values = {
            "id": f"{self._snapshot.project.code}-{number}",
            "task": wish.fields["title"],
            "result": wish.fields["text"] or None,
            "status": services.choices.label("backlog_status", "proposed", locale_of(self._snapshot.book)),
        }
        note = render(sentence("client_page.note.order", on=self._day(wish)), self._locale)
        return NewRow(number, {key: one for key, one in values.items() if key in tab.columns}, {"id": note})

    def _move_priorities(self, wishes: Sequence[KeptWish]) -> list[Ending]:
        snapshot, endings = self._snapshot, []
        levels = _levels(snapshot, self._page)
        by_number: dict[int, list[KeptWish]] = {}
        for one in wishes:
            by_number.setdefault(one.fields["number"], []).append(one)
        for number, own in by_number.items():
            level, good = levels.get(number), [one for one in own if one.plan]
            is_known = bool(good) and level in (good[0].plan["before"], good[-1].plan["after"])
            if is_known and level != good[-1].plan["after"]:
                self._set_priority(number, good[-1].plan["after"])
            for one in own:
                is_done = is_known and bool(one.plan)
                where = self._moved_words(number, one) if is_done else None
                endings.append(Ending(one, WishResult.DONE if is_done else WishResult.CHANGED, number, where))
        return endings

    def _moved_words(self, number: int, wish: KeptWish) -> Mapping[str, object]:
        choices = self._snapshot.services.choices
        before, after = (
            choices.label("priority", wish.plan[key], self._locale) for key in ("before", "after")
        )
        return {"id": f"{self._snapshot.project.code}-{number}", "before": before, "after": after}

    def _set_priority(self, number: int, level: str) -> None:
        identity = self._snapshot.backlog_identity
        row = next(one for one in identity.tab.rows if identity.numbers.get(one.index) == number)
        label = self._snapshot.services.choices.label("priority", level, locale_of(self._snapshot.book))
        self._heal("backlog")
        # It is a proposal only as long as the status says so.
        self._change.expect(identity.tab, row, "status")
        self._change.set(identity.tab, row, "priority", label)

    def _note_links(self, wishes: Sequence[KeptWish]) -> list[Ending]:
        endings = []
        notes: dict[tuple[str, int], str] = {}
        for one in wishes:
            number = one.fields["number"]
            place = self._place_of(number) if number else None
            about = "file" if one.kind == WishKind.FILE else "link"
            code = f"{about}_item" if place else f"{about}_lost" if number else about
            if place is not None:
                self._note_link(one, place, notes)
            where = {"id": f"{self._snapshot.project.code}-{number}"}
            endings.append(Ending(one, WishResult.DONE, number, where, code))
        return endings

    def _note_link(self, wish: KeptWish, place: _Place, notes: dict[tuple[str, int], str]) -> None:
        """Add a line to the note of the ID of an item."""
        tab, row = place.tab, place.row
        key = tab.key, row.index
        before = notes.get(key, tab.cell(row, "id").note)
        code = "client_page.note.file" if wish.kind == WishKind.FILE else "client_page.note.link"
        told = {name: one for name, one in wish.fields.items() if name in ("name", "url", "note")}
        line = render(sentence(code, on=self._day(wish), **told), self._locale).strip()
        after = f"{before}\n{line}".strip()
        if line in before.split("\n") or len(after) > MOST_NOTE:
            return
        notes[key] = after
        self._heal(tab.key)
        self._change.note(tab, row, "id", after)

    def _place_of(self, number: int) -> _Place | None:
        """The row of an item: in the backlog, or its first one in *В работе*."""
        snapshot = self._snapshot
        identities: list[BacklogIdentity | ProgressIdentity] = [snapshot.progress_identity]
        if snapshot.has_backlog:
            identities.insert(0, snapshot.backlog_identity)
        for identity in identities:
            for row in identity.tab.rows:
                if item_number_of_row(identity.numbers.get(row.index, 0)) == number:
                    return _Place(identity.tab, row)
        return None

    def _tick_needs(self, wishes: Sequence[KeptWish]) -> list[Ending]:
        book = self._snapshot.book
        lines = {line.text.name.removeprefix("need_"): line for line in need_lines(book)}
        endings, wanted = [], {}
        for one in wishes:
            line, seen = lines.get(str(one.fields["line"])), one.fields["text"]
            text = "" if line is None else " ".join(line.text.cell.text.split())
            if line is None or not text or seen not in ("", text):
                endings.append(Ending(one, WishResult.CHANGED))
                continue
            wanted[line.text.name] = (line, one.fields["ticked"])
            endings.append(Ending(one, WishResult.DONE, where={"text": text}))
        for line, is_ticked in wanted.values():
            if line.is_done != is_ticked:
                self._change.set_field_if_same(book.tab("client"), line.tick, is_ticked, rests_on=[line.text])
        return endings

    def _heal(self, key: str) -> None:
        """Repair the rows of a tab, once and before they are written."""
        if key in self._healed:
            return
        self._healed.add(key)
        snapshot = self._snapshot
        identity = snapshot.backlog_identity if key == "backlog" else snapshot.progress_identity
        heal(self._change, snapshot.book, identity, prefix=snapshot.project.code)

    def _day(self, wish: KeptWish) -> object:
        zone = self._snapshot.services.time_zone
        return datetime.fromisoformat(wish.at).astimezone(zone).date()


def _proposals_change(snapshot: Snapshot, endings: Iterable[Ending]) -> DocumentChange:
    """Keep on the page which numbers are the client's proposals; those whose rows are gone are dropped."""
    project = snapshot.project
    new = [one.number for one in endings if one.wish.kind == WishKind.ORDER]
    known = set(new)
    if snapshot.has_backlog:
        known |= set(snapshot.backlog_identity.numbers.values())

    def change(page: ClientPage) -> ClientPage:
        own = dict.fromkeys([*page.proposals, *new])
        proposals = tuple(one for one in own if one in known or not snapshot.has_backlog)
        locale = page.locale if page.version != ABSENT else project.locale
        return page if proposals == page.proposals else replace(page, proposals=proposals, locale=locale)

    return page_change(snapshot.services.store, project.spreadsheet_id, project.agency_id, change)
