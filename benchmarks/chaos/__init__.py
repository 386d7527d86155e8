"""Plays random interleavings of clicks, edits, faults and killed processes, and looks for lost data."""
