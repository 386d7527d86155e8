"""Yandex Metrica as a ``MetricService``. An account is a counter."""

from vitrina.metrics.metrica.client import connect

__all__ = ["connect"]
