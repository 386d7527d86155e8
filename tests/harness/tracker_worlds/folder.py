"""The world of the toy tracker: people edit its files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from tests.harness.tracker_worlds.toy import PEOPLE, FolderTracker
from tests.harness.tracker_worlds.world import FINDS_ARCHIVED, abilities_of, request_of
from vitrina.ports import Json, NewCard, TaskTracker, WebhookRequest


class FolderWorld:
    """See ``TrackerWorld``. What a file cannot do is not there: see ``can`` of the tracker."""

    #: A file is read and written, nothing is called.
    call_count = 0

    def __init__(self, folder: Path) -> None:
        self.people = {"anna": "anna", "igor": "igor"}
        self._folder = folder
        self.reset()
        self.abilities = abilities_of(self.tracker, FINDS_ARCHIVED)

    def reset(self) -> None:
        """See ``TrackerWorld``."""
        for path in self._folder.iterdir():
            path.unlink()
        emails = {f"{name}@a.test": user_id for name, user_id in self.people.items()}
        (self._folder / PEOPLE).write_text(json.dumps(emails), encoding="utf-8")
        self.tracker = self.make_tracker()

    def make_tracker(self) -> TaskTracker:
        """See ``TrackerWorld``."""
        return FolderTracker(self._folder)

    # --- What people do ---

    def add_card(self, board_id: str, title: str) -> str:
        """See ``TrackerWorld``."""
        return self.tracker.create_card(NewCard("", board_id, "", title, (), None, 0.0, None, (), ()))

    def rename(self, card_id: str, title: str) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data.update(title=title))

    def move(self, board_id: str, card_id: str, stage_id: str) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data.update(board_id=board_id, stage_id=stage_id))

    def move_to_board(self, card_id: str, board_id: str) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data.update(board_id=board_id))

    def set_due(self, card_id: str, day: date | None) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data.update(due_on=day.isoformat() if day else None))

    def assign(self, card_id: str, user_id: str | None) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data.update(assignee_id=user_id))

    def set_estimate(self, card_id: str, hours: float | None) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data.update(estimate_hours=hours))

    def set_fact(self, card_id: str, about: str, text: str) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data["facts"].update({about: text}))

    def reverse_steps(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data["steps"].reverse())

    def finish_step(self, card_id: str, place: int) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data["steps"][place].__setitem__(1, True))

    def remove_step(self, card_id: str, place: int) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data["steps"].pop(place))

    def add_step(self, card_id: str, text: str) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data["steps"].append([text, False]))

    def comment(self, card_id: str, text: str) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data["comments"].append(text))

    def comments_of(self, card_id: str) -> list[str]:
        """See ``TrackerWorld``."""
        return list(self._read(card_id)["comments"])

    def archive(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        self._edit(card_id, lambda data: data.update(is_archived=True))

    def delete(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        self._path(card_id).unlink()

    # --- What people see ---

    def text_of(self, card_id: str) -> str:
        """See ``TrackerWorld``."""
        return "\n".join(f"{about}: {text}" for about, text in self._read(card_id)["facts"].items())

    def links_of(self, card_id: str) -> list[tuple[str, str]]:
        """See ``TrackerWorld``."""
        return [(url, title) for url, title in self._read(card_id)["links"]]

    # --- The tracker from outside ---

    def forged(self) -> Sequence[WebhookRequest]:
        """See ``TrackerWorld``."""
        return [request_of({"card": "1"})]

    # --- Inside ---

    def _path(self, card_id: str) -> Path:
        return self._folder / f"{card_id}.json"

    def _read(self, card_id: str) -> Json:
        data: Json = json.loads(self._path(card_id).read_text(encoding="utf-8"))
        return data

    def _edit(self, card_id: str, change: Callable[[Json], object]) -> None:
        data = self._read(card_id)
        change(data)
        self._path(card_id).write_text(json.dumps(data), encoding="utf-8")


@contextmanager
def open_world() -> Iterator[FolderWorld]:
    """A world in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        yield FolderWorld(Path(folder))
