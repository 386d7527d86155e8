"""*Продажи* of the agency's workbook: requests of the CRM that became sales, by funnel and month."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest

from tests.harness.deal_office import SALES, WORK, DealOffice
from tests.harness.fakes.interruptions import no_answer
from vitrina.errors import RetriableServiceError
from vitrina.jobs.metrics.draw_sales import draw_sales, sales_task
from vitrina.jobs.nightly import plan_nights

COLUMNS = ("funnel", "month", "requests", "won", "open", "conversion")


@pytest.fixture
def office() -> DealOffice:
    """An agency with a CRM and no deal."""
    return DealOffice()


def draw(office: DealOffice) -> list[tuple[object, ...]]:
    """The tab after the job."""
    [task] = sales_task(office.services, office.agency_id, 1)
    draw_sales(office.services, task.body)
    return office.table("sales", *COLUMNS, spreadsheet_id=office.agency_id)


def test_requests_by_funnel_and_month(office: DealOffice) -> None:
    """The newest month first; a deal counts in its present funnel, and in the month of its request."""
    for stage in ("new", "won", "won", "lost"):
        office.add_deal(stage)
    office.crm.add_deal(WORK, "care")
    office.clock.set(office.clock.now() + timedelta(days=14))
    office.add_deal("qualified")
    office.clock.advance(minutes=1)

    assert draw(office) == [
        ("Продажи", "12.2026", 1, 0, 1, 0),
        ("Продажи", "11.2026", 4, 2, 1, 0.5),
        ("Сопровождение", "11.2026", 1, 0, 1, 0),
    ]
    before = office.workbooks.calls["batch_update"]
    draw(office)
    assert office.workbooks.calls["batch_update"] == before


def test_figures_are_those_of_the_deals(office: DealOffice) -> None:
    """Counted again from random deals of two years."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to repeat a failure
    chance, end = random.Random(seed), office.clock.now()
    counts: Counter[tuple[str, str]] = Counter()
    for days in sorted((chance.randrange(700) for _ in range(120)), reverse=True):
        moment = end - timedelta(days=days)
        stage = chance.choice(["new", "qualified", "won", "lost"])
        office.crm.set_time(moment)
        office.crm.add_deal(SALES, stage, responsible_id="2")
        day = moment.astimezone(office.services.time_zone)
        if (end.year - day.year) * 12 + end.month - day.month < 12:
            counts[f"{day:%m.%Y}", "all"] += 1
            counts[f"{day:%m.%Y}", "won"] += stage == "won"
            counts[f"{day:%m.%Y}", "open"] += stage not in ("won", "lost")

    months = sorted({month for month, _ in counts}, key=lambda one: one.split(".")[::-1], reverse=True)
    wanted = [(month, counts[month, "all"], counts[month, "won"], counts[month, "open"]) for month in months]
    # A change of the CRM takes a second, so that the newest deal is made after the present moment.
    office.clock.advance(minutes=1)
    found = draw(office)
    assert [line[1:5] for line in found] == wanted
    assert [line[5] for line in found] == pytest.approx([one[2] / one[1] for one in wanted], abs=0.001)


def test_a_crm_that_does_not_answer_leaves_the_tab(office: DealOffice) -> None:
    """The queue asks again; what was drawn before stays."""
    office.add_deal("new")
    shown = draw(office)
    office.crm.before("list_deals", no_answer())

    with pytest.raises(RetriableServiceError):
        draw(office)
    assert office.table("sales", *COLUMNS, spreadsheet_id=office.agency_id) == shown


def test_it_is_planned_at_night(office: DealOffice) -> None:
    """For the agency of the CRM only."""
    office.clock.set(office.clock.now().replace(hour=0, minute=30) + timedelta(days=1))
    office.add_deal("new")
    office.clock.advance(minutes=1)

    assert plan_nights(office.services) == 1
    office.run_queue(40)

    assert office.table("sales", "funnel", spreadsheet_id=office.agency_id) == [("Продажи",)]
    assert sales_task(office.services, "another", 1) == []
