"""Finds the references in the text of a formula and rewrites them as Sheets does.

The rest of the user's text stays unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from emulators.google.a1 import Box, column_index, column_name, quote_title

BROKEN = "#REF!"

_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]*"
_COLUMN = r"\$?[A-Za-z]{1,3}"
_ROW = r"\$?[1-9][0-9]*"
_TOKEN = re.compile(
    rf"""
    (?P<string>"(?:[^"]|"")*")
  | (?P<sheet>(?:'(?:[^']|'')*'|[^\W\d][\w.]*)!)?
    (?P<ref>{_CELL}:(?:{_CELL}|{_COLUMN}|{_ROW})|{_COLUMN}:{_CELL}|{_COLUMN}:{_COLUMN}|{_ROW}:{_ROW}|{_CELL})
    (?![\w(!.])
  | (?P<word>[^\W\d][\w.]*)
  | (?P<number>[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_END = re.compile(r"(\$?)([A-Za-z]{0,3})(\$?)([0-9]*)")


class End(NamedTuple):
    """One corner of a reference; a missing part is ``None``."""

    column: int | None
    column_fixed: bool
    row: int | None
    row_fixed: bool

    def text(self) -> str:
        """As it is written."""
        column = "" if self.column is None else ("$" if self.column_fixed else "") + column_name(self.column)
        row = "" if self.row is None else ("$" if self.row_fixed else "") + str(self.row + 1)
        return column + row


class Reference(NamedTuple):
    """The parts of a reference such as ``Sheet!A1:B``."""

    sheet: str | None
    """The title of the tab, where one is written."""
    first: End
    last: End | None

    def text(self) -> str:
        """As it is written."""
        prefix = "" if self.sheet is None else quote_title(self.sheet) + "!"
        return prefix + self.first.text() + ("" if self.last is None else ":" + self.last.text())


class Token(NamedTuple):
    """A piece of a formula."""

    kind: str
    text: str
    reference: Reference | None = None


def _end(text: str) -> End:
    first_dollar, letters, second_dollar, digits = _END.findall(text)[0]
    if not letters:
        return End(None, False, int(digits) - 1, bool(first_dollar or second_dollar))
    return End(
        column_index(letters), bool(first_dollar), int(digits) - 1 if digits else None, bool(second_dollar)
    )


_KNOWN: dict[str, tuple[Token, ...]] = {}
_KNOWN_LIMIT = 50_000


def _remember(formula: str, found: tuple[Token, ...]) -> tuple[Token, ...]:
    if len(_KNOWN) >= _KNOWN_LIMIT:
        _KNOWN.clear()
    _KNOWN[formula] = found
    return found


def tokens(formula: str) -> tuple[Token, ...]:
    """The pieces of a formula; joined they are its text."""
    return _KNOWN.get(formula) or _remember(formula, _read(formula))


def _read(formula: str) -> tuple[Token, ...]:
    found = []
    for match in _TOKEN.finditer(formula):
        kind = match.lastgroup or "other"
        if match["ref"]:
            first, _, last = match["ref"].partition(":")
            prefix = match["sheet"]
            title = None
            if prefix:
                title = prefix[:-1]
                title = title[1:-1].replace("''", "'") if title.startswith("'") else title
            reference = Reference(title, _end(first), _end(last) if last else None)
            found.append(Token("ref", match[0], reference))
        else:
            found.append(Token(kind, match[0]))
    return tuple(found)


Rewrite = Callable[[Reference], "Reference | None"]
"""A new reference, the same one, or ``None`` where what it pointed at is gone."""


def rewrite(formula: str, change: Rewrite) -> str:
    """*formula* with each reference replaced."""
    parts: list[Token] = []
    changed = broken = False
    for token in tokens(formula):
        reference = token.reference
        new = reference if reference is None else change(reference)
        if new == reference:
            parts.append(token)
            continue
        changed = True
        broken = broken or new is None
        parts.append(Token("other", BROKEN) if new is None else Token("ref", new.text(), new))
    if not changed:
        return formula
    text = "".join(token.text for token in parts)
    if not broken and text not in _KNOWN:
        # Cache the pieces, so that a chain of changes does not parse the text again each time.
        _remember(text, tuple(parts))
    return text


def shift(formula: str, rows: int, columns: int) -> str:
    """The formula of a copy that is *rows* lower and *columns* to the right."""
    if not rows and not columns:
        return formula

    def moved(end: End) -> End | None:
        row = end.row if end.row is None or end.row_fixed else end.row + rows
        column = end.column if end.column is None or end.column_fixed else end.column + columns
        if (row is not None and row < 0) or (column is not None and column < 0):
            return None
        return end._replace(row=row, column=column)

    def change(reference: Reference) -> Reference | None:
        first = moved(reference.first)
        last = moved(reference.last) if reference.last else None
        if first is None or (reference.last and last is None):
            return None
        return reference._replace(first=first, last=last)

    return rewrite(formula, change)


Span = Callable[[int, int | None], "tuple[int, int | None] | None"]
"""Maps a half-open span of rows (columns) to where it is after a change, ``None`` if it is gone."""


def relocate(formula: str, own_sheet: str, changed_sheet: str, dimension: str, span: Span) -> str:
    """The formula after rows or columns of *changed_sheet* were added, removed or moved."""
    wanted = changed_sheet.casefold()

    def change(reference: Reference) -> Reference | None:
        if (reference.sheet or own_sheet).casefold() != wanted:
            return reference
        part = "row" if dimension == "ROWS" else "column"
        first, last = reference.first, reference.last or reference.first
        start, end = getattr(first, part), getattr(last, part)
        if start is None and end is None:
            return reference
        if start is not None and end is not None and start > end:
            start, end = end, start
        mapped = span(start or 0, None if end is None else end + 1)
        if mapped is None:
            return None
        new_start, new_end = mapped
        if start is not None:
            first = first._replace(**{part: new_start})
        if reference.last is None:
            return reference._replace(first=first)
        if new_end is not None:
            last = last._replace(**{part: new_end - 1})
        return reference._replace(first=first, last=last)

    return rewrite(formula, change)


def follow_cut(
    formula: str, own_sheet: str, new_own_sheet: str, source: tuple[str, Box], target: tuple[str, int, int]
) -> str:
    """The formula after the cells of a box were cut and pasted elsewhere.

    References to the cut cells follow them. If the formula itself moved to another tab, its other references
    get the name of the tab that they are on.
    """
    title, box = source
    target_title, rows, columns = target

    def change(reference: Reference) -> Reference | None:
        sheet = reference.sheet or own_sheet
        first, last = reference.first, reference.last or reference.first
        ends = (first.row, first.column, last.row, last.column)
        if (
            sheet.casefold() != title.casefold()
            or None in ends
            or not (
                box.holds(first.row, first.column) and box.holds(last.row, last.column)  # type: ignore[arg-type]
            )
        ):
            named = reference.sheet or (own_sheet if own_sheet != new_own_sheet else None)
            return reference._replace(sheet=named)
        moved = [
            end._replace(row=end.row + rows, column=end.column + columns)  # type: ignore[operator]
            for end in (first, last)
        ]
        prefix = target_title if reference.sheet is not None or target_title != new_own_sheet else None
        return Reference(prefix, moved[0], moved[1] if reference.last else None)

    return rewrite(formula, change)


def rename_sheet(formula: str, old: str, new: str) -> str:
    """The formula after a tab got another title."""

    def change(reference: Reference) -> Reference:
        if reference.sheet is not None and reference.sheet.casefold() == old.casefold():
            return reference._replace(sheet=new)
        return reference

    return rewrite(formula, change)


def drop_sheet(formula: str, title: str) -> str:
    """The formula after a tab was deleted."""

    def change(reference: Reference) -> Reference | None:
        gone = reference.sheet is not None and reference.sheet.casefold() == title.casefold()
        return None if gone else reference

    return rewrite(formula, change)


def qualify(formula: str, title: str) -> str:
    """The formula with its tab named in every reference, so that it can be computed elsewhere."""
    return rewrite(formula, lambda ref: ref if ref.sheet is not None else ref._replace(sheet=title))
