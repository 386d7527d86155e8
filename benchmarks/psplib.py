"""``python -m benchmarks.psplib [--markdown]``: the project scheduler on 480 published projects.

Reads the instances of 30 activities of PSPLIB (Kolisch and Sprecher, 1996) from the shared folder
``data/psplib``, schedules each, checks every schedule, and compares its length with the best known one.
The exit code is 1 if a schedule is not feasible, or if the mean gap or a time is above its target.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from benchmarks.tables import as_table
from tests.harness.shared import shared_path
from vitrina.domain.planning.project import Activity, ProjectSchedule, shortest

MOST_GAP_RATIO = 0.013
MOST_MS = 20.0


@dataclass(frozen=True)
class Project:
    """One instance; ``best_days`` is the proven optimum of its makespan."""

    name: str
    activities: tuple[Activity, ...]
    capacity: Mapping[str, float]
    best_days: int


@dataclass(frozen=True)
class Outcome:
    """Result of an instance. ``ms`` is processor time."""

    project: Project
    schedule: ProjectSchedule
    faults: tuple[str, ...]
    ms: float

    @property
    def gap_ratio(self) -> float:
        """Additional length relative to the best known schedule."""
        return self.schedule.days / self.project.best_days - 1


def read_projects(folder: Path) -> list[Project]:
    """All instances of the folder with their best known lengths."""
    best = _best_days(folder / "J30.csv")
    return [
        _read(path, best[path.stem]) for path in sorted((folder / "j30.sm").glob("*.sm")) if path.stem in best
    ]


def _best_days(path: Path) -> dict[str, int]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("ID;"))
    rows = csv.DictReader(lines[start:], delimiter=";")
    return {
        row["Ref1"].removesuffix(".sm"): int(row["OPT value"])
        for row in rows
        if (row["Ref1"] or "").endswith(".sm")
    }


def _read(path: Path, best_days: int) -> Project:
    lines = path.read_text(encoding="utf-8").splitlines()

    def below(title: str, skip: int) -> list[list[int]]:
        start = next(number for number, line in enumerate(lines) if line.startswith(title)) + skip
        block: list[list[int]] = []
        for line in lines[start:]:
            if line.startswith("*"):
                break
            block.append([int(part) for part in line.split()])
        return block

    before: dict[int, list[int]] = {}
    for key, _, _, *successors in below("PRECEDENCE RELATIONS", 2):
        for one in successors:
            before.setdefault(one, []).append(key)
    activities = tuple(
        Activity(
            key,
            days,
            {f"R{place}": float(need) for place, need in enumerate(needs)},
            tuple(before.get(key, ())),
        )
        for key, _, days, *needs in below("REQUESTS/DURATIONS", 3)
    )
    [hours] = below("RESOURCEAVAILABILITIES", 2)
    return Project(
        path.stem, activities, {f"R{place}": float(one) for place, one in enumerate(hours)}, best_days
    )


def faults_of(project: Project, schedule: ProjectSchedule) -> list[str]:
    """Faults of a schedule, computed only from the starts of its activities."""
    found = []
    days = {one.key: one.days for one in project.activities}
    for one in project.activities:
        found += [
            f"{one.key} begins before {other} ends"
            for other in one.after
            if schedule.starts[one.key] < schedule.starts[other] + days[other]
        ]
    for day in range(schedule.days):
        for group, most in project.capacity.items():
            needed = sum(
                one.needs[group]
                for one in project.activities
                if schedule.starts[one.key] <= day < schedule.starts[one.key] + one.days
            )
            if needed > most:
                found.append(f"day {day}: {needed} of {most} of {group}")
    if max(schedule.starts[one.key] + one.days for one in project.activities) != schedule.days:
        found.append("the length is not that of its activities")
    return found


def run(projects: Sequence[Project]) -> list[Outcome]:
    """Schedule and check each project."""
    outcomes = []
    for project in projects:
        started = time.process_time()
        schedule = shortest(project.activities, project.capacity)
        ms = 1000 * (time.process_time() - started)
        outcomes.append(Outcome(project, schedule, tuple(faults_of(project, schedule)), ms))
    return outcomes


def main() -> int:
    """Measure, print the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.psplib", description=__doc__)
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    folder = shared_path("data/psplib")
    if folder is None:
        print("The projects are not there: ../shared/data/psplib, or VITRINA_SHARED.", file=sys.stderr)
        return 2
    outcomes = run(read_projects(folder))
    gaps = [one.gap_ratio for one in outcomes]
    times = [one.ms for one in outcomes]
    faults = [fault for one in outcomes for fault in one.faults]
    header = (
        "Projects",
        "Feasible",
        "Mean gap",
        "Largest gap",
        "At the best known",
        "Median ms",
        "Longest ms",
    )
    line = (
        f"{len(outcomes)} of 30 activities",
        f"{sum(not one.faults for one in outcomes)}",
        f"{mean(gaps):.2%}",
        f"{max(gaps):.1%}",
        f"{sum(gap <= 0 for gap in gaps)}",
        f"{median(times):.1f}",
        f"{max(times):.1f}",
    )
    print(as_table(header, [line], markdown=arguments.markdown))
    return 1 if faults or mean(gaps) > MOST_GAP_RATIO or max(times) > MOST_MS or len(outcomes) != 480 else 0


if __name__ == "__main__":
    sys.exit(main())
