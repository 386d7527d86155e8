"""Kaiten as a ``TaskTracker``."""
