"""No tracker: everything is done in the sheet."""

from vitrina.trackers.none.client import connect

__all__ = ["connect"]
