"""What hangs on a task: comments, logged time, attachments."""

from __future__ import annotations

from datetime import date

from emulators.asana.errors import NotModelledError, bad, forbidden, plan
from emulators.asana.models.call import Call, Listing, Record
from emulators.asana.models.context import Context, reference, require_one
from emulators.asana.models.fields import Field, check
from emulators.asana.models.state import Row

TIME = "Time tracking"
_STORY = {"text": Field("string"), "html_text": Field("string"), "is_pinned": Field("boolean")}
_ENTRY = {
    "duration_minutes": Field("integer", required=True),
    "entered_on": Field("day"),
    "attributable_to": Field("gid"),
    "billable_status": Field("string", one_of=("billable", "nonBillable", "notApplicable")),
    "description": Field("string"),
}
_ENTRY_CHANGES = {**_ENTRY, "duration_minutes": Field("integer")}
_LINK = {
    "parent": Field("gid", required=True),
    "resource_subtype": Field("string", one_of=("asana", "external")),
    "url": Field("string"),
    "name": Field("string"),
}


class Parts:
    """Calls under ``/tasks/{gid}/stories``, ``/time_tracking_entries`` and ``/attachments``."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state

    # --- Comments --------------------------------------------------------------------------------

    def list_stories(self, call: Call, gid: str) -> Listing:
        """``GET /tasks/{gid}/stories``, oldest first."""
        self._context.task(call.actor, gid)
        return Listing("story", list(self._state.select("stories", target=gid)))

    def add_comment(self, call: Call, gid: str) -> Record:
        """``POST /tasks/{gid}/stories``: a comment of the owner of the token."""
        task = self._context.task(call.actor, gid, "commenter")
        data = check(call.data, _STORY)
        require_one(data, "text", "html_text")
        story = self._state.add(
            "stories",
            target=gid,
            text=data.get("text") or data["html_text"],
            type="comment",
            resource_subtype="comment_added",
            created_by=call.actor["gid"],
        )
        task["modified_at"] = self._state.now()
        self._context.tell(
            call.actor, "added", reference("story", story), about=task, parent=reference("task", task)
        )
        return Record("story", story)

    # --- Time ------------------------------------------------------------------------------------

    def list_entries(self, call: Call, gid: str) -> Listing:
        """``GET /tasks/{gid}/time_tracking_entries``; 402 if the plan has no time tracking."""
        task = self._context.task(call.actor, gid)
        self._context.require(task["workspace"], "time_tracking", TIME)
        return Listing("time_tracking_entry", list(self._state.select("time_tracking_entries", task=gid)))

    def list_all_entries(self, call: Call) -> Listing:
        """``GET /time_tracking_entries?user=|task=``: 402 if no workspace of the caller has time tracking."""
        if not {"user", "task"} & call.query.keys():
            raise bad("Should specify one of task, attributable_to, portfolio, user, workspace")
        spaces = self._context.workspaces_of(call.actor)
        if not any(space["features"]["time_tracking"] for space in spaces):
            raise plan(TIME)
        rows = [
            row
            for row in self._state.select("time_tracking_entries")
            if call.query.get("user") in (None, row["created_by"])
            and call.query.get("task") in (None, row["task"])
            and self._context.level_of_task(call.actor, self._state.tables["tasks"][row["task"]])
        ]
        return Listing("time_tracking_entry", rows)

    def add_entry(self, call: Call, gid: str) -> Record:
        """``POST /tasks/{gid}/time_tracking_entries``: time of the token's owner, told by no webhook."""
        task = self._context.task(call.actor, gid, "editor")
        self._context.require(task["workspace"], "time_tracking", TIME)
        data = check(call.data, _ENTRY)
        _check_minutes(data)
        today: date = self._state.clock().date()
        fields = {"entered_on": today.isoformat(), "description": "", **data}
        entry = self._state.add("time_tracking_entries", **fields, task=gid, created_by=call.actor["gid"])
        return Record("time_tracking_entry", entry)

    def get_entry(self, call: Call, gid: str) -> Record:
        """``GET /time_tracking_entries/{gid}``."""
        return Record("time_tracking_entry", self._entry(call.actor, gid))

    def update_entry(self, call: Call, gid: str) -> Record:
        """``PUT /time_tracking_entries/{gid}``: only of one's own time."""
        entry = self._own_entry(call.actor, gid)
        data = check(call.data, _ENTRY_CHANGES)
        if "duration_minutes" in data:
            _check_minutes(data)
        entry.update(data)
        return Record("time_tracking_entry", entry)

    def delete_entry(self, call: Call, gid: str) -> Row:
        """``DELETE /time_tracking_entries/{gid}``: only of one's own time."""
        self._own_entry(call.actor, gid)
        self._state.remove("time_tracking_entries", gid)
        return {}

    def _entry(self, actor: Row, gid: str) -> Row:
        entry = self._state.get("time_tracking_entries", gid)
        task = self._context.task(actor, entry["task"])
        self._context.require(task["workspace"], "time_tracking", TIME)
        return entry

    def _own_entry(self, actor: Row, gid: str) -> Row:
        entry = self._entry(actor, gid)
        if entry["created_by"] != actor["gid"]:
            raise forbidden("You cannot edit the time of another person.")
        return entry

    # --- Attachments -----------------------------------------------------------------------------

    def list_attachments(self, call: Call) -> Listing:
        """``GET /attachments?parent=`` of a task or a project."""
        parent = call.query.get("parent", "")
        if not parent:
            raise bad("parent: Missing input")
        self._parent(call.actor, parent)
        return Listing("attachment", list(self._state.select("attachments", parent=parent)))

    def attach(self, call: Call) -> Record:
        """``POST /attachments``, a form with a link. The same link twice makes two."""
        if call.files:
            raise NotModelledError("attachments.create with a file")
        data = check(call.data, _LINK)
        parent = self._parent(call.actor, data["parent"], "editor")
        if data.get("resource_subtype", "asana") != "external":
            raise bad("file: Missing input")
        for name in ("url", "name"):
            if not data.get(name):
                raise bad(f"{name}: Missing input")
        if not data["url"].startswith(("http://", "https://")):
            raise bad(f"url: Not a valid URL: {data['url']!r}")
        row = self._state.add(
            "attachments",
            parent=parent["gid"],
            name=data["name"],
            resource_subtype="external",
            view_url=data["url"],
            download_url=data["url"],
            permanent_url=None,
            size=None,
        )
        if parent["gid"] in self._state.tables["tasks"]:
            shown = reference("attachment", row)
            self._context.tell(call.actor, "added", shown, about=parent, parent=reference("task", parent))
        return Record("attachment", row)

    def get_attachment(self, call: Call, gid: str) -> Record:
        """``GET /attachments/{gid}``."""
        row = self._state.get("attachments", gid)
        self._parent(call.actor, row["parent"])
        return Record("attachment", row)

    def delete_attachment(self, call: Call, gid: str) -> Row:
        """``DELETE /attachments/{gid}``."""
        row = self._state.get("attachments", gid)
        self._parent(call.actor, row["parent"], "editor")
        self._state.remove("attachments", gid)
        return {}

    def _parent(self, actor: Row, gid: str, needs: str = "viewer") -> Row:
        if gid in self._state.tables["projects"]:
            return self._context.project(actor, gid, needs)
        return self._context.task(actor, gid, needs)


def _check_minutes(data: Row) -> None:
    if data["duration_minutes"] <= 0:
        raise bad("duration_minutes: Must be greater than 0")
