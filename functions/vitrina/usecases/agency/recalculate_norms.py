"""*Пересчитать нормы*: learns norms from finished work, for the store and the agency's workbook.

People type in the tab *Нормы* too: a norm that they typed wins over the facts and stays, and the difference
is shown beside it. The tab *Обещания* shows by month how accurate estimates and forecast days were, and
*Скорость* how fast items are closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from vitrina.domain.estimating.learning import learn
from vitrina.domain.estimating.norms import NormSource
from vitrina.domain.limits import MOST_CHOICES
from vitrina.domain.planning.forecast import ForecastOutcome
from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.project.agency_book import read_agency_book, read_stored_agency
from vitrina.records.finished import facts_of_item, load_packed_items
from vitrina.records.forecasts import load_outcomes
from vitrina.records.history import load_imported
from vitrina.records.norms import KeptNorms
from vitrina.records.work import Item, ProjectWork, find_all_work
from vitrina.tabs.finish_forecast import settle_open_forecasts
from vitrina.tabs.metrics.speed import write_speed
from vitrina.tabs.norms import LearnedNorms, own_work_types, with_typed_norms, write_norms
from vitrina.tabs.promises import write_promises
from vitrina.texts import sentence
from vitrina.workbook.writing.change import WorkbookChange


def recalculate_norms(run: Run, agency_id: str) -> Answer:
    """Learn the norms from the whole history and show them: one read and one write of the workbook."""
    store = run.services.store
    works = find_all_work(store, agency_id)
    imported = load_imported(store, agency_id)
    items = [*load_packed_items(store, agency_id), *_items(work.value for work in works.values())]
    history = [*imported, *(fact for item in items for fact in facts_of_item(item))]
    norms = learn(history)
    settled, ended = settle_open_forecasts(store, agency_id, works, run.services.today())
    run.commit(updates=settled)
    outcomes = _with_ended(load_outcomes(store, agency_id), ended)

    def show() -> LearnedNorms:
        stored = read_stored_agency(run, agency_id)
        book = read_agency_book(run, agency_id, stored.shape)
        kept = stored.norms.value
        learned = with_typed_norms(run.services, stored.agency, book, kept, norms)
        if not learned.norms.shown:
            raise UserError("norms.no_history")
        change = WorkbookChange()
        shown = write_norms(change, run.services, stored.agency, book, learned)
        write_promises(change, book, history, outcomes)
        write_speed(run.services, change, book, items, stored.projects.value)
        own_types = own_work_types(run.services, stored, book, imported)
        after = KeptNorms(learned.norms, learned.units, shown, own_types)
        if change:
            # The write may fail, or succeed while its answer is lost: until it has succeeded for certain,
            # both the old and the new figures count as the add-on's.
            either = {
                cell: (*kept.shown.get(cell, ()), *after.shown.get(cell, ()))
                for cell in {*kept.shown, *after.shown}
            }
            run.commit(updates=[stored.norms.put(replace(after, shown=either))])
            run.services.workbooks.batch_update(agency_id, change.requests())
        run.at_end(updates=[stored.norms.put(after)])
        return learned

    learned = retry_on_conflict(run, show)
    shown = learned.norms.shown
    pinned = sum(norm.source is NormSource.PINNED for norm in shown)
    guessed = sum(norm.source is NormSource.START for norm in shown)
    details = []
    if pinned:
        details.append(sentence("norms.pinned", count=pinned))
    if guessed:
        details.append(sentence("norms.guessed", count=guessed))
    if (type_count := len(learned.norms.work_types)) > MOST_CHOICES:
        details.append(sentence("limit.work_types", count=type_count, most=MOST_CHOICES))
    return Answer(
        Outcome.DONE,
        sentence("norms.done", norms=len(shown), types=type_count, facts=len(history)),
        details=tuple(details),
        data={"norms": len(shown), "facts": len(history)},
    )


def _items(works: Iterable[ProjectWork]) -> Iterator[Item]:
    """Items that are open or were finished lately."""
    return (item for work in works for item in work.items.values())


def _with_ended(kept: list[ForecastOutcome], ended: list[ForecastOutcome]) -> list[ForecastOutcome]:
    """Stored outcomes together with those of forecasts that ended just now, without duplicates."""
    return [*kept, *(one for one in ended if one not in kept)]
