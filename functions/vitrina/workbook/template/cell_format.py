"""Converts the theme of a template to Google's cell formats and validation rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from msgspec import Struct

from vitrina.ports import Json
from vitrina.workbook.template.definition import BookTemplate, ColumnTemplate, FieldTemplate, Locale

_RIGHT = frozenset({"integer", "number", "hours", "percent"})
_CENTRE = frozenset({"date", "datetime", "choice", "code", "day", "tick"})

#: Number formats that are the same in every language. Hours of a day have none because the column is too
#: narrow for decimals.
_PATTERNS: Mapping[str, tuple[str, str]] = {
    "hours": ("NUMBER", "0.0"),
    "integer": ("NUMBER", "0"),
    "percent": ("PERCENT", "0%"),
    # Text, so that «2/5» does not become a date and «007» keeps its zeros.
    "text": ("TEXT", "@"),
    "long_text": ("TEXT", "@"),
    "code": ("TEXT", "@"),
}
_LOCAL_PATTERNS: Mapping[str, str] = {"date": "DATE", "datetime": "DATE_TIME"}

Described = ColumnTemplate | FieldTemplate


@cache
def _parts(colour: str) -> tuple[float, float, float]:
    """Red, green and blue of a colour ``#RRGGBB``, each from 0 to 1."""
    red, green, blue = (round(int(colour[at : at + 2], 16) / 255, 4) for at in (1, 3, 5))
    return red, green, blue


class CellFormats(Struct, frozen=True):
    """Cell formats and validation rules of one workbook."""

    template: BookTemplate
    locale: Locale
    #: Values of the open lists by name.
    options: Mapping[str, Sequence[str]]

    def colour(self, name: str) -> Json:
        """A colour of the palette."""
        red, green, blue = _parts(self.template.theme.palette[name])
        return {"rgbColor": {"red": red, "green": green, "blue": blue}}

    def font(self, size: str = "body", colour: str = "text", *, bold: bool = False) -> Json:
        """A text format in the theme's font."""
        theme = self.template.theme
        return {
            "fontFamily": theme.font,
            "fontSize": theme.sizes[size],
            "foregroundColorStyle": self.colour(colour),
            "bold": bold,
        }

    def underline(self, colour: str) -> Json:
        """Borders of a cell with a thin line below it."""
        return {"bottom": {"style": "SOLID", "colorStyle": self.colour(colour)}}

    def plain(self, font: Json | None = None) -> Json:
        """A cell of the form whose text may overflow into the next cell."""
        return {
            "backgroundColorStyle": self.colour("paper"),
            "textFormat": font or self.font(),
            "verticalAlignment": "MIDDLE",
            "wrapStrategy": "OVERFLOW_CELL",
        }

    def heading(self, column: ColumnTemplate, *, pattern: str | None = None) -> Json:
        """A cell of the header of a table; *pattern* is the text key of a date format."""
        # Headers of columns that the client fills in have the accent colour, as the guide explains.
        is_day = column.type == "day"
        chosen = {
            "backgroundColorStyle": self.colour("header"),
            "textFormat": self.font("small", "accent" if column.owner == "client" else "label", bold=True),
            "horizontalAlignment": _alignment(column),
            "verticalAlignment": "MIDDLE",
            "wrapStrategy": "CLIP" if is_day else "WRAP",
            "padding": padding(2 if is_day else 8),
        }
        if pattern is not None:
            chosen["numberFormat"] = {"type": "DATE", "pattern": self._text(pattern)}
        return chosen

    def value(self, of: Described) -> Json:
        """A value of a column or a field, with a thin line below it."""
        fonts = {
            "total": self.font(bold=True),
            "quiet": self.font(colour="muted"),
            "bar": self.font(colour="accent"),
            "figure": self.font("section", "accent", bold=True),
        }
        by_type = {"day": self.font("small"), "link": self.font(colour="blue")}
        chosen: Json = {
            "backgroundColorStyle": self.colour("paper"),
            "textFormat": fonts[of.style] if of.style else by_type.get(of.type, self.font()),
            "horizontalAlignment": _alignment(of),
            "verticalAlignment": "MIDDLE",
            "wrapStrategy": "WRAP" if of.type in ("long_text", "any") else "CLIP",
            "padding": padding(2 if of.type == "day" else 8),
            "borders": self.underline("line"),
        }
        number_format = self._number_format(of)
        if number_format is not None:
            chosen["numberFormat"] = number_format
        return chosen

    def field(self, of: FieldTemplate) -> Json:
        """A value of the form: aligned to the left, hours with their unit."""
        if of.type == "tick":
            return self.value(of) | {"padding": padding(2)}
        chosen = self.value(of) | {"horizontalAlignment": "LEFT"}
        if of.type == "hours":
            chosen["numberFormat"] = {"type": "NUMBER", "pattern": self._text("format.hours_with_unit")}
        return chosen

    def style(self, name: str) -> Json:
        """Format of a conditional rule."""
        style = self.template.theme.styles[name]
        chosen: Json = {}
        text: Json = {}
        if style.text is not None:
            text["foregroundColorStyle"] = self.colour(style.text)
        if style.bold:
            text["bold"] = True
        if text:
            chosen["textFormat"] = text
        if style.fill is not None:
            chosen["backgroundColorStyle"] = self.colour(style.fill)
        return chosen

    def validation(self, of: Described, own_values: str = "") -> Json | None:
        """Validation rule of a cell, or ``None``. Closed lists reject other values; other rules only warn.

        A date such as «к среде» is information, so it is marked and not rejected.

        Parameters
        ----------
        own_values
            Reference to the values of the cell's column, for a column that offers its own values.
        """
        is_own = isinstance(of, ColumnTemplate) and of.owner == "addon" and of.type == "number"
        if of.formula is not None or is_own:
            # Nobody types there.
            return None
        if of.choices is not None:
            return self._one_of(self.template.choice_texts(of.choices, self.locale), strict=True)
        if isinstance(of, ColumnTemplate) and of.options is not None:
            return self._open_list(of.options, own_values)
        return self._by_type(of)

    def _by_type(self, of: Described) -> Json | None:
        """Validation rule by the type of a value."""
        if of.type == "tick":
            return {"condition": {"type": "BOOLEAN"}, "strict": True}
        if of.type == "date":
            return {
                "condition": {"type": "DATE_IS_VALID"},
                "inputMessage": self._text("hint.date"),
                "strict": False,
            }
        if of.type in ("hours", "number", "integer"):
            return {
                "condition": {"type": "NUMBER_GREATER_THAN_EQ", "values": [{"userEnteredValue": "0"}]},
                "inputMessage": self._text("hint.hours" if of.type == "hours" else "hint.number"),
                "strict": False,
            }
        return None

    def _open_list(self, name: str, own_values: str) -> Json | None:
        """Drop-down of an open list, or of the values that the column has, new ones included."""
        if name != "own":
            # Google refuses a list with formulas in it; a value that is left out may still be typed.
            options = [one for one in self.options.get(name, ()) if one and one[0] not in "=+"]
            return self._one_of(options, strict=False) if options else None
        return {
            "condition": {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": own_values}]},
            "inputMessage": self._text("hint.choice"),
            "showCustomUi": True,
            "strict": False,
        }

    def _one_of(self, texts: Sequence[str], *, strict: bool) -> Json:
        return {
            "condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": text} for text in texts]},
            "inputMessage": self._text("hint.choice"),
            "showCustomUi": True,
            "strict": strict,
        }

    def _number_format(self, of: Described) -> Json | None:
        if of.type in _LOCAL_PATTERNS:
            return {"type": _LOCAL_PATTERNS[of.type], "pattern": self._text(f"format.{of.type}")}
        kind, pattern = _PATTERNS.get(of.type, (None, None))
        # A formula in a cell with text format would be shown instead of computed.
        if kind is None or (kind == "TEXT" and of.formula is not None):
            return None
        return {"type": kind, "pattern": pattern}

    def _text(self, key: str) -> str:
        return self.template.text(self.locale, key)


def padding(sides: int, top: int = 4) -> Json:
    """Free space around a cell's text, in pixels."""
    return {"top": top, "bottom": top, "left": sides, "right": sides}


def _alignment(of: Described) -> str:
    if of.type in _RIGHT:
        return "RIGHT"
    # Values of open lists, such as names, are aligned like texts; chips are centred.
    is_name = isinstance(of, ColumnTemplate) and of.options is not None
    return "CENTER" if of.type in _CENTRE and not is_name else "LEFT"
