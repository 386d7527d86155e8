"""Adapters of the sources of facts, one folder each. See ``metric_port``."""
