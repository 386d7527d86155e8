"""Why facts of a metric are missing, in words."""

from __future__ import annotations

from datetime import date

from vitrina.records.metrics.sources import KnownGap
from vitrina.texts import Sentence, sentence


def gap_sentence(gap: KnownGap) -> Sentence:
    """«нет данных с …», and the reason for staff."""
    why = Sentence(f"metric_gap.{gap.reason}", dict(gap.params))
    return sentence("metrics.no_data_since", day=date.fromisoformat(gap.since_on), why=why)
