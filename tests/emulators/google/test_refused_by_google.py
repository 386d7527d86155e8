"""What an audit found to be accepted here and refused by Google. Tests carry the number of the row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google, control

CELL = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}


def refusal(google: Google, book: str, *requests: dict[str, Any]) -> str:
    """The message with which a batch is refused with 400; nothing of it may have been done."""
    fields = "properties(locale,timeZone),sheets(merges,conditionalFormats,protectedRanges,data(rowData))"
    before = google.get(book, fields)
    with pytest.raises(HttpError) as caught:
        google.batch(book, *requests)
    assert caught.value.status_code == 400
    assert google.get(book, fields) == before
    return str(caught.value.reason)


def condition(kind: str, *values: str) -> dict[str, Any]:
    """A condition with typed values."""
    return {"type": kind, "values": [{"userEnteredValue": value} for value in values]}


def with_rule(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """The three requests that put a validation rule into a cell."""
    cell = {"dataValidation": {"condition": rule}}
    return [
        {"setDataValidation": {"range": CELL, "rule": {"condition": rule}}},
        {"repeatCell": {"range": CELL, "cell": cell, "fields": "dataValidation"}},
        {"updateCells": {"range": CELL, "rows": [{"values": [cell]}], "fields": "dataValidation"}},
    ]


def boolean_rule(rule: dict[str, Any], **cell_format: Any) -> dict[str, Any]:
    """The request for a conditional format of a cell."""
    boolean = {"condition": rule, "format": cell_format or {"textFormat": {"bold": True}}}
    return {"addConditionalFormatRule": {"rule": {"ranges": [CELL], "booleanRule": boolean}}}


def gradient(**minpoint: Any) -> dict[str, Any]:
    """The request for a gradient with a given first point."""
    rule = {"minpoint": {"color": {"red": 1}, **minpoint}, "maxpoint": {"color": {}, "type": "MAX"}}
    return {"addConditionalFormatRule": {"rule": {"ranges": [CELL], "gradientRule": rule}}}


WRONG_VALIDATION = [
    condition("BLANK"),
    condition("NUMBER_GREATER"),
    condition("NUMBER_GREATER", "1", "2"),
    condition("NUMBER_GREATER", "много"),
    condition("DATE_BEFORE", "завтра"),
    condition("CUSTOM_FORMULA", "A1>1"),
    condition("ONE_OF_LIST", "да", "=A1"),
    condition("ONE_OF_LIST", ""),
    condition("ONE_OF_RANGE", "=Нет!A1:A3"),
    {"type": "NUMBER_GREATER", "values": [{}]},
    {"values": []},
]


@pytest.mark.parametrize("rule", WRONG_VALIDATION, ids=str)
def test_row_a1_validation_inside_cells_is_checked(google: Google, rule: dict[str, Any]) -> None:
    """A rule is refused in a cell for the same reason, and with the same sentence, as by itself."""
    book = google.create()

    messages = {refusal(google, book, one).partition(": ")[2] for one in with_rule(rule)}

    assert len(messages) == 1
    body = {"sheets": [{"data": [{"rowData": [{"values": [{"dataValidation": {"condition": rule}}]}]}]}]}
    with pytest.raises(HttpError, match="400"):
        google.spreadsheets.create(body=body).execute()


def test_row_a2_list_of_501_values(google: Google) -> None:
    """500 values are a drop-down, 501 are refused."""
    book = google.create()
    values = [f"значение {number}" for number in range(501)]

    for one in with_rule(condition("ONE_OF_LIST", *values[:500])):
        google.batch(book, one)
    for one in with_rule(condition("ONE_OF_LIST", *values)):
        assert "500" in refusal(google, book, one)


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("=A1>", "Invalid ConditionValue.userEnteredValue: =A1>"),
        ("=AND(A1;", "Invalid ConditionValue.userEnteredValue"),
        ('=A1="нет', "Invalid ConditionValue.userEnteredValue"),
        ("=Другой!A1>1", "cannot reference a different sheet"),
        ("=лимит>1", "Invalid ConditionValue.userEnteredValue"),
    ],
)
def test_row_a3_formulas_of_conditional_formats(google: Google, formula: str, wanted: str) -> None:
    """A formula has to be readable, and to stay on its tab; names of ranges are not known in it."""
    book = google.create({"properties": {"sheetId": 0}}, {"properties": {"title": "Другой"}})
    google.batch(book, {"addNamedRange": {"namedRange": {"name": "лимит", "range": CELL}}})

    assert wanted in refusal(google, book, boolean_rule(condition("CUSTOM_FORMULA", formula)))
    google.batch(book, boolean_rule(condition("CUSTOM_FORMULA", "=A1>1")))


@pytest.mark.parametrize(
    "cell_format",
    [
        {"textFormat": {"fontSize": 12}},
        {"textFormat": {"underline": True}},
        {"borders": {"top": {"style": "SOLID"}}},
        {"numberFormat": {"type": "NUMBER", "pattern": "0"}},
        {"horizontalAlignment": "LEFT"},
    ],
    ids=str,
)
def test_row_a4_formats_of_conditional_formats(google: Google, cell_format: dict[str, Any]) -> None:
    """A rule paints cells, and makes text bold, italic or struck through; nothing else."""
    book = google.create()
    allowed = {
        "textFormat": {"bold": True, "italic": True, "strikethrough": True, "foregroundColor": {"red": 1}},
        "backgroundColorStyle": {"rgbColor": {"blue": 1}},
    }

    assert "subset of formatting" in refusal(
        google, book, boolean_rule(condition("NOT_BLANK"), **cell_format)
    )
    google.batch(book, boolean_rule(condition("NOT_BLANK"), **allowed))


@pytest.mark.parametrize(
    "rule",
    [
        condition("DATE_ON_OR_BEFORE", "1/1/2026"),
        condition("DATE_ON_OR_AFTER", "1/1/2026"),
        condition("DATE_BETWEEN", "1/1/2026", "2/1/2026"),
        condition("DATE_NOT_BETWEEN", "1/1/2026", "2/1/2026"),
    ],
    ids=lambda rule: rule["type"],
)
def test_row_a5_dates_that_belong_to_validation(google: Google, rule: dict[str, Any]) -> None:
    """Some conditions of dates are for validation only."""
    book = google.create()

    assert "is not supported by conditional formatting" in refusal(google, book, boolean_rule(rule))
    google.batch(book, *with_rule(rule))


def test_row_a5_relative_dates_in_validation(google: Google) -> None:
    """A date that follows today is for formats only."""
    book = google.create()
    rule = {"type": "DATE_AFTER", "values": [{"relativeDate": "PAST_WEEK"}]}

    for one in with_rule(rule):
        assert "Relative dates" in refusal(google, book, one)
    google.batch(book, boolean_rule(rule))


@pytest.mark.parametrize("formula", ["=1.5+1", "=IF(A2>0,1,2)", "=SUM(1;2"])
def test_row_a6_formulas_of_russian_workbooks(google: Google, formula: str) -> None:
    """A cell with a formula that cannot be read shows an error; a rule with it is refused."""
    book = google.create(locale="ru_RU")
    google.type(book, "B1:C1", [[formula, "=B1+1"]])

    [[own, other]] = google.cells(book, "B1:C1", "effectiveValue")
    assert own["effectiveValue"]["errorValue"]["type"] == "ERROR"
    assert "errorValue" in other["effectiveValue"]
    assert google.read(book, "B1", "FORMULA") == [[formula]]
    for one in (*with_rule(condition("CUSTOM_FORMULA", formula)), gradient(type="NUMBER", value=formula)):
        refusal(google, book, one)


def test_row_a6_gradients(google: Google) -> None:
    """A point of a gradient has a number in the language of the workbook."""
    russian, english = google.create(locale="ru_RU"), google.create()

    for book, value in ((russian, "1.5"), (english, "1,5x")):
        assert value in refusal(google, book, gradient(type="NUMBER", value=value))
    for kind in ("NUMBER", "PERCENT", "PERCENTILE"):
        assert "value" in refusal(google, english, gradient(type=kind))
    google.batch(russian, gradient(type="NUMBER", value="1,5"), gradient(type="MIN"))


@pytest.mark.parametrize(
    "protection",
    [
        {"range": {"sheetId": 0}, "editors": {"users": [], "domainUsersCanEdit": True}},
        {"range": {"sheetId": 0}, "editors": {"users": ["Мария"]}},
        {"range": CELL, "unprotectedRanges": [CELL]},
        {"range": CELL, "namedRangeId": "limit"},
    ],
    ids=["domain", "no address", "unprotected part of a range", "range and name"],
)
def test_row_a7_protections(google: Google, protection: dict[str, Any]) -> None:
    """Protections of a domain without one, with editors that are no addresses, or with two places."""
    book = google.create()
    named = {"name": "limit", "namedRangeId": "limit", "range": CELL}
    google.batch(book, {"addNamedRange": {"namedRange": named}})

    refusal(google, book, {"addProtectedRange": {"protectedRange": protection}})


def test_row_a8_time_zones(google: Google) -> None:
    """A time zone has to exist; an offset is one."""
    book = google.create(timeZone="Europe/Moscow")

    def zone(name: str) -> dict[str, Any]:
        return {"updateSpreadsheetProperties": {"properties": {"timeZone": name}, "fields": "timeZone"}}

    for name in ("Mars/Base", "", "GMT+25:00"):
        refusal(google, book, zone(name))
    with pytest.raises(HttpError, match="400"):
        google.create(timeZone="Mars/Base")
    google.batch(book, zone("GMT-07:00"))


PAST = {"sheetId": 0, "startRowIndex": 10, "endRowIndex": 12, "startColumnIndex": 0, "endColumnIndex": 1}
ROWS_PAST = {"sheetId": 0, "dimension": "ROWS", "startIndex": 10, "endIndex": 12}
STARTS_PAST_THE_GRID = [
    {"repeatCell": {"range": PAST, "cell": {"note": "x"}, "fields": "note"}},
    {"updateCells": {"range": PAST, "rows": [], "fields": "note"}},
    {"sortRange": {"range": PAST, "sortSpecs": [{"sortOrder": "ASCENDING"}]}},
    {"setDataValidation": {"range": PAST}},
    {"updateBorders": {"range": PAST, "top": {"style": "SOLID"}}},
    {
        "updateDimensionProperties": {
            "range": ROWS_PAST,
            "properties": {"pixelSize": 9},
            "fields": "pixelSize",
        }
    },
    {"autoResizeDimensions": {"dimensions": ROWS_PAST}},
    {"deleteDuplicates": {"range": PAST}},
    {"mergeCells": {"range": PAST, "mergeType": "MERGE_ALL"}},
    {"unmergeCells": {"range": PAST}},
    {"copyPaste": {"source": PAST, "destination": CELL}},
    {"copyPaste": {"source": CELL, "destination": PAST}},
    {"cutPaste": {"source": PAST, "destination": {"sheetId": 0}}},
    {"cutPaste": {"source": CELL, "destination": {"sheetId": 0, "rowIndex": 10}}},
    {"insertRange": {"range": PAST, "shiftDimension": "ROWS"}},
    {"deleteRange": {"range": PAST, "shiftDimension": "ROWS"}},
    {"findReplace": {"range": PAST, "find": "a", "replacement": "b"}},
]


@pytest.mark.parametrize("request_body", STARTS_PAST_THE_GRID, ids=lambda one: next(iter(one)))
def test_row_a9_ranges_that_start_past_the_grid(google: Google, request_body: dict[str, Any]) -> None:
    """A range has to begin inside the grid; one that only ends outside is cut off."""
    book = google.create({"properties": {"sheetId": 0, "gridProperties": {"rowCount": 10, "columnCount": 3}}})

    assert "exceeds grid limits" in refusal(google, book, request_body)

    whole = PAST | {"startRowIndex": 9}
    google.batch(book, {"repeatCell": {"range": whole, "cell": {"note": "x"}, "fields": "note"}})
    assert google.cells(book, "A10", "note") == [[{"note": "x"}]]


def test_row_a10_merges(google: Google) -> None:
    """No merge across the edge of what is frozen, no edge through a merge, no move through a merge."""
    book = google.create({"properties": {"sheetId": 0, "gridProperties": {"frozenRowCount": 2}}})

    def merge(top: int, bottom: int) -> dict[str, Any]:
        rows = {"startRowIndex": top, "endRowIndex": bottom}
        return {"mergeCells": {"range": CELL | rows, "mergeType": "MERGE_ALL"}}

    def freeze(count: int) -> dict[str, Any]:
        own = {"sheetId": 0, "gridProperties": {"frozenRowCount": count}}
        return {"updateSheetProperties": {"properties": own, "fields": "gridProperties.frozenRowCount"}}

    def move(start: int, end: int, to: int) -> dict[str, Any]:
        source = {"sheetId": 0, "dimension": "ROWS", "startIndex": start, "endIndex": end}
        return {"moveDimension": {"source": source, "destinationIndex": to}}

    assert "frozen" in refusal(google, book, merge(1, 3))
    google.batch(book, merge(0, 2), merge(4, 6))
    assert "frozen" in refusal(google, book, freeze(1))
    for torn in (move(4, 5, 9), move(5, 7, 3), move(8, 9, 5)):
        assert "merge" in refusal(google, book, torn)
    google.batch(book, move(4, 6, 9))
    [sheet] = google.get(book, "sheets.merges")["sheets"]
    assert [(one["startRowIndex"], one["endRowIndex"]) for one in sheet["merges"]] == [(0, 2), (7, 9)]


def test_row_a11_hidden_rows_are_not_sorted(google: Google) -> None:
    """Hidden rows stay where they are, with their marks."""
    book = google.grid([[3], [9], [1], [2]])
    hidden = {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    location = {"dimensionRange": hidden}
    mark = {"metadataId": 7, "metadataKey": "r", "visibility": "DOCUMENT", "location": location}
    google.batch(
        book,
        {
            "updateDimensionProperties": {
                "range": hidden,
                "properties": {"hiddenByUser": True},
                "fields": "hiddenByUser",
            }
        },
        {"createDeveloperMetadata": {"developerMetadata": mark}},
        {"sortRange": {"range": CELL | {"endRowIndex": 4}, "sortSpecs": [{"sortOrder": "ASCENDING"}]}},
    )

    assert google.read(book, "A1:A4") == [["1"], ["9"], ["2"], ["3"]]
    assert google.metadata(book) == {7: 1}


COMPUTED = [
    ("ru_RU", '="x"&DATE(2026;1;2)', [["x02.01.2026"]]),
    ("en_US", '="x"&DATE(2026,1,2)', [["x1/2/2026"]]),
    ("ru_RU", '="x"&B1', [["x04.03.2026"]]),
    ("ru_RU", '="x"&1,5', [["x1,5"]]),
    ("ru_RU", '=A1&" ч"', [["1,5 ч"]]),
    ("ru_RU", '=VALUE("12,5")', [["12,5"]]),
    ("ru_RU", "=FIXED(12345,67;1)", [["12\u00a0345,7"]]),
    ("ru_RU", "=COUNTUNIQUE(A1:A3;B1:B2)", [["4"]]),
    ("ru_RU", '=SPLIT("а,б;в";",;")', [["а", "б", "в"]]),
    ("ru_RU", '=SPLIT("а,;б;в";",;";ЛОЖЬ)', [["а", "б;в"]]),
    ("ru_RU", "=A1:A3*2", [["3"]]),
    ("ru_RU", "=LEN(A1:A3)", [["3"]]),
    ("ru_RU", "=ARRAYFORMULA(A1:A3*2)", [["3"], ["4"], ["4"]]),
    ("ru_RU", "=WEEKDAY(0)", [["7"]]),
    # A criterion is read again, so that its date and its number are what they were.
    ("ru_RU", '=COUNTIF(B1:B2;"<"&DATE(2026;3;5))&"/"&COUNTIFS(A1:A3;">="&1,5)', [["2/3"]]),
]


@pytest.mark.parametrize(("locale", "formula", "shown"), COMPUTED)
def test_row_a12_formulas(google: Google, locale: str, formula: str, shown: list[list[str]]) -> None:
    """Texts follow the locale, only functions of arrays fill their neighbours."""
    book = google.grid([[1.5, "=DATE(2026;3;4)"], [2, 7], [2]], locale=locale)

    google.type(book, "D1", [[formula]])

    assert google.read(book, "D1:F3") == shown


def test_row_a13_lookups_without_a_strategy(google: Google, mark_row: Any) -> None:
    """Without a strategy a place means all that meets it, but never the metadata of the workbook."""
    book = google.create()
    whole = {"metadataId": 9, "metadataKey": "r", "visibility": "DOCUMENT", "location": {"spreadsheet": True}}
    google.batch(
        book,
        mark_row(1, 4),
        mark_row(2, 5),
        mark_row(3, 0, dimension="COLUMNS"),
        {"createDeveloperMetadata": {"developerMetadata": whole}},
    )
    row = {"dimensionRange": {"sheetId": 0, "dimension": "ROWS", "startIndex": 4, "endIndex": 5}}

    def found(**lookup: Any) -> list[int]:
        body = {"dataFilters": [{"developerMetadataLookup": {"metadataLocation": row} | lookup}]}
        answer = google.spreadsheets.developerMetadata().search(spreadsheetId=book, body=body).execute()
        return [one["developerMetadata"]["metadataId"] for one in answer["matchedDeveloperMetadata"]]

    assert found() == found(locationMatchingStrategy="INTERSECTING_LOCATION") == [1, 3]
    assert found(locationMatchingStrategy="EXACT_LOCATION") == [1]
    for wrong in (
        {"locationMatchingStrategy": "EXACT_LOCATION", "metadataLocation": None},
        {"locationMatchingStrategy": "EXACT_LOCATION", "locationType": "ROW"},
        {"locationType": "SPREADSHEET"},
    ):
        with pytest.raises(HttpError, match="400"):
            found(**wrong)


def test_row_a14_service_accounts_have_no_storage(google: Google) -> None:
    """A service account makes files in a shared drive; elsewhere Drive says that it has no storage."""
    kind = "application/vnd.google-apps.spreadsheet"
    own_folder = google.drive.files().create(
        body={"name": "Свои", "mimeType": "application/vnd.google-apps.folder"}
    )
    parent = own_folder.execute()["id"]
    template = google.create()
    control(google.base, "/_emulator/behaviour", {"is_service_account": True})

    for parents in ({}, {"parents": ["root"]}, {"parents": [parent]}):
        for call in (
            google.drive.files().create(body={"name": "Книга", "mimeType": kind, **parents}),
            google.drive.files().copy(fileId=template, body={"name": "Книга", **parents}),
        ):
            with pytest.raises(HttpError) as caught:
                call.execute()
            assert caught.value.status_code == 403
            assert json.loads(caught.value.content)["error"]["errors"][0]["reason"] == "storageQuotaExceeded"
    with pytest.raises(HttpError, match="403"):
        google.create()
    body = {"name": "Книга", "mimeType": kind, "parents": ["a-shared-drive"]}
    assert google.drive.files().create(body=body, supportsAllDrives=True).execute()["id"]
