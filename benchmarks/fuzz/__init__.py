"""Requests and cells near valid ones, drawn from a seed, for every entry point and every action."""
