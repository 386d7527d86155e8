"""The tab of an approved report in the client's workbook: its sections, with charts of Sheets beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from vitrina.ports import Json
from vitrina.records.told.metric_reports import MetricReport
from vitrina.texts import Amount, Sentence, render, sentence
from vitrina.usecases.metric_report.words import Cell, Table, moment, sections
from vitrina.workbook.reading.book import Book

#: Ids of tabs of reports begin here, far from those that Google chooses by itself and that templates have.
FIRST_SHEET_ID = 1_600_000_000
#: Revisions that a number leaves room for.
MOST_REVISIONS = 100
#: Most characters of the title of a tab.
MOST_TITLE = 60
COLUMNS, WIDTHS = 12, (430, 100, 100, 100, 100)
#: Place and size of charts, and the rows that one covers.
CHART_COLUMN, CHART_WIDTH, CHART_HEIGHT, CHART_ROWS = 6, 460, 270, 14
_HEADING: Json = {"textFormat": {"bold": True, "fontSize": 15}, "wrapStrategy": "WRAP"}
_TITLE: Json = {"textFormat": {"bold": True, "fontSize": 12}}
_LINE: Json = {"wrapStrategy": "WRAP", "verticalAlignment": "TOP"}
_HEAD: Json = {"textFormat": {"bold": True}, "wrapStrategy": "WRAP"}
#: Sections whose tables have a chart, and the column of its values.
_CHARTED = {"gap": 3, "time": 1}


def report_sheet_id(report: MetricReport) -> int:
    """Id of the tab of a revision: always the same one, so that a repeat finds it."""
    return FIRST_SHEET_ID + report.number * MOST_REVISIONS + report.revision % MOST_REVISIONS


def tab_requests(
    report: MetricReport, book: Book, *, old_sheet_id: int | None, locale: str, zone: ZoneInfo
) -> list[Json]:
    """Requests of one batch that put the tab of a report in place of the one before; empty if it is there.

    It is protected like the other tabs of the add-on: the editors are those of the backlog.
    """
    sheet_id = report_sheet_id(report)
    if sheet_id in book.grids:
        return []
    drawing = _draw(report, locale, zone)
    old = [old_sheet_id] if old_sheet_id is not None and old_sheet_id in book.grids else []
    titles = {grid.title for key, grid in book.grids.items() if key not in old}
    properties = {
        "sheetId": sheet_id,
        "title": _free_title(report, titles, locale),
        "gridProperties": {
            "rowCount": len(drawing.rows) + 2,
            "columnCount": COLUMNS,
            "hideGridlines": True,
        },
    }
    return [
        *({"deleteSheet": {"sheetId": one}} for one in old),
        {"addSheet": {"properties": properties}},
        {
            "updateCells": {
                "start": {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0},
                "rows": [{"values": row} for row in drawing.rows],
                "fields": "userEnteredValue,userEnteredFormat",
            }
        },
        *(_width(sheet_id, column, pixels) for column, pixels in enumerate(WIDTHS)),
        *(chart.request(sheet_id) for chart in drawing.charts),
        *_protection(book, sheet_id),
    ]


class _Chart(Struct, frozen=True):
    """Columns of the values of a table; *first_row* is that of its heads."""

    title: str
    first_row: int
    last_row: int
    column: int
    at_row: int

    def request(self, sheet_id: int) -> Json:
        def source(column: int) -> Json:
            place = {
                "sheetId": sheet_id,
                "startRowIndex": self.first_row,
                "endRowIndex": self.last_row + 1,
                "startColumnIndex": column,
                "endColumnIndex": column + 1,
            }
            return {"sourceRange": {"sources": [place]}}

        spec = {
            "title": self.title,
            "basicChart": {
                "chartType": "COLUMN",
                "legendPosition": "NO_LEGEND",
                "headerCount": 1,
                "domains": [{"domain": source(0)}],
                "series": [{"series": source(self.column), "targetAxis": "LEFT_AXIS"}],
            },
        }
        anchor = {"sheetId": sheet_id, "rowIndex": self.at_row, "columnIndex": CHART_COLUMN}
        overlay = {"anchorCell": anchor, "widthPixels": CHART_WIDTH, "heightPixels": CHART_HEIGHT}
        return {"addChart": {"chart": {"spec": spec, "position": {"overlayPosition": overlay}}}}


class _Drawing(Struct):
    """Rows of cells, and the charts beside them."""

    locale: str
    rows: list[list[Json]] = field(default_factory=list)
    charts: list[_Chart] = field(default_factory=list)
    #: The first row beside which there is room for a chart.
    free_row: int = 2

    def add(self, text: str | Sentence, style: Json) -> None:
        """A row with one text."""
        told = text if isinstance(text, str) else render(text, self.locale)
        self.rows.append([{**_text(told), "userEnteredFormat": style}])

    def add_table(self, table: Table, charted: int | None) -> None:
        """A table; the column *charted* becomes a chart."""
        first = len(self.rows)
        heads = [render(one, self.locale) for one in table.heads]
        self.rows.append([{**_text(one), "userEnteredFormat": _head(at)} for at, one in enumerate(heads)])
        self.rows += [[_cell(cell, self.locale) for cell in row] for row in table.rows]
        if charted is None or charted >= len(heads):
            return
        # The last row of a change is its sum, which is no part.
        last = len(self.rows) - 1 - (1 if charted == _CHARTED["gap"] else 0)
        at_row = max(first, self.free_row)
        self.charts.append(_Chart(f"{heads[0]}: {heads[charted]}", first, last, charted, at_row))
        self.free_row = at_row + CHART_ROWS


def _draw(report: MetricReport, locale: str, zone: ZoneInfo) -> _Drawing:
    drawing = _Drawing(locale)
    drawing.add(sentence("metric_report.heading", number=report.number, name=report.name), _HEADING)
    code = "made" if report.revision == 1 else "made_revision"
    made = moment(report.approved_at, zone)["day"]
    drawing.add(sentence(f"metric_report.{code}", day=made, revision=report.revision), _LINE)
    for section in sections(report, zone):
        drawing.add("", _LINE)
        drawing.add(sentence(f"metric_report.section.{section.key}"), _TITLE)
        for line in section.lines:
            drawing.add(line, _LINE)
        for table in section.tables:
            drawing.add_table(table, _CHARTED.get(section.key))
    # Room below the last chart.
    while len(drawing.rows) < drawing.free_row:
        drawing.add("", _LINE)
    return drawing


def _cell(cell: Cell, locale: str) -> Json:
    if not isinstance(cell, Amount):
        return {**_text(cell if isinstance(cell, str) else render(cell, locale)), "userEnteredFormat": _LINE}
    unit = render(cell.unit, locale) if isinstance(cell.unit, Sentence) else cell.unit.rstrip(".")
    digits = next((one for one in (0, 1) if round(cell.value, one) == cell.value), 2)
    number = "#,##0" + ("." + "0" * digits if digits else "")
    # Quotes would end the text of the pattern.
    shown = f'{number} "{unit}"' if unit and '"' not in unit else number
    pattern = f"+{shown};−{shown};{shown}" if cell.is_change else shown
    return {
        "userEnteredValue": {"numberValue": cell.value},
        "userEnteredFormat": {
            "numberFormat": {"type": "NUMBER", "pattern": pattern},
            "horizontalAlignment": "RIGHT",
            "verticalAlignment": "TOP",
        },
    }


def _text(text: str) -> Json:
    return {"userEnteredValue": {"stringValue": text}} if text else {}


def _head(column: int) -> Json:
    return {**_HEAD, "horizontalAlignment": "RIGHT"} if column else _HEAD


def _width(sheet_id: int, column: int, pixels: int) -> Json:
    place = {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": column, "endIndex": column + 1}
    return {
        "updateDimensionProperties": {
            "range": place,
            "properties": {"pixelSize": pixels},
            "fields": "pixelSize",
        }
    }


def _protection(book: Book, sheet_id: int) -> Iterable[Json]:
    """The protection of the backlog, for the new tab: Google has taken those editors before."""
    tab = book.tabs.get("backlog")
    for one in book.protected_ranges:
        if tab is not None and one.sheet_id == tab.sheet_id and one.is_whole_sheet and one.editors:
            protected: Json = {
                "range": {"sheetId": sheet_id},
                "description": one.description,
                "warningOnly": False,
                "editors": one.editors,
            }
            return [{"addProtectedRange": {"protectedRange": protected}}]
    return []


def _free_title(report: MetricReport, titles: Collection[str], locale: str) -> str:
    """A title that no other tab has."""
    title = render(sentence("metric_report.tab", name=report.name), locale)[:MOST_TITLE].strip()
    return title if title not in titles else f"{title} {report.number}"
