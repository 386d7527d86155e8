"""Fills an account from the body of ``POST /_emulator/seed``.

::

    {"workspace": {"gid"?, "name", "is_organization"?, "email_domains"?, "features"?},
     "teams": [{"gid"?, "name"}, …],
     "users": [{"gid"?, "name", "email", "token", "is_admin"?, "is_guest"?}, …],
     "projects": [{"gid"?, "name", "owner": "<user gid>", "team"?}, …],
     "limits": {"calls_per_minute": 1500, …}}

*features* are those of ``models/state.py``: a plan may lack some. Everything else is created through the
API with the tokens. All earlier data are deleted. A whole state from ``GET /_emulator/state`` can be loaded
as well.
"""

from __future__ import annotations

from typing import Any

from flask import abort

from emulators.asana.models import Asana
from emulators.asana.models.call import Call
from emulators.asana.models.state import FEATURES, Row


def load(asana: Asana, body: Any) -> Row:
    """Replace the state; return the gids of created objects."""
    if not isinstance(body, dict):
        abort(400, "the seed is an object")
    state = asana.state
    if "tables" in body:
        state.load(body)
        return {}
    for user in body.get("users", []):
        absent = [key for key in ("name", "email", "token") if key not in user]
        if absent:
            abort(400, f"a user lacks {', '.join(absent)}")
    unknown = set(body.get("workspace", {}).get("features", {})) - set(FEATURES)
    if unknown:
        abort(400, f"there is no feature {', '.join(sorted(unknown))}")
    state.clear()
    state.limits.update(body.get("limits", {}))
    given = dict(body.get("workspace", {}))
    features = {**FEATURES, **given.pop("features", {})}
    blank = {"name": "Workspace", "is_organization": True, "email_domains": []}
    space = state.add("workspaces", **{**blank, **given}, features=features)
    for row in body.get("teams", []):
        state.add("teams", **row, organization=space["gid"])
    for row in body.get("users", []):
        _add_user(asana, dict(row), space)
    for row in body.get("projects", []):
        _add_project(asana, dict(row), space)
    asana.take_events()
    return {
        "workspace": space["gid"],
        "teams": list(state.tables["teams"]),
        "projects": list(state.tables["projects"]),
    }


def _add_user(asana: Asana, fields: Row, space: Row) -> None:
    is_admin, is_guest = fields.pop("is_admin", False), fields.pop("is_guest", False)
    user = asana.state.add("users", **fields)
    asana.people.join(user["gid"], space["gid"], is_admin=is_admin, is_guest=is_guest)


def _add_project(asana: Asana, fields: Row, space: Row) -> None:
    owner = asana.state.get("users", fields.pop("owner"))
    gid = fields.pop("gid", None)
    team = next(iter(asana.state.tables["teams"]), None)
    data = {"workspace": space["gid"], **({"team": team} if team else {}), **fields}
    project = asana.projects.create_project(Call(owner, "/projects", data)).row
    if gid is not None:
        _rename(asana, project, str(gid))


def _rename(asana: Asana, project: Row, gid: str) -> None:
    """Give a new project the gid that the seed asks for."""
    state, old = asana.state, project["gid"]
    state.remove("projects", old)
    project["gid"] = gid
    state.tables["projects"][gid] = project
    for table, key in (("sections", "project"), ("project_memberships", "parent")):
        for row in state.select(table, **{key: old}):
            row[key] = gid
    state.last_gid = max(state.last_gid, int(gid))
