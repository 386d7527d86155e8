"""What a client ordered and asked is there once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from benchmarks.chaos.check import WISHED, Violation
from benchmarks.chaos.grid import Grid
from benchmarks.chaos.site import Site
from benchmarks.chaos.visits.record import Record
from benchmarks.chaos.world import ChaosWorld
from vitrina.records.outside.chat_questions import find_all_project_questions


def check_wishes(world: ChaosWorld, site: Site, record: Record) -> Iterator[Violation]:
    """All violations about orders and questions."""
    book = world.google.book(site.spreadsheet_id)
    grids = [Grid(book, tab, site.titles[tab]) for tab in ("backlog", "in_progress")]
    for text, is_kept in record.orders.items():
        counts = [len(grid.find(text)) for grid in grids]
        # Nobody starts it without hours; an order that was begun has a row for each specialist.
        places = counts[0] + bool(counts[1])
        if places > 1 or places < is_kept:
            yield Violation(WISHED, f"the order «{text}» has {places} places, told to be kept: {is_kept}")
    questions = find_all_project_questions(world.documents_store, site.spreadsheet_id)
    found = Counter(one.text for one in questions)
    for text, is_kept in record.questions.items():
        if found[text] > 1 or found[text] < is_kept:
            yield Violation(WISHED, f"the question «{text}» is there {found[text]} times")
    for text in found.keys() - record.questions.keys():
        yield Violation(WISHED, f"nobody has asked «{text}»")
