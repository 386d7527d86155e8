"""Custom fields, their settings on projects, and checked values."""

from __future__ import annotations

from typing import Any

from emulators.asana.errors import NotModelledError, bad, forbidden, missing
from emulators.asana.models.call import Call, Listing, Record
from emulators.asana.models.context import Context, reference
from emulators.asana.models.fields import Field, check
from emulators.asana.models.state import Row

#: Names of properties of a task, which a field may not have.
TAKEN_NAMES = ("due date", "assignee", "projects", "tags", "name")
FEATURE = "Custom fields"
LONGEST_TEXT = 1024
FORMATS = ("currency", "identifier", "percentage", "custom", "duration", "none")
PRIVACY = ("public_with_guests", "public", "private")

_CHANGES = {
    "name": Field("string", longest=1024),
    "description": Field("string"),
    "precision": Field("integer", one_of=tuple(range(7))),
    "format": Field("string", one_of=FORMATS),
    "custom_label": Field("string", nullable=True),
    "custom_label_position": Field("string", nullable=True, one_of=("prefix", "suffix")),
    "privacy_setting": Field("string", one_of=PRIVACY),
    "has_notifications_enabled": Field("boolean"),
}
_NEW = {
    **_CHANGES,
    "name": Field("string", required=True, longest=1024),
    "workspace": Field("gid", required=True),
    "resource_subtype": Field(
        "string", required=True, one_of=("text", "enum", "multi_enum", "number", "date", "people")
    ),
    "enum_options": Field("list"),
}
_ADD = {
    "custom_field": Field("gid", required=True),
    "is_important": Field("boolean"),
    "insert_before": Field("gid"),
    "insert_after": Field("gid"),
}
_REMOVE = {"custom_field": Field("gid", required=True)}


class CustomFields:
    """Calls under ``/custom_fields``, and of their settings on projects: only texts and numbers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state

    def create_field(self, call: Call) -> Record:
        """``POST /custom_fields``: the name is unique in the workspace."""
        data = check(call.data, _NEW)
        space = self._context.workspace(call.actor, data["workspace"])
        self._context.require(space["gid"], "custom_fields", FEATURE)
        self._refuse_guest(call.actor, space["gid"])
        self._refuse_taken(space["gid"], data["name"])
        if data["resource_subtype"] not in ("text", "number"):
            raise NotModelledError(f"custom_fields.create of a {data['resource_subtype']} field")
        blank = {
            "description": "",
            "precision": 0 if data["resource_subtype"] == "number" else None,
            "format": "none",
            "is_global_to_workspace": True,
        }
        field = self._state.add(
            "custom_fields", **{**blank, **data, "privacy_setting": self._privacy(space, data)}
        )
        return Record("custom_field", field)

    def get_field(self, call: Call, gid: str) -> Record:
        """``GET /custom_fields/{gid}``."""
        return Record("custom_field", self._field(call.actor, gid))

    def update_field(self, call: Call, gid: str) -> Record:
        """``PUT /custom_fields/{gid}``. A privacy that may not be written is left out without an error."""
        field = self._field(call.actor, gid)
        self._refuse_guest(call.actor, field["workspace"])
        data = check(call.data, _CHANGES)
        if data.get("name", field["name"]) != field["name"]:
            self._refuse_taken(field["workspace"], data["name"])
        if "privacy_setting" in data and not self._context.has(field["workspace"], "field_privacy"):
            data.pop("privacy_setting")
        field.update(data)
        return Record("custom_field", field)

    def delete_field(self, call: Call, gid: str) -> Row:
        """``DELETE /custom_fields/{gid}``."""
        field = self._field(call.actor, gid)
        self._refuse_guest(call.actor, field["workspace"])
        for row in self._state.select("custom_field_settings", custom_field=gid):
            self._state.remove("custom_field_settings", row["gid"])
        self._state.remove("custom_fields", gid)
        return {}

    def list_fields(self, call: Call, gid: str) -> Listing:
        """``GET /workspaces/{gid}/custom_fields``."""
        self._context.workspace(call.actor, gid)
        rows = self._state.select("custom_fields", workspace=gid)
        return Listing("custom_field", [row for row in rows if self._context.sees_field(call.actor, row)])

    def list_settings(self, call: Call, gid: str) -> Listing:
        """``GET /projects/{gid}/custom_field_settings``."""
        self._context.project(call.actor, gid)
        rows = self._state.select("custom_field_settings", project=gid)
        fields = self._state.tables["custom_fields"]
        shown = [row for row in rows if self._context.sees_field(call.actor, fields[row["custom_field"]])]
        return Listing("custom_field_setting", shown)

    def add_setting(self, call: Call, gid: str) -> Record:
        """``POST /projects/{gid}/addCustomFieldSetting``: a field that is there already is refused."""
        project = self._context.project(call.actor, gid, "editor")
        data = check(call.data, _ADD)
        self._context.require(project["workspace"], "custom_fields", FEATURE)
        field = self._field(call.actor, data["custom_field"])
        if self._state.find("custom_field_settings", project=gid, custom_field=field["gid"]):
            raise bad("custom_field: Custom field is already on the project")
        setting = self._state.add(
            "custom_field_settings",
            project=gid,
            custom_field=field["gid"],
            is_important=data.get("is_important", False),
        )
        change = {
            "field": "custom_field_settings",
            "action": "added",
            "added_value": reference("custom_field_setting", setting),
        }
        project_ = reference("project", project)
        self._context.tell(call.actor, "changed", project_, change=change, also=frozenset({gid}))
        return Record("custom_field_setting", setting)

    def remove_setting(self, call: Call, gid: str) -> Row:
        """``POST /projects/{gid}/removeCustomFieldSetting``."""
        self._context.project(call.actor, gid, "editor")
        field_gid = check(call.data, _REMOVE)["custom_field"]
        setting = self._state.find("custom_field_settings", project=gid, custom_field=field_gid)
        if setting is None:
            raise missing("custom_field", field_gid)
        self._state.remove("custom_field_settings", setting["gid"])
        return {}

    def _field(self, actor: Row, gid: str) -> Row:
        field = self._state.get("custom_fields", gid)
        self._context.workspace(actor, field["workspace"])
        if not self._context.sees_field(actor, field):
            raise missing("custom_field", gid)
        return field

    def _refuse_guest(self, actor: Row, workspace_gid: str) -> None:
        if self._context.is_guest(actor["gid"], workspace_gid):
            raise forbidden("Guests cannot edit custom fields.")

    def _refuse_taken(self, workspace_gid: str, name: str) -> None:
        is_taken = name.casefold() in TAKEN_NAMES or any(
            field["name"].casefold() == name.casefold()
            for field in self._state.select("custom_fields", workspace=workspace_gid)
        )
        if is_taken:
            raise bad(f"name: A custom field with the name {name!r} already exists")

    def _privacy(self, space: Row, data: Row) -> str:
        given = data.get("privacy_setting") if space["features"]["field_privacy"] else None
        return given or "public_with_guests"


def checked_values(context: Context, actor: Row, values: Any, allowed: list[Row]) -> Row:
    """Values by the gid of their field, in the type of the field; ``None`` empties it.

    A number may come as a JSON number or as its text: the description of the API has a text, its prose both.
    """
    by_gid = {field["gid"]: field for field in allowed}
    if not isinstance(values, dict):
        raise bad("custom_fields: Value is not an object")
    checked: Row = {}
    for gid, value in values.items():
        field = by_gid.get(gid)
        if field is None or not context.sees_field(actor, field):
            raise bad(f"custom_fields: Custom field with ID {gid} is not on given object")
        checked[gid] = None if value in (None, "") else _value(field, value)
    return checked


def _value(field: Row, value: Any) -> Any:
    if field["resource_subtype"] == "text":
        if not isinstance(value, str):
            raise bad(f"custom_fields: Value is not a string: {value!r}")
        if len(value) > LONGEST_TEXT:
            raise bad(f"custom_fields: Text values are limited to {LONGEST_TEXT} characters")
        return value
    if isinstance(value, bool):
        raise bad(f"custom_fields: Value is not a number: {value!r}")
    try:
        return round(float(value), field["precision"] or 0)
    except (TypeError, ValueError):
        raise bad(f"custom_fields: Value is not a number: {value!r}") from None
