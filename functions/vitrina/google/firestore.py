"""A client of Firestore's REST API, built from the description that google-api-python-client contains."""

from __future__ import annotations

from functools import cache

from vitrina.google.rest import RestService
from vitrina.google.services import api_of, credentials_for, discovery_document

#: Name of the service in messages to people.
SERVICE = "Firestore"
SCOPE = "https://www.googleapis.com/auth/datastore"

#: Seconds that one call waits for its answer: a fraction of what a click may take.
TIMEOUT_S = 8.0


@cache
def make_firestore(firestore_url: str = "") -> RestService:
    """The resource of documents of the real Firestore, or of an emulator at *firestore_url*.

    It is built once for each address. The store recognises a commit that was carried out twice.
    """
    credentials = credentials_for(firestore_url, [SCOPE])
    document = discovery_document("firestore", "v1", firestore_url)
    # The document allows queries only below a document. Firestore takes the root too, where we keep ours.
    databases = document["resources"]["projects"]["resources"]["databases"]
    del databases["resources"]["documents"]["methods"]["runQuery"]["parameters"]["parent"]["pattern"]
    service = api_of(document)
    # Kept, as every call of ``documents()`` renders the docstrings of all its methods.
    return RestService(SERVICE, service.projects().databases().documents(), credentials, TIMEOUT_S)
