"""Runs an action again and again, and kills its process at another outside call each time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pytest

from tests.harness.crash import CRASH, MOMENTS, Call
from tests.harness.local_office import SavedOffice
from tests.harness.snapshots import comparable_state, difference
from tests.harness.worker_office import OfficeFactory, WorkerOffice

ALL_KILLS = os.environ.get("VITRINA_ALL_KILLS") == "1"
#: Otherwise one in so many is played. Odd, so that it is in turn before a call and after one.
USUAL_STEP = 9

Action = Callable[[WorkerOffice], Mapping[str, Any]]


def run_without_crash(
    factory: OfficeFactory, saved: SavedOffice, action: Action
) -> tuple[list[Call], dict[str, Any]]:
    """The outside calls of an action, and the state after it."""
    with factory.office(saved) as office:
        answer = action(office)
        office.settle()
        assert answer["outcome"] == "done", answer
        calls = [Call.parse(line) for line in office.calls_path.read_text(encoding="utf-8").splitlines()]
        return calls, comparable_state(office)


def crashes_around(calls: Iterable[Call]) -> Iterator[tuple[str, Call]]:
    """Names of the crashes to play, as ``WORLD_CRASH`` takes them, each with its call.

    With ``VITRINA_ALL_KILLS=1`` before and after each call, else one in nine of these.
    """
    crashes = ((f"{moment}:{call}", call) for call in calls for moment in MOMENTS)
    return islice(crashes, 0, None, 1 if ALL_KILLS else USUAL_STEP)


def crash_at_every_call(
    factory: OfficeFactory,
    subtests: pytest.Subtests,
    saved: SavedOffice,
    action: Action,
    refusals: tuple[str, ...] = (),
    crashes_at: Callable[[Call], bool] = lambda _: True,
    may_be_missing: Callable[[Call], bool] = lambda _: False,
) -> list[Call]:
    """Run the action with a crash around each call that ``crashes_around`` chooses; returns all calls.

    *refusals* are beginnings of messages with which a repeated click may be refused. *crashes_at* leaves
    out calls. A call that *may_be_missing* is one of a task that others may have done already.
    """
    calls, expected = run_without_crash(factory, saved, action)
    for crash, call in crashes_around(filter(crashes_at, calls)):
        with subtests.test(msg=crash), factory.office(saved, **{CRASH: crash}) as office:
            answer = action(office)
            office.settle()

            deaths = sum(supervisor.deaths for supervisor in office.supervisors)
            assert deaths == 1 or (deaths == 0 and may_be_missing(call))
            is_refused = answer["outcome"] == "refused" and answer["message"].startswith(refusals)
            assert answer["outcome"] == "done" or (refusals and is_refused), answer
            place = difference(expected, comparable_state(office))
            assert place is None, place
    return calls
