"""Tells the client what a period begins with: tasks in his words, and days."""

from __future__ import annotations

from collections.abc import Sequence

from vitrina.domain.calendar import Period
from vitrina.operations.run import Run
from vitrina.records.books import Project
from vitrina.records.outside.chat_rules import Told
from vitrina.records.work import Item
from vitrina.texts import Days, render, sentence
from vitrina.usecases.chats.post import post_message

#: Most tasks that are named.
MOST_TASKS = 40


def tell_batch(run: Run, project: Project, period: Period, items: Sequence[Item], name: str) -> None:
    """Have the tasks of a batch told in the chat, without people and hours; *name* is that of the batch."""
    if run.services.chat is None or not items:
        return
    locale = project.locale
    lines = [
        render(sentence("chat.batch_task", task=one.task, day=_due_on(one)), locale)
        for one in items[:MOST_TASKS]
    ]
    more = len(items) - MOST_TASKS
    if more > 0:
        lines.append(render(sentence("chat.batch_more", count=more), locale))
    days = Days(period.start_on, period.end_on)
    text = render(sentence("chat.batch", days=days, tasks="\n".join(lines)), locale)
    post_message(run, project.spreadsheet_id, project.agency_id, Told.BATCH, f"batch-{name}", text)


def _due_on(item: Item) -> Days:
    """The day on which the whole task is promised."""
    day = max(day for action in item.actions for day in action.day_hours)
    return Days(day, day)
