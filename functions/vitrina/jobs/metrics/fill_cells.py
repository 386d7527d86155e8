"""Job that writes facts into the tab *Метрики* of one workbook: one read and at most one write.

What it wants to write is kept before the write, and that it was written after it: if the answer of the write
is lost, the next look still tells its own figures from those that people typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from msgspec.structs import replace

from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, take_slot
from vitrina.operations.outbox import TaskWish, fulfilled, wish_keys
from vitrina.operations.page_drawing import page_wishes
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.books import book_key
from vitrina.records.layouts import shape_from, shape_key
from vitrina.records.metrics.facts import load_series
from vitrina.records.metrics.sources import MetricSources, sources_key, tracked_sources
from vitrina.tabs.metrics.rows import period_kind
from vitrina.usecases.metrics.cells import Figures, Filling, fill
from vitrina.usecases.metrics.wishes import cells_wish
from vitrina.workbook.reading.book import parse_book
from vitrina.workbook.writing.change import WorkbookChange

#: Days of facts that the periods of the tab may need: six months and what is left of one.
MOST_DAYS = 396


def fill_cells(services: Services, body: Json) -> None:
    """Write what differs, in a slot of Google's quota, while no action works in the workbook."""
    spreadsheet_id = body["spreadsheet_id"]
    known = services.store.get_many([book_key(spreadsheet_id), QUOTA_KEY, *wish_keys(body)])
    book = known.get(book_key(spreadsheet_id))
    if book is None:
        services.store.commit(fulfilled(body))
        return
    run = Run(services, CLOCK, agency_id=str(book.data.get("agency_id", spreadsheet_id)))

    def again(slot: float, wait_s: float) -> TaskWish:
        return cells_wish(services, spreadsheet_id, slot=slot, wait_s=wait_s)

    if not take_slot(run, known.get(QUOTA_KEY), body, again):
        return
    with ending(run):
        run.take(spreadsheet_id)
        retry_on_conflict(run, lambda: _write(run, spreadsheet_id))
        run.fulfil_at_end(body, known)


def _write(run: Run, spreadsheet_id: str) -> None:
    services, store, today = run.services, run.services.store, run.services.today()
    wanted = [sources_key(spreadsheet_id), shape_key(spreadsheet_id)]
    found = store.get_many(wanted)
    tracked = tracked_sources(store, found.get(wanted[0]), spreadsheet_id, run.agency_id)
    if not tracked.value.chosen:
        return
    series = load_series(store, spreadsheet_id, today - timedelta(days=MOST_DAYS), today)
    book = parse_book(services.workbooks.read(spreadsheet_id), shape_from(found.get(wanted[1])))
    change = WorkbookChange()
    kind = period_kind(book, services.choices)
    filling = fill(change, book, services.choices, tracked.value, series, kind, today)
    if filling.figures:
        run.commit(updates=[tracked.change(lambda now: _with_written(now, filling.figures, _besides))])
    if change:
        services.workbooks.batch_update(spreadsheet_id, change.requests())
        run.queue_at_end(*page_wishes(services, spreadsheet_id, run.agency_id))

    def ended(now: MetricSources) -> MetricSources:
        return _learnt(_with_written(now, filling.figures, _only), filling)

    run.at_end(updates=[tracked.change(ended)])


Written = tuple[float, ...]


def _besides(known: Written, figure: float | None) -> Written:
    """Before the write nobody knows which of them the cell has."""
    return (*known, figure) if figure is not None and figure not in known else known


def _only(_: Written, figure: float | None) -> Written:
    return () if figure is None else (figure,)


def _with_written(
    sources: MetricSources, figures: Figures, change: Callable[[Written, float | None], Written]
) -> MetricSources:
    written: dict[int, Mapping[str, Written]] = dict(sources.written)
    for number, cells in figures.items():
        known = written.get(number, {})
        changed = {column: change(known.get(column, ()), figure) for column, figure in cells.items()}
        written[number] = {column: one for column, one in {**known, **changed}.items() if one}
    return replace(sources, written={number: one for number, one in written.items() if one})


def _learnt(sources: MetricSources, filling: Filling) -> MetricSources:
    """With the names and first days of the rows as they stand there, without those that are gone for good."""
    chosen = {
        number: replace(
            one,
            metric=filling.names.get(number, one.metric),
            since_on=filling.begins.get(number, one.since_on),
        )
        for number, one in sources.chosen.items()
    }
    gone = [number for number in chosen if number not in filling.names]
    learnt = replace(sources, chosen=chosen, missing=tuple(one for one in gone if one not in sources.missing))
    for number in gone:
        if number in sources.missing:
            learnt = learnt.without(number)
    return learnt
