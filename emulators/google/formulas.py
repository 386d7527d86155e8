"""Computes formulas with ironcalc, to which the formulas of Sheets are translated.

The user's text stays in our state; ironcalc gets a translation, with values already parsed. A workbook is
computed only when somebody reads it, and again only after a change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ironcalc

from emulators.google import entry, references, syntax
from emulators.google.a1 import column_name, quote_title
from emulators.google.engine import Content, Place, filled_model
from emulators.google.errors import NotModelledError
from emulators.google.formats import to_serial
from emulators.google.locales import locale
from emulators.google.models import Book, Cell, Sheet
from emulators.google.references import Token

Value = dict[str, Any]

SCRATCH = "emulator scratch"
"""The tab of the model on which formulas of rules are computed."""

ERROR_TYPES = {
    "#NULL!": "NULL_VALUE",
    "#DIV/0!": "DIVIDE_BY_ZERO",
    "#VALUE!": "VALUE",
    "#REF!": "REF",
    "#NAME?": "NAME",
    "#NUM!": "NUM",
    "#N/A": "N_A",
    "#ERROR!": "ERROR",
    "#SPILL!": "REF",
    "#CIRC!": "REF",
    "#CALC!": "N_A",
}
ERROR_TEXTS = {
    "NULL_VALUE": "#NULL!",
    "DIVIDE_BY_ZERO": "#DIV/0!",
    "VALUE": "#VALUE!",
    "REF": "#REF!",
    "NAME": "#NAME?",
    "NUM": "#NUM!",
    "N_A": "#N/A",
    "ERROR": "#ERROR!",
}

DATES = {
    "TODAY": "DATE",
    "DATE": "DATE",
    "EDATE": "DATE",
    "EOMONTH": "DATE",
    "WORKDAY": "DATE",
    "WORKDAY.INTL": "DATE",
    "TO_DATE": "DATE",
    "DATEVALUE": "DATE",
    "NOW": "DATE_TIME",
    "TIME": "TIME",
}
"""Functions whose result is shown as a date where the cell has no number format of its own."""

PICTURES = frozenset({"SPARKLINE"})
"""Functions that draw into their cell and have no value: kept for the page, shown as empty."""

RENAMED = {"REGEXMATCH": "REGEXTEST", "FLATTEN": "TOCOL"}
WRAPPED = frozenset({"ARRAYFORMULA", "COUNTUNIQUE", "JOIN", "SPLIT", "TO_DATE", "TODAY", "NOW"})

GIVE_ARRAYS = frozenset(
    {
        *("ARRAYFORMULA", "FILTER", "SORT", "SORTN", "UNIQUE", "TRANSPOSE", "SEQUENCE", "SPLIT", "FLATTEN"),
        *("TOCOL", "TOROW", "HSTACK", "VSTACK", "WRAPROWS", "WRAPCOLS", "CHOOSECOLS", "CHOOSEROWS"),
        *("MAP", "BYROW", "BYCOL", "SCAN", "MAKEARRAY", "RANDARRAY", "MMULT", "MINVERSE", "FREQUENCY"),
        *("LINEST", "LOGEST", "TREND", "GROWTH", "INDEX", "OFFSET", "INDIRECT", "XLOOKUP"),
    }
)
"""Functions whose result fills neighbouring cells; any other formula shows one value of an array."""

TEXTS = frozenset(
    {
        *(
            "TEXT",
            "LEFT",
            "RIGHT",
            "MID",
            "UPPER",
            "LOWER",
            "PROPER",
            "TRIM",
            "SUBSTITUTE",
            "REPLACE",
            "REPT",
        ),
        *("CHAR", "UNICHAR", "JOIN", "TEXTJOIN", "CONCATENATE", "CONCAT", "REGEXREPLACE", "REGEXEXTRACT"),
        *("FIXED", "HYPERLINK"),
    }
)
"""Functions whose result is a text, so that nothing depends on the locale when it becomes part of one."""

WITH_CRITERIA = frozenset(
    {"COUNTIF", "COUNTIFS", "SUMIF", "SUMIFS", "AVERAGEIF", "AVERAGEIFS", "MINIFS", "MAXIFS"}
)
"""Functions that read numbers and dates out of a text again (``"<"&TODAY()``), whatever the locale."""

_BETWEEN_TEXTS = frozenset("&=<>")
"""Operators that bind less than those between numbers: what is between them is one operand of ``&``."""

LITERAL_HYPERLINK = re.compile(r'=\s*HYPERLINK\s*\(\s*"((?:[^"]|"")*)"', re.IGNORECASE)
"""A HYPERLINK whose address is written out in the formula."""

NOT_IN_SHEETS = frozenset({"TEXTSPLIT", "TEXTBEFORE", "TEXTAFTER", "REGEXTEST", "TAKE", "DROP", "AGGREGATE"})
"""Functions that ironcalc knows and Sheets does not."""


@dataclass
class Results:
    """Computed values of a workbook."""

    cells: dict[int, dict[Place, Value | None]] = field(default_factory=dict)
    """By tab id and place: values of formulas and of what they spill."""
    rules: dict[str, Any] = field(default_factory=dict)
    """Values of formulas of conditions, by their text with every tab named."""
    now: datetime | None = None


@lru_cache(maxsize=10_000)
def check(text: str, locale_name: str) -> None:
    """Refuse a formula with functions that are not modelled, before it is stored."""
    pieces = references.tokens(text)
    depth = 0
    for index, piece in enumerate(pieces):
        if piece.kind == "other":
            depth += {"{": 1, "}": -1}.get(piece.text, 0)
        elif depth and piece.reference is not None:
            raise NotModelledError("an array of references in braces")
        elif piece.text.upper() == "TEXT" and not locale_name.startswith("en"):
            _check_text_pattern(pieces[index:], locale_name)
    for token, follower in _with_next(pieces):
        if token.kind == "word" and follower == "(":
            name = token.text.upper()
            if name in PICTURES:
                if not is_picture(text):
                    raise NotModelledError(f"the function {name} inside a formula")
            elif (
                name not in WRAPPED and name not in RENAMED and (name in NOT_IN_SHEETS or not _is_known(name))
            ):
                raise NotModelledError(f"the function {name}")


def _check_text_pattern(pieces: tuple[Token, ...], locale_name: str) -> None:
    """Refuse patterns with names of months or days, which ironcalc would write in English."""
    end = _closing(list(pieces), 1)
    if any(re.search(r"[mM]{3}|[dD]{3}", piece.text) for piece in pieces[:end] if piece.kind == "string"):
        raise NotModelledError(f"TEXT with names of months or days in {locale_name}")


def _with_next(tokens: tuple[Token, ...]) -> Iterable[tuple[Token, str]]:
    followers: list[str] = []
    follower = ""
    for token in reversed(tokens):
        followers.append(follower)
        if not token.text.isspace():
            follower = token.text
    return zip(tokens, reversed(followers), strict=True)


@cache
def _is_known(name: str) -> bool:
    """Whether ironcalc knows a function: it changes the names that it does not know."""
    model = ironcalc.create("probe", "en", "UTC", "en")
    model.update_cell_with_formula(0, 1, 1, f"={name}(1)")
    return model.get_cell_formula(0, 1, 1) == f"={name}(1)" or name in ("TRUE", "FALSE", "NA", "PI", "RAND")


@lru_cache(maxsize=10_000)
def outer_function(text: str) -> str:
    """The name of the function if the whole formula is one call, otherwise an empty text."""
    pieces = [token for token in references.tokens(text) if not token.text.isspace()]
    if len(pieces) < 4 or pieces[1].kind != "word" or pieces[2].text != "(":
        return ""
    return pieces[1].text.upper() if _closing(list(pieces), 2) == len(pieces) - 1 else ""


def is_picture(text: str) -> bool:
    """Whether the formula draws a picture in its cell."""
    return outer_function(text) in PICTURES


def implied_format(cell: Cell) -> dict[str, Any] | None:
    """The number format that a formula gives to a cell that has none."""
    text = cell.get("userEnteredValue", {}).get("formulaValue")
    kind = DATES.get(outer_function(text)) if text else None
    return {"type": kind} if kind else None


def value_of(book: Book, sheet: Sheet, row: int, column: int, cell: Cell, now: datetime) -> Value | None:
    """The effective value of a cell."""
    value = cell.get("userEnteredValue")
    if value is not None and "formulaValue" not in value:
        return value
    return results(book, now).cells.get(sheet.sheet_id, {}).get((row, column))


def results(book: Book, now: datetime) -> Results:
    """Computed values of *book*; computed at most once for each change and minute."""
    minute = now.replace(second=0, microsecond=0)
    if book.results is None or (book.results.now != minute and _is_volatile(book)):
        book.results = _compute(book, [], now)
        book.results.now = minute
    return book.results


def has_formulas(book: Book) -> bool:
    """Whether the workbook has formulas to compute."""
    return any(sheet.formula_count for sheet in book.sheets)


def _is_volatile(book: Book) -> bool:
    return any(
        re.search(r"\b(NOW|TODAY|RAND|RANDBETWEEN)\b", text, re.IGNORECASE)
        for sheet in book.sheets
        for _, _, text in sheet.formulas()
    )


def rule_values(book: Book, formulas: Iterable[str], now: datetime) -> dict[str, Any]:
    """Values of formulas that belong to no cell; every reference in them names its tab."""
    known = results(book, now)
    wanted = [text for text in dict.fromkeys(formulas) if text not in known.rules]
    if wanted:
        known.rules.update(_compute(book, wanted, now).rules)
    return known.rules


#: Results by everything that they depend on. Tests bring back the same workbooks again and again.
_COMPUTED: dict[Any, Results] = {}
_MOST_COMPUTED = 100
#: Results of larger workbooks are not kept: they would take gigabytes.
_MOST_CELLS = 3_000


def _compute(book: Book, extra: list[str], now: datetime) -> Results:
    if not extra and not has_formulas(book):
        return Results()
    translator = _Translator(book, now)
    entered = [_entered(sheet) for sheet in book.sheets]
    content = _content(book, extra, translator, entered)
    found = None if content is None else _COMPUTED.pop(content, None)
    if found is None:
        found = _evaluate(book, extra, translator, entered)
    if content is not None:
        # The last one used is the last one to be forgotten.
        _COMPUTED[content] = found
        if len(_COMPUTED) > _MOST_COMPUTED:
            _COMPUTED.pop(next(iter(_COMPUTED), None), None)
    # Rules are added to the results of a workbook; the values of cells are never changed.
    return Results(found.cells, dict(found.rules))


def _content(book: Book, extra: list[str], translator: _Translator, tabs: list[_Entered]) -> Any:
    """Everything that the results depend on.

    ``None`` if the results change every moment, or if there are too many cells to compare.
    """
    if any(tab.is_momentary for tab in tabs) or any(map(_is_momentary, extra)):
        return None
    if sum(len(tab.cells) for tab in tabs) > _MOST_CELLS:
        return None
    names = [(one["name"], tuple(one["range"].items())) for one in book.named_ranges]
    return translator.shape, tuple(names), tuple(extra), tuple(tabs)


class _Entered:
    """What was entered in the cells of a tab; its hash is computed once."""

    __slots__ = ("_hash", "cells", "is_momentary")

    def __init__(self, cells: list[tuple[Any, ...]]) -> None:
        self.cells = tuple(cells)
        self.is_momentary = any(
            kind == "formulaValue" and _is_momentary(text) for _, _, kind, text, _ in cells
        )
        self._hash = hash(self.cells)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, _Entered) and self.cells == other.cells)


def _entered(sheet: Sheet) -> _Entered:
    found: _Entered | None = sheet.derived.get("entered") if sheet.derived is not None else None
    if found is None:
        found = _Entered(
            [
                (row, column, *next(iter(value.items())), _date_kind(cell))
                for row, line in enumerate(sheet.rows)
                for column, cell in enumerate(line.cells)
                if (value := cell.get("userEnteredValue"))
            ]
        )
        if sheet.derived is not None:
            sheet.derived["entered"] = found
    return found


@lru_cache(maxsize=10_000)
def _is_momentary(text: str) -> bool:
    """Whether a formula may have another value a second later."""
    return re.search(r"NOW|RAND", text, re.IGNORECASE) is not None


def _evaluate(book: Book, extra: list[str], translator: _Translator, tabs: list[_Entered]) -> Results:
    titles = [*_engine_titles(book).values(), SCRATCH]
    cells = [_engine_cells(tab, sheet, translator) for tab, sheet in zip(tabs, book.sheets, strict=True)]
    model = filled_model(titles, _defined_names(book), cells)
    scratch = len(book.sheets)
    for row, text in enumerate(extra):
        model.update_cell_with_formula(scratch, row + 1, 1, translator.translate(text, None))
    model.evaluate()
    found = Results()
    for index, (tab, sheet) in enumerate(zip(tabs, book.sheets, strict=True)):
        found.cells[sheet.sheet_id] = {
            (row, column): None if is_picture(text) else _result(model, book, sheet, index, row, column, text)
            for row, column, kind, text, _ in tab.cells
            if kind == "formulaValue"
        }
    _collect_spills(model, book, found)
    for row, text in enumerate(extra):
        found.rules[text] = model.get_cell_value(scratch, row + 1, 1)
    return found


def _engine_titles(book: Book) -> dict[int, str]:
    """Titles for ironcalc by tab id; it accepts only titles that Excel accepts."""
    return {
        sheet.sheet_id: sheet.title
        if len(sheet.title) <= 31 and not re.search(r"[\[\]*?:/\\]|^'|'$", sheet.title)
        else f"tab {sheet.sheet_id}"
        for sheet in book.sheets
    }


def _engine_names(book: Book) -> dict[str, str]:
    """Names of ranges for ironcalc, by name in lower case; it accepts only Latin letters."""
    return {
        named["name"].casefold(): named["name"] if named["name"].isascii() else f"name_of_range_{index}"
        for index, named in enumerate(book.named_ranges)
    }


def _engine_cells(tab: _Entered, sheet: Sheet, translator: _Translator) -> dict[Place, Content]:
    """The cells of a tab in the form that ironcalc reads: translated formulas and no pictures."""
    cells: dict[Place, Content] = {}
    for row, column, kind, value, _ in tab.cells:
        if kind != "formulaValue":
            cells[row, column] = (kind, value)
        elif not is_picture(value):
            cells[row, column] = (kind, translator.translate(value, sheet))
    return cells


def _defined_names(book: Book) -> list[tuple[str, str]]:
    """Named ranges with their areas, as ironcalc gets them."""
    titles, names = _engine_titles(book), []
    for named, name in zip(book.named_ranges, _engine_names(book).values(), strict=True):
        sheet = book.find(named["range"].get("sheetId", 0))
        if sheet is None:
            continue
        box = sheet.box(named["range"])
        first = f"${column_name(box.left)}${box.top + 1}"
        last = f"${column_name(box.right - 1)}${box.bottom}"
        area = first if first == last else f"{first}:{last}"
        names.append((name, f"{quote_title(titles[sheet.sheet_id])}!{area}"))
    return names


def _result(
    model: Any, book: Book, sheet: Sheet, index: int, row: int, column: int, text: str
) -> Value | None:
    if _points_at_nothing(book, sheet, text):
        return None
    raw = model.get_cell_value(index, row + 1, column + 1)
    is_error = model.get_cell_type(index, row + 1, column + 1) == ironcalc.CellType.ErrorValue
    return _extended(raw, is_error=is_error)


def _points_at_nothing(book: Book, sheet: Sheet, text: str) -> bool:
    """Whether a formula only refers to an empty cell: Sheets shows nothing then, ironcalc a zero."""
    pieces = references.tokens(text)
    if len(pieces) != 2 or pieces[1].reference is None or pieces[1].reference.last is not None:
        return False
    reference = pieces[1].reference
    target = sheet if reference.sheet is None else book.by_title(reference.sheet)
    row, column = reference.first.row, reference.first.column
    if target is None or row is None or column is None or row >= len(target.rows):
        return False
    return "userEnteredValue" not in target.cell(row, column)


def _extended(raw: Any, *, is_error: bool) -> Value | None:
    if raw is None:
        return None
    if is_error:
        kind = ERROR_TYPES.get(str(raw), "ERROR")
        return {"errorValue": {"type": kind, "message": _ERROR_MESSAGES[kind]}}
    if isinstance(raw, bool):
        return {"boolValue": raw}
    if isinstance(raw, float):
        return {"numberValue": int(raw) if raw.is_integer() and abs(raw) < 1e15 else raw}
    return {"stringValue": raw}


_ERROR_MESSAGES = {
    "NULL_VALUE": "Null value.",
    "DIVIDE_BY_ZERO": "Function DIVIDE parameter 2 cannot be zero.",
    "VALUE": "A parameter of the function has a value of the wrong kind.",
    "REF": "Reference does not exist.",
    "NAME": "Unknown range or function name.",
    "NUM": "A number is outside what the function can compute.",
    "N_A": "Did not find value.",
    "ERROR": "Formula parse error.",
}


def _collect_spills(model: Any, book: Book, found: Results) -> None:
    """Collect the values of empty cells that show a part of an array."""
    for index, row, column in model.get_all_cells():
        if index >= len(book.sheets):
            continue
        sheet = book.sheets[index]
        place = (row - 1, column - 1)
        if place[0] >= len(sheet.rows) or place in found.cells[sheet.sheet_id]:
            continue
        if "userEnteredValue" not in sheet.cell(*place):
            raw = model.get_cell_value(index, row, column)
            is_error = model.get_cell_type(index, row, column) == ironcalc.CellType.ErrorValue
            found.cells[sheet.sheet_id][place] = _extended(raw, is_error=is_error)


#: Translations by the formula, its tab, and what they depend on.
_TRANSLATED: dict[Any, str] = {}
_MOST_TRANSLATED = 20_000


def _remember(key: Any, translation: str) -> None:
    if len(_TRANSLATED) >= _MOST_TRANSLATED:
        _TRANSLATED.clear()
    _TRANSLATED[key] = translation


class _Translator:
    """Turns the text of a formula in Sheets into the text for ironcalc (locale ``en``)."""

    def __init__(self, book: Book, now: datetime) -> None:
        self._book = book
        self._titles = _engine_titles(book)
        own = locale(book.locale)
        self._words = _engine_names(book) | {own.true.casefold(): "TRUE", own.false.casefold(): "FALSE"}
        self._decimal_comma = not book.locale.startswith("en")
        try:
            zone = ZoneInfo(book.properties.get("timeZone", "Etc/GMT"))
        except ZoneInfoNotFoundError:
            zone = ZoneInfo("UTC")
        local = now.astimezone(zone)
        self._today = local.date()
        self._now = to_serial(local.replace(tzinfo=None))
        #: What every translation depends on, beside the formula and its tab.
        self._names = (
            book.locale,
            int(self._now),
            tuple(self._words.items()),
            tuple((one.sheet_id, one.title) for one in book.sheets),
        )
        #: The same, and the sizes of the tabs, on which references with an open side depend.
        self.shape = (*self._names, tuple((len(one.rows), len(one.columns)) for one in book.sheets))
        self._has_open_side = False
        self._depends_on_formats = False
        self._is_criterion = False

    def translate(self, text: str, own: Sheet | None) -> str:
        """The formula for ironcalc. *own* is the tab of the formula.

        Cached, because a workbook is computed after every change and most of its formulas stay the same.
        """
        tab = own.sheet_id if own else None
        found = _TRANSLATED.get((text, tab, self._names)) or _TRANSLATED.get((text, tab, self.shape))
        if found is None:
            self._has_open_side = self._depends_on_formats = False
            tokens = [token for token in references.tokens(text) if not token.text.isspace()]
            found = self._whole(tokens, own, text)
            if "NOW" not in text.upper() and not self._depends_on_formats:
                _remember((text, tab, self.shape if self._has_open_side else self._names), found)
        return found

    def _whole(self, tokens: list[Token], own: Sheet | None, text: str) -> str:
        """The whole formula: one value, unless a function gives an array."""
        if not syntax.is_readable(text, self._book.locale):
            # Written without its end, so that the engine shows an error as well.
            return "=("
        found = "".join(self._sequence(tokens[1:], own))
        words = {
            token.text.upper()
            for token, follower in _with_next(tuple(tokens))
            if token.kind == "word" and follower == "("
        }
        names = {one["name"].casefold() for one in self._book.named_ranges}
        has_many_cells = any(
            token.text.casefold() in names if token.kind == "word" else _is_area(token) for token in tokens
        )
        is_array = words & GIVE_ARRAYS or any(token.text == "{" for token in tokens)
        return f"=@({found})" if has_many_cells and not is_array else f"={found}"

    def _sequence(self, tokens: list[Token], own: Sheet | None) -> list[str]:
        operands = None if self._is_criterion else _operands(tokens)
        if operands is None:
            return self._plain_sequence(tokens, own)
        return [
            part
            if isinstance(part, str)
            else self._as_text(part, own)
            if is_text
            else self._joined(part, own)
            for part, is_text in operands
        ]

    def _joined(self, tokens: list[Token], own: Sheet | None) -> str:
        return "".join(self._plain_sequence(tokens, own))

    def _as_text(self, tokens: list[Token], own: Sheet | None) -> str:
        """An operand of ``&``, shown as the locale shows it: a date as a date, a number with its comma."""
        written = self._joined(tokens, own)
        if len(tokens) == 1 and (tokens[0].kind == "string" or tokens[0].text.isdigit()):
            return written
        function = _called(tokens)
        if function in TEXTS:
            return written
        kind = DATES.get(function) or self._kind_of_cell(tokens, own)
        if kind:
            pattern = {"DATE": "date_pattern", "TIME": "time_pattern"}.get(kind, "date_time_pattern")
            shown = getattr(locale(self._book.locale), pattern).replace("M", "m")
            return f'LET(part_,{written},IF(ISNUMBER(part_),TEXT(part_,"{shown}"),part_&""))'
        if not self._decimal_comma:
            return written
        return f'LET(part_,{written},IF(ISNUMBER(part_),SUBSTITUTE(part_&"",".",","),part_&""))'

    def _kind_of_cell(self, tokens: list[Token], own: Sheet | None) -> str:
        """``DATE`` and the like for a reference to one cell that shows a date."""
        reference = tokens[0].reference if len(tokens) == 1 else None
        if reference is None or reference.last is not None:
            return ""
        sheet = own if reference.sheet is None else self._book.by_title(reference.sheet)
        row, column = reference.first.row, reference.first.column
        if sheet is None or row is None or column is None or row >= len(sheet.rows):
            return ""
        self._depends_on_formats = True
        return _date_kind(sheet.cell(row, column))

    def _plain_sequence(self, tokens: list[Token], own: Sheet | None) -> list[str]:
        parts: list[str] = []
        braces = 0
        index = 0
        while index < len(tokens):
            token = tokens[index]
            follower = tokens[index + 1].text if index + 1 < len(tokens) else ""
            if token.kind == "word" and follower == "(":
                end = _closing(tokens, index + 1)
                name, outside = token.text.upper(), self._is_criterion
                self._is_criterion = name in WITH_CRITERIA
                arguments = self._arguments(tokens[index + 2 : end], own)
                self._is_criterion = outside
                parts.append(self._call(name, arguments))
                index = end + 1
                continue
            if token.text == "(" and token.kind == "other":
                end = _closing(tokens, index)
                parts.append(f"({''.join(self._sequence(tokens[index + 1 : end], own))})")
                index = end + 1
                continue
            if token.text in "{}" and token.kind == "other":
                braces += 1 if token.text == "{" else -1
                parts.append(token.text)
            elif token.text == ";" and token.kind == "other":
                parts.append(";" if braces else ",")
            elif token.text == "\\" and braces:
                parts.append(",")
            elif token.reference is not None:
                parts.append(self._reference(token.reference, own))
            elif token.kind == "word":
                parts.append(self._words.get(token.text.casefold(), token.text))
            elif token.kind == "number" and self._decimal_comma:
                parts.append(token.text.replace(",", "."))
            else:
                parts.append(token.text)
            index += 1
        return parts

    def _arguments(self, tokens: list[Token], own: Sheet | None) -> list[str]:
        arguments: list[list[Token]] = [[]]
        depth = 0
        for token in tokens:
            if token.kind == "other" and token.text in "({":
                depth += 1
            elif token.kind == "other" and token.text in ")}":
                depth -= 1
            if depth == 0 and token.kind == "other" and token.text in ";,":
                arguments.append([])
            else:
                arguments[-1].append(token)
        return ["".join(self._sequence(argument, own)) for argument in arguments] if tokens else []

    def _call(self, name: str, arguments: list[str]) -> str:
        written = ",".join(arguments)
        first, rest = (arguments or [""])[0], ",".join(arguments[1:])
        wrapped = {
            "ARRAYFORMULA": f"({written})",
            "TO_DATE": f"({first})",
            "TODAY": str(int(self._now)),
            "NOW": repr(self._now),
            "JOIN": f"TEXTJOIN({first},FALSE,{rest})",
            "SPLIT": _split(arguments),
            "COUNTUNIQUE": _count_unique(arguments),
            "WEEKDAY": f"WEEKDAY({','.join([f'({first})+7', *arguments[1:]])})",
        }
        if self._decimal_comma:
            # A space without break between thousands, and the comma before decimals.
            fixed = f'SUBSTITUTE(FIXED({written}),",","~")'
            wrapped |= {
                "FIXED": f'SUBSTITUTE(SUBSTITUTE({fixed},".",","),"~","{locale(self._book.locale).group}")',
                "VALUE": self._value_of_text(first),
            }
        if name in wrapped:
            return wrapped[name]
        if name == "SORT" and len(arguments) >= 3:
            order = {"TRUE": "1", "FALSE": "-1"}.get(arguments[2].upper(), arguments[2])
            written = ",".join([*arguments[:2], order])
        return f"{RENAMED.get(name, name)}({written})"

    def _value_of_text(self, written: str) -> str:
        """``VALUE`` of what is typed in the locale of the workbook."""
        if written.startswith('"') and written.count('"') == 2:
            typed = entry.read(written[1:-1], locale(self._book.locale), self._today).value or {}
            return repr(typed["numberValue"]) if "numberValue" in typed else f"VALUE({written})"
        return f'LET(part_,{written},IF(ISTEXT(part_),VALUE(SUBSTITUTE(part_,",",".")),part_))'

    def _reference(self, reference: references.Reference, own: Sheet | None) -> str:
        """A reference with its open sides closed at the edge of the grid."""
        sheet = own if reference.sheet is None else self._book.by_title(reference.sheet)
        if sheet is not None and reference.sheet is not None:
            reference = reference._replace(sheet=self._titles[sheet.sheet_id])
        last = reference.last
        if sheet is None or last is None:
            return reference.text()
        first = reference.first
        if None in (first.column, last.column, first.row, last.row):
            self._has_open_side = True
        if first.column is None or last.column is None:
            first = first._replace(column=first.column or 0)
            last = last._replace(column=len(sheet.columns) - 1 if last.column is None else last.column)
        if first.row is None or last.row is None:
            first = first._replace(row=first.row or 0)
            last = last._replace(row=len(sheet.rows) - 1 if last.row is None else last.row)
        return reference._replace(first=first, last=last).text()


def _split(arguments: list[str]) -> str:
    """``SPLIT``: each letter of the delimiter separates, unless a third argument says that the whole does."""
    text, delimiter = (*arguments, "", "")[:2]
    by_each = len(arguments) < 3 or arguments[2].upper() != "FALSE"
    letters = delimiter[1:-1]
    if by_each and delimiter.startswith('"') and '"' not in letters and len(letters) > 1:
        delimiter = "{" + ",".join(f'"{letter}"' for letter in letters) + "}"
    drops_empty = arguments[3] if len(arguments) > 3 else "TRUE"
    return f"TEXTSPLIT({text},{delimiter},,{drops_empty})"


def _count_unique(arguments: list[str]) -> str:
    columns = ",".join(f"TOCOL({argument},1)" for argument in arguments)
    return f"IFERROR(ROWS(UNIQUE(VSTACK({columns}))),0)"


def _is_area(token: Token) -> bool:
    return token.reference is not None and token.reference.last is not None


def _called(tokens: list[Token]) -> str:
    """The name of the function if the tokens are one call, otherwise an empty text."""
    if len(tokens) < 3 or tokens[0].kind != "word" or tokens[1].text != "(":
        return ""
    return tokens[0].text.upper() if _closing(tokens, 1) == len(tokens) - 1 else ""


def _date_kind(cell: Cell) -> str:
    """``DATE``, ``TIME`` or ``DATE_TIME`` where the cell shows its number so, otherwise an empty text."""
    own = cell.get("userEnteredFormat", {}).get("numberFormat") or implied_format(cell) or {}
    kind: str = own.get("type", "")
    return kind if kind in ("DATE", "TIME", "DATE_TIME") else ""


def _operands(tokens: list[Token]) -> list[tuple[str | list[Token], bool]] | None:
    """Operators and operands and whether ``&`` is beside them; ``None`` without ``&`` at this level."""
    pieces: list[str | list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "other":
            depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(token.text, 0)
        last = pieces[-1]
        if depth == 0 and token.kind == "other" and token.text in _BETWEEN_TEXTS:
            pieces += [token.text, []]
        elif isinstance(last, list):
            last.append(token)
    if "&" not in pieces:
        return None
    padded = ["", *pieces, ""]
    return [
        (piece, piece != [] and "&" in (padded[index], padded[index + 2]))
        for index, piece in enumerate(pieces)
    ]


def _closing(tokens: list[Token], opening: int) -> int:
    depth = 0
    for index in range(opening, len(tokens)):
        if tokens[index].kind == "other":
            depth += {"(": 1, ")": -1}.get(tokens[index].text, 0)
            if depth == 0:
                return index
    return len(tokens)
