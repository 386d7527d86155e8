"""Protection of a client's workbook: a client may edit only the columns and the ticks that are his.

Each tab is protected as a whole, with the client's columns left open from the first row on, so that a row
inserted right below the header is open too. A second protection covers the header of these columns. Where a
cell has several protections, Google requires all of them to let a person in.

Protections are recognised by their descriptions: the documentation does not say clearly whether Google takes
an id that we choose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from vitrina.ports import Json
from vitrina.workbook.reading.book import SHELF, Book, ProtectedRange, Tab
from vitrina.workbook.template.definition import LOCALES, BookTemplate, Locale
from vitrina.workbook.writing.requests import guard_mark, runs

SHEET_TEXT, HEADER_TEXT = "protected.sheet", "protected.header"
#: Descriptions in workbooks of older releases.
OLD_TEXTS = ("protected.addon", "protected.form")


class Editors(Struct, frozen=True):
    """Who may edit what is protected: addresses of people and groups, and whether the whole domain may."""

    users: tuple[str, ...]
    groups: tuple[str, ...] = ()
    domain_users: bool = False

    @property
    def data(self) -> Json:
        """The editors as Google wants them; without *domainUsersCanEdit* others could edit too."""
        editors: Json = {"users": list(self.users), "domainUsersCanEdit": self.domain_users}
        return editors | ({"groups": list(self.groups)} if self.groups else {})


class Area(Struct, frozen=True):
    """What is protected of a tab: all but the rows below the header in *open_columns*, and *open_cells*.

    The cells are given by row and column.
    """

    sheet_id: int
    header_rows: int
    open_columns: Sequence[int]
    open_cells: Sequence[tuple[int, int]] = ()

    @property
    def unprotected(self) -> list[Json]:
        """The open columns as ranges, header included, and the open cells."""
        columns = [
            {"sheetId": self.sheet_id, "startColumnIndex": first, "endColumnIndex": first + count}
            for first, count in runs(sorted(self.open_columns))
        ]
        cells = [
            {
                "sheetId": self.sheet_id,
                "startRowIndex": first,
                "endRowIndex": first + count,
                "startColumnIndex": column,
                "endColumnIndex": column + 1,
            }
            for column in sorted({column for _, column in self.open_cells})
            for first, count in runs(sorted(row for row, one in self.open_cells if one == column))
        ]
        return columns + cells

    @property
    def header(self) -> Json:
        """Range of the header; it has no last column, so that columns added later are inside."""
        return {"sheetId": self.sheet_id, "startRowIndex": 0, "endRowIndex": self.header_rows}


def protect(area: Area, editors: Json, template: BookTemplate, locale: Locale) -> Iterator[Json]:
    """Requests that protect a tab that is not protected yet."""
    yield protect_range(
        {"sheetId": area.sheet_id}, template.text(locale, SHEET_TEXT), editors, area.unprotected
    )
    if area.open_columns:
        yield protect_range(area.header, template.text(locale, HEADER_TEXT), editors)


def protect_range(target: Json, description: str, editors: Json, unprotected: Sequence[Json] = ()) -> Json:
    """Request that protects a range, or a whole tab but for its *unprotected* ranges."""
    protected: Json = {
        "range": target,
        "description": description,
        "warningOnly": False,
        "editors": editors,
    }
    if unprotected:
        protected["unprotectedRanges"] = list(unprotected)
    return {"addProtectedRange": {"protectedRange": protected}}


def renew(
    book: Book, template: BookTemplate, locale: Locale, editors: Editors, *, editors_changed: bool
) -> list[Json]:
    """Requests that bring the protection of a workbook up to date; empty if nothing differs.

    Protections of an older release are replaced. Protections that people added are left alone. The batch is
    refused if columns have moved since the reading.

    Parameters
    ----------
    editors_changed
        Whether the editors are written where protections exist: Google adds owners to those that it was
        given, so that they cannot be compared.
    """
    requests = renew_ranges(book, template, locale, editors, editors_changed=editors_changed)
    return [*_guards(book, template), *requests] if requests else []


def renew_ranges(
    book: Book, template: BookTemplate, locale: Locale, editors: Editors, *, editors_changed: bool
) -> list[Json]:
    """The same for a batch that has guards of its own."""
    requests: list[Json] = []
    for tab in _own_tabs(book, template):
        requests += _renew_tab(book, tab, template, locale, editors.data, editors_changed=editors_changed)
    return requests


def _renew_tab(
    book: Book, tab: Tab, template: BookTemplate, locale: Locale, editors: Json, *, editors_changed: bool
) -> list[Json]:
    columns, cells = client_columns(tab, template), client_cells(book, tab, template)
    area = Area(tab.sheet_id, tab.header_index + 1, sorted(columns), cells)
    own = [one for one in book.protected_ranges if one.sheet_id == tab.sheet_id]
    sheet = _find(own, _texts(template, SHEET_TEXT), is_whole_sheet=True)
    header = _find(own, _texts(template, HEADER_TEXT), is_whole_sheet=False) if area.open_columns else None
    requests: list[Json] = []
    if sheet is not None and (editors_changed or not _is_open(sheet, tab, area)):
        requests.append(_update(sheet, editors, unprotectedRanges=area.unprotected))
    if header is not None and (editors_changed or not _covers_header(header, area)):
        requests.append(_update(header, editors, range=area.header))
    ours = _texts(template, SHEET_TEXT, HEADER_TEXT, *OLD_TEXTS)
    requests += [
        {"deleteProtectedRange": {"protectedRangeId": one.range_id}}
        for one in own
        if one not in (sheet, header) and one.description in ours
    ]
    new_sheet, *new_header = protect(area, editors, template, locale)
    requests += [] if sheet is not None else [new_sheet]
    return requests + ([] if header is not None else new_header)


def _find(
    known: Sequence[ProtectedRange], texts: Collection[str], *, is_whole_sheet: bool
) -> ProtectedRange | None:
    found = (one for one in known if one.is_whole_sheet == is_whole_sheet and one.description in texts)
    return next(found, None)


def _update(known: ProtectedRange, editors: Json, **parts: Json | list[Json]) -> Json:
    fields = ["editors", "warningOnly", *parts]
    protected = {"protectedRangeId": known.range_id, "editors": editors, "warningOnly": False, **parts}
    return {"updateProtectedRange": {"protectedRange": protected, "fields": ",".join(fields)}}


def _texts(template: BookTemplate, *keys: str) -> frozenset[str]:
    return frozenset(template.text(locale, key) for locale in LOCALES for key in keys)


def _own_tabs(book: Book, template: BookTemplate) -> list[Tab]:
    keys = {tab.key for tab in template.tabs} | {SHELF}
    return [tab for key, tab in book.tabs.items() if key in keys]


def client_columns(tab: Tab, template: BookTemplate) -> list[int]:
    """Where the client's own columns are now; the shelf has none."""
    keys = (
        column.key
        for one in template.tabs
        for column in one.columns
        if one.key == tab.key and column.owner == "client"
    )
    return [tab.columns[key] for key in keys if key in tab.columns]


def client_cells(book: Book, tab: Tab, template: BookTemplate) -> list[tuple[int, int]]:
    """Row and column of the client's own cells of a form."""
    keys = (
        part.key
        for one in template.tabs
        for part in one.line_fields
        if one.key == tab.key and part.owner == "client"
    )
    found = (book.fields[key] for key in keys if key in book.fields)
    return [(one.row_index, one.column_index) for one in found if one.sheet_id == tab.sheet_id]


def _is_open(known: ProtectedRange, tab: Tab, area: Area) -> bool:
    """Whether exactly the client's columns are open, each down to the last row, and the client's cells."""
    open_columns: set[int] = set()
    open_cells: set[tuple[int, int]] = set()
    for one in known.unprotected:
        top, bottom = one.get("startRowIndex", 0), one.get("endRowIndex", tab.row_count)
        left, right = one.get("startColumnIndex", 0), one.get("endColumnIndex", tab.column_count)
        if area.open_cells:
            open_cells.update((row, column) for row in range(top, bottom) for column in range(left, right))
        elif top > area.header_rows or bottom < tab.row_count:
            return False
        else:
            open_columns.update(range(left, right))
    is_same = open_columns == set(area.open_columns) and open_cells == set(area.open_cells)
    return is_same and not known.is_warning


def _covers_header(known: ProtectedRange, area: Area) -> bool:
    area_of = known.area
    return (
        area_of.get("startRowIndex", 0) == 0
        and area_of.get("endRowIndex", 0) == area.header_rows
        and area_of.get("startColumnIndex", 0) <= min(area.open_columns)
        and area_of.get("endColumnIndex", max(area.open_columns) + 1) > max(area.open_columns)
        and not known.is_warning
    )


def _guards(book: Book, template: BookTemplate) -> Iterator[Json]:
    """Refuse the batch if a tab with open columns or cells has changed since it was read."""
    for tab in _own_tabs(book, template):
        if client_columns(tab, template) or client_cells(book, tab, template):
            for mark in tab.marks:
                yield from guard_mark(tab.sheet_id, mark)
