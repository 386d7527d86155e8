"""Files in Google Drive, beside the workbooks."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from google.auth.exceptions import GoogleAuthError
from googleapiclient import errors, http

from vitrina.errors import FatalServiceError
from vitrina.google.services import NO_ANSWER, GoogleServices
from vitrina.google.workbooks import service_error
from vitrina.ports import Json, NewFile

FOLDER_MIME_TYPE = "application/vnd.google-apps.folder"
URL = "https://drive.google.com/file/d/{id}/view"

#: The answer for an id that was used before.
IN_USE = 409


class GoogleFiles:
    """``Files`` in Drive, or in a local server with the same API.

    Ids are generated before, and Drive refuses one that is in use with 409: then an earlier attempt has made
    the file.

    Parameters
    ----------
    services
        Gives Google's resources when they are needed, as ``make_services`` does with a short time limit.
    folder_id
        Drive folder of folders whose neighbour has none.
    """

    def __init__(self, services: Callable[[], GoogleServices], *, folder_id: str = "") -> None:
        self._make_services = services
        self._folder_id = folder_id

    @property
    def _services(self) -> GoogleServices:
        return self._make_services()

    def new_ids(self, count: int) -> list[str]:
        """See ``Files``."""
        request = self._services.files.generateIds(count=count, space="drive", type="files")
        return [str(one) for one in self._send(request)["ids"]]

    def has_folder(self, folder_id: str) -> bool:
        """See ``Files``."""
        request = self._services.files.get(fileId=folder_id, supportsAllDrives=True, fields="trashed")
        try:
            return not self._send(request)["trashed"]
        except FatalServiceError as error:
            if error.status == 404:
                return False
            raise

    def make_folder(self, folder_id: str, title: str, *, beside: str, tag: str) -> None:
        """See ``Files``."""
        request = self._services.files.get(fileId=beside, supportsAllDrives=True, fields="parents")
        parents = self._send(request).get("parents") or [self._folder_id]
        body = _body(folder_id, title, parents[0], tag) | {"mimeType": FOLDER_MIME_TYPE}
        self._make(self._services.files.create(body=body, supportsAllDrives=True, fields="id"))

    def put_file(self, file_id: str, file: NewFile, *, folder_id: str, tag: str) -> None:
        """See ``Files``."""
        # Resumable: what is sent in one request may have 5 MB at most.
        media = http.MediaIoBaseUpload(io.BytesIO(file.content), mimetype=file.media_type, resumable=True)
        body = _body(file_id, file.name, folder_id, tag) | {"mimeType": file.media_type}
        self._make(
            self._services.files.create(body=body, media_body=media, supportsAllDrives=True, fields="id")
        )

    def url(self, file_id: str) -> str:
        """See ``Files``."""
        return URL.replace("{id}", file_id)

    def _make(self, request: http.HttpRequest) -> None:
        try:
            self._send(request)
        except FatalServiceError as error:
            if error.status != IN_USE:
                raise

    def _send(self, request: http.HttpRequest) -> Any:
        try:
            return self._services.send(request)
        except (errors.HttpError, *NO_ANSWER, GoogleAuthError) as error:
            raise service_error(error) from error


def _body(file_id: str, name: str, parent: str, tag: str) -> Json:
    body: Json = {"id": file_id, "name": name, "appProperties": {"vitrina": tag}}
    return body | ({"parents": [parent]} if parent else {})
