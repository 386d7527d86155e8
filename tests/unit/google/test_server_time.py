"""A clock that is set by the answers of a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vitrina.google.server_time import ServerTime

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """A moment after noon."""
    return NOON + timedelta(seconds=seconds)


def clock() -> ServerTime:
    """A clock whose machine stands at noon."""
    return ServerTime(lambda: NOON)


def test_a_right_clock_stays_as_it_is() -> None:
    """The server read its clock while the request was on its way: that fits, however long it took."""
    time = clock()
    time.note(at(3), sent_at=at(0), received_at=at(5))

    assert time.now() == NOON


def test_a_clock_that_is_off_is_corrected_by_the_least_that_fits() -> None:
    """120 s behind: the server was at 122 s when the answer came at 2 s, or a little later."""
    behind, ahead = clock(), clock()
    behind.note(at(122), sent_at=at(0), received_at=at(2))
    ahead.note(at(-118), sent_at=at(0), received_at=at(2))

    assert (behind.now(), ahead.now()) == (at(120), at(-118))


def test_later_answers_narrow_it_down() -> None:
    """A quick answer says more than a slow one, and a slow one changes nothing then."""
    time = clock()
    time.note(at(120), sent_at=at(0), received_at=at(8))
    assert time.now() == at(112)
    time.note(at(130), sent_at=at(10), received_at=at(10.1))
    assert time.now() == at(119.9)
    time.note(at(145), sent_at=at(20), received_at=at(28))

    assert time.now() == at(119.9)


def test_a_clock_that_is_set_right_is_followed() -> None:
    """The machine's clock jumps to the right time: the correction goes."""
    time = clock()
    time.note(at(120), sent_at=at(0), received_at=at(0))
    time.note(at(130), sent_at=at(130), received_at=at(130))

    assert time.now() == NOON
