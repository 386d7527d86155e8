"""Converts the theme of a template to Google's cell formats and validation rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vitrina.ports import Json
from vitrina.workbook.template.definition import BookTemplate, ColumnTemplate, FieldTemplate, Locale

_RIGHT = frozenset({"integer", "number", "hours", "percent"})
_CENTRE = frozenset({"date", "datetime", "choice", "code", "day"})

#: Number formats that are the same in every language. A day's hours have none: its column is too
#: narrow for a fraction that is mostly zero.
_PATTERNS: Mapping[str, tuple[str, str]] = {
    "hours": ("NUMBER", "0.0"),
    "integer": ("NUMBER", "0"),
    "percent": ("PERCENT", "0%"),
    # As text, so that «2/5» does not become a date and «007» keeps its zeros.
    "text": ("TEXT", "@"),
    "long_text": ("TEXT", "@"),
    "code": ("TEXT", "@"),
}
_LOCAL_PATTERNS: Mapping[str, str] = {"date": "DATE", "datetime": "DATE_TIME"}

Described = ColumnTemplate | FieldTemplate


@dataclass(frozen=True)
class CellFormats:
    """Cell formats and validation rules of one workbook."""

    template: BookTemplate
    locale: Locale
    #: Open lists of the drop-downs by name.
    options: Mapping[str, Sequence[str]]

    def colour(self, name: str) -> Json:
        """A colour of the palette."""
        digits = self.template.theme.palette[name].removeprefix("#")
        red, green, blue = (round(int(digits[i : i + 2], 16) / 255, 4) for i in (0, 2, 4))
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
        """A cell of the form that may run over into the next."""
        return {
            "backgroundColorStyle": self.colour("paper"),
            "textFormat": font or self.font(),
            "verticalAlignment": "MIDDLE",
            "wrapStrategy": "OVERFLOW_CELL",
        }

    def heading(self, column: ColumnTemplate, *, pattern: str | None = None) -> Json:
        """A cell of a table's heading; *pattern* is the text key of a date format."""
        # Headings of the columns that the client fills in are in the accent colour; the guide says so.
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
        """A value of a column or a field, with a hairline below it."""
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
        """A value of the form: to the left, hours with their unit."""
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

    def validation(self, of: Described) -> Json | None:
        """Rule of what a cell takes. Closed lists refuse other values; the rest only marks them.

        A date typed as «к среде» is worth reading, so it is marked and not thrown away.
        """
        if of.formula is not None:
            return None
        options = self.options.get(of.options or "") if isinstance(of, ColumnTemplate) else None
        if of.choices is not None:
            return self._one_of(self.template.choice_texts(of.choices, self.locale), strict=True)
        if options:
            return self._one_of(options, strict=False)
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
        # In a cell formatted as text a formula would be shown instead of counted.
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
    # Names and kinds of work, from an open list, are read as texts; chips stand in the middle.
    is_name = isinstance(of, ColumnTemplate) and of.options is not None
    return "CENTER" if of.type in _CENTRE and not is_name else "LEFT"
