"""From looks to a state: a metric lags where two weekly looks in a row say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from vitrina.domain.metrics.goals import Look, Sign, State

#: Days between two looks.
LOOK_DAYS = 7
#: Number of the look at a whole period that is over.
WHOLE = 99

_WEAK = (Sign.WEAK, Sign.BELOW, Sign.CLEAR)


class Standing(Struct, frozen=True):
    """The state after some looks; ``since_on`` is the day of the look that raised the alarm."""

    state: State
    since_on: date | None = None


def standing_after(looks: Sequence[Look]) -> Standing:
    """The state after *looks*, in the order of their days.

    Behind: a look is below (5 %), and the one before it was weak at least (25 %). Below 0.1 % one is enough,
    and so is a look at a whole month at whose weeks nobody has looked. An alarm ends with the first look
    that is fine. Looks that came too early change nothing.
    """
    now = Standing(State.FEW_DATA)
    before: Look | None = None
    for look in looks:
        if look.sign is Sign.EARLY:
            continue
        if now.state is State.BEHIND:
            now = Standing(State.ON_TRACK) if look.sign is Sign.FINE else now
        elif _raises(look, before):
            now = Standing(State.BEHIND, look.on)
        else:
            now = Standing(State.ON_TRACK)
        before = look
    return now


def _raises(look: Look, before: Look | None) -> bool:
    if look.sign is Sign.CLEAR:
        return True
    is_alone = look.number == WHOLE and (before is None or before.window_on != look.window_on)
    is_second = before is not None and before.sign in _WEAK
    return look.sign is Sign.BELOW and (is_alone or is_second)
