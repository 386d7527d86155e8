"""Text that a person has pasted, as a ``MetricService``. An account is the text of one metric."""

from vitrina.metrics.pasted_csv.client import PastedTexts, parse_text

__all__ = ["PastedTexts", "parse_text"]
