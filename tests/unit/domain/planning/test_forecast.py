"""When the backlog will be finished."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from benchmarks.agencies import random_agency
from vitrina.domain.backlog import BacklogItem, Priority, Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar
from vitrina.domain.estimating.norms import LEAST_ERRORS, Basis, Norms, PastError
from vitrina.domain.estimating.simulation import common_spread, simulate
from vitrina.domain.planning import forecast as forecasts
from vitrina.domain.planning.capacity import Booking, HourLimit, Resources
from vitrina.domain.planning.forecast import (
    Forecast,
    NoForecast,
    assign_evenly,
    forecast,
)
from vitrina.domain.planning.schedule import queue_of

MONDAY = date(2026, 11, 23)
ANNA, BORIS = Specialist("Анна", ("design",), 8.0), Specialist("Борис", ("design", "copy"), 4.0)


def team(*people: Specialist, **more: object) -> Resources:
    """A team whose whole day is planned."""
    settings: dict[str, object] = {"load_factor": 1.0, **more}
    return Resources(people, WorkCalendar(), **settings)  # type: ignore[arg-type]


def item(number: int, hours: dict[str, float], **more: object) -> BacklogItem:
    """An item whose number is its place in the backlog."""
    return BacklogItem(number, f"Т-{number}", f"задача {number}", Priority.NORMAL, number, hours, **more)  # type: ignore[arg-type]


def forecast_with(errors: Sequence[PastError], **more: object) -> Forecast | NoForecast:
    """A forecast of 40 h of Anna, for an agency with these past errors."""
    resources = team(ANNA, **more)
    planned = assign_evenly([item(number, {"design": 4.0}) for number in range(10)], resources)
    return forecast(planned, resources, Norms(errors={Basis.TYPE: tuple(errors)}), since=MONDAY)


def test_norms_that_were_always_right_forecast_one_day() -> None:
    """With norms without errors 40 h at 8 h a day end on Friday, in both forecasts."""
    one = forecast_with([PastError(3.0, 3.0)] * LEAST_ERRORS)

    assert one == Forecast(MONDAY, date(2026, 11, 27), date(2026, 11, 27), LEAST_ERRORS)


def test_norms_that_were_always_too_low_by_half_forecast_twice_the_days() -> None:
    """With norms of half the actual hours 40 h become 80 h, which are two weeks."""
    one = forecast_with([PastError(3.0, 6.0)] * LEAST_ERRORS)

    assert one == Forecast(MONDAY, date(2026, 12, 4), date(2026, 12, 4), LEAST_ERRORS)


def test_errors_of_the_past_move_the_almost_certain_day_on() -> None:
    """With varying errors the almost certain day is later; the same input gives the same days."""
    errors = [PastError(4.0, 1.0), PastError(4.0, 12.0)] * LEAST_ERRORS
    one = forecast_with(errors)

    assert isinstance(one, Forecast)
    assert date(2026, 11, 27) < one.likely_on < one.almost_certain_on
    assert forecast_with(errors) == one


def test_a_common_cause_widens_the_forecast() -> None:
    """Errors that occur together widen the forecast, the same errors of single items do not."""
    chance = random.Random(1)
    by_item = [PastError(4.0, chance.choice([2.0, 8.0])) for _ in range(400)]
    by_time = [PastError(4.0, 2.0 if place // 50 % 2 else 8.0) for place in range(400)]

    assert common_spread(tuple(by_item), 20) < 0.1
    assert common_spread(tuple(by_time), 20) > 0.4


def test_a_short_history_gives_no_forecast() -> None:
    """With one past error less than needed there is no forecast."""
    assert forecast_with([PastError(3.0, 3.0)] * (LEAST_ERRORS - 1)) == NoForecast(LEAST_ERRORS - 1)


def test_errors_depend_on_what_is_known_of_an_item() -> None:
    """Forecasts with sizes were always right, those with work types alone took twice as long."""
    norms = Norms(
        errors={
            Basis.SIZE: (PastError(4.0, 4.0),) * LEAST_ERRORS,
            Basis.TYPE: (PastError(4.0, 8.0),) * LEAST_ERRORS,
        }
    )
    resources = team(ANNA)
    planned = assign_evenly([item(1, {"design": 8.0}), item(2, {"design": 8.0})], resources)
    one = forecast(planned, resources, norms, since=MONDAY, bases={(1, "design"): Basis.SIZE})

    assert isinstance(one, Forecast)
    # 8 h and 16 h: three days.
    assert one.likely_on == date(2026, 11, 25)


def test_a_backlog_without_hours_has_no_end() -> None:
    """A backlog of a contract of 0 hours has no last day."""
    one = forecast_with(
        [PastError(3.0, 3.0)] * LEAST_ERRORS, limits=(HourLimit(0.0, PeriodKind.MONTH, project=""),)
    )

    assert one == NoForecast(LEAST_ERRORS, is_endless=True)


def test_work_is_spread_by_the_days_of_people() -> None:
    """Boris has half of Anna's day, so 8 h are two days for him. Work without a person is left out."""
    items = [item(1, {"design": 8}), item(2, {"copy": 4, "design": 8}), item(3, {"seo": 1}), item(4, {})]
    found = assign_evenly(items, team(ANNA, BORIS))

    assert [[part.specialist for part in one.assignments] for one in found] == [["Анна"], ["Борис", "Анна"]]


def test_what_was_begun_keeps_its_person() -> None:
    """Begun work stays with Boris, although Anna is free."""
    begun = item(1, {"design": 8}, is_carried_over=True, keeps={"design": "Борис"})

    assert assign_evenly([begun], team(ANNA, BORIS))[0].assignments[0].specialist == "Борис"


def test_items_that_wait_for_each_other_are_left_out() -> None:
    """Of four items two wait for each other and one waits for them; only the fourth is forecast."""
    items = [
        item(1, {"design": 1}, depends_on=(2,)),
        item(2, {"design": 1}, depends_on=(1,)),
        item(3, {"design": 1}, depends_on=(2,)),
        item(4, {"design": 1}),
    ]

    assert [one.item.number for one in assign_evenly(items, team(ANNA))] == [4]


def test_nothing_to_do_is_over_at_once() -> None:
    """An empty backlog ends at once."""
    norms = Norms(errors={Basis.TYPE: (PastError(1.0, 1.0),) * LEAST_ERRORS})

    assert forecast([], team(ANNA), norms, since=MONDAY) == Forecast(MONDAY, MONDAY, MONDAY, LEAST_ERRORS)


def forget_forecasts() -> None:
    """Forget what the process keeps, after a constant was changed."""
    forecasts._forecast.cache_clear()


def test_few_draws_are_as_exact_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty draws, chosen evenly by their lengths, differ from a thousand by at most one working day."""
    chance = random.Random(5)
    errors = [PastError(4.0, 4.0 * chance.lognormvariate(0, 0.7)) for _ in range(300)]
    few = forecast_with(errors)
    monkeypatch.setattr(forecasts, "SCHEDULED_DRAWS", 1000)
    forget_forecasts()
    many = forecast_with(errors)

    assert isinstance(few, Forecast)
    assert isinstance(many, Forecast)
    assert abs((few.likely_on - many.likely_on).days) <= 1
    assert abs((few.almost_certain_on - many.almost_certain_on).days) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_draws_next_to_the_quantiles_tell_the_days_of_a_long_backlog(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three next to each, or one: the days are within three hundredths of those of two hundred draws."""
    agency = random_agency(seed, people=3 + 2 * seed, projects=1, items=260)
    resources = agency.resources
    if seed % 2:
        limit = HourLimit(60.0, PeriodKind.WEEK, project=agency.items[0].project)
        resources = replace(resources, limits=(limit,))
    chance = random.Random(seed)
    norms = Norms(
        errors={
            Basis.TYPE: tuple(PastError(4.0, 4.0 * chance.lognormvariate(0, 0.7)) for _ in range(300)),
        }
    )
    backlog = assign_evenly(agency.items, resources)
    near = forecast(backlog, resources, norms, since=MONDAY)
    monkeypatch.setattr(forecasts, "MOST_NEAR_PARTS", 300)
    forget_forecasts()
    one_draw = forecast(backlog, resources, norms, since=MONDAY)
    monkeypatch.setattr(forecasts, "SCHEDULED_DRAWS", 200)
    monkeypatch.setattr(forecasts, "MOST_PARTS", 10**9)
    monkeypatch.setattr(forecasts, "MOST_NEAR_PARTS", 10**9)
    forget_forecasts()
    many = forecast(backlog, resources, norms, since=MONDAY)

    assert isinstance(many, Forecast)
    for few in (near, one_draw):
        assert isinstance(few, Forecast)
        for one, other in ((few.likely_on, many.likely_on), (few.almost_certain_on, many.almost_certain_on)):
            assert abs((one - other).days) <= 0.03 * (other - MONDAY).days


def test_a_short_backlog_ends_on_the_day_nearest_to_the_share() -> None:
    """Half of the draws end today, nearly all tomorrow: tomorrow would be kept nearly always."""
    errors = [PastError(4.0, 3.9)] * 45 + [PastError(4.0, 5.0)] * 50 + [PastError(4.0, 12.0)] * 5
    resources = team(replace(ANNA, hours_per_day=4.0))
    backlog = assign_evenly([item(1, {"design": 4.0})], resources)

    told = forecast(backlog, resources, Norms(errors={Basis.TYPE: tuple(errors)}), since=MONDAY)

    assert isinstance(told, Forecast)
    assert (told.likely_on, told.almost_certain_on) == (MONDAY, MONDAY + timedelta(days=1))


def test_a_limit_as_wide_as_the_people_moves_nothing() -> None:
    """It holds the same parts: what is drawn of them is counted once, not a second time by chance."""
    chance = random.Random(6)
    errors = [PastError(4.0, 4.0 * chance.lognormvariate(0, 0.7)) for _ in range(300)]
    norms = Norms(errors={Basis.TYPE: tuple(errors)})
    free = team(ANNA)
    backlog = assign_evenly([item(number, {"design": 4.0}) for number in range(60)], free)
    limited = replace(free, limits=(HourLimit(40.0, PeriodKind.WEEK),))

    one, other = (forecasts._Work(queue_of(backlog), resources) for resources in (free, limited))
    parts = [(4.0, Basis.TYPE)] * 60
    lengths, limited_lengths = (
        work.lengths(simulation.sums)
        for work in (one, other)
        if (simulation := simulate(norms, parts)) is not None
    )

    assert limited_lengths == pytest.approx(lengths)


def test_limit_of_one_person_counts_his_work_only() -> None:
    """The draws of a long backlog are chosen by the person who ends last, not by a limit of another one."""
    chance = random.Random(3)
    errors = [PastError(4.0, 4.0 * chance.lognormvariate(0, 0.7)) for _ in range(300)]
    norms = Norms(errors={Basis.TYPE: tuple(errors)})
    backlog = [
        *(item(number, {"design": 4.0}) for number in range(300)),
        *(item(number, {"copy": 4.0}) for number in range(300, 450)),
    ]
    writer = Specialist("Борис", ("copy",), 8.0)
    free = team(ANNA, writer)
    limit = HourLimit(30.0, PeriodKind.WEEK, specialist=writer.name)
    limited = replace(free, limits=(limit,))

    told = [
        forecast(assign_evenly(backlog, resources), resources, norms, since=MONDAY)
        for resources in (free, limited)
    ]

    assert told[0] == told[1]


def test_some_draws_without_an_end_leave_the_days_of_the_others() -> None:
    """One task in a hundred took years. Nine of ten backlogs end within the horizon, and that is told."""
    errors = ([PastError(4.0, 4.0)] * 99 + [PastError(4.0, 16_000.0)]) * 3
    norms = Norms(errors={Basis.TYPE: tuple(errors)})
    backlog = assign_evenly([item(number, {"design": 4.0}) for number in range(5)], team(ANNA))

    told = forecast(backlog, team(ANNA), norms, since=MONDAY)

    assert isinstance(told, Forecast)
    assert told.almost_certain_on < MONDAY + timedelta(days=forecasts.LAST_HORIZON_CALENDAR_DAYS)


def test_a_forecast_is_kept_until_something_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal input is not simulated again; each kind of input that changes is."""
    errors = [PastError(4.0, 4.0 + number / 10) for number in range(LEAST_ERRORS)]
    people, calendar = team(ANNA, BORIS), WorkCalendar("GB", {MONDAY + timedelta(days=1): 0.0})
    booking = Booking(ANNA.name, "", 99, {MONDAY: 4.0})
    limit = HourLimit(2.0, PeriodKind.WEEK)

    def ask(first: BacklogItem, resources: Resources, errors: list[PastError], since: date) -> None:
        backlog = assign_evenly([first, item(2, {"copy": 2.0})], resources)
        forecast(backlog, resources, Norms(errors={Basis.TYPE: tuple(errors)}), since=since)

    first, count = item(1, {"design": 4.0}), Counter[str]()
    simulate = forecasts._days_of

    def counted(*args: Any, **more: Any) -> tuple[date, date] | None:
        count["simulated"] += 1
        return simulate(*args, **more)

    monkeypatch.setattr(forecasts, "_days_of", counted)
    forget_forecasts()
    ask(first, people, errors, MONDAY)
    ask(item(1, {"design": 4.0}), team(ANNA, BORIS), list(errors), MONDAY)
    assert count["simulated"] == 1
    for changed in (
        (item(1, {"design": 5.0}), people, errors, MONDAY),
        (item(1, {"design": 4.0}, depends_on=(2,)), people, errors, MONDAY),
        (first, team(replace(ANNA, hours_per_day=6.0), BORIS), errors, MONDAY),
        (first, team(replace(ANNA, days_away=frozenset({MONDAY})), BORIS), errors, MONDAY),
        (first, people.booked([booking]), errors, MONDAY),
        (first, replace(people, limits=(limit,)), errors, MONDAY),
        (first, replace(people, extra_hours={ANNA.name: {MONDAY: 2.0}}), errors, MONDAY),
        (first, replace(people, calendar=calendar), errors, MONDAY),
        (first, people, [*errors, PastError(4.0, 9.0)], MONDAY),
        (first, people, errors, MONDAY + timedelta(days=7)),
    ):
        before = count["simulated"]
        ask(*changed)
        assert count["simulated"] == before + 1, changed
