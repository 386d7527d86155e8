"""*Источник метрики…*: where the facts of a row of *Метрики* come from, chosen by names."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.dated_rows import RowProblem, parse_text
from vitrina.errors import AccessDeniedError, ServiceError, UserError, VitrinaError
from vitrina.metric_port import Account, Measure, MetricService
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.clicks.accounts import (
    CALLTOUCH_ACCOUNT,
    CRM_ACCOUNT,
    METRICA_ACCOUNT,
    is_own_account,
)
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.ports import Document, Json, Write
from vitrina.records.books import book_key, load_project
from vitrina.records.layouts import shape_from, shape_key
from vitrina.records.metrics.linked_sheets import is_of_another, linked_sheet_key, put_linked_sheet
from vitrina.records.metrics.pasted import account_of, pasted_key, pasted_writes
from vitrina.records.metrics.sources import (
    ChosenSource,
    MetricSources,
    load_sources,
    sources_key,
    tracked_sources,
)
from vitrina.records.outside.change import DocumentChange
from vitrina.tabs.metrics.rows import TAB
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.metrics.cells import recognise
from vitrina.usecases.metrics.gaps import gap_sentence
from vitrina.usecases.metrics.rows import MetricRow, metric_rows, new_number, rows_by_number
from vitrina.usecases.metrics.wishes import facts_wish
from vitrina.workbook.reading.book import METRIC_BASE, Book, parse_book
from vitrina.workbook.writing.change import WorkbookChange

#: Systems whose accounts a person names by a link or brings as text.
LINKED, PASTED = "sheet", "pasted"
#: Systems whose account belongs to one agency of the installation.
OF_AGENCY = (METRICA_ACCOUNT, CALLTOUCH_ACCOUNT, CRM_ACCOUNT)
#: Order in which systems are offered.
SYSTEMS = (*OF_AGENCY, LINKED, PASTED)
#: Most bad lines of pasted text that are named.
MOST_LINES = 10
#: What a system says of an account that was chosen wrongly; it is not the system that fails.
_OTHER_CHOICE = frozenset({"metrics.no_account", "metrics.not_shared", "metrics.forbidden"})
#: Most accounts and measures of a list.
MOST_LISTED = 500


class Place(Struct, frozen=True):
    """The row that a person chose: its number from 1 as he sees it, and the metric that he saw in it."""

    row: int
    metric: str


class Wanted(Struct, frozen=True):
    """What a person wants to take: an account of the list, or a link with an area, or pasted text."""

    system: str
    account_id: str = ""
    measure_id: str = ""
    link: str = ""
    area: str = ""
    text: str = ""


def show_sources(run: Run, spreadsheet_id: str, *, sheet_id: int | None, row: int | None) -> Answer:
    """The metrics of a project with their sources, the selected one marked, and what there is to choose from.

    One read of the workbook, and one call for the accounts of each system. Changes nothing.
    """
    book = _read(run, spreadsheet_id)
    sources = load_sources(run.services.store, spreadsheet_id, run.agency_id)
    tab = book.tab(TAB)
    rows = metric_rows(tab, run.services.choices)
    known, lost = rows_by_number(rows, sources)
    numbers = {one.row.index: number for number, one in {**known, **lost}.items()}
    data = {
        "metrics": [_row_data(one, sources, numbers.get(one.row.index)) for one in rows],
        "selected": row if sheet_id == tab.sheet_id and row in [one.row.index + 1 for one in rows] else None,
        "systems": [_system_data(run, system) for system in SYSTEMS if _is_connected(run, system)],
    }
    return Answer(Outcome.DONE, sentence("metric_form.shown" if rows else "metric_form.none"), data=data)


def show_measures(run: Run, spreadsheet_id: str, wanted: Wanted) -> Answer:
    """What an account has, by names. Changes nothing.

    Raises
    ------
    UserError
        If the account cannot be used here.
    ServiceError
        If it cannot be read.
    """
    service = _service(run, wanted.system)
    account_id = _account_id(run, service, spreadsheet_id, wanted)
    measures = _measures(service, account_id)[:MOST_LISTED]
    listed = [{"id": one.measure_id, "title": measure_sentence(one)} for one in measures]
    return Answer(
        Outcome.DONE,
        sentence("metric_form.measures", count=len(listed)),
        data={"account_id": account_id, "measures": listed},
    )


def choose_source(run: Run, spreadsheet_id: str, place: Place, wanted: Wanted) -> Answer:
    """Give a metric a source and have it read. Pasted text with bad lines is refused, and each is named.

    Raises
    ------
    UserError
        If the row is not what the person saw, or the source cannot be used.
    ServiceError
        If the source cannot be read.
    """
    today = run.services.today()
    if wanted.system == PASTED:
        figures, problems = parse_text(wanted.text, today)
        if problems or not figures:
            return _refused(problems)
    return retry_on_conflict(run, lambda: _choose(run, spreadsheet_id, place, wanted))


def remove_source(run: Run, spreadsheet_id: str, number: int) -> Answer:
    """Have a metric typed by hand from now on. What stands in its cells stays.

    Raises
    ------
    UserError
        If the metric has no source.
    """
    key, store = sources_key(spreadsheet_id), run.services.store
    tracked = tracked_sources(store, store.get_many([key]).get(key), spreadsheet_id, run.agency_id)
    known = tracked.value.chosen.get(number)
    if known is None:
        raise UserError("metrics.no_source")
    run.at_end(updates=[tracked.change(lambda now: now.without(number))])
    return Answer(Outcome.DONE, sentence("metric_form.removed", metric=known.metric))


def measure_sentence(measure: Measure) -> Sentence:
    """What a measure is called for a person."""
    return Sentence(f"metric_measure.{measure.code}", {"name": measure.name})


# --- Reading ----------------------------------------------------------------------------------------


def _read(run: Run, spreadsheet_id: str) -> Book:
    key = shape_key(spreadsheet_id)
    shape = run.services.store.get_many([key]).get(key)
    return parse_book(run.services.workbooks.read(spreadsheet_id), shape_from(shape))


def _row_data(row: MetricRow, sources: MetricSources, number: int | None) -> Json:
    source = sources.chosen.get(number) if number is not None else None
    gap = sources.gaps.get(number) if number is not None else None
    return {
        "row": row.row.index + 1,
        "metric": row.metric,
        "number": number if source else None,
        "source": _source_sentence(source) if source else None,
        "gap": gap_sentence(gap) if gap else None,
        "has_begin": row.since_on is not None,
    }


def _source_sentence(source: ChosenSource) -> Sentence:
    what = measure_sentence(source.measure)
    account = source.account_name
    return sentence(f"metric_system.{source.system}.source", account=account, measure=what)


def _system_data(run: Run, system: str) -> Json:
    """A system with its accounts, or why they cannot be listed."""
    service, accounts, problem = run.services.metrics[system], list[Account](), None
    try:
        accounts = list(service.accounts())[:MOST_LISTED]
    except ServiceError as error:
        problem = Sentence(error.code, error.where)
    return {
        "id": system,
        "title": sentence(f"metric_system.{system}"),
        "accounts": [{"id": one.account_id, "title": one.name} for one in accounts],
        "problem": problem,
    }


def _service(run: Run, system: str) -> MetricService:
    if not _is_connected(run, system):
        raise UserError("metrics.not_connected", service=system)
    return run.services.metrics[system]


def _is_connected(run: Run, system: str) -> bool:
    """Whether the agency may read from a system: an account shows the figures of one agency only."""
    if system not in run.services.metrics:
        return False
    return system not in OF_AGENCY or is_own_account(run.services, system, run.agency_id)


def _account_id(run: Run, service: MetricService, spreadsheet_id: str, wanted: Wanted) -> str:
    if wanted.system == PASTED and not wanted.account_id.startswith(f"{spreadsheet_id}:"):
        raise UserError("metrics.measure_gone")
    if wanted.system != LINKED:
        return wanted.account_id
    account_id = service.account_from(wanted.link, wanted.area)
    linked_id = _linked_id(account_id)
    key, claim = book_key(linked_id), linked_sheet_key(linked_id)
    found = run.services.store.get_many([key, claim])
    # What is internal in other workbooks of ours must not come into this one.
    if linked_id != spreadsheet_id and key in found:
        raise UserError("metrics.own_book")
    if is_of_another(found.get(claim), run.agency_id):
        # Told like a spreadsheet that nobody has shared with us.
        raise AccessDeniedError("metrics.not_shared", service=service.name)
    return account_id


def _linked_id(account_id: str) -> str:
    return account_id.partition(":")[0]


def _claim(run: Run, account_id: str) -> None:
    """Keep that the agency takes figures from this spreadsheet; no other one may from now on."""
    linked_id = _linked_id(account_id)
    if linked_sheet_key(linked_id) not in run.services.store.get_many([linked_sheet_key(linked_id)]):
        run.commit(put_linked_sheet(linked_id, run.agency_id))


# --- Choosing ---------------------------------------------------------------------------------------


def _choose(run: Run, spreadsheet_id: str, place: Place, wanted: Wanted) -> Answer:
    services, store = run.services, run.services.store
    service = _service(run, wanted.system)
    book = _read(run, spreadsheet_id)
    tab = book.tab(TAB)
    rows = metric_rows(tab, services.choices)
    row = next((one for one in rows if (one.row.index + 1, one.metric) == (place.row, place.metric)), None)
    if row is None:
        raise UserError("metrics.row_gone", metric=place.metric)
    key = sources_key(spreadsheet_id)
    tracked = tracked_sources(store, store.get_many([key]).get(key), spreadsheet_id, run.agency_id)
    _, lost = rows_by_number(rows, tracked.value)
    number = next((n for n, one in lost.items() if one.row.index == row.row.index), row.row.number)
    number = number or new_number(tab, tracked.value)
    account_id, measure = _measure(run, service, spreadsheet_id, number, wanted)
    source = ChosenSource(
        number=number,
        metric=row.metric,
        system=wanted.system,
        account_id=account_id,
        account_name=_account_name(service, account_id),
        measure_id=measure.measure_id,
        measure_name=measure.name,
        code=measure.code,
        kind=measure.kind.value,
        unit=measure.unit,
        chosen_at=services.clock.now().isoformat(),
        since_on=row.since_on.isoformat() if row.since_on else "",
    )
    locale = load_project(store, spreadsheet_id).locale
    before = tracked.value.chosen.get(number)
    change = WorkbookChange()
    change.expect(tab, row.row, "metric")
    if row.row.number is None:
        recognise(change, tab, {number: row})
    if "source" in tab.columns:
        ours = {"", render(_source_sentence(before), locale) if before else ""}
        if tab.cell(row.row, "source").text in ours:
            change.set(tab, row.row, "source", render(_source_sentence(source), locale))
    services.workbooks.batch_update(spreadsheet_id, change.requests())

    def chosen(now: MetricSources) -> MetricSources:
        # At once: what is due is read by the next task.
        with_source = now.with_source(source, services.clock.now().isoformat())
        return replace(with_source, last_number=max(now.last_number, number - METRIC_BASE))

    run.at_end(updates=[tracked.change(chosen)])
    run.queue_at_end(facts_wish(services))
    needs_begin = sentence("metric_form.needs_begin", column=sentence("title.metrics.since_on"))
    details = [needs_begin] if row.since_on is None else []
    return Answer(
        Outcome.DONE,
        sentence("metric_form.chosen", metric=row.metric, source=_source_sentence(source)),
        details=tuple(details),
    )


def _measure(
    run: Run, service: MetricService, spreadsheet_id: str, number: int, wanted: Wanted
) -> tuple[str, Measure]:
    """The account, and what is taken from it; pasted text is kept for its row first."""
    if wanted.system == PASTED:
        account_id = account_of(spreadsheet_id, number)

        def keep(documents: list[Document | None]) -> list[Write]:
            return pasted_writes(run.services.store, account_id, documents[0], wanted.text)

        run.commit(updates=[DocumentChange(run.services.store, (pasted_key(account_id),), keep)])
    else:
        account_id = _account_id(run, service, spreadsheet_id, wanted)
    measures = _measures(service, account_id)
    wanted_id = wanted.measure_id or (measures[0].measure_id if len(measures) == 1 else "")
    measure = next((one for one in measures if one.measure_id == wanted_id), None)
    if measure is None:
        raise UserError("metrics.measure_gone")
    if wanted.system == LINKED:
        _claim(run, account_id)
    return account_id, measure


def _measures(service: MetricService, account_id: str) -> Sequence[Measure]:
    """What an account has; raises ``UserError`` for one that a person can correct by another choice."""
    try:
        return service.source(account_id).measures()
    except ServiceError as error:
        if error.code not in _OTHER_CHOICE:
            raise
        raise UserError(error.code, **error.where) from error


def _account_name(service: MetricService, account_id: str) -> str:
    """What people call the account; empty where accounts are not listed."""
    try:
        return next((one.name for one in service.accounts() if one.account_id == account_id), "")
    except VitrinaError:
        return ""


def _refused(problems: Sequence[RowProblem]) -> Answer:
    lines = [
        sentence(f"metric_gap.bad_row_{one.code}", line=str(one.line), value=one.value)
        for one in problems[:MOST_LINES]
    ]
    more = [sentence("metric_form.more_lines", count=len(problems) - MOST_LINES)]
    return Answer(
        Outcome.REFUSED,
        sentence("metric_form.bad_text", count=len(problems))
        if problems
        else sentence("metric_form.no_text"),
        details=(*lines, *(more if len(problems) > MOST_LINES else [])),
    )
