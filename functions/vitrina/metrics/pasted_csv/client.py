"""Days and figures from pasted text: ``day;figure`` in each line, or with a tab, or with a comma."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo

from vitrina.errors import FatalServiceError
from vitrina.metric_port import Account, DayValue, Facts, Gap, Measure, MeasureKind, Segments
from vitrina.metrics.dated_rows import RowProblem, facts_of, gap_of, read_rows

NAME = "CSV"
MEASURE = "figure"
#: What may stand between day and figure, as it is looked for: a comma may be a decimal one.
SEPARATORS = ("\t", ";", ",")


def parse_text(text: str, today: date) -> tuple[dict[date, float], list[RowProblem]]:
    """Figures by day, and the lines that cannot be read; they are numbered from 1."""
    rows = []
    problems: list[RowProblem] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        separator = next((one for one in SEPARATORS if one in line), None)
        if separator is None:
            problems.append(RowProblem(number, "no_separator", line.strip()[:40]))
            continue
        day, _, figure = line.partition(separator)
        rows.append((number, _unquoted(day), _unquoted(figure)))
    found, more = read_rows(rows, today)
    return found, sorted([*problems, *more], key=lambda one: one.line)


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


def _unquoted(text: str) -> str:
    return text.strip().strip('"').strip()
