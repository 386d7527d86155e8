"""Requests about objects on the grid: named ranges, protection, banding, filters, charts."""

from __future__ import annotations

import re
from typing import Any

from emulators.google import cells, grid, masks
from emulators.google.a1 import GridRange, grid_range, parse_bounds
from emulators.google.access import is_whole_sheet
from emulators.google.batch.registry import Batch, Reply, Request, request
from emulators.google.errors import NotModelledError, invalid
from emulators.google.filters import from_grid_range
from emulators.google.models import Book, Sheet

Item = dict[str, Any]


def checked_range(batch: Batch, given: GridRange) -> GridRange:
    """A range of a request with the id of its tab; refused if it is outside the grid."""
    area = from_grid_range(batch.book, given).require_inside()
    return grid_range(area.sheet.sheet_id, area.bounds)


def find_item(book: Book, attribute: str, key: str, item_id: int, noun: str) -> tuple[Sheet, int]:
    """The tab that has an object, and the object's index in the list."""
    for sheet in book.sheets:
        for index, item in enumerate(getattr(sheet, attribute)):
            if item[key] == item_id:
                return sheet, index
    raise invalid(f"No {noun} with id: {item_id}")


def _new_id(batch: Batch, given: Item, key: str) -> int:
    wanted = given.get(key)
    used = batch.book.ids_in_use()
    if wanted is None:
        return batch.store.new_number(used)
    if wanted in used:
        raise invalid(f"{key} {wanted} is already in use, please specify another ID.")
    return wanted


# Named ranges

_NAME = re.compile(r"[^\W\d][\w.]{0,249}")


def _check_name(book: Book, name: str, but: str | None = None) -> None:
    if not _NAME.fullmatch(name or "") or parse_bounds(name) or name.upper() in ("TRUE", "FALSE"):
        raise invalid(f"The name '{name}' is not a valid name of a range.")
    for other in book.named_ranges:
        if other["name"].casefold() == name.casefold() and other["namedRangeId"] != but:
            raise invalid(f"A named range with the name '{name}' already exists.")


def _named(book: Book, named_range_id: str | None) -> int:
    for index, named in enumerate(book.named_ranges):
        if named["namedRangeId"] == named_range_id:
            return index
    raise invalid(f"No named range with id: {named_range_id}")


@request("addNamedRange")
def add_named_range(batch: Batch, body: Request) -> Reply:
    """Name a range."""
    given = body.get("namedRange", {})
    _check_name(batch.book, given.get("name", ""))
    named_id = given.get("namedRangeId") or str(batch.store.new_number())
    if any(named["namedRangeId"] == named_id for named in batch.book.named_ranges):
        raise invalid(f"namedRangeId {named_id} is already in use, please specify another ID.")
    named = {
        "namedRangeId": named_id,
        "name": given["name"],
        "range": checked_range(batch, given.get("range", {})),
    }
    batch.book.named_ranges.append(named)
    return {"namedRange": named | {"range": grid.shown_range(named["range"])}}


@request("updateNamedRange")
def update_named_range(batch: Batch, body: Request) -> None:
    """Rename a named range or point it elsewhere."""
    mask = batch.mask("NamedRange", body.get("fields"))
    given = body.get("namedRange", {})
    index = _named(batch.book, given.get("namedRangeId"))
    old = batch.book.named_ranges[index]
    new = dict(old)
    if "name" in mask or "*" in mask:
        _check_name(batch.book, given.get("name", ""), but=old["namedRangeId"])
        new["name"] = given["name"]
    if "range" in mask or "*" in mask:
        new["range"] = checked_range(
            batch, masks.update(old["range"], given.get("range", {}), mask.get("range") or {"*": None})
        )
    batch.book.named_ranges[index] = new


@request("deleteNamedRange")
def delete_named_range(batch: Batch, body: Request) -> None:
    """Delete a named range."""
    del batch.book.named_ranges[_named(batch.book, body.get("namedRangeId"))]


# Protected ranges


#: What an editor of a protected range looks like; the rest is for Google to know.
_ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+")


def _clean_protection(batch: Batch, item: Item) -> Item:
    # The caller is the owner and can always edit, whatever the request says.
    result = {name: part for name, part in item.items() if part not in (None, False)}
    result["requestingUserCanEdit"] = True
    if item.get("editors") is None:
        return result
    editors = {name: part for name, part in item["editors"].items() if part}
    if item.get("warningOnly"):
        if editors:
            raise invalid("ProtectedRange is warningOnly. Editors cannot be set on it.")
        result.pop("editors", None)
        return result
    for address in (*editors.get("users", ()), *editors.get("groups", ())):
        if not _ADDRESS.fullmatch(address):
            raise invalid(f"Invalid email address: {address}")
    if editors.get("domainUsersCanEdit") and not batch.store.domain:
        raise invalid("Domain protection is only supported on documents within a domain.")
    return result | {"editors": editors}


def _protection_ranges(batch: Batch, item: Item) -> Item:
    result = dict(item)
    if "namedRangeId" in item and "range" in item:
        raise invalid("Only one of range, namedRangeId and tableId may be set on a protected range.")
    if "namedRangeId" in item:
        named = batch.book.named_ranges[_named(batch.book, item["namedRangeId"])]
        result["range"] = named["range"]
    elif "range" in item:
        result["range"] = checked_range(batch, item["range"])
    else:
        raise invalid("protectedRange.range must be specified.")
    if item.get("unprotectedRanges"):
        result["unprotectedRanges"] = [checked_range(batch, part) for part in item["unprotectedRanges"]]
        if not is_whole_sheet(result["range"]):
            raise invalid("Unprotected ranges are only supported on protected sheets.")
        own_id = result["range"].get("sheetId", 0)
        if any(part.get("sheetId", 0) != own_id for part in result["unprotectedRanges"]):
            raise invalid("Unprotected ranges must be on the protected sheet.")
    return result


@request("addProtectedRange")
def add_protected_range(batch: Batch, body: Request) -> Reply:
    """Protect a range or a tab."""
    given = body.get("protectedRange", {})
    item_id = _new_id(batch, given, "protectedRangeId")
    item = {"protectedRangeId": item_id} | _clean_protection(batch, _protection_ranges(batch, given))
    item["protectedRangeId"] = item_id
    batch.book.sheet(item["range"]["sheetId"]).protected_ranges.append(item)
    return {"protectedRange": _shown(item)}


@request("updateProtectedRange")
def update_protected_range(batch: Batch, body: Request) -> None:
    """Change who may edit a protected range, or where it is."""
    mask = batch.mask("ProtectedRange", body.get("fields"))
    given = body.get("protectedRange", {})
    sheet, index = find_item(
        batch.book,
        "protected_ranges",
        "protectedRangeId",
        given.get("protectedRangeId", 0),
        "protected range",
    )
    old = sheet.protected_ranges[index]
    new = masks.update(old, given, mask) | {"protectedRangeId": old["protectedRangeId"]}
    if "namedRangeId" in old and "range" not in given:
        # The range is known from the name.
        new.pop("range")
    if given.get("warningOnly") and "editors" not in given:
        new.pop("editors", None)
    new = _clean_protection(batch, _protection_ranges(batch, new))
    if new["range"]["sheetId"] == sheet.sheet_id:
        sheet.protected_ranges[index] = new
    else:
        del sheet.protected_ranges[index]
        batch.book.sheet(new["range"]["sheetId"]).protected_ranges.append(new)


@request("deleteProtectedRange")
def delete_protected_range(batch: Batch, body: Request) -> None:
    """Remove a protection."""
    sheet, index = find_item(
        batch.book, "protected_ranges", "protectedRangeId", body.get("protectedRangeId", 0), "protected range"
    )
    del sheet.protected_ranges[index]


def _shown(item: Item) -> Item:
    result = dict(item)
    if "range" in item:
        result["range"] = grid.shown_range(item["range"])
    if "unprotectedRanges" in item:
        result["unprotectedRanges"] = [grid.shown_range(part) for part in item["unprotectedRanges"]]
    return result


# Banding


def _clean_banding(item: Item) -> Item:
    result = dict(item)
    for name in ("rowProperties", "columnProperties"):
        if name in item:
            for key in ("headerColor", "firstBandColor", "secondBandColor", "footerColor"):
                result[name] = cells.both_spellings(result[name], key)
    return result


@request("addBanding")
def add_banding(batch: Batch, body: Request) -> Reply:
    """Add alternating colours to the rows or columns of a range; a range can have one banding."""
    given = body.get("bandedRange", {})
    item = _clean_banding(given) | {
        "bandedRangeId": _new_id(batch, given, "bandedRangeId"),
        "range": checked_range(batch, given.get("range", {})),
    }
    if "rowProperties" not in item and "columnProperties" not in item:
        raise invalid("At least one of rowProperties or columnProperties must be specified.")
    sheet = batch.book.sheet(item["range"]["sheetId"])
    _check_banding(sheet, item)
    sheet.banded_ranges.append(item)
    return {"bandedRange": _shown(item)}


def _check_banding(sheet: Sheet, item: Item) -> None:
    box = sheet.box(item["range"])
    for other in sheet.banded_ranges:
        if other["bandedRangeId"] != item["bandedRangeId"] and sheet.box(other["range"]).meets(box):
            raise invalid(
                "You cannot add alternating background colors to a range that already has "
                "alternating background colors."
            )


@request("updateBanding")
def update_banding(batch: Batch, body: Request) -> None:
    """Change the colours or the range of a banding."""
    mask = batch.mask("BandedRange", body.get("fields"))
    given = body.get("bandedRange", {})
    sheet, index = find_item(
        batch.book, "banded_ranges", "bandedRangeId", given.get("bandedRangeId", 0), "banded range"
    )
    old = sheet.banded_ranges[index]
    new = masks.update(old, _clean_banding(given), cells.with_color_twins(mask) or mask)
    new |= {
        "bandedRangeId": old["bandedRangeId"],
        "range": checked_range(batch, new.get("range", old["range"])),
    }
    _check_banding(sheet, new)
    sheet.banded_ranges[index] = new


@request("deleteBanding")
def delete_banding(batch: Batch, body: Request) -> None:
    """Remove a banding."""
    sheet, index = find_item(
        batch.book, "banded_ranges", "bandedRangeId", body.get("bandedRangeId", 0), "banded range"
    )
    del sheet.banded_ranges[index]


# Filters


@request("setBasicFilter")
def set_basic_filter(batch: Batch, body: Request) -> None:
    """Set the filter of a tab on a range; its criteria are stored but hide no rows."""
    given = body.get("filter", {})
    if "range" not in given:
        raise invalid("filter.range must be specified.")
    area = from_grid_range(batch.book, given["range"]).require_inside()
    area.sheet.basic_filter = _without_empty(given) | {"range": grid_range(area.sheet.sheet_id, area.box)}


def _without_empty(given: Item) -> Item:
    """A filter without the lists and specifications that say nothing, as it is returned."""
    specs = [spec for spec in given.get("filterSpecs", ()) if spec.get("filterCriteria")]
    return {name: part for name, part in (given | {"filterSpecs": specs}).items() if part not in ([], {})}


@request("clearBasicFilter")
def clear_basic_filter(batch: Batch, body: Request) -> None:
    """Remove the filter of a tab."""
    batch.book.sheet(body.get("sheetId", 0)).basic_filter = None


@request("addFilterView")
def add_filter_view(batch: Batch, body: Request) -> Reply:
    """Store a named filter."""
    given = body.get("filter", {})
    range_given = checked_range(batch, given.get("range", {}))
    sheet = batch.book.sheet(range_given["sheetId"])
    view = _without_empty(given) | {
        "filterViewId": _new_id(batch, given, "filterViewId"),
        "range": range_given,
    }
    view.setdefault("title", f"Filter {len(sheet.filter_views) + 1}")
    sheet.filter_views.append(view)
    return {"filter": _shown(view)}


@request("updateFilterView")
def update_filter_view(batch: Batch, body: Request) -> None:
    """Change a named filter."""
    mask = batch.mask("FilterView", body.get("fields"))
    given = body.get("filter", {})
    sheet, index = find_item(
        batch.book, "filter_views", "filterViewId", given.get("filterViewId", 0), "filter view"
    )
    old = sheet.filter_views[index]
    new = masks.update(old, given, mask) | {"filterViewId": old["filterViewId"]}
    sheet.filter_views[index] = new | {"range": checked_range(batch, new.get("range", old["range"]))}


@request("deleteFilterView")
def delete_filter_view(batch: Batch, body: Request) -> None:
    """Delete a named filter."""
    sheet, index = find_item(
        batch.book, "filter_views", "filterViewId", body.get("filterId", 0), "filter view"
    )
    del sheet.filter_views[index]


@request("duplicateFilterView")
def duplicate_filter_view(batch: Batch, body: Request) -> Reply:
    """A copy of a named filter."""
    sheet, index = find_item(
        batch.book, "filter_views", "filterViewId", body.get("filterId", 0), "filter view"
    )
    old = sheet.filter_views[index]
    view = old | {
        "filterViewId": _new_id(batch, {}, "filterViewId"),
        "title": f"Copy of {old.get('title', '')}",
    }
    sheet.filter_views.append(view)
    return {"filter": _shown(view)}


# Charts


@request("addChart")
def add_chart(batch: Batch, body: Request) -> Reply:
    """Store a chart: its specification is returned, nothing is drawn here."""
    given = body.get("chart", {})
    position = given.get("position", {})
    if position.get("newSheet") or "sheetId" in position:
        raise NotModelledError("a chart on a tab of its own")
    spec = _checked_spec(batch, given.get("spec"))
    anchor = position.get("overlayPosition", {}).get("anchorCell", {})
    sheet = batch.book.sheet(anchor.get("sheetId", 0))
    chart = {
        "chartId": _new_id(batch, given, "chartId"),
        "spec": spec,
        "position": _full_position(position, sheet),
    }
    if "border" in given:
        chart["border"] = given["border"]
    sheet.charts.append(chart)
    return {"chart": grid.shown(chart)}


#: What a chart has without being told.
CHART_DEFAULTS: Item = {"hiddenDimensionStrategy": "SKIP_HIDDEN_ROWS_AND_COLUMNS", "fontName": "Roboto"}


def _checked_spec(batch: Batch, spec: Item | None) -> Item:
    kinds = [name for name in spec or {} if name.endswith("Chart")]
    if len(kinds) != 1:
        raise invalid("chart.spec must hold exactly one kind of chart.")
    _check_sources(batch.book, spec)
    return CHART_DEFAULTS | (spec or {})


def _check_sources(book: Book, node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _check_sources(book, item)
    elif isinstance(node, dict):
        for source in node.get("sources", []):
            from_grid_range(book, source)
            source.setdefault("sheetId", 0)
        for item in node.values():
            _check_sources(book, item)


def _full_position(position: Item, sheet: Sheet) -> Item:
    overlay = {"widthPixels": 600, "heightPixels": 371} | position.get("overlayPosition", {})
    return {
        "overlayPosition": overlay
        | {"anchorCell": {"sheetId": sheet.sheet_id} | overlay.get("anchorCell", {})}
    }


def _chart(batch: Batch, chart_id: int) -> tuple[Sheet, int]:
    return find_item(batch.book, "charts", "chartId", chart_id, "chart")


@request("updateChartSpec")
def update_chart_spec(batch: Batch, body: Request) -> None:
    """Replace the whole specification of a chart."""
    sheet, index = _chart(batch, body.get("chartId", 0))
    sheet.charts[index] = sheet.charts[index] | {"spec": _checked_spec(batch, body.get("spec"))}


@request("updateEmbeddedObjectPosition")
def update_position(batch: Batch, body: Request) -> Reply:
    """Move or resize a chart."""
    sheet, index = _chart(batch, body.get("objectId", 0))
    given = body.get("newPosition", {})
    mask = batch.mask("OverlayPosition", body.get("fields"))
    chart = sheet.charts[index]
    overlay = masks.update(chart["position"]["overlayPosition"], given.get("overlayPosition", {}), mask)
    target = batch.book.sheet(overlay.get("anchorCell", {}).get("sheetId", sheet.sheet_id))
    moved = chart | {"position": _full_position({"overlayPosition": overlay}, target)}
    del sheet.charts[index]
    target.charts.insert(index if target is sheet else len(target.charts), moved)
    return {"position": grid.shown(moved["position"])}


@request("deleteEmbeddedObject")
def delete_embedded_object(batch: Batch, body: Request) -> None:
    """Remove a chart."""
    sheet, index = _chart(batch, body.get("objectId", 0))
    del sheet.charts[index]
