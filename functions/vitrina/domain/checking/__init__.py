"""Checks plans and sheets independently of the planner. Pure."""
