"""Adapters of the port ``Chat``."""
