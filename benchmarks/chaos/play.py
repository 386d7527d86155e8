"""Plays one history, waits until all work is done, and checks the result."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.chaos.check import UNFINISHED, Violation, check_answers, check_site
from benchmarks.chaos.checks.outside import check_outside
from benchmarks.chaos.click_result import ClickResult
from benchmarks.chaos.clicks import Identity
from benchmarks.chaos.history import History
from benchmarks.chaos.run import Run
from benchmarks.chaos.starting_points import StartingPoint, StartingPoints
from benchmarks.chaos.world import ChaosWorld


@dataclass
class Result:
    """The result of a run."""

    history: History
    violations: tuple[Violation, ...]
    counts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    #: The results of all clicks, in order.
    click_results: tuple[ClickResult, ...] = ()


class Player:
    """Plays histories in one world, one after another."""

    def __init__(self, world: ChaosWorld) -> None:
        self._world = world
        self._starting_points = StartingPoints(world)
        self._identity = Identity(world)

    def play(self, history: History) -> Result:
        """Play a history from its starting point, and check what is there at the end."""
        started_at = time.perf_counter()
        start = self._starting_points.get(history.variant, history.start)
        self._world.restore_state(start.saved)
        self._world.time_ahead.set_apart(history.apart)
        run = Run(self._identity, start, history)
        try:
            self._world.set_webhook_mode(history.webhooks)
            for phase in history.phases:
                run.play_phase(phase)
            run.finish()
            violations = list(self._check(run, start, is_timer_to_come=True))
            if not violations:
                run.let_timer_finish()
                violations = list(self._check(run, start, is_timer_to_come=False))
        except TimeoutError as error:
            violations = [Violation(UNFINISHED, str(error))]
        finally:
            self._world.clear_plans()
        if violations:
            # Work that still hangs must not reach the next run.
            self._world.kill_all()
            self._world.settle(5.0)
        return self._result(history, run, violations, time.perf_counter() - started_at)

    def _check(self, run: Run, start: StartingPoint, *, is_timer_to_come: bool) -> Iterator[Violation]:
        yield from check_answers([*run.click_results, *run.neighbours.results])
        expected = run.person.expected
        yield from check_site(
            self._world, start.site, expected, run.record, is_timer_to_come=is_timer_to_come
        )
        beside = run.neighbours.person.expected
        yield from check_site(self._world, start.beside, beside, None, is_timer_to_come=is_timer_to_come)
        if not is_timer_to_come:
            yield from check_outside(self._world, start, run.record, expected)

    def _result(self, history: History, run: Run, violations: Sequence[Violation], seconds: float) -> Result:
        guards, counts = self._world.guards, run.counts
        counts["guards fired"] = guards.fired
        counts["guards fired, read again and written"] = guards.written
        counts["guards fired, refused or given up"] = guards.given_up
        counts["webhooks"] = sum(
            len(one["answers"]) or 1 for side in self._world.webhooks for one in side.to_json()
        )
        results = (*run.click_results, *run.neighbours.results)
        outcomes = Counter(f"{one.action}: {one.outcome}" for one in results)
        return Result(history, tuple(violations), counts, outcomes, seconds, results)
