"""Loads the templates of the workbooks in ``sheet_templates/`` as typed objects.

A template defines tabs, columns and form fields by stable keys; texts give their names in each language; the
theme defines their format. ``schema`` checks the files; ``compiler`` makes requests of Google from them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from vitrina.errors import ConfigurationError

Locale = Literal["ru", "en"]
Owner = Literal["addon", "staff", "client"]
TabKind = Literal["form", "table", "calendar"]

LOCALES: tuple[Locale, ...] = ("ru", "en")
TEMPLATES_DIRECTORY = Path(__file__).resolve().parents[4] / "sheet_templates"

#: Labels of the schedule that begin with this are actions; others are headings with the name of a specialist.
ACTION_INDENT = "    "

_HEADER_ROWS: Mapping[str, int] = {"form": 0, "table": 1, "calendar": 2}
#: ``{kind:target}`` in a formula; `formulas` replaces it by an address or a text.
PLACEHOLDER = re.compile(r"\{(\w+):([\w.]+)\}")


class TemplateError(ConfigurationError):
    """A template in ``sheet_templates/`` is invalid.

    Parameters
    ----------
    path
        Place in the template, by keys: ``client.json: tabs › backlog › columns``.
    problem
        What is invalid there.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__("template.invalid", path=path, problem=problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class Profile(Struct, frozen=True):
    """A profile of specialists, with a column of hours in the backlog."""

    key: str
    title: str


class Style(Struct, frozen=True):
    """Colours of a conditional format, as names of the palette."""

    text: str | None = None
    fill: str | None = None
    bold: bool = False


class Theme(Struct, frozen=True):
    """Fonts, colours and styles of all workbooks."""

    font: str
    #: Points, by use: title, section, body, small.
    sizes: Mapping[str, int]
    #: ``#RRGGBB`` by name.
    palette: Mapping[str, str]
    styles: Mapping[str, Style]


class ColumnTemplate(Struct, frozen=True):
    """A column of a tab; a repeated column is a group until ``TabTemplate.expand`` unfolds it."""

    key: str
    type: str
    #: Pixels.
    width: int
    owner: Owner
    repeat: int | Literal["profiles", "trackers"] | None = None
    #: Closed list of the template, or ``None``.
    choices: str | None = None
    #: Name of an open list that is given when the workbook is made, or ``None``.
    options: str | None = None
    formula: str | None = None
    style: str | None = None
    hidden: bool = False
    #: Key of the group; equals ``key`` where the column is not repeated.
    group: str = ""
    #: Title of the profile or tracker, or number inside the group, for ``{name}`` and ``{n}`` of the texts.
    name: str = ""
    #: First version of the workbooks that has it; older ones get it when they are brought along.
    since: int = 1


class FieldTemplate(Struct, frozen=True):
    """A labelled value of a form, found by the named range ``vt_<key>``."""

    key: str
    type: str
    owner: Owner
    choices: str | None = None
    formula: str | None = None
    style: str | None = None
    #: Whether the label has a note with an explanation; too many notes would not be read.
    note: bool = False
    since: int = 1

    @property
    def range_name(self) -> str:
        """Name of the named range of the value."""
        return f"vt_{self.key}"


class FormRow(Struct, frozen=True):
    """One row of a form: a field, a heading or gap between fields, or a line.

    A line is for one thing that the client has to do: by which day, what, and a tick. It is hidden until it
    is filled.
    """

    kind: Literal["space", "title", "subtitle", "section", "field", "line"]
    key: str = ""
    formula: str = ""
    field: FieldTemplate | None = None
    since: int = 1

    @property
    def parts(self) -> tuple[FieldTemplate, ...]:
        """The fields of a line from left to right; the middle one stands in the column of values."""
        if self.kind != "line":
            return ()
        return (
            FieldTemplate(f"{self.key}_by", "date", "addon", style="quiet"),
            FieldTemplate(self.key, "long_text", "addon"),
            FieldTemplate(f"{self.key}_done", "tick", "client"),
        )


class SettingTemplate(Struct, frozen=True):
    """A row of the settings tab, with its default value."""

    key: str
    value: float | str | None = None
    text: str | None = None
    since: int = 1


class Rule(Struct, frozen=True):
    """A conditional format of columns or of form fields."""

    formula: str
    style: str
    columns: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    #: First and last field of a rectangle of cells.
    block: tuple[str, ...] = ()
    with_header: bool = False
    since: int = 1


class Chart(Struct, frozen=True):
    """A line chart beside a table: columns over the column ``by``."""

    by: str
    series: tuple[str, ...]
    since: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """Keys of the columns that it is made of."""
        return self.by, *self.series


class RowChart(Struct, frozen=True):
    """A line chart below a table: each of its first *rows* is a line, from left to right over a group."""

    #: Column with the names of the lines, right before the group.
    name: str
    group: str
    rows: int
    #: Rows of the table above it.
    below: int
    since: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """Keys of the columns that it is made of; a group by its own key."""
        return self.name, self.group


class TabTemplate(Struct, frozen=True):
    """One tab of a workbook."""

    key: str
    sheet_id: int
    kind: TabKind
    colour: str
    #: Formatted rows under the header; of a form, all its rows.
    rows: int
    frozen_columns: int = 0
    formula_rows: int = 0
    columns: tuple[ColumnTemplate, ...] = ()
    #: Pixels, of a form's five columns.
    widths: tuple[int, ...] = ()
    form: tuple[FormRow, ...] = ()
    guide_first_row: int = 0
    guide: tuple[str, ...] = ()
    settings: tuple[SettingTemplate, ...] = ()
    chart: Chart | RowChart | None = None
    rules: tuple[Rule, ...] = ()
    since: int = 1

    @property
    def header_rows(self) -> int:
        """Count of frozen rows above the data; the last one holds the titles."""
        return _HEADER_ROWS[self.kind]

    @property
    def fields(self) -> tuple[FieldTemplate, ...]:
        """Fields of the form, from the top."""
        return tuple(row.field for row in self.form if row.field is not None)

    @property
    def line_fields(self) -> tuple[FieldTemplate, ...]:
        """Fields of the lines of the form, from the top."""
        return tuple(part for row in self.form for part in row.parts)

    def expand(
        self, profiles: Sequence[Profile], trackers: Mapping[str, str] | None = None
    ) -> tuple[ColumnTemplate, ...]:
        """Columns from left to right, with repeated groups unfolded: ``hours.design``, ``fact.1``.

        *trackers* are titles by the name of the connection.
        """
        return tuple(one for column in self.columns for one in _unfold(column, profiles, trackers or {}))


class BookTemplate(Struct, frozen=True):
    """A whole workbook, with its texts in every language."""

    key: Literal["client", "agency"]
    #: Set → code → name of the chip's style, ``None`` for plain text.
    choices: Mapping[str, Mapping[str, str | None]]
    tabs: tuple[TabTemplate, ...]
    theme: Theme
    texts: Mapping[Locale, Mapping[str, str]]
    #: Version of the workbooks made from it; it stands in their metadata.
    version: int = 1

    def tab(self, key: str) -> TabTemplate:
        """The tab with this key; ``KeyError`` if there is none."""
        for tab in self.tabs:
            if tab.key == key:
                return tab
        raise KeyError(key)

    def text(self, locale: Locale, key: str, **values: object) -> str:
        """The text of *key*, with its placeholders filled."""
        text = self.texts[locale][key]
        return text.format(**values) if values else text

    def column_title(self, tab_key: str, column: ColumnTemplate, locale: Locale) -> str:
        """Title of an unfolded column."""
        return self.text(locale, f"{tab_key}.{column.group}", name=column.name, n=column.name)

    def column_note(self, tab_key: str, column: ColumnTemplate, locale: Locale) -> str:
        """Note on the header of an unfolded column."""
        return self.text(locale, f"{tab_key}.{column.group}.note", name=column.name, n=column.name)

    def choice_texts(self, choices: str, locale: Locale) -> tuple[str, ...]:
        """Labels of a closed list, in the order of the drop-down."""
        return tuple(self.choice_text(choices, code, locale) for code in self.choices[choices])

    def choice_text(self, choices: str, code: str, locale: Locale) -> str:
        """Label of *code* in a closed list."""
        return self.text(locale, f"choice.{choices}.{code}")

    def choice_labels(self) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
        """Labels of all closed lists: set → code → language → text."""
        return {
            name: {
                code: {locale: self.choice_text(name, code, locale) for locale in LOCALES} for code in codes
            }
            for name, codes in self.choices.items()
        }

    def standard_profiles(self, locale: Locale) -> tuple[Profile, ...]:
        """Profiles of a new agency."""
        prefix = "profile."
        return tuple(
            Profile(key.removeprefix(prefix), text)
            for key, text in self.texts[locale].items()
            if key.startswith(prefix)
        )


@cache
def load_template(key: Literal["client", "agency"], directory: Path = TEMPLATES_DIRECTORY) -> BookTemplate:
    """Loads the template *key*. It is compared with its schema where it cannot be loaded, see ``schema``.

    Raises
    ------
    TemplateError
        If the template, the theme or a text is invalid, with its place in keys of the template.
    """
    try:
        template = _template(key, directory)
    except (LookupError, TypeError, ValueError, AttributeError):
        # Each process of the webhook and of the client's pages would pay for the import.
        from vitrina.workbook.template.schema import check_template

        check_template(key, directory)
        raise
    _check(template, f"{key}.json")
    return template


def _template(key: str, directory: Path) -> BookTemplate:
    raw, raw_theme = read_json(directory / f"{key}.json"), read_json(directory / "theme.json")
    texts = {locale: read_json(directory / f"texts.{locale}.json") for locale in LOCALES}
    theme = Theme(
        font=raw_theme["font"],
        sizes=raw_theme["sizes"],
        palette=raw_theme["palette"],
        styles={name: Style(**style) for name, style in raw_theme["styles"].items()},
    )
    tabs = tuple(_tab(tab) for tab in raw["tabs"])
    return BookTemplate(raw["key"], raw["choices"], tabs, theme, texts, raw["version"])


def text_keys(template: BookTemplate) -> frozenset[str]:
    """Keys of all texts that *template* needs, in each language."""
    keys = {"locale", *_SHARED_TEXTS}
    keys.update(f"choice.{name}.{code}" for name, codes in template.choices.items() for code in codes)
    keys.update(f"{tab.key}.chart" for tab in template.tabs if isinstance(tab.chart, RowChart))
    for tab in template.tabs:
        keys.add(tab.key)
        for column in tab.columns:
            keys.update((f"{tab.key}.{column.key}", f"{tab.key}.{column.key}.note"))
        for row in tab.form:
            if row.kind == "section":
                keys.add(f"{tab.key}.section.{row.key}")
        for one in tab.fields:
            keys.add(f"{tab.key}.{one.key}")
            if one.note:
                keys.add(f"{tab.key}.{one.key}.note")
        keys.update(f"{tab.key}.guide.{line}" for line in tab.guide if line)
        for setting in tab.settings:
            keys.update((f"{tab.key}.{setting.key}.title", f"{tab.key}.{setting.key}.help"))
            if setting.text and not setting.text.startswith("@"):
                keys.add(setting.text)
        for formula in _formulas(tab):
            keys.update(name for kind, name in PLACEHOLDER.findall(formula) if kind == "text")
    return frozenset(keys)


#: Texts that the compiler uses for every workbook.
_SHARED_TEXTS = (
    "format.date",
    "format.datetime",
    "format.day",
    "format.weekday",
    "format.hours_with_unit",
    "protected.header",
    "protected.addon",
    "protected.form",
    "protected.sheet",
    "link.open",
    "hint.choice",
    "hint.date",
    "hint.hours",
    "hint.number",
)


# --- Reading -------------------------------------------------------------------------------------


def read_json(path: Path) -> Any:
    """Read and parse a JSON file; raises ``TemplateError`` where it is missing or is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TemplateError(path.name, "the file is missing") from error
    except json.JSONDecodeError as error:
        raise TemplateError(path.name, f"not JSON at line {error.lineno}: {error.msg}") from error


def _tab(raw: Mapping[str, Any]) -> TabTemplate:
    guide = raw.get("guide", {"first_row": 0, "lines": []})
    return TabTemplate(
        key=raw["key"],
        sheet_id=raw["sheet_id"],
        kind=raw["kind"],
        colour=raw["colour"],
        rows=raw["rows"],
        frozen_columns=raw.get("frozen_columns", 0),
        formula_rows=raw.get("formula_rows", 0),
        columns=tuple(ColumnTemplate(**column, group=column["key"]) for column in raw.get("columns", [])),
        widths=tuple(raw.get("widths", [])),
        form=tuple(_form_row(row) for row in raw.get("form", [])),
        guide_first_row=guide["first_row"],
        guide=tuple(guide["lines"]),
        settings=tuple(SettingTemplate(**setting) for setting in raw.get("settings", [])),
        chart=_chart(raw["chart"]) if "chart" in raw else None,
        rules=tuple(rule_from(rule) for rule in raw.get("rules", [])),
        since=raw.get("since", 1),
    )


def _chart(raw: Mapping[str, Any]) -> Chart | RowChart:
    return Chart(**{**raw, "series": tuple(raw["series"])}) if "by" in raw else RowChart(**raw)


def rule_from(raw: Mapping[str, Any]) -> Rule:
    """A rule as it stands in a template."""
    places = {name: tuple(raw.get(name, [])) for name in ("columns", "fields", "block")}
    return Rule(**{**raw, **places})


def _form_row(raw: Mapping[str, Any]) -> FormRow:
    if raw["kind"] != "field":
        return FormRow(**raw)
    one = FieldTemplate(**{k: v for k, v in raw.items() if k != "kind"})
    return FormRow("field", one.key, field=one, since=one.since)


def _unfold(
    column: ColumnTemplate, profiles: Sequence[Profile], trackers: Mapping[str, str]
) -> Iterator[ColumnTemplate]:
    if column.repeat is None:
        yield column
    elif column.repeat == "profiles":
        for profile in profiles:
            yield replace(column, key=f"{column.key}.{profile.key}", name=profile.title)
    elif column.repeat == "trackers":
        for name, title in trackers.items():
            yield replace(column, key=f"{column.key}.{name}", name=title)
    else:
        for number in range(1, column.repeat + 1):
            formula = column.formula.replace("{n}", str(number)) if column.formula else None
            yield replace(column, key=f"{column.key}.{number}", name=str(number), formula=formula)


# --- Rules that a JSON Schema cannot say ---------------------------------------------------------


def _check(template: BookTemplate, name: str) -> None:
    _unique((tab.key for tab in template.tabs), f"{name} › tabs")
    _unique((tab.sheet_id for tab in template.tabs), f"{name} › tabs › sheet_id")
    for choices, codes in template.choices.items():
        for code, style in codes.items():
            if style is not None and style not in template.theme.styles:
                raise TemplateError(f"{name} › choices › {choices} › {code}", f"there is no style «{style}»")
    targets = _targets_in_book(template)
    for tab in template.tabs:
        _check_tab(template, tab, targets, f"{name} › tabs › {tab.key}")
    for locale, texts in template.texts.items():
        missing = sorted(text_keys(template) - texts.keys())
        if missing:
            raise TemplateError(f"texts.{locale}.json", f"{name} needs the text «{missing[0]}»")


def _check_tab(
    template: BookTemplate, tab: TabTemplate, targets_in_book: Mapping[str, frozenset[str]], place: str
) -> None:
    fields = (*tab.fields, *tab.line_fields)
    _unique([*(column.key for column in tab.columns), *(one.key for one in fields)], place)
    if tab.colour not in template.theme.palette:
        raise TemplateError(f"{place} › colour", f"there is no colour «{tab.colour}» in the palette")
    listed: list[ColumnTemplate | FieldTemplate] = [*tab.columns, *fields]
    for one in listed:
        if one.choices is not None and one.choices not in template.choices:
            raise TemplateError(f"{place} › {one.key} › choices", f"there is no list «{one.choices}»")
    _check_rules(template, tab, f"{place} › rules")
    targets = {**targets_in_book, **_targets_in_tab(tab)}
    for formula in _formulas(tab):
        for kind, target in PLACEHOLDER.findall(formula):
            if target not in targets.get(kind, ()):
                raise TemplateError(place, f"{formula} speaks of «{kind}:{target}», which is not there")


def _check_rules(template: BookTemplate, tab: TabTemplate, place: str) -> None:
    known = {one.key for one in tab.columns} | {one.key for one in (*tab.fields, *tab.line_fields)}
    for key in tab.chart.columns if tab.chart else ():
        if key not in known:
            raise TemplateError(place.replace("rules", "chart"), f"there is no column or field «{key}»")
    for rule in tab.rules:
        if rule.style not in template.theme.styles:
            raise TemplateError(place, f"there is no style «{rule.style}»")
        for key in (*rule.columns, *rule.fields, *rule.block):
            if key not in known:
                raise TemplateError(place, f"there is no column or field «{key}»")


def _targets_in_tab(tab: TabTemplate) -> Mapping[str, frozenset[str]]:
    """Valid targets of placeholders in the formulas of *tab*, by kind, that are in the tab itself."""
    columns = frozenset(column.key for column in tab.columns)
    groups = frozenset(column.key for column in tab.columns if column.repeat is not None)
    cells = columns | {one.key for one in tab.expand(())}
    return {"cell": cells, "upto": columns, "first": groups, "last": groups, "day": groups}


def _targets_in_book(template: BookTemplate) -> Mapping[str, frozenset[str]]:
    """Valid targets of placeholders that are the same in all tabs, by kind."""
    fields = frozenset(one.key for each in template.tabs for one in (*each.fields, *each.line_fields))
    return {
        "column": frozenset(f"{each.key}.{column.key}" for each in template.tabs for column in each.columns),
        "headers": frozenset(each.key for each in template.tabs),
        "form": fields,
        "field": fields,
        "row": fields,
        "choice": frozenset(f"{name}.{code}" for name, codes in template.choices.items() for code in codes),
        "text": frozenset.intersection(*(frozenset(texts) for texts in template.texts.values())),
    }


def _formulas(tab: TabTemplate) -> Iterator[str]:
    """Each formula of a tab, with its placeholders."""
    for column in (*tab.columns, *tab.expand(())):
        if column.formula:
            yield column.formula
    for row in tab.form:
        formula = row.field.formula if row.field else row.formula
        if formula:
            yield formula
    for rule in tab.rules:
        yield rule.formula


def _unique(keys: Iterator[Any] | Sequence[Any], place: str) -> None:
    seen = set()
    for key in keys:
        if key in seen:
            raise TemplateError(place, f"«{key}» is there twice")
        seen.add(key)
