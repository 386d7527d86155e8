"""What the plan of a workspace allows, and our custom fields in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vitrina.errors import FatalServiceError
from vitrina.ports import Json
from vitrina.trackers.asana import mapping
from vitrina.trackers.asana.wire import SERVICE, AsanaWire

_FIELDS = ("name", "resource_subtype", "privacy_setting")
_SETTINGS = tuple(f"custom_field.{name}" for name in _FIELDS)


class Plan:
    """Custom fields of one workspace, and whether it has time tracking. Both are found out once a process."""

    def __init__(self, wire: AsanaWire, workspace: str) -> None:
        self._wire = wire
        self._workspace = workspace
        self._has_time: bool | None = None

    def has_time(self, own_user_id: str) -> bool:
        """Whether people can log time: without it Asana answers 402."""
        if self._has_time is None:
            entries = _if_in_plan(lambda: self._wire.get("/time_tracking_entries", user=own_user_id, limit=1))
            self._has_time = entries is not None
        return self._has_time

    def add_fields(self, project: str, own_user_id: str) -> None:
        """Put our fields on a project; does nothing where the plan has none, or they are there already.

        Raises
        ------
        FatalServiceError
            If people made a field with one of our names and another type.
        """
        names = [mapping.KEY_FIELD, mapping.PLAN_FIELD]
        if not self.has_time(own_user_id):
            names.append(mapping.FACT_FIELD)
        present = {setting["custom_field"]["name"] for setting in self.settings(project)}
        missing = [name for name in names if name not in present]
        if not missing:
            return
        known = self._known()
        for name in missing:
            gid = known.get(name) or self._create(name)
            if gid is None:
                return
            self._put_on(project, gid)

    def settings(self, project: str) -> list[Json]:
        """Our fields on a project, each under ``custom_field``."""
        rows = self._wire.pages(f"/projects/{project}/custom_field_settings", _SETTINGS)
        return [row for row in rows if row["custom_field"]["name"] in mapping.KINDS]

    def hide_hours(self, project: str) -> tuple[str, ...]:
        """Hide our fields with hours from guests; return the names of those that guests still see."""
        settings = self.settings(project)
        seen = mapping.hours_seen_by_guests(settings)
        fields = [one["custom_field"] for one in settings if one["custom_field"]["name"] in seen]
        return tuple(field["name"] for field in fields if not self._hide(field))

    def _hide(self, field: Json) -> bool:
        try:
            # Not in the requests of the OpenAPI file, so that only the answer tells whether it was done.
            changed = self._wire.put(
                f"/custom_fields/{field['gid']}", {"privacy_setting": mapping.HIDDEN_FROM_GUESTS}, _FIELDS
            )
        except FatalServiceError:
            return False
        return bool(changed["privacy_setting"] != mapping.FOR_GUESTS)

    def _known(self) -> dict[str, str]:
        """Gids of our fields in the workspace by their names."""
        known = {}
        for row in self._fields_of_workspace():
            kind = mapping.KINDS.get(row["name"])
            if kind is not None and row["resource_subtype"] != kind:
                raise FatalServiceError("asana.field_taken", service=SERVICE, name=row["name"])
            if kind is not None:
                known[row["name"]] = row["gid"]
        return known

    def _fields_of_workspace(self) -> Iterator[Json]:
        return self._wire.pages(f"/workspaces/{self._workspace}/custom_fields", _FIELDS)

    def _create(self, name: str) -> str | None:
        """Gid of a new field; ``None`` if the plan has no custom fields."""
        kind = mapping.KINDS[name]
        body: Json = {"name": name, "resource_subtype": kind, "workspace": self._workspace}
        if kind == "number":
            body["precision"] = mapping.PRECISION
        try:
            made = _if_in_plan(lambda: self._wire.post("/custom_fields", body, _FIELDS))
        except FatalServiceError:
            # Names are unique: another process may have made it a moment ago.
            gid = self._known().get(name)
            if gid is None:
                raise
            return gid
        return None if made is None else str(made["gid"])

    def _put_on(self, project: str, gid: str) -> None:
        try:
            self._wire.post(f"/projects/{project}/addCustomFieldSetting", {"custom_field": gid})
        except FatalServiceError:
            if all(setting["custom_field"]["gid"] != gid for setting in self.settings(project)):
                raise


def _if_in_plan(call: Callable[[], Any]) -> Any | None:
    """The result of a call, or ``None`` if the plan lacks the feature."""
    try:
        return call()
    except FatalServiceError as error:
        if error.status == 402:
            return None
        raise
