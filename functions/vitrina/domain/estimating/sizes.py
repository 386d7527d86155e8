"""Size classes: rough hours that one unit of a task takes one specialist.

A size class predicts the hours better than the work type. Measured on 8,175 tasks, norms by work type
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
