"""Fills ironcalc's model of a workbook, beginning with the last one that had the same tabs and names.

To give a model one formula takes longer than to compute it, and between two computations few cells change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ironcalc

Place = tuple[int, int]
Content = tuple[str, Any]
"""A kind (``numberValue``, ``stringValue``, ``boolValue``, ``formulaValue``) and what a cell has of it."""
Cells = Mapping[Place, Content]

#: The last model that was filled, as bytes and as what was put into it, by its titles and names.
_FILLED: dict[Any, tuple[bytes, Sequence[Cells]]] = {}
_MOST_FILLED = 20


def filled_model(titles: Sequence[str], names: Sequence[tuple[str, str]], tabs: Sequence[Cells]) -> Any:
    """A model that is not computed yet.

    Parameters
    ----------
    titles
        Of all tabs; those after *tabs* stay empty.
    names
        Defined names with their areas.
    tabs
        Cells by row and column, from 0; formulas are already translated.
    """
    key = (tuple(titles), tuple(names))
    # Taken out, so that the last one used is the last one to be forgotten.
    found = _FILLED.pop(key, None)
    if found is None:
        model, before = _empty_model(titles, names), [{} for _ in tabs]
    else:
        data, before = found
        model = ironcalc.load_from_bytes(data, "en")
    for index, (cells, old) in enumerate(zip(tabs, before, strict=True)):
        if cells != old:
            _change(model, index, old, cells)
    _FILLED[key] = model.to_bytes(), tabs
    if len(_FILLED) > _MOST_FILLED:
        _FILLED.pop(next(iter(_FILLED), None), None)
    return model


def _empty_model(titles: Sequence[str], names: Sequence[tuple[str, str]]) -> Any:
    model = ironcalc.create("workbook", "en", "UTC", "en")
    for index, title in enumerate(titles):
        if index:
            model.add_sheet(title)
        else:
            model.rename_sheet(0, title)
    for name, area in names:
        model.new_defined_name(name, None, area)
    return model


def _change(model: Any, index: int, old: Cells, new: Cells) -> None:
    for place, content in old.items():
        if new.get(place) != content:
            row, column = place[0] + 1, place[1] + 1
            model.range_clear_all(index, row, column, row, column)
    for place, content in new.items():
        if old.get(place) != content:
            _put(model, (index, place[0] + 1, place[1] + 1), content)


def _put(model: Any, place: tuple[int, int, int], content: Content) -> None:
    kind, value = content
    if kind == "numberValue":
        model.update_cell_with_number(*place, float(value))
    elif kind == "stringValue":
        model.update_cell_with_text(*place, value)
    elif kind == "boolValue":
        model.update_cell_with_bool(*place, value)
    else:
        model.update_cell_with_formula(*place, value)
