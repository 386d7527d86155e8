"""Calltouch as a ``MetricService``. An account is a site with a token of its own."""

from vitrina.metrics.calltouch.client import connect

__all__ = ["connect"]
