"""Reminds the agency of questions that nobody answers, after some of its working hours."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from vitrina.domain.calendar import WorkCalendar
from vitrina.operations.run import Run
from vitrina.records.books import Project
from vitrina.records.outside.chat_questions import Question
from vitrina.records.outside.chat_rules import ChatRules, Told
from vitrina.texts import render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.chats.workbook import brief

#: When a working day begins; it ends after the hours that the calendar has for it.
DAY_BEGINS = time(10)


def working_hours(calendar: WorkCalendar, zone: ZoneInfo, begin: datetime, end: datetime) -> float:
    """Hours between two moments in which the agency works."""
    day, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
    total = 0.0
    while day <= last:
        opens = datetime.combine(day, DAY_BEGINS, zone)
        closes = opens + timedelta(hours=calendar.day_hours(day))
        total += max(timedelta(), min(end, closes) - max(begin, opens)).total_seconds() / 3600
        day += timedelta(days=1)
    return total


def remind(run: Run, rules: ChatRules, project: Project, question: Question) -> None:
    """Tell the agency's own chat once in each period that the agency has chosen."""
    services = run.services
    if rules.remind_hours <= 0:
        return
    asked_at = datetime.fromisoformat(question.at)
    hours = working_hours(services.calendar, services.time_zone, asked_at, services.clock.now())
    count = int(hours / rules.remind_hours)
    if count <= question.reminder:
        return
    text = render(
        sentence(
            "chat.told_unanswered",
            project=project.title,
            number=str(question.number),
            hours=float(int(hours)),
            text=brief(question.text, 500),
            url=services.workbooks.url(project.spreadsheet_id),
        ),
        project.locale,
    )
    name = f"unanswered-{project.spreadsheet_id}-{question.number}-{count}"
    post_message(run, project.spreadsheet_id, project.agency_id, Told.UNANSWERED, name, text)
    run.at_end(replace(question, reminder=count).put())
