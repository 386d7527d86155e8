"""Compiles a template to one ``batchUpdate`` that turns an empty spreadsheet into a workbook.

Pure: the same arguments give the same requests. The tabs are new sheets with the ids of the template, and the
sheet of the new spreadsheet is deleted. So Google refuses a second run of the same batch as a whole, and it
does no harm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import count

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.ports import Json
from vitrina.workbook.reading.book import (
    BOOK_KEY,
    CHAT_KEY,
    COLUMN_KEY,
    END_KEY,
    HEADER_KEY,
    TAB_KEY,
    TRACKER_KEY,
    VERSION_KEY,
    WITH_CHAT,
    column_letters,
    tracker_mark,
)
from vitrina.workbook.template.cell_format import CellFormats
from vitrina.workbook.template.definition import (
    BookTemplate,
    Chart,
    ColumnTemplate,
    FieldTemplate,
    FormRow,
    Locale,
    Profile,
    RowChart,
    Rule,
    TabTemplate,
)
from vitrina.workbook.template.formulas import VALUE_COLUMN, Formulas
from vitrina.workbook.writing.protection import Area, Editors, protect, protect_range
from vitrina.workbook.writing.requests import hide_rows

Value = str | float | bool | date | datetime | None

#: Metadata of the template have ids from the end of the range of Google (positive 32-bit integers). Ids that
#: Google chooses could collide with numbers of items, which are ids of row metadata in the same workbook.
FIRST_METADATA_ID = 2_147_400_000

#: Only the account that protects.
NOBODY_ELSE = Editors(())

_EPOCH = date(1899, 12, 30)
_LABEL, _GUIDE = 1, 4
#: Pixels. A field has room for a label of two lines on a phone.
_FORM_ROW_HEIGHTS = {"space": 12, "title": 42, "subtitle": 26, "section": 32}
FIELD_HEIGHT = 34


#: Pixels: distance of a chart from the last column of the table that it is beside, and its width and height.
CHART_OFFSET = 190
CHART_SIZE = (640, 360)
#: Pixels: width and height of a chart below the rows of a table, inside the formatted ones.
ROW_CHART_SIZE = (900, 250)


class BookValues(Struct, frozen=True):
    """Values of a project or an agency that a new workbook is filled with.

    Parameters
    ----------
    title
        Name of the file; ``None`` leaves it as it is.
    fields
        Values of form fields, or of rows of the settings tab, by key. They replace defaults.
    rows
        First rows of tables: tab key → rows → column key → value.
    days
        Working days for the headings of every calendar; may be fewer than there are columns.
    options
        Open lists of the drop-downs: ``work_types``, ``specialists``, ``profiles``.
    """

    title: str | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Mapping[str, Value]]] = field(default_factory=dict)
    days: Sequence[date] = ()
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)


def compile_book(
    template: BookTemplate,
    *,
    locale: Locale,
    profiles: Sequence[Profile],
    values: BookValues | None = None,
    trackers: Mapping[str, str] | None = None,
    typed: Collection[str] = (),
    has_tracker: bool = True,
    invites_guests: bool = False,
    has_chat: bool = False,
    editors: Editors = NOBODY_ELSE,
    time_zone: str = "Europe/Moscow",
    existing_sheet_id: int = 0,
) -> list[Json]:
    """Requests of the ``batchUpdate`` that turns an empty spreadsheet into a workbook.

    Parameters
    ----------
    trackers
        Titles of trackers by the name of the connection: each gets a column with the ids of people.
    typed
        Columns of the add-on, as ``tab.column``, that staff fill in this workbook instead.
    has_tracker
        Whether the project has a tracker; the menu of the add-on asks for it.
    invites_guests
        Whether this tracker may invite the client; the menu of the add-on asks for it too.
    has_chat
        Whether the agency has a chat; the same menu asks for it.
    editors
        Who may edit what is protected: of a client's workbook all but the client's columns, of the agency's
        the headers and the columns of the add-on. Staff must be included because Google lets nobody sort a
        table who may not edit one of its columns.
    existing_sheet_id
        Id of the sheet that the empty spreadsheet has; it is deleted.

    Raises
    ------
    ValueError
        If ``values`` name a field, tab or column that the template does not have.
    """
    book = Compilation(
        template,
        locale,
        tuple(profiles),
        values or BookValues(),
        editors,
        dict(trackers or {}),
        frozenset(typed),
        has_tracker=has_tracker,
        invites_guests=invites_guests,
        has_chat=has_chat,
    )
    book.check_values()
    properties = {"locale": template.text(locale, "locale"), "timeZone": time_zone}
    if book.values.title is not None:
        properties["title"] = book.values.title
    requests: list[Json] = [
        {"updateSpreadsheetProperties": {"properties": properties, "fields": ",".join(sorted(properties))}}
    ]
    tabs = [replace(tab, rows=max(tab.rows, len(book.values.rows.get(tab.key, ())))) for tab in template.tabs]
    requests += [_add_sheet(book, index, tab) for index, tab in enumerate(tabs)]
    requests.append({"deleteSheet": {"sheetId": existing_sheet_id}})
    ids = count(FIRST_METADATA_ID)
    requests += _marks_of_book(book, ids)
    for tab in tabs:
        requests += _marks_of_tab(book, tab, ids)
    for tab in tabs:
        requests += _content(book, tab)
    return requests


def compile_tab(book: Compilation, tab: TabTemplate, index: int, ids: Iterator[int]) -> list[Json]:
    """Requests that add one tab at *index* to a workbook that exists; *ids* are free for its marks."""
    return [_add_sheet(book, index, tab), *_marks_of_tab(book, tab, ids), *_content(book, tab)]


def _content(book: Compilation, tab: TabTemplate) -> list[Json]:
    """Cells, formats, rules of colour and protection of a new tab."""
    cells = _form(book, tab) if tab.kind == "form" else _table(book, tab)
    return [*cells, *_rules(book, tab), *_protection(book, tab)]


def serial_day(value: date) -> float:
    """Serial number of a day, or of a local time in the workbook's time zone."""
    days = (date(value.year, value.month, value.day) - _EPOCH).days
    if not isinstance(value, datetime):
        return days
    return days + (value.hour * 3600 + value.minute * 60 + value.second) / 86400


# --- One compilation -----------------------------------------------------------------------------


class Compilation(Struct, frozen=True):
    """Input of one compilation."""

    template: BookTemplate
    locale: Locale
    profiles: tuple[Profile, ...]
    values: BookValues
    editors: Editors
    trackers: Mapping[str, str]
    typed: frozenset[str]
    has_tracker: bool = True
    invites_guests: bool = False
    has_chat: bool = False

    @property
    def formulas(self) -> Formulas:
        """Formulas with the addresses of the workbook."""
        return Formulas(self.template, self.locale, self.profiles, self.trackers)

    @property
    def formats(self) -> CellFormats:
        """Formats of its cells."""
        return CellFormats(self.template, self.locale, self.values.options)

    def text(self, key: str) -> str:
        """A text in its language."""
        return self.template.text(self.locale, key)

    def columns(self, tab: TabTemplate) -> tuple[ColumnTemplate, ...]:
        """Columns of a tab from left to right, each with the owner that it has in this workbook."""
        return tuple(
            replace(column, owner="staff") if f"{tab.key}.{column.key}" in self.typed else column
            for column in tab.expand(self.profiles, self.trackers)
        )

    def check_values(self) -> None:
        """Raise ``ValueError`` for values with unknown keys."""
        known = {one.key for tab in self.template.tabs for one in tab.fields}
        known |= {one.key for tab in self.template.tabs for one in tab.settings}
        unknown = sorted(self.values.fields.keys() - known)
        for tab_key, rows in self.values.rows.items():
            columns = {column.key for column in self.columns(self.template.tab(tab_key))}
            unknown += sorted({f"{tab_key}.{key}" for row in rows for key in row if key not in columns})
        if unknown:
            raise ValueError(f"the template {self.template.key} has no place for {', '.join(unknown)}")


# --- Sheets and metadata -------------------------------------------------------------------------


def _add_sheet(book: Compilation, index: int, tab: TabTemplate) -> Json:
    columns = len(tab.widths) or len(book.columns(tab))
    grid = {
        "rowCount": tab.header_rows + tab.rows,
        "columnCount": columns,
        "frozenRowCount": tab.header_rows,
        "frozenColumnCount": tab.frozen_columns,
        "hideGridlines": True,
    }
    return {
        "addSheet": {
            "properties": {
                "sheetId": tab.sheet_id,
                "title": book.text(tab.key),
                "index": index,
                "gridProperties": grid,
                "tabColorStyle": book.formats.colour(tab.colour),
            }
        }
    }


def mark(metadata_id: int, key: str, value: str, location: Json) -> Json:
    """Request for developer metadata of the template."""
    metadata = {
        "metadataId": metadata_id,
        "metadataKey": key,
        "metadataValue": value,
        "visibility": "DOCUMENT",
        "location": location,
    }
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def _marks_of_book(book: Compilation, ids: Iterator[int]) -> Iterator[Json]:
    """Marks of the kind and the version of a workbook."""
    everywhere = {"spreadsheet": True}
    yield mark(next(ids), BOOK_KEY, book.template.key, everywhere)
    yield mark(next(ids), VERSION_KEY, str(book.template.version), everywhere)
    if of_tracker := tracker_mark(has_cards=book.has_tracker, invites_guests=book.invites_guests):
        yield mark(next(ids), TRACKER_KEY, of_tracker, everywhere)
    if book.has_chat:
        yield mark(next(ids), CHAT_KEY, WITH_CHAT, everywhere)


def _marks_of_tab(book: Compilation, tab: TabTemplate, ids: Iterator[int]) -> Iterator[Json]:
    """Marks of a tab, its header, its columns and its last row."""
    yield mark(next(ids), TAB_KEY, tab.key, {"sheetId": tab.sheet_id})
    for index, column in enumerate(book.columns(tab)):
        place = _span(tab, "COLUMNS", index, index + 1)
        yield mark(next(ids), COLUMN_KEY, column.key, {"dimensionRange": place})
    if tab.header_rows:
        header = _span(tab, "ROWS", tab.header_rows - 1, tab.header_rows)
        yield mark(next(ids), HEADER_KEY, "", {"dimensionRange": header})
    last_row = tab.header_rows + tab.rows
    yield mark(next(ids), END_KEY, "", {"dimensionRange": _span(tab, "ROWS", last_row - 1, last_row)})


def _span(tab: TabTemplate, dimension: str, start: int, end: int) -> Json:
    return {"sheetId": tab.sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}


def _range(
    tab: TabTemplate,
    rows: tuple[int | None, int | None] = (None, None),
    columns: tuple[int | None, int | None] = (None, None),
) -> Json:
    """A range; ``None`` leaves a side open."""
    sides = {
        "startRowIndex": rows[0],
        "endRowIndex": rows[1],
        "startColumnIndex": columns[0],
        "endColumnIndex": columns[1],
    }
    return {"sheetId": tab.sheet_id} | {side: index for side, index in sides.items() if index is not None}


def _size(tab: TabTemplate, dimension: str, start: int, end: int, pixels: int) -> Json:
    return {
        "updateDimensionProperties": {
            "range": _span(tab, dimension, start, end),
            "properties": {"pixelSize": pixels},
            "fields": "pixelSize",
        }
    }


def _hide(tab: TabTemplate, column: int) -> Json:
    return {
        "updateDimensionProperties": {
            "range": _span(tab, "COLUMNS", column, column + 1),
            "properties": {"hiddenByUser": True},
            "fields": "hiddenByUser",
        }
    }


def _protection(book: Compilation, tab: TabTemplate) -> Iterator[Json]:
    """Protection of a tab: of a client's workbook from clients, of the agency's from mistakes."""
    columns, editors = book.columns(tab), book.editors.data
    if book.template.key == "client":
        open_columns = [index for index, column in enumerate(columns) if column.owner == "client"]
        open_cells = [
            book.formulas.field_place(part.key) for part in tab.line_fields if part.owner == "client"
        ]
        area = Area(tab.sheet_id, tab.header_rows, open_columns, open_cells)
        yield from protect(area, editors, book.template, book.locale)
        return
    header = _range(tab, (0, tab.header_rows), (0, len(columns)))
    yield protect_range(header, book.text("protected.header"), editors)
    for index, column in enumerate(columns):
        if column.owner == "addon":
            yield protect_column(book, tab, index, editors)


def protect_column(book: Compilation, tab: TabTemplate, index: int, editors: Json) -> Json:
    """Request that protects a column of the add-on."""
    # The range begins at the header, so that rows inserted right below it are inside.
    area = _range(tab, (0, None), (index, index + 1))
    return protect_range(area, book.text("protected.addon"), editors)


# --- Tables and calendars ------------------------------------------------------------------------


def _table(book: Compilation, tab: TabTemplate) -> Iterator[Json]:
    columns = book.columns(tab)
    header_rows = tab.header_rows
    yield {
        "updateCells": {
            "range": _range(tab, (0, header_rows), (0, len(columns))),
            "rows": [{"values": row} for row in _header(book, tab, columns)],
            "fields": "userEnteredValue,userEnteredFormat,note",
        }
    }
    yield _size(tab, "ROWS", header_rows - 1, header_rows, 44 if tab.kind == "table" else 30)
    for index, column in enumerate(columns):
        yield from column_looks(book, tab, column, index, header_rows + tab.rows)
    yield from _first_rows(book, tab, columns)
    if tab.chart is not None:
        yield add_chart(book, tab, tab.chart)


def column_looks(
    book: Compilation, tab: TabTemplate, column: ColumnTemplate, index: int, end_row: int
) -> Iterator[Json]:
    """Width of a column at *index*, and formats of its cells from below the header to *end_row*."""
    yield _size(tab, "COLUMNS", index, index + 1, column.width)
    if column.hidden:
        yield _hide(tab, index)
    cell: Json = {"userEnteredFormat": book.formats.value(column)}
    rule = validation_of(book, tab, column, index)
    if rule is not None:
        cell["dataValidation"] = rule
    yield {
        "repeatCell": {
            "range": _range(tab, (book.formulas.header_rows(tab), end_row), (index, index + 1)),
            "cell": cell,
            "fields": "userEnteredFormat,dataValidation",
        }
    }


def validation_of(book: Compilation, tab: TabTemplate, column: ColumnTemplate, index: int) -> Json | None:
    """Validation rule of the cells of a column at *index*, or ``None``."""
    letters, first = column_letters(index), book.formulas.header_rows(tab) + 1
    return book.formats.validation(
        column, f"='{book.formulas.sheet_title(tab)}'!${letters}${first}:${letters}"
    )


def add_chart(book: Compilation, tab: TabTemplate, chart: Chart | RowChart) -> Json:
    """Request that draws the chart of a table, in a workbook that has all of its columns."""
    indices, top = book.formulas.indices(tab), book.formulas.header_rows(tab)

    def source(rows: tuple[int, int], columns: tuple[int, int]) -> Json:
        return {"sourceRange": {"sources": [_range(tab, rows, columns)]}}

    match chart:
        case Chart():
            rows = (top - 1, top + tab.rows)
            domain, *values = (
                source(rows, (indices[key], indices[key] + 1)) for key in (chart.by, *chart.series)
            )
            title = book.text(tab.key)
            anchor = {"rowIndex": top, "columnIndex": len(indices) - 1}
            offset, (width, height) = {"offsetXPixels": CHART_OFFSET}, CHART_SIZE
        case RowChart():
            group = [index for key, index in indices.items() if key.rpartition(".")[0] == chart.group]
            columns = (indices[chart.name], max(group) + 1)
            domain, *values = (source((row, row + 1), columns) for row in range(top - 1, top + chart.rows))
            title = book.text(f"{tab.key}.chart")
            anchor = {"rowIndex": top + chart.below, "columnIndex": 0}
            offset, (width, height) = {}, ROW_CHART_SIZE
    size = {"widthPixels": width, "heightPixels": height}
    return {
        "addChart": {
            "chart": {
                "spec": {
                    "title": title,
                    # Columns that are only drawn are hidden.
                    "hiddenDimensionStrategy": "SHOW_ALL",
                    "basicChart": {
                        "chartType": "LINE",
                        "legendPosition": "BOTTOM_LEGEND",
                        "headerCount": 1,
                        "domains": [{"domain": domain}],
                        "series": [{"series": one, "targetAxis": "LEFT_AXIS"} for one in values],
                    },
                },
                "position": {
                    "overlayPosition": {"anchorCell": {"sheetId": tab.sheet_id, **anchor}, **offset, **size}
                },
            }
        }
    }


def _header(book: Compilation, tab: TabTemplate, columns: Sequence[ColumnTemplate]) -> Iterator[list[Json]]:
    """Cells of the header; in a calendar, weekdays above dates, with the dates in the row of titles."""
    if tab.kind == "calendar":
        yield [weekday_cell(book, tab, index, column) for index, column in enumerate(columns)]
    days = iter(book.values.days)
    yield [
        heading_cell(book, tab, column, next(days, None) if column.type == "day" else None)
        for column in columns
    ]


def heading_cell(book: Compilation, tab: TabTemplate, column: ColumnTemplate, day: date | None) -> Json:
    """The cell of the header of a column; of a day it is the date."""
    bottom = {"borders": book.formats.underline("accent_mid")}
    if column.type == "day":
        cell_format = book.formats.heading(column, pattern="format.day") | bottom
        return _cell(day) | {"userEnteredFormat": cell_format}
    return {
        "userEnteredValue": {"stringValue": book.template.column_title(tab.key, column, book.locale)},
        "userEnteredFormat": book.formats.heading(column) | bottom,
        "note": book.template.column_note(tab.key, column, book.locale),
    }


def weekday_cell(book: Compilation, tab: TabTemplate, index: int, column: ColumnTemplate) -> Json:
    """The cell above the header of a calendar: the weekday of the date below it."""
    if column.type != "day":
        return {"userEnteredFormat": book.formats.heading(column)}
    date_cell = f"{column_letters(index)}{book.formulas.header_rows(tab)}"
    return {
        "userEnteredValue": {"formulaValue": f'=IF({date_cell}="";"";{date_cell})'},
        "userEnteredFormat": book.formats.heading(column, pattern="format.weekday"),
    }


def _first_rows(book: Compilation, tab: TabTemplate, columns: Sequence[ColumnTemplate]) -> Iterator[Json]:
    rows = [*setting_rows(book, tab), *book.values.rows.get(tab.key, ())]
    length = max(len(rows), tab.formula_rows)
    if length == 0:
        return
    letters = book.formulas.letters(tab)
    top = tab.header_rows
    cells = [
        {
            "values": [
                _first_cell(book, column, rows[down] if down < len(rows) else {}, letters, top + down + 1)
                for column in columns
            ]
        }
        for down in range(length)
    ]
    area = _range(tab, (top, top + length), (0, len(columns)))
    yield {"updateCells": {"range": area, "rows": cells, "fields": "userEnteredValue"}}


def _first_cell(
    book: Compilation,
    column: ColumnTemplate,
    row: Mapping[str, Value],
    letters: Mapping[str, str],
    number: int,
) -> Json:
    if column.key in row:
        return _cell(row[column.key])
    if column.formula is not None:
        return {
            "userEnteredValue": {
                "formulaValue": book.formulas.fill(column.formula, letters=letters, row=number)
            }
        }
    return {}


def setting_rows(book: Compilation, tab: TabTemplate) -> Iterator[Mapping[str, Value]]:
    """Rows of a tab of settings, by key of the column."""
    for setting in tab.settings:
        default: Value = setting.value
        if setting.text == "@profiles":
            default = ", ".join(profile.title for profile in book.profiles)
        elif setting.text is not None:
            default = book.text(setting.text)
        yield {
            "key": setting.key,
            "title": book.text(f"{tab.key}.{setting.key}.title"),
            "value": book.values.fields.get(setting.key, default),
            "note": book.text(f"{tab.key}.{setting.key}.help"),
        }


def _cell(value: Value) -> Json:
    """``CellData`` of a value; a text is written as text even if it begins like a formula."""
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"userEnteredValue": {"boolValue": value}}
    if isinstance(value, date):
        return {"userEnteredValue": {"numberValue": serial_day(value)}}
    if isinstance(value, str):
        return {"userEnteredValue": {"stringValue": value}}
    return {"userEnteredValue": {"numberValue": value}}


# --- The form ------------------------------------------------------------------------------------


def _form(book: Compilation, tab: TabTemplate) -> Iterator[Json]:
    for index, width in enumerate(tab.widths):
        yield _size(tab, "COLUMNS", index, index + 1, width)
    for index, row in enumerate(tab.form):
        yield from form_row_height(tab, row, index)
    everything = _range(tab, (0, tab.rows), (0, len(tab.widths)))
    cells = [{"values": _form_cells(book, tab, index)} for index in range(tab.rows)]
    fields = "userEnteredValue,userEnteredFormat,dataValidation,note"
    yield {"updateCells": {"range": everything, "rows": cells, "fields": fields}}
    for index, row in enumerate(tab.form):
        yield from name_fields(tab, row, index, VALUE_COLUMN)


def form_row_height(tab: TabTemplate, row: FormRow, index: int) -> Iterator[Json]:
    """Request for the height of a row of a form at *index*; a long text has what Google finds it needs."""
    if row.kind == "line":
        yield hide_rows(tab.sheet_id, index, 1, hidden=True)
    elif row.field is None or row.field.type != "long_text":
        yield _size(tab, "ROWS", index, index + 1, _FORM_ROW_HEIGHTS.get(row.kind, FIELD_HEIGHT))


def name_fields(tab: TabTemplate, row: FormRow, index: int, column: int) -> Iterator[Json]:
    """Requests for the named ranges of a row of a form at *index* whose values stand in *column*."""
    if row.field is not None:
        yield name_field(tab, row.field, index, column)
    for right, part in enumerate(row.parts):
        if column - 1 + right >= 0:
            yield name_field(tab, part, index, column - 1 + right)


def name_field(tab: TabTemplate, one: FieldTemplate, row: int, column: int) -> Json:
    """Request for the named range by which a field is found."""
    area = _range(tab, (row, row + 1), (column, column + 1))
    return {"addNamedRange": {"namedRange": {"name": one.range_name, "range": area}}}


def form_row_cells(book: Compilation, tab: TabTemplate, row: FormRow) -> list[Json]:
    """Cells of one row of a form: label and value."""
    cells: list[Json] = [{"userEnteredFormat": book.formats.plain()} for _ in tab.widths]
    if row.field is not None:
        label = book.formats.plain(book.formats.font(colour="muted")) | {"wrapStrategy": "WRAP"}
        cells[_LABEL] = _text_cell(book.text(f"{tab.key}.{row.key}"), label)
        if row.field.note:
            cells[_LABEL]["note"] = book.text(f"{tab.key}.{row.key}.note")
        cells[VALUE_COLUMN] = _field_cell(book, row.field)
    elif row.kind == "line":
        for right, part in enumerate(row.parts):
            cells[_LABEL + right] = _field_cell(book, part)
    elif row.kind == "section":
        cells[_LABEL] = _text_cell(book.text(f"{tab.key}.section.{row.key}"), _section_format(book))
        cells[VALUE_COLUMN] = {"userEnteredFormat": _section_format(book)}
    elif row.formula:
        font = book.formats.font("section", "muted")
        if row.kind == "title":
            font = book.formats.font("title", "accent", bold=True)
        cells[_LABEL] = {
            "userEnteredValue": {"formulaValue": book.formulas.fill(row.formula)},
            "userEnteredFormat": book.formats.plain(font),
        }
    return cells


def _form_cells(book: Compilation, tab: TabTemplate, index: int) -> list[Json]:
    """Cells of one row of a new form, with a line of the guide beside it."""
    cells = form_row_cells(book, tab, tab.form[index] if index < len(tab.form) else FormRow("space"))
    line = index - (tab.guide_first_row - 1)
    if 0 <= line < len(tab.guide) and tab.guide[line]:
        cell_format = _section_format(book) if tab.guide[line].startswith("heading") else book.formats.plain()
        cells[_GUIDE] = _text_cell(book.text(f"{tab.key}.guide.{tab.guide[line]}"), cell_format)
    return cells


def _section_format(book: Compilation) -> Json:
    font = book.formats.font("section", "accent", bold=True)
    return book.formats.plain(font) | {"borders": book.formats.underline("accent_mid")}


def _text_cell(text: str, cell_format: Json) -> Json:
    return {"userEnteredValue": {"stringValue": text}, "userEnteredFormat": cell_format}


def _field_cell(book: Compilation, one: FieldTemplate) -> Json:
    value = book.values.fields.get(one.key)
    cell = _cell(False if one.type == "tick" else value)
    if one.type == "link" and isinstance(value, str):
        # An address that a program writes as text is no link.
        address, title = value.replace('"', "%22"), book.text("link.open").replace('"', '""')
        cell = {"userEnteredValue": {"formulaValue": f'=HYPERLINK("{address}";"{title}")'}}
    if value is None and one.formula is not None:
        cell = {"userEnteredValue": {"formulaValue": book.formulas.fill(one.formula)}}
    cell |= {"userEnteredFormat": book.formats.field(one)}
    rule = book.formats.validation(one)
    return cell if rule is None else cell | {"dataValidation": rule}


# --- Conditional formats -------------------------------------------------------------------------


def _rules(book: Compilation, tab: TabTemplate) -> list[Json]:
    """Conditional formats in order of precedence: rules of the template, then chips."""
    found = [(*place_rule(book, tab, rule), rule.style) for rule in tab.rules]
    found += [chip for column in book.columns(tab) for chip in chips(book, tab, column)]
    return [add_rule(book, index, *one) for index, one in enumerate(found)]


def add_rule(book: Compilation, index: int, ranges: Sequence[Json], condition: Json, style: str) -> Json:
    """Request for a conditional format at *index* of the tab's list."""
    rule = {"condition": condition, "format": book.formats.style(style)}
    return {
        "addConditionalFormatRule": {"index": index, "rule": {"ranges": list(ranges), "booleanRule": rule}}
    }


def place_rule(book: Compilation, tab: TabTemplate, rule: Rule) -> tuple[list[Json], Json]:
    """Ranges and condition of a rule of the template, where the columns of *tab* are in this workbook."""
    indices, header_rows = book.formulas.indices(tab), book.formulas.header_rows(tab)
    # A row inserted right below the header would move the start of the range down and be left out. So the
    # range of a table begins at the header, which no rule matches.
    top = header_rows if tab.kind == "calendar" and not rule.with_header else 0
    ranges = _joined(
        [
            _range(tab, (top, None), (indices[column.key], indices[column.key] + 1))
            for column in book.columns(tab)
            if column.group in rule.columns and column.key in indices
        ]
    )
    ranges += [
        _range(tab, (row, row + 1), (column, column + 1))
        for row, column in (book.formulas.field_place(key) for key in rule.fields)
    ]
    if rule.block:
        (top_row, left), (bottom, right) = (book.formulas.field_place(key) for key in rule.block)
        ranges.append(_range(tab, (top_row, bottom + 1), (left, right + 1)))
    letters = book.formulas.letters(tab)
    formula = book.formulas.fill(rule.formula, letters=letters, row=top + 1, day_row=header_rows)
    return ranges, {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}


def _joined(ranges: Sequence[Json]) -> list[Json]:
    """Neighbouring columns joined to one range."""
    joined: list[Json] = []
    for one in ranges:
        if joined and one["startColumnIndex"] == joined[-1]["endColumnIndex"]:
            joined[-1] = joined[-1] | {"endColumnIndex": one["endColumnIndex"]}
        else:
            joined.append(one)
    return joined


def chips(
    book: Compilation, tab: TabTemplate, column: ColumnTemplate
) -> Iterator[tuple[list[Json], Json, str]]:
    """Range, condition and style of each coloured value of a column."""
    index = book.formulas.indices(tab)[column.key]
    for code, style in book.template.choices.get(column.choices or "", {}).items():
        if style is not None:
            text = book.template.choice_text(column.choices or "", code, book.locale)
            condition = {"type": "TEXT_EQ", "values": [{"userEnteredValue": text}]}
            yield [_range(tab, (0, None), (index, index + 1))], condition, style
