"""Tasks: create, read, change, move, give a parent, put into several projects, delete."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from emulators.asana.errors import AsanaError, NotModelledError, bad, forbidden, missing
from emulators.asana.models.call import Call, Listing, Record
from emulators.asana.models.context import Context, reference
from emulators.asana.models.custom_fields import FEATURE, checked_values
from emulators.asana.models.fields import Field, check, moment_of
from emulators.asana.models.state import Row

#: Most projects of one task.
MOST_PROJECTS = 20
LONGEST_NOTES = 65_535
#: Tags that rich text of a task may have.
HTML_TAGS = frozenset(
    {
        "body", "strong", "em", "u", "s", "code", "pre", "ol", "ul", "li", "a", "blockquote", "h1", "h2",
        "hr", "img", "table", "tr", "td",
    }
)  # fmt: skip

_CHANGES = {
    "name": Field("string", longest=1024),
    "notes": Field("string", longest=LONGEST_NOTES),
    "html_notes": Field("string", longest=LONGEST_NOTES),
    "completed": Field("boolean"),
    "assignee": Field("string", nullable=True),
    "due_on": Field("day", nullable=True),
    "due_at": Field("moment", nullable=True),
    "start_on": Field("day", nullable=True),
    "custom_fields": Field("object"),
    "external": Field("object"),
    "resource_subtype": Field("string", one_of=("default_task", "milestone", "approval")),
}
_NEW = {
    **_CHANGES,
    "workspace": Field("gid"),
    "parent": Field("gid", nullable=True),
    "projects": Field("gids"),
    "memberships": Field("list"),
    "followers": Field("list"),
    "tags": Field("gids"),
}
_PLACE = {
    "insert_before": Field("gid", nullable=True),
    "insert_after": Field("gid", nullable=True),
}
_ADD_PROJECT = {
    "project": Field("gid", required=True),
    "section": Field("gid", nullable=True),
    **_PLACE,
}
_REMOVE_PROJECT = {"project": Field("gid", required=True)}
_ADD_TASK = {
    "task": Field("gid", required=True),
    "insert_before": Field("gid"),
    "insert_after": Field("gid"),
}
_SET_PARENT = {"parent": Field("gid", nullable=True), **_PLACE}
_BLANK: Row = {
    "name": "",
    "notes": "",
    "html_notes": "<body></body>",
    "resource_subtype": "default_task",
    "approval_status": None,
    "completed": False,
    "completed_at": None,
    "completed_by": None,
    "assignee": None,
    "due_on": None,
    "due_at": None,
    "start_on": None,
    "start_at": None,
}
#: Fields of which webhooks tell under another name.
_TOLD_AS = {"due_at": "due_at", "html_notes": "notes"}


class Tasks:
    """Calls under ``/tasks``, and of the tasks of projects and sections."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state

    # --- Reading ---------------------------------------------------------------------------------

    def list_tasks(self, call: Call, project_gid: str = "", section_gid: str = "") -> Listing:
        """``GET /tasks?project=|section=`` and the lists of a project or a section.

        In the order of the sections. Subtasks are in no list but that of their parent.
        """
        if "assignee" in call.query or "tag" in call.query or "workspace" in call.query:
            raise NotModelledError("tasks.list by assignee or tag")
        project_gid = project_gid or call.query.get("project", "")
        section_gid = section_gid or call.query.get("section", "")
        if not project_gid and not section_gid:
            raise bad(
                "You should specify one of project, tag, section, user_task_list or assignee + workspace"
            )
        if section_gid:
            sections = [self._context.section(call.actor, section_gid)]
        else:
            project = self._context.project(call.actor, project_gid)
            sections = [self._state.tables["sections"][gid] for gid in project["sections"]]
        rows = [self._state.tables["tasks"][gid] for section in sections for gid in section["tasks"]]
        return Listing("task", [row for row in rows if _is_wanted(row, call)])

    def list_section(self, call: Call, gid: str) -> Listing:
        """``GET /sections/{gid}/tasks``."""
        return self.list_tasks(call, section_gid=gid)

    def get_task(self, call: Call, gid: str) -> Record:
        """``GET /tasks/{gid}``."""
        return Record("task", self._context.task(call.actor, gid))

    def list_subtasks(self, call: Call, gid: str) -> Listing:
        """``GET /tasks/{gid}/subtasks``, from top to bottom."""
        task = self._context.task(call.actor, gid)
        return Listing("task", [self._state.tables["tasks"][one] for one in task["subtasks"]])

    # --- Making ----------------------------------------------------------------------------------

    def create_task(self, call: Call) -> Record:
        """``POST /tasks``. Two calls with the same data make two tasks."""
        return self._create(call, check(call.data, _NEW))

    def create_subtask(self, call: Call, gid: str) -> Record:
        """``POST /tasks/{gid}/subtasks``: at the end."""
        return self._create(call, {**check(call.data, _NEW), "parent": gid})

    def _create(self, call: Call, data: Row) -> Record:
        actor = call.actor
        parent = self._context.task(actor, data["parent"], "editor") if data.get("parent") else None
        places = self._places(actor, data)
        workspace = self._workspace_of(call, data, parent, places)
        fields = self._values(actor, data, None)
        values = fields.pop("custom_fields", {})
        now = self._state.now()
        task = self._state.add(
            "tasks",
            **_BLANK,
            created_by=actor["gid"],
            workspace=workspace,
            parent=None,
            memberships=[],
            subtasks=[],
            followers=[actor["gid"]],
            values={},
            modified_at=now,
        )
        task.update({name: value for name, value in fields.items() if name in _BLANK})
        for section in places:
            task["memberships"].append({"project": section["project"], "section": section["gid"]})
            section["tasks"].append(task["gid"])
        if parent is not None:
            task["parent"] = parent["gid"]
            parent["subtasks"].append(task["gid"])
        try:
            self._write_values(actor, task, values)
        except AsanaError:
            self._take_out(task)
            raise
        self._tell_of_new(actor, task, parent, places)
        return Record("task", task)

    def _places(self, actor: Row, data: Row) -> list[Row]:
        """Sections of a new task: those that *memberships* name, else the first of each project."""
        sections: list[Row] = []
        for one in data.get("memberships", []):
            if not isinstance(one, dict) or "project" not in one:
                raise bad("memberships: Each membership needs a project")
            project = self._context.project(actor, one["project"], "editor")
            section_gid = one.get("section") or project["sections"][0]
            if section_gid not in project["sections"]:
                raise missing("section", section_gid)
            sections.append(self._state.tables["sections"][section_gid])
        for gid in data.get("projects", []):
            project = self._context.project(actor, gid, "editor")
            if all(section["project"] != gid for section in sections):
                sections.append(self._state.tables["sections"][project["sections"][0]])
        if len(sections) > MOST_PROJECTS:
            raise bad(f"projects: A task can be in at most {MOST_PROJECTS} projects")
        return sections

    def _workspace_of(self, call: Call, data: Row, parent: Row | None, places: list[Row]) -> str:
        if places:
            return str(self._state.tables["projects"][places[0]["project"]]["workspace"])
        if parent is not None:
            return str(parent["workspace"])
        if not data.get("workspace"):
            raise bad("You should specify workspace, parent or projects")
        return str(self._context.workspace(call.actor, data["workspace"])["gid"])

    def _tell_of_new(self, actor: Row, task: Row, parent: Row | None, places: list[Row]) -> None:
        shown = reference("task", task)
        for section in places:
            project = self._state.tables["projects"][section["project"]]
            self._context.tell(actor, "added", shown, about=task, parent=reference("project", project))
            self._context.tell(actor, "added", shown, about=task, parent=reference("section", section))
        if parent is not None:
            self._context.tell(actor, "added", shown, about=task, parent=reference("task", parent))

    # --- Changing --------------------------------------------------------------------------------

    def update_task(self, call: Call, gid: str) -> Record:
        """``PUT /tasks/{gid}``: only the given fields change; each changed one is an event."""
        task = self._context.task(call.actor, gid, "editor")
        data = self._values(call.actor, check(call.data, _CHANGES), task)
        values = data.pop("custom_fields", {})
        for name, value in data.items():
            if task[name] != value:
                task[name] = value
                self._tell_of_change(call.actor, task, name, value)
        self._write_values(call.actor, task, values)
        return Record("task", task)

    def _values(self, actor: Row, data: Row, task: Row | None) -> Row:
        """Checked fields of a task, with those that follow from others."""
        data = {name: value for name, value in data.items() if name in _CHANGES}
        if "external" in data:
            raise forbidden("external: You must authenticate with OAuth to access or modify this data.")
        if data.get("due_on") and data.get("due_at"):
            raise bad("due_on: Cannot be given together with due_at")
        if "due_at" in data:
            day = moment_of("due_at", data["due_at"]).date().isoformat() if data["due_at"] else None
            data["due_on"] = day
        elif "due_on" in data:
            data["due_at"] = None
        if data.get("start_on") and not (data.get("due_on") or (task or {}).get("due_on")):
            raise bad("start_on: A due date is required with a start date")
        if data.get("assignee") is not None:
            data["assignee"] = self._context.user(actor, data["assignee"], "assignee")["gid"]
        data.update(_notes(data))
        if "completed" in data and (task is None or task["completed"] != data["completed"]):
            is_done = data["completed"]
            data["completed_at"] = self._state.now() if is_done else None
            data["completed_by"] = actor["gid"] if is_done else None
        return data

    def _write_values(self, actor: Row, task: Row, values: Any) -> None:
        if not values:
            return
        self._context.require(task["workspace"], "custom_fields", FEATURE)
        checked = checked_values(self._context, actor, values, self._context.fields_of(task))
        for gid, value in checked.items():
            if task["values"].get(gid) != value:
                task["values"][gid] = value
                self._state_changed(task)
                new_value = {"gid": gid, "resource_type": "custom_field"}
                change = {"field": "custom_fields", "action": "changed", "new_value": new_value}
                self._context.tell(actor, "changed", reference("task", task), about=task, change=change)

    def _tell_of_change(self, actor: Row, task: Row, name: str, value: Any) -> None:
        self._state_changed(task)
        if name in ("completed_at", "completed_by"):
            return
        change: Row = {"field": _TOLD_AS.get(name, name), "action": "changed"}
        if name == "assignee" and value:
            change["new_value"] = {"gid": value, "resource_type": "user"}
        self._context.tell(actor, "changed", reference("task", task), about=task, change=change)

    def _state_changed(self, task: Row) -> None:
        task["modified_at"] = self._state.now()

    def delete_task(self, call: Call, gid: str) -> Row:
        """``DELETE /tasks/{gid}``: its subtasks go with it; the trash is not modelled."""
        task = self._context.task(call.actor, gid, "editor")
        self._delete(call.actor, task)
        return {}

    def _delete(self, actor: Row, task: Row) -> None:
        for gid in list(task["subtasks"]):
            self._delete(actor, self._state.tables["tasks"][gid])
        self._context.tell(actor, "deleted", reference("task", task), about=task)
        self._take_out(task)

    def _take_out(self, task: Row) -> None:
        for one in task["memberships"]:
            self._state.tables["sections"][one["section"]]["tasks"].remove(task["gid"])
        if task["parent"]:
            self._state.tables["tasks"][task["parent"]]["subtasks"].remove(task["gid"])
        for table, key in (
            ("stories", "target"),
            ("time_tracking_entries", "task"),
            ("attachments", "parent"),
        ):
            for row in self._state.select(table, **{key: task["gid"]}):
                self._state.remove(table, row["gid"])
        self._state.remove("tasks", task["gid"])

    # --- Places ----------------------------------------------------------------------------------

    def add_project(self, call: Call, gid: str) -> Row:
        """``POST /tasks/{gid}/addProject``: also moves a task within a project that has it."""
        data = check(call.data, _ADD_PROJECT)
        task = self._context.task(call.actor, gid, "editor")
        project = self._context.project(call.actor, data["project"], "editor")
        present = next((one for one in task["memberships"] if one["project"] == project["gid"]), None)
        if present is None and len(task["memberships"]) >= MOST_PROJECTS:
            raise bad(f"project: A task can be in at most {MOST_PROJECTS} projects")
        section_gid = data.get("section") or (present["section"] if present else project["sections"][0])
        if section_gid not in project["sections"]:
            raise missing("section", section_gid)
        place = self._place(self._state.tables["sections"][section_gid], task, data, at_top=False)
        self._move(call.actor, task, project, section_gid, place)
        return {}

    def remove_project(self, call: Call, gid: str) -> Row:
        """``POST /tasks/{gid}/removeProject``."""
        task = self._context.task(call.actor, gid, "editor")
        project = self._context.project(call.actor, check(call.data, _REMOVE_PROJECT)["project"], "editor")
        present = next((one for one in task["memberships"] if one["project"] == project["gid"]), None)
        if present is None:
            raise bad("project: The task is not in the project")
        shown = reference("task", task)
        self._context.tell(call.actor, "removed", shown, about=task, parent=reference("project", project))
        self._state.tables["sections"][present["section"]]["tasks"].remove(gid)
        task["memberships"].remove(present)
        self._state_changed(task)
        return {}

    def add_to_section(self, call: Call, gid: str) -> Row:
        """``POST /sections/{gid}/addTask``: to the top, unless it says where."""
        section = self._context.section(call.actor, gid, "editor")
        data = check(call.data, _ADD_TASK)
        task = self._context.task(call.actor, data["task"], "editor")
        project = self._state.tables["projects"][section["project"]]
        place = self._place(section, task, data, at_top=True)
        self._move(call.actor, task, project, gid, place)
        return {}

    def _move(self, actor: Row, task: Row, project: Row, section_gid: str, place: int) -> None:
        shown = reference("task", task)
        target = self._state.tables["sections"][section_gid]
        present = next((one for one in task["memberships"] if one["project"] == project["gid"]), None)
        before = self._state.tables["sections"][present["section"]] if present else None
        if before is not None:
            before["tasks"].remove(task["gid"])
        target["tasks"].insert(place, task["gid"])
        if present is None:
            task["memberships"].append({"project": project["gid"], "section": section_gid})
            self._context.tell(actor, "added", shown, about=task, parent=reference("project", project))
        else:
            present["section"] = section_gid
        if before is not target:
            if before is not None:
                self._context.tell(actor, "removed", shown, about=task, parent=reference("section", before))
            self._context.tell(actor, "added", shown, about=task, parent=reference("section", target))
        self._state_changed(task)

    @staticmethod
    def _place(section: Row, task: Row, data: Row, *, at_top: bool) -> int:
        """Index in the section for a task that is taken out of it first."""
        if data.get("insert_before") and data.get("insert_after"):
            raise bad("insert_before: Cannot be given together with insert_after")
        others = [gid for gid in section["tasks"] if gid != task["gid"]]
        for name, offset in (("insert_before", 0), ("insert_after", 1)):
            anchor = data.get(name)
            if anchor is not None:
                if anchor not in others:
                    raise missing("task", anchor)
                return others.index(anchor) + offset
        if "insert_after" in data:
            return 0
        return 0 if at_top and "insert_before" not in data else len(others)

    def set_parent(self, call: Call, gid: str) -> Record:
        """``POST /tasks/{gid}/setParent``; ``null`` makes it a task of its own."""
        task = self._context.task(call.actor, gid, "editor")
        data = check(call.data, _SET_PARENT)
        if "parent" not in data:
            raise bad("parent: Missing input")
        parent = self._context.task(call.actor, data["parent"], "editor") if data["parent"] else None
        if parent is not None and task in list(self._context.line_of(parent)):
            raise bad("parent: A task cannot be its own subtask")
        if task["parent"]:
            self._state.tables["tasks"][task["parent"]]["subtasks"].remove(gid)
        task["parent"] = parent["gid"] if parent else None
        if parent is not None:
            siblings = [one for one in parent["subtasks"] if one != gid]
            place = self._place({"tasks": siblings}, task, data, at_top=False)
            parent["subtasks"].insert(place, gid)
        self._tell_of_change(call.actor, task, "parent", task["parent"])
        return Record("task", task)

    def list_projects(self, call: Call, gid: str) -> Listing:
        """``GET /tasks/{gid}/projects``."""
        task = self._context.task(call.actor, gid)
        projects = [self._state.tables["projects"][one["project"]] for one in task["memberships"]]
        return Listing("project", [row for row in projects if self._context.level(call.actor, row)])


def _is_wanted(task: Row, call: Call) -> bool:
    if "completed_since" in call.query and task["completed"]:
        since = call.query["completed_since"]
        done_at = moment_of("completed_since", task["completed_at"])
        if since == "now" or done_at < moment_of("completed_since", since):
            return False
    modified_since = call.query.get("modified_since")
    if modified_since is None:
        return True
    return moment_of("modified_since", task["modified_at"]) >= moment_of("modified_since", modified_since)


def _notes(data: Row) -> Row:
    """Both forms of the notes from the one that is given."""
    if "notes" in data and "html_notes" in data:
        raise bad("notes: Cannot be given together with html_notes")
    if "html_notes" in data:
        root = _rich_text(data["html_notes"])
        return {"notes": _text_of(root), "html_notes": data["html_notes"]}
    if "notes" in data:
        escaped = data["notes"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return {"html_notes": f"<body>{escaped}</body>"}
    return {}


def _rich_text(text: str) -> ET.Element:
    """Rich text of Asana: valid XML in ``<body>``, with known tags."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - from a test or the page of this machine
    except ET.ParseError as error:
        raise bad(f"html_notes: XML is invalid: {error}") from None
    if root.tag != "body":
        raise bad("html_notes: The root element has to be <body>")
    for element in root.iter():
        if element.tag not in HTML_TAGS:
            raise bad(f"html_notes: Unsupported tag <{element.tag}>")
        if element.tag != "a" and element.attrib and element.tag != "img":
            raise bad(f"html_notes: <{element.tag}> cannot have attributes")
    return root


def _text_of(element: ET.Element) -> str:
    lines = "".join(element.itertext())
    return lines.strip()
