"""The group of a project has each topic and each message once, and its buttons are those that hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks.chaos.check import CHAT, Violation
from benchmarks.chaos.site import Site
from benchmarks.chaos.visits.chat import REPORTS
from benchmarks.chaos.visits.record import Record
from benchmarks.chaos.world import ChaosWorld
from emulators.telegram.models.view import chats
from vitrina.records.outside.chats import load_chat
from vitrina.records.outside.client_pages import load_page


def check_chat(world: ChaosWorld, site: Site, record: Record) -> Iterator[Violation]:
    """All violations in the groups of a project."""
    if not record.groups:
        return
    agency_id = world.agency_id(site.agency)
    kept = load_chat(world.documents_store, site.spreadsheet_id, agency_id)
    with world.chat.lock:
        groups = {one["id"]: one for one in chats(world.chat.state)}
    if kept.chat_id not in map(str, record.groups):
        yield Violation(CHAT, f"none of the groups {record.groups} is the project's: {kept.chat_id}")
        return
    for chat_id in record.groups:
        messages = [one for topic in groups[chat_id]["topics"] for one in topic["messages"]]
        if str(chat_id) != kept.chat_id and any(one["is_bot"] and one["text"] for one in messages):
            texts = [one["text"] for one in messages]
            yield Violation(CHAT, f"the bot talks in a group that is not the project's: {texts}")
    group = groups[int(kept.chat_id)]
    yield from _check_group(group)
    if site.chat_id:
        page = load_page(world.documents_store, site.spreadsheet_id, agency_id)
        yield from _check_buttons(group, {one.number for one in page.items if one.is_waiting})


def _check_group(group: Any) -> Iterator[Violation]:
    names = Counter(one["name"] for one in group["topics"])
    if set(names.values()) != {1} or len(names) != 5:
        yield Violation(CHAT, f"topics: {dict(names)}")
    for topic in group["topics"]:
        own = [one for one in topic["messages"] if one["is_bot"] and one["text"]]
        for (text, _), count in Counter((one["text"], one["reply_to"]) for one in own).items():
            if count > 1:
                yield Violation(CHAT, f"{count} messages in {topic['name']}: {text}")


def _check_buttons(group: Any, waiting: set[int]) -> Iterator[Violation]:
    """Each item that waits for the client has one message with a button to accept; no other item has."""
    reports: Any = next((one for one in group["topics"] if one["name"] == REPORTS), {"messages": []})
    data = [
        button["callback_data"] for one in reports["messages"] for row in one["keyboard"] for button in row
    ]
    found = Counter(int(one.split(":")[1]) for one in data if one.startswith("a:"))
    if found != Counter(waiting):
        yield Violation(CHAT, f"buttons to accept {dict(found)}, waiting for the client {sorted(waiting)}")
