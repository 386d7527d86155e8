"""What the plan takes the rows of a backlog for: hours of each profile, and what is promised with them.

A figure of the add-on's is planned as it stands in the cell. A figure that a specialist typed stays his in
the cell; the plan combines it with the norm, as soon as enough of such figures have come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from vitrina.domain.backlog import BacklogItem
from vitrina.domain.estimating.effort import Forecast, Task, Total, forecast, total
from vitrina.domain.estimating.norms import Basis, Norms, tenth
from vitrina.ports import Store
from vitrina.records.records import ESTIMATE, Project, load_passed_over
from vitrina.texts import Sentence, render, sentence
from vitrina.workbook.reading.backlog_rows import HOURS_PREFIX, Backlog, BacklogRow
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange

#: Field of the first tab that holds the sum of the backlog; workbooks of an older release have none.
RANGE_FIELD = "backlog_range"

#: The add-on's own figures of a row by profile: one, or more where a write was not confirmed.
Figures = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class PlannedPart:
    """One profile's part of an item, as it is planned.

    ``specialist_hours`` is the figure that a person typed, ``typical_hours`` and ``p85_hours`` what the norms
    say of the part. ``None`` where there is none.
    """

    hours: float
    basis: Basis
    specialist_hours: float | None = None
    typical_hours: float | None = None
    p85_hours: float | None = None


def written_by_us(written: Mapping[str, Figures], row: BacklogRow) -> Figures:
    """The add-on's own figures in a row; a copy has those of the row that it was copied from."""
    own = written.get(str(row.number))
    return written.get(str(row.copy_of), {}) if own is None else own


def own_profiles(row: BacklogRow, written: Figures, backlog: Backlog) -> frozenset[str]:
    """Profiles whose cell is empty, or still holds what the add-on wrote."""
    return frozenset(
        profile
        for profile in backlog.profiles
        if profile not in row.formula_profiles
        and (profile not in row.hours or row.hours[profile] in written.get(profile, ()))
    )


def forecast_row(norms: Norms, row: BacklogRow, profile: str, own: frozenset[str]) -> Forecast | None:
    """What the norms say of one profile's part; a figure that a specialist typed counts."""
    if not row.work_type:
        return None
    typed = row.hours.get(profile) if profile not in own and profile not in row.formula_profiles else None
    return forecast(norms, Task(row.work_type, profile, row.quantity, row.size, typed or None))


def plan_row(
    norms: Norms, row: BacklogRow, hours: Mapping[str, float], own: frozenset[str]
) -> dict[str, PlannedPart]:
    """The parts of a row whose cells hold *hours*, those of *own* profiles by the add-on's hand."""
    parts = {}
    for profile, figure in hours.items():
        if figure <= 0:
            continue
        made = forecast_row(norms, row, profile, own)
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


def parts_of(
    store: Store, project: Project, backlog: Backlog, norms: Norms
) -> dict[int, dict[str, PlannedPart]]:
    """The parts of all rows as their cells are, by number and profile."""
    record = store.get(ESTIMATE, project.spreadsheet_id)
    written = record.data if record else {}
    return {
        row.number: plan_row(norms, row, row.hours, own_profiles(row, written_by_us(written, row), backlog))
        for row in backlog.rows
    }


def planned_items(
    store: Store, project: Project, backlog: Backlog, parts: Mapping[int, Mapping[str, PlannedPart]]
) -> list[BacklogItem]:
    """The rows as the planner takes them, in their order; work goes from the left column to the right."""
    columns = backlog.tab.columns
    sequence = sorted(backlog.profiles, key=lambda profile: columns[HOURS_PREFIX + profile])
    passed = load_passed_over(store, project.spreadsheet_id)
    return [
        replace(
            row.item(rank),
            project=project.spreadsheet_id,
            hours={key: parts[row.number][key].hours for key in sequence if key in parts[row.number]},
            passed_over_count=len(passed.get(row.number, ())),
        )
        for rank, row in enumerate(backlog.rows)
    ]


def total_of(norms: Norms, rows: Iterable[Mapping[str, PlannedPart]]) -> Total | None:
    """P50 and P85 of all parts together; ``None`` where the past is too thin to say."""
    return total(norms, [(part.hours, part.basis) for parts in rows for part in parts.values()])


def write_range(change: WorkbookChange, book: Book, total: Total | None) -> None:
    """The sum of the backlog on the first tab, where the workbook has a place for it."""
    if RANGE_FIELD not in book.fields or "client" not in book.tabs:
        return
    text = render(told_total("total.range", total), locale_of(book)) if total else None
    place = book.field(RANGE_FIELD)
    if (place.cell.text or None) != text:
        change.set_field(book.tab("client"), place, text)


def told_total(code: str, sum_of: Total) -> Sentence:
    """What to say of a sum, to whole hours: more would be false precision."""
    return sentence(code, typical=round(sum_of.p50_hours), high=round(sum_of.p85_hours))
