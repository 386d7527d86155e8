"""Workbooks of an older release become what a new workbook is, but for what people did in them."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness.agency_data import NOW
from tests.harness.fakes.clock import FixedClock
from tests.harness.fakes.workbooks import FakeWorkbooks
from tests.harness.next_release import next_client_template
from tests.harness.parsing import parsed
from tests.harness.untouched import differences, shape_of
from vitrina.errors import ChangedMeanwhileError
from vitrina.ports import Json, decoded
from vitrina.workbook.reading.book import Book, Tab
from vitrina.workbook.template.compiler import BookValues, Compilation, compile_book
from vitrina.workbook.template.definition import (
    BookTemplate,
    Profile,
    load_template,
)
from vitrina.workbook.template.earlier import load_earlier
from vitrina.workbook.template.starting_onboarding import ONBOARDING_TAB, starting_onboarding
from vitrina.workbook.template.upgrade import upgrade_requests
from vitrina.workbook.writing.client_needs import need_lines
from vitrina.workbook.writing.protection import Editors

FIXTURE = Path(__file__).parents[3] / "fixtures" / "release_0_1" / "in_progress.json.xz"
EDITORS = Editors(("robot@agency.ru", "manager@agency.ru"))
TYPES = ("Баннер", "Статья")


@cache
def world() -> Any:
    """What release 0.1 left: see the fixture's ``README.md``."""
    return json.loads(lzma.decompress(FIXTURE.read_bytes()))


class OldBooks:
    """The workbooks of the old release, in memory."""

    def __init__(self) -> None:
        self.workbooks = FakeWorkbooks(FixedClock(NOW))
        self.workbooks.load(world()["google"])
        self.profiles = tuple(Profile(*one) for one in world()["agency"]["profiles"].items())

    def id_of(self, kind: str) -> str:
        """Id of the agency's workbook, or of the client whose items begin with *kind*."""
        return str(world()["agency"]["spreadsheet_id"] if kind == "agency" else world()["clients"][kind])

    def base(self, kind: str, template: BookTemplate | None = None) -> Compilation:
        """What a new workbook would be compiled from."""
        titles = [one.title for one in self.profiles]
        options = {"profiles": titles} if kind == "agency" else {"work_types": TYPES}
        return Compilation(
            template or load_template("agency" if kind == "agency" else "client"),
            "ru",
            self.profiles,
            BookValues(options=options),
            EDITORS,
            {"kaiten": "Kaiten"} if kind == "agency" else {},
            frozenset(),
        )

    def requests(self, kind: str, template: BookTemplate | None = None) -> list[Json]:
        """The batch that brings a workbook along."""
        base = self.base(kind, template)
        resource = decoded(self.workbooks.read_for_upgrade(self.id_of(kind)))
        earlier = load_earlier(base.template.key)
        return upgrade_requests(resource, parsed(resource), base, earlier)

    def upgrade(self, kind: str, template: BookTemplate | None = None) -> None:
        """Bring a workbook along."""
        self.workbooks.batch_update(self.id_of(kind), self.requests(kind, template))

    def make_new(self, kind: str) -> str:
        """A new workbook of today; gives its id."""
        base = self.base(kind)
        spreadsheet_id = self.workbooks.create("Новая", tag="new")
        requests = compile_book(
            base.template,
            locale="ru",
            profiles=self.profiles,
            values=base.values,
            trackers=base.trackers,
            editors=EDITORS,
        )
        self.workbooks.batch_update(spreadsheet_id, requests)
        return spreadsheet_id

    def book(self, kind: str) -> Book:
        """A workbook as it is now."""
        return parsed(self.workbooks.look(self.id_of(kind)))

    def edit(self, kind: str, *edits: Mapping[str, Any]) -> None:
        """Edit a workbook as a person does."""
        self.workbooks.edit(self.id_of(kind), *edits)

    def everything(self, kind: str) -> Json:
        """All that can be seen of a workbook."""
        return self.workbooks.look_at_all(self.id_of(kind))


@pytest.fixture
def old() -> OldBooks:
    """Workbooks that release 0.1 left."""
    return OldBooks()


def looks(resource: Json) -> Iterator[tuple[Any, ...]]:
    """What a release makes of a workbook, without places: texts, notes, drop-downs, formulas, rules."""
    book = parsed(resource)
    sheets = {sheet["properties"]["sheetId"]: sheet for sheet in resource["sheets"]}
    for tab in book.tabs.values():
        if tab.key != "taken":
            yield tab.key, tab.title
            yield from _looks_of_table(tab, sheets[tab.sheet_id])
            yield from _looks_of_rules(tab, sheets[tab.sheet_id])
            yield from _looks_of_charts(tab, sheets[tab.sheet_id])
    for cell in (cell for line in book.grids[101].cells for cell in line) if book.kind == "client" else ():
        yield "client", "note", cell.note
        if cell.formula is None and isinstance(cell.value, str) and "http" not in cell.value:
            yield "client", "text", cell.text
    for row in book.tabs["settings"].rows if book.kind == "agency" else ():
        tab = book.tabs["settings"]
        if tab.cell(row, "key").text:
            yield "settings", *(tab.cell(row, key).text for key in ("key", "title", "note"))
    for key, field in book.fields.items():
        yield "field", key, shape_of(field.cell.formula or "")
    yield "version", book.version


def _looks_of_table(tab: Tab, sheet: Json) -> Iterator[tuple[Any, ...]]:
    rows = sheet["data"][0]["rowData"]
    for key, index in tab.columns.items():
        cell = rows[tab.header_index]["values"][index]
        last = rows[tab.row_count - 1]["values"][index]
        if not key.startswith(("day", "room")):
            yield tab.key, key, cell["userEnteredValue"]["stringValue"], cell.get("note")
        condition = last.get("dataValidation", {}).get("condition", {})
        values = [one["userEnteredValue"] for one in condition.get("values", ())]
        yield tab.key, key, "list", condition.get("type"), *map(shape_of, values)


def _looks_of_rules(tab: Tab, sheet: Json) -> Iterator[tuple[Any, ...]]:
    for rule in sheet.get("conditionalFormats", ()):
        condition = rule["booleanRule"]["condition"]
        values = [shape_of(one["userEnteredValue"]) for one in condition.get("values", ())]
        yield tab.key, "rule", condition["type"], *values, *sorted(rule["booleanRule"]["format"])
    for one in sheet.get("protectedRanges", ()):
        spans = [
            range(area["startColumnIndex"], area["endColumnIndex"])
            for area in one.get("unprotectedRanges", ())
        ]
        open_columns = sorted(
            key for key, index in tab.columns.items() if any(index in span for span in spans)
        )
        yield tab.key, "protection", one["description"], *open_columns


def _looks_of_charts(tab: Tab, sheet: Json) -> Iterator[tuple[Any, ...]]:
    for chart in sheet.get("charts", ()):
        drawn = chart["spec"]["basicChart"]["series"]
        areas = [one["series"]["sourceRange"]["sources"][0] for one in drawn]
        columns = [
            sorted(
                key
                for key, index in tab.columns.items()
                if area["startColumnIndex"] <= index < area["endColumnIndex"]
            )
            for area in areas
        ]
        yield tab.key, "chart", chart["spec"]["title"], str(columns)


def of_people(seen: tuple[Any, ...]) -> bool:
    """Whether something that was seen is what the story's people typed."""
    return seen[:2] in (("client", "text"), ("settings", "agency_name"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ЗРН", "УЛБ", "agency"])
def test_a_workbook_nobody_has_changed_becomes_a_new_one(old: OldBooks, kind: str) -> None:
    """Texts, notes, drop-downs, formulas, rules of colour, protection, settings, version."""
    old.upgrade(kind)

    now = set(looks(old.everything(kind)))
    new = set(looks(old.workbooks.look_at_all(old.make_new(kind))))
    assert sorted(map(str, (one for one in now ^ new if not of_people(one)))) == []
    # The form's texts are all there, and beside them only what people typed.
    assert {one for one in new - now if one[0] == "client"} == set()


@pytest.mark.parametrize("kind", ["ЗРН", "agency"])
def test_a_workbook_is_brought_along_once(old: OldBooks, kind: str) -> None:
    """The second time there is nothing to do; the same batch again is refused and changes nothing."""
    again = old.requests(kind)
    old.upgrade(kind)
    after = old.everything(kind)

    assert old.requests(kind) == []
    with pytest.raises(ChangedMeanwhileError):
        old.workbooks.batch_update(old.id_of(kind), again)
    assert old.everything(kind) == after


Edits = Callable[[OldBooks], list[Mapping[str, Any]]]


def _moved_column(old: OldBooks) -> list[Mapping[str, Any]]:
    return [{"type": "move_columns", "sheet": "Бэклог", "at": "D", "count": 1, "to": "F"}]


def _typed_title(old: OldBooks) -> list[Mapping[str, Any]]:
    place = next(
        (row, column)
        for row, line in enumerate(old.book("ЗРН").grids[101].cells)
        for column, cell in enumerate(line)
        if cell.text == "Что-то испортить не получится: важные ячейки защищены."
    )
    cell = f"{chr(ord('A') + place[1])}{place[0] + 1}"
    return [{"type": "type", "sheet": "Клиент", "cell": cell, "text": "Пишите Оле"}]


@pytest.mark.parametrize("edits", [_moved_column, _typed_title])
def test_a_change_meanwhile_refuses_the_batch(old: OldBooks, edits: Edits) -> None:
    """A column was moved, or a text typed over, between the reading and the write: nothing is written."""
    requests = old.requests("ЗРН")
    old.edit("ЗРН", *edits(old))
    before = old.everything("ЗРН")

    with pytest.raises(ChangedMeanwhileError):
        old.workbooks.batch_update(old.id_of("ЗРН"), requests)

    assert old.everything("ЗРН") == before


def test_words_of_other_clients_leave_the_drop_downs(old: OldBooks) -> None:
    """Work types are those of the agency, people those of the column; a rule of people's own stays."""
    before = json.dumps(old.everything("УЛБ"), ensure_ascii=False)
    assert "Лендинг" in before

    old.upgrade("УЛБ")

    rules = [
        cell["dataValidation"]["condition"]
        for sheet in old.everything("УЛБ")["sheets"]
        for row in sheet["data"][0].get("rowData", ())
        for cell in row.get("values", ())
        if "dataValidation" in cell
    ]
    offered = {one["userEnteredValue"] for rule in rules for one in rule.get("values", ())}
    assert {"Баннер", "Статья"} <= offered
    assert not {"Лендинг", "Анна Белова", "Борис Ким"} & offered


# --- A template that has more than today's ----------------------------------------------------------------


def test_a_new_column_and_a_new_tab_come_to_an_old_workbook(old: OldBooks) -> None:
    """Also where people moved columns, added their own, and have a tab with the title of the new one."""
    old.edit(
        "ЗРН",
        {"type": "insert_columns", "sheet": "Бэклог", "at": "B", "count": 1},
        {"type": "type", "sheet": "Бэклог", "cell": "B1", "text": "Своё"},
        {"type": "type", "sheet": "Бэклог", "cell": "B2", "text": "=LEN(D2)"},
    )
    before, was = old.everything("ЗРН"), old.book("ЗРН").tab("backlog")

    old.upgrade("ЗРН", next_client_template())

    assert differences(before, old.everything("ЗРН")) == []
    book = old.book("ЗРН")
    tab = book.tab("backlog")
    assert tab.header[tab.column("risk")].text == "Риск"
    assert tab.column("risk") == was.column("priority") + 1
    assert book.tab("ideas").title == "Метрики 2"
    assert [tab.cell(row, "task").text for row in tab.rows] == [
        was.cell(row, "task").text for row in was.rows
    ]
    assert book.version == 99


def test_rows_on_the_shelf_keep_their_columns(old: OldBooks) -> None:
    """Rows of started work come back to the columns from which they left."""
    shelf = old.book("ЗРН").tabs["taken"]
    place = old.book("ЗРН").tab("backlog").column("task")
    tasks = [row.cells[place].text for row in shelf.rows]

    old.upgrade("ЗРН", next_client_template())

    now = old.book("ЗРН")
    assert [row.cells[now.tab("backlog").column("task")].text for row in now.tabs["taken"].rows] == tasks


def test_what_people_removed_stays_removed(old: OldBooks) -> None:
    """A tab and a column that the workbook's own release had."""
    size = "G"
    assert old.book("ЗРН").tab("backlog").header[6].text == "Кол-во"
    old.edit(
        "ЗРН",
        {"type": "delete_tab", "sheet": "Готово"},
        {"type": "delete_columns", "sheet": "Бэклог", "at": size, "count": 1},
    )

    old.upgrade("ЗРН")

    book = old.book("ЗРН")
    assert "done" not in book.tabs
    assert "quantity" not in book.tab("backlog").columns


def test_an_old_first_tab_gets_the_lines_of_the_client(old: OldBooks) -> None:
    """Ten lines, empty and hidden, whose ticks the client may set and nothing else on the tab."""
    old.upgrade("ЗРН")

    book, resource = old.book("ЗРН"), old.everything("ЗРН")
    lines = need_lines(book)
    sheet = next(one for one in resource["sheets"] if one["properties"]["sheetId"] == 101)
    rows = sheet["data"][0]["rowMetadata"]
    assert [(line.is_free, line.is_done) for line in lines] == [(True, False)] * 10
    assert all(rows[line.text.row_index].get("hiddenByUser") for line in lines)
    assert {line.text.row_index for line in lines} == set(
        range(lines[0].text.row_index, lines[0].text.row_index + 10)
    )
    [opened] = [
        area
        for one in sheet["protectedRanges"]
        for area in one.get("unprotectedRanges", ())
        if "startRowIndex" in area
    ]
    assert (opened["startRowIndex"], opened["endRowIndex"], opened["startColumnIndex"]) == (
        lines[0].tick.row_index,
        lines[-1].tick.row_index + 1,
        lines[0].tick.column_index,
    )


def test_an_old_agency_workbook_gets_the_templates_of_onboarding(old: OldBooks) -> None:
    """The tab stands behind *Отсутствия*, with the rows that the compilation brings."""
    template, base = load_template("agency"), old.base("agency")
    titles = {one.key: one.title for one in old.profiles}
    rows = {ONBOARDING_TAB: starting_onboarding(template, "ru", titles)}
    values = replace(base.values, rows=rows)
    resource = decoded(old.workbooks.read_for_upgrade(old.id_of("agency")))
    requests = upgrade_requests(
        resource, parsed(resource), replace(base, values=values), load_earlier("agency")
    )
    old.workbooks.batch_update(old.id_of("agency"), requests)

    book = old.book("agency")
    order = [
        tab.key for tab in sorted(book.tabs.values(), key=lambda tab: list(book.grids).index(tab.sheet_id))
    ]
    tab = book.tab(ONBOARDING_TAB)
    assert order[order.index("absences") + 1] == ONBOARDING_TAB
    assert [tab.cell(row, "kind").text for row in tab.rows if tab.cell(row, "kind").text] == [
        str(row["kind"]) for row in rows[ONBOARDING_TAB]
    ]
