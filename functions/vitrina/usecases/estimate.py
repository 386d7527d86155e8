"""*Оценить бэклог*: hours of backlog items from the agency's norms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vitrina.domain.backlog import EstimateSource
from vitrina.domain.norms import EffortNorm, norms_by_work_type
from vitrina.domain.quantities import MAX_HOURS
from vitrina.errors import CellsError, WorkbookShapeError
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.again import again
from vitrina.usecases.backlog import read_fenced, read_own_backlog, require_items, settle_for_good
from vitrina.usecases.fresh import mark_fresh
from vitrina.usecases.lease import lease
from vitrina.usecases.records import ESTIMATE, Project, load_agency, load_norms, load_project, save_project
from vitrina.usecases.services import Answer, Outcome, Services
from vitrina.usecases.undoable import write_undoably
from vitrina.workbook.book import Book, Tab, column_letters
from vitrina.workbook.change import Formula, WorkbookChange
from vitrina.workbook.heal import heal, told
from vitrina.workbook.rows import HOURS_PREFIX, Backlog, BacklogRow, locale_of

#: More names than this in one answer are not read by anyone.
MAX_DETAILS = 12

MINUTES = 60

#: The add-on's own figures of a row by profile: one, or more where a write was not confirmed.
Figures = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class RowEstimate:
    """What the norms say of one row.

    ``hours`` are the add-on's own figures by profile; ``outdated`` are profiles with a figure of the
    add-on's that no norm supports any more, as after a change of the work type.
    """

    hours: Mapping[str, float]
    outdated: frozenset[str]
    source: EstimateSource
    norms: tuple[EffortNorm, ...]
    gap: Sentence | None


def estimate(services: Services, project: Project) -> Answer:
    """Fill the hours that nobody typed, and say of each row where its hours come from."""
    with lease(services, project.spreadsheet_id):
        # Loaded anew, as another process may have given numbers since; once, as a refused write uses none up.
        current = load_project(services.store, project.spreadsheet_id)
        return again(lambda: _estimate(services, current))


def _estimate(services: Services, project: Project) -> Answer:
    book = read_fenced(services, project)
    backlog = read_own_backlog(services, project, book)
    require_items(backlog)
    settle_for_good(services, project, book)
    agency = load_agency(services.store, project.agency_id)
    norms = {
        work_type.casefold(): by_profile
        for work_type, by_profile in norms_by_work_type(load_norms(services.store, project.agency_id)).items()
    }
    _require_columns(backlog, norms, agency.profiles)
    record = services.store.get(ESTIMATE, project.spreadsheet_id)
    written: Mapping[str, Figures] = record.data if record else {}
    estimates = {
        row.number: estimate_row(
            row, norms.get(row.work_type.casefold(), {}), _written_by_us(written, row), backlog
        )
        for row in backlog.rows
    }
    _require_possible(backlog, estimates, agency.profiles)
    change = WorkbookChange()
    locale = locale_of(book)
    heal(change, book, backlog.identity, prefix=project.code)
    for row in backlog.rows:
        _write(change, services, backlog, row, estimates[row.number], locale=locale, titles=agency.profiles)
    if change:
        mark_fresh(services, change, book)
        ours = {
            str(number): {profile: [hours] for profile, hours in one.hours.items()}
            for number, one in estimates.items()
        }
        # The write may fail, or succeed and its answer be lost: until then both figures are the add-on's.
        either = {number: _either(written.get(number, {}), figures) for number, figures in ours.items()}
        services.store.put(ESTIMATE, project.spreadsheet_id, {**written, **either})
        save_project(services.store, replace(project, last_number=backlog.last_number))
        known = {number: written[number] for number in ours if number in written}
        write_undoably(services, project, book, change, action="estimate", estimates=known)
        services.store.put(ESTIMATE, project.spreadsheet_id, {**written, **ours})
    return _answer(book, backlog, estimates)


def _either(one: Figures, other: Figures) -> Figures:
    """Figures of both, each once."""
    profiles = one.keys() | other.keys()
    return {
        profile: list(dict.fromkeys([*one.get(profile, ()), *other.get(profile, ())])) for profile in profiles
    }


def _require_columns(
    backlog: Backlog, norms: Mapping[str, Mapping[str, EffortNorm]], titles: Mapping[str, str]
) -> None:
    """Raise where a norm gives hours to a profile whose column is gone: the total would be too small."""
    needed = {profile for row in backlog.rows for profile in norms.get(row.work_type.casefold(), {})}
    for profile, name in titles.items():
        if profile in needed and profile not in backlog.profiles:
            title = sentence("title.backlog.hours", name=name)
            raise WorkbookShapeError("shape.column_gone", sheet=backlog.tab.title, title=title)


def _require_possible(
    backlog: Backlog, estimates: Mapping[int, RowEstimate], titles: Mapping[str, str]
) -> None:
    """Raise where a quantity gives more hours than a cell may hold."""
    problems = [
        backlog.tab.problem(
            row.row, "quantity", "cell.quantity_hours", hours=hours, profile=titles.get(profile, profile)
        )
        for row in backlog.rows
        for profile, hours in estimates[row.number].hours.items()
        if hours > MAX_HOURS
    ]
    if problems:
        raise CellsError(problems)


def estimate_row(
    row: BacklogRow, norms: Mapping[str, EffortNorm], written: Figures, backlog: Backlog
) -> RowEstimate:
    """The add-on's figures for one row.

    A cell belongs to the add-on when it is empty or still holds what the add-on wrote; everything
    else was typed by a person and stays.
    """
    own = {
        profile
        for profile in backlog.profiles
        if profile not in row.formula_profiles
        and (profile not in row.hours or row.hours[profile] in written.get(profile, ()))
    }
    used = tuple(norm for profile, norm in norms.items() if profile in own)
    hours = {norm.profile: norm.estimate_hours(row.quantity) for norm in used}
    outdated = frozenset(own & row.hours.keys() - hours.keys())
    typed = any(row.hours.get(profile, 0) > 0 for profile in backlog.profiles if profile not in own)
    if hours:
        return RowEstimate(hours, outdated, EstimateSource.NORM, used, gap=None)
    if typed:
        return RowEstimate({}, outdated, EstimateSource.SPECIALIST, (), gap=None)
    code = "estimate.no_norm" if row.work_type else "estimate.no_work_type"
    gap = sentence(code, id=row.code, work_type=row.work_type)
    return RowEstimate({}, outdated, EstimateSource.NONE, (), gap=gap)


def total_formula(tab: Tab, row: BacklogRow, profiles: tuple[str, ...]) -> Formula:
    """The sum of the hours columns, each named: people put columns of their own between them.

    Hours that a person typed as a text («1 ч 30 мин») are no number to the sheet. They stay as they
    are, and stand in the formula as minutes, since a decimal comma would bind it to a language.
    """
    cells = ";".join(
        f"{column_letters(tab.column(HOURS_PREFIX + profile))}{row.row.index + 1}" for profile in profiles
    )
    texts = [
        hours
        for profile, hours in row.hours.items()
        if isinstance(tab.cell(row.row, HOURS_PREFIX + profile).value, str)
    ]
    if texts:
        return Formula(f"=SUM({cells})+{round(sum(texts) * MINUTES)}/{MINUTES}")
    return Formula(f'=IF(COUNT({cells})=0;"";SUM({cells}))')


def _write(
    change: WorkbookChange,
    services: Services,
    backlog: Backlog,
    row: BacklogRow,
    result: RowEstimate,
    *,
    locale: str,
    titles: Mapping[str, str],
) -> None:
    tab, profiles = backlog.tab, backlog.profiles
    figures = {**result.hours, **dict.fromkeys(result.outdated)}
    changed = {profile: hours for profile, hours in figures.items() if row.hours.get(profile) != hours}
    for profile, hours in changed.items():
        change.set(tab, row.row, HOURS_PREFIX + profile, hours)
    total = total_formula(tab, row, profiles)
    if tab.cell(row.row, "hours_total").formula != total.text:
        change.set(tab, row.row, "hours_total", total)
    if changed or row.source != result.source:
        change.set(tab, row.row, "source", services.choices.label("source", result.source, locale))
        lines = [render(_explain(norm, titles), locale) for norm in result.norms]
        change.note(
            tab, row.row, "source", "\n".join(lines) or render(sentence(f"source.{result.source}"), locale)
        )


def _explain(norm: EffortNorm, titles: Mapping[str, str]) -> Sentence:
    return sentence(
        "source.norm_line",
        profile=titles.get(norm.profile, norm.profile),
        work_type=norm.work_type,
        hours=norm.hours_per_unit,
        count=norm.fact_count,
        spread=norm.spread_hours,
    )


def _written_by_us(written: Mapping[str, Figures], row: BacklogRow) -> Figures:
    """The add-on's own figures in a row; a copy has those of the row that it was copied from."""
    own = written.get(str(row.number))
    return written.get(str(row.copy_of), {}) if own is None else own


def _answer(book: Book, backlog: Backlog, estimates: Mapping[int, RowEstimate]) -> Answer:
    by_source = {source: sum(one.source is source for one in estimates.values()) for source in EstimateSource}
    gaps = [one.gap for one in estimates.values() if one.gap is not None]
    shown = gaps[:MAX_DETAILS]
    if len(gaps) > len(shown):
        shown.append(sentence("list.more", count=len(gaps) - len(shown)))
    hours = sum(
        hours
        for row in backlog.rows
        for profile, hours in {**row.hours, **estimates[row.number].hours}.items()
        if profile not in estimates[row.number].outdated
    )
    return Answer(
        Outcome.PARTIAL if gaps else Outcome.DONE,
        sentence(
            "estimate.partial" if gaps else "estimate.done",
            count=len(estimates),
            by_norm=by_source[EstimateSource.NORM],
            by_person=by_source[EstimateSource.SPECIALIST],
            gaps=len(gaps),
            hours=hours,
        ),
        details=(*told(book, backlog.identity), *shown),
        data={
            "estimated": by_source[EstimateSource.NORM],
            "typed": by_source[EstimateSource.SPECIALIST],
            "gaps": len(gaps),
        },
    )
