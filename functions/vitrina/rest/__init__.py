"""Calls of the REST APIs of outside systems."""
