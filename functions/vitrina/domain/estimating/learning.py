"""Learns norms from the history: nested groups shrunk towards their parents, and errors of past forecasts.

With y the logarithm of the hours per unit, n the number of facts of a group and k the weight of its parent:

    m(group)  = m(parent) + n / (n + k) * average of (y - m(parent))
    typical   = exp(m)
    mean      = typical * (sum of hours + 50 * c * G) / (sum of typical + 50 * c)

where the sums go over the work type, or over the size class if sizes are known, c is its average typical
figure and G the same ratio over everything. A wrong time log has little effect: an outlier of a group does
not count in the typical figure, and no other fact moves the typical figure of a group, and no fact its mean,
by more than a twentieth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.estimating.effort import Task, forecast
from vitrina.domain.estimating.norms import (
    LEAST_ERRORS,
    Basis,
    EffortNorm,
    FinishedWork,
    NormCell,
    Norms,
    NormSource,
    PastError,
    usable,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Codes = np.ndarray[Any, np.dtype[np.int64]]

#: Weight of the parent, in facts of the group, while there are too few facts to estimate it.
START_LEANING = 6.0
#: Weight of the starting value of that estimate, in facts.
START_WEIGHT = 10.0
LEANING_BOUNDS = (1e-12, 1e3)

#: A fact so many times larger or smaller than the median of its group is an outlier.
SLIP_RATIO = 8.0
#: Differences beyond so many deviations from the median are cut to that many before spread is measured.
FARTHEST_DEVIATIONS = 4.0

#: The most by which a single fact moves the typical figure of a group, or the ratio of mean to typical.
MOST_MOVED = 0.045

#: Weight of the ratio over everything in the ratio of a work type or a size class, in tasks.
RATIO_WEIGHT = 50.0
#: Weight of the ratio over everything in the ratio of one profile, in hours that its specialists gave.
SPECIALIST_WEIGHT_HOURS = 200.0
#: Least count of specialists' figures with actual hours before they are combined with norms.
LEAST_OF_SPECIALISTS = 12

#: Ratio of the standard deviation to the median absolute deviation of a normal distribution.
DEVIATIONS_OF_MEDIAN = 1.4826

#: Weight of a starting norm, in facts; and its ratio of mean to typical, measured on 8,175 tasks.
START_RATIO = 1.3

#: Number of last finished works whose forecasts are replayed, in blocks that are forecast from the work
#: before.
REPLAYED = 1000
BLOCKS = 5
#: A replay begins after this share of the history, and after so many facts.
REPLAY_AFTER = 0.25
REPLAY_LEAST = 20

#: Nested groups of tasks with a size, and of all tasks, the widest first.
SIZED = (("size",), ("kind", "size"), ("kind", "size", "profile"))
UNSIZED = (("kind",), ("kind", "profile"))


def learn(history: Iterable[FinishedWork]) -> Norms:
    """Learns the norms of a history in any order; work without hours or quantity is ignored."""
    table = _Table(history)
    if not table.count:
        return Norms()
    errors, ratios = _unbiased(_replay(table), table.specialists_ratios(table.count))
    return Norms(dict(table.cells(table.count)), errors, ratios)


def _unbiased(
    errors: Mapping[Basis, Sequence[PastError]], ratios: Mapping[str, float]
) -> tuple[dict[str, tuple[PastError, ...]], dict[str, float]]:
    """Errors by basis and specialists' ratios, with half of the past bias of such forecasts taken away.

    A mean between norm and figure is their geometric mean, which lies below both in sums. The ratio of the
    sums of actual and forecast hours is drawn halfway to 1, as it changes from year to year. The ratios enter
    a mean by their square root.
    """
    kept = {basis.value: tuple(ones) for basis, ones in errors.items()}
    known = errors[Basis.SPECIALIST]
    if len(known) < LEAST_ERRORS:
        return kept, dict(ratios)
    bias = sum(one.actual_hours for one in known) / sum(one.mean_hours for one in known)
    factor = math.sqrt(bias)
    kept[Basis.SPECIALIST.value] = tuple(
        PastError(one.mean_hours * factor, one.actual_hours) for one in known
    )
    return kept, {profile: ratio * bias for profile, ratio in ratios.items()}


def start_with(norms: Norms, guesses: Mapping[NormCell, tuple[str, float]]) -> Norms:
    """Adds starting norms, which count as much as six facts.

    *guesses* are the name of the work type and the typical hours of a unit, by group.
    """
    started = {cell: _started(norms.cells.get(cell), cell, *guess) for cell, guess in guesses.items()}
    return replace(norms, cells={**norms.cells, **started})


def _started(facts: EffortNorm | None, cell: NormCell, work_type: str, hours: float) -> EffortNorm:
    """A norm shrunk towards a guess instead of its parent."""
    if facts is None:
        return EffortNorm(
            work_type,
            cell.profile,
            hours * START_RATIO,
            0,
            0.0,
            typical_hours=hours,
            size=cell.size,
            source=NormSource.START,
        )
    weight = facts.fact_count / (facts.fact_count + START_LEANING)
    typical = hours ** (1 - weight) * facts.typical_hours**weight
    return replace(
        facts,
        hours_per_unit=typical * facts.hours_per_unit / facts.typical_hours,
        typical_hours=typical,
        source=NormSource.FACTS if facts.fact_count >= START_LEANING else NormSource.START,
    )


def _replay(table: _Table) -> Mapping[Basis, list[PastError]]:
    """Errors of forecasts of the last finished works, each made from the work before it only."""
    errors: dict[Basis, list[PastError]] = {basis: [] for basis in Basis}
    first = max(REPLAY_LEAST, int(table.count * REPLAY_AFTER), table.count - REPLAYED)
    length = max(1, math.ceil((table.count - first) / BLOCKS))
    for start in range(first, table.count, length):
        known = Norms(dict(table.cells(start)), {}, table.specialists_ratios(start))
        for work in table.works[start : start + length]:
            for basis, specialist_hours, size in (
                (Basis.TYPE, None, ""),
                (Basis.SIZE, None, work.size),
                (Basis.SPECIALIST, work.specialist_hours, work.size),
            ):
                task = Task(work.work_type, work.profile, work.quantity, size, specialist_hours)
                made = forecast(known, task)
                if made is not None and made.basis is basis:
                    errors[basis].append(PastError(made.mean_hours, work.hours))
    return errors


class _Table:
    """The history in columns, the oldest first; a prefix of them is what was known at some time."""

    def __init__(self, history: Iterable[FinishedWork]) -> None:
        # Imported here because pandas takes a third of a second and most requests learn nothing.
        import numpy as np  # noqa: PLC0415
        import pandas as pd  # noqa: PLC0415

        self.works = sorted(usable(history), key=_time_order)
        self.count = len(self.works)
        # The spelling that was used last.
        self._titles = {work.work_type.casefold(): work.work_type for work in self.works}
        folded = {work_type: work_type.casefold() for work_type in {work.work_type for work in self.works}}
        kind = pd.Series([folded[work.work_type] for work in self.works], dtype=object)
        columns = {
            "kind": _coded(kind),
            "size": _coded(pd.Series([work.size for work in self.works], dtype=object)),
            "profile": _coded(pd.Series([work.profile for work in self.works], dtype=object)),
        }
        self._profiles = columns["profile"]
        self._hours: Floats = np.array([work.hours for work in self.works], dtype=float)
        self._given: Floats = np.array([work.specialist_hours or 0.0 for work in self.works], dtype=float)
        quantities: Floats = np.array([work.quantity for work in self.works], dtype=float)
        logs: Floats = np.log(self._hours / quantities)
        sized = np.flatnonzero([work.size != "" for work in self.works])
        self._chains = [
            _Chain(columns, logs, np.arange(self.count), UNSIZED, ratio_of=("kind",)),
            _Chain(columns, logs, sized, SIZED, ratio_of=("size",)),
        ]

    def cells(self, known: int) -> Iterator[tuple[NormCell, EffortNorm]]:
        """The norms of the first *known* works, by group."""
        for chain in self._chains:
            for key, typical, mean, count, spread in chain.fit(known):
                cell = NormCell(key.get("kind", ""), key.get("size", ""), key.get("profile", ""))
                title = self._titles.get(cell.work_type, "")
                yield (
                    cell,
                    EffortNorm(
                        title, cell.profile, mean, count, spread, typical_hours=typical, size=cell.size
                    ),
                )

    def specialists_ratios(self, known: int) -> dict[str, float]:
        """Ratios of actual hours to specialists' figures by profile; empty while too few are known."""
        import numpy as np  # noqa: PLC0415

        places = np.flatnonzero(self._given[:known] > 0)
        if len(places) < LEAST_OF_SPECIALISTS:
            return {}
        given = self._given[places]
        # A figure of one hour with twelve actual hours is an outlier as well.
        spent = np.minimum(self._hours[places], given * SLIP_RATIO)
        everybody = float(spent.sum() / given.sum())
        codes, profiles = self._profiles.codes[places], self._profiles.names
        spent_by, given_by = (np.bincount(codes, values, len(profiles)) for values in (spent, given))
        own = (spent_by + SPECIALIST_WEIGHT_HOURS * everybody) / (given_by + SPECIALIST_WEIGHT_HOURS)
        return {"": everybody, **dict(zip(profiles, map(float, own), strict=True))}


def _time_order(work: FinishedWork) -> tuple[date, str, str, str, float, float, float]:
    """Sorts works by their day; those of one day by what they are, whatever order they were kept in."""
    given = work.specialist_hours or 0.0
    return work.finished_on, work.work_type, work.profile, work.size, work.hours, work.quantity, given


class _Coded(Struct, frozen=True):
    """A column of names, coded as numbers."""

    codes: Codes
    names: list[str]


def _coded(column: pd.Series[str]) -> _Coded:
    codes, names = column.factorize()
    return _Coded(codes.astype("int64"), [str(name) for name in names])


class _Level(Struct, frozen=True):
    """Groups of one level: the group of each fact, and the names of the groups."""

    codes: Codes
    keys: list[dict[str, str]]


class _Chain:
    """Nested groups over some facts of the history."""

    def __init__(
        self,
        columns: Mapping[str, _Coded],
        logs: Floats,
        facts: Codes,
        levels: tuple[tuple[str, ...], ...],
        *,
        ratio_of: tuple[str, ...],
    ) -> None:
        import numpy as np  # noqa: PLC0415

        self._facts = facts
        self._logs = logs[facts]
        self._levels = [_level({name: columns[name] for name in names}, facts) for names in levels]
        # Facts ordered by group and then by hours, once for all prefixes of the history.
        self._order = np.lexsort((self._logs, self._levels[-1].codes))
        self._ratio_level = levels.index(ratio_of)

    def fit(self, known: int) -> Iterator[tuple[dict[str, str], float, float, int, float]]:
        """Group, typical, mean, count and spread per unit, from the facts among the first *known* works."""
        import numpy as np  # noqa: PLC0415

        count = int(np.searchsorted(self._facts, known))
        if not count:
            return
        logs = self._logs[:count]
        order = self._order[self._order < count]
        kept = _in_proportion(logs, self._levels[-1].codes[:count], order)
        root = _middle(logs[kept])
        typical_logs = np.full(count, root)
        levels = [(level.codes[:count], level.keys) for level in self._levels]
        effects = []
        for codes, keys in levels:
            effect = _effects((logs - typical_logs)[kept], codes[kept], len(keys))
            effects.append(effect)
            typical_logs = typical_logs + effect[codes]
        hours, typical = np.exp(logs), np.exp(typical_logs)
        everything = _ratio_of_all(hours, typical, (logs - typical_logs)[kept])
        ratio_codes, ratio_keys = levels[self._ratio_level]
        ratios = _ratios(hours, typical, ratio_codes, len(ratio_keys), everything)
        if self._ratio_level == 0:
            yield {}, math.exp(root), math.exp(root) * everything, len(logs), _spread(hours)
        for depth, (codes, keys) in enumerate(levels):
            counts = np.bincount(codes, minlength=len(keys))
            firsts = np.zeros(len(keys), dtype=int)
            firsts[codes[::-1]] = np.arange(len(codes))[::-1]
            spreads = _spreads(hours, codes, counts)
            for group in np.flatnonzero(counts):
                first = firsts[group]
                figure = math.exp(
                    root + sum(effects[above][levels[above][0][first]] for above in range(depth + 1))
                )
                ratio = float(ratios[ratio_codes[first]])
                yield keys[group], figure, figure * ratio, int(counts[group]), float(spreads[group])


def _level(columns: Mapping[str, _Coded], facts: Codes) -> _Level:
    import numpy as np  # noqa: PLC0415

    together = np.zeros(len(facts), dtype=np.int64)
    for column in columns.values():
        together = together * len(column.names) + column.codes[facts]
    numbers, codes = np.unique(together, return_inverse=True)
    keys: list[dict[str, str]] = [{} for _ in numbers]
    for name, column in reversed(list(columns.items())):
        numbers, own = np.divmod(numbers, len(column.names))
        for key, code in zip(keys, own, strict=True):
            key[name] = column.names[code]
    return _Level(codes, keys)


def _middles(values: Floats, counts: Codes, order: Codes) -> tuple[Floats, Floats]:
    """The two middle values of each group; they are equal if the count is odd.

    ``order`` sorts the values by group and then by size. The result of an empty group is meaningless.
    """
    import numpy as np  # noqa: PLC0415

    starts = np.cumsum(counts) - counts
    ordered = values[order]
    low, high = (
        ordered[np.clip(starts + half, 0, len(values) - 1)] for half in ((counts - 1) // 2, counts // 2)
    )
    return low, high


def _in_proportion(logs: Floats, codes: Codes, order: Codes) -> Codes:
    """Places of the facts that are not outliers of their group; a single fact never is.

    ``order`` sorts the facts by group and then by hours.
    """
    import numpy as np  # noqa: PLC0415

    counts = np.bincount(codes)
    low, high = _middles(logs, counts, order)
    # For a fact at the upper end the median of the others is the lower one of the two middle values.
    distances = np.maximum(logs - low[codes], high[codes] - logs)
    return np.flatnonzero((distances <= math.log(SLIP_RATIO)) | (counts[codes] <= 2))


def _deviation(distances: Floats) -> float:
    """Robust standard deviation of differences from a median."""
    import numpy as np  # noqa: PLC0415

    return DEVIATIONS_OF_MEDIAN * float(np.median(np.abs(distances))) if len(distances) else 0.0


def _within(differences: Floats) -> Floats:
    """Differences from a median, cut to four deviations."""
    import numpy as np  # noqa: PLC0415

    most = FARTHEST_DEVIATIONS * _deviation(differences)
    return np.clip(differences, -most, most)


def _middle(logs: Floats) -> float:
    """The average of the logarithms after differences from the median are cut."""
    import numpy as np  # noqa: PLC0415

    median = float(np.median(logs))
    return median + float(np.mean(_within(logs - median)))


def _effects(differences: Floats, codes: Codes, groups: int) -> Floats:
    """Difference of each group from its parent, from the differences of its facts, as logarithms.

    The effect of each fact is limited so that it moves the group by at most a twentieth.
    """
    import numpy as np  # noqa: PLC0415

    counts = np.bincount(codes, minlength=groups)
    low, high = _middles(differences, counts, np.lexsort((differences, codes)))
    # Between two middle facts the value nearest to the parent is used: with two facts the outlier cannot be
    # identified.
    middles = np.clip(0.0, low, high)
    away = differences - middles[codes]
    leaning = _leaning(middles[codes] + _within(away), codes, counts)
    most = math.log1p(MOST_MOVED) * (counts + leaning)
    bounded = middles[codes] + np.clip(away, -most[codes], most[codes])
    effects: Floats = np.bincount(codes, bounded, groups) / (counts + leaning)
    return effects


def _leaning(differences: Floats, codes: Codes, counts: Codes) -> float:
    """k: the ratio of the variance inside groups to that between groups; near six with few facts."""
    import numpy as np  # noqa: PLC0415

    present = int(np.count_nonzero(counts))
    repeats = len(differences) - present
    if repeats < 1:
        return START_LEANING
    averages = np.bincount(codes, differences, len(counts)) / np.maximum(counts, 1)
    inside = float(np.sum((differences - averages[codes]) ** 2)) / repeats
    # The sum over groups of n * average² is expected to be n * between + groups * inside.
    between = (float(np.sum(counts * averages**2)) - present * inside) / len(differences)
    low, high = LEANING_BOUNDS
    seen = min(max(inside / between, low), high) if between > low * inside else high
    return math.exp(
        (START_WEIGHT * math.log(START_LEANING) + repeats * math.log(seen)) / (START_WEIGHT + repeats)
    )


def _ratio_of_all(hours: Floats, typical: Floats, differences: Floats) -> float:
    """G: ratio of mean to typical over everything, starting from that of a lognormal distribution."""
    start = math.exp(min(float(_within(differences).var()), 2.0) / 2)
    weight = RATIO_WEIGHT * float(typical.mean())
    total = float(typical.sum()) + weight
    return (float(_bounded(hours, typical, total).sum()) + weight * start) / total


def _ratios(hours: Floats, typical: Floats, codes: Codes, groups: int, everything: float) -> Floats:
    """Ratio of mean to typical by group; a small group has about the ratio over everything."""
    import numpy as np  # noqa: PLC0415

    counts = np.bincount(codes, minlength=groups)
    sums = np.bincount(codes, typical, groups)
    weights = RATIO_WEIGHT * sums / np.maximum(counts, 1)
    totals = np.maximum(sums + weights, 1e-12)
    bounded = _bounded(hours, typical, totals[codes])
    ratios: Floats = (np.bincount(codes, bounded, groups) + weights * everything) / totals
    return ratios


def _bounded(hours: Floats, typical: Floats, totals: Floats | float) -> Floats:
    """Hours, limited so that no fact moves the ratio of its group by more than a twentieth.

    ``totals`` are the divisors of the sums of hours of the groups.
    """
    import numpy as np  # noqa: PLC0415

    bounded: Floats = np.minimum(hours, typical + MOST_MOVED * totals)
    return bounded


def _spread(hours: Floats) -> float:
    return float(hours.std(ddof=1)) if len(hours) > 1 else 0.0


def _spreads(hours: Floats, codes: Codes, counts: Codes) -> Floats:
    """Sample standard deviation of each group, 0 for a single fact."""
    import numpy as np  # noqa: PLC0415

    averages = np.bincount(codes, hours, len(counts)) / np.maximum(counts, 1)
    squares = np.bincount(codes, (hours - averages[codes]) ** 2, len(counts))
    spreads: Floats = np.sqrt(squares / np.maximum(counts - 1, 1))
    return spreads
