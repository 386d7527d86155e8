"""Row 5 of the findings by attack: absurd values in every column, form, card, deal and page.

A value that no work has is a bad cell, or text like any other; nothing stops with an error of ours, and
nothing takes long.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from tests.e2e.failures.helpers import put_in_progress
from tests.harness.local_office import OfficeError
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.servers import Servers

#: Far more than a click needs on a busy machine.
MOST_S = 20.0
DIGITS = "9" * 4400
VALUES: Mapping[str, str] = {
    "the year 9999": "31.12.9999",
    "the year 1066": "14.10.1066",
    "a text of the year 9999": "'31.12.9999",
    "1e27": "1" + "0" * 27,
    "1e300": "1" + "0" * 300,
    "-1e300": "-1" + "0" * 300,
    "4,400 digits": f"'{DIGITS}",
    "an error": "=1/0",
    "a formula of 1e308": "=1E+308*10",
    "true": "TRUE",
    "braces": "{value} {0} {count:plural a|b|c} %s",
    "a long text": "я" * 20_000,
}
#: Tabs of each workbook into which people type.
CLIENT_TABS = ("backlog", "in_progress", "metrics")
AGENCY_TABS = ("norms", "specialists", "absences", "onboarding", "projects", "settings")
CLIENT_ACTIONS: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("estimate", {}),
    ("build_batch", {"period": "current"}),
    ("preview_replan", {}),
    ("refresh", {}),
    ("check_book", {}),
    ("show_as_client", {}),
    ("preview_digest", {}),
    ("metric_sources", {}),
    ("preview_onboarding", {"kind": "Сайт"}),
)
AGENCY_ACTIONS = ("update_load", "check_all", "recalculate_norms", "new_client_options", "switch_options")
#: Cells that are tried.
CASES = int(os.environ.get("VITRINA_HISTORIES", "5"))


@pytest.fixture(scope="module")
def office(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleOffice]:
    """A client with work in progress, in the backlog and with a metric."""
    with running_agency(servers, tmp_path_factory.mktemp("office")) as office:
        office.create_client()
        put_in_progress(office, {"task": "Баннер", "work_type": "Баннер"})
        office.fill_backlog({"task": "Лендинг", "work_type": "Лендинг"})
        office.type("metrics", office.book().tab("metrics").header_index + 1, metric="Заявки", target="30")
        office.do("estimate")
        yield office


def agency_of(office: ModuleOffice) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def assert_told(what: str, answer: Mapping[str, Any], began_at: float) -> None:
    """It is answered in time, and not with an error of ours."""
    took_s = time.monotonic() - began_at
    assert answer["http_status"] < 500, (what, answer)
    assert took_s < MOST_S, (what, took_s)
    assert json.dumps(answer, ensure_ascii=False).encode(), what


def do_everything(office: ModuleOffice, what: str, *, is_agency: bool) -> None:
    """All actions that read the cell."""
    for action, params in CLIENT_ACTIONS:
        if is_agency and action in ("show_as_client", "preview_digest", "metric_sources", "check_book"):
            continue
        began_at = time.monotonic()
        assert_told(f"{what}: {action}", office.do(action, **params), began_at)
    for action in AGENCY_ACTIONS:
        if is_agency or action in ("update_load", "check_all"):
            began_at = time.monotonic()
            assert_told(f"{what}: {action}", office.click(agency_of(office), action), began_at)


def places(office: ModuleOffice) -> list[tuple[bool, str, str, int]]:
    """Whether it is the agency's workbook, tab, column and row of all cells that are tried."""
    found = []
    for is_agency, tabs in ((False, CLIENT_TABS), (True, AGENCY_TABS)):
        book = office.book(agency_of(office) if is_agency else None)
        for key in tabs:
            tab = book.tab(key)
            if key == "settings":
                rows = [row.index for row in tab.rows if tab.cell(row, "key").text]
                found += [(is_agency, key, "value", row) for row in rows]
            else:
                found += [(is_agency, key, column, tab.header_index + 1) for column in tab.columns]
    return found


def test_row_5_absurd_values_in_all_columns(
    office: ModuleOffice, record_property: Callable[[str, object], None]
) -> None:
    """A few values by chance in any columns of both workbooks."""
    seed = random.randrange(10**6)
    everything = [(place, name) for place in places(office) for name in VALUES]
    cases = random.Random(seed).sample(everything, min(CASES, len(everything)))
    clean = office.save_state()
    failed = []
    for (is_agency, key, column, row), name in cases:
        spreadsheet_id = agency_of(office) if is_agency else office.client_id
        try:
            office.type(key, row, spreadsheet_id, **{column: VALUES[name]})
        except OfficeError:
            # A drop-down that refuses what it does not offer, unless it is pasted.
            office.paste_cell(key, row, column, VALUES[name].removeprefix("'"), spreadsheet_id)
        try:
            do_everything(office, f"{key}.{column} {row}: {name}", is_agency=is_agency)
        except AssertionError as error:
            failed.append(str(error)[:600])
        office.settle()
        office.restore_state(clean)
        office.restart()

    record_property("figure", f"{len(cases)} cells, seed {seed}")
    assert not failed, "\n".join([f"seed {seed}", *failed])
