"""Projects, sections, tasks, custom fields, time, links and guests."""

from __future__ import annotations

import pytest

from tests.emulators.asana.asana_world import ANNA, BOT, GUEST, PROJECT, SPACE, TEAM, Json, World


def names(rows: list[Json]) -> list[str]:
    """Names in their order."""
    return [row["name"] for row in rows]


def sections(world: World) -> list[str]:
    """Names of the sections, from left to right."""
    return names(world.bot.get(f"/projects/{PROJECT}/sections"))


# Projects and sections


def test_organization_needs_a_team(world: World) -> None:
    """A project of an organization without a team is refused; one with it has one section and an admin."""
    assert world.bot.refusal("POST", "/projects", {"name": "x", "workspace": SPACE}) == (
        400,
        "team: Missing input",
    )
    made = world.bot.post("/projects", name="x", team=TEAM)

    assert names(world.bot.get(f"/projects/{made['gid']}/sections")) == ["Untitled section"]
    (member,) = world.bot.get(f"/projects/{made['gid']}/project_memberships")
    assert (member["member"]["gid"], member["access_level"]) == (BOT, "admin")


def test_sections_have_an_order(world: World) -> None:
    """A section is added at the end, renamed, moved, and deleted only when it is empty."""
    first = world.bot.get(f"/projects/{PROJECT}/sections")[0]
    world.bot.put(f"/sections/{first['gid']}", name="Онбординг")
    second = world.section("В работе")
    world.bot.post(f"/projects/{PROJECT}/sections/insert", section=second["gid"], before_section=first["gid"])
    assert sections(world) == ["В работе", "Онбординг"]

    task = world.task(memberships=[{"project": PROJECT, "section": second["gid"]}])
    assert world.bot.refusal("DELETE", f"/sections/{second['gid']}")[0] == 400
    world.bot.post(f"/sections/{first['gid']}/addTask", task=task["gid"])
    world.bot.delete(f"/sections/{second['gid']}")
    assert sections(world) == ["Онбординг"]


def test_archived_projects_are_listed_on_request(world: World) -> None:
    """``archived`` chooses; without it both kinds are listed."""
    world.bot.put(f"/projects/{PROJECT}", archived=True)

    assert world.bot.get("/projects", workspace=SPACE, archived="false") == []
    assert names(world.bot.get("/projects", workspace=SPACE)) == ["Зерно"]


# Tasks


def test_same_task_twice_is_two_tasks(world: World) -> None:
    """Nothing of a task is unique."""
    assert world.task()["gid"] != world.task()["gid"]


def test_external_needs_oauth(world: World) -> None:
    """A personal token cannot set ``external``."""
    status, message = world.bot.refusal(
        "POST", "/tasks", {"name": "x", "projects": [PROJECT], "external": {"gid": "1"}}
    )

    assert (status, "OAuth" in message) == (403, True)


def test_move_puts_a_task_on_top(world: World) -> None:
    """``addTask`` inserts at the top, ``addProject`` with a section at its end."""
    section = world.section("В работе")
    tasks = [world.task(name=name)["gid"] for name in "абв"]
    world.bot.post(f"/sections/{section['gid']}/addTask", task=tasks[0])
    world.bot.post(f"/sections/{section['gid']}/addTask", task=tasks[1])
    world.bot.post(f"/tasks/{tasks[2]}/addProject", project=PROJECT, section=section["gid"])

    assert names(world.bot.get(f"/sections/{section['gid']}/tasks")) == ["б", "а", "в"]


def test_task_in_several_projects(world: World, task: Json) -> None:
    """A task is in a section of each of its projects; twenty are the most."""
    others = [world.bot.post("/projects", name=f"П{number}", team=TEAM)["gid"] for number in range(20)]
    for gid in others[:19]:
        world.bot.post(f"/tasks/{task['gid']}/addProject", project=gid)

    refused = world.bot.refusal("POST", f"/tasks/{task['gid']}/addProject", {"project": others[19]})
    shown = world.bot.get(f"/tasks/{task['gid']}", opt_fields="memberships.project.name")
    world.bot.post(f"/tasks/{task['gid']}/removeProject", project=PROJECT)

    assert refused == (400, "project: A task can be in at most 20 projects")
    assert len(shown["memberships"]) == 20
    assert world.bot.get("/tasks", project=PROJECT) == []


def test_subtasks(world: World, task: Json) -> None:
    """A subtask has its own person, day and completion, is in no list, and goes with its parent."""
    body = {"name": "Дизайн", "assignee": "anna@a.test", "due_on": "2026-09-05"}
    sub = world.bot.post(f"/tasks/{task['gid']}/subtasks", **body)
    world.anna.put(f"/tasks/{sub['gid']}", completed=True)

    (shown,) = world.bot.get(f"/tasks/{task['gid']}/subtasks", opt_fields="completed,assignee,due_on")
    assert (shown["completed"], shown["assignee"]["gid"], shown["due_on"]) == (True, ANNA, "2026-09-05")
    assert len(world.bot.get("/tasks", project=PROJECT)) == 1
    assert not world.bot.get(f"/tasks/{task['gid']}")["completed"]
    world.bot.delete(f"/tasks/{task['gid']}")
    assert world.bot.refusal("GET", f"/tasks/{sub['gid']}")[0] == 404


def test_parent_can_be_changed(world: World, task: Json) -> None:
    """A task becomes a subtask and back; it cannot be its own."""
    other = world.task(name="Часть")
    world.bot.post(f"/tasks/{other['gid']}/setParent", parent=task["gid"])

    assert names(world.bot.get(f"/tasks/{task['gid']}/subtasks")) == ["Часть"]
    assert world.bot.refusal("POST", f"/tasks/{task['gid']}/setParent", {"parent": other["gid"]})[0] == 400
    world.bot.post(f"/tasks/{other['gid']}/setParent", parent=None)
    assert world.bot.get(f"/tasks/{task['gid']}/subtasks") == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"due_on": "05.09.2026"}, 400),
        ({"due_on": "20260905"}, 400),
        ({"due_on": "2026-09-05", "due_at": "2026-09-05T10:00:00Z"}, 400),
        ({"start_on": "2026-09-05"}, 400),
        ({"assignee": "nobody@a.test"}, 404),
        ({"name": 5}, 400),
        ({"name": "x" * 1025}, 400),
        ({"html_notes": "<body><script/></body>"}, 400),
        ({"html_notes": "<body>a & b</body>"}, 400),
        ({"html_notes": "a"}, 400),
        ({"notes": "a", "html_notes": "<body>a</body>"}, 400),
    ],
)
def test_wrong_fields_are_refused(world: World, fields: Json, status: int) -> None:
    """A wrong value is refused, and nothing is made."""
    assert world.bot.refusal("POST", "/tasks", {"name": "x", "projects": [PROJECT], **fields})[0] == status
    assert world.bot.get("/tasks", project=PROJECT) == []


def test_due_moment_has_a_day_in_utc(world: World) -> None:
    """``due_at`` sets the day in UTC; ``due_on`` removes the moment."""
    task = world.task(due_at="2026-09-05T22:30:00+03:00")
    assert (task["due_at"], task["due_on"]) == ("2026-09-05T19:30:00.000Z", "2026-09-05")

    changed = world.bot.put(f"/tasks/{task['gid']}", due_on="2026-09-07")
    assert (changed["due_at"], changed["due_on"]) == (None, "2026-09-07")


def test_rich_notes_are_read_as_text(world: World) -> None:
    """The notes follow from the rich text."""
    task = world.task(
        html_notes='<body><strong>Результат:</strong> a &amp; b <a href="https://a.test">с</a></body>'
    )

    assert task["notes"] == "Результат: a & b с"


def test_lists_can_be_narrowed(world: World) -> None:
    """``modified_since`` and ``completed_since`` leave out the older ones."""
    old, new = world.task(name="старая"), world.task(name="новая")
    world.bot.put(f"/tasks/{old['gid']}", completed=True)
    moment = world.bot.get(f"/tasks/{old['gid']}")["modified_at"]

    assert names(world.bot.get("/tasks", project=PROJECT, completed_since="now")) == ["новая"]
    assert names(world.bot.get("/tasks", project=PROJECT, modified_since=moment)) == ["старая"]
    assert new["completed"] is False


# Custom fields


def test_values_of_custom_fields(world: World) -> None:
    """A number comes as number or text and is rounded; a text is kept; both are shown on the task."""
    hours, key = world.field("number", precision=2), world.field("text")
    task = world.task(custom_fields={hours["gid"]: "5.256", key["gid"]: "vitrina:1"})

    world.bot.put(f"/tasks/{task['gid']}", custom_fields={hours["gid"]: 7})
    shown = world.bot.get(
        f"/tasks/{task['gid']}", opt_fields="custom_fields.number_value,custom_fields.text_value"
    )

    assert task["custom_fields"][0]["number_value"] == 5.26
    assert shown["custom_fields"] == [
        {"gid": hours["gid"], "number_value": 7, "text_value": None},
        {"gid": key["gid"], "number_value": None, "text_value": "vitrina:1"},
    ]


def test_value_of_a_foreign_field_is_refused(world: World) -> None:
    """A field that is not on the project has no value, and no task is left behind."""
    body = {"name": "x", "projects": [PROJECT], "custom_fields": {"5": "a"}}

    assert world.bot.refusal("POST", "/tasks", body)[0] == 400
    assert world.bot.get("/tasks", project=PROJECT) == []


def test_subtask_has_no_fields_of_the_project(world: World, task: Json) -> None:
    """Custom fields go one level deep."""
    field = world.field("text")
    sub = world.bot.post(f"/tasks/{task['gid']}/subtasks", name="x")

    refused = world.bot.refusal("PUT", f"/tasks/{sub['gid']}", {"custom_fields": {field["gid"]: "a"}})

    assert refused[0] == 400


def test_field_names_are_unique(world: World) -> None:
    """A name that is taken, or that a task has already, is refused; so is a field that is there twice."""
    field = world.field("text", name="Номер")

    for name in ("номер", "Due Date"):
        body = {"name": name, "resource_subtype": "text", "workspace": SPACE}
        assert world.bot.refusal("POST", "/custom_fields", body)[0] == 400
    path = f"/projects/{PROJECT}/addCustomFieldSetting"
    assert world.bot.refusal("POST", path, {"custom_field": field["gid"]})[0] == 400


def test_guests_do_not_see_public_fields(world: World) -> None:
    """A field is seen by guests until its privacy is changed, which only some plans allow by the API."""
    world.seed(features={"field_privacy": True})
    field = world.field("number")
    task = world.task(custom_fields={field["gid"]: "5"})
    world.bot.post("/memberships", parent=PROJECT, member=GUEST, access_level="commenter")
    assert len(world.guest.get(f"/tasks/{task['gid']}")["custom_fields"]) == 1

    world.bot.put(f"/custom_fields/{field['gid']}", privacy_setting="public")

    assert world.guest.get(f"/tasks/{task['gid']}")["custom_fields"] == []
    assert world.guest.get(f"/projects/{PROJECT}/custom_field_settings") == []


def test_privacy_may_be_left_as_it_is(world: World) -> None:
    """Where the API does not write the privacy, the call succeeds and nothing changes."""
    field = world.field("number")

    changed = world.bot.put(f"/custom_fields/{field['gid']}", privacy_setting="public")

    assert changed["privacy_setting"] == "public_with_guests"


def test_plan_without_custom_fields(world: World) -> None:
    """A free plan answers 402."""
    world.seed(features={"custom_fields": False})
    body = {"name": "x", "resource_subtype": "text", "workspace": SPACE}

    assert world.bot.refusal("POST", "/custom_fields", body)[0] == 402


# Time, comments, links


def test_time_is_of_the_one_who_logs_it(world: World, task: Json) -> None:
    """Minutes are logged for the owner of the token and summed on the task."""
    path = f"/tasks/{task['gid']}/time_tracking_entries"
    world.anna.post(path, duration_minutes=90, entered_on="2026-09-01")
    entry = world.bot.post(path, duration_minutes=15)

    rows = world.bot.get(path, opt_fields="duration_minutes,created_by")
    assert [(row["duration_minutes"], row["created_by"]["gid"]) for row in rows] == [(90, ANNA), (15, BOT)]
    assert world.bot.get(f"/tasks/{task['gid']}")["actual_time_minutes"] == 105
    assert (
        world.anna.refusal("PUT", f"/time_tracking_entries/{entry['gid']}", {"duration_minutes": 1})[0] == 403
    )
    assert world.bot.refusal("POST", path, {"duration_minutes": 0})[0] == 400


def test_plan_without_time(world: World) -> None:
    """Without time tracking the calls answer 402, and the sum is empty."""
    world.seed(features={"time_tracking": False})
    task = world.task()

    assert world.bot.refusal("GET", f"/tasks/{task['gid']}/time_tracking_entries")[0] == 402
    assert task["actual_time_minutes"] is None


def test_links_are_forms(world: World, task: Json) -> None:
    """A link is sent as a form; JSON is refused; the same link twice is there twice."""
    form = {"parent": task["gid"], "resource_subtype": "external", "url": "https://a.test/x", "name": "Книга"}
    parts = {name: (None, value) for name, value in form.items()}
    for _ in range(2):
        world.bot.http.post("/attachments", files=parts).raise_for_status()

    rows = world.bot.get("/attachments", parent=task["gid"], opt_fields="name,view_url")
    assert [(row["name"], row["view_url"]) for row in rows] == [("Книга", "https://a.test/x")] * 2
    assert world.bot.refusal("POST", "/attachments", form)[0] == 400
    world.bot.delete(f"/attachments/{rows[0]['gid']}")
    assert len(world.bot.get("/attachments", parent=task["gid"])) == 1


def test_comments(world: World, task: Json) -> None:
    """A comment is of the owner of the token."""
    world.anna.post(f"/tasks/{task['gid']}/stories", text="Вопрос")

    (story,) = world.bot.get(f"/tasks/{task['gid']}/stories")
    assert (story["text"], story["type"], story["created_by"]["gid"]) == ("Вопрос", "comment", ANNA)


# People


def test_foreign_address_becomes_a_guest(world: World) -> None:
    """The domain of the e-mail decides; an invited person counts as active; a repeat changes nothing."""
    for email in ("ivan@c.test", "ivan@c.test", "olga@a.test"):
        world.bot.post(f"/workspaces/{SPACE}/addUser", user=email)

    def is_guest(email: str) -> list[bool]:
        path = f"/workspaces/{SPACE}/workspace_memberships"
        rows = world.bot.get(path, user=email, opt_fields="is_guest,is_active")
        assert all(row["is_active"] for row in rows)
        return [row["is_guest"] for row in rows]

    assert (is_guest("ivan@c.test"), is_guest("olga@a.test")) == ([True], [False])


def test_guests_may_be_forbidden(world: World) -> None:
    """Where guests are not allowed, the invitation is refused."""
    world.seed(features={"guest_invites": False})

    assert world.bot.refusal("POST", f"/workspaces/{SPACE}/addUser", {"user": "ivan@c.test"})[0] == 403


def test_guest_sees_only_what_he_was_invited_to(world: World, task: Json) -> None:
    """A guest does not see an open project; a commenter may comment but not edit."""
    assert world.guest.get("/projects", workspace=SPACE) == []
    assert world.guest.refusal("GET", f"/tasks/{task['gid']}")[0] == 404

    world.bot.post("/memberships", parent=PROJECT, member=GUEST, access_level="commenter")

    assert world.guest.get(f"/tasks/{task['gid']}")["name"] == "Тексты"
    assert world.guest.refusal("PUT", f"/tasks/{task['gid']}", {"name": "x"})[0] == 403
    assert world.guest.post(f"/tasks/{task['gid']}/stories", text="Да")["text"] == "Да"
    assert world.guest.refusal("POST", "/projects", {"name": "x", "team": TEAM})[0] == 403
