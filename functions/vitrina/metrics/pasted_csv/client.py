"""Days and figures from pasted text, which is kept in our store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo

from vitrina.domain.dated_rows import parse_text
from vitrina.errors import FatalServiceError
from vitrina.metric_port import Account, DayValue, Facts, Gap, Measure, MeasureKind, Segments
from vitrina.metrics.table_facts import facts_of, gap_of

NAME = "CSV"
MEASURE = "figure"


class PastedTexts:
    """Texts that people have pasted.

    Parameters
    ----------
    load
        The text of an account, ``None`` where there is none.
    """

    name = NAME

    def __init__(self, load: Callable[[str], str | None], zone: tzinfo, now: Callable[[], datetime]) -> None:
        self._load = load
        self._zone = zone
        self._now = now

    def accounts(self) -> Sequence[Account]:
        """See ``MetricService``. A text is pasted, not chosen."""
        return []

    def source(self, account_id: str) -> PastedText:
        """See ``MetricService``."""
        text = self._load(account_id)
        if text is None:
            raise FatalServiceError("metrics.no_account", service=NAME)
        return PastedText(text, self._zone, self._now)

    def account_from(self, link: str, area: str) -> str:  # noqa: ARG002 - part of the port
        """See ``MetricService``: a text has no address."""
        raise FatalServiceError("metrics.no_account", service=NAME)

    def login_of(self, account_id: str) -> str:
        """See ``MetricService``."""
        return account_id


class PastedText:
    """One text as a ``MetricSource``."""

    segments: tuple[Segments, ...] = ()

    def __init__(self, text: str, zone: tzinfo, now: Callable[[], datetime]) -> None:
        self._text = text
        self._zone = zone
        self._now = now

    def measures(self) -> Sequence[Measure]:
        """See ``MetricSource``."""
        return [Measure(MEASURE, "", MeasureKind.AMOUNT, code="pasted")]

    def read(self, measure_ids: Sequence[str], first: date, last: date) -> Mapping[str, Facts | Gap]:
        """See ``MetricSource``."""
        now = self._now()
        figures, problems = parse_text(self._text, now.astimezone(self._zone).date())
        facts = facts_of(figures, first, last, now, is_told=False)
        found: Facts | Gap = gap_of(problems[0]) if problems else facts
        return {one: found if one == MEASURE else Gap("measure_unknown") for one in measure_ids}

    def by_segment(
        self,
        measure_id: str,  # noqa: ARG002 - part of the port
        segments: Segments,  # noqa: ARG002
        first: date,  # noqa: ARG002
        last: date,  # noqa: ARG002
    ) -> Mapping[str, DayValue]:
        """See ``MetricSource``: a text has no segments."""
        raise FatalServiceError("metrics.no_segments", service=NAME)
