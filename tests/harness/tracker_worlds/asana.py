"""Asana's emulator with an agency's workspace, and a server that gets its webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, request

from emulators.asana import create_app
from emulators.asana.routes import PREFIX
from emulators.common.client import local_client
from emulators.common.server import running
from tests.harness.prism.recorder import Recorder
from tests.harness.tracker_worlds.world import FAULTS, abilities_of
from vitrina.ports import WebhookRequest
from vitrina.trackers.asana.client import AsanaTracker
from vitrina.trackers.asana.mapping import PLAN_FIELD, BoardRef
from vitrina.trackers.asana.options import Options
from vitrina.trackers.asana.pace import Pace
from vitrina.trackers.asana.wire import AsanaWire
from vitrina.trackers.connection import Surroundings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

WORKSPACE, TEAM, GENERAL, DESIGN = "900", "910", "920", "921"
#: Gids of users by their token. ``bot`` is Vitrina's own.
USERS = {"bot": "11", "anna": "12", "igor": "13"}
SECRET = "secret"
OPTIONS = Options(general_project=GENERAL, departments={"дизайн": DESIGN})


class DictMemory:
    """``TrackerMemory`` that all adapters of a world share."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def load(self, name: str) -> str | None:
        """See ``TrackerMemory``."""
        return self.texts.get(name)

    def save(self, name: str, text: str) -> None:
        """See ``TrackerMemory``."""
        self.texts[name] = text


class AsanaWorld:
    """See ``TrackerWorld``.

    Parameters
    ----------
    url
        Address of the emulator.
    options
        Those of the connection.
    features
        What the plan of the workspace lacks or has.
    """

    def __init__(
        self,
        url: str,
        receiver: Receiver,
        options: Options = OPTIONS,
        features: Mapping[str, bool] | None = None,
    ) -> None:
        self.url = url
        self.people = {name: USERS[name] for name in ("anna", "igor")}
        self.memory = DictMemory()
        self.options, self.features = options, dict(features or {})
        self.control = local_client(base_url=f"{url}/_emulator")
        self._http = local_client(base_url=f"{url}{PREFIX}")
        self._wire = AsanaWire(url, "bot", pace=Pace(1_000_000, sleep=_no_wait), sleep=_no_wait)
        self._receiver = receiver
        self.tracker: AsanaTracker = self.make_tracker()
        receiver.world = self
        self.abilities = abilities_of(self.tracker, FAULTS)

    def reset(self) -> None:
        """See ``TrackerWorld``."""
        self.control.post("/webhooks/settle", json={}).raise_for_status()
        users = [
            {
                "gid": gid,
                "name": token,
                "email": f"{token}@a.test",
                "token": token,
                "is_admin": token == "bot",
            }
            for token, gid in USERS.items()
        ]
        projects = [
            {"gid": gid, "name": name, "owner": USERS["bot"]}
            for gid, name in ((GENERAL, "Все клиенты"), (DESIGN, "Дизайн"))
        ]
        seed = {
            "workspace": {
                "gid": WORKSPACE, "name": "Маяк", "email_domains": ["a.test"], "features": self.features,
            },
            "teams": [{"gid": TEAM, "name": "Клиенты"}],
            "users": users,
            "projects": projects,
            "limits": {"calls_per_minute": 10_000_000, "cost_per_minute": 100_000_000},
        }  # fmt: skip
        self.control.post("/reset").raise_for_status()
        self.control.post("/seed", json=seed).raise_for_status()
        self.control.delete("/calls").raise_for_status()
        self.memory.texts.clear()
        self._receiver.requests.clear()
        self.tracker = self.make_tracker()

    def make_tracker(self, options: Options | None = None) -> AsanaTracker:
        """See ``TrackerWorld``."""
        around = Surroundings(
            f"{self._receiver.url}/{SECRET}", self.memory, ZoneInfo("Europe/Moscow"), 20.0, 0.0
        )
        return AsanaTracker(
            self._wire, workspace=WORKSPACE, surroundings=around, options=options or self.options
        )

    def close(self) -> None:
        """Close the connections."""
        for client in (self.control, self._http, self._wire):
            client.close()

    # --- What people do ---

    def add_card(self, board_id: str, title: str) -> str:
        """See ``TrackerWorld``."""
        return str(self.do("POST", "/tasks", name=title, projects=[_project(board_id)])["gid"])

    def rename(self, card_id: str, title: str) -> None:
        """See ``TrackerWorld``."""
        self.do("PUT", f"/tasks/{card_id}", name=title)

    def move(self, board_id: str, card_id: str, stage_id: str) -> None:  # noqa: ARG002 - others need it
        """See ``TrackerWorld``."""
        self.do("POST", f"/sections/{stage_id}/addTask", task=card_id)

    def move_to_board(self, card_id: str, board_id: str) -> None:
        """See ``TrackerWorld``."""
        self.archive(card_id)
        self.do("POST", f"/tasks/{card_id}/addProject", project=_project(board_id))

    def set_due(self, card_id: str, day: date | None) -> None:
        """See ``TrackerWorld``."""
        self.do("PUT", f"/tasks/{card_id}", due_on=day.isoformat() if day else None)

    def assign(self, card_id: str, user_id: str | None) -> None:
        """See ``TrackerWorld``."""
        self.do("PUT", f"/tasks/{card_id}", assignee=user_id)

    def set_estimate(self, card_id: str, hours: float | None) -> None:
        """See ``TrackerWorld``."""
        fields = self.do("GET", f"/tasks/{card_id}?opt_fields=custom_fields.name")["custom_fields"]
        plan = next(field["gid"] for field in fields if field["name"] == PLAN_FIELD)
        self.do("PUT", f"/tasks/{card_id}", custom_fields={plan: hours})

    def set_fact(self, card_id: str, about: str, text: str) -> None:
        """See ``TrackerWorld``."""
        notes = self.do("GET", f"/tasks/{card_id}?opt_fields=html_notes")["html_notes"]
        root = ET.fromstring(notes)  # noqa: S314 - from our own emulator
        head = next(one for one in root if one.text == f"{about}:")
        head.tail = f" {text}\n"
        self.do("PUT", f"/tasks/{card_id}", html_notes=ET.tostring(root, encoding="unicode"))

    def reverse_steps(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        first, *others = self.step_ids(card_id)
        for gid in others:
            self.do("POST", f"/tasks/{gid}/setParent", parent=card_id, insert_before=first)
            first = gid

    def finish_step(self, card_id: str, place: int) -> None:
        """See ``TrackerWorld``."""
        self.do("PUT", f"/tasks/{self.step_ids(card_id)[place]}", completed=True)

    def change_step(self, card_id: str, place: int, user_id: str, day: date) -> None:
        """See ``TrackerWorld``."""
        self.do("PUT", f"/tasks/{self.step_ids(card_id)[place]}", assignee=user_id, due_on=day.isoformat())

    def remove_step(self, card_id: str, place: int) -> None:
        """See ``TrackerWorld``."""
        self.do("DELETE", f"/tasks/{self.step_ids(card_id)[place]}")

    def double_steps(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        for gid in self.step_ids(card_id):
            step = self.do("GET", f"/tasks/{gid}")
            person = step["assignee"] and step["assignee"]["gid"]
            fields = {"name": step["name"], "due_on": step["due_on"], "assignee": person}
            self.do("POST", f"/tasks/{card_id}/subtasks", who="bot", **fields)
        url, title = self.links_of(card_id)[0]
        form = {"parent": card_id, "resource_subtype": "external", "url": url, "name": title}
        parts = {name: (None, text.encode()) for name, text in form.items()}
        self._http.post("/attachments", files=parts, headers=_signed_in("bot")).raise_for_status()

    def add_step(self, card_id: str, text: str) -> None:
        """See ``TrackerWorld``. Above those of Vitrina."""
        made = self.do("POST", f"/tasks/{card_id}/subtasks", name=text)
        first = self.step_ids(card_id)[0]
        if first != made["gid"]:
            self.do("POST", f"/tasks/{made['gid']}/setParent", parent=card_id, insert_before=first)

    def log_hours(self, card_id: str, who: str, hours: float) -> None:
        """See ``TrackerWorld``. Igor logs on the last step, Anna on the task."""
        gid = self.step_ids(card_id)[-1] if who == "igor" else card_id
        body = {"duration_minutes": round(hours * 60), "entered_on": "2026-11-24"}
        self.do("POST", f"/tasks/{gid}/time_tracking_entries", who=who, **body)

    def comment(self, card_id: str, text: str) -> None:
        """See ``TrackerWorld``."""
        self.do("POST", f"/tasks/{card_id}/stories", text=text)

    def comments_of(self, card_id: str) -> list[str]:
        """See ``TrackerWorld``."""
        path = f"/tasks/{card_id}/stories?opt_fields=text,type"
        return [one["text"] for one in self.do("GET", path) if one["type"] == "comment"]

    def archive(self, card_id: str) -> None:
        """See ``TrackerWorld``. It is taken out of the client's project and stays in those of the agency."""
        for place in self.do("GET", f"/tasks/{card_id}")["memberships"]:
            if place["project"]["gid"] not in OPTIONS.all_side_projects:
                self.do("POST", f"/tasks/{card_id}/removeProject", project=place["project"]["gid"])

    def delete(self, card_id: str) -> None:
        """See ``TrackerWorld``."""
        self.do("DELETE", f"/tasks/{card_id}")

    # --- What people see ---

    def text_of(self, card_id: str) -> str:
        """See ``TrackerWorld``."""
        notes = self.do("GET", f"/tasks/{card_id}?opt_fields=html_notes")["html_notes"]
        return "".join(ET.fromstring(notes).itertext())  # noqa: S314 - from our own emulator

    def links_of(self, card_id: str) -> list[tuple[str, str]]:
        """See ``TrackerWorld``."""
        rows = self.do("GET", f"/attachments?parent={card_id}&opt_fields=name,view_url")
        return [(row["view_url"], row["name"]) for row in rows]

    # --- The tracker from outside ---

    def sent(self) -> list[WebhookRequest]:
        """See ``TrackerWorld``."""
        self.control.post("/webhooks/settle", json={}).raise_for_status()
        return [one for one in self._receiver.requests if one.read_json()["events"]]

    def forged(self) -> Sequence[WebhookRequest]:
        """See ``TrackerWorld``."""
        board = self.tracker.create_board("Подделка", ("Одна",))
        self.tracker.connect_webhook(board.board_id)
        project, body = (
            _project(board.board_id),
            {"events": [{"resource": {"gid": "5", "resource_type": "task"}}]},
        )
        right = self._signature(project, json.dumps(body).encode())
        other = {"x-hook-signature": hmac.new(b"other", b"", hashlib.sha256).hexdigest()}
        return [
            _request(body, (SECRET, project), {}),
            _request(body, (SECRET, project), other),
            _request(body, ("x", project), right),
            _request(body, (project,), right),
            _request(body, (SECRET, GENERAL), right),
            _request(body, (), right),
            _request({**body, "more": 1}, (SECRET, project), right),
            # A handshake that nobody waits for would put another secret in the place of Asana's.
            _request({}, (SECRET, project), {"x-hook-secret": "mine"}),
            _request({}, ("x", project), {"x-hook-secret": "mine"}),
        ]

    def nonsense(self) -> Sequence[WebhookRequest]:
        """See ``TrackerWorld``."""
        board = self.tracker.create_board("Нелепица", ("Одна",))
        self.tracker.connect_webhook(board.board_id)
        project = _project(board.board_id)
        events: list[Any] = [None, 5, {}, {"resource": 5}, {"resource": {"gid": "5"}}]
        events += [{"resource": {"gid": gid, "resource_type": "task"}} for gid in (5, "5; drop", None, {})]
        bodies: list[Any] = [{}, [], None, "x", {"events": None}, {"events": {}}]
        return [
            _request(body, (SECRET, project), self._signature(project, json.dumps(body).encode()))
            for body in [*bodies, *({"events": [event]} for event in events)]
        ]

    @property
    def call_count(self) -> int:
        """See ``TrackerWorld``."""
        return int(self.control.get("/calls").json()["total"])

    def be_busy(self, times: int) -> None:
        """See ``TrackerWorld``."""
        self.fail(429, "tasks.create", times)

    def refuse(self, times: int) -> None:
        """See ``TrackerWorld``."""
        self.fail(404, "tasks.create", times)

    def lose_answer(self) -> None:
        """See ``TrackerWorld``."""
        self.fail("timeout", "tasks.create", 1)

    def fail_reads(self, times: int) -> None:
        """See ``TrackerWorld``."""
        self.fail(503, "batch", times)

    # --- Inside ---

    def do(self, method: str, path: str, *, who: str = "anna", **data: Any) -> Any:
        """The data of the answer to a call of a person."""
        body = {"data": data} if method in ("POST", "PUT") else None
        answer = self._http.request(method, path, json=body, headers=_signed_in(who))
        return answer.raise_for_status().json()["data"]

    def step_ids(self, card_id: str) -> list[str]:
        """Gids of the subtasks from top to bottom."""
        return [row["gid"] for row in self.do("GET", f"/tasks/{card_id}/subtasks")]

    def fail(self, status: int | str, method: str, count: int) -> None:
        """Let the next calls with this name fail."""
        body = {"status": status, "method": method, "count": count}
        self.control.post("/fail-next", json=body).raise_for_status()

    def _signature(self, project: str, body: bytes) -> dict[str, str]:
        secret = json.loads(self.memory.texts[f"webhook:{project}"])["secrets"][0]
        return {"x-hook-signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


class Receiver:
    """The server at the address of the webhooks: answers handshakes as the tracker says, keeps the rest."""

    def __init__(self) -> None:
        self.url = ""
        self.world: AsanaWorld | None = None
        self.requests: list[WebhookRequest] = []
        self.app = Flask("receiver")

        @self.app.post("/<path:path>")
        def receive(path: str) -> Response:
            body = request.get_data()
            headers = {key.lower(): value for key, value in request.headers.items()}
            sent = WebhookRequest(tuple(path.split("/")), headers, body, lambda: json.loads(body))
            if "x-hook-secret" in headers and self.world is not None:
                # Another process than the one that waits for the webhook.
                answer = self.world.make_tracker().receive(sent)
                return Response(status=answer.status, headers=dict(answer.headers))
            self.requests.append(sent)
            return Response(status=200)


@contextmanager
def open_world(
    record: Callable[[Recorder], None] = lambda _: None,
    options: Options = OPTIONS,
    features: Mapping[str, bool] | None = None,
) -> Iterator[AsanaWorld]:
    """A world on an emulator of its own.

    Parameters
    ----------
    record
        Gets the recorder of the requests that the adapter sends.
    """
    app: WSGIApplication = create_app()
    recorder, receiver = Recorder(app, PREFIX, "bot"), Receiver()
    record(recorder)
    with running(recorder) as url, running(receiver.app) as receiver.url:
        world = AsanaWorld(url, receiver, options, features)
        try:
            yield world
        finally:
            world.close()


def _project(board_id: str) -> str:
    return BoardRef.parse(board_id).project


def _request(body: Any, path: tuple[str, ...], headers: Mapping[str, str]) -> WebhookRequest:
    sent = json.dumps(body).encode()
    return WebhookRequest(path, headers, sent, lambda: json.loads(sent))


def _signed_in(who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {who}"}


def _no_wait(_seconds: float) -> None:
    """Instead of sleep."""
