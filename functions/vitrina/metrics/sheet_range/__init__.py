"""A range of another Google Sheet as a ``MetricService``. An account is an address with a range."""

from vitrina.metrics.sheet_range.client import SheetRanges
from vitrina.metrics.sheet_range.link import SheetPlace, place_from_link

__all__ = ["SheetPlace", "SheetRanges", "place_from_link"]
