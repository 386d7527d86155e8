"""``python -m benchmarks.effort [--guesses]``: accuracy of the norms on real tasks.

The tasks are from a public data set of 8,175 tasks (SiP), which may be used for measurements but not shipped.
It is looked for in ``../shared``, or in the folder that ``VITRINA_SHARED`` names, together with the
evaluation harness ``tools/eval_effort.py``. For each week the estimator gets the tasks that were finished
before it and forecasts the tasks that were estimated in it. The exit code is 1 if a figure misses its target,
2 if the data are missing.

The classes below are plug-ins of that harness as well:
``eval_effort.py --predictor benchmarks/effort.py:WithSize``.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
# The harness loads this file by its path, from anywhere.
sys.path.insert(0, str(ROOT / "functions"))

from vitrina.domain.estimating.effort import Task, forecast, total  # noqa: E402
from vitrina.domain.estimating.guesses import words  # noqa: E402
from vitrina.domain.estimating.learning import learn  # noqa: E402
from vitrina.domain.estimating.norms import Basis, FinishedWork, Norms  # noqa: E402
from vitrina.domain.estimating.sizes import Size  # noqa: E402

HARNESS = Path("tools") / "eval_effort.py"

#: Hours at which the next size class begins.
SIZE_BOUNDS_HOURS = (1.0, 3.0, 8.0, 24.0)

#: Counts of neighbouring tasks in a sum, and how many sums are drawn for each count.
SUM_SIZES = (5, 10, 20, 40, 80)
SUM_COUNT = 600
SEED = 1
#: Days from the first forecast to the first sums.
SUMS_AFTER_DAYS = 300


def size_of(hours: float) -> str:
    """The size class of a task with estimated *hours*."""
    return list(Size)[sum(hours >= bound for bound in SIZE_BOUNDS_HOURS)].value


class TypeOnly:
    """Knows the work type and the person, who is used as profile: this data set has no profiles."""

    has_size = False
    has_specialist = False
    has_profile = True

    def __init__(self) -> None:
        self.norms: Norms = Norms()

    def predict(self, history: pd.DataFrame, tasks: pd.DataFrame) -> pd.DataFrame:
        """Typical hours, mean and P85 of *tasks* from the finished work in *history*."""
        self.norms = learn(
            FinishedWork(
                row.worktype,
                self._profile(row),
                row.actual,
                1.0,
                row.completed.date(),
                self._size(row),
                row.estimate if self.has_specialist else None,
            )
            for row in history.itertuples()
        )
        made = [
            forecast(
                self.norms,
                Task(
                    row.worktype,
                    self._profile(row),
                    1.0,
                    self._size(row),
                    row.estimate if self.has_specialist else None,
                ),
            )
            for row in tasks.itertuples()
        ]
        figures = [(one.typical_hours, one.mean_hours, one.p85_hours) for one in made if one is not None]
        return pd.DataFrame(figures, columns=["p50", "point", "p85"], dtype=float)

    def _profile(self, row: Any) -> str:
        return str(row.assignee) if self.has_profile else "all"

    def _size(self, row: Any) -> str:
        # As the harness's own methods do: the class follows from the hours that were estimated before.
        return size_of(row.estimate) if self.has_size else ""


class TypeAlone(TypeOnly):
    """Knows the work type and nothing else."""

    has_profile = False


class WithSize(TypeOnly):
    """Knows the size class as well."""

    has_size = True


class WithSpecialist(WithSize):
    """Knows the hours that a specialist estimated as well."""

    has_specialist = True


class Target(NamedTuple):
    """Bounds of a figure."""

    name: str
    column: str
    low: float
    high: float


METHODS: Mapping[str, type[TypeOnly]] = {
    "work type alone": TypeAlone,
    "work type": TypeOnly,
    "work type, size": WithSize,
    "work type, size, specialist's hours": WithSpecialist,
}
TARGETS: Mapping[str, Sequence[Target]] = {
    "work type": [Target("MAE", "MAE", 0, 5.6)],
    "work type, size": [
        Target("MAE", "MAE", 0, 4.2),
        Target("within a factor 2", "within2x", 0.73, 1),
        Target("sum bias", "sum_bias", 0.90, 1.10),
        Target("month error", "month_MAPE", 0, 0.22),
        Target("P85 coverage", "cov85", 0.83, 0.87),
    ],
    "work type, size, specialist's hours": [
        Target("MAE", "MAE", 0, 4.0),
        Target("within a factor 2", "within2x", 0.78, 1),
        Target("sum bias", "sum_bias", 0.95, 1.05),
    ],
}
SUM_TARGET = (0.82, 0.89)
#: The method whose sums have a target.
SUMS_OF = "work type, size"


def load_harness() -> Any:
    """The harness with its data; raises ``FileNotFoundError`` if they are missing."""
    shared = Path(os.environ.get("VITRINA_SHARED", ROOT.parent / "shared"))
    path = shared / HARNESS
    if not path.exists() or not (shared / "data" / "sip").exists():
        raise FileNotFoundError(
            f"{path.name} and data/sip are not part of the repository, and {shared} has none of them; "
            "name the folder that does in VITRINA_SHARED"
        )
    spec = importlib.util.spec_from_file_location("eval_effort", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    harness = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(harness)
    return harness


class _Remembering:
    """A predictor that stores the norms of each week, from which sums are forecast later."""

    def __init__(self, predictor: TypeOnly) -> None:
        self._predictor = predictor
        self.norms: list[Norms] = []

    def predict(self, history: pd.DataFrame, tasks: pd.DataFrame) -> pd.DataFrame:
        made = self._predictor.predict(history, tasks)
        # A sum needs only the errors.
        self.norms.append(Norms(errors=self._predictor.norms.errors))
        return made.assign(norms=len(self.norms) - 1)


def coverage_of_sums(result: pd.DataFrame, norms: Sequence[Norms], basis: Basis) -> dict[int, float]:
    """Share of sums of neighbouring tasks that stayed within our P85, by count of tasks.

    All tasks of a sum are forecast with the norms of the day on which the first of them was estimated.
    """
    random = np.random.default_rng(SEED)
    result = result.sort_values(["origin", "task_id"]).reset_index(drop=True)
    begun = result.date >= result.date.iloc[0] + pd.Timedelta(days=SUMS_AFTER_DAYS)
    first = int(begun.to_numpy().argmax())
    shares = {}
    for size in SUM_SIZES:
        kept = []
        for start in random.integers(first, len(result) - size, SUM_COUNT):
            part = result.iloc[start : start + size]
            made = total(norms[int(part.norms.iloc[0])], [(mean, basis) for mean in part.point])
            if made is not None:
                kept.append(part.actual.sum() <= made.p85_hours)
        shares[size] = float(np.mean(kept))
    return shares


def precision_of_guesses(tasks: pd.DataFrame) -> list[tuple[float, float, float]]:
    """For each similarity: the share of titles with a guess, and the share of guesses that are right.

    Titles are taken in the order of estimation; each is compared with the thousand before it.
    """
    from rapidfuzz import fuzz, process  # noqa: PLC0415

    known = 1000
    titles = [words(title) for title in tasks.title]
    kinds = list(tasks.worktype)
    best = []
    for place in range(known, len(titles), 7):
        before = titles[place - known : place]
        found = process.extractOne(titles[place], before, scorer=fuzz.token_sort_ratio)
        if found is not None:
            _, likeness, index = found
            best.append((likeness, kinds[place - known + index] == kinds[place]))
    return [
        (
            bound,
            sum(likeness >= bound for likeness, _ in best) / len(best),
            float(np.mean([right for likeness, right in best if likeness >= bound])),
        )
        for bound in (50.0, 60.0, 70.0, 80.0, 90.0, 95.0)
    ]


def complaints(name: str, figures: Mapping[str, float]) -> list[str]:
    """A sentence for each figure outside its target."""
    return [
        f"{name}: {target.name} is {figures[target.column]:.3f}, has to be {target.low} to {target.high}"
        for target in TARGETS.get(name, ())
        if not target.low <= figures[target.column] <= target.high
    ]


COLUMNS = (
    ("MAE, h", "MAE", "{:.2f}"),
    ("within 2×", "within2x", "{:.1%}"),
    ("sum bias", "sum_bias", "{:.2f}"),
    ("month error", "month_MAPE", "{:.1%}"),
    ("P85 coverage", "cov85", "{:.1%}"),
)


def main() -> int:
    """Measure, print the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.effort", description=__doc__)
    parser.add_argument("--only", choices=METHODS, action="append", help="only this method; again for more")
    parser.add_argument("--guesses", action="store_true", help="measure guesses of the work type instead")
    arguments = parser.parse_args()
    try:
        harness = load_harness()
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    tasks = harness.load_sip(data=str(harness.DATA))
    if arguments.guesses:
        print("| likeness from | titles with a guess | guesses that are right |\n| ---: | ---: | ---: |")
        for bound, share, right in precision_of_guesses(tasks):
            print(f"| {bound:.0f} | {share:.1%} | {right:.1%} |")
        return 0
    return _measure(harness, tasks, arguments.only or list(METHODS))


def _measure(harness: Any, tasks: pd.DataFrame, names: Sequence[str]) -> int:
    found: list[str] = []
    print("| known | " + " | ".join(title for title, *_ in COLUMNS) + " | P85 of sums of 5, 10, 20, 40, 80 |")
    print("| --- |" + " ---: |" * (len(COLUMNS) + 1))
    for name in names:
        predictor = METHODS[name]()
        remembering = _Remembering(predictor)
        result = harness.rolling(tasks, remembering, predictor.has_size or predictor.has_specialist)
        figures = harness.metrics(result)
        basis = (
            Basis.SPECIALIST if predictor.has_specialist else Basis.SIZE if predictor.has_size else Basis.TYPE
        )
        sums = coverage_of_sums(result, remembering.norms, basis)
        shown = [form.format(figures[column]) for _, column, form in COLUMNS]
        print(f"| {name} | " + " | ".join([*shown, ", ".join(f"{one:.3f}" for one in sums.values())]) + " |")
        found += complaints(name, figures)
        low, high = SUM_TARGET
        if name == SUMS_OF:
            found += [
                f"{name}: P85 of sums of {size} covers {share:.3f}, has to be {low} to {high}"
                for size, share in sums.items()
                if not low <= share <= high
            ]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
