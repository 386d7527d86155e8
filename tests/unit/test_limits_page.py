"""docs/limits.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.limits import MOST_SHARE, mebibytes
from deploy.functions import FUNCTIONS
from vitrina.domain import limits, quantities
from vitrina.usecases.client_page.file_kinds import MOST_FILE_BYTES
from vitrina.web.http import MAX_DEPTH, MENU_BODY_BYTES, OTHER_BODY_BYTES, WEBHOOK_BODY_BYTES

PAGE = Path(__file__).parents[2] / "docs/limits.md"
_ROW = re.compile(r"^\| ([^|]+) \| ([\d,]+) \| [^|]+ \|$", re.MULTILINE)

#: The lines of the table, in the order of the code.
EXPECTED = {
    "rows of *Бэклог*": limits.MOST_ROWS["backlog", "task"],
    "rows of *В работе*": limits.MOST_ROWS["in_progress", "action"],
    "rows of *Метрики*": limits.MOST_ROWS["metrics", "metric"],
    "people on *Специалисты*": limits.MOST_ROWS["specialists", "name"],
    "rows of *Отсутствия*": limits.MOST_ROWS["absences", "specialist"],
    "rows of *Нормы*": limits.MOST_ROWS["norms", "work_type"],
    "rows of *Онбординг*": limits.MOST_ROWS["onboarding", "task"],
    "columns of a tab": limits.MOST_COLUMNS,
    "characters of a text": limits.MOST_TEXT,
    "characters of a name: task, person, work type, metric": limits.MOST_NAME,
    "days of one absence": limits.MOST_ABSENCE_DAYS,
    "projects of an agency": limits.MOST_PROJECTS,
    "tasks in progress of a project": limits.MOST_IN_PROGRESS,
    "choices of a drop-down list": limits.MOST_CHOICES,
}


def test_the_table_has_every_limit() -> None:
    """With its figure, and no other line."""
    found = {
        name: int(most.replace(",", "")) for name, most in _ROW.findall(PAGE.read_text(encoding="utf-8"))
    }

    assert found == EXPECTED
    assert len(limits.MOST_ROWS) == 7


def test_the_sentences_below_it_have_the_figures_of_the_code() -> None:
    """Bodies, days, hours, and from where on a backlog is long."""
    text = PAGE.read_text(encoding="utf-8")
    kilobyte, megabyte = 1024, 1024 * 1024

    assert f"{MENU_BODY_BYTES // kilobyte} KB for `menu`" in text
    assert f"{WEBHOOK_BODY_BYTES // megabyte} MB for `webhook`" in text
    assert f"{OTHER_BODY_BYTES // kilobyte} KB for the others" in text
    assert f"{MOST_FILE_BYTES // megabyte} MB for a file" in text
    assert f"{MAX_DEPTH} levels of nesting" in text
    assert f"more than {limits.LONG_BACKLOG_ROWS} tasks" in text
    assert f"{quantities.FIRST_DAY.year} to {quantities.LAST_DAY.year}" in text
    assert f"{quantities.MAX_HOURS:,.0f} hours" in text
    assert f"quantity of {quantities.MAX_QUANTITY:,.0f}" in text


def test_functions_have_memory_to_spare_for_what_was_measured() -> None:
    """A quarter of it at least, beside what eight requests at once need."""
    used = [
        [float(cell) for cell in line.split("|")[6:8]]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.count("|") == 10 and "MB" not in line and "---" not in line
    ]
    memory = {one.entry_point: mebibytes(one.memory) for one in FUNCTIONS}

    assert len(used) == 15
    assert max(menu for menu, _ in used) < MOST_SHARE * memory["menu"]
    assert max(task for _, task in used) < MOST_SHARE * memory["task"]
