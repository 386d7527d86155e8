"""The model of one workbook: what has to be in it after what people did.

It does not use the product. An item is identified by the text of its task, which is never edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.chaos.agency import NORMS, PROFILE_TITLES
from benchmarks.chaos.grid import Value

HOURS = "hours."


@dataclass
class ExpectedItem:
    """The expected state of one item.

    ``typed`` holds what people last entered into its cells of the backlog, ``remarks`` what they entered into
    its rows in progress, by ``(profile, column)``. ``work_types`` and ``quantities`` hold all values that the
    cells ever had, because the add-on may have read any of them.
    """

    task: str
    typed: dict[str, Value] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    remarks: dict[tuple[str, str], Value] = field(default_factory=dict)
    work_types: list[str] = field(default_factory=lambda: [""])
    quantities: list[float] = field(default_factory=lambda: [1.0])
    is_deleted: bool = False
    #: Two rows have its number and neither has the mark, so that the copy cannot be told from the original:
    #: either row may keep the number and its figures.
    is_ambiguous: bool = False
    #: The row is a copy with figures that the add-on wrote: they may follow the norms or stay as they are.
    has_copied_figures: bool = False
    #: The number that the item got first; it must not change.
    number: int | None = None

    @property
    def has_unclear_figures(self) -> bool:
        """Whether hours that were not typed may differ from those of the norms."""
        return self.is_ambiguous or self.has_copied_figures

    def type(self, key: str, value: Value) -> None:
        """Note that a person entered *value* into a cell of the backlog."""
        self.typed[key] = value
        if key == "work_type":
            self.work_types.append(str(next(iter(value.values()))) if value else "")
        if key == "quantity":
            self.quantities.append(float(value["numberValue"]) if value else 1.0)

    def typed_hours(self, profile: str) -> Value:
        """The hours that a person entered; ``None`` if the cell is the add-on's."""
        return self.typed.get(HOURS + profile)

    def hours_now(self, profile: str) -> float | None:
        """The hours that the add-on has to write for a profile, from the current row."""
        return _figure(self.work_types[-1], self.quantities[-1], profile)

    def possible_hours(self, profile: str) -> set[float | None]:
        """All hours that the add-on may have written at some moment, ``None`` for no hours included."""
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
    """All items that people ever typed into a workbook, by their task."""

    items: dict[str, ExpectedItem] = field(default_factory=dict)

    def add(self, task: str) -> ExpectedItem:
        """Note that a new row was typed."""
        return self.items.setdefault(task, ExpectedItem(task))

    @property
    def not_deleted(self) -> list[ExpectedItem]:
        """Items whose row no person deleted."""
        return [item for item in self.items.values() if not item.is_deleted]


def number_in(value: Value) -> float | None:
    """The number in a cell; a typed formula is a sum of numbers and is added up."""
    if not value:
        return None
    if "numberValue" in value:
        return float(value["numberValue"])
    text = str(value.get("formulaValue", "")).removeprefix("=")
    return sum(float(part.replace(",", ".")) for part in text.split("+")) if text else None


PROFILES = tuple(PROFILE_TITLES)
