"""Requests of ``batchUpdate`` that several modules of this package use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vitrina.ports import Json
from vitrina.workbook.reading.book import CHAT_KEY, TRACKER_KEY, Mark

#: Of the mark of the tracker where it was made after the workbook; see ``FENCE_ID``.
TRACKER_MARK_ID = 2_147_399_001
CHAT_MARK_ID = 2_147_399_002


def guard_mark(sheet_id: int, mark: Mark) -> list[Json]:
    """Delete a mark at the place where it was read and create it again; refused if it has moved."""
    return [delete_mark(sheet_id, mark), create_mark(sheet_id, mark)]


def delete_mark(sheet_id: int, mark: Mark) -> Json:
    """Delete a mark; refused, or without effect, if it is not at this place."""
    lookup = {
        "metadataId": mark.metadata_id,
        "locationMatchingStrategy": "EXACT_LOCATION",
        "metadataLocation": _location(sheet_id, mark),
    }
    return {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}


def create_mark(sheet_id: int, mark: Mark) -> Json:
    """Create a mark; refused if its id is in use. With an id of 0 Google chooses one."""
    metadata: Json = {
        "metadataKey": mark.key,
        "visibility": "DOCUMENT",
        "location": _location(sheet_id, mark),
    }
    if mark.metadata_id:
        metadata["metadataId"] = mark.metadata_id
    if mark.value:
        metadata["metadataValue"] = mark.value
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def replace_tracker_mark(before: str, after: str) -> list[Json]:
    """Have the workbook say something else of its project's tracker; empty texts are no mark."""
    requests: list[Json] = []
    if before != after and before:
        lookup = {"metadataKey": TRACKER_KEY, "metadataValue": before}
        requests.append({"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}})
    if before != after and after:
        metadata: Json = {
            "metadataId": TRACKER_MARK_ID,
            "metadataKey": TRACKER_KEY,
            "metadataValue": after,
            "visibility": "DOCUMENT",
            "location": {"spreadsheet": True},
        }
        requests.append({"createDeveloperMetadata": {"developerMetadata": metadata}})
    return requests


def make_chat_mark(value: str) -> list[Json]:
    """Have the workbook say that its agency has a chat."""
    metadata: Json = {
        "metadataId": CHAT_MARK_ID,
        "metadataKey": CHAT_KEY,
        "metadataValue": value,
        "visibility": "DOCUMENT",
        "location": {"spreadsheet": True},
    }
    return [{"createDeveloperMetadata": {"developerMetadata": metadata}}]


def _location(sheet_id: int, mark: Mark) -> Json:
    if mark.dimension == "SHEET":
        return {"sheetId": sheet_id}
    span = {"dimension": mark.dimension, "startIndex": mark.index, "endIndex": mark.index + 1}
    return {"dimensionRange": {"sheetId": sheet_id, **span}}


def row_range(sheet_id: int, index: int, count: int = 1) -> Json:
    """Range of whole rows."""
    return {"sheetId": sheet_id, "dimension": "ROWS", "startIndex": index, "endIndex": index + count}


def runs(indices: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First index and length of each run of consecutive *indices*, which are ascending."""
    first = count = 0
    for index in indices:
        if count and index == first + count:
            count += 1
            continue
        if count:
            yield first, count
        first, count = index, 1
    if count:
        yield first, count


def delete_rows(sheet_id: int, index: int, count: int = 1) -> Json:
    """Delete whole rows with their marks."""
    return {"deleteDimension": {"range": row_range(sheet_id, index, count)}}


def cut_row(
    from_id: int, from_index: int, to_id: int, to_index: int, column_count: int | None = None
) -> Json:
    """Move the cells of a row with notes and formats; references to them follow.

    Without *column_count* all cells are moved, including columns that people have added since the reading.
    """
    source = {"sheetId": from_id, "startRowIndex": from_index, "endRowIndex": from_index + 1}
    if column_count is not None:
        source |= {"startColumnIndex": 0, "endColumnIndex": column_count}
    return {
        "cutPaste": {
            "source": source,
            "destination": {"sheetId": to_id, "rowIndex": to_index, "columnIndex": 0},
            "pasteType": "PASTE_NORMAL",
        }
    }


def hide_rows(sheet_id: int, first: int, count: int, *, hidden: bool) -> Json:
    """Request that hides *count* rows from *first* on, or shows them."""
    place = {"sheetId": sheet_id, "dimension": "ROWS", "startIndex": first, "endIndex": first + count}
    return {
        "updateDimensionProperties": {
            "range": place,
            "properties": {"hiddenByUser": hidden},
            "fields": "hiddenByUser",
        }
    }


def whole_row(sheet_id: int, index: int, column_count: int) -> Json:
    """Range of all cells of a row."""
    return {
        "sheetId": sheet_id,
        "startRowIndex": index,
        "endRowIndex": index + 1,
        "startColumnIndex": 0,
        "endColumnIndex": column_count,
    }


def cell_grid(sheet_id: int, rows: Sequence[Sequence[Json]]) -> Json:
    """Write values to a sheet from its first cell on."""
    start = {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0}
    lines = [{"values": list(line)} for line in rows]
    return {"updateCells": {"start": start, "rows": lines, "fields": "userEnteredValue"}}


def update_cells(sheet_id: int, cells: Mapping[tuple[int, int], Json], fields: str) -> list[Json]:
    """Write cells with few requests: runs along a row, joined with equal runs of the rows below."""
    runs: list[tuple[int, int, list[Json]]] = []
    line: list[Json] = []
    expected = None
    for row, column in sorted(cells):
        if (row, column) == expected:
            line.append(cells[row, column])
        else:
            line = [cells[row, column]]
            runs.append((row, column, line))
        expected = row, column + 1
    blocks: list[tuple[int, int, list[list[Json]]]] = []
    for row, left, line in sorted(runs, key=lambda run: (run[1], len(run[2]), run[0])):
        if blocks:
            top, block_left, lines = blocks[-1]
            if (block_left, len(lines[0]), top + len(lines)) == (left, len(line), row):
                lines.append(line)
                continue
        blocks.append((row, left, [line]))
    return [
        {
            "updateCells": {
                "range": {
                    "sheetId": sheet_id,
                    "startRowIndex": top,
                    "endRowIndex": top + len(lines),
                    "startColumnIndex": left,
                    "endColumnIndex": left + len(lines[0]),
                },
                "rows": [{"values": line} for line in lines],
                "fields": fields,
            }
        }
        for top, left, lines in blocks
    ]
