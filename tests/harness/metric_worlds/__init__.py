"""Worlds of the sources of facts, for the contract of ``MetricSource``."""
