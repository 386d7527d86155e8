"""What the card of an item shows when it is created."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.ports import Link, NewCard, Step
from vitrina.project.card_fields import (
    Words,
    shown_quantity,
    words_of,
)
from vitrina.project.snapshot import Snapshot
from vitrina.records.work import Item, ItemAction
from vitrina.texts import render, sentence
from vitrina.usecases.tracker.two_way import about, step_text, surroundings_of
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.work_rows import WorkRow

#: Most links of documents on a card; further ones are in the workbook.
MOST_DOCUMENTS = 10
#: An address in a text, without the punctuation that follows it.
_URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,:;!?)]")


def new_card(snapshot: Snapshot, item: Item, rows: Sequence[WorkRow]) -> NewCard:
    """The card to create for an item; *rows* are the rows of this item."""
    services, project, locale = snapshot.services, snapshot.project, locale_of(snapshot.book)
    around = surroundings_of(snapshot)
    rows = sorted(rows, key=lambda row: row.row_number)
    words = words_of(item, rows, around)
    actions = {action.row_number: action for action in item.actions}

    def person(row: WorkRow) -> str | None:
        return around.person_id(row.specialist) or None

    return NewCard(
        external_id=item.external_id,
        board_id=project.board_id,
        stage_id=project.stages[item.first_status or ActionStatus.ONBOARDING],
        title=f"{item.code} · {words.title}",
        facts=_facts(snapshot, item, words),
        due_on=max((row.due_on for row in rows if row.due_on), default=None),
        estimate_hours=sum(row.planned_hours for row in rows),
        assignee_id=person(rows[0]),
        steps=tuple(_step(snapshot, row, actions.get(row.row_number), person(row)) for row in rows),
        links=(
            Link(
                services.workbooks.url(project.spreadsheet_id),
                render(sentence("card.link", project=project.project_name), locale),
            ),
            *_documents(snapshot),
        ),
        profiles=tuple(dict.fromkeys(row.profile for row in rows if row.profile)),
    )


def _documents(snapshot: Snapshot) -> tuple[Link, ...]:
    """Links that people gave in the field *Документы*: each with the rest of its line as title."""
    place = snapshot.book.fields.get("documents")
    links: dict[str, Link] = {}
    for line in place.cell.text.splitlines() if place else ():
        for url in _URL.findall(line):
            title = line.replace(url, "").strip(" \t.,:;–—-()") or url
            links.setdefault(url, Link(url, title))
    return tuple(links.values())[:MOST_DOCUMENTS]


def _step(snapshot: Snapshot, row: WorkRow, action: ItemAction | None, assignee_id: str | None) -> Step:
    is_done = action is not None and action.was_done_before
    step = Step(step_text(snapshot, row), is_done, step_id=action.step_id if action else "")
    if not snapshot.tracker.can.has_dated_steps:
        return step
    return replace(step, assignee_id=assignee_id, due_on=row.due_on)


def _facts(snapshot: Snapshot, item: Item, words: Words) -> tuple[tuple[str, str], ...]:
    """What the description of a card tells, without what the item lacks."""
    choices, locale = snapshot.services.choices, locale_of(snapshot.book)
    facts = {
        "result": words.result,
        "priority": choices.label("priority", item.priority, locale),
        "work_type": item.work_type,
        "size": choices.label("size", item.size, locale) if item.size else "",
        "quantity": shown_quantity(words.quantity, locale),
    }
    return tuple((about(name, locale), text) for name, text in facts.items() if text)
