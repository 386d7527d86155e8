"""Text that a person has pasted, as a ``MetricService``. An account is the text of one metric."""

from vitrina.metrics.pasted_csv.client import PastedTexts

__all__ = ["PastedTexts"]
