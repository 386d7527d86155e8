"""Contract of every source of facts, in the words of the port: no test here knows a vendor's wire.

Each test runs with the adapter of each system, over its emulator where it has one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta

import pytest

from tests.harness.metric_worlds import calltouch, crm, metrica, tables
from tests.harness.metric_worlds.world import DAYS, NOW, YESTERDAY, ZONE, MetricWorld, OpenMetricWorld
from vitrina.errors import AccessDeniedError, RetriableServiceError, ServiceError
from vitrina.metric_port import DayValue, Facts, Gap, MeasureKind, MetricSource, Segments
from vitrina.texts import LOCALES, Sentence, render

#: A world for each source. A new one is added here, and passes without a change of the tests.
WORLDS: Mapping[str, OpenMetricWorld] = {
    "metrica": metrica.open_world,
    "calltouch": calltouch.open_world,
    "crm": crm.open_world,
    "sheet": tables.open_sheet,
    "pasted": tables.open_pasted,
}
WEEK = DAYS[-7:]
STEADY = dict.fromkeys(WEEK, 6)


@pytest.fixture(scope="module")
def opened() -> Iterator[Callable[[str], MetricWorld]]:
    """Opens each world once."""
    worlds: dict[str, MetricWorld] = {}
    with ExitStack() as stack:

        def opener(name: str) -> MetricWorld:
            if name not in worlds or name in ("sheet", "pasted"):
                worlds[name] = stack.enter_context(WORLDS[name]())
            return worlds[name]

        yield opener


@pytest.fixture(params=WORLDS)
def world(opened: Callable[[str], MetricWorld], request: pytest.FixtureRequest) -> MetricWorld:
    """The world of a source."""
    return opened(request.param)


def source_of(world: MetricWorld) -> MetricSource:
    """The account of the world."""
    return world.service.source(world.account_id)


def facts_of(world: MetricWorld) -> Facts:
    """The facts of the last week."""
    found = source_of(world).read([world.measure_id], WEEK[0], WEEK[-1])[world.measure_id]
    assert isinstance(found, Facts)
    return found


def test_days_are_what_happened(world: MetricWorld) -> None:
    """Each day by itself, on any days; days on which nothing happened are 0, or not known in a table."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    happened = {day: chance.choice((0, 1, 2, 5, 9)) for day in DAYS}
    # So that no source seems to have stopped.
    happened[YESTERDAY] = 3
    world.fill(happened if world.has_zeros else {day: count for day, count in happened.items() if count})

    facts = facts_of(world)

    expected = {day: DayValue(float(happened[day])) for day in WEEK if happened[day] or world.has_zeros}
    assert facts.days == expected, f"seed {seed}"
    assert facts.read_at == NOW
    assert facts.settled_to == YESTERDAY
    assert not facts.is_sampled
    assert facts.gap is None


def test_late_corrections_are_read(world: MetricWorld) -> None:
    """The days are asked for again."""
    world.fill(STEADY)
    before = facts_of(world).days
    world.add(WEEK[-2], 2)

    after = facts_of(world).days

    assert after == {**before, WEEK[-2]: DayValue(8.0)}


def test_unknown_measure_is_a_gap_and_the_others_are_read(world: MetricWorld) -> None:
    """Not an error, and no zeros."""
    world.fill(STEADY)

    found = source_of(world).read(["nothing:1:2", world.measure_id], WEEK[0], WEEK[-1])

    assert isinstance(found["nothing:1:2"], Gap)
    assert isinstance(found[world.measure_id], Facts)


def test_measures_have_names_in_every_language(world: MetricWorld) -> None:
    """What is listed can be read, and no id is shown."""
    world.fill(STEADY)
    source = source_of(world)

    measures = source.measures()

    assert len({one.measure_id for one in measures}) == len(measures) > 0
    for locale in LOCALES:
        listed = [Sentence(f"metric_measure.{one.code}", {"name": one.name}) for one in measures]
        texts = [render(one, locale) for one in listed]
        assert len(set(texts)) == len(texts)
        assert not any(re.search(r"\d{3}", text) for text in texts), "an id is shown"
    assert world.measure_id in [one.measure_id for one in measures]
    ids = [one.measure_id for one in measures]
    found = source.read(ids, WEEK[0], WEEK[-1])
    assert all(isinstance(found[one], Facts) for one in ids)


def test_segments_sum_to_the_measure(world: MetricWorld) -> None:
    """In every division that the source offers."""
    world.fill(STEADY)
    source = source_of(world)
    total = sum(one.value for one in facts_of(world).days.values())

    for segments in source.segments:
        parts = source.by_segment(world.measure_id, segments, WEEK[0], WEEK[-1])
        assert sum(one.value for one in parts.values()) == total == 42
    if not source.segments:
        with pytest.raises(ServiceError):
            source.by_segment(world.measure_id, Segments.CHANNEL, WEEK[0], WEEK[-1])


def test_lost_access_is_told_from_no_answer(world: MetricWorld) -> None:
    """One needs a person, the other passes."""
    if not world.is_outside:
        pytest.skip("nothing is outside")
    world.fill(STEADY)
    world.go_down()
    with pytest.raises(RetriableServiceError):
        facts_of(world)
    world.fill(STEADY)
    world.close()

    with pytest.raises(AccessDeniedError) as caught:
        facts_of(world)

    assert render(Sentence(caught.value.code, caught.value.where), "ru")


def test_unknown_account_is_refused(world: MetricWorld) -> None:
    """Also one that is no id at all."""
    if not world.has_accounts:
        pytest.skip("there is one account, whatever its id")
    world.fill(STEADY)

    with pytest.raises(ServiceError):
        world.service.source("nothing").read([world.measure_id], WEEK[0], WEEK[-1])


def test_a_count_is_named_so(world: MetricWorld) -> None:
    """So that a report knows how to add days."""
    world.fill(STEADY)

    kinds = {one.measure_id: one.kind for one in source_of(world).measures()}

    assert kinds[world.measure_id] in (MeasureKind.COUNT, MeasureKind.AMOUNT)
    assert NOW.astimezone(ZONE).date() - timedelta(days=1) == YESTERDAY
