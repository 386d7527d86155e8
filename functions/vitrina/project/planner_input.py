"""Converts backlog rows to planner input: hours of each profile, and what is promised with them.

A figure of the add-on's is planned as it stands in the cell. A figure that a specialist typed stays his in
the cell; the plan combines it with the norm, as soon as enough of such figures have come out.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from msgspec import Struct

from vitrina.domain.backlog import BacklogItem
from vitrina.domain.estimating.effort import Forecast, Task, Total, forecast, total
from vitrina.domain.estimating.norms import Basis, Norms, tenth
from vitrina.domain.quantities import MAX_HOURS
from vitrina.errors import CellProblem
from vitrina.records.backlog_state import BacklogState, Figures
from vitrina.records.books import Project
from vitrina.texts import Sentence, render, sentence
from vitrina.workbook.reading.backlog_rows import HOURS_PREFIX, Backlog, BacklogRow
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange

#: Field of the first tab that holds the sum of the backlog; workbooks of an older release have none.
RANGE_FIELD = "backlog_range"


class PlannedPart(Struct, frozen=True):
    """One profile's part of an item, as it is planned.

    ``specialist_hours`` is the figure that a person typed, ``typical_hours`` and ``p85_hours`` what the norms
    say of the part. ``None`` where there is none.
    """

    hours: float
    basis: Basis
    specialist_hours: float | None = None
    typical_hours: float | None = None
    p85_hours: float | None = None


def written_by_us(figures: Mapping[int, Figures], row: BacklogRow) -> Figures:
    """The add-on's own figures in a row; a copy has those of the row that it was copied from."""
    own = figures.get(row.number)
    if own is None and row.copy_of is not None:
        return figures.get(row.copy_of, {})
    return own or {}


def own_profiles(row: BacklogRow, written: Figures, profiles: frozenset[str]) -> frozenset[str]:
    """Those of the *profiles* of a backlog whose cell is empty, or still holds what the add-on wrote."""
    typed = [profile for profile, hours in row.hours.items() if hours not in written.get(profile, ())]
    return profiles.difference(row.formula_profiles, typed) if typed or row.formula_profiles else profiles


def forecast_row(norms: Norms, row: BacklogRow, profile: str, own: frozenset[str]) -> Forecast | None:
    """What the norms say of one profile's part; a figure that a specialist typed counts."""
    if not row.work_type:
        return None
    typed = row.hours.get(profile) if profile not in own and profile not in row.formula_profiles else None
    return forecast(norms, Task(row.work_type, profile, row.quantity, row.size, typed or None))


def forecasts_of(norms: Norms, row: BacklogRow, own: frozenset[str]) -> dict[str, Forecast]:
    """What the norms say of all profiles that take part in the work type of a row."""
    return {
        profile: made
        for profile in norms.profiles_of(row.work_type)
        if (made := forecast_row(norms, row, profile, own)) is not None
    }


def hours_by_norm(forecasts: Mapping[str, Forecast], own: frozenset[str]) -> dict[str, float]:
    """Hours of a row that the add-on writes, by profile: those of its *own* cells."""
    return {profile: tenth(made.mean_hours) for profile, made in forecasts.items() if profile in own}


def impossible_quantities(
    backlog: Backlog, hours: Mapping[int, Mapping[str, float]], titles: Mapping[str, str]
) -> list[CellProblem]:
    """Quantities that lead by the norms to more hours than a cell may hold.

    Parameters
    ----------
    hours
        Hours that the add-on writes, by the number of the row and by profile.
    titles
        Titles of the profiles by key.
    """
    return [
        backlog.tab.problem(
            row.row, "quantity", "cell.quantity_hours", hours=figure, profile=titles.get(profile, profile)
        )
        for row in backlog.rows
        for profile, figure in hours[row.number].items()
        if figure > MAX_HOURS
    ]


def plan_row(
    norms: Norms,
    row: BacklogRow,
    hours: Mapping[str, float],
    own: frozenset[str],
    forecasts: Mapping[str, Forecast] | None = None,
) -> dict[str, PlannedPart]:
    """The parts of a row whose cells hold *hours*, those of *own* profiles by the add-on's hand.

    *forecasts* are those of ``forecasts_of``, where they are known; others are made.
    """
    known = forecasts or {}
    parts = {}
    for profile, figure in hours.items():
        if figure <= 0:
            continue
        made = known.get(profile) or forecast_row(norms, row, profile, own)
        is_typed = profile not in own and profile not in row.formula_profiles
        planned = tenth(made.mean_hours) if made and made.basis is Basis.SPECIALIST else figure
        parts[profile] = PlannedPart(
            hours=planned,
            basis=Basis.SPECIALIST if profile not in own else made.basis if made else Basis.TYPE,
            specialist_hours=figure if is_typed else None,
            typical_hours=made.typical_hours if made else None,
            p85_hours=made.p85_hours if made else None,
        )
    return parts


def parts_of(state: BacklogState, backlog: Backlog, norms: Norms) -> dict[int, Mapping[str, PlannedPart]]:
    """The parts of all rows as their cells are, by number and profile."""
    parts: dict[int, Mapping[str, PlannedPart]] = {}
    known: dict[Hashable, Mapping[str, PlannedPart]] = {}
    profiles = frozenset(backlog.profiles)
    for row in backlog.rows:
        own = own_profiles(row, written_by_us(state.figures, row), profiles)
        alike = planned_alike(row, own)
        if alike not in known:
            known[alike] = plan_row(norms, row, row.hours, own)
        parts[row.number] = known[alike]
    return parts


def planned_alike(row: BacklogRow, own: frozenset[str]) -> Hashable:
    """What norms and plan use of a row. Rows with equal values get the same figures."""
    return row.work_type, row.size, row.quantity, *row.hours.items(), own, row.formula_profiles


def planned_items(
    project: Project,
    state: BacklogState,
    backlog: Backlog,
    parts: Mapping[int, Mapping[str, PlannedPart]],
) -> list[BacklogItem]:
    """The rows as the planner takes them, in their order; work goes from the left column to the right."""
    columns = backlog.tab.columns
    sequence = sorted(backlog.profiles, key=lambda profile: columns[HOURS_PREFIX + profile])
    return [
        BacklogItem(
            number=row.number,
            code=row.code,
            task=row.task,
            priority=row.priority,
            rank=rank,
            hours={key: own[key].hours for key in sequence if key in own},
            work_type=row.work_type or None,
            size=row.size,
            quantity=row.quantity,
            project=project.spreadsheet_id,
            wanted_on=row.wanted_on,
            depends_on=row.depends_on,
            passed_over_count=len(state.passed_over.get(row.number, ())),
            result=row.result,
        )
        for rank, row in enumerate(backlog.rows)
        for own in (parts[row.number],)
    ]


def total_of(norms: Norms, rows: Iterable[Mapping[str, PlannedPart]]) -> Total | None:
    """P50 and P85 of all parts together; ``None`` where the past is too thin to say."""
    return total(norms, [(part.hours, part.basis) for parts in rows for part in parts.values()])


def write_range(change: WorkbookChange, book: Book, total: Total | None) -> None:
    """The sum of the backlog on the first tab, where the workbook has a place for it."""
    if RANGE_FIELD not in book.fields or "client" not in book.tabs:
        return
    text = render(total_message("total.range", total), locale_of(book)) if total else None
    place = book.field(RANGE_FIELD)
    if (place.cell.text or None) != text:
        change.set_field(book.tab("client"), place, text)


def total_message(code: str, sum_of: Total) -> Sentence:
    """What to say of a sum, to whole hours: more would be false precision."""
    return sentence(code, typical=round(sum_of.p50_hours), high=round(sum_of.p85_hours))
