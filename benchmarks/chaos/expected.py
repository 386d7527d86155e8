"""What people did, and so what must be: the plain model of one workbook.

It knows nothing of the product. An item is told by the text of its task, which nobody changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.chaos.agency import NORMS, PROFILE_TITLES
from benchmarks.chaos.grid import Value

HOURS = "hours."


@dataclass
class ExpectedItem:
    """One item, by what people last did to it.

    ``typed`` has what they entered into the item's cells of the backlog, ``remarks`` into those of its
    rows in progress by ``(profile, column)``. Of work type and quantity every value counts for as long as
    nobody knows which of them the add-on has read.
    """

    task: str
    typed: dict[str, Value] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    remarks: dict[tuple[str, str], Value] = field(default_factory=dict)
    work_types: list[str] = field(default_factory=lambda: [""])
    quantities: list[float] = field(default_factory=lambda: [1.0])
    is_deleted: bool = False
    #: Two rows bear its number and neither has the mark: nobody can tell the copy from the original, so that
    #: either may keep the number, and the figures that go with it.
    is_ambiguous: bool = False
    #: The row is a copy with figures of the add-on's: they follow the norms, or stay as they are.
    has_copied_figures: bool = False
    #: The number that the item has had once; it never gets another one.
    number: int | None = None

    @property
    def has_unclear_figures(self) -> bool:
        """Whether hours that nobody typed may be other ones than the norms give."""
        return self.is_ambiguous or self.has_copied_figures

    def type(self, key: str, value: Value) -> None:
        """Somebody entered *value* into a cell of the backlog."""
        self.typed[key] = value
        if key == "work_type":
            self.work_types.append(str(next(iter(value.values()))) if value else "")
        if key == "quantity":
            self.quantities.append(float(value["numberValue"]) if value else 1.0)

    def typed_hours(self, profile: str) -> Value:
        """What somebody entered as hours; ``None`` where the cell is the add-on's."""
        return self.typed.get(HOURS + profile)

    def hours_now(self, profile: str) -> float | None:
        """What the add-on has to say of a profile when it reads the row as it is now."""
        return _figure(self.work_types[-1], self.quantities[-1], profile)

    def possible_hours(self, profile: str) -> set[float | None]:
        """What the add-on may have said at some moment, nothing included."""
        return {None} | {
            _figure(work_type, quantity, profile)
            for work_type in self.work_types
            for quantity in self.quantities
        }


def _figure(work_type: str, quantity: float, profile: str) -> float | None:
    norm = NORMS.get(work_type, {}).get(profile)
    return None if norm is None else norm * quantity


@dataclass
class ExpectedState:
    """All items that people ever put into a workbook, by their task."""

    items: dict[str, ExpectedItem] = field(default_factory=dict)

    def add(self, task: str) -> ExpectedItem:
        """A new row was typed."""
        return self.items.setdefault(task, ExpectedItem(task))

    def forget_numbers(self) -> None:
        """The estimate that gave numbers may have been undone: the next one gives others."""
        for item in self.items.values():
            item.number = None

    @property
    def not_deleted(self) -> list[ExpectedItem]:
        """Items that nobody deleted."""
        return [item for item in self.items.values() if not item.is_deleted]


def number_in(value: Value) -> float | None:
    """The figure in a cell; that of a typed formula is the sum of its parts."""
    if not value:
        return None
    if "numberValue" in value:
        return float(value["numberValue"])
    text = str(value.get("formulaValue", "")).removeprefix("=")
    return sum(float(part.replace(",", ".")) for part in text.split("+")) if text else None


PROFILES = tuple(PROFILE_TITLES)
