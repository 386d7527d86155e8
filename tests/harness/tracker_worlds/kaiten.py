"""Kaiten's emulator with an agency's space."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from emulators.common.client import local_client
from emulators.common.server import running
from emulators.kaiten import create_app
from tests.harness.tracker_worlds.world import FAULTS, FINDS_ARCHIVED, abilities_of, request_of
from vitrina.ports import TaskTracker, WebhookRequest
from vitrina.records.cards import StoredTrackerMemory
from vitrina.store.memory import MemoryStore
from vitrina.trackers.kaiten.client import KaitenTracker
from vitrina.trackers.kaiten.pace import Pace
from vitrina.trackers.kaiten.wire import KaitenWire

SPACE = 10
#: Ids of users by their token. ``bot`` is Vitrina's own.
USERS = {"bot": 1, "anna": 2, "igor": 3}
#: Nobody listens there: the emulator notes what it would have sent.
WEBHOOK_URL = "http://127.0.0.1:9/webhook/kaiten/secret"


class KaitenWorld:
    """See ``TrackerWorld``."""

    def __init__(self, url: str) -> None:
        self.people = {name: str(USERS[name]) for name in ("anna", "igor")}
        self._control = local_client(base_url=f"{url}/_emulator")
        self._http = local_client(base_url=f"{url}/api/latest")
        self._wire = KaitenWire(url, "bot", pace=Pace(sleep=_no_wait), sleep=_no_wait)
        self._store = MemoryStore()
        self.tracker = self.make_tracker()
        self.abilities = abilities_of(self.tracker, FAULTS, FINDS_ARCHIVED)

    def reset(self) -> None:
        """See ``TrackerWorld``."""
        users = [
            {"id": user_id, "full_name": token, "email": f"{token}@a.test", "username": token, "token": token}
            for token, user_id in USERS.items()
        ]
        roles = {user_id: "admin" if token == "bot" else "writer" for token, user_id in USERS.items()}
        spaces = [{"id": SPACE, "title": "Клиенты", "users": roles}]
        self._control.post("/reset").raise_for_status()
        seed = {"users": users, "spaces": spaces, "limit_per_s": 100_000}
        self._control.post("/seed", json=seed).raise_for_status()
        self._control.post("/webhooks", json={"mode": "drop"}).raise_for_status()
        self._control.delete("/calls").raise_for_status()
        self._store = MemoryStore()
        self.tracker = self.make_tracker()

    def make_tracker(self) -> TaskTracker:
        """See ``TrackerWorld``."""
        return KaitenTracker(
            base_url="",
            token="",
            space_id=str(SPACE),
            webhook_url=WEBHOOK_URL,
            memory=StoredTrackerMemory(self._store, "kaiten"),
            wire=self._wire,
        )

    def close(self) -> None:
        """Close the connections."""
        for client in (self._control, self._http, self._wire):
            client.close()

    # --- What people do ---

    def add_card(self, board_id: str, title: str) -> str:
        """See ``TrackerWorld``."""
        return str(self._do("POST", "/cards", title=title, board_id=_number(board_id))["id"])

    def rename(self, card_id: str, title: str) -> None:
        """See ``TrackerWorld``."""
        self._do("PATCH", f"/cards/{card_id}", title=title)

    def move(self, board_id: str, card_id: str, stage_id: str) -> None:  # noqa: ARG002 - others need it
        """See ``TrackerWorld``."""
        self._do("PATCH", f"/cards/{card_id}", column_id=int(stage_id))

    def move_to_board(self, card_id: str, board_id: str) -> None:
        """See ``TrackerWorld``."""
        self._do("PATCH", f"/cards/{card_id}", board_id=_number(board_id))

    def set_due(self, card_id: str, day: date | None) -> None:
        """See ``TrackerWorld``."""
        self._do("PATCH", f"/cards/{card_id}", due_date=day.isoformat() if day else None)

    def assign(self, card_id: str, user_id: str | None) -> None:
        """See ``TrackerWorld``."""
        for member in self._do("GET", f"/cards/{card_id}/members"):
            self._do("DELETE", f"/cards/{card_id}/members/{member['id']}")
        if user_id is not None:
            self._do("POST", f"/cards/{card_id}/members", user_id=int(user_id))
            self._do("PATCH", f"/cards/{card_id}/members/{user_id}", type=2)

    def set_estimate(self, card_id: str, hours: float | None) -> None:
        """See ``TrackerWorld``."""
        self._do("PATCH", f"/cards/{card_id}", size_text=None if hours is None else f"{hours:g}")

    def set_fact(self, card_id: str, about: str, text: str) -> None:
        """See ``TrackerWorld``."""
        paragraphs = self._do("GET", f"/cards/{card_id}")["description"].split("\n\n")
        head = f"**{about}:**"
        changed = [f"{head} {text}" if one.startswith(head) else one for one in paragraphs]
        assert changed != paragraphs or f"{head} {text}" in paragraphs, about
        self._do("PATCH", f"/cards/{card_id}", description="\n\n".join(changed))

    def reverse_steps(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        for place, path in enumerate(reversed(self._items(card_id)), start=1):
            self._do("PATCH", path, sort_order=place)

    def finish_step(self, card_id: str, place: int) -> None:
        """See ``TrackerWorld``."""
        self._do("PATCH", self._items(card_id)[place], checked=True)

    def change_step(self, card_id: str, place: int, user_id: str, day: date) -> None:
        """See ``TrackerWorld``."""
        fields = {"responsible_id": int(user_id), "due_date": day.isoformat()}
        self._do("PATCH", self._items(card_id)[place], **fields)

    def remove_step(self, card_id: str, place: int) -> None:
        """See ``TrackerWorld``."""
        self._do("DELETE", self._items(card_id)[place])

    def double_steps(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        card = self._do("GET", f"/cards/{card_id}")
        [ours] = card["checklists"]
        made = self._do("POST", f"/cards/{card_id}/checklists", name=ours["name"])
        for item in ours["items"]:
            self._do("POST", f"/cards/{card_id}/checklists/{made['id']}/items", text=item["text"])
        self._do("POST", f"/cards/{card_id}/external-links", url=card["external_links"][0]["url"])

    def add_step(self, card_id: str, text: str) -> None:
        """See ``TrackerWorld``. In a checklist of her own, which stands first on the card."""
        made = self._do("POST", f"/cards/{card_id}/checklists", name="Не забыть", sort_order=0.5)
        self._do("POST", f"/cards/{card_id}/checklists/{made['id']}/items", text=text)

    def log_hours(self, card_id: str, who: str, hours: float) -> None:
        """See ``TrackerWorld``."""
        fields = {"role_id": -1, "time_spent": round(hours * 60), "for_date": "2026-11-24"}
        self._do("POST", f"/cards/{card_id}/time-logs", who=who, **fields)

    def comment(self, card_id: str, text: str) -> None:
        """See ``TrackerWorld``."""
        self._do("POST", f"/cards/{card_id}/comments", text=text)

    def comments_of(self, card_id: str) -> list[str]:
        """See ``TrackerWorld``."""
        found = self._do("GET", f"/cards/{card_id}/comments")
        return [re.sub(r"\\(.)", r"\1", one["text"]).replace("  \n", "\n") for one in found]

    def archive(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        self._do("PATCH", f"/cards/{card_id}", condition=2)

    def delete(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        self._do("DELETE", f"/cards/{card_id}")

    # --- What people see ---

    def text_of(self, card_id: str) -> str:
        """See ``TrackerWorld``."""
        text: str = self._do("GET", f"/cards/{card_id}")["description"] or ""
        return "\n".join(_shown(line) for line in text.split("  \n"))

    def links_of(self, card_id: str) -> list[tuple[str, str]]:
        """See ``TrackerWorld``."""
        links = self._do("GET", f"/cards/{card_id}")["external_links"]
        return [(link["url"], link["description"]) for link in links]

    # --- The tracker from outside ---

    def sent(self) -> list[WebhookRequest]:
        """See ``TrackerWorld``."""
        rows = self._control.get("/webhooks").json()["deliveries"]
        return [request_of(row["body"], "secret") for row in rows]

    def forged(self) -> Sequence[WebhookRequest]:
        """See ``TrackerWorld``."""
        body = {"event": "card:add", "data": {"id": 5}}
        return [request_of(body, *path) for path in (("other",), (), ("secret", "x"), ("x", "secret"))]

    def nonsense(self) -> Sequence[WebhookRequest]:
        """See ``TrackerWorld``."""
        bodies = [{}, [], None, "card:add", {"event": ["card:add"]}, {"event": "card:add", "data": [5]}]
        bodies += [{"event": "card:add", "data": {"id": value}} for value in (True, "5; drop", {}, None)]
        return [request_of(body, "secret") for body in bodies]

    @property
    def call_count(self) -> int:
        """See ``TrackerWorld``."""
        return int(self._control.get("/calls").json()["total"])

    def be_busy(self, times: int) -> None:
        """See ``TrackerWorld``."""
        self._fail(429, "cards.create", times)

    def refuse(self, times: int) -> None:
        """See ``TrackerWorld``."""
        self._fail(400, "cards.create", times)

    def lose_answer(self) -> None:
        """See ``TrackerWorld``."""
        self._fail("timeout", "cards.create", 1)

    def fail_reads(self, times: int) -> None:
        """See ``TrackerWorld``."""
        self._fail(503, "cards.get", times)

    # --- Inside ---

    def _do(self, method: str, path: str, *, who: str = "anna", **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {who}"}
        answer = self._http.request(method, path, json=body or None, headers=headers)
        return answer.raise_for_status().json()

    def _items(self, card_id: str) -> list[str]:
        """Paths of the items in the order of the card."""
        return [
            f"/cards/{card_id}/checklists/{checklist['id']}/items/{item['id']}"
            for checklist in self._do("GET", f"/cards/{card_id}")["checklists"]
            for item in checklist["items"]
        ]

    def _fail(self, status: int | str, method: str, count: int) -> None:
        body = {"status": status, "method": method, "count": count}
        self._control.post("/fail-next", json=body).raise_for_status()


@contextmanager
def open_world() -> Iterator[KaitenWorld]:
    """A world on an emulator of its own."""
    with running(create_app()) as url:
        world = KaitenWorld(url)
        try:
            yield world
        finally:
            world.close()


def _shown(line: str) -> str:
    """A line of Markdown as it is shown: without marks that nothing escapes."""
    line = re.sub(r"^\s*(#+|[-+=]+|\d+[.)])\s*", "", line)
    # Entities and tags of HTML, links and pictures would be shown as something else.
    line = re.sub(r"(?<!\\)(&\w+;|<[^>]*>|!?\[[^]]*]\([^)]*\))", "", line)
    return re.sub(r"\\(.)|[*_`~|]", r"\1", line)


def _number(board_id: str) -> int:
    return int(board_id.partition("/")[0])


def _no_wait(_seconds: float) -> None:
    """Instead of sleep."""
