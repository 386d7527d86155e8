"""*Оценить бэклог*: fills in the hours of backlog items from the agency's norms."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.backlog import EstimateSource
from vitrina.domain.estimating.effort import Forecast, Total
from vitrina.domain.estimating.guesses import Guess, KnownTitles
from vitrina.domain.estimating.norms import FEW_FACTS, Basis, Norms, NormSource, tenth
from vitrina.errors import CellsError, WorkbookShapeError
from vitrina.operations.answer import Answer, Outcome, group_alike
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.operations.undo_record import write_undoably
from vitrina.ports import Json
from vitrina.project.planner_input import (
    PlannedPart,
    forecasts_of,
    hours_by_norm,
    impossible_quantities,
    own_profiles,
    plan_row,
    planned_alike,
    planned_items,
    total_message,
    total_of,
    write_range,
    written_by_us,
)
from vitrina.project.snapshot import Snapshot, read_snapshot, require_items
from vitrina.records.backlog_state import BacklogState, Figures, hash_of_note
from vitrina.records.books import put_project
from vitrina.records.norms import KeptNorms, titles_key
from vitrina.tabs.blocks import SPARE_ROWS, last_used_row
from vitrina.tabs.brief import write_brief
from vitrina.tabs.finish_forecast import write_forecast
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.texts import Sentence, sentence
from vitrina.usecases.batch.wanted_days import missed_from_the_start
from vitrina.workbook.reading.backlog_rows import HOURS_PREFIX, Backlog, BacklogRow
from vitrina.workbook.reading.book import Book, Tab, column_letters
from vitrina.workbook.reading.settings import locale_of, responsible_problems
from vitrina.workbook.size import size_warnings
from vitrina.workbook.writing.change import Formula, Value, WorkbookChange
from vitrina.workbook.writing.heal import heal, repair_messages

#: Most names in one answer: nobody reads more.
MAX_DETAILS = 12

#: What is said of many tasks without an estimate, by what is said of one.
GAPS_OF_MANY = {
    "estimate.no_norm": "estimate.no_norm_many",
    "estimate.no_work_type": "estimate.no_work_type_many",
    "estimate.guess": "estimate.guess_many",
    "estimate.zero": "estimate.zero_many",
}

#: Most tasks whose hours are explained in one answer.
MOST_SOURCES = 200

MINUTES = 60


class RowEstimate(Struct, frozen=True):
    """Estimate of one row from the norms.

    ``hours`` are the add-on's own figures by profile. ``outdated`` are profiles with a figure of the add-on
    that no norm supports any more, for example after a change of the work type. ``forecasts`` hold the
    forecast of the norms for every profile, ``hours_after`` the hours that the row has after the write, and
    ``parts`` what is planned with them.
    """

    hours: Mapping[str, float]
    outdated: frozenset[str]
    source: EstimateSource
    forecasts: Mapping[str, Forecast]
    hours_after: Mapping[str, float]
    parts: Mapping[str, PlannedPart]
    gap: Sentence | None
    guess: Guess | None = None


def estimate(run: Run, spreadsheet_id: str) -> Answer:
    """Fill in the hours that nobody typed, and note in each row where its hours come from."""
    return retry_on_conflict(run, lambda: _estimate(run, spreadsheet_id))


def _estimate(run: Run, spreadsheet_id: str) -> Answer:
    snapshot = read_snapshot(run, spreadsheet_id, more=[titles_key(run.agency_id)])
    book, backlog, project = snapshot.book, snapshot.backlog, snapshot.project
    require_items(backlog)
    kept, profiles = snapshot.stored.norms.value, snapshot.agency.profiles
    _require_columns(backlog, kept.norms, profiles)
    state = snapshot.stored.backlog_state.value
    titles = _known_titles(snapshot)
    estimates = _estimates(backlog, kept.norms, state, titles)
    by_norm = {number: one.hours for number, one in estimates.items()}
    if problems := impossible_quantities(backlog, by_norm, profiles):
        raise CellsError(problems)
    change = WorkbookChange()
    locale = locale_of(book)
    heal(change, book, backlog.identity, prefix=project.code)
    for row in backlog.rows:
        _write_hours(change, run.services, backlog, row, estimates[row.number], locale=locale)
        _remove_note(change, backlog.tab, row, state)
    change.make_room(backlog.tab, last_used_row(backlog.tab) + SPARE_ROWS)
    parts = {number: one.parts for number, one in estimates.items()}
    total = total_of(kept.norms, parts.values())
    write_range(change, book, total)
    items = planned_items(project, state, backlog, parts)
    write_forecast(snapshot, change, items, parts, snapshot.agency_items)
    write_brief(snapshot, change, snapshot.agency_items)
    if change:
        write_refreshed_mark(run.services, change, book)
        _write(run, snapshot, change, estimates)
    else:
        run.at_end(updates=[snapshot.change_work()])
    sources = _sources(backlog.rows[:MOST_SOURCES], estimates, kept, profiles)
    answer = _answer(book, backlog, estimates, total, sources)
    told = (*size_warnings(book), *missed_from_the_start(snapshot, items))
    answer = replace(answer, details=(*told, *answer.details))
    team = snapshot.stored.team
    names = [person.name for person in team.specialists] if team else []
    return replace(answer, cells=responsible_problems(book, names)) if names else answer


def _write(
    run: Run,
    snapshot: Snapshot,
    change: WorkbookChange,
    estimates: Mapping[int, RowEstimate],
) -> None:
    """Write the workbook, and store the add-on's own figures before and after the write.

    The write may fail, or succeed while its answer is lost. Until it has succeeded for certain, both the
    old and the new figures count as the add-on's.
    """
    tracked = snapshot.stored.backlog_state
    state = tracked.value
    known = _still_known(snapshot, state)
    ours: dict[int, Figures] = {
        number: {profile: [hours] for profile, hours in one.hours.items()}
        for number, one in estimates.items()
    }
    either = {number: _either(state.figures.get(number, {}), figures) for number, figures in ours.items()}
    project = replace(snapshot.project, last_number=snapshot.backlog.last_number)
    write_undoably(
        run,
        snapshot.stored.undo,
        snapshot.book,
        change,
        action="estimate",
        writes=[put_project(project)],
        # A refused write must not use up numbers of items.
        if_refused=[put_project(snapshot.project)],
        updates=[
            tracked.put(replace(state, figures={**known, **either})),
            snapshot.change_work(),
        ],
        estimates={str(number): known[number] for number in ours if number in known},
    )
    run.at_end(updates=[tracked.change(lambda now: replace(now, figures={**now.figures, **ours}))])


def _still_known(snapshot: Snapshot, state: BacklogState) -> dict[int, Figures]:
    """The add-on's figures of items that may still need them: in the backlog, in progress, or in undo."""
    rows = snapshot.backlog.rows
    wanted = {row.number for row in rows} | {row.copy_of for row in rows} | set(snapshot.items)
    return {number: figures for number, figures in state.figures.items() if number in wanted}


def _either(first: Figures, second: Figures) -> Figures:
    """Figures of both, without duplicates."""
    profiles = first.keys() | second.keys()
    return {
        profile: list(dict.fromkeys([*first.get(profile, ()), *second.get(profile, ())]))
        for profile in profiles
    }


def _known_titles(snapshot: Snapshot) -> KnownTitles:
    """Past titles of the agency and of this backlog. They are used for guessing only and never shown."""
    rows = snapshot.backlog.rows
    if all(row.work_type for row in rows):
        return KnownTitles((), ())
    names = snapshot.stored.norms.value.norms.work_types
    here = [(row.work_type, row.task) for row in rows]
    titles = (
        (names[work_type.casefold()], title)
        for work_type, title in [*snapshot.titles.value, *here]
        if work_type.casefold() in names
    )
    return KnownTitles(names.values(), titles)


def _require_columns(backlog: Backlog, norms: Norms, titles: Mapping[str, str]) -> None:
    """Raise if a norm has hours for a profile whose column is gone: the total would be too small."""
    kinds = {row.work_type for row in backlog.rows if row.work_type}
    needed = {profile for work_type in kinds for profile in norms.profiles_of(work_type)}
    for profile, name in titles.items():
        if profile in needed and profile not in backlog.profiles:
            title = sentence("title.backlog.hours", name=name)
            raise WorkbookShapeError("shape.column_gone", sheet=backlog.tab.title, title=title)


def _estimates(
    backlog: Backlog, norms: Norms, state: BacklogState, titles: KnownTitles
) -> dict[int, RowEstimate]:
    """The estimates of all rows by number: one for rows from which the norms take the same."""
    known: dict[Hashable, RowEstimate] = {}
    estimates: dict[int, RowEstimate] = {}
    profiles = frozenset(backlog.profiles)
    for row in backlog.rows:
        own = own_profiles(row, written_by_us(state.figures, row), profiles)
        alike = planned_alike(row, own)
        one = known.get(alike) or estimate_row(row, norms, own, titles)
        # A gap names its row.
        if one.gap is None:
            known[alike] = one
        estimates[row.number] = one
    return estimates


def estimate_row(row: BacklogRow, norms: Norms, own: frozenset[str], titles: KnownTitles) -> RowEstimate:
    """The add-on's figures for one row, in the cells of the *own* profiles.

    A cell belongs to the add-on if it is empty or still holds what the add-on wrote. Everything else was
    typed by a person and stays. A missing work type is guessed from ``titles``.
    """
    forecasts = forecasts_of(norms, row, own)
    hours = hours_by_norm(forecasts, own)
    outdated = frozenset([profile for profile in row.hours if profile in own and profile not in hours])
    merged = {**row.hours, **hours}
    after = {profile: figure for profile, figure in merged.items() if profile not in outdated}
    source, gap, guess = EstimateSource.NORM, None, None
    if not hours:
        source, gap, guess = _without_norm(row, own, titles)
    parts = plan_row(norms, row, after, own, forecasts)
    return RowEstimate(hours, outdated, source, forecasts, after, parts, gap, guess)


def _without_norm(
    row: BacklogRow, own: frozenset[str], titles: KnownTitles
) -> tuple[EstimateSource, Sentence | None, Guess | None]:
    """Source, gap and guess for a row for which no norm has hours."""
    if any(figure > 0 for profile, figure in row.hours.items() if profile not in own):
        return EstimateSource.SPECIALIST, None, None
    if row.hours.keys() - own:
        # All of them are 0.
        return EstimateSource.NONE, sentence("estimate.zero", id=row.code), None
    if row.work_type:
        gap = sentence("estimate.no_norm", id=row.code, work_type=row.work_type)
        return EstimateSource.NONE, gap, None
    guess = titles.guess(row.task)
    if guess is None:
        return EstimateSource.NONE, sentence("estimate.no_work_type", id=row.code), None
    gap = sentence("estimate.guess", id=row.code, work_type=guess.work_type)
    return EstimateSource.NONE, gap, guess


def total_formula(tab: Tab, row: BacklogRow, profiles: tuple[str, ...]) -> Formula:
    """Formula that adds the hours columns one by one: people put columns of their own between them.

    Hours that a person typed as a text («1 ч 30 мин») are not a number for the sheet. The cell stays as it
    is, and the formula contains its minutes: a decimal comma would tie the formula to one language.
    """
    line, number = row.row.cells, row.row.index + 1
    columns = {profile: tab.column(HOURS_PREFIX + profile) for profile in profiles}
    cells = ";".join([f"{column_letters(column)}{number}" for column in columns.values()])
    texts = [hours for profile, hours in row.hours.items() if isinstance(line[columns[profile]].value, str)]
    if texts:
        return Formula(f"=SUM({cells})+{round(sum(texts) * MINUTES)}/{MINUTES}")
    return Formula(f'=IF(COUNT({cells})=0;"";SUM({cells}))')


def _write_hours(
    change: WorkbookChange,
    services: Services,
    backlog: Backlog,
    row: BacklogRow,
    result: RowEstimate,
    *,
    locale: str,
) -> None:
    tab, profiles = backlog.tab, backlog.profiles
    figures = {**result.hours, **dict.fromkeys(result.outdated)}
    cells: dict[str, Value] = {
        HOURS_PREFIX + profile: hours for profile, hours in figures.items() if row.hours.get(profile) != hours
    }
    total = total_formula(tab, row, profiles)
    if tab.cell(row.row, "hours_total").formula != total.text:
        cells["hours_total"] = total
    if row.source != result.source:
        cells["source"] = services.choices.label("source", result.source, locale)
    if cells:
        change.set_cells(tab, row.row, cells)


def _remove_note(change: WorkbookChange, tab: Tab, row: BacklogRow, state: BacklogState) -> None:
    """Delete a note that an older release wrote for the staff: clients read it. People's notes stay."""
    note = tab.cell(row.row, "source").note
    if note and hash_of_note(note) in state.note_hashes:
        change.note(tab, row.row, "source", "")


def explain(
    row: BacklogRow, result: RowEstimate, kept: KeptNorms, titles: Mapping[str, str]
) -> list[Sentence]:
    """Where the hours of a row come from, for the staff: the client's workbook has nothing of it."""
    lines: list[Sentence] = []
    for profile, forecast in result.forecasts.items():
        name, unit = titles.get(profile, profile), kept.units.get(forecast.norm.cell.work_type)
        if profile in result.hours:
            lines += [
                sentence("source.profile", profile=name, text=one) for one in _of_norm(row, forecast, unit)
            ]
        elif row.hours.get(profile) and profile not in row.formula_profiles:
            lines.append(_of_specialist(row.hours[profile], name, forecast))
    if result.guess is not None:
        return [sentence("source.guess", work_type=result.guess.work_type)]
    return lines or [sentence(f"source.{result.source}")]


def _sources(
    rows: Iterable[BacklogRow],
    estimates: Mapping[int, RowEstimate],
    kept: KeptNorms,
    titles: Mapping[str, str],
) -> list[Json]:
    """Where the hours of each task of *rows* come from, for the sidebar."""
    return [
        {
            "id": row.code,
            "task": row.task,
            "hours": sum(estimates[row.number].hours_after.values()),
            "lines": explain(row, estimates[row.number], kept, titles),
        }
        for row in rows
    ]


def _of_norm(row: BacklogRow, forecast: Forecast, unit: str | None) -> list[Sentence]:
    figures = {
        "count": forecast.norm.fact_count,
        "typical": forecast.typical_hours,
        "mean": forecast.mean_hours,
        "high": forecast.p85_hours,
    }
    if forecast.norm.source is NormSource.PINNED:
        lines = [sentence("source.norm_pinned", **figures)]
    elif forecast.norm.source is NormSource.START:
        lines = [sentence("source.norm_start", **figures)]
    elif forecast.norm.fact_count < FEW_FACTS:
        lines = [sentence("source.norm_few", **figures)]
    elif forecast.p85_hours is None:
        lines = [sentence("source.norm_thin", **figures)]
    else:
        lines = [sentence("source.norm_line", **figures)]
    if row.quantity != 1:
        per_unit = forecast.norm.hours_per_unit
        lines.append(
            sentence("source.quantity_of", quantity=row.quantity, hours=per_unit, unit=unit)
            if unit
            else sentence("source.quantity", quantity=row.quantity, hours=per_unit)
        )
    return lines


def _of_specialist(hours: float, profile: str, forecast: Forecast) -> Sentence:
    """A figure that a person typed, and the hours that the plan uses in its place if there are such."""
    if forecast.basis is not Basis.SPECIALIST:
        return sentence("source.specialist_only", profile=profile, hours=hours)
    return sentence(
        "source.specialist_with_norm", profile=profile, hours=hours, plan=tenth(forecast.mean_hours)
    )


def _answer(
    book: Book,
    backlog: Backlog,
    estimates: Mapping[int, RowEstimate],
    total: Total | None,
    sources: Sequence[Json],
) -> Answer:
    by_source = {source: sum(one.source is source for one in estimates.values()) for source in EstimateSource}
    gaps = [one.gap for one in estimates.values() if one.gap is not None]
    lines = group_alike(gaps, GAPS_OF_MANY)
    shown = lines[:MAX_DETAILS]
    if len(lines) > len(shown):
        shown.append(sentence("list.more", count=len(lines) - len(shown)))
    all_hours = sum(figure for one in estimates.values() for figure in one.hours_after.values())
    # For one or two tasks their notes already say the same.
    sums = [total_message("total.backlog", total)] if total and len(estimates) > FEW_FACTS - 1 else []
    return Answer(
        Outcome.PARTIAL if gaps else Outcome.DONE,
        sentence(
            "estimate.partial" if gaps else "estimate.done",
            count=len(estimates),
            by_norm=by_source[EstimateSource.NORM],
            by_person=by_source[EstimateSource.SPECIALIST],
            gaps=len(gaps),
            hours=all_hours,
        ),
        details=(*repair_messages(book, backlog.identity), *sums, *shown),
        data={
            "estimated": by_source[EstimateSource.NORM],
            "typed": by_source[EstimateSource.SPECIALIST],
            "gaps": len(gaps),
            "sources": sources,
            "sources_left": len(backlog.rows) - len(sources),
            "total": None if total is None else {"p50_hours": total.p50_hours, "p85_hours": total.p85_hours},
        },
    )
