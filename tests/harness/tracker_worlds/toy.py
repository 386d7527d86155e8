"""A toy tracker: boards and cards are files with JSON in one folder. It shows how little a tracker needs.

It cannot log hours, its steps have no person and no date, and it reports nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from msgspec.structs import asdict

from vitrina import ports
from vitrina.trackers.connection import Connection, Surroundings

PEOPLE = "people.json"
_EMPTY: ports.Json = {"steps": [], "links": [], "comments": [], "is_archived": False}
#: What stands in the file as it is in a card, and what a change may change.
_CHANGED = ("title", "stage_id", "due_on", "assignee_id", "estimate_hours")
_SAME = (
    "external_id", "board_id", "stage_id", "is_archived", "facts", "title", "assignee_id", "estimate_hours",
)  # fmt: skip


def connect(connection: Connection, surroundings: Surroundings) -> FolderTracker:
    """The adapter of a connection; ``place_id`` is the folder."""
    return FolderTracker(Path(connection.place_id))


class FolderTracker:
    """``TaskTracker`` in a folder. The id of a board or a card is the number of its file."""

    name = "Папка"
    can = ports.Capabilities(tells_hours=False, has_dated_steps=False, sends_events=False)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create_board(self, title: str, stages: Sequence[str]) -> ports.Board:
        """See ``TaskTracker``."""
        return self._board(self._create({"board_title": title, "stages": list(stages)}))

    def find_board(self, title: str) -> ports.Board | None:
        """See ``TaskTracker``."""
        titles = {data.get("board_title"): one for one, data in reversed(self._files())}
        return self._board(titles[title]) if title in titles else None

    def connect_webhook(self, board_id: str) -> None:
        """See ``TaskTracker``. A folder reports nothing."""

    def find_people(self, emails: Collection[str]) -> Mapping[str, str]:
        """See ``TaskTracker``."""
        wanted = {email.casefold() for email in emails}
        people = json.loads((self._folder / PEOPLE).read_text(encoding="utf-8"))
        return {email: user_id for email, user_id in people.items() if email in wanted}

    def find_cards(self, board_id: str) -> Mapping[str, tuple[str, ...]]:
        """See ``TaskTracker``."""
        found: dict[str, tuple[str, ...]] = {}
        for card_id, data in self._files():
            if data.get("board_id") == board_id and data["external_id"]:
                found[data["external_id"]] = (*found.get(data["external_id"], ()), card_id)
        return found

    def find_twins(self, board_id: str, external_id: str) -> tuple[str, ...]:
        """See ``TaskTracker``."""
        card_ids = self.find_cards(board_id).get(external_id, ())
        return tuple(card_id for card_id in card_ids if not self._read(card_id)["is_archived"])

    def create_card(self, card: ports.NewCard) -> str:
        """See ``TaskTracker``."""
        own = {"facts": dict(card.facts), "estimate_hours": card.estimate_hours or None}
        return self._create({**asdict(card), **_EMPTY, **own})

    def complete_card(self, card_id: str, card: ports.NewCard) -> tuple[str, ...]:
        """See ``TaskTracker``. The file is written as a whole, so that nothing is there twice."""
        data = self._read(card_id)
        texts, links = [text for text, _ in data["steps"]], dict(data["links"])
        for place, step in enumerate(card.steps):
            if texts.count(step.text) < [one.text for one in card.steps[: place + 1]].count(step.text):
                data["steps"].insert(place, [step.text, step.is_done])
        data["links"] += [[link.url, link.title] for link in card.links if link.url not in links]
        self._write(card_id, data)
        return ()

    def change_card(self, board_id: str, card_id: str, change: ports.CardChange) -> None:  # noqa: ARG002
        """See ``TaskTracker``. Steps have no ids."""
        data, new = self._read(card_id), asdict(change)
        data |= {name: new[name] for name in _CHANGED if new[name] is not ports.KEPT}
        known: dict[str, str] = data["facts"]
        known |= {a.about: a.after for a in change.facts if known.get(a.about, a.before) == a.before}
        self._write(card_id, data)

    def get_card(self, board_id: str, card_id: str) -> ports.Card | None:
        """See ``TaskTracker``."""
        data = self._read(card_id) if self._path(card_id).exists() else None
        return data and ports.Card(
            **{name: data[name] for name in _SAME},
            card_id=card_id, url=self.card_url(board_id, card_id), comment_count=len(data["comments"]),
            due_on=date.fromisoformat(data["due_on"]) if data["due_on"] else None, logged_hours=None,
            steps=tuple(ports.Step(text, is_done) for text, is_done in data["steps"]),
        )  # fmt: skip

    def comment_card(self, card_id: str, text: str) -> None:
        """See ``TaskTracker``."""
        if self._path(card_id).exists() and text not in (data := self._read(card_id))["comments"]:
            self._write(card_id, {**data, "comments": [*data["comments"], text]})

    def remove_card(self, card_id: str) -> None:
        """See ``TaskTracker``."""
        self._path(card_id).unlink(missing_ok=True)

    def set_closed(self, card_id: str, link: ports.Link, *, is_closed: bool) -> None:
        """See ``TaskTracker``."""
        if self._path(card_id).exists():
            data = self._read(card_id)
            links = [one for one in data["links"] if one[0] != link.url]
            links += [[link.url, link.title]] * is_closed
            self._write(card_id, {**data, "is_archived": is_closed, "links": links})

    def card_url(self, board_id: str, card_id: str) -> str:  # noqa: ARG002
        """See ``TaskTracker``."""
        return self._path(card_id).as_uri()

    def receive(self, request: ports.WebhookRequest) -> ports.Received:  # noqa: ARG002
        """See ``TaskTracker``."""
        return ports.Received(status=404)

    def _path(self, file_id: str) -> Path:
        return self._folder / f"{file_id}.json"

    def _read(self, file_id: str) -> ports.Json:
        return dict(json.loads(self._path(file_id).read_text(encoding="utf-8")))

    def _write(self, file_id: str, data: ports.Json) -> None:
        self._path(file_id).write_text(json.dumps(data, default=date.isoformat), encoding="utf-8")

    def _create(self, data: ports.Json) -> str:
        for number in range(1, 1_000_000):
            with suppress(FileExistsError), self._path(str(number)).open("x", encoding="utf-8") as file:
                json.dump(data, file, default=date.isoformat)
                return str(number)
        raise AssertionError("the folder is full")

    def _files(self) -> list[tuple[str, ports.Json]]:
        numbers = sorted((path.stem for path in self._folder.glob("[0-9]*.json")), key=int)
        return [(number, self._read(number)) for number in numbers]

    def _board(self, board_id: str) -> ports.Board:
        stages = tuple(ports.Stage(one, one) for one in self._read(board_id)["stages"])
        return ports.Board(board_id, stages, self._path(board_id).as_uri())
