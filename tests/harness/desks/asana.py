"""The desk of an office that works in Asana."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from emulators.world.processes import ROBOT_ID, Person, asana_connection, local_token
from tests.harness.desks.desk import EmulatorDesk, TrackerCard
from vitrina.trackers.asana.mapping import KEY_FIELD, PLAN_FIELD

#: High enough that no test waits for the limits.
LIMITS = {"calls_per_minute": 1_000_000, "cost_per_minute": 100_000_000}
FIELDS = (
    "name,notes,completed,due_on,assignee,actual_time_minutes,custom_fields.name,custom_fields.text_value,"
    "custom_fields.number_value,memberships.project.name,memberships.section.name"
)


class AsanaDesk(EmulatorDesk):
    """See ``Desk``."""

    server = "asana"
    own_user_settings: Mapping[str, str] = {}
    workspace = ""

    def open(self, people: Sequence[Person]) -> dict[str, str]:
        """See ``Desk``. The agency has one general project for the tasks of all clients."""
        self.control("POST", "/reset")
        url = self.servers.url(self.server)
        connection = asana_connection(url, people, limits=LIMITS)
        connection["calls_per_minute"] = str(LIMITS["calls_per_minute"])
        self.workspace, self._general = connection["place_id"], connection["general_project"]
        return {"VITRINA_KAITEN_URL": "", "VITRINA_TRACKERS": json.dumps({"asana": connection})}

    def call(self, method: str, path: str, *, user_id: int = ROBOT_ID, **data: Any) -> Any:
        """The data of the answer of the API to one of its users."""
        answer = self.http.request(
            method,
            f"{self.servers.url(self.server)}/api/1.0{path}",
            headers={"Authorization": f"Bearer {local_token(user_id)}"},
            json={"data": data} if method in ("POST", "PUT") else None,
        )
        return answer.raise_for_status().json()["data"]

    def _projects(self) -> list[Any]:
        rows = self.call("GET", f"/projects?workspace={self.workspace}&opt_fields=name")
        return [row for row in rows if row["gid"] != self._general]

    def cards(self) -> list[TrackerCard]:
        """See ``Desk``."""
        return [
            self._card(row)
            for project in self._projects()
            for row in self.call("GET", f"/tasks?project={project['gid']}&opt_fields={FIELDS}")
        ]

    def _card(self, task: Any) -> TrackerCard:
        subtasks = self.call(
            "GET", f"/tasks/{task['gid']}/subtasks?opt_fields=name,due_on,assignee,actual_time_minutes"
        )
        links = self.call("GET", f"/attachments?parent={task['gid']}&opt_fields=view_url")
        values = {one["name"]: one for one in task["custom_fields"]}
        place = next(one for one in task["memberships"] if one["project"]["gid"] != self._general)
        rows = [task, *subtasks]
        return TrackerCard(
            card_id=task["gid"],
            external_id=values[KEY_FIELD]["text_value"] or "",
            title=task["name"],
            board=place["project"]["name"],
            stage=place["section"]["name"],
            due_on=task["due_on"] or "",
            assignee_id=task["assignee"]["gid"] if task["assignee"] else "",
            description=task["notes"],
            hours=values[PLAN_FIELD]["number_value"] or 0.0,
            steps=tuple(
                (row["name"], row["due_on"] or "", row["assignee"]["gid"] if row["assignee"] else "")
                for row in subtasks
            ),
            links=tuple(link["view_url"] for link in links),
            minutes=sum(row["actual_time_minutes"] or 0 for row in rows),
            is_closed=task["completed"],
        )

    def boards(self) -> list[tuple[str, list[str]]]:
        """See ``Desk``."""
        return [(project["name"], self._sections(project["gid"])) for project in self._projects()]

    def _sections(self, project: str) -> list[str]:
        return [row["name"] for row in self.call("GET", f"/projects/{project}/sections")]

    def webhooks(self) -> list[tuple[str, bool]]:
        """See ``Desk``. The number of the project ends the address and differs from run to run."""
        rows = self.call("GET", f"/webhooks?workspace={self.workspace}")
        return [(row["target"].rpartition("/")[0], row["active"]) for row in rows]

    def delete_webhooks(self) -> None:
        """Delete all webhooks, as Asana does with those that nobody answers."""
        for row in self.call("GET", f"/webhooks?workspace={self.workspace}"):
            self.call("DELETE", f"/webhooks/{row['gid']}")

    def addresses(self, cards: Sequence[TrackerCard]) -> dict[str, str]:
        """See ``Desk``."""
        boards = {f"/0/{project['gid']}": f"/<{project['name']}>" for project in self._projects()}
        return {**boards, **{f"/{card.card_id}": f"/<{card.external_id}>" for card in cards}}

    def move(self, card_id: str, stage: int, *, user_id: int = 11) -> None:
        """See ``Desk``."""
        places = self.call("GET", f"/tasks/{card_id}")["memberships"]
        project = next(one["project"]["gid"] for one in places if one["project"]["gid"] != self._general)
        sections = self.call("GET", f"/projects/{project}/sections")
        self.call("POST", f"/sections/{sections[stage]['gid']}/addTask", user_id=user_id, task=card_id)

    def finish_step(self, card_id: str, place: int, *, user_id: int = 11) -> None:
        """See ``Desk``."""
        row = self.call("GET", f"/tasks/{card_id}/subtasks")[place]
        self.call("PUT", f"/tasks/{row['gid']}", user_id=user_id, completed=True)

    def set_due(self, card_id: str, day: str, *, user_id: int = 11) -> None:
        """See ``Desk``."""
        self.call("PUT", f"/tasks/{card_id}", user_id=user_id, due_on=day)

    def log_minutes(self, card_id: str, minutes: int, *, user_id: int = 11) -> None:
        """See ``Desk``. Asana tells nobody, so that the hint comes from what the person does next."""
        log = {"duration_minutes": minutes, "entered_on": "2026-11-23"}
        self.call("POST", f"/tasks/{card_id}/time_tracking_entries", user_id=user_id, **log)

    def count_of_parts(self, card_id: str) -> tuple[int, int]:
        """See ``Desk``."""
        steps = self.call("GET", f"/tasks/{card_id}/subtasks")
        return len(steps), len(self.call("GET", f"/attachments?parent={card_id}"))

    def deliveries(self) -> list[Any]:
        """See ``Desk``."""
        rows = self.control("GET", "/webhooks")["deliveries"]
        return [row for row in rows if row["body"]["events"]]

    def replay(self, deliveries: Sequence[Any]) -> None:
        """See ``Desk``. The emulator signs them again, as the recorded signature would fit as well."""
        for delivery in deliveries:
            self.control("POST", "/webhooks/resend", {"number": delivery["number"]})
        self.settle()

    def forge(self, card_id: str, functions: str, secret: str) -> None:  # noqa: ARG002 - others need it
        """See ``Desk``. Without Asana's signature nothing is even a reason to look."""
        [webhook] = self.call("GET", f"/webhooks?workspace={self.workspace}")
        event = {"action": "deleted", "resource": {"gid": card_id, "resource_type": "task"}, "parent": None}
        self.control("POST", "/webhooks/forge", {"webhook": webhook["gid"], "events": [event]})
        self.settle()
        assert self.control("GET", "/webhooks")["deliveries"][-1]["answers"] == [404]
