"""When the backlog will be finished."""

import random
from collections.abc import Sequence
from datetime import date

import pytest

from vitrina.domain.backlog import BacklogItem, Priority, Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar
from vitrina.domain.estimating.effort import common_spread
from vitrina.domain.estimating.norms import LEAST_ERRORS, Basis, Norms, PastError
from vitrina.domain.planning import forecast as forecasts
from vitrina.domain.planning.capacity import HourLimit, Resources
from vitrina.domain.planning.forecast import (
    Forecast,
    NoForecast,
    assign_evenly,
    forecast,
)

MONDAY = date(2026, 11, 23)
ANNA, BORIS = Specialist("Анна", ("design",), 8.0), Specialist("Борис", ("design", "copy"), 4.0)


def team(*people: Specialist, **more: object) -> Resources:
    """All hours of the day are planned."""
    settings: dict[str, object] = {"load_factor": 1.0, **more}
    return Resources(people, WorkCalendar(), **settings)  # type: ignore[arg-type]


def item(number: int, hours: dict[str, float], **more: object) -> BacklogItem:
    """An item whose number is its place in the backlog."""
    return BacklogItem(number, f"Т-{number}", f"задача {number}", Priority.NORMAL, number, hours, **more)  # type: ignore[arg-type]


def told(errors: Sequence[PastError], **more: object) -> Forecast | NoForecast:
    """A forecast of 40 h of Anna's, by an agency whose norms erred like that."""
    resources = team(ANNA, **more)
    planned = assign_evenly([item(number, {"design": 4.0}) for number in range(10)], resources)
    return forecast(planned, resources, Norms(errors={Basis.TYPE: tuple(errors)}), since=MONDAY)


def test_norms_that_were_always_right_foretell_one_day() -> None:
    """40 h at 8 h a day end on Friday, likely and almost certainly."""
    one = told([PastError(3.0, 3.0)] * LEAST_ERRORS)

    assert one == Forecast(MONDAY, date(2026, 11, 27), date(2026, 11, 27), LEAST_ERRORS)


def test_norms_that_were_always_too_low_by_half_foretell_twice_the_days() -> None:
    """80 h at 8 h a day are two weeks."""
    one = told([PastError(3.0, 6.0)] * LEAST_ERRORS)

    assert one == Forecast(MONDAY, date(2026, 12, 4), date(2026, 12, 4), LEAST_ERRORS)


def test_errors_of_the_past_move_the_almost_certain_day_on() -> None:
    """Half of the items took a quarter, the others three times their hours; the same input, the same days."""
    errors = [PastError(4.0, 1.0), PastError(4.0, 12.0)] * LEAST_ERRORS
    one = told(errors)

    assert isinstance(one, Forecast)
    assert date(2026, 11, 27) < one.likely_on < one.almost_certain_on
    assert told(errors) == one


def test_a_common_cause_widens_the_forecast() -> None:
    """Times in which everything took twice as long leave a common factor, single items do not."""
    chance = random.Random(1)
    by_item = [PastError(4.0, chance.choice([2.0, 8.0])) for _ in range(400)]
    by_time = [PastError(4.0, 2.0 if place // 50 % 2 else 8.0) for place in range(400)]

    assert common_spread(by_item, 20) < 0.1
    assert common_spread(by_time, 20) > 0.4


def test_a_thin_history_foretells_nothing() -> None:
    """One error of the past too few."""
    assert told([PastError(3.0, 3.0)] * (LEAST_ERRORS - 1)) == NoForecast(LEAST_ERRORS - 1)


def test_what_is_known_of_an_item_says_how_it_errs() -> None:
    """Sizes were always right, work types alone took twice as long."""
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
    """A contract of 0 hours never comes to an end."""
    one = told([PastError(3.0, 3.0)] * LEAST_ERRORS, limits=(HourLimit(0.0, PeriodKind.MONTH, project=""),))

    assert one == NoForecast(LEAST_ERRORS, is_endless=True)


def test_work_is_spread_by_the_days_of_people() -> None:
    """Boris has half of Anna's day: 8 h are two days for him. What nobody can do is left out."""
    items = [item(1, {"design": 8}), item(2, {"copy": 4, "design": 8}), item(3, {"seo": 1}), item(4, {})]
    found = assign_evenly(items, team(ANNA, BORIS))

    assert [[part.specialist for part in one.assignments] for one in found] == [["Анна"], ["Борис", "Анна"]]


def test_what_was_begun_keeps_its_person() -> None:
    """Boris has begun and goes on, although Anna is free."""
    begun = item(1, {"design": 8}, is_carried_over=True, keeps={"design": "Борис"})

    assert assign_evenly([begun], team(ANNA, BORIS))[0].assignments[0].specialist == "Борис"


def test_items_that_wait_for_each_other_are_left_out() -> None:
    """The first and the second wait in a circle, the third waits for them, the fourth for nothing."""
    items = [
        item(1, {"design": 1}, depends_on=(2,)),
        item(2, {"design": 1}, depends_on=(1,)),
        item(3, {"design": 1}, depends_on=(2,)),
        item(4, {"design": 1}),
    ]

    assert [one.item.number for one in assign_evenly(items, team(ANNA))] == [4]


def test_nothing_to_do_is_over_at_once() -> None:
    """An empty backlog, and norms that say how they err."""
    norms = Norms(errors={Basis.TYPE: (PastError(1.0, 1.0),) * LEAST_ERRORS})

    assert forecast([], team(ANNA), norms, since=MONDAY) == Forecast(MONDAY, MONDAY, MONDAY, LEAST_ERRORS)


def test_few_draws_tell_as_much_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty draws, evenly by their sums, differ from a thousand by a working day at most in these 60 h."""
    chance = random.Random(5)
    errors = [PastError(4.0, 4.0 * chance.lognormvariate(0, 0.7)) for _ in range(300)]
    monkeypatch.setattr(forecasts, "MOST_DRAWS", 20)
    few = told(errors)
    monkeypatch.setattr(forecasts, "MOST_DRAWS", 1000)
    many = told(errors)

    assert isinstance(few, Forecast)
    assert isinstance(many, Forecast)
    assert abs((few.likely_on - many.likely_on).days) <= 1
    assert abs((few.almost_certain_on - many.almost_certain_on).days) <= 1
