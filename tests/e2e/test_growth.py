"""Sheets that are made for a usual agency grow with an unusual one."""

from __future__ import annotations

from tests.harness.office import Office


def test_more_norms_than_the_tab_has_rows(empty_office: Office) -> None:
    """The tab is made with a hundred rows; every norm is shown all the same, here the mean of 1 and 2."""
    empty_office.create_agency(history={f"Вид {number:03}": {"design": (1.0, 2.0)} for number in range(130)})

    assert empty_office.agency is not None
    norms = empty_office.table(
        "norms", "work_type", "hours_per_unit", spreadsheet_id=empty_office.agency.spreadsheet_id
    )
    assert norms == [(f"Вид {number:03}", 1.5) for number in range(130)]
