"""The digest in words: plain text that fits into one message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from vitrina.chat_port import shortened
from vitrina.texts import Days, Sentence, render, sentence
from vitrina.usecases.chats.workbook import brief
from vitrina.usecases.digest.figures import Figures, Hours, Work

#: Most tasks of a part, and most characters of a title.
MOST_TASKS, MOST_TITLE = 12, 120


def digest_text(
    figures: Figures, *, project_name: str, url: str, locale: str, zone: ZoneInfo, page_url: str = ""
) -> str:
    """The message; *page_url* is the client's page, empty where no link is known."""
    days = Days(figures.start_on, figures.end_on)
    parts = [
        [sentence("digest.title", project=project_name, days=days), *_state(figures)],
        _list("digest.done", "digest.done_task", figures.done),
        _list("digest.in_work", "digest.due_task", figures.in_work),
        _waits(figures),
        _days(figures),
        _hours(figures.hours),
        _metrics(figures),
        [
            sentence("digest.sheet", url=url),
            *([sentence("digest.page", url=page_url)] if page_url else []),
            *_age(figures, zone),
        ],
    ]
    blocks = ["\n".join(render(one, locale) for one in part) for part in parts if part]
    return shortened("\n\n".join(blocks))


def _state(figures: Figures) -> list[Sentence]:
    return [sentence("digest.state", text=figures.state)] if figures.state else []


def _list(heading: str, line: str, works: Sequence[Work]) -> list[Sentence]:
    """A heading with the count, and the first tasks; a count of none is told too."""
    lines = [sentence(heading, count=len(works))]
    for one in works[:MOST_TASKS]:
        title = brief(f"{one.code} {one.title}".strip(), MOST_TITLE)
        if one.day is None:
            lines.append(sentence("digest.task", title=title))
        else:
            lines.append(sentence(line, title=title, day=Days(one.day, one.day)))
    if len(works) > MOST_TASKS:
        lines.append(sentence("digest.more", count=len(works) - MOST_TASKS))
    return lines


def _waits(figures: Figures) -> list[Sentence]:
    if not (figures.to_accept or figures.clarify or figures.needs):
        return [sentence("digest.waits_for_nothing")]
    lines = [sentence("digest.waits")]
    if figures.to_accept:
        lines += _list(
            "digest.to_accept", "digest.task", [Work(one.code, one.title) for one in figures.to_accept]
        )
    if figures.clarify:
        lines.append(sentence("digest.clarify", count=figures.clarify))
    if figures.needs:
        lines.append(sentence("digest.needs", count=figures.needs))
    return lines


def _days(figures: Figures) -> list[Sentence]:
    lines = []
    if figures.next_due is not None:
        lines.append(sentence("digest.next_due", day=Days(figures.next_due, figures.next_due)))
    if figures.finish:
        lines.append(sentence("digest.finish", text=brief(figures.finish, 4 * MOST_TITLE)))
    return lines


def _hours(hours: Hours) -> list[Sentence]:
    if hours.used is None or hours.start_on is None or hours.end_on is None:
        return []
    told = {"days": Days(hours.start_on, hours.end_on), "used": hours.used}
    if hours.limit is None or hours.left is None:
        return [sentence("digest.hours", **told)]
    if hours.left < 0:
        return [sentence("digest.hours_over", **told, limit=hours.limit, over=-hours.left)]
    return [sentence("digest.hours_limit", **told, limit=hours.limit, rest=hours.left)]


def _metrics(figures: Figures) -> list[Sentence]:
    lines = [sentence("digest.metrics")] if figures.metrics else []
    for one in figures.metrics[:MOST_TASKS]:
        state = sentence(f"title.choice.state.{one.state}")
        lines.append(sentence("digest.metric", name=brief(one.name, MOST_TITLE), state=state))
    return lines


def _age(figures: Figures, zone: ZoneInfo) -> list[Sentence]:
    if figures.refreshed_at is None:
        return []
    moment: datetime = figures.refreshed_at.astimezone(zone)
    return [sentence("digest.age", day=Days(moment.date(), moment.date()), time=f"{moment:%H:%M}")]
