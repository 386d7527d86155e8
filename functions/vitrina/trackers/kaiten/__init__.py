"""Kaiten as a ``TaskTracker``."""

from vitrina.trackers.kaiten.client import connect

__all__ = ["connect"]
