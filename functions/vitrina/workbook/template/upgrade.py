"""Brings a workbook of an older release along: one batch that Google takes as a whole or refuses.

It adds what the template has since the workbook's version, and replaces what is still as an older release
left it (``earlier``). What people did stays: order, titles, widths, formats, rules, formulas, tabs and
columns of their own, and what they removed stays removed. The batch is refused if tabs or columns have moved
since the reading, if a text that it replaces was changed, or if another run has brought the workbook along.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, count

from msgspec.structs import replace

from vitrina.ports import Json
from vitrina.workbook.reading.book import COLUMN_KEY, SHELF, VERSION_KEY, Book, Cell, Field, Tab
from vitrina.workbook.template.compiler import (
    FIRST_METADATA_ID,
    Compilation,
    add_chart,
    add_rule,
    chips,
    column_looks,
    compile_tab,
    form_row_cells,
    form_row_height,
    heading_cell,
    mark,
    name_fields,
    place_rule,
    protect_column,
    setting_rows,
    validation_of,
    weekday_cell,
)
from vitrina.workbook.template.definition import LOCALES, ColumnTemplate, FormRow, Rule, TabTemplate
from vitrina.workbook.template.earlier import Earlier
from vitrina.workbook.template.formulas import VALUE_COLUMN
from vitrina.workbook.template.present import (
    Places,
    PresentBook,
    at_places,
    cell_data_at,
    cells_below,
    places_of,
    same_formula,
)
from vitrina.workbook.writing.compare import Area, compare_requests
from vitrina.workbook.writing.protection import renew_ranges
from vitrina.workbook.writing.requests import create_mark, delete_mark, guard_mark, runs, update_cells
from vitrina.workbook.writing.values import cell_data

EVERYWHERE: Json = {"spreadsheet": True}

#: Conditions of drop-downs.
_LISTS = ("ONE_OF_LIST", "ONE_OF_RANGE")


def is_old(book: Book, version: int) -> bool:
    """Whether a workbook was made by an older release than the one whose template has this *version*."""
    return book.version < version


def upgrade_requests(
    resource: Json, book: Book, base: Compilation, earlier: Earlier, *, editors_changed: bool = False
) -> list[Json]:
    """The batch that brings *book* along, empty where it is of the template's version already.

    Parameters
    ----------
    resource
        The workbook as ``Workbooks.read_for_upgrade`` gives it; *book* was parsed from it.
    base
        What a new workbook of this project or agency would be compiled from, with its editors.
    editors_changed
        Whether the editors of existing protections are written as well.
    """
    if not is_old(book, base.template.version):
        return []
    return list(_Upgrade(resource, book, base, earlier, editors_changed=editors_changed).requests())


class _Upgrade:
    """One workbook that is brought along."""

    def __init__(
        self, resource: Json, book: Book, base: Compilation, earlier: Earlier, *, editors_changed: bool
    ) -> None:
        self._resource = resource
        self._sheets = {one["properties"].get("sheetId", 0): one for one in resource["sheets"]}
        self._book = book
        self._base = base
        self._earlier = earlier
        self._editors_changed = editors_changed
        self._template = base.template
        self._now = at_places(base, self._renamed(places_of(book)))
        self._tabs = [tab for tab in base.template.tabs if tab.key in book.tabs]
        taken = {int(one["metadataId"]) for one in _metadata_of(resource)}
        self._ids = (number for number in count(FIRST_METADATA_ID) if number not in taken)
        #: Columns that get a drop-down with more values, or another formula: their new values get colours.
        self._renewed: set[tuple[str, str]] = set()
        #: New columns by tab; new rows of the form with their place; counts of columns by tab.
        self._added: dict[str, list[ColumnTemplate]] = {}
        self._rows: list[tuple[TabTemplate, int, int, FormRow]] = []
        self._widths = {key: tab.column_count for key, tab in book.tabs.items()}
        #: The places after everything was inserted.
        self._after = self._now

    def requests(self) -> Iterator[Json]:
        """The batch: guards, what is replaced where it stands, what is inserted, protection, the version."""
        texts = self._texts()
        yield from self._guards()
        yield from compare_requests(self._compared(texts))
        yield from self._former_keys()
        yield from self._former_rules()
        yield from self._write_texts(texts)
        yield from self._drop_downs()
        inserted, self._after = self._insertions()
        yield from inserted
        yield from self._new_columns()
        yield from self._formulas()
        yield from self._new_charts()
        yield from self._new_rules()
        yield from self._new_settings()
        yield from self._new_tabs()
        yield from self._protection()
        yield from self._version()

    # --- What must be as it was read ---------------------------------------------------------------

    def _guards(self) -> Iterator[Json]:
        for tab in self._book.tabs.values():
            for one in tab.marks:
                yield from guard_mark(tab.sheet_id, one)

    def _version(self) -> Iterator[Json]:
        """The new version under the id of the old one: of two runs at once Google refuses the second."""
        found = next(
            (one for one in self._resource.get("developerMetadata", ()) if one["metadataKey"] == VERSION_KEY),
            None,
        )
        version = str(self._template.version)
        if found is None:
            yield mark(next(self._ids), VERSION_KEY, version, EVERYWHERE)
            return
        metadata_id = int(found["metadataId"])
        lookup = {"metadataId": metadata_id, "metadataValue": found["metadataValue"]}
        yield {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}
        yield mark(metadata_id, VERSION_KEY, version, EVERYWHERE)

    # --- Keys of columns that were renamed ---------------------------------------------------------

    def _renamed(self, places: Places) -> Places:
        """*places* with former keys of columns replaced by those of now."""
        columns = {
            tab: {self._key_now(tab, key, indices): index for key, index in indices.items()}
            for tab, indices in places.columns.items()
        }
        return replace(places, columns=columns)

    def _key_now(self, tab: str, key: str, known: Collection[str]) -> str:
        """The key that a column has now; of two columns the one with today's key has it."""
        now = self._earlier.columns.get(tab, {}).get(key, key)
        return key if now in known else now

    def _former_keys(self) -> Iterator[Json]:
        for tab in self._book.tabs.values():
            for one in tab.marks:
                is_column = one.key == COLUMN_KEY
                key = self._key_now(tab.key, one.value, tab.columns) if is_column else one.value
                if key != one.value:
                    yield delete_mark(tab.sheet_id, one)
                    yield create_mark(tab.sheet_id, replace(one, value=key))

    # --- Texts ---------------------------------------------------------------------------------------

    def _texts(self) -> dict[int, dict[tuple[int, int], Json]]:
        """Cells whose text, note or both are still those of an older release, by sheet and place."""
        found: dict[int, dict[tuple[int, int], Json]] = {}
        for tab in self._tabs:
            present = self._book.tabs[tab.key]
            places = self._form_texts(present) if tab.kind == "form" else self._table_texts(tab, present)
            for place, key, values in places:
                cell = self._cell(present, *place)
                data: Json = {}
                if self._is_former(cell.text, key, values) and cell.formula is None:
                    data |= {"userEnteredValue": {"stringValue": self._text(key, values)}}
                if self._is_former(cell.note, f"{key}.note", values):
                    data |= {"note": self._text(f"{key}.note", values)}
                if data:
                    cells = found.setdefault(present.sheet_id, {})
                    cells[place] = cells.get(place, {}) | data
        return found

    def _form_texts(self, present: Tab) -> Iterator[tuple[tuple[int, int], str, Mapping[str, str]]]:
        """Every cell of the form with every text that the form has."""
        keys = [key for key in self._texts_of_earlier() if key.startswith(f"{present.key}.")]
        for row, line in enumerate(self._book.grids[present.sheet_id].cells):
            for column, _ in enumerate(line):
                for key in keys:
                    yield (row, column), key.removesuffix(".note"), {}

    def _texts_of_earlier(self) -> Sequence[str]:
        return tuple(self._earlier.texts.get(self._base.locale, {}))

    def _table_texts(
        self, tab: TabTemplate, present: Tab
    ) -> Iterator[tuple[tuple[int, int], str, Mapping[str, str]]]:
        indices = self._now.formulas.indices(tab)
        for column in self._now.columns(tab):
            if column.key in indices and column.type != "day":
                place = present.header_index, indices[column.key]
                yield place, f"{tab.key}.{column.group}", {"name": column.name, "n": column.name}
        if not tab.settings or not {"key", "title", "note"} <= indices.keys():
            return
        for row in present.rows:
            key = present.cell(row, "key").text
            yield (row.index, indices["title"]), f"{tab.key}.{key}.title", {}
            yield (row.index, indices["note"]), f"{tab.key}.{key}.help", {}

    def _is_former(self, text: str, key: str, values: Mapping[str, str]) -> bool:
        return bool(text) and text in self._earlier.wordings(self._base.locale, key, **values)

    def _text(self, key: str, values: Mapping[str, str]) -> str:
        return self._template.text(self._base.locale, key, **values)

    def _cell(self, present: Tab, row: int, column: int) -> Cell:
        line = self._cells(present, row)
        return line[column] if column < len(line) else Cell()

    def _cells(self, present: Tab, row: int) -> Sequence[Cell]:
        cells = self._book.grids[present.sheet_id].cells
        return cells[row] if row < len(cells) else ()

    def _compared(self, texts: Mapping[int, Mapping[tuple[int, int], Json]]) -> list[Area]:
        areas = []
        for tab in self._tabs:
            present = self._book.tabs[tab.key]
            by_row: dict[int, list[int]] = {}
            for (row, column), data in texts.get(present.sheet_id, {}).items():
                if "userEnteredValue" in data:
                    by_row.setdefault(row, []).append(column)
            for row, columns in by_row.items():
                areas.append(Area(present.sheet_id, [row], sorted(columns), [self._cells(present, row)]))
        return areas

    def _write_texts(self, texts: Mapping[int, Mapping[tuple[int, int], Json]]) -> Iterator[Json]:
        for sheet_id, cells in texts.items():
            for fields in ("userEnteredValue", "note"):
                chosen: dict[tuple[int, int], Json] = {
                    place: {fields: data[fields]} for place, data in cells.items() if fields in data
                }
                yield from update_cells(sheet_id, chosen, fields)

    # --- Rules of colour -----------------------------------------------------------------------------

    def _former_rules(self) -> Iterator[Json]:
        for tab in self._tabs:
            known = self._rules_of(tab)
            gone = [
                index
                for index, rule in enumerate(known)
                if any(self._is_rule(tab, rule, one) for one in self._earlier.rules.get(tab.key, ()))
            ]
            for index in reversed(gone):
                sheet_id = self._book.tabs[tab.key].sheet_id
                yield {"deleteConditionalFormatRule": {"sheetId": sheet_id, "index": index}}
                del known[index]

    def _rules_of(self, tab: TabTemplate) -> list[Json]:
        sheet = self._sheets[self._book.tabs[tab.key].sheet_id]
        known: list[Json] = sheet.setdefault("conditionalFormats", [])
        return known

    def _is_rule(self, tab: TabTemplate, known: Json, rule: Rule) -> bool:
        """Whether a rule of the workbook is one of a template."""
        ranges: list[Json] = known.get("ranges", [])
        first = ranges[0].get("startRowIndex", 0) + 1 if ranges else 1
        return same_formula(_formula_of(known), self._now.filled(rule.formula, tab, row=first))

    def _new_rules(self) -> Iterator[Json]:
        """Rules and colours of values that the workbook does not have yet, where the template has them."""
        after = self._after
        for tab in self._tabs:
            known, place = self._rules_of(tab), after.tab(tab.key)
            at = 0
            for rule in tab.rules:
                found = [index for index, one in enumerate(known) if self._is_rule(tab, one, rule)]
                if found:
                    at = found[-1] + 1
                elif self._is_newer(rule.since) and after.filled(rule.formula, place) is not None:
                    yield add_rule(after, at, *place_rule(after, place, rule), rule.style)
                    known.insert(at, {})
                    at += 1
            indices = after.formulas.indices(place)
            for column in after.columns(place):
                if (tab.key, column.key) not in self._renewed or column.key not in indices:
                    continue
                for ranges, condition, style in chips(after, place, column):
                    if not any(_has_condition(one, condition) for one in known):
                        yield add_rule(after, at, ranges, condition, style)

    # --- Drop-downs ----------------------------------------------------------------------------------

    def _drop_downs(self) -> Iterator[Json]:
        """Our lists with today's values, in the cells that have one of ours."""
        for tab in self._tabs:
            place, indices = self._now.tab(tab.key), self._now.formulas.indices(tab)
            sheet = self._sheets[place.sheet_id]
            for column in self._now.columns(place):
                if column.key not in indices or not (column.choices or column.options):
                    continue
                index = indices[column.key]
                wanted = validation_of(self._now, place, column, index)
                top = self._now.formulas.header_rows(tab)
                rules = {
                    row: cell for row, cell in cells_below(sheet, top, index) if "dataValidation" in cell
                }
                if rules:
                    old = [
                        row
                        for row, cell in rules.items()
                        if self._is_own_list(cell["dataValidation"]) and not _is_same(cell, wanted)
                    ]
                else:
                    # An older release had no drop-down here.
                    old = list(range(top, self._book.tabs[tab.key].row_count)) if wanted else []
                if old:
                    self._renewed.add((tab.key, column.key))
                for row, height in runs(old):
                    yield _validate(place.sheet_id, (row, row + height), index, wanted)
            for one in tab.fields:
                if one.choices and one.key in self._book.fields:
                    row, index = self._now.places.fields[one.key]
                    cell = cell_data_at(sheet, row, index)
                    wanted = self._now.formats.validation(one)
                    if self._is_own_list(cell.get("dataValidation")) and not _is_same(cell, wanted):
                        yield _validate(place.sheet_id, (row, row + 1), index, wanted)

        yield from self._drop_downs_of_shelf()

    def _drop_downs_of_shelf(self) -> Iterator[Json]:
        """Open lists in rows of started work: whole rows of the backlog, wherever its columns were then."""
        shelf, backlog = self._book.tabs.get(SHELF), self._book.tabs.get("backlog")
        if shelf is None or backlog is None:
            return
        closed = [
            list(self._template.choice_texts(name, locale))
            for name in self._template.choices
            for locale in LOCALES
        ]
        place = self._now.tab(backlog.key)
        [column] = [one for one in place.columns if one.options]
        wanted = validation_of(self._now, place, column, 0)
        for row, line in enumerate(self._sheets[shelf.sheet_id]["data"][0].get("rowData", ())):
            for index, cell in enumerate(line.get("values", ())):
                if not self._is_own_list(cell.get("dataValidation")) or _is_same(cell, wanted):
                    continue
                if _offered(cell["dataValidation"]["condition"]) not in closed:
                    yield _validate(shelf.sheet_id, (row, row + 1), index, wanted)

    def _is_own_list(self, rule: Json | None) -> bool:
        """Whether a validation rule is a drop-down that a release made: it has our hint."""
        if rule is None or rule.get("condition", {}).get("type") not in _LISTS:
            return False
        hint = rule.get("inputMessage", "")
        return any(
            hint == self._template.text(locale, "hint.choice")
            or hint in self._earlier.wordings(locale, "hint.choice")
            for locale in LOCALES
        )

    # --- Columns and rows of the form ----------------------------------------------------------------

    def _is_newer(self, since: int) -> bool:
        return since > self._book.version

    def _insertions(self) -> tuple[list[Json], PresentBook]:
        """Requests that make room for new columns and new rows of the form, and the places after them."""
        requests: list[Json] = []
        columns = {key: dict(indices) for key, indices in self._now.places.columns.items()}
        fields = dict(self._now.places.fields)
        for tab in self._tabs:
            place = self._now.tab(tab.key)
            if tab.kind == "form":
                requests += self._insert_rows(place, fields)
            else:
                requests += self._insert_columns(place, columns[tab.key])
        places = replace(self._now.places, columns=columns, fields=fields)
        return requests, at_places(self._base, places)

    def _insert_columns(self, tab: TabTemplate, indices: dict[str, int]) -> Iterator[Json]:
        """New columns, each to the right of the one that precedes it in the template."""
        before = ""
        for column in self._now.columns(tab):
            if column.key in indices:
                before = column.key
                continue
            if not self._is_newer(column.since):
                continue
            width = self._widths[tab.key]
            at = indices[before] + 1 if before else min(indices.values(), default=width)
            for key, index in indices.items():
                indices[key] = index + 1 if index >= at else index
            indices[column.key] = at
            before = column.key
            self._widths[tab.key] += 1
            self._added.setdefault(tab.key, []).append(column)
            self._renewed.add((tab.key, column.key))
            yield _insert(tab.sheet_id, "COLUMNS", at, width)
            shelf = self._book.tabs.get(SHELF)
            if tab.key == "backlog" and shelf is not None and at < self._widths[SHELF]:
                # Rows come back from there to the columns from which they left.
                yield _insert(shelf.sheet_id, "COLUMNS", at, self._widths[SHELF])
                self._widths[SHELF] += 1

    def _insert_rows(self, tab: TabTemplate, fields: dict[str, tuple[int, int]]) -> Iterator[Json]:
        """New rows of the form, each block before the field that follows it in the template."""
        form = tab.form
        is_new = [
            self._is_newer(row.since) and (row.kind not in ("field", "line") or row.key not in fields)
            for row in form
        ]
        for first, length in runs([index for index, new in enumerate(is_new) if new]):
            end = first + length
            found = self._place_of_block(form, is_new, (first, end), fields)
            if found is None or not any(row.field for row in form[first:end]):
                continue
            at, left = found
            yield {
                "insertDimension": {
                    "range": {
                        "sheetId": tab.sheet_id,
                        "dimension": "ROWS",
                        "startIndex": at,
                        "endIndex": at + length,
                    },
                    "inheritFromBefore": False,
                }
            }
            for key, (row, column) in fields.items():
                fields[key] = (row + length if row >= at else row), column
            for down, line in enumerate(form[first:end]):
                self._rows.append((tab, at + down, left, line))
                if line.field is not None:
                    fields[line.key] = at + down, left
                for right, part in enumerate(line.parts):
                    if left - 1 + right >= 0:
                        fields[part.key] = at + down, left - 1 + right

    def _place_of_block(
        self,
        form: Sequence[FormRow],
        is_new: Sequence[bool],
        block: tuple[int, int],
        fields: Mapping[str, tuple[int, int]],
    ) -> tuple[int, int] | None:
        """Row where a block goes and the column of its values, by the nearest field that is there."""
        first, end = block
        for index in range(end, len(form)):
            if form[index].key in fields:
                row, column = fields[form[index].key]
                return max(row - sum(not new for new in is_new[end:index]), 0), column
        for index in reversed(range(first)):
            if form[index].key in fields:
                row, column = fields[form[index].key]
                return row + 1, column
        return None

    def _new_columns(self) -> Iterator[Json]:
        """Cells, looks and marks of new columns and of new rows of the form."""
        after = self._after
        for key, columns in self._added.items():
            tab, present = after.tab(key), self._book.tabs[key]
            for column in columns:
                index = after.formulas.indices(tab)[column.key]
                header = present.header_index
                heads = [(header, heading_cell(after, tab, column, None))]
                if tab.kind == "calendar" and header > 0:
                    heads.append((header - 1, weekday_cell(after, tab, index, column)))
                for row, cell in heads:
                    yield from update_cells(
                        tab.sheet_id, {(row, index): cell}, "userEnteredValue,userEnteredFormat,note"
                    )
                yield from column_looks(after, tab, column, index, present.row_count)
                place = {"sheetId": tab.sheet_id, "dimension": "COLUMNS"}
                span = place | {"startIndex": index, "endIndex": index + 1}
                yield mark(next(self._ids), COLUMN_KEY, column.key, {"dimensionRange": span})
                if column.formula is not None:
                    yield from self._column_formulas(tab, column, self._formula_rows(tab))
        for tab, row, left, line in self._rows:
            yield from form_row_height(tab, line, row)
            cells = form_row_cells(after, tab, line)[max(VALUE_COLUMN - left, 0) : -1]
            start = max(left - VALUE_COLUMN, 0)
            placed = {(row, start + right): cell for right, cell in enumerate(cells)}
            yield from update_cells(
                tab.sheet_id, placed, "userEnteredValue,userEnteredFormat,dataValidation,note"
            )
            yield from name_fields(tab, line, row, left)

    def _formula_rows(self, tab: TabTemplate) -> range:
        """Rows that have the formulas of the tab: those with content, and as many as a new one has."""
        present = self._book.tabs[tab.key]
        used = [row.index for row in present.rows if any(not cell.is_empty for cell in row.cells)]
        first = present.header_index + 1
        return range(first, min(max([*used, first + tab.formula_rows - 1]) + 1, present.row_count))

    # --- Formulas ------------------------------------------------------------------------------------

    def _formulas(self) -> Iterator[Json]:
        """Formulas that are still as an older release wrote them."""
        for tab in self._tabs:
            for one in tab.fields:
                former = self._earlier.formulas.get(f"{tab.key}.{one.key}", ())
                if one.key not in self._book.fields or not former:
                    continue
                cell = self._book.fields[one.key].cell
                if any(same_formula(cell.formula, self._now.filled(formula, tab)) for formula in former):
                    place = self._after.places.fields[one.key]
                    wanted = self._after.filled(one.formula, tab) if one.formula else None
                    # Where the add-on writes a value now, the last result stays until it does.
                    value = (
                        {"userEnteredValue": {"formulaValue": wanted}} if wanted else cell_data(cell.value)
                    )
                    sheet_id = self._book.tabs[tab.key].sheet_id
                    yield from update_cells(sheet_id, {place: value}, "userEnteredValue")
            for column in self._now.columns(tab):
                former = self._earlier.formulas.get(f"{tab.key}.{column.group}", ())
                present = self._book.tabs[tab.key]
                index = self._now.formulas.indices(tab).get(column.key)
                if index is None or not former:
                    continue
                rows = [
                    row.index
                    for row in present.rows
                    if any(
                        same_formula(
                            self._cell(present, row.index, index).formula,
                            self._now.filled(formula, tab, row=row.index + 1),
                        )
                        for formula in former
                    )
                ]
                if rows and column.formula is None:
                    yield from self._last_results(present, column, index, rows)
                elif rows:
                    self._renewed.add((tab.key, column.key))
                    yield from self._column_formulas(self._after.tab(tab.key), column, rows)

    def _last_results(
        self, present: Tab, column: ColumnTemplate, index: int, rows: Sequence[int]
    ) -> Iterator[Json]:
        """Values for formulas: where the add-on writes a value now, the last result stays until it does."""
        after = self._after.formulas.indices(self._after.tab(present.key))[column.key]
        values = {(row, after): cell_data(self._cell(present, row, index).value or None) for row in rows}
        yield from update_cells(present.sheet_id, values, "userEnteredValue")

    def _column_formulas(
        self, tab: TabTemplate, column: ColumnTemplate, rows: Sequence[int]
    ) -> Iterator[Json]:
        index = self._after.formulas.indices(tab)[column.key]
        filled = {(row, index): self._after.filled(column.formula or "", tab, row=row + 1) for row in rows}
        found = {place: text for place, text in filled.items() if text is not None}
        yield from _write_formulas(tab.sheet_id, found)

    # --- Charts --------------------------------------------------------------------------------------

    def _new_charts(self) -> Iterator[Json]:
        """Charts that are new, where the workbook has all that they draw."""
        for tab in self._tabs:
            chart, place = tab.chart, self._after.tab(tab.key)
            if chart is None or not self._is_newer(chart.since):
                continue
            known = self._after.formulas.indices(place).keys()
            if not {*chart.columns} <= {*known, *(key.rpartition(".")[0] for key in known)}:
                continue
            yield add_chart(self._after, place, chart)

    # --- Settings and tabs ---------------------------------------------------------------------------

    def _new_settings(self) -> Iterator[Json]:
        """Rows of settings that are new, below those that are there."""
        for tab in self._tabs:
            if not tab.settings:
                continue
            present, indices = self._book.tabs[tab.key], self._after.formulas.indices(tab)
            if "key" not in indices:
                continue
            known = {present.cell(row, "key").text for row in present.rows}
            newer = {one.key for one in tab.settings if self._is_newer(one.since)} - known
            rows = [row for row in setting_rows(self._after, tab) if row["key"] in newer]
            used = [row.index for row in present.rows if any(not cell.is_empty for cell in row.cells)]
            first = max(used, default=present.header_index) + 1
            lacking = first + len(rows) - present.row_count
            if rows and lacking > 0:
                yield _append(present.sheet_id, "ROWS", lacking)
            cells = {
                (first + down, indices[key]): cell_data(value)
                for down, row in enumerate(rows)
                for key, value in row.items()
                if key in indices and value is not None
            }
            yield from update_cells(present.sheet_id, cells, "userEnteredValue")

    def _new_tabs(self) -> Iterator[Json]:
        """Tabs that are new, each after the one that precedes it in the template."""
        titles = {one["properties"]["title"] for one in self._resource["sheets"]}
        order = {
            sheet_id: one["properties"].get("index", at)
            for at, (sheet_id, one) in enumerate(self._sheets.items())
        }
        at = 0
        for tab in self._template.tabs:
            if tab.key in self._book.tabs:
                at = order[self._book.tabs[tab.key].sheet_id] + 1
            elif self._is_newer(tab.since):
                sheet_id = next(one for one in count(tab.sheet_id, 1000) if one not in self._sheets)
                new = replace(tab, sheet_id=sheet_id)
                title = _free_title(self._after.text(tab.key), titles)
                yield from _titled(compile_tab(self._after, new, at, self._ids), title)
                order = {key: index + (index >= at) for key, index in order.items()}
                at += 1

    # --- Protection ----------------------------------------------------------------------------------

    def _protection(self) -> Iterator[Json]:
        if self._template.key == "client":
            tabs = {
                key: replace(
                    tab,
                    columns=self._after.places.columns.get(key, tab.columns),
                    column_count=self._widths[key],
                )
                for key, tab in self._book.tabs.items()
            }
            form = self._book.tabs.get("client")
            fields = {
                key: Field(key, form.sheet_id, form.title, row, column, Cell())
                for key, (row, column) in self._after.places.fields.items()
                if form is not None
            }
            book = replace(self._book, tabs=tabs, fields=fields)
            yield from renew_ranges(
                book,
                self._template,
                self._base.locale,
                self._base.editors,
                editors_changed=self._editors_changed,
            )
            return
        known = [one for one in self._book.protected_ranges if one.editors]
        editors = known[0].editors if known else self._base.editors.data
        for key, columns in self._added.items():
            tab = self._after.tab(key)
            for column in columns:
                if column.owner == "addon":
                    index = self._after.formulas.indices(tab)[column.key]
                    yield protect_column(self._after, tab, index, editors)


def _metadata_of(resource: Json) -> Iterator[Json]:
    """All developer metadata of a workbook."""
    yield from resource.get("developerMetadata", ())
    for sheet in resource["sheets"]:
        yield from sheet.get("developerMetadata", ())
        for data in sheet.get("data", ()):
            for line in (*data.get("rowMetadata", ()), *data.get("columnMetadata", ())):
                yield from line.get("developerMetadata", ())


def _formula_of(rule: Json) -> str | None:
    condition = rule.get("booleanRule", {}).get("condition", {})
    if condition.get("type") != "CUSTOM_FORMULA":
        return None
    formula: str = condition["values"][0].get("userEnteredValue", "")
    return formula


def _has_condition(rule: Json, condition: Json) -> bool:
    found = rule.get("booleanRule", {}).get("condition", {})
    return bool(found.get("type") == condition["type"] and found.get("values") == condition["values"])


def _is_same(cell: Json, wanted: Json | None) -> bool:
    """Whether the drop-down of a cell offers what it should."""
    now = cell["dataValidation"]["condition"]
    if wanted is None or now["type"] != wanted["condition"]["type"]:
        return False
    if now["type"] == "ONE_OF_RANGE":
        return all(map(same_formula, _offered(now), _offered(wanted["condition"])))
    return _offered(now) == _offered(wanted["condition"])


def _offered(condition: Json) -> list[str]:
    """What a drop-down offers."""
    return [one.get("userEnteredValue", "") for one in condition.get("values", ())]


def _validate(sheet_id: int, rows: tuple[int, int], column: int, rule: Json | None) -> Json:
    target = {
        "sheetId": sheet_id,
        "startRowIndex": rows[0],
        "endRowIndex": rows[1],
        "startColumnIndex": column,
        "endColumnIndex": column + 1,
    }
    return {"setDataValidation": {"range": target} | ({"rule": rule} if rule else {})}


def _insert(sheet_id: int, dimension: str, at: int, count_now: int) -> Json:
    """Make room for one column at *at*; behind the last one a column is appended."""
    if at >= count_now:
        return _append(sheet_id, dimension, 1)
    span = {"sheetId": sheet_id, "dimension": dimension, "startIndex": at, "endIndex": at + 1}
    return {"insertDimension": {"range": span, "inheritFromBefore": False}}


def _append(sheet_id: int, dimension: str, length: int) -> Json:
    return {"appendDimension": {"sheetId": sheet_id, "dimension": dimension, "length": length}}


def _write_formulas(sheet_id: int, formulas: Mapping[tuple[int, int], str]) -> list[Json]:
    cells = {place: {"userEnteredValue": {"formulaValue": text}} for place, text in formulas.items()}
    return update_cells(sheet_id, cells, "userEnteredValue")


def _free_title(title: str, taken: set[str]) -> str:
    others = (f"{title} {number}" for number in count(2))
    return next(one for one in chain([title], others) if one not in taken)


def _titled(requests: Sequence[Json], title: str) -> list[Json]:
    """The requests of a new tab with another title."""
    first, *others = requests
    properties = first["addSheet"]["properties"] | {"title": title}
    return [{"addSheet": {"properties": properties}}, *others]
