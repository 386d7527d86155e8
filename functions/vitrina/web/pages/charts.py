"""Pictures of a report as SVG, drawn here: no script and no style, readable on a phone and in print.

Each has a text in place of it; the same figures stand in a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from markupsafe import Markup, escape
from msgspec import Struct

#: A unit of the picture is about a pixel of a phone.
WIDTH = 358
_TEXT = 12
_INK, _BAR, _WORSE, _LINE, _QUIET = "#1b2426", "#00697f", "#b3261e", "#b35900", "#b4bfc2"
#: Height of the bars of weeks, of a line of work below them, and of a part of a change.
_BARS, _WORK, _PART = 120, 22, 40
#: Most lines of work that are drawn.
MOST_WORKS = 8


class Bar(Struct, frozen=True):
    """A week: its first day, its value and the text of that; ``None`` for one that is not known."""

    start: date
    value: float | None
    text: str


class Line(Struct, frozen=True):
    """Work on the time axis; one of the days is known."""

    label: str
    start: date | None
    end: date | None


class PartBar(Struct, frozen=True):
    """A part of a change, with its text; one that ``is_worse`` has another colour."""

    name: str
    change: float
    text: str
    is_worse: bool


def week_chart(
    bars: Sequence[Bar], works: Sequence[Line], *, until: date, target: float | None, label: str
) -> Markup:
    """Bars of weeks, and below them, on the same axis, the work that was done."""
    first = bars[0].start
    last = max(until, bars[-1].start + timedelta(days=6))
    days = (last - first).days + 1
    step = WIDTH / days
    works = works[:MOST_WORKS]
    height = _TEXT + 6 + _BARS + 20 + len(works) * _WORK + (6 if works else 0)
    top = _TEXT + 6
    values = [one.value for one in bars if one.value is not None]
    highest = max([*values, target or 0, 0]) or 1
    places = [bar.value for bar in bars]
    told = {len(bars) - 1, *(places.index(pick(values)) for pick in (max, min) if values)}
    shapes: list[Markup] = []
    for place, bar in enumerate(bars):
        x = (bar.start - first).days * step
        if bar.value is not None:
            tall = _BARS * max(bar.value, 0) / highest
            shapes.append(_rect(x + 1, top + _BARS - tall, 7 * step - 2, max(tall, 1), _BAR))
        # Values of neighbours would overlap: the first of the extreme ones and the last one are told.
        if bar.value is not None and place in told:
            tall = _BARS * max(bar.value, 0) / highest
            shapes.append(_text(x + 3.5 * step, top + _BARS - tall - 3, bar.text, anchor="middle"))
        if place % 3 == (len(bars) - 1) % 3:
            shapes.append(_text(x + 3.5 * step, top + _BARS + 15, f"{bar.start:%d.%m}", anchor="middle"))
    if target is not None and target > 0:
        y = top + _BARS - _BARS * target / highest
        shapes.append(_line(0, y, WIDTH, y, _LINE, dashed=True))
    shapes.append(_line(0, top + _BARS, WIDTH, top + _BARS, _INK))
    for place, work in enumerate(works):
        shapes += _work(work, first, last, step, top + _BARS + 32 + place * _WORK)
    return _svg(height, label, shapes)


def part_chart(parts: Sequence[PartBar], *, label: str) -> Markup:
    """Parts of a change to the left and to the right of nothing."""
    most = max((abs(one.change) for one in parts), default=0) or 1
    middle = WIDTH / 2
    shapes: list[Markup] = []
    for place, part in enumerate(parts):
        y = place * _PART
        shapes.append(_text(0, y + 14, _cut(part.name, 34)))
        shapes.append(_text(WIDTH, y + 14, part.text, anchor="end"))
        wide = max(abs(part.change) / most * (middle - 2), 1 if part.change else 0)
        x = middle if part.change >= 0 else middle - wide
        shapes.append(_rect(x, y + 20, wide, 12, _WORSE if part.is_worse else _BAR))
    shapes.append(_line(middle, 0, middle, len(parts) * _PART, _QUIET))
    return _svg(len(parts) * _PART, label, shapes)


def _work(work: Line, first: date, last: date, step: float, y: float) -> list[Markup]:
    """A line from start to end. Work without an end goes on, work without a start is a point."""
    end = min(work.end or last, last)
    start = max(work.start or end, first)
    left, right = (start - first).days * step, ((end - first).days + 1) * step
    right = max(right, left + 4)
    shapes = [_line(left, y, right, y, _LINE, wide=4)]
    if work.end is not None:
        shapes.append(_circle(right, y))
    label = _cut(work.label, 24)
    # Beside the line, on the side where there is room.
    if right < WIDTH * 0.6:
        shapes.append(_text(right + 8, y + 4, label))
    elif left > WIDTH * 0.4:
        shapes.append(_text(left - 8, y + 4, label, anchor="end"))
    else:
        shapes.append(_text(WIDTH, y - 5, label, anchor="end"))
    return shapes


def _svg(height: float, label: str, shapes: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}" font-size="{}">{}</svg>'
    ).format(label, WIDTH, _plain(height), _TEXT, Markup("").join(shapes))


def _rect(x: float, y: float, width: float, height: float, colour: str) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>').format(
        _plain(x), _plain(y), _plain(width), _plain(height), colour
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, *, wide: float = 1, dashed: bool = False
) -> Markup:
    dash = Markup(' stroke-dasharray="4 3"') if dashed else ""
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="{}"{}/>').format(
        _plain(x1), _plain(y1), _plain(x2), _plain(y2), colour, _plain(wide), dash
    )


def _circle(x: float, y: float) -> Markup:
    return Markup('<circle cx="{}" cy="{}" r="4" fill="{}"/>').format(_plain(x), _plain(y), _LINE)


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> Markup:
    # At the edges a text that is centred would be cut off.
    if anchor == "middle":
        half = len(text) * _TEXT * 0.3
        x = min(max(x, half), WIDTH - half)
    return Markup('<text x="{}" y="{}" text-anchor="{}" fill="{}">{}</text>').format(
        _plain(x), _plain(y), anchor, _INK, escape(text)
    )


def _plain(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
