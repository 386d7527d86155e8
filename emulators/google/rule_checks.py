"""Refuses rules that Google refuses: validation of cells, conditional formats, gradients.

What a condition takes is in the descriptions of ``ConditionType`` and ``ConditionValue`` in the discovery
document; COVERAGE.md has the evidence of the rest.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from emulators.google import entry, filters, formulas, references, syntax
from emulators.google.conditions import ARGUMENT_COUNTS
from emulators.google.errors import NotModelledError, invalid
from emulators.google.locales import locale
from emulators.google.models import Book

Rule = dict[str, Any]

NOT_IN_VALIDATION = frozenset(
    {"TEXT_STARTS_WITH", "TEXT_ENDS_WITH", "TEXT_NOT_EQ", "DATE_NOT_EQ", "BLANK", "NOT_BLANK"}
)
NOT_IN_FORMATS = frozenset(
    {
        *("ONE_OF_LIST", "ONE_OF_RANGE", "BOOLEAN", "TEXT_IS_EMAIL", "TEXT_IS_URL", "DATE_IS_VALID"),
        *("TEXT_NOT_EQ", "DATE_NOT_EQ"),
        *("DATE_ON_OR_BEFORE", "DATE_ON_OR_AFTER", "DATE_BETWEEN", "DATE_NOT_BETWEEN"),
    }
)
WITH_RELATIVE_DATES = frozenset({"DATE_BEFORE", "DATE_AFTER", "DATE_ON_OR_BEFORE", "DATE_ON_OR_AFTER"})
#: "Is equal to" of a conditional format compares texts too.
COMPARE_TEXTS_TOO = frozenset({"NUMBER_EQ", "NUMBER_NOT_EQ"})
MOST_LIST_VALUES = 500

FORMAT_FIELDS = frozenset({"backgroundColor", "backgroundColorStyle", "textFormat"})
TEXT_FIELDS = frozenset({"bold", "italic", "strikethrough", "foregroundColor", "foregroundColorStyle"})


def clean_validation(book: Book, rule: Rule) -> Rule:
    """A validation rule as it is stored.

    Raises
    ------
    BadRequestError
        If Google refuses the rule.
    """
    _Checker(book, is_validation=True).check(rule.get("condition", {}))
    return {name: part for name, part in rule.items() if part is not False}


def check_format_rule(book: Book, rule: Rule, title: str) -> None:
    """Refuse a conditional format (``BooleanRule``) of the tab with this *title*."""
    _Checker(book, is_validation=False, title=title).check(rule.get("condition", {}))
    given = rule.get("format", {})
    beyond = [name for name in given if name not in FORMAT_FIELDS]
    beyond += [f"textFormat.{name}" for name in given.get("textFormat", {}) if name not in TEXT_FIELDS]
    if beyond:
        raise invalid(
            "Conditional formatting can only apply a subset of formatting: bold, italic, strikethrough, "
            f"foreground color and background color, but found {', '.join(beyond)}."
        )


def check_gradient(book: Book, rule: Rule, title: str) -> None:
    """Refuse a gradient (``GradientRule``) of the tab with this *title*."""
    checker = _Checker(book, is_validation=False, title=title)
    for name in ("minpoint", "midpoint", "maxpoint"):
        if name != "midpoint" and "type" not in rule.get(name, {}):
            raise invalid(f"gradientRule.{name}.type must be specified.")
        point = rule.get(name, {})
        if point.get("type") in ("NUMBER", "PERCENT", "PERCENTILE"):
            checker.check_number(point.get("value", ""), f"gradientRule.{name}.value")


class _Checker:
    def __init__(self, book: Book, *, is_validation: bool, title: str = "") -> None:
        self._book = book
        self._is_validation = is_validation
        self._title = title

    def check(self, condition: Rule) -> None:
        """Refuse a condition of the wrong kind, or with values of the wrong number or type."""
        kind = condition.get("type", "CONDITION_TYPE_UNSPECIFIED")
        self._check_kind(kind)
        values = condition.get("values", [])
        self._check_count(kind, len(values))
        for value in values:
            self._check_value(kind, value)

    def _check_kind(self, kind: str) -> None:
        if kind == "CONDITION_TYPE_UNSPECIFIED":
            raise invalid("condition.type must be specified.")
        if kind not in ARGUMENT_COUNTS:
            raise NotModelledError(f"the condition {kind}")
        if kind in (NOT_IN_VALIDATION if self._is_validation else NOT_IN_FORMATS):
            where = "data validation" if self._is_validation else "conditional formatting"
            raise invalid(f"ConditionType '{kind}' is not supported by {where}.")

    def _check_count(self, kind: str, count: int) -> None:
        low, high = ARGUMENT_COUNTS[kind]
        if kind == "ONE_OF_LIST" and count > MOST_LIST_VALUES:
            raise invalid(
                f"BooleanCondition.values supports at most {MOST_LIST_VALUES} ConditionValues for {kind}, "
                f"but found {count}."
            )
        if count < low or (high is not None and count > high):
            wanted = f"exactly {low}" if low == high else f"at least {low}"
            raise invalid(
                f"BooleanCondition.values requires {wanted} ConditionValue for {kind}, but found {count}."
            )

    def _check_value(self, kind: str, value: Rule) -> None:
        if "relativeDate" in value:
            self._check_relative_date(kind)
            return
        text = value.get("userEnteredValue", "")
        if not text:
            raise invalid("ConditionValue.userEnteredValue must be specified.")
        if kind == "ONE_OF_RANGE":
            filters.from_a1(self._book, text.removeprefix("="))
        elif kind == "ONE_OF_LIST" and text.startswith("="):
            raise _bad_value(text)
        elif kind == "CUSTOM_FORMULA" and not text.startswith("="):
            raise invalid("The formula of a CUSTOM_FORMULA condition must begin with '='.")
        elif kind.startswith(("NUMBER_", "DATE_")) and (self._is_validation or kind not in COMPARE_TEXTS_TOO):
            self.check_number(text, "ConditionValue.userEnteredValue", is_date=kind.startswith("DATE_"))
        elif text.startswith("="):
            self._check_formula(text)

    def _check_relative_date(self, kind: str) -> None:
        if self._is_validation:
            raise invalid("Relative dates are not supported in data validation.")
        if kind not in WITH_RELATIVE_DATES:
            raise invalid(f"ConditionValue.relativeDate is not supported for {kind}.")

    def check_number(self, text: str, field: str, *, is_date: bool = False) -> None:
        """Refuse what is neither a number (a date) nor a formula in the locale of the workbook."""
        if text.startswith("="):
            self._check_formula(text)
            return
        typed = entry.read(text, locale(self._book.locale), _ANY_DAY)
        found = (typed.number_format or {}).get("type") in ("DATE", "TIME", "DATE_TIME")
        if "numberValue" not in (typed.value or {}) or found != is_date:
            raise invalid(f"Invalid {field}: {text}")

    def _check_formula(self, text: str) -> None:
        if not syntax.is_readable(text, self._book.locale):
            raise _bad_value(text)
        formulas.check(text, self._book.locale)
        if self._is_validation:
            return
        names = {named["name"].casefold() for named in self._book.named_ranges}
        for token in references.tokens(text):
            sheet = token.reference.sheet if token.reference else None
            if sheet is not None and sheet.casefold() != self._title.casefold():
                raise invalid("Conditional format rule cannot reference a different sheet.")
            if token.kind == "word" and token.text.casefold() in names:
                raise _bad_value(text)


#: Completes a date without a year; what the year is does not matter here.
_ANY_DAY = date(2000, 1, 1)


def _bad_value(text: str) -> Exception:
    return invalid(f"Invalid ConditionValue.userEnteredValue: {text}")
