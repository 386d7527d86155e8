"""The compiler: one ``batchUpdate`` that Google would accept, and the contents of the workbook."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from googleapiclient.discovery_cache import get_static_doc

from vitrina.workbook.reading.book import ACTION_BASE, NO_TRACKER, TRACKER_KEY, row_number_of_action
from vitrina.workbook.template.compiler import FIRST_METADATA_ID, BookValues, compile_book, serial_day
from vitrina.workbook.template.definition import LOCALES, TabTemplate, load_template
from vitrina.workbook.writing.protection import Editors

BOOKS = ("client", "agency")
EVERY_BOOK = pytest.mark.parametrize(
    ("book", "locale"), [(book, locale) for book in BOOKS for locale in LOCALES]
)
SIX_IN_THE_EVENING = datetime(2026, 11, 21, 18, 0, tzinfo=ZoneInfo("Europe/Moscow"))
EDITORS = Editors(("vitrina@agency.example", "anna@agency.example"))

FILLED = {
    "client": BookValues(
        title="Заря — сайт",
        fields={
            "client_name": "Завод «Заря»",
            "limit_hours": 40.0,
            "refreshed_at": SIX_IN_THE_EVENING,
        },
        rows={
            "backlog": [
                {"task": "=1+1", "hours.design": 1.5, "wanted_on": date(2026, 11, 27), "result": None}
            ]
        },
        days=[date(2026, 11, 23), date(2026, 11, 24)],
        options={"work_types": ["Лендинг", "Баннер"]},
    ),
    "agency": BookValues(
        fields={"load_factor": 0.7},
        rows={"specialists": [{"name": "Анна Белова", "hours_per_day": 6}]},
    ),
}


@cache
def compiled(book: str, locale: str = "ru") -> list[dict[str, Any]]:
    """Requests for a filled workbook with the standard profiles."""
    template = load_template(book)
    profiles = template.standard_profiles(locale)
    return compile_book(template, locale=locale, profiles=profiles, values=FILLED[book], editors=EDITORS)


def bodies(requests: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Bodies of all requests of one kind."""
    return [request[kind] for request in requests if kind in request]


def tab(book: str, key: str) -> TabTemplate:
    """A tab of a template."""
    return load_template(book).tab(key)


def cells(book: str, key: str, locale: str = "ru") -> dict[tuple[int, int], dict[str, Any]]:
    """Cells of a tab that ``updateCells`` writes one by one, by row and column index."""
    sheet_id, found = tab(book, key).sheet_id, {}
    for body in bodies(compiled(book, locale), "updateCells"):
        area = body["range"]
        if area["sheetId"] == sheet_id:
            for down, row in enumerate(body["rows"]):
                for across, cell in enumerate(row["values"]):
                    found[area["startRowIndex"] + down, area["startColumnIndex"] + across] = cell
    return found


def column_index(book: str, tab_key: str, column: str) -> int:
    """The index of a column in the compiled tab."""
    template = load_template(book)
    keys = [one.key for one in template.tab(tab_key).expand(template.standard_profiles("ru"))]
    return keys.index(column)


def formulas(requests: list[dict[str, Any]]) -> Iterator[str]:
    """Every formula, in cells and in conditional formats."""
    for body in bodies(requests, "updateCells"):
        for row in body["rows"]:
            for cell in row["values"]:
                if "formulaValue" in cell.get("userEnteredValue", {}):
                    yield cell["userEnteredValue"]["formulaValue"]
    for body in bodies(requests, "addConditionalFormatRule"):
        condition = body["rule"]["booleanRule"]["condition"]
        if condition["type"] == "CUSTOM_FORMULA":
            yield condition["values"][0]["userEnteredValue"]


# --- What Google accepts -------------------------------------------------------------------------


def schema_faults(value: Any, schema: dict[str, Any], schemas: dict[str, Any], path: str) -> list[str]:
    """Differences between *value* and a schema of Google's discovery document."""
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    kinds = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list}
    if schema["type"] in kinds:
        right = isinstance(value, kinds[schema["type"]])
        if not right or (isinstance(value, bool) and schema["type"] != "boolean"):
            return [f"{path}: {value!r} is no {schema['type']}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{path}: {value!r} is not one of {schema['enum']}"]
        if schema["type"] != "array":
            return []
        return [
            fault
            for index, item in enumerate(value)
            for fault in schema_faults(item, schema["items"], schemas, f"{path}[{index}]")
        ]
    properties = schema.get("properties", {})
    faults = [f"{path}: there is no {name}" for name in value if name not in properties]
    for name, item in value.items():
        if name in properties:
            faults += schema_faults(item, properties[name], schemas, f"{path}.{name}")
    return faults


@EVERY_BOOK
def test_every_request_is_one_that_googles_schema_knows(book, locale):
    """The body is checked against the discovery document that ships with the client library."""
    schemas = json.loads(get_static_doc("sheets", "v4"))["schemas"]
    body = {"requests": compiled(book, locale)}

    assert schema_faults(body, schemas["BatchUpdateSpreadsheetRequest"], schemas, "body") == []


def test_the_schema_check_finds_a_wrong_request():
    """The schema check finds an unknown field."""
    schemas = json.loads(get_static_doc("sheets", "v4"))["schemas"]
    body = {"requests": [{"deleteSheet": {"sheetID": 0}}, {"addSheet": {"properties": {"index": "1"}}}]}

    assert schema_faults(body, schemas["BatchUpdateSpreadsheetRequest"], schemas, "body") == [
        "body.requests[0].deleteSheet: there is no sheetID",
        "body.requests[1].addSheet.properties.index: '1' is no integer",
    ]


@EVERY_BOOK
def test_formulas_mean_the_same_in_every_locale(book, locale):
    """Formulas have no comma between arguments, no decimals, no array function, and balanced brackets."""
    found = list(formulas(compiled(book, locale)))

    assert found
    for formula in found:
        code = re.sub(r'"(?:[^"]|"")*"', '""', re.sub(r"'[^']*'!", "", formula))
        assert "," not in code, formula
        assert not re.search(r"\d\.\d", code), formula
        assert not re.search(r"ARRAYFORMULA|QUERY|SPARKLINE|IMPORT", code), formula
        assert not re.search(r"[{}]", formula), formula
        assert code.count("(") == code.count(")"), formula
        assert re.fullmatch(r"=[A-Z0-9():;$<>=&*/+\-\" !]+", code), formula


@EVERY_BOOK
def test_ranges_stay_inside_their_sheet(book, locale):
    """No range is beyond the last row or column, which Google would refuse."""
    requests = compiled(book, locale)
    sizes = {
        body["properties"]["sheetId"]: body["properties"]["gridProperties"]
        for body in bodies(requests, "addSheet")
    }

    def ranges(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            if "sheetId" in node and ("startRowIndex" in node or "startColumnIndex" in node):
                yield node
            for child in node.values():
                yield from ranges(child)
        elif isinstance(node, list):
            for child in node:
                yield from ranges(child)

    for area in ranges(requests):
        grid = sizes[area["sheetId"]]
        for side, count in (("Row", grid["rowCount"]), ("Column", grid["columnCount"])):
            assert 0 <= area.get(f"start{side}Index", 0) < area.get(f"end{side}Index", count) <= count


# --- The workbook --------------------------------------------------------------------------------


@pytest.mark.parametrize(("locale", "google"), [("ru", "ru_RU"), ("en", "en_US")])
def test_the_workbook_gets_its_locale_first(locale, google):
    """The locale is set first, because Google parses everything after it in that locale."""
    assert compiled("client", locale)[0]["updateSpreadsheetProperties"] == {
        "properties": {"locale": google, "timeZone": "Europe/Moscow", "title": "Заря — сайт"},
        "fields": "locale,timeZone,title",
    }


def test_a_title_that_is_not_given_is_left_alone():
    """Without a title the file keeps its name."""
    properties = compiled("agency")[0]["updateSpreadsheetProperties"]

    assert properties["fields"] == "locale,timeZone"


@EVERY_BOOK
def test_the_sheet_that_was_there_is_deleted_after_the_tabs_are_made(book, locale):
    """The first sheet is deleted after the tabs are created, as Google keeps at least one sheet."""
    kinds = [next(iter(request)) for request in compiled(book, locale)]

    assert kinds.index("deleteSheet") > max(i for i, kind in enumerate(kinds) if kind == "addSheet")
    assert bodies(compiled(book, locale), "deleteSheet") == [{"sheetId": 0}]


def test_the_sheet_to_delete_can_be_another():
    """The id of the sheet to delete can be given."""
    requests = compile_book(load_template("client"), locale="ru", profiles=[], existing_sheet_id=77)

    assert bodies(requests, "deleteSheet") == [{"sheetId": 77}]


@EVERY_BOOK
def test_metadata_name_the_book_every_tab_heading_and_column(book, locale):
    """Book, tabs, headings and columns have metadata with their keys; a table's last row is marked too."""
    marks = [body["developerMetadata"] for body in bodies(compiled(book, locale), "createDeveloperMetadata")]
    template = load_template(book)
    expected = [("vitrina.book", book), ("vitrina.template", "2")]
    for one in template.tabs:
        expected.append(("vitrina.tab", one.key))
        expected += [("c", column.key) for column in one.expand(template.standard_profiles(locale))]
        expected += [("h", "")] if one.header_rows else []
        expected.append(("e", ""))

    assert [(mark["metadataKey"], mark["metadataValue"]) for mark in marks] == expected
    assert {mark["visibility"] for mark in marks} == {"DOCUMENT"}


def test_metadata_ids_never_meet_the_numbers_of_rows():
    """Ids of metadata are outside of the numbers of rows, because Google refuses an id in use."""
    marks = [body["developerMetadata"] for body in bodies(compiled("client"), "createDeveloperMetadata")]
    ids = [mark["metadataId"] for mark in marks]

    assert len(set(ids)) == len(ids)
    assert min(ids) == FIRST_METADATA_ID > row_number_of_action(1_000_000, 99) > ACTION_BASE
    assert max(ids) < 2**31


def test_the_mark_of_a_heading_lies_on_the_row_of_the_titles():
    """The mark is on the row of the titles; in a calendar this is the second row, with the dates."""
    marks = [body["developerMetadata"] for body in bodies(compiled("client"), "createDeveloperMetadata")]
    headings = {
        mark["location"]["dimensionRange"]["sheetId"]: mark["location"]["dimensionRange"]["startIndex"]
        for mark in marks
        if mark["metadataKey"] == "h"
    }

    assert headings[tab("client", "backlog").sheet_id] == 0
    assert headings[tab("client", "schedule").sheet_id] == 1


@EVERY_BOOK
def test_headings_carry_a_title_and_a_note(book, locale):
    """Each heading has a title, and a note that explains it."""
    template = load_template(book)
    for one in template.tabs:
        for index, column in enumerate(one.expand(template.standard_profiles(locale))):
            if column.type != "day":
                cell = cells(book, one.key, locale)[one.header_rows - 1, index]
                assert cell["userEnteredValue"]["stringValue"]
                assert cell["note"].endswith((".", "»", "”"))


def test_every_field_of_the_form_has_a_named_range_on_its_value():
    """The named range of a field is the cell beside its label."""
    form = tab("client", "client")
    shown = cells("client", "client")
    named = {
        body["namedRange"]["name"]: body["namedRange"]["range"]
        for body in bodies(compiled("client"), "addNamedRange")
    }

    assert named.keys() == {field.range_name for field in (*form.fields, *form.line_fields)}
    for field in form.fields:
        area = named[field.range_name]
        label = shown[area["startRowIndex"], area["startColumnIndex"] - 1]
        assert label["userEnteredValue"]["stringValue"] == load_template("client").text(
            "ru", f"client.{field.key}"
        )
        assert (area["endRowIndex"], area["endColumnIndex"]) == (
            area["startRowIndex"] + 1,
            area["startColumnIndex"] + 1,
        )


# --- Values --------------------------------------------------------------------------------------


def test_first_rows_are_written_under_the_heading_as_what_they_are():
    """First rows have the right types: text stays text even if it looks like a formula."""
    shown = cells("client", "backlog")

    def value(column: str) -> Any:
        return shown[1, column_index("client", "backlog", column)].get("userEnteredValue")

    assert value("task") == {"stringValue": "=1+1"}
    assert value("hours.design") == {"numberValue": 1.5}
    # 2026-11-27 is 46,353 days after 1899-12-30.
    assert value("wanted_on") == {"numberValue": 46353}
    assert value("result") is None


def test_a_moment_is_a_day_with_a_fraction():
    """18:00 is three quarters of a day."""
    assert serial_day(SIX_IN_THE_EVENING) == 46347.75


def test_fields_replace_defaults_of_settings():
    """Given fields replace defaults; others keep the template's default."""
    shown = cells("agency", "settings")
    key, value = (column_index("agency", "settings", one) for one in ("key", "value"))
    settings = {
        shown[row, key]["userEnteredValue"]["stringValue"]: shown[row, value].get("userEnteredValue")
        for row in range(1, 1 + len(tab("agency", "settings").settings))
    }

    assert settings["load_factor"] == {"numberValue": 0.7}
    assert settings["profiles"] == {"stringValue": "Дизайн, Тексты, Разработка, Реклама, SEO"}
    assert settings["agency_name"] is None


def test_days_head_the_calendar():
    """Given days are the headings of the first columns; the others stay empty."""
    shown = cells("client", "schedule")
    first = column_index("client", "schedule", "day.1")

    assert [shown[1, first + i].get("userEnteredValue") for i in range(3)] == [
        {"numberValue": 46349},
        {"numberValue": 46350},
        None,
    ]
    assert shown[0, first]["userEnteredValue"] == {"formulaValue": '=IF(C2="";"";C2)'}


@pytest.mark.parametrize(
    "values",
    [
        BookValues(fields={"clent_name": "Заря"}),
        BookValues(rows={"backlog": [{"hours.video": 3}]}),
    ],
)
def test_a_value_without_a_place_is_refused(values):
    """A value with an unknown key is an error."""
    with pytest.raises(ValueError, match=r"no place for (clent_name|backlog\.hours\.video)"):
        compile_book(load_template("client"), locale="ru", profiles=[], values=values)


# --- Drop-downs, protection, colours -------------------------------------------------------------


def column_cell(tab_key: str, index: int) -> dict[str, Any]:
    """The format and rule that all cells of a column get."""
    sheet_id = tab("client", tab_key).sheet_id
    for body in bodies(compiled("client"), "repeatCell"):
        if (body["range"]["sheetId"], body["range"]["startColumnIndex"]) == (sheet_id, index):
            return body["cell"]
    raise KeyError(tab_key, index)


def offered(tab_key: str, column: str) -> tuple[list[str], bool] | None:
    """Values of a column's drop-down, and whether it refuses others."""
    rule = column_cell(tab_key, column_index("client", tab_key, column)).get("dataValidation")
    if rule is None:
        return None
    return [one["userEnteredValue"] for one in rule["condition"]["values"]], rule["strict"]


def test_a_closed_list_takes_its_values_only():
    """A closed list accepts only its values, because code reads them by their text."""
    assert offered("backlog", "priority") == (["Срочно", "Высокий", "Обычный", "Низкий"], True)


def test_an_open_list_takes_other_values_too():
    """An open list accepts other values too, such as a new work type without a norm."""
    assert offered("backlog", "work_type") == (["Лендинг", "Баннер"], False)


def test_an_open_list_that_is_not_known_leaves_the_column_free():
    """A column with an empty open list has no drop-down, because Google refuses a list without values."""
    template = load_template("client")
    requests = compile_book(template, locale="ru", profiles=[], values=BookValues())
    column = [one.key for one in template.tab("backlog").expand([])].index("work_type")
    cells = {
        body["range"]["startColumnIndex"]: body["cell"]
        for body in bodies(requests, "repeatCell")
        if body["range"]["sheetId"] == template.tab("backlog").sheet_id
    }

    assert "dataValidation" not in cells[column]


def test_people_that_are_offered_are_those_who_stand_in_the_column():
    """No list of the agency's people is written; others may be typed without a warning."""
    index = column_index("client", "in_progress", "specialist")
    rule = column_cell("in_progress", index)["dataValidation"]

    assert rule["condition"] == {
        "type": "ONE_OF_RANGE",
        "values": [{"userEnteredValue": "='В работе'!$E$2:$E"}],
    }
    assert rule["strict"] is False


def protected(book: str, locale: str) -> dict[int, list[dict[str, Any]]]:
    """Protected ranges by tab."""
    found: dict[int, list[dict[str, Any]]] = {}
    for body in bodies(compiled(book, locale), "addProtectedRange"):
        found.setdefault(body["protectedRange"]["range"]["sheetId"], []).append(body["protectedRange"])
    return found


@EVERY_BOOK
def test_protection_lets_in_nobody_but_its_editors(book, locale):
    """It names its editors, is no mere warning, and leaves out the domain."""
    areas = [one for own in protected(book, locale).values() for one in own]

    assert {one.sheet_id for one in load_template(book).tabs} == set(protected(book, locale))
    assert all(one["editors"] == EDITORS.data and one["warningOnly"] is False for one in areas)
    assert EDITORS.data["domainUsersCanEdit"] is False


@pytest.mark.parametrize("locale", LOCALES)
def test_all_of_a_clients_workbook_is_protected_but_the_clients_columns(locale):
    """Every tab as a whole; columns of the client are open from the top, and their header is protected."""
    template = load_template("client")
    for one in template.tabs:
        whole, *more = protected("client", locale)[one.sheet_id]
        columns = one.expand(template.standard_profiles(locale))
        own = {i for i, column in enumerate(columns) if column.owner == "client"}
        opened = whole.get("unprotectedRanges", [])
        if one.kind == "form":
            rows = [index for index, row in enumerate(one.form) if row.kind == "line"]
            [ticks] = opened
            assert (ticks["startRowIndex"], ticks["endRowIndex"]) == (rows[0], rows[-1] + 1)
            assert (ticks["startColumnIndex"], ticks["endColumnIndex"]) == (3, 4)
            opened = []

        assert whole["range"] == {"sheetId": one.sheet_id}
        assert own == {i for part in opened for i in range(part["startColumnIndex"], part["endColumnIndex"])}
        assert not any("startRowIndex" in part or "endRowIndex" in part for part in opened)
        assert [part["range"] for part in more] == (
            [{"sheetId": one.sheet_id, "startRowIndex": 0, "endRowIndex": one.header_rows}] if own else []
        )


def test_client_may_edit_six_things():
    """Task, wanted result, priority, wanted date, approval and remark."""
    columns = {
        f"{one.key}.{column.key}"
        for one in load_template("client").tabs
        for column in one.columns
        if column.owner == "client"
    }

    assert columns == {
        "backlog.task",
        "backlog.result",
        "backlog.priority",
        "backlog.wanted_on",
        "in_progress.approval",
        "in_progress.remark",
    }


@pytest.mark.parametrize("locale", LOCALES)
def test_headings_and_the_columns_of_the_add_on_are_protected_in_the_agencys_workbook(locale):
    """Headings and the add-on's columns are protected, also in rows inserted below the heading."""
    template = load_template("agency")
    for one in template.tabs:
        mine = [area["range"] for area in protected("agency", locale)[one.sheet_id]]
        whole = [area for area in mine if area.get("startRowIndex") == 0 and "endRowIndex" not in area]
        expanded = one.expand(template.standard_profiles(locale))
        own = {i for i, column in enumerate(expanded) if column.owner == "addon"}
        assert {area["startColumnIndex"] for area in whole} == own
        assert {"startRowIndex": 0, "endRowIndex": one.header_rows}.items() <= mine[0].items()


def test_columns_that_staff_type_stay_closed_to_the_client():
    """What a tracker does not tell is typed by staff; the menu learns that there is no tracker."""
    typed = {"in_progress.status", "in_progress.logged_hours"}
    template = load_template("client")
    profiles = template.standard_profiles("ru")
    requests = compile_book(
        template, locale="ru", profiles=profiles, typed=typed, has_tracker=False, editors=EDITORS
    )

    def protected(requests):
        return [body["protectedRange"] for body in bodies(requests, "addProtectedRange")]

    marks = [body["developerMetadata"] for body in bodies(requests, "createDeveloperMetadata")]
    assert protected(requests) == protected(compiled("client"))
    assert [one["metadataValue"] for one in marks if one["metadataKey"] == TRACKER_KEY] == [NO_TRACKER]


def test_conditional_formats_of_a_sheet_are_numbered_from_zero():
    """Rules of a sheet have the indexes 0, 1, 2 …"""
    numbers: dict[int, list[int]] = {}
    for body in bodies(compiled("client"), "addConditionalFormatRule"):
        numbers.setdefault(body["rule"]["ranges"][0]["sheetId"], []).append(body["index"])

    assert all(found == list(range(len(found))) for found in numbers.values())


def test_rules_of_tables_begin_with_the_heading():
    """Ranges of rules begin with the heading, so that a row inserted below it is inside."""
    tables = {one.sheet_id for one in load_template("client").tabs if one.kind == "table"}

    starts = {
        area.get("startRowIndex")
        for body in bodies(compiled("client"), "addConditionalFormatRule")
        for area in body["rule"]["ranges"]
        if area["sheetId"] in tables
    }
    assert starts == {0}


def test_cells_with_formulas_are_not_formatted_as_text():
    """Cells with formulas have no text format, with which Google would show the formula itself."""
    template = load_template("client")
    for one in template.tabs:
        for index, column in enumerate(one.expand(template.standard_profiles("ru"))):
            if column.formula is not None:
                look = column_cell(one.key, index)["userEnteredFormat"]
                assert look.get("numberFormat", {}).get("type") != "TEXT", column.key


@EVERY_BOOK
def test_the_batch_is_below_googles_recommended_size(book, locale):
    """The batch is smaller than 2 MB, which Google recommends as the limit."""
    assert len(json.dumps(compiled(book, locale)).encode()) < 1_000_000


def test_the_same_arguments_give_the_same_requests():
    """The compiler is deterministic."""
    first, again = (compile_book(load_template("client"), locale="ru", profiles=[]) for _ in range(2))

    assert first == again


def test_drop_downs_have_no_formulas() -> None:
    """Google refuses a list with them, and a work type may be called like one."""
    template = load_template("client")
    names = ["Лендинг", "=1+1", "", "+10 отзывов"]

    def choices(work_types: list[str]) -> list[list[str]]:
        values = BookValues(options={"work_types": work_types})
        profiles = template.standard_profiles("ru")
        requests = compile_book(template, locale="ru", profiles=profiles, values=values, editors=EDITORS)
        found = re.findall(
            r'"type": "ONE_OF_LIST", "values": (\[[^\]]*\])', json.dumps(requests, ensure_ascii=False)
        )
        return [[one["userEnteredValue"] for one in json.loads(text)] for text in found]

    assert ["Лендинг"] in choices(names)
    assert all(one for one in choices(["=1+1"]))
