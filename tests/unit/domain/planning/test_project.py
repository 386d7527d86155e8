"""The shortest schedule of a whole project."""

import pytest

from benchmarks.psplib import Project, faults_of, read_projects, run
from tests.harness.shared import shared_path
from vitrina.domain.planning.project import Activity, ProjectSchedule, shortest


def test_activities_run_side_by_side_within_the_hours() -> None:
    """A and B need 3 + 2 of 5 h and run together; C waits for A: 2 + 2 days."""
    activities = [
        Activity("a", 2, {"design": 3.0}),
        Activity("b", 3, {"design": 2.0}),
        Activity("c", 2, {"design": 3.0, "copy": 1.0}, after=("a",)),
    ]

    assert shortest(activities, {"design": 5.0, "copy": 1.0}) == ProjectSchedule({"a": 0, "b": 0, "c": 2}, 4)


def test_milestones_take_no_day_and_hours_are_kept() -> None:
    """The checks of the benchmark find no fault; the end is the end of the last activity."""
    work = [
        Activity(number, number + 1, {"design": float(number % 3)}, after=("start",)) for number in range(8)
    ]
    activities = (
        Activity("start", 0, {"design": 0.0}),
        *work,
        Activity("end", 0, {"design": 0.0}, tuple(range(8))),
    )
    schedule = shortest(activities, {"design": 2.0})

    assert faults_of(Project("test", activities, {"design": 2.0}, 1), schedule) == []
    assert schedule.starts["end"] == schedule.days


@pytest.mark.parametrize(
    ("activities", "reason"),
    [
        ([Activity("a", 1, {"design": 3.0})], "more than a day has"),
        ([Activity("a", 1, {}, after=("b",)), Activity("b", 1, {}, after=("a",))], "circle"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(activities: list[Activity], reason: str) -> None:
    """A need of more hours than a day has, and a circle, are refused."""
    with pytest.raises(ValueError, match=reason):
        shortest(activities, {"design": 2.0})


@pytest.mark.slow
def test_published_projects_are_near_the_best_known() -> None:
    """Every eighth of 480 projects is feasible, with a mean gap of at most 1.3 % (``benchmarks.psplib``)."""
    folder = shared_path("data/psplib")
    if folder is None:
        pytest.skip("the published projects are not there: ../shared/data/psplib")
    outcomes = run(read_projects(folder)[::8])

    assert len(outcomes) == 60
    assert [one.faults for one in outcomes if one.faults] == []
    assert sum(one.gap_ratio for one in outcomes) / 60 <= 0.013
