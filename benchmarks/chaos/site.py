"""A client's workbook of one agency, and what is expected in it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.chaos.agency import ChaosAgency
from benchmarks.chaos.expected import ExpectedState
from benchmarks.chaos.person import Person
from benchmarks.chaos.world import ChaosWorld

Titles = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Site:
    """A client's workbook.

    ``page_token`` opens its page, ``chat_id`` is its group; both are empty where nobody has made them.
    """

    agency: ChaosAgency
    spreadsheet_id: str
    titles: Titles
    expected: ExpectedState
    page_token: str = ""
    chat_token: str = ""
    chat_id: int = 0

    def person(self, world: ChaosWorld) -> Person:
        """A person who edits this workbook, with a copy of the expected state."""
        expected = copy.deepcopy(self.expected)
        return Person(world.google, self.spreadsheet_id, self.titles, expected, self.agency.manager)
