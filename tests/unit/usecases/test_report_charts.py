"""Pictures of a report: heights say what the figures say, and texts are texts."""

from __future__ import annotations

import re
from datetime import date, timedelta

from vitrina.web.pages.charts import Bar, Line, PartBar, part_chart, week_chart

MONDAY = date(2026, 9, 7)


def bars(*values: float | None) -> list[Bar]:
    """Weeks one after another."""
    return [
        Bar(MONDAY + timedelta(weeks=place), value, "" if value is None else str(value))
        for place, value in enumerate(values)
    ]


def numbers(picture: str, shape: str, name: str) -> list[float]:
    """Values of an attribute of all shapes of a kind."""
    return [float(one) for one in re.findall(rf'<{shape}[^>]* {name}="([^"]*)"', picture)]


def test_heights_are_in_proportion() -> None:
    """Half as much is half as high; a week that is not known has no bar."""
    picture = week_chart(bars(40, None, 20, 10), [], until=MONDAY, target=None, label="x")
    assert numbers(picture, "rect", "height") == [120, 60, 30]


def test_a_target_above_all_bars_fits_in() -> None:
    """The line of the target is at the top then."""
    picture = week_chart(bars(20, 10), [], until=MONDAY, target=40, label="x")
    assert numbers(picture, "rect", "height") == [60, 30]
    assert "stroke-dasharray" in picture


def test_nothing_at_all_is_drawn_too() -> None:
    """Weeks of zeros divide by nothing."""
    assert "svg" in week_chart(bars(0, 0), [], until=MONDAY, target=None, label="x")
    assert numbers(part_chart([PartBar("a", 0, "0", False)], label="x"), "rect", "width") == [0]


def test_work_lies_on_the_same_axis() -> None:
    """Work of the second of four weeks begins where its bar does, also if it began before the first one."""
    works = [
        Line("ЗРН-1", MONDAY + timedelta(days=7), MONDAY + timedelta(days=13)),
        Line("ЗРН-2", MONDAY - timedelta(days=30), MONDAY + timedelta(days=1)),
        Line("ЗРН-3", MONDAY + timedelta(days=21), None),
    ]
    picture = week_chart(bars(1, 1, 1, 1), works, until=MONDAY + timedelta(days=27), target=None, label="x")
    axis, first, second, third = zip(
        numbers(picture, "line", "x1"), numbers(picture, "line", "x2"), strict=True
    )
    assert axis == (0, 358)
    assert first == (89.5, 179)
    assert second[0] == 0
    assert third == (268.5, 358)


def test_parts_go_to_their_sides() -> None:
    """Gains to the right, losses to the left, in proportion."""
    parts = [PartBar("a", -30, "−30", True), PartBar("b", 15, "+15", False)]
    picture = part_chart(parts, label="x")
    assert numbers(picture, "rect", "width") == [177, 88.5]
    assert numbers(picture, "rect", "x") == [2, 179]


def test_texts_are_escaped() -> None:
    """Names come from sources."""
    picture = part_chart([PartBar("<b>", 1, "<i>", False)], label='"><script>')
    assert "<b>" not in picture
    assert "<script>" not in picture
