"""A client of Firestore's REST API, built from the description that google-api-python-client contains."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httplib2
from google.auth.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build_from_document
from googleapiclient.http import HttpRequest

from vitrina.google.services import credentials_for, discovery_document

SCOPE = "https://www.googleapis.com/auth/datastore"

#: Seconds that one call waits for its answer: a fraction of what a click may take.
TIMEOUT_S = 8


@dataclass(frozen=True)
class FirestoreService:
    """The resource of documents, and ``send`` for its requests."""

    documents: Any
    _credentials: Credentials
    #: Open connections that no request uses now.
    _idle: deque[AuthorizedHttp] = field(default_factory=deque)

    def send(self, request: HttpRequest) -> Any:
        """Execute *request* over a connection of its own: ``httplib2`` is not thread-safe.

        A connection that broke is opened again and the request sent once more, whether it is a read or a
        write: the store recognises a commit that was carried out twice.
        """
        try:
            http = self._idle.pop()
        except IndexError:
            http = AuthorizedHttp(self._credentials, http=httplib2.Http(timeout=TIMEOUT_S))
        try:
            return request.execute(http=http)
        finally:
            self._idle.append(http)


@cache
def make_firestore(firestore_url: str = "") -> FirestoreService:
    """A client of the real Firestore, or of an emulator at *firestore_url*; built once for each address."""
    credentials = credentials_for(firestore_url, [SCOPE])
    document = discovery_document("firestore", "v1", firestore_url)
    # The document allows queries only below a document. Firestore takes the root too, where we keep ours.
    databases = document["resources"]["projects"]["resources"]["databases"]
    del databases["resources"]["documents"]["methods"]["runQuery"]["parameters"]["parent"]["pattern"]
    service = build_from_document(document, credentials=credentials)
    # Kept, as every call of ``documents()`` renders the docstrings of all its methods.
    return FirestoreService(service.projects().databases().documents(), credentials)
