"""Writes that are checked by reading, for a Google without what the guards rest on (decision 0060).

A guarded batch proves itself; if the doctor has seen that this does not work on the account, the same batch
is
sent without its guards, between two readings of the workbook:

1. before the write each mark must be where its guard expects it, the fence must have its value, and the cells
   that the batch would compare must be as they were read; otherwise it is refused as changed meanwhile;
2. marks are moved by ``updateDeveloperMetadata`` and not made again: no id has to be free in its own batch;
3. after the write each mark must be where the batch has put it. If it is not, somebody moved rows within that
   second: the outcome counts as unknown, as after a lost answer, and the next reading decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.errors import ChangedMeanwhileError, RetriableServiceError
from vitrina.ports import Json, Spreadsheet, decoded
from vitrina.workbook.writing.compare import SHEET_ID

Read = Callable[[], Spreadsheet]
Apply = Callable[[Sequence[Json]], Json]

CREATE, DELETE, UPDATE = "createDeveloperMetadata", "deleteDeveloperMetadata", "updateDeveloperMetadata"

#: Sheet, dimension and index of a line; (sheet, "SHEET", 0) is the sheet, (0, "BOOK", 0) the workbook.
Place = tuple[int, str, int]
_BOOK: Place = (0, "BOOK", 0)


def write_checked(read: Read, apply: Apply, requests: Sequence[Json]) -> Json:
    """Send a batch without its guards, and check by reading what they would have checked.

    Raises
    ------
    ChangedMeanwhileError
        If the workbook is not as the batch expects it; nothing was written.
    RetriableServiceError
        If rows moved while it was written.
    """
    batch = _Batch(requests)
    before = _Seen(decoded(read()))
    batch.check(before)
    unguarded = batch.unguarded(before)
    reply = apply(unguarded) if unguarded else {}
    batch.check_after(_Seen(decoded(read())))
    return reply


class _Seen:
    """Marks and values of a workbook that was read."""

    def __init__(self, resource: Json) -> None:
        self.places: dict[int, Place] = {}
        self.contents: dict[int, tuple[str, str]] = {}
        self.book = {
            one["metadataKey"]: one.get("metadataValue", "") for one in resource.get("developerMetadata", ())
        }
        self._rows: dict[int, list[Json]] = {}
        for sheet in resource.get("sheets", ()):
            sheet_id = sheet["properties"].get("sheetId", 0)
            self._note(sheet, (sheet_id, "SHEET", 0))
            for data in sheet.get("data", ()):
                self._rows[sheet_id] = data.get("rowData", [])
                for name, dimension in (("rowMetadata", "ROWS"), ("columnMetadata", "COLUMNS")):
                    for index, line in enumerate(data.get(name, ())):
                        self._note(line, (sheet_id, dimension, index))

    def _note(self, holder: Json, place: Place) -> None:
        for mark in holder.get("developerMetadata", ()):
            self.places[mark["metadataId"]] = place
            self.contents[mark["metadataId"]] = (mark["metadataKey"], mark.get("metadataValue", ""))

    def value(self, sheet_id: int, row: int, column: int) -> Any:
        """The value of a cell as ``deleteDuplicates`` compares it; ``None`` for an empty cell or an error."""
        rows = self._rows.get(sheet_id, [])
        cells = rows[row].get("values", ()) if row < len(rows) else ()
        return _plain(cells[column].get("effectiveValue", {}) if column < len(cells) else {})


def _plain(value: Json) -> Any:
    if "boolValue" in value:
        return ("bool", value["boolValue"])
    if "numberValue" in value:
        return float(value["numberValue"])
    return str(value.get("stringValue", "")).casefold() or None


class _Mark(Struct, frozen=True):
    """What a request says of a mark; ``place`` and ``value`` are ``None`` where it does not say."""

    metadata_id: int
    key: str
    value: str | None
    place: Place | None


class _State(Struct):
    """Marks as Google would have them in the middle of a batch: places by id, and those of the workbook."""

    places: dict[int, Place]
    book: dict[str, str]
    #: Ids that requests of the batch have made.
    touched: set[int] = field(default_factory=set)

    def delete(self, mark: _Mark) -> None:
        """Delete a mark; refused if it is not at its place, or has another value."""
        if mark.place is not None and mark.place != _BOOK:
            if self.places.get(mark.metadata_id) != mark.place:
                raise _changed(f"the mark {mark.metadata_id} is not where it was read")
            del self.places[mark.metadata_id]
            return
        # Those of the workbook are read without their ids.
        keys = [
            key for key, value in self.book.items() if mark.key in ("", key) and mark.value in (None, value)
        ]
        if not keys:
            raise _changed(f"there is no mark {mark.key} with the value {mark.value}")
        del self.book[keys[0]]

    def create(self, mark: _Mark) -> None:
        """Make a mark; refused if its id is in use."""
        if mark.place is None:
            return
        if mark.place == _BOOK:
            if mark.metadata_id and mark.key in self.book:
                raise _changed(f"there is a mark {mark.key}")
            self.book[mark.key] = mark.value or ""
        elif mark.metadata_id:
            if mark.metadata_id in self.places:
                raise _changed(f"the mark {mark.metadata_id} is in use")
            self.places[mark.metadata_id] = mark.place
            self.touched.add(mark.metadata_id)

    def follow(self, request: Json) -> None:
        """Let marks follow lines that are inserted or deleted, and go with their sheet."""
        if "deleteSheet" in request:
            gone = request["deleteSheet"]["sheetId"]
            self.places = {one: place for one, place in self.places.items() if place[0] != gone}
        span = _changed_lines(request)
        if span is not None:
            moved = {one: _shifted(place, span) for one, place in self.places.items()}
            self.places = {one: place for one, place in moved.items() if place is not None}


class _Batch(Struct):
    """A batch, and what its guards expect and promise."""

    requests: Sequence[Json]
    _marks: list[tuple[int, str, _Mark]] = field(default_factory=list)
    _compared: range = range(0)
    _promised: dict[int, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._compared = _comparison(self.requests)
        self._marks = [
            (at, kind, _mark(kind, one[kind]))
            for at, one in enumerate(self.requests)
            if at not in self._compared
            for kind in one.keys() & {CREATE, DELETE}
        ]
        # A mark of the workbook is deleted by id and value; which one it is says the request that makes it.
        keys = {mark.metadata_id: mark.key for _, kind, mark in self._marks if kind == CREATE}
        self._marks = [
            (at, kind, replace(mark, key=mark.key or keys.get(mark.metadata_id, "")))
            for at, kind, mark in self._marks
        ]

    def check(self, seen: _Seen) -> None:
        """Refuse the batch if Google would refuse it: marks, fence or compared cells are not as expected."""
        state = _State(dict(seen.places), dict(seen.book))
        own = {at: (kind, mark) for at, kind, mark in self._marks}
        for at, request in enumerate(self.requests):
            if at in own:
                kind, mark = own[at]
                (state.delete if kind == DELETE else state.create)(mark)
            if at not in self._compared:
                state.follow(request)
        self._promised = {key: place for key, place in state.places.items() if key in state.touched}
        for sheet_id, row, column, expected in _compared_cells([self.requests[at] for at in self._compared]):
            if seen.value(sheet_id, row, column) != expected:
                raise _changed(f"the cell {row}, {column} of the sheet {sheet_id} has another value")

    def unguarded(self, seen: _Seen) -> list[Json]:
        """The requests without guards; marks that exist are moved."""
        moved: list[Json] = []
        sent: list[Json] = []
        own = {at: (kind, mark) for at, kind, mark in self._marks}
        for at, request in enumerate(self.requests):
            if at in self._compared:
                continue
            if at not in own:
                sent.append(request)
                continue
            kind, mark = own[at]
            if kind == DELETE:
                sent += [] if self._comes_back(mark, at) or self._is_probe(mark) else [request]
            elif not self._exists(seen, mark):
                sent += [] if self._is_probe(mark) else [request]
            elif not self._is_unchanged(seen, mark, at):
                moved += _park(mark)
                sent.append(_move(mark, request[CREATE]["developerMetadata"]))
        return [*moved, *sent]

    def check_after(self, seen: _Seen) -> None:
        """Refuse to call it done if a mark is not where the batch has left it."""
        for metadata_id, place in self._promised.items():
            if seen.places.get(metadata_id) != place:
                error = RetriableServiceError("google.moved_while_writing", service="Google")
                error.add_note(f"the mark {metadata_id} is at {seen.places.get(metadata_id)}, not at {place}")
                raise error

    def _is_probe(self, mark: _Mark) -> bool:
        """Whether the mark is only made and deleted again, to prove that there was none."""
        kinds = [kind for _, kind, one in self._marks if one.metadata_id == mark.metadata_id]
        return mark.metadata_id != 0 and kinds == [CREATE, DELETE]

    def _comes_back(self, mark: _Mark, at: int) -> bool:
        """Whether a mark that is deleted at a request is made again by a later one."""
        later = [one for place, kind, one in self._marks if kind == CREATE and place > at]
        if mark.metadata_id:
            return any(one.metadata_id == mark.metadata_id for one in later)
        return any(one.key == mark.key for one in later)

    def _exists(self, seen: _Seen, mark: _Mark) -> bool:
        is_of_book = mark.place == _BOOK and mark.key in seen.book
        return mark.metadata_id in seen.places or (is_of_book and not self._is_probe(mark))

    def _is_unchanged(self, seen: _Seen, mark: _Mark, at: int) -> bool:
        """Whether a mark that is made again stands there already: a guard, or a fence that is held."""
        if mark.place == _BOOK:
            return seen.book.get(mark.key) == (mark.value or "")
        has_moved = any(_changed_lines(one) is not None for one in self.requests[:at])
        is_there = seen.places.get(mark.metadata_id) == mark.place and not has_moved
        return is_there and seen.contents.get(mark.metadata_id) == (mark.key, mark.value or "")


def _comparison(requests: Sequence[Json]) -> range:
    """Where the requests stand that compare cells on a temporary tab."""
    first = last = -1
    for at, request in enumerate(requests):
        if request.get("addSheet", {}).get("properties", {}).get("sheetId") == SHEET_ID:
            first = at
        if request.get("deleteSheet", {}).get("sheetId") == SHEET_ID:
            last = at
    return range(first, last + 1) if first >= 0 else range(0)


def _compared_cells(requests: Sequence[Json]) -> Iterator[tuple[int, int, int, Any]]:
    """Sheet, row, column and expected value of each compared cell (see ``compare_requests``)."""
    grids = [one["updateCells"] for one in requests if "updateCells" in one]
    pastes = [one["copyPaste"] for one in requests if "copyPaste" in one]
    if not pastes:
        return
    rows = [row.get("values", []) for row in grids[0]["rows"]]
    count = (len(rows) - 1) // 2
    unknown = {place for one in grids[1:] for place in _covered(one)}
    for paste in pastes:
        source, target = paste["source"], paste["destination"]
        for down in range(source["endRowIndex"] - source["startRowIndex"]):
            for right in range(source["endColumnIndex"] - source["startColumnIndex"]):
                row, column = target["startRowIndex"] + down, target["startColumnIndex"] + right
                if (row, column) in unknown:
                    continue
                expected = rows[row - count]
                cell = expected[column] if column < len(expected) else {}
                yield (
                    source["sheetId"],
                    source["startRowIndex"] + down,
                    source["startColumnIndex"] + right,
                    _plain(cell.get("userEnteredValue", {})),
                )


def _covered(update: Json) -> Iterator[tuple[int, int]]:
    """Row and column of each cell of the range of ``updateCells``."""
    area = update["range"]
    for row in range(area["startRowIndex"], area["endRowIndex"]):
        for column in range(area["startColumnIndex"], area["endColumnIndex"]):
            yield row, column


def _mark(kind: str, body: Json) -> _Mark:
    if kind == CREATE:
        given = body["developerMetadata"]
        place = _place(given["location"])
        return _Mark(given.get("metadataId", 0), given["metadataKey"], given.get("metadataValue", ""), place)
    lookup = body["dataFilter"]["developerMetadataLookup"]
    location = lookup.get("metadataLocation")
    return _Mark(
        lookup.get("metadataId", 0),
        lookup.get("metadataKey", ""),
        lookup.get("metadataValue"),
        None if location is None else _place(location),
    )


def _place(location: Json) -> Place:
    if "dimensionRange" in location:
        span = location["dimensionRange"]
        return span.get("sheetId", 0), span["dimension"], span.get("startIndex", 0)
    return (location["sheetId"], "SHEET", 0) if "sheetId" in location else _BOOK


def _park(mark: _Mark) -> list[Json]:
    """Take a mark from its line, which the batch may delete, before it gets another one."""
    if mark.place is None or mark.place == _BOOK:
        return []
    return [_update(mark.metadata_id, {"location": {"spreadsheet": True}}, "location")]


def _move(mark: _Mark, wanted: Json) -> Json:
    lookup = {"metadataKey": mark.key} if mark.place == _BOOK else {"metadataId": mark.metadata_id}
    fields = "metadataValue" if mark.place == _BOOK else "location,metadataKey,metadataValue"
    body = {name: part for name, part in wanted.items() if name != "metadataId"}
    return _filtered(lookup, body, fields)


def _update(metadata_id: int, wanted: Json, fields: str) -> Json:
    return _filtered({"metadataId": metadata_id}, wanted, fields)


def _filtered(lookup: Json, wanted: Json, fields: str) -> Json:
    return {
        UPDATE: {
            "dataFilters": [{"developerMetadataLookup": lookup}],
            "developerMetadata": wanted,
            "fields": fields,
        }
    }


#: Sheet, dimension, first line and count of inserted lines; of deleted ones the count is negative.
_Span = tuple[int, str, int, int]


def _changed_lines(request: Json) -> _Span | None:
    for kind, sign in (("insertDimension", 1), ("deleteDimension", -1)):
        if kind in request:
            span = request[kind]["range"]
            start, end = span.get("startIndex", 0), span["endIndex"]
            return span.get("sheetId", 0), span["dimension"], start, sign * (end - start)
    return None


def _shifted(place: Place, span: _Span) -> Place | None:
    """A place after lines were inserted or deleted; ``None`` if it was deleted."""
    sheet_id, dimension, start, count = span
    if place[:2] != (sheet_id, dimension) or place[2] < start:
        return place
    if count < 0 and place[2] < start - count:
        return None
    return sheet_id, dimension, place[2] + count


def _changed(reason: str) -> ChangedMeanwhileError:
    error = ChangedMeanwhileError("sheet.changed")
    error.add_note(reason)
    return error
