"""Adapters of the port ``Mail``."""
