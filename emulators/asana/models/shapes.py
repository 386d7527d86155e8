"""How rows are shown: the short form, the full form, or the fields that the call names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulators.asana.models.context import Context
from emulators.asana.models.state import Row

Tree = dict[str, "Tree"]


@dataclass(frozen=True)
class Ref:
    """Another object inside a shown one; ``kind`` says how it is shown."""

    kind: str
    row: Row


Maker = Callable[["Shapes", Row], Any]

#: Rows without a gid of their own; they are shown in full wherever they are asked for.
EMBEDDED = ("membership", "field_value")


def _plain(*names: str) -> dict[str, Maker]:
    return {name: (lambda _, row, name=name: row.get(name)) for name in names}


def _ref(kind: str, table: str, name: str) -> dict[str, Maker]:
    def make(shapes: Shapes, row: Row) -> Ref | None:
        gid = row.get(name)
        return Ref(kind, shapes.context.state.tables[table][gid]) if gid else None

    return {name: make}


def _url(kind: str) -> dict[str, Maker]:
    def make(_: Shapes, row: Row) -> str:
        place = f"project/{row['gid']}" if kind == "project" else f"task/{row['gid']}"
        return f"https://app.asana.com/1/{row['workspace']}/{place}"

    return {"permalink_url": make}


def _memberships(shapes: Shapes, task: Row) -> list[Ref]:
    return [
        Ref("membership", one)
        for one in task["memberships"]
        if shapes.context.level(shapes.actor, shapes.context.state.tables["projects"][one["project"]])
    ]


def _projects(shapes: Shapes, task: Row) -> list[Ref]:
    projects = shapes.context.state.tables["projects"]
    return [Ref("project", projects[ref.row["project"]]) for ref in _memberships(shapes, task)]


def _values(shapes: Shapes, task: Row) -> list[Ref]:
    fields = shapes.context.fields_of(task)
    return [
        Ref("field_value", {**field, "value": task["values"].get(field["gid"])})
        for field in fields
        if shapes.context.sees_field(shapes.actor, field)
    ]


def _minutes(shapes: Shapes, task: Row) -> int | None:
    if not shapes.context.has(task["workspace"], "time_tracking"):
        return None
    entries = shapes.context.state.select("time_tracking_entries", task=task["gid"])
    return sum(entry["duration_minutes"] for entry in entries) or None


def _users(name: str) -> dict[str, Maker]:
    def make(shapes: Shapes, row: Row) -> list[Ref]:
        return [Ref("user", shapes.context.state.tables["users"][gid]) for gid in row[name]]

    return {name: make}


def _members(shapes: Shapes, project: Row) -> list[Ref]:
    rows = shapes.context.state.select("project_memberships", parent=project["gid"])
    return [Ref("user", shapes.context.state.tables["users"][row["member"]]) for row in rows]


def _settings(shapes: Shapes, project: Row) -> list[Ref]:
    return [
        Ref("custom_field_setting", row)
        for row in shapes.context.state.select("custom_field_settings", project=project["gid"])
        if shapes.context.sees_field(
            shapes.actor, shapes.context.state.tables["custom_fields"][row["custom_field"]]
        )
    ]


def _display(_: Shapes, row: Row) -> str | None:
    value = row.get("value")
    if value is None:
        return None
    return value if isinstance(value, str) else f"{value:.{row.get('precision') or 0}f}"


def _parent(shapes: Shapes, row: Row) -> Ref | None:
    kind = "project" if row["parent"] in shapes.context.state.tables["projects"] else "task"
    return Ref(kind, shapes.context.state.tables[f"{kind}s"][row["parent"]])


def _webhook_resource(shapes: Shapes, row: Row) -> Ref:
    tables = shapes.context.state.tables
    kind = "project" if row["resource"] in tables["projects"] else "task"
    return Ref(kind, tables[f"{kind}s"].get(row["resource"], {"gid": row["resource"], "name": ""}))


_FIELD: dict[str, Maker] = {
    **_plain(
        "name", "resource_subtype", "precision", "format", "description", "privacy_setting",
        "is_global_to_workspace",
    ),
    "type": lambda _, row: row["resource_subtype"],
    "representation_type": lambda _, row: row["resource_subtype"],
}  # fmt: skip

#: Maker of each field, by kind.
FIELDS: Mapping[str, Mapping[str, Maker]] = {
    "user": _plain("name", "email"),
    "workspace": _plain("name", "is_organization", "email_domains"),
    "team": {**_plain("name"), **_ref("workspace", "workspaces", "organization")},
    "workspace_membership": {
        **_plain("is_active", "is_admin", "is_guest", "is_view_only", "created_at"),
        **_ref("user", "users", "user"),
        **_ref("workspace", "workspaces", "workspace"),
    },
    "project": {
        **_plain(
            "name", "notes", "archived", "color", "created_at", "modified_at", "privacy_setting",
            "default_view", "due_on", "start_on", "default_access_level",
        ),
        **_url("project"),
        **_ref("workspace", "workspaces", "workspace"),
        **_ref("team", "teams", "team"),
        **_ref("user", "users", "owner"),
        "members": _members,
        "custom_field_settings": _settings,
    },
    "project_membership": {
        **_plain("access_level"),
        **_ref("project", "projects", "parent"),
        **_ref("user", "users", "member"),
    },
    "section": {**_plain("name", "created_at"), **_ref("project", "projects", "project")},
    "custom_field": _FIELD,
    "custom_field_setting": {
        **_plain("is_important"),
        **_ref("project", "projects", "project"),
        **_ref("custom_field", "custom_fields", "custom_field"),
    },
    "field_value": {
        **_FIELD,
        "gid": lambda _, row: row["gid"],
        "resource_type": lambda *_: "custom_field",
        "enabled": lambda *_: True,
        "number_value": lambda _, row: row["value"] if row["resource_subtype"] == "number" else None,
        "text_value": lambda _, row: row["value"] if row["resource_subtype"] == "text" else None,
        "display_value": _display,
    },
    "membership": {
        **_ref("project", "projects", "project"),
        **_ref("section", "sections", "section"),
    },
    "task": {
        **_plain(
            "name", "resource_subtype", "notes", "html_notes", "completed", "completed_at", "due_on",
            "due_at", "start_on", "start_at", "created_at", "modified_at", "approval_status",
        ),
        **_url("task"),
        **_ref("user", "users", "assignee"),
        **_ref("user", "users", "created_by"),
        **_ref("user", "users", "completed_by"),
        **_ref("task", "tasks", "parent"),
        **_ref("workspace", "workspaces", "workspace"),
        **_users("followers"),
        "memberships": _memberships,
        "projects": _projects,
        "custom_fields": _values,
        "actual_time_minutes": _minutes,
        "num_subtasks": lambda _, row: len(row["subtasks"]),
        "tags": lambda *_: [],
        "liked": lambda *_: False,
        "num_likes": lambda *_: 0,
    },
    "story": {
        **_plain("text", "type", "resource_subtype", "created_at"),
        **_ref("user", "users", "created_by"),
        **_ref("task", "tasks", "target"),
    },
    "time_tracking_entry": {
        **_plain("duration_minutes", "entered_on", "created_at", "description"),
        **_ref("user", "users", "created_by"),
        **_ref("task", "tasks", "task"),
    },
    "attachment": {
        **_plain("name", "resource_subtype", "created_at", "size"),
        **_plain("view_url", "download_url", "permanent_url"),
        "host": lambda _, row: row["resource_subtype"],
        "parent": _parent,
    },
    "webhook": {
        **_plain(
            "active", "target", "created_at", "filters", "last_success_at", "last_failure_at",
            "last_failure_content", "delivery_retry_count", "next_attempt_after",
            "failure_deletion_timestamp",
        ),
        "resource": _webhook_resource,
    },
}  # fmt: skip

#: Fields of the short form beside gid and type; any other field must be asked for in a list.
SHORT: Mapping[str, tuple[str, ...]] = {
    "workspace_membership": ("user", "workspace"),
    "project_membership": ("parent", "member", "access_level"),
    "custom_field_setting": ("project", "custom_field", "is_important"),
    "custom_field": ("name", "resource_subtype", "type"),
    "task": ("name", "resource_subtype"),
    "story": ("text", "type", "resource_subtype", "created_at", "created_by"),
    "time_tracking_entry": ("duration_minutes", "entered_on", "created_by"),
    "attachment": ("name", "resource_subtype"),
    "webhook": ("active", "resource", "target"),
}
#: Fields that even the full form has only if they are asked for.
OPT_IN: Mapping[str, frozenset[str]] = {
    "task": frozenset({"html_notes", "num_subtasks", "created_by", "completed_by"}),
    "custom_field": frozenset({"description"}),
    "attachment": frozenset({"size"}),
    "webhook": frozenset(
        {"delivery_retry_count", "next_attempt_after", "failure_deletion_timestamp", "filters"}
    ),
}


def tree_of(opt_fields: str | Iterable[str]) -> Tree:
    """``a.b,a.c,d`` as nested keys."""
    names = opt_fields.split(",") if isinstance(opt_fields, str) else opt_fields
    tree: Tree = {}
    for name in names:
        place = tree
        for part in name.strip().split("."):
            place = place.setdefault(part, {})
    return tree


class Shapes:
    """Shows rows to one caller, and counts the objects that were shown."""

    def __init__(self, context: Context, actor: Row) -> None:
        self.context = context
        self.actor = actor
        #: Objects shown so far, on which the cost limit is based.
        self.cost = 0

    def show(self, kind: str, row: Row, opt_fields: str | None, *, is_full: bool) -> Row:
        """A row in the form that the call asks for. Unknown names are left out, as in Asana."""
        if opt_fields:
            return self._chosen(kind, row, tree_of(opt_fields))
        return self._whole(kind, row) if is_full else self._short(kind, row)

    def _chosen(self, kind: str, row: Row, tree: Tree) -> Row:
        self.cost += 1
        shown: Row = {} if kind in EMBEDDED else {"gid": row["gid"]}
        for name, below in tree.items():
            if name == "resource_type" and kind not in EMBEDDED:
                shown[name] = kind
            elif name in FIELDS[kind]:
                shown[name] = self._value(FIELDS[kind][name](self, row), below)
        if kind == "field_value":
            shown = {"gid": row["gid"], **shown}
        return shown

    def _value(self, value: Any, below: Tree) -> Any:
        if isinstance(value, list):
            return [self._value(one, below) for one in value]
        if not isinstance(value, Ref):
            return value
        if below:
            return self._chosen(value.kind, value.row, below)
        if value.kind in EMBEDDED:
            return self._short(value.kind, value.row)
        self.cost += 1
        return {"gid": value.row["gid"], "resource_type": value.kind}

    def _short(self, kind: str, row: Row) -> Row:
        self.cost += 1
        names = FIELDS[kind] if kind in EMBEDDED else SHORT.get(kind, ("name",))
        shown: Row = {} if kind in EMBEDDED else {"gid": row["gid"], "resource_type": kind}
        return {**shown, **{name: self._nested(FIELDS[kind][name](self, row)) for name in names}}

    def _whole(self, kind: str, row: Row) -> Row:
        self.cost += 1
        hidden = OPT_IN.get(kind, frozenset())
        shown = {
            name: self._nested(make(self, row)) for name, make in FIELDS[kind].items() if name not in hidden
        }
        return {"gid": row["gid"], "resource_type": kind, **shown}

    def _nested(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._nested(one) for one in value]
        if not isinstance(value, Ref):
            return value
        return self._short(value.kind, value.row)
