"""Telegram's emulator beside the other servers, and an office that has a bot there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from emulators.common.server import running
from emulators.telegram import create_app
from tests.emulators.telegram.telegram_world import TOKEN, World
from tests.harness.office import Office
from vitrina.bootstrap import application

#: How often tasks that wait are run early.
MOST_ROUNDS = 60
RIGHTS = ["can_manage_topics", "can_invite_users"]


@contextmanager
def running_telegram() -> Iterator[World]:
    """The emulator on a free port."""
    with running(create_app()) as url:
        world = World(url)
        try:
            yield world
        finally:
            world.close()


def quicken(setattr_: Callable[[str, float], None]) -> None:
    """Have nothing gathered, and no pace kept within a minute: no test waits for that.

    The queue of the tests runs delayed tasks early, so that what comes after them needs tasks of its own.
    """
    setattr_("vitrina.chat.telegram.pace.DISTANCE_S", 0.0)
    setattr_("vitrina.usecases.chats.updates.GATHER_S", 0.002)
    setattr_("vitrina.usecases.chats.workbook.GATHER_S", 0.002)


def settings_of(world: World) -> dict[str, str]:
    """Settings of the functions with a bot."""
    return {"VITRINA_CHAT_URL": world.url, "VITRINA_CHAT_TOKEN": TOKEN}


def connect(world: World, setenv: Callable[[str, str], None]) -> None:
    """Have the functions of this process use the bot, from an emulator without groups."""
    world.seed()
    for name, value in settings_of(world).items():
        setenv(name, value)
    application.cache_clear()


def token_of(answer: dict[str, Any]) -> str:
    """What the link of the menu carries."""
    link = str(answer["data"]["link"])
    return link.partition("startgroup=")[2].partition("&")[0]


def add_group(office: Office, world: World, *, action: str = "show_chat", title: str = "Заря — сайт") -> int:
    """A group that Irina made and to which she added the bot with the link of the menu."""
    assert office.agency is not None
    book_id = office.client_id if action == "show_chat" else office.agency.spreadsheet_id
    answer = office.click(book_id, action)
    assert answer["data"]["state"] == "waits", answer
    chat_id = world.add_group(title, payload=token_of(answer), rights=RIGHTS)
    settle(office, world)
    return chat_id


def settle(office: Office, world: World) -> None:
    """Wait until the chat has told everything and queued work is done, with what it queues for later."""
    world.settle()
    url = f"{office.servers.tasks}/_emulator/run-until-empty"
    for _ in range(MOST_ROUNDS):
        body = {"timeout_s": 0.5, "include_later": True}
        answer = office.http.post(url, json=body).raise_for_status().json()
        if answer["empty"]:
            break
    office.settle()


def texts(world: World, chat_id: int, topic: str | None = None) -> list[str]:
    """Texts in a topic by its name, in the general one without a name."""
    found = next(one for one in world.chat(chat_id)["topics"] if one["id"] is None or one["name"] == topic)
    if topic is not None:
        found = next(one for one in world.chat(chat_id)["topics"] if one["name"] == topic)
    return world.texts(chat_id, found["id"])
