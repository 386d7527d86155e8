"""What the sheet and a tracker show of two items, place by place, and what the product may write there.

The model does not use the rule of the product. A place is a cell, or a field of a card or step. The product
may write over a value only if it stood on both sides before, or if a person has chosen the other side. All
else would lose an edit of somebody. A value that people changed and changed back, before anybody looked, is
one that stood on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.harness.memory_office import MemoryOffice
from vitrina.ports import Card
from vitrina.workbook.reading.book import Tab

#: Number of the item with three actions, and of the one with one.
MANY, ONE = 1, 2
PREFIX = {MANY: "ЗРН-1 · ", ONE: "ЗРН-2 · "}
DAY, PERSON, HOURS, QUANTITY, TITLE, RESULT = "due_on", "specialist", "hours", "quantity", "action", "result"
#: Fields that people may rewrite on the card for good.
WORDS = (TITLE, RESULT)
FACTS = {QUANTITY: "Количество", RESULT: "Результат"}

FieldKey = tuple[int, str, int]
"""Number of the item, column of *В работе*, and the place of the action, -1 for the item as a whole."""
Place = tuple[FieldKey, str]
"""A field, and where it stands: ``row 0``, ``card``, ``step``."""
State = dict[Place, Any]


@dataclass
class Model:
    """The state as it was seen last, with what stood on both sides since all was looked at."""

    now: State = field(default_factory=dict)
    agreed: dict[FieldKey, list[Any]] = field(default_factory=dict)

    def begin(self, state: State) -> None:
        """Both sides are equal now."""
        self.now = dict(state)
        self.agreed = {key: [next(iter(values.values()))] for key, values in by_field(state).items()}

    def person_did(self, state: State) -> None:
        """What differs from the state seen last is what people did."""
        self.now = dict(state)
        self._note_equal()

    def product_did(
        self, state: State, chosen: Iterable[FieldKey] = (), *, has_seen_all: bool = False
    ) -> list[str]:
        """Writes of the product that lose an edit; *chosen* are fields that a person has decided.

        After it *has_seen_all*, only what stands on both sides now is agreed on.
        """
        allowed = set(chosen)
        lost = [
            f"{place}: {self.now[place]!r} was written over with {value!r}"
            for place, value in state.items()
            if not _same(self.now.get(place, value), value)
            and place[0] not in allowed
            and not any(_same(self.now[place], one) for one in self.agreed[place[0]])
        ]
        self.now = dict(state)
        self._note_equal(has_seen_all=has_seen_all)
        return lost

    def differences(self) -> dict[FieldKey, Mapping[str, Any]]:
        """Fields whose places do not have the same value."""
        fields = by_field(self.now).items()
        return {key: values for key, values in fields if not _are_equal(values.values())}

    def _note_equal(self, *, has_seen_all: bool = False) -> None:
        for key, values in by_field(self.now).items():
            if _are_equal(values.values()):
                value = next(iter(values.values()))
                self.agreed[key] = [value] if has_seen_all else [*self.agreed[key], value]


def by_field(state: State) -> dict[FieldKey, dict[str, Any]]:
    """Values of each field by their places."""
    found: dict[FieldKey, dict[str, Any]] = {}
    for (key, where), value in state.items():
        found.setdefault(key, {})[where] = value
    return found


def _are_equal(values: Iterable[Any]) -> bool:
    first, *others = list(values)
    return all(_same(first, one) for one in others)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < 0.005
    return bool(one == other)


# --- What there is ---------------------------------------------------------------------------------


def state_of(office: MemoryOffice, cards: Mapping[int, Card], names: Mapping[str, str]) -> State:
    """All places of both items; *names* are people by their id in the tracker."""
    state: State = {}
    tab, known = office.tab("in_progress"), set(names.values())
    rows = {MANY: tab.rows[:3], ONE: tab.rows[3:4]}
    for number, card in cards.items():
        several = number == MANY
        steps = {step.text.partition(" — ")[0]: step for step in card.steps}
        hours = 0.0
        for at, row in enumerate(rows[number]):
            for name in (TITLE, RESULT, QUANTITY):
                state[(number, name, -1), f"row {at}"] = _cell(tab, row, name)
            hours += _cell(tab, row, HOURS) or 0.0
            step = steps[tab.cell(row, "profile").text]
            day, person = (number, DAY, at), (number, PERSON, at)
            who = _cell(tab, row, PERSON)
            # Who has no account cannot stand on a card.
            state[day, "row"], state[person, "row"] = _cell(tab, row, DAY), who if who in known else None
            state[day, "step"] = step.due_on.toordinal() if step.due_on else None
            state[person, "step"] = names.get(step.assignee_id or "")
            if not several:
                state[day, "card"] = card.due_on.toordinal() if card.due_on else None
                state[person, "card"] = names.get(card.assignee_id or "")
        state[(number, HOURS, -1), "rows"] = round(hours, 2)
        state[(number, HOURS, -1), "card"] = card.estimate_hours
        state[(number, TITLE, -1), "card"] = card.title.removeprefix(PREFIX[number])
        state[(number, RESULT, -1), "card"] = card.facts.get(FACTS[RESULT]) or None
        quantity = card.facts.get(FACTS[QUANTITY], "").split("\n")[0].replace(",", ".")
        state[(number, QUANTITY, -1), "card"] = float(quantity) if quantity else None
    return state


#: Day 0 of the spreadsheet as an ordinal of Python.
_DAY_ZERO = 693_594


def _cell(tab: Tab, row: Any, column: str) -> Any:
    value = tab.cell(row, column).value
    if column == DAY:
        return int(value) + _DAY_ZERO if isinstance(value, float) else value
    return value
