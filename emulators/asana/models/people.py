"""Users, workspaces with their members, and teams."""

from __future__ import annotations

from emulators.asana.errors import bad, forbidden, missing
from emulators.asana.models.call import Call, Listing, Record
from emulators.asana.models.context import Context
from emulators.asana.models.fields import Field, check
from emulators.asana.models.state import Row

_ADD_USER = {"user": Field("string", required=True)}


class People:
    """Calls under ``/users``, ``/workspaces``, ``/workspace_memberships`` and ``/teams``."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state

    def get_user(self, call: Call, reference: str) -> Record:
        """``GET /users/{me, e-mail or gid}``."""
        return Record("user", self._context.user(call.actor, reference))

    def list_users(self, call: Call, workspace_gid: str = "") -> Listing:
        """``GET /users?workspace=`` and ``GET /workspaces/{gid}/users``. Guests see themselves only."""
        gid = workspace_gid or call.query.get("workspace", "")
        spaces = (
            [self._context.workspace(call.actor, gid)] if gid else self._context.workspaces_of(call.actor)
        )
        users: dict[str, Row] = {}
        for space in spaces:
            for row in self._state.select("workspace_memberships", workspace=space["gid"], is_active=True):
                if (
                    not self._context.is_guest(call.actor["gid"], space["gid"])
                    or row["user"] == call.actor["gid"]
                ):
                    users[row["user"]] = self._state.tables["users"][row["user"]]
        return Listing("user", sorted(users.values(), key=lambda user: int(user["gid"])))

    def list_workspaces(self, call: Call) -> Listing:
        """``GET /workspaces``."""
        return Listing("workspace", self._context.workspaces_of(call.actor))

    def get_workspace(self, call: Call, gid: str) -> Record:
        """``GET /workspaces/{gid}``."""
        return Record("workspace", self._context.workspace(call.actor, gid))

    def add_user(self, call: Call, gid: str) -> Record:
        """``POST /workspaces/{gid}/addUser``: in an organization a foreign e-mail becomes a guest."""
        space = self._context.workspace(call.actor, gid)
        if self._context.is_guest(call.actor["gid"], gid):
            raise forbidden("Guests cannot invite people.")
        reference = check(call.data, _ADD_USER)["user"]
        user = self._state.tables["users"].get(reference) or self._state.find("users", email=reference)
        if user is None:
            if "@" not in reference:
                raise missing("user", reference)
            user = self._state.add("users", name=reference, email=reference, token="")
        domain = user["email"].rpartition("@")[2].lower()
        is_guest = space["is_organization"] and domain not in space["email_domains"]
        if is_guest and not space["features"]["guest_invites"]:
            raise forbidden("Your organization does not allow inviting guests.")
        if self._context.membership(user["gid"], gid) is None:
            self.join(user["gid"], gid, is_guest=is_guest)
        return Record("user", user)

    def join(
        self, user_gid: str, workspace_gid: str, *, is_guest: bool = False, is_admin: bool = False
    ) -> Row:
        """Make a user a member of a workspace. Who is invited counts as active before he accepts."""
        return self._state.add(
            "workspace_memberships",
            user=user_gid,
            workspace=workspace_gid,
            is_guest=is_guest,
            is_admin=is_admin,
            is_active=True,
            is_view_only=False,
        )

    def remove_user(self, call: Call, gid: str) -> Row:
        """``POST /workspaces/{gid}/removeUser``."""
        space = self._context.workspace(call.actor, gid)
        mine = self._context.membership(call.actor["gid"], space["gid"])
        if mine is None or not mine["is_admin"]:
            raise forbidden()
        user = self._context.user(call.actor, check(call.data, _ADD_USER)["user"])
        for row in self._state.select("workspace_memberships", user=user["gid"], workspace=gid):
            row["is_active"] = False
        for row in self._state.select("project_memberships", member=user["gid"]):
            self._state.remove("project_memberships", row["gid"])
        return {}

    def list_memberships(self, call: Call, gid: str) -> Listing:
        """``GET /workspaces/{gid}/workspace_memberships?user=``."""
        self._context.workspace(call.actor, gid)
        rows = list(self._state.select("workspace_memberships", workspace=gid))
        if "user" in call.query:
            user = self._context.user(call.actor, call.query["user"])
            rows = [row for row in rows if row["user"] == user["gid"]]
        return Listing("workspace_membership", rows)

    def get_membership(self, call: Call, gid: str) -> Record:
        """``GET /workspace_memberships/{gid}``."""
        row = self._state.get("workspace_memberships", gid)
        self._context.workspace(call.actor, row["workspace"])
        return Record("workspace_membership", row)

    def memberships_of_user(self, call: Call, reference: str) -> Listing:
        """``GET /users/{gid}/workspace_memberships``."""
        user = self._context.user(call.actor, reference)
        rows = self._state.select("workspace_memberships", user=user["gid"])
        return Listing("workspace_membership", list(rows))

    def list_teams(self, call: Call, gid: str) -> Listing:
        """``GET /workspaces/{gid}/teams``."""
        space = self._context.workspace(call.actor, gid)
        if not space["is_organization"]:
            raise bad("workspace: Not an organization")
        return Listing("team", list(self._state.select("teams", organization=gid)))

    def get_team(self, call: Call, gid: str) -> Record:
        """``GET /teams/{gid}``."""
        team = self._state.get("teams", gid)
        self._context.workspace(call.actor, team["organization"])
        return Record("team", team)
