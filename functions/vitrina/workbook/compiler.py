"""Template → the one ``batchUpdate`` that turns an empty spreadsheet into a workbook.

Pure: the same arguments give the same requests. The tabs are new sheets with the ids of the template,
and the sheet that every new spreadsheet comes with is deleted, so a second run of the same batch on
the same file is refused by Google as a whole and can do no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count

from vitrina.ports import Json
from vitrina.workbook.book import BOOK_KEY, COLUMN_KEY, HEADER_KEY, TAB_KEY, column_letters
from vitrina.workbook.template import (
    BookTemplate,
    ColumnTemplate,
    FieldTemplate,
    Locale,
    Profile,
    TabTemplate,
)

Value = str | float | bool | date | datetime | None

#: Our own metadata get ids from the very end of Google's range (positive 32-bit integers): ids left
#: to Google could meet the numbers of items, which are ids of row metadata in the same workbook.
FIRST_METADATA_ID = 2_147_400_000

_EPOCH = date(1899, 12, 30)
_LABEL, _VALUE, _GUIDE = 1, 2, 4
_PLACEHOLDER = re.compile(r"\{(\w+):([\w.]+)\}")

_RIGHT = frozenset({"integer", "number", "hours", "percent"})
_CENTRE = frozenset({"date", "datetime", "choice", "code", "day"})


@dataclass(frozen=True)
class BookValues:
    """What is known of the project or agency when its workbook is made.

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
    editors: Sequence[str] = (),
    time_zone: str = "Europe/Moscow",
    existing_sheet_id: int = 0,
) -> list[Json]:
    """Requests of the one ``batchUpdate`` that makes a workbook of an empty spreadsheet.

    Parameters
    ----------
    editors
        E-mails of those who may change headings and the add-on's columns: the service account and
        the staff. Staff has to be among them, since Google refuses to sort a table for a person who
        may not edit one of its columns.
    existing_sheet_id
        Id of the sheet that the empty spreadsheet has; it is deleted.

    Raises
    ------
    ValueError
        If ``values`` speak of a field, tab or column that the template does not have.
    """
    book = _Book(template, locale, tuple(profiles), values or BookValues(), tuple(editors))
    book.check_values()
    properties = {"locale": template.text(locale, "locale"), "timeZone": time_zone}
    if book.values.title is not None:
        properties["title"] = book.values.title
    requests: list[Json] = [
        {"updateSpreadsheetProperties": {"properties": properties, "fields": ",".join(sorted(properties))}}
    ]
    requests += [_add_sheet(book, index, tab) for index, tab in enumerate(template.tabs)]
    requests.append({"deleteSheet": {"sheetId": existing_sheet_id}})
    requests += _metadata(book)
    for tab in template.tabs:
        requests += _form(book, tab) if tab.kind == "form" else _table(book, tab)
        requests += _rules(book, tab)
    return requests


def total_formula(first_column: str, last_column: str, row: int) -> str:
    """Formula of a backlog row's total hours: empty while no profile has any.

    Parameters
    ----------
    first_column, last_column
        Letters of the outermost columns of hours.
    row
        Number of the row as a person sees it, from 1.
    """
    hours = f"{first_column}{row}:{last_column}{row}"
    return f'=IF(COUNT({hours})=0;"";SUM({hours}))'


def row_formula(
    template: BookTemplate,
    tab_key: str,
    column_key: str,
    *,
    letters: Mapping[str, str],
    row: int,
    locale: Locale,
) -> str | None:
    """Formula that the template gives a column in one row, or ``None`` where it gives none.

    Parameters
    ----------
    letters
        Present letter of every column by its unfolded key (``fact.1``), since people move columns.
    row
        Number of the row as a person sees it, from 1.
    """
    column = next(one for one in template.tab(tab_key).columns if one.key == column_key)
    if column.formula is None:
        return None
    return _Book(template, locale, (), BookValues(), ()).fill(column.formula, letters=letters, row=row)


def serial_day(value: date) -> float:
    """The number by which Sheets keeps a day, or a wall-clock moment in the workbook's time zone."""
    days = (date(value.year, value.month, value.day) - _EPOCH).days
    if not isinstance(value, datetime):
        return days
    return days + (value.hour * 3600 + value.minute * 60 + value.second) / 86400


# --- One compilation -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Book:
    """What all parts of one compilation need."""

    template: BookTemplate
    locale: Locale
    profiles: tuple[Profile, ...]
    values: BookValues
    editors: tuple[str, ...]

    def text(self, key: str) -> str:
        return self.template.text(self.locale, key)

    def columns(self, tab: TabTemplate) -> tuple[ColumnTemplate, ...]:
        return tab.expand(self.profiles)

    def letters(self, tab: TabTemplate) -> dict[str, str]:
        return {column.key: column_letters(index) for index, column in enumerate(self.columns(tab))}

    def colour(self, name: str) -> Json:
        digits = self.template.theme.palette[name].removeprefix("#")
        red, green, blue = (round(int(digits[i : i + 2], 16) / 255, 4) for i in (0, 2, 4))
        return {"rgbColor": {"red": red, "green": green, "blue": blue}}

    def font(self, size: str = "body", colour: str = "text", *, bold: bool = False) -> Json:
        theme = self.template.theme
        return {
            "fontFamily": theme.font,
            "fontSize": theme.sizes[size],
            "foregroundColorStyle": self.colour(colour),
            "bold": bold,
        }

    def fill(
        self, formula: str, *, letters: Mapping[str, str] | None = None, row: int = 0, day_row: int = 0
    ) -> str:
        """Put addresses and texts in place of the placeholders of a template's formula."""

        def replaced(found: re.Match[str]) -> str:
            kind, target = found.group(1), found.group(2)
            match kind:
                case "cell" | "first" | "last":
                    return _cell_address(kind, target, letters or {}, row)
                case "day":
                    return f"{_first_of(target, letters or {})}${day_row}"
                case "column":
                    tab_key, column_key = target.split(".", 1)
                    tab = self.template.tab(tab_key)
                    letter = _first_of(column_key, self.letters(tab))
                    title = self.text(tab_key).replace("'", "''")
                    return f"'{title}'!{letter}:{letter}"
                case "headers":
                    return str(self.template.tab(target).header_rows)
                case "field":
                    return f"${column_letters(_VALUE)}${_field_row(self.template, target) + 1}"
                case _:
                    key = f"choice.{target}" if kind == "choice" else target
                    return '"' + self.text(key).replace('"', '""') + '"'

        return _PLACEHOLDER.sub(replaced, formula)

    def check_values(self) -> None:
        """Refuse values that no place is waiting for; a misspelt key would be lost in silence."""
        known = {one.key for tab in self.template.tabs for one in tab.fields}
        known |= {one.key for tab in self.template.tabs for one in tab.settings}
        unknown = sorted(self.values.fields.keys() - known)
        for tab_key, rows in self.values.rows.items():
            columns = {column.key for column in self.columns(self.template.tab(tab_key))}
            unknown += sorted({f"{tab_key}.{key}" for row in rows for key in row if key not in columns})
        if unknown:
            raise ValueError(f"the template {self.template.key} has no place for {', '.join(unknown)}")


def _cell_address(kind: str, target: str, letters: Mapping[str, str], row: int) -> str:
    """Address in the current row. The column is fixed, except where it stands for a whole group."""
    if target in letters:
        return f"${letters[target]}{row}"
    if kind == "last":
        return f"${_members(target, letters)[-1]}{row}"
    first = _members(target, letters)[0]
    return f"${first}{row}" if kind == "first" else f"{first}{row}"


def _first_of(key: str, letters: Mapping[str, str]) -> str:
    return letters[key] if key in letters else _members(key, letters)[0]


def _members(group: str, letters: Mapping[str, str]) -> list[str]:
    return [letter for key, letter in letters.items() if key.rpartition(".")[0] == group]


def _field_row(template: BookTemplate, key: str) -> int:
    """Index of the form's row that holds the field."""
    return next(
        index
        for tab in template.tabs
        for index, row in enumerate(tab.form)
        if row.kind == "field" and row.key == key
    )


# --- Sheets and metadata -------------------------------------------------------------------------


def _add_sheet(book: _Book, index: int, tab: TabTemplate) -> Json:
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
                "tabColorStyle": book.colour(tab.colour),
            }
        }
    }


def _metadata(book: _Book) -> Iterator[Json]:
    """Marks by which code finds the workbook's kind, its tabs, headings and columns."""
    ids = count(FIRST_METADATA_ID)

    def mark(key: str, value: str, location: Json) -> Json:
        return {
            "createDeveloperMetadata": {
                "developerMetadata": {
                    "metadataId": next(ids),
                    "metadataKey": key,
                    "metadataValue": value,
                    "visibility": "DOCUMENT",
                    "location": location,
                }
            }
        }

    yield mark(BOOK_KEY, book.template.key, {"spreadsheet": True})
    yield mark("vitrina.template", "1", {"spreadsheet": True})
    for tab in book.template.tabs:
        yield mark(TAB_KEY, tab.key, {"sheetId": tab.sheet_id})
        for index, column in enumerate(book.columns(tab)):
            yield mark(COLUMN_KEY, column.key, {"dimensionRange": _span(tab, "COLUMNS", index, index + 1)})
        if tab.header_rows:
            header = _span(tab, "ROWS", tab.header_rows - 1, tab.header_rows)
            yield mark(HEADER_KEY, "", {"dimensionRange": header})


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


def _protect(book: _Book, area: Json, text_key: str, *, open_areas: Sequence[Json] = ()) -> Json:
    protected: Json = {
        "range": area,
        "description": book.text(text_key),
        "warningOnly": False,
        "editors": {"users": list(book.editors)},
    }
    if open_areas:
        protected["unprotectedRanges"] = list(open_areas)
    return {"addProtectedRange": {"protectedRange": protected}}


# --- Tables and calendars ------------------------------------------------------------------------


def _table(book: _Book, tab: TabTemplate) -> Iterator[Json]:
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
        yield _size(tab, "COLUMNS", index, index + 1, column.width)
        cell: Json = {"userEnteredFormat": _data_format(book, column)}
        rule = _validation(book, column)
        if rule is not None:
            cell["dataValidation"] = rule
        yield {
            "repeatCell": {
                "range": _range(tab, (header_rows, header_rows + tab.rows), (index, index + 1)),
                "cell": cell,
                "fields": "userEnteredFormat,dataValidation",
            }
        }
    yield from _first_rows(book, tab, columns)
    yield _protect(book, _range(tab, (0, header_rows), (0, len(columns))), "protected.header")
    for index, column in enumerate(columns):
        if column.owner == "addon":
            yield _protect(book, _range(tab, (header_rows, None), (index, index + 1)), "protected.addon")


def _header(book: _Book, tab: TabTemplate, columns: Sequence[ColumnTemplate]) -> Iterator[list[Json]]:
    """Cells of the heading. Of a calendar: weekdays over dates, the dates in the row of the titles."""
    if tab.kind == "calendar":
        yield [_weekday_cell(book, tab, index, column) for index, column in enumerate(columns)]
    days = iter(book.values.days)
    yield [
        _heading_cell(book, tab, column, next(days, None) if column.type == "day" else None)
        for column in columns
    ]


def _header_format(book: _Book, column: ColumnTemplate, *, last_row: bool = True) -> Json:
    # Headings of the columns that the client fills in are in the accent colour; the guide says so.
    colour = "accent" if column.owner == "client" else "muted"
    is_day = column.type == "day"
    chosen = {
        "backgroundColorStyle": book.colour("header"),
        "textFormat": book.font("small", colour, bold=True),
        "horizontalAlignment": "CENTER" if is_day else _alignment(column.type),
        "verticalAlignment": "MIDDLE",
        "wrapStrategy": "CLIP" if is_day else "WRAP",
        "padding": _padding(2 if is_day else 8),
    }
    if last_row:
        chosen["borders"] = {"bottom": {"style": "SOLID", "colorStyle": book.colour("accent_mid")}}
    return chosen


def _heading_cell(book: _Book, tab: TabTemplate, column: ColumnTemplate, day: date | None) -> Json:
    style = _header_format(book, column)
    if column.type == "day":
        style["numberFormat"] = {"type": "DATE", "pattern": book.text("format.day")}
        return {"userEnteredFormat": style} | (
            {"userEnteredValue": {"numberValue": serial_day(day)}} if day else {}
        )
    title = book.template.column_title(tab.key, column, book.locale)
    note = book.template.column_note(tab.key, column, book.locale)
    return {"userEnteredValue": {"stringValue": title}, "userEnteredFormat": style, "note": note}


def _weekday_cell(book: _Book, tab: TabTemplate, index: int, column: ColumnTemplate) -> Json:
    style = _header_format(book, column, last_row=False)
    if column.type != "day":
        return {"userEnteredFormat": style}
    style["numberFormat"] = {"type": "DATE", "pattern": book.text("format.weekday")}
    date_cell = f"{column_letters(index)}{tab.header_rows}"
    return {
        "userEnteredValue": {"formulaValue": f'=IF({date_cell}="";"";{date_cell})'},
        "userEnteredFormat": style,
    }


def _alignment(kind: str) -> str:
    if kind in _RIGHT:
        return "RIGHT"
    return "CENTER" if kind in _CENTRE else "LEFT"


def _padding(sides: int, top: int = 4) -> Json:
    return {"top": top, "bottom": top, "left": sides, "right": sides}


def _data_format(book: _Book, column: ColumnTemplate) -> Json:
    chosen = _value_format(book, column)
    chosen["borders"] = {"bottom": {"style": "SOLID", "colorStyle": book.colour("line")}}
    return chosen


def _value_format(book: _Book, of: ColumnTemplate | FieldTemplate) -> Json:
    """Format of the values of a column or of a field."""
    kind, style, has_formula = of.type, of.style, of.formula is not None
    fonts = {
        None: book.font(),
        "total": book.font(bold=True),
        "quiet": book.font(colour="muted"),
        "bar": book.font(colour="accent"),
        "figure": book.font("section", "accent", bold=True),
    }
    chosen: Json = {
        "backgroundColorStyle": book.colour("paper"),
        "textFormat": book.font("small") if kind == "day" else fonts[style],
        "horizontalAlignment": _alignment(kind),
        "verticalAlignment": "MIDDLE",
        "wrapStrategy": "WRAP" if kind in ("long_text", "any") else "CLIP",
        "padding": _padding(2 if kind == "day" else 8),
    }
    if kind == "link":
        chosen["textFormat"] = book.font(colour="blue")
    pattern = _number_format(book, kind)
    # In a cell formatted as text a formula would be shown instead of counted.
    if pattern is not None and not (has_formula and pattern["type"] == "TEXT"):
        chosen["numberFormat"] = pattern
    return chosen


def _number_format(book: _Book, kind: str) -> Json | None:
    match kind:
        case "hours":
            return {"type": "NUMBER", "pattern": "0.0"}
        case "integer":
            return {"type": "NUMBER", "pattern": "0"}
        case "percent":
            return {"type": "PERCENT", "pattern": "0%"}
        case "date":
            return {"type": "DATE", "pattern": book.text("format.date")}
        case "datetime":
            return {"type": "DATE_TIME", "pattern": book.text("format.datetime")}
        case "text" | "code":
            # As text, so that «2/5» does not become a date and «007» keeps its zeros.
            return {"type": "TEXT", "pattern": "@"}
        case _:
            return None


def _validation(book: _Book, column: ColumnTemplate | FieldTemplate) -> Json | None:
    """Rule of what a cell takes. Closed lists refuse other values; the rest only marks them.

    A date typed as «к среде» is worth reading, so it is marked and not thrown away.
    """
    if column.formula is not None:
        return None
    options = book.values.options.get(column.options or "") if isinstance(column, ColumnTemplate) else None
    if column.choices is not None:
        return _one_of(book, book.template.choice_texts(column.choices, book.locale), strict=True)
    if options:
        return _one_of(book, options, strict=False)
    match column.type:
        case "date":
            return {
                "condition": {"type": "DATE_IS_VALID"},
                "inputMessage": book.text("hint.date"),
                "strict": False,
            }
        case "hours" | "number" | "integer":
            hint = "hint.hours" if column.type == "hours" else "hint.number"
            condition = {"type": "NUMBER_GREATER_THAN_EQ", "values": [{"userEnteredValue": "0"}]}
            return {"condition": condition, "inputMessage": book.text(hint), "strict": False}
        case _:
            return None


def _one_of(book: _Book, texts: Sequence[str], *, strict: bool) -> Json:
    return {
        "condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": text} for text in texts]},
        "inputMessage": book.text("hint.choice"),
        "showCustomUi": True,
        "strict": strict,
    }


def _first_rows(book: _Book, tab: TabTemplate, columns: Sequence[ColumnTemplate]) -> Iterator[Json]:
    rows = [*_setting_rows(book, tab), *book.values.rows.get(tab.key, ())]
    length = max(len(rows), tab.formula_rows)
    if length == 0:
        return
    letters = book.letters(tab)
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
    book: _Book, column: ColumnTemplate, row: Mapping[str, Value], letters: Mapping[str, str], number: int
) -> Json:
    if column.key in row:
        return _cell(row[column.key])
    if column.formula is not None:
        return {"userEnteredValue": {"formulaValue": book.fill(column.formula, letters=letters, row=number)}}
    return {}


def _setting_rows(book: _Book, tab: TabTemplate) -> Iterator[Mapping[str, Value]]:
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
    """A value as Google takes it. Texts go in as texts, whatever they begin with."""
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


def _form(book: _Book, tab: TabTemplate) -> Iterator[Json]:
    for index, width in enumerate(tab.widths):
        yield _size(tab, "COLUMNS", index, index + 1, width)
    for index, row in enumerate(tab.form):
        yield _size(
            tab, "ROWS", index, index + 1, {"space": 14, "title": 42, "section": 34}.get(row.kind, 28)
        )
    yield {
        "repeatCell": {
            "range": _range(tab, (0, tab.rows), (0, len(tab.widths))),
            "cell": {
                "userEnteredFormat": {"backgroundColorStyle": book.colour("paper"), "textFormat": book.font()}
            },
            "fields": "userEnteredFormat",
        }
    }
    rows = [{"values": _form_cells(book, tab, index)} for index in range(_form_length(tab))]
    yield {
        "updateCells": {
            "range": _range(tab, (0, len(rows)), (0, len(tab.widths))),
            "rows": rows,
            "fields": "userEnteredValue,userEnteredFormat,dataValidation,note",
        }
    }
    for index, row in enumerate(tab.form):
        if row.field is not None:
            area = _range(tab, (index, index + 1), (_VALUE, _VALUE + 1))
            yield {"addNamedRange": {"namedRange": {"name": row.field.range_name, "range": area}}}
    yield _protect(book, _range(tab), "protected.form")


def _form_length(tab: TabTemplate) -> int:
    return max(len(tab.form), tab.guide_first_row + len(tab.guide))


def _form_cells(book: _Book, tab: TabTemplate, index: int) -> list[Json]:
    cells: list[Json] = [{"userEnteredFormat": _look(book)} for _ in tab.widths]
    row = tab.form[index] if index < len(tab.form) else None
    if row is not None and row.kind in ("title", "subtitle"):
        font = (
            book.font("title", "accent", bold=True) if row.kind == "title" else book.font("section", "muted")
        )
        cells[_LABEL] = {"userEnteredValue": {"formulaValue": book.fill(row.formula)}}
        cells[_LABEL]["userEnteredFormat"] = _look(book, font)
    elif row is not None and row.kind == "section":
        line = {"bottom": {"style": "SOLID", "colorStyle": book.colour("accent_mid")}}
        look = _look(book, book.font("section", "accent", bold=True)) | {"borders": line}
        cells[_LABEL] = {"userEnteredValue": {"stringValue": book.text(f"{tab.key}.section.{row.key}")}}
        cells[_LABEL]["userEnteredFormat"] = look
        cells[_VALUE] = {"userEnteredFormat": look}
    elif row is not None and row.field is not None:
        cells[_LABEL] = {
            "userEnteredValue": {"stringValue": book.text(f"{tab.key}.{row.key}")},
            "userEnteredFormat": _look(book, book.font(colour="muted")),
        }
        cells[_VALUE] = _field_cell(book, tab, row.field)
    line_number = index - (tab.guide_first_row - 1)
    if tab.guide and 0 <= line_number < len(tab.guide) and tab.guide[line_number]:
        cells[_GUIDE] = _guide_cell(book, tab, tab.guide[line_number])
    return cells


def _look(book: _Book, font: Json | None = None) -> Json:
    return {
        "backgroundColorStyle": book.colour("paper"),
        "textFormat": font or book.font(),
        "verticalAlignment": "MIDDLE",
        "wrapStrategy": "OVERFLOW_CELL",
    }


def _field_cell(book: _Book, tab: TabTemplate, one: FieldTemplate) -> Json:
    look = _value_format(book, one) | {
        "horizontalAlignment": "LEFT",
        "borders": {"bottom": {"style": "SOLID", "colorStyle": book.colour("line")}},
    }
    if one.type == "hours":
        look["numberFormat"] = {"type": "NUMBER", "pattern": book.text("format.hours_with_unit")}
    value = book.values.fields.get(one.key)
    cell = _cell(value)
    if value is None and one.formula is not None:
        cell = {"userEnteredValue": {"formulaValue": book.fill(one.formula)}}
    cell |= {"userEnteredFormat": look, "note": book.text(f"{tab.key}.{one.key}.note")}
    rule = _validation(book, one)
    return cell if rule is None else cell | {"dataValidation": rule}


def _guide_cell(book: _Book, tab: TabTemplate, line: str) -> Json:
    is_heading = line.startswith("heading")
    font = book.font("section", "accent", bold=True) if is_heading else book.font()
    look = _look(book, font) | {"padding": _padding(8, 2)}
    return {
        "userEnteredValue": {"stringValue": book.text(f"{tab.key}.guide.{line}")},
        "userEnteredFormat": look,
    }


# --- Conditional formats -------------------------------------------------------------------------


def _rules(book: _Book, tab: TabTemplate) -> list[Json]:
    """Conditional formats, the first that matches wins: the template's rules, then the chips."""
    found = [*_own_rules(book, tab), *_chips(book, tab)]
    return [
        {
            "addConditionalFormatRule": {
                "index": index,
                "rule": {
                    "ranges": ranges,
                    "booleanRule": {"condition": condition, "format": _style_format(book, style)},
                },
            }
        }
        for index, (ranges, condition, style) in enumerate(found)
    ]


def _own_rules(book: _Book, tab: TabTemplate) -> Iterator[tuple[list[Json], Json, str]]:
    columns, letters = book.columns(tab), book.letters(tab)
    for rule in tab.rules:
        # A row put right under the heading pushes the start of a range down and would be left out;
        # so ranges of tables begin with the heading, which no rule matches.
        top = tab.header_rows if tab.kind == "calendar" and not rule.with_header else 0
        ranges = [
            _range(tab, (top, None), (index, index + 1))
            for index, column in enumerate(columns)
            if column.group in rule.columns
        ]
        if rule.columns and len(ranges) > 1:
            ranges = _joined(ranges)
        ranges += [
            _range(tab, (row, row + 1), (_VALUE, _VALUE + 1))
            for row in (_field_row(book.template, key) for key in rule.fields)
        ]
        formula = book.fill(rule.formula, letters=letters, row=top + 1, day_row=tab.header_rows)
        yield ranges, {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}, rule.style


def _joined(ranges: Sequence[Json]) -> list[Json]:
    """Neighbouring columns as one range."""
    joined = [dict(ranges[0])]
    for one in ranges[1:]:
        if one["startColumnIndex"] == joined[-1]["endColumnIndex"]:
            joined[-1]["endColumnIndex"] = one["endColumnIndex"]
        else:
            joined.append(dict(one))
    return joined


def _chips(book: _Book, tab: TabTemplate) -> Iterator[tuple[list[Json], Json, str]]:
    for index, column in enumerate(book.columns(tab)):
        for code, style in book.template.choices.get(column.choices or "", {}).items():
            if style is not None:
                text = book.template.choice_text(column.choices or "", code, book.locale)
                condition = {"type": "TEXT_EQ", "values": [{"userEnteredValue": text}]}
                yield [_range(tab, (0, None), (index, index + 1))], condition, style


def _style_format(book: _Book, name: str) -> Json:
    style = book.template.theme.styles[name]
    chosen: Json = {}
    text: Json = {}
    if style.text is not None:
        text["foregroundColorStyle"] = book.colour(style.text)
    if style.bold:
        text["bold"] = True
    if text:
        chosen["textFormat"] = text
    if style.fill is not None:
        chosen["backgroundColorStyle"] = book.colour(style.fill)
    return chosen
