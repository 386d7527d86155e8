"""The emulator's answers fit the vendor's OpenAPI file, by the judgement of Prism."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from emulators.asana import create_app
from emulators.common.server import running
from tests.emulators.asana.asana_world import ANNA, PROJECT, SEED, SPACE, TEAM, Receiver
from tests.harness.prism.judge import reason_to_skip, running_proxy

#: Where the description contradicts its own examples: a webhook has no failure at first, a domain is no URI.
CONTRADICTIONS = ("last_failure_at", "last_failure_content", "email_domains.0")

pytestmark = pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip())


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client that reaches the emulator through Prism, which notes what is wrong in a header."""
    folder = tmp_path_factory.mktemp("prism")
    with running(create_app()) as url:
        httpx.post(f"{url}/_emulator/seed", json=SEED, trust_env=False).raise_for_status()
        with (
            running_proxy(folder, f"{url}/api/1.0") as proxy,
            httpx.Client(
                base_url=proxy, headers={"Authorization": "Bearer bot"}, trust_env=False, timeout=30
            ) as http,
        ):
            yield http


def test_answers_fit_the_description(api: httpx.Client) -> None:
    """Every kind of answer that the product reads has the types of the OpenAPI file, in short and in full."""
    wrong: list[str] = []

    def ask(method: str, path: str, data: object = None, **more: object) -> dict[str, str]:
        body = {} if data is None else {"json": {"data": data}}
        answer = api.request(method, path, **body, **more)  # type: ignore[arg-type]
        rows = json.loads(answer.headers.get("sl-violations", "[]"))
        for row in rows:
            place = ".".join(row["location"])
            if not place.endswith(CONTRADICTIONS):
                wrong.append(f"{method} {path}: {place}: {row['message']}")
        assert answer.status_code < 300, answer.text
        shown = answer.json()["data"]
        return shown if isinstance(shown, dict) else {}

    project = ask("POST", "/projects", {"name": "Заря", "team": TEAM})["gid"]
    section = ask("POST", f"/projects/{project}/sections", {"name": "В работе"})["gid"]
    field = {"name": "Часы", "resource_subtype": "number", "workspace": SPACE, "precision": 2}
    hours = ask("POST", "/custom_fields", field)["gid"]
    ask("POST", f"/projects/{project}/addCustomFieldSetting", {"custom_field": hours})
    task = ask(
        "POST",
        "/tasks",
        {
            "name": "ЗРН-1",
            "memberships": [{"project": project, "section": section}],
            "custom_fields": {hours: "5.5"},
            "assignee": ANNA,
            "due_on": "2026-12-01",
        },
    )["gid"]
    ask("POST", f"/tasks/{task}/subtasks", {"name": "Дизайн"})
    ask("POST", f"/tasks/{task}/time_tracking_entries", {"duration_minutes": 90})
    ask("POST", f"/tasks/{task}/stories", {"text": "Вопрос"})
    ask("POST", f"/tasks/{task}/addProject", {"project": PROJECT})
    ask("PUT", f"/tasks/{task}", {"completed": True})
    form = {"parent": task, "resource_subtype": "external", "url": "https://a.test", "name": "Книга"}
    ask("POST", "/attachments", files={name: (None, value) for name, value in form.items()})
    ask("POST", f"/workspaces/{SPACE}/addUser", {"user": "client@c.test"})
    ask("POST", "/memberships", {"parent": project, "member": ANNA, "access_level": "commenter"})
    receiver = Receiver()
    with running(receiver.app) as url:
        ask("POST", "/webhooks", {"resource": project, "target": f"{url}/hook/x"})
    for path in (
        "/users/me",
        "/workspaces",
        f"/workspaces/{SPACE}",
        f"/workspaces/{SPACE}/users?opt_fields=email,name",
        f"/workspaces/{SPACE}/workspace_memberships?opt_fields=is_guest,user.name",
        f"/workspaces/{SPACE}/teams",
        f"/workspaces/{SPACE}/custom_fields",
        f"/projects?workspace={SPACE}&limit=100",
        f"/projects/{project}",
        f"/projects/{project}/sections?limit=1",
        f"/projects/{project}/custom_field_settings",
        f"/projects/{project}/project_memberships",
        f"/tasks?project={project}",
        f"/tasks/{task}",
        f"/tasks/{task}?opt_fields=num_subtasks,memberships.section,custom_fields.number_value",
        f"/tasks/{task}/subtasks?opt_fields=completed,assignee,due_on",
        f"/tasks/{task}/time_tracking_entries",
        f"/tasks/{task}/stories",
        f"/attachments?parent={task}",
        f"/webhooks?workspace={SPACE}",
        f"/custom_fields/{hours}",
    ):
        ask("GET", path)
    ask("DELETE", f"/tasks/{task}")

    assert not wrong, "\n".join(wrong)


def test_wrong_request_is_noticed(api: httpx.Client) -> None:
    """The judgement finds a number where a text belongs."""
    answer = api.post("/tasks", json={"data": {"name": 5}})

    assert "request" in answer.headers["sl-violations"]
