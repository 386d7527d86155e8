"""The methods of Sheets v4, each a function of a checked call."""

from __future__ import annotations

from typing import Any

from emulators.google import batch, filters, grid, masks, metadata, spreadsheets, values
from emulators.google.a1 import format_box, quote_title
from emulators.google.calls import Call, handles
from emulators.google.errors import FAULT_MESSAGES, ApiError, invalid
from emulators.google.filters import Area
from emulators.google.models import Book
from emulators.google.values import DEFAULT_RENDERING, Rendering

# Spreadsheets


@handles("sheets.spreadsheets.create")
def create(call: Call) -> dict[str, Any]:
    """A new workbook in the root of the caller's drive."""
    if call.store.behaviour.is_service_account:
        # A workbook that is made here would lie in My Drive.
        raise ApiError(403, FAULT_MESSAGES[403])
    book = spreadsheets.create(call.store, call.body)
    return grid.spreadsheet(book, None, call.mask, call.now, grid_data=False)


@handles("sheets.spreadsheets.get")
def get(call: Call) -> dict[str, Any]:
    """The workbook; a field mask overrides ``includeGridData``."""
    book = call.book()
    ranges = call.query.get("ranges")
    areas = [filters.from_a1(book, text).require_inside() for text in ranges] if ranges else None
    return _shown(call, book, areas)


@handles("sheets.spreadsheets.getByDataFilter")
def get_by_data_filter(call: Call) -> dict[str, Any]:
    """The part of the workbook that the filters select."""
    book = call.book()
    data_filters = call.body.get("dataFilters")
    areas = [area for each in data_filters for area in filters.resolve(book, each)] if data_filters else None
    return _shown(call, book, areas, grid_data=call.body.get("includeGridData", False))


def _shown(
    call: Call, book: Book, areas: list[Area] | None, *, grid_data: bool | None = None
) -> dict[str, Any]:
    asked = call.query.get("includeGridData", False) if grid_data is None else grid_data
    wanted = masks.wants(call.mask, "sheets", "data") if call.mask is not None else asked
    return grid.spreadsheet(book, areas, call.mask, call.now, grid_data=wanted, keeps_texts=True)


@handles("sheets.spreadsheets.batchUpdate", changes=True)
def batch_update(call: Call) -> dict[str, Any]:
    """All requests in order, or none of them."""
    book = call.draft()
    replies = batch.apply(book, call.body.get("requests", []), call.store, call.now)
    result: dict[str, Any] = {"spreadsheetId": book.spreadsheet_id, "replies": replies}
    if call.body.get("includeSpreadsheetInResponse"):
        texts = call.body.get("responseRanges")
        areas = [filters.from_a1(book, text).require_inside() for text in texts] if texts else None
        below = masks.below(call.mask, "updatedSpreadsheet")
        wants_data = call.body.get("responseIncludeGridData", False)
        if below is not None:
            wants_data = wants_data or masks.wants(below, "sheets", "data")
        result["updatedSpreadsheet"] = grid.spreadsheet(book, areas, below, call.now, grid_data=wants_data)
    return result


@handles("sheets.spreadsheets.sheets.copyTo", changes=True)
def copy_to(call: Call) -> dict[str, Any]:
    """A copy of a tab in another workbook."""
    source = call.book()
    sheet = source.sheet(int(call.path["sheetId"]))
    target = call.draft(call.body.get("destinationSpreadsheetId", ""))
    return grid.sheet_properties(spreadsheets.copy_sheet(call.store, sheet, target))


# Developer metadata


@handles("sheets.spreadsheets.developerMetadata.get")
def get_metadata(call: Call) -> dict[str, Any]:
    """One piece of metadata."""
    book = call.book()
    metadata_id = int(call.path["metadataId"])
    if metadata_id not in book.metadata:
        raise ApiError(404, f"No developer metadata with ID {metadata_id}.")
    return metadata.resource(book, metadata_id)


@handles("sheets.spreadsheets.developerMetadata.search")
def search_metadata(call: Call) -> dict[str, Any]:
    """All metadata that any of the filters selects."""
    book = call.book()
    found: dict[int, list[dict[str, Any]]] = {}
    for data_filter in call.body.get("dataFilters", []):
        for metadata_id in filters.metadata_ids(book, data_filter):
            found.setdefault(metadata_id, []).append(data_filter)
    matched = [
        {"developerMetadata": metadata.resource(book, key), "dataFilters": data_filters}
        for key, data_filters in found.items()
    ]
    return {"matchedDeveloperMetadata": matched} if matched else {}


# Values


def _rendering(options: dict[str, Any], prefix: str = "") -> Rendering:
    def option(name: str, default: str) -> str:
        key = prefix + name[0].upper() + name[1:] if prefix else name
        return options.get(key, default)

    return option("valueRenderOption", DEFAULT_RENDERING[0]), option(
        "dateTimeRenderOption", DEFAULT_RENDERING[1]
    )


def _dimension(options: dict[str, Any]) -> str:
    return "COLUMNS" if options.get("majorDimension") == "COLUMNS" else "ROWS"


@handles("sheets.spreadsheets.values.get")
def values_get(call: Call) -> dict[str, Any]:
    """Values of one range."""
    book = call.book()
    area = filters.from_a1(book, call.path["range"])
    return values.read(book, area, _dimension(call.query), _rendering(call.query), call.now)


@handles("sheets.spreadsheets.values.batchGet")
def values_batch_get(call: Call) -> dict[str, Any]:
    """Values of several ranges."""
    book = call.book()
    found = [
        values.read(
            book, filters.from_a1(book, text), _dimension(call.query), _rendering(call.query), call.now
        )
        for text in call.query.get("ranges", [])
    ]
    return {"spreadsheetId": book.spreadsheet_id, "valueRanges": found}


@handles("sheets.spreadsheets.values.batchGetByDataFilter")
def values_batch_get_by_data_filter(call: Call) -> dict[str, Any]:
    """Values of the ranges that the filters select."""
    book = call.book()
    matched: dict[tuple[int, Any], tuple[Area, list[dict[str, Any]]]] = {}
    for data_filter in call.body.get("dataFilters", []):
        for area in filters.resolve(book, data_filter):
            matched.setdefault((area.sheet.sheet_id, area.box), (area, []))[1].append(data_filter)
    found = [
        {
            "valueRange": values.read(book, area, _dimension(call.body), _rendering(call.body), call.now),
            "dataFilters": data_filters,
        }
        for area, data_filters in matched.values()
    ]
    return {"spreadsheetId": book.spreadsheet_id} | ({"valueRanges": found} if found else {})


@handles("sheets.spreadsheets.values.update", changes=True)
def values_update(call: Call) -> dict[str, Any]:
    """Write one range."""
    book = call.draft()
    named = call.body.get("range", call.path["range"])
    area = filters.from_a1(book, call.path["range"])
    if filters.from_a1(book, named).a1 != area.a1:
        raise invalid(
            f"Requested writing within range [{call.path['range']}], but tried writing to [{named}]"
        )
    return _write(call, book, area, call.body, call.query)


def _write(
    call: Call, book: Book, area: Area, value_range: dict[str, Any], options: dict[str, Any]
) -> dict[str, Any]:
    dimension = _dimension(value_range)
    covered, written = values.write(
        book, area, value_range.get("values", []), dimension, options.get("valueInputOption", ""), call.now
    )
    return _written(call, book, covered, written, dimension, options)


def _written(
    call: Call, book: Book, covered: Area, written: int, dimension: str, options: dict[str, Any]
) -> dict[str, Any]:
    result: dict[str, Any] = {"spreadsheetId": book.spreadsheet_id, "updatedRange": covered.a1}
    if written:
        result |= {
            "updatedRows": covered.rows_written,
            "updatedColumns": covered.columns_written,
            "updatedCells": written,
        }
    if options.get("includeValuesInResponse"):
        book.results = None
        rendering = _rendering(options, "response")
        result["updatedData"] = values.read(book, covered, dimension, rendering, call.now)
    return result


@handles("sheets.spreadsheets.values.append", changes=True)
def values_append(call: Call) -> dict[str, Any]:
    """Write after a table."""
    book = call.draft()
    area = filters.from_a1(book, call.path["range"])
    dimension = _dimension(call.body)
    covered, written, table = values.append(
        book,
        area,
        call.body.get("values", []),
        dimension,
        call.query.get("valueInputOption", ""),
        call.now,
        insert=call.query.get("insertDataOption") == "INSERT_ROWS",
    )
    result: dict[str, Any] = {"spreadsheetId": book.spreadsheet_id}
    if table:
        result["tableRange"] = format_box(area.sheet.title, table)
    return result | {"updates": _written(call, book, covered, written, dimension, call.query)}


@handles("sheets.spreadsheets.values.batchUpdate", changes=True)
def values_batch_update(call: Call) -> dict[str, Any]:
    """Write several ranges, all or none."""
    book = call.draft()
    responses = [
        _write(call, book, filters.from_a1(book, value_range.get("range", "")), value_range, call.body)
        for value_range in call.body.get("data", [])
    ]
    return _totals(book, responses)


@handles("sheets.spreadsheets.values.batchUpdateByDataFilter", changes=True)
def values_batch_update_by_data_filter(call: Call) -> dict[str, Any]:
    """Write the ranges that filters select; a filter that matches nothing writes nothing."""
    book = call.draft()
    responses = []
    for value_range in call.body.get("data", []):
        data_filter = value_range.get("dataFilter", {})
        for area in filters.resolve(book, data_filter):
            written = _write(call, book, area, value_range, call.body)
            responses.append(written | {"dataFilter": data_filter})
    return _totals(book, responses)


def _totals(book: Book, responses: list[dict[str, Any]]) -> dict[str, Any]:
    totals: dict[str, Any] = {"spreadsheetId": book.spreadsheet_id}
    for name in ("updatedRows", "updatedColumns", "updatedCells"):
        total = sum(response.get(name, 0) for response in responses)
        totals["total" + name[0].upper() + name[1:]] = total
    ranges = [
        response["updatedRange"].rpartition("!")[0] for response in responses if response.get("updatedCells")
    ]
    totals["totalUpdatedSheets"] = len(set(ranges))
    totals["totalUpdatedColumns"] = _distinct_columns(book, responses)
    totals = {name: part for name, part in totals.items() if part}
    return totals | ({"responses": [_without_id(response) for response in responses]} if responses else {})


def _without_id(response: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in response.items() if not (k == "spreadsheetId" and "dataFilter" in response)}


def _distinct_columns(book: Book, responses: list[dict[str, Any]]) -> int:
    """Count of written columns; the same columns of a tab count once, as recorded answers show."""
    seen: dict[tuple[str, int], int] = {}
    for response in responses:
        if response.get("updatedColumns"):
            area = filters.from_a1(book, response["updatedRange"])
            key = (quote_title(area.sheet.title), area.box.left)
            seen[key] = max(seen.get(key, 0), response["updatedColumns"])
    return sum(seen.values())


@handles("sheets.spreadsheets.values.clear", changes=True)
def values_clear(call: Call) -> dict[str, Any]:
    """Clear one range."""
    book = call.draft()
    area = filters.from_a1(book, call.path["range"]).require_inside()
    values.clear(area)
    return {"spreadsheetId": book.spreadsheet_id, "clearedRange": area.a1}


@handles("sheets.spreadsheets.values.batchClear", changes=True)
def values_batch_clear(call: Call) -> dict[str, Any]:
    """Clear several ranges."""
    book = call.draft()
    areas = [filters.from_a1(book, text).require_inside() for text in call.body.get("ranges", [])]
    for area in areas:
        values.clear(area)
    return {"spreadsheetId": book.spreadsheet_id, "clearedRanges": [area.a1 for area in areas]}


@handles("sheets.spreadsheets.values.batchClearByDataFilter", changes=True)
def values_batch_clear_by_data_filter(call: Call) -> dict[str, Any]:
    """Clear the ranges that filters select."""
    book = call.draft()
    areas = [area for each in call.body.get("dataFilters", []) for area in filters.resolve(book, each)]
    for area in areas:
        values.clear(area)
    return {"spreadsheetId": book.spreadsheet_id} | (
        {"clearedRanges": [a.a1 for a in areas]} if areas else {}
    )
