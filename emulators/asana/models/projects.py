"""Projects with their members, and sections."""

from __future__ import annotations

from emulators.asana.errors import bad, forbidden, missing
from emulators.asana.models.call import Call, Listing, Record
from emulators.asana.models.context import LEVELS, Context, reference
from emulators.asana.models.fields import Field, check
from emulators.asana.models.state import Row

#: Name of the section that every new project has.
FIRST_SECTION = "Untitled section"
PRIVACY = ("public_to_workspace", "private_to_team", "private")

_CHANGES = {
    "name": Field("string", longest=1024),
    "notes": Field("string"),
    "archived": Field("boolean"),
    "color": Field("string", nullable=True),
    "default_view": Field("string", one_of=("list", "board", "calendar", "timeline")),
    "privacy_setting": Field("string", one_of=PRIVACY),
    "default_access_level": Field("string", one_of=LEVELS),
    "due_on": Field("day", nullable=True),
    "start_on": Field("day", nullable=True),
    "owner": Field("string", nullable=True),
}
_NEW = {
    **_CHANGES,
    "name": Field("string", required=True, longest=1024),
    "workspace": Field("gid"),
    "team": Field("gid"),
}
_SECTION = {"name": Field("string", required=True, longest=1024)}
_NEW_SECTION = {**_SECTION, "insert_before": Field("gid"), "insert_after": Field("gid")}
_INSERT = {
    "section": Field("gid", required=True),
    "before_section": Field("gid"),
    "after_section": Field("gid"),
}
_MEMBERS = {"members": Field("string", required=True)}
_MEMBERSHIP = {
    "parent": Field("gid", required=True),
    "member": Field("gid", required=True),
    "access_level": Field("string", one_of=("commenter", "editor", "admin")),
}


class Projects:
    """Calls under ``/projects``, ``/sections`` and ``/memberships``, without tasks and custom fields."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state

    def list_projects(self, call: Call, workspace_gid: str = "") -> Listing:
        """``GET /projects?workspace=&archived=`` and ``GET /workspaces/{gid}/projects``, oldest first."""
        gid = workspace_gid or call.query.get("workspace", "")
        if "team" in call.query and not gid:
            gid = self._state.get("teams", call.query["team"])["organization"]
        spaces = {self._context.workspace(call.actor, gid)["gid"]} if gid else self._all_spaces(call.actor)
        wanted = {"true": True, "false": False}.get(call.query.get("archived", ""))
        rows = [
            row
            for row in self._state.select("projects")
            if row["workspace"] in spaces
            and wanted in (None, row["archived"])
            and call.query.get("team") in (None, row["team"])
            and self._context.level(call.actor, row)
        ]
        return Listing("project", rows)

    def _all_spaces(self, actor: Row) -> set[str]:
        return {space["gid"] for space in self._context.workspaces_of(actor)}

    def create_project(self, call: Call) -> Record:
        """``POST /projects``: in an organization a team is needed; the caller becomes its admin."""
        data = check(call.data, _NEW)
        team = self._state.get("teams", data["team"]) if data.get("team") else None
        if team is None and "workspace" not in data:
            raise bad("workspace: Missing input")
        space = self._context.workspace(
            call.actor, data.pop("workspace", None) or (team or {})["organization"]
        )
        if self._context.is_guest(call.actor["gid"], space["gid"]):
            raise forbidden("Guests cannot create projects.")
        if space["is_organization"] and team is None:
            raise bad("team: Missing input")
        now = self._state.now()
        blank = {
            "notes": "",
            "archived": False,
            "color": None,
            "default_view": "list",
            "privacy_setting": "public_to_workspace",
            "default_access_level": "editor",
            "due_on": None,
            "start_on": None,
            "owner": call.actor["gid"],
        }
        fields = {**blank, **data, "workspace": space["gid"], "team": team["gid"] if team else None}
        project = self._state.add("projects", **fields, modified_at=now, sections=[])
        self._add_section(project, FIRST_SECTION)
        self._join(project["gid"], call.actor["gid"], "admin")
        return Record("project", project)

    def get_project(self, call: Call, gid: str) -> Record:
        """``GET /projects/{gid}``."""
        return Record("project", self._context.project(call.actor, gid))

    def update_project(self, call: Call, gid: str) -> Record:
        """``PUT /projects/{gid}``."""
        project = self._context.project(call.actor, gid, "editor")
        data = check(call.data, _CHANGES)
        for name in [name for name, value in data.items() if project[name] != value]:
            project[name] = data[name]
            self._tell(call.actor, "changed", project, change={"field": name, "action": "changed"})
        project["modified_at"] = self._state.now()
        return Record("project", project)

    def delete_project(self, call: Call, gid: str) -> Row:
        """``DELETE /projects/{gid}``: tasks that are in no other project go with it."""
        project = self._context.project(call.actor, gid, "admin")
        self._tell(call.actor, "deleted", project)
        for section in [self._state.tables["sections"][one] for one in project["sections"]]:
            for task_gid in section["tasks"]:
                task = self._state.tables["tasks"][task_gid]
                task["memberships"] = [one for one in task["memberships"] if one["project"] != gid]
            self._state.remove("sections", section["gid"])
        for table, key in (("project_memberships", "parent"), ("custom_field_settings", "project")):
            for row in self._state.select(table, **{key: gid}):
                self._state.remove(table, row["gid"])
        self._state.remove("projects", gid)
        return {}

    # --- Members ---------------------------------------------------------------------------------

    def add_members(self, call: Call, gid: str) -> Record:
        """``POST /projects/{gid}/addMembers``: a comma-separated list of people."""
        project = self._context.project(call.actor, gid, "editor")
        for reference_ in check(call.data, _MEMBERS)["members"].split(","):
            user = self._member(call.actor, project, reference_.strip())
            self._join(gid, user["gid"], project["default_access_level"])
        return Record("project", project)

    def remove_members(self, call: Call, gid: str) -> Record:
        """``POST /projects/{gid}/removeMembers``."""
        project = self._context.project(call.actor, gid, "editor")
        for reference_ in check(call.data, _MEMBERS)["members"].split(","):
            user = self._member(call.actor, project, reference_.strip())
            for row in self._state.select("project_memberships", parent=gid, member=user["gid"]):
                self._state.remove("project_memberships", row["gid"])
        return Record("project", project)

    def create_membership(self, call: Call) -> Record:
        """``POST /memberships`` of a project."""
        data = check(call.data, _MEMBERSHIP)
        project = self._context.project(call.actor, data["parent"], "editor")
        user = self._member(call.actor, project, data["member"])
        level = data.get("access_level", project["default_access_level"])
        return Record("project_membership", self._join(project["gid"], user["gid"], level))

    def list_memberships(self, call: Call, gid: str = "") -> Listing:
        """``GET /memberships?parent=`` and ``GET /projects/{gid}/project_memberships``."""
        project = self._context.project(call.actor, gid or call.query.get("parent", ""))
        rows = self._state.select("project_memberships", parent=project["gid"])
        return Listing("project_membership", list(rows))

    def remove_membership(self, call: Call, gid: str) -> Row:
        """``DELETE /memberships/{gid}``."""
        row = self._state.get("project_memberships", gid)
        self._context.project(call.actor, row["parent"], "editor")
        self._state.remove("project_memberships", gid)
        return {}

    def _member(self, actor: Row, project: Row, reference_: str) -> Row:
        user = self._context.user(actor, reference_, "member")
        if self._context.membership(user["gid"], project["workspace"]) is None:
            raise missing("member", reference_)
        return user

    def _join(self, project_gid: str, user_gid: str, level: str) -> Row:
        row = self._state.find("project_memberships", parent=project_gid, member=user_gid)
        if row is None:
            row = self._state.add(
                "project_memberships", parent=project_gid, member=user_gid, access_level=level
            )
        row["access_level"] = level
        return row

    # --- Sections --------------------------------------------------------------------------------

    def list_sections(self, call: Call, gid: str) -> Listing:
        """``GET /projects/{gid}/sections``, from left to right."""
        project = self._context.project(call.actor, gid)
        return Listing("section", [self._state.tables["sections"][one] for one in project["sections"]])

    def create_section(self, call: Call, gid: str) -> Record:
        """``POST /projects/{gid}/sections``: at the end unless it says where."""
        project = self._context.project(call.actor, gid, "editor")
        data = check(call.data, _NEW_SECTION)
        before, after = data.get("insert_before"), data.get("insert_after")
        section = self._add_section(project, data["name"], before=before, after=after)
        parent = reference("project", project)
        self._context.tell(
            call.actor, "added", reference("section", section), parent=parent, also=frozenset({gid})
        )
        return Record("section", section)

    def get_section(self, call: Call, gid: str) -> Record:
        """``GET /sections/{gid}``."""
        return Record("section", self._context.section(call.actor, gid))

    def update_section(self, call: Call, gid: str) -> Record:
        """``PUT /sections/{gid}``: renames it."""
        section = self._context.section(call.actor, gid, "editor")
        section["name"] = check(call.data, _SECTION)["name"]
        change = {"field": "name", "action": "changed"}
        also = frozenset({section["project"]})
        self._context.tell(call.actor, "changed", reference("section", section), change=change, also=also)
        return Record("section", section)

    def delete_section(self, call: Call, gid: str) -> Row:
        """``DELETE /sections/{gid}``: only an empty one, and never the last."""
        section = self._context.section(call.actor, gid, "editor")
        project = self._state.tables["projects"][section["project"]]
        if section["tasks"]:
            raise bad("section: Cannot delete a section that contains tasks")
        if len(project["sections"]) == 1:
            raise bad("section: Cannot delete the last section of a project")
        project["sections"].remove(gid)
        self._context.tell(
            call.actor, "deleted", reference("section", section), also=frozenset({project["gid"]})
        )
        self._state.remove("sections", gid)
        return {}

    def insert_section(self, call: Call, gid: str) -> Row:
        """``POST /projects/{gid}/sections/insert``: moves a section before or after another one."""
        project = self._context.project(call.actor, gid, "editor")
        data = check(call.data, _INSERT)
        if data["section"] not in project["sections"]:
            raise missing("section", data["section"])
        project["sections"].remove(data["section"])
        place = self._place(project, data.get("before_section"), data.get("after_section"))
        project["sections"].insert(place, data["section"])
        return {}

    def _add_section(
        self, project: Row, name: str, before: str | None = None, after: str | None = None
    ) -> Row:
        place = self._place(project, before, after)
        section = self._state.add("sections", name=name, project=project["gid"], tasks=[])
        project["sections"].insert(place, section["gid"])
        return section

    @staticmethod
    def _place(project: Row, before: str | None, after: str | None) -> int:
        if before and after:
            raise bad("insert_before: Cannot be given together with insert_after")
        for gid in (before, after):
            if gid and gid not in project["sections"]:
                raise missing("section", gid)
        if before:
            return int(project["sections"].index(before))
        return int(project["sections"].index(after)) + 1 if after else len(project["sections"])

    def _tell(self, actor: Row, action: str, project: Row, change: Row | None = None) -> None:
        also = frozenset({project["gid"]})
        self._context.tell(actor, action, reference("project", project), change=change, also=also)
