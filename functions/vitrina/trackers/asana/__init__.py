"""Asana as a ``TaskTracker``."""

from vitrina.trackers.asana.client import connect

__all__ = ["connect"]
