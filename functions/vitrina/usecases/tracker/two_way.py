"""Carries changed fields between rows and cards, and shows a person what only he can decide."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.domain.agreement import Value as FieldValue
from vitrina.domain.agreement import Verdict, spread_hours
from vitrina.errors import AccessDeniedError, CellProblem, FatalServiceError
from vitrina.operations.run import Run
from vitrina.ports import Card, CardChange, FactChange, Json, StepChange
from vitrina.project.card_fields import (
    ON_CARD,
    CardField,
    Look,
    Name,
    Surroundings,
    Words,
    look_at,
    shown_quantity,
    words_of,
)
from vitrina.project.snapshot import Snapshot
from vitrina.records.books import Project
from vitrina.records.work import Item
from vitrina.texts import LOCALES, Sentence, render, sentence
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.reading.cells import CellReader
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

#: Nobody reads more conflicts at once.
MOST_SHOWN = 60

log = logging.getLogger("vitrina.two_way")


class Choice(Struct, frozen=True):
    """What a person chose for conflicts: the sheet's values or the tracker's, by the keys of the conflicts.

    A key holds all values as he saw them: a conflict with other values is not settled by it. ``decided`` are
    the fields that were settled, with the values of both sides: another place of the card may follow before
    the sheet is written.
    """

    keeps_sheet: bool
    keys: frozenset[str]
    decided: set[tuple[object, ...]] = field(default_factory=set)


class Findings(Struct):
    """What looks at items have found for a person to know, each thing once."""

    conflicts: dict[str, Json] = field(default_factory=dict)
    problems: dict[tuple[str, str], CellProblem] = field(default_factory=dict)
    #: Placeholder ``id`` or ids of items by the code of the message.
    items: dict[str, dict[str, None]] = field(default_factory=dict)
    lines: dict[tuple[str, str], Sentence] = field(default_factory=dict)

    def tell(self, code: str, item: Item) -> None:
        """Name an item in the message with this code."""
        self.items.setdefault(code, {})[item.code] = None

    def messages(self) -> tuple[Sentence, ...]:
        """What to say, a line for each kind of thing."""
        shared = (sentence(code, items=list(codes)) for code, codes in self.items.items())
        return (*shared, *self.lines.values())


def surroundings_of(snapshot: Snapshot, *, people: Mapping[str, str] | None = None) -> Surroundings:
    """What reading the fields of an item needs to know of a project.

    *people* are ids of specialists by their names in another tracker than that of the project.
    """
    ids, locale = snapshot.people_in_tracker if people is None else people, locale_of(snapshot.book)
    tab, choices = snapshot.work_rows.tab, snapshot.services.choices
    return Surroundings(
        tab=tab,
        new_reader=lambda: CellReader(tab, choices, locale=locale, today=snapshot.today),
        can=snapshot.tracker.can,
        ids={name.casefold(): user_id for name, user_id in ids.items()},
        names={user_id: name for name, user_id in ids.items()},
        profiles=snapshot.agency.profiles,
        abouts={name: about(name, locale) for name in (Name.RESULT, Name.QUANTITY)},
        step_text=lambda row: step_text(snapshot, row),
        locale=locale,
        today=snapshot.today,
    )


def about(name: str, locale: str) -> str:
    """What a fact of the description is about."""
    return render(sentence(f"card.fact.{name}"), locale)


def step_text(snapshot: Snapshot, row: WorkRow) -> str:
    """The text of the step of a row. Where a step has no day of its own, the day stands in it."""
    text = f"{row.profile} — {row.specialist}"
    if row.due_on and not snapshot.tracker.can.has_dated_steps:
        return render(sentence("card.step_until", text=text, day=row.due_on), locale_of(snapshot.book))
    return text


def own_rows(snapshot: Snapshot, item: Item) -> list[WorkRow]:
    """The rows of an item that are in the sheet."""
    known = {action.row_number for action in item.actions}
    return [row for row in snapshot.work_rows.of_item(item.number) if row.number in known]


# --- To the tracker --------------------------------------------------------------------------------


def send_changes(
    run: Run, snapshot: Snapshot, item: Item, card: Card, choice: Choice | None, *, may_be_old: bool
) -> Card | None:
    """Change on a card what the sheet has changed; returns the card as it is afterwards, or ``None``.

    The card is read again after a change, because a tracker may take only a part of it. What it refuses is
    told by the comparison that follows. A card that *may_be_old*, as it was read ahead, is read again before
    the change too, so that nothing is written over what people have changed meanwhile.

    Raises
    ------
    BusyError
        If a lease of this run was taken over: nothing was sent.
    RetriableServiceError
        If the tracker does not answer.
    """
    tracker, board_id = snapshot.tracker, snapshot.project.board_id
    change = _wanted_change(snapshot, item, card, choice)
    if change and may_be_old:
        now = tracker.get_card(board_id, item.card_id)
        if now is None:
            return None
        card, change = now, _wanted_change(snapshot, item, now, choice)
    if not change:
        return card
    run.commit()
    try:
        tracker.change_card(board_id, item.card_id, change)
    except (AccessDeniedError, FatalServiceError) as error:
        log.warning("change of a card refused: %s", error.code)
    return tracker.get_card(board_id, item.card_id)


def _wanted_change(snapshot: Snapshot, item: Item, card: Card, choice: Choice | None) -> CardChange:
    """What is to be changed on a card: nothing of an archived one."""
    if card.is_archived:
        return CardChange()
    around, rows = surroundings_of(snapshot), own_rows(snapshot, item)
    look = settled(item, look_at(item, rows, card, around), choice, around)
    return change_of(look, card, around)


def change_of(look: Look, card: Card, around: Surroundings) -> CardChange:
    """What of a card does not have the value that counts."""
    values: dict[str, Any] = {}
    steps: dict[str, dict[str, Any]] = {}
    facts: list[FactChange] = []
    for one in look.fields:
        wanted = one.tracker if one.verdict is Verdict.TO_SHEET else one.sheet
        for place in one.stale:
            if one.name in _FACTS:
                facts.append(_fact_change(one.name, wanted, card, around))
            elif place == ON_CARD:
                values[_ON_CARD[one.name]] = _sent(one.name, wanted)
            else:
                step_id = look.steps[one.row_number or 0].step_id
                steps.setdefault(step_id, {})[_ON_STEP[one.name]] = _sent(one.name, wanted)
    changed = tuple(StepChange(step_id, **parts) for step_id, parts in steps.items())
    return CardChange(**values, facts=tuple(facts), steps=changed)


_FACTS = (Name.RESULT, Name.QUANTITY)
_ON_CARD = {
    Name.TITLE: "title",
    Name.HOURS: "estimate_hours",
    Name.DUE_ON: "due_on",
    Name.PERSON: "assignee_id",
    Name.CARD_DUE_ON: "due_on",
    Name.CARD_PERSON: "assignee_id",
}
_ON_STEP = {Name.DUE_ON: "due_on", Name.PERSON: "assignee_id", Name.STEP_TEXT: "text"}


def _sent(name: Name, value: FieldValue) -> FieldValue:
    return (value or None) if name in (Name.PERSON, Name.CARD_PERSON) else value


def _figure(value: FieldValue) -> float:
    """The value of a field with a number; 0.0 where it is empty."""
    return value if isinstance(value, float) else 0.0


def _fact_change(name: Name, value: FieldValue, card: Card, around: Surroundings) -> FactChange:
    title = around.abouts[name]
    present = card.facts.get(title, "")
    if name is Name.QUANTITY:
        # People may write more below the figure.
        return FactChange(title, present.split("\n", 1)[0], shown_quantity(_figure(value), around.locale))
    return FactChange(title, present, str(value))


# --- To the sheet ----------------------------------------------------------------------------------


def cells_of(
    item: Item, look: Look, rows: Sequence[WorkRow], around: Surroundings
) -> dict[int, dict[str, Value]]:
    """What to write into the rows of an item, by row number and column."""
    cells: dict[int, dict[str, Value]] = {row.row_number: {} for row in rows}
    by_number = {row.row_number: row for row in rows}
    for one in look.having(Verdict.TO_SHEET):
        if one.name is Name.HOURS:
            for number, hours in _hours_by_row(_figure(one.tracker), rows).items():
                cells[number][Name.HOURS] = hours
        elif one.name is Name.PERSON:
            cells[one.row_number or 0][Name.PERSON] = around.names.get(str(one.tracker or ""))
        elif one.name is Name.DUE_ON:
            cells[one.row_number or 0][Name.DUE_ON] = one.tracker
        else:
            for number in by_number:
                cells[number][one.name] = one.tracker
    words, torn = words_of(item, rows, around), {one.name for one in look.having(Verdict.CONFLICT)}
    for name, old, new in _shared_words(item, words):
        for number, row in by_number.items():
            # What a person wrote into one row stands in the others too.
            is_free = name in around.tab.columns and name not in torn and name not in cells[number]
            if is_free and _has(around.tab, row, name, old):
                cells[number][name] = new
    return cells


def _shared_words(item: Item, words: Words) -> Iterable[tuple[Name, Value, Value]]:
    if words.result != item.result:
        yield Name.RESULT, item.result, words.result
    if words.quantity != item.quantity:
        yield Name.QUANTITY, item.quantity, words.quantity


def _has(tab: Tab, row: WorkRow, name: Name, value: Value) -> bool:
    cell = tab.cell(row.row, name)
    if cell.formula is not None:
        return False
    return cell.is_empty or (cell.value if isinstance(value, float) else cell.text) == value


def _hours_by_row(total: float, rows: Sequence[WorkRow]) -> dict[int, float]:
    """New hours of the rows: what is done keeps its hours, the rest is divided among the open rows."""
    open_rows = [row for row in rows if not row.is_done]
    done = sum(row.planned_hours for row in rows if row.is_done)
    if not open_rows or total <= done:
        open_rows, done = list(rows), 0.0
    parts = spread_hours(round(total - done, 2), [row.planned_hours for row in open_rows])
    return {row.row_number: hours for row, hours in zip(open_rows, parts, strict=True)}


# --- Conflicts -------------------------------------------------------------------------------------


def settled(item: Item, look: Look, choice: Choice | None, around: Surroundings) -> Look:
    """The same where a person has chosen: his conflicts are changes of one side."""
    if choice is None:
        return look
    verdict = Verdict.TO_TRACKER if choice.keeps_sheet else Verdict.TO_SHEET

    def decided(one: CardField) -> CardField:
        this = item.number, one.row_number, one.name, one.sheet, one.tracker
        is_chosen = key_of(item, one) in choice.keys or this in choice.decided
        is_stranger = one.name is Name.PERSON and bool(one.tracker) and one.tracker not in around.names
        is_impossible = verdict is Verdict.TO_SHEET and is_stranger
        if one.verdict is not Verdict.CONFLICT or not is_chosen or is_impossible:
            return one
        choice.decided.add(this)
        return replace(one, verdict=verdict)

    return replace(look, fields=tuple(decided(one) for one in look.fields))


def key_of(item: Item, one: CardField) -> str:
    """Identifies a conflict with both of its values."""
    values = hashlib.sha256(f"{one.sheet}\n{sorted(one.places.items(), key=str)}".encode()).hexdigest()[:10]
    return f"{item.number}-{one.row_number or 0}-{one.name}-{values}"


def note_conflicts(change: WorkbookChange, look: Look, rows: Sequence[WorkRow], around: Surroundings) -> None:
    """Let cells in conflict bear our note, and take it from those that are in none any more.

    Notes of people stay: a cell with one gets none of ours.
    """
    torn = {(one.row_number, one.name) for one in look.having(Verdict.CONFLICT)}
    text = conflict_note(around.locale)
    ours = {conflict_note(locale) for locale in LOCALES}
    for row in rows:
        for name in (Name.QUANTITY, Name.HOURS, Name.DUE_ON, Name.PERSON):
            if name not in around.tab.columns:
                continue
            is_torn = bool({(row.row_number, name), (None, name)} & torn)
            note = around.tab.cell(row.row, name).note
            if is_torn and not note:
                change.note(around.tab, row.row, name, text)
            elif not is_torn and note in ours:
                change.note(around.tab, row.row, name, "")


def conflict_note(locale: str) -> str:
    """The note of a cell whose value was not sent. Clients read it too."""
    return render(sentence("conflict.note"), locale)


def gather(
    findings: Findings, snapshot: Snapshot, item: Item, look: Look, card: Card, around: Surroundings
) -> None:
    """Add what a look at an item has found."""
    rows = snapshot.work_rows.by_number
    for one in look.having(Verdict.CONFLICT):
        findings.conflicts[key_of(item, one)] = _conflict(item, one, rows, around)
    for problem in look.problems:
        findings.problems[problem.sheet, problem.cell] = problem
    for trouble in look.troubles:
        findings.lines[trouble.code, item.code] = Sentence(trouble.code, trouble.where)
    if item.is_done:
        return
    kept = {one.name for one in look.having(Verdict.KEPT)}
    if Name.TITLE in kept:
        findings.tell("sync.renamed", item)
    if Name.RESULT in kept:
        findings.tell("sync.rewritten", item)
    if Name.CARD_DUE_ON in kept:
        findings.tell("sync.own_day", item)
    unsent = [one for one in look.having(Verdict.TO_TRACKER) if one.name in _SHOWN]
    if unsent:
        findings.tell("sync.archived_unsent" if card.is_archived else "sync.not_taken", item)


def tell_of_place(findings: Findings, project: Project, item: Item, card: Card) -> None:
    """Say of a card where people have put it, if that is not where we know it; the look goes on."""
    if item.is_done:
        return
    if card.is_archived:
        findings.tell("sync.archived", item)
    elif card.board_id != project.board_id:
        findings.tell("sync.other_board", item)
    elif card.stage_id not in project.statuses:
        findings.tell("sync.other_stage", item)


#: Fields that people see under a name.
_SHOWN = (Name.TITLE, Name.RESULT, Name.QUANTITY, Name.HOURS, Name.DUE_ON, Name.PERSON)


def _conflict(item: Item, one: CardField, rows: Mapping[int, WorkRow], around: Surroundings) -> Json:
    """A conflict as the sidebar shows it."""
    row = rows.get(one.row_number) if one.row_number is not None else None
    torn = [value for value in dict.fromkeys(one.places.values()) if value != one.agreed]
    on_card = torn if len(torn) > 1 else [one.tracker]
    return {
        "key": key_of(item, one),
        "id": item.code,
        "task": item.task,
        "part": row.profile if row and len(item.actions) > 1 else "",
        "field": sentence(f"conflict.field.{one.name}"),
        "sheet": one.shown or _shown(one.name, one.sheet, around),
        "tracker": [_shown(one.name, value, around) for value in on_card],
    }


def _shown(name: Name, value: FieldValue, around: Surroundings) -> Sentence:
    if value in (None, ""):
        return sentence("conflict.empty")
    if name is Name.PERSON:
        known = around.names.get(str(value))
        return sentence("conflict.value", value=known) if known else sentence("conflict.stranger")
    if name is Name.HOURS:
        return sentence("conflict.hours", hours=shown_quantity(_figure(value), around.locale))
    if name is Name.QUANTITY:
        return sentence("conflict.value", value=shown_quantity(_figure(value), around.locale))
    return sentence("conflict.value", value=value)


def conflicts_data(findings: Findings) -> Json:
    """The conflicts of an answer, and how many more there are."""
    conflicts = list(findings.conflicts.values())
    if not conflicts:
        return {}
    return {"conflicts": conflicts[:MOST_SHOWN], "conflicts_left": max(0, len(conflicts) - MOST_SHOWN)}
