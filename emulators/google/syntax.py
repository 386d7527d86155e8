"""Whether a formula can be parsed in the locale of its workbook: the grammar, without names or types."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from emulators.google.locales import locale

_SHEET = r"(?:(?:'(?:[^']|'')*'|[^\W\d][\w.]*)!)?"
_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]*"
_SIDE = rf"(?:{_CELL}|\$?[A-Za-z]{{1,3}}|\$?[1-9][0-9]*)"
_PATTERN = rf"""
    (?P<space>\s+)
  | (?P<operand>"(?:[^"]|"")*"
      | \#(?:REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|ERROR!)
      | {_SHEET}{_SIDE}:{_SIDE}(?![\w(!.])
      | {_SHEET}{_CELL}(?![\w(!.])
      | (?:[0-9]+(?:DECIMAL[0-9]*)?|DECIMAL[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.])
    )
  | (?P<word>{_SHEET}[^\W\d][\w.]*)
  | (?P<operator><=|>=|<>|[-+*/^&=<>:])
  | (?P<sign>[%(){{}};,\\])
  | (?P<strange>.)
"""


class _UnreadableError(Exception):
    """The rest of the formula follows no rule of the grammar."""


class _Piece(NamedTuple):
    kind: str
    text: str


class _Grammar(NamedTuple):
    """What differs by locale."""

    pattern: re.Pattern[str]
    between_arguments: str
    in_braces: str


@lru_cache
def _grammar(locale_name: str) -> _Grammar:
    has_comma = locale(locale_name).decimal == ","
    decimal = "," if has_comma else r"\."
    pattern = re.compile(_PATTERN.replace("DECIMAL", decimal), re.VERBOSE | re.DOTALL)
    return _Grammar(pattern, ";" if has_comma else ",;", "\\;" if has_comma else ",;")


@lru_cache(maxsize=20_000)
def is_readable(formula: str, locale_name: str) -> bool:
    """Whether the text after ``=`` (or ``+``) is an expression in a workbook of this locale.

    In ``ru_RU`` the comma belongs to numbers and only ``;`` stands between arguments, so that ``=1.5+1`` and
    ``=IF(A2>0,1,2)`` cannot be read. What functions and names mean is not looked at.
    """
    grammar = _grammar(locale_name)
    pieces = [
        _Piece(match.lastgroup or "strange", match[0])
        for match in grammar.pattern.finditer(formula[1:])
        if match.lastgroup != "space"
    ]
    parser = _Parser(pieces, grammar)
    try:
        parser.expression()
    except _UnreadableError:
        return False
    return parser.is_at_end


class _Parser:
    def __init__(self, pieces: list[_Piece], grammar: _Grammar) -> None:
        self._pieces = pieces
        self._grammar = grammar
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._pieces)

    def expression(self) -> None:
        """Operands with signs before them, per cent behind them, and operators between them."""
        while True:
            while self._is_next("operator", "+-"):
                self._at += 1
            self._operand()
            while self._is_next("sign", "%"):
                self._at += 1
            if not self._is_next("operator"):
                return
            self._at += 1

    def _operand(self) -> None:
        if self._is_next("operand"):
            self._at += 1
        elif self._is_next("word"):
            self._at += 1
            if self._is_next("sign", "("):
                self._list("(", ")", self._grammar.between_arguments, may_be_empty=True)
        elif self._is_next("sign", "("):
            self._at += 1
            self.expression()
            self._take(")")
        elif self._is_next("sign", "{"):
            self._list("{", "}", self._grammar.in_braces, may_be_empty=False)
        else:
            raise _UnreadableError

    def _list(self, opening: str, closing: str, separators: str, *, may_be_empty: bool) -> None:
        """Expressions between brackets; arguments of a function may be left out."""
        self._take(opening)
        while True:
            is_left_out = may_be_empty and self._is_next("sign", separators + closing)
            if not is_left_out:
                self.expression()
            if not self._is_next("sign", separators):
                break
            self._at += 1
        self._take(closing)

    def _is_next(self, kind: str, texts: str = "") -> bool:
        if self.is_at_end:
            return False
        piece = self._pieces[self._at]
        return piece.kind == kind and (not texts or piece.text in texts)

    def _take(self, text: str) -> None:
        if not self._is_next("sign", text):
            raise _UnreadableError
        self._at += 1
