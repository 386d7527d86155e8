"""A push takes what the limit of its tracker needs and is refused nothing; see ``benchmarks.push``."""

from __future__ import annotations

import pytest

from benchmarks.push import MOST_TIMES, Limit, measure

CARDS = 8


@pytest.mark.parametrize(
    "limit", [Limit("Kaiten", 5, 1), Limit("Asana", 20, 60)], ids=lambda limit: limit.tracker
)
def test_push_takes_what_the_limit_needs(limit: Limit) -> None:
    """At most a tenth more, in virtual time."""
    result = measure(limit, CARDS)

    assert result.refused_count == 0
    assert result.call_count > 2 * limit.calls
    # The first call of all does not wait, which counts where there are few.
    assert result.times <= MOST_TIMES
