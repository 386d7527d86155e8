"""Most of everything that Vitrina works with. docs/limits.md has them as a table, with what was measured.

A limit is told before it is reached, and where it is crossed, together with what to do; nothing is half done
then.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Rows with a text in the column that is named, by tab and column.
MOST_ROWS: Mapping[tuple[str, str], int] = {
    ("backlog", "task"): 10_000,
    ("in_progress", "action"): 1_000,
    ("metrics", "metric"): 200,
    ("specialists", "name"): 300,
    ("absences", "specialist"): 2_000,
    ("norms", "work_type"): 5_000,
    ("onboarding", "task"): 500,
}
#: Columns of a tab.
MOST_COLUMNS = 200
#: Characters of a text that is read, and of one that names something: a task, a person, a work type.
MOST_TEXT, MOST_NAME = 10_000, 500
#: Columns of names.
NAMES = frozenset({"task", "action", "name", "specialist", "work_type", "metric"})

#: Projects of an agency.
MOST_PROJECTS = 300
#: Items of a project that are begun and not finished.
MOST_IN_PROGRESS = 500
#: Days of one absence.
MOST_ABSENCE_DAYS = 731
#: Choices of a drop-down list: Google takes no more.
MOST_CHOICES = 500

#: Rows of a backlog from which on its actions run as operations, so that nobody waits for them in a click.
LONG_BACKLOG_ROWS = 500

#: Share of a limit from which on it is told.
_SOON = 0.9


def is_soon(count: int, most: int) -> bool:
    """Whether a limit is nearly reached, and not crossed."""
    return _SOON * most < count <= most
