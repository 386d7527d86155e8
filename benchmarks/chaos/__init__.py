"""Plays random interleavings of clicks, people's edits, faults and deaths, and looks for anything lost."""
