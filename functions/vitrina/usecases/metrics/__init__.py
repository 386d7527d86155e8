"""Metrics that fill themselves: where facts come from, and what stands in the rows of *Метрики*."""
