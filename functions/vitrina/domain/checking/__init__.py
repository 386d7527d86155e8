"""Judges plans and sheets without using the planner. Pure."""
