"""Size classes: how much one unit of a task takes one specialist, roughly.

A class says more about the hours than the work type does. Measured on 8,175 tasks, norms by work type
and size class are as good as the hours that specialists themselves give (docs/estimation.md).
"""

from __future__ import annotations

from enum import StrEnum


class Size(StrEnum):
    """Class of a task, from the smallest; the bounds are up to 1, 3, 8 and 24 hours."""

    XS = "xs"
    S = "s"
    M = "m"
    L = "l"
    XL = "xl"
