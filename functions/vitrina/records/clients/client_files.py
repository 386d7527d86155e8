"""Files that the client of a project hands over: where they are kept, and those of the last days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from vitrina.ports import ABSENT, Document, Key, Put, Store
from vitrina.records.packing import known_fields

CLIENT_FILES = "client_files"

#: How long an upload is known. Its form can be sent again for a day.
UPLOAD_LIFE = timedelta(days=2)
#: The time in which the files of a project are counted.
COUNTED = timedelta(days=1)


class Upload(Struct, frozen=True):
    """A file that was begun to be kept, under the id that it has or gets. ``at`` is ISO text."""

    file_id: str
    at: str
    size: int


class ClientFiles(Struct, frozen=True):
    """Folder and files of a project.

    Parameters
    ----------
    folder_id
        Id of the folder, asked for before it is made; empty before that.
    has_folder
        Whether the folder was made.
    uploads
        By the id of the wish.
    """

    spreadsheet_id: str
    agency_id: str
    folder_id: str = ""
    has_folder: bool = False
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    version: int = ABSENT

    def with_upload(self, wish_id: str, upload: Upload, now: datetime) -> ClientFiles:
        """With one more upload, without those that are too old to be repeated."""
        known = {name: one for name, one in self.uploads.items() if _age(one, now) < UPLOAD_LIFE}
        return replace(self, uploads={**known, wish_id: upload})

    def of_day(self, now: datetime) -> list[Upload]:
        """Uploads that count against the limits of a day."""
        return [one for one in self.uploads.values() if _age(one, now) < COUNTED]

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {
            name: one for name, one in to_builtins(self).items() if name not in ("spreadsheet_id", "version")
        }
        return Put(CLIENT_FILES, self.spreadsheet_id, data, self.version)


def files_key(spreadsheet_id: str) -> Key:
    """Where the files of a project are kept."""
    return CLIENT_FILES, spreadsheet_id


def load_files(store: Store, spreadsheet_id: str, agency_id: str) -> ClientFiles:
    """The files of a project: one round trip."""
    key = files_key(spreadsheet_id)
    return files_from_document(store.get_many([key]).get(key), spreadsheet_id, agency_id)


def files_from_document(document: Document | None, spreadsheet_id: str, agency_id: str) -> ClientFiles:
    """The files of a project, none where nothing is kept."""
    if document is None:
        return ClientFiles(spreadsheet_id, agency_id)
    values = known_fields(ClientFiles, document.data)
    uploads = {name: Upload(**known_fields(Upload, one)) for name, one in values.pop("uploads", {}).items()}
    return ClientFiles(
        **{**values, "spreadsheet_id": spreadsheet_id, "uploads": uploads, "version": document.version}
    )


def _age(upload: Upload, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(upload.at)
