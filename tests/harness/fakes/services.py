"""``Services`` over fakes, with the real templates, calendar and choices."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.harness.agency_data import MANAGER, NOW
from tests.harness.fakes.clock import FixedClock
from tests.harness.fakes.queue import FakeQueue
from tests.harness.fakes.store import WatchedStore
from tests.harness.fakes.tracker import FakeTracker
from tests.harness.fakes.workbooks import FakeWorkbooks
from vitrina.domain.calendar import WorkCalendar
from vitrina.operations.services import Owner, Services
from vitrina.records.books import FIRST_TRACKER
from vitrina.trackers.none.client import NoTracker
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.template.definition import BookTemplate, load_template

#: Who writes the workbooks.
ROBOT = "robot@vitrina.example"


def make_services(**given: Any) -> Services:
    """Services of one process. *given* are fields of ``Services``; what is left out is a new, empty fake."""
    clock = given.pop("clock", None) or FixedClock(NOW)
    workbooks = given.pop("workbooks", None) or FakeWorkbooks(clock)
    templates = _templates()
    fields: dict[str, Any] = {
        "workbooks": workbooks,
        "background_workbooks": workbooks,
        "trackers": {FIRST_TRACKER: given.pop("tracker", None) or FakeTracker(), "none": NoTracker()},
        "store": given.pop("store", None) or WatchedStore(),
        "queue": given.pop("queue", None) or FakeQueue(clock),
        "clock": clock,
        "calendar": _calendar(),
        "choices": Choices({**templates["agency"].choice_labels(), **templates["client"].choice_labels()}),
        "templates": templates,
        "time_zone": ZoneInfo("Europe/Moscow"),
        "service_account": ROBOT,
        "owners": (Owner(MANAGER),),
        "lease_s": 90.0,
        "quota_per_minute": 50,
    }
    return Services(**{**fields, **given})


@cache
def _templates() -> dict[str, BookTemplate]:
    return {kind: load_template(kind) for kind in ("client", "agency")}


@cache
def _calendar() -> WorkCalendar:
    return WorkCalendar("RU")
