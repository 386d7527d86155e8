"""Common base of all parts of the account: rows, rights, and events for webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from emulators.asana.errors import bad, forbidden, missing, plan
from emulators.asana.models.state import Row, State

LEVELS = ("viewer", "commenter", "editor", "admin")

#: Takes ``(gids of resources, event)``: the event goes to webhooks on any of these resources.
Publish = Callable[[frozenset[str], Row], None]


class Context:
    """Lookup of objects with the rights of a caller, and events; the parts of the account use it."""

    def __init__(self, state: State, publish: Publish) -> None:
        self.state = state
        self._publish = publish

    # --- People ----------------------------------------------------------------------------------

    def membership(self, user_gid: str, workspace_gid: str) -> Row | None:
        """Membership of a user in a workspace, if active."""
        return self.state.find(
            "workspace_memberships", user=user_gid, workspace=workspace_gid, is_active=True
        )

    def is_guest(self, user_gid: str, workspace_gid: str) -> bool:
        """Whether a user is a guest of a workspace."""
        row = self.membership(user_gid, workspace_gid)
        return row is None or bool(row["is_guest"])

    def user(self, actor: Row, reference: object, name: str = "user") -> Row:
        """The user of ``me``, an e-mail or a gid, who shares a workspace with *actor*."""
        if reference == "me":
            return actor
        user = self.state.tables["users"].get(str(reference)) or self.state.find("users", email=reference)
        if user is None or not (self._workspaces(actor["gid"]) & self._workspaces(user["gid"])):
            raise missing(name, reference)
        return user

    def _workspaces(self, user_gid: str) -> set[str]:
        rows = self.state.select("workspace_memberships", user=user_gid, is_active=True)
        return {row["workspace"] for row in rows}

    def workspace(self, actor: Row, gid: object) -> Row:
        """A workspace of *actor*."""
        row = self.state.tables["workspaces"].get(str(gid))
        if row is None or self.membership(actor["gid"], row["gid"]) is None:
            raise missing("workspace", gid)
        return row

    def workspaces_of(self, actor: Row) -> list[Row]:
        """All workspaces of *actor*."""
        mine = self._workspaces(actor["gid"])
        return [row for row in self.state.select("workspaces") if row["gid"] in mine]

    def require(self, workspace_gid: str, feature: str, title: str) -> None:
        """Refuse with 402 unless the plan of the workspace has *feature*."""
        if not self.has(workspace_gid, feature):
            raise plan(title)

    def has(self, workspace_gid: str, feature: str) -> bool:
        """Whether the plan of the workspace has *feature*."""
        return bool(self.state.tables["workspaces"][workspace_gid]["features"][feature])

    # --- Rights ----------------------------------------------------------------------------------

    def level(self, actor: Row, project: Row) -> str | None:
        """What *actor* may do in a project: one of ``LEVELS``, or ``None`` if it is hidden from him."""
        own = self.state.find("project_memberships", parent=project["gid"], member=actor["gid"])
        if own is not None:
            return str(own["access_level"])
        member = self.membership(actor["gid"], project["workspace"])
        is_open = project["privacy_setting"] == "public_to_workspace"
        return "editor" if member is not None and not member["is_guest"] and is_open else None

    def project(self, actor: Row, gid: object, needs: str = "viewer") -> Row:
        """A project in which *actor* has at least the level *needs*."""
        row = self.state.tables["projects"].get(str(gid))
        level = None if row is None else self.level(actor, row)
        return _reached("project", gid, row, level, needs)

    def section(self, actor: Row, gid: object, needs: str = "viewer") -> Row:
        """A section of such a project."""
        row = self.state.tables["sections"].get(str(gid))
        if row is None:
            raise missing("section", gid)
        self.project(actor, row["project"], needs)
        return row

    def task(self, actor: Row, gid: object, needs: str = "viewer") -> Row:
        """A task that *actor* reaches through a project, its parent task, or because it is his."""
        row = self.state.tables["tasks"].get(str(gid))
        level = None if row is None else self.level_of_task(actor, row)
        return _reached("task", gid, row, level, needs)

    def level_of_task(self, actor: Row, task: Row) -> str | None:
        """The highest level by which *actor* reaches a task."""
        projects = [self.state.tables["projects"][one["project"]] for one in task["memberships"]]
        levels = [self.level(actor, project) for project in projects]
        if task["parent"]:
            levels.append(self.level_of_task(actor, self.state.tables["tasks"][task["parent"]]))
        if actor["gid"] in (task["assignee"], task["created_by"]):
            levels.append("editor")
        found = [level for level in levels if level]
        return max(found, key=LEVELS.index, default=None)

    def sees_field(self, actor: Row, field: Row) -> bool:
        """Whether *actor* sees a custom field: guests see only ``public_with_guests``."""
        is_for_guests = field["privacy_setting"] == "public_with_guests"
        return is_for_guests or not self.is_guest(actor["gid"], field["workspace"])

    # --- Trees -----------------------------------------------------------------------------------

    def line_of(self, task: Row) -> Iterator[Row]:
        """A task and its parents, up to the top."""
        while True:
            yield task
            if not task["parent"]:
                return
            task = self.state.tables["tasks"][task["parent"]]

    def fields_of(self, task: Row) -> list[Row]:
        """Custom fields that a task has: those of its projects. A subtask alone in no project has none."""
        gids: dict[str, None] = {}
        for one in task["memberships"]:
            settings = self.state.select("custom_field_settings", project=one["project"])
            gids.update(dict.fromkeys(setting["custom_field"] for setting in settings))
        return [self.state.tables["custom_fields"][gid] for gid in gids]

    # --- Events ----------------------------------------------------------------------------------

    def tell(
        self,
        actor: Row,
        action: str,
        resource: Row,
        *,
        about: Row | None = None,
        parent: Row | None = None,
        change: Mapping[str, Any] | None = None,
        also: frozenset[str] = frozenset(),
    ) -> None:
        """Send an event to the webhooks of the projects around a task, or of one project.

        Parameters
        ----------
        resource, parent
            ``{"gid", "resource_type"}`` of what changed, and of what it was put into or taken from.
        about
            The task whose projects see the event; without one, only *also* do.
        """
        reached = set(also)
        if about is not None:
            for task in self.line_of(about):
                reached.add(task["gid"])
                reached.update(one["project"] for one in task["memberships"])
        event: Row = {
            "user": {"gid": actor["gid"], "resource_type": "user"},
            "created_at": self.state.now(),
            "action": action,
            "resource": resource,
            "parent": parent,
        }
        if change is not None:
            event["change"] = dict(change)
        self._publish(frozenset(reached), event)


def reference(kind: str, row: Row) -> Row:
    """``{"gid", "resource_type"}`` of a row, with the subtype of a task or story."""
    shown = {"gid": row["gid"], "resource_type": kind}
    if "resource_subtype" in row:
        shown["resource_subtype"] = row["resource_subtype"]
    return shown


def _reached(kind: str, gid: object, row: Row | None, level: str | None, needs: str) -> Row:
    """The row if *level* is at least *needs*, else Asana's 404 or 403."""
    if row is None or level is None:
        raise missing(kind, gid)
    if LEVELS.index(level) < LEVELS.index(needs):
        raise forbidden(f"You do not have access to edit this {kind}.")
    return row


def require_one(data: Row, *names: str) -> None:
    """Raise 400 if the body has none of these fields."""
    if not any(data.get(name) for name in names):
        raise bad(f"{names[0]}: Missing input")
