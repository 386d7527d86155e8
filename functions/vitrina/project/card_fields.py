"""The fields of a card that the sheet has too: what both sides hold, what they agreed on, and what follows.

Due date and person belong to an action, hours and quantity to the item; both sides may change them. Title and
result are the client's words, and so are texts of steps: a card follows the sheet until people change them on
the card. A card of one action has its day and person twice, on the card and on its step. Of a card of several
actions, its own day and person follow the rows in the same way as words do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.agreement import (
    Unknown,
    Value,
    Verdict,
    compare,
    compare_own,
    is_plausible_day,
    merge,
)
from vitrina.domain.quantities import MAX_HOURS, parse_number
from vitrina.errors import CellProblem
from vitrina.ports import Capabilities, Card, Json, NewCard, Step
from vitrina.records.work import Agreed, Item, ItemAction
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.reading.cells import CellReader
from vitrina.workbook.reading.work_rows import WorkRow

#: Where a value stands: on the card itself, or on the step of an action.
ON_CARD, ON_STEP = "card", "step"


class Name(StrEnum):
    """Fields, by the column of *В работе* that holds them; the last two are of the card alone."""

    TITLE = "action"
    RESULT = "result"
    QUANTITY = "quantity"
    HOURS = "hours"
    DUE_ON = "due_on"
    PERSON = "specialist"
    STEP_TEXT = "step_text"
    CARD_DUE_ON = "card_due_on"
    CARD_PERSON = "card_person"


class CardField(Struct, frozen=True):
    """A field on both sides, in values that can be compared; people are ids of the tracker.

    ``row_number`` is the action of which it is, ``None`` for the item as a whole. ``places`` are the values
    of the card where the field stands. ``shown`` is the sheet's value as a person reads it there.
    """

    name: Name
    row_number: int | None
    agreed: Value | Unknown
    sheet: Value
    tracker: Value
    places: Mapping[str, Value]
    verdict: Verdict
    shown: str = ""

    @property
    def stale(self) -> tuple[str, ...]:
        """Places of the card that do not have the value which counts."""
        if self.verdict in (Verdict.CONFLICT, Verdict.KEPT):
            return ()
        value = self.tracker if self.verdict is Verdict.TO_SHEET else self.sheet
        return tuple(place for place, one in self.places.items() if compare(one, one, value) != Verdict.EQUAL)


class Trouble(Struct, frozen=True):
    """Something of a card that could not be taken over: the code of a message, and its placeholders."""

    code: str
    where: Mapping[str, object]


class Surroundings(Struct, frozen=True):
    """What reading the fields of an item needs to know.

    Parameters
    ----------
    ids
        User ids of the tracker by the specialist's name in lower case.
    names
        Names of specialists by user id.
    abouts
        Titles of the facts *result* and *quantity* in the language of the workbook.
    step_text
        The text of the step of a row.
    """

    tab: Tab
    new_reader: Callable[[], CellReader]
    can: Capabilities
    ids: Mapping[str, str]
    names: Mapping[str, str]
    profiles: Mapping[str, str]
    abouts: Mapping[Name, str]
    step_text: Callable[[WorkRow], str]
    locale: str
    today: date

    def person_id(self, name: str) -> str:
        """The user id of a specialist, empty if the tracker does not know him."""
        return self.ids.get(name.casefold(), "")


class Words(Struct, frozen=True):
    """What is the same in all rows of an item, as the sheet has it.

    ``torn`` are the fields of which the rows say different things: they have the value agreed on.
    """

    title: str
    result: str
    quantity: float
    torn: tuple[Name, ...] = ()


class Look(Struct, frozen=True):
    """The fields of an item and its card, and what is wrong with some of them."""

    fields: tuple[CardField, ...]
    steps: Mapping[int, Step]
    problems: tuple[CellProblem, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    def having(self, *verdicts: Verdict) -> list[CardField]:
        """The fields with one of these verdicts."""
        return [one for one in self.fields if one.verdict in verdicts]


# --- The sheet -------------------------------------------------------------------------------------


def words_of(item: Item, rows: Sequence[WorkRow], around: Surroundings) -> Words:
    """Title, result and quantity of an item as its rows say.

    An item has another title once all its rows say so: a row may have words of its own. For result and
    quantity, what a person has changed in one of the rows counts. Empty and bad cells, and columns that a
    workbook of an earlier release lacks, say nothing.
    """
    title, has_titles = _shared(item.task, [row.action for row in rows], needs_all=True)
    result, has_results = _shared(item.result, _texts(rows, Name.RESULT, around))
    quantities = [_quantity(row, around, around.new_reader()) for row in rows]
    quantity, has_quantities = _shared(item.quantity, quantities)
    torn = ((Name.TITLE, has_titles), (Name.RESULT, has_results), (Name.QUANTITY, has_quantities))
    names = tuple(name for name, is_torn in torn if is_torn)
    return Words(str(title), str(result), float(quantity or 1), names)  # type: ignore[arg-type]


def _shared(agreed: Value, values: Sequence[Value], *, needs_all: bool = False) -> tuple[Value, bool]:
    """The value of several cells of one field, and whether they contradict."""
    filled = [value for value in values if value not in ("", None)]
    changed = [value for value in filled if compare(agreed, value, agreed) is not Verdict.EQUAL]
    differ = any(compare(value, value, changed[0]) is not Verdict.EQUAL for value in changed)
    is_part = bool(changed) and needs_all and len(changed) < len(filled)
    return (agreed, True) if differ or is_part else (changed[0] if changed else agreed, False)


def _texts(rows: Sequence[WorkRow], name: Name, around: Surroundings) -> list[str]:
    if name not in around.tab.columns:
        return []
    return [around.tab.cell(row.row, name).text for row in rows]


def _quantity(row: WorkRow, around: Surroundings, reader: CellReader) -> float | None:
    if Name.QUANTITY not in around.tab.columns or around.tab.cell(row.row, Name.QUANTITY).is_empty:
        return None
    known = len(reader.problems)
    quantity = reader.quantity(row.row, Name.QUANTITY)
    return quantity if len(reader.problems) == known else None


def is_open(look: Look) -> bool:
    """Whether a look at the sheet alone has found something that both sides did not agree on yet.

    What was never compared counts as well.
    """
    return any(
        one.verdict is not Verdict.EQUAL
        or (one.agreed is Unknown.UNKNOWN and one.name not in (Name.CARD_DUE_ON, Name.CARD_PERSON))
        for one in look.fields
    )


# --- Both sides ------------------------------------------------------------------------------------


def look_at(item: Item, rows: Sequence[WorkRow], card: Card | None, around: Surroundings) -> Look:
    """Compare the rows of an item with its card; without a card, with what was agreed on.

    *rows* are those of the item that are in the sheet. Cells that cannot be read, and values of the card that
    cannot be right, are left out and named.
    """
    return _Comparison(item, rows, card, around).look()


class _Comparison:
    def __init__(self, item: Item, rows: Sequence[WorkRow], card: Card | None, around: Surroundings) -> None:
        self._item = item
        self._rows = sorted(rows, key=lambda row: row.row_number)
        self._by_number = {row.row_number: row for row in rows}
        self._card = card
        self._around = around
        self._steps = match_steps(item, card, self._by_number, around) if card else {}
        self._reader = around.new_reader()
        self._fields: list[CardField] = []
        self._troubles: list[Trouble] = []
        #: Whether each action has its row: hours and days of the card are those of all rows together.
        self._is_whole = len(rows) == len(item.actions)

    def look(self) -> Look:
        self._words()
        self._hours()
        for action in self._item.actions:
            row = self._by_number.get(action.row_number)
            if row is not None:
                self._action(action, row)
        if len(self._item.actions) > 1 and self._is_whole:
            self._card_of_several()
        # Of finished work that was never compared nobody wants to decide anything.
        is_over = self._item.is_done
        fields = [
            one
            for one in self._fields
            if not (is_over and one.agreed is Unknown.UNKNOWN and one.verdict is Verdict.CONFLICT)
        ]
        return Look(tuple(fields), self._steps, tuple(self._reader.problems), tuple(self._troubles))

    # --- Words and figures of the item ---

    def _words(self) -> None:
        if not self._rows:
            return
        item, card, abouts = self._item, self._card, self._around.abouts
        words = words_of(item, self._rows, self._around)
        for row in self._rows:
            # Only to name a bad cell.
            _quantity(row, self._around, self._reader)
        for name in words.torn:
            self._trouble(f"sync.torn.{name}")
        prefix = f"{item.code} · "
        title = card.title if card else prefix + item.task
        self._own(Name.TITLE, None, prefix + item.task, prefix + words.title, {ON_CARD: title})
        # Rows that contradict say nothing, and nothing is written into them.
        if Name.RESULT in self._around.tab.columns and Name.RESULT not in words.torn:
            text = card.facts.get(abouts[Name.RESULT], "") if card else item.result
            self._own(Name.RESULT, None, item.result, words.result, {ON_CARD: text})
        if Name.QUANTITY in self._around.tab.columns and Name.QUANTITY not in words.torn:
            quantity = self._quantity_on_card()
            if quantity is not None:
                self._both(Name.QUANTITY, None, item.quantity, words.quantity, {ON_CARD: quantity})

    def _quantity_on_card(self) -> float | None:
        """The quantity of the card; ``None`` if it cannot be understood. A missing line says nothing."""
        text = self._card.facts.get(self._around.abouts[Name.QUANTITY], "") if self._card else ""
        first = text.split("\n", 1)[0].strip()
        if not first:
            return self._item.quantity
        try:
            quantity = parse_number(first)
        except ValueError:
            quantity = 0.0
        if quantity <= 0:
            self._trouble("sync.bad_quantity", value=first)
            return None
        return quantity

    def _hours(self) -> None:
        rows, card = self._rows, self._card
        agreed = self._item.agreed.get(Name.HOURS, Unknown.UNKNOWN)
        if not rows or not self._is_whole or any(row.hours is None for row in rows):
            return
        if card is not None and not card.has_estimate:
            return
        total = round(sum(row.planned_hours for row in rows), 2) or None
        value = card.estimate_hours if card else (None if agreed is Unknown.UNKNOWN else agreed)
        if isinstance(value, float) and value > MAX_HOURS * len(rows) and value != agreed:
            self._trouble("sync.bad_hours", value=value)
            return
        self._both(Name.HOURS, None, agreed or None, total, {ON_CARD: value or None})

    # --- Actions ---

    def _action(self, action: ItemAction, row: WorkRow) -> None:
        step, can = self._steps.get(action.row_number), self._around.can
        places: list[str] = [ON_CARD] if len(self._item.actions) == 1 else []
        if can.has_dated_steps and (step is not None or self._card is None):
            places.append(ON_STEP)
        if places:
            self._day(action, row, places, step)
            self._person(action, row, places, step)
        text = self._around.step_text(row)
        agreed = action.agreed.get(Name.STEP_TEXT, Unknown.UNKNOWN)
        if step is not None and step.step_id:
            self._own(Name.STEP_TEXT, row.row_number, agreed, text, {ON_STEP: step.text})
        elif self._card is None and agreed is not Unknown.UNKNOWN:
            self._own(Name.STEP_TEXT, row.row_number, agreed, text, {ON_STEP: agreed})

    def _day(self, action: ItemAction, row: WorkRow, places: list[str], step: Step | None) -> None:
        agreed = _day_from(action.agreed, Name.DUE_ON)
        card = self._card
        values = self._values(agreed, places, card.due_on if card else None, step.due_on if step else None)
        is_empty = self._around.tab.cell(row.row, Name.DUE_ON).is_empty
        if row.due_on is None and not is_empty:
            # A bad cell, which the reader of the rows has named.
            self._reader.day(row.row, Name.DUE_ON)
            return
        if row.due_on and row.due_on != agreed and not is_plausible_day(row.due_on, self._around.today):
            self._reader.add_problem(row.row, Name.DUE_ON, "cell.day_far", day=row.due_on)
            return
        far = [one for one in values.values() if isinstance(one, date) and one != agreed]
        far = [one for one in far if not is_plausible_day(one, self._around.today)]
        if far:
            self._trouble("sync.bad_day", day=far[0])
            return
        self._both(Name.DUE_ON, row.row_number, agreed, row.due_on, values)

    def _person(self, action: ItemAction, row: WorkRow, places: list[str], step: Step | None) -> None:
        agreed = action.agreed.get(Name.PERSON, Unknown.UNKNOWN)
        card = self._card
        values = self._values(
            agreed, places, card.assignee_id if card else None, step.assignee_id if step else None
        )
        sheet = self._around.person_id(row.specialist)
        field = self._field(Name.PERSON, row.row_number, agreed, sheet, values, row.specialist)
        is_known = not field.tracker or field.tracker in self._around.names
        if not is_known and field.verdict is not Verdict.EQUAL:
            self._trouble("sync.stranger")
            if field.verdict is Verdict.TO_SHEET:
                return
        self._fields.append(field)

    def _card_of_several(self) -> None:
        item, card, rows = self._item, self._card, self._rows
        days = [row.due_on for row in rows if row.due_on]
        agreed_day = _day_from(item.agreed, Name.CARD_DUE_ON)
        if days:
            values = self._values(agreed_day, [ON_CARD], card.due_on if card else None, None)
            self._own(Name.CARD_DUE_ON, None, agreed_day, max(days), values)
        agreed = item.agreed.get(Name.CARD_PERSON, Unknown.UNKNOWN)
        values = self._values(agreed, [ON_CARD], card.assignee_id if card else None, None)
        first = self._around.person_id(rows[0].specialist)
        self._own(Name.CARD_PERSON, None, agreed, first, values)

    # --- Parts ---

    def _values(
        self, agreed: Value | Unknown, places: Sequence[str], on_card: Value, on_step: Value
    ) -> dict[str, Value]:
        """The values of these places; without a card, what was agreed on."""
        if self._card is None:
            return dict.fromkeys(places, None if agreed is Unknown.UNKNOWN else agreed)
        return {place: on_card if place == ON_CARD else on_step for place in places}

    def _both(
        self,
        name: Name,
        row_number: int | None,
        agreed: Value | Unknown,
        sheet: Value,
        places: Mapping[str, Value],
    ) -> None:
        self._fields.append(self._field(name, row_number, agreed, sheet, places))

    def _field(
        self,
        name: Name,
        row_number: int | None,
        agreed: Value | Unknown,
        sheet: Value,
        places: Mapping[str, Value],
        shown: str = "",
    ) -> CardField:
        tracker, is_torn = merge(agreed, list(places.values()))
        verdict = Verdict.CONFLICT if is_torn else compare(agreed, sheet, tracker)
        if verdict is Verdict.TO_SHEET and self._has_formula(name, row_number):
            # A person's formula is not written over without his choice.
            verdict = Verdict.CONFLICT
        return CardField(name, row_number, agreed, sheet, tracker, places, verdict, shown)

    def _own(
        self,
        name: Name,
        row_number: int | None,
        agreed: Value | Unknown,
        sheet: Value,
        places: Mapping[str, Value],
    ) -> None:
        [tracker] = places.values()
        verdict = compare_own(agreed, sheet, tracker)
        self._fields.append(CardField(name, row_number, agreed, sheet, tracker, places, verdict))

    def _has_formula(self, name: Name, row_number: int | None) -> bool:
        rows = self._rows if row_number is None else [self._by_number[row_number]]
        return any(self._around.tab.cell(row.row, name).formula is not None for row in rows)

    def _trouble(self, code: str, **where: object) -> None:
        self._troubles.append(Trouble(code, {"id": self._item.code, **where}))


def _day_from(agreed: Agreed, name: Name) -> date | Unknown | None:
    if name not in agreed:
        return Unknown.UNKNOWN
    text = str(agreed[name])
    return date.fromisoformat(text) if text else None


# --- Steps -----------------------------------------------------------------------------------------


def match_steps(item: Item, card: Card, rows: Mapping[int, WorkRow], around: Surroundings) -> dict[int, Step]:
    """The step of each action that has one, by the number of its row.

    A step is known by its id. One of a card of an earlier release, or that was made again, is known by its
    text, then by its profile, and where that does not tell them apart by its place.
    """
    left = list(card.steps)
    found: dict[int, Step] = {}

    def take(tell: Callable[[ItemAction, Step], bool], actions: Sequence[ItemAction]) -> None:
        for action in actions:
            same = [step for step in left if action.row_number not in found and tell(action, step)]
            if same:
                found[action.row_number] = same[0]
                left.remove(same[0])

    def text(action: ItemAction) -> str:
        profile = around.profiles.get(action.profile, action.profile)
        row = rows.get(action.row_number)
        return str(
            action.agreed.get(Name.STEP_TEXT)
            or (around.step_text(row) if row else f"{profile} — {action.specialist}")
        )

    def profile_of(action: ItemAction) -> str:
        return f"{around.profiles.get(action.profile, action.profile)} — "

    take(lambda action, step: bool(step.step_id) and action.step_id == step.step_id, item.actions)
    take(lambda action, step: step.text == text(action), item.actions)
    unknown = [action for action in item.actions if not action.step_id]
    take(lambda action, step: step.text.startswith(profile_of(action)), unknown)
    places = {action.row_number: place for place, action in enumerate(item.actions)}
    for action in unknown:
        place = places[action.row_number]
        if action.row_number not in found and place < len(card.steps) and card.steps[place] in left:
            found[action.row_number] = card.steps[place]
            left.remove(card.steps[place])
    return found


# --- What is agreed on -------------------------------------------------------------------------------


def agreed_after(item: Item, look: Look) -> Item:
    """The item with what both sides agree on now, once the fields that go to the sheet stand there.

    A field that goes to the tracker is agreed on when the card, read again, has it.
    """
    done = {
        (one.name, one.row_number): one.tracker if one.verdict is Verdict.TO_SHEET else one.sheet
        for one in look.having(Verdict.EQUAL, Verdict.TO_SHEET, Verdict.KEPT)
        if not one.stale
    }
    actions = tuple(
        replace(
            action,
            step_id=(look.steps[action.row_number].step_id if action.row_number in look.steps else "")
            or action.step_id,
            agreed=_with(action.agreed, action.row_number, done),
        )
        for action in item.actions
    )
    changes: dict[str, object] = {"actions": actions, "agreed": _with(item.agreed, None, done)}
    if (Name.TITLE, None) in done:
        # Also of a card that keeps a name of its own: other tabs show the words of the sheet.
        changes["task"] = str(done[Name.TITLE, None]).removeprefix(f"{item.code} · ")
    if (Name.RESULT, None) in done:
        changes["result"] = done[Name.RESULT, None]
    if (Name.QUANTITY, None) in done:
        changes["quantity"] = done[Name.QUANTITY, None]
    return replace(item, **changes)


def agreed_as_made(item: Item, words: Words, card: NewCard, can: Capabilities) -> Item:
    """The item with what both sides agree on once *card* is made: it has a step for each action, in order."""
    several = len(item.actions) > 1

    def of(action: ItemAction, step: Step) -> ItemAction:
        agreed = {str(Name.STEP_TEXT): step.text}
        if can.has_dated_steps or not several:
            source = step if can.has_dated_steps else card
            agreed[Name.DUE_ON] = str(_stored(source.due_on))
            agreed[Name.PERSON] = source.assignee_id or ""
        return replace(action, step_id="", agreed=agreed)

    agreed: dict[str, str | float] = {str(Name.HOURS): _stored(round(card.estimate_hours, 2) or None)}
    if several:
        agreed[Name.CARD_DUE_ON] = _stored(card.due_on)
        agreed[Name.CARD_PERSON] = card.assignee_id or ""
    pairs = zip(in_order(item), card.steps, strict=True)
    made = {action.row_number: of(action, step) for action, step in pairs}
    return replace(
        item,
        task=words.title,
        result=words.result,
        quantity=words.quantity,
        actions=tuple(made[action.row_number] for action in item.actions),
        agreed=agreed,
        step_ids=(),
    )


def with_steps(item: Item, step_ids: Sequence[str]) -> Item:
    """The item with the ids of its steps, in the order of its actions."""
    ids = {action.row_number: one for action, one in zip(in_order(item), step_ids, strict=False)}
    actions = tuple(
        replace(action, step_id=ids.get(action.row_number, action.step_id)) for action in item.actions
    )
    return replace(item, actions=actions)


def without_card(item: Item) -> Item:
    """The item as if it never had a card."""
    actions = tuple(replace(action, step_id="", agreed={}) for action in item.actions)
    return replace(item, actions=actions, agreed={}, step_ids=(), card_id="")


def agreements_of(item: Item) -> Json:
    """What is known of an item's card, as JSON: ids of steps, and what both sides agreed on."""
    return {
        "card": dict(item.agreed),
        "actions": {
            str(action.row_number): [action.step_id, dict(action.agreed)]
            for action in item.actions
            if action.step_id or action.agreed
        },
    }


def with_agreements(item: Item, agreements: Json) -> Item:
    """Set on the item what ``agreements_of`` returned; an empty object clears all agreements."""
    known = agreements.get("actions", {})

    def of(action: ItemAction) -> ItemAction:
        step_id, agreed = known.get(str(action.row_number), ("", {}))
        return replace(action, step_id=step_id, agreed=agreed)

    return replace(item, agreed=agreements.get("card", {}), actions=tuple(of(one) for one in item.actions))


def in_order(item: Item) -> list[ItemAction]:
    """The actions of an item in the order of the steps of its card."""
    return sorted(item.actions, key=lambda action: action.row_number)


#: Fields that an item or its actions hold by themselves, without a copy among what is agreed on.
_HELD = (Name.TITLE, Name.RESULT, Name.QUANTITY)


def _with(agreed: Agreed, row_number: int | None, done: Mapping[tuple[Name, int | None], Value]) -> Agreed:
    now = {
        str(name): _stored(value)
        for (name, number), value in done.items()
        if number == row_number and name not in _HELD
    }
    return {**agreed, **now}


def _stored(value: Value) -> str | float:
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else value


def shown_quantity(quantity: float, locale: str) -> str:
    """The quantity as it stands on a card: it is read again, so that nothing is rounded or grouped."""
    text = f"{quantity:.10g}"
    return text.replace(".", ",") if locale == "ru" else text
