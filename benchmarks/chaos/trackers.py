"""The trackers of a world: the runs disturb them and the check reads them by their state, without calls."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Flask

import emulators.asana.routes
import emulators.kaiten.routes
from benchmarks.chaos.history import Json
from emulators.asana.models.call import Call
from emulators.kaiten.models.context import DELETED, LIVE
from vitrina.trackers.asana.mapping import KEY_FIELD, BoardRef
from vitrina.trackers.kaiten.mapping import board_number


class Webhooks(Protocol):
    """What all emulators do with their webhooks."""

    def clear(self) -> None:
        """Delete all deliveries."""

    def set_mode(self, mode: str) -> None:
        """Choose what happens to events from now on."""

    def release(self) -> int:
        """Send held events."""

    def settle(self, timeout_s: float) -> bool:
        """Wait until nothing is waiting or being sent."""

    def to_json(self) -> list[dict[str, Any]]:
        """All deliveries."""


#: How the boards for requests to accounting begin, and Asana's project with the tasks of all clients.
ACCOUNTING, GENERAL = "Бухгалтерия", "Все клиенты"
#: Tables whose rows are parts of cards.
_KAITEN_PARTS = ("checklists", "comments", "links")


@dataclass(frozen=True)
class CardState:
    """A card as the tracker holds it."""

    card_id: str
    external_id: str
    title: str
    stage: str
    minutes: int
    #: Lists of steps, of which a card has one.
    list_count: int
    steps: list[str]
    link_count: int
    #: Text that a link to the card contains.
    address: str


class ChaosTracker(Protocol):
    """One tracker of a world. Its state is read and changed under ``lock``."""

    name: str
    app: Flask
    webhooks: Webhooks
    lock: threading.RLock  # type: ignore[valid-type]

    def save(self) -> bytes:
        """A copy of the state; much quicker than a deep copy."""

    def load(self, state: bytes) -> None:
        """Restore a state."""

    def work(self, what: Json) -> bool:
        """Move a card or log hours; returns whether the card was there."""

    def cards(self, board_id: str) -> Iterator[CardState]:
        """The cards of a board."""

    def boards(self) -> Mapping[str, str]:
        """All boards by their ids: their titles, and the texts of their cards."""


class KaitenTracker:
    """See ``ChaosTracker``."""

    name = "kaiten"

    def __init__(self) -> None:
        self.app = emulators.kaiten.routes.create_app()
        self._kaiten = self.app.extensions["kaiten"]
        self.webhooks: Webhooks = self.app.extensions["webhooks"]
        self.lock = self._kaiten.lock

    def save(self) -> bytes:
        """See ``ChaosTracker``."""
        return pickle.dumps(self._kaiten.state.dump())

    def load(self, state: bytes) -> None:
        """See ``ChaosTracker``."""
        self._kaiten.state.load(pickle.loads(state))  # noqa: S301 - of this process

    def work(self, what: Json) -> bool:
        """See ``ChaosTracker``."""
        kaiten = self._kaiten
        cards = [
            card
            for card in kaiten.state.select("cards")
            if what["task"] in card["title"] and card["condition"] == LIVE
        ]
        if not cards:
            return False
        card, actor = cards[0], kaiten.state.get("users", what["user_id"])
        if "minutes" in what:
            log = {"role_id": -1, "time_spent": what["minutes"], "for_date": "2026-11-23"}
            kaiten.parts.add_time_log(actor, card["id"], log)
        else:
            columns = kaiten.boards.list_columns(actor, card["board_id"])
            kaiten.cards.update_card(actor, card["id"], {"column_id": columns[what["stage"]]["id"]})
        return True

    def cards(self, board_id: str) -> Iterator[CardState]:
        """See ``ChaosTracker``."""
        tables = self._kaiten.state.tables
        for card in tables["cards"].values():
            if card["board_id"] == int(board_number(board_id)) and card["condition"] != DELETED:
                yield self._card(tables, card)

    def boards(self) -> Mapping[str, str]:
        """See ``ChaosTracker``."""
        tables = self._kaiten.state.tables
        found = {key: str(one["title"]) for key, one in tables["boards"].items()}
        board_of = {key: one["board_id"] for key, one in tables["cards"].items()}
        for key, board_id in board_of.items():
            found[board_id] += f"\n{tables['cards'][key]}"
        for name in _KAITEN_PARTS:
            for part in tables[name].values():
                found[board_of[part["card_id"]]] += f"\n{part}"
        return found

    @staticmethod
    def _card(tables: Mapping[str, Any], card: Json) -> CardState:
        lists = {one["id"] for one in tables["checklists"].values() if one["card_id"] == card["id"]}
        logs = [log for log in tables["time_logs"].values() if log["card_id"] == card["id"]]
        items = tables["checklist_items"].values()
        return CardState(
            card_id=str(card["id"]),
            external_id=card["external_id"] or "",
            title=card["title"],
            stage=tables["columns"][card["column_id"]]["title"],
            minutes=sum(log["time_spent"] for log in logs),
            list_count=len(lists),
            steps=[item["text"] for item in items if item["checklist_id"] in lists],
            link_count=sum(link["card_id"] == card["id"] for link in tables["links"].values()),
            address=f'/card/{card["id"]}"',
        )


class AsanaTracker:
    """See ``ChaosTracker``. Subtasks are one list."""

    name = "asana"

    def __init__(self) -> None:
        self.app = emulators.asana.routes.create_app()
        self._asana = self.app.extensions["asana"]
        self._deliveries = self.app.extensions["webhooks"]
        self.webhooks: Webhooks = self._deliveries
        self.lock = self._asana.lock

    def save(self) -> bytes:
        """See ``ChaosTracker``."""
        return pickle.dumps(self._asana.state.dump())

    def load(self, state: bytes) -> None:
        """See ``ChaosTracker``."""
        self._asana.state.load(pickle.loads(state))  # noqa: S301 - of this process

    def work(self, what: Json) -> bool:
        """See ``ChaosTracker``. Asana tells of a move, and of logged time nobody."""
        tables = self._asana.state.tables
        tasks = [one for one in tables["tasks"].values() if what["task"] in one["name"] and not one["parent"]]
        if not tasks:
            return False
        task, actor = tasks[0], tables["users"][str(what["user_id"])]
        if "minutes" in what:
            data = {"duration_minutes": what["minutes"], "entered_on": "2026-11-23"}
            self._asana.parts.add_entry(Call(actor, "", data), task["gid"])
        else:
            project = tables["projects"][task["memberships"][0]["project"]]
            section = project["sections"][what["stage"]]
            self._asana.tasks.add_to_section(Call(actor, "", {"task": task["gid"]}), section)
        for gid, events in self._asana.take_events().items():
            if gid in tables["webhooks"]:
                self._deliveries.publish(tables["webhooks"][gid], events)
        return True

    def cards(self, board_id: str) -> Iterator[CardState]:
        """See ``ChaosTracker``."""
        tables, project = self._asana.state.tables, BoardRef.parse(board_id).project
        for task in tables["tasks"].values():
            place = next((one for one in task["memberships"] if one["project"] == project), None)
            if place is not None:
                yield self._card(tables, task, tables["sections"][place["section"]]["name"])

    def boards(self) -> Mapping[str, str]:
        """See ``ChaosTracker``; without the project that has the tasks of all clients."""
        tables = self._asana.state.tables
        found = {key: str(one["name"]) for key, one in tables["projects"].items() if one["name"] != GENERAL}
        for task in tables["tasks"].values():
            parts = [task, *(tables["tasks"][gid] for gid in task["subtasks"])]
            for place in task["memberships"]:
                if place["project"] in found:
                    found[place["project"]] += f"\n{parts}"
        return found

    @staticmethod
    def _card(tables: Mapping[str, Any], task: Json, stage: str) -> CardState:
        gids = {task["gid"], *task["subtasks"]}
        keys = [gid for gid, field in tables["custom_fields"].items() if field["name"] == KEY_FIELD]
        entries = tables["time_tracking_entries"].values()
        return CardState(
            card_id=task["gid"],
            external_id=next((task["values"].get(gid) or "" for gid in keys), ""),
            title=task["name"],
            stage=stage,
            minutes=sum(one["duration_minutes"] for one in entries if one["task"] in gids),
            list_count=1,
            steps=[tables["tasks"][gid]["name"] for gid in task["subtasks"]],
            link_count=sum(one["parent"] == task["gid"] for one in tables["attachments"].values()),
            address=f'/{task["gid"]}"',
        )


#: Makes the tracker of a world.
TRACKERS: dict[str, Callable[[], ChaosTracker]] = {"kaiten": KaitenTracker, "asana": AsanaTracker}
