"""Requests about rules: data validation and conditional formats."""

from __future__ import annotations

from typing import Any

from emulators.google import cells, grid, rule_checks
from emulators.google.batch.objects import checked_range
from emulators.google.batch.registry import Batch, Reply, Request, request
from emulators.google.errors import invalid
from emulators.google.models import EMPTY, Sheet


@request("setDataValidation")
def set_data_validation(batch: Batch, body: Request) -> None:
    """Set a validation rule on every cell of a range, or remove it if no rule is given."""
    if "range" not in body:
        raise invalid("range must be specified.")
    sheet, box = batch.area(body["range"])
    rule = body.get("rule")
    if rule is not None:
        rule = rule_checks.clean_validation(batch.book, rule)
    for row in range(box.top, box.bottom):
        for column in range(box.left, box.right):
            old = sheet.cell(row, column)
            if body.get("filteredRowsIncluded") is False and (sheet.rows[row].properties or {}).get(
                "hiddenByFilter"
            ):
                continue
            new = {name: part for name, part in old.items() if name != "dataValidation"}
            if rule is not None:
                new["dataValidation"] = rule
            sheet.put(row, column, new or EMPTY)


def _clean_rule(batch: Batch, rule: dict[str, Any]) -> tuple[Sheet, dict[str, Any]]:
    if not rule.get("ranges"):
        raise invalid("rule.ranges must be specified.")
    ranges = [checked_range(batch, part) for part in rule["ranges"]]
    if len({part["sheetId"] for part in ranges}) > 1:
        raise invalid("All ranges of a conditional format rule must be on the same sheet.")
    if ("booleanRule" in rule) == ("gradientRule" in rule):
        raise invalid("Exactly one of booleanRule and gradientRule must be set.")
    result: dict[str, Any] = {"ranges": ranges}
    title = batch.book.sheet(ranges[0]["sheetId"]).title
    if "booleanRule" in rule:
        rule_checks.check_format_rule(batch.book, rule["booleanRule"], title)
        boolean = rule["booleanRule"]
        result["booleanRule"] = boolean | {"format": cells.clean_format(boolean.get("format", {}))}
    else:
        points = rule["gradientRule"]
        rule_checks.check_gradient(batch.book, points, title)
        result["gradientRule"] = {
            name: cells.both_spellings(point, "color") for name, point in points.items()
        }
    return batch.book.sheet(ranges[0]["sheetId"]), result


def shown_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule as the API returns it."""
    return rule | {"ranges": [grid.shown_range(part) for part in rule["ranges"]]}


@request("addConditionalFormatRule")
def add_rule(batch: Batch, body: Request) -> None:
    """Insert a rule at an index; later rules shift."""
    sheet, rule = _clean_rule(batch, body.get("rule", {}))
    index = body.get("index", 0)
    if not 0 <= index <= len(sheet.conditional_formats):
        raise invalid(f"index[{index}] must be between 0 and {len(sheet.conditional_formats)}.")
    sheet.conditional_formats.insert(index, rule)


def _check_index(sheet: Sheet, index: int) -> int:
    if not 0 <= index < len(sheet.conditional_formats):
        raise invalid(f"No conditional format on sheet: {sheet.sheet_id} at index: {index}")
    return index


@request("updateConditionalFormatRule")
def update_rule(batch: Batch, body: Request) -> Reply:
    """Replace a rule, or move it to another index."""
    index = body.get("index", 0)
    if "rule" in body:
        sheet, rule = _clean_rule(batch, body["rule"])
        old = sheet.conditional_formats[_check_index(sheet, index)]
        sheet.conditional_formats[index] = rule
        return {"newRule": shown_rule(rule), "newIndex": index, "oldRule": shown_rule(old), "oldIndex": index}
    if "newIndex" not in body:
        raise invalid("Either rule or newIndex must be set.")
    sheet = batch.book.sheet(body.get("sheetId", 0))
    rule = sheet.conditional_formats.pop(_check_index(sheet, index))
    new_index = body["newIndex"]
    if not 0 <= new_index <= len(sheet.conditional_formats):
        raise invalid(f"newIndex[{new_index}] must be between 0 and {len(sheet.conditional_formats)}.")
    sheet.conditional_formats.insert(new_index, rule)
    return {"newRule": shown_rule(rule), "newIndex": new_index, "oldIndex": index}


@request("deleteConditionalFormatRule")
def delete_rule(batch: Batch, body: Request) -> Reply:
    """Delete a rule; later rules shift."""
    sheet = batch.book.sheet(body.get("sheetId", 0))
    return {"rule": shown_rule(sheet.conditional_formats.pop(_check_index(sheet, body.get("index", 0))))}
