"""Judge of an upgrade: what differs in a workbook beside the add-on's own new cells.

It reads Google's resources and shares nothing with the upgrade but the lists of what earlier releases wrote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from vitrina.ports import Json
from vitrina.workbook.reading.book import column_letters

TEMPLATES = Path(__file__).parents[2] / "sheet_templates"
EARLIER = json.loads((TEMPLATES / "earlier.json").read_text(encoding="utf-8"))

#: Texts and notes that a release wrote, with anything where a name or a number stands in them.
WORDINGS = re.compile(
    "|".join(
        re.sub(r"\\{\w+\\}", ".+", re.escape(text))
        for texts in EARLIER["texts"].values()
        for wordings in texts.values()
        for text in wordings
    )
)
#: Hint of every drop-down that a release made.
HINT = json.loads((TEMPLATES / "texts.ru.json").read_text(encoding="utf-8"))["hint.choice"]
#: What may change of a protection that we made.
OURS = {
    json.loads((TEMPLATES / "texts.ru.json").read_text(encoding="utf-8"))[f"protected.{kind}"]
    for kind in ("header", "addon", "form", "sheet")
}


def differences(before: Json, after: Json) -> list[str]:
    """What people would miss or wonder at, one line each."""
    return list(_differences(before, after))


def _differences(before: Json, after: Json) -> Iterator[str]:
    now = {_id(sheet): sheet for sheet in after["sheets"]}
    if before["properties"] != after["properties"]:
        yield "the properties of the file"
    for name, place in _names(before).items():
        if name not in _names(after):
            yield f"the named range {name} is gone, once {place}"
    order = [_id(sheet) for sheet in after["sheets"] if _id(sheet) in {_id(one) for one in before["sheets"]}]
    if order != [_id(sheet) for sheet in before["sheets"]]:
        yield "the order of the tabs"
    for sheet in before["sheets"]:
        if _id(sheet) not in now:
            yield f"the tab {sheet['properties']['title']} is gone"
            continue
        for line in _in_sheet(sheet, now[_id(sheet)], _names(after).keys() - _names(before).keys(), after):
            yield f"{sheet['properties']['title']}: {line}"


def _id(sheet: Json) -> int:
    return int(sheet["properties"].get("sheetId", 0))


def _names(book: Json) -> dict[str, Json]:
    return {one["name"]: one["range"] for one in book.get("namedRanges", ())}


def _in_sheet(before: Json, after: Json, new_names: set[str], book: Json) -> Iterator[str]:
    for key in ("title", "hidden", "tabColorStyle"):
        if before["properties"].get(key) != after["properties"].get(key):
            yield f"its {key}"
    if "taken" in _marks(after):
        # The shelf, which nobody sees: its rows come back to the columns of the backlog.
        return
    columns = _kept_columns(before, after)
    rows, new_rows = _kept_rows(before, after, columns)
    if len(columns) != _count(before, "columnCount") or rows is None:
        yield "columns or rows are gone, or some are there that nothing tells of"
        return
    named = {
        one["startRowIndex"]
        for name, one in _names(book).items()
        if name in new_names and one["sheetId"] == _id(after)
    }
    if new_rows and not named & set(new_rows):
        yield f"rows {new_rows} came from nowhere"
    for kind, kept in (("columnMetadata", columns), ("rowMetadata", rows)):
        for place, now in enumerate(kept):
            yield from _line(_metadata(before, kind, place), _metadata(after, kind, now))
    yield from _in_cells(before, after, rows, columns)
    yield from _rules(before, after)
    yield from _objects(before, after)


def _objects(before: Json, after: Json) -> Iterator[str]:
    """Protections of people and charts."""
    left = [one["description"] for one in after.get("protectedRanges", ())]
    for one in before.get("protectedRanges", ()):
        if one["description"] not in {*OURS, *left}:
            yield f"people's protection {one['description']}"
    if len(before.get("charts", ())) > len(after.get("charts", ())):
        yield "a chart"


def _in_cells(before: Json, after: Json, rows: Sequence[int], columns: Sequence[int]) -> Iterator[str]:
    for down, row in enumerate(rows):
        for right, column in enumerate(columns):
            one, other = _cell(before, down, right), _cell(after, row, column)
            if one != other:
                is_new = "settings" in _marks(after) and one.get("userEnteredValue") is None
                for what in _in_cell(one, other, is_new=is_new):
                    yield f"{column_letters(right)}{down + 1}: {what}"


def _marks(sheet: Json) -> set[str]:
    return {one.get("metadataValue", "") for one in sheet.get("developerMetadata", ())}


def _metadata(sheet: Json, kind: str, index: int) -> Json:
    lines = sheet["data"][0].get(kind, ())
    line: Json = lines[index] if index < len(lines) else {}
    return line


def _line(before: Json, after: Json) -> Iterator[str]:
    """A row or a column: its size, whether it is hidden, its marks."""
    for key in ("pixelSize", "hiddenByUser"):
        if before.get(key) != after.get(key):
            yield f"{key} of a line: {before.get(key)} → {after.get(key)}"
    ids = [[one["metadataId"] for one in line.get("developerMetadata", ())] for line in (before, after)]
    if ids[0] != ids[1]:
        yield f"marks of a line: {ids}"


def _kept_columns(before: Json, after: Json) -> list[int]:
    """Indices of the columns that were there before: the new ones have marks of their own."""
    known = {mark for index in range(_count(before, "columnCount")) for mark in _column_marks(before, index)}
    return [
        index
        for index in range(_count(after, "columnCount"))
        if not (marks := _column_marks(after, index)) or marks & known
    ]


def _column_marks(sheet: Json, index: int) -> set[int]:
    line = _metadata(sheet, "columnMetadata", index)
    return {int(one["metadataId"]) for one in line.get("developerMetadata", ())}


def _count(sheet: Json, key: str) -> int:
    return int(sheet["properties"]["gridProperties"][key])


def _kept_rows(before: Json, after: Json, columns: Sequence[int]) -> tuple[list[int] | None, list[int]]:
    """Indices of the rows that were there before, ``None`` where some are gone, and those of new rows."""
    counts = _count(before, "rowCount"), _count(after, "rowCount")
    if counts[0] == counts[1]:
        return list(range(counts[0])), []
    if "settings" in _marks(after):
        return list(range(counts[0])), []
    width = range(len(columns))
    old = [[_text(_cell(before, row, column)) for column in width] for row in range(counts[0])]
    new = [[_text(_cell(after, row, column)) for column in columns] for row in range(counts[1])]
    matcher = SequenceMatcher(None, [str(row) for row in old], [str(row) for row in new], autojunk=False)
    kept: list[int] = []
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag in ("equal", "replace"):
            if last - first > end - start:
                return None, []
            # Texts that were replaced stand where they stood; new rows are above them.
            kept += range(end - (last - first), end)
        elif tag == "delete":
            return None, []
    return kept, [index for index in range(counts[1]) if index not in kept]


def _text(cell: Json) -> str:
    value = cell.get("userEnteredValue", {})
    if "formulaValue" in value:
        return shape_of(value["formulaValue"])
    return str(value)


def _cell(sheet: Json, row: int, column: int) -> Json:
    rows = sheet["data"][0].get("rowData", ())
    cells = rows[row].get("values", ()) if row < len(rows) else ()
    cell: Json = cells[column] if column < len(cells) else {}
    return cell


def _in_cell(before: Json, after: Json, *, is_new: bool) -> Iterator[str]:
    if before.get("userEnteredFormat") != after.get("userEnteredFormat"):
        yield "its format"
    if before.get("note") != after.get("note") and not _is_wording(before.get("note", "")):
        yield f"its note: {before.get('note')} → {after.get('note')}"
    rules = [cell.get("dataValidation", {"inputMessage": HINT}) for cell in (before, after)]
    if rules[0] != rules[1] and any(rule.get("inputMessage") != HINT for rule in rules):
        yield "its validation"
    one, other = before.get("userEnteredValue", {}), after.get("userEnteredValue", {})
    if shape_of(one.get("formulaValue", "")) in _FORMULAS and "formulaValue" not in other:
        # A formula of ours whose result the add-on writes itself now: the last one stays until then.
        result = before.get("effectiveValue", other)
        if other != result and not (other == {} and result == {"stringValue": ""}):
            yield f"the result of its formula {result} → {other}"
        return
    if "formulaValue" in one and "formulaValue" in other:
        shape = shape_of(one["formulaValue"])
        is_ours = shape in _FORMULAS
        if shape != shape_of(other["formulaValue"]) and not is_ours:
            yield f"its formula {one} → {other}"
        elif before.get("effectiveValue") != after.get("effectiveValue") and not is_ours:
            yield f"its result: {before.get('effectiveValue')} → {after.get('effectiveValue')}"
    elif one != other and not is_new and not _is_wording(one.get("stringValue", "")):
        yield f"its value {one} → {other}"


def _is_wording(text: str) -> bool:
    return WORDINGS.fullmatch(text) is not None


#: Placeholders, texts, references and numbers of a formula.
_PLACES = re.compile(r"\{\w+:[\w.]+\}|\"[^\"]*\"|'[^']*'!|\$?\b[A-Z]{1,2}\$?\d*\b|\d+|[#:]")


def _shapes(formulas: Any) -> set[str]:
    """Shapes of formulas of a template, with any text for the placeholders of texts."""
    return {shape_of(formula) for formula in formulas}


def shape_of(formula: str) -> str:
    """A formula without what differs from workbook to workbook: places, texts, numbers, placeholders."""
    return _PLACES.sub("", formula)


class _Formulas:
    """Whether a formula is one that an earlier release wrote."""

    def __init__(self) -> None:
        self._shapes = _shapes(
            formula
            for kind in ("client", "agency")
            for formulas in EARLIER[kind]["formulas"].values()
            for formula in formulas
        )

    def __contains__(self, shape: object) -> bool:
        return shape in self._shapes


_FORMULAS = _Formulas()


def _rules(before: Json, after: Json) -> Iterator[str]:
    """Rules of colour: those of people stay, in their order; of ours only those that are gone may go."""
    gone = _shapes(
        rule["formula"]
        for kind in ("client", "agency")
        for rules in EARLIER[kind]["rules"].values()
        for rule in rules
    )
    kept = [_rule(rule) for rule in after.get("conditionalFormats", ())]
    at = 0
    for rule in before.get("conditionalFormats", ()):
        text = _rule(rule)
        if text in kept[at:]:
            at = kept.index(text, at) + 1
        elif shape_of(_formula(rule)) not in gone:
            yield f"a rule of colour: {text}"


def _formula(rule: Json) -> str:
    values: Sequence[Mapping[str, str]] = rule.get("booleanRule", {}).get("condition", {}).get("values", ())
    return values[0].get("userEnteredValue", "") if values else ""


def _rule(rule: Json) -> str:
    """A rule without the addresses that follow inserted columns."""
    condition = dict(rule["booleanRule"]["condition"])
    condition["values"] = [shape_of(_formula(rule))]
    return json.dumps([condition, rule["booleanRule"]["format"]], sort_keys=True, ensure_ascii=False)
