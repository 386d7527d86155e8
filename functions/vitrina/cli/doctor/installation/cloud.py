"""What Google says about database, queue and timer; only the doctor asks this."""

from __future__ import annotations

from typing import Any

import google_auth_httplib2
import httplib2
from google.auth.credentials import Credentials
from msgspec import Struct, field

from vitrina.google.services import api_of, credentials_for, discovery_document
from vitrina.ports import Json

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TIMEOUT_S = 20.0


class Cloud(Struct, frozen=True):
    """Google Cloud's administration, or a local server at *url*. All methods raise ``HttpError``."""

    url: str = ""
    _services: dict[str, Any] = field(default_factory=dict)

    def database(self, name: str) -> Json:
        """A Database resource of Firestore."""
        return self._get(self._databases().get(name=name))

    def indexes(self, database: str, collection: str) -> list[Json]:
        """Index resources of a collection, without those of single fields."""
        parent = f"{database}/collectionGroups/{collection}"
        found = self._get(self._databases().collectionGroups().indexes().list(parent=parent))
        indexes: list[Json] = found.get("indexes", [])
        return indexes

    def field(self, database: str, collection: str, path: str) -> Json:
        """A Field resource: what is indexed, and whether documents are deleted by it."""
        name = f"{database}/collectionGroups/{collection}/fields/{path}"
        return self._get(self._databases().collectionGroups().fields().get(name=name))

    def queue(self, name: str) -> Json:
        """A Queue resource of Cloud Tasks."""
        return self._get(self._locations("cloudtasks", "v2").queues().get(name=name))

    def jobs(self, location: str) -> list[Json]:
        """Job resources of Cloud Scheduler in ``projects/P/locations/L``."""
        found = self._get(self._locations("cloudscheduler", "v1").jobs().list(parent=location, pageSize=500))
        jobs: list[Json] = found.get("jobs", [])
        return jobs

    def _databases(self) -> Any:
        return self._service("firestore", "v1").projects().databases()

    def _locations(self, name: str, version: str) -> Any:
        return self._service(name, version).projects().locations()

    def _service(self, name: str, version: str) -> Any:
        if name not in self._services:
            document = discovery_document(name, version, self.url)
            self._services[name] = api_of(document)
        return self._services[name]

    @property
    def _credentials(self) -> Credentials:
        return credentials_for(self.url, [SCOPE])

    def _get(self, request: Any) -> Json:
        http = google_auth_httplib2.AuthorizedHttp(self._credentials, http=httplib2.Http(timeout=TIMEOUT_S))
        answer: Json = request.execute(http=http)
        return answer
