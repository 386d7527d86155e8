"""Fills the local Telegram with the bot of the sample agency, its managers and people of clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from emulators.common.client import local_client
from emulators.world.sample import load_chat

if TYPE_CHECKING:
    from emulators.world.processes import Person


def seed_telegram(base: str, people: Sequence[Person]) -> None:
    """Create the bot and the people, unless an earlier run did. Groups are made by people.

    Parameters
    ----------
    people
        The agency's people, among whom are the staff of the sample.
    """
    sample = load_chat()
    with local_client(base_url=base) as telegram:
        if telegram.get("/_emulator/users").raise_for_status().json():
            return
        names = {one.email: one.name for one in people}
        staff = [_account(one, names[one["email"]]) for one in sample["staff"]]
        clients = [{**one, "is_client": True} for one in sample["clients"]]
        seed = {"bots": [sample["bot"]], "people": [*staff, *clients]}
        telegram.post("/_emulator/seed", json=seed).raise_for_status()


def chat_settings(base: str) -> dict[str, str]:
    """The settings by which the product finds the bot of the local Telegram."""
    return {"VITRINA_CHAT_URL": base, "VITRINA_CHAT_TOKEN": load_chat()["bot"]["token"]}


def _account(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    first_name, _, last_name = name.partition(" ")
    return {
        "id": row["id"],
        "first_name": first_name,
        "last_name": last_name,
        "username": row["username"],
    }
