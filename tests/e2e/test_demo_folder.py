"""Row 12 of what people found by use: the demo goes on with the agency of its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from emulators.world.processes import Person
from emulators.world.story import Story, StoryError
from tests.harness.agency_data import MANAGER
from tests.harness.office import Office
from tests.harness.servers import Servers


@dataclass
class World:
    """What the story needs of a world: the servers of the tests."""

    servers: Servers
    people: list[Person] = field(default_factory=list)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def url(self, name: str) -> str:
        """Base URL of a server; the functions are not called."""
        return self.servers.url("google" if name == "functions" else name)


def story_of(office: Office, *codes: str) -> Story:
    """A story of clients with these codes, over the store of the office."""
    clients: list[dict[str, Any]] = [{"client_name": f"Клиент {code}", "code": code} for code in codes]
    sample = {"managers": [{"email": MANAGER}], "clients": clients}
    return Story(World(office.servers), lambda _: None, sample)  # type: ignore[arg-type]


def test_used_row_12_the_folder_of_an_earlier_run_is_taken_up(office: Office) -> None:
    """Its agency and its clients, without a second agency."""
    assert office.agency is not None
    story = story_of(office, "ЗРН")

    assert story.resume()

    assert story.agency_id == office.agency.spreadsheet_id
    assert [client.spreadsheet_id for client in story.clients] == [office.client_id]
    assert story.clients[0].board_url
    story.close()


def test_used_row_12_an_empty_folder_has_nothing_to_take_up(empty_office: Office) -> None:
    """The story is played."""
    story = story_of(empty_office, "ЗРН")

    assert not story.resume()
    story.close()


def test_used_row_12_a_story_that_broke_off_is_told(office: Office) -> None:
    """Half an agency is no demo."""
    story = story_of(office, "ЗРН", "ЛАД")

    with pytest.raises(StoryError, match="Клиент ЛАД is missing"):
        story.resume()
    story.close()
