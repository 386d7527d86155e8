"""Nightly job that draws *Продажи* in the workbook of the agency whose CRM is connected."""

from __future__ import annotations

from datetime import datetime, time

from vitrina.crm_port import Crm, DealMoment, StageKind
from vitrina.domain.sales import Conversion, Ending, SalesRequest, conversions, first_month
from vitrina.errors import ConfigurationError
from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, take_slot
from vitrina.operations.outbox import TaskWish, fulfilled, task_name
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.agency_book import read_agency_book, read_stored_agency
from vitrina.tabs.metrics.sales import write_sales
from vitrina.usecases.deals.hints import agency_of_crm
from vitrina.workbook.writing.change import WorkbookChange

#: Name of the job.
SALES = "sales"


def sales_task(services: Services, agency_id: str, number: int) -> list[TaskWish]:
    """The task for the night *number*; none for an agency without a CRM."""
    if services.crm is None:
        return []
    try:
        is_its_own = agency_of_crm(services) == agency_id
    except ConfigurationError:
        # The job that looks at deals tells it.
        return []
    if not is_its_own:
        return []
    return [TaskWish(task_name(SALES, agency_id, number), {"kind": SALES, "spreadsheet_id": agency_id})]


def draw_sales(services: Services, body: Json) -> None:
    """Read the deals of twelve months from the CRM, then one read and one write of the workbook.

    Raises
    ------
    ServiceError
        If the CRM or Google does not answer: the queue tries again.
    BusyError
        If somebody works in the agency's workbook just now.
    """
    agency_id = body["spreadsheet_id"]
    done = fulfilled(body)
    if services.crm is None:
        services.store.commit(done)
        return
    run = Run(services, CLOCK, agency_id=agency_id)

    def again(slot: float, wait_s: float) -> TaskWish:
        name = task_name(f"{SALES}-slot", agency_id, int(slot))
        return TaskWish(name, {"kind": SALES, "spreadsheet_id": agency_id, "slot": slot}, wait_s)

    quota = services.store.get_many([QUOTA_KEY]).get(QUOTA_KEY)
    if not take_slot(run, quota, body, again):
        return
    found = read_conversions(services, services.crm)
    with ending(run):
        run.take(agency_id)
        retry_on_conflict(run, lambda: _draw(run, agency_id, found))
        run.at_end(*done)


def read_conversions(services: Services, crm: Crm) -> list[Conversion]:
    """The requests of the last months by funnel: a call for the funnels, one for each 250 deals."""
    today, zone = services.today(), services.time_zone
    pipelines = crm.list_pipelines()
    names = {one.pipeline_id: one.name for one in pipelines}
    kinds = {(one.pipeline_id, stage.stage_id): stage.kind for one in pipelines for stage in one.stages}
    begin = datetime.combine(first_month(today), time.min, zone)
    deals = crm.list_deals(DealMoment.CREATED, begin, services.clock.now().replace(microsecond=0))
    requests = [
        SalesRequest(
            names[one.pipeline_id],
            one.created_at.astimezone(zone).date(),
            Ending(kinds.get((one.pipeline_id, one.stage_id), StageKind.OPEN).value),
        )
        for one in deals
        if one.pipeline_id in names
    ]
    return conversions(requests, list(dict.fromkeys(names.values())), today)


def _draw(run: Run, agency_id: str, found: list[Conversion]) -> None:
    stored = read_stored_agency(run, agency_id)
    book = read_agency_book(run, agency_id, stored.shape)
    change = WorkbookChange()
    write_sales(change, book, found)
    if change:
        run.commit()
        run.services.workbooks.batch_update(agency_id, change.requests())
