"""What a change between two periods is made of, by segments. All sums are exact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Protocol

from msgspec import Struct


class Measured(Protocol):
    """A value with its denominator, which is 1 for what is only added."""

    @property
    def value(self) -> float | Fraction:
        """What is added up."""

    @property
    def base(self) -> float | Fraction:
        """What it is divided by."""


class Part(Struct, frozen=True):
    """What a segment adds to a change.

    Parameters
    ----------
    before, now
        Of the segment alone: its sum, or its ratio. ``None`` for a ratio without a denominator.
    mix
        Of a ratio: because the share of the segment in the denominator has changed.
    rate
        Of a ratio: because the ratio of the segment has changed. Of a sum: its whole change.
    """

    name: str
    before: Fraction | None
    now: Fraction | None
    mix: Fraction
    rate: Fraction

    @property
    def change(self) -> Fraction:
        """What the segment adds to the change of the whole."""
        return self.mix + self.rate


class Breakdown(Struct, frozen=True):
    """A change of a measure and its parts, whose changes add up to it exactly.

    ``parts`` are in the order of the size of their changes, the largest first.
    """

    before: Fraction
    now: Fraction
    parts: tuple[Part, ...]

    @property
    def change(self) -> Fraction:
        """By how much the whole has changed."""
        return self.now - self.before

    @property
    def mix(self) -> Fraction:
        """What the shares of the segments add to it."""
        return sum((one.mix for one in self.parts), Fraction(0))

    @property
    def rate(self) -> Fraction:
        """What the segments themselves add to it."""
        return sum((one.rate for one in self.parts), Fraction(0))


def break_down_sum(before: Mapping[str, Measured], now: Mapping[str, Measured]) -> Breakdown:
    """The change of a measure that is added, by segments. One that a period lacks counts as 0."""
    parts = []
    for name in _names(before, now):
        first, last = _value(before.get(name)), _value(now.get(name))
        parts.append(Part(name, first, last, Fraction(0), last - first))
    return _breakdown(_total(before, _value), _total(now, _value), parts)


def break_down_ratio(before: Mapping[str, Measured], now: Mapping[str, Measured]) -> Breakdown | None:
    """The change of a ratio, by segments; ``None`` if one of the periods has no denominator.

    Notes
    -----
    With share *s* of a segment in the denominator, its ratio *r*, and the ratio *R* of the whole, the effect
    of the mix is ``(s1 - s0) * (r0 - R0)`` and that of the rate ``s1 * (r1 - r0)``. The shares of a period
    add up to 1, so that all of them add up to ``R1 - R0``. A segment that was not there before counts as
    average (``r0 = R0``): all that it adds is its rate. What a segment has without a denominator, as money
    that brought nobody, is counted with its rate as well. Source: metrics.md section 4, with *R0* taken off
    each mix, which changes no sum and gives a segment that grows at an average ratio no effect.
    """
    base_before, base_now = _total(before, _base), _total(now, _base)
    if not base_before or not base_now:
        return None
    whole_before = _total(before, _value) / base_before
    whole_now = _total(now, _value) / base_now
    parts = []
    for name in _names(before, now):
        first, last = before.get(name), now.get(name)
        ratio_before = _ratio(first)
        expected = whole_before if ratio_before is None else ratio_before
        share_change = _base(last) / base_now - _base(first) / base_before
        change = _value(last) / base_now - _value(first) / base_before
        mix = share_change * (expected - whole_before)
        parts.append(Part(name, ratio_before, _ratio(last), mix, change - share_change * expected))
    return _breakdown(whole_before, whole_now, parts)


def pooled(
    before: Mapping[str, Measured], now: Mapping[str, Measured], *, most: int, rest: str
) -> tuple[Mapping[str, Measured], Mapping[str, Measured]]:
    """Segments of two periods with the small ones put together under the name *rest*.

    The largest ones by their part of both periods stay, at most *most* with the rest.
    """
    names = [name for name in _names(before, now) if name != rest]
    if len({*before, *now}) <= most:
        return before, now
    whole = [(_total(one, _value), _total(one, _base)) for one in (before, now)]

    def weight(name: str) -> Fraction:
        """The greatest share that it has of anything."""
        shares = [Fraction(0)]
        for segments, (values, bases) in zip((before, now), whole, strict=True):
            one = segments.get(name)
            shares += [_value(one) / values] if values else []
            shares += [_base(one) / bases] if bases else []
        return max(shares)

    kept = set(sorted(names, key=lambda name: (-weight(name), name))[: most - 1])
    return _pool(before, kept, rest), _pool(now, kept, rest)


def rounded_parts(parts: Sequence[Fraction], digits: int) -> list[Fraction]:
    """*parts* with so many digits after the point, which add up to their rounded sum.

    Each is one of its two neighbours: those that lose most by rounding down are rounded up.
    """
    unit = Fraction(1, 10**digits)
    wanted = round(sum(parts, Fraction(0)) / unit)
    floors = [part // unit for part in parts]
    lost = [part / unit - floor for part, floor in zip(parts, floors, strict=True)]
    order = sorted(range(len(parts)), key=lambda place: (-lost[place], place))
    raised = set(order[: wanted - sum(floors)])
    return [(floor + (place in raised)) * unit for place, floor in enumerate(floors)]


class _Pooled(Struct, frozen=True):
    value: Fraction
    base: Fraction


def _pool(segments: Mapping[str, Measured], kept: set[str], rest: str) -> Mapping[str, Measured]:
    found: dict[str, Measured] = {name: one for name, one in segments.items() if name in kept}
    others = [one for name, one in segments.items() if name not in kept]
    if others:
        found[rest] = _Pooled(sum(map(_value, others), Fraction(0)), sum(map(_base, others), Fraction(0)))
    return found


def _breakdown(before: Fraction, now: Fraction, parts: Iterable[Part]) -> Breakdown:
    order = sorted(parts, key=lambda one: (-abs(one.change), one.name))
    return Breakdown(before, now, tuple(order))


def _names(before: Mapping[str, Measured], now: Mapping[str, Measured]) -> list[str]:
    return sorted({*before, *now})


def exact(number: float | Fraction) -> Fraction:
    """A number as it is written: ``0.1`` is a tenth."""
    return number if isinstance(number, Fraction) else Fraction(repr(float(number)))


def _value(one: Measured | None) -> Fraction:
    return Fraction(0) if one is None else exact(one.value)


def _base(one: Measured | None) -> Fraction:
    return Fraction(0) if one is None else exact(one.base)


def _ratio(one: Measured | None) -> Fraction | None:
    base = _base(one)
    return _value(one) / base if base else None


def _total(segments: Mapping[str, Measured], read: Callable[[Measured], Fraction]) -> Fraction:
    return sum(map(read, segments.values()), Fraction(0))
