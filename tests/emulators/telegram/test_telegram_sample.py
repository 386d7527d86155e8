"""The chat of the sample agency: a bot that the product can use, and people, filled once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.common.server import running
from emulators.telegram import create_app
from emulators.world.chat import chat_settings, seed_telegram
from emulators.world.processes import Ports, settings_environment
from emulators.world.sample import load_agency, load_chat, load_crm
from emulators.world.story import people_of
from tests.emulators.telegram.telegram_world import World
from vitrina.bootstrap import open_chat
from vitrina.settings import Settings

CHAT = load_chat()
PEOPLE = people_of(load_agency())


@pytest.fixture
def filled() -> Iterator[World]:
    """An emulator that is filled from the sample."""
    with running(create_app()) as url:
        seed_telegram(url, PEOPLE)
        world = World(url)
        yield world
        world.close()


def test_product_uses_the_bot_of_the_sample(filled: World, tmp_path: Path) -> None:
    """Its settings open the chat, and a group that the manager makes can be used."""
    environment = settings_environment(tmp_path, Ports(), staff=[PEOPLE[0].email])
    chat = open_chat(Settings.from_environment({**environment, **chat_settings(filled.url)}))
    assert chat is not None
    manager_id = CHAT["staff"][0]["id"]
    chat_id = filled.do("create_group", title="Дельфин", user_id=manager_id)["chat_id"]
    filled.do("add_bot", chat_id=chat_id, user_id=manager_id)
    group = chat.get_group(str(chat_id))

    assert chat.get_bot().username == CHAT["bot"]["username"]
    assert group is not None
    assert (group.title, len(group.rights)) == ("Дельфин", 2)
    chat.close()


def test_people_of_the_sample(filled: World) -> None:
    """The managers of the agency, and contacts of the CRM as clients."""
    users = filled.control.get("/users").json()
    managers = {one["name"] for one in load_agency()["managers"]}
    contacts = {one["name"] for one in load_crm()["contacts"]}

    clients = {one["name"] for one in users if one["is_client"]}
    assert {one["name"] for one in users if not one["is_client"] and not one["is_bot"]} == managers
    assert len(clients) == 3
    assert clients <= contacts


def test_second_run_keeps_what_people_did(filled: World) -> None:
    """Telegram is filled only once."""
    chat_id = filled.do("create_group", title="Дельфин")["chat_id"]

    seed_telegram(filled.url, PEOPLE)

    assert filled.chat(chat_id)["title"] == "Дельфин"
