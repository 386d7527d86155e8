"""docs/assumptions.md and the probes of ``python -m vitrina doctor`` cover the same assumptions."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitrina.cli.doctor.assumptions import read_assumptions
from vitrina.cli.doctor.chat.trial import CHAT_PROBES
from vitrina.cli.doctor.crm.trial import CRM_PROBES
from vitrina.cli.doctor.report import PROBES
from vitrina.cli.doctor.tracker.probes import TRACKER_PROBES

ROWS = read_assumptions()
SERVICES = (
    *("Google", "Kaiten", "Asana", "Telegram", "amoCRM", "Yandex Metrica", "Calltouch"),
    "Ourselves",
)


def test_every_number_is_given_once() -> None:
    """The numbers have no gap and no duplicate, in any order."""
    assert sorted(one.number for one in ROWS) == list(range(1, len(ROWS) + 1))


def test_every_probe_has_its_row_and_every_row_its_probe() -> None:
    """A row names the probe of its number; a probe has a row that names it."""
    of_trackers = {number: probe.name for probe in TRACKER_PROBES for number in probe.numbers.values()}
    assert {one.number: one.checked_by for one in ROWS if one.checked_by} == {
        **{probe.number: probe.name for probe in PROBES},
        **of_trackers,
        **{probe.number: probe.name for probe in CHAT_PROBES},
        **{probe.number: probe.name for probe in CRM_PROBES},
    }


def test_tracker_probes_are_of_their_tracker() -> None:
    """A row of Kaiten is tried in Kaiten."""
    services = {one.number: one.service.casefold() for one in ROWS}
    for probe in TRACKER_PROBES:
        assert {kind: services[number] for kind, number in probe.numbers.items()} == {
            kind: kind for kind in probe.numbers
        }


def test_google_rows_without_a_check_say_why() -> None:
    """Rows without a check have a reason and a fallback."""
    for one in ROWS:
        assert one.service in SERVICES
        assert one.checked_by or len(one.reason) > 10, one
        assert one.fallback, one


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("| # | we assume |\n", "has the columns #, we assume"),
        ("| 1 | a | b | c | nothing |\n", "row 1 names no check"),
    ],
)
def test_a_table_that_is_not_one_is_refused(tmp_path: Path, table: str, complaint: str) -> None:
    """A mistake in the document raises an error."""
    path = tmp_path / "assumptions.md"
    path.write_text(f"## Google\n\n{table}", encoding="utf-8")

    with pytest.raises(ValueError, match=complaint):
        read_assumptions(path)


def test_probes_that_writes_depend_on_are_marked() -> None:
    """The rules of guards are vital: a freed id, a misplaced write, a whole batch, a sorted row."""
    assert {1, 2, 27, 28} <= {probe.number for probe in PROBES if probe.is_vital}
