"""The Google adapter of the product, with a few calls that only the doctor makes."""

from __future__ import annotations

from functools import partial

from vitrina.google.services import make_services
from vitrina.google.workbooks import GoogleWorkbooks, _is_busy
from vitrina.ports import Json
from vitrina.settings import Settings


class DoctorWorkbooks(GoogleWorkbooks):
    """``GoogleWorkbooks`` with calls to inspect and delete files."""

    @classmethod
    def from_settings(cls, settings: Settings) -> DoctorWorkbooks:
        """Make the adapter of one installation. Opens no connection."""
        return cls(
            partial(make_services, settings.google_url),
            url=settings.spreadsheet_url,
            folder_id=settings.drive_folder_id,
            wait_s=settings.retry_wait_s,
        )

    def read_fields(self, spreadsheet_id: str, fields: str) -> Json:
        """Read a Spreadsheet resource with the given field mask."""
        request = self._services.spreadsheets.get(spreadsheetId=spreadsheet_id, fields=fields)
        resource: Json = self._send(request, repeat=_is_busy)
        return resource

    def permissions(self, spreadsheet_id: str) -> list[Json]:
        """Read type and role of each permission of the file."""
        request = self._services.permissions.list(
            fileId=spreadsheet_id, supportsAllDrives=True, fields="permissions(id,type,role)"
        )
        found: list[Json] = self._send(request, repeat=_is_busy).get("permissions", [])
        return found

    def trash(self, spreadsheet_id: str) -> None:
        """Put the file into the bin; a content manager of a shared drive may do that, but not delete it."""
        request = self._services.files.update(
            fileId=spreadsheet_id, body={"trashed": True}, supportsAllDrives=True, fields="id"
        )
        self._send(request, repeat=_is_busy)
